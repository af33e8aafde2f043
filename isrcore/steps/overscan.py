"""The overscan: measure the bias level of an amplifier in it and subtract it (manual: overscan, Fit types)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
from lsst.pex.config import ChoiceField, Config, Field, ListField
from numpy.typing import NDArray

from isrcore.camera import Amplifier, ReadoutCorner
from isrcore.geom import Box
from isrcore.image import Exposure, Mask, MaskedImage
from isrcore.image.statistics import Property, StatisticsControl, make_statistics, string_to_property
from isrcore.kernels.bands import for_bands
from isrcore.pipe import Struct, Task
from isrcore.steps.convert import require_float
from isrcore.steps.overscan_fit import VECTOR_FIT_TYPES, OverscanProfile, fit_profile, level_profile, runs_along_x
from isrcore.steps.planes import require_planes
from isrcore.steps.step import IsrState, IsrTaskLike, Step, switched_by
from isrcore.steps.task_like import ConfiguredTask, OverscanTaskLike

__all__ = [
    "FIT_TYPES",
    "OVERSCAN",
    "OverscanCorrectionTask",
    "OverscanCorrectionTaskConfig",
    "correct_amplifier_overscan",
    "overscan_correction",
]

FIT_TYPES = {
    "POLY": "ordinary polynomial along the long axis",
    "CHEB": "Chebyshev polynomial along the long axis",
    "LEG": "Legendre polynomial along the long axis",
    "NATURAL_SPLINE": "natural spline through bins of rows",
    "CUBIC_SPLINE": "cubic spline through bins of rows",
    "AKIMA_SPLINE": "Akima spline through bins of rows",
    "MEAN": "one level: mean of all overscan pixels",
    "MEANCLIP": "one level: clipped mean of all overscan pixels",
    "MEDIAN": "one level: integer-aware median of all overscan pixels",
    "MEDIAN_PER_ROW": "one level per row: integer-aware median of the row",
}
"""Overscan models by name, with the help text of the config field."""

_WITHOUT_PLANES = StatisticsControl(and_mask=-1, nan_safe=False)
"""All pixels whose mask is 0."""

_LEVEL_FIT_TYPES = ("MEAN", "MEANCLIP", "MEDIAN")


class OverscanCorrectionTaskConfig(Config):  # type: ignore[misc]
    """How the overscan level is modelled."""

    fitType = ChoiceField("Model of the overscan level.", str, FIT_TYPES, "MEDIAN", optional=False)
    order = Field("Degree of the polynomial, or number of bins of the spline; other models ignore it.", int, 1)
    numSigmaClip = Field("Overscan pixels further than this from the centre are rejected. [sigma]", float, 3.0)
    maskPlanes = ListField(
        "Overscan pixels with one of these mask planes are left out; read when the task is made.", str, ["SAT"]
    )
    overscanIsInt = Field(
        "Treat the overscan as integers. Has no effect: only the median is integer-aware, always.", bool, True
    )


class OverscanCorrectionTask(Task):
    """Measure and subtract the overscan of one amplifier.

    Parameters
    ----------
    statControl : `StatisticsControl`, optional
        Clipping and mask bits; default ``numSigmaClip``, three iterations, and the planes ``maskPlanes``.
    **kwargs
        See `isrcore.pipe.Task`.
    """

    ConfigClass: ClassVar = OverscanCorrectionTaskConfig
    _DefaultName: ClassVar = "overscan"

    def __init__(self, statControl: StatisticsControl | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.statControl = statControl
        self._mask_planes = tuple(self.config.maskPlanes)

    def run(
        self,
        ampImage: NDArray[Any] | MaskedImage,
        overscanImage: NDArray[Any] | MaskedImage,
        amp: Amplifier | None = None,
    ) -> Struct:
        """Subtract the level from an amplifier and from the overscan itself, in place (manual: overscan, Fit types).

        Parameters
        ----------
        ampImage : ndarray or `MaskedImage`, float32
            Imaging pixels, ADU.
        overscanImage : `MaskedImage` or ndarray, float32
            Overscan pixels, ADU. The vector models follow its long axis, which must be as long as that of the data.
        amp : `Amplifier`, optional
            For the log.

        Returns
        -------
        result : `Struct`
            ``imageFit``, ``overscanFit``
                What was subtracted from the data and from the overscan, ADU: a float, or read-only float32 arrays.
            ``overscanImage``
                The corrected overscan; it shares the pixels of the argument.
            ``edgeMask``
                The mask of the data, in which extrapolated rows now are ``SUSPECT``, when a `MaskedImage` was passed
                and the model is a vector; else None.
            ``profile``
                `OverscanProfile`: measured and modelled level along the long axis, and the rejected pixels. (This
                item is not in the reference.)

        Raises
        ------
        RuntimeError
            If ``fitType`` is unknown.
        ValueError
            If a vector model does not have the length of the data, or cannot be fitted.
        """
        overscan = overscanImage if isinstance(overscanImage, MaskedImage) else MaskedImage(overscanImage)
        if overscan.image.size == 0:
            raise ValueError(f"the overscan of {_name(amp)} has no pixels")
        control = self._control(overscan.mask)
        masked = (overscan.mask.array & np.int32(control.and_mask)) != 0
        fit_type = self.config.fitType
        edge_mask = None
        image_fit: float | NDArray[np.float32]
        overscan_fit: float | NDArray[np.float32]
        data = ampImage.image if isinstance(ampImage, MaskedImage) else ampImage
        if fit_type in _LEVEL_FIT_TYPES:
            image_fit = overscan_fit = _level(overscan.image, masked, fit_type, control)
            profile = level_profile(overscan.image, masked, overscan_fit)
        elif fit_type in VECTOR_FIT_TYPES:
            profile = fit_profile(overscan.image, masked, fit_type, self.config.order, control.num_sigma_clip)
            overscan_fit = _broadcast(profile, overscan.shape)
            image_fit = _broadcast(profile, data.shape, f"the data of {_name(amp)}")
            if isinstance(ampImage, MaskedImage):
                edge_mask = _flag_extrapolated(ampImage.mask, profile)
        else:
            raise RuntimeError(f"overscan.fitType must be one of {', '.join(FIT_TYPES)}, found {fit_type!r}")
        if not np.isfinite(profile.model).all():
            self.log.warning("The overscan level of %s is not finite: too few usable overscan pixels.", _name(amp))
        _subtract(data, image_fit)
        _subtract(overscan.image, overscan_fit)
        return Struct(
            imageFit=image_fit, overscanFit=overscan_fit, overscanImage=overscan, edgeMask=edge_mask, profile=profile
        )

    def _control(self, mask: Mask) -> StatisticsControl:
        if self.statControl is not None:
            return self.statControl
        require_planes(mask, "overscan.maskPlanes", self._mask_planes)
        return StatisticsControl(float(self.config.numSigmaClip), and_mask=mask.planes.bitmask(self._mask_planes))


def _subtract(image: NDArray[Any], fit: float | NDArray[np.float32]) -> None:
    if isinstance(fit, float):
        level = np.float32(fit)
        for_bands(lambda rows: np.subtract(image[rows], level, out=image[rows]), image.shape)
    else:
        for_bands(lambda rows: np.subtract(image[rows], fit[rows], out=image[rows]), image.shape)


def _name(amp: Amplifier | None) -> str:
    return "the amplifier" if amp is None else f"amplifier {amp.name}"


def _level(image: NDArray[Any], masked: NDArray[np.bool_], fit_type: str, control: StatisticsControl) -> float:
    """One level for all overscan pixels; NaN when none is usable."""
    unusable = masked | ~np.isfinite(image)
    pixels = image[~unusable] if unusable.any() else image.ravel()
    if pixels.size == 0:
        return math.nan
    if fit_type == "MEDIAN":
        # The reference converts to integers by adding a half and truncating, which is biased below zero
        # (manual: oddities, Overscan).
        pixels = np.trunc(pixels.astype(np.float32) + np.float32(0.5)).astype(np.int32)
    return float(make_statistics(pixels, string_to_property(fit_type), control).value())


def _broadcast(profile: OverscanProfile, shape: tuple[int, ...], what: str = "the overscan") -> NDArray[np.float32]:
    """The model as an image, a view without memory of its own."""
    model = profile.model.astype(np.float32)
    length, axis = (shape[1], "columns") if profile.along_x else (shape[0], "rows")
    if model.size != length:
        raise ValueError(
            f"the overscan has {model.size} {axis}, {what} {length}: they must be equal for an overscan.fitType with a "
            "level per row; use MEAN, MEANCLIP or MEDIAN, or correct the amplifier's boxes"
        )
    return np.broadcast_to(model[None, :] if profile.along_x else model[:, None], shape)


def _flag_extrapolated(mask: Mask, profile: OverscanProfile) -> Mask:
    where = profile.extrapolated
    index: tuple[Any, ...] = (slice(None), where) if profile.along_x else (where,)
    mask.array[index] |= np.int32(mask.planes.bitmask("SUSPECT"))
    return mask


def overscan_correction(
    amp_image: MaskedImage,
    overscan_image: MaskedImage | NDArray[Any],
    fit_type: str = "MEDIAN",
    order: int = 1,
    collapse_rej: float = 3.0,
) -> Struct:
    """Correct one amplifier without a task of one's own; see `OverscanCorrectionTask.run`.

    The mask of `amp_image` is not touched, as in the reference's stand-alone function.

    Raises
    ------
    ValueError
        If `fit_type` is unknown.
    """
    if fit_type not in FIT_TYPES:
        raise ValueError(f"the overscan fit type must be one of {', '.join(FIT_TYPES)}, found {fit_type!r}")
    config = OverscanCorrectionTaskConfig()
    config.fitType, config.order, config.numSigmaClip = fit_type, order, collapse_rej
    return OverscanCorrectionTask(config=config).run(amp_image.image, overscan_image)


def correct_amplifier_overscan(task: OverscanTaskLike, exposure: Exposure, amp: Amplifier) -> Struct | None:
    """Correct the overscan of one amplifier of a raw exposure, in place: the work of ``IsrTask.overscanCorrection``.

    With a vector model and an overscan box that is taller than the imaging box, only the overscan rows beside the
    imaging rows are used, which the log says. (A chosen deviation: the reference fails, and MegaCam's tables have such
    boxes.)

    Parameters
    ----------
    task : `IsrTask`
        Its config, ``overscan`` subtask and log are used.
    exposure : `Exposure`
        Raw, float32, ADU. Overscan pixels further than ``overscanMaxDev`` from the median get the mask value ``SAT``;
        the header gets ``ISR_OSCAN_LEVEL<amp>`` and ``ISR_OSCAN_SIGMA<amp>`` (ADU).
    amp : `Amplifier`

    Returns
    -------
    result : `Struct` or None
        What the subtask returned for the last region (there are two only at a bias jump); None without overscan.

    `RuntimeError` if the amplifier has no raw pixels.
    """
    if amp.raw_bbox.is_empty or amp.raw_data_bbox.is_empty:
        raise RuntimeError(f"amplifier {amp.name} has no raw pixels: attach a detector with raw boxes")
    if amp.raw_horizontal_overscan_bbox.is_empty:
        task.log.info("Amplifier %s has no overscan box; its overscan is not corrected.", amp.name)
        return None
    flatness = task.config.qa.flatness
    control = StatisticsControl(float(flatness.clipSigma), int(flatness.nIter))
    result = None
    for data_box, overscan_box in _regions(task, exposure, amp):
        overscan = exposure.masked_image.subset(overscan_box)
        _mask_deviant(overscan, task.config.overscanMaxDev)
        result = task.overscan.run(exposure.masked_image.subset(data_box).image, overscan, amp)
        level, sigma = _summary(result.overscanFit, control, sigma_of_level=0.0)
        exposure.metadata.set(f"ISR_OSCAN_LEVEL{amp.name}", level)
        exposure.metadata.set(f"ISR_OSCAN_SIGMA{amp.name}", sigma)
    return result


def _regions(task: OverscanTaskLike, exposure: Exposure, amp: Amplifier) -> Iterator[tuple[Box, Box]]:
    """Pairs of imaging box and overscan box that are corrected together."""
    data, overscan = amp.raw_data_bbox, _used_columns(task, amp)
    if _has_bias_jump(task, exposure):
        location = int(task.config.overscanBiasJumpLocation)
        if not 0 < location < data.height:
            raise ValueError(
                f"overscanBiasJumpLocation must lie in the {data.height} rows of amplifier {amp.name}, found {location}"
            )
        from_below = amp.readout_corner in (ReadoutCorner.LL, ReadoutCorner.LR)
        lower = location if from_below else data.height - location
        for start, height in ((0, lower), (lower, data.height - lower)):
            yield tuple(Box(box.x0, box.y0 + start, box.width, height) for box in (data, overscan))  # type: ignore[misc]
        return
    fit_type = getattr(task.overscan.config, "fitType", None)
    if fit_type in VECTOR_FIT_TYPES and overscan.height > data.height and not runs_along_x(overscan.shape):
        beside = Box(overscan.x0, data.y0, overscan.width, data.height).intersect(overscan)
        task.log.info(
            "The overscan of amplifier %s has %d rows, its data %d: overscan.fitType %s uses the rows beside the data.",
            amp.name,
            overscan.height,
            data.height,
            fit_type,
        )
        overscan = beside
    yield data, overscan


def _used_columns(task: ConfiguredTask, amp: Amplifier) -> Box:
    """The overscan box without the columns to skip; "leading" is the side next to the imaging pixels."""
    box = amp.raw_horizontal_overscan_bbox
    leading = int(task.config.overscanNumLeadingColumnsToSkip)
    trailing = int(task.config.overscanNumTrailingColumnsToSkip)
    at_the_right = box.x0 > amp.raw_prescan_bbox.x0
    used = Box(box.x0 + (leading if at_the_right else trailing), box.y0, box.width - leading - trailing, box.height)
    if used.is_empty:
        raise ValueError(
            f"amplifier {amp.name} has {box.width} overscan columns; overscanNumLeadingColumnsToSkip {leading} and "
            f"overscanNumTrailingColumnsToSkip {trailing} leave none: skip fewer"
        )
    return used


def _has_bias_jump(task: ConfiguredTask, exposure: Exposure) -> bool:
    config = task.config
    if not config.overscanBiasJump or config.overscanBiasJumpLocation == 0:
        return False
    return exposure.metadata.get(config.overscanBiasJumpKeyword) in list(config.overscanBiasJumpDevices)


def _mask_deviant(overscan: MaskedImage, max_deviation: float) -> None:
    """Set the mask of pixels far from the median to SAT, dropping other planes (manual: oddities, Overscan outliers).

    A NaN among the pixels without any plane leaves no median, and nothing is masked. With every pixel masked the values
    themselves are compared, as in the reference.
    """
    measured = make_statistics(overscan, Property.MEDIAN | Property.NPOINT, _WITHOUT_PLANES)
    median = measured.value(Property.MEDIAN) if measured.value(Property.NPOINT) else 0.0
    deviant = np.abs(overscan.image - np.float32(median)) > max_deviation
    if deviant.any():
        overscan.mask.array[deviant] = np.int32(overscan.mask.planes.bitmask("SAT"))


def _summary(
    fit: float | NDArray[Any], control: StatisticsControl | None, sigma_of_level: float
) -> tuple[float, float]:
    """Median and clipped standard deviation of a model, which may be a single level."""
    if isinstance(fit, float):
        return fit, sigma_of_level
    statistics = make_statistics(fit, Property.MEDIAN | Property.STDEVCLIP, control)
    return statistics.value(Property.MEDIAN), statistics.value(Property.STDEVCLIP)


def _run(task: IsrTaskLike, state: IsrState) -> None:
    exposure, kept = state.exposure, list[Struct | None]()
    require_float(exposure.image, "doOverscan")
    inside = [amp for amp in state.detector or () if exposure.bbox.contains(amp.bbox)]
    for amp, is_bad in zip(inside, state.results["bad_amps"], strict=True):
        if is_bad:
            task.log.warning("Amplifier %s is bad; its overscan is not corrected.", amp.name)
            kept.append(None)
            continue
        result = task.overscanCorrection(exposure, amp)
        if result is not None and task.config.qa.saveStats is True:
            _save_statistics(task, exposure, amp, result)
        kept.append(None if result is None else _detached(result))
    state.results["overscans"] = kept


def _save_statistics(task: IsrTaskLike, exposure: Exposure, amp: Amplifier, result: Struct) -> None:
    fits = _summary(result.overscanFit, None, sigma_of_level=math.nan)
    residuals = make_statistics(result.overscanImage, Property.MEDIAN | Property.STDEVCLIP)
    task.metadata.set(f"FIT MEDIAN {amp.name}", fits[0])
    task.metadata.set(f"FIT STDEV {amp.name}", fits[1])
    task.metadata.set(f"RESIDUAL MEDIAN {amp.name}", residuals.value(Property.MEDIAN))
    task.metadata.set(f"RESIDUAL STDEV {amp.name}", residuals.value(Property.STDEVCLIP))
    exposure.metadata.set("OVERSCAN", "Overscan corrected")


def _detached(result: Struct) -> Struct:
    """A result with its own overscan pixels, so that no later step on the raw frame can change them."""
    items = result.getDict()
    items["overscanImage"] = result.overscanImage.clone()
    return Struct(**items)


OVERSCAN = Step(
    name="overscanCorrection",
    label="overscan",
    method="overscanCorrection",
    doc="Subtract the bias level measured in the overscan of each amplifier.",
    why_not=switched_by("doOverscan"),
    run=_run,
    switch="doOverscan",
    reads=(
        "doOverscan",
        "overscan.",
        "overscanNumLeadingColumnsToSkip",
        "overscanNumTrailingColumnsToSkip",
        "overscanMaxDev",
        "overscanBiasJump",
        "overscanBiasJumpKeyword",
        "overscanBiasJumpDevices",
        "overscanBiasJumpLocation",
        "qa.saveStats",
        "qa.flatness.clipSigma",
        "qa.flatness.nIter",
    ),
    writes=frozenset({"image", "mask", "metadata"}),
)
