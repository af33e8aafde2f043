"""Fringes: known amplitudes come back, frames stay as they are, samples are rejected as documented."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from isrcore.image import Exposure, FilterLabel, Mask, MaskedImage
from isrcore.image.statistics import Property, StatisticsControl, make_statistics
from isrcore.pipe import Struct
from isrcore.steps.apertures import apertures_of
from isrcore.steps.fringe import EARLY_FRINGE, LATE_FRINGE, FringeConfig, FringeTask, MissingFringesError
from isrcore.steps.fringe_fit import fit_amplitudes
from isrcore.steps.step import IsrState

HEIGHT, WIDTH = 120, 140
LABEL = FilterLabel("i.MP9702", "i")


def make_task(**changes: Any) -> FringeTask:
    config = FringeConfig()
    config.filters, config.num, config.small, config.large = ["i.MP9702"], 600, 2, 15
    for name, value in changes.items():
        node, leaf = (config.stats, name.removeprefix("stats_")) if name.startswith("stats_") else (config, name)
        setattr(node, leaf, value)
    return FringeTask(config=config)


def pattern(number: int) -> np.ndarray:
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    return np.sin(x / (2.0 + number)) * np.cos(y / (3.0 + number))


def exposure(image: np.ndarray, variance: float = 0.0, label: FilterLabel | None = LABEL) -> Exposure:
    pixels = MaskedImage(image.astype(np.float32), None, np.full(image.shape, variance, np.float32))
    return Exposure(pixels, filter_label=label)


def science(*amplitudes: float) -> Exposure:
    noise = np.random.default_rng(2).normal(0.0, 0.5, (HEIGHT, WIDTH))
    return exposure(1000.0 + noise + sum(a * pattern(n) for n, a in enumerate(amplitudes)), variance=4.0)


@pytest.mark.parametrize("pedestal", [False, True])
def test_amplitudes_come_back(pedestal: bool) -> None:
    data, frames = science(30.0, 12.0), [exposure(5.0 + pattern(0), 0.01), exposure(pattern(1), 0.02)]
    before = [frame.clone() for frame in frames]
    mask = data.mask.array.copy()
    task = make_task(pedestal=pedestal)
    solution, rms = task.run(data, frames, seed=5)
    # Medians of a sum are not the sums of medians, so that two overlapping patterns come back to a few percent.
    np.testing.assert_allclose(solution, [30.0, 12.0], rtol=0.04)
    assert rms < 3.0
    level = 1000.0 if pedestal else 1000.0 - 5 * solution[0]
    assert data.image.mean() == pytest.approx(level, abs=1.0)
    assert data.image.std() < 1.0
    expected = 4.0 + solution[0] ** 2 * 0.01 + solution[1] ** 2 * 0.02
    np.testing.assert_allclose(data.variance, expected, rtol=1e-5)
    np.testing.assert_array_equal(data.mask.array, mask)
    for frame, copy in zip(frames, before, strict=True):
        np.testing.assert_array_equal(frame.image, copy.image)
        np.testing.assert_array_equal(frame.mask.array, copy.mask.array)


def test_second_exposure_sees_the_same_frames() -> None:
    """The reference changes its frames, so that a second use gives other numbers; here it does not."""
    frame = exposure(5.0 + pattern(0))
    solutions = [make_task(pedestal=True).run(science(30.0), frame, seed=5) for _ in range(2)]
    assert solutions[0] == solutions[1]


def test_read_only_frames_are_enough() -> None:
    frame = exposure(pattern(0))
    for plane in (frame.image, frame.mask.array, frame.variance):
        plane.flags.writeable = False
    make_task(pedestal=True).run(science(30.0), frame)


def test_masked_stars_are_rejected_on_both_sides() -> None:
    data, clean = science(30.0), science(30.0)
    data.image[30:60, 30:60] += 5e4
    data.mask.array[30:60, 30:60] |= np.int32(data.mask.planes.bitmask("SAT"))
    solution, _ = make_task().run(data, exposure(pattern(0)), seed=1)
    assert solution[0] == pytest.approx(make_task().run(clean, exposure(pattern(0)), seed=1)[0][0], abs=0.2)


def test_same_seed_same_positions() -> None:
    task, data = make_task(), science(1.0)
    first, again, other = (task.generatePositions(data, np.random.RandomState(seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert first.min() >= 15
    assert (first.max(axis=0) < (WIDTH - 15, HEIGHT - 15)).all()


def test_seed_offset_is_the_default_seed() -> None:
    solutions = [
        make_task(stats_rngSeedOffset=7).run(science(30.0), exposure(pattern(0)))[0],
        make_task().run(science(30.0), exposure(pattern(0)), seed=7)[0],
        make_task().run(science(30.0), exposure(pattern(0)))[0],
    ]
    assert solutions[0] == solutions[1]
    assert solutions[0] != solutions[2]


@pytest.mark.parametrize(
    ("label", "filters", "runs"),
    [
        (LABEL, ["i.MP9702"], True),
        (LABEL, ["i"], True),
        (LABEL, ["z.MP9801"], False),
        (LABEL, [], False),
        (None, ["i.MP9702"], False),
    ],
)
def test_filters(label: FilterLabel | None, filters: list[str], runs: bool) -> None:
    data = science(30.0)
    data.filter_label = label
    before = data.image.copy()
    result = make_task(filters=filters).run(data, exposure(pattern(0)))
    assert (result is not None) == runs
    assert (data.image != before).any() == runs


def test_small_frames_are_refused() -> None:
    with pytest.raises(ValueError, match=r"fringe\.large 70 needs more than 140 pixels, found 140 x 120"):
        make_task(large=70).run(science(1.0), exposure(pattern(0)))


def test_other_sizes_are_refused_before_anything_changes() -> None:
    data = science(1.0)
    before = data.image.copy()
    with pytest.raises(RuntimeError, match="the fringe frame is 139 x 120, the exposure 140 x 120"):
        make_task().run(data, [exposure(pattern(0)), exposure(pattern(0)[:, :-1])])
    np.testing.assert_array_equal(data.image, before)


def test_no_usable_sample_subtracts_nothing(caplog: pytest.LogCaptureFixture) -> None:
    data = science(30.0)
    data.mask.array[:] |= np.int32(data.mask.planes.bitmask("SAT"))
    before = data.image.copy()
    solution, rms = make_task().run(data, [exposure(pattern(0)), exposure(pattern(1))])
    assert (solution == 0.0).all()
    assert len(solution) == 2
    assert np.isnan(rms)
    np.testing.assert_array_equal(data.image, before)
    assert "no usable samples" in caplog.text


def test_a_band_match_without_frames() -> None:
    """The inputs are checked by physical filter only, so that this comes to light here (manual: oddities, Fringes)."""
    data = science(1.0)
    before = data.image.copy()
    with pytest.raises(MissingFringesError, match=r"fringe\.filters by its band, but no fringe frame was given"):
        make_task(filters=["i"]).run(data, None)
    np.testing.assert_array_equal(data.image, before)


def test_no_rejection_passes(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    solution, rms = make_task(iterations=0).run(science(30.0), exposure(pattern(0)))
    assert solution == pytest.approx([30.0], abs=0.5)
    assert np.isnan(rms)
    assert "no usable samples" not in caplog.text


def test_wrong_number_of_amplitudes() -> None:
    with pytest.raises(RuntimeError, match="one amplitude per fringe frame, found 1 for 2"):
        make_task().subtract(science(1.0), [exposure(pattern(0))] * 2, np.zeros(1))


@pytest.mark.parametrize("statistic", [Property.MEDIAN, Property.MEAN, Property.MEANCLIP])
@pytest.mark.parametrize("half_size", [1, 3, 20])
def test_apertures_agree_with_the_statistics(statistic: Property, half_size: int) -> None:
    rng = np.random.default_rng(3)
    image = rng.normal(1000.0, 30.0, (HEIGHT, WIDTH)).astype(np.float32)
    image[rng.random(image.shape) < 0.02] = np.nan
    image[rng.random(image.shape) < 0.01] = np.inf
    mask = Mask.zeros(image.shape)
    mask.array[rng.random(image.shape) < 0.05] = mask.planes.bitmask("SAT")
    mask.array[40:90, 50:100] = mask.planes.bitmask(["SAT", "BAD"])
    control = StatisticsControl(and_mask=mask.planes.bitmask("SAT"))
    positions = np.stack([rng.integers(20, WIDTH - 20, 150), rng.integers(20, HEIGHT - 20, 150)], axis=1)
    found = apertures_of(MaskedImage(image, mask), positions, statistic, control)(half_size)
    for value, (x, y) in zip(found, positions, strict=True):
        part = slice(y - half_size, y + half_size), slice(x - half_size, x + half_size)
        expected = make_statistics(MaskedImage(image[part], mask.view(part)), statistic, control).value(statistic)
        np.testing.assert_allclose(value, expected, rtol=1e-12)


def test_outliers_do_not_pull_the_fit() -> None:
    rng = np.random.default_rng(1)
    fringes = rng.normal(size=(500, 2))
    levels = fringes @ [3.0, -2.0] + 0.01 * rng.normal(size=500)
    levels[::10] += 1.0
    levels[3] = np.nan
    fit = fit_amplitudes(levels, fringes, clip=3.0, iterations=20)
    np.testing.assert_allclose(fit.solution, [3.0, -2.0], atol=0.005)
    assert fit.used < 460


def test_equal_frames_share_the_amplitude() -> None:
    """A singular design matrix has the solution of least length."""
    column = np.random.default_rng(1).normal(size=100)
    fit = fit_amplitudes(8.0 * column, np.stack([column, column], axis=1), clip=3.0, iterations=20)
    np.testing.assert_allclose(fit.solution, [4.0, 4.0])


def test_frames_without_structure_have_no_amplitude() -> None:
    """All samples equal: nothing lies strictly within zero scatter."""
    fit = fit_amplitudes(np.arange(10.0), np.zeros((10, 1)), clip=3.0, iterations=20)
    assert fit.solution.tolist() == [0.0]
    assert np.isnan(fit.rms)


def test_fewer_samples_than_frames() -> None:
    levels = np.array([1.0, 2.0, 3.0, np.nan])
    fringes = np.random.default_rng(0).normal(size=(4, 5))
    with pytest.raises(ValueError, match="3 usable samples for 5 fringe frames"):
        fit_amplitudes(levels, fringes, clip=100.0, iterations=20)


class _Store:
    """A data reference that has, or has not, a fringe frame."""

    dataId = {"visit": 1}  # noqa: RUF012 - read only

    def __init__(self, frame: Exposure | None) -> None:
        self.frame = frame

    def get(self, name: str, immediate: bool = False) -> Exposure:
        if self.frame is None:
            raise LookupError(f"no {name}")
        return self.frame


def test_reading_frames() -> None:
    frame = exposure(pattern(0))
    found = make_task(stats_rngSeedOffset=3).readFringes(_Store(frame), expId=2**32)
    assert found.fringes is frame
    assert found.seed == 3
    assert make_task(stats_rngSeedOffset=3).loadFringes(frame).seed == 3


def test_frames_are_assembled_on_request() -> None:
    assembled = exposure(pattern(0))
    assembler = SimpleNamespace(assembleCcd=lambda frame: assembled)
    assert make_task().loadFringes(exposure(pattern(1)), assembler=assembler).fringes is assembled


def test_missing_frame() -> None:
    with pytest.raises(RuntimeError, match=r"unable to retrieve the fringe frame of {'visit': 1}: no fringe"):
        make_task().readFringes(_Store(None))


@pytest.mark.parametrize(("after", "step"), [(False, EARLY_FRINGE), (True, LATE_FRINGE)])
def test_one_of_the_two_steps_runs(after: bool, step: Any) -> None:
    fringe = make_task()
    config = SimpleNamespace(doFringe=True, fringeAfterFlat=after, fringe=fringe.config)
    task = SimpleNamespace(config=config, fringe=fringe, log=logging.getLogger("test.fringe"))
    state = IsrState(science(30.0), Struct(fringes=Struct(fringes=exposure(pattern(0)), seed=1)))
    reasons = [each.why_not(task, state) for each in (EARLY_FRINGE, LATE_FRINGE)]
    assert [reason is None for reason in reasons] == [not after, after]
    before = state.exposure.image.std()
    step.run(task, state)
    assert state.exposure.image.std() < 0.2 * before
    config.doFringe = False
    assert step.why_not(task, state) == "doFringe is off"


def test_only_the_early_step_has_a_debug_view_of_the_reference() -> None:
    assert EARLY_FRINGE.debug_view == "doFringe"
    assert LATE_FRINGE.debug_view is None


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(
    ("label", "filters", "reason"),
    [
        (LABEL, ["i2", "z"], "filter i.MP9702 is not in fringe.filters"),
        (FilterLabel(None, "r"), ["i.MP9702"], "filter r is not in fringe.filters"),
        (None, ["i.MP9702"], "the exposure has no filter label to look for in fringe.filters"),
    ],
)
def test_neither_step_says_that_fringes_are_removed_when_none_are(
    after: bool, label: FilterLabel | None, filters: list[str], reason: str
) -> None:
    fringe = make_task(filters=filters)
    config = SimpleNamespace(doFringe=True, fringeAfterFlat=after, fringe=fringe.config)
    task = SimpleNamespace(config=config, fringe=fringe)
    data = exposure(1000.0 + pattern(0), label=label)
    state = IsrState(data, Struct(fringes=Struct(fringes=exposure(pattern(0)))))
    left = f"fringeAfterFlat is {'on: left to the step late fringe' if after else 'off: left to the step fringe'}"
    reasons = [left, reason] if after else [reason, left]
    assert [step.why_not(task, state) for step in (EARLY_FRINGE, LATE_FRINGE)] == reasons
    # And that is true: the task itself would remove nothing.
    assert fringe.run(data, exposure(pattern(0))) is None


def test_a_label_that_cannot_be_compared_is_left_to_the_step_to_refuse() -> None:
    fringe = make_task(filters=["z.MP9801"])
    config = SimpleNamespace(doFringe=True, fringeAfterFlat=False, fringe=fringe.config)
    data = exposure(pattern(0), label=FilterLabel("i.MP9702"))
    assert EARLY_FRINGE.why_not(SimpleNamespace(config=config, fringe=fringe), IsrState(data, Struct())) is None
    with pytest.raises(RuntimeError, match="has no band"):
        fringe.run(data, exposure(pattern(0)))


def test_a_fringe_task_of_somebody_else_decides_itself() -> None:
    class EveryFilter(FringeTask):
        def checkFilter(self, exposure: Exposure) -> bool:
            return True

    fringe = EveryFilter(config=make_task(filters=["z.MP9801"]).config)
    config = SimpleNamespace(doFringe=True, fringeAfterFlat=False, fringe=fringe.config)
    state = IsrState(science(1.0), Struct())
    assert EARLY_FRINGE.why_not(SimpleNamespace(config=config, fringe=fringe), state) is None
