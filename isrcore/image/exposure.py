"""An exposure: pixels of one detector and everything known about them."""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isrcore.camera import Detector
from isrcore.geom import Box
from isrcore.image.components import FilterLabel, PhotoCalib, VisitInfo
from isrcore.image.mask import Mask
from isrcore.image.masked_image import MaskedImage
from isrcore.metadata import PropertyList

__all__ = ["Exposure"]


class Exposure:
    """A masked image with metadata and components (manual: pixels, Exposures).

    Parameters
    ----------
    masked_image : `MaskedImage`
        Held, not copied. ADU throughout, unless a gain has been applied.
    metadata : `PropertyList`, optional
    detector : `isrcore.camera.Detector`, optional
    wcs : optional
        An `astropy.wcs.WCS` of the frame that the header describes; passed through, never shifted.
    filter_label, visit_info, photo_calib : optional
    valid_polygon : optional
        `shapely` polygon in pixels.
    transmission_curve : optional
    """

    def __init__(
        self,
        masked_image: MaskedImage,
        metadata: PropertyList | None = None,
        detector: Detector | None = None,
        wcs: Any = None,
        filter_label: FilterLabel | None = None,
        visit_info: VisitInfo | None = None,
        photo_calib: PhotoCalib | None = None,
        valid_polygon: Any = None,
        transmission_curve: Any = None,
    ) -> None:
        self.masked_image = masked_image
        self.metadata = PropertyList() if metadata is None else metadata
        self.detector = detector
        self.wcs = wcs
        self.filter_label = filter_label
        self.visit_info = visit_info
        self.photo_calib = photo_calib
        self.valid_polygon = valid_polygon
        self.transmission_curve = transmission_curve

    @property
    def image(self) -> NDArray[Any]:
        return self.masked_image.image

    @property
    def mask(self) -> Mask:
        return self.masked_image.mask

    @property
    def variance(self) -> NDArray[Any]:
        return self.masked_image.variance

    @property
    def bbox(self) -> Box:
        return self.masked_image.bbox

    def clone(self) -> Exposure:
        """A deep copy of pixels and metadata; the other components are immutable and shared."""
        return self.with_pixels(self.masked_image.clone(), self.metadata.copy())

    def with_pixels(self, masked_image: MaskedImage, metadata: PropertyList | None = None) -> Exposure:
        """The same components around other pixels; the metadata object is shared unless one is given."""
        other = copy(self)
        other.masked_image = masked_image
        if metadata is not None:
            other.metadata = metadata
        return other

    def subset(self, box: Box) -> Exposure:
        """The part in `box` (parent coordinates); shares pixels and components."""
        return self.with_pixels(self.masked_image.subset(box))

    def convertF(self) -> Exposure:
        """A float32 exposure with the same components, copied pixels and copied metadata."""
        pixels = self.masked_image
        converted = MaskedImage(
            pixels.image.astype(np.float32), pixels.mask.clone(), pixels.variance.copy(), pixels.xy0
        )
        return self.with_pixels(converted, self.metadata.copy())

    # The documented accessors, spelled as in the LSST stack.

    def getMaskedImage(self) -> MaskedImage:
        return self.masked_image

    def getBBox(self) -> Box:
        return self.bbox

    def getWidth(self) -> int:
        return self.bbox.width

    def getHeight(self) -> int:
        return self.bbox.height

    def getInfo(self) -> Exposure:
        """The object with the component accessors: the exposure itself."""
        return self

    def getMetadata(self) -> PropertyList:
        return self.metadata

    def setMetadata(self, metadata: PropertyList) -> None:
        self.metadata = metadata

    def getDetector(self) -> Detector | None:
        return self.detector

    def setDetector(self, detector: Detector | None) -> None:
        self.detector = detector

    def getWcs(self) -> Any:
        return self.wcs

    def setWcs(self, wcs: Any) -> None:
        self.wcs = wcs

    def getFilterLabel(self) -> FilterLabel | None:
        return self.filter_label

    def setFilterLabel(self, label: FilterLabel | None) -> None:
        self.filter_label = label

    def getVisitInfo(self) -> VisitInfo | None:
        return self.visit_info

    def setVisitInfo(self, visit_info: VisitInfo | None) -> None:
        self.visit_info = visit_info

    def getPhotoCalib(self) -> PhotoCalib | None:
        return self.photo_calib

    def setPhotoCalib(self, photo_calib: PhotoCalib | None) -> None:
        self.photo_calib = photo_calib

    def getValidPolygon(self) -> Any:
        return self.valid_polygon

    def setValidPolygon(self, polygon: Any) -> None:
        self.valid_polygon = polygon

    def getTransmissionCurve(self) -> Any:
        return self.transmission_curve

    def setTransmissionCurve(self, curve: Any) -> None:
        self.transmission_curve = curve
