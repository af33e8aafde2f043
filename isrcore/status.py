"""The state of a step in a run, and what follows from it; one word for the engine, the window and the command line."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Status"]


class Status(StrEnum):
    """State of one step; the value is its word on screen."""

    UNKNOWN = ""
    WILL_RUN = "will run"
    RUNNING = "running"
    DONE = "done"
    CACHED = "cached"
    """A kept result stands for it: it need not run."""
    SKIPPED = "skipped"
    FAILED = "failed"
    STALE = "stale"
    """What is known about it comes from a run with other parameters."""

    @property
    def has_run(self) -> bool:
        """Whether the step left planes of its own in this run, now or earlier."""
        return self in (Status.DONE, Status.CACHED)

    @property
    def has_result(self) -> bool:
        """Whether the planes behind the step are those of this run; a skipped step leaves those before it."""
        return self.has_run or self is Status.SKIPPED

    @property
    def is_over(self) -> bool:
        """Whether this run is through with the step."""
        return self.has_result or self is Status.FAILED

    @property
    def is_awaited(self) -> bool:
        """Whether planes on hand are of the run before, because this one has not come to the step."""
        return self in (Status.STALE, Status.RUNNING, Status.WILL_RUN)
