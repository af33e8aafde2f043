"""What the config editor shows of each field: value, what it takes, who set it, which step reads it. No widgets."""

from __future__ import annotations

from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any

from isrcore.values import frozen
from isrviewer.session import Override
from isrviewer.session.config import default_config, effective_config

if TYPE_CHECKING:
    from isrcore.config.describe import FieldInfo

__all__ = ["FieldRow", "field_rows", "parse_text", "value_text"]

_INPUTS = "checkInputs"
_OTHER = "not read by a step"


@frozen
class FieldRow:
    """One field of the config.

    Attributes
    ----------
    path, doc, expected, unit : str
        `expected` says in words what the field takes.
    group : str
        Label of the first step that reads it.
    value, default : object
        Now, and without the session's overrides.
    origin : str
        Who set it last: ``default``, ``CFHT override``, ``file NAME``, ``validate`` or ``you``.
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
    unit: str
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

    def html(self, problem: str = "") -> str:
        """The same for a pane of its own, with what is wrong about it first."""
        lines = [f"<b>{escape(self.path)}</b>"]
        if problem:
            lines.append(f'<span style="color: #D55E00">{escape(problem)}</span>')
        lines.append(escape(self.doc))
        lines.append(f"Takes {escape(self.expected)}. Read by: {escape(self.group)}.")
        past = "".join(f"<li>{escape(line)}</li>" for line in self.history)
        return "<br>".join(lines) + f"<ul style='margin-top: 4px'>{past}</ul>"


def value_text(value: Any) -> str:
    """A value as it is typed: words without quotes, lists with commas, empty for None."""
    if value is None:
        return ""
    if isinstance(value, (list, tuple)):
        return ", ".join(value_text(item) for item in value)
    return value if isinstance(value, str) else repr(value)


def parse_text(path: str, text: str) -> tuple[Any, str]:
    """The value that a text means for a field, and why it is refused (empty when it is not)."""
    from isrcore.config.fields import get_field
    from isrcore.config.overrides import OverrideError, apply_overrides

    config = default_config()
    try:
        apply_overrides(config, [f"{path}={text.strip() or 'None'}"])
    except OverrideError as error:
        return None, str(error).removeprefix("command line: ").partition("\n")[0]
    return _frozen(get_field(config, path)), ""


@frozen
class _Constant:
    """What no config changes about a field."""

    info: FieldInfo
    group: str
    doc: str
    takes: str
    default: Any
    choices: tuple[tuple[str, str], ...]


@cache
def _constants() -> tuple[_Constant, ...]:
    """All fields in the order of the steps that read them, those that no step reads last."""
    from isrcore.cfht import CfhtIsrTask
    from isrcore.config.describe import describe_fields
    from isrcore.config.fields import expected, find_field, get_field

    reference, _ = effective_config(())
    chain = CfhtIsrTask.chain
    labels = {step.name: step.label for step in chain}
    switched = {step.switch: step.name for step in reversed(chain) if step.switch}
    constants = []
    for info in describe_fields(reference, chain):
        readers = [name for name in info.steps if name != _INPUTS]
        group = switched.get(info.path) or (readers[0] if readers else "")
        takes = expected(find_field(reference, info.path)[1])
        constants.append(
            _Constant(
                info,
                labels.get(group, _OTHER),
                f"{info.doc} Deprecated: {info.deprecated}" if info.deprecated else info.doc,
                f"{takes} [{info.unit}]" if info.unit else takes,
                _frozen(get_field(reference, info.path)),
                tuple((value_text(key), text) for key, text in (info.choices or {}).items()),
            )
        )
    places = {label: number for number, label in enumerate(dict.fromkeys(labels.values()))}
    return tuple(sorted(constants, key=lambda constant: places.get(constant.group, len(places))))


def field_rows(config: Any, overrides: tuple[Override, ...]) -> tuple[FieldRow, ...]:
    """All fields in the order of the steps that read them, those that no step reads last."""
    own = {override.field: override.origin for override in overrides}
    return tuple(_row(constant, config, own) for constant in _constants())


def _row(constant: _Constant, config: Any, own: dict[str, str]) -> FieldRow:
    from isrcore.config.describe import field_history

    info = constant.info
    history = field_history(config, info.path)
    return FieldRow(
        path=info.path,
        doc=constant.doc,
        expected=constant.takes,
        unit=info.unit,
        group=constant.group,
        value=_frozen(history[-1].value),
        default=constant.default,
        origin=own.get(info.path) or history[-1].label,
        is_override=info.path in own,
        is_switch=info.type_name == "bool" and not info.optional,
        choices=constant.choices,
        history=tuple(f"{entry.label}: {value_text(entry.value)}" for entry in history),
    )


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
