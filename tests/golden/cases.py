"""Golden cases: recorded runs of the original implementation, read from a folder and turned into inputs for ours.

The folder comes from ``ISR_GOLDEN_DIR``; without it ``golden`` in the shared reference data is used.
"""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from isrcore.calib.crosstalk import CrosstalkCalib
from isrcore.calib.defects import Defects
from isrcore.calib.linearizer import Linearizer
from isrcore.camera import Amplifier, Camera, Detector, Orientation, ReadoutCorner
from isrcore.cfht import CfhtIsrTask
from isrcore.config.overrides import load_cfht_defaults
from isrcore.geom import Box
from isrcore.image import Exposure, FilterLabel, Mask, MaskedImage, MaskPlanes, VisitInfo
from isrcore.metadata import PropertyList
from isrcore.pipe import Struct
from isrcore.task import IsrTask

__all__ = ["GoldenCase", "golden_folder"]

TASKS = {"IsrTask": IsrTask, "CfhtIsrTask": CfhtIsrTask}


def golden_folder() -> Path | None:
    """The folder of golden cases, or None when there is none."""
    shared = Path(os.environ.get("ISR_SHARED_DIR") or Path(__file__).resolve().parents[3] / "shared")
    folder = Path(os.environ.get("ISR_GOLDEN_DIR") or shared / "golden")
    return folder if folder.is_dir() else None


def box(values: list[int]) -> Box:
    return Box(*values)


@dataclass
class GoldenCase:
    """One recorded run.

    Attributes
    ----------
    meta : dict
        The recording's description; see the README of the golden folder.
    arrays : mapping of str to ndarray
    """

    meta: dict[str, Any]
    arrays: Any

    @classmethod
    def read(cls, path: Path) -> GoldenCase:
        arrays = np.load(path)
        return cls(json.loads(str(arrays["meta"])), arrays)

    @property
    def name(self) -> str:
        return str(self.meta["name"])

    def planes(self, step: dict[str, Any]) -> MaskedImage:
        """Pixels recorded at a step."""
        mask = Mask(self.arrays[step["mask"]].astype(np.int32), MaskPlanes(step["maskPlanes"]))
        x0, y0 = step["xy0"]
        return MaskedImage(self.arrays[step["image"]], mask, self.arrays[step["variance"]], (x0, y0))

    def config(self) -> Any:
        """The config of the run; raises what setting or validating it raises."""
        config = TASKS[self.meta["task"]].ConfigClass()
        if self.meta["cfht"]:
            load_cfht_defaults(config)
        for path, value in self.meta["config"].items():
            *parents, leaf = path.split(".")
            node = config
            for name in parents:
                node = getattr(node, name)
            setattr(node, leaf, value)
        if self.meta["validate"]:
            config.validate()
        return config

    def task(self) -> IsrTask:
        return TASKS[self.meta["task"]](config=self.config())

    def detector(self) -> Detector:
        geometry = self.meta["geometry"]
        crosstalk = geometry["crosstalk"]
        return Detector(
            name=geometry["name"],
            id=geometry["id"],
            serial=geometry["serial"],
            bbox=box(geometry["bbox"]),
            amplifiers=tuple(_amplifier(values) for values in geometry["amps"]),
            pixel_size=tuple(geometry["pixelSize"]),
            orientation=Orientation(tuple(geometry["fpOffset"]), tuple(geometry["refPos"])),
            crosstalk=None if crosstalk is None else np.asarray(crosstalk, np.float32),
        )

    def raw(self) -> Exposure:
        """The input exposure."""
        masked_image = MaskedImage(self.arrays["raw"].copy())
        for plane, area in (self.meta.get("rawMask") or {}).items():
            masked_image.mask.set_box(box(area), plane)
        for step in self.meta["steps"]:
            if step["name"] == "input":
                masked_image.variance[:] = self.arrays[step["variance"]]
        exposure = Exposure(masked_image, PropertyList(self.meta["header"]))
        if not self.meta["noDetector"]:
            exposure.detector = self.detector()
        if self.meta["filter"]:
            exposure.filter_label = FilterLabel(self.meta["filter"]["physical"], self.meta["filter"]["band"])
        if self.meta["visit"]:
            exposure.visit_info = _visit(self.meta["visit"])
        return exposure

    def calibration(self, key: str) -> Exposure:
        facts = self.meta["calibs"][key]
        image = self.arrays[f"calib.{key}.image"].copy()
        mask = Mask.zeros(image.shape)
        if f"calib.{key}.mask" in self.arrays:
            # The array counts its own planes; they are moved to the bits of a new mask by name.
            mask |= Mask(self.arrays[f"calib.{key}.mask"].astype(np.int32), MaskPlanes(facts["maskPlanes"]))
        if f"calib.{key}.variance" in self.arrays:
            variance = self.arrays[f"calib.{key}.variance"].copy()
        else:
            variance = np.full(image.shape, facts.get("varianceConst", 0.0), np.float32)
        exposure = Exposure(
            MaskedImage(image, mask, variance), detector=None if self.meta["noDetector"] else self.detector()
        )
        if facts.get("visit"):
            exposure.visit_info = _visit(facts["visit"])
        return exposure

    def arguments(self, detector: Detector) -> dict[str, Any]:
        """Keyword arguments of ``run``."""
        calibs = self.meta["calibs"]
        arguments: dict[str, Any] = {key: self.calibration(key) for key in ("bias", "dark", "flat") if key in calibs}
        if "illum" in calibs:
            arguments["illumMaskedImage"] = self.calibration("illum").masked_image
        frames = [self.calibration(key) for key in sorted(calibs) if key.startswith("fringe")]
        if frames:
            fringes: dict[str, Any] = {"fringes": frames[0] if len(frames) == 1 else frames}
            if self.meta.get("fringeSeedUsed") is not None:
                fringes["seed"] = self.meta["fringeSeedUsed"]
            arguments["fringes"] = Struct(**fringes)
        if self.meta["defects"] is not None:
            boxes = [box(values) for values in self.meta["defects"]]
            arguments["defects"] = Defects(boxes) if self.meta["defectsAs"] == "Defects" else boxes
        if self.meta.get("crosstalk"):
            arguments["crosstalk"] = _crosstalk(self.meta["crosstalk"], detector)
        if self.meta.get("linearizer"):
            arguments["linearizer"] = self._linearizer(detector)
        if self.meta.get("ptc"):
            arguments["ptc"] = Struct(gain=self.meta["ptc"]["gain"], noise=self.meta["ptc"]["noise"])
        if "bfKernel" in self.arrays:
            arguments["bfKernel"] = self.arrays["bfKernel"]
        if self.meta["bfGains"]:
            arguments["bfGains"] = self.meta["bfGains"]
        if self.meta["isGen3"]:
            arguments["isGen3"] = True
            if self.meta["isGen3"] == "camera":
                arguments["camera"] = Camera("golden", [self.detector()])
                arguments["detectorNum"] = self.meta["geometry"]["id"]
        return arguments

    def _linearizer(self, detector: Detector) -> Linearizer:
        facts = self.meta["linearizer"]
        described = detector.with_amplifiers(
            amp.replace(linearity_type=facts["types"][amp.name], linearity_coeffs=tuple(facts["coeffs"][amp.name]))
            for amp in detector
        )
        table = self.arrays.get("linTable")
        linearizer = Linearizer(table=table, detector=described)
        linearizer.override = bool(facts.get("override", False))
        return linearizer


def _visit(values: dict[str, Any]) -> VisitInfo:
    return VisitInfo(exposure_time=values["exptime"], dark_time=values["darktime"], exposure_id=values.get("expId", 0))


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)


def _amplifier(values: dict[str, Any]) -> Amplifier:
    return Amplifier(
        name=values["name"],
        bbox=box(values["bbox"]),
        raw_bbox=box(values["rawBBox"]),
        raw_data_bbox=box(values["rawDataBBox"]),
        raw_horizontal_overscan_bbox=box(values["rawHorizontalOverscanBBox"]),
        raw_vertical_overscan_bbox=box(values["rawVerticalOverscanBBox"]),
        raw_prescan_bbox=box(values["rawPrescanBBox"]),
        gain=_number(values["gain"]),
        read_noise=_number(values["readNoise"]),
        saturation=_number(values["saturation"]),
        suspect_level=_number(values["suspectLevel"]),
        readout_corner=ReadoutCorner[values["readoutCorner"]],
        linearity_type=values["linearityType"],
        linearity_coeffs=tuple(values["linearityCoeffs"]),
        raw_flip_x=values["rawFlipX"],
        raw_flip_y=values["rawFlipY"],
        raw_xy_offset=tuple(values["rawXYOffset"]),
    )


def _crosstalk(facts: dict[str, Any], detector: Detector) -> CrosstalkCalib:
    calib = CrosstalkCalib()
    coefficients = [value for row in facts["coeffs"] for value in row]
    calib.fromDetector(detector, coeffVector=coefficients)
    return calib
