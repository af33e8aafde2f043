"""Menus, toolbar and shortcuts, made from the table of actions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QIcon, QKeySequence, QPixmap
from PySide6.QtWidgets import QMainWindow, QMenu, QToolBar, QToolButton, QWidget

from isrviewer.actions.table import ACTIONS, BY_ID, MENUS, keys_of

__all__ = ["ActionSet"]

_ICON = 16


class ActionSet:
    """The table as Qt actions.

    Parameters
    ----------
    handler : callable
        Gives the function that does the work of an action, by ``group.method``.
    shortcuts : mapping
        The user's changes: action id -> keys.
    """

    def __init__(
        self, window: QMainWindow, handler: Callable[[str], Callable[..., None]], shortcuts: Mapping[str, str]
    ) -> None:
        self.by_id: dict[str, QAction] = {}
        blank = QPixmap(_ICON, _ICON)
        blank.fill(Qt.GlobalColor.transparent)
        for action in ACTIONS:
            qt_action = QAction(action.text, window)
            if action.icon:
                # Keeps the place of the icon, so that nothing moves when it is drawn.
                qt_action.setIcon(QIcon(blank))
            qt_action.setObjectName(action.id)
            qt_action.setCheckable(action.checkable)
            qt_action.triggered.connect(_call(handler(action.handler or action.id), action.argument))
            self.by_id[action.id] = qt_action
            self.set_keys(action.id, keys_of(action, shortcuts))

    def connect_ticks(self, follow: Callable[[], None]) -> None:
        """Call `follow` after every action with a tick: Qt turns it over, also where nothing changes or is refused."""
        for action in self.by_id.values():
            if action.isCheckable():
                action.triggered.connect(lambda *_: follow())

    def trigger(self, action_id: str) -> None:
        """Do an action as if its menu entry were chosen."""
        self.by_id[action_id].trigger()

    def set_keys(self, action_id: str, keys: list[str]) -> None:
        """Give an action other keys."""
        action = self.by_id[action_id]
        action.setShortcuts([QKeySequence(key) for key in keys])
        self._explain(action_id)

    def _explain(self, action_id: str, what: str = "") -> None:
        """Write text and tooltip, with what the action would do next."""
        action, entry = self.by_id[action_id], BY_ID[action_id]
        after = f": {what}" if what else ""
        shown = ", ".join(key.toString(QKeySequence.SequenceFormat.NativeText) for key in action.shortcuts())
        action.setText(entry.text + after.replace("&", "&&"))
        action.setToolTip(f"{entry.tip or entry.text}{after}" + (f" ({shown})" if shown else ""))

    def fill_menus(self, window: QMainWindow) -> dict[str, QMenu]:
        """Make the menu bar; families, and what belongs together, get a submenu."""
        menus = {}
        for name in MENUS:
            menu = menus[name] = window.menuBar().addMenu(f"&{name}")
            menu.setToolTipsVisible(True)
            submenus: dict[str, QMenu] = {}
            before = ""
            for action in (action for action in ACTIONS if action.menu == name and not action.in_image):
                group = action.id.partition(".")[0]
                if before and group != before:
                    menu.addSeparator()
                before, target = group, menu
                title = action.submenu
                if title:
                    if title not in submenus:
                        submenus[title] = menu.addMenu(title)
                    target = submenus[title]
                target.addAction(self.by_id[action.id])
        return menus

    def bind(self, window: QWidget, images: QWidget) -> None:
        """Let the keys work: most everywhere, some only while an image panel has the focus."""
        for action in ACTIONS:
            qt_action = self.by_id[action.id]
            if action.in_image:
                qt_action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
                images.addAction(qt_action)
            else:
                window.addAction(qt_action)

    def button(self, handlers: Sequence[str], tip: str) -> QToolButton:
        """A drop-down button for families of exclusive actions; its text is the choice made."""
        button = QToolButton()
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setToolTip(tip)
        menu = QMenu(button)
        for action in (action for action in ACTIONS if action.handler in handlers):
            menu.addAction(self.by_id[action.id])
        button.setMenu(menu)
        return button

    def add_to(self, bar: QToolBar, action_id: str, with_text: bool) -> None:
        """Put an action on the toolbar; its icon is drawn when the window is on screen already."""
        bar.addAction(self.by_id[action_id])
        button = bar.widgetForAction(self.by_id[action_id])
        if with_text and isinstance(button, QToolButton):
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)

    def draw_icons(self, colour: str) -> None:
        """Give the toolbar its icons. Loading their font takes a third of a second: not before the window shows."""
        import qtawesome

        for action in ACTIONS:
            if action.icon:
                self.by_id[action.id].setIcon(qtawesome.icon(action.icon, color=colour))

    def update(self, facts: frozenset[str], checked: frozenset[str], following: Mapping[str, str]) -> None:
        """Enable what can be done now, and tick what is on.

        Parameters
        ----------
        facts : frozenset of str
            Facts that hold; see `isrviewer.actions.table.Action.needs`.
        checked : frozenset of str
            Ids of the actions that are on.
        following : mapping of str to str
            What actions would do next, by their ids; see `isrviewer.actions.state.next_texts`.
        """
        for action in ACTIONS:
            qt_action = self.by_id[action.id]
            qt_action.setEnabled(not action.needs or action.needs in facts)
            if action.checkable:
                qt_action.setChecked(action.id in checked)
        for action_id, what in following.items():
            self._explain(action_id, what)

    def enabled(self) -> list[QAction]:
        """Actions that can be done now, in the order of the table."""
        return [self.by_id[action.id] for action in ACTIONS if self.by_id[action.id].isEnabled()]


def _call(method: Callable[..., None], argument: object) -> Callable[[], None]:
    return (lambda *_: method()) if argument is None else (lambda *_: method(argument))
