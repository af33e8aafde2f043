"""What a table says of a defect, and the small language that picks defects by it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from isrviewer.audit.audit import Audit

if TYPE_CHECKING:
    from isrcore.audit.defect import Defect

__all__ = ["FILTER_HELP", "NUMBERS", "TEXTS", "DefectValues", "Picks", "parse_filter"]

NUMBERS = ("number", "x", "y", "w", "h", "pixels", "sigma")
"""Values to compare: x and y are the first column and row of the box around the defect, trimmed frame, from 0."""

TEXTS = ("status", "kind", "finding", "source", "note")
"""Values to search."""

FILTER_HELP = (
    "Show only some defects: words that status, kind, finding, source or note contain, and conditions; all must hold.\n"
    "hot column     both words\n"
    "kind:trap      only in this column (also status, finding, source, note)\n"
    "w>1  h<=64  pixels>100  sigma<3  number=12\n"
    "x:100-200      first column from 100 to 200, trimmed frame, from 0\n"
    "-edge          without this word or condition\n"
    '"hot pixel"    with the blank'
)

Picks = Callable[["DefectValues", "Defect"], bool]
"""Whether a defect is to be shown."""


class DefectValues:
    """The values of the defects of one map, with what was measured and found about them."""

    def __init__(self, audit: Audit | None) -> None:
        self._statistics = {} if audit is None else audit.statistics
        self._found: dict[int, str] = {}
        findings = None if audit is None else audit.findings
        for finding in findings.over_flagged if findings is not None else ():
            if audit is not None and finding.defect is not None and finding.defect in audit.document:
                whole = finding.pixels.area >= audit.document[finding.defect].pixels.area
                self._found[finding.defect] = "over-flagged" if whole else "over-flagged in part"

    def number(self, defect: Defect, name: str) -> float:
        """One of `NUMBERS`; NaN for a significance that was not measured."""
        if name == "number":
            return defect.id
        if name == "pixels":
            return defect.pixels.area
        if name == "sigma":
            measured = self._statistics.get(defect.id)
            return math.nan if measured is None else measured.strongest
        box = defect.bbox
        return {"x": box.x0, "y": box.y0, "w": box.width, "h": box.height}[name]

    def text(self, defect: Defect, name: str) -> str:
        """One of `TEXTS`."""
        if name == "finding":
            return self._found.get(defect.id, "missed" if defect.is_detected else "")
        return str(getattr(defect, name))


def parse_filter(text: str) -> Picks:
    """What a filter text picks; see `FILTER_HELP`.

    Raises
    ------
    ValueError
        Saying which part of the text is not understood, and what would be.
    """
    if text.count('"') % 2:
        raise ValueError('a quotation mark " has no partner')
    terms = [_term(word) for word in re.findall(r'(?:"[^"]*"|[^\s"])+', text)]
    return lambda values, defect: all(term(values, defect) for term in terms)


def _term(word: str) -> Picks:
    if word.startswith("-") and len(word) > 1:
        wanted = _term(word[1:])
        return lambda values, defect: not wanted(values, defect)
    parts = re.fullmatch(r"(\w+)(<=|>=|<|>|=|:)(.*)", word)
    if parts is None:
        plain = word.replace('"', "").lower()
        return lambda values, defect: any(plain in values.text(defect, name).lower() for name in TEXTS)
    name, operator, wanted_text = parts[1].lower(), parts[2], parts[3].replace('"', "")
    if name in TEXTS:
        if operator not in (":", "="):
            raise ValueError(f"{word}: {name} holds words; write {name}:{wanted_text or 'word'}")
        return lambda values, defect: wanted_text.lower() in values.text(defect, name).lower()
    if name not in NUMBERS:
        raise ValueError(f"{word}: there is no “{name}”; compare {', '.join(NUMBERS)}, or search {', '.join(TEXTS)}")
    low, high = _limits(word, operator, wanted_text)
    if operator in "<>":
        return lambda values, defect: low < values.number(defect, name) < high
    return lambda values, defect: low <= values.number(defect, name) <= high


def _limits(word: str, operator: str, text: str) -> tuple[float, float]:
    ends = re.fullmatch(r"(\d+\.?\d*|\.\d+)(?:-(\d+\.?\d*))?", text)
    if ends is None or (ends[2] is not None and operator not in (":", "=")):
        start = word[: len(word) - len(text)]
        raise ValueError(f"{word}: expected a number such as {start}3, or a range as in x:100-200")
    first = float(ends[1])
    if operator in ("<", "<="):
        return -math.inf, first
    if operator in (">", ">="):
        return first, math.inf
    last = first if ends[2] is None else float(ends[2])
    if last < first:
        raise ValueError(f"{word}: the range begins after its end; write {last:g}-{first:g}")
    return first, last
