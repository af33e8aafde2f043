"""The audit queue: one defect at a time, in every frame at hand, with its numbers and the decisions about it."""

from __future__ import annotations

import logging
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QHideEvent, QKeySequence, QPalette, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QWidget

from isrcore import audit as core_audit
from isrcore.status import Status
from isrviewer.audit.effects import EffectWatch
from isrviewer.audit.model import AuditModel
from isrviewer.audit.witnesses import ASSEMBLED, data_at_hand, witnesses
from isrviewer.plots.elided import ElidedLabel
from isrviewer.plots.inspector import InspectorPanel
from isrviewer.runner.background import Background
from isrviewer.runner.model import RunModel
from isrviewer.session import Session, SessionModel
from isrviewer.theme import GRID

if TYPE_CHECKING:
    from isrcore.audit.defect import Defect
    from isrcore.audit.document import DefectDocument
    from isrcore.audit.statistics import DefectStatistics
    from isrcore.camera import Detector
    from isrviewer.audit.cutouts import Witness
    from isrviewer.panels.defects.bar import Buttons
    from isrviewer.panels.defects.facts import Cure

__all__ = ["AuditQueuePanel"]

_log = logging.getLogger(__name__)

_TALL = 400
"""Height in logical pixels from which the profiles lie below the cut-outs."""

_WIDE = 800
"""Width from which the profiles fit beside the cut-outs."""

_HINT = 240
"""Height from which there is a line for the keys."""

_HINTS = (
    (("audit.next",), "next"),
    (("audit.confirm",), "confirm"),
    (("audit.reject",), "reject"),
    (("audit.skip",), "skip"),
    (("audit.grow",), "grow"),
    (("audit.note",), "note"),
    (("audit.kind_hot pixel", "audit.kind_unknown"), "kind"),
    (("audit.undo",), "undo"),
    (("audit.part_on",), "further along"),
    (("maps.measure",), "measure all"),
)

_NO_MAP = "No defect map is open for this CCD: Defects → Audit the map in use, or Open map."


class AuditQueuePanel(InspectorPanel):
    """Cut-outs, profiles, facts and decisions about the chosen defect.

    Visits cut small boxes out of planes in memory and need no run; the planes themselves follow the run.

    Signals
    -------
    place_chosen(int, int)
        The user wants to see this pixel in the focused panel: trimmed frame, from 0.
    cure_asked(str)
        Id of an action, or a config field to switch on, so that edits reach the run.
    """

    place_chosen = Signal(int, int)
    cure_asked = Signal(str)

    def __init__(self, audits: AuditModel, model: SessionModel, runs: RunModel, parent: QWidget | None = None) -> None:
        super().__init__(model, runs, parent)
        self.audits = audits
        self.effects = EffectWatch(audits, model, runs, self)
        self.size_shown = 41
        self.part = 0
        self._actions: Buttons | None = None
        self._witnesses: tuple[Witness, ...] = ()
        self._measuring = Background(self)
        self._measured: tuple[object, ...] = ()
        self._drawn: DefectDocument | None = None
        audits.opened.connect(self.refresh)
        audits.measured.connect(self.refresh)
        audits.selected.connect(lambda _: self._visit())
        audits.rested.connect(self._catch_up)
        audits.queue_changed.connect(self._queue_changed)
        self.effects.changed.connect(self._show_effect)

    def sizeHint(self) -> QSize:
        return QSize(1000, 260)

    # For the window

    def use_actions(self, actions: Buttons) -> None:
        """The table of actions, which the buttons are made from."""
        self._actions = actions

    def close_background(self) -> None:
        super().close_background()
        self._measuring.close()
        self.effects.close()

    def set_size(self, size: int) -> None:
        """Show this many pixels on a side."""
        self.size_shown, self.part = size, 0
        self._draw()

    def move_part(self, direction: int) -> None:
        """Look at the next (1) or previous (-1) part of a long defect, here and in the focused panel."""
        from isrviewer.audit.cutouts import part_count, place

        defect = self.audits.defect
        if defect is None:
            return
        last = part_count(defect.pixels, self.size_shown) - 1
        part = min(max(self.part + direction, 0), last)
        if part != self.part:
            self.part = part
            self._draw()
            box = place(defect.pixels, self.size_shown, part)
            self.place_chosen.emit(box.x0 + box.width // 2, box.y0 + box.height // 2)

    @property
    def is_settled(self) -> bool:
        return super().is_settled and self.audits.is_at_rest and (not self._is_shown or self._key() == self._measured)

    # Building and following

    def build(self) -> None:
        from isrviewer.panels.defects.bar import AuditBar
        from isrviewer.panels.defects.cutouts import CutoutStrip
        from isrviewer.panels.defects.facts import DefectFacts
        from isrviewer.panels.defects.profiles import ProfilePlots

        assert self._actions is not None, "the window gives the actions before it shows the panel"
        self.bar = AuditBar(self._actions)
        self.bar.asked.connect(self._ask_queue)
        self.facts = DefectFacts()
        self.facts.cure_asked.connect(self.cure_asked)
        self.strip = CutoutStrip()
        self.strip.chosen.connect(self._draw_profiles)
        self.strip.place_chosen.connect(self.place_chosen)
        self.strip.part_asked.connect(self.move_part)
        self.profiles = ProfilePlots()
        self._pictures = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._pictures.setSpacing(2 * GRID)
        self._pictures.addWidget(self.strip, 5)
        self._pictures.addWidget(self.profiles, 3)
        body = QWidget()
        row = QHBoxLayout(body)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2 * GRID)
        row.addWidget(self.facts)
        row.addLayout(self._pictures, 1)
        self._body = body
        self.column.addWidget(self.bar)
        self.column.addWidget(body, 1)
        self.hint = ElidedLabel()
        self.hint.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.column.addWidget(self.hint)
        self._arrange()

    def ask(self) -> None:
        audit = self.audits.current
        for widget in (self.bar, self._body):
            widget.setVisible(audit is not None)
        self._arrange()
        self.hint.setText(self._keys())
        if audit is None:
            self._witnesses = ()
            self.say(_NO_MAP)
            return
        self.say("")
        step = self.model.session.panel.shows.step
        known = [name for name in (ASSEMBLED, step) if self.runs.view.row(name) is not None]
        self._recompute(tuple(dict.fromkeys(known)))
        self._is_computing = False
        self._witnesses = witnesses(self.runs, step, audit)
        self._draw()
        self._show_progress()
        self._show_effect()

    def _keys(self) -> str:
        """The keys that one needs all the time, as the user has set them."""
        assert self._actions is not None
        actions, form = self._actions.by_id, QKeySequence.SequenceFormat.NativeText
        shown = [([actions[name].shortcut().toString(form) for name in names], word) for names, word in _HINTS]
        return "   ".join(f"{'–'.join(keys)} {word}" for keys, word in shown if all(keys))

    def session_changed(self, old: Session, new: Session) -> None:
        super().session_changed(old, new)
        if old.panel.colours != new.panel.colours:
            self._draw()
        if old.audit_feeds != new.audit_feeds:
            self._show_effect()

    def set_in_front(self, in_front: bool) -> None:
        if not in_front:
            self._let_go()
        super().set_in_front(in_front)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._let_go()

    def _let_go(self) -> None:
        """Planes that nobody sees need no memory."""
        self._witnesses = ()
        self._is_stale = True

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._is_built:
            self._arrange()

    def _arrange(self) -> None:
        is_tall = self.height() >= _TALL
        directions = QBoxLayout.Direction
        self._pictures.setDirection(directions.TopToBottom if is_tall else directions.LeftToRight)
        self.profiles.setVisible(is_tall or self.width() >= _WIDE)
        self.hint.setVisible(self.height() >= _HINT and self.audits.current is not None)

    @property
    def _is_shown(self) -> bool:
        return self._is_built and self.is_seen and self.audits.current is not None

    @property
    def _detector(self) -> Detector | None:
        raw = self.runs.view.raw
        return None if raw is None else raw.detector

    # What is shown

    def _visit(self) -> None:
        self.part = 0
        self._draw()
        self._show_progress()

    def _queue_changed(self) -> None:
        """Another order, or other defects; what an edit adds is followed at rest."""
        if not self.audits.is_at_rest:
            return
        self._show_progress()
        if self.audits.defect is None:
            self._draw()

    def _catch_up(self) -> None:
        """Follow edits; a decision that went on to the next defect has been followed already."""
        if self.audits.document is not self._drawn:
            self._draw()

    def _draw(self) -> None:
        """Cut the place of the chosen defect out of every frame."""
        if not self._is_shown:
            return
        from isrviewer.audit.cutouts import cut, flagged_around, place
        from isrviewer.panels.defects.cutouts import Scene

        defect, document, detector = self.audits.defect, self.audits.document, self._detector
        audit, self._drawn = self.audits.current, document
        group, is_empty = (len(audit.group), not audit.queue.numbers) if audit is not None else (0, False)
        self.facts.show_defect(defect, detector, group, is_empty)
        self.bar.show_size(self.size_shown)
        if defect is None or document is None or detector is None:
            self.strip.show_scene(None)
            self.profiles.show_scene(None, ())
            self.facts.show_statistics(None)
            return
        box = place(defect.pixels, self.size_shown, self.part)
        others = flagged_around(document, box)
        own = defect.pixels.to_mask(box)
        on_chip = np.zeros(box.shape, np.bool_)
        on_chip[box.intersect(document.frame).slices((box.x0, box.y0))] = True
        cutouts = cut(self._witnesses, box, detector, others | own)
        self.strip.show_scene(Scene(cutouts, box, own, others, on_chip, self.model.session.panel.picture.colours))
        self._draw_profiles()
        self._measure(defect)
        self._show_progress()

    def _draw_profiles(self) -> None:
        self.profiles.show_scene(self.strip.scene, self.strip.chosen_cutouts)

    def _show_progress(self) -> None:
        audit = self.audits.current
        if not self._is_shown or audit is None:
            return
        numbers = audit.queue.numbers
        counts = Counter(str(audit.document[number].status) for number in numbers if number in audit.document)
        here = numbers.index(audit.selected) + 1 if audit.selected in numbers else 0
        self.bar.show_progress(here, len(numbers), counts)
        self.bar.show_queue(audit.queue.order, audit.queue.choice)

    def _ask_queue(self, action_id: str) -> None:
        assert self._actions is not None
        self._actions.trigger(action_id)
        # An order that needs numbers may have been refused.
        self._show_progress()

    # Numbers

    def _key(self) -> tuple[object, ...]:
        """What the numbers on screen depend on."""
        audit, defect = self.audits.current, self.audits.defect
        return () if audit is None or defect is None else (id(audit), defect.id, defect.pixels, *map(id, self._planes))

    @property
    def _planes(self) -> list[object]:
        """What is in memory to measure in; compared by identity, and held so that nothing younger takes its place."""
        return [one.planes for one in self._witnesses]

    def _measure(self, defect: Defect) -> None:
        """Measure the chosen defect in what is in memory."""
        audit, document, key = self.audits.current, self.audits.document, self._key()
        if audit is None or document is None or key == self._measured:
            return
        data = data_at_hand(self.runs, audit)
        if data is None:
            self._measured = key
            self.facts.show_statistics(None, "No frame to measure in is in memory")
            return
        known = audit.statistics.get(defect.id)
        self.facts.show_statistics(known, "Measuring…")

        def work() -> DefectStatistics | Exception:
            try:
                return core_audit.statistics.measure_defects([defect.pixels], data, document.mask())[0]
            except Exception as error:
                # Any error becomes a message.
                return error

        def show(found: DefectStatistics | Exception) -> None:
            self._measured = key
            if isinstance(found, Exception):
                _log.error("Defect %d could not be measured", defect.id, exc_info=found)
                self.facts.show_statistics(None, f"Could not be measured: {found}")
            elif self._is_shown:
                self.facts.show_statistics(found)

        self._measuring.compute(work, show)

    def _show_effect(self) -> None:
        if self._is_shown:
            self.facts.show_effect(self.effects.last, self.effects.is_waiting)
            self.facts.show_cure(self._cure())

    def _cure(self) -> Cure | None:
        from isrviewer.panels.defects.facts import Cure

        if not self.model.session.audit_feeds:
            return Cure("Runs take the map of the calibrations", "Run with this map", "maps.feed")
        for field, what in (("doDefect", "does not flag the defects"), ("doInterpolate", "interpolates nothing")):
            row = self.runs.view.row(field)
            if row is not None and row.status is Status.SKIPPED:
                return Cure(f"{field} is off: the run {what}", f"Switch {field} on", field)
        return None
