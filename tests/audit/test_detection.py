"""What the detection finds, and the two lists that come of it; its figures are measured in `test_truth`."""

from __future__ import annotations

import dataclasses
import inspect

import numpy as np
import pytest

from isrcore.audit.background import measure_residuals
from isrcore.audit.columns import find_column_parts
from isrcore.audit.detection import Evidence, detect
from isrcore.audit.document import DefectDocument
from isrcore.audit.edits import add, reject
from isrcore.audit.findings import FindingKind, find_problems
from isrcore.audit.pixels import PixelSet
from isrcore.audit.planes import AuditData, AuditPlane, PlaneKind
from isrcore.audit.reading import read_map
from isrcore.audit.settings import DetectionSettings
from isrcore.audit.statistics import measure_defects
from isrcore.camera.megacam import megacam_camera
from isrcore.geom import Box
from isrcore.simulate import load_chip
from tests.audit.conftest import Night

CCD = megacam_camera()["ccd00"]


def test_nothing_is_wrong_with_dithered_exposures(night: Night) -> None:
    assert night.detection.notes == ()


def test_a_trap_is_found_with_the_row_where_it_begins(night: Night) -> None:
    evidence = night.detection.evidence
    for x, first in ((1527 - 32, 1140), (857 - 32, 2300), (1426 - 32, 702)):
        rows = np.flatnonzero(evidence[1:-1, x] & Evidence.COLUMN) + 1
        assert abs(rows[0] - first) <= 2
        assert np.all(np.diff(rows) == 1)
        assert rows[-1] == 4610


def test_missed_and_over_flagged_are_listed_and_ranked(night: Night) -> None:
    document = read_map(night.calibrations["mask"], night.data.detector).document
    trap = next(defect for defect in document if defect.bbox.x0 == 1527 - 32)
    good = [Box(300, 300, 5, 5), Box(1500, 0, 1, 4612), Box(200, 600, 30, 100)]
    late = PixelSet.of([Box(857 - 32, 0, 1, 4612)])
    real = next(defect for defect in document if defect.bbox.x0 == 857 - 32)
    document = document.apply(reject(document, [trap.id, real.id]))
    document = document.apply(add(document, [*(PixelSet.of([box]) for box in good), late]))
    findings = find_problems(document, night.detection, night.data)
    missed = [finding for finding in findings.missed if finding.pixels.bbox.x0 == 1527 - 32]
    # The last row is an edge: it stays flagged.
    assert [(finding.pixels.bbox.height, finding.pixels.bbox.y1) for finding in missed] == [(4611 - 1140, 4611)]
    assert Evidence.LOW_FLAT in missed[0].evidence
    assert missed[0].finding is FindingKind.MISSED
    significances = [finding.significance for finding in findings.missed]
    assert significances == sorted(significances, reverse=True)
    sizes = [finding.pixels.area for finding in findings.over_flagged]
    assert sizes == sorted(sizes, reverse=True)
    over = {finding.pixels.bbox for finding in findings.over_flagged}
    assert set(good) <= over
    # Only that part of the column is over-flagged which lies before the first bad row.
    assert any(box.x0 == 857 - 32 and box.height < 2302 and abs(box.y1 - 2300) <= 2 for box in over)
    real_ids = {defect.id for defect in document if defect.flags and defect.id <= trap.id}
    assert not {finding.defect for finding in findings.over_flagged} & real_ids
    assert set(findings.statistics) == {defect.id for defect in document if defect.flags}


def test_statistics_say_in_which_frames_a_defect_misbehaves(night: Night) -> None:
    chip = load_chip(0)
    brightest = int(np.argmax(chip.hot_pixels.rate))
    hot = PixelSet.of([Box(int(chip.hot_pixels.x[brightest]), int(chip.hot_pixels.y[brightest]), 1, 1)])
    dark_column, plain = PixelSet.of([Box(962 - 32, 0, 1, 4612)]), PixelSet.of([Box(400, 400, 2, 2)])
    measured = measure_defects([hot, dark_column, plain], night.data, night.detection.bad)
    assert measured[0].significance(PlaneKind.DARK) > 50
    assert measured[1].significance(PlaneKind.FLAT) < -50
    assert abs(measured[1].significance(PlaneKind.SCIENCE)) < 10, "the flat corrects it"
    assert measured[2].strongest < 5
    assert measured[2].misbehaving <= 0.2
    assert [plane.kind for plane in measured[0].planes] == [plane.kind for plane in night.data.planes]


def small_data(*planes: AuditPlane) -> AuditData:
    return AuditData(CCD, planes)


def science(seed: int, stars: int) -> AuditPlane:
    rng = np.random.default_rng(seed)
    image = rng.normal(800.0, 20.0, CCD.bbox.shape).astype(np.float32)
    places = np.random.default_rng(stars)
    for x, y in zip(places.integers(50, 2000, 60), places.integers(50, 4550, 60), strict=True):
        image[y - 3 : y + 4, x - 3 : x + 4] += 600.0
    image[2000, 1200] += 300.0
    return AuditPlane(PlaneKind.SCIENCE, f"{seed}o", image)


def test_stars_repeat_when_exposures_are_not_dithered() -> None:
    dithered = detect(small_data(*(science(seed, seed) for seed in range(4))))
    assert dithered.notes == ()
    assert dithered.evidence[2000, 1200] == Evidence.REPEATED_HIGH
    assert np.count_nonzero(dithered.bad) < 20
    same = detect(small_data(*(science(seed, 9) for seed in range(4))))
    assert "seem not to be dithered" in same.notes[0]
    assert not np.any(same.evidence & Evidence.REPEATED_HIGH)
    few = detect(small_data(science(1, 1)))
    assert "need 3 exposures, found 1" in few.notes[0]
    assert not few.bad.any()


def test_the_fraction_of_exposures_in_which_a_defect_misbehaves() -> None:
    """A column that is bad in three of four exposures, as one that depends on the temperature."""
    exposures = [science(seed, seed) for seed in range(4)]
    for exposure in exposures[1:]:
        exposure.pixels[1000:, 700] -= 40.0
    column, good = PixelSet.of([Box(700, 1000, 1, 3612)]), PixelSet.of([Box(400, 1000, 1, 3612)])
    nothing = np.zeros(CCD.bbox.shape, np.bool_)
    bad, fine = measure_defects([column, good], small_data(*exposures), nothing)
    assert (bad.misbehaving, fine.misbehaving) == (0.75, 0.0)
    assert np.isnan(measure_defects([column], small_data(), nothing)[0].misbehaving)


def test_a_cluster_is_one_finding_of_its_kind() -> None:
    flat = np.random.default_rng(3).normal(0.9, 0.005, CCD.bbox.shape).astype(np.float32)
    flat[500:505, 300:304] *= 0.6
    flat[800, 900] *= 0.5
    flat[1200:, 1500] *= 0.7
    data = small_data(AuditPlane(PlaneKind.FLAT, "flat", flat))
    missed = find_problems(DefectDocument.of(CCD), detect(data), data).missed
    # The most significant first; what noise makes by chance comes last.
    kinds = {finding.pixels.bbox: str(finding.kind) for finding in missed[:3]}
    assert kinds == {
        Box(300, 500, 4, 5): "cluster",
        Box(900, 800, 1, 1): "unknown",
        Box(1500, 1200, 1, 3412): "trap",
    }


def test_a_shadow_of_dust_is_no_defect_but_a_patch_of_bad_pixels_is() -> None:
    rng = np.random.default_rng(8)
    flat = rng.normal(0.9, 0.004, CCD.bbox.shape).astype(np.float32)
    y, x = np.mgrid[-80:81, -80:81]
    flat[1920:2081, 420:581] *= 1.0 - 0.045 * np.exp(-(((np.hypot(x, y) - 50.0) / 12.0) ** 2))
    flat[3000:3040, 1300:1340] *= 0.8
    flat[:, 2047] *= 0.98
    data = small_data(AuditPlane(PlaneKind.FLAT, "flat", flat))
    found = detect(data)
    assert np.count_nonzero(found.bad[1900:2100, 400:600]) <= 2
    assert found.bad[3000:3040, 1300:1340].all()
    assert np.count_nonzero(found.bad[:, 2047]) < 5, "a column that is odd, but not bad"
    without = detect(data, DetectionSettings(dust_depth=0.001))
    assert np.count_nonzero(without.bad[1900:2100, 400:600]) > 50


def test_a_dead_amplifier_is_found() -> None:
    flat = np.random.default_rng(3).normal(0.9, 0.005, CCD.bbox.shape).astype(np.float32)
    flat[:, 1024:] = 0.0
    found = detect(small_data(AuditPlane(PlaneKind.FLAT, "flat", flat)))
    assert np.all(found.evidence[:, 1024:] & Evidence.DEAD_AMPLIFIER)
    assert not np.any(found.evidence[:, :1024] & Evidence.DEAD_AMPLIFIER)
    findings = find_problems(DefectDocument.of(CCD), found, small_data(AuditPlane(PlaneKind.FLAT, "flat", flat)))
    assert str(findings.missed[0].kind) == "amplifier"
    assert "dead amplifier" in str(findings.missed[0].evidence)


def test_a_dead_ccd_has_no_outliers() -> None:
    nothing = AuditPlane(PlaneKind.SCIENCE, "o", np.full(CCD.bbox.shape, np.nan, np.float32))
    assert not detect(small_data(nothing, nothing, nothing)).bad.any()


def test_a_faint_part_of_a_column_is_found_by_its_mean() -> None:
    noise = np.random.default_rng(5).normal(0.0, 1.0, (1200, 60)).astype(np.float32)
    noise[300:700, 20] += 1.0
    noise[900:, 41] -= 1.5
    parts = {part.x: part for part in find_column_parts(noise, 0.5, DetectionSettings())}
    assert set(parts) == {20, 41}
    assert abs(parts[20].y0 - 300) < 15
    assert abs(parts[20].y1 - 700) < 15
    assert parts[41].y1 == 1200
    assert parts[41].amplitude == pytest.approx(-1.5, abs=0.2)
    assert not find_column_parts(noise, 2.0, DetectionSettings())


def test_the_level_is_not_led_by_wide_defects() -> None:
    rng = np.random.default_rng(1)
    image = (rng.normal(100.0, 2.0, (512, 256)) + np.linspace(0, 5, 256)).astype(np.float32)
    image[200:, 100:139] += 30.0
    image[7, 7] = np.nan
    residuals = measure_residuals(image, [Box(0, 0, 256, 512)], 5.0)
    assert residuals.pixels[7, 7] == 0.0
    assert np.median(residuals.pixels[250:450, 105:135]) == pytest.approx(30.0, abs=3.0)
    assert np.median(residuals.sigma(Box(0, 0, 256, 512))) == pytest.approx(2.0, rel=0.1)
    assert abs(float(np.median(residuals.pixels[:180]))) < 0.3
    assert np.median(residuals.significance()[250:450, 105:135]) == pytest.approx(15.0, rel=0.2)


def test_thresholds_are_positive_and_all_described() -> None:
    with pytest.raises(ValueError, match="false_pixels must be positive, found 0"):
        DetectionSettings(false_pixels=0)
    documented = inspect.getdoc(DetectionSettings) or ""
    for field in dataclasses.fields(DetectionSettings):
        assert f"\n{field.name} : " in documented
