"""Image, mask and variance of one frame, and the arithmetic that carries all three."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from isrcore.geom import Box
from isrcore.image.bands import copy_plane, for_bands
from isrcore.image.mask import Mask, MaskPlanes

__all__ = ["MaskedImage"]

Array = NDArray[Any]


class MaskedImage:
    """Three planes of equal shape with a common origin.

    Arithmetic works in place and follows specification a.3: masks are OR-ed (by plane name), variances propagate for
    independent pixels, products are formed in single precision and quotients of variances in double precision.

    Parameters
    ----------
    image : ndarray, (height, width)
        uint16, int32, float32 or float64; held, not copied.
    mask : `Mask`, optional
        Default no bit set.
    variance : ndarray, (height, width), float32, optional
        Default zero. Square of the image's unit.
    xy0 : (int, int)
        Coordinates of the first pixel.

    Raises
    ------
    ValueError
        If the planes have different shapes.
    """

    def __init__(
        self, image: Array, mask: Mask | None = None, variance: Array | None = None, xy0: tuple[int, int] = (0, 0)
    ) -> None:
        self.image = image
        self.mask = Mask.zeros(image.shape) if mask is None else mask
        self.variance = np.zeros(image.shape, np.float32) if variance is None else variance
        self.xy0 = xy0
        if not image.shape == self.mask.array.shape == self.variance.shape:
            raise ValueError(
                "image, mask and variance must have one shape, "
                f"found {image.shape}, {self.mask.array.shape}, {self.variance.shape}"
            )

    @classmethod
    def zeros(cls, box: Box, dtype: DTypeLike = np.float32, planes: MaskPlanes | None = None) -> MaskedImage:
        """All planes zero over `box`."""
        return cls(np.zeros(box.shape, dtype), Mask.zeros(box.shape, planes), None, (box.x0, box.y0))

    @property
    def shape(self) -> tuple[int, int]:
        height, width = self.image.shape
        return height, width

    @property
    def bbox(self) -> Box:
        return Box(self.xy0[0], self.xy0[1], self.image.shape[1], self.image.shape[0])

    def clone(self) -> MaskedImage:
        """A deep copy."""
        return MaskedImage(copy_plane(self.image), self.mask.clone(), copy_plane(self.variance), self.xy0)

    def subset(self, box: Box) -> MaskedImage:
        """The part in `box` (parent coordinates); shares memory with this image.

        Raises
        ------
        ValueError
            If `box` is not inside the image.
        """
        if not self.bbox.contains(box):
            raise ValueError(f"{box} is not inside the image, which covers {self.bbox}")
        index = box.slices(self.xy0)
        return MaskedImage(self.image[index], self.mask.view(index), self.variance[index], (box.x0, box.y0))

    def _combine(self, other: MaskedImage, pixels: Callable[[Array, Array, Array, Array], None]) -> None:
        """Run ``pixels(image, variance, other image, other variance)`` over bands and OR the masks.

        A band of the mask to which `other` adds no bit is not written: a mask that is shared and read-only stays so.
        """
        if other.shape != self.shape:
            raise ValueError(f"sizes differ: {_size(self)} and {_size(other)} pixels (width x height)")
        bits = self.mask.aligned(other.mask)

        def band(rows: slice) -> None:
            with np.errstate(all="ignore"):
                pixels(self.image[rows], self.variance[rows], other.image[rows], other.variance[rows])
            if np.bitwise_or.reduce(bits[rows], axis=None):
                self.mask.array[rows] |= bits[rows]

        for_bands(band, self.shape)

    def _scale(self, image_operation: Any, factor: float) -> MaskedImage:
        """Apply a scalar product or quotient to the image, and its square to the variance."""
        c, c2 = np.float32(factor), np.float32(float(factor) ** 2)

        def band(rows: slice) -> None:
            with np.errstate(all="ignore"):
                image_operation(self.image[rows], c, out=self.image[rows])
                image_operation(self.variance[rows], c2, out=self.variance[rows])

        for_bands(band, self.shape)
        return self

    def __iadd__(self, other: MaskedImage | Array | float) -> MaskedImage:
        return self._add(other, np.add)

    def __isub__(self, other: MaskedImage | Array | float) -> MaskedImage:
        return self._add(other, np.subtract)

    def _add(self, other: MaskedImage | Array | float, operation: Any) -> MaskedImage:
        if not isinstance(other, MaskedImage):
            scalar = other if isinstance(other, np.ndarray) else np.float32(other)
            operation(self.image, scalar, out=self.image)
            return self

        def pixels(image: Array, variance: Array, other_image: Array, other_variance: Array) -> None:
            operation(image, other_image, out=image)
            variance += other_variance

        self._combine(other, pixels)
        return self

    def __imul__(self, other: MaskedImage | float) -> MaskedImage:
        if isinstance(other, MaskedImage):
            self.scaled_multiplies(1.0, other)
            return self
        return self._scale(np.multiply, other)

    def __itruediv__(self, other: MaskedImage | float) -> MaskedImage:
        if isinstance(other, MaskedImage):
            self.scaled_divides(1.0, other)
            return self
        return self._scale(np.divide, other)

    def scaled_plus(self, factor: float, other: MaskedImage) -> None:
        """Add ``factor * other``; the variance grows by ``factor**2`` times the other's."""
        c, c2 = np.float32(factor), np.float32(factor * factor)

        def pixels(image: Array, variance: Array, other_image: Array, other_variance: Array) -> None:
            scratch = c * other_image
            image += scratch
            np.multiply(other_variance, c2, out=scratch)
            variance += scratch

        self._combine(other, pixels)

    def scaled_minus(self, factor: float, other: MaskedImage) -> None:
        """Subtract ``factor * other``; the variance grows by ``factor**2`` times the other's."""
        self.scaled_plus(-factor, other)

    def scaled_multiplies(self, factor: float, other: MaskedImage) -> None:
        """Multiply by ``factor * other``."""
        c2 = float(factor) * float(factor)

        def pixels(image: Array, variance: Array, other_image: Array, other_variance: Array) -> None:
            _product_variance(image, variance, other_image, other_variance)
            _scale(variance, c2, out=variance)
            image *= _scale(other_image, factor)

        self._combine(other, pixels)

    def scaled_divides(self, factor: float, other: MaskedImage) -> None:
        """Divide by ``factor * other``; zeros of `other` give infinities and NaN without an error."""
        c2 = float(factor) * float(factor)

        def pixels(image: Array, variance: Array, other_image: Array, other_variance: Array) -> None:
            square = _product_variance(image, variance, other_image, other_variance)
            denominator = square.astype(np.float64)
            denominator *= denominator
            if c2 != 1.0:
                denominator *= c2
            np.divide(variance, denominator, out=variance, casting="same_kind")
            image /= _scale(other_image, factor, out=square)

        self._combine(other, pixels)


def _scale(pixels: Array, factor: float, out: Array | None = None) -> Array:
    """``factor * pixels``, formed in double precision and rounded once as in the reference; `pixels` itself for 1."""
    if factor == 1.0:
        return pixels
    target = np.empty_like(pixels) if out is None else out
    return np.multiply(pixels, factor, out=target, dtype=np.float64, casting="same_kind")


def _product_variance(image: Array, variance: Array, other_image: Array, other_variance: Array) -> Array:
    """Put ``image**2 * other variance + other image**2 * variance`` into `variance`; returns ``other image**2``."""
    numerator = image * image
    numerator *= other_variance
    square = other_image * other_image
    variance *= square
    variance += numerator
    return square


def _size(masked_image: MaskedImage) -> str:
    height, width = masked_image.shape
    return f"{width} x {height}"
