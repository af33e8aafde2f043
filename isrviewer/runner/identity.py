"""Whose pixels these are: the one answer, made when a result arrives and carried along with its planes.

Whoever shows, writes or copies pixels takes frame, CCD, step, config, calibrations and unit from here, never from what
is open at that moment.
"""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from isrcore.values import frozen
from isrviewer.runner.messages import CalibInfo, Request
from isrviewer.runner.progress import RunView
from isrviewer.session.config import effective_config, is_on, override_arguments
from isrviewer.session.planes import RAW_PLANES, Planes, Run
from isrviewer.session.state import CalibPick, Override

if TYPE_CHECKING:
    from isrcore.audit.document import DefectDocument
    from isrcore.image import Exposure

__all__ = ["FRAMES", "PlanesOf", "Recipe", "Result", "calibration", "exposure_name", "of_raw", "of_step"]

_ENDINGS = (".gz", ".fz", ".fits", ".fit")
FRAMES = {"bias": "bias", "dark": "dark", "flat": "flat", "fringe": "fringes"}
"""Kind of calibration frame -> its name among the calibrations of a run."""

_KINDS = {name: kind for kind, name in FRAMES.items()}


@frozen
class Recipe:
    """With what a run was made.

    Attributes
    ----------
    config : tuple of `Override`
    calibs : tuple of `CalibInfo`
        All that were chosen for it; see `PlanesOf.calibs` for those that went into planes.
    calib_folder : str
        Where they were looked for; empty for nowhere.
    picks : tuple of `CalibPick`
        Those that the user chose.
    map : `DefectDocument` or None
        The defect map under audit, with its edits at that time, when the run took it.
    """

    config: tuple[Override, ...] = ()
    calibs: tuple[CalibInfo, ...] = ()
    calib_folder: str = ""
    picks: tuple[CalibPick, ...] = ()
    map: DefectDocument | None = None

    @classmethod
    def of(cls, request: Request | None, view: RunView) -> Recipe:
        """Of the run that answers a request."""
        if request is None:
            return cls(calibs=view.calibs)
        document = None if view.detector is None else request.maps.get(view.detector)
        return cls(request.config, view.calibs, request.calib_folder, request.calibs, document)


@frozen
class PlanesOf:
    """Identity of planes.

    Attributes
    ----------
    frame : str
        Path of the file that they come from: the raw frame, or a calibration.
    detector : int
    ccd : str
        Name of the detector.
    planes : `Planes`
        Run and step that made them; of a skipped step this is the one before it.
    label : str
        What the step is called on screen.
    unit : str
        Of the image.
    recipe : `Recipe`
    used : frozenset of str
        Kinds of the calibrations that went into them.
    """

    frame: str
    detector: int
    ccd: str
    planes: Planes = RAW_PLANES
    label: str = "raw"
    unit: str = "ADU"
    recipe: Recipe = field(default_factory=Recipe, repr=False)
    used: frozenset[str] = frozenset()

    @property
    def whose(self) -> str:
        """Exposure and CCD: ``2281792o ccd13``."""
        return " ".join(word for word in (exposure_name(self.frame), self.ccd) if word)

    @property
    def heading(self) -> tuple[object, ...]:
        """Everything that is said about the planes on screen."""
        return self.frame, self.whose, self.planes, self.label, self.unit

    @property
    def calibs(self) -> tuple[CalibInfo, ...]:
        """The calibrations that went into these planes."""
        return tuple(info for info in self.recipe.calibs if info.kind in self.used and info.path)

    @property
    def map_used(self) -> DefectDocument | None:
        """The map under audit that went into them: it stands in no file as it was then."""
        return self.recipe.map if is_on(effective_config(self.recipe.config)[0], "doDefect") else None

    def command(self, map_file: str = "") -> str:
        """A shell command that corrects the CCD as these planes were corrected, to the end of the chain.

        Parameters
        ----------
        map_file : str
            Where `map_used` was written; it takes the place of the defects of folder and user.
        """
        recipe = self.recipe
        words = ["isrcore", "run", self.frame, "--detector", str(self.detector)]
        if recipe.calib_folder:
            words += ["--calib", os.path.abspath(recipe.calib_folder)]
        for pick in recipe.picks:
            if pick.kind != "defects" or not map_file:
                words += ["--calibration", f"{pick.kind}={os.path.abspath(pick.path) if pick.path else ''}"]
        if map_file:
            words += ["--defects", map_file]
        return shlex.join([*words, *override_arguments(recipe.config), "-o", "out.fits"])

    def shares_noise(self, other: PlanesOf) -> bool:
        """Whether a pixel of one file went into both, so that their errors are not independent."""
        return not self._files.isdisjoint(other._files)

    @property
    def _files(self) -> set[str]:
        return {self.frame, *(info.path for info in self.calibs)}


@dataclass(frozen=True, eq=False)
class Result:
    """Planes with their identity."""

    of: PlanesOf
    exposure: Exposure


def exposure_name(path: str) -> str:
    """The file's name without its endings: ``2281792o``, ``10Bm03.bias.0.36.00``."""
    name = PurePath(path).name
    while name.endswith(_ENDINGS):
        name = name.rpartition(".")[0]
    return name


def of_raw(view: RunView) -> PlanesOf | None:
    """Of the raw planes that are open; None when no frame is."""
    if view.facts is None or view.detector is None:
        return None
    return PlanesOf(view.facts.path, view.detector, view.ccd)


def of_step(view: RunView, name: str, run: Run, recipe: Recipe) -> PlanesOf:
    """Of the planes that step `name` has just left.

    Parameters
    ----------
    view : `RunView`
        Of the run, which has come to this step.
    name : str
    run : `Run`
    recipe : `Recipe`
    """
    raw, row = of_raw(view), view.row(name)
    if raw is None or row is None:
        raise LookupError(f"step {name} is in no run of an open frame")
    rows = view.rows[: view.rows.index(row) + 1]
    used = {_KINDS.get(need, need) for each in rows if each.has_planes for need in each.step.needs}
    label = f"B · {row.step.label}" if run is Run.B else row.step.label
    unit = view.unit(name)
    return replace(raw, planes=Planes(name, run), label=label, unit=unit, recipe=recipe, used=frozenset(used))


def calibration(view: RunView, kind: str) -> Result | None:
    """A calibration frame that the run on hand uses; None when it is not in memory."""
    raw = of_raw(view)
    given = None if kind not in FRAMES else getattr(view.frames, FRAMES[kind], None)
    exposure = given.fringes if kind == "fringe" and given is not None else given
    if raw is None or exposure is None:
        return None
    path = next((info.path for info in view.calibs if info.kind == kind), "")
    unit = str(exposure.metadata.get("BUNIT", ""))
    planes = Planes(kind, Run.CALIBRATION)
    return Result(replace(raw, frame=path, planes=planes, label=f"calibration: {kind}", unit=unit), exposure)
