"""Gain application: pixels from ADU to electrons, amplifier by amplifier."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from isrcore.image import Exposure
from isrcore.steps.step import IsrState, IsrTaskLike, Step, switched_by

__all__ = ["GAINS", "apply_gains", "unit_after"]


def apply_gains(
    exposure: Exposure, normalize_gains: bool = False, ptc_gains: Mapping[str, float] | None = None
) -> None:
    """Multiply every amplifier by its gain, in place (manual: calibration, Gains).

    Parameters
    ----------
    exposure : `Exposure`
        Assembled; ADU before, electron after. The trimmed amplifier boxes are used.
    normalize_gains : bool
        Scale the amplifiers to a common median afterwards. A NaN pixel makes the median of its amplifier NaN.
    ptc_gains : mapping, optional
        Gain by amplifier name, electron/ADU; default the gains of the detector.

    Raises
    ------
    RuntimeError
        If the exposure has no detector.
    KeyError
        If `ptc_gains` lacks an amplifier.
    """
    if exposure.detector is None:
        raise RuntimeError("the exposure has no detector, so no gains: attach one, or switch doApplyGains off")
    medians = []
    for amp in exposure.detector:
        pixels = exposure.masked_image.subset(amp.bbox)
        pixels *= amp.gain if ptc_gains is None else _ptc_gain(ptc_gains, amp.name)
        if normalize_gains:
            medians.append(float(np.median(pixels.image)))
    if not normalize_gains:
        return
    common = float(np.median(medians))
    for amp, median in zip(exposure.detector, medians, strict=True):
        if median != 0.0:
            pixels = exposure.masked_image.subset(amp.bbox)
            pixels *= common / median


def _ptc_gain(ptc_gains: Mapping[str, float], name: str) -> float:
    if name not in ptc_gains:
        raise KeyError(f"the PTC has no gain of amplifier {name}; it has {', '.join(ptc_gains) or 'none'}")
    return ptc_gains[name]


def unit_after(steps: Iterable[str]) -> str:
    """Unit of the image after these steps have run: ``ADU`` or ``electron``."""
    return "electron" if GAINS.name in steps else "ADU"


def _run(task: IsrTaskLike, state: IsrState) -> None:
    ptc_gains = None
    if task.config.usePtcGains:
        if state.calibs.ptc is None:
            raise AttributeError("usePtcGains is on but there is no PTC: give one, or switch usePtcGains off")
        ptc_gains = state.calibs.ptc.gain
    apply_gains(state.exposure, task.config.normalizeGains, ptc_gains)


GAINS = Step(
    name="doApplyGains",
    label="gains",
    method="applyGains",
    doc="Multiply each amplifier by its gain, from ADU to electrons.",
    why_not=switched_by("doApplyGains"),
    run=_run,
    switch="doApplyGains",
    reads=("doApplyGains", "normalizeGains", "usePtcGains"),
    needs=("ptc",),
    writes=frozenset({"image", "variance"}),
)
