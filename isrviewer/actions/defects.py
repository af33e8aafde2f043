"""The part of the table of actions that is about defect maps; see `isrviewer.actions.table`."""

from __future__ import annotations

from isrviewer.actions.action import Action, family, in_menu, in_submenu

__all__ = ["DEFECTS"]

_KINDS = (
    ("hot pixel", "Single pixels with too much charge"),
    ("hot column", "A column with too much charge"),
    ("dead column", "A column without response"),
    ("trap", "A column that is bad from a row to the top"),
    ("cluster", "Several bad pixels together"),
    ("edge", "The border of the chip"),
    ("amplifier", "A whole amplifier"),
    ("unknown", "Not known yet"),
)

DEFECTS: tuple[Action, ...] = in_menu(
    "Defects",
    Action("maps.open", "Open map…", "Ctrl+D", "Open a defect map of this CCD, in any form", "frame"),
    Action("maps.open_used", "Audit the map in use", "Ctrl+Shift+D", "Open the map that the run takes", "frame"),
    Action("maps.open_plane", "Audit the mask on screen", "", "Begin with the BAD pixels of the panel", "pixels"),
    Action("maps.new", "New map", "", "Begin with a map without defects", "frame"),
    Action("maps.reopen", "Continue an audit…", "", "Go on with an audit where it ended"),
    Action("maps.close", "Close map", "", "End the audit; it is kept and can be continued", "audit"),
    Action("maps.feed", "Run with this map", "", "Runs take the map with its edits", "audit", checkable=True),
    Action("audit.next", "Next defect", "N", "Go to the next defect of the queue", "audit", icon="mdi6.chevron-right"),
    Action(
        "audit.previous",
        "Previous defect",
        "Shift+N",
        "Go to the previous defect of the queue",
        "audit",
        icon="mdi6.chevron-left",
    ),
    Action("audit.confirm", "Confirm", "Y", "It is a defect; go on to the next", "defect", icon="mdi6.check"),
    Action(
        "audit.reject",
        "Reject",
        "K",
        "It is none, the map no longer flags it; go on to the next",
        "defect",
        icon="mdi6.close",
    ),
    Action(
        "audit.reject_part",
        "Reject over-flagged part",
        "Shift+K",
        "Erase the part that the search found to be like its neighbours",
        "part",
    ),
    Action(
        "audit.take_candidates",
        "Take all candidates",
        "Ctrl+Shift+Y",
        "What the search has found becomes part of the map",
        "candidates",
    ),
    Action(
        "audit.take_kind",
        "Take candidates of this kind",
        "Alt+Y",
        "All candidates of the kind of the chosen one become part of the map",
        "candidate",
    ),
    Action(
        "audit.drop_candidates", "Drop candidates", "Ctrl+Alt+K", "Forget what the search has found", "candidates"
    ),
    Action("audit.skip", "Skip", "S", "Come back to it at the end of the queue", "defect", icon="mdi6.debug-step-over"),
    Action(
        "audit.undo",
        "Undo edit of the map",
        "U",
        "Take back the last decision or stroke",
        "audit_undo",
        icon="mdi6.undo-variant",
    ),
    Action("audit.redo", "Redo edit of the map", "Shift+U", "Make it again", "audit_redo", icon="mdi6.redo-variant"),
    *in_submenu(
        "Reshape",
        Action("audit.grow", "Grow", "W", "Add the pixels around the defect", "defect", icon="mdi6.arrow-expand-all"),
        Action(
            "audit.shrink", "Shrink", "Shift+W", "Take away its outer pixels", "defect", icon="mdi6.arrow-collapse-all"
        ),
        Action("audit.split", "Split", "Alt+S", "Into connected parts, or at the row of the cursor", "defect"),
        Action("audit.merge", "Merge", "Alt+J", "Make one of the defects chosen together in the table", "defect"),
        Action("audit.remove", "Remove", "Alt+Del", "Erase the defect from the map", "defect"),
    ),
    Action("audit.note", "Note…", "E", "Write down why", "defect", icon="mdi6.pencil-outline"),
    *family(
        "audit.kind",
        "defect",
        "Kind",
        *((kind, kind.capitalize(), str(number), tip) for number, (kind, tip) in enumerate(_KINDS, 1)),
    ),
    *in_submenu(
        "Cut-outs",
        Action(
            "audit.part_on", "Further along", "Alt+PgUp", "The next part of a long defect in the cut-outs", "defect"
        ),
        Action("audit.part_back", "Back along", "Alt+PgDown", "The previous part of a long defect", "defect"),
    ),
    *family(
        "audit.cutout",
        "audit",
        "Cut-outs",
        (21, "21 pixels", "", "Cut-outs of up to 21 x 21 pixels"),
        (41, "41 pixels", "", "Cut-outs of up to 41 x 41 pixels"),
        (81, "81 pixels", "", "Cut-outs of up to 81 x 81 pixels"),
    ),
    Action("audit.show_map", "Draw the map", "H", "Defects over the pictures, or not", "audit", checkable=True),
    *family(
        "audit.tool",
        "audit",
        "Draw",
        ("paint", "Paint", "A", "Drag to add pixels to the chosen defect, or to a new one"),
        ("erase", "Erase", "Shift+A", "Drag to take pixels off the map"),
        ("box", "Box", "Alt+B", "Drag a box that is a new defect"),
        ("column", "Column", "Alt+C", "Drag along a row: columns from this row to the top, a new defect"),
        ("line", "Line", "Alt+L", "Drag a straight line that is a new defect"),
    ),
    *family(
        "audit.brush",
        "audit",
        "Draw",
        (1, "Wider brush", "'", "Wider strokes"),
        (-1, "Narrower brush", ";", "Narrower strokes"),
        checkable=False,
    ),
    *family(
        "audit.order",
        "audit",
        "Order of the queue",
        ("position", "By position", "", "From the bottom row up"),
        ("size", "By size", "", "The largest first"),
        ("type", "By type", "", "Hot pixels, hot columns, dead columns…"),
        ("severity", "By severity", "", "The most significant first"),
        ("status", "By status", "", "The undecided first"),
        ("suspicion", "By suspicion", "", "Those first that look least like defects"),
    ),
    *family(
        "audit.choice",
        "audit",
        "Queue",
        ("all", "All", "", "Visit every defect"),
        ("undecided", "Undecided", "", "Visit the unseen and new defects"),
        ("missed", "Missed", "", "Visit what the detection added to the map"),
        ("over-flagged", "Over-flagged", "", "Visit what looks like its neighbours"),
    ),
    *in_submenu(
        "Judge",
        Action("maps.add_frames", "Add frames to judge by…", "", "More exposures of this CCD as witnesses", "frame"),
        Action("maps.forget_frames", "Forget these frames", "", "Judge by the open frame alone", "audit_frames"),
        Action(
            "maps.measure",
            "Measure defects",
            "Shift+E",
            "Every defect against its surroundings, in all frames",
            "audit",
            icon="mdi6.sigma",
        ),
        Action(
            "maps.detect", "Find missed and over-flagged", "Shift+F", "Search the frames at hand for defects", "audit"
        ),
        Action("maps.thresholds", "Thresholds…", "", "What counts as a defect in this search, with units", ""),
        Action("maps.reset_thresholds", "Default thresholds", "", "Take back all changes of thresholds", "thresholds"),
    ),
    *in_submenu(
        "Compare",
        Action("maps.compare", "Compare with map…", "Ctrl+Alt+D", "What another map has and has not", "audit"),
        Action("maps.compare_opened", "Compare with the map as opened", "", "What the edits have changed", "audit"),
        Action(
            "maps.show_comparison",
            "Draw the differences",
            "Shift+V",
            "In the image panels in place of the map; again for the map",
            "comparison",
            checkable=True,
        ),
        Action(
            "maps.apply_difference", "Apply difference", "Shift+Y", "Take what is chosen into the map", "difference"
        ),
        Action("maps.apply_all", "Apply all differences", "Ctrl+Alt+Y", "Make this map like the other", "other_map"),
    ),
    *in_submenu(
        "Focal plane",
        Action("maps.focal_plane", "Summarise open maps", "Shift+Q", "Bad pixels of the CCDs under audit"),
        Action("maps.focal_plane_folder", "Summarise a folder…", "", "Bad pixels of all maps of a folder"),
        Action("maps.focal_plane_file", "Summarise a mask file…", "", "Bad pixels of all CCDs of one file"),
    ),
    *in_submenu(
        "Compare",
        Action("maps.compare_end", "End the comparison", "", "Compare no more", "comparison"),
    ),
    *family(
        "maps.export",
        "audit",
        "Export",
        ("LSST table", "LSST table…", "", "Trimmed boxes counted from 0, FITS or ECSV"),
        ("FITS region table", "FITS region table…", "", "Trimmed boxes counted from 1, FITS or ECSV"),
        ("Elixir mask", "Elixir mask…", "", "Raw image with 0 for bad pixels, and MASK_nnn cards"),
        ("DS9 regions", "DS9 regions…", "", "Boxes for DS9"),
        ("text boxes", "Text boxes…", "", "x0 y0 width height, one box a line"),
        ("mask plane of an exposure", "Mask plane…", "", "An exposure whose mask has BAD set"),
        checkable=False,
    ),
    *in_submenu(
        "Export",
        Action("maps.export_log", "Export the audit log…", "", "Every edit with who and when, as ECSV", "audit"),
        Action("maps.export_report", "Export the report…", "", "A page with cut-outs to be signed off", "audit"),
        Action("maps.save_audit", "Save the audit as…", "", "Map and undo history, to go on with elsewhere", "audit"),
    ),
)
"""Actions of the Defects menu."""
