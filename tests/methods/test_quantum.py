"""``runQuantum``: what it fetches, completes, hands to ``run`` and stores."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest

from isrcore.calib.brighter_fatter_kernel import BrighterFatterKernel
from isrcore.calib.crosstalk import CrosstalkCalib
from isrcore.calib.defect_tables import to_region_table
from isrcore.calib.defects import Defects
from isrcore.calib.linearizer import Linearizer
from isrcore.camera import Camera
from isrcore.cfht import CfhtIsrTask
from isrcore.pipe import Struct
from tests.methods.small_tasks import make_task
from tests.small_frame import SmallFrame, make_detector
from tests.small_repository import Quantum


class TestRunQuantum:
    def test_stores_what_run_gives(self, frame: SmallFrame) -> None:
        quantum = Quantum({"ccdExposure": frame.raw.clone(), "bias": frame.arguments["bias"]})
        make_task(doBias=True).runQuantum(quantum, quantum.inputRefs, quantum.outputRefs)
        expected = make_task(doBias=True).run(frame.raw.clone(), bias=frame.arguments["bias"])
        assert quantum.outputs is not None
        assert np.array_equal(quantum.outputs.outputExposure.image, expected.exposure.image, equal_nan=True)

    def test_detector_number_is_needed(self, frame: SmallFrame) -> None:
        quantum = Quantum({"ccdExposure": frame.raw}, dataId={"exposure": 1})
        with pytest.raises(ValueError, match="detector"):
            make_task().runQuantum(quantum, quantum.inputRefs, quantum.outputRefs)

    def test_arrays_and_camera(self, frame: SmallFrame) -> None:
        """A bias that is a bare image gets its detector from the camera."""
        camera = Camera("small", [make_detector()])
        quantum = Quantum({"ccdExposure": frame.raw.clone(), "bias": frame.arguments["bias"].image, "camera": camera})
        make_task(doBias=True).runQuantum(quantum, quantum.inputRefs, quantum.outputRefs)
        assert quantum.outputs is not None

    def given(self, task: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        """The arguments with which ``run`` is called."""
        quantum = Quantum(inputs)
        arguments: dict[str, Any] = {}

        def run(**values: Any) -> Struct:
            arguments.update(values)
            return Struct()

        task.run = run
        task.runQuantum(quantum, quantum.inputRefs, quantum.outputRefs)
        assert quantum.outputs == Struct()
        assert (arguments["isGen3"], arguments["detectorNum"]) == (True, 0)
        return arguments

    def test_crosstalk(self, frame: SmallFrame) -> None:
        calib: CrosstalkCalib = frame.arguments["crosstalk"]
        tables = calib.toTable()
        for given in (calib, tables, tables[0]):
            found = self.given(make_task(doCrosstalk=True), {"ccdExposure": frame.raw, "crosstalk": given})["crosstalk"]
            assert np.allclose(found.coeffs, calib.coeffs)
        task = make_task(
            doCrosstalk=True, crosstalk__useConfigCoefficients=True, crosstalk__crosstalkValues=[0.0, 1e-4, 1e-4, 0.0]
        )
        for inputs in ({"ccdExposure": frame.raw}, {"ccdExposure": frame.raw, "crosstalk": None}):
            assert self.given(task, inputs)["crosstalk"].coeffs[0, 1] == pytest.approx(1e-4)

    def test_crosstalk_between_detectors(self, frame: SmallFrame, caplog: pytest.LogCaptureFixture) -> None:
        calib = frame.arguments["crosstalk"]
        calib.interChip = {"ccd01": np.zeros((2, 2))}
        with caplog.at_level(logging.WARNING):
            self.given(make_task(doCrosstalk=True), {"ccdExposure": frame.raw, "crosstalk": calib})
        assert "crosstalkSources" in caplog.text

    def test_linearizer(self, frame: SmallFrame, caplog: pytest.LogCaptureFixture) -> None:
        calib: Linearizer = frame.arguments["linearizer"]
        table = np.zeros((2, 100), np.float32)
        for given, warned in ((calib, False), (calib.toDict(), True), (table, True), (None, True)):
            caplog.clear()
            inputs = {"ccdExposure": frame.raw} | ({} if given is None else {"linearizer": given})
            with caplog.at_level(logging.WARNING):
                found = self.given(make_task(doLinearize=True), inputs)["linearizer"]
            assert isinstance(found, Linearizer)
            assert found.linearityType == calib.linearityType
            assert bool(caplog.text) is warned
        assert (
            self.given(make_task(doLinearize=True), {"ccdExposure": frame.raw, "linearizer": table})[
                "linearizer"
            ].tableData
            is not None
        )

    def test_defects(self, frame: SmallFrame) -> None:
        defects: Defects = frame.arguments["defects"]
        for given in (defects, to_region_table(defects), [to_region_table(defects)]):
            found = self.given(make_task(doDefect=True), {"ccdExposure": frame.raw, "defects": given})["defects"]
            assert found == defects

    def test_kernel(self, frame: SmallFrame, caplog: pytest.LogCaptureFixture) -> None:
        array = frame.arguments["bfKernel"]
        task = make_task(doBrighterFatter=True)
        found = self.given(task, {"ccdExposure": frame.raw, "bfKernel": array})
        assert found["bfKernel"] is array
        assert "bfGains" not in found
        for level, name in (("DETECTOR", "ccd00"), ("AMP", "A")):
            kernel = BrighterFatterKernel(level=level)
            kernel.gain = {"A": 1.1, "B": 1.2}
            kernel.add_kernel(level, name, array)
            with caplog.at_level(logging.WARNING):
                found = self.given(task, {"ccdExposure": frame.raw, "bfKernel": 1, "newBFKernel": kernel})
            assert np.allclose(found["bfKernel"], array)
            assert found["bfGains"] == {"A": 1.1, "B": 1.2}
            assert "newBFKernel" not in found
        assert "average" in caplog.text
        with pytest.raises(RuntimeError, match="ccd00"):
            self.given(task, {"ccdExposure": frame.raw, "newBFKernel": BrighterFatterKernel()})
        with pytest.raises(NotImplementedError):
            self.given(
                make_task(doBrighterFatter=True, brighterFatterLevel="AMP"),
                {"ccdExposure": frame.raw, "newBFKernel": kernel},
            )

    def test_fringes(self, frame: SmallFrame) -> None:
        fringe = frame.arguments["fringes"].fringes
        task = make_task(doFringe=True, fringe__filters=["i.MP9702"])
        found = self.given(task, {"ccdExposure": frame.raw, "fringes": fringe})["fringes"]
        assert (found.fringes, found.seed) == (fringe, 849375)
        with pytest.raises(KeyError):
            self.given(task, {"ccdExposure": frame.raw})
        other = make_task(doFringe=True, fringe__filters=["z.MP9801"])
        assert self.given(other, {"ccdExposure": frame.raw, "fringes": fringe})["fringes"] == Struct(fringes=None)
        off = make_task()
        assert self.given(off, {"ccdExposure": frame.raw})["fringes"] == Struct(fringes=None)

    def test_stray_light(self, frame: SmallFrame) -> None:
        task = make_task(doStrayLight=True, strayLight__filters=["i.MP9702"])
        assert self.given(task, {"ccdExposure": frame.raw})["strayLightData"] is None
        other = make_task(doStrayLight=True, strayLight__filters=["y"])
        assert "strayLightData" not in self.given(other, {"ccdExposure": frame.raw})


def test_cfht_task_refuses_a_kernel_in_a_quantum(frame: SmallFrame) -> None:
    task = make_task(CfhtIsrTask, doBrighterFatter=True)
    quantum = Quantum({"ccdExposure": frame.raw, "bfKernel": frame.arguments["bfKernel"]})
    with pytest.raises(ValueError, match="bfKernel"):
        task.runQuantum(quantum, quantum.inputRefs, quantum.outputRefs)
