"""The documented methods that fetch, run and store, over a repository in memory."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.time import Time

from isrcore.calib.brighter_fatter_kernel import BrighterFatterKernel
from isrcore.calib.crosstalk import CrosstalkCalib
from isrcore.calib.defect_tables import to_region_table
from isrcore.calib.defects import Defects
from isrcore.calib.linearizer import Linearizer
from isrcore.camera import Camera
from isrcore.cfht import CfhtIsrTask
from isrcore.config.fields import set_field
from isrcore.geom import Box
from isrcore.image import Exposure, FilterLabel, VisitInfo
from isrcore.pipe import Struct
from isrcore.task import IsrTask
from tests.small_frame import HEIGHT, WIDTH, SmallFrame, make_detector, make_small_frame
from tests.small_repository import Quantum, Reference, Repository

DATA_ID = {"visit": 849375, "ccd": 0}
OFF = {
    "doBias": False,
    "doDark": False,
    "doFlat": False,
    "doFringe": False,
    "doDefect": False,
    "doLinearize": False,
    "doBrighterFatter": False,
    "doCrosstalk": False,
    "doAttachTransmissionCurve": False,
    "fringe.num": 50,
    "fringe.large": 10,
}


@pytest.fixture
def frame() -> SmallFrame:
    return make_small_frame()


def make_task(task_class: Any = IsrTask, **values: Any) -> Any:
    """A task whose steps that need calibrations are off, except for what is given."""
    config = task_class.ConfigClass()
    for path, value in {**OFF, **{name.replace("__", "."): value for name, value in values.items()}}.items():
        set_field(config, path, value, "test")
    config.validate()
    return task_class(config=config)


def repository_of(frame: SmallFrame, **datasets: Any) -> tuple[Repository, Reference]:
    repository = Repository()
    raw = frame.raw.clone()
    raw.visit_info = VisitInfo(180.0, 181.5, 849375, Time("2009-03-01T10:00:00", scale="utc"))
    repository.add("raw", raw, **DATA_ID)
    repository.add("camera", Camera("small", [make_detector()]))
    for name, value in datasets.items():
        repository.add(name, value)
    return repository, Reference(repository, DATA_ID)


class TestGetIsrExposure:
    def test_plain(self, frame: SmallFrame) -> None:
        repository, ref = repository_of(frame, bias=frame.arguments["bias"])
        found = make_task().getIsrExposure(ref, "bias")
        assert np.array_equal(found.image, frame.arguments["bias"].image)
        assert repository.asked == [("bias", {})]

    def test_missing_says_what_and_where(self, frame: SmallFrame) -> None:
        _, ref = repository_of(frame)
        with pytest.raises(RuntimeError, match=r"flat.*849375.*no dataset flat"):
            make_task().getIsrExposure(ref, "flat")

    @pytest.mark.parametrize(
        ("use_date", "date", "keys"),
        [
            (True, "2009-03-01", {"filter": "i", "dateObs": "2009-03-01"}),
            (False, "2009-03-01", {"filter": "i"}),
            (True, None, {"filter": "i"}),
        ],
    )
    def test_fallback(
        self,
        frame: SmallFrame,
        caplog: pytest.LogCaptureFixture,
        use_date: bool,
        date: str | None,
        keys: dict[str, str],
    ) -> None:
        repository, ref = repository_of(frame)
        repository.add("flat", frame.arguments["flat"], **keys)
        task = make_task(fallbackFilterName="i", useFallbackDate=use_date)
        with caplog.at_level(logging.WARNING):
            found = task.getIsrExposure(ref, "flat", dateObs=date)
        assert np.array_equal(found.image, frame.arguments["flat"].image)
        assert repository.asked == [("flat", {}), ("flat", keys)]
        assert "filter i" in caplog.text

    def test_fallback_fails_too(self, frame: SmallFrame) -> None:
        _, ref = repository_of(frame)
        task = make_task(fallbackFilterName="i")
        with pytest.raises(RuntimeError, match=r"no dataset flat for \{\}.*filter i.*no dataset flat for .*filter"):
            task.getIsrExposure(ref, "flat")

    def test_assembles(self, frame: SmallFrame) -> None:
        _, ref = repository_of(frame, bias=frame.raw.convertF())
        found = make_task(doAssembleIsrExposures=True).getIsrExposure(ref, "bias")
        assert found.bbox == Box(0, 0, WIDTH, HEIGHT)
        amp = frame.raw.detector[1]
        assert np.array_equal(found.image[amp.bbox.slices()], frame.raw.image[amp.raw_data_bbox.slices()])


class TestReadIsrData:
    def test_nothing_is_fetched_when_all_is_off(self, frame: SmallFrame) -> None:
        repository, ref = repository_of(frame)
        raw = ref.get("raw")
        repository.asked.clear()
        before = raw.image.copy()
        found = make_task().readIsrData(ref, raw)
        assert repository.asked == []
        assert found.fringes == Struct(fringes=None)
        assert all(value is None for name, value in found.getDict().items() if name != "fringes")
        assert "UNMASKEDNAN" in raw.mask.planes.as_dict()
        assert np.array_equal(raw.image, before)

    def test_names_and_order_of_everything(self, frame: SmallFrame) -> None:
        names = ["bias", "linearizer", "crosstalk", "dark", "flat", "brighterFatterKernel", "defects", "fringe"]
        names += [f"transmission_{part}" for part in ("optics", "filter", "sensor", "atmosphere")] + ["illumcor"]
        repository, ref = repository_of(frame, **everything(frame))
        raw = ref.get("raw")
        repository.asked.clear()
        task = make_task(
            doBias=True,
            doDark=True,
            doFlat=True,
            doFringe=True,
            fringe__filters=["i.MP9702"],
            doDefect=True,
            doLinearize=True,
            doBrighterFatter=True,
            doCrosstalk=True,
            doAttachTransmissionCurve=True,
            doIlluminationCorrection=True,
            illumFilters=["i.MP9702"],
        )
        found = task.readIsrData(ref, raw)
        assert [name for name, _ in repository.asked] == names
        assert list(found.getDict()) == [
            *("bias", "linearizer", "crosstalk", "crosstalkSources", "dark", "flat", "bfKernel", "bfGains", "defects"),
            *("fringes", "opticsTransmission", "filterTransmission", "sensorTransmission", "atmosphereTransmission"),
            *("strayLightData", "illumMaskedImage"),
        ]
        assert found.bfGains == {"A": 1.5, "B": 1.6}
        assert found.bfKernel.shape == (5, 5)
        assert found.fringes.seed == 849375
        assert found.crosstalkSources is None
        assert found.illumMaskedImage.shape == (HEIGHT, WIDTH)

    def test_other_filter_needs_no_fringe_and_no_illumination(self, frame: SmallFrame) -> None:
        repository, ref = repository_of(frame)
        raw = ref.get("raw")
        raw.filter_label = FilterLabel("r.MP9601", "r")
        repository.asked.clear()
        task = make_task(
            doFringe=True, fringe__filters=["i.MP9702"], doIlluminationCorrection=True, illumFilters=["i.MP9702"]
        )
        assert task.readIsrData(ref, raw).fringes.fringes is None
        assert repository.asked == []

    def test_date_of_the_flat(self, frame: SmallFrame) -> None:
        repository, ref = repository_of(frame)
        keys = {"filter": "g", "dateObs": "2009-03-01T10:00:00.000"}
        repository.add("flat", frame.arguments["flat"], **keys)
        task = make_task(doFlat=True, fallbackFilterName="g", useFallbackDate=True)
        assert task.readIsrData(ref, ref.get("raw")).flat is not None
        assert repository.asked[-1] == ("flat", keys)

    def test_unknown_date_is_a_warning(self, frame: SmallFrame, caplog: pytest.LogCaptureFixture) -> None:
        _, ref = repository_of(frame, flat=frame.arguments["flat"])
        raw = ref.get("raw")
        raw.visit_info = VisitInfo(180.0)
        with caplog.at_level(logging.WARNING):
            assert make_task(doFlat=True).readIsrData(ref, raw).flat is not None
        assert "date" in caplog.text

    def test_crosstalk_that_is_not_there(self, frame: SmallFrame) -> None:
        _, ref = repository_of(frame)
        values = [0.0, 1e-3, 2e-3, 0.0]
        task = make_task(doCrosstalk=True, crosstalk__useConfigCoefficients=True, crosstalk__crosstalkValues=values)
        found = task.readIsrData(ref, ref.get("raw")).crosstalk
        assert np.allclose(found.coeffs.ravel(), values)
        assert make_task(doCrosstalk=True).readIsrData(ref, ref.get("raw")).crosstalk.hasCrosstalk is False

    def test_broken_crosstalk_is_not_taken_for_a_missing_one(self, frame: SmallFrame) -> None:
        _, ref = repository_of(frame, crosstalk=PermissionError("crosstalk.fits"))
        with pytest.raises(PermissionError):
            make_task(doCrosstalk=True).readIsrData(ref, ref.get("raw"))

    def test_kernels(self, frame: SmallFrame) -> None:
        old = np.ones((5, 5))
        _, ref = repository_of(frame, bfKernel=old)
        task = make_task(doBrighterFatter=True)
        found = task.readIsrData(ref, ref.get("raw"))
        assert found.bfKernel is old
        assert found.bfGains is None
        _, ref = repository_of(frame)
        found = task.readIsrData(ref, ref.get("raw"))
        assert (found.bfKernel, found.bfGains) == (None, None)
        _, ref = repository_of(frame, brighterFatterKernel=BrighterFatterKernel())
        with pytest.raises(RuntimeError, match="ccd00"):
            task.readIsrData(ref, ref.get("raw"))
        with pytest.raises(NotImplementedError, match="brighterFatterLevel"):
            make_task(doBrighterFatter=True, brighterFatterLevel="AMP").readIsrData(ref, ref.get("raw"))

    def test_bare_linearity_table(self, frame: SmallFrame) -> None:
        table = np.zeros((2, 100), np.float32)
        _, ref = repository_of(frame, linearizer=table)
        found = make_task(doLinearize=True).readIsrData(ref, ref.get("raw")).linearizer
        assert isinstance(found, Linearizer)
        assert found.tableData is not None
        assert found.detector_name == "ccd00"

    @pytest.mark.parametrize("switch", ["doBias", "doDark", "doFlat"])
    def test_missing_frame(self, frame: SmallFrame, switch: str) -> None:
        _, ref = repository_of(frame)
        with pytest.raises(RuntimeError, match=switch[2:].lower()):
            make_task(**{switch: True}).readIsrData(ref, ref.get("raw"))

    def test_missing_defects(self, frame: SmallFrame) -> None:
        _, ref = repository_of(frame)
        with pytest.raises(LookupError, match="defects"):
            make_task(doDefect=True).readIsrData(ref, ref.get("raw"))


def everything(frame: SmallFrame) -> dict[str, Any]:
    """A dataset of every kind."""
    kernel = BrighterFatterKernel()
    kernel.add_kernel("DETECTOR", "ccd00", frame.arguments["bfKernel"])
    kernel.gain = {"A": 1.5, "B": 1.6}
    curve = frame.arguments["opticsTransmission"]
    own = {name: frame.arguments[name] for name in ("bias", "dark", "flat", "defects", "linearizer", "crosstalk")}
    return {
        **own,
        "brighterFatterKernel": kernel,
        "fringe": frame.arguments["fringes"].fringes,
        "illumcor": Exposure(frame.arguments["illumMaskedImage"]),
        **{f"transmission_{part}": curve for part in ("optics", "filter", "sensor", "atmosphere")},
    }


class TestRunDataRef:
    def test_gives_what_run_gives(self, frame: SmallFrame) -> None:
        repository, ref = repository_of(frame, bias=frame.arguments["bias"], flat=frame.arguments["flat"])
        options = {"doBias": True, "doFlat": True, "doSaveInterpPixels": True}
        result = make_task(**options).runDataRef(ref)
        expected = make_task(**options).run(
            frame.raw.clone(), bias=frame.arguments["bias"], flat=frame.arguments["flat"]
        )
        assert np.array_equal(result.exposure.image, expected.exposure.image, equal_nan=True)
        assert np.array_equal(result.exposure.mask.array, expected.exposure.mask.array)
        assert np.array_equal(repository.get("postISRCCD", **DATA_ID).image, result.exposure.image, equal_nan=True)
        assert repository.datasetExists("postISRCCD_uninterpolated", **DATA_ID)

    def test_writes_only_what_was_asked_for(self, frame: SmallFrame) -> None:
        repository, ref = repository_of(frame)
        before = set(repository.stored)
        result = make_task(doWrite=False).runDataRef(ref)
        assert set(repository.stored) == before
        assert result.ossThumb is None
        make_task(doWrite=True).runDataRef(ref)
        assert {name for name, _ in set(repository.stored) - before} == {"postISRCCD"}

    def test_thumbnails_do_not_need_doWrite(self, frame: SmallFrame, tmp_path: Path) -> None:
        paths = {name: tmp_path / "new" / f"{name}.png" for name in ("ossThumb", "flattenedThumb")}
        files = {f"{name}_filename": [str(path)] for name, path in paths.items()}
        _, ref = repository_of(frame, **files)
        make_task(
            doWrite=False, qa__doThumbnailOss=True, qa__doThumbnailFlattened=True, qa__thumbnailBinning=2
        ).runDataRef(ref)
        assert all(path.read_bytes().startswith(b"\x89PNG") for path in paths.values())

    def test_timing_is_in_the_metadata(self, frame: SmallFrame) -> None:
        _, ref = repository_of(frame)
        task = make_task()
        task.runDataRef(ref)
        assert task.metadata.exists("runDataRefStartCpuTime")
        assert task.metadata.exists("runEndCpuTime")

    def test_run_accepts_a_reference(self, frame: SmallFrame) -> None:
        repository, ref = repository_of(frame)
        assert isinstance(make_task().run(ref).exposure, Exposure)
        assert repository.datasetExists("postISRCCD", **DATA_ID)

    def test_cfht(self, frame: SmallFrame) -> None:
        repository, ref = repository_of(frame, bias=frame.arguments["bias"])
        result = make_task(CfhtIsrTask, doBias=True).runDataRef(ref)
        assert result.exposure.detector[0].gain == 1.54
        assert repository.datasetExists("postISRCCD", **DATA_ID)
        with pytest.raises(AttributeError, match="runDataRef"):
            make_task(CfhtIsrTask).run(ref)


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
