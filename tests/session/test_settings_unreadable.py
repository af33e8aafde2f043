"""Settings that cannot be read, or make no sense, never stop the start."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from isrviewer.session.settings import Settings, load_settings

UNREADABLE = [b"", b"{", b"[" * 20000, b"\xff\xfe\x00", b"null", b'{"budget_mb": "x"}', b'{"budget_mb": ' + b"9" * 5000]
UNREADABLE += [b'{"overlay": {"opacity": NaN}}', b'{"recent": [1]}', b'{"shortcuts": {"a": []}}', b'{"recent": null}']


@pytest.mark.parametrize("content", UNREADABLE, ids=range(len(UNREADABLE)))
def test_damaged_settings_are_set_aside(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "settings.json").write_bytes(content)
    assert load_settings(tmp_path) == Settings()
    assert (tmp_path / "settings.damaged.json").read_bytes() == content


def test_what_is_no_file_stays_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "settings.json")
    assert load_settings(tmp_path) == Settings()
    assert load_settings(tmp_path / "settings.json") == Settings()
    (tmp_path / "folder" / "settings.json").mkdir(parents=True)
    assert load_settings(tmp_path / "folder") == Settings()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert load_settings(tmp_path / "loop") == Settings()

    def refuse(*arguments: Any) -> None:
        raise PermissionError(13, "read-only")

    monkeypatch.setattr(Path, "replace", refuse)
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    (damaged / "settings.json").write_text("{")
    assert load_settings(damaged) == Settings()


def test_senseless_values_are_restored_as_they_are(tmp_path: Path) -> None:
    """They are of the right type; the window has to live with them, see ``tests/gui/test_painters.py``."""
    values = {"budget_mb": -5, "scheme": "pink", "geometry": "é", "layout": "AAA", "shortcuts": {"nope": "Ctrl+Ctrl"}}
    (tmp_path / "settings.json").write_text(json.dumps(values))
    assert load_settings(tmp_path).scheme == "pink"
