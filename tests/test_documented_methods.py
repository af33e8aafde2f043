"""Documented methods that a run does not call, or calls in one way only; and the accessors in LSST spelling."""

from __future__ import annotations

import logging
import math
from typing import Any

import numpy as np
import pytest

from isrcore.camera import Camera
from isrcore.cfht import CfhtIsrTask
from isrcore.chain import RunOptions, run_chain
from isrcore.checkpoints import CheckpointStore, StepReport
from isrcore.config.fields import set_field
from isrcore.geom import Box
from isrcore.image import Exposure, FilterLabel, MaskedImage, PhotoCalib, VisitInfo
from isrcore.metadata import PropertyList
from isrcore.pipe import Struct
from isrcore.task import IsrTask, calibrations
from tests.small_frame import HEIGHT, WIDTH, SmallFrame, make_detector, make_small_frame


@pytest.fixture
def frame() -> SmallFrame:
    return make_small_frame()


def make_task(**values: Any) -> IsrTask:
    config = IsrTask.ConfigClass()
    for path, value in values.items():
        set_field(config, path, value, "test")
    config.validate()
    return IsrTask(config=config)


class TestLevels:
    """``saturationDetection`` and ``suspectDetection`` compare with >= over the raw box of one amplifier."""

    @pytest.mark.parametrize(
        ("method", "attribute", "field", "plane"),
        [
            ("saturationDetection", "saturation", "saturatedMaskName", "SAT"),
            ("suspectDetection", "suspect_level", "suspectMaskName", "SUSPECT"),
            ("suspectDetection", "suspect_level", "suspectMaskName", "CR"),
        ],
    )
    def test_inclusive_and_only_this_amplifier(
        self, frame: SmallFrame, method: str, attribute: str, field: str, plane: str
    ) -> None:
        exposure = frame.raw.convertF()
        assert exposure.detector is not None
        amp = exposure.detector["B"].replace(**{attribute: 1500.0})
        exposure.image[...] = 1499.0
        exposure.image[amp.raw_bbox.y0, amp.raw_bbox.x1 - 1] = 1500.0
        exposure.image[5, 5] = 60000.0
        getattr(make_task(**{field: plane}), method)(exposure, amp)
        assert np.argwhere(exposure.mask.has(plane)).tolist() == [[amp.raw_bbox.y0, amp.raw_bbox.x1 - 1]]

    @pytest.mark.parametrize("method", ["saturationDetection", "suspectDetection"])
    def test_nan_flags_nothing(self, frame: SmallFrame, method: str) -> None:
        exposure = frame.raw.convertF()
        assert exposure.detector is not None
        amp = exposure.detector["A"].replace(saturation=math.nan, suspect_level=math.nan)
        getattr(make_task(), method)(exposure, amp)
        assert not exposure.mask.array.any()


class TestMaskAndInterpolate:
    def exposure(self) -> Exposure:
        pixels = MaskedImage(np.full((HEIGHT, WIDTH), 50.0, np.float32), variance=np.ones((HEIGHT, WIDTH), np.float32))
        return Exposure(pixels, detector=make_detector())

    def test_defects(self) -> None:
        exposure = self.exposure()
        exposure.image[20:22, 30:33] = 9000.0
        make_task(numEdgeSuspect=2).maskAndInterpolateDefects(exposure, [Box(30, 20, 3, 2), Box(78, 0, 20, 1)])
        assert exposure.image == pytest.approx(50.0)
        assert exposure.mask.has("BAD").sum() == 6 + 2
        assert np.array_equal(exposure.mask.has("INTRP"), exposure.mask.has("BAD"))
        assert exposure.mask.has("SUSPECT").sum() == WIDTH * HEIGHT - (WIDTH - 4) * (HEIGHT - 4)

    def test_nan(self, caplog: pytest.LogCaptureFixture) -> None:
        exposure, task = self.exposure(), make_task()
        exposure.image[20, 30] = math.nan
        exposure.image[21, 31] = math.inf
        exposure.variance[22, 32] = math.nan
        with caplog.at_level(logging.WARNING):
            task.maskAndInterpolateNan(exposure)
        assert task.metadata["NUMNANS"] == 3
        assert exposure.mask.has("UNMASKEDNAN").sum() == 3
        assert exposure.image == pytest.approx(50.0)
        assert np.isfinite(exposure.variance).all()
        assert "3 pixels" in caplog.text


class TestEnsureExposure:
    CAMERA = Camera("small", [make_detector()])

    def test_nothing_stays_nothing(self) -> None:
        assert make_task().ensureExposure(None) is None

    def test_exposure_keeps_its_detector(self, frame: SmallFrame) -> None:
        other = make_detector().replace(name="other")
        frame.raw.detector = other
        assert make_task().ensureExposure(frame.raw, self.CAMERA, 0) is frame.raw
        assert frame.raw.detector is other
        assert make_task().ensureExposure(frame.raw) is frame.raw

    def test_others_are_wrapped(self) -> None:
        image = np.ones((HEIGHT, WIDTH), np.float32)
        for given in (image, MaskedImage(image)):
            exposure = make_task().ensureExposure(given, self.CAMERA, 0)
            assert isinstance(exposure, Exposure)
            assert exposure.detector is self.CAMERA[0]
            assert not exposure.mask.array.any()
            assert not exposure.variance.any()
            assert np.shares_memory(exposure.image, image)

    def test_integer_counts_stay_integers(self) -> None:
        exposure = make_task().ensureExposure(np.full((HEIGHT, WIDTH), 7, np.uint16), self.CAMERA, 0)
        assert exposure is not None
        assert exposure.image.dtype == np.uint16

    @pytest.mark.parametrize("dtype", [np.int32, np.float64, np.uint8])
    def test_other_pixels_are_refused(self, dtype: Any) -> None:
        image = np.zeros((HEIGHT, WIDTH), dtype)
        for given in (image, MaskedImage(image)):
            with pytest.raises(TypeError, match=np.dtype(dtype).name):
                make_task().ensureExposure(given, self.CAMERA, 0)

    @pytest.mark.parametrize("given", ["text", 3.0, [1, 2], np.zeros(4)])
    def test_anything_else_is_refused(self, given: Any) -> None:
        with pytest.raises(TypeError, match=type(given).__name__):
            make_task().ensureExposure(given, self.CAMERA, 0)

    @pytest.mark.parametrize(("camera", "number"), [(None, 0), (CAMERA, None)])
    def test_no_detector_to_find(self, camera: Camera | None, number: int | None) -> None:
        with pytest.raises(RuntimeError, match="detector"):
            make_task().ensureExposure(np.ones((4, 4), np.float32), camera, number)


class TestFlatContext:
    def run(self, frame: SmallFrame, **values: bool) -> tuple[Exposure, Exposure, Exposure]:
        exposure = frame.arguments["bias"].clone()
        exposure.visit_info = VisitInfo(30.0, 30.0)
        exposure.image[...] = 1000.0
        before = exposure.clone()
        dark, flat = frame.arguments["dark"], frame.arguments["flat"]
        with make_task(**values).flatContext(exposure, flat, dark) as inside:
            assert inside is exposure
            within = exposure.clone()
        return before, within, exposure

    def test_image_comes_back_but_not_the_variance(self, frame: SmallFrame) -> None:
        before, within, after = self.run(frame)
        assert not np.allclose(within.image, before.image)
        assert np.allclose(after.image, before.image, rtol=1e-5)
        assert np.all(after.variance > before.variance)

    def test_switched_off(self, frame: SmallFrame) -> None:
        before, within, after = self.run(frame, doDark=False, doFlat=False)
        for exposure in (within, after):
            assert np.array_equal(exposure.image, before.image)

    def test_comes_back_after_an_error(self, frame: SmallFrame) -> None:
        exposure = frame.arguments["flat"].clone()
        before = exposure.image.copy()

        def fail() -> None:
            with make_task(doDark=False).flatContext(exposure, frame.arguments["flat"]):
                raise KeyError("inside")

        with pytest.raises(KeyError, match="inside"):
            fail()
        assert np.allclose(exposure.image, before, rtol=1e-5)


def test_brighter_fatter_fails_on_flat_fielded_pixels(frame: SmallFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its default planes need ``doNanMasking``; the reference looks them up after dark and flat, and undoes both."""
    off = dict.fromkeys(("doBias", "doFringe", "doDefect", "doLinearize", "doNanMasking"), False)
    task, calls = make_task(**off, doBrighterFatter=True), list[tuple[str, bool]]()
    for name in ("darkCorrection", "flatCorrection"):

        def correct(exposure: Exposure, calib: Exposure, invert: bool = False, name: str = name) -> None:
            calls.append((name, invert))

        monkeypatch.setattr(task, name, correct)
    arguments = {name: frame.arguments[name] for name in ("dark", "flat", "bfKernel")}
    with pytest.raises(ValueError, match=r"brighterFatterMaskListToInterpolate.*UNMASKEDNAN"):
        task.run(frame.raw, **arguments)
    corrections = ["darkCorrection", "flatCorrection"]
    assert calls == [(name, False) for name in corrections] + [(name, True) for name in reversed(corrections)]


def test_run_knows_its_arguments(frame: SmallFrame) -> None:
    with pytest.raises(TypeError, match="colour"):
        make_task().run(frame.raw, colour="red")  # type: ignore[call-arg]


@pytest.mark.parametrize("wrap", [lambda image: image, MaskedImage])
def test_run_attaches_a_detector_to_bare_pixels(frame: SmallFrame, wrap: Any) -> None:
    """As the data store of Gen3 may deliver them, with ``isGen3``; not otherwise."""
    off = dict.fromkeys(("doBias", "doDark", "doFlat", "doFringe", "doDefect", "doLinearize", "doAssembleCcd"), False)
    pixels, camera = wrap(frame.raw.image.astype(np.float32)), Camera("small", [make_detector()])
    # The rough zero point asks for the exposure time, which bare pixels do not have.
    task = make_task(**off)
    task.stop_after = frozenset({"doSetBadRegions"})
    result = task.run(pixels, camera=camera, detectorNum=0, isGen3=True)
    assert result.exposure.detector is camera[0]
    assert result.exposure.mask.has("SAT").any()
    with pytest.raises(AttributeError, match="detector"):
        task.run(pixels, camera=camera, detectorNum=0)


def test_a_missing_exposure_is_named() -> None:
    with pytest.raises(AttributeError, match="ccdExposure is None"):
        make_task().run(None, isGen3=True)


def test_vignette_polygon_is_kept_on_the_task(frame: SmallFrame) -> None:
    off = dict.fromkeys(("doBias", "doDark", "doFlat", "doFringe", "doDefect", "doLinearize"), False)
    values = {**off, "doVignette": True, "vignette.doWriteVignettePolygon": True, "vignette.radius": 0.3}
    task = make_task(**values)
    assert task.vignettePolygon is None
    exposure = task.run(frame.raw).exposure
    assert task.vignettePolygon.area == pytest.approx(math.pi * 0.3**2, rel=0.01)
    assert exposure.valid_polygon is not None


def test_vignette_polygon_is_there_after_a_resumed_run_too(frame: SmallFrame) -> None:
    off = dict.fromkeys(("doBias", "doDark", "doFlat", "doFringe", "doDefect", "doLinearize"), False)
    values = {**off, "doVignette": True, "vignette.doWriteVignettePolygon": True, "vignette.radius": 0.3}
    store, reports = CheckpointStore(), list[StepReport]()
    tasks, polygons = (make_task(**values), make_task(**values)), []
    for task in tasks:
        reports.clear()
        options = RunOptions(store, "frame", on_step=reports.append)
        polygons.append(run_chain(task, task.initial_state(frame.raw, calibrations()), options).exposure.valid_polygon)
    assert {report.step.name: report.status for report in reports}["doVignette"] == "cached"
    assert polygons[0] is not None
    assert polygons[1].equals(polygons[0])
    assert tasks[1].vignettePolygon.equals(tasks[0].vignettePolygon)


def test_accessors_of_an_exposure() -> None:
    exposure = Exposure(MaskedImage.zeros(Box(3, 4, 10, 5)))
    assert exposure.getMaskedImage() is exposure.masked_image
    assert exposure.getInfo() is exposure
    assert exposure.getBBox() == Box(3, 4, 10, 5)
    assert (exposure.getWidth(), exposure.getHeight()) == (10, 5)
    components = {
        "Metadata": PropertyList({"A": 1}),
        "Detector": make_detector(),
        "Wcs": object(),
        "FilterLabel": FilterLabel("r.MP9601", "r"),
        "VisitInfo": VisitInfo(1.0),
        "PhotoCalib": PhotoCalib(2.0),
        "ValidPolygon": object(),
        "TransmissionCurve": object(),
    }
    for name, value in components.items():
        getattr(exposure, f"set{name}")(value)
        assert getattr(exposure, f"get{name}")() is value
    clone = exposure.clone()
    assert clone.getFilterLabel() == components["FilterLabel"]


def test_accessors_of_components() -> None:
    label = FilterLabel("r.MP9601", "r")
    assert (label.hasPhysicalLabel(), label.hasBandLabel()) == (True, True)
    assert (label.physicalLabel, label.bandLabel) == ("r.MP9601", "r")
    empty = FilterLabel(None, None)
    assert (empty.hasPhysicalLabel(), empty.hasBandLabel()) == (False, False)
    for name in ("physicalLabel", "bandLabel"):
        with pytest.raises(RuntimeError, match="no"):
            getattr(empty, name)
    visit = VisitInfo(30.0, 31.0, 849375)
    assert (visit.getExposureTime(), visit.getDarkTime(), visit.getExposureId()) == (30.0, 31.0, 849375)
    with pytest.raises(RuntimeError, match="no date"):
        visit.getDate()
    calib = PhotoCalib(2.0, 0.1)
    assert (calib.getCalibrationMean(), calib.getCalibrationErr()) == (2.0, 0.1)


def test_accessors_of_the_camera() -> None:
    detector = make_detector()
    camera = Camera("small", [detector])
    assert (camera.getName(), len(camera), list(camera), "ccd00" in camera) == ("small", 1, [detector], True)
    assert camera[0] is camera["ccd00"] is detector
    with pytest.raises(KeyError, match="small has no detector 'ccd99'"):
        camera["ccd99"]
    pairs = {"Name": "name", "Id": "id", "Serial": "serial", "BBox": "bbox", "PixelSize": "pixel_size"}
    pairs |= {"Orientation": "orientation", "Crosstalk": "crosstalk", "Amplifiers": "amplifiers"}
    for getter, attribute in pairs.items():
        assert getattr(detector, f"get{getter}")() is getattr(detector, attribute)
    assert detector.hasCrosstalk() is False
    with pytest.raises(KeyError, match="no amplifier 'C'"):
        detector["C"]


def test_accessors_of_an_amplifier() -> None:
    amp = make_detector()[1]
    names = {
        "Name": "name",
        "BBox": "bbox",
        "RawBBox": "raw_bbox",
        "RawDataBBox": "raw_data_bbox",
        "RawHorizontalOverscanBBox": "raw_horizontal_overscan_bbox",
        "RawVerticalOverscanBBox": "raw_vertical_overscan_bbox",
        "RawPrescanBBox": "raw_prescan_bbox",
        "Gain": "gain",
        "ReadNoise": "read_noise",
        "Saturation": "saturation",
        "SuspectLevel": "suspect_level",
        "ReadoutCorner": "readout_corner",
        "LinearityType": "linearity_type",
        "LinearityCoeffs": "linearity_coeffs",
        "RawFlipX": "raw_flip_x",
        "RawFlipY": "raw_flip_y",
    }
    for getter, attribute in names.items():
        assert getattr(amp, f"get{getter}")() == getattr(amp, attribute), getter


class TestSentencesOfTheContract:
    """Call forms and exception types that the documentation promises in so many words."""

    @pytest.mark.parametrize("wrap", [lambda frame: frame, lambda frame: [frame], lambda frame: (frame,)])
    @pytest.mark.parametrize("kind", [IsrTask, CfhtIsrTask])
    def test_run_takes_a_fringe_frame_or_a_list_of_them(
        self, frame: SmallFrame, wrap: Any, kind: type[IsrTask]
    ) -> None:
        off = dict.fromkeys(("doBias", "doDark", "doFlat", "doDefect", "doLinearize", "doWrite"), False)
        on = {"doFringe": True, "fringe.filters": ["i.MP9702"], "fringe.num": 90, "fringe.large": 10}
        config, plain = kind.ConfigClass(), kind.ConfigClass()
        for path, value in (off | on).items():
            set_field(config, path, value, "test")
        for path, value in (off | {"doFringe": False}).items():
            set_field(plain, path, value, "test")
        config.validate()
        plain.validate()
        fringe = frame.arguments["fringes"].fringes
        seed = config.fringe.stats.rngSeedOffset
        expected = kind(config=config).run(frame.raw.clone(), fringes=Struct(fringes=fringe, seed=seed)).exposure
        found = kind(config=config).run(frame.raw.clone(), fringes=wrap(fringe)).exposure
        np.testing.assert_array_equal(found.image, expected.image)
        without = kind(config=plain).run(frame.raw.clone()).exposure
        assert not np.array_equal(found.image, without.image, equal_nan=True)

    @pytest.mark.parametrize("visit", [None, VisitInfo(), VisitInfo(30.0, math.nan)], ids=["none", "empty", "NaN"])
    def test_dark_correction_needs_a_dark_time(self, frame: SmallFrame, visit: VisitInfo | None) -> None:
        exposure = frame.raw.convertF()
        exposure.visit_info = visit
        before = exposure.image.copy()
        dark = exposure.clone()
        dark.visit_info = VisitInfo(600.0, 610.0)
        with pytest.raises(RuntimeError, match="dark time"):
            make_task().darkCorrection(exposure, dark)
        np.testing.assert_array_equal(exposure.image, before)

    @pytest.mark.parametrize("box", ["raw_bbox", "raw_data_bbox"])
    def test_overscan_correction_needs_raw_pixels(self, frame: SmallFrame, box: str) -> None:
        exposure = frame.raw.convertF()
        assert exposure.detector is not None
        amp = exposure.detector["B"].replace(**{box: Box(0, 0, 0, 0)})
        before = exposure.image.copy()
        with pytest.raises(RuntimeError, match="amplifier B has no raw pixels"):
            make_task().overscanCorrection(exposure, amp)
        np.testing.assert_array_equal(exposure.image, before)

    @pytest.mark.parametrize("dtype", [np.complex64, np.complex128, np.bool_])
    def test_convert_refuses_what_is_no_real_number(self, dtype: Any) -> None:
        exposure = Exposure(MaskedImage(np.zeros((4, 5), dtype)))
        with pytest.raises(RuntimeError, match="real numbers"):
            make_task().convertIntToFloat(exposure)
