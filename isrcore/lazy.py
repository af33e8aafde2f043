"""Packages whose parts are loaded when first used: naming them, also in annotations, costs nothing before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from types import ModuleType

__all__ = ["submodules"]


def submodules(package: str, names: Sequence[str]) -> tuple[Callable[[str], ModuleType], Callable[[], list[str]]]:
    """``__getattr__`` and ``__dir__`` of a package: ``package.name`` imports the submodule.

    Parameters
    ----------
    package : str
        ``__name__`` of the package.
    names : sequence of str
        Its submodules.
    """

    def load(name: str) -> ModuleType:
        if name not in names:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return import_module(f"{package}.{name}")

    return load, lambda: sorted(names)
