"""The task config that a session means: CFHT's defaults, then the session's overrides in their order."""

from __future__ import annotations

from operator import attrgetter
from pathlib import Path
from typing import Any

from isrviewer.session.state import Override, Session

__all__ = ["changed_by_file", "config_problems", "effective_config", "is_on", "override_text"]


def effective_config(overrides: tuple[Override, ...]) -> tuple[Any, dict[str, str]]:
    """Build the config and check it as the command line does.

    Returns
    ----------
    config : `isrcore.config.CfhtIsrTaskConfig`
        With the history of every field. Overrides that the config refuses are left out.
    problems : dict
        Field -> message, for overrides that were refused and rules that are broken; empty when the config is valid.
    """
    from isrcore.config import CfhtIsrTaskConfig
    from isrcore.config.fields import ConfigFieldError, set_field
    from isrcore.config.overrides import load_cfht_defaults

    config = CfhtIsrTaskConfig()
    load_cfht_defaults(config)
    problems = {}
    for override in overrides:
        value = list(override.value) if isinstance(override.value, tuple) else override.value
        try:
            set_field(config, override.field, value, override.origin)
        except ConfigFieldError as error:
            problems[override.field] = str(error)
    problems.update(config_problems(config))
    return config, problems


def is_on(config: Any, field: str) -> bool:
    """Whether a boolean field, given by its dotted path, is on."""
    return bool(attrgetter(field)(config))


def config_problems(config: Any) -> dict[str, str]:
    """Rules that a config breaks: field -> message. Completes the config where the rules say so (`validate`)."""
    try:
        config.validate()
    except ValueError as error:
        field = getattr(error, "fullname", "") or getattr(getattr(error, "field", None), "name", "")
        return {field.removeprefix("config."): str(error)}
    return {}


def changed_by_file(session: Session, path: Path) -> list[tuple[str, Any]]:
    """What an override file would change: pairs of field and new value.

    Raises
    ------
    isrcore.config.overrides.OverrideError
        With the line that is refused.
    OSError
        When the file cannot be read.
    """
    from isrcore.config.fields import copy_config, differences
    from isrcore.config.overrides import load_overrides

    before, _ = effective_config(session.config)
    after = copy_config(before)
    load_overrides(after, path)
    return [(field, new) for field, (_, new) in differences(before, after).items()]


def override_text(session: Session) -> str:
    """What the session sets beyond CFHT's config, as an override file that the LSST stack loads too."""
    from isrcore.config.save import only_changed_text

    return only_changed_text(effective_config(session.config)[0], effective_config(())[0])
