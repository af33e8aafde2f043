"""What all commands about defect maps share: work beside the window, reading a map in a known frame."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isrcore import audit as core_audit
from isrcore.atomic import written_atomically
from isrviewer.audit.thresholds import settings_of

if TYPE_CHECKING:
    from isrcore.audit.frames import MapFrame
    from isrcore.audit.planes import AuditData
    from isrcore.audit.reading import MapReading
    from isrcore.audit.settings import DetectionSettings
    from isrcore.camera import Detector
    from isrviewer.audit.audit import Audit
    from isrviewer.commands.run import RunCommands
    from isrviewer.desk import Check, Desk

__all__ = ["MAPS", "MapWork"]

MAPS = "Defect maps (*.fits *.fits.gz *.fits.fz *.ecsv *.reg *.txt *.jsonl);;All files (*)"


class MapWork:
    """Base of the commands about maps."""

    def __init__(self, desk: Desk, run: RunCommands) -> None:
        self._desk = desk
        self._run = run
        self._audits = desk.audits

    @property
    def _settings(self) -> DetectionSettings:
        return settings_of(self._desk.model.session)

    def _detector(self) -> Detector | None:
        """The CCD on screen; an error in the strip without one."""
        raw = self._desk.runs.view.raw
        if raw is None or raw.detector is None:
            self._desk.strip.error("Open a frame first: a defect map belongs to the CCD on screen.")
            return None
        return raw.detector

    def _names(self, audit: Audit) -> tuple[str, ...]:
        session = self._desk.model.session
        return audit.data.names if audit.data is not None else (session.frame, *session.audit_frames)

    # Reading

    def _read(
        self,
        path: str,
        detector: Detector,
        then: Callable[[MapReading], None],
        frame: MapFrame | None = None,
        before: Callable[[], None] = lambda: None,
    ) -> None:
        """Read a map and hand it on. Where only the user can know how the file counts pixels, ask for it first.

        Parameters
        ----------
        path : str
        detector : `Detector`
        then : callable
        frame : `MapFrame`, optional
            The user's answer.
        before : callable
            Done beside the window before the map is read; raises `ValueError` to refuse it.
        """

        def read(check: Check) -> MapReading | tuple[str, tuple[MapFrame, ...]]:
            before()
            files = core_audit.reading
            if frame is not None or files.find_form(path) not in files.UNSTATED:
                return files.read_map(path, detector, frame)
            try:
                reading = files.read_map(path, detector)
            except ValueError as error:
                frames = files.possible_frames(path, detector)
                if not frames:
                    raise
                return str(error), frames
            if reading.is_verified:
                return reading
            return f"{Path(path).name} does not say how it counts pixels", files.possible_frames(path, detector)

        def show(found: Any) -> None:
            if isinstance(found, tuple):
                text, frames = found
                self._desk.strip.offer(
                    f"{text}. Read it as:",
                    {_short(one): partial(self._read, path, detector, then, one, before) for one in frames},
                )
            else:
                then(found)

        self._start(f"Reading {Path(path).name}", read, show)

    def _frames(self) -> tuple[str, ...]:
        """Folder of calibrations and exposures to judge by."""
        session = self._desk.model.session
        return session.calib_folder, session.frame, *session.audit_frames

    def _gathering(self, audit: Audit) -> Callable[[Check], AuditData]:
        """What reads and corrects all frames at hand, unless that was done for the same ones."""
        used = self._frames()
        folder, *frames = used
        known, number = audit.data if audit.data_of == used else None, audit.number

        def gather(check: Check) -> AuditData:
            if known is not None:
                return known
            data = core_audit.gather.gather_planes(frames, folder or None, number, lambda text: check())
            check()
            return data

        return gather

    def _keep(self, audit: Audit, used: tuple[str, ...], found: dict[str, Any]) -> None:
        """Keep what was measured in some frames. They are large: only those of one CCD stay."""
        for other in self._audits.audits.values():
            if other is not audit:
                other.data, other.data_of = None, ()
        self._audits.take(audit, data_of=used, **found)

    # Jobs and dialogs

    def _start(self, text: str, work: Callable[[Check], Any], done: Callable[[Any], None]) -> None:
        self._desk.jobs.start(text, work, done, lambda error: self._desk.strip.error(_explained(error)))

    def _write(self, path: str, work: Callable[[Check, Path], object]) -> None:
        """Write a file beside its place and put it there when it is complete and nobody has cancelled."""

        def write(check: Check) -> None:
            with written_atomically(path) as part:
                try:
                    work(check, part)
                except ValueError as error:
                    raise ValueError(_explained(error).replace(str(part), path)) from error
                check()

        self._desk.write_beside(path, write, explain=_explained)

    def _ask_save(self, title: str, ending: str, kinds: str, then: Callable[[str], None]) -> None:
        """Ask for a file named after the CCD."""
        audit = self._audits.current
        if audit is not None:
            name = f"{audit.document.detector}{ending}"
            self._desk.paths.ask_save(title, name, kinds, then, ending[ending.rfind(".") :])


def _short(frame: MapFrame) -> str:
    """A frame on a button."""
    return f"{'trimmed' if frame.trimmed else 'raw'}, from {frame.first_pixel}"


def _explained(error: Exception) -> str:
    """An error in one line: system errors name the file and say what to do."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror or error}; check the path and its permissions"
    return str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
