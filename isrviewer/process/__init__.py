"""What the program needs before it can show a window: a screen and system libraries."""
