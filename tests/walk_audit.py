"""A scripted audit of a defect map on a real X server, as a user would do it, with screenshots for the README.

Run by hand, for example ``xvfb-run -s "-screen 0 1920x1080x24" python -m tests.walk_audit FOLDER CALIBRATIONS FRAME
FRAME...``, on simulated exposures of CCD 12.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from PySide6.QtCore import Qt

from isrcore.audit.document import DefectDocument
from isrcore.audit.pixels import PixelSet
from isrcore.audit.reading import MapForm
from isrcore.audit.writing import write_map
from isrcore.calib.defect_files import trimmed_from_raw
from isrcore.camera.megacam import megacam_camera
from isrcore.simulate import SimulationRecipe, mask_boxes
from isrviewer.session.config import is_on
from tests.walk import Walk, pause


def trigger(walk: Walk, action: str) -> None:
    """Do an action, and wait for what it starts."""
    walk.window.actions_by_table.trigger(action)
    pause(50)
    walk.wait(lambda: not walk.window.jobs.busy and walk.window.audits.is_at_rest, action)
    walk.settle()


def audit(walk: Walk, calibrations: str, frames: list[str]) -> None:
    """Open the map in use, look for what it misses, decide, paint, compare, summarise."""
    window = walk.window
    window.commands.file.set_calib_folder(calibrations)
    window.commands.file.open_path(frames[0], 12)
    walk.wait(lambda: bool(window.runs.view.rows), "the frame")
    walk.settle()
    for switch in ("doBias", "doDark", "doFlat", "doFringe"):
        if not is_on(window.desk.config.value, switch):
            window.commands.run.toggle_field(switch)
    walk.settle()
    walk.look("doFlat")
    trigger(walk, "maps.open_used")
    window.commands.maps.add_frame_files(frames[1:])
    walk.wait(lambda: not window.jobs.busy, "the measurement")
    trigger(walk, "maps.detect")
    window.docks.raise_dock("defects")
    trigger(walk, "audit.order_severity")
    for key in (Qt.Key.Key_N, Qt.Key.Key_Y, Qt.Key.Key_Y, Qt.Key.Key_W, Qt.Key.Key_K, Qt.Key.Key_Y):
        walk.key(key)
    trigger(walk, "audit.order_position")
    columns = [defect.id for defect in window.audits.document or () if 64 < defect.bbox.height < 1000]
    window.audits.select(columns[0])
    walk.key(Qt.Key.Key_W)
    walk.picture("audit")
    trigger(walk, "audit.choice_missed")
    trigger(walk, "audit.order_severity")
    walk.key(Qt.Key.Key_N)
    walk.picture("missed")
    trigger(walk, "maps.compare_opened")
    walk.wait(lambda: window.actions_by_table.by_id["maps.show_comparison"].isEnabled(), "the comparison")
    trigger(walk, "maps.show_comparison")
    walk.key(Qt.Key.Key_F)
    walk.picture("maps")
    trigger(walk, "maps.compare_end")
    window.commands.maps.summarise(str(maps_of_all_ccds(walk.folder / "maps")))
    walk.wait(lambda: not window.jobs.busy, "the summary")
    walk.picture("focal_plane")


def maps_of_all_ccds(folder: Path) -> Path:
    """A folder with the maps that the simulator gives to 36 CCDs."""
    folder.mkdir(exist_ok=True)
    recipe, camera = SimulationRecipe(), megacam_camera()
    for number in range(36):
        sets = [PixelSet.of(trimmed_from_raw([box], camera[number])) for box in mask_boxes(recipe, number)]
        path = folder / f"{camera[number].name}.fits"
        write_map(DefectDocument.of(camera[number], sets), path, MapForm.TABLE, overwrite=True)
    return folder


def main() -> int:
    folder, calibrations, *frames = sys.argv[1:]
    Path(folder).mkdir(parents=True, exist_ok=True)
    os.environ["ISRVIEWER_HOME"] = str(Path(folder) / "home")
    walk = Walk(Path(folder))
    audit(walk, calibrations, frames)
    walk.window.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
