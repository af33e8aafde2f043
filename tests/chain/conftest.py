"""The frame that the chain runs on, without its log and without the history of configs."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator

import pytest

from tests.small_frame import SmallFrame, make_small_frame


@pytest.fixture(autouse=True, scope="module")
def quiet() -> Iterator[None]:
    """Thousands of runs would fill the log; other tests look at theirs."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture(autouse=True, scope="module")
def no_history() -> Iterator[None]:
    """Noting from where each value of a config was set takes longer than a run on the small frame; no test asks."""
    with pytest.MonkeyPatch.context() as patch:
        for name, module in list(sys.modules.items()):
            if name.startswith("lsst.pex.config.") and hasattr(module, "getCallStack"):
                patch.setattr(module, "getCallStack", lambda skip=0: [])
        yield


@pytest.fixture(scope="module")
def frame() -> SmallFrame:
    return make_small_frame()
