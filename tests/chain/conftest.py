"""The frame that the chain runs on, without its log."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from tests.small_frame import SmallFrame, make_small_frame


@pytest.fixture(autouse=True, scope="module")
def quiet() -> Iterator[None]:
    """Thousands of runs would fill the log; other tests look at theirs."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture(scope="module")
def frame() -> SmallFrame:
    return make_small_frame()
