#!/usr/bin/env bash
# Every second pixel of an image whose WCS has a CD matrix: astropy's sky is arc minutes off.
#
# Software: astropy 8.0.2, numpy 2.4.6 (PyPI).
# Input: an image with CTYPE RA---TAN/DEC--TAN and a CD matrix, as every MegaCam CCD has; the same image with CDELT.
# Expected: CCDData[::2, ::2] and WCS[::2, ::2] give each pixel that is left its old place on the sky (at most half a
#   pixel off, if the slice is taken for a binning) and twice the pixel scale.
# Seen: with CDELT so. With CD the reference pixel is halved and the matrix is not doubled: the scale stays 0.187 arcsec
#   and pixel (0, 0) moves by 209 arcsec. No warning.
set -euo pipefail
unset PYTHONPATH
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet astropy==8.0.2 numpy==2.4.6 2> pip.log ||
    { cat pip.log; echo "cannot install"; exit 2; }
env/bin/python -W ignore - <<'END'
import sys

import numpy as np
from astropy.io import fits
from astropy.nddata import CCDData
from astropy.wcs.utils import proj_plane_pixel_scales

cards = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRPIX1": 1000.0, "CRPIX2": 2000.0, "CRVAL1": 150.0, "CRVAL2": 2.0}
matrices = {
    "CDELT": {"CDELT1": -5.2e-5, "CDELT2": 5.2e-5},
    "CD": {"CD1_1": -5.2e-5, "CD1_2": 0.0, "CD2_1": 0.0, "CD2_2": 5.2e-5},
}
seen = {}
for name, matrix in matrices.items():
    fits.writeto(f"{name}.fits", np.zeros((4000, 2000), np.float32), fits.Header(cards | matrix | {"BUNIT": "adu"}))
    image = CCDData.read(f"{name}.fits")
    thinned = image[::2, ::2]
    moved = thinned.wcs.pixel_to_world(0, 0).separation(image.wcs.pixel_to_world(0, 0)).arcsec
    scale = proj_plane_pixel_scales(thinned.wcs)[0] * 3600
    seen[name] = moved, scale
    print(f"{name}: pixel (0, 0) moved by {moved:.2f} arcsec, pixel scale {scale:.4f} arcsec (right: 0.3744)")
right = seen["CDELT"][0] < 0.2 and abs(seen["CDELT"][1] - 0.3744) < 1e-4
wrong = seen["CD"][0] > 100 and abs(seen["CD"][1] - 0.1872) < 1e-4
if not (right and wrong):
    sys.exit("the behaviour has changed")
END
