"""What an editor needs to know about the fields of a config: type, limits, help, unit, and who set them. No Qt here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from lsst.pex.config import ChoiceField, Config, DictField, Field, ListField, RangeField
from lsst.pex.config.callStack import StackFrame

from isrcore.config.fields import differences, find_field, iter_fields, plain
from isrcore.steps.step import Step
from isrcore.values import frozen

__all__ = ["FieldInfo", "HistoryEntry", "changed_fields", "describe_fields", "field_history"]

_UNIT = re.compile(r"\s*\[([^\]]+)\]\s*$")
_NO_EFFECT = "Has no effect"


@frozen
class FieldInfo:
    """One field of a config, as an editor shows it.

    Attributes
    ----------
    path : str
        Dotted path, ``overscan.fitType``.
    type_name : str
        ``bool``, ``int``, ``float``, ``str``, ``list[str]``, ``dict[str, float]``...
    default, value : object
        Plain Python. The default is that of a new config of the same class.
    choices : dict or None
        Allowed values with their help texts.
    minimum, maximum : int, float or None
        Limits of a number.
    minimum_included, maximum_included : bool
        Whether the limits themselves are allowed.
    optional : bool
        Whether None is allowed.
    doc : str
        Help text without unit.
    unit : str
        ``ADU``, ``electron``, ``pixel``, ``mm``, ``sigma``...; empty for none.
    deprecated : str
        Why not to use it any more; empty if it may be used.
    has_effect : bool
        Whether any step reads it.
    steps : tuple of str
        Names of the steps that read it.
    """

    path: str
    type_name: str
    default: Any
    value: Any
    choices: dict[Any, str] | None
    minimum: float | None
    maximum: float | None
    minimum_included: bool
    maximum_included: bool
    optional: bool
    doc: str
    unit: str
    deprecated: str
    has_effect: bool
    steps: tuple[str, ...]

    @property
    def name(self) -> str:
        """Last part of the path."""
        return self.path.rpartition(".")[2]

    @property
    def group(self) -> str:
        """The path of the subtask or group that holds the field; empty at the top."""
        return self.path.rpartition(".")[0]


def describe_fields(config: Config, steps: Iterable[Step] = ()) -> list[FieldInfo]:
    """All fields of a config in the order of declaration.

    Parameters
    ----------
    config : `lsst.pex.config.Config`
    steps : iterable of `Step`, optional
        The chain, to tell which steps read a field.
    """
    defaults = _defaults(config.__class__)
    readers = [(step.name, step.reads) for step in steps]
    return [
        _describe(path, field, plain(getattr(owner, field.name)), defaults.get(path), readers)
        for path, owner, field in iter_fields(config)
    ]


@cache
def _defaults(kind: Any) -> Mapping[str, Any]:
    """Default of every field, by path; making a config takes longer than describing one."""
    return {path: plain(getattr(owner, field.name)) for path, owner, field in iter_fields(kind())}


def _describe(
    path: str, field: Field, value: Any, default: Any, readers: list[tuple[str, tuple[str, ...]]]
) -> FieldInfo:
    doc = field.doc
    if field.deprecated:
        doc = doc.removesuffix(f" Deprecated: {field.deprecated}")
    unit = _UNIT.search(doc)
    is_range = isinstance(field, RangeField)
    return FieldInfo(
        path=path,
        type_name=_type_name(field),
        default=default,
        value=value,
        choices={k: v for k, v in field.allowed.items() if k is not None} if isinstance(field, ChoiceField) else None,
        minimum=field.min if is_range else None,
        maximum=field.max if is_range else None,
        minimum_included=is_range and field.rangeString.startswith("["),
        maximum_included=is_range and field.rangeString.endswith("]"),
        optional=bool(field.optional),
        doc=_UNIT.sub("", doc),
        unit=unit[1] if unit else "",
        deprecated=field.deprecated or "",
        has_effect=_NO_EFFECT not in doc,
        steps=tuple(name for name, reads in readers if any(_is_read(path, pattern) for pattern in reads)),
    )


def _is_read(path: str, pattern: str) -> bool:
    return path.startswith(pattern) if pattern.endswith(".") else path == pattern


def _type_name(field: Field) -> str:
    if isinstance(field, ListField):
        return f"list[{field.itemtype.__name__}]"
    if isinstance(field, DictField):
        return f"dict[{field.keytype.__name__}, {field.itemtype.__name__}]"
    return str(field.dtype.__name__)


def changed_fields(config: Config, reference: Config) -> list[str]:
    """Paths of the fields whose value differs from that in `reference`."""
    return list(differences(config, reference))


@frozen
class HistoryEntry:
    """One value that a field has had.

    Attributes
    ----------
    value : object
        Plain Python.
    label : str
        Who set it: "default", "CFHT override", "file NAME", "command line", "you", "validate", "code".
    where : str
        File and line, where it came from one.
    """

    value: Any
    label: str
    where: str


def field_history(config: Config, path: str) -> list[HistoryEntry]:
    """The values a field has had, oldest first, from the history that `lsst.pex.config` keeps.

    Raises
    ------
    isrcore.config.fields.ConfigFieldError
        If there is no such field.
    """
    owner, field = find_field(config, path)
    entries = [HistoryEntry(plain(value), *_origin(at, label)) for value, at, label in owner.history[field.name]]
    while len(entries) > 1 and entries[1].label == "default":  # groups set their fields' defaults more than once
        del entries[0]
    return entries


_LABELS_OF_CODE = {"assignment", "update", "setitem", "insert", "delitem", "delete", "deletion"}
"""What `lsst.pex.config` writes when Python code sets a value."""


def _origin(at: list[StackFrame], label: str) -> tuple[str, str]:
    """Who set a value, and where. For a value set by code `at` is its call stack, outermost first."""
    functions = {frame.function for frame in at}
    if label == "default" or "setDefaults" in functions:
        return "default", ""
    if label in _LABELS_OF_CODE and "validate" in functions:
        return "validate", ""
    place = next((frame for frame in reversed(at) if frame.lineno and not frame.filename.startswith("<")), None)
    where = f"{place.filename} line {place.lineno}" if place else ""
    return ("code" if label in _LABELS_OF_CODE else label), where
