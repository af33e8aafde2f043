"""What one decides about defects, and where to look next: the part of the Defects menu that works on an open map."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from isrcore import audit as core_audit
from isrviewer.audit.model import TOOLS
from isrviewer.audit.places import map_offset
from isrviewer.session.undo import Scope

if TYPE_CHECKING:
    from isrcore.audit.document import DefectDocument, Edit
    from isrviewer.desk import Desk

__all__ = ["AuditCommands"]

_BRUSHES = (1, 2, 3, 5, 7, 11, 15, 21, 31, 51, 99)


class AuditCommands:
    """Decisions and edits; each is one entry in the undo list of the map."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._audits = desk.audits

    def next(self) -> None:
        self._audits.visit(1)

    def previous(self) -> None:
        self._audits.visit(-1)

    def skip(self) -> None:
        """Come back to this defect at the end of the queue."""
        self._audits.skip()

    def confirm(self) -> None:
        """The chosen defects are defects; on to the next one."""
        self._decide(core_audit.edits.confirm)

    def reject(self) -> None:
        """The chosen defects are none, so the map no longer flags them; on to the next one."""
        self._decide(core_audit.edits.reject)

    def take_candidates(self) -> None:
        """All that the search has found becomes part of the map."""
        self._audits.do(core_audit.edits.take_candidates)

    def take_kind(self) -> None:
        """All candidates of the kind of the chosen one become part of the map."""
        defect = self._audits.defect
        if defect is not None:
            self._audits.do(lambda document: core_audit.edits.take_candidates(document, defect.kind))

    def drop_candidates(self) -> None:
        """Forget what the search has found and nobody has decided about."""
        self._audits.do(core_audit.edits.drop_candidates)

    def reject_part(self) -> None:
        """Erase what the search found indistinguishable from its neighbours in the chosen defect."""
        defect, parts = self._audits.defect, self._audits.over_flagged_parts
        if defect is not None and parts:
            pixels = core_audit.pixels.PixelSet.of(box for part in parts for box in part.boxes)
            self._audits.do(lambda document: core_audit.edits.erase(document, pixels, defect.id))

    def grow(self) -> None:
        self._reshape(core_audit.edits.grow)

    def shrink(self) -> None:
        self._reshape(core_audit.edits.shrink)

    def split(self) -> None:
        """Into connected parts; one connected defect at the row of the cursor."""
        row = self._row_of_cursor()

        def make(document: DefectDocument) -> Edit:
            (number,) = self._one()
            whole = len(document[number].pixels.regions()) == 1
            return core_audit.edits.split(document, number, row=row if whole else None)

        self._audits.do(make)

    def merge(self) -> None:
        """The defects that are chosen together become one."""
        self._audits.do(lambda document: core_audit.edits.merge(document, self._audits.targets))

    def note(self) -> None:
        """Write down why."""
        defect = self._audits.defect
        if defect is None:
            self._desk.strip.note("Choose a defect first: N goes to the next one.")
            return
        targets = self._audits.targets
        self._desk.prompt.ask(
            f"Note on defect {', '.join(map(str, targets))}",
            defect.note,
            lambda text: self._audits.do(lambda document: core_audit.edits.set_note(document, targets, text)),
        )

    def kind(self, kind: str) -> None:
        """Say what the chosen defects are."""
        set_kind, named = core_audit.edits.set_kind, core_audit.defect.DefectKind
        self._audits.do(lambda document: set_kind(document, self._audits.targets, named(kind)))

    def remove(self) -> None:
        """Erase the pixels of the chosen defects from the map."""
        def erase(document: DefectDocument, number: int) -> Edit:
            return core_audit.edits.erase(document, document[number].pixels, number)

        self._reshape(erase)

    def undo(self) -> None:
        self._desk.histories.undo(Scope.MAP)

    def redo(self) -> None:
        self._desk.histories.redo(Scope.MAP)

    def order(self, order: str) -> None:
        """Begin the queue again in another order."""
        audit = self._audits.current
        if audit is not None:
            self._audits.queue_by(order, audit.queue.choice)

    def choice(self, choice: str) -> None:
        """Begin the queue again with other defects."""
        audit = self._audits.current
        if audit is not None:
            self._audits.queue_by(audit.queue.order, choice)

    def part_on(self) -> None:
        """Look at the next part of a long defect."""
        self._desk.cutouts.move_part(1)

    def part_back(self) -> None:
        """Look at the previous part of a long defect."""
        self._desk.cutouts.move_part(-1)

    def cutout(self, size: int) -> None:
        """Show this many pixels on a side around the defect."""
        self._desk.cutouts.set_size(size)
        self._desk.requests.update_actions()

    def show_map(self) -> None:
        """Draw the map over the pictures, or hide it."""
        self._audits.show_map(not self._audits.shows_map)

    def tool(self, tool: str) -> None:
        """Choose what dragging in a panel does; the tool in use again is put away."""
        if tool not in TOOLS:
            raise ValueError(f"there is no tool {tool!r}; choose one of {', '.join(TOOLS)}")
        self._audits.set_tool("" if tool == self._audits.tool else tool)

    def brush(self, direction: int) -> None:
        """The next wider or narrower brush."""
        now = self._audits.brush
        sizes = [size for size in _BRUSHES if (size > now if direction > 0 else size < now)]
        if sizes:
            self._audits.set_tool(self._audits.tool, sizes[0] if direction > 0 else sizes[-1])

    def _decide(self, edit: Callable[[DefectDocument, Iterable[int]], Edit]) -> None:
        if self._audits.do(lambda document: edit(document, self._audits.targets)):
            # The next decision is about the next defect, not about these again.
            self._audits.mark(())
            self._audits.visit(1)

    def _reshape(self, edit: Callable[[DefectDocument, int], Edit]) -> None:
        for number in self._targets():
            self._reshape_one(edit, number)

    def _reshape_one(self, edit: Callable[[DefectDocument, int], Edit], number: int) -> None:
        self._audits.do(lambda document: edit(document, number))

    def _targets(self) -> tuple[int, ...]:
        try:
            return self._audits.targets
        except ValueError as error:
            self._desk.strip.error(str(error))
            return ()

    def _one(self) -> tuple[int]:
        numbers = self._audits.targets
        if len(numbers) != 1:
            raise ValueError(f"expected one chosen defect, found {len(numbers)}; choose one")
        return (numbers[0],)

    def _row_of_cursor(self) -> int | None:
        """The cursor's row in the map; None without a cursor."""
        panel = self._desk.grid.focused
        offset = None if panel.exposure is None else map_offset(panel.exposure)
        return None if panel.pixel is None or offset is None else panel.pixel[1] + offset[1]
