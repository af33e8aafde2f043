"""The cards of a sky WCS, in the one form that DS9, astropy, SCAMP and source-extractor read alike.

That is a CD matrix in degrees, and TPV for distortions: SCAMP does not read SIP, and TAN with PV cards is a distortion
for some programs only. SIP on a TAN projection is the TPV polynomial of the same order, so nothing is lost.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["SKY_CARDS", "SKY_TEXTS", "wcs_cards"]

SKY_TEXTS = re.compile(r"C(TYPE|UNIT)[12]|RADESYS|RADECSYS|WCSNAME")
"""Those of `SKY_CARDS` whose values are texts."""

SKY_CARDS = re.compile(
    rf"{SKY_TEXTS.pattern}|WCSAXES|C(RVAL|RPIX|DELT|ROTA)[12]|(CD|PC)[12]_[12]|(CD|PC)00[12]00[12]|PV[12]_\d+|LONPOLE|"
    r"LATPOLE|EQUINOX|EPOCH|[AB]P?_(ORDER|DMAX|\d+_\d+)"
)
"""Keywords of a celestial WCS of two axes, FITS standard and SIP convention, with the spellings of before 2002."""

_FROM_ASTROPY = re.compile(
    r"WCS(AXES|NAME)|C(TYPE|UNIT)\d|L(ON|AT)POLE|RADESYS|EQUINOX|PV\d_\d+|[AB]P?_(ORDER|DMAX|\d+_\d+)"
)
_SIP = re.compile(r"[AB]P?_(ORDER|DMAX|\d+_\d+)")

_FIRST_OF_DEGREE = (0, 1, 4, 7, 12, 17, 24, 31)
"""Number of the TPV term x^n by its degree n; those of x^(n-1) y, ... y^n follow."""


def wcs_cards(wcs: Any) -> list[tuple[str, Any, str]]:
    """Cards of a WCS: keyword, value, comment; reference point and matrix to their last digit.

    SIP polynomials of a degree above 7, or of another projection than TAN, stay SIP: TPV has no such terms.
    """
    tpv = _tpv_of_sip(wcs)
    cards: list[tuple[str, Any, str]] = []
    for card in wcs.to_header(relax=True).cards:
        if not _FROM_ASTROPY.fullmatch(card.keyword) or (tpv and _SIP.fullmatch(card.keyword)):
            continue
        value = card.value.item() if isinstance(card.value, np.generic) else card.value
        if tpv and card.keyword.startswith("CTYPE"):
            value = value.replace("-TAN-SIP", "-TPV")
        cards.append((card.keyword, value, card.comment))
    matrix = wcs.pixel_scale_matrix
    for i in (1, 2):
        cards.append((f"CRVAL{i}", float(wcs.wcs.crval[i - 1]), "[deg] coordinate of the reference point"))
        cards.append((f"CRPIX{i}", float(wcs.wcs.crpix[i - 1]), "pixel of the reference point"))
        cards.extend((f"CD{i}_{j}", float(matrix[i - 1, j - 1]), "[deg/pixel]") for j in (1, 2))
    cards.extend((key, value, "TPV distortion") for key, value in tpv.items())
    return cards


def _tpv_of_sip(wcs: Any) -> dict[str, float]:
    """The PV cards of the TPV projection that is the same as a SIP one; empty where there is none.

    SIP adds polynomials to pixel offsets before the CD matrix, TPV takes polynomials of what comes behind it. So the
    offsets in the SIP polynomials are replaced by the inverse matrix times intermediate world coordinates.
    """
    sip = wcs.sip
    if sip is None or any(not re.fullmatch(r".*-TAN-SIP", axis) for axis in wcs.wcs.ctype):
        return {}
    polynomials = [np.zeros((1, 1)) if terms is None else terms for terms in (sip.a, sip.b)]
    degrees = [p + q for terms in polynomials for p, q in np.argwhere(terms)]
    if max(degrees, default=0) >= len(_FIRST_OF_DEGREE):
        return {}
    matrix = wcs.pixel_scale_matrix
    to_u, to_v = np.linalg.inv(matrix)
    cards = {}
    for i, (by_u, by_v) in enumerate(matrix, 1):
        sums: list[NDArray[np.float64]] = [np.zeros(degree + 1) for degree in range(len(_FIRST_OF_DEGREE))]
        sums[1][i - 1] = 1.0
        for factor, terms in zip((by_u, by_v), polynomials, strict=True):
            for p, q in np.argwhere(terms):
                sums[p + q] += factor * terms[p, q] * _product(to_u, p, to_v, q)
        for degree, coefficients in enumerate(sums):
            # The first variable of an axis is its own coordinate.
            ordered = coefficients if i == 1 else coefficients[::-1]
            for j, value in enumerate(ordered):
                if value or (degree, j) == (1, 0):
                    cards[f"PV{i}_{_FIRST_OF_DEGREE[degree] + j}"] = float(value)
    return cards


def _product(first: NDArray[np.float64], p: int, second: NDArray[np.float64], q: int) -> NDArray[np.float64]:
    """Coefficients of x^n, x^(n-1) y, ... y^n in (a x + b y)^p (c x + d y)^q with n = p + q."""
    product = np.ones(1)
    for factor in (*[first] * p, *[second] * q):
        product = np.convolve(product, factor)
    return product
