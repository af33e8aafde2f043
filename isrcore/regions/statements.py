"""The text of a DS9 region file cut into statements with their properties, in one pass over its characters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from isrcore.readable import check_readable

__all__ = ["Statement", "cut", "read_text"]

_GRAPHICS = {"composite", "compass", "projection", "ruler", "segment", "text", "tile", "vector"}
"""What DS9 writes behind a comment sign, so that other programs pass over it."""

_HEADINGS = ("region file format", "format:")
_WORD = re.compile(r"[^\s;]+")
_NAME = re.compile(r"\s*([A-Za-z]+)[( ]")
_CLOSING = {"{": "}", '"': '"', "'": "'"}


class Statement(NamedTuple):
    """One command or shape.

    Attributes
    ----------
    line : int
        From 1.
    text : str
        Without its properties: ``-box(1,2,3,4,0)``. Headings begin with ``#``.
    properties : mapping of str
        Names in lower case.
    tags : tuple of str
        The property that can be there several times.
    """

    line: int
    text: str
    properties: Mapping[str, str] = MappingProxyType({})
    tags: tuple[str, ...] = ()


def read_text(path: Path) -> str:
    """The text of a file: UTF-8, or Latin-1 as older programs wrote it.

    Raises
    ------
    OSError
        If it cannot be read.
    ValueError
        If it is no text.
    """
    check_readable(path)
    content = path.read_bytes()
    if b"\0" in content:
        raise ValueError(f"{path}: not a text file: byte {content.index(0)} is 0")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def cut(content: str) -> Iterator[Statement]:
    """All statements of a text, in order; comments are passed over."""
    for number, line in enumerate(content.replace("\r\n", "\n").replace("\r", "\n").split("\n"), start=1):
        if line.lstrip()[:7].lower() == "global ":
            found, tags, _ = _properties(line, line.lower().index("global ") + 7)
            yield Statement(number, "global", found, tags)
        elif "#" in line or ";" in line:
            yield from _cut_line(number, line)
        elif text := line.strip():
            yield Statement(number, text)


def _cut_line(number: int, line: str) -> Iterator[Statement]:
    at = 0
    while at < len(line):
        sign = line.find("#", at)
        end = len(line) if sign < 0 else sign
        commands = [command for command in map(str.strip, line[at:end].split(";")) if command]
        for command in commands[:-1]:
            yield Statement(number, command)
        graphic = "" if sign < 0 else _graphic(line, sign + 1)
        found, tags, at = ({}, (), len(line)) if sign < 0 else _properties(line, sign + 1)
        if commands:
            yield Statement(number, commands[-1]) if graphic else Statement(number, commands[-1], found, tags)
        if graphic:
            yield Statement(number, graphic, found, tags)
        elif sign >= 0 and line[sign + 1 : sign + 40].strip().lower().startswith(_HEADINGS):
            yield Statement(number, f"#{line[sign + 1 :].strip()}")


def _graphic(line: str, at: int) -> str:
    """The shape or command at the begin of a comment, empty for none."""
    word = _NAME.match(line, at)
    if word is None or word[1].lower() not in _GRAPHICS:
        return ""
    end = line.find(")", at)
    return line[at:].strip() if end < 0 else line[at : end + 1].strip()


def _properties(line: str, at: int) -> tuple[dict[str, str], tuple[str, ...], int]:
    """``name=value`` pairs from a place on; a value may stand in braces or quotes.

    Returns
    -------
    properties : dict of str
    tags : tuple of str
    end : int
        Behind the semicolon that ends them; a comment without any pair goes on to the end of the line.
    """
    found: dict[str, str] = {}
    tags: list[str] = []
    while (sign := line.find("=", at)) >= 0:
        stop = line.find(";", at, sign)
        if stop >= 0 and (found or tags):
            return found, tuple(tags), stop + 1
        words = line[at:sign].split()
        name = words[-1].lower() if words else ""
        closing = _CLOSING.get(line[sign + 1 : sign + 2])
        if closing is None:
            word = _WORD.match(line, sign + 1)
            value = word[0] if word else ""
            at = sign + 1 + len(value)
        else:
            end = line.find(closing, sign + 2)
            end = len(line) if end < 0 else end
            value, at = line[sign + 2 : end], end + 1
        if name == "tag":
            tags.append(value)
        elif name:
            found[name] = value
    stop = line.find(";", at) if found or tags else -1
    return found, tuple(tags), len(line) if stop < 0 else stop + 1
