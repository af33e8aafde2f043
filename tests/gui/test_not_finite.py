"""Pixels that a calibration makes NaN or infinite: counted at the step, drawn and counted beside the mask planes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from isrviewer.panels.step_model import STEP
from isrviewer.render.plane_colours import PlaneStyle
from isrviewer.render.planes import NOT_FINITE
from isrviewer.session import Session
from isrviewer.shell.window import Window
from tests.gui.conftest import settle
from tests.gui.small_engine import FLAT, SmallTask, small_exposure
from tests.gui.test_masks_panel import click_row, drawn, row
from tests.gui.test_window import click_step

COLOUR = "#123456"


def _flat_with_zeros(task: Any, state: Any) -> None:
    """Zero over six pixels, the lower half of which hold a zero themselves; one NaN."""
    flat = np.ones(state.exposure.image.shape, np.float32)
    flat[30:33, 4:6] = 0
    flat[50, 30] = np.nan
    with np.errstate(all="ignore"):
        state.exposure.image[:] /= flat


@pytest.fixture
def flawed(opened: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Window:
    """A window that shows the result of the flat, and the list of masks."""
    step = replace(FLAT, run=_flat_with_zeros)
    monkeypatch.setattr(SmallTask, "chain", tuple(step if one is FLAT else one for one in SmallTask.chain))
    opened.docks.raise_dock("masks")
    opened.commands.run.toggle_field("doFlat")
    settle(opened, qtbot)
    click_step(opened, qtbot, "doFlat")
    settle(opened, qtbot)
    qtbot.waitUntil(lambda: row(opened, NOT_FINITE) is not None)
    return opened


def line(window: Window, name: str) -> Any:
    return window.steps.lines.index_of(name).data(STEP)


def overlay(window: Window) -> frozenset[tuple[int, int]]:
    """Pixels (row, column) of the plane in what is on screen."""
    planes = window.grid.focused.planes
    assert planes is not None
    assert planes.mask is not None
    bit = planes.plane_bits.get(NOT_FINITE)
    return frozenset() if bit is None else frozenset(map(tuple, np.argwhere(planes.mask >> bit & 1).tolist()))


def test_a_flat_of_zeros(flawed: Window, qtbot: QtBot) -> None:
    assert "not finite +7" in line(flawed, "doFlat").below
    assert "7 pixels became NaN or infinite" in line(flawed, "doFlat").tip
    assert row(flawed, NOT_FINITE).text(1) == "7"
    expected = frozenset({(y, x) for y in (30, 31, 32) for x in (4, 5)} | {(50, 30)})
    qtbot.waitUntil(lambda: overlay(flawed) == expected)
    assert flawed.grid.focused.exposure is not None
    assert NOT_FINITE not in flawed.grid.focused.exposure.mask.planes, "the mask itself stays the reference's"


def test_it_is_drawn_and_hidden_like_a_plane(flawed: Window, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: bool(overlay(flawed)))

    def dress(session: Session, **changes: Any) -> Session:
        style = session.overlay.with_plane(NOT_FINITE, PlaneStyle(COLOUR, **changes))
        return replace(session, overlay=replace(style, opacity=1.0))

    flawed.model.change(dress(flawed.model.session))
    qtbot.waitUntil(lambda: drawn(flawed, COLOUR) > 0)
    item = row(flawed, NOT_FINITE)
    assert item is not None
    item.setCheckState(0, Qt.CheckState.Unchecked)
    qtbot.waitUntil(lambda: drawn(flawed, COLOUR) == 0)


def test_its_regions_are_listed(flawed: Window, qtbot: QtBot) -> None:
    click_row(flawed, qtbot, NOT_FINITE)
    qtbot.waitUntil(lambda: flawed.masks.regions.model.rowCount() == 2)


def test_before_the_flat_there_is_none(flawed: Window, qtbot: QtBot) -> None:
    """The row goes when another step is looked at, although that has the same mask."""
    click_step(flawed, qtbot, "doDefect")
    qtbot.waitUntil(lambda: row(flawed, NOT_FINITE) is None and row(flawed, "BAD") is not None)
    assert not overlay(flawed)
    assert np.isfinite(small_exposure(0).image).all()
