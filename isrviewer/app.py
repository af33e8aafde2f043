"""The `isrviewer` command: arguments, application, window."""

from __future__ import annotations

import argparse
import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from isrviewer.garbage import GarbageCollector
    from isrviewer.runner.messages import Engine
    from isrviewer.session.settings import Settings
    from isrviewer.shell.window import Window

__all__ = ["build_parser", "find_screen", "main", "make_engine", "run", "start"]

_log = logging.getLogger(__name__)

_SCREENS = ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY")
"""Environment variables that lead Qt to a screen on Linux."""


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="isrviewer", description="Walk a raw MegaCam frame through instrument signature removal, step by step."
    )
    parser.add_argument("frame", nargs="?", help="raw frame, session file, or override file to open")
    parser.add_argument("--demo", action="store_true", help="open a simulated frame with its calibrations")
    parser.add_argument("--detector", type=int, help="number of the CCD to show; default the first one")
    parser.add_argument("--calib", metavar="DIR", help="folder to look for calibrations in")
    parser.add_argument("--config", action="append", default=[], metavar="FILE", help="config override file")
    parser.add_argument("--session", metavar="FILE", help="session to restore")
    parser.add_argument("--step", metavar="NAME", help="step to show, by its LSST name; default the last one")
    parser.add_argument("--screenshot", metavar="FILE", help="write the window as PNG after the run, and end")
    parser.add_argument("--size", metavar="WxH", help="size of the window in logical pixels")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the viewer; returns the exit code: 0, 1 if a screenshot shows a failed run, 2 for bad usage."""
    application, window, garbage = start(arguments)
    # Python handles Ctrl+C only while it runs: the collector's timer lets it run now and then.
    signal.signal(signal.SIGINT, lambda *_: window.close())
    return run(application, garbage)


def run(application: QApplication, garbage: GarbageCollector) -> int:
    """Handle events until the window is closed; returns the exit code, or ends the process."""
    code = application.exec()
    garbage.stop()
    if any(thread.daemon for thread in threading.enumerate()):
        # Something is still at work beside: Python's own end would take apart what the thread uses.
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code


def start(arguments: Sequence[str] | None = None) -> tuple[QApplication, Window, GarbageCollector]:
    """Show the window; what the command line asks for begins when the event loop does."""
    parser = build_parser()
    options = parser.parse_args(arguments)
    size = _size(parser, options.size)
    for path in (options.frame, options.session, *options.config):
        if path is not None and not Path(path).exists():
            parser.error(f"{path}: no such file")
    if not find_screen(fall_back=bool(options.screenshot)):
        parser.error(
            "there is no screen: DISPLAY and WAYLAND_DISPLAY are not set. Start isrviewer in a desktop session or "
            "through ssh -X; with --screenshot it needs no screen"
        )
    # From here on only the GUI thread collects; see `isrviewer.garbage`.
    gc.disable()

    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    from isrviewer.garbage import GarbageCollector
    from isrviewer.session.settings import load_settings, settings_folder
    from isrviewer.shell.window import Window
    from isrviewer.theme import apply_theme

    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    application.setApplicationName("isrviewer")
    apply_theme(application, load_settings(settings_folder()).scheme)
    logging.getLogger().addHandler(_stderr_handler())
    sys.excepthook = _report
    window = Window(make_engine, fresh_layout=bool(options.screenshot))
    if size is not None:
        window.resize(*size)
    window.show()
    # Whatever is slow to import or to read waits until the window has been painted.
    QTimer.singleShot(0, lambda: _begin(window, options))
    if options.screenshot:
        from isrviewer.shell.screenshot import ScreenshotTaker

        ScreenshotTaker(window, Path(options.screenshot), options.step)
    return application, window, GarbageCollector()


def find_screen(fall_back: bool) -> bool:
    """Whether Qt has a screen to show windows on; without one it would abort the process.

    Parameters
    ----------
    fall_back : bool
        Draw off the screen where there is none.
    """
    if not sys.platform.startswith("linux") or any(map(os.environ.get, _SCREENS)):
        return True
    if fall_back:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    return fall_back


def make_engine(settings: Settings) -> Engine:
    """The engine that answers the window's requests; called in the worker thread."""
    from isrviewer.runner.engine import IsrEngine

    return IsrEngine(settings.budget)


def _begin(window: Window, options: argparse.Namespace) -> None:
    from isrviewer.session.changes import show_step

    if options.session:
        window.commands.file.restore(options.session)
    if options.calib:
        window.commands.file.set_calib_folder(options.calib)
    for path in options.config:
        window.commands.file.load_config_file(path)
    session = window.model.session
    window.model.change(session if not options.step else show_step(session, options.step))
    if options.demo:
        window.commands.file.open_demo(options.detector)
    elif options.frame:
        window.commands.file.open_path(options.frame, options.detector)
    window.begin()


def _stderr_handler() -> logging.Handler:
    """Errors also go to the terminal: the log panel may not be open."""
    handler = logging.StreamHandler()
    handler.setLevel(logging.ERROR)
    handler.setFormatter(logging.Formatter("isrviewer: %(message)s"))
    return handler


def _size(parser: argparse.ArgumentParser, text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    width, _, height = text.partition("x")
    if not (width.isdigit() and height.isdigit()):
        parser.error(f"--size: expected WIDTHxHEIGHT such as 1920x1080, found {text!r}")
    return int(width), int(height)


def _report(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """An error in a slot is logged with its place; the window stays."""
    _log.critical("unexpected error", exc_info=(kind, error, trace))


if __name__ == "__main__":
    sys.exit(main())
