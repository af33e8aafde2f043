"""The quiet look: Fusion in the system's light or dark scheme, one accent colour, a 4 px grid, digits of one width."""

from __future__ import annotations

from PySide6.QtCore import QDir, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from isrcore.resource_files import resource

__all__ = ["ACCENT", "GRID", "SCHEMES", "apply_theme", "is_dark", "number_font", "soft"]

ACCENT = QColor("#3D8BD4")
"""Focus, selection and everything that says "here"; readable on light and dark."""

SCHEMES = {
    "system": Qt.ColorScheme.Unknown,
    "light": Qt.ColorScheme.Light,
    "dark": Qt.ColorScheme.Dark,
}
"""Colour schemes by the name that the settings keep."""

GRID = 4
"""Every margin and gap is a multiple of this, in logical pixels."""

_SHEET = f"""
QToolTip {{ padding: {GRID}px; }}
QDockWidget::title {{ padding: {GRID}px; text-align: left; }}
QToolBar {{ spacing: {GRID}px; padding: {GRID // 2}px {GRID}px; border: 0; }}
QMainWindow::separator {{ width: {GRID}px; height: {GRID}px; }}
QStatusBar::item {{ border: 0; }}
QMainWindow > QTabBar {{ qproperty-elideMode: ElideNone; }}
QCheckBox {{ spacing: {GRID}px; padding-right: {GRID}px; }}
QCheckBox::indicator, QTreeView::indicator {{ width: 12px; height: 12px; border-radius: 2px; }}
QCheckBox::indicator:unchecked, QTreeView::indicator:unchecked {{ border: 1px solid #808080; }}
QCheckBox::indicator:checked, QTreeView::indicator:checked {{
    border: 1px solid {ACCENT.name()}; background: {ACCENT.name()}; image: url(isrviewer:check.svg);
}}
QCheckBox::indicator:checked:disabled, QTreeView::indicator:checked:disabled {{
    border: 1px solid #808080; background: #808080;
}}
"""


def apply_theme(application: QApplication, scheme: str = "system") -> None:
    """Set style, accent and style sheet.

    Parameters
    ----------
    application : `QApplication`
    scheme : str
        One of `SCHEMES`.
    """
    application.setStyle("Fusion")
    application.styleHints().setColorScheme(SCHEMES[scheme])
    application.setPalette(QPalette() if scheme == "system" else _palette(scheme == "dark"))
    palette = application.palette()
    for group in (QPalette.ColorGroup.Active, QPalette.ColorGroup.Inactive):
        palette.setColor(group, QPalette.ColorRole.Highlight, ACCENT)
        palette.setColor(group, QPalette.ColorRole.HighlightedText, QColor("white"))
        palette.setColor(group, QPalette.ColorRole.Accent, ACCENT)
    application.setPalette(palette)
    # A style sheet finds pictures through this, whatever letters the path of the installed package has.
    QDir.setSearchPaths("isrviewer", [str(resource("icons"))])
    application.setStyleSheet(_SHEET)


def _palette(dark: bool) -> QPalette:
    """Fusion's own colours of a scheme, for platforms that do not know schemes."""
    ground, base, text, button = "#EFEFEF", "#FFFFFF", "#000000", "#EFEFEF"
    if dark:
        ground, base, text, button = "#2D2D30", "#1F1F22", "#E6E6E6", "#3A3A3E"
    palette = QPalette(QColor(button), QColor(ground))
    for role, colour in (
        (QPalette.ColorRole.Base, base),
        (QPalette.ColorRole.AlternateBase, ground),
        (QPalette.ColorRole.ToolTipBase, base),
        (QPalette.ColorRole.ToolTipText, text),
        (QPalette.ColorRole.Text, text),
        (QPalette.ColorRole.WindowText, text),
        (QPalette.ColorRole.ButtonText, text),
        (QPalette.ColorRole.Link, ACCENT.name()),
    ):
        palette.setColor(role, QColor(colour))
    soft_text = QColor(text)
    soft_text.setAlpha(128)
    palette.setColor(QPalette.ColorRole.PlaceholderText, soft_text)
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.WindowText, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor("#808080"))
    return palette


def is_dark() -> bool:
    """Whether the present palette is dark."""
    palette = QGuiApplication.palette()
    return (
        palette.color(QPalette.ColorRole.Window).lightness() < palette.color(QPalette.ColorRole.WindowText).lightness()
    )


def number_font(smaller: float = 0.0) -> QFont:
    """The system's fixed font in the size of the interface, for numbers that must line up.

    Parameters
    ----------
    smaller : float
        Points to take off.
    """
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setPointSizeF(QGuiApplication.font().pointSizeF() - smaller)
    return font


def soft(palette: QPalette, strength: float = 0.6) -> QColor:
    """The text colour moved towards the background, for what matters less."""
    text, ground = palette.color(QPalette.ColorRole.Text), palette.color(QPalette.ColorRole.Base)

    def mix(a: int, b: int) -> int:
        return round(strength * a + (1 - strength) * b)

    return QColor(mix(text.red(), ground.red()), mix(text.green(), ground.green()), mix(text.blue(), ground.blue()))
