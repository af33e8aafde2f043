"""Files written all or nothing: a crash, a full disk or an error leaves the old file as it was."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

__all__ = ["written_atomically"]


@contextmanager
def written_atomically(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path beside `path` to write to; it takes the place of `path` when the block ends without error.

    Its name is hidden and ends as that of `path`: writers choose their format by the ending.

    Yields
    ------
    temporary : `pathlib.Path`
        Does not exist yet, so that its permissions are the usual ones of a new file. It is removed after an error.

    Raises
    ------
    OSError
        If the file cannot be written or moved; it names `path`.
    """
    target = Path(path)
    temporary = target.with_name(f".part-{uuid4().hex[:8]}-{target.name}")
    try:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink()
        if isinstance(error, OSError) and error.errno is not None and error.filename in (None, str(temporary)):
            raise OSError(error.errno, error.strerror, str(target)) from error
        raise
