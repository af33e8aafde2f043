"""Open, save, export: everything that names a file."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QImage, QImageWriter

from isrcore.atomic import written_atomically
from isrviewer.session import Session
from isrviewer.session.changes import load_overrides, open_frame, pick_calib
from isrviewer.session.config import changed_by_file, override_text
from isrviewer.session.store import SessionFileError, load_session, missing_files, save_session

if TYPE_CHECKING:
    from isrcore.data.cards import CardHeader
    from isrcore.simulate.demo import DemoFiles
    from isrviewer.desk import Desk

__all__ = ["FileCommands", "write_picture"]

FRAMES = "MegaCam frames (*.fits *.fits.fz *.fits.gz *.fz);;All files (*)"
SESSIONS = "isrviewer sessions (*.json);;All files (*)"
OVERRIDES = "Config overrides (*.py);;All files (*)"
CALIBS = "Calibrations (*.fits *.fits.fz *.fits.gz *.fz *.txt *.reg *.csv *.ecsv);;All files (*)"
FITS = "FITS (*.fits)"
PICTURES = "PNG pictures (*.png)"


def write_picture(image: QImage, path: str) -> None:
    """Write a picture as PNG, with the texts that it carries; `OSError` when it cannot be written."""
    with written_atomically(path) as temporary:
        writer = QImageWriter(str(temporary), b"PNG")
        if not writer.write(image):
            raise OSError(errno.EIO, f"{writer.errorString()}; choose another folder", path)


class FileCommands:
    """The File menu."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._model = desk.model

    # What to open or write is asked here ...

    def open(self) -> None:
        self._desk.paths.ask_open("Open frame", FRAMES, self.open_path, self._folder())

    def open_demo(self, detector: int | None = None) -> None:
        """Simulate the demo frame once, then open it."""

        def make(check: Callable[[], None]) -> DemoFiles:
            from isrcore.simulate.demo import simulate_demo

            return simulate_demo(on_part=check)

        self._desk.jobs.start(
            "Making the demo frame and its calibrations",
            make,
            partial(self._demo_made, detector),
            lambda error: self._desk.strip.error(f"The demo could not be made: {error}"),
        )

    def calib_folder(self) -> None:
        self._desk.paths.ask_folder("Calibration folder", self.set_calib_folder, self._model.session.calib_folder)

    def calib_file(self, kind: str) -> None:
        """Ask for the file of one kind of calibration."""
        folder = self._model.session.calib_folder
        self._desk.paths.ask_open(f"Choose {kind}", CALIBS, partial(self.use_calib, kind), folder)

    def open_session(self) -> None:
        self._desk.paths.ask_open("Open session", SESSIONS, self.restore)

    def save_session(self) -> None:
        self._desk.paths.ask_save("Save session", "session.json", SESSIONS, self.save_session_as)

    def load_config(self) -> None:
        self._desk.paths.ask_open("Load config overrides", OVERRIDES, self.load_config_file)

    def save_config(self) -> None:
        self._desk.paths.ask_save("Save config overrides", "overrides.py", OVERRIDES, self.save_config_as)

    def export(self) -> None:
        shown = self._desk.grid.focused.on_screen
        if shown is not None:
            of = shown.result.of
            name = f"{of.whose.replace(' ', '_')}_{of.planes.key.replace(' ', '_')}.fits"
            self._desk.paths.ask_save("Export step as FITS", name, FITS, self.export_as)

    def screenshot(self) -> None:
        self._desk.paths.ask_save("Save screenshot", "isrviewer.png", PICTURES, self.screenshot_as)

    def compare_headers(self) -> None:
        self._desk.paths.ask_open("Compare headers with", FRAMES, self.compare_headers_with, self._folder())

    def quit(self) -> None:
        self._desk.requests.close()

    # ... and done here, also for drops, recent files and the command line.

    def open_path(self, path: str, detector: int | None = None) -> None:
        """Open a frame, or whatever else the path names: a session, an override file, a calibration folder."""
        if Path(path).is_dir():
            self.set_calib_folder(path)
        elif path.endswith(".json"):
            self.restore(path)
        elif path.endswith(".py"):
            self.load_config_file(path)
        else:
            frame = os.path.abspath(path)
            self._desk.runs.open(lambda session: open_frame(session, frame, detector), f"open {Path(path).name}")

    def set_calib_folder(self, path: str) -> None:
        """Look for calibrations in another folder."""
        session = replace(self._model.session, calib_folder=os.path.abspath(path))
        self._model.change(session, f"calibration folder {Path(path).name}")
        self._desk.settings.change(calib_folder=os.path.abspath(path))

    def use_calib(self, kind: str, path: str) -> None:
        """Take this file for one kind of calibration, whatever the folder has."""
        self._model.change(pick_calib(self._model.session, kind, path), f"{kind} {Path(path).name}")

    def restore(self, path: str) -> None:
        """Restore a session from its file."""
        try:
            session = load_session(Path(path))
        except SessionFileError as error:
            self._desk.strip.error(str(error))
            return
        self.restore_session(session)

    def restore_session(self, session: Session) -> None:
        """Replace everything that is open; files that are gone are named."""
        gone = missing_files(session)
        self._model.replace_all(session)
        if gone:
            lines = "; ".join(f"{what}: {path}" for what, path in gone)
            self._desk.strip.error(f"Files of this session are missing: {lines}. Everything else is restored.")

    def save_session_as(self, path: str) -> None:
        self._desk.audits.keep_files()
        self._desk.write_now(path, lambda: save_session(self._model.session, Path(path)))

    def load_config_file(self, path: str) -> None:
        """Apply an override file as one undoable change."""
        try:
            values = changed_by_file(self._model.session, Path(path))
        except OSError as error:
            cause = error.strerror or error
            self._desk.strip.error(f"{path}: cannot be read ({cause}); choose another override file")
            return
        except ValueError as error:
            self._desk.strip.error(str(error))
            return
        name = Path(path).name
        self._model.change(load_overrides(self._model.session, values, f"file {name}"), f"load {name}")
        self._desk.strip.note(f"{name} changed {len(values)} fields.")

    def save_config_as(self, path: str) -> None:
        def write() -> None:
            with written_atomically(path) as temporary:
                temporary.write_text(override_text(self._model.session.config), encoding="utf-8")

        self._desk.write_now(path, write)

    def export_as(self, path: str) -> None:
        """Write the planes that the focused panel shows, of two the first, off the GUI thread."""
        shown = self._desk.grid.focused.on_screen
        if shown is None:
            self._desk.strip.error("There are no planes to write; open a frame first.")
            return
        of, exposure = shown.result.of, shown.result.exposure

        def write(check: Callable[[], None]) -> None:
            from isrcore.export.exposure import write_exposure
            from isrcore.export.provenance import Provenance

            used = {info.kind: f"{info.path} ({info.why})" for info in of.calibs}
            config = "" if of.planes.is_raw or of.planes.is_calibration else override_text(of.recipe.config)
            provenance = Provenance(of.frame, of.planes.name, config, used, unit=of.unit)
            write_exposure(exposure, path, provenance, overwrite=True, on_part=check)

        self._desk.write_beside(path, write)

    def compare_headers_with(self, path: str) -> None:
        """Read the headers of another file beside the GUI thread and show them beside those of the frame."""

        def read(check: Callable[[], None]) -> dict[str, CardHeader]:
            from isrcore.data.fits_file import open_fits

            return {hdu.name or ("" if hdu.index else "primary"): hdu.header for hdu in open_fits(path).hdus}

        def show(headers: dict[str, CardHeader]) -> None:
            self._desk.header.show_other(Path(path).name, headers)
            self._desk.docks.raise_dock("header")

        self._desk.jobs.start(
            f"Reading the headers of {Path(path).name}", read, show, lambda error: self._desk.strip.error(str(error))
        )

    def screenshot_as(self, path: str) -> None:
        """Write the window as it is on screen, with a legend that says what it shows."""
        self._desk.write_now(path, lambda: write_picture(self._desk.requests.picture(), path))

    def _demo_made(self, detector: int | None, demo: DemoFiles) -> None:
        switches = [(field, True) for field in ("doBias", "doDark", "doFlat", "doFringe", "doDefect")]

        def opened(session: Session) -> Session:
            session = replace(session, calib_folder=str(demo.calibrations), calibs=())
            return open_frame(load_overrides(session, switches, "demo"), str(demo.frame), detector)

        self._desk.runs.open(opened, "open the demo")

    def _folder(self) -> str:
        """Of the open frame: others lie beside it."""
        return str(Path(self._model.session.frame).parent) if self._model.session.frame else ""
