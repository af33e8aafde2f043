"""A map in numbers, and the orders in which a queue goes through its defects."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

import numpy as np

from isrcore.audit.defect import Defect, DefectKind, Status
from isrcore.audit.document import DefectDocument
from isrcore.audit.statistics import DefectStatistics
from isrcore.values import frozen

__all__ = ["MapSummary", "QueueOrder", "order_defects", "summarise"]


@frozen
class MapSummary:
    """One map in numbers.

    Attributes
    ----------
    detector : str
    fraction : float
        Flagged part of the imaging area.
    fractions : dict of str to float
        The same by amplifier.
    kinds : dict of `DefectKind` to int
        Flagged defects.
    statuses : dict of `Status` to int
        All defects, rejected ones included.
    worst_columns : tuple of (int, int)
        Column and number of its flagged pixels, the worst first; columns without any are left out.
    """

    detector: str
    fraction: float
    fractions: dict[str, float]
    kinds: dict[DefectKind, int]
    statuses: dict[Status, int]
    worst_columns: tuple[tuple[int, int], ...]


def summarise(document: DefectDocument, n_columns: int = 10) -> MapSummary:
    """Count what a map flags; one for each CCD makes the summary of the focal plane."""
    where = document.mask()
    per_column = np.count_nonzero(where, axis=0)
    # Edges flag a few pixels of every column; among equals the leftmost comes first.
    worst = np.argsort(-per_column, kind="stable")[:n_columns].tolist()
    left = document.frame.x0
    return MapSummary(
        document.detector,
        float(where.mean()),
        {amp.name: float(where[amp.bbox.slices()].mean()) for amp in document.camera_detector},
        dict(Counter(defect.kind for defect in document if defect.flags)),
        dict(Counter(defect.status for defect in document)),
        tuple((x + left, int(per_column[x])) for x in worst if per_column[x]),
    )


class QueueOrder(StrEnum):
    """By what a queue is sorted."""

    POSITION = "position"
    SIZE = "size"
    TYPE = "type"
    SEVERITY = "severity"
    STATUS = "status"
    SUSPICION = "suspicion"


def order_defects(
    document: DefectDocument, order: QueueOrder, statistics: Mapping[int, DefectStatistics] | None = None
) -> list[int]:
    """Numbers of the defects in the order of a visit; among equals from the bottom row up and from left to right.

    Parameters
    ----------
    document : `DefectDocument`
    order : `QueueOrder`
        Size: the largest first. Severity: the most significant first. Suspicion: the least significant first, those
        that look least like defects. What has no statistics comes last. Status: unseen ones first.
    statistics : mapping of int to `DefectStatistics`, optional
        Needed for severity and suspicion.

    Raises
    ------
    ValueError
        If they are missing.
    """
    if statistics is None and order in (QueueOrder.SEVERITY, QueueOrder.SUSPICION):
        raise ValueError(f"defects cannot be sorted by {order}: they have no statistics yet; measure them first")
    known = statistics or {}

    def strength(defect: Defect, sign: float) -> float:
        value = known[defect.id].strongest if defect.id in known else math.nan
        return sign * value if math.isfinite(value) else math.inf

    keys: dict[QueueOrder, Callable[[Defect], Any]] = {
        QueueOrder.POSITION: lambda defect: 0,
        QueueOrder.SIZE: lambda defect: -defect.pixels.area,
        QueueOrder.TYPE: lambda defect: list(DefectKind).index(defect.kind),
        QueueOrder.SEVERITY: lambda defect: strength(defect, -1.0),
        QueueOrder.STATUS: lambda defect: list(Status).index(defect.status),
        QueueOrder.SUSPICION: lambda defect: strength(defect, 1.0),
    }
    key = keys[order]
    ordered = sorted(document, key=lambda defect: (key(defect), defect.bbox.y0, defect.bbox.x0, defect.id))
    return [defect.id for defect in ordered]
