"""What a picture is made from: the planes of one result, with the words that belong on the picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isrviewer.render.view import CDMatrix

__all__ = ["NOT_FINITE", "ImagePlanes"]

NOT_FINITE = "not finite"
"""What the pixels whose value or variance is NaN or infinite are called beside the mask planes; no flag tells them."""


@dataclass(frozen=True, eq=False)
class ImagePlanes:
    """Image, mask and variance of one result. Arrays are shared, never copied and never written to.

    Two of these are equal only if they are the same object: comparing pixels would cost more than drawing them.

    Attributes
    ----------
    image : ndarray, (height, width)
        What is drawn: integer, float32 or float64.
    mask : ndarray, (height, width), int32, optional
    variance : ndarray, (height, width), float32, optional
        Not drawn; kept for readouts.
    xy0 : (int, int)
        Coordinates of the first pixel.
    plane_bits : mapping of str to int
        Mask plane -> bit.
    whose : str
        Exposure and CCD that the pixels are of.
    title : str
        What is shown: step, plane, difference.
    unit : str
        Unit of `image`.
    zero_centred : bool
        Whether the values are changes, so that zero belongs in the middle of the colour map.
    is_blank : bool
        Whether `image` is empty ground for the mask and has no values to look at.
    sky : ((float, float), (float, float)), optional
        CD matrix of the WCS: sky offsets (east, north) of one pixel step along x and along y, as ``((e_x, e_y), (n_x,
        n_y))``.

    Raises
    ------
    ValueError
        If the planes differ in shape or are not two-dimensional.
    """

    image: NDArray[Any]
    mask: NDArray[np.int32] | None = None
    variance: NDArray[np.float32] | None = None
    xy0: tuple[int, int] = (0, 0)
    plane_bits: Mapping[str, int] = field(default_factory=dict)
    whose: str = ""
    title: str = ""
    unit: str = ""
    zero_centred: bool = False
    is_blank: bool = False
    sky: CDMatrix | None = None

    def __post_init__(self) -> None:
        if self.image.ndim != 2:
            raise ValueError(f"{self.title or 'image'}: expected a 2-d plane, found shape {self.image.shape}")
        for name, plane in (("mask", self.mask), ("variance", self.variance)):
            if plane is not None and plane.shape != self.image.shape:
                raise ValueError(
                    f"{self.title or 'image'}: the {name} plane has shape {plane.shape}, the image {self.image.shape}; "
                    "planes of one result must have one shape"
                )
        object.__setattr__(self, "plane_bits", MappingProxyType(dict(self.plane_bits)))

    @property
    def name(self) -> str:
        """Exposure, CCD and what is shown of it."""
        return " · ".join(word for word in (self.whose, self.title) if word)

    @property
    def shape(self) -> tuple[int, int]:
        """``(height, width)``."""
        height, width = self.image.shape
        return height, width

    def index(self, x: float, y: float) -> tuple[int, int] | None:
        """Array index ``(row, column)`` of the pixel at parent coordinates, or None outside."""
        column, row = round(x) - self.xy0[0], round(y) - self.xy0[1]
        height, width = self.shape
        return (row, column) if 0 <= row < height and 0 <= column < width else None

    def with_plane(self, name: str, where: NDArray[np.bool_]) -> ImagePlanes:
        """The same with pixels `where` as one more mask plane, of a mask of its own. For a worker.

        Raises
        ------
        ValueError
            If there is no mask, or all 32 bits are taken.
        """
        if self.mask is None:
            raise ValueError(f"{self.title or 'this image'} has no mask, so {name!r} says nothing about it")
        free = set(range(32)) - set(self.plane_bits.values())
        if not free:
            raise ValueError(f"no room for {name!r}: all 32 bits of the mask are taken")
        bit = min(free)
        mask = self.mask.copy()
        mask[where] |= np.uint32(1 << bit).astype(np.int32)
        return replace(self, mask=mask, plane_bits={**self.plane_bits, name: bit})

    def bits_of(self, value: int) -> list[str]:
        """Names of the planes set in a mask value, lowest bit first."""
        ordered = sorted(self.plane_bits.items(), key=lambda item: item[1])
        return [name for name, bit in ordered if int(value) >> bit & 1]
