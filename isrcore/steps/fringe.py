"""Fringes: fit calibration fringe frames to the data in small apertures and subtract them.

See manual: fringes, Sampling.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from lsst.pex.config import Config, ConfigField, Field, ListField
from numpy.typing import NDArray

from isrcore.image import Exposure, MaskedImage
from isrcore.image.statistics import Property, StatisticsControl, make_statistics
from isrcore.kernels.bands import for_bands
from isrcore.kernels.memory import new_plane
from isrcore.pipe import Struct, Task, timeMethod
from isrcore.steps.apertures import apertures_of
from isrcore.steps.filters import filter_is_listed, why_not_listed
from isrcore.steps.fringe_fit import fit_amplitudes
from isrcore.steps.planes import require_planes
from isrcore.steps.step import IsrState, IsrTaskLike, NothingToDo, Step

__all__ = ["EARLY_FRINGE", "LATE_FRINGE", "FringeConfig", "FringeStatisticsConfig", "FringeTask", "MissingFringesError"]

Floats = NDArray[np.float64]
Positions = NDArray[np.int64]


class FringeStatisticsConfig(Config):  # type: ignore[misc]
    """How the level in one aperture is measured."""

    badMaskPlanes = ListField("Pixels with one of these mask planes are left out of the apertures.", str, ["SAT"])
    stat = Field("Statistic of the pixels in an aperture, as an afw property value; 32 is the median.", int, 32)
    clip = Field("Rejection threshold of clipped statistics. [sigma]", float, 3.0)
    iterations = Field("Rejection passes of clipped statistics.", int, 3)
    rngSeedOffset = Field("Added to the exposure id to seed the random sample positions.", int, 0)


class FringeConfig(Config):  # type: ignore[misc]
    """Which filters are corrected for fringes, and how the amplitude is measured."""

    filters = ListField("Physical filters to correct; a band name is accepted with a warning.", str, [])
    useFilterAliases = Field(
        "Compare filter aliases with the list. Has no effect.",
        bool,
        False,
        deprecated="filter aliases no longer exist; name the physical filters.",
    )
    num = Field("Number of random positions at which the fringe amplitude is sampled.", int, 30000)
    small = Field("Half-size of the aperture that sees the fringe. [pixel]", int, 3)
    large = Field("Half-size of the aperture that sees the background; also the border left out. [pixel]", int, 30)
    iterations = Field("Most rejection passes of the amplitude fit.", int, 20)
    clip = Field("Samples further than this from the fit are rejected. [robust sigma]", float, 3.0)
    pedestal = Field("Subtract the median of each fringe frame before the fit.", bool, False)
    stats = ConfigField("Statistics within an aperture.", FringeStatisticsConfig)


class MissingFringesError(RuntimeError, AttributeError):
    """No fringe frame for a filter that has fringes.

    A `RuntimeError`, like every calibration that is missing, and an `AttributeError`, as in the reference, which looks
    for the pixels of nothing.
    """


class FringeTask(Task):
    """Remove fringes from an exposure.

    The reference changes the calibration frames (mask, pedestal), so that a second exposure sees other frames. Here
    they stay as they are; the numbers of a first use are the same.
    """

    ConfigClass: ClassVar = FringeConfig
    _DefaultName: ClassVar = "isrFringe"

    def readFringes(self, dataRef: Any, expId: int | None = None, assembler: Any = None) -> Struct:
        """Fetch the ``fringe`` dataset of a data reference; see `loadFringes`.

        Raises
        ------
        RuntimeError
            If it cannot be fetched, for whatever reason.
        """
        try:
            fringe = dataRef.get("fringe", immediate=True)
        except Exception as error:
            what = getattr(dataRef, "dataId", dataRef)
            raise RuntimeError(f"unable to retrieve the fringe frame of {what}: {error}") from error
        return self.loadFringes(fringe, expId=expId, assembler=assembler)

    def loadFringes(self, fringeExp: Any, expId: int | None = None, assembler: Any = None) -> Struct:
        """Fringe frames and the seed of the sample positions.

        Parameters
        ----------
        fringeExp : `Exposure` or list
        expId : int, optional
            Number of the exposure; ``stats.rngSeedOffset`` is added, modulo 2^32.
        assembler : optional
            Task whose ``assembleCcd`` makes the frames from amplifiers.

        Returns
        -------
        fringes : `Struct`
            ``fringes``, ``seed``: arguments for `run`.
        """
        if assembler is not None:
            fringeExp = assembler.assembleCcd(fringeExp)
        return Struct(fringes=fringeExp, seed=self.seed_of(expId))

    def seed_of(self, expId: int | None) -> int:
        """Seed of the sample positions for an exposure number: ``stats.rngSeedOffset`` is added, modulo 2^32."""
        return int(self.config.stats.rngSeedOffset + (0 if expId is None else int(expId))) % (1 << 32)

    @timeMethod
    def run(
        self, exposure: Exposure, fringes: Exposure | Sequence[Exposure] | None, seed: int | None = None
    ) -> tuple[Floats, float] | None:
        """Fit and subtract the fringes in place, if the filter is one that has them.

        Parameters
        ----------
        exposure : `Exposure`
            Assembled, ADU; image and variance change.
        fringes : `Exposure` or sequence of them
            Fringe frames; not changed.
        seed : int, optional
            Of the random sample positions; default ``stats.rngSeedOffset``.

        Returns
        -------
        result : (ndarray, float) or None
            Amplitude of each frame and the scatter around the fit, ADU; None for a filter without fringes.

        Raises
        ------
        MissingFringesError
            If the filter has fringes, but there are no frames.
        ValueError
            If the frame is too small for apertures of half-size ``large``.
        RuntimeError
            If a fringe frame differs in size from the exposure.
        """
        if not self.checkFilter(exposure):
            self.log.info("%s is not in fringe.filters; no fringes are removed.", exposure.filter_label)
            return None
        if fringes is None:
            # The check of the inputs asks for frames by physical filter only (manual: oddities, Fringes).
            raise MissingFringesError(
                f"{exposure.filter_label} is in fringe.filters by its band, but no fringe frame was given: give one "
                "or name physical filters"
            )
        frames = [fringes] if isinstance(fringes, Exposure) else list(fringes)
        prepared = [self._prepare(frame, exposure) for frame in frames]
        generator = np.random.RandomState(self.config.stats.rngSeedOffset if seed is None else seed)
        positions = self.generatePositions(prepared[0], generator)
        fluxes = np.empty((len(positions), len(prepared)))
        for n, frame in enumerate(prepared):
            fluxes[:, n] = self.measureExposure(frame, positions, title="Fringe frame")
        science = self.measureExposure(exposure, positions, title="Science")
        solution, rms = self.solve(science, fluxes)
        self.subtract(exposure, prepared, solution)
        return solution, rms

    def checkFilter(self, exposure: Exposure) -> bool:
        """Whether the filter of the exposure is in ``filters``."""
        return filter_is_listed(exposure.filter_label, self.config.filters, self.log)

    def _prepare(self, frame: Exposure, exposure: Exposure) -> Exposure:
        """A fringe frame that rejects what the science frame rejects, its pedestal removed if wanted."""
        pixels = frame.masked_image
        if pixels.shape != exposure.masked_image.shape:
            raise RuntimeError(
                f"the fringe frame is {pixels.bbox.width} x {pixels.bbox.height}, the exposure "
                f"{exposure.bbox.width} x {exposure.bbox.height}: they must be equal"
            )
        mask = pixels.mask.union(exposure.mask)
        prepared = frame.with_pixels(MaskedImage(pixels.image, mask, pixels.variance, pixels.xy0))
        return self.removePedestal(prepared) if self.config.pedestal else prepared

    def removePedestal(self, fringe: Exposure) -> Exposure:
        """A copy without its median level; the mask is ignored (manual: oddities, Fringes)."""
        control = StatisticsControl(float(self.config.stats.clip), int(self.config.stats.iterations))
        pixels = fringe.masked_image
        pedestal = make_statistics(pixels.image, Property.MEDIAN, control).value()
        self.log.info("The fringe frame has a pedestal of %g ADU, which is removed.", pedestal)
        image, level = new_plane(pixels.shape, pixels.image.dtype), np.float32(pedestal)

        def band(rows: slice) -> None:
            np.subtract(pixels.image[rows], level, out=image[rows])

        for_bands(band, pixels.shape)
        return fringe.with_pixels(MaskedImage(image, pixels.mask, pixels.variance, pixels.xy0))

    def generatePositions(self, exposure: Exposure, rng: np.random.RandomState) -> Positions:
        """Random positions at least ``large`` pixels from the edges: all x are drawn first, then all y.

        Returns
        -------
        positions : ndarray, (num, 2)
            x and y, counted from the first pixel.

        Raises
        ------
        ValueError
            If there is no such position.
        """
        margin, (height, width) = self.config.large, exposure.masked_image.shape
        if min(height, width) <= 2 * margin:
            raise ValueError(
                f"fringe.large {margin} needs more than {2 * margin} pixels, found {width} x {height}: reduce it"
            )
        x = rng.randint(margin, width - margin, size=self.config.num)
        y = rng.randint(margin, height - margin, size=self.config.num)
        return np.stack([x, y], axis=1)

    @timeMethod
    def measureExposure(self, exposure: Exposure, positions: Positions, title: str = "Fringe") -> Floats:
        """Level in the small aperture minus level in the large one, at each position.

        Parameters
        ----------
        exposure : `Exposure`
        positions : ndarray, (n, 2)
            x and y.
        title : str
            For the log.

        Returns
        -------
        fluxes : ndarray, (n,)
            ADU; NaN where an aperture has no usable pixel.
        """
        config = self.config.stats
        mask = exposure.mask
        require_planes(mask, "fringe.stats.badMaskPlanes", config.badMaskPlanes)
        control = StatisticsControl(
            float(config.clip), int(config.iterations), mask.planes.bitmask(list(config.badMaskPlanes))
        )
        level_within = apertures_of(exposure.masked_image, positions, Property(config.stat), control)
        fluxes = level_within(self.config.small) - level_within(self.config.large)
        self.log.debug("%s: measured %d positions.", title, len(positions))
        return fluxes

    @timeMethod
    def solve(self, science: Floats, fringes: Floats) -> tuple[Floats, float]:
        """Amplitudes of the fringe frames by least squares with rejection; see `isrcore.steps.fringe_fit`.

        Parameters
        ----------
        science : ndarray, (n,)
        fringes : ndarray, (n, frames)

        Returns
        -------
        solution : ndarray, (frames,)
            Zeros when no sample is left.
        rms : float
            Robust scatter around the fit, ADU; NaN when no sample is left.
        """
        fit = fit_amplitudes(science, fringes, self.config.clip, self.config.iterations)
        if not fit.used:
            self.log.warning("The fringe fit has no usable samples; no fringes are subtracted.")
        else:
            counts = f"{fit.used} of {len(science)} samples"
            self.log.info("Fringe amplitudes %s from %s, scatter %g ADU.", fit.solution, counts, fit.rms)
        return fit.solution, fit.rms

    def subtract(self, science: Exposure, fringes: Sequence[Exposure], solution: Floats) -> None:
        """Subtract the frames with their amplitudes, in place; the science mask is not changed.

        Raises
        ------
        RuntimeError
            If there are not as many amplitudes as frames.
        """
        if len(solution) != len(fringes):
            raise RuntimeError(f"expected one amplitude per fringe frame, found {len(solution)} for {len(fringes)}")
        for amplitude, frame in zip(solution, fringes, strict=True):
            science.masked_image.scaled_minus(float(amplitude), frame.masked_image, with_mask=False)


def _run(task: IsrTaskLike, state: IsrState) -> None:
    task.fringe.run(state.exposure, **state.calibs.fringes.getDict())


def _why_nothing(task: IsrTaskLike, state: IsrState) -> NothingToDo | None:
    """Why the task would remove no fringes; None also where only running it tells."""
    fringe = task.fringe
    if not isinstance(fringe, FringeTask):
        return None
    own = type(fringe)
    if own.run is not FringeTask.run or own.checkFilter is not FringeTask.checkFilter:
        return None
    # What isGen3 lets pass as bare pixels has no label, and gets none.
    label = getattr(state.exposure, "filter_label", None)
    reason = why_not_listed(label, task.config.fringe.filters, "fringe.filters")
    return None if reason is None else NothingToDo(reason)


def _why_not_early(task: IsrTaskLike, state: IsrState) -> str | None:
    if not task.config.doFringe:
        return "doFringe is off"
    if task.config.fringeAfterFlat:
        return "fringeAfterFlat is on: left to the step late fringe"
    return _why_nothing(task, state)


def _why_not_late(task: IsrTaskLike, state: IsrState) -> str | None:
    if not task.config.doFringe:
        return "doFringe is off"
    return (
        _why_nothing(task, state) if task.config.fringeAfterFlat else "fringeAfterFlat is off: left to the step fringe"
    )


_READS = ("doFringe", "fringeAfterFlat", "fringe.")

EARLY_FRINGE = Step(
    name="doFringe",
    label="fringe",
    method="fringe.run",
    doc="Fit the fringe frames and subtract them, before the flat.",
    why_not=_why_not_early,
    run=_run,
    switch="doFringe",
    reads=_READS,
    needs=("fringes",),
    writes=frozenset({"image", "variance"}),
    debug_view="doFringe",
)

LATE_FRINGE = Step(
    name="fringeAfterFlat",
    label="late fringe",
    method="fringe.run",
    doc="Fit the fringe frames and subtract them, after the flat.",
    why_not=_why_not_late,
    run=_run,
    switch="doFringe",
    reads=_READS,
    needs=("fringes",),
    writes=frozenset({"image", "variance"}),
)
