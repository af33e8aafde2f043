"""What is open and how it is looked at: frozen state, undoable changes, save and restore. No widgets, no Qt."""

from isrviewer.session.model import SessionModel
from isrviewer.session.planes import RAW, Planes, Run
from isrviewer.session.state import (
    CalibPick,
    Override,
    PanelState,
    Session,
    Shows,
)

__all__ = [
    "RAW",
    "CalibPick",
    "Override",
    "PanelState",
    "Planes",
    "Run",
    "Session",
    "SessionModel",
    "Shows",
]
