#!/usr/bin/env bash
# astropy's FITSDiff (and fitsdiff) says that a file differs from its own copy.
#
# Software: astropy 8.0.2, numpy 2.4.6 (PyPI).
# Input: binary tables with a NaN: in a column of numbers (D), of arrays (2D), of arrays of variable length (PD); each
#   file and a copy of its bytes.
# Expected: the two are identical, for NaN is equal to NaN in FITSDiff, as in images and in the first two tables.
# Seen: with arrays of variable length the copy is reported to differ in that row.
set -euo pipefail
unset PYTHONPATH
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet astropy==8.0.2 numpy==2.4.6 2> pip.log ||
    { cat pip.log; echo "cannot install"; exit 2; }
env/bin/python - <<'END'
import shutil
import sys

import numpy as np
from astropy.io import fits

rows = np.empty(2, object)
rows[:] = [np.array([1.0, np.nan]), np.array([2.0])]
columns = {
    "D": np.array([1.0, np.nan]),
    "2D": np.array([[1.0, np.nan], [2.0, 3.0]]),
    "PD()": rows,
    "PD() without NaN": np.array([np.array([1.0, 4.0]), np.array([2.0])], object),
}
identical = {}
for name, cells in columns.items():
    column = fits.Column("noise", name.split()[0], array=cells)
    fits.BinTableHDU.from_columns([column]).writeto("table.fits", overwrite=True)
    shutil.copyfile("table.fits", "copy.fits")
    identical[name] = fits.FITSDiff("table.fits", "copy.fits").identical
    print(f"{name}: identical {identical[name]}")
if identical != {"D": True, "2D": True, "PD()": False, "PD() without NaN": True}:
    sys.exit("the behaviour has changed")
END
