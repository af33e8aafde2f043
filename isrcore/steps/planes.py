"""Check of mask-plane names that come from the configuration, so that an error names the field to correct."""

from __future__ import annotations

from collections.abc import Iterable

from isrcore.image.mask import Mask

__all__ = ["require_planes"]


def require_planes(mask: Mask, field: str, names: str | Iterable[str]) -> None:
    """Refuse mask planes that the exposure does not have.

    Parameters
    ----------
    mask : `Mask`
    field : str
        The config field that names the planes.
    names : str or iterable of str

    Raises
    ------
    ValueError
        If one is unknown.
    """
    for name in [names] if isinstance(names, str) else names:
        if name not in mask.planes:
            raise ValueError(
                f"{field} names the mask plane {name!r}, which the exposure does not have; "
                f"its planes are {', '.join(mask.planes)}"
            )
