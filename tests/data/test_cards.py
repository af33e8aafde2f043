"""Header cards with the liberties that MegaCam files take."""

from __future__ import annotations

import re

import pytest
from astropy.io import fits
from hypothesis import example, given
from hypothesis import strategies as st

from isrcore.data.cards import CardHeader

NOTHING = re.compile(r"(?!)")


def header(*cards: str) -> CardHeader:
    return CardHeader("".join(card.ljust(80)[:80] for card in (*cards, "END")).encode("latin-1"))


@pytest.mark.parametrize(
    ("card", "value", "comment"),
    [
        ("CCD     = 'Marconi/EEV CCD42-90' / chip", "Marconi/EEV CCD42-90", "chip"),
        ("OBSTYPE = 'FLAT              ' /         / Observation/ Exposure type", "FLAT", "Observation/ Exposure type"),
        ("QID     = 55700500000000068888", "55700500000000068888", ""),
        ("QOBSEQID=           -9223372036854775809", "-9223372036854775809", ""),
        ("BIG     =            9223372036854775807", 9223372036854775807, ""),
        ("RUNID   = '        '", "", ""),
        ("EMPTY   = ''", "", ""),
        ("UNDEF   =                      / nothing", None, "nothing"),
        ("CD1_1   =            5.194D-05", 5.194e-5, ""),
        ("DETTEM  =            -1.00E+05 / C", -1e5, "C"),
        ("OBJECT  = 'O''Brien'  / name", "O'Brien", "name"),
        ("EXPREQ  =                  100", 100, ""),
        ("IMRED_NF=                    T / Normalized", True, "Normalized"),
        ("FILTER  = 'filter_name'", "filter_name", ""),
        ("BROKEN  = 'no end of this text", "no end of this text", ""),
        ("STRANGE = 12 34 / two", "12 34", "two"),
        ("SIMPLE  = T / Standard FITS", True, "Standard FITS"),
        ("HIERARCH MP_DETECTED_NEGATIVE = 6 / bit", 6, "bit"),
        ("HIERARCH ISR LEVEL = 'a/b'", "a/b", ""),
    ],
)
def test_values(card: str, value: object, comment: str) -> None:
    parsed = header(card)
    key = next(iter(parsed))
    assert parsed.get(key) == value
    assert type(parsed.get(key)) is type(value)
    assert parsed.to_property_list(NOTHING).comments.get(key, "") == comment


def test_last_value_counts_and_all_are_known() -> None:
    twice = header("EXTNAME = 'COMPRESSED_IMAGE'", "EXTVER  = 3", "EXTNAME = 'ccd03   '")
    assert twice.get("EXTNAME") == "ccd03"
    assert twice.all("EXTNAME") == ["COMPRESSED_IMAGE", "ccd03"]
    assert twice.to_property_list(NOTHING).getArray("EXTNAME") == ["ccd03"]


def test_commentary_keeps_every_line_and_its_text() -> None:
    parsed = header("HISTORY imsplice: `ccdxx' = new", "COMMENT Reserved space", "HISTORY second", "")
    properties = parsed.to_property_list(NOTHING)
    assert properties.getArray("HISTORY") == ["imsplice: `ccdxx' = new", "second"]
    assert properties.getArray("COMMENT") == ["Reserved space"]
    assert "" not in properties


def test_long_strings_are_joined() -> None:
    long = "x" * 100 + " and / more"
    cards = str(fits.Header([("LONG", long, "a comment")])).encode()
    assert CardHeader(cards).get("LONG") == long


def test_absent_differs_from_undefined() -> None:
    parsed = header("UNDEF   =")
    assert parsed.get("UNDEF", 7) is None
    assert parsed.get("ABSENT", 7) == 7
    assert parsed.text("UNDEF") == ""
    assert parsed.number("UNDEF") is None


def test_numbers_are_numbers_only() -> None:
    parsed = header("A       = T", "B       = '5'", "C       = 5.0", "D       = 5.5")
    assert parsed.number("A") is None
    assert parsed.number("B") is None
    assert parsed.integer("C") == 5
    assert parsed.integer("D") is None


def fits_one_card(text: str) -> bool:
    """Longer text with quotes is left out: astropy may split a doubled quote between two cards."""
    return len(text) + text.count("'") <= 68


@given(
    st.one_of(
        st.booleans(),
        st.integers(-(2**62), 2**62),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60).map(str.rstrip).filter(fits_one_card),
    )
)
@example("'")
@example("''")
@example("x" * 59 + "'")
@example("'" * 34)
def test_cards_written_by_astropy_read_back(value: object) -> None:
    text = str(fits.Header([("KEY", value)]))
    found = CardHeader(text.encode()).get("KEY")
    # A card has 16 digits of a float; text is compared with what was meant, because astropy misreads a lone quote.
    meant = fits.Header.fromstring(text)["KEY"] if isinstance(value, float) else value
    assert found == meant
    assert type(found) is type(value)
