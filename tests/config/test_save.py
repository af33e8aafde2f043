"""Saved configs load again, here and as Python code in the stack; a failed write leaves the old file."""

from __future__ import annotations

import math
import os
import shlex
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isrcore.config import CfhtIsrTaskConfig, IsrTaskConfig
from isrcore.config.fields import config_values, copy_config, differences, set_field
from isrcore.config.overrides import apply_overrides, load_cfht_defaults, load_overrides
from isrcore.config.save import command_line_arguments, only_changed_text, overrides_text, save_overrides

CHANGES: dict[str, Any] = {
    "doBias": False,
    "saturation": 60000.0,
    "readNoise": math.inf,
    "gain": math.nan,
    "fallbackFilterName": "r.MP9601",
    "fringe.filters": ["i.MP9701", "it's", 'say "z"'],
    "fluxMag0T1": {"r": 1e9, "nothing": math.nan},
    "crosstalk.crosstalkBackgroundMethod": "AMP",
    "crosstalk.crosstalkValues": [0.0, -1e-4, math.inf],
    "ampOffset.background.algorithm": None,
    "ampOffset.detection.tempLocalBackground.binSize": 32,
    "overscanOrder": 2,
    "datasetType": "None",
    "biasDataProductName": "a b,c",
    "darkDataProductName": "",
    "safe": -math.inf,
}


def changed() -> Any:
    config = CfhtIsrTaskConfig()
    for path, value in CHANGES.items():
        set_field(config, path, value, "test")
    return config


def executed(text: str) -> Any:
    """The config that the stack's own loader, which runs the text as Python, makes of it."""
    config = CfhtIsrTaskConfig()
    config.loadFromString(text)
    return config


@pytest.mark.filterwarnings("ignore:.*overscanOrder:FutureWarning")
@pytest.mark.parametrize("config", [CfhtIsrTaskConfig(), changed()], ids=["defaults", "changed"])
def test_full_save_loads_in_both_directions(config: Any) -> None:
    text = overrides_text(config)
    fresh = CfhtIsrTaskConfig()
    load_overrides(fresh, text)
    assert differences(fresh, config) == {}
    assert differences(executed(text), config) == {}


@pytest.mark.filterwarnings("ignore:.*overscanOrder:FutureWarning")
def test_what_pex_config_saves_loads() -> None:
    config = changed()
    for path in ("crosstalk.crosstalkValues", "fluxMag0T1"):  # the stack cannot read back NaN in lists and dicts
        set_field(config, path, {"r": 2.0} if path == "fluxMag0T1" else [1.0], "test")
    fresh = CfhtIsrTaskConfig()
    load_overrides(fresh, config.saveToString())
    assert differences(fresh, config) == {}


def test_every_field_has_its_help_and_deprecated_defaults_stay_out() -> None:
    text = overrides_text(CfhtIsrTaskConfig())
    lines = text.splitlines()
    assigned = [number for number, line in enumerate(lines) if line.startswith("config.")]
    assert len(assigned) == 235 - 5
    assert all(lines[number - 1].startswith("# ") for number in assigned)
    assert not any(line.startswith(("import", "assert")) for line in lines)
    assert "config.overscanOrder" not in text


@pytest.mark.filterwarnings("ignore:.*overscanOrder:FutureWarning")
def test_only_changed() -> None:
    config, reference = changed(), CfhtIsrTaskConfig()
    text = only_changed_text(config, reference)
    kept = {path: value for path, value in CHANGES.items() if path != "gain"}  # NaN is the default
    assert sorted(line.partition("=")[0].removeprefix("config.") for line in text.splitlines()) == sorted(kept)
    load_overrides(reference, text)
    assert differences(reference, config) == {}
    assert only_changed_text(config, config) == "# nothing differs\n"
    load_overrides(reference, only_changed_text(config, config))


@pytest.mark.filterwarnings("ignore:.*overscanOrder:FutureWarning")
def test_command_line_gives_the_same_config() -> None:
    config, reference = changed(), CfhtIsrTaskConfig()
    arguments = command_line_arguments(config, reference)
    assert set(arguments[::2]) == {"-c"}
    assert "crosstalk.crosstalkBackgroundMethod=AMP" in arguments
    assert shlex.split(shlex.join(arguments)) == arguments
    apply_overrides(reference, arguments[1::2])
    assert differences(reference, config) == {}


REFERENCE = IsrTaskConfig()


@settings(max_examples=60)
@given(text=st.text(), number=st.floats(), names=st.lists(st.text(), max_size=4))
def test_any_value_comes_back(text: str, number: float, names: list[str]) -> None:
    config, from_file, from_arguments = (copy_config(REFERENCE) for _ in range(3))
    set_field(config, "datasetType", text, "test")
    set_field(config, "gain", number, "test")
    set_field(config, "illumFilters", names, "test")
    load_overrides(from_file, only_changed_text(config, REFERENCE))
    apply_overrides(from_arguments, command_line_arguments(config, REFERENCE)[1::2])
    assert config_values(from_file) == config_values(config) == config_values(from_arguments)


def test_files(tmp_path: Path) -> None:
    config, file = CfhtIsrTaskConfig(), tmp_path / "mine.py"
    load_cfht_defaults(config)
    save_overrides(config, file)
    fresh = CfhtIsrTaskConfig()
    load_overrides(fresh, file)
    assert differences(fresh, config) == {}
    save_overrides(config, str(file), reference=CfhtIsrTaskConfig())
    fresh = CfhtIsrTaskConfig()
    assert len(load_overrides(fresh, file)) == 11
    assert differences(fresh, config) == {}
    assert os.listdir(tmp_path) == ["mine.py"]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "mine.py"
    file.write_text("config.doBias=False\n")

    def full_disk(*args: object, **kwargs: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space left"):
        save_overrides(CfhtIsrTaskConfig(), file)
    assert file.read_text() == "config.doBias=False\n"
    assert os.listdir(tmp_path) == ["mine.py"]
    with pytest.raises(FileNotFoundError):
        save_overrides(CfhtIsrTaskConfig(), tmp_path / "none" / "mine.py")
