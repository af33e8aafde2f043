"""What a frame is: pixels with mask and variance, and the facts that travel with them."""

from isrcore.image.components import FilterLabel, PhotoCalib, VisitInfo
from isrcore.image.exposure import Exposure
from isrcore.image.mask import DEFAULT_PLANES, Mask, MaskPlanes
from isrcore.image.masked_image import MaskedImage

__all__ = ["DEFAULT_PLANES", "Exposure", "FilterLabel", "Mask", "MaskPlanes", "MaskedImage", "PhotoCalib", "VisitInfo"]
