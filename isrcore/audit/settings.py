"""Every threshold of the detection, with its unit."""

from __future__ import annotations

import dataclasses

from isrcore.values import frozen

__all__ = ["DetectionSettings"]


@frozen
class DetectionSettings:
    """What counts as a defect.

    A pixel must pass a threshold in units of the local noise and, where there is one, the amplitude below which an
    instrument scientist would not flag it. The noise is that of the pixels around, faint structure included.

    Attributes
    ----------
    false_pixels : float
        Pixels of a CCD that pass by chance, all tests of bias, dark and flat together: the threshold of each frame
        follows from it, from the number of tests and from the frame's own tails; about 5.9 sigma for Gaussian noise.
    joined_significance : float
        Sigma of a Gaussian, pixels of bias, dark and flat that touch one that has passed: they count from here on.
    bias_excess : float
        ADU, either sign, single pixels of the bias.
    dark_rate : float
        ADU/s above the surroundings, single pixels of the dark.
    response_change : float
        Relative to the surroundings, either sign, single pixels of the flat.
    dust_depth : float
        Relative: smooth shadows in the flat, wider than 16 pixels both ways, up to this deep are dust, which the flat
        corrects, and no bad pixels. Twice the 3 per cent of one speck, since shadows overlap.
    science_significance : float
        Sigma, single pixels of each science exposure.
    repeat_fraction : float
        Fraction of the science exposures in which a pixel must misbehave in the same sense.
    min_exposures : int
        Science exposures needed for that.
    max_repeated : float
        If more than this fraction of the bright pixels of a frame repeat in the others, the exposures are not dithered:
        then stars repeat, and the evidence of science exposures is not used.
    column_significance : float
        Sigma of the mean over a part of a column.
    science_column_significance : float
        Sigma, the same in the median of the science exposures, in which halos of stars leave structure of their own.
    column_bias : float
        ADU, mean over a part of a column of the bias.
    column_dark_rate : float
        ADU/s, the same in the dark.
    column_response : float
        Relative, the same in the flat.
    column_science : float
        Units of the pixel noise, the same in the science exposures.
    column_rows : int
        Rows of the shortest part of a column.
    top_rows : int
        Rows: a part that ends this close to the last row is taken to end there, since charge trails to the top.
    dead_response : float
        An amplifier whose median in the flat is below this fraction of the better one's is dead.
    normal_significance : float
        Sigma, against neighbours of the same shape: flagged pixels below it in every frame are indistinguishable.
    normal_fraction : float
        Fraction of the pixels of a flagged defect that may be detected as bad and still leave it indistinguishable.

    Raises
    ------
    ValueError
        For a threshold that is not positive.
    """

    false_pixels: float = 0.1
    joined_significance: float = 5.25
    bias_excess: float = 2.0
    dark_rate: float = 0.002
    response_change: float = 0.03
    dust_depth: float = 0.06
    science_significance: float = 5.0
    repeat_fraction: float = 0.8
    min_exposures: int = 3
    max_repeated: float = 0.2
    column_significance: float = 7.0
    science_column_significance: float = 10.0
    column_bias: float = 1.5
    column_dark_rate: float = 0.002
    column_response: float = 0.03
    column_science: float = 0.5
    column_rows: int = 32
    top_rows: int = 32
    dead_response: float = 0.5
    normal_significance: float = 3.5
    normal_fraction: float = 0.05

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if not value > 0:
                raise ValueError(f"detection settings: {field.name} must be positive, found {value!r}")
