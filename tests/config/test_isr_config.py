"""The config classes by themselves: count, rules of validation, deprecated fields, help texts, subtasks."""

from __future__ import annotations

import re
import warnings

import pytest
from lsst.pex.config import FieldValidationError

from isrcore.config import CfhtIsrTaskConfig, ConfigRuleError, IsrTaskConfig
from isrcore.config.describe import describe_fields
from isrcore.config.fields import config_values


def test_count_of_fields() -> None:
    assert len(config_values(CfhtIsrTaskConfig())) == 235
    assert set(config_values(CfhtIsrTaskConfig())) - set(config_values(IsrTaskConfig())) == {"safe"}


def test_defaults_are_valid_and_complete_the_interpolation_list() -> None:
    config = CfhtIsrTaskConfig()
    assert list(config.maskListToInterpolate) == ["SAT", "BAD"]
    config.validate()
    assert list(config.maskListToInterpolate) == ["SAT", "BAD", "UNMASKEDNAN"]
    config.validate()
    assert list(config.maskListToInterpolate) == ["SAT", "BAD", "UNMASKEDNAN"]


@pytest.mark.parametrize(
    "fields", [("doFlat", "doApplyGains"), ("doBiasBeforeOverscan", "doTrimToMatchCalib")], ids="-".join
)
def test_contradicting_switches(fields: tuple[str, str]) -> None:
    config = CfhtIsrTaskConfig(doFlat=False)
    for name in fields:
        config.validate()
        setattr(config, name, True)
    with pytest.raises(ConfigRuleError, match=f"{fields[0]} and {fields[1]} are both on") as caught:
        config.validate()
    assert caught.value.fields == fields


def test_a_refused_config_keeps_its_interpolation_list() -> None:
    config = CfhtIsrTaskConfig(doApplyGains=True)
    with pytest.raises(ValueError):
        config.validate()
    assert list(config.maskListToInterpolate) == ["SAT", "BAD"]


def test_field_checks_come_before_the_rules() -> None:
    config = CfhtIsrTaskConfig(doApplyGains=True)
    config.doBias = None
    with pytest.raises(FieldValidationError, match="doBias"):
        config.validate()


@pytest.mark.parametrize(
    ("before", "switches", "after"),
    [
        (["BAD"], {}, ["BAD", "SAT", "UNMASKEDNAN"]),
        (["BAD"], {"saturatedMaskName": "FULL"}, ["BAD", "FULL", "UNMASKEDNAN"]),
        (["SAT", "BAD", "SAT"], {"doSaturationInterpolation": False, "doNanInterpolation": False}, ["BAD", "SAT"]),
        (["UNMASKEDNAN"], {"doSaturationInterpolation": False, "doNanInterpolation": False}, ["UNMASKEDNAN"]),
    ],
)
def test_interpolation_list_follows_its_switches(
    before: list[str], switches: dict[str, object], after: list[str]
) -> None:
    config = IsrTaskConfig(maskListToInterpolate=before, **switches)
    config.validate()
    assert list(config.maskListToInterpolate) == after


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("overscanMaxDev", 0.0),
        ("overscanMaxDev", -1.0),
        ("edgeMaskLevel", "CHIP"),
        ("flatScalingType", "user"),
        ("badStatistic", "MEAN"),
        ("brighterFatterLevel", "CCD"),
        ("doBias", 1),
        ("numEdgeSuspect", 1.5),
    ],
)
def test_values_are_checked_when_assigned(name: str, value: object) -> None:
    config = CfhtIsrTaskConfig()
    before = config_values(config)
    with pytest.raises(FieldValidationError):
        setattr(config, name, value)
    assert config_values(config) == before


def test_limits_of_subtask_fields() -> None:
    config = CfhtIsrTaskConfig()
    config.vignette.radius = 0
    config.overscanMaxDev = 1
    config.crosstalk.crosstalkBackgroundMethod = "None"
    config.ampOffset.background.algorithm = None
    config.validate()
    for group, name, value in [
        (config.vignette, "radius", -1.0),
        (config.overscan, "fitType", "MODE"),
        (config.crosstalk, "crosstalkBackgroundMethod", "none"),
        (config.ampOffset.background, "binSize", 0),
        (config.ampOffset.detection, "thresholdValue", -0.1),
    ]:
        with pytest.raises(FieldValidationError):
            setattr(group, name, value)


@pytest.mark.parametrize(
    ("name", "instead", "value"),
    [
        ("overscanFitType", "overscan.fitType", "MEAN"),
        ("overscanOrder", "overscan.order", 2),
        ("overscanNumSigmaClip", "overscan.numSigmaClip", 4.0),
        ("overscanIsInt", "overscan.overscanIsInt", False),
    ],
)
def test_deprecated_fields_warn(name: str, instead: str, value: object) -> None:
    config = CfhtIsrTaskConfig()
    with pytest.warns(FutureWarning, match=f"{name} is deprecated: .*set {re.escape(instead)}"):
        setattr(config, name, value)


def test_deprecated_filter_aliases_warn() -> None:
    config = CfhtIsrTaskConfig()
    with pytest.warns(FutureWarning, match="useFilterAliases is deprecated"):
        config.fringe.useFilterAliases = True


def test_current_fields_do_not_warn() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        config = CfhtIsrTaskConfig(doBias=False)
        config.overscan.fitType = "MEAN"
        config.validate()


def test_subtask_targets() -> None:
    config = CfhtIsrTaskConfig()
    names = {
        "assembleCcd": "AssembleCcdTask",
        "crosstalk": "CrosstalkTask",
        "strayLight": "StrayLightTask",
        "fringe": "FringeTask",
        "masking": "MaskingTask",
        "overscan": "OverscanCorrectionTask",
        "vignette": "VignetteTask",
        "ampOffset": "AmpOffsetTask",
    }
    assert {name: getattr(config, name).target.__name__ for name in names} == names
    assert config.ampOffset.background.target.__name__ == "SubtractBackgroundTask"
    assert config.ampOffset.detection.target.__name__ == "SourceDetectionTask"


def test_two_configs_are_independent() -> None:
    first, second = CfhtIsrTaskConfig(), CfhtIsrTaskConfig()
    first.ampOffset.detection.tempWideBackground.ignoredPixelMask.append("SAT")
    first.fluxMag0T1["r.MP9601"] = 1.0
    first.maskListToInterpolate.append("CR")
    assert config_values(second) == config_values(CfhtIsrTaskConfig())


def test_help_texts_are_sentences_with_known_units() -> None:
    units = {
        "",
        "ADU",
        "ADU/s",
        "electron",
        "electron/ADU",
        "electron with brighterFatterApplyGain, else ADU",
        "pixel",
        "thumbnail pixel",
        "mm",
        "arcsec",
        "sigma",
        "clipped sigma",
        "robust sigma",
        "PSF sigma",
    }
    for info in describe_fields(CfhtIsrTaskConfig()):
        assert re.fullmatch(r"[A-Z].*\.", info.doc), info.path
        assert info.unit in units, info.path
        assert all(text for text in (info.choices or {}).values()), info.path
