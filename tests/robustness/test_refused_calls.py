"""A call that is refused leaves exposure, mask and variance as they were, byte for byte."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from isrcore.config.fields import set_field
from isrcore.geom import Box
from isrcore.image import Exposure, MaskedImage, VisitInfo
from isrcore.task import IsrTask
from tests.small_frame import HEIGHT, WIDTH, make_detector, make_small_frame


def trimmed(dtype: Any = np.float32, shape: tuple[int, int] = (HEIGHT, WIDTH), fill: float = 900.0) -> Exposure:
    pixels = MaskedImage(np.full(shape, fill).astype(dtype), variance=np.full(shape, 2, np.float32))
    return Exposure(pixels, detector=make_detector(), visit_info=VisitInfo(30.0, 31.0, 5))


def raw() -> Exposure:
    return make_small_frame().raw.convertF()


def snapshot(exposure: Exposure) -> tuple[Any, ...]:
    pixels = exposure.masked_image
    planes = pixels.image, pixels.mask.array, pixels.variance
    facts = exposure.metadata.toDict(), pixels.mask.planes.as_dict(), exposure.detector
    return *((plane.tobytes(), plane.shape, str(plane.dtype)) for plane in planes), *map(repr, facts)


def misfits() -> Iterator[Any]:
    """Whatever may stand where an exposure is expected."""
    yield from (None, 5, "x", [], object(), {}, Exposure, np.zeros((HEIGHT, WIDTH), np.float32))
    yield from (trimmed(shape=shape) for shape in ((HEIGHT // 2, WIDTH), (1, 1), (0, 0)))
    yield from (trimmed(dtype) for dtype in (np.uint16, np.int32, np.complex128, np.bool_))


def task(**values: Any) -> IsrTask:
    config = IsrTask.ConfigClass()
    for path, value in values.items():
        set_field(config, path, value, "test")
    return IsrTask(config=config)


def within(method: Callable[..., Any]) -> Callable[..., None]:
    """Enter the context that a method gives, and leave it."""

    def call(*arguments: Any) -> None:
        with method(*arguments):
            pass

    return call


FRAME = make_small_frame().arguments
AMP = make_detector()["A"]
ODD_AMPS = (
    AMP.replace(raw_bbox=Box(5000, 5000, 10, 10), raw_data_bbox=Box(5000, 5000, 8, 8)),
    AMP.replace(raw_data_bbox=Box(500, 500, 40, 56)),
    AMP.replace(raw_data_bbox=Box(90, 0, 40, 56)),
    AMP.replace(raw_bbox=Box(90, 0, 40, 56)),
)
DARK_AND_FLAT = within(task(doDark=True).flatContext)

CALLS: dict[str, tuple[Callable[..., Any], Callable[[], Exposure], list[tuple[Any, ...]]]] = {
    "flatCorrection": (task().flatCorrection, trimmed, [(flat,) for flat in misfits()]),
    "flatCorrection MEAN": (task(flatScalingType="MEAN").flatCorrection, trimmed, [(flat,) for flat in misfits()]),
    "darkCorrection": (task().darkCorrection, trimmed, [(dark,) for dark in misfits()]),
    "flatContext": (DARK_AND_FLAT, trimmed, [(flat, FRAME["dark"]) for flat in misfits()]),
    "flatContext dark": (DARK_AND_FLAT, trimmed, [(FRAME["flat"], dark) for dark in misfits()]),
    "complex data": (task().flatCorrection, lambda: trimmed(np.complex128), [(FRAME["flat"],)]),
    "complex in context": (DARK_AND_FLAT, lambda: trimmed(np.complex128), [(FRAME["flat"], FRAME["dark"])]),
    "maskAmplifier": (task().maskAmplifier, raw, [(amp, None) for amp in ODD_AMPS]),
    "overscanCorrection": (task().overscanCorrection, raw, [(amp,) for amp in (*ODD_AMPS[:2], None, "x")]),
    "maskDefect": (task().maskDefect, trimmed, [(value,) for value in ([None], ["x"], 5, [(1, 2)])]),
    "convertIntToFloat": (task().convertIntToFloat, lambda: trimmed(np.complex64), [()]),
    "convertIntToFloat bool": (task().convertIntToFloat, lambda: trimmed(np.bool_), [()]),
}


@pytest.mark.filterwarnings("ignore:Casting complex values")
@pytest.mark.parametrize("name", CALLS)
def test_refused_calls_change_nothing(name: str) -> None:
    method, make, cases = CALLS[name]
    counts: Counter[str] = Counter()
    for arguments in cases:
        exposure = make()
        before = snapshot(exposure)
        try:
            method(exposure, *arguments)
        except Exception:
            counts["refused"] += 1
            counts["changed"] += snapshot(exposure) != before
        else:
            counts["accepted"] += 1
    print(f"{name}: {dict(counts)}")
    assert counts["refused"]
    assert not counts["changed"]


@pytest.mark.parametrize("operation", ["__iadd__", "__isub__", "__imul__", "__itruediv__"])
def test_masked_arithmetic_is_refused_before_it_begins(operation: str) -> None:
    exposure = trimmed()
    before = snapshot(exposure)
    with pytest.raises(TypeError):
        getattr(exposure.masked_image, operation)(trimmed(np.complex128).masked_image)
    assert snapshot(exposure) == before
