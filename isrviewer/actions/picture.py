"""The part of the table of actions that is about pictures: the menus View, Picture and Masks."""

from __future__ import annotations

from isrviewer.actions.action import Action, family, in_menu

__all__ = ["MASKS", "PICTURE", "VIEW"]


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


VIEW = in_menu(
    "View",
    Action("view.zoom_in", "Zoom in", "+ Ctrl++", "Twice as large around the centre", "pixels"),
    Action("view.zoom_out", "Zoom out", "- Ctrl+-", "Half as large around the centre", "pixels"),
    Action("view.fit", "Fit", "F", "Show the whole plane", "pixels"),
    Action("view.one_to_one", "1:1", "=", "One image pixel on one screen pixel", "pixels"),
    Action("here.zoom_to_box", "Zoom to the box", "Alt+Z", "Fill the panel with the box drawn last", "box"),
    Action("view.go_to", "Go to…", "G", "Centre on x, y (0-based) or on RA, Dec", "pixels"),
    Action("view.next_plane", "Next plane", "V", "Image, variance, S/N, mask in turn", "frame"),
    *family(
        "view.plane",
        "frame",
        "Plane",
        ("image", "Plane: image", "", "Show the image plane"),
        ("variance", "Plane: variance", "", "Show the variance plane"),
        ("S/N", "Plane: S/N", "", "Show the image over the square root of the variance"),
        ("mask", "Plane: mask", "", "Show the mask planes without the image"),
    ),
    *family(
        "view.calibration",
        "frame",
        "Calibration frame",
        ("bias", "Calibration: bias", "", "Show the bias frame in use"),
        ("dark", "Calibration: dark", "", "Show the dark frame in use"),
        ("flat", "Calibration: flat", "", "Show the flat field in use"),
        ("fringe", "Calibration: fringe", "", "Show the fringe frame in use"),
    ),
    *family(
        "view.compare",
        "frame",
        "Compare",
        ("difference", "Difference to the previous step", "D", "Subtract the step before; again to go back"),
        ("ratio", "Ratio to the previous step", "Shift+D", "Divide by the step before; again to go back"),
        ("bits added", "Mask bits added here", "Shift+M", "Only the bits that this step set; again to go back"),
    ),
    Action("view.peek", "Previous step (hold)", "`", "While held: the step before, at the same view", "frame"),
    Action("view.flip", "Second picture", "Shift+B", "Swap with the second picture; again to go back", "frame"),
    Action("view.blink", "Blink", "B", "Swap with the second picture twice a second", "frame", checkable=True),
    Action("view.curtain", "Curtain", "C", "Second picture right of a line to drag", "frame", checkable=True),
    *family(
        "view.panels",
        "",
        "Panels",
        (1, "One panel", "Ctrl+1", "Show one image panel"),
        (2, "Two panels", "Ctrl+2", "Show two image panels"),
        (4, "Four panels", "Ctrl+4", "Show four image panels"),
        (6, "Six panels", "Ctrl+6", "Show six image panels"),
    ),
    Action("view.next_panel", "Next panel", "Ctrl+Tab", "Steer the next image panel", "panels"),
    *family(
        "view.link",
        "panels",
        "Link",
        ("off", "Link: off", "", "Every panel has its own view"),
        ("zoom", "Link: zoom", "", "Panels have one zoom and their own centres"),
        ("zoom+centre", "Link: zoom+centre", "", "Panels show the same place"),
    ),
    Action("view.same_limits", "Same limits everywhere", "", "One scale for all panels", "panels", checkable=True),
    *family(
        "view.orient",
        "pixels",
        "Rotate and flip",
        ("rotate", "Rotate by 90°", "", "Turn the picture counter-clockwise"),
        ("mirror_x", "Mirror left to right", "", "Mirror what is on the screen"),
        ("mirror_y", "Mirror top to bottom", "", "Mirror what is on the screen"),
        ("north", "North up", "", "As close to north up and east left as whole turns come"),
        ("detector", "Detector frame", "", "x to the right, y up"),
        checkable=False,
    ),
    Action(
        "view.full_panel", "Only the image panels", "F11", "Hide all docks; again to bring them back", checkable=True
    ),
    *_moves(("Left", -1, 0), ("Right", 1, 0), ("Up", 0, 1), ("Down", 0, -1)),
)

PICTURE = in_menu(
    "Picture",
    *family(
        "picture.limits",
        "frame",
        "Limits",
        ("zscale", "Limits: zscale", "Z", "The zscale limits of IRAF"),
        ("minmax", "Limits: min max", "X", "Smallest to largest finite value"),
    ),
    *family(
        "picture.percentile",
        "frame",
        "Limits",
        (90.0, "Limits: 90 %", "", "The central 90 % of the pixels"),
        (98.0, "Limits: 98 %", "", "The central 98 % of the pixels"),
        (99.5, "Limits: 99.5 %", "", "The central 99.5 % of the pixels"),
        (99.9, "Limits: 99.9 %", "", "The central 99.9 % of the pixels"),
    ),
    Action("picture.manual", "Limits: type two numbers…", "Shift+Z", "Values with the end colours", "pixels"),
    Action("picture.sticky", "Keep limits", "L", "Keep the numbers at other steps", "frame", checkable=True),
    Action(
        "picture.exclude_masked",
        "Leave masked pixels out of the limits",
        "Shift+L",
        "Measure the limits on good pixels only; the panel says so",
        "frame",
        checkable=True,
    ),
    *family(
        "picture.stretch",
        "frame",
        "Stretch",
        ("linear", "Stretch: linear", "", "Colour proportional to the value"),
        ("log", "Stretch: log", "", "Logarithmic, as in DS9"),
        ("sqrt", "Stretch: square root", "", "Square root"),
        ("asinh", "Stretch: asinh", "", "Inverse hyperbolic sine"),
        ("power", "Stretch: power", "", "Exponential, as in DS9"),
        ("histogram", "Stretch: histogram", "", "Every colour gets the same number of pixels"),
    ),
    *family(
        "picture.colormap",
        "frame",
        "Colours",
        ("gray", "Colours: gray", "", "Black to white"),
        ("viridis", "Colours: viridis", "", "Dark blue to yellow"),
        ("inferno", "Colours: inferno", "", "Black over red to yellow"),
        ("magma", "Colours: magma", "", "Black over purple to cream"),
        ("plasma", "Colours: plasma", "", "Blue over pink to yellow"),
        ("cividis", "Colours: cividis", "", "Blue to yellow, colour-blind safe"),
        ("heat", "Colours: heat", "", "Black over red to white, as in DS9"),
        ("cubehelix", "Colours: cubehelix", "", "Steadily brighter, with turning hue"),
        ("turbo", "Colours: turbo", "", "Rainbow with even steps"),
        ("vik", "Colours: vik", "", "Blue over light to brown, for changes"),
        ("coolwarm", "Colours: coolwarm", "", "Blue over light to red, for changes"),
        ("RdBu_r", "Colours: blue-white-red", "", "Blue over white to red, for changes"),
    ),
    Action("picture.invert", "Invert colours", "I", "Swap the ends of the colour map", "frame", checkable=True),
    Action(
        "picture.mark_range",
        "Mark values out of range",
        "O",
        "Blue below the lower limit, red above the upper one",
        "frame",
        checkable=True,
    ),
    Action("picture.reset_contrast", "Reset contrast and bias", "", "Undo the right drag", "frame"),
    *family(
        "picture.reduction",
        "frame",
        "Zoomed out",
        ("max", "Zoomed out: max", "", "A screen pixel shows the largest of its pixels: no hot pixel gets lost"),
        ("min", "Zoomed out: min", "", "A screen pixel shows the smallest of its pixels: no dead pixel gets lost"),
        ("mean", "Zoomed out: mean", "", "A screen pixel shows the mean of its pixels"),
        ("deviation", "Zoomed out: deviation", "", "A screen pixel shows the pixel furthest from the median"),
    ),
)

MASKS = in_menu(
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
            submenu="Planes",
        )
        for number in range(1, 10)
    ),
    Action(
        "masks.outline",
        "Outlines instead of fills",
        "Shift+O",
        "Draw the borders of flagged regions",
        "pixels",
        checkable=True,
    ),
    *family(
        "masks.preset",
        "",
        "Colours",
        ("default", "Mask colours: default", "", "Colours safe for colour-blind eyes"),
        ("afw", "Mask colours: afw", "", "The colours of LSST's afw.display"),
    ),
    Action("masks.expression", "Combine planes…", "Ctrl+M", "Draw the pixels of a combination such as SAT & ~INTRP"),
    Action(
        "masks.next_region",
        "Next region",
        "J",
        "Go to the next region of the plane selected in the list",
        "pixels",
        handler="masks.region",
        argument=1,
        submenu="Regions",
    ),
    Action(
        "masks.previous_region",
        "Previous region",
        "Shift+J",
        "Go to the previous region of the plane selected in the list",
        "pixels",
        handler="masks.region",
        argument=-1,
        submenu="Regions",
    ),
)
