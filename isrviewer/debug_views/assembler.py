"""Whole planes of a view from those that came with it and those that came before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from isrviewer.debug_views.sender import KINDS, View
from isrviewer.render.planes import ImagePlanes

__all__ = ["Assembler", "Received"]


@dataclass(frozen=True, eq=False)
class Received:
    """A view with its pixels; arrays are shared between views that have the same ones.

    Attributes
    ----------
    view : `View`
    image, mask, variance : ndarray, (height, width)
    """

    view: View
    image: NDArray[Any]
    mask: NDArray[Any]
    variance: NDArray[Any]

    def planes(self, kind: str) -> ImagePlanes:
        """What is drawn: the image or the variance, with the mask over it."""
        view = self.view
        unit = view.unit if kind == "image" else f"{view.unit}²"
        word = "" if kind == "image" else f" · {kind}"
        return ImagePlanes(
            image=self.image if kind == "image" else self.variance,
            mask=self.mask,
            variance=self.variance,
            xy0=view.xy0,
            plane_bits=view.plane_bits,
            title=view.title + word,
            unit=unit,
        )


class Assembler:
    """Remembers the latest planes of every stream of views."""

    def __init__(self) -> None:
        self._latest: dict[tuple[int, str], tuple[int, NDArray[Any]]] = {}

    def add(self, view: View, new: dict[str, NDArray[Any]]) -> Received:
        """A view with the planes that came with it.

        Raises
        ------
        LookupError
            If a plane that should have come before did not.
        """
        for kind, plane in new.items():
            self._latest[view.stream, kind] = view.serials[kind], plane
        found = {}
        for kind in KINDS:
            latest = self._latest.get((view.stream, kind))
            if latest is None or latest[0] != view.serials[kind]:
                raise LookupError(f"{view.title}: the {kind} plane {view.serials[kind]} did not come")
            found[kind] = latest[1]
        return Received(view, **found)
