"""A fault of the program itself, told on one line: what happened is written into a report file for its authors."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import traceback
from collections.abc import Sequence

from isrcore import __version__

__all__ = ["crash_line", "lacks_memory"]

_NO_MEMORY = ("map segment", "llocate memory", "start new thread")
"""What libraries and threads say that find no room."""


def lacks_memory(error: BaseException) -> bool:
    """Whether an error means that the machine, or its limits, have no memory left."""
    return isinstance(error, MemoryError) or any(words in str(error) for words in _NO_MEMORY)


def crash_line(program: str, arguments: Sequence[str], error: BaseException) -> str:
    """Write the report of an unexpected error; what to say about it.

    Parameters
    ----------
    program : str
        ``isrcore`` or ``isrviewer``.
    arguments : sequence of str
        Of the command line.
    error : exception

    Returns
    -------
    line : str
        Names the report file, or says why there is none.
    """
    found = f"{program}: a fault of the program ({type(error).__name__}: {' '.join(str(error).split())[:200]})"
    system = f"Python {platform.python_version()} on {platform.platform()}"
    lines = [f"{program} {__version__}, {system}", " ".join([program, *arguments]), ""]
    text = "\n".join(lines) + "\n" + "".join(traceback.format_exception(error))
    try:
        number, path = tempfile.mkstemp(prefix=f"{program}-crash-", suffix=".txt")
        with os.fdopen(number, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError as problem:
        sys.stderr.write(text)
        return f"{found}; a report could not be written ({problem})"
    return f"{found}; please send the report {path}"
