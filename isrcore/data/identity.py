"""Which CCD a header says its pixels are of.

Names come first and positions last, because files lose names, lose extensions, gain planes and count from 0 or 1:

1. CCDNAME, the manufacturer's number, which no tool changes (one to one with the CCD since 2002);
2. EXTNAME ``ccdNN`` or ``ampNN``;
3. DETSEC, the place in the mosaic (AMPNAME with it, where every amplifier is an extension);
4. EXTVER, counted from 0 in MegaCam files, for images without a name of their own: FITS counts it within a name.

An image with another name is a plane of something (WEIGHT, MASK, UNCERT, PREVIEW): never a CCD by its number or place,
and never a CCD at all when the name is that of a plane.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from isrcore.camera.megacam import N_DETECTORS, detector_name, load_geometry
from isrcore.data.cards import CardHeader
from isrcore.data.hdu import Hdu

__all__ = [
    "KEYWORDS",
    "Claim",
    "Verdict",
    "claims_of",
    "detector_of_amplifier",
    "exposure_claims",
    "is_amplifier",
    "is_nameless",
    "is_plane",
    "weigh",
]

KEYWORDS = ("CCDNAME", "EXTNAME", "AMPNAME", "DETSEC", "EXTVER")
"""What tells an extension's CCD, strongest first."""

_NAME = re.compile(r"(ccd|amp)(\d\d)")
"""Matched in lower case: astropy writes names in capitals."""

_NAMELESS = ("", "COMPRESSED_IMAGE", "PRIMARY")
"""Names that tools give to any image."""

_PLANES = re.compile(
    r"BACKGROUND|BPM|CONF(IDENCE)?|COVERAGE|DQ|ERR(OR)?|EXPMAP|FLAGS?|IVAR|MASK|NOISE|PREVIEW|PSF(IMAGE)?|QUALITY|RMS|"
    r"SEGMENTATION|SIGMA|SKY|STD(DEV)?|THUMB(NAIL)?|UNC(ERT(AINTY)?)?|VAR(IANCE)?|WEIGHTS?|WHT|WMAP"
)
_STRONG = ("CCDNAME", "EXTNAME", "DETNAME", "DETSER")
"""Of these one does not outvote another: an extension in which they disagree is of no CCD."""

_DETSEC = re.compile(r"\[\s*(\d+)\s*:\s*(\d+)\s*,\s*(\d+)\s*:\s*(\d+)\s*\]")
_NEAR = 2
"""Pixels by which a DETSEC may be off: those of ccd30 differ by one between years, CCDs lie 70 pixels apart."""


@dataclass(frozen=True)
class Claim:
    """What one keyword says.

    Attributes
    ----------
    keyword : str
    numbers : frozenset of int
        CCDs, or amplifier extensions, that it allows: one, or both amplifiers of a CCD.
    name : str
        For people: ``ccd12``, ``amp25``.
    """

    keyword: str
    numbers: frozenset[int]
    name: str


@dataclass(frozen=True)
class Verdict:
    """What several claims come to.

    Attributes
    ----------
    number : int or None
        None without a claim, or when strong ones contradict each other.
    claim : `Claim` or None
        The strongest.
    against : `Claim` or None
        The first that contradicts it.
    """

    number: int | None
    claim: Claim | None = None
    against: Claim | None = None

    @property
    def is_refused(self) -> bool:
        """Whether names contradict each other that nothing can decide between."""
        return self.against is not None and self.number is None

    @property
    def quarrel(self) -> str:
        """Both sides, for people."""
        if self.claim is None or self.against is None:
            return ""
        return f"{self.claim.keyword} says {self.claim.name}, {self.against.keyword} says {self.against.name}"


def is_plane(hdu: Hdu) -> bool:
    """Whether an image calls itself something that belongs to an image, such as a mask or a preview."""
    kind = hdu.header.text("EXTTYPE").upper()
    words = re.findall(r"[A-Z]+", hdu.name.upper())
    return kind not in ("", "IMAGE") or any(_PLANES.fullmatch(word) for word in words)


def is_nameless(hdu: Hdu) -> bool:
    """Whether an image has no name of its own."""
    return hdu.name.upper() in _NAMELESS


def is_amplifier(hdu: Hdu) -> bool:
    """Whether an image is of one amplifier: by its name, else by its size."""
    match = _NAME.fullmatch(hdu.name.lower())
    width, height = load_geometry()["amplifier_extensions"]["size"]
    return match[1] == "amp" if match else hdu.shape == (height, width)


def claims_of(hdu: Hdu, by_amplifier: bool) -> list[Claim]:
    """What the keywords of an extension say, strongest first; numbers are those of amplifiers where it holds one."""
    header, match = hdu.header, _NAME.fullmatch(hdu.name.lower())
    found = [_ccd_name_claim(header, by_amplifier)]
    if match and (match[1] == "amp") == by_amplifier:
        found.append(_numbered("EXTNAME", int(match[2]), by_amplifier))
    if by_amplifier:
        found.append(_amp_name_claim(header))
    found.append(_section_claim(header, by_amplifier))
    version = header.integer("EXTVER")
    # A tool that counts equal names from 1, as FITS means it, says nothing about the CCD.
    if version is not None and (is_nameless(hdu) or (match and version != 1)):
        found.append(_numbered("EXTVER", version, by_amplifier))
    return [claim for claim in found if claim is not None and claim.numbers]


def exposure_claims(header: CardHeader) -> list[Claim]:
    """What the primary header of an exposure says: DETNAME, DETSER, CCDNAME."""
    name, serial = header.text("DETNAME").lower(), header.text("DETSER").replace("-", "")
    found = []
    if (match := _NAME.fullmatch(name)) and match[1] == "ccd" and int(match[2]) < N_DETECTORS:
        found.append(Claim("DETNAME", frozenset({int(match[2])}), name))
    serials = {ccd_name.replace("-", ""): number for ccd_name, number in _ccd_names().items()}
    if serial in serials:
        found.append(Claim("DETSER", frozenset({serials[serial]}), detector_name(serials[serial])))
    by_ccd_name = _ccd_name_claim(header, False)
    return found if by_ccd_name is None else [*found, by_ccd_name]


def weigh(claims: Iterable[Claim]) -> Verdict:
    """The number that the claims have in common; the strongest wins, unless names contradict each other."""
    allowed: frozenset[int] = frozenset()
    first: Claim | None = None
    against: Claim | None = None
    for claim in claims:
        if first is None:
            first, allowed = claim, claim.numbers
        elif allowed & claim.numbers:
            allowed &= claim.numbers
        elif first.keyword in _STRONG and claim.keyword in _STRONG:
            return Verdict(None, first, claim)
        else:
            against = against or claim
    return Verdict(next(iter(allowed)) if len(allowed) == 1 else None, first, against)


def detector_of_amplifier(number: int) -> int:
    """The CCD of an amplifier extension."""
    return next(int(name[3:]) for name, pair in _extensions().items() if number in pair.values())


def _ccd_name_claim(header: CardHeader, by_amplifier: bool) -> Claim | None:
    number = _ccd_names().get(header.text("CCDNAME"))
    if number is None:
        return None
    name = detector_name(number)
    return Claim("CCDNAME", _amplifiers(name) if by_amplifier else frozenset({number}), name)


def _amp_name_claim(header: CardHeader) -> Claim | None:
    """AMPNAME of an amplifier extension: ``00b`` for amplifier B of ccd00."""
    match = re.fullmatch(r"(\d\d)([ab])", header.text("AMPNAME").lower())
    pair = _extensions().get(f"ccd{match[1]}") if match else None
    if match is None or pair is None:
        return None
    return Claim("AMPNAME", frozenset({pair[match[2].upper()]}), f"amp{pair[match[2].upper()]:02d}")


def _section_claim(header: CardHeader, by_amplifier: bool) -> Claim | None:
    """DETSEC, in either direction; void in masters, and a grid of its own in December 2002, which fits no CCD."""
    match = _DETSEC.fullmatch(header.text("DETSEC"))
    if match is None:
        return None
    x1, x2, y1, y2 = (int(group) for group in match.groups())
    stated = (min(x1, x2), max(x1, x2), min(y1, y2), max(y1, y2))
    for place, number in _places(by_amplifier).items():
        if all(abs(a - b) <= _NEAR for a, b in zip(place, stated, strict=True)):
            return _numbered("DETSEC", number, by_amplifier)
    return None


def _numbered(keyword: str, number: int, by_amplifier: bool) -> Claim | None:
    if not 0 <= number < (2 * N_DETECTORS if by_amplifier else N_DETECTORS):
        return None
    return Claim(keyword, frozenset({number}), f"{'amp' if by_amplifier else 'ccd'}{number:02d}")


def _extensions() -> dict[str, dict[str, int]]:
    """Numbers of the amplifier extensions A and B by CCD."""
    pairs: dict[str, dict[str, int]] = load_geometry()["amplifier_extensions"]["extension"]
    return pairs


def _amplifiers(ccd: str) -> frozenset[int]:
    return frozenset(_extensions().get(ccd, {}).values())


@cache
def _ccd_names() -> dict[str, int]:
    """Detector number by CCDNAME."""
    return {row["ccd_name"]: int(name[3:]) for name, row in load_geometry()["ccds"]["rows"].items()}


@cache
def _places(by_amplifier: bool) -> dict[tuple[int, int, int, int], int]:
    """Number by place in the mosaic (x low, x high, y low, y high; from 1, inclusive)."""
    places = {}
    for name, row in load_geometry()["ccds"]["rows"].items():
        x_low, x_high, y_low, y_high = row["detsec"]
        if not by_amplifier:
            places[x_low, x_high, y_low, y_high] = int(name[3:])
            continue
        middle = (x_low + x_high + 1) // 2
        # Amplifier A is at the low end of a CCD, which is the high end of the mosaic where the CCD is turned.
        low, high = ("B", "A") if row["yaw"] == 180 else ("A", "B")
        places[x_low, middle - 1, y_low, y_high] = _extensions()[name][low]
        places[middle, x_high, y_low, y_high] = _extensions()[name][high]
    return places
