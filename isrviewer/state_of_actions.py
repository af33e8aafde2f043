"""Which actions can be done now and which are on: pure reading of the window's state."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from isrviewer.window import Window

__all__ = ["checked_actions", "facts_of"]


def facts_of(window: Window) -> frozenset[str]:
    """Facts that hold now; see `isrviewer.actions.Action.needs`."""
    session, runs = window.model.session, window.runs
    row = runs.view.row(session.panel.shows.step)
    now = (session.config, session.calibs)
    facts = {
        "frame": runs.view.facts is not None,
        "pixels": window.grid.focused.planes is not None,
        "running": runs.busy,
        "undo": bool(window.model.history.undo_text),
        "redo": bool(window.model.history.redo_text),
        "switch": row is not None and row.step.switch is not None,
        "panels": len(session.panels) > 1,
        "bookmarks": bool(session.bookmarks),
        "named": any((state.config, state.calibs) != now for state in session.named),
    }
    return frozenset(name for name, holds in facts.items() if holds)


def checked_actions(window: Window) -> frozenset[str]:
    """Ids of the checkable actions that are on."""
    session = window.model.session
    picture = session.panel.picture
    on = {
        f"view.panels_{len(session.panels)}",
        f"view.link_{session.link}",
        f"picture.limits_{picture.limits.mode}",
        f"picture.stretch_{picture.stretch.name}",
        f"picture.colormap_{picture.colours.name}",
    }
    switches = {
        "picture.sticky": picture.limits.sticky,
        "picture.invert": picture.colours.inverted,
        "masks.toggle": session.overlay.visible,
        "run.pause_at_views": session.pause_at_views,
        "view.full_panel": window.docks.are_put_away,
        "view.blink": window.grid.is_blinking,
    }
    return frozenset(on | {action_id for action_id, is_on in switches.items() if is_on})
