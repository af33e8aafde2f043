"""Config fields by dotted path: find, read, set and compare them.

`lsst.pex.config` lets some mistakes pass until much later (a string in place of a list becomes a list of characters, a
required field takes None); `set_field` refuses them, with a message that names the field, what it takes, what it got.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lsst.pex.config import (
    ChoiceField,
    Config,
    ConfigField,
    ConfigurableField,
    DictField,
    Field,
    FieldValidationError,
    ListField,
    RangeField,
)
from lsst.pex.config.callStack import StackFrame

from isrcore.values import same

__all__ = [
    "ConfigFieldError",
    "config_values",
    "copy_config",
    "differences",
    "expected",
    "find_field",
    "get_field",
    "iter_fields",
    "plain",
    "same_value",
    "set_field",
]


class ConfigFieldError(ValueError):
    """A config field does not exist, or does not take a value. The message says which and what it takes."""


def iter_fields(config: Config, prefix: str = "") -> Iterator[tuple[str, Config, Field]]:
    """Every value of a config tree in the order of declaration.

    Yields
    ------
    path : str
        Dotted path, ``overscan.fitType``.
    owner : `lsst.pex.config.Config`
        The config that holds the field itself.
    field : `lsst.pex.config.Field`
    """
    for name, field in config._fields.items():
        if isinstance(field, (ConfigField, ConfigurableField)):
            yield from iter_fields(_child(config, field), f"{prefix}{name}.")
        else:
            yield prefix + name, config, field


def _child(config: Config, field: Field) -> Config:
    value = getattr(config, field.name)
    return value.value if isinstance(field, ConfigurableField) else value


def find_field(config: Config, path: str) -> tuple[Config, Field]:
    """The owner and the field at a dotted path.

    Raises
    ------
    ConfigFieldError
        If there is no such field, or the path ends at a group of fields.
    """
    owner = config
    *groups, last = path.split(".")
    for depth, name in enumerate(groups):
        field = owner._fields.get(name)
        if not isinstance(field, (ConfigField, ConfigurableField)):
            raise _unknown(config, owner, path, ".".join(groups[:depth]), name)
        owner = _child(owner, field)
    field = owner._fields.get(last)
    if field is None:
        raise _unknown(config, owner, path, ".".join(groups), last)
    if isinstance(field, (ConfigField, ConfigurableField)):
        names = ", ".join(f"{path}.{name}" for name in _child(owner, field)._fields)
        raise ConfigFieldError(f"{path} is a group of fields; set one of them: {names}")
    return owner, field


def _unknown(config: Config, owner: Config, path: str, group: str, name: str) -> ConfigFieldError:
    text = f"{type(config).__name__} has no field {path}"
    known = owner._fields.get(name)
    if known is not None:
        return ConfigFieldError(f"{text}: {f'{group}.' if group else ''}{name} has no fields below it")
    paths = [known_path for known_path, _, _ in iter_fields(config)]
    similar = [p for p in paths if p.split(".")[-1] == path.split(".")[-1]] or difflib.get_close_matches(
        path, paths, cutoff=0.75
    )
    return ConfigFieldError(f"{text}; did you mean {' or '.join(similar[:3])}?" if similar else text)


def plain(value: Any) -> Any:
    """A value as plain Python: lists and dicts are copies, NaN is always the one object `math.nan`.

    Thus containers of values compare and hash alike even where they hold NaN.
    """
    if isinstance(value, float):
        return math.nan if math.isnan(value) else value
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [plain(item) for item in value]
    return value


def same_value(a: Any, b: Any) -> bool:
    """Whether two values of fields are the `same` as plain Python."""
    return same(plain(a), plain(b))


def get_field(config: Config, path: str) -> Any:
    """The value at a dotted path as plain Python; `ConfigFieldError` for an unknown path."""
    owner, field = find_field(config, path)
    return plain(getattr(owner, field.name))


def config_values(config: Config) -> dict[str, Any]:
    """All values of a config tree by dotted path, as plain Python."""
    return {path: plain(getattr(owner, field.name)) for path, owner, field in iter_fields(config)}


def differences(a: Config, b: Config) -> dict[str, tuple[Any, Any]]:
    """Paths whose values differ, with the value in `a` and in `b`; None stands for a field that one of them lacks."""
    values_a, values_b = config_values(a), config_values(b)
    paths = [*values_a, *(path for path in values_b if path not in values_a)]
    return {
        path: (values_a.get(path), values_b.get(path))
        for path in paths
        if not same_value(values_a.get(path), values_b.get(path))
    }


def copy_config(config: Config) -> Any:
    """An independent, unfrozen copy of the same class, with the history of every field."""
    return config.copy()


def expected(field: Field) -> str:
    """What a field takes, in words: ``one of MEANCLIP, MEDIAN``."""
    if isinstance(field, ChoiceField):
        text = "one of " + ", ".join(str(choice) for choice in field.allowed if choice is not None)
    elif isinstance(field, RangeField):
        text = f"{_NAMES[field.dtype]} in the range {field.rangeString}"
    elif isinstance(field, ListField):
        text = f"a list of {field.itemtype.__name__}"
    elif isinstance(field, DictField):
        text = f"a dict of {field.keytype.__name__} to {field.itemtype.__name__}"
    else:
        text = _NAMES[field.dtype]
    return f"{text}, or None" if field.optional else text


_NAMES = {bool: "True or False", int: "an integer", float: "a number", str: "a string"}


def set_field(
    config: Config, path: str, value: Any, label: str, key: Any = None, where: StackFrame | None = None
) -> None:
    """Set one field, and note in its history who did it.

    Parameters
    ----------
    config : `lsst.pex.config.Config`
    path : str
        Dotted path.
    value
        Replaces the value, or the item `key` of a dict field.
    label : str
        Who sets it, for the history: "you", "file x.py", "CFHT override".
    key : optional
        Item of a dict field.
    where : `lsst.pex.config.callStack.StackFrame`, optional
        The place in a file that says so; default none.

    Raises
    ------
    ConfigFieldError
        If there is no such field, or it does not take the value. The config is unchanged.
    """
    owner, field = find_field(config, path)
    if key is not None:
        if not isinstance(field, DictField):
            raise ConfigFieldError(f"{path} has no items; it takes {expected(field)}")
        value = {**(getattr(owner, field.name) or {}), key: value}
    if not _has_shape(field, value):
        raise ConfigFieldError(_refusal(path, field, value))
    try:
        field.__set__(owner, value, at=[] if where is None else [where], label=label)
    except FieldValidationError as error:
        if owner._frozen:
            raise ConfigFieldError(f"{path} cannot be set: the config is frozen while a task uses it") from error
        raise ConfigFieldError(_refusal(path, field, value)) from error


def _has_shape(field: Field, value: Any) -> bool:
    if value is None:
        return bool(field.optional)
    if isinstance(field, ListField):
        return isinstance(value, Sequence) and not isinstance(value, (str, bytes)) and None not in value
    if isinstance(field, DictField):
        return isinstance(value, Mapping) and None not in value.values()
    return True


def _refusal(path: str, field: Field, value: Any) -> str:
    text = f"{path} takes {expected(field)}; found {value!r}"
    if isinstance(value, list) and isinstance(field, ListField) and field.itemCheck is not None:
        refused = [item for item in value if isinstance(item, field.itemtype) and not field.itemCheck(item)]
        if refused:
            text = f"{path} does not take the items {refused}; see its help text for those it takes"
    return text
