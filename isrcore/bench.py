"""Measure the engine: what one full CCD costs, in units of copying one plane.

Times of different machines cannot be compared, ratios can: every figure is divided by the time that ``numpy.copyto``
takes for one 2048 x 4612 float32 plane in the same process, measured before and after the work. Works that are compared
with each other run in turn, and medians are taken, so that a busy machine disturbs all of them alike; the processor
time tells how much of a long wall time was waiting.
"""

from __future__ import annotations

import logging
import math
import os
import platform
import resource
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from isrcore.calib.defects import Defects
from isrcore.camera import Detector
from isrcore.camera.megacam import megacam_camera
from isrcore.cfht import CfhtIsrTask
from isrcore.chain import RunOptions, run_chain
from isrcore.checkpoints import CheckpointStore, StepReport
from isrcore.config.overrides import load_cfht_defaults
from isrcore.geom import Box
from isrcore.image import Exposure, FilterLabel, MaskedImage, VisitInfo
from isrcore.metadata import PropertyList
from isrcore.pipe import Struct
from isrcore.task import calibrations
from isrcore.values import frozen

__all__ = ["BenchFrame", "Figure", "Peaks", "make_frame", "measure", "render_table", "unit_seconds"]

DETECTOR = 12
STARS = 300
DEFECTS = 60
FULL_COLUMNS = 12
REPEATS = 7
FEW_REPEATS = 3
UNIT_REPEATS = 15


@dataclass(frozen=True)
class BenchFrame:
    """The work: a raw frame and its calibrations."""

    raw: Exposure
    bias: Exposure
    dark: Exposure
    flat: Exposure
    fringe: Exposure
    defects: Defects


@frozen
class Figure:
    """One measured line, median of several runs.

    Attributes
    ----------
    name : str
    seconds : float
        Wall time.
    cpu_seconds : float or None
        Processor time of all threads, where it was measured.
    note : str
    """

    name: str
    seconds: float
    cpu_seconds: float | None = None
    note: str = ""


class _Duration(NamedTuple):
    wall: float
    cpu: float


class Peaks(NamedTuple):
    """Highest resident memory of the process, MB: after the plain chain, and after the one with all checkpoints."""

    chain: float
    checkpointed: float


def unit_seconds() -> float:
    """Median time of copying one assembled float32 plane, seconds."""
    source = np.ones((4612, 2048), np.float32)
    target = np.empty_like(source)
    times = []
    for _ in range(UNIT_REPEATS):
        start = time.perf_counter()
        np.copyto(target, source)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def make_frame(seed: int = 1) -> BenchFrame:
    """A full raw CCD, uint16 2112 x 4644 ADU: sky, 300 saturated stars with trails, overscan; and its calibrations."""
    rng = np.random.default_rng(seed)
    detector = megacam_camera()[DETECTOR]
    height, width = detector.bbox.shape
    flat = (1.0 + 0.02 * rng.standard_normal((height, width), np.float32)).astype(np.float32)
    sky = flat * np.float32(900.0) + rng.standard_normal((height, width), np.float32) * np.float32(25.0)
    _add_stars(sky, rng)
    raw = np.empty(detector.raw_bbox.shape, np.float32)
    for amp, level in zip(detector, (1183.0, 1355.0), strict=True):
        region = raw[amp.raw_bbox.slices()]
        region[:] = level + 3.0 * rng.standard_normal(region.shape, np.float32)
        raw[amp.raw_data_bbox.slices()] += sky[amp.bbox.slices()]
    image = np.clip(np.rint(raw), 0, 65535).astype(np.uint16)
    header = {"GAINA": 1.66, "GAINB": 1.74, "RDNOISEA": 3, "RDNOISEB": 4, "RDNOISE": 3, "SATURATE": 65535}
    exposure = Exposure(
        MaskedImage(image),
        PropertyList(header),
        detector,
        filter_label=FilterLabel("i.MP9702", "i"),
        visit_info=VisitInfo(exposure_time=600.0, dark_time=600.0, exposure_id=1),
    )
    return BenchFrame(
        exposure,
        _calibration(rng.standard_normal((height, width), np.float32) * np.float32(0.6), 0.4, detector),
        _calibration(
            rng.random((height, width), np.float32) * np.float32(2.0), 0.2, detector, VisitInfo(1000.0, 1000.0)
        ),
        _calibration(flat, 1e-5, detector),
        _calibration(_fringe_pattern(height, width), 1e-3, detector),
        Defects(_defect_boxes(rng, width, height)),
    )


def _add_stars(sky: NDArray[np.float32], rng: np.random.Generator) -> None:
    """Stars that saturate the converter, each with a trail 1 to 5 pixels wide along its columns, in place."""
    height, width = sky.shape
    y, x = np.mgrid[-25:26, -25:26]
    profile = (1.0 + (x * x + y * y) / 9.0) ** -3.0
    for _ in range(STARS):
        cx, cy = int(rng.integers(30, width - 30)), int(rng.integers(30, height - 30))
        sky[cy - 25 : cy + 26, cx - 25 : cx + 26] += (profile * rng.uniform(1e5, 1e6)).astype(np.float32)
        length, half = int(rng.integers(20, 250)), int(rng.integers(0, 3))
        sky[max(0, cy - length) : cy + length, cx - half : cx + half + 1] += np.float32(70000.0)


def _fringe_pattern(height: int, width: int) -> NDArray[np.float32]:
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    waves = 20.0 * np.sin(x / 37.0 + 2.0 * np.sin(y / 211.0)) * np.cos(y / 53.0)
    return np.asarray(waves, np.float32)


def _calibration(
    image: NDArray[np.float32], variance: float, detector: Detector, visit: VisitInfo | None = None
) -> Exposure:
    pixels = MaskedImage(image, variance=np.full(image.shape, variance, np.float32))
    return Exposure(pixels, detector=detector, visit_info=visit)


def _defect_boxes(rng: np.random.Generator, width: int, height: int) -> Iterator[Box]:
    for _ in range(FULL_COLUMNS):
        yield Box(int(rng.integers(0, width)), 0, 1, height)
    for _ in range(DEFECTS - FULL_COLUMNS):
        x, y = int(rng.integers(0, width - 13)), int(rng.integers(0, height - 400))
        yield Box(x, y, int(rng.integers(1, 13)), int(rng.integers(1, 400)))


def _config(**changes: Any) -> Any:
    config = CfhtIsrTask.ConfigClass()
    load_cfht_defaults(config)
    config.doBias = config.doDark = config.doFlat = True
    for name, value in changes.items():
        *parents, leaf = name.split("__")
        node = config
        for parent in parents:
            node = getattr(node, parent)
        setattr(node, leaf, value)
    config.validate()
    return config


def _inputs(frame: BenchFrame) -> dict[str, Any]:
    return {
        "bias": frame.bias,
        "dark": frame.dark,
        "flat": frame.flat,
        "defects": frame.defects,
        "fringes": Struct(fringes=frame.fringe, seed=1),
    }


def _time(work: Callable[[], object]) -> _Duration:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return _Duration(time.perf_counter() - wall, time.process_time() - cpu)


def _in_turn(*works: Callable[[], object], repeats: int = REPEATS) -> list[list[_Duration]]:
    """Durations of each work, run one after the other and all of that several times."""
    rounds = [[_time(work) for work in works] for _ in range(repeats)]
    return [list(durations) for durations in zip(*rounds, strict=True)]


def _figure(name: str, durations: list[_Duration], note: str = "") -> Figure:
    wall, cpu = (statistics.median(column) for column in zip(*durations, strict=True))
    return Figure(name, wall, cpu, note)


def _plain(frame: BenchFrame, config: Any) -> Callable[[], object]:
    task = CfhtIsrTask(config=config)
    return lambda: task.run(frame.raw, **_inputs(frame))


def _checkpointed(
    frame: BenchFrame, config: Any, measure_changes: bool, on_step: Callable[[StepReport], None] | None = None
) -> Callable[[], object]:
    task = CfhtIsrTask(config=config)
    calibs = calibrations(**_inputs(frame))

    def work() -> object:
        options = RunOptions(store=CheckpointStore(math.inf), measure=measure_changes, on_step=on_step)
        return run_chain(task, task.initial_state(frame.raw, calibs), options)

    return work


def measure(progress: Callable[[str], None] = lambda text: None) -> tuple[list[Figure], tuple[float, float], Peaks]:
    """Run all measurements.

    Parameters
    ----------
    progress : callable
        Told what is being measured.

    Returns
    -------
    figures : list of `Figure`
    units : (float, float)
        Seconds of one unit, before and after.
    peaks : `Peaks`
    """
    logging.disable(logging.WARNING)  # The made frame has no WCS and no zero point; that is no news here.
    progress("frame")
    frame = make_frame()
    before = unit_seconds()
    progress("chain")
    chain = _plain(frame, _config())
    chain()
    peak = _peak_mb()
    kept, compared = (_checkpointed(frame, _config(), measured) for measured in (False, True))
    kept()
    peaks = Peaks(peak, _peak_mb())
    names = "chain, no checkpoints", "chain, all checkpoints", "chain, all checkpoints and measured changes"
    figures = [_figure(*item) for item in zip(names, _in_turn(chain, kept, compared), strict=True)]
    for progress_name, name, config in _variants():
        progress(progress_name)
        without, with_it = _in_turn(chain, _plain(frame, config), repeats=FEW_REPEATS)
        more = [_Duration(b.wall - a.wall, b.cpu - a.cpu) for a, b in zip(without, with_it, strict=True)]
        figures.append(_figure(name, more, "more than the chain"))
    progress("single steps")
    figures += [Figure(f"step {name}", seconds) for name, seconds in _single_steps(frame)]
    return figures, (before, unit_seconds()), peaks


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0


def _variants() -> Iterator[tuple[str, str, Any]]:
    yield "fringe", "fringe at the CFHT settings", _config(doFringe=True)
    yield "background", "background QA", _config(doMeasureBackground=True)
    yield "overscan", "overscan per row", _config(overscan__fitType="MEDIAN_PER_ROW")


def _single_steps(frame: BenchFrame) -> list[tuple[str, float]]:
    times: dict[str, list[float]] = {}

    def keep(report: StepReport) -> None:
        if report.status == "done":
            times.setdefault(report.step.name, []).append(report.seconds)

    config = _config(doFringe=True, doMeasureBackground=True)
    for _ in range(FEW_REPEATS):
        _checkpointed(frame, config, False, keep)()
    return [(name, statistics.median(values)) for name, values in times.items()]


def render_table(figures: list[Figure], units: tuple[float, float], peaks: Peaks) -> str:
    """The table as Markdown, with machine and date."""
    unit = statistics.mean(units)
    lines = [
        f"One unit = {units[0] * 1e3:.2f} ms before, {units[1] * 1e3:.2f} ms after "
        f"(copy of one 2048 x 4612 float32 plane, median of {UNIT_REPEATS}).",
        f"Highest memory of the process {peaks.chain:.0f} MB after the chain, {peaks.checkpointed:.0f} MB with all "
        "checkpoints.",
        f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}, "
        f"NumPy {np.__version__}, {datetime.now(UTC):%Y-%m-%d}.",
        f"Medians: of {REPEATS} runs for the chain, {FEW_REPEATS} for the rest.",
        "",
        "| work | units | ms | processor units |",
        "|---|---|---|---|",
    ]
    for figure in figures:
        name = figure.name + (f" ({figure.note})" if figure.note else "")
        cpu = "" if figure.cpu_seconds is None else f"{figure.cpu_seconds / unit:.1f}"
        lines.append(f"| {name} | {figure.seconds / unit:.1f} | {figure.seconds * 1e3:.1f} | {cpu} |")
    return "\n".join(lines)
