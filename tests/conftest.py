"""Settings for all tests: Qt draws off screen unless the caller says otherwise, and no test depends on timing."""

from __future__ import annotations

import os

from hypothesis import settings

from tests.golden.summary import pytest_runtest_logreport, pytest_terminal_summary

__all__ = ["pytest_runtest_logreport", "pytest_terminal_summary"]

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

settings.register_profile("any", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("any")
