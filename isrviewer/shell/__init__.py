"""The window around it all: puts panels and actions together, starts, recovers, ends."""
