"""Which debug views are shown where."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from isrviewer.debug_views.choice import VIEWS, choose


def test_every_view_of_the_chain_has_a_panel_by_default() -> None:
    assert choose().panels == {name: number for number, name in enumerate(VIEWS, 1)}
    assert {"doBias", "doFlat", "postISRCCD"} <= set(VIEWS)


def test_a_list_is_shown_in_its_order() -> None:
    assert choose(["postISRCCD", "doBias"]).panels == {"postISRCCD": 1, "doBias": 2}


@pytest.mark.parametrize("wrap", [dict, lambda display: SimpleNamespace(display=display)], ids=["dictionary", "Info"])
def test_a_display_dictionary_gives_frames_and_zero_is_off(wrap: Any) -> None:
    choice = choose(wrap({"doFlat": 7, "doBias": 2, "doDark": 0, "postISRCCD": 7}))
    assert choice.panels == {"doFlat": 2, "doBias": 1, "postISRCCD": 2}
    assert choice.n_panels == 2
    assert "doDark" not in choice


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        (["doFlatt"], "doFlatt"),
        ("doFlat", r"\['doFlat'\]"),
        ({"doFlat": "one"}, "one"),
        ({"doFlat": -1}, "-1"),
        (3, "3"),
    ],
)
def test_what_is_no_choice_is_refused_by_name(steps: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        choose(steps)
