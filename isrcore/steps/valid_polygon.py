"""The polygon of valid pixels: where the illuminated part of the focal plane covers the CCD."""

from __future__ import annotations

from typing import Any

import shapely

from isrcore.camera import FOCAL_PLANE, PIXELS
from isrcore.image import Exposure

__all__ = ["set_valid_polygon_intersect"]


def set_valid_polygon_intersect(exposure: Exposure, fp_polygon: Any) -> None:
    """Set the valid polygon to the part of a focal-plane polygon that covers the detector.

    See manual: optics, Valid polygon.

    Parameters
    ----------
    exposure : `Exposure`
        With a detector. Receives the polygon in pixels of the trimmed frame.
    fp_polygon : `shapely.Polygon`
        Focal-plane coordinates, mm.

    Raises
    ------
    AttributeError
        If there is no detector; the type is the reference's.
    RuntimeError
        If the two do not overlap in exactly one polygon.
    """
    detector = exposure.detector
    if detector is None:
        raise AttributeError("the exposure has no detector, so no place in the focal plane: attach one")
    overlap = shapely.intersection(shapely.Polygon(detector.corners(FOCAL_PLANE)), fp_polygon)
    if overlap.geom_type != "Polygon" or overlap.is_empty:
        parts = 0 if overlap.is_empty else len(shapely.get_parts(overlap))
        raise RuntimeError(
            f"the vignetting polygon must overlap detector {detector.name} in one polygon, found {parts}: check "
            "vignette.xCenter, yCenter and radius (mm), or switch vignette.doWriteVignettePolygon off"
        )
    vertices = shapely.get_coordinates(overlap.exterior)
    exposure.valid_polygon = shapely.Polygon(detector.transform(vertices, FOCAL_PLANE, PIXELS))
