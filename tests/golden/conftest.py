"""Print one line that says how many golden cases agree."""

from __future__ import annotations

import pytest

_outcomes: dict[str, bool] = {}


def _golden_file(nodeid: str) -> str | None:
    """Name of the golden file that a test judges: the case, or the topic of a unit file."""
    if "[" not in nodeid:
        return None
    label = nodeid.split("[", 1)[1].rstrip("]")
    if "test_cases.py" in nodeid:
        return label
    if "test_units_" in nodeid:
        return "unit_" + label.removeprefix("unit_").split("-")[0].split("/")[0]
    return None


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    name = _golden_file(report.nodeid)
    if name is not None and (report.when == "call" or report.outcome == "failed"):
        _outcomes[name] = _outcomes.get(name, True) and report.outcome == "passed"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _outcomes:
        terminalreporter.write_line(f"golden: {sum(_outcomes.values())} of {len(_outcomes)} cases agree")
