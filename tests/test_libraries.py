"""The system's libraries that Qt needs: found by following links, named with their Debian packages."""

from __future__ import annotations

import ctypes
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from isrviewer.process import libraries
from isrviewer.process.libraries import (
    MODULES,
    Library,
    apt_line,
    linked_libraries,
    missing_libraries,
    missing_sentence,
)

ROOT = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.skipif(not linked_libraries(), reason="this PySide6 does not bring its own Qt")


def lacking(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Let the loader not find some libraries."""

    def load(name: str) -> Any:
        if name in names:
            raise OSError(f"{name}: cannot open shared object file: No such file or directory")

    monkeypatch.setattr(ctypes, "CDLL", load)


def test_the_readme_has_the_apt_line() -> None:
    readme = " ".join((ROOT / "README.md").read_text("utf-8").replace("\\\n", " ").split())
    assert f"{apt_line(linked_libraries(), 'python3-venv')} " in readme


def test_the_debian_package_of_every_library_is_known() -> None:
    assert not [library for library in linked_libraries() if not library.package]


def test_links_are_followed_through_libraries_of_qt_on_every_platform() -> None:
    found = {library.name for library in linked_libraries()}
    assert {"libglib-2.0.so.0", "libxcb-icccm.so.4", "libwayland-egl.so.1", "libEGL.so.1"} <= found
    assert not any(name.startswith(("libQt6", "libpyside", "libshiboken", "libicu")) for name in found)
    assert "libxcb-icccm.so.4" not in {library.name for library in linked_libraries(["offscreen", "wayland"])}


def test_links_are_those_that_binutils_sees() -> None:
    readelf = shutil.which("readelf")
    if readelf is None:
        pytest.skip("needs readelf to compare with")
    (folder,) = libraries._package_folders("PySide6")
    files = [*folder.glob("Qt/lib/libQt6Gui.so*"), *folder.glob("Qt/plugins/platforms/*.so"), folder / "__init__.py"]
    assert len(files) > 5
    for file in files:
        printed = subprocess.run([readelf, "-dW", file], capture_output=True, text=True, check=False).stdout
        assert libraries._needed(file) == re.findall(r"\(NEEDED\).*\[(.*)\]", printed)


def test_modules_are_those_that_the_viewer_imports() -> None:
    texts = [path.read_text("utf-8") for path in (ROOT / "isrviewer").rglob("*.py")]
    used = {name for text in texts for name in re.findall(r"(?:from|import) PySide6\.(\w+)", text)}
    assert used
    assert used <= set(MODULES)


def test_packages_that_come_with_others_are_left_out_but_named_when_they_alone_are_missing() -> None:
    cursor = Library("libxcb-cursor.so.0", "libqxcb.so", "libxcb-cursor0", "")
    image = Library("libxcb-image.so.0", "libqxcb.so", "libxcb-image0", "libxcb-cursor0")
    c = Library("libc.so.6", "libqxcb.so", "libc6", "apt")
    assert apt_line([image, cursor, c]) == "apt install libxcb-cursor0"
    assert apt_line([image]) == "apt install libxcb-image0"


def test_what_is_missing_is_told_on_one_line_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    lacking(monkeypatch)
    assert missing_sentence() == ""
    lacking(monkeypatch, "libxcb-shape.so.0", "libEGL.so.1")
    assert [library.name for library in missing_libraries()] == ["libEGL.so.1", "libxcb-shape.so.0"]
    told = missing_sentence()
    assert "libEGL.so.1 (needed by lib" in told
    assert told.endswith("apt install libegl1 libxcb-shape0")
    assert "\n" not in told
    assert "libxcb-shape" not in missing_sentence(["offscreen"])


def test_a_library_that_a_library_of_the_system_lacks_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(name: str) -> None:
        if name == "libEGL.so.1":
            raise OSError("libGLdispatch.so.0: cannot open shared object file: No such file or directory")

    monkeypatch.setattr(ctypes, "CDLL", load)
    assert [(library.name, library.needed_by) for library in missing_libraries()] == [
        ("libGLdispatch.so.0", "libEGL.so.1")
    ]
    assert "libGLdispatch.so.0" in missing_sentence()


def test_without_qt_there_is_nothing_to_follow(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(libraries, "find_spec", lambda name: None)
    assert libraries.main() == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "PySide6" in printed.err


def test_the_program_prints_the_line_and_its_code_says_whether_all_is_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lacking(monkeypatch)
    assert libraries.main() == 0
    assert capsys.readouterr() == (apt_line(linked_libraries(), "python3-venv") + "\n", "")
    lacking(monkeypatch, "libEGL.so.1")
    assert libraries.main() == 1
    assert "libEGL.so.1" in capsys.readouterr().err
