"""A copy of the exposure before bad pixels are replaced (manual: interpolation, Copy before interpolation)."""

from __future__ import annotations

from isrcore.steps.step import IsrState, IsrTaskLike, Step, switched_by

__all__ = ["KEEP_COPY"]


def _run(task: IsrTaskLike, state: IsrState) -> None:
    state.results["preInterpExposure"] = state.exposure.clone()


KEEP_COPY = Step(
    name="doSaveInterpPixels",
    label="copy before interpolation",
    method="run",
    doc="Keep a copy with the original values of bad pixels.",
    why_not=switched_by("doSaveInterpPixels"),
    run=_run,
    switch="doSaveInterpPixels",
    reads=("doSaveInterpPixels",),
)
