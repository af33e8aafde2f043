"""Which debug views are shown, and where: the user's list of steps, or the reference's own display dictionary."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from isrcore.cfht import CfhtIsrTask

__all__ = ["VIEWS", "Choice", "choose"]

VIEWS: tuple[str, ...] = tuple(dict.fromkeys(step.view_name for step in CfhtIsrTask.chain))
"""Names that `debugView` is called with, in the order of the chain."""


@dataclass(frozen=True)
class Choice:
    """The views to show.

    Attributes
    ----------
    panels : mapping of str to int
        Name of the view -> number of its panel, counted from 1. Views with one number share a panel.
    """

    panels: Mapping[str, int]

    def __contains__(self, name: object) -> bool:
        return name in self.panels

    @property
    def n_panels(self) -> int:
        return max(self.panels.values(), default=0)


def choose(steps: Any = None) -> Choice:
    """The choice that an argument of `open_panels` stands for.

    Parameters
    ----------
    steps : iterable of str, mapping of str to int, object with such a mapping as ``display``, or None
        Names of views, each with a panel of its own in this order; or names with numbers of frames, as the ``display``
        dictionary of a ``debug.py`` has them (frame 0 is off, as in the reference); None for all views.

    Raises
    ------
    ValueError
        For a name that no debug view has, or a frame that is no number.
    """
    display = getattr(steps, "display", steps)
    if display is None:
        display = VIEWS
    if isinstance(display, str):
        raise ValueError(f"expected a list of debug views, found the text {display!r}: write [{display!r}]")
    if isinstance(display, Mapping):
        return _of_display(display)
    if not isinstance(display, Iterable):
        raise ValueError(f"expected a list of debug views or a display dictionary, found {display!r}")
    names = list(dict.fromkeys(display))
    _check(names)
    return Choice({name: number for number, name in enumerate(names, 1)})


def _of_display(display: Mapping[Any, Any]) -> Choice:
    _check(display)
    for name, frame in display.items():
        if not isinstance(frame, int) or frame < 0:
            raise ValueError(f"display[{name!r}]: expected the number of a frame (0 for off), found {frame!r}")
    on = {name: int(frame) for name, frame in display.items() if frame}
    # Frames need not be consecutive in the reference; panels are, in the same order.
    order = {frame: number for number, frame in enumerate(sorted(set(on.values())), 1)}
    return Choice({name: order[frame] for name, frame in on.items()})


def _check(names: Iterable[Any]) -> None:
    unknown = [name for name in names if name not in VIEWS]
    if unknown:
        raise ValueError(f"there is no debug view {unknown[0]!r}; the views are {', '.join(VIEWS)}")
