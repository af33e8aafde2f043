"""The detector with the values that the header of a file states, or a refusal that names file and card."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from isrcore.camera import Detector
from isrcore.camera.megacam import detector_from_header
from isrcore.data.errors import FrameError
from isrcore.metadata import PropertyList

__all__ = ["header_detector"]


def header_detector(path: Path, detector: Detector, header: Mapping[str, Any] | PropertyList) -> Detector:
    """`isrcore.camera.megacam.detector_from_header`, with the file in its errors.

    Raises
    ------
    FrameError
        If a gain, a read noise or the saturation is no finite number.
    """
    try:
        return detector_from_header(detector, header)
    except ValueError as error:
        keyword, expected, found, problem = error.args
        cure = "correct the card"
        raise FrameError(
            path, f"{detector.name}: {problem}", keyword=keyword, expected=expected, found=found, cure=cure
        ) from error
