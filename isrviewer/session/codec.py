"""Frozen dataclasses to JSON and back, driven by their type hints."""

from __future__ import annotations

import math
import reprlib
import types
import typing
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from typing import Any, TypeVar

__all__ = ["CodecError", "from_json", "to_json"]

T = TypeVar("T")

_LONGEST = 100


class CodecError(ValueError):
    """A JSON value that does not fit the field it is meant for; the message names the field."""


def to_json(value: Any) -> Any:
    """Plain JSON values of a dataclass; fields that have their default value are left out to keep files readable."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_json(getattr(value, f.name)) for f in fields(value) if getattr(value, f.name) != _default(f)}
    if isinstance(value, (tuple, list)):
        return [to_json(item) for item in value]
    if isinstance(value, dict):
        return {str(key): to_json(item) for key, item in value.items()}
    return value


def _default(field: Field[Any]) -> Any:
    return field.default_factory() if field.default_factory is not MISSING else field.default


def from_json(kind: type[T], value: Any, where: str = "") -> T:
    """The dataclass `kind` from plain JSON values; unknown names are ignored: newer files of the same schema load.

    Raises
    ------
    CodecError
        For a value of the wrong type, naming its place in the file.
    """
    if not isinstance(value, dict):
        raise CodecError(f"{where or kind.__name__}: expected an object, found {_shown(value)}")
    hints = typing.get_type_hints(kind)
    known = {f.name for f in fields(kind)}  # type: ignore[arg-type]
    arguments = {
        name: _decode(hints[name], item, f"{where}.{name}" if where else name)
        for name, item in value.items()
        if name in known
    }
    try:
        return kind(**arguments)
    except (ArithmeticError, TypeError, ValueError) as error:
        raise CodecError(f"{where}: {error}" if where else str(error)) from None


def _decode(hint: Any, value: Any, where: str) -> Any:
    if hint is Any:
        return tuple(value) if isinstance(value, list) else value
    if is_dataclass(hint):
        return from_json(typing.cast(type, hint), value, where)
    origin = typing.get_origin(hint)
    if origin is tuple:
        if not isinstance(value, list):
            raise CodecError(f"{where}: expected a list, found {_shown(value)}")
        items = typing.get_args(hint)
        if items[-1] is Ellipsis:
            items = (items[0],) * len(value)
        if len(items) != len(value):
            raise CodecError(f"{where}: expected a list of {len(items)}, found {_shown(value)}")
        pairs = zip(items, value, strict=True)
        return tuple(_decode(item, entry, f"{where}[{number}]") for number, (item, entry) in enumerate(pairs))
    if origin is dict:
        if not isinstance(value, dict):
            raise CodecError(f"{where}: expected an object, found {_shown(value)}")
        return {key: _decode(typing.get_args(hint)[1], entry, f"{where}.{key}") for key, entry in value.items()}
    choices = typing.get_args(hint) if origin in (typing.Union, types.UnionType) else (hint,)
    if value is None and type(None) in choices:
        return None
    for choice in choices:
        if is_dataclass(choice):
            return from_json(typing.cast(type, choice), value, where)
    for choice in choices:
        if issubclass(choice, Enum):
            return _member(choice, value, where)
        if choice is float and isinstance(value, (int, float)) and not isinstance(value, bool):
            return _float(value, where)
        if isinstance(value, choice) and not (choice is int and isinstance(value, bool)):
            return value
    raise CodecError(f"{where}: expected {' or '.join(c.__name__ for c in choices)}, found {_shown(value)}")


def _float(value: float, where: str) -> float:
    """A number as a float; JSON knows no largest integer, floats do, and no field of a session may be infinite."""
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise CodecError(f"{where}: expected a finite number, found {_shown(value)}")
    return number


def _shown(value: Any) -> str:
    """A wrong value for a message, not longer than a line."""
    text = reprlib.repr(value)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def _member(kind: type[Enum], value: Any, where: str) -> Enum:
    known = {member.value: member for member in kind}
    if not isinstance(value, str) or value not in known:
        raise CodecError(f"{where}: expected one of {', '.join(map(repr, known))}, found {_shown(value)}")
    return known[value]
