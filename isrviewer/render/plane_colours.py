"""Colours of mask planes by name, and how each plane is drawn."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from isrcore.resource_files import resource
from isrcore.values import frozen
from isrviewer.render.checks import require_choice, require_in
from isrviewer.render.colour import ColourMap, colour_distance, map_colours, packed

__all__ = ["PRESETS", "OverlayStyle", "PlaneStyle", "plane_colours", "rim_colour"]

PRESETS = ("default", "afw")
"""Sets of plane colours: safe for colour-blind eyes, and those of the reference's display layer."""

_TOO_CLOSE = 25.0


@cache
def _resource() -> dict[str, Any]:
    text = resource("colours", "planes.json").read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(text)
    return content


def plane_colours(names: Iterable[str], preset: str = "default") -> dict[str, str]:
    """A colour ``#RRGGBB`` for each plane.

    Planes that the preset does not know take the next colours of its automatic list, those not yet in use first, in the
    given order.

    Parameters
    ----------
    names : iterable of str
    preset : {"default", "afw"}

    Raises
    ------
    ValueError
        For an unknown preset.
    """
    if preset not in PRESETS:
        raise ValueError(f"there is no set of plane colours {preset!r}; choose one of {', '.join(PRESETS)}")
    known: Mapping[str, str] = _resource()[preset]
    names = list(names)
    chosen = {name: known[name] for name in names if name in known}
    automatic: list[str] = _resource()["automatic"][preset]
    in_use = set(chosen.values())
    queue = [colour for colour in automatic if colour not in in_use] or automatic
    unknown = [name for name in names if name not in known]
    chosen |= {name: queue[index % len(queue)] for index, name in enumerate(unknown)}
    return {name: chosen[name] for name in names}


def rim_colour(colour: str, colours: ColourMap) -> str | None:
    """Black or white for a rim around a plane's pixels, or None if `colour` stays apart from both ends of the map."""
    ends = map_colours(colours)[[0, -1]].tolist()
    mine = packed(colour)
    if min(colour_distance(mine, end) for end in ends) >= _TOO_CLOSE:
        return None
    return max(("#000000", "#FFFFFF"), key=lambda candidate: colour_distance(packed(candidate), mine))


@frozen
class PlaneStyle:
    """How one mask plane is drawn.

    Attributes
    ----------
    colour : str
        ``#RRGGBB``.
    opacity : float
        0 to 1; multiplied by the opacity of the whole overlay.
    visible : bool
    outline : bool
        Only the border of the plane's regions instead of all their pixels.
    """

    colour: str
    opacity: float = 1.0
    visible: bool = True
    outline: bool = False

    def __post_init__(self) -> None:
        packed(self.colour)
        require_in("opacity", (self.opacity,), 0, 1)


@frozen
class OverlayStyle:
    """How the mask is drawn over the image.

    Attributes
    ----------
    planes : tuple of (str, `PlaneStyle`)
        Planes with a style of their own; all others take colours from the preset.
    visible : bool
    opacity : float
        0 to 1.
    preset : str
        One of `PRESETS`.
    expression : str
        A combination of planes (`render.expression`) to draw like a plane of its own; empty for none.
    only_expression : bool
        Draw nothing but the pixels of the expression.
    """

    planes: tuple[tuple[str, PlaneStyle], ...] = ()
    visible: bool = True
    opacity: float = 0.6
    preset: str = "default"
    expression: str = ""
    only_expression: bool = False

    def __post_init__(self) -> None:
        require_in("opacity", (self.opacity,), 0, 1)
        require_choice("set of plane colours", self.preset, PRESETS)

    def styles(self, names: Iterable[str]) -> dict[str, PlaneStyle]:
        """The style of each of the planes `names`, as it was chosen."""
        own = dict(self.planes)
        return {name: own.get(name, PlaneStyle(colour)) for name, colour in plane_colours(names, self.preset).items()}

    def lasting(self) -> OverlayStyle:
        """What the user wants again in another session: the look, but nothing hidden and no expression."""
        shown = tuple((name, replace(style, visible=True)) for name, style in self.planes)
        return OverlayStyle(shown, opacity=self.opacity, preset=self.preset)

    def is_drawn(self, name: str) -> bool:
        """Whether a plane may be drawn beside the expression."""
        return not (self.expression and self.only_expression) or name == self.expression

    def with_plane(self, name: str, style: PlaneStyle) -> OverlayStyle:
        """The same with another style for one plane."""
        kept = tuple(item for item in self.planes if item[0] != name)
        return replace(self, planes=(*kept, (name, style)))
