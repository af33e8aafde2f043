"""Reading that can be left: a file on a dead disk must not keep the window from the next good one.

Python cannot end a thread that waits for the system. So files are read beside the worker, which looks from time to time
whether anybody still waits for them; a read that is left goes on alone, and what it finds is dropped.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import copy_context
from typing import TypeVar

from isrcore.pipe.cancel import Cancelled

__all__ = ["leavable"]

T = TypeVar("T")

_LOOK_SECONDS = 0.05


def leavable(read: Callable[[], T], cancel: Callable[[], bool]) -> T:
    """What `read` returns or raises, unless nobody waits for it any more.

    Parameters
    ----------
    read : callable
        Must not change anything that others see.
    cancel : callable
        True when the result is no longer wanted; asked from this thread, every 0.05 s.

    Raises
    ------
    Cancelled
        When `cancel` says so before the end.
    """
    results: list[T] = []
    errors: list[Exception] = []
    context, ended = copy_context(), threading.Event()

    def work() -> None:
        try:
            results.append(context.run(read))
        except Exception as error:
            errors.append(error)
        finally:
            ended.set()

    threading.Thread(target=work, name="isrviewer-read", daemon=True).start()
    while not ended.wait(_LOOK_SECONDS):
        if cancel():
            raise Cancelled("nobody waits for this file any more")
    if errors:
        raise errors.pop()
    return results.pop()
