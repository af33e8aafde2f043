"""The dialogs that ask for files and folders: all in one place, and nothing happens when they are cancelled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

__all__ = ["Paths"]


class Paths:
    """Asks for paths over a window.

    Parameters
    ----------
    parent : `QWidget`
        The dialogs lie over it.
    """

    def __init__(self, parent: QWidget) -> None:
        self._parent = parent

    def ask_open(self, title: str, kinds: str, then: Callable[[str], None], start: str = "") -> None:
        """Call ``then(path)`` with a file that exists.

        Parameters
        ----------
        title : str
        kinds : str
            Which files are offered, in Qt's spelling: "FITS (*.fits);;All files (*)".
        then : callable
        start : str
            Folder to begin in.
        """
        path, _ = QFileDialog.getOpenFileName(self._parent, title, start, kinds)
        if path:
            then(path)

    def ask_open_many(self, title: str, kinds: str, then: Callable[[list[str]], None]) -> None:
        """Call ``then(paths)`` with files that exist."""
        paths, _ = QFileDialog.getOpenFileNames(self._parent, title, "", kinds)
        if paths:
            then(paths)

    def ask_save(self, title: str, name: str, kinds: str, then: Callable[[str], None], ending: str = "") -> None:
        """Call ``then(path)`` with a file to write, which the user agreed to replace if it is there.

        Parameters
        ----------
        title, name, kinds : str
        then : callable
        ending : str
            What a name without any ending gets, such as ``.reg``.
        """
        path, _ = QFileDialog.getSaveFileName(self._parent, title, name, kinds)
        if path:
            then(path if Path(path).suffix else f"{path}{ending}")

    def ask_folder(self, title: str, then: Callable[[str], None], start: str = "") -> None:
        """Call ``then(path)`` with a folder."""
        path = QFileDialog.getExistingDirectory(self._parent, title, start)
        if path:
            then(path)
