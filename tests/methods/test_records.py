"""The ``write...`` family: config, versions, metadata, schemas."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from isrcore.methods import command_line
from isrcore.pipe import TaskError
from tests.methods.command_line_task import SmallTask
from tests.small_repository import Reference, Repository


class TestWriteConfig:
    def test_first_and_equal(self, repository: Repository) -> None:
        SmallTask().writeConfig(repository)
        SmallTask().writeConfig(repository)
        assert repository.backups == []

    def test_every_difference_is_logged(self, repository: Repository, caplog: pytest.LogCaptureFixture) -> None:
        SmallTask().writeConfig(repository)
        config = SmallTask.ConfigClass()
        config.fwhm = 9.0
        config.fringe.num = 4
        config.fringe.retarget(OtherFringeTask)
        with pytest.raises(TaskError, match=r"fringe.*clobber-config"):
            SmallTask(config=config).writeConfig(repository)
        lines = [record.getMessage() for record in caplog.records if record.levelno == logging.CRITICAL]
        assert any("fwhm" in line and "9.0" in line for line in lines)
        assert any("OtherFringeTask" in line for line in lines)

    def test_unreadable(self, repository: Repository) -> None:
        repository.add("isr_config", PermissionError("locked"))
        with pytest.raises(PermissionError, match=r"clobber-config.*locked"):
            SmallTask().writeConfig(repository)
        SmallTask().writeConfig(repository, clobber=True)
        assert repository.backups == ["isr_config"]


class OtherFringeTask(SmallTask.ConfigClass().fringe.target):  # type: ignore[misc]
    """Another class with the same config."""


class TestWritePackageVersions:
    def test_new_packages_are_added(self, repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(command_line, "running_versions", lambda: {"a": "1"})
        SmallTask().writePackageVersions(repository)
        monkeypatch.setattr(command_line, "running_versions", lambda: {"a": "1", "b": "2"})
        SmallTask().writePackageVersions(repository)
        assert repository.get("packages") == {"a": "1", "b": "2"}
        monkeypatch.setattr(command_line, "running_versions", lambda: {"a": "1"})
        SmallTask().writePackageVersions(repository)
        assert repository.get("packages") == {"a": "1", "b": "2"}

    def test_differences(self, repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
        repository.add("versions", {"a": "1", "b": "3"})
        monkeypatch.setattr(command_line, "running_versions", lambda: {"a": "2", "b": "3"})
        with pytest.raises(TaskError, match="a: 1 -> 2"):
            SmallTask().writePackageVersions(repository, dataset="versions")
        SmallTask().writePackageVersions(repository, clobber=True, doBackup=False, dataset="versions")
        assert repository.get("versions") == {"a": "2", "b": "3"}
        assert repository.backups == []

    def test_unreadable(self, repository: Repository) -> None:
        repository.add("packages", OSError("bad block"))
        with pytest.raises(OSError, match=r"clobber-versions.*bad block"):
            SmallTask().writePackageVersions(repository)

    def test_what_runs(self) -> None:
        assert {"python", "numpy", "isrviewer"} <= set(command_line.running_versions())


def test_metadata_failure_is_a_warning(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*arguments: Any, **options: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(repository, "put", fail)
    SmallTask().writeMetadata(Reference(repository, {"ccd": 0}))
    assert "disk full" in caplog.text
    SmallTask().writeMetadata(None)
    assert "metadata for None" in caplog.text


class Catalog:
    def __init__(self, schema: str) -> None:
        self.schema = schema


def test_schemas(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    SmallTask().writeSchemas(repository)
    assert not any(name.endswith("_schema") for name, _ in repository.stored), "ISR has none"
    monkeypatch.setattr(SmallTask, "getSchemaCatalogs", lambda self: {"src": Catalog("x y")})
    SmallTask().writeSchemas(repository)
    SmallTask().writeSchemas(repository)
    assert repository.get("src_schema").schema == "x y"
    monkeypatch.setattr(SmallTask, "getSchemaCatalogs", lambda self: {"src": Catalog("x")})
    with pytest.raises(TaskError, match="src_schema"):
        SmallTask().writeSchemas(repository)
    SmallTask().writeSchemas(repository, clobber=True)
    assert repository.get("src_schema").schema == "x"
    assert repository.backups == ["src_schema"]
