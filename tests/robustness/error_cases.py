"""What can be wrong with the input of a run: each case with the error that must come of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from isrcore.calib.linearizer import Linearizer
from isrcore.camera import Detector
from isrcore.cfht import CfhtIsrTask
from isrcore.geom import Box
from isrcore.image import Exposure, VisitInfo
from isrcore.pipe import Struct
from isrcore.task import IsrTask
from tests.small_frame import HEIGHT, WIDTH, make_detector

HALF = Box(0, 0, WIDTH // 2, HEIGHT)

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
INTEGER = {"doConvertIntToFloat": False}
RAW_ONLY = {"doOverscan": False, "doAssembleCcd": False, "doBias": False}

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
    *(
        Case(f"integers for {field}", step, TypeError, f"{field}.*uint16.*doConvertIntToFloat", config=config)
        for field, step, config in (
            ("doOverscan", "overscanCorrection", {**PTC, **INTEGER}),
            ("doAssembleCcd", "doAssembleCcd", {**PTC, **INTEGER, "doOverscan": False}),
            ("doVariance", "doVariance", {**PTC, **INTEGER, **RAW_ONLY}),
        )
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
    Case("no visit info", "doDark", RuntimeError, "visit info", no_visit, PTC),
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
