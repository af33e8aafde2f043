"""One button to take numbers and pictures along: copy as text, ECSV, PNG, SVG."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Signal
from PySide6.QtGui import QGuiApplication, QImage, QImageWriter, QPainter
from PySide6.QtWidgets import QFileDialog, QGraphicsView, QMenu, QToolButton, QWidget

from isrcore import inspect as core_inspect
from isrcore.atomic import written_atomically
from isrviewer.theme import GRID

if TYPE_CHECKING:
    from astropy.table import Table

__all__ = ["ExportButton", "write_png", "write_svg"]

_SCALE = 2
"""Device pixels per widget pixel of a PNG: prints well and keeps thin lines."""


def write_png(widget: QWidget, path: Path, caption: str = "") -> None:
    """Write the widget as a PNG picture of twice its size; `OSError` when the file cannot be written.

    Parameters
    ----------
    widget : `QWidget`
    path : `pathlib.Path`
    caption : str
        One line below the picture, such as whose numbers it shows.
    """
    image = QImage(_size(widget, caption) * _SCALE, QImage.Format.Format_ARGB32)
    image.setDevicePixelRatio(_SCALE)
    image.fill(widget.palette().base().color())
    with QPainter(image) as painter:
        _render(widget, painter, caption)
    with written_atomically(path) as temporary:
        if not QImageWriter(str(temporary), b"PNG").write(image):
            raise OSError(f"{path} could not be written as PNG: check that the folder exists and can be written")


def write_svg(widget: QWidget, path: Path, caption: str = "") -> None:
    """Write the widget as lines and text, with a caption as in `write_png`."""
    from PySide6.QtSvg import QSvgGenerator

    generator = QSvgGenerator()
    size = _size(widget, caption)
    generator.setSize(size)
    generator.setViewBox(QRect(QPoint(), size))
    # Recorded drawings, such as the axes, are scaled by the ratio of the resolutions.
    generator.setResolution(widget.logicalDpiX())
    with written_atomically(path) as temporary:
        generator.setFileName(str(temporary))
        with QPainter(generator) as painter:
            if not painter.isActive():
                raise OSError(f"{path} could not be written as SVG: check that the folder exists and can be written")
            painter.fillRect(QRect(QPoint(), size), widget.palette().base())
            _render(widget, painter, caption)


def _size(widget: QWidget, caption: str) -> QSize:
    return widget.size() + QSize(0, widget.fontMetrics().height() + GRID if caption else 0)


def _render(widget: QWidget, painter: QPainter, caption: str) -> None:
    if caption:
        painter.setPen(widget.palette().text().color())
        painter.setFont(widget.font())
        painter.drawText(GRID, widget.height() + widget.fontMetrics().ascent(), caption)
    if isinstance(widget, QGraphicsView):
        widget.render(painter, QRectF(widget.rect()), widget.rect())
    else:
        widget.render(painter, widget.rect().topLeft())


class ExportButton(QToolButton):
    """Menu with what the panel can give away.

    Parameters
    ----------
    name : str
        Beginning of the proposed file names.
    table : callable
        The numbers shown now.
    about : callable
        What they belong to.
    picture : `QWidget` or None
        The plot; None for a table only.

    Signals
    -------
    done(str)
        What was written, or why it was not.
    """

    done = Signal(str)

    def __init__(
        self,
        name: str,
        table: Callable[[], Table],
        about: Callable[[], dict[str, Any]],
        picture: QWidget | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._name, self._table, self._about, self._picture = name, table, about, picture
        self.setText("Export")
        self.setToolTip("Copy the numbers, or write them and the plot to files")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        self.copy_action = menu.addAction("Copy as text", self.copy)
        self.table_action = menu.addAction("Numbers as ECSV…", lambda: self._choose("ecsv", self.save_table))
        if picture is not None:
            self.png_action = menu.addAction("Plot as PNG…", lambda: self._choose("png", self.save_png))
            self.svg_action = menu.addAction("Plot as SVG…", lambda: self._choose("svg", self.save_svg))
        self.setMenu(menu)

    def copy(self) -> None:
        """Put the numbers on the clipboard."""
        QGuiApplication.clipboard().setText(core_inspect.tables.table_text(self._table()))
        self.done.emit("The numbers are on the clipboard.")

    def save_table(self, path: Path) -> None:
        """Write the numbers as ECSV."""
        core_inspect.tables.write_ecsv(self._table(), path, self._about())

    def save_png(self, path: Path) -> None:
        """Write the plot as PNG."""
        if self._picture is not None:
            write_png(self._picture, path, self._caption)

    def save_svg(self, path: Path) -> None:
        """Write the plot as SVG."""
        if self._picture is not None:
            write_svg(self._picture, path, self._caption)

    @property
    def _caption(self) -> str:
        return str(self._about().get("exposure", ""))

    def _choose(self, ending: str, save: Callable[[Path], None]) -> None:
        dialog = QFileDialog(self, f"Write {self._name}", f"{self._name}.{ending}", f"*.{ending}")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(ending)
        dialog.fileSelected.connect(lambda path: self.save(save, Path(path)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def save(self, write: Callable[[Path], None], path: Path) -> None:
        """Write to `path` and say how it went."""
        try:
            write(path)
        except OSError as error:
            self.done.emit(f"{path} was not written: {error.strerror or error}")
        else:
            self.done.emit(f"Written: {path}")
