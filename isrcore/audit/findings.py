"""The two lists of an audit: what the map misses, and what it flags without need; ranked for the queue."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from isrcore.audit import edits
from isrcore.audit.defect import DETECTED, Defect, DefectKind, Status
from isrcore.audit.detection import Detection, Evidence
from isrcore.audit.document import DefectDocument, Edit
from isrcore.audit.pixels import PixelSet
from isrcore.audit.planes import AuditData
from isrcore.audit.regions import mask_defects
from isrcore.audit.settings import DetectionSettings
from isrcore.audit.statistics import DefectStatistics, measure_defects
from isrcore.geom import Box
from isrcore.values import frozen

__all__ = ["Finding", "FindingKind", "Findings", "add_missed", "find_problems"]


class FindingKind(StrEnum):
    """What is wrong with the map."""

    MISSED = "missed"
    OVER_FLAGGED = "over-flagged"


@frozen
class Finding:
    """One thing that the map should have, or should not have.

    Attributes
    ----------
    finding : `FindingKind`
    pixels : `PixelSet`
    kind : `DefectKind`
        Told by the data for missed ones, the map's otherwise.
    evidence : `Evidence`
        Which frames say that it is bad; 0 for over-flagged ones.
    significance : float
        Missed: the largest of any of its pixels or parts, sigma. Over-flagged: the largest against neighbours of the
        same shape, sigma, which is small.
    statistics : `DefectStatistics`
    defect : int or None
        The defect of the map that is over-flagged, wholly or in part.
    false_pixels : float
        Missed: pixels of the whole CCD that noise alone is expected to take as far; NaN where that is not known, as for
        columns and what repeats in science exposures.
    """

    finding: FindingKind
    pixels: PixelSet
    kind: DefectKind
    evidence: Evidence
    significance: float
    statistics: DefectStatistics
    defect: int | None = None
    false_pixels: float = math.nan


@dataclass(frozen=True)
class Findings:
    """Both lists, the most important first.

    Attributes
    ----------
    missed : tuple of `Finding`
        By falling significance.
    over_flagged : tuple of `Finding`
        Those with the most pixels first.
    statistics : dict of int to `DefectStatistics`
        Of all defects that the map flags.
    """

    missed: tuple[Finding, ...]
    over_flagged: tuple[Finding, ...]
    statistics: dict[int, DefectStatistics]


def find_problems(
    document: DefectDocument, detection: Detection, data: AuditData, settings: DetectionSettings | None = None
) -> Findings:
    """Compare a map with what the data say.

    Parameters
    ----------
    document : `DefectDocument`
        Rejected defects count as not flagged.
    detection : `Detection`
    data : `AuditData`
        The frames of the detection.
    settings : `DetectionSettings`, optional
    """
    settings = DetectionSettings() if settings is None else settings
    flagged = document.mask()
    bad = detection.bad
    known = flagged | bad
    missed = _missed(bad & ~flagged, detection, data, known, settings)
    defects = [defect for defect in document if defect.flags]
    measured = measure_defects([defect.pixels for defect in defects], data, known, settings.science_significance)
    statistics = {defect.id: one for defect, one in zip(defects, measured, strict=True)}
    over = _over_flagged(defects, statistics, bad, data, known, settings)
    return Findings(missed, over, statistics)


def add_missed(
    document: DefectDocument, missed: Sequence[Finding], label: str, status: Status = Status.NEW
) -> Edit:
    """The edit that makes defects of what a map misses; the notes say why.

    Parameters
    ----------
    document : `DefectDocument`
    missed : sequence of `Finding`
    label : str
    status : `Status`
        With `Status.CANDIDATE` they stay outside the map until they are taken.

    Raises
    ------
    ValueError
        If there is nothing.
    """
    return edits.add(
        document,
        [finding.pixels for finding in missed],
        [finding.kind for finding in missed],
        source=DETECTED,
        label=label,
        notes=[_why(finding) for finding in missed],
        status=status,
    )


def _why(finding: Finding) -> str:
    words = f"{finding.evidence}: {finding.significance:.1f} sigma"
    if math.isnan(finding.false_pixels):
        return words
    return f"{words}; {finding.false_pixels:.1g} pixels of the CCD expected by chance"


def _missed(
    where: NDArray[np.bool_],
    detection: Detection,
    data: AuditData,
    known: NDArray[np.bool_],
    settings: DetectionSettings,
) -> tuple[Finding, ...]:
    sets = mask_defects(where)
    measured = measure_defects(sets, data, known, settings.science_significance)
    findings = []
    for pixels, statistics in zip(sets, measured, strict=True):
        box = pixels.bbox
        inside = pixels.to_mask(box)
        flags = detection.evidence[box.slices()][inside]
        evidence = Evidence(int(np.bitwise_or.reduce(flags)))
        peak = float(detection.peak[box.slices()][inside].max())
        kind = _kind(pixels, evidence, data)
        by_pixels = not evidence & _NOT_BY_PIXELS
        false = detection.chance.false_pixels(peak) if by_pixels else math.nan
        findings.append(Finding(FindingKind.MISSED, pixels, kind, evidence, peak, statistics, false_pixels=false))
    return tuple(sorted(findings, key=lambda finding: -finding.significance))


_NOT_BY_PIXELS = Evidence.COLUMN | Evidence.DEAD_AMPLIFIER | Evidence.REPEATED_HIGH | Evidence.REPEATED_LOW
_HOT = Evidence.HOT_BIAS | Evidence.HOT_DARK | Evidence.REPEATED_HIGH
_LONG = 32


def _kind(pixels: PixelSet, evidence: Evidence, data: AuditData) -> DefectKind:
    """The kind of a detected defect, from its shape and from what it does."""
    box, chip = pixels.bbox, data.detector.bbox
    if Evidence.DEAD_AMPLIFIER in evidence:
        return DefectKind.AMPLIFIER
    if box.height == 1 and box.width >= _LONG and (box.y0 == chip.y0 or box.y1 == chip.y1):
        return DefectKind.EDGE
    if box.height >= _LONG and box.width <= box.height // 8:
        if evidence & _HOT:
            return DefectKind.HOT_COLUMN
        whole = box.y0 <= chip.y0 + 1 or box.y1 < chip.y1 - 1
        return DefectKind.DEAD_COLUMN if whole else DefectKind.TRAP
    if pixels.area == 1:
        return DefectKind.HOT_PIXEL if evidence & _HOT else DefectKind.UNKNOWN
    return DefectKind.CLUSTER


def _over_flagged(
    defects: Sequence[Defect],
    statistics: dict[int, DefectStatistics],
    bad: NDArray[np.bool_],
    data: AuditData,
    known: NDArray[np.bool_],
    settings: DetectionSettings,
) -> tuple[Finding, ...]:
    """Defects, and long parts of columns, that look like their neighbours. Edges stay out: they are flagged on rule."""
    findings: list[Finding] = []
    parts: list[tuple[Defect, PixelSet]] = []
    for defect in defects:
        if defect.kind is DefectKind.EDGE:
            continue
        box = defect.pixels.bbox
        inside = defect.pixels.to_mask(box)
        seen = bad[box.slices()] & inside
        if np.count_nonzero(seen) > settings.normal_fraction * defect.pixels.area:
            parts += [(defect, part) for part in _good_rows(defect.pixels, np.asarray(seen.any(axis=1)))]
        elif statistics[defect.id].strongest < settings.normal_significance:
            findings.append(_over(defect, defect.pixels, statistics[defect.id]))
    measured = measure_defects([part for _, part in parts], data, known, settings.science_significance)
    for (defect, part), one in zip(parts, measured, strict=True):
        if one.strongest < settings.normal_significance:
            findings.append(_over(defect, part, one))
    return tuple(sorted(findings, key=lambda finding: (-finding.pixels.area, finding.significance)))


def _over(defect: Defect, pixels: PixelSet, statistics: DefectStatistics) -> Finding:
    strongest = statistics.strongest
    return Finding(FindingKind.OVER_FLAGGED, pixels, defect.kind, Evidence(0), strongest, statistics, defect.id)


_GOOD_ROWS = 64


def _good_rows(pixels: PixelSet, seen: NDArray[np.bool_]) -> list[PixelSet]:
    """Parts of a column, of at least 64 rows, in which nothing was detected.

    Parameters
    ----------
    pixels : `PixelSet`
    seen : ndarray, bool
        For each row of its bounding box, whether any pixel was detected.
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[True], seen, [True]])))
    box = pixels.bbox
    runs = [(int(first), int(end)) for first, end in edges.reshape(-1, 2) if end - first >= _GOOD_ROWS]
    return [pixels & PixelSet.of([Box(box.x0, box.y0 + first, box.width, end - first)]) for first, end in runs]
