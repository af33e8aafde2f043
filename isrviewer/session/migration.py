"""Sessions of schema 1, which wrote planes as text: ``doFlat``, ``B doFlat``, ``calibration flat``, ``previous``."""

from __future__ import annotations

from typing import Any

from isrviewer.session.codec import to_json
from isrviewer.session.planes import SAME_OF_B, Planes, Run

__all__ = ["from_schema_1"]

_PREFIXES = {"B ": Run.B, "calibration ": Run.CALIBRATION}


def from_schema_1(session: Any) -> Any:
    """The JSON value of a session as schema 2 has it; what makes no sense is left for the reader to refuse."""
    if not isinstance(session, dict):
        return session
    changed = dict(session)
    for name, convert in (("panels", _panel), ("bookmarks", _with_shows)):
        if isinstance(session.get(name), list):
            changed[name] = [convert(item) if isinstance(item, dict) else item for item in session[name]]
    return changed


def _panel(panel: dict[str, Any]) -> dict[str, Any]:
    panel = _with_shows(panel)
    return {**panel, "second": _planes(panel["second"])} if "second" in panel else panel


def _with_shows(holder: dict[str, Any]) -> dict[str, Any]:
    shows = holder.get("shows")
    if not isinstance(shows, dict):
        return holder
    new = {name: value for name, value in shows.items() if name not in ("step", "other")}
    if "step" in shows:
        new["of"] = _planes(shows["step"])
    if shows.get("other"):
        new["other"] = _planes(shows["other"])
    return {**holder, "shows": new}


def _planes(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    if text == "B":
        return to_json(SAME_OF_B)
    prefix = next((prefix for prefix in _PREFIXES if text.startswith(prefix)), "")
    return to_json(Planes(text.removeprefix(prefix), _PREFIXES.get(prefix, Run.A)))
