"""THE table of actions. Menus, toolbar, shortcuts, command palette, help sheet and the tests are made from it.

An action's id is ``group.method``: that method of the window's command group does the work, unless `handler` names
another one (then `argument` tells the siblings apart).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

__all__ = ["ACTIONS", "BY_ID", "MENUS", "Action", "keys_of"]

MENUS = ("File", "Edit", "View", "Picture", "Run", "Masks", "Tools", "Help")


@dataclass(frozen=True)
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
        ``running``, ``undo``, ``redo``, ``switch`` (a step that can be switched is selected), ``panels`` (more than
        one), ``bookmarks``, ``named``; empty for always.
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

    @property
    def method(self) -> tuple[str, str]:
        """Command group and method that do the work."""
        group, _, method = (self.handler or self.id).partition(".")
        return group, method


def _menu(name: str, *actions: Action) -> tuple[Action, ...]:
    return tuple(replace(action, menu=name) for action in actions)


def _family(handler: str, needs: str, *rows: tuple[Any, str, str, str]) -> tuple[Action, ...]:
    """Checkable actions that share a handler and differ in the argument: (argument, text, keys, tip)."""
    return tuple(
        Action(f"{handler}_{argument}", text, keys, tip, needs, checkable=True, handler=handler, argument=argument)
        for argument, text, keys, tip in rows
    )


def _moves(*rows: tuple[str, int, int]) -> tuple[Action, ...]:
    """Cursor moves by one pixel, and by ten with Shift: (direction, dx, dy)."""
    return tuple(
        Action(
            id=f"view.{direction.lower()}_{size}",
            text=f"Cursor {direction.lower()}" if size == 1 else f"Cursor ten {direction.lower()}",
            keys=direction if size == 1 else f"Shift+{direction}",
            tip="Move the cursor one pixel" if size == 1 else "Move the cursor ten pixels",
            needs="pixels",
            handler="view.move_cursor",
            argument=(size * dx, size * dy),
            in_image=True,
        )
        for size in (1, 10)
        for direction, dx, dy in rows
    )


ACTIONS: tuple[Action, ...] = (
    *_menu(
        "File",
        Action("file.open", "Open frame…", "Ctrl+O", "Open a raw MegaCam frame", icon="mdi6.folder-open-outline"),
        Action("file.open_demo", "Open the demo", "", "Simulate a small frame with calibrations and open it"),
        Action("file.calib_folder", "Calibration folder…", "", "Choose the folder to look for calibrations in"),
        Action("file.open_session", "Open session…", "Ctrl+Shift+O", "Restore everything from a session file"),
        Action("file.save_session", "Save session…", "Ctrl+S", "Write everything that is open to a session file"),
        Action("file.load_config", "Load config overrides…", "", "Apply an LSST config override file"),
        Action("file.save_config", "Save config overrides…", "", "Write the changed config fields as an override file"),
        Action(
            "file.export",
            "Export step as FITS…",
            "Ctrl+E",
            "Write image, mask and variance on screen as FITS",
            "pixels",
        ),
        Action("file.screenshot", "Save screenshot…", "Ctrl+Shift+S", "Write the window as a PNG picture"),
        Action("file.quit", "Quit", "Ctrl+Q", "Close the program; a run in progress is stopped"),
    ),
    *_menu(
        "Edit",
        Action("edit.undo", "Undo", "Ctrl+Z", "Take the last change back", "undo", icon="mdi6.undo"),
        Action("edit.redo", "Redo", "Ctrl+Shift+Z Ctrl+Y", "Do the change again", "redo", icon="mdi6.redo"),
        Action("edit.remember", "Remember these parameters", "", "Keep config and calibrations under a name", "frame"),
        Action(
            "edit.recall", "Return to remembered parameters", "", "Go back to the parameters remembered last", "named"
        ),
        Action("edit.reset_config", "Reset all config fields", "", "Return every config field to what the task sets"),
        Action("edit.copy_overrides", "Copy as override file", "", "Copy the changed config fields as LSST overrides"),
        Action("edit.copy_command_line", "Copy as command line", "", "Copy the isrcore command for this CCD", "frame"),
        Action("edit.shortcuts", "Change shortcuts…", "", "Give actions other keys"),
    ),
    *_menu(
        "View",
        Action("view.zoom_in", "Zoom in", "+ Ctrl++", "Twice as large around the centre", "pixels"),
        Action("view.zoom_out", "Zoom out", "- Ctrl+-", "Half as large around the centre", "pixels"),
        Action("view.fit", "Fit", "F", "Show the whole plane", "pixels"),
        Action("view.one_to_one", "1:1", "=", "One image pixel on one screen pixel", "pixels"),
        Action("view.go_to", "Go to…", "G", "Centre on x, y (0-based) or on RA, Dec", "pixels"),
        Action("view.next_plane", "Next plane", "V", "Image, variance, S/N, mask in turn", "frame"),
        Action(
            "view.difference",
            "Difference to the previous step",
            "D",
            "Subtract the step before; again to go back",
            "frame",
        ),
        Action("view.peek", "Previous step (hold)", "`", "While held: the step before, at the same view", "frame"),
        Action(
            "view.blink",
            "Blink with the previous step",
            "B",
            "Swap twice a second; again to stop",
            "frame",
            checkable=True,
        ),
        *_family(
            "view.panels",
            "",
            (1, "One panel", "Ctrl+1", "Show one image panel"),
            (2, "Two panels", "Ctrl+2", "Show two image panels"),
            (4, "Four panels", "Ctrl+4", "Show four image panels"),
            (6, "Six panels", "Ctrl+6", "Show six image panels"),
        ),
        Action("view.next_panel", "Next panel", "Ctrl+Tab", "Steer the next image panel", "panels"),
        *_family(
            "view.link",
            "panels",
            ("off", "Link: off", "", "Every panel has its own view"),
            ("zoom", "Link: zoom", "", "Panels have one zoom and their own centres"),
            ("zoom+centre", "Link: zoom+centre", "", "Panels show the same place"),
        ),
        Action(
            "view.full_panel",
            "Only the image panels",
            "F11",
            "Hide all docks; again to bring them back",
            checkable=True,
        ),
        *_moves(("Left", -1, 0), ("Right", 1, 0), ("Up", 0, 1), ("Down", 0, -1)),
    ),
    *_menu(
        "Picture",
        *_family(
            "picture.limits",
            "frame",
            ("zscale", "Limits: zscale", "Z", "The zscale limits of IRAF"),
            ("minmax", "Limits: min max", "X", "Smallest to largest finite value"),
            ("percentile", "Limits: percentile", "", "The central 99.5 % of the pixels"),
        ),
        Action(
            "picture.sticky", "Keep limits", "L", "Keep the numbers when another step is shown", "frame", checkable=True
        ),
        *_family(
            "picture.stretch",
            "frame",
            ("linear", "Stretch: linear", "", "Colour proportional to the value"),
            ("log", "Stretch: log", "", "Logarithmic, as in DS9"),
            ("sqrt", "Stretch: square root", "", "Square root"),
            ("asinh", "Stretch: asinh", "", "Inverse hyperbolic sine"),
        ),
        *_family(
            "picture.colormap",
            "frame",
            ("gray", "Colours: gray", "", "Black to white"),
            ("viridis", "Colours: viridis", "", "Dark blue to yellow"),
            ("inferno", "Colours: inferno", "", "Black over red to yellow"),
            ("cividis", "Colours: cividis", "", "Blue to yellow, colour-blind safe"),
        ),
        Action("picture.invert", "Invert colours", "I", "Swap the ends of the colour map", "frame", checkable=True),
        Action("picture.reset_contrast", "Reset contrast and bias", "", "Undo the right drag", "frame"),
    ),
    *_menu(
        "Run",
        Action(
            "run.to_end", "Run", "R", "Run the chain to its end or to the next breakpoint", "frame", icon="mdi6.play"
        ),
        Action("run.step", "Step", "F10", "Run one more step", "frame", icon="mdi6.debug-step-over"),
        Action(
            "run.to_selected", "Run to the selected step", "Shift+R", "Run and stop after the selected step", "frame"
        ),
        Action(
            "run.stop",
            "Stop",
            "Esc",
            "End the run at the next step; what is finished stays",
            "running",
            icon="mdi6.stop",
        ),
        Action(
            "run.toggle_step",
            "Switch the step on or off",
            "T",
            "Switch the selected step; only the rest runs again",
            "switch",
        ),
        Action(
            "run.breakpoint", "Stop after this step", "F9", "Set or clear a breakpoint on the selected step", "frame"
        ),
        Action(
            "run.pause_at_views",
            "Pause at debug views",
            "",
            "Stop at every debug view of the reference",
            checkable=True,
        ),
        Action("run.next_step", "Next step", "]", "Show the next step in the focused panel", "frame"),
        Action("run.previous_step", "Previous step", "[", "Show the step before in the focused panel", "frame"),
        Action(
            "run.previous_ccd",
            "Previous CCD",
            ",",
            "Open the previous CCD of this frame",
            "frame",
            icon="mdi6.chevron-left",
        ),
        Action("run.next_ccd", "Next CCD", ".", "Open the next CCD of this frame", "frame", icon="mdi6.chevron-right"),
    ),
    *_menu(
        "Masks",
        Action("masks.toggle", "Show masks", "M", "Draw the mask planes over the picture", checkable=True),
        *(
            Action(
                id=f"masks.plane_{number}",
                text=f"Plane {number}",
                keys=f"Shift+{number}",
                tip="Show or hide the plane in this row of the list",
                needs="pixels",
                handler="masks.toggle_plane",
                argument=number - 1,
            )
            for number in range(1, 10)
        ),
    ),
    *_menu(
        "Tools",
        Action(
            "tools.palette",
            "Find an action…",
            "Ctrl+Shift+P",
            "Type a part of its name, press Return",
            icon="mdi6.magnify",
        ),
        Action("tools.find_field", "Find a config field…", "Ctrl+F", "Search the config editor"),
        Action("tools.pin", "Pin this pixel", "P", "Follow the pixel under the cursor through all steps", "pixels"),
        Action("tools.bookmark", "Bookmark this view", "Ctrl+B", "Keep step and place", "pixels"),
        Action("tools.next_bookmark", "Next bookmark", "Ctrl+J", "Go to the next bookmark", "bookmarks"),
        Action("tools.show_steps", "Steps", "Alt+1", "Go to the list of steps"),
        Action("tools.show_log", "Log", "Alt+2", "Show the log"),
        Action("tools.show_header", "Header", "Alt+3", "Show the FITS headers of the frame"),
    ),
    *_menu(
        "Help",
        Action("help.keys", "Keys", "?", "All actions and their keys on one sheet"),
        Action("help.about", "About", "", "Versions of this program and its libraries"),
    ),
)
BY_ID: Mapping[str, Action] = {action.id: action for action in ACTIONS}


def keys_of(action: Action, changed: Mapping[str, str]) -> list[str]:
    """Shortcuts of an action after the user's changes (action id -> keys separated by blanks)."""
    return changed.get(action.id, action.keys).split()
