"""What an installer puts where: code, data files and nothing that gets in the way of another package."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from isrcore.resource_files import resource

ROOT = Path(__file__).resolve().parents[1]

READ_EVERYTHING = """
from isrcore.camera.megacam import load_filters, megacam_camera
from isrcore.cfht import CfhtIsrTask
from isrcore.config.overrides import load_cfht_defaults
from isrcore.config.presets import list_presets
from isrcore.resource_files import resource
import isrcore
config = CfhtIsrTask.ConfigClass()
load_cfht_defaults(config)
assert len(megacam_camera()) == 40 and load_filters() and list_presets() and config.fringe.pedestal
print(isrcore.__file__, resource("megacam", "geometry.json"), sep="\\n")
"""

BUILD = "import sys; from setuptools import build_meta; print(getattr(build_meta, sys.argv[1])(sys.argv[2]))"
"""Calls a hook that installers call, with the folder for what it builds."""

STRICT = BUILD.replace("sys.argv[2])", "sys.argv[2], {'editable_mode': 'strict'})")


def project_files(*folders: str) -> set[str]:
    """Paths of the files of the project, as the version control knows them."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *folders]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("needs a git checkout to know which files belong to the project")
    return {name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of this checkout, to build from."""
    copy = tmp_path_factory.mktemp("checkout") / "copy"
    for name in ("isrcore", "isrviewer", "resources", "tests"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    return copy


def build(checkout: Path, folder: Path, hook: str, code: str = BUILD) -> Path:
    """What an installer's hook builds from a checkout."""
    command = [sys.executable, "-c", code, hook, str(folder)]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / done.stdout.splitlines()[-1]


def unpack(wheel: Path, folder: Path) -> Path:
    """Unpack a wheel as an installer would; returns the folder for packages."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def read_everything(site: Path, folder: Path) -> list[Path]:
    """Read the data files in a new process that finds the package in a folder; returns where it found code and data.

    The other packages are those of this Python; its own start-up files, which may name this checkout, come later.
    """
    paths = [str(site), *dict.fromkeys((sysconfig.get_path("purelib"), sysconfig.get_path("platlib")))]
    places = f"import site\nfor path in {paths!r}: site.addsitedir(path)\n"
    command = [sys.executable, "-S", "-c", places + READ_EVERYTHING]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [Path(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    return unpack(build(checkout, folder, "build_wheel"), folder / "site")


def test_the_wheel_installs_two_packages_and_nothing_else(wheel: Path) -> None:
    assert {path.name for path in wheel.iterdir() if "-" not in path.name} == {"isrcore", "isrviewer"}
    for name in ("isrcore/cli.py", "isrviewer/app.py", "isrcore/py.typed", "isrviewer/py.typed"):
        assert (wheel / name).is_file()


def test_data_files_but_no_pictures_of_the_readme_are_in_the_wheel(wheel: Path) -> None:
    wanted = {name for name in project_files("resources") if not name.startswith("resources/screenshots/")}
    assert wanted
    found = {
        f"resources/{path.relative_to(wheel / 'isrcore' / 'resources')}"
        for path in (wheel / "isrcore" / "resources").rglob("*")
        if path.is_file()
    }
    assert found == wanted


def test_every_module_is_in_the_wheel(wheel: Path) -> None:
    wanted = {name for name in project_files("isrcore", "isrviewer") if name.endswith(".py")}
    assert not {name for name in wanted if not (wheel / name).is_file()}


def test_desktop_file_and_icon_go_where_desktops_look(wheel: Path) -> None:
    (data,) = wheel.glob("*.data/data")
    desktop = (data / "share" / "applications" / "isrviewer.desktop").read_text("utf-8")
    entries = dict(line.split("=", 1) for line in desktop.splitlines() if "=" in line)
    assert entries["Exec"].split() == ["isrviewer", "%f"]
    assert (data / "share" / "icons" / "hicolor" / "scalable" / "apps" / f"{entries['Icon']}.svg").is_file()
    (points,) = wheel.glob("*.dist-info/entry_points.txt")
    assert "[gui_scripts]\nisrviewer = isrviewer.app:main" in points.read_text("utf-8")


def test_data_files_are_read_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    assert all(place.is_relative_to(wheel / "isrcore") for place in read_everything(wheel, tmp_path))


def test_data_files_are_read_from_an_sdist_that_holds_all_tests(checkout: Path, tmp_path: Path) -> None:
    archive = build(checkout, tmp_path, "build_sdist")
    shutil.unpack_archive(archive, tmp_path / "unpacked")
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    wanted = project_files("tests", "resources", "isrcore", "isrviewer", "setup.py", "pyproject.toml", "README.md")
    assert not {name for name in wanted if not (unpacked / name).is_file()}
    site = unpack(build(unpacked, tmp_path, "build_wheel"), tmp_path / "site")
    assert all(place.is_relative_to(site / "isrcore") for place in read_everything(site, tmp_path))


@pytest.mark.parametrize("code", [BUILD, STRICT], ids=["lenient", "strict"])
def test_data_files_are_read_from_an_editable_install(checkout: Path, tmp_path: Path, code: str) -> None:
    site = unpack(build(checkout, tmp_path, "build_editable", code), tmp_path / "site")
    assert all(place.is_relative_to(checkout) for place in read_everything(site, tmp_path))


def test_data_files_are_read_from_a_checkout_that_is_not_installed(checkout: Path, tmp_path: Path) -> None:
    assert read_everything(checkout, tmp_path)[1] == checkout / "resources" / "megacam" / "geometry.json"


@pytest.mark.parametrize("place", ["first", "last"])
def test_another_package_called_resources_does_not_get_in_the_way(wheel: Path, tmp_path: Path, place: str) -> None:
    foreign, site = tmp_path / "foreign", tmp_path / "site"
    (foreign / "resources").mkdir(parents=True)
    (foreign / "resources" / "__init__.py").write_text("raise RuntimeError('this is another package')")
    shutil.copytree(wheel, site)
    if place == "last":
        shutil.copytree(foreign / "resources", site / "resources")
    else:
        (site / "first.pth").write_text(f"import sys; sys.path.insert(0, {str(foreign)!r})")
    assert all(found.is_relative_to(site / "isrcore") for found in read_everything(site, tmp_path))


def test_resources_of_this_checkout() -> None:
    assert resource("megacam", "geometry.json").is_file()
    assert resource("config", "presets").is_dir()
