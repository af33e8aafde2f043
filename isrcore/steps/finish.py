"""Final: nothing is left to do; the result gets its last look, under the name of the stored dataset (S33)."""

from __future__ import annotations

from isrcore.steps.step import IsrState, IsrTaskLike, Step, always_runs

__all__ = ["FINISH"]


def _run(task: IsrTaskLike, state: IsrState) -> None:
    task.log.debug("ISR is complete.")


FINISH = Step(
    name="postISRCCD",
    label="final",
    method="run",
    doc="The corrected exposure as it is stored.",
    why_not=always_runs,
    run=_run,
    debug_view="postISRCCD",
)
