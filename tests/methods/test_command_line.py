"""The documented command line of the task, ``parseAndRun``, over a repository in memory."""

from __future__ import annotations

import logging
import os
import pickle
import pstats
import signal
from pathlib import Path
from typing import Any

import pytest

from isrcore.cfht import CfhtIsrTask
from isrcore.image import Exposure
from isrcore.kernels.bands import for_bands
from isrcore.methods import command_line
from isrcore.methods.argument_parser import expand_data_id
from isrcore.methods.task_runner import TaskRunner
from isrcore.pipe import Struct, TaskError
from isrcore.pipe.workers import WorkerError
from tests.methods.command_line_task import QUIET, SmallTask, run
from tests.small_repository import Reference, Repository


def test_runs_every_reference(repository: Repository) -> None:
    result = run("--id", "visit=7", "ccd=0..1", doReturnResults=True)
    assert SmallTask.opened == [("in", None, "out")]
    assert [item.exitStatus for item in result.resultList] == [0, 0]
    assert [item.dataRef.dataId["ccd"] for item in result.resultList] == [0, 1]
    assert isinstance(result.resultList[0].result.exposure, Exposure)
    assert result.resultList[0].metadata.exists("runDataRefEndUtc")
    assert isinstance(result.taskRunner, TaskRunner)
    assert result.parsedCmd.butler is repository
    assert result.argumentParser.prog == "isr"
    for ccd in (0, 1):
        assert repository.datasetExists("postISRCCD", visit=7, ccd=ccd)
        assert repository.datasetExists("isr_metadata", visit=7, ccd=ccd)
    assert not repository.datasetExists("postISRCCD", visit=7, ccd=2)
    assert repository.datasetExists("isr_config")
    assert repository.datasetExists("packages")


def test_results_are_not_kept_unless_asked_for(repository: Repository) -> None:
    assert run("--id", "ccd=0").resultList == [Struct(exitStatus=0)]


def test_arguments_come_from_the_command_line(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["isr.py", "in", "--output", "out", *QUIET, "--id", "ccd=2"])
    assert len(SmallTask.parseAndRun().resultList) == 1


def test_order_of_overrides(repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Camera files, applyOverrides, then the command line from left to right."""
    camera, mine = tmp_path / "isr.py", tmp_path / "mine.py"
    camera.write_text("config.fwhm = 2.0\nconfig.numEdgeSuspect = 1\nconfig.growSaturationFootprintSize = 5\n")
    mine.write_text("config.fwhm = 4.0\nconfig.doSaveInterpPixels = True\n")
    repository.overrides = [camera]
    seen = []

    def hook(config: Any) -> None:
        seen.append(config.fwhm)
        config.fwhm = 3.0
        config.numEdgeSuspect = 2

    monkeypatch.setattr(SmallTask, "hook", hook)
    config = run("-C", str(mine), "-c", "fwhm=5.0", "--id", "ccd=0").parsedCmd.config
    assert seen == [2.0]
    assert (config.fwhm, config.numEdgeSuspect, config.growSaturationFootprintSize) == (5.0, 2, 5)
    assert config.doSaveInterpPixels is True
    repository.stored.pop(("isr_config", frozenset()))
    assert run("-c", "fwhm=5.0", "--configfile", str(mine), "--id", "ccd=0").parsedCmd.config.fwhm == 4.0


def test_config_is_validated_and_frozen(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    config = run("--id", "ccd=0").parsedCmd.config
    with pytest.raises(Exception, match="frozen"):
        config.doBias = True
    with pytest.raises(SystemExit) as stop:
        run("-c", "doFlat=True", "doApplyGains=True", "--id", "ccd=0")
    assert stop.value.code == 2
    assert "doApplyGains" in capsys.readouterr().err


def test_given_config_is_used(repository: Repository) -> None:
    config = SmallTask.ConfigClass()
    config.fwhm = 1.5
    assert run("--id", "ccd=0", config=config).parsedCmd.config is config


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["in", "--id", "ccd=0"], "--output or --rerun"),
        (["nowhere", "--output", "out"], "no such repository"),
        (["in", "--output", "out", "--id", "ccd"], "expects key=value, found 'ccd'"),
        (["in", "--output", "out", "--id", "ccd=1", "ccd=2"], "has ccd twice"),
        (["in", "--output", "out", "-c", "nonsense=1"], "no field nonsense"),
        (["in", "--output", "out", "-C", "missing.py"], "missing.py"),
        (["in", "--output", "out", "-L", "LOUD"], "LOUD"),
        (["in", "--output", "out", "--show", "colours"], "found 'colours'"),
        (["in", "--output", "in", "--clobber-output"], "would delete the input"),
        (["in", "--output", "out", "--rerun", "x"], "not both"),
        ([], "required: input"),
    ],
)
def test_bad_usage(repository: Repository, capsys: pytest.CaptureFixture[str], words: list[str], message: str) -> None:
    with pytest.raises(SystemExit) as stop:
        SmallTask.parseAndRun(words)
    assert stop.value.code == 2
    assert message in capsys.readouterr().err


def test_task_without_repository_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        CfhtIsrTask.parseAndRun(["somewhere", "--output", "out"])
    assert "no repository reader" in capsys.readouterr().err


def test_show(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    def shown(*words: str) -> str:
        with pytest.raises(SystemExit) as stop:
            run("-c", "fwhm=2.25", "--id", "ccd=1", "--show", *words)
        assert stop.value.code == 0
        return capsys.readouterr().out

    assert "config.fwhm=2.25" in shown("config")
    assert shown("config=fwhm").splitlines() == ["config.fwhm=2.25"]
    assert "'ccd': 1" in shown("data")
    assert "fringe: isrcore.steps.fringe.FringeTask" in shown("tasks")
    assert "2.25" in shown("history=fwhm")
    assert not repository.datasetExists("isr_config"), "nothing runs"
    run("--id", "ccd=1", "--show", "data", "run")
    assert "'ccd': 1" in capsys.readouterr().out
    assert repository.datasetExists("postISRCCD", visit=7, ccd=1)


def test_nothing_to_do(repository: Repository, caplog: pytest.LogCaptureFixture) -> None:
    assert run("--id", "ccd=9").resultList == []
    assert "no data" in caplog.text


@pytest.mark.parametrize(("error", "traceback"), [(ValueError, True), (TaskError, False)])
def test_failures_are_counted(
    repository: Repository,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: type[Exception],
    traceback: bool,
) -> None:
    monkeypatch.setattr(SmallTask, "fails", error)
    with pytest.raises(SystemExit) as stop:
        run("--id", "visit=7", "ccd=0^1^2")
    assert stop.value.code == 1
    (record,) = [record for record in caplog.records if record.levelno == logging.CRITICAL]
    assert "'ccd': 1" in record.getMessage()
    assert "this CCD is special" in record.getMessage()
    assert bool(record.exc_info) is traceback
    assert repository.datasetExists("postISRCCD", visit=7, ccd=2), "the others run"
    assert repository.datasetExists("isr_metadata", visit=7, ccd=1), "metadata is written in either case"


def test_no_exit(repository: Repository, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(SmallTask, "fails", ValueError)
    result = run("--id", "visit=7", "ccd=0..2", "--noExit")
    assert [item.exitStatus for item in result.resultList] == [0, 1, 0]
    assert "1 dataRefs failed" in caplog.text


def test_do_raise(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SmallTask, "fails", ValueError)
    with pytest.raises(ValueError, match="special"):
        run("--id", "ccd=0..2", "--doraise")
    assert repository.datasetExists("isr_metadata", visit=7, ccd=1)
    assert not repository.datasetExists("isr_metadata", visit=7, ccd=2)


def test_own_runner(repository: Repository, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    class Runner(TaskRunner):
        def run(self, parsedCmd: Any) -> list[Struct]:
            return [Struct(other=1)]

    monkeypatch.setattr(SmallTask, "RunnerClass", Runner)
    assert len(run("--id", "ccd=0").resultList) == 1
    assert "not available" in caplog.text


def test_differing_config_stops_the_run(repository: Repository, caplog: pytest.LogCaptureFixture) -> None:
    run("--id", "ccd=0")
    assert run("-c", "fwhm=9.0", "--id", "ccd=2").resultList == []
    assert "fwhm" in caplog.text
    assert not repository.datasetExists("postISRCCD", visit=7, ccd=2)
    with pytest.raises(TaskError, match="fwhm"):
        run("-c", "fwhm=9.0", "--id", "ccd=2", "--doraise")
    assert len(run("-c", "fwhm=9.0", "--id", "ccd=2", "--clobber-config").resultList) == 1
    assert repository.backups == ["isr_config"]
    run("-c", "fwhm=9.5", "--id", "ccd=2", "--clobber-config", "--no-backup-config")
    assert repository.backups == ["isr_config"]


def test_versions(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    run("--id", "ccd=0")
    monkeypatch.setattr(command_line, "running_versions", lambda: {"numpy": "0.1"})
    assert run("--id", "ccd=1").resultList == []
    assert len(run("--id", "ccd=1", "--no-versions").resultList) == 1
    assert len(run("--id", "ccd=1", "--clobber-versions").resultList) == 1
    assert repository.get("packages") == {"numpy": "0.1"}


def test_rerun_and_calib(repository: Repository) -> None:
    for rerun, places in (("me/a", ("in", "in/rerun/me/a")), ("old:new", ("in/rerun/old", "in/rerun/new"))):
        SmallTask.parseAndRun(["in", "--calib", "cal", "--rerun", rerun, *QUIET, "--id", "ccd=0"])
        assert SmallTask.opened[-1] == (places[0], "cal", places[1])


def test_clobber_output(repository: Repository, tmp_path: Path) -> None:
    output = tmp_path / "out"
    output.mkdir()
    (output / "old").write_text("old")
    SmallTask.parseAndRun(["in", "--output", str(output), "--clobber-output", *QUIET, "--id", "ccd=0"])
    assert not output.exists()


def test_profile_debug_and_log_options(
    repository: Repository, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "run.prof"
    run("--id", "ccd=0", "--profile", str(path), "--debug", "--longlog", "-L", "INFO", "isr.fringe=TRACE")
    assert pstats.Stats(str(path)).total_calls > 100  # type: ignore[attr-defined]
    assert "Debug view doAssembleCcd" in caplog.text
    assert logging.getLogger("isr.fringe").level == 5
    logging.getLogger("isr.fringe").setLevel(logging.NOTSET)


class FileRepository(Repository):
    """Keeps what is put in files, so that other processes can put too."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def subset(self, dataset: str, data_id: dict[str, Any]) -> list[Reference]:
        return [Reference(self, dict(known)) for name, known in self.stored if name == dataset]

    def put(self, value: Any, dataset: str, doBackup: bool = False, **data_id: Any) -> None:
        if dataset == "postISRCCD" and (self.folder / f"kill-{data_id['ccd']}").exists():
            os.kill(os.getpid(), signal.SIGKILL)
        name = "-".join([dataset, *(str(value) for value in data_id.values())])
        (self.folder / name).write_bytes(pickle.dumps(type(value).__name__))


def test_several_processes(repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = FileRepository(tmp_path)
    files.stored = repository.stored
    monkeypatch.setattr(SmallTask, "repository", files)
    result = run("--id", "visit=7", "-j", "2")
    assert [item.exitStatus for item in result.resultList] == [0, 0, 0]
    assert len(list(tmp_path.glob("postISRCCD-*"))) == 3


def test_processes_start_clean_after_pixel_work(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fork of a process whose threads were at work waits for ever; one killed worker costs one data id."""
    for_bands(lambda rows: None, (4000, 4000))
    files = FileRepository(tmp_path)
    files.stored = repository.stored
    monkeypatch.setattr(SmallTask, "repository", files)
    (tmp_path / "kill-1").touch()
    result = run("--id", "visit=7", "-j", "2", "-t", "200", "--noExit")
    assert [item.exitStatus for item in result.resultList] == [0, 1, 0]
    assert len(list(tmp_path.glob("postISRCCD-*"))) == 2


def test_doraise_raises_what_a_process_raised(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = FileRepository(tmp_path)
    files.stored = repository.stored
    monkeypatch.setattr(SmallTask, "repository", files)
    (tmp_path / "kill-1").touch()
    with pytest.raises(WorkerError, match="SIGKILL"):
        run("--id", "visit=7", "-j", "2", "--doraise")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["visit=7"], [{"visit": 7}]),
        (["ccd=1..3"], [{"ccd": 1}, {"ccd": 2}, {"ccd": 3}]),
        (["ccd=1..6:2^9"], [{"ccd": 1}, {"ccd": 3}, {"ccd": 5}, {"ccd": 9}]),
        (["visit=7^8", "filter=r.MP9601"], [{"visit": v, "filter": "r.MP9601"} for v in (7, 8)]),
        ([], [{}]),
    ],
)
def test_data_ids(words: list[str], expected: list[dict[str, Any]]) -> None:
    assert expand_data_id(words) == expected
