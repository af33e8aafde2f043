"""Which actions can be done now and which are on: pure reading of the desk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isrviewer.session.state import Route

if TYPE_CHECKING:
    from isrviewer.desk import Desk

__all__ = ["checked_actions", "facts_of", "next_texts"]


def facts_of(desk: Desk) -> frozenset[str]:
    """Facts that hold now; see `isrviewer.actions.table.Action.needs`."""
    session, runs = desk.model.session, desk.runs
    row = runs.view.row(session.panel.shows.step)
    now = (session.config, session.calibs)
    comparing = desk.comparing
    facts = {
        "frame": runs.view.facts is not None,
        "pixels": desk.grid.focused.planes is not None,
        "running": runs.busy,
        "undo": desk.histories.next_undo() is not None,
        "redo": desk.histories.next_redo() is not None,
        "switch": row is not None and row.step.switch is not None,
        "panels": len(session.panels) > 1,
        "step": row is not None,
        "routes": bool(session.routes),
        "bookmarks": bool(session.bookmarks),
        "regions": bool(session.regions),
        "pins": bool(session.pins),
        "box": session.box is not None and desk.grid.focused.planes is not None,
        "drawn": session.box is not None or session.line is not None,
        "audit": desk.audits.current is not None,
        "defect": desk.audits.defect is not None,
        "candidates": desk.audits.has_candidates,
        "candidate": desk.audits.is_candidate,
        "audit_undo": desk.audits.current is not None and bool(desk.audits.current.history.done),
        "audit_redo": desk.audits.current is not None and bool(desk.audits.current.history.undone),
        "audit_frames": bool(session.audit_frames),
        "thresholds": bool(session.audit_thresholds),
        "part": bool(desk.audits.over_flagged_parts),
        "comparison": comparing.comparison is not None,
        "other_map": comparing.can_apply,
        "difference": comparing.can_apply and bool(comparing.chosen),
        "compared": session.other is not None,
        "named": any((state.config, state.calibs) != now for state in session.named),
    }
    return frozenset(name for name, holds in facts.items() if holds)


def next_texts(desk: Desk) -> dict[str, str]:
    """What actions would do next that do something else every time, by their ids."""
    histories = desk.histories
    return {
        "edit.undo": histories.next_text(histories.next_undo()),
        "edit.redo": histories.next_text(histories.next_redo()),
    }


def checked_actions(desk: Desk) -> frozenset[str]:
    """Ids of the checkable actions that are on."""
    session = desk.model.session
    panel, shows = session.panel, session.panel.shows
    limits, colours = panel.limits, panel.colours
    on = {
        f"tools.scheme_{desk.settings.value.scheme}",
        f"view.panels_{len(session.panels)}",
        f"view.link_{session.link}",
        f"view.plane_{shows.plane}",
        f"view.calibration_{shows.of.name if shows.of.is_calibration else ''}",
        f"picture.limits_{limits.mode}",
        f"picture.stretch_{panel.picture.stretch.name}",
        f"picture.colormap_{colours.name}",
        f"picture.reduction_{panel.picture.reduction}",
        f"masks.preset_{session.overlay.preset}",
        f"audit.tool_{desk.audits.tool}",
        f"audit.cutout_{desk.cutouts.size_shown}",
    }
    if shows.is_comparison:
        on.add(f"view.compare_{shows.combine}")
    if limits.mode == "percentile":
        on.add(f"picture.percentile_{limits.percent}")
    audit, defect = desk.audits.current, desk.audits.defect
    if audit is not None:
        on |= {f"audit.order_{audit.queue.order}", f"audit.choice_{audit.queue.choice}"}
    if defect is not None:
        on.add(f"audit.kind_{defect.kind}")
    switches = {
        "picture.sticky": limits.sticky,
        "picture.exclude_masked": limits.exclude_masked,
        "picture.invert": colours.inverted,
        "picture.mark_range": colours.under is not None,
        "masks.toggle": session.overlay.visible,
        "masks.outline": desk.masks.is_outlined,
        "run.route": Route(shows.step, session.focused) in session.routes,
        "run.pause_at_views": session.pause_at_views,
        "audit.show_map": desk.audits.shows_map,
        "maps.feed": session.audit_feeds,
        "maps.show_comparison": desk.audits.shows_comparison,
        "watch.folder": desk.watch.folder is not None,
        "view.full_panel": desk.docks.are_put_away,
        "view.blink": desk.grid.is_blinking,
        "view.curtain": panel.curtain is not None,
        "view.same_limits": session.same_limits,
    }
    return frozenset(on | {action_id for action_id, is_on in switches.items() if is_on})
