"""Resource use at the start and end of a piece of work, kept in task metadata (manual: tasks, Timer)."""

from __future__ import annotations

import functools
import logging
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, ParamSpec, Protocol, TypeVar

from isrcore.metadata import PropertyList

__all__ = ["TIMING_ITEMS", "timeMethod", "timed"]

TIMING_ITEMS = (
    "Utc",
    "CpuTime",
    "UserTime",
    "SystemTime",
    "MaxResidentSetSize",
    "MinorPageFaults",
    "MajorPageFaults",
    "BlockInputs",
    "BlockOutputs",
    "VoluntaryContextSwitches",
    "InvoluntaryContextSwitches",
)


class _Timed(Protocol):
    metadata: PropertyList
    log: logging.Logger


P = ParamSpec("P")
R = TypeVar("R")


def _record(task: _Timed, prefix: str, level: int) -> None:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    values = (
        datetime.now(UTC).replace(tzinfo=None).isoformat(),
        time.process_time(),
        usage.ru_utime,
        usage.ru_stime,
        int(usage.ru_maxrss),
        int(usage.ru_minflt),
        int(usage.ru_majflt),
        int(usage.ru_inblock),
        int(usage.ru_oublock),
        int(usage.ru_nvcsw),
        int(usage.ru_nivcsw),
    )
    items = [(prefix + name, value) for name, value in zip(TIMING_ITEMS, values, strict=True)]
    for key, value in items:
        task.metadata.add(key, value)
    logging.getLogger(f"timer.{task.log.name}").log(level, "; ".join(f"{key}={value}" for key, value in items[1:]))


@contextmanager
def timed(task: _Timed, name: str, level: int = logging.DEBUG) -> Iterator[None]:
    """Add ``<name>Start...`` and ``<name>End...`` items to ``task.metadata``; repeated timings make lists."""
    _record(task, name + "Start", level)
    try:
        yield
    finally:
        _record(task, name + "End", level)


def timeMethod(method: Callable[P, R]) -> Callable[P, R]:
    """Decorate a task method so that its resource use is recorded under its own name."""

    @functools.wraps(method)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        task: Any = args[0]
        with timed(task, method.__name__):
            return method(*args, **kwargs)

    return wrapper
