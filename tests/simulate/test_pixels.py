"""Simulated pixels agree with their truth, and the masters undo what the chip does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from numpy.typing import NDArray

from isrcore.simulate import CcdTruth, SimulationRecipe, load_chip, mask_boxes, simulate_calibrations, simulate_ccd
from isrcore.simulate.pattern import fringe_amplitude, response
from isrcore.simulate.scene import READOUT_TIME, bleed
from tests.shared_data import shared_path

CCD = 12
IMAGE = (slice(0, 4612), slice(32, 2080))
HALVES = (slice(0, 1024), slice(1024, 2048))


def spread(values: NDArray[np.floating]) -> float:
    """Standard deviation from the quartiles: deaf to the few pixels that are not sky."""
    low, high = np.percentile(values, (25, 75))
    return float(high - low) / 1.34898


def without_overscan(raw: NDArray[np.uint16]) -> NDArray[np.float64]:
    """Imaging area minus the mean overscan of each row and amplifier."""
    left, right = raw[:, 4:32].mean(axis=1, keepdims=True), raw[:, 2080:2108].mean(axis=1, keepdims=True)
    frame = raw.astype(np.float64)
    frame[:, :1056] -= left
    frame[:, 1056:] -= right
    return frame[IMAGE]


def masters(recipe: SimulationRecipe, folder: Path) -> dict[str, NDArray[np.float64]]:
    """Imaging areas of the masters of one CCD, scaled."""
    paths = simulate_calibrations(recipe, folder)
    return {kind: fits.getdata(path, 1)[IMAGE].astype(np.float64) for kind, path in paths.items()}


@pytest.fixture(scope="module")
def calibrations(tmp_path_factory: pytest.TempPathFactory) -> dict[str, NDArray[np.float64]]:
    return masters(SimulationRecipe(), tmp_path_factory.mktemp("calib"))


@pytest.fixture(scope="module")
def frame() -> tuple[NDArray[np.uint16], CcdTruth]:
    return simulate_ccd(SimulationRecipe(), CCD)


@pytest.mark.parametrize("obs_type", ["BIAS", "OBJECT", "FLAT"])
@pytest.mark.parametrize("number", [0, 20, 39])
def test_overscan_levels_are_those_on_record(number: int, obs_type: str) -> None:
    recipe = SimulationRecipe(n_ccd=40, filter="gri.MP9605", obs_type=obs_type, stars=False, fringe=False)
    raw, truth = simulate_ccd(recipe, number)
    chip = load_chip(number)
    measured = np.array([np.median(raw[:, :32]), np.median(raw[:, 2080:])])
    np.testing.assert_allclose(measured, truth.bias_levels, atol=1.0)
    # Levels wander by 3.5 ADU rms from frame to frame and fall with the light.
    half_means = without_overscan(raw).reshape(4612, 2, 1024).mean(axis=(0, 2))
    expected = chip.bias_levels(recipe.start) - chip.droop * half_means
    np.testing.assert_allclose(measured, expected, atol=12.0)


def test_levels_follow_the_epoch() -> None:
    chip = load_chip(CCD)
    dates = ("2003-04-01T00:00:00", "2010-11-03T00:00:00", "2019-12-04T00:00:00")
    levels = [tuple(chip.bias_levels(SimulationRecipe(date=date).start)) for date in dates]
    assert levels == [(1131.0, 1088.0), (1060.0, 1197.0), (1045.0, 1185.5)]


def test_bias_noise_is_the_measured_one() -> None:
    raw, truth = simulate_ccd(SimulationRecipe(obs_type="BIAS", defects=False), CCD)
    rows = without_overscan(raw)[300:]
    noise = [spread(np.diff(rows[:, half], axis=0)) / np.sqrt(2) for half in HALVES]
    expected = [
        np.hypot(read / gain, 1 / np.sqrt(12)) for read, gain in zip(truth.read_noises, truth.gains, strict=True)
    ]
    np.testing.assert_allclose(noise, expected, rtol=0.03)
    assert np.sqrt(np.prod(expected)) == pytest.approx(2.45, rel=0.02)


@pytest.mark.parametrize("filter_name", ["r.MP9601", "i.MP9702"])
def test_calibrated_sky_has_photon_and_read_noise(tmp_path: Path, filter_name: str) -> None:
    recipe = SimulationRecipe(filter=filter_name, fringe=False)
    raw, truth = simulate_ccd(recipe, CCD)
    master = masters(recipe, tmp_path)
    sky = (without_overscan(raw) - master["bias"]) / np.where(master["mask"], master["flat"], np.nan)
    assert np.nanmedian(sky) == pytest.approx(truth.sky["level"], rel=0.01)
    expected = truth.expected_noise(truth.sky["level"], float(np.median(master["flat"])))
    for half, noise in zip(HALVES, expected, strict=True):
        # Stars and cosmic rays widen the upper quartile a little: only the part below the median is sky alone.
        part = sky[:, half]
        low, middle = np.nanpercentile(part, (15.8655, 50))
        assert middle - low == pytest.approx(noise, rel=0.03)
    clean = recipe.replace(stars=False, cosmic_rays=False)
    raw, truth = simulate_ccd(clean, CCD)
    sky = (without_overscan(raw) - master["bias"]) / np.where(master["mask"], master["flat"], np.nan)
    sky[load_chip(CCD).hot_pixels.y, load_chip(CCD).hot_pixels.x] = np.nan
    for half, noise in zip(
        HALVES, truth.expected_noise(truth.sky["level"], float(np.median(master["flat"]))), strict=True
    ):
        assert np.nanstd(sky[:, half]) == pytest.approx(noise, rel=0.03)


def test_true_gains_show_in_the_photon_noise() -> None:
    recipe = SimulationRecipe(obs_type="FLAT", defects=False, cosmic_rays=False)
    pair = [without_overscan(simulate_ccd(recipe.replace(seed=seed), 17)[0]) for seed in (1, 2)]
    truth = simulate_ccd(recipe, 17)[1]
    # The difference of two flats has no flat in it, that of neighbours no slope of the sky.
    for half, gain, read in zip(HALVES, truth.gains, truth.read_noises, strict=True):
        first, second = (image[100:4500, half] for image in pair)
        photons = np.var(np.diff(first - second)) / 4 - (read / gain) ** 2
        assert first.mean() / photons == pytest.approx(gain, rel=0.01)
    assert truth.gains[0] / truth.gains[1] != pytest.approx(1.88 / 2.07, rel=0.02)


def test_defects_change_only_the_pixels_of_the_mask() -> None:
    recipe = SimulationRecipe(stars=False, cosmic_rays=False, fringe=False)
    for number in (CCD, 16):
        with_defects, truth = simulate_ccd(recipe, number)
        without, _ = simulate_ccd(recipe.replace(defects=False), number)
        changed = np.abs(with_defects.astype(int) - without.astype(int)) > 1
        flagged = np.zeros(changed.shape, dtype=bool)
        for box in mask_boxes(recipe, number):
            flagged[box.slices()] = True
        assert not np.any(changed & ~flagged)
        injected = np.zeros(changed.shape, dtype=bool)
        for defect in truth.defects:
            injected[defect.box.slices()] = True
        injected[4612:] &= changed[4612:]
        assert np.mean(changed[injected]) > 0.9


def test_every_defect_does_what_the_truth_says() -> None:
    number = 28
    flat, truth = simulate_ccd(SimulationRecipe(obs_type="FLAT", cosmic_rays=False), number)
    dark, _ = simulate_ccd(SimulationRecipe(obs_type="DARK", exposure_time=100.0, cosmic_rays=False), number)
    light, heat = without_overscan(flat), without_overscan(dark)
    expected = response(number, "i.MP9702", False) * truth.sky["level"]
    covered = np.zeros(flat.shape, dtype=int)
    for defect in truth.defects:
        covered[defect.box.slices()] += 1
    kinds = set()
    for defect in truth.defects:
        place = np.zeros(flat.shape, dtype=bool)
        place[defect.box.slices()] = True
        alone = (place & (covered == 1))[IMAGE]
        alone[:200] = alone[-1] = False
        alone[:, [0, 1, 2, -3, -2, -1]] = False
        if alone.sum() < 4:
            continue
        kinds.add(defect.kind)
        gain = truth.gains[int(defect.box.x0 >= 1056)]
        if defect.kind == "dark":
            assert np.mean(light[alone] / expected[alone]) == pytest.approx(1 - defect.amount, abs=0.02), defect
        elif defect.kind == "bright":
            assert np.median(heat[alone]) == pytest.approx(defect.amount, abs=3.0), defect
        else:
            assert np.median(heat[alone]) == pytest.approx(100.0 * defect.amount / gain, rel=0.1, abs=3.0), defect
    assert kinds == {"dark", "bright", "hot"}


def test_bright_columns_reach_the_parallel_overscan() -> None:
    raw, truth = simulate_ccd(SimulationRecipe(obs_type="BIAS"), 28)
    columns = [d for d in truth.defects if d.kind == "bright" and d.box.y1 == 4644 and d.box.width == 1]
    assert columns
    defect = max(columns, key=lambda column: column.amount)
    above = raw[4612:, defect.box.x0].mean() - np.median(raw[4612:, defect.box.x0 - 20 : defect.box.x0 + 20])
    assert above == pytest.approx(defect.amount, abs=3.0)


def test_cosmic_rays_are_where_the_truth_says(frame: tuple[NDArray[np.uint16], CcdTruth]) -> None:
    raw, truth = frame
    without, _ = simulate_ccd(SimulationRecipe(cosmic_rays=False), CCD)
    changed = np.abs(raw.astype(int) - without.astype(int))[IMAGE] > 3
    hits = np.zeros(changed.shape, dtype=bool)
    hits[truth.cosmic_rays["y"], truth.cosmic_rays["x"]] = True
    assert not np.any(changed & ~hits)
    strong = truth.cosmic_rays[truth.cosmic_rays["charge"] > 100.0]
    unsaturated = raw[IMAGE][strong["y"], strong["x"]] < truth.plateau
    assert np.all(changed[strong["y"], strong["x"]][unsaturated])


def test_number_of_cosmic_rays_is_the_rate_of_the_camera() -> None:
    _, truth = simulate_ccd(SimulationRecipe(obs_type="DARK", exposure_time=1000.0), CCD)
    expected_events = 5 / 60 * 17.2 * (1000.0 + READOUT_TIME / 2)
    per_event = truth.cosmic_rays["charge"].sum() / expected_events
    # 92 per cent of mean length 6.5 at 1083 electron, 8 per cent of mean 78 at 433.
    assert per_event == pytest.approx(0.92 * 6.5 * 1083 + 0.08 * 78 * 433, rel=0.1)


def test_bright_stars_saturate_at_the_plateau_and_bleed(frame: tuple[NDArray[np.uint16], CcdTruth]) -> None:
    raw, truth = frame
    assert truth.saturated.size > 50
    assert np.all(raw[IMAGE][truth.saturated["y"], truth.saturated["x"]] == truth.plateau)
    assert raw.max() == truth.plateau == load_chip(CCD).plateau
    bright = truth.sources[0]
    x, y = round(float(bright["x"])), round(float(bright["y"]))
    window = raw[IMAGE][max(y - 60, 0) : y + 61, max(x - 60, 0) : x + 61] == truth.plateau
    assert window.any(axis=1).sum() > 1.5 * window.any(axis=0).sum()


def test_bleeding_keeps_the_charge_in_its_column() -> None:
    electrons = np.full((4612, 2048), 100.0, dtype=np.float32)
    electrons[2000:2003, 500] = 400_000.0
    electrons[2100, 1500] = 150_000.0
    before = electrons.sum(axis=0, dtype=np.float64)
    bleed(electrons, np.array([110_000.0, 160_000.0]))
    np.testing.assert_allclose(electrons.sum(axis=0, dtype=np.float64), before, rtol=1e-6)
    full = np.flatnonzero(electrons[:, 500] == 110_000.0)
    assert full.size == 10
    assert 2003 - full[0] < full[-1] - 1999
    assert electrons[2100, 1500] == 150_000.0


def test_flux_of_stars_is_that_of_the_truth() -> None:
    recipe = SimulationRecipe(fringe=False, cosmic_rays=False, filter="r.MP9601", defects=False)
    raw, truth = simulate_ccd(recipe, CCD)
    sky = without_overscan(raw) / response(CCD, recipe.filter, False)
    ratios = []
    for star in truth.sources[truth.sources["flux"] > 2e4]:
        x, y = round(float(star["x"])), round(float(star["y"]))
        near = np.hypot(truth.sources["x"] - star["x"], truth.sources["y"] - star["y"]) < 60
        alone = truth.sources["flux"][near].sum() < 1.01 * star["flux"]
        window = sky[y - 30 : y + 31, x - 30 : x + 31]
        if alone and 60 < x < 1980 and 60 < y < 4500 and window.max() < 50000:
            border = np.concatenate([window[:3].ravel(), window[-3:].ravel()])
            ratios.append((window - np.median(border)).sum() / star["flux"])
    assert len(ratios) >= 5
    assert np.median(ratios) == pytest.approx(1.0, abs=0.03)


def test_fringes_have_the_stated_strength_and_the_master_removes_them(
    frame: tuple[NDArray[np.uint16], CcdTruth], calibrations: dict[str, NDArray[np.float64]]
) -> None:
    raw, truth = frame
    assert fringe_amplitude(CCD, "i.MP9702") == pytest.approx(0.055)
    assert fringe_amplitude(CCD, "r.MP9601") == 0.0
    assert 0.04 < truth.sky["fringe"] < 0.07
    sky = (without_overscan(raw) - calibrations["bias"]) / np.where(calibrations["mask"], calibrations["flat"], np.nan)
    sky /= np.nanmedian(sky)
    master = calibrations["fringe"] / np.median(calibrations["fringe"]) - 1
    good = np.isfinite(sky) & (np.abs(sky - 1) < 0.3)
    good[:, ::3] = False
    slope = np.sum(master[good] * (sky[good] - 1)) / np.sum(master[good] ** 2)
    # The master's own noise biases the slope low by the share of noise in its variance.
    signal = (fringe_amplitude(CCD, "i.MP9702") * 0.28) ** 2
    share = signal / np.var(master[good])
    assert slope / share == pytest.approx(truth.sky["fringe"] / fringe_amplitude(CCD, "i.MP9702"), rel=0.1)


def test_twilight_has_no_fringes_nor_stars() -> None:
    _, truth = simulate_ccd(SimulationRecipe(obs_type="FLAT", filter="z.MP9801"), CCD)
    assert truth.sky["fringe"] == 0.0
    assert truth.sources.size == 0
    assert truth.sky["level"] == pytest.approx(16000.0, rel=0.02)


def test_masters_look_like_those_of_the_archive(calibrations: dict[str, NDArray[np.float64]]) -> None:
    bias = calibrations["bias"]
    assert np.all(bias == np.rint(bias))
    assert 0 <= np.median(bias) <= 1
    # The archive's master of 30 has 0.63 ADU per pixel, pattern and rounding included.

    assert np.std(np.diff(bias[100:, 100:900], axis=0)) / np.sqrt(2) == pytest.approx(0.63, abs=0.1)
    assert np.median(calibrations["dark"] - bias) == pytest.approx(0.0, abs=1.0)
    assert np.median(calibrations["flat"]) == pytest.approx(0.9194, rel=0.02)
    assert set(np.unique(calibrations["mask"])) == {0, 1}


@pytest.mark.parametrize("number", [CCD, 36])
def test_mask_is_the_real_one(tmp_path: Path, number: int) -> None:
    real = fits.getdata(shared_path("megacam", "defects", "test.mask.0.40.00.fits.gz"), number + 1)
    paths = simulate_calibrations(SimulationRecipe(n_ccd=40, detectors=(number,), filter="r.MP9602"), tmp_path)
    assert "fringe" not in paths
    np.testing.assert_array_equal(fits.getdata(paths["mask"], 1), real)


def test_scenarios(tmp_path: Path) -> None:
    recipe = SimulationRecipe(obs_type="FLAT", cosmic_rays=False, detectors=(7,), dead_amplifiers=("ccd07A",))
    raw, _ = simulate_ccd(recipe, 7)
    image = without_overscan(raw)
    assert abs(np.median(image[:, :1024])) < 2
    assert np.median(image[:, 1024:]) > 10000
    master = masters(recipe, tmp_path)
    assert np.abs(master["flat"][:, :1024]).max() <= 1.01e-4
    assert not master["mask"][:, :1024].any()
    plain = without_overscan(simulate_ccd(recipe.replace(dead_amplifiers=()), 7)[0])
    bent = without_overscan(simulate_ccd(recipe.replace(dead_amplifiers=(), nonlinearity=0.1), 7)[0])
    mirrored = without_overscan(simulate_ccd(recipe.replace(crosstalk=0.01), 7)[0])
    level = np.median(plain[:, 1024:])
    assert np.median(bent[:, 1024:]) == pytest.approx(level * (1 - 0.1 * level / 65535), rel=0.003)
    assert np.median(mirrored[:, :1024]) == pytest.approx(0.01 * level, abs=2.0)
