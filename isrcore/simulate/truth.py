"""The known truth of a simulated frame, and its file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isrcore.atomic import written_atomically
from isrcore.geom import Box
from isrcore.simulate.chip import Chip, Defect
from isrcore.simulate.recipe import SimulationRecipe
from isrcore.values import frozen

__all__ = ["CcdTruth", "Truth"]

PIXEL = np.dtype([("x", "i4"), ("y", "i4")])
_ARRAYS = ("sources", "cosmic_rays", "saturated", "hot_pixels")


@frozen
class CcdTruth:
    """What was put into one CCD. Coordinates are 0-based; pairs are for amplifiers A and B.

    Attributes
    ----------
    detector : int
    gains : tuple of float
        True gains, electron/ADU (the header states others).
    read_noises : tuple of float
        electron.
    bias_levels : tuple of float
        Median level of the serial overscan, ADU, droop included.
    plateau : int
        Raw value of saturated pixels, ADU.
    sky : dict
        ``level``: ADU in a flat-fielded frame at the centre of the CCD; ``slope_x``, ``slope_y``: relative, per pixel;
        ``fringe``: peak to valley over the sky.
    defects : tuple of `Defect`
        Raw frame.
    sources : ndarray
        Stars and galaxies, dtype `isrcore.simulate.scene.STAR`, trimmed frame.
    cosmic_rays : ndarray
        Pixels and electrons, dtype `isrcore.simulate.scene.COSMIC_RAY`, trimmed frame.
    saturated : ndarray
        Pixels at the plateau, fields x and y, trimmed frame.
    hot_pixels : ndarray
        Pixels and rates (electron/s), fields x, y, rate, trimmed frame.
    """

    detector: int
    gains: tuple[float, float]
    read_noises: tuple[float, float]
    bias_levels: tuple[float, float]
    plateau: int
    sky: dict[str, float]
    defects: tuple[Defect, ...]
    sources: NDArray[np.void]
    cosmic_rays: NDArray[np.void]
    saturated: NDArray[np.void]
    hot_pixels: NDArray[np.void]

    def expected_noise(self, signal: float, response: float = 1.0) -> tuple[float, float]:
        """Noise of A and B in ADU of a raw frame divided by `response`, for a flat-fielded signal of `signal` ADU.

        Photon noise plus read noise: ``sqrt(signal response / gain + (read_noise / gain)^2) / response``.
        """
        pairs = zip(self.gains, self.read_noises, strict=True)
        a, b = (float(np.sqrt(signal * response / gain + (noise / gain) ** 2) / response) for gain, noise in pairs)
        return a, b


def hot_pixel_table(chip: Chip) -> NDArray[np.void]:
    """The chip's hot pixels as a table with fields x, y, rate."""
    hot = chip.hot_pixels
    table = np.zeros(hot.x.size, dtype=[("x", "i4"), ("y", "i4"), ("rate", "f4")])
    table["x"], table["y"], table["rate"] = hot.x, hot.y, hot.rate
    return table


@dataclass(frozen=True)
class Truth:
    """Recipe and truth of all CCDs with realistic pixels."""

    recipe: SimulationRecipe
    ccds: dict[int, CcdTruth]

    def save(self, path: str | Path) -> None:
        """Write as ``.npz`` (tables binary) or ``.json`` (all as text); `ValueError` for another suffix."""
        path = Path(path)
        summary = {"recipe": self.recipe.to_dict(), "ccds": [_summary(ccd) for ccd in self.ccds.values()]}
        tables = {f"ccd{n:02d}_{name}": getattr(ccd, name) for n, ccd in self.ccds.items() for name in _ARRAYS}
        if path.suffix == ".npz":
            with written_atomically(path) as temporary, temporary.open("wb") as file:
                np.savez_compressed(file, summary=np.array(json.dumps(summary)), **tables)
        elif path.suffix == ".json":
            text = {
                name: {field: table[field].tolist() for field in table.dtype.names or ()}
                for name, table in tables.items()
            }
            with written_atomically(path) as temporary:
                temporary.write_text(json.dumps(summary | text, indent=1), "utf-8")
        else:
            raise ValueError(f"{path}: a truth file must be named *.npz or *.json")

    @classmethod
    def load(cls, path: str | Path) -> Truth:
        """Read a ``.npz`` that `save` has written."""
        with np.load(path) as content:
            summary = json.loads(str(content["summary"]))
            ccds = {}
            for facts in summary["ccds"]:
                n = facts["detector"]
                facts["defects"] = tuple(Defect(Box(*box), kind, amount) for box, kind, amount in facts["defects"])
                pairs = {name: tuple(facts[name]) for name in ("gains", "read_noises", "bias_levels")}
                ccds[n] = CcdTruth(**facts | pairs, **{name: content[f"ccd{n:02d}_{name}"] for name in _ARRAYS})
        return cls(SimulationRecipe.from_dict(summary["recipe"]), ccds)


def _summary(ccd: CcdTruth) -> dict[str, Any]:
    values = {name: value for name, value in vars(ccd).items() if name not in _ARRAYS}
    boxes = [((d.box.x0, d.box.y0, d.box.width, d.box.height), d.kind, d.amount) for d in ccd.defects]
    return values | {"defects": boxes}
