"""A process of its own for `isrviewer.bench`: when is the program's window up, and when are pixels of a file on it?

Imports nothing that the program does not import first.
"""

from __future__ import annotations

import json
import sys
import time

from isrviewer.app import run, start

__all__ = ["main"]


def main(arguments: list[str]) -> int:
    """Print seconds since the moment given as first argument, for the frame given as second one."""
    started, frame = float(arguments[0]), arguments[1]
    from PySide6.QtCore import Qt

    application, window, garbage = start([frame, "--size", "1920x1080"])
    application.processEvents()
    shown = time.time() - started

    def end() -> None:
        print(json.dumps({"window": shown, "pixels": time.time() - started}), flush=True)
        application.closeAllWindows()

    window.grid.painted.connect(end, Qt.ConnectionType.QueuedConnection)
    return run(application, garbage)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
