"""Image, mask and variance of one frame, and the arithmetic that carries all three."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from isrcore.geom import Box
from isrcore.image.mask import Mask, MaskPlanes
from isrcore.kernels.bands import copy_plane, for_bands, map_bands
from isrcore.kernels.memory import new_plane

__all__ = ["MaskedImage"]

Array = NDArray[Any]


class _Planes(NamedTuple):
    """A band of image and variance."""

    image: Array
    variance: Array


class MaskedImage:
    """Three planes of equal shape with a common origin.

    Arithmetic works in place (manual: pixels, Arithmetic): masks are OR-ed (by plane name), variances propagate for
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

    Attributes
    ----------
    replaceable : frozenset of str
        Which of ``image``, ``mask`` and ``variance`` may be replaced by another plane when they are to be written and
        are read-only, because they are shared. Not inherited by parts, which could not hand a new plane on.

    Raises
    ------
    ValueError
        If the planes have different shapes.
    """

    replaceable: frozenset[str] = frozenset()

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

    def assign(self, other: MaskedImage) -> None:
        """Take over all pixels of an image of the same size and types, in place."""
        self.make_writable("image", "mask", "variance")
        self.image[...], self.variance[...] = other.image, other.variance
        self.mask.array[...] = other.mask.array

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

    def make_writable(self, *names: str) -> None:
        """Put copies in place of planes that are read-only and `replaceable`."""
        if "image" in names and self._is_replaced("image", self.image):
            self.image = copy_plane(self.image)
        if "mask" in names and self._is_replaced("mask", self.mask.array):
            self.mask.array = copy_plane(self.mask.array)
        if "variance" in names and self._is_replaced("variance", self.variance):
            self.variance = copy_plane(self.variance)

    def _is_replaced(self, name: str, plane: Array) -> bool:
        return name in self.replaceable and not plane.flags.writeable

    def _target(self, name: str, plane: Array) -> Array:
        """Where new values of a plane go: the plane itself, or another one if it is to be replaced."""
        return new_plane(plane.shape, plane.dtype) if self._is_replaced(name, plane) else plane

    def flag(self, test: Callable[[slice], NDArray[np.bool_]], bits: int) -> int:
        """Set mask bits where ``test(rows)`` is True; tell on how many pixels.

        A mask to which nothing is added is not written: if it is shared and read-only it stays so.
        """

        def band(rows: slice) -> tuple[slice, NDArray[np.bool_], int] | None:
            where = test(rows)
            return (rows, where, int(np.count_nonzero(where))) if where.any() else None

        found = [part for part in map_bands(band, self.shape) if part is not None]
        if found:
            self.make_writable("mask")
            for rows, where, _ in found:
                self.mask.array[rows] |= where * np.int32(bits)
        return sum(number for _, _, number in found)

    def _combine(
        self, other: MaskedImage, pixels: Callable[[_Planes, _Planes, _Planes], None], with_mask: bool = True
    ) -> None:
        """Run ``pixels(these, other, target)`` over bands and OR the masks, unless `with_mask` is off.

        A mask to which `other` adds no bit is not written: if it is shared and read-only it stays so.
        """
        if other.shape != self.shape:
            raise ValueError(f"sizes differ: {_size(self)} and {_size(other)} pixels (width x height)")
        # First, because it may find no room for a plane: then nothing shall have changed.
        bits = self.mask.aligned(other.mask) if with_mask else None
        image, variance = self._target("image", self.image), self._target("variance", self.variance)

        def band(rows: slice) -> None:
            with np.errstate(all="ignore"):
                pixels(
                    _Planes(self.image[rows], self.variance[rows]),
                    _Planes(other.image[rows], other.variance[rows]),
                    _Planes(image[rows], variance[rows]),
                )

        # Pixel types that do not go together fail for no rows as for all, before anything has changed.
        band(slice(0))
        for_bands(band, self.shape)
        self.image, self.variance = image, variance
        if bits is None:
            return
        if any(map_bands(lambda rows: bool(np.bitwise_or.reduce(bits[rows], axis=None)), self.shape)):
            self.make_writable("mask")
            self.mask.add_bits(bits)

    def _scale(self, image_operation: Any, factor: float) -> MaskedImage:
        """Apply a scalar product or quotient to the image, and its square to the variance."""
        c, c2 = np.float32(factor), np.float32(float(factor) ** 2)
        self.make_writable("image", "variance")

        def band(rows: slice) -> None:
            with np.errstate(all="ignore"):
                image_operation(self.image[rows], c, out=self.image[rows])
                image_operation(self.variance[rows], c2, out=self.variance[rows])

        band(slice(0))
        for_bands(band, self.shape)
        return self

    def __iadd__(self, other: MaskedImage | Array | float) -> MaskedImage:
        return self._add(other, np.add)

    def __isub__(self, other: MaskedImage | Array | float) -> MaskedImage:
        return self._add(other, np.subtract)

    def _add(self, other: MaskedImage | Array | float, operation: Any) -> MaskedImage:
        if not isinstance(other, MaskedImage):
            scalar = other if isinstance(other, np.ndarray) else np.float32(other)
            self.make_writable("image")
            operation(self.image, scalar, out=self.image)
            return self

        def pixels(these: _Planes, others: _Planes, target: _Planes) -> None:
            operation(these.image, others.image, out=target.image)
            np.add(these.variance, others.variance, out=target.variance)

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

    def scaled_plus(self, factor: float, other: MaskedImage, with_mask: bool = True) -> None:
        """Add ``factor * other``; the variance grows by ``factor**2`` times the other's.

        Without `with_mask` the mask stays as it is.
        """
        c2 = np.float32(factor * factor)

        def pixels(these: _Planes, others: _Planes, target: _Planes) -> None:
            scratch = np.empty_like(others.image)
            np.add(these.image, _scale(others.image, factor, out=scratch), out=target.image)
            np.multiply(others.variance, c2, out=scratch)
            np.add(these.variance, scratch, out=target.variance)

        self._combine(other, pixels, with_mask)

    def scaled_minus(self, factor: float, other: MaskedImage, with_mask: bool = True) -> None:
        """Subtract ``factor * other``; otherwise like `scaled_plus`."""
        self.scaled_plus(-factor, other, with_mask)

    def scaled_multiplies(self, factor: float, other: MaskedImage) -> None:
        """Multiply by ``factor * other``."""
        c2 = float(factor) * float(factor)

        def pixels(these: _Planes, others: _Planes, target: _Planes) -> None:
            _product_variance(these, others, target.variance)
            _scale(target.variance, c2, out=target.variance)
            np.multiply(these.image, _scale(others.image, factor), out=target.image)

        self._combine(other, pixels)

    def scaled_divides(self, factor: float, other: MaskedImage) -> None:
        """Divide by ``factor * other``; zeros of `other` give infinities and NaN without an error."""
        c2 = float(factor) * float(factor)

        def pixels(these: _Planes, others: _Planes, target: _Planes) -> None:
            square = _product_variance(these, others, target.variance)
            denominator = square.astype(np.float64)
            denominator *= denominator
            if c2 != 1.0:
                denominator *= c2
            np.divide(target.variance, denominator, out=target.variance, casting="same_kind")
            np.divide(these.image, _scale(others.image, factor, out=square), out=target.image)

        self._combine(other, pixels)


def _scale(pixels: Array, factor: float, out: Array | None = None) -> Array:
    """``factor * pixels``, formed in double precision and rounded once as in the reference; `pixels` itself for 1."""
    if factor == 1.0:
        return pixels
    target = np.empty_like(pixels) if out is None else out
    return np.multiply(pixels, factor, out=target, dtype=np.float64, casting="same_kind")


def _product_variance(these: _Planes, others: _Planes, target: Array) -> Array:
    """Put ``image**2 * other variance + other image**2 * variance`` into `target`; returns ``other image**2``."""
    numerator = these.image * these.image
    numerator *= others.variance
    square: Array = others.image * others.image
    np.multiply(these.variance, square, out=target)
    target += numerator
    return square


def _size(masked_image: MaskedImage) -> str:
    height, width = masked_image.shape
    return f"{width} x {height}"
