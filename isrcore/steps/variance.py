"""The variance plane: photon noise from the image and the gain, plus read noise (manual: variance, Formula)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from isrcore.camera import Amplifier
from isrcore.image import Exposure, MaskedImage
from isrcore.image.statistics import Property, StatisticsControl, make_statistics
from isrcore.kernels.bands import for_bands
from isrcore.steps.convert import require_float
from isrcore.steps.planes import require_planes
from isrcore.steps.step import IsrState, IsrTaskLike, Step, switched_by
from isrcore.steps.task_like import ConfiguredTask

__all__ = ["NEGATIVE_VARIANCE", "VARIANCE", "mask_negative_variance", "set_variance", "update_variance"]


def set_variance(masked_image: MaskedImage, gain: float, read_noise: float) -> None:
    """Set the variance to ``image / gain + read_noise**2``, in place, without a lower limit.

    Parameters
    ----------
    masked_image : `MaskedImage`
        ADU.
    gain : float
        electron / ADU.
    read_noise : float
        Taken as ADU although it is given in electrons, as the reference does
        (manual: oddities, Read noise in electrons).
    """
    image, variance = masked_image.image, masked_image.variance
    # The reference multiplies by the rounded reciprocal; interpolation near zero makes the difference visible.
    factor, floor = np.float32(1.0 / gain), np.float32(read_noise**2)

    def band(rows: slice) -> None:
        # In a small array of its own: arithmetic on the short rows of an amplifier is slow, copying them is not.
        values = np.multiply(image[rows], factor, out=np.empty(variance[rows].shape, variance.dtype))
        values += floor
        variance[rows] = values

    for_bands(band, image.shape)


def update_variance(
    task: ConfiguredTask,
    amp_exposure: Exposure,
    amp: Amplifier,
    overscan_image: MaskedImage | None = None,
    ptc: Any = None,
) -> None:
    """Set the variance of one amplifier as the config of `task` says, in place.

    Parameters
    ----------
    task : `isrcore.task.IsrTask`
    amp_exposure : `Exposure`
        The pixels of the amplifier, ADU.
    amp : `Amplifier`
    overscan_image : `MaskedImage`, optional
        Corrected overscan, for ``doEmpiricalReadNoise``.
    ptc : optional
        With ``gain`` and ``noise`` by amplifier name, for ``usePtcGains`` and ``usePtcReadNoise``.

    Raises
    ------
    RuntimeError
        If an input that the config asks for is missing.
    """
    set_variance(amp_exposure.masked_image, _gain(task, amp, ptc), _read_noise(task, amp, overscan_image, ptc))


def _gain(task: ConfiguredTask, amp: Amplifier, ptc: Any) -> float:
    if task.config.usePtcGains and ptc is None:
        raise RuntimeError("usePtcGains is on, but no ptc dataset was given: give one or switch usePtcGains off")
    gain = ptc.gain[amp.name] if task.config.usePtcGains else amp.gain
    if math.isnan(gain) or gain <= 0:
        task.log.warning("The gain of amplifier %s is %s e-/ADU: the variance is made with 1.0.", amp.name, gain)
        return 1.0
    return float(gain)


def _read_noise(task: ConfiguredTask, amp: Amplifier, overscan_image: MaskedImage | None, ptc: Any) -> float:
    config = task.config
    if config.doEmpiricalReadNoise:
        if overscan_image is None:
            raise RuntimeError(
                f"doEmpiricalReadNoise is on, but amplifier {amp.name} has no corrected overscan: switch doOverscan on "
                "and use an amplifier with an overscan region, or switch doEmpiricalReadNoise off"
            )
        names = [config.saturatedMaskName, config.suspectMaskName]
        control = StatisticsControl(and_mask=overscan_image.mask.planes.bitmask(names))
        return make_statistics(overscan_image, Property.STDEVCLIP, control).value()
    if config.usePtcReadNoise:
        if ptc is None:
            raise RuntimeError("usePtcReadNoise is on, but no ptc dataset was given: give one or switch it off")
        return float(ptc.noise[amp.name])
    return amp.read_noise


def mask_negative_variance(masked_image: MaskedImage, plane: str = "BAD") -> None:
    """Set `plane` where the variance is zero or negative, in place; NaN is not."""
    masked_image.flag(lambda rows: masked_image.variance[rows] <= 0, masked_image.mask.planes.bitmask(plane))


def _run(task: IsrTaskLike, state: IsrState) -> None:
    exposure = state.exposure
    require_float(exposure.image, "doVariance")
    # Without an overscan step there is one empty result per amplifier that the amplifier loop visited.
    overscans = state.results.get("overscans", [None] * len(state.results["bad_amps"]))
    # Paired by position, as the reference does: an amplifier that the loop skipped shifts all later ones
    # (manual: oddities, Pairing by position).
    for amp, result in zip(state.detector or (), overscans, strict=False):
        if not exposure.bbox.contains(amp.bbox):
            continue
        part = exposure.subset(amp.bbox)
        overscan_image = None if result is None else _present_overscan(task, exposure, result.overscanImage)
        task.updateVariance(part, amp, overscanImage=overscan_image, ptcDataset=state.calibs.ptc)
        if task.config.qa.saveStats:
            measured = make_statistics(part.variance, Property.MEDIAN | Property.STDEVCLIP)
            task.metadata.set(f"ISR VARIANCE {amp.name} MEDIAN", measured.value(Property.MEDIAN))
            task.metadata.set(f"ISR VARIANCE {amp.name} STDEV", measured.value(Property.STDEVCLIP))


def _present_overscan(task: IsrTaskLike, exposure: Exposure, overscan_image: MaskedImage) -> MaskedImage:
    """The corrected overscan; in a frame that is not assembled with what was done to it since, such as the bias.

    The reference keeps a view of the raw frame, which assembly leaves behind.
    """
    return overscan_image if task.config.doAssembleCcd else exposure.masked_image.subset(overscan_image.bbox)


VARIANCE = Step(
    name="doVariance",
    label="variance",
    method="updateVariance",
    doc="Set the variance from the image, the gain and the read noise of each amplifier.",
    why_not=switched_by("doVariance"),
    run=_run,
    switch="doVariance",
    reads=(
        "doVariance",
        "doEmpiricalReadNoise",
        "doAssembleCcd",
        "usePtcGains",
        "usePtcReadNoise",
        "saturatedMaskName",
        "suspectMaskName",
        "qa.saveStats",
    ),
    needs=("ptc",),
    writes=frozenset({"variance"}),
)


def _why_not_negative(task: IsrTaskLike, state: IsrState) -> str | None:
    for field in ("doVariance", "maskNegativeVariance"):
        if not getattr(task.config, field):
            return f"{field} is off"
    return None


def _run_negative(task: IsrTaskLike, state: IsrState) -> None:
    require_planes(state.exposure.mask, "negativeVarianceMaskName", task.config.negativeVarianceMaskName)
    task.maskNegativeVariance(state.exposure)


NEGATIVE_VARIANCE = Step(
    name="maskNegativeVariance",
    label="negative variance",
    method="maskNegativeVariance",
    doc="Flag pixels whose variance is zero or negative.",
    why_not=_why_not_negative,
    run=_run_negative,
    switch="maskNegativeVariance",
    reads=("doVariance", "maskNegativeVariance", "negativeVarianceMaskName"),
    writes=frozenset({"mask"}),
    makes_new_planes=True,
)
