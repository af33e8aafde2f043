"""Vignetting: the circle of the focal plane that light reaches, and the part of the CCD inside.

See manual: optics, Vignetting.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from lsst.pex.config import Config, Field, RangeField
from shapely import Polygon

from isrcore.image import Exposure
from isrcore.pipe import Task
from isrcore.steps.step import IsrState, IsrTaskLike, Step, switched_by

__all__ = ["VIGNETTE", "VignetteConfig", "VignetteTask", "circle_polygon"]


class VignetteConfig(Config):  # type: ignore[misc]
    """The circle that is not vignetted, in focal-plane coordinates."""

    xCenter = Field("Centre of the circle in x, focal-plane coordinates. [mm]", float, 0.0)
    yCenter = Field("Centre of the circle in y, focal-plane coordinates. [mm]", float, 0.0)
    radius = RangeField("Radius of the circle. [mm]", float, 100.0, min=0.0)
    numPolygonPoints = Field("Vertices of the polygon that stands for the circle.", int, 100)
    doWriteVignettePolygon = Field(
        "Make the polygon and store its overlap with the CCD as valid polygon; without it the step does nothing.",
        bool,
        False,
    )


def circle_polygon(x_center: float, y_center: float, radius: float, n_points: int) -> Polygon:
    """A regular polygon inscribed in a circle.

    Parameters
    ----------
    x_center, y_center, radius : float
        Any unit; focal-plane mm in the vignette task.
    n_points : int
        Number of vertices, at uniform angles that begin at the positive x axis.

    Returns
    -------
    polygon : `shapely.Polygon`
        Vertices in clockwise order, as the reference lists them (manual: optics, Vignetting).

    Raises
    ------
    ValueError
        For fewer than three vertices, or a circle that is not finite.
    """
    if n_points < 3:
        raise ValueError(f"vignette.numPolygonPoints must be at least 3 to make a polygon, found {n_points}")
    if not np.isfinite([x_center, y_center, radius]).all():
        raise ValueError(
            "vignette.xCenter, yCenter and radius must be finite numbers of mm, "
            f"found {x_center}, {y_center} and {radius}"
        )
    angle = np.linspace(0.0, 2.0 * np.pi, n_points, endpoint=False)[::-1]
    return Polygon(np.column_stack([x_center + radius * np.cos(angle), y_center + radius * np.sin(angle)]))


class VignetteTask(Task):
    """Make the polygon of the focal plane that is not vignetted. No pixel is masked."""

    ConfigClass: ClassVar = VignetteConfig
    _DefaultName: ClassVar = "isrVignette"

    def run(self, exposure: Exposure) -> Polygon | None:
        """The polygon in focal-plane mm, or None unless ``config.doWriteVignettePolygon``. The exposure is not used."""
        config = self.config
        if not config.doWriteVignettePolygon:
            return None
        return circle_polygon(config.xCenter, config.yCenter, config.radius, config.numPolygonPoints)


def _run(task: IsrTaskLike, state: IsrState) -> None:
    task.vignettePolygon = state.results["vignettePolygon"] = task.vignette.run(state.exposure)
    if task.config.vignette.doWriteVignettePolygon:
        task.setValidPolygonIntersect(state.exposure, task.vignettePolygon)


VIGNETTE = Step(
    name="doVignette",
    label="vignette",
    method="vignette.run",
    doc="Store the part of the CCD inside the unvignetted circle as the valid polygon; pixels do not change.",
    why_not=switched_by("doVignette"),
    run=_run,
    switch="doVignette",
    reads=("doVignette", "vignette."),
    writes=frozenset({"geometry"}),
)
