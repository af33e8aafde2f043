"""Raw MegaCam frames with known truth, and the calibration masters that belong to them."""

from isrcore.simulate.ccd import simulate_ccd
from isrcore.simulate.chip import Chip, Defect, load_chip
from isrcore.simulate.demo import DemoFiles, simulate_demo
from isrcore.simulate.frame import simulate_raw
from isrcore.simulate.masters import mask_boxes, simulate_calibrations
from isrcore.simulate.recipe import SimulationRecipe
from isrcore.simulate.truth import CcdTruth, Truth

__all__ = [
    "CcdTruth",
    "Chip",
    "Defect",
    "DemoFiles",
    "SimulationRecipe",
    "Truth",
    "load_chip",
    "mask_boxes",
    "simulate_calibrations",
    "simulate_ccd",
    "simulate_demo",
    "simulate_raw",
]
