"""What editors are told about fields: description, differences, history, presets."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from isrcore.config import CfhtIsrTaskConfig, IsrTaskConfig
from isrcore.config.describe import FieldInfo, changed_fields, describe_fields, field_history
from isrcore.config.fields import (
    ConfigFieldError,
    config_values,
    copy_config,
    differences,
    get_field,
    plain,
    same_value,
    set_field,
)
from isrcore.config.overrides import apply_overrides, load_cfht_defaults, load_overrides
from isrcore.config.presets import list_presets
from isrcore.steps.amp_offset import AMP_OFFSET
from isrcore.steps.vignette import VIGNETTE


def described(config: Any = None, **kwargs: Any) -> dict[str, FieldInfo]:
    return {info.path: info for info in describe_fields(config or CfhtIsrTaskConfig(), **kwargs)}


def test_plain_number() -> None:
    config = CfhtIsrTaskConfig()
    config.overscan.numSigmaClip = 5
    info = described(config)["overscan.numSigmaClip"]
    assert (info.type_name, info.default, info.value, info.unit) == ("float", 3.0, 5.0, "sigma")
    assert (info.group, info.name) == ("overscan", "numSigmaClip")
    assert info.choices is info.minimum is info.maximum is None
    assert "[" not in info.doc
    assert info.has_effect
    assert not info.deprecated


def test_limits_choices_and_deprecation() -> None:
    infos = described()
    limited = infos["overscanMaxDev"]
    assert (limited.minimum, limited.minimum_included, limited.maximum, limited.unit) == (0.0, False, None, "ADU")
    assert infos["vignette.radius"].minimum_included
    assert list(infos["badStatistic"].choices or {}) == ["MEANCLIP", "MEDIAN"]
    assert infos["ampOffset.background.algorithm"].optional
    assert None not in (infos["ampOffset.background.algorithm"].choices or {})
    old = infos["overscanNumSigmaClip"]
    assert old.deprecated == "it moved to the overscan subtask; set overscan.numSigmaClip."
    assert (old.doc, old.unit, old.has_effect) == ("Rejection threshold. Has no effect.", "sigma", False)


def test_defaults_are_those_of_the_class_of_the_config() -> None:
    infos = described()
    assert infos["ampOffset.detection.tempWideBackground.binSize"].default == 512
    assert infos["ampOffset.detection.tempWideBackground.ignoredPixelMask"].default == ["BAD", "EDGE", "NO_DATA"]
    assert "safe" not in described(IsrTaskConfig())


def test_steps_that_read_a_field() -> None:
    infos = described(steps=(VIGNETTE, AMP_OFFSET))
    assert infos["vignette.radius"].steps == infos["doVignette"].steps == ("doVignette",)
    assert infos["ampOffset.background.binSize"].steps == ("doAmpOffset",)
    assert infos["doBias"].steps == ()


def test_values_are_copies() -> None:
    config = CfhtIsrTaskConfig()
    described(config)["maskListToInterpolate"].value.append("X")
    config_values(config)["fluxMag0T1"]["X"] = 1.0
    assert config_values(config) == config_values(CfhtIsrTaskConfig())


def test_nan_is_equal_to_nan() -> None:
    assert same_value(float("nan"), math.nan)
    assert same_value({"a": [float("nan")]}, {"a": [-math.nan]})
    assert not same_value(math.nan, 0.0)
    assert not same_value(None, math.nan)
    assert plain([float("nan")])[0] is math.nan
    one, other = CfhtIsrTaskConfig(), CfhtIsrTaskConfig(saturation=float("nan"))
    assert config_values(one) == config_values(other)
    assert differences(one, other) == {}


def test_differences() -> None:
    one, other = IsrTaskConfig(doBias=False), CfhtIsrTaskConfig()
    other.fringe.filters = ["z"]
    assert differences(one, other) == {
        "doBias": (False, True),
        "fringe.filters": ([], ["z"]),
        "safe": (None, 0.95),
    }
    assert changed_fields(one, IsrTaskConfig()) == ["doBias"]


def test_history_tells_who_set_a_field(tmp_path: Path) -> None:
    config = CfhtIsrTaskConfig()
    load_cfht_defaults(config)
    file = tmp_path / "mine.py"
    file.write_text("\nconfig.doBias = True\n")
    load_overrides(config, file)
    apply_overrides(config, ["doBias=False"])
    set_field(config, "doBias", True, "you")
    config.doBias = False
    history = field_history(config, "doBias")
    assert [(entry.value, entry.label) for entry in history] == [
        (True, "default"),
        (False, "CFHT override"),
        (True, "file mine.py"),
        (False, "command line"),
        (True, "you"),
        (False, "code"),
    ]
    where = [entry.where for entry in history]
    assert where[0] == ""
    assert where[1].startswith("cfht.py line ")
    assert where[2] == f"{file} line 2"
    assert where[3] == where[4] == ""
    assert Path(__file__).name in where[5]


def test_history_of_defaults_lists_and_validation() -> None:
    config = CfhtIsrTaskConfig()
    config.validate()
    entries = field_history(config, "maskListToInterpolate")
    assert [(entry.value, entry.label) for entry in entries] == [
        (["SAT", "BAD"], "default"),
        (["SAT", "BAD", "UNMASKEDNAN"], "validate"),
    ]
    size = field_history(config, "ampOffset.detection.tempLocalBackground.binSize")
    assert [(entry.value, entry.label) for entry in size] == [(64, "default")]
    with pytest.raises(ConfigFieldError, match="no field nothing"):
        field_history(config, "nothing")


def test_copy_keeps_history_and_is_independent() -> None:
    config = CfhtIsrTaskConfig()
    set_field(config, "overscan.fitType", "MEAN", "you")
    config.freeze()
    copy = copy_config(config)
    assert field_history(copy, "overscan.fitType") == field_history(config, "overscan.fitType")
    set_field(copy, "overscan.fitType", "MEDIAN", "you")
    copy.maskListToInterpolate.append("CR")
    assert get_field(config, "overscan.fitType") == "MEAN"
    assert len(field_history(config, "overscan.fitType")) == 2
    assert get_field(config, "maskListToInterpolate") == ["SAT", "BAD"]


def test_set_field_of_a_frozen_config() -> None:
    config = CfhtIsrTaskConfig()
    config.freeze()
    for path, value in [("doBias", False), ("overscan.order", 2), ("illumFilters", ["r"]), ("fluxMag0T1", {})]:
        with pytest.raises(ConfigFieldError, match=rf"{path} cannot be set: the config is frozen"):
            set_field(config, path, value, "you")


def test_presets() -> None:
    presets = list_presets()
    names = [preset.name for preset in presets]
    assert names[0] == "cfht"
    assert {"quick_look", "full_calibration", "photometric_i_z"} <= set(names)
    for preset in presets:
        config = CfhtIsrTaskConfig()
        load_cfht_defaults(config)
        preset.load(config)
        config.validate()
        assert preset.description.endswith(".")
        assert field_history(config, "doFlat")[-1].label == f"preset {preset.name}"


@pytest.mark.parametrize(
    ("name", "on"),
    [
        ("cfht", ()),
        ("quick_look", ()),
        ("full_calibration", ("doBias", "doDark", "doFlat")),
        ("photometric_i_z", ("doBias", "doFlat", "doFringe")),
        ("electrons", ("doBias", "doApplyGains")),
    ],
)
def test_calibrations_of_a_preset(name: str, on: tuple[str, ...]) -> None:
    config = CfhtIsrTaskConfig()
    load_cfht_defaults(config)
    (preset,) = [preset for preset in list_presets() if preset.name == name]
    preset.load(config)
    switches = ("doBias", "doDark", "doFlat", "doFringe", "doApplyGains", "doBrighterFatter", "doCrosstalk")
    assert tuple(switch for switch in switches if getattr(config, switch)) == tuple(s for s in switches if s in on)
    assert config.doDefect is (name != "quick_look")
