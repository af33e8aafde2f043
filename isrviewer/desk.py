"""The desk of a window: everything that commands, marks and followers may ask for. None of them knows the window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

    from isrcore.geom import Box
    from isrcore.image import Exposure
    from isrviewer.audit.comparing import Comparing
    from isrviewer.audit.focal_plane import FocalPlane
    from isrviewer.audit.histories import Histories
    from isrviewer.audit.model import AuditModel
    from isrviewer.panels.header import HeaderPanel
    from isrviewer.panels.help import HelpPanel
    from isrviewer.panels.image.grid import PanelGrid
    from isrviewer.panels.manual import ManualPanel
    from isrviewer.panels.messages import MessageStrip
    from isrviewer.panels.paths import Paths
    from isrviewer.panels.prompt import Prompt
    from isrviewer.panels.readout import ReadoutBar
    from isrviewer.runner.jobs import Jobs
    from isrviewer.runner.model import RunModel
    from isrviewer.runner.watch import FolderWatch
    from isrviewer.session import SessionModel
    from isrviewer.session.config import CurrentConfig
    from isrviewer.session.settings import UserSettings

__all__ = ["Check", "ConfigEditor", "Cutouts", "Desk", "Docks", "MaskList", "Models", "Numbers", "Requests"]

Check = Callable[[], None]
"""Raises when the user has cancelled."""


@dataclass(frozen=True)
class Models:
    """What is open and what is known about it, without a widget: enough to make any panel.

    Attributes
    ----------
    model : `SessionModel`
        What is open, and how it changes.
    runs : `RunModel`
        Planes and progress of the run of the session.
    audits : `AuditModel`
        The defect maps under audit.
    histories : `Histories`
        Undo of both the session and the current map.
    comparing : `Comparing`
        The comparison of the current map with another one.
    focal_plane : `FocalPlane`
        The maps of all CCDs in numbers.
    config : `CurrentConfig`
        The task config of the session.
    settings : `UserSettings`
        What belongs to the user.
    jobs : `Jobs`
        Work that the user waits for.
    watch : `FolderWatch`
        The folder that new frames come to.
    """

    model: SessionModel
    runs: RunModel
    audits: AuditModel
    histories: Histories
    comparing: Comparing
    focal_plane: FocalPlane
    config: CurrentConfig
    settings: UserSettings
    jobs: Jobs
    watch: FolderWatch


class Docks(Protocol):
    """The places of the panels around the pictures."""

    @property
    def are_put_away(self) -> bool: ...

    def raise_dock(self, name: str) -> None:
        """Bring a panel to the front."""

    def focus_dock(self, name: str) -> None:
        """Bring a panel to the front and give the keys to its list or field, if it has one that takes them."""

    def set_title(self, name: str, title: str) -> None:
        """Write something else on the tab of a panel."""

    def toggle(self) -> None:
        """Put everything around the pictures away, or bring it back."""


class MaskList(Protocol):
    """The list of mask planes."""

    @property
    def is_outlined(self) -> bool: ...

    def toggle(self, row: int) -> None:
        """Show or hide the plane in a row of the list."""

    def toggle_outlines(self) -> None: ...

    def edit_expression(self) -> None:
        """Give the keys to the field for a combination of planes."""

    def step_region(self, direction: int) -> bool:
        """Go to the next (1) or previous (-1) region of the selected plane; False where none is listed."""


class Numbers(Protocol):
    """The panels with numbers."""

    def show_box(self, box: Box, exposure: Exposure) -> None:
        """Measure a box over these planes, in their coordinates."""


class ConfigEditor(Protocol):
    """The editor of config fields."""

    def focus_search(self) -> None:
        """Give the keys to the search."""

    def show_group(self, label: str) -> None:
        """Go to the fields of a step."""

    def go_to(self, path: str) -> None:
        """Go to a field."""


class Cutouts(Protocol):
    """The cut-outs of the chosen defect."""

    @property
    def size_shown(self) -> int: ...

    def set_size(self, size: int) -> None:
        """Show this many pixels on a side."""

    def move_part(self, direction: int) -> None:
        """Look at the next (1) or previous (-1) part of a long defect."""


@dataclass(frozen=True)
class Requests:
    """What commands ask of the window as a whole.

    Attributes
    ----------
    close : callable
        End the program.
    find_action : callable
        Let the user search the actions.
    draw_icons : callable
        Draw the icons in the colour that the text has now.
    update_actions : callable
        Enable and tick the actions by what is the case now.
    picture : callable
        The window as it is on screen, with a legend that says what it shows.
    """

    close: Callable[[], object]
    find_action: Callable[[], None]
    draw_icons: Callable[[], None]
    update_actions: Callable[[], None]
    picture: Callable[[], QImage]


@dataclass(frozen=True)
class Desk(Models):
    """The models and the parts of the window that commands steer.

    Attributes
    ----------
    strip : `MessageStrip`
        Says what the user should know now.
    prompt : `Prompt`
        Asks for a line of text.
    paths : `Paths`
        Asks for files and folders.
    grid : `PanelGrid`
        The image panels.
    readout : `ReadoutBar`
        What is under the cursor.
    header : `HeaderPanel`
    help : `HelpPanel`
    manual : `ManualPanel`
    docks, masks, numbers, editor, cutouts
        Panels, as far as something is asked of them.
    requests : `Requests`
    """

    strip: MessageStrip
    prompt: Prompt
    paths: Paths
    grid: PanelGrid
    readout: ReadoutBar
    header: HeaderPanel
    help: HelpPanel
    manual: ManualPanel
    docks: Docks
    masks: MaskList
    numbers: Numbers
    editor: ConfigEditor
    cutouts: Cutouts
    requests: Requests

    def write_now(self, path: str, write: Callable[[], object]) -> None:
        """Write a small file at once, and say what became of it; `write` raises `OSError` when it cannot be written."""
        try:
            write()
        except OSError as error:
            self.strip.error(f"{path} could not be written: {error.strerror or error}. Nothing was changed.")
        else:
            self.strip.note(f"Wrote {path}")

    def write_beside(
        self,
        path: str,
        write: Callable[[Check], object],
        wrote: str = "",
        explain: Callable[[Exception], str] = str,
    ) -> None:
        """Write a file in a job: the window goes on meanwhile, and the strip says what became of it.

        Parameters
        ----------
        path : str
        write : callable
            Does it; gets a function that raises when the user has cancelled.
        wrote : str
            What to say at the end; default that the file was written.
        explain : callable
            Words for an error.
        """
        self.jobs.start(
            f"Writing {Path(path).name}",
            write,
            lambda _: self.strip.note(wrote or f"Wrote {path}"),
            lambda error: self.strip.error(f"Nothing was written: {explain(error)}"),
        )
