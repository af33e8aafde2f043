"""Reading exports back, beside the writer; the reader is where all input is read, `isrcore.data.exposure_file`."""

from isrcore.data.exposure_file import read_exposure

__all__ = ["read_exposure"]
