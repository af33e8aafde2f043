"""What a step of the chain is: a value that says what it does, what it reads and what it may change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from isrcore.camera import Detector
from isrcore.image import Exposure
from isrcore.pipe import Struct
from isrcore.steps.task_like import IsrTaskLike

__all__ = ["PLANES", "IsrState", "IsrTaskLike", "NothingToDo", "Step", "always_runs", "switched_by"]

PLANES = ("image", "mask", "variance", "metadata", "geometry")
"""What a step can change. ``geometry``: every component of the exposure that is neither pixels nor metadata."""


@dataclass
class IsrState:
    """Everything that flows from step to step.

    Attributes
    ----------
    exposure : `Exposure`
        The data. A step changes it in place or replaces it.
    calibs : `Struct`
        The calibrations, under the names of the arguments of ``IsrTask.run``; absent ones are None.
    detector : `Detector` or None
        The detector of the *input*, which all later steps use, also after assembly (manual: chain, Inputs).
    results : dict
        What steps hand to later steps and to the caller besides the exposure: ``overscans`` (list of `Struct` or None,
        one per amplifier in the image), ``ossThumb``, ``flattenedThumb``, ``preInterpExposure``, ``vignettePolygon``.
    """

    exposure: Exposure
    calibs: Struct
    detector: Detector | None = None
    results: dict[str, Any] = field(default_factory=dict)

    def copy(self) -> IsrState:
        """A shallow copy whose results can grow without touching this one's."""
        return replace(self, results=dict(self.results))


class NothingToDo(str):
    """Why a step that is switched on changes nothing.

    It counts as skipped, but its method is called and its debug view shown all the same, as in the reference.
    """

    __slots__ = ()


@dataclass(frozen=True)
class Step:
    """One row of the chain.

    Attributes
    ----------
    name : str
        Its LSST name, unique in the chain (``doBias``, ``maskAmplifier``).
    label : str
        What the screen calls it, one or two words of the field in lower case.
    method : str
        The documented method, or the subtask's, that does the work.
    doc : str
        One sentence for tooltips and help.
    why_not : callable
        ``why_not(task, state)`` is None when the step runs, else the reason in words ("doFlat is off"); a
        `NothingToDo` when the step is on.
    run : callable
        ``run(task, state)`` does the work on ``state``.
    switch : str or None
        The one config field that turns the step on and off, shown as its check box.
    reads : tuple of str
        Every config field that can change the result, gate included; ``"fringe."`` stands for all fields below it.
    needs : tuple of str
        Names of the calibrations (in ``state.calibs``) that can change the result.
    writes : frozenset of str
        The `PLANES` that the step may change; the runner protects all others.
    debug_view : str or None
        Name that the reference passes to ``debugView`` after the step; where it has no such view, ``name`` is passed.
    is_check : bool
        Whether the step only checks its inputs: then it runs every time, results do not depend on it, and none is kept.
    makes_new_planes : bool
        Whether the step puts new planes in place of those that it changes (`MaskedImage.make_writable` and arithmetic
        do), so that nothing need be copied for it.
    """

    name: str
    label: str
    method: str
    doc: str
    why_not: Callable[[IsrTaskLike, IsrState], str | None]
    run: Callable[[IsrTaskLike, IsrState], None]
    switch: str | None = None
    reads: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    writes: frozenset[str] = frozenset()
    debug_view: str | None = None
    is_check: bool = False
    makes_new_planes: bool = False

    @property
    def view_name(self) -> str:
        """The name under which ``debugView`` sees the result."""
        return self.debug_view or self.name

    def __post_init__(self) -> None:
        unknown = set(self.writes) - set(PLANES)
        if unknown:
            raise ValueError(f"step {self.name}: planes are {PLANES}, found {sorted(unknown)}")


def always_runs(task: IsrTaskLike, state: IsrState) -> str | None:
    """A `Step.why_not` for a step that no option can switch off."""
    return None


def switched_by(field_name: str) -> Callable[[IsrTaskLike, IsrState], str | None]:
    """A `Step.why_not` for a step that runs whenever one boolean config field is on."""

    def why_not(task: IsrTaskLike, state: IsrState) -> str | None:
        return None if getattr(task.config, field_name) else f"{field_name} is off"

    return why_not
