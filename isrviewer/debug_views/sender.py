"""What a task's debug callback does: copies of planes that are new, and facts about them, to whoever shows them.

`IsrTask.run` works in place, so a view must be copied before the next step. Steps say which planes they write
(`Step.writes`); what no step has written since the last view need not be copied again.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from numpy.typing import NDArray

from isrcore.image import Exposure
from isrcore.steps.step import Step
from isrviewer.debug_views.choice import Choice

__all__ = ["KINDS", "View", "ViewMaker"]

KINDS = ("image", "mask", "variance")


@dataclass(frozen=True)
class View:
    """One debug view on its way, without its pixels.

    Attributes
    ----------
    name : str
        Of the debug view.
    panel : int
        Counted from 1.
    exposure, task : str
        Whose pixels these are: exposure and CCD; name of the task.
    unit : str
        Of the image.
    run : int
        Which run of the task this was, counted from 1 since it was attached.
    stream : int
        Number of the attachment: runs of two tasks may come mixed.
    xy0 : (int, int)
    plane_bits : mapping of str to int
        Mask plane -> bit.
    serials : mapping of str to int
        Plane (one of `KINDS`) -> number of its content; the same number stands for the same pixels.
    """

    name: str
    panel: int
    exposure: str
    task: str
    unit: str
    run: int
    stream: int
    xy0: tuple[int, int]
    plane_bits: dict[str, int]
    serials: dict[str, int] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Exposure, CCD, step, unit; the run where a task has run more than once."""
        again = f" · run {self.run}" if self.run > 1 else ""
        return f"{self.exposure} · {self.name} · {self.unit}{again}"


Put = Callable[[View, dict[str, NDArray[Any]]], bool]
"""Sends a view with those of its planes that are new; False when there is no room, and nothing was sent."""


class ViewMaker:
    """Follows the runs of one task.

    Parameters
    ----------
    chain : sequence of `Step`
        Of the task, for what each step writes.
    choice : `Choice`
        What to show.
    task : str
        Name of the task.
    stream : int
    put : callable

    Attributes
    ----------
    n_dropped : int
        Views for which there was no room.
    """

    def __init__(
        self, chain: tuple[Step, ...], choice: Choice, task: str, stream: int, put: Put
    ) -> None:
        self._places: dict[str, list[int]] = {}
        for place, step in enumerate(chain):
            self._places.setdefault(step.view_name, []).append(place)
        self._chain, self._choice, self._task, self._stream, self._put = chain, choice, task, stream, put
        self._serials = count(1)
        self._sent: dict[str, tuple[int, weakref.ref[NDArray[Any]]]] = {}
        self._dirty = set(KINDS)
        self._last = len(chain)
        self._run = 0
        self._is_electron = False
        self.n_dropped = 0

    def __call__(self, exposure: Exposure, name: str) -> None:
        """A debug callback."""
        places = self._places.get(name, [])
        later = [place for place in places if place > self._last]
        if places and not later:
            self._run += 1
            self._dirty = set(KINDS)
            self._is_electron = False
        # A view that the chain does not know comes from a subclass: it may have changed anything.
        self._dirty |= self._chain[(later or places)[0]].writes & set(KINDS) if places else set(KINDS)
        self._last = (later or places or [self._last])[0]
        self._is_electron |= name == "doApplyGains"
        if name in self._choice:
            self._show(exposure, name)

    def _show(self, exposure: Exposure, name: str) -> None:
        pixels = exposure.masked_image
        planes = {"image": pixels.image, "mask": pixels.mask.array, "variance": pixels.variance}
        new = {kind: plane for kind, plane in planes.items() if kind in self._dirty or not self._is_sent(kind, plane)}
        serials = {kind: next(self._serials) if kind in new else self._sent[kind][0] for kind in planes}
        view = View(
            name=name,
            panel=self._choice.panels[name],
            exposure=_label(exposure),
            task=self._task,
            unit="electron" if self._is_electron else "ADU",
            run=self._run,
            stream=self._stream,
            xy0=pixels.xy0,
            plane_bits=pixels.mask.planes.as_dict(),
            serials=serials,
        )
        if not self._put(view, new):
            self.n_dropped += 1
            return
        for kind, plane in new.items():
            self._sent[kind] = serials[kind], weakref.ref(plane)
        self._dirty.clear()

    def _is_sent(self, kind: str, plane: NDArray[Any]) -> bool:
        return kind in self._sent and self._sent[kind][1]() is plane


def _label(exposure: Exposure) -> str:
    """Exposure number and CCD."""
    info, detector = exposure.visit_info, exposure.detector
    number = str(info.exposure_id) if info is not None and info.exposure_id else "no number"
    return f"{number} {detector.name}" if detector is not None else number
