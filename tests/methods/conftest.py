"""The frame and the repositories that the methods work on."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from isrcore.image import Exposure
from tests.methods.command_line_task import SmallTask
from tests.small_frame import SmallFrame, make_small_frame
from tests.small_repository import Repository


@pytest.fixture
def frame() -> SmallFrame:
    return make_small_frame()


@pytest.fixture
def repository(monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    made = Repository()
    raw: Exposure = make_small_frame().raw
    for ccd in range(3):
        made.add("raw", raw, visit=7, ccd=ccd)
    made.add("camera", None)
    monkeypatch.setattr(SmallTask, "repository", made)
    monkeypatch.setattr(SmallTask, "opened", [])
    level = logging.getLogger().level
    yield made
    logging.getLogger().setLevel(level)
