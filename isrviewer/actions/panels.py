"""THE table of panels: docks, the actions that show them and the window are made from it. A new panel is one row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from isrviewer.desk import Models
from isrviewer.panels.bookmarks import BookmarksPanel
from isrviewer.panels.defects.comparison import MapComparePanel
from isrviewer.panels.defects.focal_plane import FocalPlanePanel
from isrviewer.panels.defects.queue import AuditQueuePanel
from isrviewer.panels.defects.table import DefectTablePanel
from isrviewer.panels.defects.thresholds import ThresholdsPanel
from isrviewer.panels.header import HeaderPanel
from isrviewer.panels.help import HelpPanel
from isrviewer.panels.history import HistoryPanel
from isrviewer.panels.image.overview import OverviewPanel
from isrviewer.panels.keys import KeySheet
from isrviewer.panels.log import ErrorsPanel, LogPanel
from isrviewer.panels.manual import ManualPanel
from isrviewer.panels.masks.masks import MasksPanel
from isrviewer.panels.numbers.amplifiers import AmplifiersPanel
from isrviewer.panels.numbers.box_statistics import StatisticsPanel
from isrviewer.panels.numbers.cuts import CutsPanel
from isrviewer.panels.numbers.histograms import HistogramsPanel
from isrviewer.panels.numbers.overscan_view import OverscanView
from isrviewer.panels.numbers.surface import SurfacePanel
from isrviewer.panels.numbers.time_machine import TimeMachine
from isrviewer.panels.parameters.calibs import CalibsPanel
from isrviewer.panels.parameters.compare import ComparePanel
from isrviewer.panels.parameters.editor import ConfigPanel
from isrviewer.panels.steps import StepsPanel
from isrviewer.session.undo import Scope

__all__ = ["PANELS", "PanelRow", "Panels"]

_LEFT = Qt.DockWidgetArea.LeftDockWidgetArea
_RIGHT = Qt.DockWidgetArea.RightDockWidgetArea
_BOTTOM = Qt.DockWidgetArea.BottomDockWidgetArea

P = TypeVar("P", bound=QWidget)


@dataclass(frozen=True)
class PanelRow:
    """One panel around the pictures.

    Attributes
    ----------
    name : str
        Layouts in the user's settings know the dock by it.
    title : str
        On its tab.
    area : `Qt.DockWidgetArea`
        Where a first start puts it: behind the others there, in the order of the table.
    make : callable
        Makes the panel from the models.
    tip : str
        What it shows: the tooltip of the action that brings it to the front. Without one another action does that.
    keys : str
        Default shortcut of that action.
    height : int
        What plots and long lists need at least, in logical pixels; the dock grows when it comes to the front.
    is_shown : bool
        Whether a first start shows it.
    is_below : bool
        It lies below the first dock of its area instead of behind it.
    undoes : `Scope`
        What undo is about while the panel has the focus.
    """

    name: str
    title: str
    area: Qt.DockWidgetArea
    make: Callable[[Models], QWidget]
    tip: str = ""
    keys: str = ""
    height: int = 0
    is_shown: bool = False
    is_below: bool = False
    undoes: Scope = Scope.SESSION


PANELS: tuple[PanelRow, ...] = (
    PanelRow("steps", "Steps", _LEFT, lambda m: StepsPanel(m.model), is_shown=True),
    PanelRow(
        "overview",
        "Overview",
        _LEFT,
        lambda m: OverviewPanel(),
        "Show the panner and the magnifier",
        "Alt+O",
        is_shown=True,
        is_below=True,
    ),
    PanelRow("config", "Config", _RIGHT, lambda m: ConfigPanel(m.model), is_shown=True),
    PanelRow("masks", "Masks", _RIGHT, lambda m: MasksPanel(m.model), "Show the list of mask planes", is_shown=True),
    PanelRow(
        "pixel",
        "Pixel",
        _RIGHT,
        lambda m: TimeMachine(m.model, m.runs),
        "The history of a pixel through all steps",
        "Alt+4",
        is_shown=True,
    ),
    PanelRow("calibs", "Calibrations", _RIGHT, lambda m: CalibsPanel(m.model), is_shown=True),
    PanelRow("compare", "A/B", _RIGHT, lambda m: ComparePanel(m.model), is_shown=True),
    PanelRow(
        "bookmarks",
        "Bookmarks",
        _RIGHT,
        lambda m: BookmarksPanel(m.model),
        "List the bookmarks: go there, rename, delete",
        "Ctrl+Shift+B",
    ),
    PanelRow(
        "history",
        "History",
        _RIGHT,
        lambda m: HistoryPanel(m.histories),
        "All changes of session and map in order: go back to any of them, and forward again",
        "Ctrl+Alt+Z",
        undoes=Scope.BOTH,
    ),
    PanelRow("help", "Help", _RIGHT, lambda m: HelpPanel()),
    PanelRow("manual", "Manual", _RIGHT, lambda m: ManualPanel()),
    PanelRow("log", "Log", _BOTTOM, lambda m: LogPanel(), "Show the log", "Alt+2"),
    PanelRow("errors", "Errors", _BOTTOM, lambda m: ErrorsPanel()),
    PanelRow(
        "header", "Header", _BOTTOM, lambda m: HeaderPanel(), "Show the FITS headers of the frame", "Alt+3", height=280
    ),
    PanelRow("keys", "Keys", _BOTTOM, lambda m: KeySheet(), height=400),
    PanelRow(
        "statistics",
        "Statistics",
        _BOTTOM,
        lambda m: StatisticsPanel(m.model, m.runs),
        "Statistics of a box at several steps; draw one with Shift and drag",
        "Alt+5",
    ),
    PanelRow(
        "cuts",
        "Cuts",
        _BOTTOM,
        lambda m: CutsPanel(m.model, m.runs),
        "Row, column or line (Ctrl and drag) at several steps",
        "Alt+6",
        height=240,
    ),
    PanelRow(
        "overscan",
        "Overscan",
        _BOTTOM,
        lambda m: OverscanView(m.model, m.runs),
        "The overscan of an amplifier: strip, rows, fit, residual",
        "Alt+7",
        height=400,
    ),
    PanelRow(
        "amplifiers",
        "Amplifiers",
        _BOTTOM,
        lambda m: AmplifiersPanel(m.model, m.runs),
        "Level, noise, gain and flags of every amplifier",
        "Alt+8",
    ),
    PanelRow(
        "histograms",
        "Histograms",
        _BOTTOM,
        lambda m: HistogramsPanel(m.model, m.runs),
        "Histogram of every amplifier",
        "Alt+9",
        height=240,
    ),
    PanelRow(
        "surface",
        "Surface",
        _BOTTOM,
        lambda m: SurfacePanel(m.model, m.runs),
        "Surface of a box",
        "Alt+0",
        height=300,
    ),
    PanelRow(
        "audit",
        "Audit",
        _BOTTOM,
        lambda m: AuditQueuePanel(m.audits, m.model, m.runs),
        "The queue of the audit: one defect in all frames",
        "Ctrl+Alt+1",
        height=300,
        undoes=Scope.MAP,
    ),
    PanelRow(
        "defects",
        "Defects",
        _RIGHT,
        lambda m: DefectTablePanel(m.audits),
        "Table of the defects of the map",
        "Ctrl+Alt+2",
        undoes=Scope.MAP,
    ),
    PanelRow(
        "maps",
        "Maps",
        _BOTTOM,
        lambda m: MapComparePanel(m.audits, m.comparing),
        "What another map has and has not",
        "Ctrl+Alt+3",
        undoes=Scope.MAP,
    ),
    PanelRow(
        "focal_plane",
        "Focal plane",
        _BOTTOM,
        lambda m: FocalPlanePanel(m.focal_plane),
        "Bad pixels of all CCDs",
        "Ctrl+Alt+4",
    ),
    PanelRow(
        "thresholds",
        "Thresholds",
        _RIGHT,
        lambda m: ThresholdsPanel(m.model),
        "What counts as a defect when the frames are searched",
        "Ctrl+Alt+5",
    ),
)
"""In the order of the tabs."""


class Panels:
    """The panels of one window.

    Parameters
    ----------
    models : `Models`

    Attributes
    ----------
    by_name : mapping of str to `QWidget`
        By the names of the table.
    """

    def __init__(self, models: Models) -> None:
        self.by_name: Mapping[str, QWidget] = {row.name: row.make(models) for row in PANELS}

    def __getitem__(self, kind: type[P]) -> P:
        """The panel of a class."""
        return next(iter(self.all(kind).values()))

    def all(self, kind: type[P]) -> dict[str, P]:
        """The panels of a class and of those derived from it, by name."""
        return {name: panel for name, panel in self.by_name.items() if isinstance(panel, kind)}
