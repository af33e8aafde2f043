"""The data files travel with the code: inside a wheel, and beside an editable install."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from importlib.resources import files
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

READ_EVERYTHING = """
from isrcore.camera.megacam import load_filters, megacam_camera
from isrcore.cfht import CfhtIsrTask
from isrcore.config.overrides import load_cfht_defaults
from isrcore.config.presets import list_presets
import isrcore, resources
config = CfhtIsrTask.ConfigClass()
load_cfht_defaults(config)
assert len(megacam_camera()) == 40 and load_filters() and list_presets() and config.fringe.pedestal
print(isrcore.__file__, resources.__file__)
"""


def resource_files() -> set[str]:
    """Paths of all data files, as the version control knows them."""
    listed = subprocess.run(["git", "ls-files", "resources"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("needs a git checkout to know which data files belong to the project")
    return set(listed.stdout.split())


@pytest.fixture(scope="module")
def unpacked_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a copy of this checkout, unpacked as an installer would."""
    folder = tmp_path_factory.mktemp("wheel")
    copy = folder / "copy"
    for name in ("isrcore", "isrviewer", "resources"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(folder)]
    subprocess.run([*command, str(copy)], check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_every_data_file_is_in_the_wheel(unpacked_wheel: Path) -> None:
    missing = {name for name in resource_files() if not (unpacked_wheel / name).exists()}
    assert not missing
    assert (unpacked_wheel / "isrviewer" / "app.py").exists()


def test_data_files_are_read_from_the_wheel(unpacked_wheel: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(unpacked_wheel)}
    command = [sys.executable, "-c", READ_EVERYTHING]
    found = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert all(Path(place).is_relative_to(unpacked_wheel) for place in found.stdout.split())


def test_data_files_are_read_from_this_install(tmp_path: Path) -> None:
    assert files("resources").joinpath("megacam", "geometry.json").is_file()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", READ_EVERYTHING]
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)
