"""Views shown by DS9, through XPA: the image in a frame of its own, each mask plane as a mask in our colour over it."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from isrcore.kernels.memory import new_plane
from isrviewer.debug_views.assembler import Assembler, Received
from isrviewer.debug_views.elsewhere import PanelsGone
from isrviewer.debug_views.sender import View
from isrviewer.render.plane_colours import plane_colours

__all__ = ["Ds9"]

_log = logging.getLogger("isrviewer.debug_views")

_START = 60.0
_ANSWER = 60.0
_TRANSPARENCY = 40


class Ds9:
    """A DS9 of our own. Views are written to it beside the script; of those that wait for a frame the newest counts.

    DS9's masks have one colour each, fixed when they are loaded, and cannot test bits: every plane that has pixels is
    sent as a layer of zeros and ones.

    Raises
    ------
    RuntimeError
        If DS9 or XPA is not installed.
    """

    def __init__(self) -> None:
        missing = [name for name in ("ds9", "xpaset", "xpaget", "xpaaccess") if shutil.which(name) is None]
        if missing:
            raise RuntimeError(f"to='ds9' needs {', '.join(missing)}; on Debian: apt install saods9 xpa-tools")
        self.name = f"isrviewer-{os.getpid()}-{id(self):x}"
        self._process = subprocess.Popen(
            ["ds9", "-title", self.name], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._assembler = Assembler()
        self._waiting: dict[int, Received] = {}
        self._changed = threading.Condition()
        self._is_closed = False
        self._is_at_work = False
        self._thread = threading.Thread(target=self._work, name="isrviewer-ds9", daemon=True)
        self._thread.start()

    def put(self, view: View, new: dict[str, NDArray[Any]]) -> bool:
        """Copy the planes; they go to DS9 when it has taken what came before.

        Raises
        ------
        PanelsGone
            If DS9 was closed.
        """
        if not self.is_open:
            raise PanelsGone("DS9 was closed")
        copies = {kind: new_plane(plane.shape, plane.dtype) for kind, plane in new.items()}
        for kind, plane in new.items():
            np.copyto(copies[kind], plane)
        with self._changed:
            self._waiting[view.panel] = self._assembler.add(view, copies)
            self._changed.notify()
        return True

    def flush(self, seconds: float = _ANSWER) -> bool:
        """Wait until DS9 has everything that was put; False if it takes longer."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and not self._is_at_work, seconds)

    def block(self) -> None:
        """Wait until the user closes DS9."""
        self._process.wait()

    def close(self) -> None:
        """Close DS9."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        self._process.terminate()
        self._process.wait()
        self._thread.join()

    @property
    def is_open(self) -> bool:
        return not self._is_closed and self._process.poll() is None

    def _work(self) -> None:
        if not self._answers():
            return
        with tempfile.TemporaryDirectory(prefix="isrviewer-ds9-") as folder:
            while True:
                with self._changed:
                    self._is_at_work = False
                    self._changed.notify_all()
                    self._changed.wait_for(lambda: self._waiting or not self.is_open, 1.0)
                    if not self.is_open:
                        return
                    if not self._waiting:
                        continue
                    self._is_at_work = True
                    received = self._waiting.pop(min(self._waiting))
                try:
                    self._send(received, Path(folder))
                except (OSError, subprocess.SubprocessError, RuntimeError) as error:
                    if self.is_open:
                        _log.warning("%s could not be sent to DS9: %s", received.view.title, error)

    def _answers(self) -> bool:
        """Whether DS9 has started; it takes some seconds."""
        end = time.monotonic() + _START
        while time.monotonic() < end and self.is_open:
            if subprocess.run(["xpaaccess", "-n", self.name], capture_output=True, text=True).stdout.strip() == "1":
                return True
            time.sleep(0.2)
        if self.is_open:
            _log.error("DS9 does not answer through XPA after %.0f s; nothing is shown", _START)
        return False

    def _send(self, received: Received, folder: Path) -> None:
        view = received.view
        image = folder / "view.fits"
        hdu = fits.PrimaryHDU(received.image)
        hdu.header["OBJECT"] = view.title.replace("·", "-")
        hdu.header["BUNIT"] = view.unit
        hdu.writeto(image, overwrite=True)
        self._set("frame", str(view.panel))
        # Loading empties the frame first, masks included.
        self._set("fits", str(image))
        height, width = received.image.shape
        if self._get("fits", "size").split()[:2] != [str(width), str(height)]:
            raise RuntimeError(f"DS9 did not load {width} x {height} pixels")
        self._set("scale", "zscale")
        self._set("zoom", "to", "fit")
        colours = plane_colours(view.plane_bits)
        for name, bit in sorted(view.plane_bits.items(), key=lambda item: item[1]):
            layer = (received.mask >> np.int32(bit) & np.int32(1)).astype(np.uint8)
            if layer.any():
                path = folder / f"{name}.fits"
                fits.PrimaryHDU(layer).writeto(path, overwrite=True)
                self._set("mask", "color", colours[name])
                self._set("mask", "transparency", str(_TRANSPARENCY))
                self._set("fits", "mask", str(path))

    def _set(self, *words: str) -> None:
        done = subprocess.run(["xpaset", "-p", self.name, *words], capture_output=True, text=True, timeout=_ANSWER)
        said = (done.stderr + done.stdout).strip()
        if done.returncode or "XPA$ERROR" in said:
            raise RuntimeError(f"{' '.join(words)}: {said or 'no answer'}")

    def _get(self, *words: str) -> str:
        done = subprocess.run(["xpaget", self.name, *words], capture_output=True, text=True, timeout=_ANSWER)
        return done.stdout.strip()
