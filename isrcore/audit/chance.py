"""How often noise alone goes as far: from sigma to the number of pixels of a CCD that pass by chance.

Residuals of real frames have wider tails than a Gaussian: medians of few frames, noise that varies within a tile. So
each frame's own residuals say how far their tails reach. Two quantiles of the quieter side are compared with those of a
Gaussian, and the straight line through both (a quantile-quantile plot) is continued; defects, which are one in ten
thousand and on one side only, hardly move it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from isrcore.values import frozen

__all__ = ["GAUSSIAN", "Chance", "Tail"]

_COMMON, _RARE = 1e-2, 2e-4
"""Fractions of pixels beyond the two quantiles: rare enough to tell, common enough to be measured."""

_ODD, _MOST_ODD = 4.0, 0.005
"""Sigma, and the fraction of the pixels of a column that may go as far."""

_LEAST_SLOPE = 0.5

_SAMPLE = 1 << 21
_FEWEST = 20_000
"""Pixels: of a smaller frame the rare quantile is not known."""


@frozen
class Tail:
    """A frame's significance as that of a Gaussian: ``offset + slope * significance`` beyond the common quantile.

    Attributes
    ----------
    offset, slope : float
        0 and 1 for a Gaussian; tails that are wider have a slope below 1.
    """

    offset: float = 0.0
    slope: float = 1.0

    @classmethod
    def of(cls, significance: NDArray[Any]) -> Tail:
        """The tail of a frame.

        Parameters
        ----------
        significance : ndarray, (height, width)
            Residuals in units of their noise.
        """
        step = max(1, int(np.ceil(np.sqrt(significance.size / _SAMPLE))))
        sample = significance[::step, ::step]
        # Bad columns are no noise, and on some CCDs they are one pixel in a hundred.
        usual = np.mean(np.abs(sample) > _ODD, axis=0) <= _MOST_ODD
        sample = sample[:, usual].ravel()
        if sample.size < _FEWEST:
            return GAUSSIAN
        ranks = [int(fraction * sample.size) for fraction in (_COMMON, _RARE)]
        low = np.partition(sample, ranks)[ranks]
        high = np.partition(sample, [sample.size - 1 - rank for rank in ranks])[[-1 - rank for rank in ranks]]
        common, rare = np.minimum(-low, high).astype(float)
        expected_common, expected_rare = -special.ndtri((_COMMON, _RARE))
        if not rare > common:
            return GAUSSIAN
        # Narrower tails than a Gaussian's are not believed so far out, and twice as wide ones are no noise.
        slope = min(1.0, max(_LEAST_SLOPE, float((expected_rare - expected_common) / (rare - common))))
        return cls(min(0.0, float(expected_rare - slope * rare)), slope)

    def gaussian(self, significance: float) -> float:
        """The significance that a Gaussian would have as rarely."""
        return self.offset + self.slope * significance

    def significance(self, gaussian: float) -> float:
        """The inverse of `gaussian`."""
        return (gaussian - self.offset) / self.slope


GAUSSIAN = Tail()


@dataclass(frozen=True)
class Chance:
    """Of the search of one CCD.

    Attributes
    ----------
    tests : int
        Independent tests: every pixel of every calibration frame, once for each sign that counts.
    tail : `Tail`
        The widest of all frames.
    """

    tests: int
    tail: Tail = GAUSSIAN

    def threshold(self, false_pixels: float, tail: Tail) -> float:
        """Sigma beyond which so many pixels are expected by chance in all tests together, of a frame with this tail."""
        gaussian = -float(special.ndtri(min(0.5, false_pixels / max(self.tests, 1))))
        return tail.significance(gaussian)

    def false_pixels(self, significance: float) -> float:
        """Pixels expected by chance beyond this many sigma, in all tests together; by the widest tail."""
        return float(self.tests * special.ndtr(-self.tail.gaussian(significance)))
