"""Reads the imports of the project: ``python -m tests.house`` prints rooms, arrows and circles."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["ENGINE", "ROOT", "VIEWER", "Import", "arrows", "circles", "files", "imports_of", "room_of"]

_DOORS = ("__init__", "__main__")
"""Ways into a package, not rooms."""

ROOT = Path(__file__).resolve().parents[1]
ENGINE = ROOT / "isrcore"
VIEWER = ROOT / "isrviewer"


@dataclass(frozen=True)
class Import:
    """One imported name.

    Attributes
    ----------
    target : str
        Dotted name.
    for_types : bool
        It stands under ``if TYPE_CHECKING`` and does not exist when the program runs.
    in_function : bool
    """

    target: str
    for_types: bool
    in_function: bool


def files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


@cache
def imports_of(path: Path) -> tuple[Import, ...]:
    """Everything that a file imports, wherever in the file."""
    return tuple(_walk(ast.parse(path.read_text()), False, False))


def _walk(node: ast.AST, for_types: bool, in_function: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(alias.name, for_types, in_function) for alias in child.names)
        elif isinstance(child, ast.ImportFrom) and child.module:
            yield from (Import(f"{child.module}.{alias.name}", for_types, in_function) for alias in child.names)
        elif isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING":
            yield from _walk(child, True, in_function)
        else:
            is_function = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
            yield from _walk(child, for_types, in_function or is_function)


def room_of(dotted: str) -> str:
    """The part of a package that a dotted name lies in: a folder, or a file beside the folders."""
    return dotted.split(".")[1] if "." in dotted else "__init__"


def arrows(package: Path) -> Mapping[tuple[str, str], set[str]]:
    """Pairs of rooms of which the first imports the second, also for types only, and the files that do."""
    found: dict[tuple[str, str], set[str]] = {}
    for path in files(package):
        here = room_of(_dotted(path))
        if here in _DOORS:
            continue
        for one in imports_of(path):
            if one.target.split(".")[0] == package.name and (there := room_of(one.target)) != here:
                found.setdefault((here, there), set()).add(str(path.relative_to(ROOT)))
    return found


def circles(package: Path) -> list[list[str]]:
    """Sets of files in different folders that import each other in a circle, also for types only."""
    by_name = {_dotted(path): path for path in files(package)}
    graph = {path: {_file(one.target, by_name) for one in imports_of(path)} - {None, path} for path in by_name.values()}
    together = [group for group in _strong(graph) if len({path.parent for path in group}) > 1]
    return [sorted(str(path.relative_to(ROOT)) for path in group) for group in together]


def _dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _file(target: str, by_name: Mapping[str, Path]) -> Path | None:
    return by_name.get(target) or by_name.get(target.rpartition(".")[0])


def _strong(graph: Mapping[Path, set[Path]]) -> list[set[Path]]:
    """Strongly connected parts of more than one file: everybody in it reaches everybody."""
    reach = {start: _reached(start, graph) for start in graph}
    parts = {frozenset(end for end in reach[start] if start in reach[end]) for start in graph}
    return [set(part) for part in parts if len(part) > 1]


def _reached(start: Path, graph: Mapping[Path, set[Path]]) -> set[Path]:
    seen: set[Path] = set()
    ahead = list(graph[start])
    while ahead:
        path = ahead.pop()
        if path not in seen:
            seen.add(path)
            ahead += graph[path]
    return seen


def main() -> None:
    """Print the house."""
    for package in (ENGINE, VIEWER):
        pairs = arrows(package)
        rooms = {room_of(_dotted(path)): 0 for path in files(package)}
        for path in files(package):
            rooms[room_of(_dotted(path))] += 1
        print(f"{package.name}: {len(rooms)} rooms, {len(pairs)} arrows")
        for room, number in rooms.items():
            ahead = ", ".join(sorted(there for here, there in pairs if here == room))
            print(f"  {room} ({number} file{'s' if number > 1 else ''}) -> {ahead or 'nothing'}")
        found = circles(package)
        print(f"  circles of files across folders: {len(found)}")
        for circle in found:
            print(f"    {', '.join(circle)}")


if __name__ == "__main__":
    main()
