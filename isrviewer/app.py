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

from isrcore import __version__
from isrviewer.process import libraries
from isrviewer.process.screen import find_screen, give_up, replace_qt_messages

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from isrviewer.garbage import GarbageCollector
    from isrviewer.runner.messages import Engine
    from isrviewer.session.settings import Settings
    from isrviewer.shell.window import Window

__all__ = ["build_parser", "main", "make_application", "make_engine", "run", "start"]

_log = logging.getLogger(__name__)

_EXIT_CODES = """exit codes: 0 done; 1 a screenshot could not be written, or does not show what was asked for; \
2 bad usage, no screen, or a library of the system is missing"""


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="isrviewer",
        description="Walk a raw MegaCam frame through instrument signature removal, step by step.",
        epilog=_EXIT_CODES,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
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
    """Run the viewer; returns the exit code, see the help text."""
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
    if options.screenshot:
        _check_screenshot(parser, options)
        # A picture does not depend on whether some window manager shows the window.
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    problem = find_screen(fall_back=bool(options.screenshot))
    if problem:
        advice = "Start isrviewer in a desktop session or through ssh -X; with --screenshot it needs no screen"
        give_up(f"{problem}. {advice}")
    try:
        return _show(options, size)
    except ImportError:
        # A library of the system that Qt links to may be missing; anything else is a fault of ours.
        missing = libraries.missing_sentence()
        if not missing:
            raise
        give_up(missing)


def _show(options: argparse.Namespace, size: tuple[int, int] | None) -> tuple[QApplication, Window, GarbageCollector]:
    """Make application and window."""
    # From here on only the GUI thread collects; see `isrviewer.garbage`.
    gc.disable()
    application = make_application()

    from PySide6.QtCore import QTimer

    from isrviewer.garbage import GarbageCollector
    from isrviewer.shell.window import Window

    logging.getLogger().addHandler(_stderr_handler(logging.ERROR))
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


def make_application() -> QApplication:
    """The application in its look; what Qt has to say goes to the log."""
    replace_qt_messages()

    from PySide6.QtWidgets import QApplication

    from isrviewer.session.settings import load_settings, settings_folder
    from isrviewer.theme import apply_theme

    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    application.setApplicationName("isrviewer")
    application.setDesktopFileName("isrviewer")
    apply_theme(application, load_settings(settings_folder()).scheme)
    return application


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
        # It takes long, and the window has nothing to show yet.
        logging.getLogger("isrcore.simulate.demo").addHandler(_stderr_handler(logging.INFO))
        window.commands.file.open_demo(options.detector)
    elif options.frame:
        window.commands.file.open_path(options.frame, options.detector)
    window.begin()


def _check_screenshot(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    if not (options.demo or options.frame or options.session):
        parser.error("--screenshot: nothing to show; name a frame or a session, or give --demo")
    if not Path(options.screenshot).absolute().parent.is_dir():
        parser.error(f"--screenshot: {Path(options.screenshot).parent}: no such folder")


def _stderr_handler(level: int) -> logging.Handler:
    """Sends records from a level on to the terminal: the log panel may not be open."""
    handler = logging.StreamHandler()
    handler.setLevel(level)
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
