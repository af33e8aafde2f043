"""How the focused panel is drawn: limits, stretch, colours, reduction."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from isrviewer.render.colour import ColourMap
from isrviewer.render.limits import Limits
from isrviewer.session.changes import set_picture

if TYPE_CHECKING:
    from isrviewer.desk import Desk
    from isrviewer.render.compose import PictureStyle

__all__ = ["PictureCommands", "parse_limits"]

BELOW, ABOVE = "#1F4FD8", "#D81F3C"


def parse_limits(text: str) -> tuple[float, float]:
    """Read two different numbers.

    Raises
    ------
    ValueError
        For anything else.
    """
    parts = text.replace("−", "-").replace(",", " ").split()
    try:
        low, high = (float(part) for part in parts)
    except ValueError:
        raise ValueError(f"expected two numbers, the lower and the upper limit; found {text!r}") from None
    if not abs(low) + abs(high) < float("inf") or low == high:
        raise ValueError(f"expected two different finite numbers; found {text!r}")
    return min(low, high), max(low, high)


class PictureCommands:
    """The Picture menu. A panel that shows changes has limits and colours for changes, kept apart from the others."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._model = desk.model

    def _picture(self) -> PictureStyle:
        return self._model.session.panel.picture

    def _set(self, picture: PictureStyle) -> None:
        session = self._model.session
        self._model.change(set_picture(session, session.focused, picture))

    def _set_limits(self, limits: Limits) -> None:
        self._set(self._picture().with_limits(limits, self._model.session.panel.shows.is_change))

    def _set_colours(self, colours: ColourMap) -> None:
        self._set(self._picture().with_colours(colours, self._model.session.panel.shows.is_change))

    def limits(self, mode: str) -> None:
        self._set_limits(replace(self._model.session.panel.limits, mode=mode, low=None, high=None))

    def percentile(self, percent: float) -> None:
        limits = self._model.session.panel.limits
        self._set_limits(replace(limits, mode="percentile", percent=percent, low=None, high=None))

    def manual(self) -> None:
        """Ask for two numbers; those on screen are offered."""
        layer = self._desk.grid.focused.view.layer
        offered = "" if layer is None else f"{layer.limits[0]:.6g} {layer.limits[1]:.6g}"
        self._desk.prompt.ask("Lower and upper limit", offered, self.manual_limits)

    def manual_limits(self, text: str) -> None:
        """Use limits typed by the user."""
        try:
            low, high = parse_limits(text)
        except ValueError as error:
            self._desk.strip.error(str(error))
            return
        self._set_limits(replace(self._model.session.panel.limits, mode="manual", low=low, high=high))

    def sticky(self) -> None:
        limits = self._model.session.panel.limits
        self._set_limits(replace(limits, sticky=not limits.sticky))

    def exclude_masked(self) -> None:
        limits = self._model.session.panel.limits
        self._set_limits(replace(limits, exclude_masked=not limits.exclude_masked))

    def stretch(self, name: str) -> None:
        picture = self._picture()
        self._set(replace(picture, stretch=replace(picture.stretch, name=name)))

    def colormap(self, name: str) -> None:
        self._set_colours(replace(self._model.session.panel.colours, name=name))

    def invert(self) -> None:
        colours = self._model.session.panel.colours
        self._set_colours(replace(colours, inverted=not colours.inverted))

    def mark_range(self) -> None:
        """Give values outside of the limits colours that no map ends in, or the ends of the map again."""
        colours = self._model.session.panel.colours
        below, above = (BELOW, ABOVE) if colours.under is None else (None, None)
        self._set_colours(replace(colours, under=below, over=above))

    def reset_contrast(self) -> None:
        picture = self._picture()
        self._set(replace(picture, stretch=replace(picture.stretch, contrast=1.0, bias=0.5)))

    def reduction(self, mode: str) -> None:
        self._set(replace(self._picture(), reduction=mode))
