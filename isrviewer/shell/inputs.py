"""What the window reads: no export, whichever panel makes it, is ever written over one of these files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isrcore.atomic import protect_inputs

if TYPE_CHECKING:
    from isrviewer.desk import Desk

__all__ = ["Inputs"]


class Inputs:
    """Tells the writers of this process which files are open, as long as it lives."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        protect_inputs(self.paths)

    def paths(self) -> tuple[str, ...]:
        """Frames, calibrations and audits; asked from any thread."""
        session, view = self._desk.model.session, self._desk.runs.view
        return (
            session.frame,
            *session.audit_frames,
            *(pick.path for pick in session.calibs),
            *(info.path for info in view.calibs),
            *(path for info in view.calibs for path in info.candidates),
            *(str(audit.path) for audit in list(self._desk.audits.audits.values())),
            *(audit.history.base.source for audit in list(self._desk.audits.audits.values())),
        )
