"""Bad input to the engine: the reference's exception, a message that helps, the exposure as before the failing step."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from isrcore.calib.linearizer import Linearizer
from isrcore.camera import Detector
from isrcore.cfht import CfhtIsrTask
from isrcore.chain import RunOptions, StepReport, run_chain
from isrcore.checkpoints import CheckpointStore
from isrcore.config.fields import set_field
from isrcore.geom import Box
from isrcore.image import Exposure, FilterLabel, VisitInfo
from isrcore.pipe import Struct
from isrcore.task import IsrTask, calibrations
from tests.small_frame import HEIGHT, WIDTH, make_detector, make_small_frame

HALF = Box(0, 0, WIDTH // 2, HEIGHT)

ALL_ON = {
    "doCrosstalk": True,
    "doBrighterFatter": True,
    "doIlluminationCorrection": True,
    "illumFilters": ["i.MP9702"],
    "fringe.filters": ["i.MP9702"],
    "fringe.num": 50,
    "fringe.large": 10,
    "qa.doThumbnailOss": True,
}

Change = Callable[[Exposure, dict[str, Any]], None]


@dataclass(frozen=True)
class Case:
    """One thing that is wrong, and what must come of it."""

    name: str
    step: str
    error: type[Exception]
    message: str
    change: Change = lambda raw, arguments: None
    config: dict[str, Any] = field(default_factory=dict)
    task: Any = IsrTask
    validate: bool = True


def without(name: str) -> Change:
    def change(raw: Exposure, arguments: dict[str, Any]) -> None:
        arguments[name] = Struct(fringes=None) if name == "fringes" else None

    return change


def smaller(name: str) -> Change:
    def change(raw: Exposure, arguments: dict[str, Any]) -> None:
        value = arguments[name]
        if name == "fringes":
            arguments[name] = Struct(fringes=value.fringes.subset(HALF), seed=1)
        else:
            arguments[name] = value.subset(HALF)

    return change


def given(name: str, value: Any) -> Change:
    def change(raw: Exposure, arguments: dict[str, Any]) -> None:
        arguments[name] = value

    return change


def no_keyword(name: str) -> Change:
    def change(raw: Exposure, arguments: dict[str, Any]) -> None:
        raw.metadata.remove(name)
        raw.image[...] = np.minimum(raw.image, 50000)

    return change


def full_planes(raw: Exposure, arguments: dict[str, Any]) -> None:
    for number in range(32 - len(raw.mask.planes)):
        raw.mask.planes.add(f"MINE{number}")


def visit(exposure_time: float, dark_time: float) -> Change:
    def change(raw: Exposure, arguments: dict[str, Any]) -> None:
        raw.visit_info = VisitInfo(exposure_time, dark_time, 1)

    return change


def no_visit(raw: Exposure, arguments: dict[str, Any]) -> None:
    raw.visit_info = None


def no_detector(raw: Exposure, arguments: dict[str, Any]) -> None:
    raw.detector = None


def renamed_amplifiers(raw: Exposure, arguments: dict[str, Any]) -> None:
    assert raw.detector is not None
    raw.detector = raw.detector.with_amplifiers(amp.replace(name=f"C{amp.name}") for amp in raw.detector)


def no_overscan(raw: Exposure, arguments: dict[str, Any]) -> None:
    assert raw.detector is not None
    raw.detector = raw.detector.with_amplifiers(
        amp.replace(raw_horizontal_overscan_bbox=Box(0, 0, 0, 0)) for amp in raw.detector
    )
    arguments["linearizer"] = Linearizer(detector=raw.detector)


def other_detector() -> Detector:
    return make_detector().replace(name="ccd07", id=7, serial="777")


def infinite(raw: Exposure, arguments: dict[str, Any]) -> None:
    raw.masked_image.image[3, 3] = math.inf


def zero_dark_time(raw: Exposure, arguments: dict[str, Any]) -> None:
    arguments["dark"].visit_info = VisitInfo(0.0, 0.0)


def zero_flat(raw: Exposure, arguments: dict[str, Any]) -> None:
    arguments["flat"].image[...] = 0.0


def big_linearizer(raw: Exposure, arguments: dict[str, Any]) -> None:
    calib = arguments["linearizer"]
    calib.linearityBBox["B"] = Box(WIDTH // 2, 0, WIDTH, HEIGHT)


PTC = {"doBrighterFatter": False, "doCrosstalk": False}

CASES = [
    *(
        Case(f"no {name}", "checkInputs", RuntimeError, rf"(?i){words}.*{switch}", without(name))
        for name, words, switch in (
            ("bias", "bias", "doBias"),
            ("linearizer", "linearizer", "doLinearize"),
            ("bfKernel", "brighter-fatter kernel", "doBrighterFatter"),
            ("dark", "dark", "doDark"),
            ("flat", "flat", "doFlat"),
            ("defects", "defect", "doDefect"),
            ("fringes", "fringe.*i.MP9702", "doFringe"),
            ("illumMaskedImage", "illumination.*i.MP9702", "doIlluminationCorrection"),
        )
    ),
    *(
        Case(
            f"small {name}",
            step,
            RuntimeError,
            rf"{words} has 40 x 56 pixels, the data has 80 x 56",
            smaller(name),
            PTC,
        )
        for name, step, words in (
            ("bias", "doBias", "bias"),
            ("dark", "doDark", "dark"),
            ("flat", "doFlat", "flat"),
            ("illumMaskedImage", "doIlluminationCorrection", "illumination correction"),
        )
    ),
    Case("small fringe", "fringeAfterFlat", RuntimeError, r"fringe frame.*40 x 56.*80 x 56", smaller("fringes"), PTC),
    Case("uneven trim", "doBias", RuntimeError, r"40 x 56 .*80 x 56", smaller("bias"), {"doTrimToMatchCalib": True}),
    Case("zero flat", "doFlat", ZeroDivisionError, "flatScalingType", zero_flat, {"flatScalingType": "MEAN", **PTC}),
    Case("zero scale", "doFlat", ZeroDivisionError, "flatUserScale", config={"flatUserScale": 0.0, **PTC}),
    Case(
        "all columns skipped",
        "overscanCorrection",
        ValueError,
        "A has 8 .*LeadingColumnsToSkip 5.*ToSkip 3",
        config={"overscanNumLeadingColumnsToSkip": 5, "overscanNumTrailingColumnsToSkip": 3},
    ),
    Case(
        "no overscan, but its noise is wanted",
        "doVariance",
        RuntimeError,
        "doEmpiricalReadNoise.*amplifier A",
        no_overscan,
        {"doEmpiricalReadNoise": True},
    ),
    Case(
        "empirical noise without overscan step",
        "doVariance",
        RuntimeError,
        "doEmpiricalReadNoise.*doOverscan",
        config={"doEmpiricalReadNoise": True, "doOverscan": False},
    ),
    Case("no gain in the header", "cfhtDetector", KeyError, "GAINB", no_keyword("GAINB"), task=CfhtIsrTask),
    Case("no noise in the header", "cfhtDetector", KeyError, "RDNOISEA", no_keyword("RDNOISEA"), task=CfhtIsrTask),
    Case(
        "no saturation in the header",
        "cfhtDetector",
        KeyError,
        "SATURATE.*60000",
        no_keyword("SATURATE"),
        task=CfhtIsrTask,
    ),
    Case("other amplifiers", "cfhtDetector", ValueError, "A and B, found 'CA'", renamed_amplifiers, task=CfhtIsrTask),
    Case("cfht without detector", "cfhtDetector", AttributeError, "no detector", no_detector, task=CfhtIsrTask),
    Case(
        "planes are all taken",
        "doNanMasking",
        RuntimeError,
        "UNMASKEDNAN.*32",
        full_planes,
        {**PTC, "doConvertIntToFloat": False},
    ),
    Case(
        "unknown plane to interpolate",
        "doInterpolate",
        ValueError,
        "maskListToInterpolate.*NOPE.*BAD",
        config={"maskListToInterpolate": ["BAD", "NOPE"]},
    ),
    Case(
        "unknown saturated plane",
        "maskAmplifier",
        ValueError,
        "saturatedMaskName.*NOPE.*SAT",
        config={"saturatedMaskName": "NOPE"},
    ),
    Case(
        "unknown suspect plane",
        "maskAmplifier",
        ValueError,
        "suspectMaskName.*NOPE",
        config={"suspectMaskName": "NOPE", "doSuspect": True},
    ),
    Case(
        "unknown plane for negative variance",
        "maskNegativeVariance",
        ValueError,
        "negativeVarianceMaskName.*NOPE",
        config={"negativeVarianceMaskName": "NOPE"},
    ),
    Case(
        "unknown overscan plane",
        "overscanCorrection",
        ValueError,
        "overscan.maskPlanes.*NOPE",
        config={"overscan.maskPlanes": ["NOPE"]},
    ),
    Case(
        "unknown fringe plane",
        "fringeAfterFlat",
        ValueError,
        "fringe.stats.badMaskPlanes.*NOPE",
        config={"fringe.stats.badMaskPlanes": ["NOPE"]},
    ),
    Case(
        "unknown brighter-fatter plane",
        "doBrighterFatter",
        ValueError,
        "brighterFatterMaskListToInterpolate.*NOPE",
        config={"brighterFatterMaskListToInterpolate": ["NOPE"]},
    ),
    Case("no ptc", "doVariance", RuntimeError, "usePtcGains", given("ptc", None), {"usePtcGains": True}),
    Case("no ptc noise", "doVariance", RuntimeError, "usePtcReadNoise", given("ptc", None), {"usePtcReadNoise": True}),
    Case("no dark time", "doDark", RuntimeError, "dark time.*NaN.*DARKTIME", visit(30.0, math.nan), PTC),
    Case("no visit info", "doDark", AttributeError, "visit info", no_visit, PTC),
    Case("dark frame of no time", "doDark", ZeroDivisionError, "dark frame is 0 s", zero_dark_time, PTC),
    Case("no detector", "checkInputs", AssertionError, "doAssembleCcd.*no detector", no_detector),
    Case(
        "linearizer of another detector",
        "doLinearize",
        RuntimeError,
        "ccd07.*ccd00",
        given("linearizer", Linearizer(detector=other_detector())),
    ),
    Case("linearizer of another size", "doLinearize", ValueError, "amplifier B.*80 x 56", big_linearizer),
    Case("no crosstalk coefficients", "doCrosstalk", RuntimeError, "crosstalk", given("crosstalk", None)),
    Case(
        "kernel larger than the chip",
        "doBrighterFatter",
        ValueError,
        r"\(56, 80\).*\(99, 99\)",
        given("bfKernel", np.zeros((99, 99))),
    ),
    Case(
        "gains of other amplifiers",
        "doBrighterFatter",
        RuntimeError,
        "gains.*brighter-fatter.*lack B",
        given("bfGains", {"A": 1.0}),
        {"brighterFatterApplyGain": True},
    ),
    Case("defects that are none", "maskAmplifier", ValueError, "a defect is a Box.*'here'", given("defects", ["here"])),
    Case(
        "apertures larger than the chip",
        "fringeAfterFlat",
        ValueError,
        "fringe.large.*50",
        config={"fringe.large": 50, **PTC},
    ),
    Case(
        "mesh outside the chip",
        "doMeasureBackground",
        ValueError,
        "meshX.*",
        config={"doMeasureBackground": True, "qa.flatness.meshX": 32, "qa.flatness.meshY": 28},
    ),
    Case(
        "vignette beside the chip",
        "doVignette",
        RuntimeError,
        "polygon",
        config={"doVignette": True, "vignette.doWriteVignettePolygon": True, "vignette.xCenter": 1e6},
    ),
    Case(
        "too few bins for a spline",
        "overscanCorrection",
        ValueError,
        "overscan.order asks for 1",
        config={"overscan.fitType": "CUBIC_SPLINE", "overscan.order": 1},
    ),
    Case(
        "no method for amplifier offsets",
        "doAmpOffset",
        NotImplementedError,
        "doAmpOffset",
        config={"doAmpOffset": True},
    ),
]


def set_up(case: Case) -> tuple[Any, Exposure, dict[str, Any]]:
    frame = make_small_frame(dtype=np.float32 if case.name == "planes are all taken" else np.uint16)
    config = case.task.ConfigClass()
    values = {**ALL_ON, **case.config}
    if case.task is CfhtIsrTask:
        values |= {"doBrighterFatter": False}
        del frame.arguments["bfKernel"]
    for path, value in values.items():
        set_field(config, path, value, "test")
    config.validate()
    case.change(frame.raw, frame.arguments)
    return case.task(config=config), frame.raw, frame.arguments


def snapshot(exposure: Exposure) -> list[Any]:
    parts = [exposure.image, exposure.mask.array, exposure.variance]
    return [*(np.copy(part) for part in parts), exposure.mask.planes.as_dict(), exposure.metadata.copy()]


def equal(a: list[Any], b: list[Any]) -> bool:
    return all(
        np.array_equal(x, y, equal_nan=x.dtype.kind == "f") if isinstance(x, np.ndarray) else x == y
        for x, y in zip(a, b, strict=True)
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_error_and_the_checkpoint_before_it(case: Case) -> None:
    task, raw, arguments = set_up(case)
    before = snapshot(raw)
    reports: list[StepReport] = []
    kept: list[tuple[Exposure, list[Any]]] = []

    def note(report: StepReport) -> None:
        reports.append(report)
        if report.status == "done" and not report.step.is_check:
            assert report.checkpoint is not None
            kept.append((report.checkpoint.exposure, snapshot(report.checkpoint.exposure)))

    store = CheckpointStore()
    state = task.initial_state(raw, calibrations(**arguments))
    with pytest.raises(case.error, match=case.message):
        run_chain(task, state, RunOptions(store=store, input_key="raw", on_step=note))
    failed = reports[-1]
    assert (failed.status, failed.step.name) == ("failed", case.step)
    assert str(failed.error)
    assert equal(before, snapshot(raw)), "the input changed"
    for exposure, planes in kept:
        assert equal(snapshot(exposure), planes), "a checkpoint changed"
    assert len(store) == len(kept), "the failing step left something"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_without_a_store_nothing_is_half_applied(case: Case) -> None:
    task, raw, arguments = set_up(case)
    last: list[Any] = [raw, snapshot(raw)]

    def note(exposure: Exposure, stepname: str) -> None:
        last[:] = [exposure, snapshot(exposure)]

    task.debug_callback = note
    state = task.initial_state(raw, calibrations(**arguments))
    with pytest.raises(case.error, match=case.message):
        run_chain(task, state)
    assert equal(snapshot(last[0])[:3], last[1][:3])


def run_small(change: Change, caplog: pytest.LogCaptureFixture, **values: Any) -> Exposure:
    """A run in which only what `values` name is on, and which must end well."""
    frame = make_small_frame()
    config = IsrTask.ConfigClass()
    off = dict.fromkeys(("doBias", "doDark", "doFlat", "doFringe", "doDefect", "doLinearize"), False)
    for path, value in {**off, **values}.items():
        set_field(config, path, value, "test")
    config.validate()
    change(frame.raw, frame.arguments)
    with caplog.at_level(logging.WARNING):
        exposure: Exposure = IsrTask(config=config).run(frame.raw, **frame.arguments).exposure
    return exposure


def filled(name: str, value: float) -> Change:
    def change(raw: Exposure, arguments: dict[str, Any]) -> None:
        arguments[name].image[...] = value

    return change


@pytest.mark.parametrize("name", ["bias", "dark", "flat"])
def test_calibration_of_nothing_but_nan(name: str, caplog: pytest.LogCaptureFixture) -> None:
    """It makes every pixel NaN, as in the reference; the bias is early enough for the NaN mask to say so."""
    exposure = run_small(filled(name, math.nan), caplog, **{f"do{name.capitalize()}": True, "doInterpolate": False})
    assert np.isnan(exposure.image).all()
    assert exposure.mask.has("UNMASKEDNAN").all() == (name == "bias")


def test_zeros_in_the_flat(caplog: pytest.LogCaptureFixture) -> None:
    """Division by zero gives infinities where the flat is zero, and nowhere else."""

    def change(raw: Exposure, arguments: dict[str, Any]) -> None:
        arguments["flat"].image[10:12, 20:30] = 0.0

    exposure = run_small(change, caplog, doFlat=True)
    assert not np.isfinite(exposure.image[10:12, 20:30]).any()
    assert np.isfinite(exposure.image).sum() == exposure.image.size - 20


@pytest.mark.parametrize("gain", [math.nan, 0.0, -1.5])
def test_useless_gain(gain: float, caplog: pytest.LogCaptureFixture) -> None:
    """The variance is made with a gain of 1, which is logged with the amplifier and the value."""

    def change(raw: Exposure, arguments: dict[str, Any]) -> None:
        assert raw.detector is not None
        raw.detector = raw.detector.with_amplifiers(
            amp.replace(gain=gain if amp.name == "A" else 1.0, read_noise=0.0) for amp in raw.detector
        )

    exposure = run_small(change, caplog, doInterpolate=False, doSetBadRegions=False)
    good = exposure.image > 0
    assert np.allclose(exposure.variance[good], exposure.image[good], rtol=1e-5)
    assert f"amplifier A is {gain}" in caplog.text


def test_overscan_without_a_usable_pixel(caplog: pytest.LogCaptureFixture) -> None:
    """The level is NaN and so is the amplifier; the log says which one and why."""

    def change(raw: Exposure, arguments: dict[str, Any]) -> None:
        assert raw.detector is not None
        raw.image[raw.detector["A"].raw_horizontal_overscan_bbox.slices()] = 65535

    exposure = run_small(change, caplog, doInterpolate=False, doNanMasking=False)
    assert np.isnan(exposure.image[:, : WIDTH // 2]).all()
    assert np.isfinite(exposure.image[:, WIDTH // 2 :]).all()
    assert "overscan level of amplifier A is not finite" in caplog.text


def test_amplifier_without_overscan(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        exposure = run_small(no_overscan, caplog)
    assert np.median(exposure.image) > 1900, "the bias level stays"


def test_calibrations_of_another_detector_or_filter(caplog: pytest.LogCaptureFixture) -> None:
    """The reference uses what it is given; so do we, and say so."""

    def change(raw: Exposure, arguments: dict[str, Any]) -> None:
        arguments["bias"].detector = other_detector()
        arguments["flat"].filter_label = FilterLabel("r.MP9601", "r")
        arguments["dark"].filter_label = FilterLabel("r.MP9601", "r")

    run_small(change, caplog, doBias=True, doFlat=True, doDark=True)
    assert "The bias is of detector ccd07, the exposure of ccd00" in caplog.text
    assert "The flat is for filter r.MP9601, the exposure is in i.MP9702" in caplog.text
    assert "The dark is for" not in caplog.text, "a dark has no filter"
    caplog.clear()
    run_small(lambda raw, arguments: None, caplog, doBias=True, doFlat=True, doDark=True)
    assert "The " not in caplog.text.replace("The WCS", "")
