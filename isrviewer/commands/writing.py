"""Files written beside the window: it goes on meanwhile, and says what became of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from isrviewer.shell.window import Window

__all__ = ["write_beside"]


def write_beside(
    window: Window,
    path: str,
    write: Callable[[Callable[[], None]], object],
    wrote: str = "",
    explain: Callable[[Exception], str] = str,
) -> None:
    """Write a file in a job.

    Parameters
    ----------
    window : `Window`
    path : str
    write : callable
        Does it; gets a function that raises when the user has cancelled.
    wrote : str
        What to say at the end; default that the file was written.
    explain : callable
        Words for an error.
    """
    window.jobs.start(
        f"Writing {Path(path).name}",
        write,
        lambda _: window.strip.note(wrote or f"Wrote {path}"),
        lambda error: window.strip.error(f"Nothing was written: {explain(error)}"),
    )
