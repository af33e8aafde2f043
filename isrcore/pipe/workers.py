"""Work in several processes: each begins clean, a dead one costs only its own item, and a time limit ends them.

A process that is forked from one with threads at work can wait for ever for a lock that nobody holds any more, so no
worker is a fork. Nor do workers run the user's script again, as Python's own pools do: they are given the import path
and what is to be done, by pickle.
"""

from __future__ import annotations

import json
import logging
import pickle
import runpy
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar

from isrcore.children import import_path

__all__ = ["WorkerError", "run_in_processes", "serve"]

_LONGEST_WAIT = 3600.0
"""Seconds; the system takes no limit of a month."""

Item = TypeVar("Item")
Result = TypeVar("Result")

_PROGRAM = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]); "
    "from isrcore.pipe.workers import serve; serve(int(sys.argv[2]))"
)


class WorkerError(RuntimeError):
    """An item has no result: its worker died, the time was up, or it cannot be handed to another process."""


class _Worker:
    """One process and the item that it is at work on."""

    def __init__(self, work: bytes) -> None:
        mine, its = socket.socketpair()
        path = json.dumps(import_path(current_folder_last=True))
        with its:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-c", _PROGRAM, path, str(its.fileno())],
                pass_fds=[its.fileno()],
                stdin=subprocess.DEVNULL,
            )
        self.connection: Connection[Any, Any] = Connection(mine.detach())
        self.number: int | None = None
        self._work: bytes | None = work

    def give(self, number: int, item: bytes) -> None:
        self.number = number
        try:
            if self._work is not None:
                self.connection.send_bytes(self._work)
                self._work = None
            self.connection.send_bytes(item)
        except OSError:
            # It is dead; that is found out, and told, where answers are waited for.
            return

    def end(self) -> None:
        self.connection.close()
        self.process.kill()
        self.process.wait()

    def last_words(self) -> str:
        code = self.process.wait()
        if code < 0:
            return f"its worker process was ended by {signal.Signals(-code).name}"
        return f"its worker process ended with exit code {code}"


def run_in_processes(
    work: Callable[[Item], Result], items: Sequence[Item], processes: int, timeout: float | None = None
) -> list[Result | WorkerError | Exception]:
    """Call ``work(item)`` for every item, in other processes.

    What workers log arrives in the loggers of this process.

    Parameters
    ----------
    work : callable
        Can be pickled, with all that it holds. What stands in the user's script itself is found only if the script can
        be imported.
    items : sequence
        Can be pickled.
    processes : int
        At most so many at a time.
    timeout : float, optional
        Seconds for all items together; then the workers are ended.

    Returns
    -------
    results : list
        In the order of the items: the result, the exception that `work` raised, or a `WorkerError`.
    """
    end = None if timeout is None else time.monotonic() + timeout
    results: list[Any] = [WorkerError(f"not done within {timeout} s")] * len(items)
    todo = deque(range(len(items)))
    packed = _pack((work, _log_levels()))
    workers: dict[Connection[Any, Any], _Worker] = {}
    try:
        while todo or any(worker.number is not None for worker in workers.values()):
            for worker in _free(workers, packed, min(processes, len(items)), len(todo)):
                number = todo.popleft()
                worker.give(number, _pack(items[number]))
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                break
            for connection in wait(list(workers), _LONGEST_WAIT if left is None else min(left, _LONGEST_WAIT)):
                assert isinstance(connection, Connection)
                worker = workers[connection]
                try:
                    kind, value = connection.recv()
                except (EOFError, OSError):
                    del workers[connection]
                    worker.connection.close()
                    if worker.number is not None:
                        results[worker.number] = WorkerError(worker.last_words())
                    continue
                if kind == "log":
                    logging.getLogger(value.name).handle(value)
                    continue
                assert worker.number is not None
                results[worker.number], worker.number = value, None
    finally:
        for worker in workers.values():
            worker.end()
    return results


def _free(workers: dict[Connection[Any, Any], _Worker], work: bytes, most: int, wanted: int) -> list[_Worker]:
    """Workers without an item, at most `wanted`; new ones where there are fewer than `most`."""
    free = [worker for worker in workers.values() if worker.number is None][:wanted]
    while len(free) < wanted and len(workers) < most:
        worker = _Worker(work)
        workers[worker.connection] = worker
        free.append(worker)
    return free


def _pack(value: object) -> bytes:
    main = sys.modules["__main__"]
    return pickle.dumps((getattr(main, "__file__", None), pickle.dumps(value)))


def _unpack(data: bytes) -> Any:
    main, packed = pickle.loads(data)
    try:
        return pickle.loads(packed)
    except AttributeError:
        if main is None:
            raise
        # Something that the user's script defines; as in Python's own pools the script is run under another name.
        sys.modules["__main__"].__dict__.update(runpy.run_path(main, run_name="__mp_main__"))
        return pickle.loads(packed)


def _log_levels() -> dict[str, int]:
    """Levels of the loggers of this process, which workers are to have too."""
    known = [logging.getLogger(), *logging.getLogger().manager.loggerDict.values()]
    return {logger.name: logger.level for logger in known if isinstance(logger, logging.Logger) and logger.level}


class _Forward(logging.Handler):
    def __init__(self, connection: Connection[Any, Any]) -> None:
        super().__init__()
        self._connection = connection

    def emit(self, record: logging.LogRecord) -> None:
        record.msg, record.args = record.getMessage(), None
        if record.exc_info:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
            record.exc_info = None
        self._connection.send(("log", record))


def serve(descriptor: int) -> None:
    """What a worker process does until the other side ends.

    Parameters
    ----------
    descriptor : int
        Of its end of the connection.
    """
    connection: Connection[Any, Any] = Connection(descriptor)
    root = logging.getLogger()
    root.addHandler(_Forward(connection))
    work = None
    try:
        while True:
            data = connection.recv_bytes()
            try:
                if work is None:
                    work, levels = _unpack(data)
                    for name, level in levels.items():
                        logging.getLogger(name).setLevel(level)
                    continue
                answer = work(_unpack(data))
            except Exception as error:
                answer = error
            connection.send(("done", _sendable(answer)))
    except (EOFError, OSError):
        return


def _sendable(answer: Any) -> Any:
    """The answer, or an error in words where it cannot travel."""
    try:
        pickle.loads(pickle.dumps(answer))
    except Exception as error:
        if isinstance(answer, Exception):
            return WorkerError(f"{type(answer).__name__}: {answer}")
        return WorkerError(f"the result cannot be handed to another process: {error}")
    return answer
