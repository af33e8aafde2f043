#!/usr/bin/env bash
# Unsigned flag images: source-extractor gives every object the flag 32768.
#
# Software: source-extractor 2.25.0+ds-3 (Debian 12); astropy 8.0.2, numpy 2.4.6 (PyPI) make the input.
# Input: one image with five stars, and flag images that are 0 but for the star in the middle: as signed and as unsigned
#   integers of 16 and 32 bits, the latter with BZERO 32768 or 2147483648 as the FITS standard has it (4.0, 5.2.5).
# Expected: IMAFLAGS_ISO is the flag of the star in the middle and 0 for the other four.
# Seen: so for signed integers. For unsigned ones BZERO is not applied: bit 15 (or 31) is set where it was not and the
#   other way round, so that 40000 becomes 7232 and all stars without a flag are flagged. No warning.
set -euo pipefail
unset PYTHONPATH
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet astropy==8.0.2 numpy==2.4.6 2> pip.log ||
    { cat pip.log; echo "cannot install"; exit 2; }
debian=(source-extractor=2.25.0+ds-3 libatlas3-base=3.10.3-13 libfftw3-single3=3.3.10-1
    libgfortran5=12.2.0-14+deb12u1 libquadmath0=12.2.0-14+deb12u1)
apt-get download "${debian[@]}" > apt.log 2>&1 || { cat apt.log; echo "cannot install; try apt-get update"; exit 2; }
for package in *.deb; do dpkg-deb --extract "$package" root; done
export PATH="$dir/root/usr/bin:$PATH"
LD_LIBRARY_PATH=$(find "$dir/root" -name '*.so.*' -printf '%h\n' | sort -u | paste -sd:)
export LD_LIBRARY_PATH
source-extractor -d > default.sex
printf 'XWIN_IMAGE\nIMAFLAGS_ISO\n' > columns
env/bin/python -W ignore - <<'END'
import subprocess
import sys

import numpy as np
from astropy.io import fits

STARS = ((50, 50), (350, 60), (200, 200), (80, 330), (340, 345))
y, x = np.mgrid[:400, :400]
image = np.random.default_rng(1).normal(100, 3, (400, 400))
image += sum(5000 * np.exp(-((x - a) ** 2 + (y - b) ** 2) / 8) for a, b in STARS)
fits.writeto("image.fits", image.astype(np.float32))
COMMAND = "source-extractor image.fits -PARAMETERS_NAME columns -FILTER N -DETECT_THRESH 20 -VERBOSE_TYPE QUIET"
COMMAND += " -CATALOG_NAME catalogue -FLAG_IMAGE flags.fits -FLAG_TYPE OR"
seen = {}
for dtype, flag in (("int16", 64), ("uint16", 64), ("uint16", 40000), ("int32", 64), ("uint32", 64)):
    flags = np.zeros((400, 400), dtype)
    flags[190:211, 190:211] = flag
    fits.writeto("flags.fits", flags, overwrite=True)
    assert np.array_equal(fits.getdata("flags.fits"), flags)
    subprocess.run(COMMAND.split(), check=True)
    found = np.loadtxt("catalogue")
    assert len(found) == len(STARS)
    middle = np.abs(found[:, 0] - 201) < 5
    seen[dtype, flag] = found[middle, 1].astype(int).tolist(), found[~middle, 1].astype(int).tolist()
    print(f"{dtype} {flag}: star in the middle {seen[dtype, flag][0]}, the others {seen[dtype, flag][1]}")
expected = {
    ("int16", 64): ([64], [0] * 4),
    ("uint16", 64): ([32832], [32768] * 4),
    ("uint16", 40000): ([7232], [32768] * 4),
    ("int32", 64): ([64], [0] * 4),
    ("uint32", 64): ([2147483712], [2147483648] * 4),
}
if seen != expected:
    sys.exit("the behaviour has changed")
END
