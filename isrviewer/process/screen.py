"""Qt at the start of the program: a screen that answers, and Qt's own messages, which are not for the terminal.

Qt ends the process by itself when it finds no screen, with a text that blames whatever is not at fault. So screens are
asked before Qt is, and Qt's last words are replaced by ours.
"""

from __future__ import annotations

import ctypes
import logging
import os
import socket
import sys
import threading
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

from isrviewer.process import libraries

__all__ = ["find_screen", "give_up", "replace_qt_messages"]

NOT_STARTED = 2
"""Exit code when there is no window."""

_PATIENCE_S = 10.0
"""How long a screen may take to answer; a slow line takes less than a second."""

_HARMLESS = ("does not support propagateSizeHints",)
"""Parts of messages of Qt that say nothing about this program: a plugin without a feature that is not needed."""

_SCREEN_GONE = "connection broke"
"""Part of Qt's message before it ends the process because the screen is gone."""



def find_screen(fall_back: bool) -> str:
    """Look for a screen that answers, and leave those that do not out of what Qt tries.

    Parameters
    ----------
    fall_back : bool
        Draw off the screen where there is none.

    Returns
    -------
    problem : str
        What was tried in vain; empty when there is a screen.
    """
    if not sys.platform.startswith("linux"):
        return ""
    chosen = os.environ.get("QT_QPA_PLATFORM", "")
    tried = chosen.split(";") if chosen else _screens_of_the_session()
    silent = {platform: problem for platform in tried if (problem := _problem(platform))}
    left = [platform for platform in tried if platform not in silent] + ["offscreen"] * fall_back
    if not left:
        found = "; ".join(silent.values()) or "DISPLAY and WAYLAND_DISPLAY are not set"
        return f"there is no screen: {found}"
    if silent or fall_back:
        os.environ["QT_QPA_PLATFORM"] = ";".join(left)
    return ""


def give_up(text: str) -> NoReturn:
    """Say on one line why there is no window, and end the process."""
    print(f"isrviewer: {' '.join(text.split())}", file=sys.stderr, flush=True)
    # Not by an exception: this may be called from inside Qt, which would abort the process.
    os._exit(NOT_STARTED)


def replace_qt_messages() -> None:
    """Send Qt's messages to the log; where Qt would abort, say what is wrong and end the process.

    Raises
    ------
    ImportError
        When a library that Qt links to is not there.
    """
    from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

    levels = {
        QtMsgType.QtDebugMsg: logging.DEBUG,
        QtMsgType.QtInfoMsg: logging.INFO,
        QtMsgType.QtWarningMsg: logging.WARNING,
        QtMsgType.QtCriticalMsg: logging.ERROR,
    }
    last: deque[str] = deque(maxlen=4)

    def hear(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
        if kind == QtMsgType.QtFatalMsg:
            give_up(libraries.missing_sentence(_tried()) or _why_qt_ends(text, last))
        if not any(part in text for part in _HARMLESS):
            last.append(text)
            if _SCREEN_GONE in text:
                print(f"isrviewer: {text} The session is offered at the next start", file=sys.stderr, flush=True)
            logging.getLogger("qt").log(levels[kind], "%s", text)

    # Without any handler Python would write warnings to the terminal.
    logging.getLogger("qt").addHandler(logging.NullHandler())
    qInstallMessageHandler(hear)


def _why_qt_ends(text: str, last: Iterable[str]) -> str:
    """Qt's last words, or where those are the ones of every failed start, what it said before."""
    if not text.startswith("This application failed to start"):
        return f"Qt cannot go on: {text}"
    before = "; ".join(last).rstrip(".")
    return f"Qt opens no window: {before}. Check QT_QPA_PLATFORM={os.environ.get('QT_QPA_PLATFORM', '')}"


def _tried() -> list[str]:
    """Platforms whose plugins Qt has tried to load, as `libraries` calls them."""
    chosen = os.environ.get("QT_QPA_PLATFORM", "")
    names = chosen.split(";") if chosen else _screens_of_the_session()
    return ["offscreen", *(known for known in ("xcb", "wayland") if any(name.startswith(known) for name in names))]


def _screens_of_the_session() -> list[str]:
    """Names of Qt's plugins for the screens that the environment names."""
    wayland = os.environ.get("WAYLAND_DISPLAY") or os.environ.get("WAYLAND_SOCKET")
    return ["wayland"] * bool(wayland) + ["xcb"] * bool(os.environ.get("DISPLAY"))


def _problem(platform: str) -> str:
    """Why a platform of Qt has no screen; empty if it has one, or needs none."""
    name = platform.partition(":")[0]
    if name.startswith("wayland") and not _wayland_answers():
        return f"the display {os.environ.get('WAYLAND_DISPLAY') or 'wayland-0'} (WAYLAND_DISPLAY) does not answer"
    if name == "xcb" and not os.environ.get("DISPLAY"):
        return "DISPLAY is not set"
    if name == "xcb" and not _x_answers():
        return f"the display {os.environ['DISPLAY']} (DISPLAY) does not answer"
    return ""


def _wayland_answers() -> bool:
    """Whether somebody listens at the socket of the Wayland display."""
    if os.environ.get("WAYLAND_SOCKET"):
        return True
    name = Path(os.environ.get("WAYLAND_DISPLAY") or "wayland-0")
    folder = os.environ.get("XDG_RUNTIME_DIR", "")
    if not (folder or name.is_absolute()):
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_PATIENCE_S)
        try:
            connection.connect(str(Path(folder) / name))
        except OSError:
            return False
    return True


def _x_answers() -> bool:
    """Whether the X server accepts a connection; also no if it keeps the caller waiting, which Qt would do for ever."""
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return True  # Qt will not start either, and we say which library is missing.
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connection_has_error.argtypes = xcb.xcb_disconnect.argtypes = (ctypes.c_void_p,)
    answered = threading.Event()

    def connect() -> None:
        connection = xcb.xcb_connect(None, None)
        if not xcb.xcb_connection_has_error(connection):
            answered.set()
        xcb.xcb_disconnect(connection)

    thread = threading.Thread(target=connect, name="isrviewer-screen", daemon=True)
    thread.start()
    thread.join(_PATIENCE_S)
    return answered.is_set()
