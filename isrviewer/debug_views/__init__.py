"""Debug views of any task in any script: intermediate images and masks in linked panels, or in DS9."""

from isrviewer.debug_views.panels import DebugPanels, open_panels

__all__ = ["DebugPanels", "open_panels"]
