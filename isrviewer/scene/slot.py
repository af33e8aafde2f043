"""Planes on their way to the screen: prepared beside the GUI thread, swapped in when whole, composed on demand."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from isrviewer.render.compose import Picture, PictureRequest, PictureStyle, compose
from isrviewer.render.layer import Layer, missing_levels, prepare, ready
from isrviewer.render.limits import PlaneStats
from isrviewer.render.planes import ImagePlanes
from isrviewer.render.pyramid import LevelCache, factor_for
from isrviewer.render.view import View
from isrviewer.runner.background import Background

__all__ = ["PlaneSlot"]

_IDLE_MS = 150


class PlaneSlot(QObject):
    """One set of planes and its picture. The old layer stays until everything for the new one is there.

    Signals
    -------
    swapped()
        `layer` is another one.
    improved()
        A level was built; the same layer can be drawn sharper.
    failed(str)
        The planes asked for could not be prepared; the old layer stays.
    """

    swapped = Signal()
    improved = Signal()
    failed = Signal(str)

    def __init__(self, cache: LevelCache, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.layer: Layer | None = None
        self.picture: Picture | None = None
        self._cache = cache
        self._wanted: tuple[ImagePlanes, PictureStyle] | None = None
        self._preparing = Background(self)
        self._levels = Background(self)
        self._building = False
        self._unbuilt: list[int] = []
        # Steps that are only passed through need no levels for zooms that nobody asked for.
        self._rest = QTimer(self, singleShot=True, interval=_IDLE_MS)
        self._rest.timeout.connect(self._build_rest)

    @property
    def is_busy(self) -> bool:
        """Whether something asked for is not on the screen yet."""
        return self._wanted is not None

    @property
    def is_idle(self) -> bool:
        """Whether nothing at all is under way."""
        return self._wanted is None and not self._building and not self._rest.isActive()

    def show(self, planes: ImagePlanes | None, style: PictureStyle, zoom: float) -> None:
        """Show planes in a style, at once if they are prepared, else as soon as they are."""
        if planes is None:
            self._wanted = self.layer = self.picture = None
            self.swapped.emit()
            return
        self._wanted = planes, style
        stats = ready(planes, style, zoom, self._cache)
        if stats is not None:
            self._adopt(planes, style, stats)
            return
        cache = self._cache

        def job() -> PlaneStats | Exception:
            try:
                return prepare(planes, style, zoom, cache)
            except Exception as error:  # shown at the panel; the picture before stays
                return error

        self._preparing.compute(job, lambda result: self._prepared(planes, style, result))

    def draw(
        self, view: View, size: tuple[int, int], highlight: tuple[float, float] | None, line_width: int
    ) -> Picture | None:
        """The picture for a view, or the last one if not enough is there to make it; costs a screenful of work."""
        layer = self.layer
        if layer is None:
            return None
        request = PictureRequest(
            layer.planes, layer.stats, view, size, layer.limits, layer.style, highlight, line_width
        )
        if self.picture is None or not self.picture.final or self.picture.request != request:
            picture = compose(request, self._cache, self.picture)
            self.picture = picture or self.picture
            if picture is None or not picture.final:
                self._build(factor_for(view.zoom))
        return self.picture

    def relimit(self, limits: tuple[float, float]) -> None:
        """Draw the layer with these numbers, whatever its style says."""
        if self.layer is not None and self.layer.limits != limits:
            self.layer = Layer(self.layer.planes, self.layer.stats, self.layer.style, limits)
            self.swapped.emit()

    def close(self) -> None:
        """Drop all work; nothing is signalled any more."""
        self._rest.stop()
        self._preparing.close()
        self._levels.close()
        self._wanted = None
        self._building = False

    def _prepared(self, planes: ImagePlanes, style: PictureStyle, result: PlaneStats | Exception) -> None:
        if self._wanted is None or self._wanted[0] is not planes or self._wanted[1] != style:
            return
        if isinstance(result, Exception):
            self._wanted = None
            self.failed.emit(f"{planes.title or 'The image'} cannot be drawn: {result}")
            return
        self._adopt(planes, style, result)

    def _adopt(self, planes: ImagePlanes, style: PictureStyle, stats: PlaneStats) -> None:
        self._wanted = None
        self.layer = Layer.of(planes, stats, style, self.layer)
        self._unbuilt = missing_levels(planes, self.layer.style, self._cache)
        self._rest.start()
        self.swapped.emit()

    def _build_rest(self) -> None:
        if self._unbuilt and not self._building:
            self._build(self._unbuilt.pop(0))

    def _build(self, factor: int) -> None:
        """Build one level; one at a time, so that the work ends soon when nobody needs it any more."""
        if self.layer is not None and not self._building:
            self._building = True
            self._levels.compute(_level_job(self.layer, factor, self._cache), self._built)

    def _built(self, error: Exception | None) -> None:
        self._building = False
        if error is not None:
            self.failed.emit(f"The picture cannot be reduced: {error}")
            return
        self._rest.start(0)
        self.improved.emit()


def _level_job(layer: Layer, factor: int, cache: LevelCache) -> Callable[[], Exception | None]:
    def job() -> Exception | None:
        try:
            prepare(layer.planes, layer.style, 1 / factor, cache)
        except Exception as error:  # shown at the panel
            return error
        return None

    return job
