"""The program as a process: a screen and libraries to start with, and when Python collects garbage."""
