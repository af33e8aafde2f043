"""The row below the config editor: files, presets, the clipboard, named states."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QToolButton, QWidget

from isrviewer.plots.controls import tool_button
from isrviewer.session import SessionModel

__all__ = ["ConfigTools"]


class ConfigTools(QWidget):
    """Buttons and drop-down lists that concern the whole config.

    Signals
    -------
    asked(str)
        Id of an action.
    preset_chosen(str), state_chosen(str), state_forgotten(str)
        Name of a preset, of a named state.
    """

    asked = Signal(str)
    preset_chosen = Signal(str)
    state_chosen = Signal(str)
    state_forgotten = Signal(str)

    def __init__(self, model: SessionModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.presets = _menu_button("Presets", "Starting points that come with the program", self._fill_presets)
        self.states = _menu_button("States", "Parameters kept under a name, to return to", self._fill_states)
        self.files = _menu_button("File", "Override files and the clipboard", self._fill_files)
        self.reset = QPushButton("Reset all")
        self.reset.setToolTip("Return every field to what the task and CFHT set")
        self.reset.clicked.connect(lambda: self.asked.emit("edit.reset_config"))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for button in (self.files, self.presets, self.states):
            layout.addWidget(button)
        layout.addStretch(1)
        layout.addWidget(self.reset)

    def _fill_files(self, menu: QMenu) -> None:
        for action_id, text in (
            ("file.load_config", "Load override file…"),
            ("file.save_config", "Save override file…"),
            ("edit.copy_overrides", "Copy as override file"),
            ("edit.copy_command_line", "Copy as command line"),
        ):
            menu.addAction(text, partial(self.asked.emit, action_id))

    def _fill_presets(self, menu: QMenu) -> None:
        from isrcore.config.presets import list_presets

        for preset in list_presets():
            action = menu.addAction(preset.name.replace("_", " "), partial(self.preset_chosen.emit, preset.name))
            action.setToolTip(preset.description)

    def _fill_states(self, menu: QMenu) -> None:
        menu.addAction("Remember these parameters…", lambda: self.asked.emit("edit.remember"))
        session = self._model.session
        if not session.named:
            return
        menu.addSeparator()
        for state in session.named:
            action = menu.addAction(state.name, partial(self.state_chosen.emit, state.name))
            action.setCheckable(True)
            action.setChecked((state.config, state.calibs) == (session.config, session.calibs))
            action.setToolTip(f"Return to “{state.name}”")
        menu.addSeparator()
        forget = menu.addMenu("Forget")
        for state in session.named:
            forget.addAction(state.name, partial(self.state_forgotten.emit, state.name))


def _menu_button(text: str, tip: str, fill: Callable[[QMenu], None]) -> QToolButton:
    """A button with a menu that is made anew each time it opens."""
    button = tool_button(f"{text} ", tip)
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    menu = QMenu(button)
    menu.setToolTipsVisible(True)
    menu.aboutToShow.connect(menu.clear)
    menu.aboutToShow.connect(lambda: fill(menu))
    button.setMenu(menu)
    return button
