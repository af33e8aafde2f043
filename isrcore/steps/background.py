"""Quality of the background: sky level and flatness on a grid (manual: measurements, Background)."""

from __future__ import annotations

import logging
import math
from typing import Any

import numpy as np

from isrcore.geom import Box
from isrcore.image import Exposure
from isrcore.image.statistics import Property, StatisticsControl, make_statistics
from isrcore.kernels.bands import map_items
from isrcore.steps.step import IsrState, IsrTaskLike, Step, switched_by

__all__ = ["MEASURE_BACKGROUND", "flatness_cells", "measure_background"]


def flatness_cells(bbox: Box, mesh_x: int, mesh_y: int) -> tuple[int, int, list[Box]]:
    """The grid on which flatness is measured.

    Cells begin every `mesh_x` and `mesh_y` pixels; for odd meshes they are one pixel narrower than that.

    Returns
    -------
    nx, ny : int
        Cells in x and y.
    cells : list of `Box`
        Column by column.

    Raises
    ------
    ValueError
        If a cell reaches outside `bbox`.
    """
    half_x, half_y = int(mesh_x / 2.0), int(mesh_y / 2.0)
    nx, ny = int((bbox.width + half_x) / mesh_x), int((bbox.height + half_y) / mesh_y)
    cells = [
        Box(bbox.x0 + i * mesh_x, bbox.y0 + j * mesh_y, 2 * half_x, 2 * half_y) for i in range(nx) for j in range(ny)
    ]
    outside = next((cell for cell in cells if not bbox.contains(cell)), None)
    if outside is not None:
        raise ValueError(
            f"qa.flatness.meshX = {mesh_x} and meshY = {mesh_y} put a cell, {outside}, outside the image, {bbox}: "
            "choose a mesh that leaves less than half a cell of rest in each direction"
        )
    return nx, ny, cells


def measure_background(exposure: Exposure, flatness: Any, log: logging.Logger) -> None:
    """Put sky level and flatness into the exposure's metadata.

    Keys: ``SKYLEVEL``, ``SKYSIGMA`` (unit of the image), ``FLATNESS_PP`` and ``FLATNESS_RMS`` (fractions of the sky),
    ``FLATNESS_NGRIDS``, ``FLATNESS_MESHX``, ``FLATNESS_MESHY`` (pixels). Pixels flagged ``BAD``, ``SAT`` or
    ``DETECTED`` do not count, even if they have been interpolated.

    Parameters
    ----------
    exposure : `Exposure`
    flatness : config
        With ``meshX``, ``meshY``, ``doClip``, ``clipSigma``, ``nIter``.
    log : `logging.Logger`

    Raises
    ------
    ValueError
        If a cell reaches outside the image; only the sky level is in the metadata then, as in the reference.
    """
    rejected = exposure.mask.planes.bitmask(["BAD", "SAT", "DETECTED"])
    control = StatisticsControl(flatness.clipSigma, flatness.nIter, rejected)
    sky = make_statistics(exposure.masked_image, Property.MEDIAN | Property.STDEVCLIP, control)
    level, sigma = sky.value(Property.MEDIAN), sky.value(Property.STDEVCLIP)
    log.info("Sky level %f, sigma %f.", level, sigma)
    metadata = exposure.metadata
    metadata.set("SKYLEVEL", level)
    metadata.set("SKYSIGMA", sigma)

    nx, ny, cells = flatness_cells(exposure.bbox, flatness.meshX, flatness.meshY)
    statistic = Property.MEANCLIP if flatness.doClip else Property.MEAN
    pixels = exposure.masked_image
    values = np.array(map_items(lambda cell: make_statistics(pixels.subset(cell), statistic, control).value(), cells))
    values = values[np.isfinite(values)]
    median = float(np.median(values)) if values.size else math.nan
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = (values - median) / median
    peak_to_peak = float(relative.max() - relative.min()) if values.size else math.nan
    rms = float(relative.std()) if values.size else math.nan
    log.info("Flatness on %d x %d cells: median %f, peak to peak %f, rms %f.", nx, ny, median, peak_to_peak, rms)

    metadata.set("FLATNESS_PP", peak_to_peak)
    metadata.set("FLATNESS_RMS", rms)
    metadata.set("FLATNESS_NGRIDS", f"{nx}x{ny}")
    metadata.set("FLATNESS_MESHX", flatness.meshX)
    metadata.set("FLATNESS_MESHY", flatness.meshY)


def _run(task: IsrTaskLike, state: IsrState) -> None:
    exposure, config = state.exposure, task.config
    task.measureBackground(exposure, config.qa)
    if config.qa.saveStats:
        for amp in state.detector or ():
            measured = make_statistics(exposure.subset(amp.bbox).image, Property.MEDIAN | Property.STDEVCLIP)
            task.metadata.set(f"ISR BACKGROUND {amp.name} MEDIAN", measured.value(Property.MEDIAN))
            task.metadata.set(f"ISR BACKGROUND {amp.name} STDEV", measured.value(Property.STDEVCLIP))


MEASURE_BACKGROUND = Step(
    name="doMeasureBackground",
    label="background",
    method="measureBackground",
    doc="Measure the sky level and the flatness of the background.",
    why_not=switched_by("doMeasureBackground"),
    run=_run,
    switch="doMeasureBackground",
    reads=("doMeasureBackground", "qa.flatness.", "qa.saveStats"),
    writes=frozenset({"metadata"}),
)
