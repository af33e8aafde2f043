"""`open_panels`: debug views of any task, in any script, as linked panels of pixels with their masks."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Protocol

from numpy.typing import NDArray

from isrcore.image import Exposure
from isrcore.task import IsrTask
from isrviewer.debug_views.choice import Choice, choose
from isrviewer.debug_views.elsewhere import ChildProcess, PanelsGone
from isrviewer.debug_views.sender import View, ViewMaker
from isrviewer.process.screen import find_screen

__all__ = ["BUDGET", "DebugPanels", "Target", "open_panels"]

_log = logging.getLogger("isrviewer.debug_views")

BUDGET = 1 << 30
"""Bytes of shared memory by default: 27 planes of a MegaCam CCD, more than there are in all views of one run."""


class Target(Protocol):
    """Where views go: a window of another process or of this one, or DS9."""

    def put(self, view: View, new: dict[str, NDArray[Any]]) -> bool: ...

    def block(self) -> None: ...

    def close(self) -> None: ...

    @property
    def is_open(self) -> bool: ...


def open_panels(
    steps: Any = None, *, to: str = "window", in_process: bool = False, budget: int = BUDGET
) -> DebugPanels:
    """Open panels for the debug views of tasks.

    Parameters
    ----------
    steps : iterable of str, mapping of str to int, object with such a mapping as ``display``, or None
        Names of the debug views to show, a panel each; or names with numbers of frames, as the ``display`` dictionary
        of a ``debug.py`` has them; None for all.
    to : {"window", "ds9"}
        A window of linked panels, or a DS9 by XPA.
    in_process : bool
        Show the window in this process. By default it has a process of its own: then a script without an event loop has
        a window that answers while the script computes, and a task is held up by copying planes only.
    budget : int
        Bytes of memory shared with the other process. When all of it is in use, views are left out, not waited for.

    Returns
    -------
    panels : `DebugPanels`

    Raises
    ------
    ValueError
        For an unknown view or an unknown `to`.
    RuntimeError
        If this process cannot show windows, with `in_process`.
    """
    choice = choose(steps)
    if to not in ("window", "ds9"):
        raise ValueError(f"to: expected 'window' or 'ds9', found {to!r}")
    return DebugPanels(choice, _target(choice, to, in_process, budget))


class DebugPanels:
    """Panels that show debug views of the tasks that they are attached to.

    Parameters
    ----------
    choice : `Choice`
    target : `Target` or None
        None where there is nowhere to show anything: everything works, nothing is shown.
    """

    def __init__(self, choice: Choice, target: Target | None) -> None:
        self.choice = choice
        self.target = target
        self._attached: dict[int, tuple[IsrTask, Callable[[Exposure, str], None], Any]] = {}
        self._makers: list[ViewMaker] = []

    @property
    def is_open(self) -> bool:
        """Whether there is somebody to look."""
        return self.target is not None and self.target.is_open

    @property
    def n_dropped(self) -> int:
        """Views that were left out because the panels were behind."""
        return sum(maker.n_dropped for maker in self._makers)

    def attach(self, task: IsrTask) -> None:
        """Show the views of a task from now on; a debug callback that it has already is still called.

        Raises
        ------
        ValueError
            If it is attached already.
        """
        if id(task) in self._attached:
            raise ValueError(f"the panels are attached to {task.getFullName()} already; detach(task) first")
        target = self.target
        if target is None:
            return
        maker = ViewMaker(tuple(task.chain), self.choice, task.getFullName(), len(self._makers), target.put)
        self._makers.append(maker)
        before = task.debug_callback

        def callback(exposure: Exposure, name: str) -> None:
            if before is not None:
                before(exposure, name)
            try:
                maker(exposure, name)
            except PanelsGone as gone:
                _log.warning("%s; the run goes on without them", gone)
                self.detach()
            except Exception:
                # Whatever goes wrong with looking must not end the run.
                _log.exception("view %s could not be shown; the run goes on without panels", name)
                self.detach()

        self._attached[id(task)] = task, callback, before
        task.debug_callback = callback

    def detach(self, task: IsrTask | None = None) -> None:
        """Show nothing more of a task, or of all; what is on the panels stays."""
        chosen = [entry for entry in self._attached.values() if task is None or entry[0] is task]
        for attached, callback, before in chosen:
            del self._attached[id(attached)]
            if attached.debug_callback is callback:
                attached.debug_callback = before

    def block(self) -> None:
        """Wait until the user closes the window. Returns at once where an event loop runs in this process already."""
        if self.target is not None:
            self.target.block()

    def close(self) -> None:
        """Detach from all tasks and close the window."""
        self.detach()
        if self.target is not None:
            self.target.close()


def _target(choice: Choice, to: str, in_process: bool, budget: int) -> Target | None:
    if to == "ds9":
        from isrviewer.debug_views.ds9 import Ds9

        return Ds9()
    names: dict[int, list[str]] = {}
    for name, number in choice.panels.items():
        names.setdefault(number, []).append(name)
    titles = [", ".join(names[number]) for number in sorted(names)]
    problem = find_screen(fall_back=False)
    if problem:
        advice = "Start the script in a desktop session or through ssh -X; runs go on without panels"
        _log.error("%s. %s", problem, advice)
        return None
    if in_process:
        from isrviewer.debug_views.here import ThisProcess

        return ThisProcess(titles)
    return ChildProcess(titles, budget)
