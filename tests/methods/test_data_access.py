"""The documented methods that fetch, run and store, over a repository in memory."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isrcore.calib.brighter_fatter_kernel import BrighterFatterKernel
from isrcore.calib.linearizer import Linearizer
from isrcore.cfht import CfhtIsrTask
from isrcore.geom import Box
from isrcore.image import Exposure, FilterLabel, VisitInfo
from isrcore.pipe import Struct
from tests.methods.small_tasks import DATA_ID, make_task, repository_of
from tests.small_frame import HEIGHT, WIDTH, SmallFrame


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
        assert found.fringes == Struct(fringes=None, seed=849375)
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
        with pytest.raises(RuntimeError, match=r"defects.*849375.*doDefect"):
            make_task(doDefect=True).readIsrData(ref, ref.get("raw"))

    @pytest.mark.parametrize("part", ["optics", "filter", "sensor", "atmosphere"])
    def test_missing_transmission_curve(self, frame: SmallFrame, part: str) -> None:
        curve = frame.arguments["opticsTransmission"]
        others = {"optics", "filter", "sensor", "atmosphere"} - {part}
        curves = {f"transmission_{name}": curve for name in others}
        _, ref = repository_of(frame, **curves)
        with pytest.raises(RuntimeError, match=f"transmission_{part}.*doUse{part.capitalize()}Transmission"):
            make_task(doAttachTransmissionCurve=True).readIsrData(ref, ref.get("raw"))

    def test_missing_linearizer(self, frame: SmallFrame) -> None:
        _, ref = repository_of(frame)
        with pytest.raises(RuntimeError, match=r"linearizer.*doLinearize"):
            make_task(doLinearize=True).readIsrData(ref, ref.get("raw"))

    def test_fringes_have_a_seed_also_for_a_filter_without_them(self, frame: SmallFrame) -> None:
        _, ref = repository_of(frame)
        task = make_task(doFringe=True, fringe__filters=["z.MP9801"], fringe__stats__rngSeedOffset=5)
        found = task.readIsrData(ref, ref.get("raw")).fringes
        assert found.fringes is None
        assert found.seed == 849375 + 5


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

    def test_thumbnails_go_to_a_store_that_names_no_files(self, frame: SmallFrame) -> None:
        repository, ref = repository_of(frame)
        result = make_task(doWrite=True, qa__doThumbnailOss=True, qa__thumbnailBinning=2).runDataRef(ref)
        assert np.array_equal(repository.get("ossThumb", **DATA_ID), result.ossThumb)
        assert repository.datasetExists("postISRCCD", **DATA_ID)

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
