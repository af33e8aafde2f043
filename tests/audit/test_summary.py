"""Maps in numbers, and the orders of a queue."""

from __future__ import annotations

import math

import pytest

from isrcore.audit.defect import DefectKind, Status
from isrcore.audit.document import DefectDocument
from isrcore.audit.edits import confirm, reject
from isrcore.audit.pixels import PixelSet
from isrcore.audit.planes import PlaneKind
from isrcore.audit.statistics import DefectStatistics, PlaneStatistics
from isrcore.audit.summary import QueueOrder, order_defects, summarise
from isrcore.camera.megacam import megacam_camera
from isrcore.geom import Box

CCD = megacam_camera()["ccd12"]
BOXES = [Box(0, 4611, 2048, 1), Box(1500, 1000, 1, 3612), Box(30, 50, 3, 3), Box(7, 50, 1, 1), Box(900, 60, 2, 2)]


def make_document() -> DefectDocument:
    document = DefectDocument.of(CCD, [PixelSet.of([box]) for box in BOXES])
    document = document.apply(reject(document, [5]))
    return document.apply(confirm(document, [3]))


def statistics(significance: float) -> DefectStatistics:
    return DefectStatistics((PlaneStatistics(PlaneKind.DARK, "d", 1.0, 0.0, 1.0, significance),), math.nan)


def test_the_summary_counts_what_is_flagged() -> None:
    summary = summarise(make_document(), 3)
    pixels = 2048 + 3611 + 9 + 1
    assert summary.fraction == pytest.approx(pixels / (2048 * 4612))
    assert summary.fractions["A"] == pytest.approx((1024 + 10) / (1024 * 4612))
    assert summary.kinds == {
        DefectKind.EDGE: 1,
        DefectKind.TRAP: 1,
        DefectKind.CLUSTER: 1,
        DefectKind.UNKNOWN: 1,
    }
    assert summary.statuses == {Status.UNSEEN: 3, Status.REJECTED: 1, Status.CONFIRMED: 1}
    assert summary.worst_columns == ((1500, 3612), (30, 4), (31, 4))
    assert summarise(DefectDocument.of(CCD)).worst_columns == ()


def test_the_orders_of_a_queue() -> None:
    document = make_document()
    measured = {1: statistics(math.nan), 2: statistics(-80.0), 3: statistics(4.0), 4: statistics(9.0)}
    expected = {
        QueueOrder.POSITION: [4, 3, 5, 2, 1],
        QueueOrder.SIZE: [2, 1, 3, 5, 4],
        QueueOrder.TYPE: [2, 3, 5, 1, 4],
        QueueOrder.SEVERITY: [2, 4, 3, 5, 1],
        QueueOrder.STATUS: [4, 2, 1, 3, 5],
        QueueOrder.SUSPICION: [3, 4, 2, 5, 1],
    }
    assert {order: order_defects(document, order, measured) for order in QueueOrder} == expected


def test_significance_is_needed_to_sort_by_it() -> None:
    with pytest.raises(ValueError, match="no statistics yet; measure them first"):
        order_defects(make_document(), QueueOrder.SEVERITY)
