"""The thresholds of the detection as the session keeps them: those that the user has changed."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from isrcore import audit as core_audit
from isrcore.values import frozen
from isrviewer.session.state import Session, Threshold

if TYPE_CHECKING:
    from isrcore.audit.settings import DetectionSettings

__all__ = ["ThresholdText", "set_threshold", "settings_of", "threshold_texts"]

_UNITS = {
    "false_pixels": "pixels per CCD",
    "joined_significance": "σ",
    "bias_excess": "ADU",
    "dark_rate": "ADU/s",
    "science_significance": "σ",
    "min_exposures": "exposures",
    "column_significance": "σ",
    "science_column_significance": "σ",
    "column_bias": "ADU",
    "column_dark_rate": "ADU/s",
    "column_science": "σ of a pixel",
    "column_rows": "rows",
    "top_rows": "rows",
    "normal_significance": "σ",
}
"""All others are fractions."""


@frozen
class ThresholdText:
    """What a form says about a threshold.

    Attributes
    ----------
    name, label, unit, tip : str
    default : float
    is_whole : bool
        Whether it counts something.
    """

    name: str
    label: str
    unit: str
    tip: str
    default: float
    is_whole: bool


def _defaults() -> dict[str, int | float]:
    """By name, in their order."""
    return dataclasses.asdict(core_audit.settings.DetectionSettings())


def settings_of(session: Session) -> DetectionSettings:
    """The thresholds in use; names that this version does not know are left out."""
    defaults = _defaults()
    kept = [one for one in session.audit_thresholds if one.name in defaults]
    changed: dict[str, Any] = {
        one.name: int(one.value) if isinstance(defaults[one.name], int) else one.value for one in kept
    }
    return core_audit.settings.DetectionSettings(**changed)


def set_threshold(session: Session, name: str, value: float) -> Session:
    """The session with another threshold; one that has its default is not kept.

    Raises
    ------
    ValueError
        For a value that is not positive.
    """
    others = tuple(one for one in session.audit_thresholds if one.name != name)
    is_default = value == _defaults()[name]
    changed = replace(session, audit_thresholds=others if is_default else (*others, Threshold(name, value)))
    settings_of(changed)
    return changed


def threshold_texts() -> tuple[ThresholdText, ...]:
    """All thresholds in their order, explained in the words of their documentation."""
    # Strip the indent that Python 3.13 has stripped already.
    lines = [line.strip() for line in (core_audit.settings.DetectionSettings.__doc__ or "").splitlines()]
    tips: dict[str, list[str]] = {}
    name = ""
    for line in lines[lines.index("Attributes") + 2 : lines.index("Raises")]:
        head = re.fullmatch(r"(\w+) : \w+", line)
        if head is not None:
            name = head[1]
        elif name:
            tips.setdefault(name, []).append(line)
    return tuple(
        ThresholdText(
            name,
            name.replace("_", " ").capitalize(),
            _UNITS.get(name, ""),
            " ".join(tips.get(name, [])).strip(),
            float(default),
            isinstance(default, int),
        )
        for name, default in _defaults().items()
    )
