"""The task config that a session means: CFHT's defaults, then the session's overrides in their order."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from operator import attrgetter
from pathlib import Path
from typing import Any

from isrviewer.session.model import SessionModel
from isrviewer.session.state import Override, Session

__all__ = [
    "CurrentConfig",
    "changed_by_file",
    "changed_by_preset",
    "config_problems",
    "default_config",
    "differing_fields",
    "distinct_problems",
    "effective_config",
    "is_on",
    "override_arguments",
    "override_text",
]


def default_config() -> Any:
    """A new `isrcore.config.CfhtIsrTaskConfig` with CFHT's overrides."""
    from isrcore.config.fields import copy_config

    return copy_config(_pattern())


@cache
def _pattern() -> Any:
    """What new configs are copied from: making one takes ten times longer."""
    from isrcore.config import CfhtIsrTaskConfig
    from isrcore.config.overrides import load_cfht_defaults

    config = CfhtIsrTaskConfig()
    load_cfht_defaults(config)
    return config


def effective_config(overrides: tuple[Override, ...]) -> tuple[Any, dict[str, str]]:
    """Build the config and check it as the command line does.

    Returns
    ----------
    config : `isrcore.config.CfhtIsrTaskConfig`
        With the history of every field. Overrides that the config refuses are left out.
    problems : dict
        Field -> message, for overrides that were refused and rules that are broken; empty when the config is valid.
    """
    from isrcore.config.fields import ConfigFieldError, set_field

    config = default_config()
    problems = {}
    for override in overrides:
        value = list(override.value) if isinstance(override.value, tuple) else override.value
        try:
            set_field(config, override.field, value, override.origin)
        except ConfigFieldError as error:
            problems[override.field] = str(error)
    problems.update(config_problems(config))
    return config, problems


class CurrentConfig:
    """The task config of the present session, built once for every set of overrides.

    Parameters
    ----------
    model : `SessionModel`
    """

    def __init__(self, model: SessionModel) -> None:
        self._model = model
        self._built_of: tuple[Override, ...] = ()
        self._built: tuple[Any, dict[str, str]] | None = None

    def checked(self) -> tuple[Any, dict[str, str]]:
        """Config and problems, see `effective_config`. Takes long the first time: the chain has to be imported."""
        overrides = self._model.session.config
        if self._built is None or self._built_of is not overrides:
            self._built, self._built_of = effective_config(overrides), overrides
        return self._built

    @property
    def value(self) -> Any:
        """The config; see `checked`."""
        return self.checked()[0]

    @property
    def known(self) -> Any | None:
        """The config if it has been built already."""
        return None if self._built is None else self.value


def is_on(config: Any, field: str) -> bool:
    """Whether a boolean field, given by its dotted path, is on."""
    return bool(attrgetter(field)(config))


def config_problems(config: Any) -> dict[str, str]:
    """Rules that a config breaks: field -> message; a rule about several fields is told at each of them.

    Completes the config where the rules say so (`validate`).
    """
    from isrcore.config import ConfigRuleError

    try:
        config.validate()
    except ConfigRuleError as error:
        return dict.fromkeys(error.fields, str(error))
    except ValueError as error:
        field = getattr(error, "fullname", "") or getattr(getattr(error, "field", None), "name", "")
        return {field.removeprefix("config."): str(error)}
    return {}


def distinct_problems(problems: dict[str, str]) -> dict[str, str]:
    """One entry for each message: at the first of its fields."""
    return {field: text for text, field in {text: field for field, text in reversed(problems.items())}.items()}


def differing_fields(a: tuple[Override, ...], b: tuple[Override, ...]) -> list[tuple[str, Any, Any]]:
    """Config fields that two lists of overrides leave different: path, value in `a`, value in `b`."""
    from isrcore.config.fields import differences

    pairs = differences(effective_config(a)[0], effective_config(b)[0])
    return [(path, value_a, value_b) for path, (value_a, value_b) in pairs.items()]


def changed_by_file(session: Session, path: Path) -> list[tuple[str, Any]]:
    """What an override file would change: pairs of field and new value.

    Raises
    ------
    isrcore.config.overrides.OverrideError
        With the line that is refused.
    OSError
        When the file cannot be read.
    """
    from isrcore.config.overrides import load_overrides

    return _changed_by(session, lambda config: load_overrides(config, path))


def changed_by_preset(session: Session, name: str) -> list[tuple[str, Any]]:
    """What a preset would change: pairs of field and new value; `KeyError` when there is no such preset."""
    from isrcore.config.presets import list_presets

    return _changed_by(session, {preset.name: preset for preset in list_presets()}[name].load)


def _changed_by(session: Session, load: Callable[[Any], object]) -> list[tuple[str, Any]]:
    from isrcore.config.fields import copy_config, differences

    before, _ = effective_config(session.config)
    after = copy_config(before)
    load(after)
    return [(field, new) for field, (_, new) in differences(before, after).items()]


def override_text(overrides: tuple[Override, ...]) -> str:
    """What overrides set beyond CFHT's config, as an override file that the LSST stack loads too."""
    from isrcore.config.save import only_changed_text

    return only_changed_text(effective_config(overrides)[0], effective_config(())[0])


def override_arguments(overrides: tuple[Override, ...]) -> list[str]:
    """The same as words of a command line: ``-c FIELD=VALUE``."""
    from isrcore.config.save import command_line_arguments

    return command_line_arguments(effective_config(overrides)[0], effective_config(())[0])
