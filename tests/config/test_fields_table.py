"""The config classes agree with the table of the reference's fields and with its recorded configs."""

from __future__ import annotations

import ast
import csv
import json
import math
from typing import Any

import numpy as np
import pytest

from isrcore.config import CfhtIsrTaskConfig, IsrTaskConfig
from isrcore.config.describe import FieldInfo, describe_fields
from isrcore.config.fields import config_values, copy_config, same_value, set_field
from isrcore.config.overrides import load_cfht_defaults
from isrcore.image.mask import DEFAULT_PLANES
from tests.shared_data import shared_path


def table() -> list[dict[str, str]]:
    with shared_path("reference", "config_fields.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def described() -> dict[str, FieldInfo]:
    return {info.path: info for info in describe_fields(CfhtIsrTaskConfig())}


def parse(text: str, type_name: str) -> Any:
    if text == "None" and type_name == "str":
        return None
    if type_name == "str":
        return text
    if text == "NaN":
        return math.nan
    value = ast.literal_eval(text)
    return float(value) if type_name == "float" else value


def test_paths_and_their_order(described: dict[str, FieldInfo]) -> None:
    paths = [row["path"] for row in table()]
    assert sorted(paths) == sorted(described)
    assert [path for path in paths if path != "safe"] == [path for path in described if path != "safe"]


def test_types_defaults_and_none(described: dict[str, FieldInfo]) -> None:
    wrong = []
    for row in table():
        info = described[row["path"]]
        type_name = row["type"].replace("dict[str,float]", "dict[str, float]")
        default = parse(row["default"], type_name)
        if row["path"] == "crosstalk.crosstalkBackgroundMethod":
            default = "None"  # a choice of that name, not the absence of a value
        expected = (type_name, default, row["optional"] == "yes")
        found = (info.type_name, info.default, info.optional)
        if not same_value(list(expected), list(found)):
            wrong.append((row["path"], expected, found))
    assert not wrong


def test_choices_and_ranges(described: dict[str, FieldInfo]) -> None:
    wrong = []
    for row in table():
        info, allowed = described[row["path"]], row["allowed"]
        choices = "" if info.choices is None else "|".join(info.choices)
        limit = "" if info.minimum is None else f"{'>=' if info.minimum_included else '>'} {info.minimum}"
        if allowed.startswith(">"):
            sign, number = allowed.split()
            same = (
                not choices and limit.split()[:1] == [sign] and info.minimum == float(number) and info.maximum is None
            )
        elif allowed in ("an afw statistics property value", "each item must be a known mask plane"):
            same = not choices and not limit
        else:
            same = choices == allowed and not limit
        if not same:
            wrong.append((row["path"], allowed, choices, limit))
    assert not wrong


def test_items_that_must_be_planes() -> None:
    config = CfhtIsrTaskConfig()
    rows = [row["path"] for row in table() if "known mask plane" in row["allowed"]]
    assert len(rows) == 4
    for path in rows:
        set_field(config, path, list(DEFAULT_PLANES), "test")
        with pytest.raises(ValueError, match="NO_SUCH_PLANE"):
            set_field(config, path, ["BAD", "NO_SUCH_PLANE"], "test")


def test_cfht_overrides() -> None:
    expected = {
        row["path"]: ast.literal_eval(row["cfht_override"])
        for row in table()
        if row["cfht_override"] and not row["cfht_override"].startswith("must")
    }
    defaults = config_values(CfhtIsrTaskConfig())
    config = CfhtIsrTaskConfig()
    load_cfht_defaults(config)
    assert config_values(config) == {**defaults, **expected}
    named = {path for path in expected if config.history.get(path, [("", [], "")])[-1][2] == "CFHT override"}
    assert named >= {path for path in expected if "." not in path}


def test_fields_without_effect_say_so(described: dict[str, FieldInfo]) -> None:
    unused = {row["path"] for row in table() if row["gating_step"].startswith("unused")} | {"fwhm"}
    in_hook = {row["path"] for row in table() if "unused by base task" in row["gating_step"]}
    assert {path for path, info in described.items() if not info.has_effect} == unused | in_hook


def flat(tree: dict[str, Any], known: set[str], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in tree.items():
        path = prefix + name
        found |= {path: value} if path in known else flat(value, known, f"{path}.")
    return found


def test_recorded_configs() -> None:
    """For every recorded run: the same overrides give the reference's effective config."""
    classes = {"IsrTask": IsrTaskConfig(), "CfhtIsrTask": CfhtIsrTaskConfig()}
    compared, wrong = 0, []
    for file in sorted(shared_path("golden").glob("*.npz")):
        if file.name.startswith("unit_"):
            continue
        with np.load(file) as arrays:
            meta = json.loads(str(arrays["meta"]))
        if "configFull" not in meta:
            continue
        config = copy_config(classes[meta["task"]])
        if meta["cfht"]:
            load_cfht_defaults(config)
        for path, value in meta["config"].items():
            set_field(config, path, value, "recorded run")
        if meta["validate"]:
            config.validate()
        values = config_values(config)
        recorded = flat(meta["configFull"], set(values))
        wrong += [
            (file.name, path, v, values.get(path)) for path, v in recorded.items() if not same_value(v, values[path])
        ]
        compared += 1
    assert compared > 200
    assert not wrong
