"""The toolbar: frame and CCD, run, picture, panels, palette."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QSizePolicy, QToolBar, QWidget

from isrviewer.actions.menus import ActionSet
from isrviewer.actions.table import BY_ID
from isrviewer.session import Session

__all__ = ["ToolBar"]


class ToolBar(QToolBar):
    """One row of what is used all the time.

    Signals
    -------
    detector_chosen(int)
        The user chose a CCD.
    """

    detector_chosen = Signal(int)

    def __init__(self, actions: ActionSet, parent: QWidget | None = None) -> None:
        super().__init__("Tools", parent)
        self.setObjectName("toolbar")
        self.setMovable(False)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        actions.add_to(self, "file.open", True)
        actions.add_to(self, "run.previous_ccd", False)
        self.detectors = QComboBox()
        self.detectors.setToolTip("CCD of the open frame")
        self.detectors.setMinimumWidth(88)
        self.detectors.setEnabled(False)
        self.detectors.activated.connect(lambda index: self.detector_chosen.emit(self.detectors.itemData(index)))
        self.addWidget(self.detectors)
        actions.add_to(self, "run.next_ccd", False)
        self.addSeparator()
        for action_id in ("run.to_end", "run.step", "run.stop"):
            actions.add_to(self, action_id, True)
        self.addSeparator()
        self._families = {
            "picture.limits": actions.button(
                ("picture.limits", "picture.percentile"), "Limits: which values get the ends of the colour map"
            ),
            "picture.stretch": actions.button(("picture.stretch",), "Stretch between the limits"),
            "picture.colormap": actions.button(("picture.colormap",), "Colour map"),
            "view.link": actions.button(("view.link",), "How panels move together"),
            "view.panels": actions.button(("view.panels",), "Number of image panels"),
        }
        for handler, button in self._families.items():
            self.addWidget(button)
            if handler == "picture.colormap":
                self.addSeparator()
        self.addSeparator()
        for action_id in ("edit.undo", "edit.redo"):
            actions.add_to(self, action_id, False)
        spacer = QWidget()
        spacer.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.addWidget(spacer)
        actions.add_to(self, "tools.palette", True)

    def show_detectors(self, detectors: tuple[tuple[int, str], ...], current: int) -> None:
        """Offer the CCDs of a frame."""
        if [self.detectors.itemData(n) for n in range(self.detectors.count())] != [number for number, _ in detectors]:
            self.detectors.clear()
            for number, name in detectors:
                self.detectors.addItem(name.replace("ccd", "CCD "), number)
        self.detectors.setEnabled(True)
        self.detectors.setCurrentIndex(self.detectors.findData(current))

    def show_session(self, session: Session) -> None:
        """Say on each button what is chosen."""
        panel, limits = session.panel, session.panel.limits
        chosen = {
            "picture.limits": f"{limits.percent:g} %" if limits.mode == "percentile" else limits.mode,
            "picture.stretch": panel.picture.stretch.name,
            "picture.colormap": panel.colours.name,
            "view.link": session.link,
            "view.panels": len(session.panels),
        }
        for handler, value in chosen.items():
            action = BY_ID.get(f"{handler}_{value}")
            text = action.text.rpartition(": ")[2] if action is not None else str(value)
            prefix = "link: " if handler == "view.link" else ""
            self._families[handler].setText(f"{prefix}{text} ")
