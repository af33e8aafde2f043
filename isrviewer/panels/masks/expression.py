"""The field for a combination of mask planes, with what is wrong with it right below."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QLineEdit, QWidget

from isrviewer.render.expression import parse_planes
from isrviewer.theme import GRID

__all__ = ["ExpressionField"]


class ExpressionField(QWidget):
    """A condition on mask planes, drawn like a plane of its own.

    Signals
    -------
    entered(str)
        An expression that can be read; empty for none.
    only_switched(bool)
        Whether nothing else is to be drawn.
    """

    entered = Signal(str)
    only_switched = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._planes: tuple[str, ...] = ()
        self.field = QLineEdit(placeholderText="combine planes: SAT & ~INTRP", clearButtonEnabled=True)
        self.field.setToolTip("~ not, & and, ^ either, | or, parentheses; Return draws the pixels that meet it")
        self.field.setAccessibleName("Combination of mask planes")
        self.field.returnPressed.connect(self._enter)
        self.field.textChanged.connect(self._edited)
        self.only = QCheckBox("only this")
        self.only.setToolTip("Draw nothing but the pixels of the combination")
        self.only.toggled.connect(self.only_switched)
        self.error = QLabel()
        self.error.setWordWrap(True)
        self.error.setStyleSheet("color: #D55E00")
        self.error.hide()
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(self.field, 0, 0)
        layout.addWidget(self.only, 0, 1)
        layout.addWidget(self.error, 1, 0, 1, 2)

    def set_planes(self, names: Iterable[str]) -> None:
        """The planes of the mask on screen."""
        self._planes = tuple(names)
        self._check()

    def show_state(self, expression: str, only: bool) -> None:
        """Show what is drawn."""
        if self.field.text().strip() != expression:
            self.field.setText(expression)
        self.only.setChecked(only)
        self.only.setEnabled(bool(expression))

    def problem(self) -> str:
        """What is wrong with the text; empty for nothing."""
        text = self.field.text().strip()
        if not text:
            return ""
        try:
            expression = parse_planes(text)
            if self._planes:
                expression.check(dict.fromkeys(self._planes, 0))
        except ValueError as error:
            return str(error)
        return ""

    def _check(self) -> None:
        problem = self.problem()
        self.error.setText(problem)
        self.error.setVisible(bool(problem))

    def _edited(self) -> None:
        self._check()
        if not self.field.text().strip():
            self.entered.emit("")

    def _enter(self) -> None:
        try:
            parse_planes(self.field.text())
        except ValueError:
            # Nothing to read: an empty field means none, all else is shown below the field already.
            return
        self.entered.emit(self.field.text().strip())
