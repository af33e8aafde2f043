"""Which calibrations a run needs."""

from __future__ import annotations

import pytest

from isrcore.config import CfhtIsrTaskConfig
from isrcore.data.gather import CALIB_SWITCHES, is_wanted
from isrcore.image.components import FilterLabel

I_BAND = FilterLabel("i.MP9702", "i")


@pytest.mark.parametrize("kind", CALIB_SWITCHES)
def test_nothing_is_wanted_for_a_step_that_is_off(kind: str) -> None:
    config = CfhtIsrTaskConfig()
    config.fringe.filters = ["i.MP9702"]
    setattr(config, CALIB_SWITCHES[kind], False)
    assert not is_wanted(kind, config, I_BAND)
    setattr(config, CALIB_SWITCHES[kind], True)
    assert is_wanted(kind, config, I_BAND)


@pytest.mark.parametrize(
    ("listed", "label", "wanted"),
    [
        (["i.MP9702"], I_BAND, True),
        (["i"], I_BAND, True),
        (["z.MP9801"], I_BAND, False),
        ([], I_BAND, False),
        (["i.MP9702"], FilterLabel("r.MP9601", "r"), False),
        (["i.MP9702"], None, False),
    ],
)
def test_fringes_are_wanted_in_listed_filters_only(listed: list[str], label: FilterLabel | None, wanted: bool) -> None:
    config = CfhtIsrTaskConfig()
    config.doFringe = True
    config.fringe.filters = listed
    assert is_wanted("fringe", config, label) is wanted
