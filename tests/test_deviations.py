"""Where this project deviates from the reference on purpose: one class per row of the list, and nothing else deviates.

1. A vector overscan fit with an overscan box taller than the imaging box works, on the rows beside the imaging rows.
2. ``saturationInterpolation`` interpolates over ``saturatedMaskName`` instead of failing on its letters.
3. ``CfhtIsrTask.run(fringes=None)`` with ``doFringe`` is an error only where the filter needs a fringe frame.
4. An exposure without a detector fails with the reference's built-in type and a message that says what is missing.
5. The clipped mean of pixels of which clipping leaves one value is that value, not NaN.
6. Integer pixels that the mask calls NO_DATA become NaN on conversion, and keep the flag.
7. A gain, read noise or saturation in the header that is no finite number is refused.
"""

from __future__ import annotations

import logging
import math
from typing import Any

import numpy as np
import pytest

from isrcore.camera import Detector
from isrcore.cfht import CfhtIsrTask
from isrcore.config.fields import set_field
from isrcore.geom import Box
from isrcore.image import Exposure, MaskedImage
from isrcore.image.statistics import Property, make_statistics
from isrcore.pipe import Struct
from isrcore.task import IsrTask
from tests.small_frame import HEIGHT, SmallFrame, make_small_frame

OFF = dict.fromkeys(("doBias", "doDark", "doFlat", "doFringe", "doDefect", "doLinearize"), False)


@pytest.fixture
def frame() -> SmallFrame:
    return make_small_frame()


def make_task(task_class: Any = IsrTask, **values: Any) -> Any:
    config = task_class.ConfigClass()
    for path, value in {**OFF, **values}.items():
        set_field(config, path, value, "test")
    config.validate()
    return task_class(config=config)


class TestTallOverscan:
    """MegaCam's boxes in the reference's camera tables have one row more than the imaging pixels."""

    VECTOR_FITS = (
        ("MEDIAN_PER_ROW", 1),
        ("POLY", 3),
        ("CHEB", 3),
        ("LEG", 3),
        ("NATURAL_SPLINE", 6),
        ("CUBIC_SPLINE", 6),
        ("AKIMA_SPLINE", 8),
    )

    def tall(self, detector: Detector, rows: int) -> Detector:
        """The same detector with `rows` more rows in its overscan boxes."""
        boxes = {amp.name: amp.raw_horizontal_overscan_bbox for amp in detector}
        return detector.with_amplifiers(
            amp.replace(
                raw_horizontal_overscan_bbox=Box(
                    boxes[amp.name].x0, boxes[amp.name].y0, boxes[amp.name].width, boxes[amp.name].height + rows
                )
            )
            for amp in detector
        )

    def corrected(self, raw: Exposure, fit_type: str, order: int) -> tuple[Exposure, list[Struct]]:
        task = make_task(**{"overscan.fitType": fit_type, "overscan.order": order})
        exposure = raw.convertF()
        assert exposure.detector is not None
        return exposure, [task.overscanCorrection(exposure, amp) for amp in exposure.detector]

    @pytest.mark.parametrize(("fit_type", "order"), VECTOR_FITS)
    @pytest.mark.parametrize("rows", [1, 4])
    def test_equals_the_cut_box(
        self, frame: SmallFrame, caplog: pytest.LogCaptureFixture, fit_type: str, order: int, rows: int
    ) -> None:
        assert frame.raw.detector is not None
        expected, expected_results = self.corrected(frame.raw, fit_type, order)
        assert not caplog.text
        frame.raw.detector = self.tall(frame.raw.detector, rows)
        with caplog.at_level(logging.INFO):
            found, results = self.corrected(frame.raw, fit_type, order)
        for amp in frame.raw.detector:
            data = amp.raw_data_bbox.slices()
            assert np.array_equal(found.image[data], expected.image[data])
            assert not np.array_equal(found.image[data], frame.raw.image[data])
            assert f"amplifier {amp.name} has {HEIGHT + rows} rows, its data {HEIGHT}" in caplog.text
        for ours, theirs in zip(results, expected_results, strict=True):
            assert np.array_equal(ours.imageFit, theirs.imageFit)
            assert np.array_equal(ours.overscanImage.image, theirs.overscanImage.image)

    def test_constant_levels_use_all_rows(self, frame: SmallFrame) -> None:
        """Nothing is cut where the reference works."""
        assert frame.raw.detector is not None
        frame.raw.detector = self.tall(frame.raw.detector, 4)
        _, results = self.corrected(frame.raw, "MEDIAN", 1)
        assert results[0].overscanImage.shape[0] == HEIGHT + 4


class TestSaturationInterpolation:
    @pytest.mark.parametrize("plane", ["SAT", "CR"])
    def test_interpolates_over_the_plane(self, frame: SmallFrame, plane: str) -> None:
        exposure = frame.raw.convertF()
        exposure.image[...] = 100.0
        exposure.image[10:13, 20:22] = 60000.0
        exposure.mask.set_box(Box(20, 10, 2, 3), plane)
        exposure.mask.set_box(Box(40, 10, 2, 3), "BAD")
        exposure.image[10:13, 40:42] = 5.0
        task = make_task(saturatedMaskName=plane, growSaturationFootprintSize=0)
        task.saturationInterpolation(exposure)
        assert exposure.image[10:13, 20:22] == pytest.approx(100.0)
        assert np.all(exposure.image[10:13, 40:42] == 5.0), "other planes stay"
        assert exposure.mask.has("INTRP").sum() == 6

    def test_grows_saturation(self, frame: SmallFrame) -> None:
        exposure = frame.raw.convertF()
        exposure.image[...] = 100.0
        exposure.mask.set_box(Box(20, 10, 2, 3), "SAT")
        make_task(growSaturationFootprintSize=1).saturationInterpolation(exposure)
        assert exposure.mask.has("SAT").sum() == 6 + 10
        assert exposure.mask.has("INTRP").sum() == 6 + 10

    def test_unknown_plane(self, frame: SmallFrame) -> None:
        with pytest.raises(ValueError, match="NOPE"):
            make_task(saturatedMaskName="NOPE").saturationInterpolation(frame.raw.convertF())


class TestCfhtWithoutFringes:
    def run(self, frame: SmallFrame, filters: list[str], late: bool) -> Exposure:
        values = {"doFringe": True, "fringe.filters": filters, "fringeAfterFlat": late}
        exposure: Exposure = make_task(CfhtIsrTask, **values).run(frame.raw).exposure
        return exposure

    @pytest.mark.parametrize("late", [False, True])
    def test_filter_that_needs_one(self, frame: SmallFrame, late: bool) -> None:
        with pytest.raises(RuntimeError, match=r"fringe frame.*i\.MP9702"):
            self.run(frame, ["i.MP9702", "z.MP9801"], late)

    @pytest.mark.parametrize("late", [False, True])
    def test_filter_that_needs_none(self, frame: SmallFrame, late: bool) -> None:
        found = self.run(frame, ["z.MP9801"], late)
        expected = make_task(CfhtIsrTask).run(make_small_frame().raw).exposure
        assert np.array_equal(found.image, expected.image)

    def test_off(self, frame: SmallFrame) -> None:
        assert make_task(CfhtIsrTask).run(frame.raw, fringes=None).exposure.image.shape[0] == HEIGHT


class TestNoDetector:
    def test_assembly(self, frame: SmallFrame) -> None:
        frame.raw.detector = None
        with pytest.raises(AssertionError, match=r"doAssembleCcd is on.*no detector"):
            make_task().run(frame.raw)

    def test_linearity(self, frame: SmallFrame) -> None:
        frame.raw.detector = None
        with pytest.raises(AttributeError, match=r"no detector"):
            make_task(doAssembleCcd=False, doLinearize=True).run(frame.raw)

    @pytest.mark.parametrize(
        ("switches", "error", "what"),
        [
            (("doBias",), RuntimeError, "bias"),
            (("doBias", "doLinearize"), RuntimeError, "bias"),
            (("doFlat",), RuntimeError, "flat"),
            (("doLinearize", "doFlat"), AttributeError, "no detector"),
        ],
    )
    def test_required_inputs_are_asked_for_in_their_order(
        self, frame: SmallFrame, switches: tuple[str, ...], error: type[Exception], what: str
    ) -> None:
        frame.raw.detector = None
        with pytest.raises(error, match=what):
            make_task(doAssembleCcd=False, **dict.fromkeys(switches, True)).run(frame.raw)

    def test_amplifier_loop(self, frame: SmallFrame) -> None:
        """The reference's stand-in amplifier lacks what the first step of the amplifier loop looks up."""
        frame.raw.detector = None
        with pytest.raises(AttributeError, match="no detector"):
            make_task(doAssembleCcd=False).run(frame.raw)

    def test_cfht(self, frame: SmallFrame) -> None:
        frame.raw.detector = None
        with pytest.raises(AttributeError, match="no detector"):
            make_task(CfhtIsrTask).run(frame.raw)

    def test_method(self) -> None:
        with pytest.raises(AttributeError, match="no detector"):
            make_task(doLinearize=True).doLinearize(None)


class TestConstantPopulation:
    @pytest.mark.parametrize("size", [100, 100_000], ids=["sorted", "sampled"])
    @pytest.mark.parametrize("value", [0.1, 1234.567, -7.3e5, 3e30])
    def test_clipped_mean_is_the_value(self, size: int, value: float) -> None:
        pixels = np.full((10, size // 10), value, np.float32)
        pixels[0, :3] = 10 * value, -value, 1.1 * value
        clipped = Property.MEANCLIP | Property.STDEVCLIP | Property.VARIANCECLIP
        found = make_statistics(pixels, clipped)
        assert found.value(Property.MEANCLIP) == pixels[-1, -1]
        assert found.value(Property.STDEVCLIP) == found.value(Property.VARIANCECLIP) == 0

    def test_of_integers(self) -> None:
        pixels = np.full((10, 10), 1180, np.uint16)
        pixels[0, 0] = 65535
        assert make_statistics(pixels, Property.MEANCLIP).value() == 1180


class TestPixelsWithoutValue:
    @pytest.mark.parametrize("dtype", [np.uint16, np.int16, np.int32])
    def test_conversion(self, dtype: Any) -> None:
        exposure = Exposure(MaskedImage(np.arange(12, dtype=dtype).reshape(3, 4)))
        planes = exposure.mask.planes
        exposure.mask.array[1, 2] = planes.bitmask(["NO_DATA", "SAT"])
        exposure.mask.array[2, 3] = planes.bitmask("SAT")
        found = make_task().convertIntToFloat(exposure)
        expected = np.arange(12, dtype=np.float32).reshape(3, 4)
        expected[1, 2] = np.nan
        np.testing.assert_array_equal(found.image, expected)
        assert np.argwhere(found.mask.array).tolist() == [[1, 2]]
        assert found.mask.array[1, 2] == planes.bitmask("NO_DATA")
        assert (found.variance == 1).all()

    def test_floats_are_what_they_are(self) -> None:
        exposure = Exposure(MaskedImage(np.ones((2, 2), np.float64)))
        exposure.mask.array[0, 0] = exposure.mask.planes.bitmask("NO_DATA")
        found = make_task().convertIntToFloat(exposure)
        assert (found.image == 1).all()
        assert not found.mask.array.any()


class TestNumbersOfTheDetector:
    @pytest.mark.parametrize("key", ["GAINA", "RDNOISEB", "SATURATE"])
    @pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, "high"])
    def test_refused(self, frame: SmallFrame, key: str, value: object) -> None:
        frame.raw.metadata.set(key, value)
        np.minimum(frame.raw.image, 50000, out=frame.raw.image)  # Above 60000 ADU the pixels tell the saturation.
        with pytest.raises(ValueError, match=f"header keyword {key} .*expected a finite number, found {value!r}"):
            make_task(CfhtIsrTask).run(frame.raw)
