"""What a frame is: pixels with mask and variance, and the facts that travel with them."""

from isrcore.image.components import AB_ZERO_FLUX_NJY, FilterLabel, PhotoCalib, VisitInfo
from isrcore.image.exposure import Exposure
from isrcore.image.mask import DEFAULT_PLANES, Mask, MaskPlanes
from isrcore.image.masked_image import MaskedImage

__all__ = [
    "AB_ZERO_FLUX_NJY",
    "DEFAULT_PLANES",
    "Exposure",
    "FilterLabel",
    "Mask",
    "MaskPlanes",
    "MaskedImage",
    "PhotoCalib",
    "VisitInfo",
]
