"""The documented API: every name, argument and default of the contract exists in ours."""

from __future__ import annotations

import inspect
import re

import pytest

from isrcore.cfht import CfhtIsrTask
from tests.shared_data import shared_path

SIGNATURE = re.compile(r"^(classmethod )?([a-zA-Z]\w*)\((.*)\)$")


def documented() -> dict[str, tuple[bool, list[str]]]:
    """Method name -> (is a class method, arguments as written) from the section of full signatures."""
    text = shared_path("reference", "cfht_isr_task_api.txt").read_text()
    details = text.split("Methods Documentation", 1)[1]
    found = {}
    for line in details.splitlines():
        match = SIGNATURE.match(line.strip())
        if match and hasattr(CfhtIsrTask, match[2]):
            found[match[2]] = (bool(match[1]), [a.strip() for a in match[3].split(",") if a.strip()])
    return found


def names_in_summary() -> list[str]:
    text = shared_path("reference", "cfht_isr_task_api.txt").read_text()
    summary = text.split("Methods Summary", 1)[1].split("Attributes Documentation", 1)[0]
    return re.findall(r"^(\w+)\(", summary, re.MULTILINE)


def test_every_documented_name_exists() -> None:
    names = names_in_summary()
    assert len(names) >= 40
    missing = [name for name in names if not callable(getattr(CfhtIsrTask, name, None))]
    assert not missing
    assert CfhtIsrTask.canMultiprocess is True
    assert CfhtIsrTask().canMultiprocess is True


def test_every_documented_argument_and_default() -> None:
    methods = documented()
    assert set(methods) >= set(names_in_summary())
    problems = []
    for name, (is_class_method, arguments) in methods.items():
        ours = getattr(CfhtIsrTask, name)
        if is_class_method != inspect.ismethod(ours):
            problems.append(f"{name} should {'' if is_class_method else 'not '}be a class method")
        parameters = inspect.signature(ours).parameters
        for argument in arguments:
            wanted, _, default = argument.partition("=")
            wanted = wanted.lstrip("*")
            if wanted not in parameters:
                problems.append(f"{name} lacks argument {wanted}")
            elif default and repr(parameters[wanted].default) != default.replace('"', "'"):
                problems.append(f"{name}({wanted}) has default {parameters[wanted].default!r}, documented {default}")
            elif not default and "*" not in argument and parameters[wanted].default is not inspect.Parameter.empty:
                problems.append(f"{name}({wanted}) has a default, documented without")
        order = [p for p in parameters if p != "self"]
        wanted_order = [argument.partition("=")[0].lstrip("*") for argument in arguments]
        if order[: len(wanted_order)] != wanted_order:
            problems.append(f"{name} has arguments {order}, documented {wanted_order}")
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("name", sorted(n for n in dir(CfhtIsrTask) if not n.startswith("_")))
def test_public_names_have_docstrings(name: str) -> None:
    value = inspect.getattr_static(CfhtIsrTask, name)
    if inspect.isfunction(value) or isinstance(value, classmethod):
        assert inspect.getdoc(getattr(CfhtIsrTask, name))
