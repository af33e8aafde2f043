"""Processes that the program starts: they import what it imports, nothing that lies in the current folder by chance.

Users keep scripts called ``numpy.py`` or ``resources.py`` beside their frames. Python looks into the current folder
first when it runs a module (``-m``) or a text (``-c``).
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

__all__ = ["child_command", "import_path"]

_PROGRAM = (
    "import sys, json; sys.path[:] = json.loads(sys.argv.pop(1)); "
    "import runpy; runpy.run_module(sys.argv.pop(1), alter_sys=True, run_name='__main__')"
)


def import_path(current_folder_last: bool = False) -> list[str]:
    """Where this process looks for modules, without the current folder unless this program itself lies there.

    Parameters
    ----------
    current_folder_last : bool
        Look there after everything else: for children that run what a script of the user defines.
    """
    home, here = Path(__file__).resolve().parents[1], Path.cwd()
    path = [os.path.abspath(entry) if os.path.isdir(entry or ".") else entry for entry in sys.path]
    kept = [entry for entry in path if Path(entry).resolve() != here or here == home]
    return [*kept, str(here)] if current_folder_last and len(kept) < len(path) else kept


def child_command(module: str, *words: str) -> list[str]:
    """The command that runs a module as a program with this Python."""
    return [sys.executable, "-P", "-c", _PROGRAM, json.dumps(import_path()), module, *words]
