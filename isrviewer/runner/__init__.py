"""Runs the chain off the GUI thread: request, cancel, newest wins."""
