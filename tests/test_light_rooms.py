"""Rooms that hold values import nothing slow, so that whoever names their types in an annotation pays nothing."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

SLOW = ("PySide6", "astropy", "lsst", "scipy", "shapely", "yaml", "isrcore.chain", "isrcore.config", "isrcore.task")


@pytest.mark.parametrize(
    "module",
    [
        "isrcore.audit.compare",
        "isrcore.audit.history",
        "isrcore.audit.planes",
        "isrcore.audit.statistics",
        "isrcore.audit.storage",
        "isrcore.audit.summary",
        "isrcore.checkpoints",
        "isrcore.data.calibs",
        "isrcore.inspect.cuts",
        "isrcore.inspect.history",
        "isrcore.inspect.overscan",
        "isrcore.inspect.results",
    ],
)
def test_values_are_light(module: str) -> None:
    code = f"import {module}\nimport sys\nprint([m for m in {SLOW!r} if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize("package", ["isrcore.audit", "isrcore.inspect"])
def test_a_package_names_all_its_modules_and_loads_none(package: str) -> None:
    here = import_module(package)
    modules = {path.stem for path in Path(str(here.__file__)).parent.glob("*.py")} - {"__init__"}
    assert set(here.__all__) == set(dir(here)) == modules
    code = f"import {package}\nimport sys\nprint([m for m in sys.modules if m.startswith('{package}.')])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
    with pytest.raises(AttributeError, match="nothing"):
        _ = here.nothing
    for name in modules:
        assert getattr(here, name) is import_module(f"{package}.{name}")
