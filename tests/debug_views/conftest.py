"""Tasks in which every step runs, on a small frame."""

from __future__ import annotations

import pytest

from isrcore.pipe import Struct
from isrcore.task import IsrTask
from tests.chain.full_chain import config_with_hooks
from tests.small_frame import SmallFrame, make_small_frame


class SmallTask:
    """A task and the frame that it runs on."""

    def __init__(self) -> None:
        self.task = IsrTask(config=config_with_hooks({"doApplyGains": True}))
        self.frame: SmallFrame = make_small_frame()

    def run(self) -> Struct:
        return self.task.run(self.frame.raw.clone(), **self.frame.arguments)


@pytest.fixture
def small() -> SmallTask:
    return SmallTask()
