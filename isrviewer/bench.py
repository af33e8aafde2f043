"""Measure the window: what a repaint, a step switch and a toggled option cost, and how long the start takes.

Run by ``isrcore bench --gui``. Times are wall-clock milliseconds on this machine; the picture's cost must not grow with
the frame, so it is measured on one CCD and on a 4096 x 4096 plane.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEvent, QEventLoop, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from isrcore.children import child_command
from isrcore.geom import Box
from isrviewer.app import make_application, make_engine
from isrviewer.audit.audit import begin_audit
from isrviewer.garbage import GarbageCollector
from isrviewer.panels.image.view import ImageView
from isrviewer.process.screen import find_screen
from isrviewer.render.compose import PictureStyle
from isrviewer.render.planes import ImagePlanes
from isrviewer.render.view import View
from isrviewer.session.changes import set_field, show_step
from isrviewer.shell.window import Window

__all__ = ["main"]

SCREEN = (1920, 1080)
REPEATS = 30
PAUSE_MS = 500
LATE_SWITCH, LATE_VALUE = "doSetBadRegions", "fwhm"
DEFECTS = 5000
LEFT, NO_BUTTON = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
NO_KEY = Qt.KeyboardModifier.NoModifier
STEPS = ("doFlat", "doAssembleCcd", "doBias", "postISRCCD")


def _wait(until: Callable[[], bool], seconds: float = 120.0) -> None:
    """Let Qt work until a condition holds."""
    loop, timer = QEventLoop(), QTimer(interval=1)
    deadline = time.perf_counter() + seconds

    def check() -> None:
        if until() or time.perf_counter() > deadline:
            loop.quit()

    timer.timeout.connect(check)
    timer.start()
    loop.exec()
    timer.stop()
    if not until():
        raise TimeoutError("the window did not become idle in time")


def _pause() -> None:
    """What lies between two decisions of a person."""
    loop = QEventLoop()
    QTimer.singleShot(PAUSE_MS, loop.quit)
    loop.exec()


def _milliseconds(
    work: Callable[[int], object], repeats: int = REPEATS, before: Callable[[], None] = lambda: None
) -> float:
    times = []
    for index in range(repeats):
        before()
        start = time.perf_counter()
        work(index)
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e3


def _planes(height: int, width: int) -> ImagePlanes:
    rng = np.random.default_rng(1)
    image = rng.normal(1000.0, 30.0, (height, width)).astype(np.float32)
    mask = np.zeros((height, width), np.int32)
    mask[rng.integers(0, height, 5000), rng.integers(0, width, 5000)] = 1
    mask[:, :: width // 12] |= 2
    return ImagePlanes(image, mask, plane_bits={"BAD": 0, "SAT": 1}, title="bench", unit="ADU")


def _repaints(height: int, width: int) -> list[tuple[str, float]]:
    """Pan, zoom and limit drag of one panel that fills the screen, overlay on."""
    view = ImageView()
    view.resize(*SCREEN)
    view.set_style(PictureStyle())
    view.set_planes(_planes(height, width))
    view.show()
    _wait(lambda: view.is_idle)
    name = f"{width} x {height}"

    def painted(change: Callable[[int], object]) -> Callable[[int], object]:
        def work(index: int) -> None:
            change(index)
            view.repaint()

        return work

    results = []
    view.fit()
    _wait(lambda: view.is_idle)
    results.append(
        (f"limit drag at fit zoom, {name}", _milliseconds(painted(lambda i: view.set_limits(900.0 + i, 1100.0 + i))))
    )
    view.one_to_one()
    _wait(lambda: view.is_idle)
    results.append(
        (f"limit drag at 1:1, {name}", _milliseconds(painted(lambda i: view.set_limits(900.0 + i, 1100.0 + i))))
    )
    results.append(
        (f"pan at 1:1, {name}", _milliseconds(painted(lambda i: view.go_to(width / 2 + 7 * i, height / 2 + 5 * i))))
    )
    results.append((f"zoom, {name}", _milliseconds(painted(lambda i: view.zoom_in() if i % 2 else view.zoom_out()))))
    view.close_view()
    view.close()
    return results


def _window_figures() -> list[tuple[str, float]]:
    """Step switches among kept results, and a toggled late step, on the demo frame."""
    window = Window(make_engine, fresh_layout=True)
    window.resize(*SCREEN)
    window.show()
    window.commands.file.open_demo(None)
    window.begin()

    def settled() -> bool:
        return bool(window.runs.view.rows) and not window.runs.busy and window.grid.is_settled

    _wait(lambda: bool(window.runs.view.rows))
    _wait(settled)

    def look_at(index: int) -> None:
        window.model.change(show_step(window.model.session, STEPS[index % len(STEPS)]))
        _wait(settled)

    for index in range(len(STEPS)):
        look_at(index)
    results = [("show a kept step", _milliseconds(look_at, 12))]
    window.model.change(show_step(window.model.session, "postISRCCD"))
    _wait(settled)

    def toggle(index: int) -> None:
        window.model.change(set_field(window.model.session, LATE_SWITCH, bool(index % 2)))
        _wait(settled)

    def toggle_first(index: int) -> None:
        # With a value of another late field that was never used, the result cannot be on hand.
        new = set_field(window.model.session, LATE_VALUE, 1.0 + 0.01 * (index + 1))
        window.model.change(set_field(new, LATE_SWITCH, bool(index % 2)))
        _wait(settled)

    results.append((f"toggle {LATE_SWITCH} to the new picture (first time)", _milliseconds(toggle_first, 12, _pause)))
    for index in range(2):
        toggle(index)
    results.append((f"toggle {LATE_SWITCH} again (both kept)", _milliseconds(toggle, 12)))
    results += _defect_figures(window)
    window.close()
    return results


def _defect_figures(window: Window) -> list[tuple[str, float]]:
    """What a map of many defects costs: to draw it, and to paint into it with the mouse."""
    from isrcore.audit.document import DefectDocument
    from isrcore.audit.pixels import PixelSet

    view, exposure = window.grid.focused.view, window.grid.focused.exposure
    assert exposure is not None
    assert exposure.detector is not None
    chip = exposure.detector.bbox
    rng = np.random.default_rng(2)
    corners = zip(rng.integers(0, chip.width, DEFECTS), rng.integers(0, chip.height, DEFECTS), strict=True)
    sizes = zip(rng.integers(1, 4, DEFECTS), rng.geometric(1 / 40, DEFECTS), strict=True)
    boxes = [Box(*corner, *size).intersect(chip) for corner, size in zip(corners, sizes, strict=True)]
    document = DefectDocument.of(exposure.detector, [PixelSet.of([box]) for box in boxes])
    window.model.change(replace(window.model.session, audit_feeds=False))
    window.audits.adopt(begin_audit(exposure.detector.id, document))
    window.audits.set_tool("paint", 5)
    results = []
    for name, zoom in (("fit zoom", None), ("1:1", 1.0), ("x8", 8.0)):
        middle = (chip.width / 2, chip.height / 2)
        view.set_view(None if zoom is None else View(middle, zoom))
        _wait(lambda: view.is_idle and window.grid.is_settled)
        start = QPointF(view.rect().center())

        def pan(index: int) -> None:
            center = view.view.center
            view.set_view(replace(view.view, center=(center[0] + 3 * (-1) ** index, center[1] + 2)))
            view.repaint()

        def move(index: int, start: QPointF = start) -> None:
            place = start + QPointF(9 * index % 200, 5 * index)
            event = QMouseEvent(QEvent.Type.MouseMove, place, view.mapToGlobal(place), NO_BUTTON, LEFT, NO_KEY)
            QApplication.sendEvent(view, event)
            view.repaint()

        results.append((f"repaint with {DEFECTS} defects, {name}", _milliseconds(lambda _: view.repaint())))
        results.append((f"pan with {DEFECTS} defects, {name}", _milliseconds(pan)))
        view.pen.begin(*view.to_image(start), NO_KEY)
        results.append((f"brush move with {DEFECTS} defects, {name}", _milliseconds(move)))
        results.append((f"end of a stroke with {DEFECTS} defects, {name}", _milliseconds(lambda _: view.pen.end(), 1)))
    window.audits.close_map()
    return results


def _start_figures(frame: Path) -> list[tuple[str, float]]:
    best: dict[str, float] = {}
    for _ in range(3):
        command = child_command("isrviewer.bench_start", repr(time.time()), str(frame))
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        for name, seconds in json.loads(output.strip().splitlines()[-1]).items():
            best[name] = min(seconds, best.get(name, seconds))
    return [("start to window", best["window"] * 1e3), ("start to first pixels of a file", best["pixels"] * 1e3)]


def main() -> int:
    """Print the table of figures."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["ISRVIEWER_HOME"] = home
        from isrcore.simulate.demo import simulate_demo

        find_screen(fall_back=True)
        application = make_application()
        garbage = GarbageCollector()
        demo = simulate_demo()
        figures = [*_repaints(4612, 2048), *_repaints(4096, 4096), *_window_figures(), *_start_figures(demo.frame)]
        garbage.stop()
    print(f"Window of {SCREEN[0]} x {SCREEN[1]}, {application.platformName()} platform, overlay on; median ms.\n")
    print("| what | ms |\n|---|---|")
    for name, value in figures:
        print(f"| {name} | {value:.1f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
