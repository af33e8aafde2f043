"""Watch a folder, as at the telescope: say when a new frame is there, and let the user open it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer, Signal

__all__ = ["FolderWatch", "frames_in"]

_SUFFIXES = (".fits", ".fits.fz", ".fits.gz", ".fz")
_POLL_MS = 2000


def frames_in(folder: Path) -> dict[Path, tuple[int, int]]:
    """Frames of a folder with size in bytes and time of the last change in ns; files on their way out are left out."""
    found = {}
    for path in folder.iterdir():
        if path.name.endswith(_SUFFIXES) and not path.name.startswith("."):
            try:
                status = path.stat()
            except OSError:
                continue
            found[path] = (status.st_size, status.st_mtime_ns)
    return found


class FolderWatch(QObject):
    """Looks at a folder when the system reports a change, and every two seconds: network disks report nothing.

    A frame counts as new when it was not there before, or was written anew, and has not grown since the last look:
    half a frame is not offered.

    Signals
    -------
    arrived(str)
        Path of the newest frame that is new and complete.
    lost(str)
        The folder cannot be read any more; the watch has ended.
    """

    arrived = Signal(str)
    lost = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.folder: Path | None = None
        self._known: dict[Path, tuple[int, int]] = {}
        self._growing: dict[Path, tuple[int, int]] = {}
        self._system = QFileSystemWatcher(self)
        self._system.directoryChanged.connect(self.look)
        self._timer = QTimer(self, interval=_POLL_MS)
        self._timer.timeout.connect(self.look)

    def start(self, folder: Path) -> None:
        """Watch from now on; what is there already is not new.

        Raises
        ------
        OSError
            If the folder cannot be read.
        """
        self._known = frames_in(folder)
        self.stop()
        self.folder = folder
        self._system.addPath(str(folder))
        self._timer.start()

    def stop(self) -> None:
        """Watch no longer."""
        self._timer.stop()
        if self._system.directories():
            self._system.removePaths(self._system.directories())
        self.folder = None
        self._growing = {}

    def look(self) -> None:
        """See what is new."""
        if self.folder is None:
            return
        try:
            present = frames_in(self.folder)
        except OSError as error:
            folder = self.folder
            self.stop()
            self.lost.emit(f"{folder} is no longer watched: {error.strerror or error}")
            return
        changed = {path: stamp for path, stamp in present.items() if self._known.get(path) != stamp}
        complete = {path: stamp for path, stamp in changed.items() if self._growing.get(path) == stamp and stamp[0] > 0}
        self._growing = {path: stamp for path, stamp in changed.items() if path not in complete}
        self._known.update(complete)
        if complete:
            self.arrived.emit(str(max(complete, key=lambda path: (complete[path][1], path))))
