"""THE table of actions. Menus, toolbar, shortcuts, command palette, help sheet and the tests are made from it.

An action's id is ``group.method``: that method of the command group does the work, unless `handler` names
another one (then `argument` tells the siblings apart).
"""

from __future__ import annotations

from collections.abc import Mapping

from isrviewer.actions.action import Action, family, in_menu
from isrviewer.actions.defects import DEFECTS
from isrviewer.actions.panels import PANELS
from isrviewer.actions.picture import MASKS, PICTURE, VIEW

__all__ = ["ACTIONS", "BY_ID", "MENUS", "MOUSE", "Action", "keys_of"]

MENUS = ("File", "Edit", "View", "Picture", "Run", "Masks", "Defects", "Tools", "Help")

ACTIONS: tuple[Action, ...] = (
    *in_menu(
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
        Action(
            "watch.folder",
            "Watch a folder…",
            "",
            "Offer new frames of a folder as they arrive; again to end it",
            checkable=True,
        ),
        Action("file.compare_headers", "Compare headers with…", "", "Show the headers of another file beside these"),
        Action("here.picture", "Save picture of the panel…", "", "Write the focused panel as a PNG picture", "pixels"),
        Action("file.screenshot", "Save screenshot…", "Ctrl+Shift+S", "Write the window and a legend as a PNG picture"),
        Action("file.quit", "Quit", "Ctrl+Q", "Close the program; a run in progress is stopped"),
    ),
    *in_menu(
        "Edit",
        Action("edit.undo", "Undo", "Ctrl+Z", "Take back the last change where the focus is", "undo", icon="mdi6.undo"),
        Action("edit.redo", "Redo", "Ctrl+Shift+Z Ctrl+Y", "Do again what was undone last", "redo", icon="mdi6.redo"),
        Action("edit.remember", "Remember these parameters", "", "Keep config and calibrations under a name", "frame"),
        Action(
            "edit.recall", "Return to remembered parameters", "", "Go back to the parameters remembered last", "named"
        ),
        Action("edit.reset_config", "Reset all config fields", "", "Return every config field to what the task sets"),
        Action("edit.copy_overrides", "Copy as override file", "", "Copy the changed config fields as LSST overrides"),
        Action("edit.copy_command_line", "Copy as command line", "", "Copy the isrcore command for this CCD", "frame"),
        Action("edit.shortcuts", "Change shortcuts…", "", "Give actions other keys"),
    ),
    *VIEW,
    *PICTURE,
    *in_menu(
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
        Action(
            "run.route",
            "Always show this step here",
            "Ctrl+R",
            "Bring the selected step to this panel whenever it has new pixels; again to end it",
            "step",
            checkable=True,
        ),
        Action("run.forget_routes", "Forget all routes", "", "No step goes to a panel by itself any more", "routes"),
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
    *MASKS,
    *DEFECTS,
    *in_menu(
        "Tools",
        Action(
            "tools.palette",
            "Find an action…",
            "Ctrl+Shift+P",
            "Type a part of its name, press Return",
            icon="mdi6.magnify",
        ),
        Action("regions.load", "Load regions…", "", "Draw the regions of a DS9 region file", "pixels"),
        Action(
            "regions.save",
            "Save regions…",
            "",
            "Write regions and pins as a DS9 region file, in image coordinates of the plane",
            "pixels",
        ),
        Action("regions.save_on_sky", "Save regions in fk5…", "", "Write regions and pins on the sky", "pixels"),
        Action("regions.keep_box", "Keep the box as a region", "", "The box drawn last with Shift and drag", "pixels"),
        Action("regions.clear", "Clear regions", "", "Take all regions off the panels", "regions"),
        Action("regions.clear_drawn", "Clear box and line", "", "Take what was drawn last off the panels", "drawn"),
        Action("compare.keep", "Keep the present parameters as B", "", "Compare with what is set now", "frame"),
        Action("compare.beside", "A beside B", "", "Two panels: the same step of A and of B", "compared"),
        Action("compare.minus", "A − B", "", "Subtract B's pixels of the step on screen; again to go back", "compared"),
        Action("compare.swap", "Swap A and B", "", "Use B's parameters, and keep the present ones as B", "compared"),
        *family(
            "tools.scheme",
            "",
            "Window colours",
            ("system", "Colours: as the system", "", "Light or dark as the desktop says"),
            ("light", "Colours: light", "", "Dark text on a light ground"),
            ("dark", "Colours: dark", "", "Light text on a dark ground"),
        ),
        Action("tools.find_field", "Find a config field…", "Ctrl+F", "Search the config editor"),
        Action("tools.pin", "Pin this pixel", "P", "Follow the pixel under the cursor through all steps", "pixels"),
        Action("here.unpin_all", "Forget all pins", "Ctrl+Shift+U", "Follow no pixel any more", "pins"),
        Action(
            "here.copy",
            "Copy what is under the cursor",
            "Ctrl+C",
            "Value, place, planes, RA and Dec",
            "pixels",
            in_image=True,
        ),
        Action("here.box", "Box around the cursor", "Ctrl+Shift+X", "Statistics of the 32 × 32 pixels here", "pixels"),
        Action("tools.bookmark", "Bookmark this view", "Ctrl+B", "Keep step and place", "pixels"),
        Action("tools.next_bookmark", "Next bookmark", "Ctrl+J", "Go to the next bookmark", "bookmarks"),
        Action("tools.show_steps", "Steps", "Alt+1", "Go to the list of steps"),
        *family(
            "tools.show_panel",
            "",
            "Panels",
            *((row.name, row.title, row.keys, row.tip) for row in PANELS if row.tip),
            checkable=False,
        ),
    ),
    *in_menu(
        "Help",
        Action("help.page", "Help", "F1", "What the selected step does, all steps, fields and keys"),
        Action("help.manual", "Manual", "Shift+F1", "What every step computes; coordinates, planes, files, oddities"),
        Action("help.step", "Selected step in the manual", "Ctrl+F1", "What the manual says about the selected step"),
        Action("help.keys", "Keys", "?", "All actions and their keys on one sheet, and the field to change them"),
        Action("help.about", "About", "", "Versions of this program and its libraries"),
    ),
)
MOUSE = (
    ("wheel", "Zoom at the pointer"),
    ("drag", "Move the picture"),
    ("Shift+drag", "Draw a box"),
    ("Ctrl+drag", "Draw a line"),
    ("click", "Put the cursor on the pixel, choose the defect there"),
    ("double click", "Between the whole plane and 1:1"),
    ("middle click", "Centre there"),
    ("right drag", "Bias to the right, contrast upwards"),
    ("right click", "Menu"),
    ("drag with a tool", "Paint into or erase from the chosen defect; a box, columns or a line is a new defect"),
    ("Ctrl+drag with a tool", "Paint a new defect; erase from all defects"),
    ("Shift+drag with a tool", "Move the picture; Shift+click chooses the defect there"),
    ("Space with a tool", "At the cursor: toggle the pixel; mark where a box, columns or a line begin and end"),
    ("Esc with a tool", "Drop the stroke; then put the tool away"),
)
"""Gestures in an image panel and what they do."""

BY_ID: Mapping[str, Action] = {action.id: action for action in ACTIONS}


def keys_of(action: Action, changed: Mapping[str, str]) -> list[str]:
    """Shortcuts of an action after the user's changes (action id -> keys separated by blanks)."""
    return changed.get(action.id, action.keys).split()
