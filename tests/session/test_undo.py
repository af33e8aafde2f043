"""Undo takes back what a command did, and nothing that happened beside it."""

from __future__ import annotations

import gc
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from isrviewer.session import Session, SessionModel
from isrviewer.session.changes import focus_panel, set_field, set_panel_count, show_step


class Watcher:
    def __init__(self) -> None:
        self.heard: list[tuple[Session, Session]] = []

    def hear(self, old: Session, new: Session) -> None:
        self.heard.append((old, new))


def test_undo_of_a_config_change_leaves_the_view() -> None:
    model = SessionModel()
    model.change(set_field(model.session, "doFlat", True), "doFlat on")
    model.change(show_step(model.session, "doFlat"))
    model.undo()
    assert model.session.config == ()
    assert model.session.panel.shows.step == "doFlat"
    model.redo()
    assert model.session.overridden("doFlat") is not None


def test_the_focus_stays_on_a_panel_that_there_is() -> None:
    model = SessionModel()
    model.change(set_panel_count(model.session, 4), "4 panels")
    model.change(focus_panel(model.session, 3))
    model.undo()
    assert (len(model.session.panels), model.session.focused) == (1, 0)
    model.redo()
    model.change(set_panel_count(model.session, 2), "2 panels")
    model.undo()
    model.change(focus_panel(model.session, 3))
    model.redo()
    assert (len(model.session.panels), model.session.focused) == (2, 1)


def test_a_drag_is_one_command() -> None:
    model = SessionModel()
    for percent in (0.5, 0.4, 0.3):
        overlay = replace(model.session.overlay, opacity=percent)
        model.change(replace(model.session, overlay=overlay), "opacity", "opacity")
    model.history.end_merge()
    overlay = replace(model.session.overlay, opacity=0.1)
    model.change(replace(model.session, overlay=overlay), "opacity", "opacity")
    model.undo()
    assert model.session.overlay.opacity == 0.3
    model.undo()
    assert model.session.overlay.opacity == 0.6
    assert model.history.undo_text == ""


def test_a_new_change_forgets_what_was_undone() -> None:
    model = SessionModel()
    model.change(set_field(model.session, "a", 1), "a")
    model.undo()
    model.change(set_field(model.session, "b", 1), "b")
    assert model.history.redo_text == ""
    model.redo()
    assert [override.field for override in model.session.config] == ["b"]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3)), max_size=12))
def test_all_undone_is_the_beginning_and_all_redone_the_end(steps: list[tuple[str, int]]) -> None:
    model = SessionModel()
    for name, value in steps:
        model.change(set_field(model.session, name, value), name)
    end = model.session
    for _ in steps:
        model.undo()
    assert model.session == Session()
    for _ in steps:
        model.redo()
    assert model.session == end


def test_observers_hear_old_and_new_once_and_are_not_kept_alive() -> None:
    model, watcher = SessionModel(), Watcher()
    model.observe(watcher.hear)
    start = model.session
    model.change(set_field(start, "a", 1), "a")
    model.change(model.session, "nothing")
    assert watcher.heard == [(start, model.session)]
    heard = watcher.heard
    del watcher
    gc.collect()
    model.change(set_field(model.session, "a", 2), "a")
    assert len(heard) == 1


def test_an_observer_that_fails_does_not_silence_the_others(caplog: object) -> None:
    class Broken:
        def hear(self, old: Session, new: Session) -> None:
            raise RuntimeError("broken panel")

    model, broken, watcher = SessionModel(), Broken(), Watcher()
    model.observe(broken.hear)
    model.observe(watcher.hear)
    model.change(set_field(model.session, "a", 1), "a")
    assert len(watcher.heard) == 1
    assert "could not follow" in caplog.text  # type: ignore[attr-defined]
