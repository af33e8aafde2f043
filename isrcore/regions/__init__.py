"""Regions of other programs: DS9 region files read and written, for the engine's defects and the window alike.

A file is cut into statements (`statements`), their words become numbers with units (`numbers`), and the shapes come out
in pixels (`reading`), through the sky where a file says so (`sky`). `writing` goes the other way.
"""
