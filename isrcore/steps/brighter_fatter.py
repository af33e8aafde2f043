"""Brighter-fatter correction: move charge back to where its neighbours pushed it from.

See manual: brighter-fatter, The step.

Charge moves along the gradient of the image correlated with a kernel; iteration finds the image before the move.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from isrcore.image import Exposure, MaskedImage
from isrcore.kernels.bands import for_bands
from isrcore.steps.interpolate import grow_masks, interpolate_from_mask
from isrcore.steps.planes import require_planes
from isrcore.steps.step import IsrState, IsrTaskLike, Step, switched_by

__all__ = ["BRIGHTER_FATTER", "brighter_fatter_correction", "gain_context"]

Image = NDArray[np.float32]

_BAND_PIXELS = 1 << 14
"""Pixels in a band of the correlation, whose double-precision copy must stay in the processor's cache."""


@contextmanager
def gain_context(
    exposure: Exposure, image: NDArray[Any], apply: bool, gains: Mapping[str, float] | None = None
) -> Iterator[None]:
    """Pixels in electrons for the time of a ``with`` block.

    Parameters
    ----------
    exposure : `Exposure`
        Its detector says which pixels belong to which amplifier (trimmed boxes).
    image : ndarray
        ADU; multiplied in place on entry and divided again on exit, also after an error.
    apply : bool
        Without it nothing happens.
    gains : mapping, optional
        Electron/ADU by amplifier name; default, also when empty, the detector's.

    Raises
    ------
    RuntimeError
        If `gains` lacks an amplifier, or there is no detector.
    """
    if not apply:
        yield
        return
    detector = exposure.detector
    if detector is None:
        raise RuntimeError("the exposure has no detector with gains: attach one or switch brighterFatterApplyGain off")
    if gains:
        missing = [amp.name for amp in detector if amp.name not in gains]
        if missing:
            raise RuntimeError(f"the gains for the brighter-fatter correction lack {', '.join(missing)}; give them all")
    xy0 = exposure.masked_image.xy0
    scales = [(image[amp.bbox.slices(xy0)], np.float32(gains[amp.name] if gains else amp.gain)) for amp in detector]
    for part, gain in scales:
        part *= gain
    try:
        yield
    finally:
        for part, gain in scales:
            part /= gain


def brighter_fatter_correction(
    exposure: Exposure,
    kernel: ArrayLike,
    max_iterations: int,
    threshold: float,
    apply_gain: bool,
    gains: Mapping[str, float] | None = None,
) -> tuple[float, int]:
    """Correct the image in place by iteration.

    Parameters
    ----------
    exposure : `Exposure`
        Assembled, ADU. NaN pixels stay NaN and count as empty for the others.
    kernel : array-like, (k, k), k odd
    max_iterations : int
    threshold : float
        Stop when the sum of absolute changes of an iteration is below this, ADU (electron with `apply_gain`). The first
        stop is possible in the third iteration.
    apply_gain : bool
        Work in electrons.
    gains : mapping, optional
        See `gain_context`.

    Returns
    -------
    difference : float
        Sum of absolute changes in the last iteration.
    iteration : int
        Its number, counted from 0; ``max_iterations - 1`` when it did not converge.

    Raises
    ------
    ValueError
        If the kernel is not square with an odd side, or the image is too small for it.
    UnboundLocalError
        If fewer than two iterations are allowed; the type is the reference's, which has no difference to return then.
    """
    weights = np.asarray(kernel, np.float64)
    image = exposure.image
    if weights.ndim != 2 or weights.shape[0] != weights.shape[1] or weights.shape[0] % 2 == 0:
        raise ValueError(f"the brighter-fatter kernel must be square with an odd side, found shape {weights.shape}")
    # Gradients need two pixels within the kernel's reach.
    if min(image.shape) < weights.shape[0] + 2:
        raise ValueError(f"an image of {image.shape} is too small for a brighter-fatter kernel of {weights.shape}")
    if max_iterations < 2:
        raise UnboundLocalError(f"brighterFatterMaxIter must be at least 2, found {max_iterations}")
    with gain_context(exposure, image, apply_gain, gains):
        original = np.where(np.isnan(image), np.float32(0), image)
        correction, difference, iteration = _iterate(original, weights, max_iterations, threshold)
        inner = _inner(weights.shape[0], ring=1)
        image[inner] += correction
    return difference, iteration


def _inner(side: int, ring: int = 0) -> tuple[slice, slice]:
    """Rows and columns that the kernel reaches, without `ring` pixels; one more is lost at the high end.

    See manual: oddities, Brighter-fatter.
    """
    part = slice(side // 2 + ring, -(side // 2) - 1 - ring)
    return part, part


def _iterate(
    original: Image, kernel: NDArray[np.float64], max_iterations: int, threshold: float
) -> tuple[Image, float, int]:
    """The correction inside the outermost ring of the reached part, the last change, and the last iteration."""
    reached, inner = _inner(kernel.shape[0]), _inner(kernel.shape[0], ring=1)
    current, previous = original.copy(), np.zeros_like(original)
    correction = np.empty_like(original[inner])
    difference, iteration = np.inf, 0
    for iteration in range(max_iterations):
        potential = _correlate(current, kernel)
        _displace(current[reached], potential[reached], correction)
        np.copyto(current, original)
        current[inner] += correction
        if iteration > 0:
            difference = float(np.abs(previous - current).sum())
            if difference < threshold:
                break
            np.copyto(previous, current)
    return correction, difference, iteration


def _correlate(image: Image, kernel: NDArray[np.float64]) -> Image:
    """Sum of ``kernel[j, i] * image[y + j - c, x + i - c]`` where the kernel fits; elsewhere the image itself.

    Each product is rounded to single precision, summed along its kernel row, and the rows are summed: the order of the
    reference. A Fourier transform would be faster, but the iteration stops by a sum of rounding-sized changes.
    """
    side, half = kernel.shape[0], kernel.shape[0] // 2
    height, width = image.shape[0] - 2 * half, image.shape[1] - 2 * half
    result = image.copy()

    def band(rows: slice) -> None:
        shape = (rows.stop - rows.start, width)
        product, along_row, total = (np.empty(shape, np.float32) for _ in range(3))
        total.fill(0)
        exact = image[rows.start : rows.stop + side - 1].astype(np.float64)
        for j, weights in enumerate(kernel):
            along_row.fill(0)
            for i, weight in enumerate(weights):
                np.multiply(exact[j : j + shape[0], i : i + width], weight, out=product, casting="same_kind")
                along_row += product
            total += along_row
        result[half + rows.start : half + rows.stop, half : half + width] = total

    for_bands(band, (height, width), _BAND_PIXELS)
    return result


def _displace(charge: Image, potential: Image, result: Image) -> None:
    """Half the divergence of the charge flow ``charge * grad(potential)``, inside the outermost ring of pixels."""

    def gradients(a: Image) -> tuple[Image, Image]:
        return (a[2:, 1:-1] - a[:-2, 1:-1]) / np.float32(2), (a[1:-1, 2:] - a[1:-1, :-2]) / np.float32(2)

    def band(rows: slice) -> None:
        here, there = charge[rows.start : rows.stop + 2], potential[rows.start : rows.stop + 2]
        charge_y, charge_x = gradients(here)
        potential_y, potential_x = gradients(there)
        first = charge_y * potential_y
        first += charge_x * potential_x
        # Differences of differences: the three-point form would lose digits in single precision.
        second = np.diff(there[:, 1:-1], 2, axis=0)
        second += np.diff(there[1:-1], 2, axis=1)
        second *= here[1:-1, 1:-1]
        first += second
        np.multiply(first, np.float32(0.5), out=result[rows])

    for_bands(band, result.shape)


def _run(task: IsrTaskLike, state: IsrState) -> None:
    config, calibs, exposure = task.config, state.calibs, state.exposure
    planes = list(config.brighterFatterMaskListToInterpolate)
    scratch = exposure.clone()
    with task.flatContext(scratch, calibs.flat, calibs.dark):
        require_planes(exposure.mask, "brighterFatterMaskListToInterpolate", planes)
        interpolate_from_mask(
            scratch.masked_image,
            fwhm=config.fwhm,
            grow_saturated_footprints=config.growSaturationFootprintSize,
            mask_name_list=planes,
        )
    pixels = scratch.masked_image
    corrected = scratch.with_pixels(MaskedImage(pixels.image.copy(), pixels.mask, pixels.variance, pixels.xy0))
    kernel = np.asarray(calibs.bfKernel, np.float64)
    difference, iteration = brighter_fatter_correction(
        corrected,
        kernel,
        config.brighterFatterMaxIter,
        config.brighterFatterThreshold,
        config.brighterFatterApplyGain,
        calibs.bfGains,
    )
    # The last iteration is returned whether it converged or not, so only the difference tells
    # (manual: oddities, Brighter-fatter).
    if difference < config.brighterFatterThreshold:
        task.log.info("Brighter-fatter correction converged: change %g, iteration %d.", difference, iteration)
    else:
        task.log.warning("Brighter-fatter correction: no convergence, change %g, iteration %d.", difference, iteration)
    np.subtract(corrected.image, pixels.image, out=pixels.image)
    exposure.masked_image.image += pixels.image
    task.maskEdges(exposure, numEdgePixels=max(kernel.shape) // 2, maskPlane="EDGE")
    for plane in planes if config.brighterFatterMaskGrowSize > 0 else ():
        grow_masks(exposure.mask, config.brighterFatterMaskGrowSize, [plane], plane)


BRIGHTER_FATTER = Step(
    name="doBrighterFatter",
    label="brighter-fatter",
    method="brighterFatterCorrection",
    doc="Move charge back that bright pixels pushed to their neighbours; CFHT has no kernel for it.",
    why_not=switched_by("doBrighterFatter"),
    run=_run,
    switch="doBrighterFatter",
    reads=(
        "doBrighterFatter",
        "brighterFatterMaxIter",
        "brighterFatterThreshold",
        "brighterFatterApplyGain",
        "brighterFatterMaskListToInterpolate",
        "brighterFatterMaskGrowSize",
        "growSaturationFootprintSize",
        "fwhm",
        "doDark",
        "doFlat",
        "flatScalingType",
        "flatUserScale",
        "doTrimToMatchCalib",
    ),
    needs=("bfKernel", "bfGains", "flat", "dark"),
    writes=frozenset({"image", "mask"}),
    debug_view="doBrighterFatter",
)
