#!/usr/bin/env bash
# CCDData.read of the third CCD in a file comes with the mask of the first CCD.
#
# Software: astropy 8.0.2, numpy 2.4.6 (PyPI).
# Input: a file of three CCDs, each an extension IMAGE and an extension MASK that share their EXTVER (1, 2, 3), as the
#   FITS standard means EXTVER (4.0, 4.4.2.6). CCD n has one bad pixel, at (n, n).
# Expected: CCDData.read(hdu=("IMAGE", 3)) brings MASK 3, or no mask, or an error.
# Seen: every CCD gets MASK 1: the pixels of one frame under the mask of another, without a warning. Only
#   hdu_mask=("MASK", 3), where a name is documented, brings the right one.
set -euo pipefail
unset PYTHONPATH
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet astropy==8.0.2 numpy==2.4.6 2> pip.log ||
    { cat pip.log; echo "cannot install"; exit 2; }
env/bin/python - <<'END'
import sys
import warnings

import numpy as np
from astropy.io import fits
from astropy.nddata import CCDData

hdus = fits.HDUList([fits.PrimaryHDU()])
for ccd in (1, 2, 3):
    image = fits.ImageHDU(np.full((5, 5), ccd, np.float32), name="IMAGE", ver=ccd)
    image.header["BUNIT"] = "adu"
    mask = np.zeros((5, 5), np.uint8)
    mask[ccd, ccd] = 1
    hdus += [image, fits.ImageHDU(mask, name="MASK", ver=ccd)]
hdus.writeto("ccds.fits")


def bad(ccd, **options):
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        read = CCDData.read("ccds.fits", hdu=("IMAGE", ccd), **options)
    assert np.all(read.data == ccd)
    print(f"CCD {ccd} {options}: bad pixel at {np.argwhere(read.mask).tolist()}, {len(warned)} warnings")
    return np.argwhere(read.mask).tolist(), len(warned)


if [bad(ccd) for ccd in (1, 2, 3)] != [([[1, 1]], 0)] * 3 or bad(3, hdu_mask=("MASK", 3)) != ([[3, 3]], 0):
    sys.exit("the behaviour has changed")
END
