"""Documented methods that change pixel values or describe them: conversion, overscan, variance, dark, flat ..."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from isrcore.camera import Amplifier, Camera, Detector
from isrcore.image import Exposure, MaskedImage
from isrcore.pipe import Struct, Task
from isrcore.steps.background import measure_background
from isrcore.steps.convert import convert_int_to_float
from isrcore.steps.dark import correct_dark_exposure
from isrcore.steps.flat import flat_correction
from isrcore.steps.linearize import linearity_is_needed
from isrcore.steps.overscan import correct_amplifier_overscan
from isrcore.steps.transmission import attach_transmission_curve
from isrcore.steps.valid_polygon import set_valid_polygon_intersect
from isrcore.steps.variance import update_variance
from isrcore.steps.zero_point import rough_zero_point

__all__ = ["CorrectionMethods"]


class CorrectionMethods(Task):
    """Methods of `IsrTask` that correct an exposure or describe it."""

    config: Any
    overscan: Any

    def convertIntToFloat(self, exposure: Exposure) -> Exposure:
        """A float32 exposure with variance 1 and an empty mask; a float32 exposure is returned as it is.

        Raises
        ------
        RuntimeError
            If the pixels cannot be converted.
        """
        return convert_int_to_float(exposure, self.log)

    def ensureExposure(
        self, inputExp: Any, camera: Camera | None = None, detectorNum: int | None = None
    ) -> Exposure | None:
        """Make an exposure with a detector out of what a data store delivers (manual: chain, Inputs).

        Parameters
        ----------
        inputExp : `Exposure`, `MaskedImage`, 2-d array or None
            None stays None; a masked image is float32, an array uint16 or float32, ADU.
        camera : `Camera`, optional
            Where a missing detector is looked up.
        detectorNum : int, optional

        Raises
        ------
        TypeError
            For any other input.
        RuntimeError
            If the detector is missing and `camera` or `detectorNum` is too.
        """
        if inputExp is None:
            return None
        if isinstance(inputExp, Exposure):
            exposure = inputExp
        elif isinstance(inputExp, MaskedImage) and inputExp.image.dtype == np.float32:
            exposure = Exposure(inputExp)
        elif getattr(inputExp, "ndim", 0) == 2 and inputExp.dtype in (np.uint16, np.float32):
            exposure = Exposure(MaskedImage(inputExp))
        else:
            dtype = getattr(getattr(inputExp, "image", inputExp), "dtype", None)
            raise TypeError(
                "expected an Exposure, a float32 MaskedImage or a 2-d image of uint16 or float32 pixels, "
                f"found {type(inputExp).__name__}{f' of {dtype}' if dtype else ''}; convert it first"
            )
        if exposure.detector is None:
            if camera is None or detectorNum is None:
                raise RuntimeError(
                    "the exposure has no detector: give camera and detectorNum so that one can be attached"
                )
            exposure.detector = camera[detectorNum]
        return exposure

    def doLinearize(self, detector: Detector | None) -> bool:
        """Whether ``doLinearize`` is on and the first amplifier's linearity type is not ``"None"``; never for CFHT.

        Raises
        ------
        AttributeError
            If the switch is on and there is no detector.
        """
        return bool(self.config.doLinearize) and linearity_is_needed(detector)

    def overscanCorrection(self, ccdExposure: Exposure, amp: Amplifier) -> Struct | None:
        """Subtract the overscan of an amplifier from its imaging pixels, in place (manual: overscan, Columns used).

        Overscan pixels further than ``overscanMaxDev`` (ADU) from the median get the mask value ``SAT``. With a bias
        jump the two parts are corrected one by one, and what is returned describes the upper one.

        Parameters
        ----------
        ccdExposure : `Exposure`
            Raw frame, float32, ADU.
        amp : `Amplifier`

        Returns
        -------
        overscanResults : `Struct` or None
            ``imageFit`` and ``overscanFit`` (a float or float32 images, ADU) and ``overscanImage`` (the corrected
            overscan); None for an amplifier without overscan.

        Raises
        ------
        RuntimeError
            If the amplifier has no raw pixels.
        """
        return correct_amplifier_overscan(self, ccdExposure, amp)

    def updateVariance(
        self,
        ampExposure: Exposure,
        amp: Amplifier,
        overscanImage: MaskedImage | None = None,
        ptcDataset: Any = None,
    ) -> None:
        """Set the variance (ADU^2) to image / gain + read noise^2 (manual: variance, Formula).

        The read noise is used as it is, although it is in electrons, as the reference does
        (manual: oddities, Read noise in electrons).

        Parameters
        ----------
        ampExposure : `Exposure`
            The amplifier's pixels.
        amp : `Amplifier`
        overscanImage : `MaskedImage`, optional
            Corrected overscan, needed with ``doEmpiricalReadNoise``.
        ptcDataset : optional
            Gains and noises by amplifier name, needed with ``usePtcGains`` and ``usePtcReadNoise``.

        Raises
        ------
        RuntimeError
            If a needed input is missing.
        """
        update_variance(self, ampExposure, amp, overscanImage, ptcDataset)

    def darkCorrection(self, exposure: Exposure, darkExposure: Exposure, invert: bool = False) -> None:
        """Subtract the dark frame scaled by the ratio of the dark times, in place; with `invert` add it again.

        A dark frame without a dark time counts as 1 s, with a warning: the documentation promises an error there, the
        reference behaves like this.

        Raises
        ------
        RuntimeError
            If the exposure has no dark time or the sizes do not match.
        """
        correct_dark_exposure(exposure, darkExposure, invert, self.config.doTrimToMatchCalib, self.log)

    def flatCorrection(self, exposure: Exposure, flatExposure: Exposure, invert: bool = False) -> None:
        """Divide by the flat, scaled by ``flatScalingType``, in place; with `invert` multiply again.

        Raises
        ------
        RuntimeError
            If the sizes do not match.
        """
        flat_correction(
            exposure.masked_image,
            flatExposure.masked_image,
            self.config.flatScalingType,
            self.config.flatUserScale,
            invert,
            self.config.doTrimToMatchCalib,
        )

    @contextmanager
    def flatContext(self, exp: Exposure, flat: Exposure, dark: Exposure | None = None) -> Iterator[Exposure]:
        """Dark and flat corrected pixels for the time of a ``with`` block, as far as ``doDark`` and ``doFlat`` are on.

        Leaving the block restores the image up to rounding, but neither the variance nor the mask
        (manual: oddities, Flat and dark). When the flat is refused, the dark is taken back exactly.
        """
        use_dark = self.config.doDark and dark is not None
        kept = exp.masked_image.clone() if use_dark and self.config.doFlat else None
        if use_dark and dark is not None:
            self.darkCorrection(exp, dark)
        if self.config.doFlat:
            try:
                self.flatCorrection(exp, flat)
            except BaseException:
                if kept is not None:
                    exp.masked_image.assign(kept)
                raise
        del kept
        try:
            yield exp
        finally:
            if self.config.doFlat:
                self.flatCorrection(exp, flat, invert=True)
            if use_dark and dark is not None:
                self.darkCorrection(exp, dark, invert=True)

    def attachTransmissionCurve(
        self,
        exposure: Exposure,
        opticsTransmission: Any = None,
        filterTransmission: Any = None,
        sensorTransmission: Any = None,
        atmosphereTransmission: Any = None,
    ) -> Any:
        """Attach the product of the given transmission curves to the exposure and return it.

        See manual: optics, Transmission curves.
        """
        return attach_transmission_curve(
            exposure,
            optics_transmission=opticsTransmission,
            filter_transmission=filterTransmission,
            sensor_transmission=sensorTransmission,
            atmosphere_transmission=atmosphereTransmission,
        )

    def setValidPolygonIntersect(self, ccdExposure: Exposure, fpPolygon: Any) -> None:
        """Set the valid polygon (pixels) to the part of the detector inside `fpPolygon` (focal plane, mm).

        Raises
        ------
        RuntimeError
            If the intersection is not exactly one polygon.
        """
        set_valid_polygon_intersect(ccdExposure, fpPolygon)

    def measureBackground(self, exposure: Exposure, IsrQaConfig: Any = None) -> None:
        """Measure sky level and flatness in a mesh and put them into the exposure's metadata.

        See manual: measurements, Background.

        Parameters
        ----------
        exposure : `Exposure`
            ADU.
        IsrQaConfig : config, optional
            With ``flatness``; None does nothing.

        Raises
        ------
        ValueError
            If a mesh cell reaches outside the image.
        """
        if IsrQaConfig is not None:
            measure_background(exposure, IsrQaConfig.flatness, self.log)

    def roughZeroPoint(self, exposure: Exposure) -> None:
        """Set a photometric calibration from ``fluxMag0T1`` of the filter and the exposure time.

        See manual: measurements, Zero point.

        Raises
        ------
        AttributeError
            If the exposure has no visit info.
        """
        rough_zero_point(exposure, self.config.fluxMag0T1, self.config.defaultFluxMag0T1, self.log)
