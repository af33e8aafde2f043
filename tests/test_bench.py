"""The benchmark measures every piece of work that it promises, and prints it in units."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from functools import partial

import pytest

from isrcore import bench
from isrcore.bench import BenchFrame, Figure, Peaks, measure, render_table
from tests.small_frame import make_detector, make_small_frame


@pytest.fixture
def small_bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The benchmark on a frame of 80 x 56 pixels, each work once; it silences warnings, which is undone after it."""
    small = make_small_frame()
    small.raw.detector = make_detector(linearity="None")
    calibs = {name: small.arguments[name] for name in ("bias", "dark", "flat", "defects")}
    frame = BenchFrame(small.raw, **calibs, fringe=small.arguments["fringes"].fringes)
    monkeypatch.setattr(bench, "make_frame", lambda: frame)
    monkeypatch.setattr(bench, "_config", partial(bench._config, fringe__small=2, fringe__large=10))
    for name in ("REPEATS", "FEW_REPEATS", "UNIT_REPEATS"):
        monkeypatch.setattr(bench, name, 1)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.usefixtures("small_bench")
def test_measures_the_chain_its_variants_and_every_step() -> None:
    told: list[str] = []
    figures, units, peaks = measure(told.append)
    assert told == ["frame", "chain", "fringe", "background", "overscan", "single steps"]
    assert [figure.name for figure in figures[:6]] == [
        "chain, no checkpoints",
        "chain, all checkpoints",
        "chain, all checkpoints and measured changes",
        "fringe at the CFHT settings",
        "background QA",
        "overscan per row",
    ]
    assert [figure.note for figure in figures[:6]] == [""] * 3 + ["more than the chain"] * 3
    steps = [figure.name.removeprefix("step ") for figure in figures[6:]]
    asked = {"overscanCorrection", "doBias", "doVariance", "doDefect", "doWidenSaturationTrails", "doDark", "doFlat"}
    asked |= {"doFringe", "doSetBadRegions", "doInterpolate", "roughZeroPoint", "doMeasureBackground"}
    assert asked <= set(steps)
    assert len(set(steps)) == len(steps)
    assert all(figure.cpu_seconds is not None for figure in figures[:6])
    assert min(figure.seconds for figure in (*figures[:3], *figures[6:])) >= 0
    assert min(units) > 0
    assert 0 < peaks.chain <= peaks.checkpointed


def test_the_table_divides_by_the_mean_of_both_units() -> None:
    fringe = Figure("fringe", 0.1, 0.1, "more than the chain")
    figures = [Figure("chain", 0.15, 0.2), fringe, Figure("step doBias", 0.01)]
    text = render_table(figures, (0.001, 0.003), Peaks(600.4, 1300.0))
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    assert rows == [
        ["work", "units", "ms", "processor units"],
        ["chain", "75.0", "150.0", "100.0"],
        ["fringe (more than the chain)", "50.0", "100.0", "50.0"],
        ["step doBias", "5.0", "10.0"],
    ]
    assert "1.00 ms before, 3.00 ms after" in text
    assert "600 MB after the chain, 1300 MB with all checkpoints" in text
    assert re.search(r"NumPy \d.*, \d{4}-\d\d-\d\d\.", text)


def test_the_frame_is_the_work_that_was_asked_for() -> None:
    frame = bench.make_frame()
    assert (frame.raw.image.shape, frame.raw.image.dtype) == ((4644, 2112), "uint16")
    assert (frame.raw.image == 65535).any()
    boxes = list(frame.defects)
    assert sum(box.height == 4612 for box in boxes) >= 1
    for calibration in (frame.bias, frame.dark, frame.flat, frame.fringe):
        assert calibration.image.shape == (4612, 2048)
        assert (calibration.variance > 0).all()
