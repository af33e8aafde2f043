"""Overrides applied to a config: files in the syntax of the LSST stack, and ``-c`` arguments. All of them or none."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from os import PathLike
from pathlib import Path

from lsst.pex.config import Config
from lsst.pex.config.callStack import StackFrame

from isrcore.config.fields import ConfigFieldError, copy_config, find_field, set_field
from isrcore.config.override_parser import (
    Assignment,
    OverrideError,
    parse_assignment,
    parse_overrides,
    typed_value,
)
from isrcore.readable import read_text
from isrcore.resource_files import resource

__all__ = [
    "CFHT_LABEL",
    "Assignment",
    "OverrideError",
    "apply_overrides",
    "load_cfht_defaults",
    "load_overrides",
    "parse_assignment",
    "parse_overrides",
]

CFHT_LABEL = "CFHT override"
"""Label in a field's history for the values that CFHT uses."""


def load_overrides(
    config: Config, source: str | PathLike[str], name: str | None = None, label: str | None = None
) -> list[Assignment]:
    """Read an override file or a saved config and apply it; nothing in it is executed.

    Parameters
    ----------
    config : `lsst.pex.config.Config`
        Changed in place; unchanged after an error. Not validated: call ``config.validate()`` when all is set.
    source : path or str
        A path object is a file (UTF-8); a string is the text itself.
    name : str, optional
        What messages call it; default the file's path, or "overrides".
    label : str, optional
        Who sets the fields, for their history; default "file NAME" with the file's last name.

    Returns
    -------
    applied : list of `Assignment`

    Raises
    ------
    OSError
        If the file cannot be read.
    OverrideError
        If a line is not allowed, a field does not exist or does not take its value.
    """
    if isinstance(source, str):
        name = name or "overrides"
        text = source
    else:
        name = name or str(Path(source))
        try:
            text = read_text(source, "utf-8-sig")
        except UnicodeDecodeError as error:
            raise OverrideError(name, 0, f"not a text file in UTF-8 ({error.reason} at byte {error.start})") from error
    assignments = parse_overrides(text, name, config)
    apply_overrides(config, assignments, label or f"file {Path(name).name}")
    return assignments


def apply_overrides(config: Config, overrides: Iterable[Assignment | str], label: str | None = None) -> None:
    """Apply overrides in their order; after an error the config is unchanged.

    Parameters
    ----------
    config : `lsst.pex.config.Config`
    overrides : iterable of `Assignment` or str
        A string is read as by `parse_assignment`.
    label : str, optional
        Who sets the fields, for their history; default the name of the assignment ("command line" for strings).

    Raises
    ------
    OverrideError
        If an override cannot be read, a field does not exist or does not take its value.

    Warns
    -----
    FutureWarning
        For each deprecated field that is set.
    """
    assignments = [parse_assignment(item) if isinstance(item, str) else item for item in overrides]
    rehearsal = copy_config(config)
    for assignment in assignments:
        _apply(rehearsal, assignment, label)
    for assignment in assignments:
        _apply(config, assignment, label)
        deprecated = find_field(config, assignment.path)[1].deprecated
        if deprecated:
            place = f"{assignment.name}, line {assignment.line}" if assignment.line else assignment.name
            warnings.warn(f"{place}: {assignment.path} is deprecated: {deprecated}", FutureWarning, stacklevel=2)


def _apply(config: Config, assignment: Assignment, label: str | None) -> None:
    where = StackFrame(assignment.name, assignment.line, "override", content=assignment.text)
    try:
        _, field = find_field(config, assignment.path)
        value = assignment.value
        if assignment.as_typed:
            value = typed_value(value, field, assignment.key is not None)
        set_field(config, assignment.path, value, label or assignment.name, assignment.key, where)
    except ConfigFieldError as error:
        raise OverrideError(assignment.name, assignment.line, str(error), assignment.text) from error


def load_cfht_defaults(config: Config) -> None:
    """Set the values that CFHT uses, from ``resources/config/cfht.py``; the config classes do not have them."""
    text = resource("config", "cfht.py").read_text(encoding="utf-8")
    load_overrides(config, text, name="cfht.py", label=CFHT_LABEL)
