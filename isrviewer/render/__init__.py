"""Pixels to picture: reduction, stretch, colours, mask overlay. Pure NumPy; knows no widget."""
