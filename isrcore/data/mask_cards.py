"""How the header of a mask names its planes: ``MP_NAME`` = bit, and the cards of ``lsst-images``.

The LSST stack of C++ (afw) has MP cards. The package ``lsst-images`` names planes in MSKN cards, with a bit mask in
MSKM and a description in MSKD, and knows some planes by other names. Without MSKN cards its ``MaskedImage.read_legacy``
drops the planes that it does not know, and refuses a file in which one of them is set (DETECTED_NEGATIVE, planes of
users); with them it takes all. So both are written, and either is read.
"""

from __future__ import annotations

import re
from typing import Any

from isrcore.data.cards import CardHeader
from isrcore.image import MaskPlanes

__all__ = ["MASK_CARDS", "named_planes", "plane_cards"]

MASK_CARDS = re.compile(r"MP_.*|MSK[NMD]\d{4}")
"""Keywords that name planes."""

_IN_LSST_IMAGES = {
    "SAT": "SATURATED",
    "INTRP": "INTERPOLATED",
    "CR": "COSMIC_RAY",
    "EDGE": "DETECTION_EDGE",
    "UNMASKEDNAN": "UNMASKED_NAN",
}
_HERE = {theirs: ours for ours, theirs in _IN_LSST_IMAGES.items()}

_DESCRIPTIONS = {
    "BAD": "Bad pixel of the detector, or in a bad amplifier.",
    "SAT": "Saturated, or in the trail of a saturated pixel.",
    "INTRP": "The value is interpolated.",
    "CR": "Hit by a cosmic ray.",
    "EDGE": "Too close to the edge for detection.",
    "DETECTED": "Part of a detected source.",
    "DETECTED_NEGATIVE": "Part of a detected source of negative flux.",
    "SUSPECT": "Above the level up to which the response is trusted.",
    "NO_DATA": "There are no data for this pixel.",
    "CROSSTALK": "Affected by crosstalk, and corrected.",
    "VIGNETTED": "Vignetted by the optics.",
    "UNMASKEDNAN": "Not a number, and in no other plane.",
}


def plane_cards(planes: MaskPlanes) -> list[tuple[str, str | int]]:
    """Keyword and value of the cards that name the planes of an int32 mask, in both ways."""
    ordered = sorted(planes.as_dict().items(), key=lambda item: item[1])
    cards: list[tuple[str, str | int]] = [(f"MP_{name}", bit) for name, bit in ordered]
    for name, bit in ordered:
        cards.append((f"MSKN{bit:04d}", _IN_LSST_IMAGES.get(name, name)))
        cards.append((f"MSKM{bit:04d}", planes.bitmask(name)))
        if name in _DESCRIPTIONS:
            cards.append((f"MSKD{bit:04d}", _DESCRIPTIONS[name]))
    return cards


def named_planes(header: CardHeader) -> MaskPlanes:
    """The planes that a header names, with their bits.

    MSKN cards come before MP cards, which ``lsst-images`` hands on as it found them when it writes a mask whose planes
    it moved.

    Raises
    ------
    ValueError
        If a plane has no bit or several, or two have the same: with keyword, what was expected, what was found, and the
        problem as arguments.
    """
    by_afw = _planes("MP_*", {k.removeprefix("MP_"): _one(k, header.all(k)) for k in header if k.startswith("MP_")})
    bits: dict[str, int] = {}
    for key in header:
        if re.fullmatch(r"MSKN\d{4}", key):
            name, number = header.text(key), int(key.removeprefix("MSKN"))
            mask_key = f"MSKM{number:04d}"
            mask = _one(mask_key, header.all(mask_key) or [1 << number]) & 0xFFFFFFFF
            if mask.bit_count() != 1:
                raise ValueError(mask_key, "one bit for each plane", mask, "a mask plane is ambiguous")
            bits[_HERE.get(name, name)] = mask.bit_length() - 1
    return _planes("MSKN*", bits) if bits else by_afw


def _one(key: str, found: list[Any]) -> int:
    if len(set(found)) != 1 or isinstance(found[0], bool) or not isinstance(found[0], int):
        raise ValueError(key, "one bit for each plane", found, "a mask plane is ambiguous")
    return found[0]


def _planes(key: str, bits: dict[str, int]) -> MaskPlanes:
    try:
        return MaskPlanes(bits)
    except ValueError as error:
        raise ValueError(key, "planes with different bits from 0 to 31", bits, str(error)) from error
