"""Where the data files lie: camera geometry, overrides, presets, colours, pictures.

In the repository they are the folder ``resources`` beside ``isrcore``; an installed package has that folder inside
``isrcore``, so that no other package of that name gets in the way.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["resource"]

_PACKAGE = Path(__file__).resolve().parent


def resource(*parts: str) -> Path:
    """Path of a data file or of a folder of them.

    Parameters
    ----------
    *parts : str
        Names of folders and of the file below ``resources``, such as ``"megacam", "geometry.json"``.

    Returns
    -------
    path : `pathlib.Path`
        Below the installed folder, or below that of the checkout when the package is used from there.
    """
    installed = _PACKAGE / "resources"
    return (installed if installed.is_dir() else _PACKAGE.parent / "resources").joinpath(*parts)
