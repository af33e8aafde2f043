"""The quiet look: Fusion in the system's light or dark scheme, one accent colour, a 4 px grid, digits of one width."""

from __future__ import annotations

from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

__all__ = ["ACCENT", "GRID", "apply_theme", "is_dark", "number_font", "soft"]

ACCENT = QColor("#3D8BD4")
"""Focus, selection and everything that says "here"; readable on light and dark."""

GRID = 4
"""Every margin and gap is a multiple of this, in logical pixels."""

_SHEET = f"""
QToolTip {{ padding: {GRID}px; }}
QDockWidget::title {{ padding: {GRID}px; text-align: left; }}
QToolBar {{ spacing: {GRID}px; padding: {GRID // 2}px {GRID}px; border: 0; }}
QMainWindow::separator {{ width: {GRID}px; height: {GRID}px; }}
QStatusBar::item {{ border: 0; }}
"""


def apply_theme(application: QApplication) -> None:
    """Set style, accent and style sheet once, before the first widget."""
    application.setStyle("Fusion")
    palette = application.palette()
    for group in (QPalette.ColorGroup.Active, QPalette.ColorGroup.Inactive):
        palette.setColor(group, QPalette.ColorRole.Highlight, ACCENT)
        palette.setColor(group, QPalette.ColorRole.HighlightedText, QColor("white"))
        palette.setColor(group, QPalette.ColorRole.Accent, ACCENT)
    application.setPalette(palette)
    application.setStyleSheet(_SHEET)


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
