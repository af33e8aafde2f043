"""Files written all or nothing: a crash, a full disk or an error leaves the old file as it was.

What is written lies under a hidden name in the same folder until it is whole. The name says which process it belongs
to, so that the next writer in that folder takes away what a killed one has left.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from uuid import uuid4

__all__ = ["OutputIsInput", "protect_inputs", "refuse_inputs", "written_atomically", "written_together"]

_OWNED = re.compile(r"\.(?:part|ready)-(\w+)-(\d+)-(\d+)-\w+")
_LONGEST_ENDING = 30
_FOREIGN_SECONDS = 86_400
"""Age at which what another machine, or this one before it was started anew, has left is taken for forgotten."""


_READ: list[weakref.WeakMethod[Callable[[], Iterable[str]]]] = []
"""Who knows what this process reads; see `protect_inputs`."""


class OutputIsInput(OSError):
    """A file that is read was named as the one to write."""


def refuse_inputs(path: str | os.PathLike[str], inputs: Iterable[str | os.PathLike[str] | None]) -> None:
    """Refuse to write over a file that is read, by whatever name or link it is reached.

    Raises
    ------
    OutputIsInput
        With both names.
    """
    for source in inputs:
        if source is None or not str(source):
            continue
        try:
            same = os.path.samefile(path, source)
        except OSError:
            continue  # One of them does not exist, so that they are two.
        if same:
            text = f"this file is an input ({source}) and is never overwritten; choose another name"
            raise OutputIsInput(errno.EINVAL, text, str(path))


def protect_inputs(inputs: Callable[[], Iterable[str]]) -> None:
    """Refuse from now on to write over the files that a bound method tells, as long as its object lives."""
    _READ.append(weakref.WeakMethod(inputs))


@contextmanager
def written_atomically(
    path: str | os.PathLike[str], overwrite: bool = True, is_own: bool = False
) -> Iterator[Path]:
    """Give a temporary path beside `path` to write to; it takes the place of `path` when the block ends without error.

    Its name is hidden and ends as that of `path`: writers choose their format by the ending. A symbolic link is
    followed: the file that it names is replaced, the link stays. A new file has the usual permissions, one that is
    replaced keeps its own.

    Parameters
    ----------
    path : path-like
    overwrite : bool
        Whether a file that is there may be replaced. If not, only one of two writers at once wins.
    is_own : bool
        The file is read and written by the same part of the program, such as a journal: not protected from it.

    Yields
    ------
    temporary : `pathlib.Path`
        Does not exist yet. It is removed after an error.

    Raises
    ------
    FileExistsError
        If there is a file and `overwrite` is False.
    OutputIsInput
        If the file is among those of `protect_inputs`.
    OSError
        If the file cannot be written or moved, or is no ordinary file; it names `path`.
    """
    if not is_own:
        _refuse_protected(path)
    target = _target(path, overwrite)
    _clean(target.parent)
    temporary = target.with_name(_hidden("part", _ending(target.name)))
    try:
        yield temporary
        _settle(temporary, target)
        _publish(temporary, target, overwrite)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink()
        _name(error, temporary, path)
        raise


@contextmanager
def written_together(folder: str | os.PathLike[str], overwrite: bool = True) -> Iterator[Path]:
    """Give a temporary folder to write several files to; all of them appear in `folder`, or none.

    Where `folder` does not exist, the temporary one becomes it in one move. Otherwise the files are moved in one after
    the other; what a kill leaves between two moves is finished by the next writer in that folder.

    Parameters
    ----------
    folder : path-like
    overwrite : bool
        Whether files of the same names may be replaced.

    Raises
    ------
    FileExistsError
        If there is a file of one of the names and `overwrite` is False.
    OSError
        If the files cannot be written or moved.
    """
    target = Path(os.path.realpath(folder))
    target.parent.mkdir(parents=True, exist_ok=True)
    home = target if target.is_dir() else target.parent
    _clean(home)
    temporary = home / _hidden("part")
    temporary.mkdir()
    try:
        yield temporary
        files = sorted(temporary.iterdir())
        for file in files:
            _refuse_protected(target / file.name)
            _settle(file, _target(target / file.name, overwrite))
        if home == target.parent:
            with suppress(OSError):  # Somebody has made the folder meanwhile.
                temporary.rename(target)
                return
        # From here on the set is complete: its new name says so to whoever finds it.
        ready = temporary.rename(target / _hidden("ready"))
        _move_all(ready, overwrite)
    except BaseException as error:
        shutil.rmtree(temporary, ignore_errors=True)
        _name(error, temporary, folder)
        raise


def _refuse_protected(path: str | os.PathLike[str]) -> None:
    for reference in list(_READ):
        inputs = reference()
        if inputs is None:
            _READ.remove(reference)
        else:
            refuse_inputs(path, inputs())


def _target(path: str | os.PathLike[str], overwrite: bool) -> Path:
    target = Path(os.path.realpath(path))
    try:
        mode = target.lstat().st_mode
    except FileNotFoundError:
        return target
    if not stat.S_ISREG(mode):
        what = "a folder" if stat.S_ISDIR(mode) else "no ordinary file (a device, a FIFO or a circle of links)"
        number = errno.EISDIR if stat.S_ISDIR(mode) else errno.EINVAL
        raise OSError(number, f"this is {what}; choose another name", str(path))
    if not overwrite:
        raise FileExistsError(errno.EEXIST, "the file exists: choose another name, or allow to overwrite it", str(path))
    return target


def _ending(name: str) -> str:
    """The suffixes of a name, as far as they fit: the hidden name must not be longer than the file system allows."""
    dot = name.find(".", max(1, len(name) - _LONGEST_ENDING))
    return name[dot:] if dot >= 0 else ""


def _settle(temporary: Path, target: Path) -> None:
    """Bring a complete file to the disk, with the permissions of the one that it replaces."""
    with suppress(FileNotFoundError):
        temporary.chmod(stat.S_IMODE(target.stat().st_mode))
    with temporary.open("rb") as file:
        os.fsync(file.fileno())


def _publish(temporary: Path, target: Path, overwrite: bool) -> None:
    if overwrite:
        os.replace(temporary, target)
        return
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise
    except OSError:
        # File systems without links: an empty file of ours keeps the name until the move.
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        os.replace(temporary, target)
        return
    temporary.unlink()


def _move_all(ready: Path, overwrite: bool) -> None:
    """Move the files of a complete set into the folder that it lies in."""
    moved: list[Path] = []
    try:
        for file in sorted(ready.iterdir()):
            _publish(file, ready.parent / file.name, overwrite)
            moved.append(ready.parent / file.name)
    except FileExistsError:
        for file in moved:
            file.unlink()
        shutil.rmtree(ready, ignore_errors=True)
        raise
    ready.rmdir()


def _name(error: BaseException, temporary: Path, path: str | os.PathLike[str]) -> None:
    """Let an error of the system name what was asked for, in place of the hidden name."""
    if isinstance(error, OSError) and error.errno is not None:
        hidden = error.filename is None or str(error.filename).startswith(str(temporary))
        if hidden or error.filename == os.path.realpath(path):
            error.filename, error.filename2 = os.fspath(path), None


def _hidden(word: str, ending: str = "") -> str:
    return f".{word}-{_machine()}-{os.getpid()}-{_began(os.getpid())}-{uuid4().hex[:8]}{ending}"


@cache
def _machine() -> str:
    """Changes with the machine and with each of its starts."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()[:8]
    except OSError:
        return re.sub(r"\W", "_", os.uname().nodename)[:20] or "host"


def _began(process: int) -> int:
    """When a process began, in clock ticks; 0 where the system does not say."""
    try:
        return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return 0


def _is_gone(entry: os.DirEntry[str], machine: str, process: int, began: int) -> bool:
    """Whether nobody will go on with what lies under a hidden name."""
    if machine != _machine():
        return time.time() - entry.stat(follow_symlinks=False).st_mtime > _FOREIGN_SECONDS
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return _began(process) != began


def _clean(folder: Path) -> None:
    """Take away what killed writers have left in a folder, and finish what they had completed."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            owner = _OWNED.match(entry.name)
            if owner is None or not _is_gone(entry, owner[1], int(owner[2]), int(owner[3])):
                continue
            with suppress(OSError):
                if entry.name.startswith(".ready"):
                    _move_all(Path(entry.path), overwrite=True)
                elif entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path)
                else:
                    os.unlink(entry.path)
