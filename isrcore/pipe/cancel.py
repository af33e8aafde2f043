"""How a step that takes long learns that nobody waits for its result any more.

The documented methods have no argument for it: whoever runs a step says it for everything that is called within.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["Cancelled", "cancel_check", "cancellable"]


class Cancelled(Exception):
    """The run was asked to stop; everything finished before stays valid."""


_cancel: ContextVar[Callable[[], bool] | None] = ContextVar("cancel", default=None)


@contextmanager
def cancellable(cancel: Callable[[], bool] | None) -> Iterator[None]:
    """Let work within this block be cancelled.

    Parameters
    ----------
    cancel : callable or None
        True when the work shall stop. Asked from any thread.
    """
    token = _cancel.set(cancel)
    try:
        yield
    finally:
        _cancel.reset(token)


def cancel_check() -> Callable[[], None]:
    """A function that raises `Cancelled` once the work shall stop.

    Other threads do not see what this thread runs: get the function here and call it there. Without checkpoints a step
    changes its input in place, so that it may only call the function while it has not changed anything.
    """
    cancel = _cancel.get()

    def check() -> None:
        if cancel is not None and cancel():
            raise Cancelled("stopped within a step")

    return check
