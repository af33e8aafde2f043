"""Override files are parsed, never executed; every error names its line; all or nothing."""

from __future__ import annotations

import math
from contextlib import suppress
from pathlib import Path
from typing import Any
from warnings import catch_warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isrcore.config import CfhtIsrTaskConfig, IsrTaskConfig
from isrcore.config.fields import config_values, copy_config, differences, get_field
from isrcore.config.overrides import OverrideError, apply_overrides, load_overrides, parse_assignment


def loaded(text: str, config: Any = None) -> dict[str, Any]:
    config = config or CfhtIsrTaskConfig()
    load_overrides(config, text)
    return config_values(config)


def test_every_kind_of_line_that_is_allowed() -> None:
    values = loaded(
        '''
"""An override file."""
import lsst.obs.cfht.cfhtIsrTask
from lsst.ip.isr import IsrTask  # never imported here
assert type(config)==lsst.obs.cfht.cfhtIsrTask.CfhtIsrTaskConfig, 'a %s' % (type(config).__name__,)
config.fringe.retarget(target=lsst.ip.isr.fringe.FringeTask, ConfigClass=lsst.ip.isr.fringe.FringeConfig)
config.doBias=False; config.doDark = False
config.saturation = -1.5
config.gain=float("nan")
config.readNoise=float('inf')
config.fallbackFilterName=None
config.fringe.filters=['i.MP9701',
   "i.MP9702"]
config.illumFilters=("r", "i")
config.fluxMag0T1={'Unknown': 1.0, "r": +2}
config.fluxMag0T1['i']=3e9
config.qa.flatness.meshX=512
'''
    )
    assert values["doBias"] is False
    assert values["doDark"] is False
    assert values["saturation"] == -1.5
    assert math.isnan(values["gain"])
    assert values["readNoise"] == math.inf
    assert values["fallbackFilterName"] is None
    assert values["fringe.filters"] == ["i.MP9701", "i.MP9702"]
    assert values["illumFilters"] == ["r", "i"]
    assert values["fluxMag0T1"] == {"Unknown": 1.0, "r": 2.0, "i": 3e9}
    assert values["qa.flatness.meshX"] == 512


def test_later_lines_win() -> None:
    assert loaded("config.doBias=False\nconfig.doBias=True\n")["doBias"] is True


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("import os; os.system('false')", "not allowed"),
        ("print('x')", "not allowed"),
        ("if True: config.doBias = True", "not allowed"),
        ("for name in []: pass", "not allowed"),
        ("config.doBias += 1", "not allowed"),
        ("config.doBias = config.doDark = True", "not allowed"),
        ("config.doBias == True", "not allowed"),
        ("config.maskListToInterpolate.append('CR')", "not allowed"),
        ("config.load('other.py')", "not allowed"),
        ("x = 3", "expected a field of config"),
        ("config = 3", "expected a field of config"),
        ("other.doBias = True", "expected a field of config"),
        ("config.doBias = not False", "expected a literal"),
        ("config.doBias = open('/etc/passwd')", "expected a literal"),
        ("config.gain = 1 + 1", "expected a literal"),
        ("config.gain = float(1)", "expected a literal"),
        ("config.gain = float('one')", "is not a number"),
        ("config.gain = nan", "expected a literal"),
        ("config.fringe.filters = [f'{1}']", "expected a literal"),
        ("config.fluxMag0T1 = {**{}}", "expected a number or a string as key"),
        ("config.fluxMag0T1 = {[]: 1}", "expected a number or a string as key"),
        ("config.fluxMag0T1[[]] = 1", "expected a number or a string as key"),
        ("config.fluxMag0T1[1:2] = 1", "expected a number or a string as key"),
        ("config.doBias['x'] = True", "doBias has no items; it takes True or False"),
        ("assert False", "expected assert type"),
        ("assert type(config) == lsst.pipe.tasks.calibrate.CalibrateConfig", "for a CalibrateConfig"),
        ("config.fringe.retarget(target=a.OtherTask)", "is a FringeTask, the file wants OtherTask"),
        ("config.fringe.retarget(target=FringeTask, ConfigClass=OtherConfig)", "is a FringeConfig"),
        ("config.fringe.retarget(OtherTask)", "is a FringeTask"),
        ("config.fringe.retarget()", "expected fringe.retarget"),
        ("config.fringe.retarget(**x)", "expected fringe.retarget"),
        ("config.qa.retarget(target=QaTask)", "expected qa.retarget"),
        ("config.doBias.retarget(target=BiasTask)", "doBias is not a subtask"),
        ("config.doBias = (", "not Python"),
        ("config.doBias = True\0", "not"),
        ("(" * 300, "not Python"),
        ("config.doBiass = True", "no field doBiass; did you mean doBias"),
        ("config.fitType = 'MEAN'", "did you mean overscan.fitType"),
        ("config.overscan.fitType.x = 1", "overscan.fitType has no fields below it"),
        ("config.overscan = 1", "overscan is a group of fields"),
        ("config.doBias = None", "doBias takes True or False; found None"),
        ("config.doBias = 1", "doBias takes True or False; found 1"),
        ("config.overscan.fitType = 'MODE'", "one of POLY, .*MEDIAN_PER_ROW; found 'MODE'"),
        ("config.overscanMaxDev = 0", r"a number in the range \(0.0,inf\); found 0"),
        ("config.fringe.filters = 'i.MP9701'", "a list of str; found 'i.MP9701'"),
        ("config.fringe.filters = [None]", "a list of str"),
        ("config.fluxMag0T1 = ['r']", "a dict of str to float"),
        ("config.fluxMag0T1['r'] = 'bright'", "a dict of str to float"),
        ("config.ampOffset.background.ignoredPixelMask = ['X']", r"does not take the items \['X'\]"),
    ],
)
def test_refusals_name_file_line_and_reason(line: str, says: str) -> None:
    config = CfhtIsrTaskConfig()
    before, history = config_values(config), list(config.history["doWrite"])
    with pytest.raises(OverrideError, match=says) as caught:
        load_overrides(config, f"config.doWrite = False\n\n{line}\n", name="mine.py")
    if "\0" not in line:
        assert str(caught.value).startswith("mine.py, line 3: ")
        assert caught.value.line == 3
    assert config_values(config) == before
    assert config.history["doWrite"] == history


def test_the_line_of_a_long_statement_is_the_wrong_one() -> None:
    with pytest.raises(OverrideError, match=r"line 3: expected a literal[^\n]*\n    spam\(\)"):
        loaded("config.fringe.filters = [\n'a',\nspam()]\n")


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_line_numbers_are_those_of_an_editor(newline: str) -> None:
    lines = ["# a form feed \f and a \u2028 in a comment", "config.doBias = False", "spam()"]
    with pytest.raises(OverrideError, match=r"line 3: .*not allowed[^\n]*\n    spam\(\)"):
        loaded(newline.join(lines))


def test_nothing_is_executed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("here")
    with pytest.raises(OverrideError):
        loaded(f"import os\nassert type(config) == os.remove({str(victim)!r}), os.remove({str(victim)!r})\n")
    loaded(f"assert type(config) == CfhtIsrTaskConfig, __import__('os').remove({str(victim)!r})\n")
    assert victim.exists()


UNTOUCHED = IsrTaskConfig()
CODE = st.text(alphabet="abcdox.=()[]{}'\"#:,-+*\\\n 01")


@settings(max_examples=200)
@given(st.one_of(st.text(), CODE, CODE.map(lambda text: f"config.doBias = {text}")))
def test_any_text_is_refused_or_changes_one_field_at_most(text: str) -> None:
    config = copy_config(UNTOUCHED)
    with suppress(OverrideError), catch_warnings(action="ignore", category=SyntaxWarning):
        load_overrides(config, text)
    assert set(differences(config, UNTOUCHED)) <= {"doBias"}


def test_files(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("# größer\nconfig.doBias = False\n", encoding="utf-8")
    config = CfhtIsrTaskConfig()
    applied = load_overrides(config, file)
    assert [(item.path, item.value, item.line) for item in applied] == [("doBias", False, 2)]
    assert config.doBias is False
    file.write_bytes(b"\xef\xbb\xbfconfig.doBias = True\r\nconfig.doDark = False\r\n")
    assert [item.line for item in load_overrides(config, file)] == [1, 2]
    file.write_bytes(b"config.doBias = True # \xff\xfe\n")
    with pytest.raises(OverrideError, match=r"mine\.py: not a text file in UTF-8"):
        load_overrides(config, file)
    with pytest.raises(FileNotFoundError):
        load_overrides(config, tmp_path / "none.py")
    with pytest.raises(IsADirectoryError):
        load_overrides(config, tmp_path)


def test_a_file_for_the_parent_class_loads() -> None:
    assert (
        loaded("assert type(config) is lsst.ip.isr.isrTask.IsrTaskConfig, 'x'\nconfig.doBias=False")["doBias"] is False
    )
    with pytest.raises(OverrideError, match="for a CfhtIsrTaskConfig, but the config is a IsrTaskConfig"):
        loaded("assert type(config) is a.CfhtIsrTaskConfig", IsrTaskConfig())


def test_deprecated_fields_warn_with_their_line() -> None:
    with pytest.warns(FutureWarning, match=r"overrides, line 2: overscanOrder is deprecated: .*overscan\.order"):
        loaded("\nconfig.overscanOrder = 3")


def test_frozen_config() -> None:
    config = CfhtIsrTaskConfig()
    config.freeze()
    with pytest.raises(OverrideError, match="frozen"):
        apply_overrides(config, ["overscan.order=2"])


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        ("doBias=False", "doBias", False),
        (" doBias = False ", "doBias", False),
        ("config.doBias=False", "doBias", False),
        ("overscan.fitType=MEAN", "overscan.fitType", "MEAN"),
        ("overscan.fitType='MEAN'", "overscan.fitType", "MEAN"),
        ("overscan.order=3", "overscan.order", 3),
        ("saturation=-6e4", "saturation", -6e4),
        ("saturation=nan", "saturation", math.nan),
        ("saturation=inf", "saturation", math.inf),
        ("saturation=-inf", "saturation", -math.inf),
        ("saturation=float('nan')", "saturation", math.nan),
        ("maskListToInterpolate=SAT,BAD", "maskListToInterpolate", ["SAT", "BAD"]),
        ("maskListToInterpolate=SAT, BAD,", "maskListToInterpolate", ["SAT", "BAD"]),
        ("maskListToInterpolate=['CR']", "maskListToInterpolate", ["CR"]),
        ("maskListToInterpolate=CR", "maskListToInterpolate", ["CR"]),
        ("maskListToInterpolate=", "maskListToInterpolate", []),
        ("crosstalk.crosstalkShape=2,2", "crosstalk.crosstalkShape", [2, 2]),
        ("crosstalk.crosstalkValues=0, 1e-4", "crosstalk.crosstalkValues", [0.0, 1e-4]),
        ("crosstalk.crosstalkBackgroundMethod=None", "crosstalk.crosstalkBackgroundMethod", "None"),
        ("fallbackFilterName=r.MP9601", "fallbackFilterName", "r.MP9601"),
        ("fallbackFilterName=a=b", "fallbackFilterName", "a=b"),
        ("fallbackFilterName=None", "fallbackFilterName", None),
        ("ampOffset.background.algorithm=NONE", "ampOffset.background.algorithm", "NONE"),
        ("ampOffset.background.algorithm=None", "ampOffset.background.algorithm", None),
        ("datasetType=5", "datasetType", "5"),
        ("datasetType=True", "datasetType", "True"),
        ("fluxMag0T1={'r': 1}", "fluxMag0T1", {"r": 1.0}),
        ("fluxMag0T1['Unknown']=2", "fluxMag0T1", {"Unknown": 2.0}),
    ],
)
def test_command_line(text: str, path: str, value: Any) -> None:
    config = CfhtIsrTaskConfig()
    apply_overrides(config, [text])
    assert [get_field(config, path)] == [value]
    assert path == parse_assignment(text).path


@pytest.mark.parametrize("text", ["", "doBias", "=True", "1=2", "a b=3", "doBias()=3", "a[b]=3", "a[", "\0=1"])
def test_command_line_form(text: str) -> None:
    with pytest.raises(OverrideError, match="command line: expected FIELD=VALUE"):
        parse_assignment(text)


@pytest.mark.parametrize(
    "text",
    [
        "doBias=true",
        "doBias=",
        "doBias[1]=True",
        "overscan.order=1.5",
        "overscan.order=many",
        "saturation=high",
        "datasetType=None",
        "maskListToInterpolate=None",
        "crosstalk.crosstalkShape=2,x",
        "fluxMag0T1=r",
        "fluxMag0T1['r']=x",
        "nope=1",
    ],
)
def test_command_line_values(text: str) -> None:
    config = CfhtIsrTaskConfig()
    with pytest.raises(OverrideError, match="command line: "):
        apply_overrides(config, ["doWrite=False", text])
    assert config.doWrite is True
