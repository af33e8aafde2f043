#!/usr/bin/env bash
# A long text with an apostrophe in the wrong place: CFITSIO reads another text than astropy wrote.
#
# Software: astropy 8.0.2, numpy 2.4.6, fitsio 1.4.2 with the CFITSIO that it brings (PyPI).
# Input: a header card with a text of 118 characters, the 67th an apostrophe, which FITS writes as two.
# Expected: fitsio reads back what astropy wrote, for a long text goes on in CONTINUE cards,
#   each complete in its quotes.
# Seen: astropy cuts the doubled apostrophe in two: one ends the first card, the other begins the CONTINUE card.
#   astropy itself joins them again; CFITSIO takes the first as the end of the text and reads 66 characters. With the
#   apostrophe one place further both read the same.
set -euo pipefail
unset PYTHONPATH
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet astropy==8.0.2 numpy==2.4.6 fitsio==1.4.2 2> pip.log ||
    { cat pip.log; echo "cannot install"; exit 2; }
env/bin/python -W ignore - <<'END'
import sys

import fitsio
from astropy.io import fits

seen = {}
for before in (66, 67):
    text = "x" * before + "'s" + "y" * (116 - before)
    name = f"{before}.fits"
    fits.PrimaryHDU(header=fits.Header({"REMARK": text})).writeto(name)
    by_astropy, by_cfitsio = fits.getheader(name)["REMARK"], fitsio.read_header(name)["REMARK"]
    seen[before] = by_astropy == text, by_cfitsio == text, len(by_cfitsio)
    print(f"{before} characters before it: astropy reads {len(by_astropy)}, CFITSIO {len(by_cfitsio)} of {len(text)}")
if seen != {66: (True, False, 66), 67: (True, True, 118)}:
    sys.exit("the behaviour has changed")
END
