"""Values: what equality means for numbers that may be NaN.

NaN stands for "not known" here (an amplifier without a suspect level), and two amplifiers without one are the same.
Python's own dataclasses do not say so: up to 3.12 a NaN equals only the very same object, and from 3.13 not even that.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from numbers import Number
from typing import Any, TypeVar, dataclass_transform, overload

__all__ = ["frozen", "same"]

T = TypeVar("T")


def same(a: object, b: object) -> bool:
    """Whether two values are equal, with NaN equal to NaN, also inside tuples, lists and dicts.

    Parameters
    ----------
    a, b : object
        Numbers, text, containers of them, or anything else whose ``==`` is a truth value.

    Returns
    -------
    bool
    """
    if a is b:
        return True
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(item, b[key]) for key, item in a.items())
    if (isinstance(a, tuple) and isinstance(b, tuple)) or (isinstance(a, list) and isinstance(b, list)):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b) or (_is_nan(a) and _is_nan(b))


def _is_nan(value: object) -> bool:
    return isinstance(value, Number) and value != value


def _with_one_nan(value: Any) -> Any:
    """The value for a hash, which Python takes from the object and not from the value of a NaN."""
    if isinstance(value, tuple):
        return tuple(map(_with_one_nan, value))
    return math.nan if _is_nan(value) else value


@overload
def frozen(cls: type[T], /) -> type[T]: ...


@overload
def frozen(*, slots: bool = False) -> Callable[[type[T]], type[T]]: ...


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[Any] | None = None, /, *, slots: bool = False) -> Any:
    """Make a class a frozen dataclass whose objects are equal when all fields are the `same`.

    Use it in place of ``@dataclass(frozen=True)`` wherever a field may hold a floating-point number.

    Parameters
    ----------
    cls : type
        The class with its annotated fields.
    slots : bool
        Keep the fields in slots, as `dataclasses.dataclass` does.

    Returns
    -------
    type
        The dataclass. Equal objects have equal hashes; with a field that has no hash, the object has none.
    """

    def make(cls: type[Any]) -> type[Any]:
        made = dataclass(frozen=True, eq=False, slots=slots)(cls)
        names = tuple(item.name for item in fields(made) if item.compare)

        def values(self: object) -> tuple[object, ...]:
            return tuple([getattr(self, name) for name in names])

        def __eq__(self: object, other: object) -> bool:
            if other.__class__ is not self.__class__:
                return NotImplemented
            return same(values(self), values(other))

        def __hash__(self: object) -> int:
            return hash(_with_one_nan(values(self)))

        for method in (__eq__, __hash__):
            method.__qualname__ = f"{made.__qualname__}.{method.__name__}"
            setattr(made, method.__name__, method)
        return made

    return make if cls is None else make(cls)
