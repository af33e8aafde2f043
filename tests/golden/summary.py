"""Print one line that says how many golden cases agree.

With several processes only the first one prints, and it loads no `conftest.py` of a folder whose tests run in the
others: so these hooks hang in that of all tests.
"""

from __future__ import annotations

import pytest

__all__ = ["pytest_runtest_logreport", "pytest_terminal_summary"]

_outcomes: dict[str, bool] = {}

_UNIT_TESTS = {
    "test_widen": "widen",
    "test_interpolate_rows": "interp_rows",
    "test_photometric_zero_point": "photocalib",
}
"""Tests of unit files whose parameters do not begin with the topic."""


def _golden_file(nodeid: str) -> str | None:
    """Name of the golden file that a test judges: the case, or the topic of a unit file."""
    if not nodeid.startswith("tests/golden/") or "[" not in nodeid:
        return None
    test, label = nodeid.rstrip("]").split("[", 1)
    if "test_cases.py" in nodeid:
        return label
    topic, slash, _ = label.partition("/")
    return f"unit_{topic}" if slash else f"unit_{_UNIT_TESTS[test.split('::')[-1]]}"


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    name = _golden_file(report.nodeid)
    if name is not None and (report.when == "call" or report.outcome == "failed"):
        _outcomes[name] = _outcomes.get(name, True) and report.outcome == "passed"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _outcomes:
        terminalreporter.write_line(f"golden: {sum(_outcomes.values())} of {len(_outcomes)} cases agree")
