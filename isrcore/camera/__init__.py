"""What the instrument is: amplifiers, detectors, cameras."""

from isrcore.camera.amplifier import Amplifier, ReadoutCorner
from isrcore.camera.camera import Camera
from isrcore.camera.detector import FOCAL_PLANE, PIXELS, Detector, Orientation

__all__ = ["FOCAL_PLANE", "PIXELS", "Amplifier", "Camera", "Detector", "Orientation", "ReadoutCorner"]
