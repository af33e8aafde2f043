"""What the actions do: one class per menu, one method per action.

Every method changes the session, asks the runner, or opens a file dialog; the panels follow by themselves.
"""

from __future__ import annotations

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
    from isrviewer.shell.window import Window

__all__ = ["command_groups"]


def command_groups(window: Window) -> dict[str, object]:
    """Command groups by the first part of the action's id."""
    return {
        "file": FileCommands(window),
        "edit": EditCommands(window),
        "view": ViewCommands(window),
        "picture": PictureCommands(window),
        "run": RunCommands(window),
        "masks": MaskCommands(window),
        "regions": RegionCommands(window),
        "watch": WatchCommands(window),
        "audit": AuditCommands(window),
        "maps": MapCommands(window),
        "compare": CompareCommands(window),
        "tools": ToolCommands(window),
        "here": HereCommands(window),
        "help": HelpCommands(window),
    }
