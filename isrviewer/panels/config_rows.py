"""What the config editor shows of each field: value, what it takes, who set it, and the step that reads it. No widgets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from isrviewer.session import Override

__all__ = ["FieldRow", "field_rows", "parse_text", "value_text"]

_OTHER = "other"


@dataclass(frozen=True)
class FieldRow:
    """One field of the config.

    Attributes
    ----------
    path, doc, expected : str
        `expected` says in words what the field takes.
    group : str
        Label of the first step that reads it.
    value, default : object
        Now, and without the session's overrides.
    origin : str
        ``default``, ``CFHT``, the name of an override file, or ``you``.
    is_override : bool
        Whether the session sets it.
    is_switch : bool
        Whether it is a plain boolean.
    choices : tuple of (str, str)
        Allowed values with their meaning; empty for a free field.
    history : tuple of str
        One line for each time it was set.
    """

    path: str
    doc: str
    expected: str
    group: str
    value: Any
    default: Any
    origin: str
    is_override: bool
    is_switch: bool
    choices: tuple[tuple[str, str], ...]
    history: tuple[str, ...]

    @property
    def tip(self) -> str:
        lines = [self.path, self.doc, "", f"Takes {self.expected}", *self.history]
        return "\n".join(lines)


def value_text(value: Any) -> str:
    """A value as it is typed: words without quotes, lists with commas, empty for None."""
    if value is None:
        return ""
    if isinstance(value, (list, tuple)):
        return ", ".join(value_text(item) for item in value)
    return value if isinstance(value, str) else repr(value)


def parse_text(path: str, text: str) -> tuple[Any, str]:
    """The value that a text means for a field, and why it is refused (empty when it is not)."""
    from isrcore.config import CfhtIsrTaskConfig
    from isrcore.config.fields import get_field
    from isrcore.config.overrides import OverrideError, apply_overrides, load_cfht_defaults

    config = CfhtIsrTaskConfig()
    load_cfht_defaults(config)
    try:
        apply_overrides(config, [f"{path}={text.strip() or 'None'}"])
    except OverrideError as error:
        return None, str(error).removeprefix("command line: ").partition("\n")[0]
    value = get_field(config, path)
    return tuple(value) if isinstance(value, list) else value, ""


def field_rows(config: Any, overrides: tuple[Override, ...]) -> tuple[FieldRow, ...]:
    """All fields in the order of the steps that read them, those that no step reads last."""
    from lsst.pex.config import ChoiceField, Field

    from isrcore.config import CfhtIsrTaskConfig
    from isrcore.config.fields import expected, get_field, iter_fields, plain
    from isrcore.config.overrides import load_cfht_defaults

    plain_config, cfht_config = CfhtIsrTaskConfig(), CfhtIsrTaskConfig()
    load_cfht_defaults(cfht_config)
    own = {override.field: override.origin for override in overrides}
    order = _groups()
    rows = []
    for path, owner, field in iter_fields(config):
        value = plain(getattr(owner, field.name))
        default = get_field(cfht_config, path)
        cfht = [default] != [get_field(plain_config, path)]
        choices: tuple[tuple[str, str], ...] = ()
        if isinstance(field, ChoiceField):
            choices = tuple((value_text(choice), str(doc)) for choice, doc in field.allowed.items())
        rows.append(
            FieldRow(
                path=path,
                doc=str(field.doc),
                expected=expected(field),
                group=order.get(path) or order.get(path.partition(".")[0] + ".") or _OTHER,
                value=tuple(value) if isinstance(value, list) else value,
                default=tuple(default) if isinstance(default, list) else default,
                origin=own.get(path) or ("CFHT" if cfht else "default"),
                is_override=path in own,
                is_switch=type(field) is Field and field.dtype is bool and not field.optional,
                choices=choices,
                history=tuple(f"{label}: {value_text(plain(entry))}" for entry, _, label in owner._history[field.name]),
            )
        )
    places = {group: number for number, group in enumerate(dict.fromkeys(order.values()))}
    return tuple(sorted(rows, key=lambda row: places.get(row.group, len(places))))


def _groups() -> dict[str, str]:
    """Field or prefix of fields -> label of the step it belongs to: the step it switches, else the first that reads it."""
    from isrcore.cfht import CfhtIsrTask

    chain = CfhtIsrTask.chain
    found = {step.switch: step.label for step in reversed(chain) if step.switch}
    for step in chain:
        if step.name != "checkInputs":
            for path in step.reads:
                found.setdefault(path, step.label)
    labels = [step.label for step in chain]
    return dict(sorted(found.items(), key=lambda item: labels.index(item[1])))
