"""The config that a session means is made by copying, and is as good as a new one."""

from __future__ import annotations

from isrcore.config import CfhtIsrTaskConfig
from isrcore.config.describe import field_history
from isrcore.config.fields import config_values, iter_fields, set_field
from isrcore.config.overrides import load_cfht_defaults
from isrviewer.panels.parameters.rows import field_rows
from isrviewer.session.config import default_config, effective_config
from isrviewer.session.state import Override

OVERRIDES = (
    Override("doBias", True),
    Override("overscan.fitType", "MEDIAN_PER_ROW", "file a.py"),
    Override("maskListToInterpolate", ("SAT", "BAD")),
)


def made_anew() -> CfhtIsrTaskConfig:
    config = CfhtIsrTaskConfig()
    load_cfht_defaults(config)
    return config


def test_default_config_is_as_good_as_a_new_one() -> None:
    copied, new = default_config(), made_anew()
    assert repr(config_values(copied)) == repr(config_values(new))
    for path, _, _ in iter_fields(new):
        assert repr(field_history(copied, path)) == repr(field_history(new, path)), path


def test_configs_share_nothing() -> None:
    before = repr(config_values(default_config()))
    for overrides in (OVERRIDES, ()):
        config, problems = effective_config(overrides)
        assert not problems
        config.maskListToInterpolate.append("CR")
        config.overscan.order = 7
        set_field(config, "fringe.filters", ["z"], "you")
        assert repr(config_values(default_config())) == before


def test_rows_say_what_the_config_says() -> None:
    config, _ = effective_config(OVERRIDES)
    rows = {row.path: row for row in field_rows(config, OVERRIDES)}
    assert {path for path, _, _ in iter_fields(config)} == set(rows)
    values = config_values(config)
    for path, row in rows.items():
        expected = tuple(values[path]) if isinstance(values[path], list) else values[path]
        assert repr(row.value) == repr(expected), path
    assert {path for path, row in rows.items() if row.is_override} == {override.field for override in OVERRIDES}
    fit = rows["overscan.fitType"]
    assert (fit.value, fit.default, fit.origin) == ("MEDIAN_PER_ROW", "MEDIAN", "file a.py")
    assert rows["doBias"].origin == "you"
    assert rows["doBias"].history[-1] == "you: True"
