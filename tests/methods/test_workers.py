"""Work in several processes."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from isrcore.pipe.workers import WorkerError, run_in_processes

ROOT = Path(__file__).resolve().parents[2]


def square(number: int) -> int:
    return number * number


def who(number: int) -> int:
    return os.getpid()


def fail_at_two(number: int) -> int:
    if number == 2:
        raise KeyError("two")
    return number


def die_at_two(number: int) -> int:
    if number == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def leave_at_two(number: int) -> int:
    if number == 2:
        os._exit(3)
    return number


def sleep(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def speak(number: int) -> None:
    logging.getLogger("isrcore.test").info("item %d", number)


def unsendable(number: int) -> Any:
    return lambda: number


def test_results_come_in_the_order_of_the_items() -> None:
    assert run_in_processes(square, range(7), 2) == [0, 1, 4, 9, 16, 25, 36]


def test_there_are_no_more_processes_than_asked_for_and_none_is_this_one() -> None:
    found = run_in_processes(who, range(6), 2)
    assert 1 <= len(set(found)) <= 2
    assert os.getpid() not in found


def test_an_error_is_the_result_of_its_item() -> None:
    found = run_in_processes(fail_at_two, range(4), 2)
    assert [found[0], found[1], found[3]] == [0, 1, 3]
    assert isinstance(found[2], KeyError)


@pytest.mark.parametrize(("work", "said"), [(die_at_two, "SIGKILL"), (leave_at_two, "exit code 3")])
def test_a_dead_worker_costs_one_item(work: Any, said: str) -> None:
    found = run_in_processes(work, range(6), 2)
    assert [found[k] for k in (0, 1, 3, 4, 5)] == [0, 1, 3, 4, 5]
    assert isinstance(found[2], WorkerError)
    assert said in str(found[2])


def test_time_is_up_for_what_is_not_done() -> None:
    found = run_in_processes(sleep, [0.0, 1000.0, 1000.0], 2, timeout=8.0)
    assert found[0] == 0.0
    assert all(isinstance(item, WorkerError) and "8.0 s" in str(item) for item in found[1:])


def test_what_workers_log_arrives_here(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "isrcore.test"):
        run_in_processes(speak, range(3), 2)
    assert sorted(record.getMessage() for record in caplog.records) == ["item 0", "item 1", "item 2"]


def test_a_result_that_cannot_travel_is_named() -> None:
    (found,) = run_in_processes(unsendable, [1], 1)
    assert isinstance(found, WorkerError)
    assert "another process" in str(found)


def test_a_script_without_a_guard_is_not_run_again(tmp_path: Path) -> None:
    """As the stack's own command-line scripts are written."""
    script = tmp_path / "script.py"
    script.write_text("print('begin')\nfrom isrcore.pipe.workers import run_in_processes\n"
                      "print(run_in_processes(abs, [-1, -2], 2))\n")  # fmt: skip
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)}
    )
    assert done.stdout.splitlines() == ["begin", "[1, 2]"], done.stderr


def test_what_a_guarded_script_defines_is_found(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from isrcore.pipe.workers import run_in_processes\n\ndef half(x):\n    return x / 2\n\n"
        "if __name__ == '__main__':\n    print(run_in_processes(half, [2, 4], 2))\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)}
    )
    assert done.stdout.splitlines() == ["[1.0, 2.0]"], done.stderr
