"""What to simulate: one immutable recipe per exposure, checked when it is made, readable from JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, get_args

from isrcore.camera.megacam import N_DETECTORS
from isrcore.readable import said
from isrcore.resource_files import resource
from isrcore.simulate.fitsfile import Compression
from isrcore.values import frozen

__all__ = ["FILE_LETTERS", "SimulationRecipe", "filter_facts"]

FILE_LETTERS = {"OBJECT": "o", "BIAS": "b", "DARK": "d", "FLAT": "f"}
"""Letter that follows the exposure number in file names, by observation type."""

OTHERS = ("constant", "absent")

_ERA: dict[int, dict[str, Any]] = {
    36: {"date": "2010-11-03T08:30:00", "exposure_id": 1257365, "run_id": "10BS01", "camera_run": "10Bm03"},
    40: {"date": "2019-12-04T12:30:00", "exposure_id": 2463796, "run_id": "19BS01", "camera_run": "19Bm03"},
}

TWILIGHT_LEVEL = 16000.0
"""Level of a twilight flat, ADU: the archive's run from 11000 to 27000."""


@cache
def filter_facts() -> dict[str, dict[str, Any]]:
    """The simulator's numbers per physical filter, from ``resources/simulate/sky.json``; shared, do not modify."""
    rows: dict[str, dict[str, Any]] = json.loads(resource("simulate", "sky.json").read_text("utf-8"))[
        "rows"
    ]
    return rows


@frozen
class SimulationRecipe:
    """One exposure. Equal recipes give equal bytes.

    The chip itself (gains, defects, flat, bias structure, fringes) depends on the CCD only, so that frames and masters
    of different seeds belong together; the seed rules what changes from exposure to exposure.

    Attributes
    ----------
    filter : str
        Physical filter such as ``i.MP9702``.
    exposure_time : float
        Seconds; of no effect for a bias.
    seed : int
    detectors : tuple of int
        CCDs that get realistic pixels.
    n_ccd : int
        36 (2003 to 2014) or 40.
    obs_type : str
        OBJECT, BIAS, DARK or FLAT.
    compression : str
        ``rice2`` (fpack since about 2010), ``rice4`` (before: 32-bit Rice without BYTEPIX, EXTNAME twice), ``gzip``,
        ``none``.
    others : str
        CCDs not in `detectors`: ``constant`` writes them as noiseless frames at the bias level, so that the file has
        all extensions; ``absent`` leaves them out (a partial file).
    date : str
        Start, UTC, ISO form. The levels of the overscan are those of the nearest epoch on record.
    exposure_id : int
    run_id, camera_run : str
        RUNID and CRUNID.
    ra, dec : float
        Pointing, degrees.
    seeing : float
        Full width at half maximum of stars at the centre of the field, arcsec.
    sky_level : float or None
        ADU in a flat-fielded frame; None for the filter's sky times the exposure time (16000 ADU for a flat).
    stars, cosmic_rays, fringe, defects : bool
        Whether the scene has them.
    nonlinearity : float
        Relative loss of signal at 65535 ADU, proportional to the signal (the notes' estimate for the camera is 0.003).
    crosstalk : float
        Fraction of an amplifier's signal that appears mirrored in the other.
    dead_amplifiers : tuple of str
        Amplifiers without signal, such as ``ccd07A``.

    Raises
    ------
    ValueError
        For a value outside its range, naming the field.
    """

    filter: str = "i.MP9702"
    exposure_time: float = 30.0
    seed: int = 1
    detectors: tuple[int, ...] = (12,)
    n_ccd: int = 36
    obs_type: str = "OBJECT"
    compression: Compression = "rice2"
    others: str = "constant"
    date: str = ""
    exposure_id: int = 0
    run_id: str = ""
    camera_run: str = ""
    ra: float = 5.0
    dec: float = 20.0
    seeing: float = 0.75
    sky_level: float | None = None
    stars: bool = True
    cosmic_rays: bool = True
    fringe: bool = True
    defects: bool = True
    nonlinearity: float = 0.0
    crosstalk: float = 0.0
    dead_amplifiers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        def require(condition: bool, field: str, expected: str) -> None:
            if not condition:
                raise ValueError(f"simulation recipe: {field} must be {expected}, found {getattr(self, field)!r}")

        require(self.n_ccd in _ERA, "n_ccd", "36 or 40")
        for field, value in _ERA[self.n_ccd].items():
            if not getattr(self, field):
                object.__setattr__(self, field, value)
        for field in ("detectors", "dead_amplifiers"):
            object.__setattr__(self, field, tuple(getattr(self, field)))
        require(self.filter in filter_facts(), "filter", "one of " + ", ".join(filter_facts()))
        require(self.exposure_time >= 0, "exposure_time", "zero or positive (seconds)")
        require(self.seed >= 0, "seed", "zero or positive")
        known = all(isinstance(n, int) and 0 <= n < self.n_ccd for n in self.detectors)
        unique = len(set(self.detectors)) == len(self.detectors)
        require(
            bool(self.detectors) and known and unique, "detectors", f"different CCD numbers from 0 to {self.n_ccd - 1}"
        )
        require(self.obs_type in FILE_LETTERS, "obs_type", "one of " + ", ".join(FILE_LETTERS))
        require(self.compression in get_args(Compression), "compression", "one of " + ", ".join(get_args(Compression)))
        require(self.others in OTHERS, "others", "one of " + ", ".join(OTHERS))
        require(self.seeing > 0, "seeing", "positive (arcsec)")
        require(-90 <= self.dec <= 90, "dec", "from -90 to 90 (degrees)")
        require(self.sky_level is None or self.sky_level >= 0, "sky_level", "zero or positive (ADU)")
        amplifiers = {f"ccd{n:02d}{amp}" for n in range(N_DETECTORS) for amp in "AB"}
        require(set(self.dead_amplifiers) <= amplifiers, "dead_amplifiers", "names such as ccd07A")
        try:
            datetime.fromisoformat(self.date)
        except ValueError:
            require(False, "date", "an ISO date and time such as 2010-11-03T08:30:00")

    @property
    def start(self) -> datetime:
        """Start of the exposure, UTC."""
        return datetime.fromisoformat(self.date).replace(tzinfo=UTC)

    @property
    def has_light(self) -> bool:
        """Whether the shutter opens."""
        return self.obs_type in ("OBJECT", "FLAT")

    @property
    def dark_time(self) -> float:
        """Seconds during which dark current gathers before the read-out."""
        return 0.0 if self.obs_type == "BIAS" else self.exposure_time

    @property
    def sky(self) -> float:
        """Sky level in a flat-fielded frame, ADU."""
        if not self.has_light:
            return 0.0
        if self.sky_level is not None:
            return self.sky_level
        return (
            TWILIGHT_LEVEL
            if self.obs_type == "FLAT"
            else float(filter_facts()[self.filter]["sky"]) * self.exposure_time
        )

    @property
    def file_stem(self) -> str:
        """Name of the exposure in the archive's form: ``1257365o``."""
        return f"{self.exposure_id}{FILE_LETTERS[self.obs_type]}"

    def replace(self, **changes: Any) -> SimulationRecipe:
        """A copy with some fields changed."""
        return dataclasses.replace(self, **changes)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], where: str = "simulation recipe") -> SimulationRecipe:
        """Recipe from plain values such as those of a JSON file; `where` names them in errors.

        Raises
        ------
        ValueError
            For an unknown field or a bad value.
        """
        known = {field.name for field in dataclasses.fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise ValueError(f"{where}: unknown fields {', '.join(unknown)}; a recipe has {', '.join(sorted(known))}")
        try:
            return cls(**values)
        except Exception as error:
            raise ValueError(f"{where}: {said(error).removeprefix('simulation recipe: ')}") from error

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)
