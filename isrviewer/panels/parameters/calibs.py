"""Which calibration is used for each kind, why it was chosen, and the way to choose another."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from isrviewer.plots.controls import empty, tool_button
from isrviewer.runner.messages import CalibInfo
from isrviewer.session import Session, SessionModel
from isrviewer.session.changes import pick_calib
from isrviewer.theme import GRID, number_font

__all__ = ["CalibsPanel"]


class _CalibRow(QWidget):
    """One kind: file name, reason, and three buttons."""

    def __init__(self, info: CalibInfo, picked: bool, panel: CalibsPanel) -> None:
        from superqt import QElidingLabel  # a third of a second, which the start of the window need not pay

        super().__init__()
        kind = QLabel(info.kind)
        kind.setMinimumWidth(72)
        name = QElidingLabel(Path(info.path).name or "none")
        name.setElideMode(Qt.TextElideMode.ElideMiddle)
        name.setToolTip(info.path or "No file is used")
        name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        why = QElidingLabel(info.why)
        why.setToolTip(info.why)
        why.setFont(number_font(1.5))
        why.setEnabled(False)
        why.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        choose = tool_button("… ", f"Choose another {info.kind} file")
        choose.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        choose.setMenu(self._candidates(info, panel))
        on = QCheckBox("on")
        on.setChecked(info.is_on)
        on.setToolTip(f"{info.switch}: run the step that needs the {info.kind}")
        on.setEnabled(bool(info.switch))
        on.clicked.connect(lambda: panel.switched.emit(info.switch))
        auto = tool_button("auto", "Let the calibration folder decide")
        auto.setEnabled(picked)
        auto.clicked.connect(lambda: panel.pick(info.kind, None))
        top = QHBoxLayout()
        for widget, stretch in ((kind, 0), (name, 1), (on, 0), (choose, 0), (auto, 0)):
            top.addWidget(widget, stretch)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(top)
        layout.addWidget(why)

    def _candidates(self, info: CalibInfo, panel: CalibsPanel) -> QMenu:
        """The files of the folder that would do, best first, and the way to any other."""
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        for path in info.candidates:
            action = menu.addAction(Path(path).name, partial(panel.pick, info.kind, path))
            action.setToolTip(path)
            action.setCheckable(True)
            action.setChecked(path == info.path)
        menu.addSeparator()
        menu.addAction("Another file…", lambda: panel.file_asked.emit(info.kind))
        return menu


class CalibsPanel(QWidget):
    """Calibrations of the open frame.

    Signals
    -------
    folder_asked()
        The user wants to choose the calibration folder.
    file_asked(str)
        The user wants to choose a file of this kind that is not in the folder.
    switched(str)
        The user switched a step on or off: its config field.
    """

    folder_asked = Signal()
    file_asked = Signal(str)
    switched = Signal(str)

    def __init__(self, model: SessionModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._infos: tuple[CalibInfo, ...] = ()
        self.folder = QLabel()
        self.folder.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        button = QPushButton("Folder…")
        button.setToolTip("Choose the folder to look for calibrations in")
        button.clicked.connect(self.folder_asked)
        top = QHBoxLayout()
        top.addWidget(self.folder, 1)
        top.addWidget(button)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(2 * GRID)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID, GRID, GRID, GRID)
        layout.setSpacing(2 * GRID)
        layout.addLayout(top)
        layout.addLayout(self._rows)
        layout.addStretch(1)
        self._show_folder(model.session)
        model.observe(self._session_changed)

    def show_calibs(self, infos: tuple[CalibInfo, ...]) -> None:
        """Show what the run uses."""
        if infos == self._infos and self._rows.count():
            return
        self._infos = infos
        empty(self._rows)
        picked = {pick.kind for pick in self._model.session.calibs}
        for info in infos:
            self._rows.addWidget(_CalibRow(info, info.kind in picked, self))

    def pick(self, kind: str, path: str | None) -> None:
        """Use a file; None leaves the choice to the folder."""
        text = f"{kind} from the folder" if path is None else f"{kind} {Path(path).name}"
        self._model.change(pick_calib(self._model.session, kind, path), text)

    def _show_folder(self, session: Session) -> None:
        self.folder.setText(session.calib_folder or "No calibration folder")
        self.folder.setToolTip(session.calib_folder)

    def _session_changed(self, old: Session, new: Session) -> None:
        if old.calib_folder != new.calib_folder:
            self._show_folder(new)
