#!/usr/bin/env bash
# Undefined cells of a scaled or unsigned integer column: astropy and CFITSIO mean different cells.
#
# Software: astropy 8.0.2, numpy 2.4.6, fitsio 1.4.2 with the CFITSIO that it brings (PyPI).
# Input: binary tables with one 16-bit column and TNULL1, which by the FITS standard (4.0, 7.3.2) is compared with the
#   stored integer, before TSCAL1 and TZERO1.
# Expected: Table.read masks the cell that stores TNULL1; what astropy wrote as masked is undefined for CFITSIO too.
# Seen: astropy compares after scaling. With TSCAL1 = 0.5 the undefined cell is the number -49.5. With TZERO1 = 32768
#   (unsigned) and TNULL1 = -99 Table.read raises TypeError. A masked uint16 column that astropy wrote holds no
#   undefined cell for CFITSIO: its TNULL1 is 16959 where the cell stores 16959 - 32768.
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
import numpy as np
from astropy.io import fits
from astropy.table import MaskedColumn, Table


def written(name, **cards):
    hdu = fits.BinTableHDU.from_columns([fits.Column("x", "I", array=np.array([10, -99, 30], np.int16))])
    hdu.header.update(cards)
    hdu.writeto(name)
    with open(name, "rb") as file:
        stored = np.frombuffer(file.read()[5760:5766], ">i2").tolist()
    assert stored == [10, -99, 30], stored
    return name


def undefined(name):
    """Rows that are undefined for CFITSIO and for astropy, the latter with its values."""
    rows = fitsio.FITS(name)[1].where("ISNULL(x)").tolist()
    try:
        column = Table.read(name)["x"]
    except TypeError as error:
        return rows, "TypeError", str(error)
    return rows, np.flatnonzero(np.ma.getmaskarray(column)).tolist(), np.ma.getdata(column).tolist()


plain = undefined(written("plain.fits", TNULL1=-99))
scaled = undefined(written("scaled.fits", TNULL1=-99, TSCAL1=0.5, TZERO1=0.0))
unsigned = undefined(written("unsigned.fits", TNULL1=-99, TSCAL1=1, TZERO1=32768))
Table({"x": MaskedColumn(np.array([1, 2, 3], np.uint16), mask=[False, True, False])}).write("own.fits")
own = undefined("own.fits")
for name, found in (("plain", plain), ("scaled", scaled), ("unsigned", unsigned), ("written by astropy", own)):
    print(f"{name}: undefined for CFITSIO {found[0]}, for astropy {found[1]} {found[2]}")
changed = (
    plain[:2] != ([1], [1])
    or scaled != ([1], [], [5.0, -49.5, 15.0])
    or unsigned[:2] != ([1], "TypeError")
    or own[:2] != ([], [1])
)
if changed:
    sys.exit("the behaviour has changed")
END
