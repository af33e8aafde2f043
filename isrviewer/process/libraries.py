"""The system's libraries that the installed Qt links to, and the Debian packages that bring them.

``python -m isrviewer.process.libraries`` prints the apt line of the README and says what is missing here. It follows
the links of Qt's files itself, so that it works where neither Qt nor any tool for binaries can run.
"""

from __future__ import annotations

import csv
import ctypes
import mmap
import struct
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from isrcore.resource_files import resource

__all__ = ["MODULES", "Library", "apt_line", "linked_libraries", "main", "missing_libraries", "missing_sentence"]

MODULES = ("QtCore", "QtGui", "QtWidgets", "QtSvg", "QtOpenGL", "QtOpenGLWidgets")
"""Modules of PySide6 that the window uses, itself or through pyqtgraph."""

PLUGINS = {
    "offscreen": ("platforms/libqoffscreen.so", "iconengines/*.so", "imageformats/libqsvg.so"),
    "xcb": ("platforms/libqxcb.so", "xcbglintegrations/*.so", "platforminputcontexts/libcompose*.so"),
    "wayland": (
        "platforms/libqwayland*.so",
        "wayland-shell-integration/*.so",
        "wayland-decoration-client/*.so",
        "wayland-graphics-integration-client/*.so",
    ),
}
"""Plugins of Qt that a window needs anywhere (``offscreen``), and besides on X and on Wayland."""

_ALWAYS_THERE = "apt"
"""Whoever can run apt has this package and what comes with it."""

_LOAD, _DYNAMIC = 1, 2
_NEEDED, _NAMES = 1, 5


@dataclass(frozen=True)
class Library:
    """A library that the system must have.

    Attributes
    ----------
    name : str
        File name that is looked for (``libEGL.so.1``).
    needed_by : str
        Name of a file of Qt that links to it.
    package : str
        Debian package that has it; empty if none is known.
    comes_with : str
        Debian package that always brings ``package``; empty if it must be asked for.
    """

    name: str
    needed_by: str
    package: str = ""
    comes_with: str = ""


def linked_libraries(platforms: Iterable[str] = tuple(PLUGINS)) -> tuple[Library, ...]:
    """The system's libraries that Qt's modules and plugins link to, also through libraries of Qt, by name.

    Empty where PySide6 does not bring its own Qt.

    Parameters
    ----------
    platforms : iterable of str
        Keys of `PLUGINS`.
    """
    folders = [folder for name in ("PySide6", "shiboken6") for folder in _package_folders(name)]
    own = {path.name: path for folder in folders for path in [*folder.glob("*.so*"), *folder.glob("Qt/lib/*.so*")]}
    waiting = [path for name, path in own.items() if name.split(".")[0] in MODULES or "shiboken" in name.lower()]
    patterns = [f"Qt/plugins/{pattern}" for platform in platforms for pattern in PLUGINS[platform]]
    waiting += [path for folder in folders for pattern in patterns for path in folder.glob(pattern)]
    packages = {row["library"]: row for row in _packages()}
    seen, found = set(waiting), dict[str, Library]()
    while waiting:
        path = waiting.pop()
        for name in _needed(path):
            if name not in own:
                row = packages.get(name, {"package": "", "comes_with": ""})
                found.setdefault(name, Library(name, path.name, row["package"], row["comes_with"]))
            elif own[name] not in seen:
                seen.add(own[name])
                waiting.append(own[name])
    # The loader itself is there wherever a program runs.
    return tuple(found[name] for name in sorted(found) if not name.startswith("ld-linux"))


def missing_libraries(platforms: Iterable[str] = tuple(PLUGINS)) -> tuple[Library, ...]:
    """Those of `linked_libraries` that cannot be loaded here; a library that one of them lacks stands for it."""
    packages = {row["library"]: row for row in _packages()}
    missing = dict[str, Library]()
    for library in linked_libraries(platforms):
        try:
            ctypes.CDLL(library.name)
        except OSError as error:
            # The loader says which file it did not find: "libxcb.so.1: cannot open shared object file: ..."
            name = str(error).partition(":")[0]
            row = packages.get(name, {"package": "", "comes_with": ""})
            by = library.needed_by if name == library.name else library.name
            missing.setdefault(name, Library(name, by, row["package"], row["comes_with"]))
    return tuple(missing.values())


def apt_line(libraries: Iterable[Library], *others: str) -> str:
    """The command that installs libraries, and other packages, on Debian 12 and 13.

    Packages that come with another one of the line are left out.
    """
    return " ".join(["apt install", *sorted({*(library.package for library in _asked_for(libraries)), *others})])


def missing_sentence(platforms: Iterable[str] = tuple(PLUGINS)) -> str:
    """What to tell the user about missing libraries, on one line; empty if none is missing."""
    missing = missing_libraries(platforms)
    if not missing:
        return ""
    known = _asked_for(missing)
    unknown = [library for library in missing if not library.package]
    files = ", ".join(f"{library.name} (needed by {library.needed_by})" for library in (*known, *unknown))
    cure = f"on Debian and Ubuntu: {apt_line(known)}" if known else "install the packages that have them"
    return f"Qt does not find all libraries it needs. Missing: {files}; {cure}"


def _asked_for(libraries: Iterable[Library]) -> tuple[Library, ...]:
    """Libraries whose packages are known and do not come with another one's."""
    libraries = tuple(libraries)
    packages = {library.package for library in libraries} | {_ALWAYS_THERE}
    return tuple(library for library in libraries if library.package and library.comes_with not in packages)


def main() -> int:
    """Print the apt line, and what is missing here; returns 1 if something is missing or its package is not known."""
    libraries, missing = linked_libraries(), missing_sentence()
    if not libraries:
        print("PySide6 with a Qt of its own is not installed: there are no links to follow", file=sys.stderr)
        return 1
    unknown = [library for library in libraries if not library.package]
    print(apt_line(libraries, "python3-venv"))
    for library in unknown:
        print(f"{library.name}: linked by {library.needed_by}, no Debian package known", file=sys.stderr)
    if missing:
        print(missing, file=sys.stderr)
    return 1 if missing or unknown else 0


def _packages() -> Iterator[dict[str, str]]:
    """Library -> package, the same in Debian 12 and 13; see ``resources/libraries/debian.csv``."""
    with resource("libraries", "debian.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _package_folders(name: str) -> list[Path]:
    """Where a package lies, without importing it."""
    spec = find_spec(name)
    return [] if spec is None else [Path(place) for place in spec.submodule_search_locations or ()]


def _needed(path: Path) -> list[str]:
    """Names of the libraries that a file links to; none if it is no 64-bit little-endian ELF file.

    Tables and numbers as in the System V ABI, "Object Files": the segment of type PT_DYNAMIC lists pairs of tag and
    value; those tagged DT_NEEDED are places in the table of names, whose address is tagged DT_STRTAB.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if data[:6] != b"\x7fELF\x02\x01":
            return []
        (table,) = struct.unpack_from("<Q", data, 32)
        size, count = struct.unpack_from("<HH", data, 54)
        # Type, flags, offset in the file, virtual address, physical address, size in the file, ...
        segments = [struct.unpack_from("<IIQQQQ", data, table + size * i) for i in range(count)]
        pairs = [
            struct.unpack_from("<QQ", data, at)
            for kind, _, offset, _, _, length in segments
            if kind == _DYNAMIC
            for at in range(offset, offset + length, 16)
        ]
        (address,) = [value for tag, value in pairs if tag == _NAMES]
        (names,) = [
            address - virtual + offset
            for kind, _, offset, virtual, _, length in segments
            if kind == _LOAD and virtual <= address < virtual + length
        ]
        places = [names + value for tag, value in pairs if tag == _NEEDED]
        return [data[place : data.find(b"\0", place)].decode() for place in places]


if __name__ == "__main__":
    sys.exit(main())
