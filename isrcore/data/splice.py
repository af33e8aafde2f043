"""Put the two amplifier extensions of 2002-12 to 2003-02 together, as CFHT's ``imsplice`` did for every later file.

An amplifier extension has 1024 columns of data and then 32 of overscan, in the order of readout. Amplifier A keeps its
order, B is mirrored in x because it is read from the other side; the overscan goes to the outer edges: columns 0 to 31
for A, 2080 to 2111 for B. The order of the overscan columns within their block after splicing is not recorded
anywhere: here A's stay in the order of readout and B's are mirrored with the data.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from isrcore.camera.megacam import detector_name, load_geometry
from isrcore.data.sky import on_top_of
from isrcore.metadata import PropertyList

__all__ = ["splice_metadata", "splice_pixels"]

_Pixel = TypeVar("_Pixel", bound=np.generic)


def splice_pixels(a: NDArray[_Pixel], b: NDArray[_Pixel]) -> NDArray[_Pixel]:
    """One CCD of 2112 x 4644 pixels, of any type, from its amplifiers of 1056 x 4644."""
    height, width = a.shape
    data = load_geometry()["amplifier_extensions"]["data"][2]
    overscan = width - data
    frame = np.empty((height, 2 * width), a.dtype)
    frame[:, :overscan] = a[:, data:]
    frame[:, overscan:width] = a[:, :data]
    frame[:, width : width + data] = b[:, data - 1 :: -1]
    frame[:, width + data :] = b[:, : data - 1 : -1]
    return frame


def splice_metadata(metadata: PropertyList, a: PropertyList, b: PropertyList, detector: int) -> PropertyList:
    """The metadata of the CCD: the primary's, amplifier A's on top, and the keywords that spliced files have.

    GAIN, RDNOISE and MAXLIN become two keywords with suffix A and B and their mean. Unlike imsplice, read noises are
    not truncated to integers. CRPIX1 moves with the columns of A, whose overscan goes before them. DETSEC is the
    camera's: the headers of December 2002 state a grid that includes overscan.
    """
    on_top_of(metadata, a)
    if isinstance(crpix1 := a.get("CRPIX1"), (int, float)):
        metadata.set("CRPIX1", crpix1 + load_geometry()["amplifier_extensions"]["overscan"][2])
    for key in ("GAIN", "RDNOISE", "MAXLIN"):
        values = [header.get(key) for header in (a, b)]
        for suffix, value in zip("AB", values, strict=True):
            if value is not None:
                metadata.set(key + suffix, value)
        if all(isinstance(value, (int, float)) for value in values):
            metadata.set(key, sum(values) / 2)
    name = detector_name(detector)
    facts = load_geometry()["ccds"]["rows"][name]
    x_low, x_high, y_low, y_high = facts["detsec"]
    turned = facts["yaw"] == 180
    values_by_key = {
        "EXTNAME": name,
        "EXTVER": detector,
        "AMPNAME": f"{a.get('AMPNAME')} + {b.get('AMPNAME')}",
        "AMPLIST": "A B",
        "DETSEC": f"[{x_high}:{x_low},{y_high}:{y_low}]" if turned else f"[{x_low}:{x_high},{y_low}:{y_high}]",
        "DATASEC": "[33:2080,1:4612]",
        "BIASSEC": "[0:0,0:0]",
        "ASECA": "[1:1056,1:4612]",
        "BSECA": "[1:32,1:4644]",
        "CSECA": "[1:1024,1:4612]",
        "DSECA": "[33:1056,1:4612]",
        "TSECA": "[33:1056,1:4612]",
        "ASECB": "[1057:2112,1:4612]",
        "BSECB": "[2081:2112,1:4644]",
        "CSECB": "[1025:2048,1:4612]",
        "DSECB": "[1057:2080,1:4612]",
        "TSECB": "[1057:2080,1:4612]",
    }
    metadata.update(values_by_key)
    return metadata
