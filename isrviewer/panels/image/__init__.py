"""Pictures of pixels: the view, its gestures and overlays, and the grid of linked panels."""
