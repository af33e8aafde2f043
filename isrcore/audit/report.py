"""The report page of an audit: one HTML file with its pictures inside, to be read, printed and signed."""

from __future__ import annotations

import dataclasses
import html
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from isrcore.atomic import written_atomically
from isrcore.audit.compare import DifferenceKind, MapComparison
from isrcore.audit.defect import Status
from isrcore.audit.document import DefectDocument
from isrcore.audit.findings import Finding, Findings
from isrcore.audit.pictures import cutout_box, data_url, flag_picture, grey_picture
from isrcore.audit.pixels import PixelSet
from isrcore.audit.planes import AuditData, PlaneKind
from isrcore.audit.settings import DetectionSettings

__all__ = ["report_page", "write_report"]

_STYLE = """
body { font: 14px/1.4 sans-serif; margin: 2em auto; max-width: 75em; padding: 0 1em; color: #222; }
table { border-collapse: collapse; margin: .5em 0 1.5em; } th, td { padding: .2em .7em; text-align: left; }
th { border-bottom: 2px solid #666; } td { border-bottom: 1px solid #ddd; vertical-align: top; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
figure { display: inline-block; margin: .2em; } figcaption { font-size: 11px; max-width: 126px; overflow: hidden; }
img { width: 123px; height: 123px; image-rendering: pixelated; border: 1px solid #999; }
.sign { border: 1px solid #222; max-width: 42em; padding: .5em 1em; page-break-inside: avoid; }
.sign span { display: inline-block; width: 9em; }
.sign input[type=text] { border: 0; border-bottom: 1px solid #222; width: 26em; font: inherit; }
"""

_SIGN_OFF = """<h2>Sign-off</h2>
<form class="sign">
<p><span>Decision</span>
<label><input type="radio" name="decision"> accepted</label>
<label><input type="radio" name="decision"> accepted with changes</label>
<label><input type="radio" name="decision"> rejected</label></p>
<p><label><span>Changes, reasons</span><input type="text" name="remarks"></label></p>
<p><label><span>Name</span><input type="text" name="name"></label></p>
<p><label><span>Date</span><input type="text" name="date"></label></p>
<p><label><span>Signature</span><input type="text" name="signature"></label></p>
</form>"""
"""Filled in before or after printing."""


def report_page(
    document: DefectDocument,
    findings: Findings,
    data: AuditData,
    settings: DetectionSettings,
    cards: Mapping[str, str | int],
    comparison: MapComparison | None = None,
    notes: Sequence[str] = (),
    pictures: int = 30,
) -> str:
    """The page as HTML.

    Parameters
    ----------
    document : `DefectDocument`
        The map that was audited.
    findings : `Findings`
    data : `AuditData`
    settings : `DetectionSettings`
    cards : mapping
        Provenance.
    comparison : `MapComparison`, optional
        Of the audited map with what is proposed instead.
    notes : sequence of str
        What else the reader must know.
    pictures : int
        How many findings of each list are shown with cut-outs; the tables have all.
    """
    flagged = document.mask()
    columns = ("flagged pixels", "fraction", "defects", "missed", "over-flagged")
    parts = [
        f"<h1>Defect map of {_text(document.detector)}</h1>",
        _table(("", ""), cards.items()),
        "<h2>Summary</h2>",
        _table(columns, [_summary(flagged, document, findings)]),
        _table(("kind", "defects"), _counts(str(defect.kind) for defect in document if defect.flags)),
    ]
    if notes:
        parts += ["<h2>Notes</h2>", "<ul>", *(f"<li>{_text(note)}</li>" for note in notes), "</ul>"]
    if comparison is not None:
        parts += ["<h2>This map and the proposed one</h2>", _comparison(comparison)]
        parts += _decisions(comparison.new, data, flagged, pictures)
    for title, found in (("Missed", findings.missed), ("Over-flagged", findings.over_flagged)):
        parts += [f"<h2>{title}: {len(found)}</h2>", _findings(found)]
        for number, finding in enumerate(found[:pictures], start=1):
            parts.append(_pictures(f"{title} {number}", finding.pixels, str(finding.kind), data, flagged))
    parts += ["<h2>Thresholds</h2>", _table(("setting", "value"), dataclasses.asdict(settings).items())]
    parts.append(_SIGN_OFF)
    head = f'<meta charset="utf-8"><title>Defect map of {_text(document.detector)}</title><style>{_STYLE}</style>'
    return f"<!DOCTYPE html>\n<html lang=\"en\"><head>{head}</head>\n<body>\n" + "\n".join(parts) + "\n</body></html>\n"


def write_report(page: str, path: str | Path) -> None:
    """Write a page, all or nothing; `OSError` when that is not possible."""
    with written_atomically(path) as temporary:
        temporary.write_text(page, "utf-8")


def _text(value: object) -> str:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.4g}"
    return html.escape(str(value))


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    def cell(value: object) -> str:
        return f'<td{" class=number" if isinstance(value, (int, float)) else ""}>{_text(value)}</td>'

    lines = ["<table>"]
    if any(head):
        lines.append("<tr>" + "".join(f"<th>{_text(title)}</th>" for title in head) + "</tr>")
    lines += ["<tr>" + "".join(map(cell, row)) + "</tr>" for row in rows]
    return "\n".join([*lines, "</table>"])


def _summary(flagged: NDArray[np.bool_], document: DefectDocument, findings: Findings) -> tuple[object, ...]:
    count = int(np.count_nonzero(flagged))
    defects = sum(defect.flags for defect in document)
    return count, f"{100.0 * count / flagged.size:.3f} %", defects, len(findings.missed), len(findings.over_flagged)


def _counts(words: Iterable[str]) -> list[tuple[str, int]]:
    counts: dict[str, int] = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    return sorted(counts.items())


def _comparison(comparison: MapComparison) -> str:
    rows = [
        (amplifier, str(difference), str(kind), count)
        for (amplifier, difference, kind), count in sorted(comparison.counts().items())
        if difference is not DifferenceKind.COMMON
    ]
    pixels = [(str(kind), count) for kind, count in comparison.pixel_counts().items()]
    return _table(("amplifier", "difference", "kind", "defects"), rows) + _table(("pixels", ""), pixels)


def _findings(found: Sequence[Finding]) -> str:
    if not found:
        return "<p>None.</p>"
    head = ["", "kind", "x", "y", "width", "height", "sigma", *(f"sigma in {kind}" for kind in PlaneKind)]
    rows = []
    for number, finding in enumerate(found, start=1):
        box = finding.pixels.bbox
        kinds = (finding.statistics.significance(kind) for kind in PlaneKind)
        place = (box.x0, box.y0, box.width, box.height)
        by_chance = "" if math.isnan(finding.false_pixels) else f"{finding.false_pixels:.1g}"
        last = (by_chance, finding.statistics.misbehaving, str(finding.evidence))
        rows.append((number, str(finding.kind), *place, finding.significance, *kinds, *last))
    return _table([*head, "expected by chance", "exposures", "evidence"], rows)


def _decisions(
    document: DefectDocument, data: AuditData, flagged: NDArray[np.bool_], pictures: int
) -> list[str]:
    """What was decided about single defects; what the detection proposes is in the list of what the map misses."""
    decided = [
        defect
        for defect in document
        if defect.status is not Status.UNSEEN and not (defect.status is Status.NEW and defect.is_detected)
    ]
    if not decided:
        return []
    head = ("defect", "decision", "kind", "x", "y", "width", "height", "pixels", "note", "by", "when")
    rows = []
    for defect in decided:
        box = defect.bbox
        place = (box.x0, box.y0, box.width, box.height, defect.pixels.area)
        words = (defect.note, defect.who, defect.when)
        rows.append((defect.id, str(defect.status), str(defect.kind), *place, *words))
    shown = [
        _pictures(f"Defect {defect.id}, {defect.status}", defect.pixels, str(defect.kind), data, flagged)
        for defect in decided[:pictures]
    ]
    return [f"<h2>Decisions: {len(decided)}</h2>", _table(head, rows), *shown]


def _pictures(title: str, pixels: PixelSet, kind: str, data: AuditData, flagged: NDArray[np.bool_]) -> str:
    box, place = cutout_box(pixels), pixels.bbox
    figures = [_figure(data_url(flag_picture(flagged, pixels, box)), "map")]
    figures += [
        _figure(data_url(grey_picture(plane.pixels, box)), f"{plane.kind} {plane.name}") for plane in data.planes
    ]
    return f"<h3>{_text(title)}: {_text(kind)} at ({place.x0}, {place.y0})</h3>\n" + "".join(figures)


def _figure(url: str, caption: str) -> str:
    return f'<figure><img src="{url}" alt="{_text(caption)}"><figcaption>{_text(caption)}</figcaption></figure>'
