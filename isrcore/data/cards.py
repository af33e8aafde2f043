"""FITS header cards as MegaCam files really have them.

A full frame has 14000 cards, of which opening it needs a few hundred, and they take liberties that make general
readers stumble or lose something. So headers are kept as bytes, values are parsed on demand, and the decisions are
here:

* A keyword may appear twice; a look-up gives the **last** value (compressed files up to about 2010 say EXTNAME
  'COMPRESSED_IMAGE' first and 'ccdNN' later).
* Quotes are parsed before the comment slash (CCD = 'Marconi/EEV CCD42-90'); a comment may begin with another slash.
* Strings lose their trailing blanks ('FLAT              ').
* Integers beyond 64 bits (queue identifiers of 20 digits) stay text, since no number type of FITS tools holds them
  exactly.
* An undefined value is None; a value that is no FITS value at all stays text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from isrcore.metadata import PropertyList

__all__ = ["BLOCK", "CARD", "CardHeader"]

BLOCK = 2880
CARD = 80

_STRING = re.compile(r"^\s*'((?:[^']|'')*)'\s*(?:/(.*))?$", re.DOTALL)
_INTEGER = re.compile(r"^[+-]?\d+$")
_FLOAT = re.compile(r"^[+-]?(\d+\.?\d*|\.\d+)([EDed][+-]?\d+)?$")
_BEYOND = 2.0**63
_COMMENTARY = ("COMMENT", "HISTORY", "")


class CardHeader:
    """One header.

    Parameters
    ----------
    block : bytes
        Cards of 80 characters, with or without the END card and padding.
    """

    def __init__(self, block: bytes) -> None:
        self._text = block.decode("latin-1")
        self._cards: dict[str, list[int]] = {}
        for start in range(0, len(self._text), CARD):
            key = self._text[start : start + 8].rstrip()
            if key == "END":
                break
            if key == "HIERARCH":
                key = self._text[start + 8 : start + CARD].partition("=")[0].strip()
            self._cards.setdefault(key, []).append(start)

    def __contains__(self, key: str) -> bool:
        return key in self._cards

    def __iter__(self) -> Iterator[str]:
        """Keywords in the order of their first card."""
        return iter(self._cards)

    def card(self, key: str) -> bytes:
        """The last card of `key` as it is in the file, 80 bytes."""
        start = self._cards[key][-1]
        return self._text[start : start + CARD].encode("latin-1")

    def get(self, key: str, default: Any = None) -> Any:
        """The last value of `key`; `default` when the keyword is absent (not when its value is undefined)."""
        found = self._cards.get(key)
        return self._parse(found[-1])[0] if found else default

    def all(self, key: str) -> list[Any]:
        """All values of `key` in order."""
        return [self._parse(start)[0] for start in self._cards.get(key, ())]

    def text(self, key: str) -> str:
        """The last value of `key` as text; empty when absent or undefined."""
        value = self.get(key)
        return "" if value is None else str(value)

    def number(self, key: str) -> float | None:
        """The last value of `key` as a float, or None when it is absent or no number."""
        value = self.get(key)
        return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None

    def integer(self, key: str) -> int | None:
        """The last value of `key` as an integer, or None when it is absent, not integral, or beyond 64 bits."""
        value = self.number(key)
        return int(value) if value is not None and value.is_integer() and abs(value) < _BEYOND else None

    def to_property_list(self, skip: re.Pattern[str]) -> PropertyList:
        """All values and comments, in order, without the keywords that fully match `skip`.

        A keyword that appears twice with a value keeps the last one; COMMENT and HISTORY keep all their lines. Blank
        cards are dropped.
        """
        result = PropertyList()
        for key, starts in self._cards.items():
            if not key or key == "CONTINUE" or skip.fullmatch(key):
                continue
            if key in _COMMENTARY:
                result.set(key, [self._parse(start)[0] for start in starts])
                continue
            value, comment = self._parse(starts[-1])
            result.set(key, value)
            if comment:
                result.comments[key] = comment
        return result

    def _parse(self, start: int) -> tuple[Any, str]:
        """Value and comment of the card at `start`, joined with the CONTINUE cards that follow it."""
        card = self._text[start : start + CARD]
        if card[:8] == "HIERARCH":
            value, comment = _value(card.partition("=")[2])
        elif card[8:9] != "=" or card[:8].rstrip() in _COMMENTARY:
            return card[8:].rstrip(), ""
        else:
            value, comment = _value(card[9:])
        while isinstance(value, str) and value.endswith("&"):
            start += CARD
            if self._text[start : start + 8] != "CONTINUE":
                break
            more, more_comment = _value(self._text[start + 8 : start + CARD])
            value, comment = value[:-1] + str(more), comment + more_comment
        return value, comment


def _value(text: str) -> tuple[Any, str]:
    """Value and comment of the part of a card after the equals sign."""
    quoted = _STRING.match(text)
    if quoted:
        return quoted[1].replace("''", "'").rstrip(), _comment(quoted[2] or "")
    if text.lstrip().startswith("'"):
        return text.strip().strip("'").rstrip(), ""
    token, _, comment = text.partition("/")
    return _literal(token.strip()), _comment(comment)


def _comment(text: str) -> str:
    return text.strip().lstrip("/").strip()


def _literal(token: str) -> bool | int | float | str | None:
    if not token:
        return None
    if token in ("T", "F"):
        return token == "T"
    if _INTEGER.match(token):
        number = int(token)
        return number if -(2**63) <= number < 2**63 else token
    if _FLOAT.match(token):
        return float(token.upper().replace("D", "E"))
    return token
