"""The order of a run as it is seen from outside: debug views, and keys in the metadata of task and exposure."""

from __future__ import annotations

from typing import Any

import pytest

from isrcore.config.fields import set_field
from isrcore.geom import Box
from isrcore.image import Exposure, MaskedImage
from isrcore.pipe import Struct
from isrcore.task import IsrTask
from tests.small_frame import PRE, ROWS, WIDTH, SmallFrame, make_small_frame

VIEWS = (
    *("doBias", "doCrosstalk", "doAssembleCcd", "doBrighterFatter", "doDark", "doFringe", "doStrayLight", "doFlat"),
    "postISRCCD",
)
"""Names that the reference passes to ``debugView``."""

OFF = dict.fromkeys(("doBias", "doDark", "doFlat", "doFringe", "doDefect", "doLinearize"), False)
FRINGE = {"doFringe": True, "fringe.filters": ["i.MP9702"], "fringe.num": 90, "fringe.large": 10}
ARGUMENTS = ("bias", "dark", "flat", "fringes", "crosstalk", "bfKernel")


def run(frame: SmallFrame, values: dict[str, Any], arguments: dict[str, Any]) -> tuple[IsrTask, Struct, list[str]]:
    config = IsrTask.ConfigClass()
    for path, value in {**OFF, **values}.items():
        set_field(config, path, value, "test")
    config.validate()
    task, seen = IsrTask(config=config), list[str]()
    task.debug_callback = lambda exposure, step: seen.append(step)
    return task, task.run(frame.raw, **arguments), [step for step in seen if step in VIEWS]


@pytest.mark.parametrize(
    ("values", "views"),
    [
        ({}, ["doAssembleCcd", "postISRCCD"]),
        ({"doAssembleCcd": False}, ["postISRCCD"]),
        ({"doBias": True}, ["doAssembleCcd", "doBias", "postISRCCD"]),
        ({"doBias": True, "doBiasBeforeOverscan": True}, ["doBias", "doAssembleCcd", "postISRCCD"]),
        ({"doCrosstalk": True}, ["doAssembleCcd", "doCrosstalk", "postISRCCD"]),
        ({"doCrosstalk": True, "doCrosstalkBeforeAssemble": True}, ["doCrosstalk", "doAssembleCcd", "postISRCCD"]),
        (
            {**FRINGE, "fringeAfterFlat": False, "doDark": True, "doFlat": True},
            ["doAssembleCcd", "doDark", "doFringe", "doFlat", "postISRCCD"],
        ),
        ({**FRINGE, "doDark": True, "doFlat": True}, ["doAssembleCcd", "doDark", "doFlat", "postISRCCD"]),
        (
            {**FRINGE, "fringeAfterFlat": False, "fringe.filters": []},
            ["doAssembleCcd", "doFringe", "postISRCCD"],
        ),
        ({"doStrayLight": True, "doApplyGains": True}, ["doAssembleCcd", "postISRCCD"]),
        (
            {"doBrighterFatter": True, "doDark": True, "doFlat": True},
            ["doAssembleCcd", "doBrighterFatter", "doDark", "doFlat", "postISRCCD"],
        ),
    ],
)
def test_views_of_the_reference(frame: SmallFrame, values: dict[str, Any], views: list[str]) -> None:
    """The late fringe step has no view; the early one has it even if the filter has no fringes.

    See manual: oddities, Fringes.
    """
    arguments = {name: frame.arguments[name] for name in ARGUMENTS}
    raw = frame.raw.convertF()
    if values.get("doBiasBeforeOverscan"):
        arguments["bias"] = raw.clone()
    assert run(SmallFrame(raw, {}), values, arguments)[2] == views


@pytest.mark.parametrize("saved", [True, False])
def test_metadata_keys(frame: SmallFrame, saved: bool) -> None:
    values = {"doMeasureBackground": True, "qa.flatness.meshX": 20, "qa.flatness.meshY": 14, "qa.saveStats": saved}
    raw = frame.raw.clone()
    task, result, _ = run(SmallFrame(raw, {}), values, {})
    kept = [key for key in frame.raw.metadata if key not in ("GAIN", "DATASEC")]
    overscan = [["ISR_OSCAN_LEVELA", "ISR_OSCAN_SIGMAA"], ["ISR_OSCAN_LEVELB", "ISR_OSCAN_SIGMAB"]]
    mark = ["OVERSCAN"] if saved else []
    flatness = [f"FLATNESS_{name}" for name in ("PP", "RMS", "NGRIDS", "MESHX", "MESHY")]
    expected = [*kept, *overscan[0], *mark, *overscan[1], "SKYLEVEL", "SKYSIGMA", *flatness]
    assert list(result.exposure.metadata) == expected
    statistics = {
        f"{name} {amp}{end}"
        for amp in "AB"
        for name, ends in (
            *((f"{kind} {what}", ("",)) for kind in ("FIT", "RESIDUAL") for what in ("MEDIAN", "STDEV")),
            *((f"ISR {kind}", (" MEDIAN", " STDEV")) for kind in ("VARIANCE", "BACKGROUND")),
        )
        for end in ends
    }
    found = {key for key in task.metadata if not key.startswith("run")}
    assert found == {"NUMNANS"} | (statistics if saved else set())


def test_an_amplifier_outside_the_raw_image_shifts_the_pairing() -> None:
    """Raw amplifiers above each other: the trimmed box of B is not inside the raw image.

    See manual: oddities, Pairing by position.
    """
    frame = make_small_frame()
    raw, width = frame.raw, WIDTH // 2 + PRE
    assert raw.detector is not None
    stacked = raw.image.reshape(ROWS, 2, width).swapaxes(0, 1).reshape(2 * ROWS, width)
    first, second = raw.detector

    def above(box: Box) -> Box:
        return Box(box.x0 - width, box.y0 + ROWS, box.width, box.height)

    boxes = ("raw_bbox", "raw_data_bbox", "raw_horizontal_overscan_bbox", "raw_vertical_overscan_bbox")
    moved = second.replace(**{name: above(getattr(second, name)) for name in boxes})
    detector = raw.detector.with_amplifiers([moved, first])
    exposure = Exposure(MaskedImage(stacked), raw.metadata, detector, visit_info=raw.visit_info)
    task, result, _ = run(SmallFrame(exposure, {}), {"doInterpolate": False}, {})
    assert not result.exposure.metadata.exists("ISR_OSCAN_LEVELB"), "B is skipped"
    assert result.exposure.metadata.exists("ISR_OSCAN_LEVELA")
    assert task.metadata.exists("ISR VARIANCE B MEDIAN"), "B gets what belongs to A"
    assert (result.exposure.variance[first.bbox.slices()] == 1.0).all(), "and A, the last one, nothing"
