"""The thresholds of the detection: all of them shown with unit and reason, changed, undone, kept in the session."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from isrcore.audit.settings import DetectionSettings
from isrviewer.audit.thresholds import set_threshold, settings_of, threshold_texts
from isrviewer.panels.defects.thresholds import ThresholdsPanel
from isrviewer.session.state import Session, Threshold
from isrviewer.session.store import load_session, save_session
from isrviewer.shell.window import Window


def test_no_threshold_is_hidden() -> None:
    texts = threshold_texts()
    assert [text.name for text in texts] == [field.name for field in dataclasses.fields(DetectionSettings)]
    assert all(len(text.tip) > 20 for text in texts)
    assert next(text for text in texts if text.name == "bias_excess").unit == "ADU"
    assert next(text for text in texts if text.name == "min_exposures").is_whole


def test_the_session_keeps_what_differs(tmp_path: Path) -> None:
    session = set_threshold(Session(), "bias_excess", 3.5)
    session = set_threshold(session, "min_exposures", 4.0)
    settings = settings_of(session)
    assert (settings.bias_excess, settings.min_exposures) == (3.5, 4)
    assert isinstance(settings.min_exposures, int)
    save_session(session, tmp_path / "a.json")
    assert load_session(tmp_path / "a.json") == session
    assert set_threshold(set_threshold(session, "bias_excess", 2.0), "min_exposures", 3.0) == Session()
    with pytest.raises(ValueError, match="bias_excess must be positive"):
        set_threshold(session, "bias_excess", 0.0)


def test_a_threshold_of_another_version_is_left_out() -> None:
    assert settings_of(Session(audit_thresholds=(Threshold("unheard_of", 1.0),))) == DetectionSettings()


def test_the_form(opened: Window, qtbot: QtBot) -> None:
    opened.actions_by_table.trigger("maps.thresholds")
    panel = opened.panels[ThresholdsPanel]
    assert panel.isVisible()
    assert set(panel.fields) == {field.name for field in dataclasses.fields(DetectionSettings)}
    field = panel.fields["bias_excess"]
    assert field.value() == 2.0
    assert "Default: 2 ADU" in field.toolTip()
    field.setValue(3.0)
    assert settings_of(opened.model.session).bias_excess == 3.0
    assert opened.model.history.undo_text == "bias excess 3"
    opened.model.undo()
    assert field.value() == 2.0
    field.setValue(4.0)
    panel.buttons["maps.reset_thresholds"].click()
    assert field.value() == 2.0
    assert not opened.model.session.audit_thresholds
