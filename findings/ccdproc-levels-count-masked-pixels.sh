#!/usr/bin/env bash
# Masked pixels set the level of flats, overscans and scaled combinations in ccdproc.
#
# Software: ccdproc 2.5.1, astropy 8.0.2, numpy 2.4.6 (PyPI).
# Input: frames whose bad pixels (60000) are masked in CCDData.mask.
# Expected: the mask keeps them out of each level: flat_correct divides by the mean of the good pixels,
#   subtract_overscan takes off the mean of the good overscan, combine(scale=f) is Combiner with scaling = f.
# Seen: flat_correct and subtract_overscan take the mean of all pixels, so one masked row in ten makes a flat-fielded
#   image 3001 times too bright and one masked column in five an overscan of 12004 for 5. Combiner hands f the good
#   pixels, combine all of them: 1 against 0.0039. No warning.
set -euo pipefail
unset PYTHONPATH
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet ccdproc==2.5.1 astropy==8.0.2 numpy==2.4.6 2> pip.log ||
    { cat pip.log; echo "cannot install"; exit 2; }
env/bin/python -W ignore - <<'END'
import sys

import ccdproc
import numpy as np
from astropy.nddata import CCDData


def frame(pixels, bad):
    pixels, mask = np.array(pixels, float), np.zeros(np.shape(pixels), bool)
    mask[bad] = True
    pixels[mask] = 60000.0
    return CCDData(pixels, unit="adu", mask=mask)


sky = frame(np.full((10, 10), 100.0), np.s_[:0])
flat = frame(np.full((10, 10), 2.0), np.s_[:1])
flattened = ccdproc.flat_correct(sky, flat).data[5, 5]
print(f"a sky of 100 by an even flat: {flattened:g} (right: 100)")

raw = frame(np.repeat([[100.0] * 15 + [5.0] * 5], 10, axis=0), np.s_[:, 16])
level = 100 - ccdproc.subtract_overscan(raw, fits_section="[16:20,:]").data[5, 5]
print(f"an overscan of 5: {level:g} (right: 5)")


def scale(pixels):
    return 1 / np.ma.median(pixels)


frames = [frame(np.full((10, 10), level), np.s_[:6]) for level in (100.0, 200.0, 400.0)]
combiner = ccdproc.Combiner(frames)
combiner.scaling = scale
by_class = combiner.average_combine().data[9, 9]
by_function = ccdproc.combine(frames, method="average", scale=scale).data[9, 9]
print(f"frames scaled to 1: Combiner {by_class:g}, combine {by_function:g} (right: 1)")
seen = [flattened, level, by_class, by_function]
if not np.allclose(seen, [300090, 12004, 1, 7 / 1800]):
    sys.exit("the behaviour has changed")
END
