"""The hooks for cameras with their own stray light, masks, vignetting or amplifier offsets, and the filter tests."""

from __future__ import annotations

import logging
import math
from typing import Any

import numpy as np
import pytest

from isrcore.config import CfhtIsrTaskConfig
from isrcore.image import Exposure, Mask, MaskedImage
from isrcore.image.components import FilterLabel
from isrcore.pipe import Struct
from isrcore.steps.amp_offset import AMP_OFFSET, AmpOffsetTask, SourceDetectionTask, SubtractBackgroundTask
from isrcore.steps.filters import filter_is_listed, physical_filter
from isrcore.steps.masking import CAMERA_MASKING, MaskingTask
from isrcore.steps.step import IsrState
from isrcore.steps.stray_light import STRAY_LIGHT, StrayLightTask
from isrcore.steps.vignette import VIGNETTE, VignetteTask, circle_polygon

LOG = logging.getLogger("test.hooks")


def exposure(label: FilterLabel | None = None) -> Exposure:
    shape = (3, 4)
    pixels = MaskedImage(np.zeros(shape, np.float32), Mask.zeros(shape), np.zeros(shape, np.float32))
    return Exposure(pixels, filter_label=label)


class FakeTask:
    """A stand-in for the ISR task, with its config and one subtask."""

    def __init__(self, **subtasks: Any) -> None:
        self.config = CfhtIsrTaskConfig()
        self.__dict__.update(subtasks)
        self.polygons: list[Any] = []

    def setValidPolygonIntersect(self, exposure: Exposure, polygon: Any) -> None:
        self.polygons.append(polygon)


def test_names() -> None:
    tasks = (MaskingTask, StrayLightTask, VignetteTask, AmpOffsetTask, SubtractBackgroundTask, SourceDetectionTask)
    assert [task().getName() for task in tasks] == [
        "isrMasking",
        "isrStrayLight",
        "isrVignette",
        "isrAmpOffset",
        "subtractBackground",
        "sourceDetection",
    ]


def test_amp_offset_builds_its_subtasks() -> None:
    assert list(AmpOffsetTask(name="isr.ampOffset").getTaskDict()) == [
        "isr.ampOffset",
        "isr.ampOffset.background",
        "isr.ampOffset.detection",
        "isr.ampOffset.detection.background",
        "isr.ampOffset.detection.tempLocalBackground",
    ]
    config = AmpOffsetTask.ConfigClass()
    config.detection.reEstimateBackground = config.detection.doTempLocalBackground = False
    config.detection.doTempWideBackground = True
    names = list(AmpOffsetTask(config=config, name="a").getTaskDict())
    assert names == ["a", "a.background", "a.detection", "a.detection.tempWideBackground"]
    config.doDetection = False
    assert list(AmpOffsetTask(config=config, name="a").getTaskDict()) == ["a", "a.background"]


def test_hooks_without_a_method_say_so() -> None:
    with pytest.raises(NotImplementedError, match="ampOffset has no method for this camera"):
        AmpOffsetTask().run(exposure())
    with pytest.raises(NotImplementedError, match="strayLight has no model for this camera"):
        StrayLightTask().run(exposure(), None)
    state = IsrState(exposure(), Struct())
    with pytest.raises(NotImplementedError):
        AMP_OFFSET.run(FakeTask(ampOffset=AmpOffsetTask()), state)


def test_masking_hook_leaves_the_exposure_alone() -> None:
    state = IsrState(exposure(), Struct())
    task = FakeTask(masking=MaskingTask())
    assert CAMERA_MASKING.why_not(task, state) == "doCameraSpecificMasking is off"
    task.config.doCameraSpecificMasking = True
    assert CAMERA_MASKING.why_not(task, state) is None
    CAMERA_MASKING.run(task, state)
    assert not state.exposure.mask.array.any()


def test_stray_light_runs_only_for_a_task_that_applies() -> None:
    class Model(StrayLightTask):
        def check(self, exposure: Exposure) -> bool:
            return True

        def run(self, exposure: Exposure, strayLightData: Any) -> None:
            exposure.image[...] -= strayLightData

    state = IsrState(exposure(), Struct(strayLightData=np.float32(2.0)))
    task = FakeTask(strayLight=StrayLightTask())
    assert STRAY_LIGHT.why_not(task, state) == "doStrayLight is off"
    task.config.doStrayLight = True
    assert STRAY_LIGHT.why_not(task, state) == "StrayLightTask does not apply to this exposure"
    task = FakeTask(strayLight=Model())
    task.config.doStrayLight = True
    assert STRAY_LIGHT.why_not(task, state) is None
    STRAY_LIGHT.run(task, state)
    assert (state.exposure.image == -2.0).all()
    assert StrayLightTask().readIsrData(None, state.exposure) is None


def test_stray_light_filters() -> None:
    config = StrayLightTask.ConfigClass()
    config.filters = ["y"]
    task = StrayLightTask(config=config)
    assert task.checkFilter(exposure(FilterLabel("y", "y")))
    assert not task.checkFilter(exposure(FilterLabel("r.MP9601", "r")))


def test_circle_is_listed_clockwise_from_its_last_vertex() -> None:
    polygon = circle_polygon(10.0, -5.0, 2.0, 4)
    vertices = list(polygon.exterior.coords)[:-1]
    assert vertices == [pytest.approx(point) for point in [(10.0, -7.0), (8.0, -5.0), (10.0, -3.0), (12.0, -5.0)]]
    assert not polygon.exterior.is_ccw
    assert circle_polygon(0.0, 0.0, 1.0, 1000).area == pytest.approx(math.pi, rel=1e-4)
    with pytest.raises(ValueError, match=r"vignette\.numPolygonPoints must be at least 3.*found 2"):
        circle_polygon(0.0, 0.0, 1.0, 2)
    with pytest.raises(ValueError, match=r"xCenter, yCenter and radius must be finite.*found nan, 0.0 and 1.0"):
        circle_polygon(math.nan, 0.0, 1.0, 100)


def test_vignette_makes_a_polygon_only_when_it_is_to_be_stored() -> None:
    state = IsrState(exposure(), Struct())
    task = FakeTask()
    task.config.doVignette = True
    task.vignette = VignetteTask(config=task.config.vignette)
    assert VIGNETTE.why_not(task, state) is None
    VIGNETTE.run(task, state)
    assert task.vignettePolygon is None
    assert task.polygons == []
    task.config.vignette.doWriteVignettePolygon = True
    task.config.vignette.radius = 3.0
    VIGNETTE.run(task, state)
    assert task.polygons == [task.vignettePolygon]
    assert task.vignettePolygon.bounds == pytest.approx((-3.0, -3.0, 3.0, 3.0))


def test_filter_of_a_label(caplog: pytest.LogCaptureFixture) -> None:
    assert physical_filter(FilterLabel("i.MP9702", "i"), LOG) == "i.MP9702"
    assert caplog.text == ""
    assert physical_filter(None, LOG) == physical_filter(FilterLabel(None, "i"), LOG) == "Unknown"
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]


def test_filter_lists(caplog: pytest.LogCaptureFixture) -> None:
    label = FilterLabel("i.MP9702", "i")
    assert filter_is_listed(label, ["i.MP9702"], LOG)
    assert not filter_is_listed(label, ["z"], LOG)
    assert not filter_is_listed(label, [], LOG)
    assert caplog.text == ""
    assert filter_is_listed(label, ["z", "i"], LOG)
    assert "name the physical filter 'i.MP9702'" in caplog.text
    caplog.clear()
    assert not filter_is_listed(None, ["i"], LOG)
    assert "no filter label" in caplog.text
    with pytest.raises(RuntimeError, match="no band"):
        filter_is_listed(FilterLabel("i.MP9702"), ["z"], LOG)
