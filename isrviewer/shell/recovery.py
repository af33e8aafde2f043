"""Nothing is lost: the session is on disk a second after every change, and offered again after a crash."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from isrviewer.session import Session
from isrviewer.session.settings import state_folder
from isrviewer.session.store import Autosave, Recovered

if TYPE_CHECKING:
    from isrviewer.commands.files import FileCommands
    from isrviewer.desk import Desk
    from isrviewer.panels.start import StartPage

__all__ = ["Recovery"]

_DELAY_MS = 1000


class Recovery(QObject):
    """Autosave of a window, and the sessions that other processes left behind."""

    def __init__(self, desk: Desk, files: FileCommands, start: StartPage, parent: QObject) -> None:
        super().__init__(parent)
        self._desk, self._commands = desk, files
        self._files = Autosave(state_folder())
        self._timer = QTimer(self, singleShot=True, interval=_DELAY_MS)
        self._timer.timeout.connect(self._save)
        start.recovery_chosen.connect(self._restore)
        start.recovery_dismissed.connect(Recovered.forget)
        desk.model.observe(self._changed)

    @property
    def path(self) -> Path:
        """The file of this process."""
        return self._files.path

    def left_behind(self) -> list[Recovered]:
        """Sessions of processes that did not end cleanly, newest first."""
        return self._files.left_behind()

    def close(self) -> None:
        """The window closes by the user's will: there is nothing to recover."""
        self._timer.stop()
        self._files.discard()

    def _changed(self, old: Session, new: Session) -> None:
        # A timer that began anew with every change would never end while something is dragged.
        if not self._timer.isActive():
            self._timer.start()

    def _save(self) -> None:
        try:
            self._files.save(self._desk.model.session)
        except OSError as error:
            self._desk.strip.warn(f"The session cannot be saved for recovery: {error.strerror or error}")

    def _restore(self, left: Recovered) -> None:
        self._commands.restore_session(left.session)
        left.forget()
