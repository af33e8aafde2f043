"""The errors of this room: each names the file, the place in it, what was expected, what was found and what to do."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast

from isrcore.readable import said

__all__ = ["FrameError", "MissingCalibration", "NotARawFrame", "raises_frame_errors"]

Reader = TypeVar("Reader", bound=Callable[..., Any])


class FrameError(OSError):
    """A file, or one extension of it, that cannot be used.

    Parameters
    ----------
    path : path-like
        The file or folder.
    problem : str
        What is wrong, in a few words.
    hdu : str, optional
        The extension: its number, with its name where there is one.
    keyword : str, optional
    expected, found : optional
    cure : str, optional
        What the user can do.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        problem: str,
        *,
        hdu: str | None = None,
        keyword: str | None = None,
        expected: Any = None,
        found: Any = None,
        cure: str | None = None,
    ) -> None:
        self.path, self.problem, self.hdu = Path(path), problem, hdu
        self.keyword, self.expected, self.found, self.cure = keyword, expected, found, cure
        super().__init__(self._message())

    def _message(self) -> str:
        place = f"{self.path}, HDU {self.hdu}" if self.hdu is not None else str(self.path)
        facts = [f"keyword {self.keyword}"] if self.keyword is not None else []
        facts += [f"expected {self.expected}"] if self.expected is not None else []
        facts += [f"found {self.found}"] if self.found is not None else []
        text = f"{place}: {self.problem}" + (f" ({', '.join(facts)})" if facts else "")
        return f"{text}; {self.cure}" if self.cure else text

    def __str__(self) -> str:
        return self._message()

    def __reduce__(self) -> tuple[Any, ...]:
        # Keyword-only arguments do not survive the default, and workers of a batch send their errors home.
        return _rebuild, (type(self), self.__dict__.copy())


def _rebuild(kind: type[FrameError], state: dict[str, Any]) -> FrameError:
    error = kind.__new__(kind)
    error.__dict__.update(state)
    return error


class NotARawFrame(FrameError):
    """A good file that is not a raw MegaCam frame, such as a master, a processed frame or an exposure of ours.

    Attributes
    ----------
    kind : `isrcore.data.kinds.Kind`
        What the file is.
    """

    def __init__(self, path: str | os.PathLike[str], problem: str, *, kind: Any, **facts: Any) -> None:
        self.kind = kind
        super().__init__(path, problem, **facts)


class MissingCalibration(FrameError):
    """No file in the calibration folder fits; `expected` is the pattern that was looked for."""


def raises_frame_errors(read: Reader) -> Reader:
    """Decorate a reader, so that whatever is raised within it names the file.

    Parameters
    ----------
    read : callable
        Its first argument is the path, or has it as attribute ``path``.

    Returns
    -------
    checked : callable
        As `read`, but raises `FrameError` in place of every other exception.
    """

    @wraps(read)
    def checked(*args: Any, **kwargs: Any) -> Any:
        try:
            return read(*args, **kwargs)
        except FrameError:
            raise
        except Exception as error:
            source = (*args, *kwargs.values())[0]
            path = getattr(source, "path", source)
            name = path if isinstance(path, (str, os.PathLike)) else repr(path)
            cure = "copy the file again, or choose another one"
            raise FrameError(name, f"cannot be used: {said(error)}", cure=cure) from error

    return cast(Reader, checked)
