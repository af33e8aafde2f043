"""What an audit writes down for other programs: the log of decisions and the list of findings, as ECSV tables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from astropy.table import Table

from isrcore.atomic import written_atomically
from isrcore.audit.defect import Defect
from isrcore.audit.findings import Findings
from isrcore.audit.history import DefectHistory
from isrcore.audit.planes import PlaneKind

__all__ = ["audit_log", "findings_table", "write_table"]


def audit_log(history: DefectHistory, cards: Mapping[str, str | int] | None = None) -> Table:
    """Every change of every edit that holds, in order: when, who, what was done, the defect before and after.

    Parameters
    ----------
    history : `DefectHistory`
        Edits that were undone are left out.
    cards : mapping, optional
        Provenance for the head of the table.
    """
    rows = []
    for number, edit in enumerate(history.done, start=1):
        for change in edit.changes:
            sides = [*_state(change.before), *_state(change.after)]
            note = change.after.note if change.after is not None else ""
            rows.append((number, edit.when, edit.who, edit.label, change.id, *sides, note))
    names = ["edit", "when", "who", "operation", "defect"]
    names += [f"{what}_{side}" for side in ("before", "after") for what in ("status", "kind", "pixels", "boxes")]
    names.append("note")
    integers = {"edit", "defect", "pixels_before", "pixels_after"}
    types = [np.int64 if name in integers else np.str_ for name in names]
    table = Table(rows=rows, names=names) if rows else Table(names=names, dtype=types)
    table.meta.update({"DETECTOR": history.document.detector, "FRAME": "trimmed, 0-based", **(cards or {})})
    return table


def _state(defect: Defect | None) -> tuple[str, str, int, str]:
    if defect is None:
        return "none", "none", 0, ""
    boxes = " ".join(f"[{b.x0},{b.y0},{b.width},{b.height}]" for b in defect.pixels.boxes)
    return str(defect.status), str(defect.kind), defect.pixels.area, boxes


def findings_table(findings: Findings, cards: Mapping[str, str | int] | None = None) -> Table:
    """Both lists of an audit with their statistics; boxes around the pixels, 0-based, trimmed frame."""
    rows = []
    for finding in (*findings.missed, *findings.over_flagged):
        box = finding.pixels.bbox
        kinds = [finding.statistics.significance(kind) for kind in PlaneKind]
        place = (box.x0, box.y0, box.width, box.height, finding.pixels.area)
        words = (str(finding.finding), str(finding.kind), str(finding.evidence))
        rows.append((*words, *place, finding.significance, *kinds))
        rows[-1] += (finding.false_pixels, finding.statistics.misbehaving, finding.defect or 0)
    names = ["finding", "kind", "evidence", "x0", "y0", "width", "height", "pixels", "significance"]
    names += [f"significance_{kind}" for kind in PlaneKind] + ["expected_by_chance", "misbehaving", "defect"]
    types = [np.str_] * 3 + [np.int64] * 5 + [np.float64] * (3 + len(PlaneKind)) + [np.int64]
    table = Table(rows=rows or None, names=names, dtype=types)
    for name in names:
        if name.startswith("significance"):
            table[name].info.format = ".2f"
    table["expected_by_chance"].info.format = ".2g"
    table.meta.update({"FRAME": "trimmed, 0-based", **(cards or {})})
    return table


def write_table(table: Any, path: str | Path) -> None:
    """Write a table as ECSV, all or nothing; `OSError` when that is not possible."""
    with written_atomically(path) as temporary:
        table.write(temporary, format="ascii.ecsv", overwrite=True)
