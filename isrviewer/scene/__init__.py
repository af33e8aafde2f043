"""Pictures of pixels as items of pyqtgraph scenes."""
