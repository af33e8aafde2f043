"""Configs written as override files, in the syntax that the LSST stack and `load_overrides` both read.

A file holds only ``config.field=value`` lines and comments. The header of the stack's own saved configs (an import and
an assert of the config's class) is left out: it would tie the file to one of the two class paths.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from typing import Any

from lsst.pex.config import Config, Field

from isrcore.atomic import written_atomically
from isrcore.config.fields import differences, iter_fields, plain, same_value

__all__ = ["command_line_arguments", "only_changed_text", "overrides_text", "save_overrides"]


def literal(value: Any) -> str:
    """A value as Python text without names; numbers that are not finite become ``float('nan')`` and the like."""
    if isinstance(value, float) and not math.isfinite(value):
        return f"float('{value!r}')"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{literal(key)}: {literal(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(literal(item) for item in value) + "]"
    return repr(value)


def _line(path: str, value: Any) -> str:
    return f"config.{path}={literal(value)}\n"


def _comment(field: Field) -> str:
    return "".join(f"# {line}\n" for line in field.doc.splitlines())


def overrides_text(config: Config) -> str:
    """All fields of a config as an override file, each with its help text.

    Deprecated fields at their default are left out, since setting them only makes a warning.
    """
    parts = [f"# Every field of a {type(config).__name__}. Load it over a config of this class.\n"]
    for path, owner, field in iter_fields(config):
        value = plain(getattr(owner, field.name))
        if not (field.deprecated and same_value(value, field.default)):
            parts.append(_comment(field) + _line(path, value))
    return "\n".join(parts)


def only_changed_text(config: Config, reference: Config) -> str:
    """The fields of `config` that differ from `reference`, as an override file for `reference`."""
    changed = differences(config, reference)
    lines = [_line(path, value) for path, (value, _) in changed.items()]
    return "".join(lines) if lines else "# nothing differs\n"


def command_line_arguments(config: Config, reference: Config) -> list[str]:
    """The same differences as ``-c FIELD=VALUE`` arguments; join them with `shlex.join` to paste them into a shell."""
    arguments = []
    for path, (value, _) in differences(config, reference).items():
        arguments += ["-c", f"{path}={_typed(value)}"]
    return arguments


def _typed(value: Any) -> str:
    """A value as typed on the command line: strings without quotes unless they would be taken for something else."""
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z_][\w.-]*", value) and value != "None":
        return value
    return repr(value) if isinstance(value, float) else literal(value)


def save_overrides(config: Config, path: str | os.PathLike[str], reference: Config | None = None) -> None:
    """Write an override file; the old file stays until the new one is complete.

    Parameters
    ----------
    config : `lsst.pex.config.Config`
    path : path or str
    reference : `lsst.pex.config.Config`, optional
        Write only what differs from it; default every field.

    Raises
    ------
    OSError
        If the file cannot be written; an existing file is as it was.
    """
    text = overrides_text(config) if reference is None else only_changed_text(config, reference)
    with written_atomically(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
