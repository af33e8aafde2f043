"""Files that are read: ordinary ones only, and whatever goes wrong becomes one error that names the file.

Readers of other packages raise what their authors did not think of: a table raises `KeyError`, a codec a type of its
own, a nested file `RecursionError`. No caller can know them all, so that they are turned here.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["check_readable", "explained", "read_text", "said"]

MOST_TEXT = 1 << 28
"""Bytes of the longest text that is read; the longest real ones, journals of audits, have a few million."""

_LONGEST = 300

_KINDS = (
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def check_readable(path: str | os.PathLike[str]) -> None:
    """Refuse what is no ordinary file before it is opened: opening a FIFO waits for ever, and a device has no end.

    Raises
    ------
    OSError
        With the path; `FileNotFoundError` and `IsADirectoryError` where these apply.
    """
    mode = os.stat(path).st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "this is a folder; name a file in it", str(path))
    kind = next((word for test, word in _KINDS if test(mode)), None)
    if kind is not None:
        text = f"this is {kind} and no ordinary file; write its content into a file first"
        raise OSError(errno.EINVAL, text, str(path))


def read_text(path: str | os.PathLike[str], encoding: str = "utf-8", errors: str = "strict") -> str:
    """The text of an ordinary file.

    Raises
    ------
    OSError
        If it cannot be read, or is longer than any text that belongs here.
    UnicodeDecodeError
        If it is no text in this encoding.
    """
    check_readable(path)
    with open(path, "rb") as file:
        content = file.read(MOST_TEXT + 1)
    if len(content) > MOST_TEXT:
        text = f"expected a text of at most {MOST_TEXT >> 20} MB, found more; choose another file"
        raise OSError(errno.EFBIG, text, str(path))
    return content.decode(encoding, errors)


@contextmanager
def explained(
    path: str | os.PathLike[str], error: Callable[[str], Exception], problem: str = ""
) -> Iterator[None]:
    """Turn whatever is raised within the block into one error that names the file.

    Parameters
    ----------
    path : path-like
        The file that is read.
    error : callable
        Makes the exception of its message: the class that the caller documents.
    problem : str
        What the file is not ("not an ECSV table"); empty where the reasons say so themselves.

    Raises
    ------
    OSError
        As it was, when it is the system's word on this file (not found, no permission, a folder).
    Exception
        What `error` makes, for everything else.
    """
    try:
        yield
    except Exception as found:
        named = str(path) in str(found)
        if isinstance(found, OSError) and found.errno is not None and named:
            raise
        if isinstance(error, type) and isinstance(found, error) and named:
            raise
        raise error(": ".join(filter(None, (str(path), problem, said(found))))) from found


def said(error: BaseException) -> str:
    """What an exception says, on one line, also when its type says more than its words."""
    if isinstance(error, MemoryError):
        return "there is not enough memory for it"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    text = " ".join(str(error).split())
    text = text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
    if isinstance(error, KeyError):
        return f"expected an item {text}, which is missing"
    return text if isinstance(error, (OSError, RuntimeError, ValueError)) and text else f"{type(error).__name__} {text}"
