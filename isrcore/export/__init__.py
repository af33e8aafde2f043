"""Results that leave the program: exposures as FITS files in the layout of the LSST stack."""

from isrcore.export.exposure import write_exposure
from isrcore.export.provenance import Provenance
from isrcore.export.reading import read_exposure

__all__ = ["Provenance", "read_exposure", "write_exposure"]
