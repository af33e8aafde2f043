"""Where an exported map comes from: the cards that every form carries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from isrcore import __version__
from isrcore.audit.defect import Status
from isrcore.audit.history import DefectHistory

__all__ = ["MapProvenance", "provenance_of"]


@dataclass(frozen=True)
class MapProvenance:
    """What a map says about its own making.

    Attributes
    ----------
    source : str
        Map that the audit began with.
    exposures : sequence of str
        Files that were looked at: raw frames and calibrations.
    who, when : str
        Of the last edit.
    edits : mapping of str to int
        How often each operation was made.
    counts : mapping of str to int
        Defects by status.
    pixels : int
        Flagged pixels.
    """

    source: str = ""
    exposures: Sequence[str] = ()
    who: str = ""
    when: str = ""
    edits: Mapping[str, int] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    pixels: int = 0

    def cards(self) -> dict[str, str | int]:
        """Keywords of at most eight characters and their values."""
        cards: dict[str, str | int] = {
            "MAPSRC": PurePath(self.source).name or "none",
            "MAPSOFT": f"isrviewer {__version__}",
            "AUDWHO": self.who,
            "AUDWHEN": self.when,
            "AUDEDITS": ", ".join(f"{count} {label}" for label, count in sorted(self.edits.items())) or "none",
            "NBADPIX": self.pixels,
        }
        cards |= {f"N{status.upper()[:7]}": self.counts.get(status, 0) for status in Status}
        cards |= {f"AUDEX{n:03d}": PurePath(name).name for n, name in enumerate(self.exposures, start=1)}
        return cards


def provenance_of(history: DefectHistory, exposures: Sequence[str] = ()) -> MapProvenance:
    """The provenance of the map that an audit has now."""
    last = history.done[-1] if history.done else None
    return MapProvenance(
        source=history.base.source,
        exposures=tuple(exposures),
        who=last.who if last else history.who,
        when=last.when if last else "",
        edits=Counter(edit.label for edit in history.done),
        counts=Counter(str(defect.status) for defect in history.document),
        pixels=int(history.document.mask().sum()),
    )
