#!/usr/bin/env bash
# source-extractor takes TAN-SIP for TAN: its sky positions are arc seconds off, without a word.
#
# Software: source-extractor 2.25.0+ds-3 (Debian 12); astropy 8.0.2, numpy 2.4.6 (PyPI) make the input and judge.
# Input: one image with five stars, its WCS as TAN, as TPV (PV cards) and as TAN-SIP, which the file states in CTYPE.
# Expected: ALPHAWIN_J2000, DELTAWIN_J2000 are where astropy puts XWIN_IMAGE, YWIN_IMAGE, or an error.
# Seen: equal to 0.001 arcsec with TAN and TPV. With TAN-SIP the polynomials are left out: right at the reference pixel,
#   2.6 arcsec off in the corners with terms of 10 pixels there.
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
printf 'XWIN_IMAGE\nYWIN_IMAGE\nALPHAWIN_J2000\nDELTAWIN_J2000\n' > columns
env/bin/python -W ignore - <<'END'
import subprocess
import sys

import numpy as np
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import WCS

STARS = ((50, 50), (950, 60), (499, 499), (80, 930), (940, 945))
y, x = np.mgrid[:1000, :1000]
image = np.random.default_rng(1).normal(100, 3, (1000, 1000))
image += sum(5000 * np.exp(-((x - a) ** 2 + (y - b) ** 2) / 8) for a, b in STARS)
cards = {"CRPIX1": 500.0, "CRPIX2": 500.0, "CRVAL1": 150.0, "CRVAL2": 2.0, "CUNIT1": "deg", "CUNIT2": "deg"}
cards |= {"CD1_1": -5.2e-5, "CD1_2": 0.0, "CD2_1": 0.0, "CD2_2": 5.2e-5, "RADESYS": "ICRS"}
distortions = {
    "TAN": {},
    "TPV": {"PV1_1": 1.0, "PV1_4": 0.3, "PV2_1": 1.0, "PV2_4": 0.2},
    "TAN-SIP": {"A_ORDER": 2, "B_ORDER": 2, "A_2_0": 5e-5, "B_0_2": 5e-5},
}
COMMAND = "source-extractor image.fits -PARAMETERS_NAME columns -FILTER N -DETECT_THRESH 20 -VERBOSE_TYPE QUIET"
seen = {}
for form, distortion in distortions.items():
    ctype = {"CTYPE1": f"RA---{form}", "CTYPE2": f"DEC--{form}"}
    fits.writeto("image.fits", image.astype(np.float32), fits.Header(cards | ctype | distortion), overwrite=True)
    subprocess.run([*COMMAND.split(), "-CATALOG_NAME", "catalogue"], check=True)
    found = np.loadtxt("catalogue")
    assert len(found) == len(STARS)
    sky = SkyCoord(*WCS(fits.getheader("image.fits")).all_pix2world(found[:, 0], found[:, 1], 1), unit="deg")
    off = sky.separation(SkyCoord(found[:, 2], found[:, 3], unit="deg")).arcsec
    middle = np.hypot(found[:, 0] - 500, found[:, 1] - 500) < 5
    seen[form] = off[middle].max(), off[~middle].max()
    print(f"{form}: off by {seen[form][0]:.4f} arcsec in the middle, up to {seen[form][1]:.4f} in the corners")
right = all(max(seen[form]) < 0.002 for form in ("TAN", "TPV"))
if not (right and seen["TAN-SIP"][0] < 0.002 and seen["TAN-SIP"][1] > 2):
    sys.exit("the behaviour has changed")
END
