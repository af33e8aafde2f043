"""An ordered container of header-like values, the metadata of exposures and tasks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from isrcore.values import same

__all__ = ["PropertyList"]


class PropertyList:
    """Ordered ``key -> one or more values``, with the semantics of the documented metadata container.

    `set` replaces, `add` appends; a scalar look-up returns the last value. Keys keep the order of their first entry. A
    value may be a container itself: ``name.key`` finds its items too, as in ``isr:fringe.runStartCpuTime``.

    Parameters
    ----------
    values : mapping, optional
        Initial content; a list or tuple becomes a key with several values.
    comments : mapping, optional
        FITS comments by key; kept for display and writing.
    """

    def __init__(self, values: Mapping[str, Any] | None = None, comments: Mapping[str, str] | None = None) -> None:
        self._values: dict[str, list[Any]] = {}
        self.comments: dict[str, str] = dict(comments or {})
        for key, value in (values or {}).items():
            self.set(key, value)

    def set(self, key: str, value: Any) -> None:
        """Replace all values of `key`."""
        self._values[key] = list(value) if isinstance(value, (list, tuple)) else [value]

    def add(self, key: str, value: Any) -> None:
        """Append one value to `key`."""
        self._values.setdefault(key, []).append(value)

    def getScalar(self, key: str) -> Any:
        """The last value of `key`; `KeyError` when there is none."""
        values = self._find(key)
        if not values:
            raise KeyError(key)
        return values[-1]

    def getArray(self, key: str) -> list[Any]:
        """All values of `key` as a new list; `KeyError` when there is none."""
        values = self._find(key)
        if values is None:
            raise KeyError(key)
        return list(values)

    def get(self, key: str, default: Any = None) -> Any:
        """The last value of `key`, or `default`."""
        values = self._find(key)
        return values[-1] if values else default

    def exists(self, key: str) -> bool:
        return self._find(key) is not None

    def _find(self, key: str) -> list[Any] | None:
        """The values of `key`, or of an item in a container that is a value here; None when there is no such key."""
        if key in self._values or "." not in key:
            return self._values.get(key)
        name, _, inner = key.partition(".")
        owner = (self._values.get(name) or [None])[-1]
        return owner._find(inner) if isinstance(owner, PropertyList) else None

    def remove(self, key: str) -> None:
        """Delete `key`; nothing happens when it is absent."""
        self._values.pop(key, None)
        self.comments.pop(key, None)

    def names(self) -> list[str]:
        return list(self._values)

    def copy(self) -> PropertyList:
        other = PropertyList(comments=self.comments)
        other._values = {key: list(values) for key, values in self._values.items()}
        return other

    def update(self, other: PropertyList | Mapping[str, Any]) -> None:
        """Set every key of `other` here."""
        for key, value in other.items():
            self.set(key, value)

    def items(self) -> Iterator[tuple[str, Any]]:
        """Pairs of key and value; keys with several values give a list."""
        for key, values in self._values.items():
            yield key, values[0] if len(values) == 1 else list(values)

    def toDict(self) -> dict[str, Any]:
        return dict(self.items())

    def __contains__(self, key: object) -> bool:
        return key in self._values

    def __getitem__(self, key: str) -> Any:
        return self.getScalar(key)

    def __setitem__(self, key: str, value: Any) -> None:
        self.set(key, value)

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PropertyList) and same(self._values, other._values)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"PropertyList({self.toDict()!r})"
