"""Documented methods that flag pixels: amplifiers, saturation, defects, edges, NaN, negative variance."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from isrcore.calib.defects import Defects
from isrcore.camera import Amplifier
from isrcore.geom import Box
from isrcore.image import Exposure
from isrcore.pipe import Task
from isrcore.steps.defects import mask_defects, mask_edges
from isrcore.steps.interpolate import interpolate_from_mask
from isrcore.steps.nan import mask_nan
from isrcore.steps.saturation import mask_amplifier, mask_level
from isrcore.steps.variance import mask_negative_variance

__all__ = ["MaskingMethods"]


class MaskingMethods(Task):
    """Methods of `IsrTask` that set mask planes."""

    def maskAmplifier(self, ccdExposure: Exposure, amp: Amplifier, defects: Defects | None) -> bool:
        """Flag saturated and suspect pixels of an amplifier and tell whether it is dead.

        See manual: masking, Dead amplifiers.

        Parameters
        ----------
        ccdExposure : `Exposure`
            Raw frame, ADU; the mask changes in place, over the raw box of the amplifier.
        amp : `Amplifier`
        defects : `Defects` or None
            In the trimmed frame; one box over the whole amplifier makes it dead. Used even with ``doDefect`` off.

        Returns
        -------
        badAmp : bool
            True when the amplifier is covered by a defect, or all its imaging pixels are saturated or suspect.
        """
        config = self.config
        return mask_amplifier(
            ccdExposure,
            amp,
            defects,
            saturated_mask_name=config.saturatedMaskName,
            suspect_mask_name=config.suspectMaskName,
            do_saturation=config.doSaturation,
            do_suspect=config.doSuspect,
            saturation=config.saturation,
        )

    def saturationDetection(self, exposure: Exposure, amp: Amplifier) -> None:
        """Flag pixels at or above the amplifier's saturation level (ADU) in ``saturatedMaskName``; NaN flags none.

        Not called by `run`, which uses `maskAmplifier` (manual: masking, Saturated and suspect pixels).
        """
        mask_level(exposure, amp, amp.saturation, self.config.saturatedMaskName)

    def suspectDetection(self, exposure: Exposure, amp: Amplifier) -> None:
        """Flag pixels at or above the amplifier's suspect level (ADU) in ``suspectMaskName``; NaN flags none.

        Not called by `run`, which uses `maskAmplifier` (manual: masking, Saturated and suspect pixels).
        """
        mask_level(exposure, amp, amp.suspect_level, self.config.suspectMaskName)

    def saturationInterpolation(self, exposure: Exposure) -> None:
        """Interpolate over ``saturatedMaskName``, in place, after growing ``SAT`` where that is its name.

        A chosen deviation: the reference passes the letters of the plane name as plane names and fails
        (manual: differences, Saturation interpolation); here the documented behaviour is implemented. Not called by
        `run`.
        """
        interpolate_from_mask(
            exposure.masked_image,
            fwhm=self.config.fwhm,
            grow_saturated_footprints=self.config.growSaturationFootprintSize,
            mask_name_list=[self.config.saturatedMaskName],
        )

    def maskDefect(self, exposure: Exposure, defectBaseList: Defects | Iterable[Box]) -> None:
        """Flag defects ``BAD``, in place, on an assembled and trimmed exposure.

        Parameters
        ----------
        exposure : `Exposure`
        defectBaseList : `Defects` or iterable of boxes
            Trimmed frame, 0-based; clipped to the image.
        """
        mask_defects(exposure.masked_image, defectBaseList)

    def maskEdges(
        self, exposure: Exposure, numEdgePixels: int = 0, maskPlane: str = "SUSPECT", level: str = "DETECTOR"
    ) -> None:
        """Flag the border of the detector or of every amplifier, in place (manual: masking, Edges).

        Parameters
        ----------
        exposure : `Exposure`
        numEdgePixels : int
            Width of the border; nothing happens for 0 or less.
        maskPlane : str
        level : {"DETECTOR", "AMP"}

        Raises
        ------
        ValueError
            For another level, or an unknown plane.
        """
        mask_edges(exposure, numEdgePixels, maskPlane, level)

    def maskAndInterpolateDefects(self, exposure: Exposure, defectBaseList: Defects | Iterable[Box]) -> None:
        """Flag defects ``BAD`` and the edge ``SUSPECT``, then interpolate over ``BAD``. Not called by `run`."""
        self.maskDefect(exposure, defectBaseList)
        self.maskEdges(
            exposure, numEdgePixels=self.config.numEdgeSuspect, maskPlane="SUSPECT", level=self.config.edgeMaskLevel
        )
        interpolate_from_mask(
            exposure.masked_image, fwhm=self.config.fwhm, grow_saturated_footprints=0, mask_name_list=["BAD"]
        )

    def maskNan(self, exposure: Exposure) -> None:
        """Flag every pixel whose image or variance is not finite ``UNMASKEDNAN``, whatever else is flagged there.

        The number of such pixels goes to the task metadata as ``NUMNANS``
        (manual: masking, Pixels that are not numbers).
        """
        count = mask_nan(exposure.masked_image)
        self.metadata.set("NUMNANS", count)
        if count > 0:
            self.log.warning("There were %d pixels with NaN or infinite image or variance.", count)

    def maskAndInterpolateNan(self, exposure: Exposure) -> None:
        """Flag non-finite pixels ``UNMASKEDNAN`` and interpolate over them. Not called by `run`."""
        self.maskNan(exposure)
        interpolate_from_mask(
            exposure.masked_image, fwhm=self.config.fwhm, grow_saturated_footprints=0, mask_name_list=["UNMASKEDNAN"]
        )

    def maskNegativeVariance(self, exposure: Exposure) -> None:
        """Flag pixels whose variance is zero or negative in ``negativeVarianceMaskName``.

        See manual: variance, Negative variance.
        """
        mask_negative_variance(exposure.masked_image, self.config.negativeVarianceMaskName)

    config: Any
