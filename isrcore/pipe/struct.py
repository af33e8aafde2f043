"""A result container: keyword arguments become attributes."""

from __future__ import annotations

from typing import Any

from isrcore.values import same

__all__ = ["Struct"]


class Struct:
    """Named results of a task (manual: pixels, Results of tasks).

    Raises
    ------
    RuntimeError
        For a name that starts with two underscores, or one that exists already when merging.
    """

    def __init__(self, **items: Any) -> None:
        for name, value in items.items():
            self._add(name, value)

    def _add(self, name: str, value: Any) -> None:
        if name in self.__dict__:
            raise RuntimeError(f"the Struct has an item {name!r} already")
        if name.startswith("__"):
            raise RuntimeError(f"a Struct item may not begin with two underscores: {name!r}")
        self.__dict__[name] = value

    def getDict(self) -> dict[str, Any]:
        """A shallow copy of the items."""
        return dict(self.__dict__)

    def mergeItems(self, other: Struct, *names: str) -> None:
        """Copy the named items of `other`; `RuntimeError` when one exists already."""
        for name in names:
            self._add(name, getattr(other, name))

    def copy(self) -> Struct:
        return Struct(**self.__dict__)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"the Struct has no item {name!r}; it has {', '.join(self.__dict__) or 'none'}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Struct) and same(self.__dict__, other.__dict__)

    __hash__ = None  # type: ignore[assignment]

    def __len__(self) -> int:
        return len(self.__dict__)

    def __repr__(self) -> str:
        return f"Struct({'; '.join(f'{name}={value!r}' for name, value in self.__dict__.items())})"
