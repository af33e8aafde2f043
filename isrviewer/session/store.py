"""Sessions as readable JSON files, written atomically, and the autosave that survives a crash."""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

from isrcore.atomic import written_atomically
from isrcore.readable import read_text
from isrcore.values import frozen
from isrviewer.session.codec import CodecError, from_json, to_json
from isrviewer.session.migration import from_schema_1
from isrviewer.session.state import Session

__all__ = [
    "SCHEMA",
    "Autosave",
    "Recovered",
    "SessionFileError",
    "load_session",
    "missing_files",
    "save_session",
    "write_json",
]

SCHEMA = 2
"""Raise it when an old file could be misread; adding a field with a default is no reason."""

_FORMAT = "isrviewer session"


class SessionFileError(ValueError):
    """A session file that cannot be used; the message says why."""


def write_json(path: Path, content: Any) -> None:
    """Write JSON so that `path` holds the old or the new content at any time, whatever happens."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_atomically(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def save_session(session: Session, path: Path) -> None:
    """Write a session; `OSError` when the file cannot be written (the old one is then untouched)."""
    write_json(path, {"format": _FORMAT, "schema": SCHEMA, "session": to_json(session)})


def load_session(path: Path) -> Session:
    """Read a session.

    Raises
    ------
    SessionFileError
        When the file is missing, is not a session, or was written by a newer program.
    """
    try:
        content = json.loads(read_text(path))
    except OSError as error:
        raise SessionFileError(f"{path}: cannot be read ({error.strerror}); choose another session file") from None
    except (RecursionError, ValueError) as error:
        raise SessionFileError(f"{path}: expected a session in JSON, found something else ({error})") from None
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise SessionFileError(f'{path}: expected "format": "{_FORMAT}"; this is another kind of file')
    schema = content.get("schema")
    if not isinstance(schema, int) or not 1 <= schema <= SCHEMA:
        raise SessionFileError(f"{path}: expected schema 1 to {SCHEMA}, found {schema!r}; a newer isrviewer wrote it")
    try:
        value = content.get("session")
        return from_json(Session, from_schema_1(value) if schema == 1 else value)
    except CodecError as error:
        raise SessionFileError(f"{path}: session.{error}") from None


def missing_files(session: Session) -> list[tuple[str, str]]:
    """Files that the session names and that are not there: pairs of what it is ("frame", "flat") and its path."""
    named = [("frame", session.frame), ("calibration folder", session.calib_folder)]
    named += [(pick.kind, pick.path) for pick in session.calibs]
    return [(what, path) for what, path in named if path and not Path(path).exists()]


@frozen
class Recovered:
    """A session left behind by a process that did not end cleanly."""

    path: Path
    session: Session
    modified: float

    def forget(self) -> None:
        """It was restored, or nobody wants it."""
        self.path.unlink(missing_ok=True)
        _lock_of(self.path).unlink(missing_ok=True)


class Autosave:
    """One file per window; it is there after a crash and gone after a clean end.

    Beside it lies a file that is locked as long as the process lives: numbers of processes are used again, locks are
    not, and the system takes them back whatever happens.

    Parameters
    ----------
    folder : `pathlib.Path`
        Shared by all processes of the user.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / f"autosave-{os.getpid()}-{uuid4().hex[:8]}.json"
        self._lock: IO[bytes] | None = None

    def save(self, session: Session) -> None:
        if self._lock is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = _lock_of(self.path).open("wb")
            with suppress(OSError):  # A file system without locks: then the number of the process has to do.
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        save_session(session, self.path)

    def discard(self) -> None:
        """The program ends cleanly: nothing to recover."""
        self.path.unlink(missing_ok=True)
        if self._lock is not None:
            _lock_of(self.path).unlink(missing_ok=True)
            self._lock.close()
            self._lock = None

    def left_behind(self) -> list[Recovered]:
        """Sessions of processes that are gone, newest first; unreadable files are skipped and stay for inspection."""
        found = []
        for lock in self.folder.glob("autosave-*.lock"):
            if not lock.with_suffix(".json").exists() and not _is_running(lock.with_suffix(".json")):
                lock.unlink(missing_ok=True)
        for path in self.folder.glob("autosave-*.json"):
            if path == self.path or _is_running(path):
                continue
            try:
                found.append(Recovered(path, load_session(path), path.stat().st_mtime))
            except (SessionFileError, OSError):
                continue
        return sorted(found, key=lambda item: item.modified, reverse=True)


def _lock_of(path: Path) -> Path:
    return path.with_suffix(".lock")


def _is_running(path: Path) -> bool:
    """Whether the window of an autosave is open; without a lock it is not, whatever number its process had."""
    try:
        with _lock_of(path).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    except OSError:
        return _has_process(path)
    return False


def _has_process(path: Path) -> bool:
    try:
        os.kill(int(path.stem.split("-")[1]), 0)
    except (IndexError, ValueError, ProcessLookupError):
        return False
    except OSError:
        return True
    return True
