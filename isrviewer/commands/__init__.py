"""What the actions do: one class per menu, one method per action.

Every method changes the session, asks the runner, or opens a file dialog; the panels follow by themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

from isrviewer.commands.compare import CompareCommands
from isrviewer.commands.defects.edits import AuditCommands
from isrviewer.commands.defects.maps import MapCommands
from isrviewer.commands.edit import EditCommands
from isrviewer.commands.files import FileCommands
from isrviewer.commands.here import HereCommands
from isrviewer.commands.picture import PictureCommands
from isrviewer.commands.regions import RegionCommands
from isrviewer.commands.run import RunCommands
from isrviewer.commands.tools import HelpCommands, MaskCommands, ToolCommands
from isrviewer.commands.view import ViewCommands
from isrviewer.commands.watch import WatchCommands

if TYPE_CHECKING:
    from isrviewer.desk import Desk

__all__ = ["Commands"]


@dataclass(frozen=True)
class Commands:
    """The command groups; an action's id begins with the name of its group."""

    file: FileCommands
    edit: EditCommands
    view: ViewCommands
    picture: PictureCommands
    run: RunCommands
    masks: MaskCommands
    regions: RegionCommands
    watch: WatchCommands
    audit: AuditCommands
    maps: MapCommands
    compare: CompareCommands
    tools: ToolCommands
    here: HereCommands
    help: HelpCommands

    def handler(self, name: str) -> Callable[..., None]:
        """The method that does the work of an action, by ``group.method``; `AttributeError` when there is none."""
        method: Callable[..., None] = attrgetter(name)(self)
        return method

    @classmethod
    def of(cls, desk: Desk) -> Commands:
        """All groups, at work on one desk."""
        file, run = FileCommands(desk), RunCommands(desk)
        return cls(
            file=file,
            edit=EditCommands(desk),
            view=ViewCommands(desk),
            picture=PictureCommands(desk),
            run=run,
            masks=MaskCommands(desk),
            regions=RegionCommands(desk),
            watch=WatchCommands(desk, file),
            audit=AuditCommands(desk),
            maps=MapCommands(desk, run),
            compare=CompareCommands(desk),
            tools=ToolCommands(desk),
            here=HereCommands(desk),
            help=HelpCommands(desk),
        )
