"""THE table of actions. Menus, toolbar, shortcuts, command palette, help sheet and the tests are made from it.

An action's id is ``group.method``: the method of that name on the window's command group does the work, unless `handler`
names another one (then `argument` tells the siblings apart).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["ACTIONS", "BY_ID", "MENUS", "Action", "keys_of"]

MENUS = ("File", "Edit", "View", "Picture", "Run", "Masks", "Tools", "Help")


@dataclass(frozen=True)
class Action:
    """One thing that the user can do.

    Attributes
    ----------
    id, text, menu : str
    keys : tuple of str
        Default shortcuts in Qt's portable spelling.
    tip : str
        One sentence; tooltip and help sheet show it.
    icon : str
        Name of a qtawesome icon; only for actions on the toolbar.
    needs : tuple of str
        Facts that must hold for the action to be enabled: ``frame`` (one is open), ``pixels`` (a panel shows some),
        ``running``, ``idle``, ``undo``, ``redo``, ``step`` (a step that can be switched is selected), ``panels`` (more than
        one).
    checkable : bool
    handler : str
        ``group.method`` when it is not the id.
    argument : object
        Passed to the handler when not None.
    in_image : bool
        The keys work only while an image panel has the focus, because lists and fields need them too.
    """

    id: str
    text: str
    menu: str
    keys: tuple[str, ...] = ()
    tip: str = ""
    icon: str = ""
    needs: tuple[str, ...] = ()
    checkable: bool = False
    handler: str = ""
    argument: Any = None
    in_image: bool = False

    @property
    def method(self) -> tuple[str, str]:
        """Command group and method that do the work."""
        group, _, method = (self.handler or self.id).partition(".")
        return group, method


def _family(handler: str, menu: str, needs: tuple[str, ...], *rows: tuple[Any, str, str, tuple[str, ...]]) -> tuple[Action, ...]:
    """Actions that share a handler and differ in the argument: (argument, text, tip, keys)."""
    return tuple(
        Action(f"{handler}_{argument}".replace("+", "_"), text, menu, keys, tip, "", needs, True, handler, argument)
        for argument, text, tip, keys in rows
    )


_FILE = (
    Action("file.open", "Open frame…", "File", ("Ctrl+O",), "Open a raw MegaCam frame", "mdi6.folder-open-outline"),
    Action("file.open_demo", "Open the demo", "File", (), "Simulate a small frame with calibrations and open it"),
    Action("file.calib_folder", "Calibration folder…", "File", (), "Choose the folder to look for calibrations in"),
    Action("file.open_session", "Open session…", "File", ("Ctrl+Shift+O",), "Restore everything from a session file"),
    Action("file.save_session", "Save session…", "File", ("Ctrl+S",), "Write everything that is open to a session file"),
    Action("file.load_config", "Load config overrides…", "File", (), "Apply an LSST config override file"),
    Action("file.save_config", "Save config overrides…", "File", (), "Write the changed config fields as an override file"),
    Action("file.export", "Export step as FITS…", "File", ("Ctrl+E",), "Write image, mask and variance on screen as FITS", "", ("pixels",)),
    Action("file.screenshot", "Save screenshot…", "File", ("Ctrl+Shift+S",), "Write the window as a PNG picture"),
    Action("file.quit", "Quit", "File", ("Ctrl+Q",), "Close the program; a run in progress is stopped"),
)

_EDIT = (
    Action("edit.undo", "Undo", "Edit", ("Ctrl+Z",), "Take the last change back", "mdi6.undo", ("undo",)),
    Action("edit.redo", "Redo", "Edit", ("Ctrl+Shift+Z", "Ctrl+Y"), "Do the change again", "mdi6.redo", ("redo",)),
    Action("edit.remember", "Remember these parameters", "Edit", (), "Keep config and calibrations under a name", "", ("frame",)),
    Action("edit.recall", "Return to remembered parameters", "Edit", (), "Go back to the parameters remembered last", "", ("named",)),
    Action("edit.reset_config", "Reset all config fields", "Edit", (), "Return every config field to what the task sets"),
    Action("edit.shortcuts", "Change shortcuts…", "Edit", (), "Give actions other keys"),
)

_VIEW = (
    Action("view.zoom_in", "Zoom in", "View", ("+", "Ctrl++"), "Twice as large around the centre", "", ("pixels",)),
    Action("view.zoom_out", "Zoom out", "View", ("-", "Ctrl+-"), "Half as large around the centre", "", ("pixels",)),
    Action("view.fit", "Fit", "View", ("F",), "Show the whole plane", "", ("pixels",)),
    Action("view.one_to_one", "1:1", "View", ("=",), "One image pixel on one screen pixel", "", ("pixels",)),
    Action("view.go_to", "Go to…", "View", ("G",), "Centre on x, y (0-based) or on RA, Dec", "", ("pixels",)),
    Action("view.next_plane", "Next plane", "View", ("V",), "Image, variance, S/N, mask in turn", "", ("frame",)),
    Action("view.difference", "Difference to the previous step", "View", ("D",), "Subtract the step before; again to go back", "", ("frame",)),
    Action("view.peek", "Previous step (hold)", "View", ("`",), "While held: the step before, at the same view", "", ("frame",)),
    Action("view.blink", "Blink with the previous step", "View", ("B",), "Swap twice a second; again to stop", "", ("frame",), True),
    *_family(
        "view.panels", "View", (),
        (1, "One panel", "Show one image panel", ("Ctrl+1",)),
        (2, "Two panels", "Show two image panels", ("Ctrl+2",)),
        (4, "Four panels", "Show four image panels", ("Ctrl+4",)),
        (6, "Six panels", "Show six image panels", ("Ctrl+6",)),
    ),
    Action("view.next_panel", "Next panel", "View", ("Ctrl+Tab",), "Steer the next image panel", "", ("panels",)),
    *_family(
        "view.link", "View", ("panels",),
        ("off", "Panels not linked", "Every panel has its own view", ()),
        ("zoom", "Link zoom", "Panels have one zoom and their own centres", ()),
        ("zoom+centre", "Link zoom and centre", "Panels show the same place", ()),
    ),
    Action("view.full_panel", "Only the image panels", "View", ("F11",), "Hide all docks; again to bring them back", "", (), True),
    Action("view.left", "Cursor left", "View", ("Left",), "Move the cursor one pixel; with Shift ten", "", ("pixels",), in_image=True,
           handler="view.move_cursor", argument=(-1, 0)),
    Action("view.right", "Cursor right", "View", ("Right",), "Move the cursor one pixel", "", ("pixels",), in_image=True,
           handler="view.move_cursor", argument=(1, 0)),
    Action("view.up", "Cursor up", "View", ("Up",), "Move the cursor one pixel", "", ("pixels",), in_image=True,
           handler="view.move_cursor", argument=(0, 1)),
    Action("view.down", "Cursor down", "View", ("Down",), "Move the cursor one pixel", "", ("pixels",), in_image=True,
           handler="view.move_cursor", argument=(0, -1)),
    Action("view.left_ten", "Cursor ten left", "View", ("Shift+Left",), "Move the cursor ten pixels", "", ("pixels",), in_image=True,
           handler="view.move_cursor", argument=(-10, 0)),
    Action("view.right_ten", "Cursor ten right", "View", ("Shift+Right",), "Move the cursor ten pixels", "", ("pixels",), in_image=True,
           handler="view.move_cursor", argument=(10, 0)),
    Action("view.up_ten", "Cursor ten up", "View", ("Shift+Up",), "Move the cursor ten pixels", "", ("pixels",), in_image=True,
           handler="view.move_cursor", argument=(0, 10)),
    Action("view.down_ten", "Cursor ten down", "View", ("Shift+Down",), "Move the cursor ten pixels", "", ("pixels",), in_image=True,
           handler="view.move_cursor", argument=(0, -10)),
)

_PICTURE = (
    *_family(
        "picture.limits", "Picture", ("frame",),
        ("zscale", "Limits: zscale", "IRAF's zscale limits", ("Z",)),
        ("minmax", "Limits: min max", "Smallest to largest finite value", ("X",)),
        ("percentile", "Limits: percentile", "The central 99.5 % of the pixels", ()),
    ),
    Action("picture.sticky", "Keep limits", "Picture", ("L",), "Keep the numbers when another step is shown", "", ("frame",), True),
    *_family(
        "picture.stretch", "Picture", ("frame",),
        ("linear", "Stretch: linear", "Colour proportional to the value", ()),
        ("log", "Stretch: log", "Logarithmic, as in DS9", ()),
        ("sqrt", "Stretch: square root", "Square root", ()),
        ("asinh", "Stretch: asinh", "Inverse hyperbolic sine", ()),
    ),
    *_family(
        "picture.colormap", "Picture", ("frame",),
        ("gray", "Colours: gray", "Black to white", ()),
        ("viridis", "Colours: viridis", "Dark blue to yellow", ()),
        ("inferno", "Colours: inferno", "Black over red to yellow", ()),
        ("cividis", "Colours: cividis", "Blue to yellow, colour-blind safe", ()),
    ),
    Action("picture.invert", "Invert colours", "Picture", ("I",), "Swap the ends of the colour map", "", ("frame",), True),
    Action("picture.reset_contrast", "Reset contrast and bias", "Picture", (), "Undo the right drag", "", ("frame",)),
)

_RUN = (
    Action("run.to_end", "Run", "Run", ("R",), "Run the chain to its end or to the next breakpoint", "mdi6.play", ("frame",)),
    Action("run.step", "Step", "Run", ("F10",), "Run one more step", "mdi6.debug-step-over", ("frame",)),
    Action("run.to_selected", "Run to the selected step", "Run", ("Shift+R",), "Run and stop after the selected step", "", ("frame",)),
    Action("run.stop", "Stop", "Run", ("Esc",), "End the run at the next step; what is finished stays", "mdi6.stop", ("running",)),
    Action("run.toggle_step", "Switch the step on or off", "Run", ("T",), "Switch the selected step; only the rest runs again", "", ("step",)),
    Action("run.breakpoint", "Stop after this step", "Run", ("F9",), "Set or clear a breakpoint on the selected step", "", ("frame",)),
    Action("run.pause_at_views", "Pause at debug views", "Run", (), "Stop at every debug view of the reference", "", (), True),
    Action("run.next_step", "Next step", "Run", ("]",), "Show the next step in the focused panel", "", ("frame",)),
    Action("run.previous_step", "Previous step", "Run", ("[",), "Show the step before in the focused panel", "", ("frame",)),
    Action("run.previous_ccd", "Previous CCD", "Run", (",",), "Open the previous CCD of this frame", "mdi6.chevron-left", ("frame",)),
    Action("run.next_ccd", "Next CCD", "Run", (".",), "Open the next CCD of this frame", "mdi6.chevron-right", ("frame",)),
)

_MASKS = (
    Action("masks.toggle", "Show masks", "Masks", ("M",), "Draw the mask planes over the picture", "", (), True),
    *(
        Action(f"masks.plane_{number}", f"Plane {number}", "Masks", (f"Shift+{number}",), "Show or hide the plane in this row of the list",
               "", ("pixels",), False, "masks.toggle_plane", number - 1)
        for number in range(1, 10)
    ),
)

_TOOLS = (
    Action("tools.palette", "Find an action…", "Tools", ("Ctrl+Shift+P",), "Type a part of its name, press Return", "mdi6.magnify"),
    Action("tools.find_field", "Find a config field…", "Tools", ("Ctrl+F",), "Search the config editor"),
    Action("tools.pin", "Pin this pixel", "Tools", ("P",), "Follow the pixel under the cursor through all steps", "", ("pixels",)),
    Action("tools.bookmark", "Bookmark this view", "Tools", ("Ctrl+B",), "Keep step and place", "", ("pixels",)),
    Action("tools.next_bookmark", "Next bookmark", "Tools", ("Ctrl+J",), "Go to the next bookmark", "", ("bookmarks",)),
    Action("tools.show_steps", "Steps", "Tools", ("Alt+1",), "Go to the list of steps"),
    Action("tools.show_log", "Log", "Tools", ("Alt+2",), "Show the log"),
    Action("tools.show_header", "Header", "Tools", ("Alt+3",), "Show the FITS headers of the frame"),
)

_HELP = (
    Action("help.keys", "Keys", "Help", ("?",), "All actions and their keys on one sheet"),
    Action("help.about", "About", "Help", (), "Versions of this program and its libraries"),
)

ACTIONS: tuple[Action, ...] = (*_FILE, *_EDIT, *_VIEW, *_PICTURE, *_RUN, *_MASKS, *_TOOLS, *_HELP)
BY_ID: Mapping[str, Action] = {action.id: action for action in ACTIONS}


def keys_of(action: Action, changed: Mapping[str, tuple[str, ...]] | None) -> tuple[str, ...]:
    """Shortcuts of an action after the user's changes."""
    return (changed or {}).get(action.id, action.keys)
