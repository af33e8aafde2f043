"""A read that does not come back is left: the next good file opens, and what comes too late changes nothing."""

from __future__ import annotations

import threading

import pytest

from isrcore.pipe.cancel import Cancelled
from isrviewer.runner.leaving import leavable


def test_the_result_and_the_error_come_back() -> None:
    assert leavable(lambda: 5, lambda: False) == 5
    with pytest.raises(OSError, match="gone"):
        leavable(lambda: (_ for _ in ()).throw(OSError("gone")), lambda: False)


def test_a_read_that_hangs_is_left_when_nobody_waits_for_it() -> None:
    release, ended = threading.Event(), threading.Event()

    def hanging() -> int:
        release.wait()
        ended.set()
        return 1

    with pytest.raises(Cancelled):
        leavable(hanging, lambda: True)
    assert not ended.is_set()
    assert leavable(lambda: 2, lambda: False) == 2
    release.set()
    ended.wait()
