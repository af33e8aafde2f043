"""Mask planes: which are drawn, in which colour, where they are."""
