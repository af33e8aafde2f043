"""Audits on disk: a snapshot that is replaced as a whole, and behind it a journal that only grows.

A file has one JSON value per line. The first line is the whole history (base document, edits done and undone), each
further line one event. Saving again writes a new first line and drops the journal. Every line ends with a checksum, so
that a line which a crash has cut short is recognised; everything before it is kept.
"""

from __future__ import annotations

import errno
import fcntl
import json
import logging
import os
import zlib
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, BinaryIO

from isrcore.atomic import written_atomically
from isrcore.audit.defect import Defect
from isrcore.audit.document import DefectDocument, Edit
from isrcore.audit.history import DefectHistory, Event
from isrcore.geom import Box
from isrcore.readable import check_readable, explained, said

__all__ = ["Journal", "load_history", "save_history"]

_LOG = logging.getLogger(__name__)

_FORMAT = "isrcore defect audit"
_VERSION = 1
_LARGEST_FRAME = 1 << 28


def save_history(history: DefectHistory, path: str | Path, is_own: bool = False) -> None:
    """Write an audit, all or nothing; `is_own` when it goes on in this file.

    Raises
    ------
    OSError
        If it cannot be written; an older file is unchanged then.
    """
    with written_atomically(path, is_own=is_own) as temporary:
        temporary.write_bytes(_line(_history_json(history)))


def load_history(path: str | Path, who: str = "") -> DefectHistory:
    """Read an audit: the snapshot, and after it all complete events of the journal.

    A last line that is cut short (the program or the machine stopped while it was written) is left out with a warning.

    Raises
    ------
    OSError
        If there is no such file.
    ValueError
        If it is no audit, of a newer version, or damaged before its last line.
    """
    path = Path(path)
    check_readable(path)
    with explained(path, ValueError):
        return _loaded(path, who)


def _loaded(path: Path, who: str) -> DefectHistory:
    lines = path.read_bytes().splitlines(keepends=True)
    if not lines:
        raise ValueError(f"{path}: expected a defect audit, found an empty file")
    history = _history_from(_checked(lines[0], path, 1), path, who)
    for number, line in enumerate(lines[1:], start=2):
        try:
            value = _checked(line, path, number)
        except ValueError:
            if number < len(lines):
                raise
            _LOG.warning("%s, line %d: cut short, so that the last event is lost", path, number)
            break
        try:
            # Only the kind of event is needed to take back or repeat what the history has.
            edit = Edit.from_json(value["edit"]) if value["event"] == "do" else _known(history, value["event"])
            _require_on_chip(history.base.frame, edit)
            history.replay(value["event"], edit)
        except Exception as error:
            what = f"not an event that can take place here: {said(error)}"
            raise ValueError(f"{path}, line {number}: {what}") from error
    return history


def _known(history: DefectHistory, what: str) -> Edit:
    return (history.done if what == "undo" else history.undone)[-1]


class Journal:
    """Writes every event of a history down when it takes place.

    What a killed program has done is in the file; `sync` makes sure that it survives a power failure as well. A file
    that was removed, replaced or changed by others meanwhile is noticed at the next event, and no edit is lost: all of
    them are written again, beside the file that took its place if there is one.

    Parameters
    ----------
    history : `DefectHistory`
    path : path-like
        Replaced at once by a snapshot of the history.

    Raises
    ------
    OSError
        If it cannot be written, or another journal writes to this file.
    """

    def __init__(self, history: DefectHistory, path: str | Path) -> None:
        self.history = history
        self.path = Path(path)
        before = _open_alone(self.path) if self.path.exists() else None
        try:
            save_history(history, self.path, is_own=True)
            self._open()
        finally:
            if before is not None:
                before.close()
        self._is_behind = False
        self._notice = ""
        history.on_event.append(self._write)

    @property
    def is_behind(self) -> bool:
        """Whether the last event could not be written; the next one writes all."""
        return self._is_behind

    def _write(self, event: Event) -> None:
        if self._is_disturbed() or self._is_behind:
            # An event is missing in the file, so that no later one fits: write all of them.
            self._is_behind = True
            self.compact()
            return
        self._is_behind = True
        what, edit = event
        line = _line({"event": what, "edit": edit.to_json()} if what == "do" else {"event": what})
        start = self._file.tell()
        if self._file.write(line) != len(line):
            self._file.truncate(start)
            raise OSError(errno.ENOSPC, "the last edit could not be saved: the disk is full", str(self.path))
        self._size += len(line)
        self._is_behind = False

    def take_notice(self) -> str:
        """What others did to the file and what became of the edits, once; empty for nothing."""
        notice, self._notice = self._notice, ""
        return notice

    def _is_disturbed(self) -> bool:
        """Whether the name no longer leads to the file as it was written; `path` is then where to go on."""
        mine = os.fstat(self._file.fileno())
        try:
            there = os.stat(self.path)
        except OSError:
            self._notice = f"{self.path} was removed while it was open; all edits are kept in a new file of this name"
            return True
        if not os.path.samestat(mine, there):
            other, self.path = self.path, _free_name(self.path)
            self._notice = f"another file took the place of {other}; it is left alone, all edits are in {self.path}"
            return True
        if there.st_size != self._size:
            self._notice = f"{self.path} was changed by another program; it was written anew with all edits"
            return True
        return False

    def _open(self) -> None:
        self._file = _open_alone(self.path)
        self._size = os.fstat(self._file.fileno()).st_size

    def sync(self) -> None:
        """Return when everything is on the disk."""
        os.fsync(self._file.fileno())

    def compact(self) -> None:
        """Replace the file by a snapshot of the history as it is now."""
        save_history(self.history, self.path, is_own=True)
        self._file.close()
        self._open()
        self._is_behind = False

    def close(self) -> None:
        """Stop writing; the file stays."""
        if not self._file.closed:
            self.history.on_event.remove(self._write)
            if self._is_disturbed():
                _LOG.warning("%s", self._notice)
                try:
                    self.compact()
                except OSError as error:
                    _LOG.warning("the edits could not be written again: %s", error)
            if not self._file.closed:
                self.sync()
                self._file.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _free_name(path: Path) -> Path:
    """A name beside `path` that no file has."""
    names = (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in count(2))
    return next(name for name in names if not name.exists())


def _open_alone(path: Path) -> BinaryIO:
    """Open a journal to append to it, while nobody else does: events of two windows would not fit each other."""
    file = path.open("ab", buffering=0)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        cure = "close it there, or copy the file and go on with the copy"
        raise OSError(f"{path}: another window goes on with this audit; {cure}") from None
    except OSError as error:
        _LOG.warning("%s cannot be locked (%s): do not go on with it in two windows at once", path, error.strerror)
    return file


def _line(value: Mapping[str, Any]) -> bytes:
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode("ascii")
    return text + b"\t%08x\n" % zlib.crc32(text)


def _checked(line: bytes, path: Path, number: int) -> dict[str, Any]:
    text, tab, check = line.rpartition(b"\t")
    if not tab or check != b"%08x\n" % zlib.crc32(text):
        what = "a defect audit" if number == 1 else "a complete event"
        cure = "choose another file" if number == 1 else f"delete line {number} and all after it to use what is before"
        raise ValueError(f"{path}, line {number}: expected {what}, found a damaged or foreign line; {cure}")
    value: dict[str, Any] = json.loads(text)
    return value


def _history_json(history: DefectHistory) -> dict[str, Any]:
    base, box = history.base, history.base.frame
    return {
        "format": _FORMAT,
        "version": _VERSION,
        "detector": base.detector,
        "frame": {"trimmed": True, "first_pixel": 0, "box": [box.x0, box.y0, box.width, box.height]},
        "source": base.source,
        "next_id": history.document.next_id,
        "defects": [defect.to_json() for defect in base],
        "done": [edit.to_json() for edit in history.done],
        "undone": [edit.to_json() for edit in history.undone],
    }


def _require_on_chip(frame: Box, edit: Edit) -> None:
    for change in edit.changes:
        for defect in (change.before, change.after):
            if defect is not None:
                _require_inside(frame, defect)


def _require_inside(frame: Box, defect: Defect) -> None:
    if not frame.contains(defect.pixels.bbox):
        raise ValueError(f"expected defect {defect.id} within the {frame} of the CCD, found {defect.pixels.bbox}")


def _frame(numbers: Any) -> Box:
    box = Box(*numbers)
    if not 0 < box.area <= _LARGEST_FRAME:
        raise ValueError(f"expected the frame of a CCD, found {box}")
    return box


def _history_from(value: Mapping[str, Any], path: Path, who: str) -> DefectHistory:
    if value.get("format") != _FORMAT or value.get("version") != _VERSION:
        found = f"{value.get('format')!r} version {value.get('version')}"
        cure = "open it with the program that made it"
        raise ValueError(f"{path}: expected {_FORMAT!r} version {_VERSION}, found {found}; {cure}")
    try:
        defects = {defect.id: defect for defect in map(Defect.from_json, value["defects"])}
        base = DefectDocument(
            str(value["detector"]),
            _frame(value["frame"]["box"]),
            MappingProxyType(defects),
            str(value["source"]),
            int(value["next_id"]),
        )
        history = DefectHistory(base, who)
        for defect in base:
            _require_inside(base.frame, defect)
        done, undone = ([Edit.from_json(edit) for edit in value[which]] for which in ("done", "undone"))
        for edit in done + undone:
            _require_on_chip(base.frame, edit)
        for edit in done:
            history.replay("do", edit)
        history.undone.extend(undone)
    except Exception as error:
        raise ValueError(f"{path}: a defect audit with a damaged snapshot: {said(error)}") from error
    return history
