"""The defect audit: maps as editable documents, what the data say about them, and what came of it.

All pixels are 0-based in the trimmed, assembled frame of one CCD; `isrcore.audit.frames` is the one place where other
frames are converted.
"""
