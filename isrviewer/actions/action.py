"""What an action is, and how the table of actions is written."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from isrcore.values import frozen

__all__ = ["Action", "family", "in_menu", "in_submenu"]


@frozen
class Action:
    """One thing that the user can do.

    Attributes
    ----------
    id, text : str
    keys : str
        Default shortcuts in Qt's portable spelling, separated by blanks.
    tip : str
        One sentence; tooltip and help sheet show it.
    needs : str
        The fact that must hold for the action to be enabled: ``frame`` (one is open), ``pixels`` (a panel shows some),
        ``step`` (one is selected), ``routes``,
        ``running``, ``undo``, ``redo``, ``switch`` (a step that can be switched is selected), ``panels`` (more than
        one), ``bookmarks``, ``named``, ``compared`` (there is a B),
        ``regions``, ``drawn`` (a box or a line), ``box``, ``pins``, ``audit`` (a defect map is open), ``defect`` (one
        is chosen), ``audit_undo``, ``audit_redo``,
        ``audit_frames``, ``part`` (the chosen defect is over-flagged in part), ``comparison`` (of maps), ``other_map``
        (it is with another map), ``difference`` (one of those is chosen),
        ``thresholds`` (some differ from their default); empty for always.
    icon : str
        Name of a qtawesome icon; only for actions on the toolbar.
    checkable : bool
    handler : str
        ``group.method`` when it is not the id.
    argument : object
        Passed to the handler when not None.
    in_image : bool
        The keys work only while an image panel has the focus, because lists and fields need them too.
    menu : str
        One of `MENUS`.
    submenu : str
        Title of the menu within the menu; empty for none.
    """

    id: str
    text: str
    keys: str = ""
    tip: str = ""
    needs: str = ""
    icon: str = ""
    checkable: bool = False
    handler: str = ""
    argument: Any = None
    in_image: bool = False
    menu: str = ""
    submenu: str = ""


def in_menu(name: str, *actions: Action) -> tuple[Action, ...]:
    """The actions of one menu."""
    return tuple(replace(action, menu=name) for action in actions)


def in_submenu(title: str, *actions: Action) -> tuple[Action, ...]:
    """Actions that share a menu within the menu."""
    return tuple(replace(action, submenu=title) for action in actions)


def family(
    handler: str, needs: str, submenu: str, *rows: tuple[Any, str, str, str], checkable: bool = True
) -> tuple[Action, ...]:
    """Actions that share a handler and a submenu and differ in the argument: (argument, text, keys, tip)."""
    return tuple(
        Action(
            id=f"{handler}_{argument}",
            text=text,
            keys=keys,
            tip=tip,
            needs=needs,
            checkable=checkable,
            handler=handler,
            argument=argument,
            submenu=submenu,
        )
        for argument, text, keys, tip in rows
    )
