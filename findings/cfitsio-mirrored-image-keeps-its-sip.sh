#!/usr/bin/env bash
# An image that CFITSIO mirrors or thins by `file.fits[-*,*]` loses its sky where the WCS has SIP polynomials.
#
# Software: CFITSIO 4.6.0 in fitsio 1.4.2 (PyPI), fitscopy of CFITSIO 4.2.0 does the same; astropy 8.0.2 and numpy 2.4.6
#   (PyPI) make the input and judge.
# Input: an image with a TAN-SIP WCS, and the same with TAN, read by image sections in CFITSIO's extended file names.
# Expected: each pixel keeps its place on the sky, for CFITSIO adapts the WCS cards (CRPIX, the CD matrix).
# Seen: with TAN always. With TAN-SIP only in plain cut-outs: A_p_q and B_p_q are copied as they are, although x changed
#   its sign ([-*,*]) or its unit ([1:1000:2,1:1000:2]). Near the corner that is 4.3 and 1.5 arcsec here. No warning.
set -euo pipefail
unset PYTHONPATH
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet fitsio==1.4.2 astropy==8.0.2 numpy==2.4.6 2> pip.log ||
    { cat pip.log; echo "cannot install"; exit 2; }
env/bin/python -W ignore - <<'END'
import sys

import fitsio
import numpy as np
from astropy.io import fits
from astropy.wcs import WCS

CARDS = {"CRPIX1": 500.0, "CRPIX2": 500.0, "CRVAL1": 150.0, "CRVAL2": 2.0}
CARDS |= {"CD1_1": -5.2e-5, "CD1_2": 0.0, "CD2_1": 0.0, "CD2_2": 5.2e-5}
FORMS = {
    "TAN": {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN"},
    "TAN-SIP": {"CTYPE1": "RA---TAN-SIP", "CTYPE2": "DEC--TAN-SIP"}
    | {"A_ORDER": 2, "B_ORDER": 2, "A_2_0": 5e-5, "B_0_2": 5e-5},
}
SECTIONS = {"cut out": "[101:900,51:800]", "mirrored": "[-*,*]", "thinned": "[1:1000:2,1:1000:2]"}
print(f"CFITSIO {fitsio.cfitsio_version()}")
off = {}
for form, cards in FORMS.items():
    pixels = np.arange(1_000_000, dtype=np.int32).reshape(1000, 1000)
    fits.writeto("image.fits", pixels, fits.Header(CARDS | cards), overwrite=True)
    for name, section in SECTIONS.items():
        made = fitsio.FITS(f"image.fits{section}")[0]
        header = made.read_header()
        sky = WCS(fits.Header({key: header[key] for key in CARDS | cards}))
        y, x = divmod(int(made.read()[10, 20]), 1000)  # where the pixel (20, 10) came from
        before = WCS(fits.getheader("image.fits")).pixel_to_world(x, y)
        off[form, name] = sky.pixel_to_world(20, 10).separation(before).arcsec
        print(f"{form} {name}: pixel (20, 10) was ({x}, {y}) and is off by {off[form, name]:.3f} arcsec")
wrong = {key for key, value in off.items() if value > 1}
exact = {key for key, value in off.items() if value < 0.001}
if wrong != {("TAN-SIP", "mirrored"), ("TAN-SIP", "thinned")} or len(exact) != 4:
    sys.exit("the behaviour has changed")
END
