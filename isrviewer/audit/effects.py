"""What the last edit of the map did to the final frame: measured before and after, when the chain has run again."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from isrcore import audit as core_audit
from isrcore.image import Mask
from isrviewer.audit.model import AuditModel
from isrviewer.runner.background import Background
from isrviewer.runner.model import RunModel
from isrviewer.session import SessionModel

if TYPE_CHECKING:
    from isrcore.audit.defect import Defect
    from isrcore.audit.document import DefectDocument
    from isrcore.audit.effect import Effect

__all__ = ["EditEffect", "EffectWatch"]

_PLANE = "INTRP"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class EditEffect:
    """An edit and the final frame before and after it.

    Attributes
    ----------
    label : str
        Of the edit: ``grow``.
    defects : tuple of int
        What it changed.
    before, after : `Effect`
    """

    label: str
    defects: tuple[int, ...]
    before: Effect
    after: Effect


@dataclass(frozen=True, eq=False)
class _Final:
    """What is kept of a final frame."""

    image: NDArray[np.float32]
    mask: Mask


class EffectWatch(QObject):
    """Compares the final frames around every edit that changes which pixels are flagged.

    Attributes
    ----------
    last : `EditEffect` or None
        Of the last edit of the current map.
    is_waiting : bool
        Whether an edit waits for its run or for its numbers.

    Signals
    -------
    changed()
    """

    changed = Signal()

    def __init__(
        self, audits: AuditModel, model: SessionModel, runs: RunModel, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._audits = audits
        self._model = model
        self._runs = runs
        self.last: EditEffect | None = None
        self.is_waiting = False
        self._before: _Final | None = None
        self._edit: tuple[str, dict[int, Defect]] | None = None
        self._background = Background(self)
        # Asked before the run model hears of the new map: the final frame is still that of the old one.
        audits.document_changed.connect(self._edited)
        audits.opened.connect(self._forget)
        runs.loaded.connect(self._forget)
        runs.ended.connect(self._ended)

    def close(self) -> None:
        """The window closes: drop all work."""
        self._background.close()
        self._before = None

    def _forget(self) -> None:
        self.last = self._before = self._edit = None
        self.is_waiting = False
        self.changed.emit()

    def _edited(self, before: DefectDocument, after: DefectDocument) -> None:
        touched = _touched(before, after)
        if not touched:
            return
        if self._before is None and self._model.session.audit_feeds:
            self._before = self._final()
        self._edit = self._label(touched), touched
        self.is_waiting = self._before is not None
        self.changed.emit()

    def _label(self, touched: Mapping[int, Defect]) -> str:
        """In words; what is not the last edit that stands is the undo of one."""
        audit = self._audits.current
        done = audit.history.done[-1:] if audit is not None else []
        made = (edit.label for edit in done for change in edit.changes if touched.get(change.id) is change.after)
        return next(made, "undo")

    def _final(self) -> _Final | None:
        """The result of a complete run in the trimmed frame."""
        view = self._runs.view
        if not all(row.status.has_result for row in view.rows):
            return None
        exposure, document = self._runs.exposure(self._runs.last_step()), self._audits.document
        if exposure is None or document is None or exposure.bbox != document.frame:
            return None
        return _Final(exposure.image, exposure.mask)

    def _ended(self) -> None:
        before, edit, after = self._before, self._edit, self._final()
        document = self._audits.document
        if before is None or edit is None or after is None or document is None or not self.is_waiting:
            return
        label, touched = edit
        frame = document.frame
        self._before = None

        def work() -> EditEffect | Exception:
            try:
                boxes = (box for defect in touched.values() for box in defect.pixels.boxes)
                pixels, measure = core_audit.pixels.PixelSet.of(boxes), core_audit.effect.measure_effect
                first, second = (
                    measure(one.image, one.mask.has(_PLANE), pixels, frame) for one in (before, after)
                )
            except Exception as error:
                # Who waits for the effect must hear that there is none.
                return error
            return EditEffect(label, tuple(touched), first, second)

        self._background.compute(work, self._show)

    def _show(self, found: EditEffect | Exception) -> None:
        if isinstance(found, Exception):
            _log.error("The effect of an edit could not be measured", exc_info=found)
        self.last = None if isinstance(found, Exception) else found
        self.is_waiting = self._before is not None
        self.changed.emit()


def _touched(before: DefectDocument, after: DefectDocument) -> dict[int, Defect]:
    """The defects whose flagged pixels an edit has changed, as they are now, or were when they are gone."""
    touched = {}
    for number in {**before.by_id, **after.by_id}:
        old, new = before.by_id.get(number), after.by_id.get(number)
        if old is new:
            continue
        flagged = [None if one is None or not one.flags else one.pixels for one in (old, new)]
        if flagged[0] != flagged[1]:
            touched[number] = new or old
    return {number: defect for number, defect in touched.items() if defect is not None}
