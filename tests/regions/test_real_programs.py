"""Regions and defect maps there and back through DS9 itself, on a virtual display; skipped where there is none."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from isrcore.calib.defect_tables import write_defect_table
from isrcore.calib.defects import Defects
from isrcore.geom import Box
from isrcore.regions.reading import RegionFrame, read_regions
from isrcore.regions.shapes import Shape
from isrcore.regions.writing import region_text

PROGRAMS = ("ds9", "xpaset", "xpaget", "xpaaccess", "Xvfb")
MISSING = [program for program in PROGRAMS if shutil.which(program) is None]
pytestmark = pytest.mark.skipif(
    bool(MISSING), reason=f"needs {', '.join(MISSING)}: apt-get install saods9 xvfb xpa-tools"
)

SHAPES = (
    Shape("circle", ((100.5, 7.25),), (3.0,), text="a star", colour="#ff8800", tags=("hot pixel",)),
    Shape("annulus", ((60.0, 50.0),), (3.0, 6.0)),
    Shape("box", ((11.5, 22.0),), (4.0, 2.0), 30.0, colour="red"),
    Shape("ellipse", ((33.0, 44.0),), (8.0, 4.0), 200.0),
    Shape("polygon", ((1.0, 1.0), (5.0, 1.0), (5.0, 9.0))),
    Shape("line", ((1.0, 2.0), (30.0, 40.0))),
    Shape("point", ((7.0, 8.0),)),
    Shape("text", ((7.0, 8.0),), text="two words"),
)


class Ds9:
    """DS9 with an image of 300 x 200 pixels, north down and east to the right as MegaCam's northern CCDs."""

    def __init__(self, environment: dict[str, str], title: str) -> None:
        self._environment, self._title = environment, title

    def set(self, *words: str) -> None:
        self._run("xpaset", "-p", self._title, *words)

    def get(self, *words: str) -> str:
        return self._run("xpaget", self._title, *words)

    def is_there(self) -> bool:
        return self._run("xpaaccess", self._title).strip() == "yes"

    def reload(self, path: Path) -> None:
        self.set("regions", "delete", "all")
        self.set("regions", "load", str(path))

    def save(self, path: Path, system: str) -> Path:
        path.write_text(self.get("regions", "-system", system, "-format", "ds9"))
        return path

    def _run(self, *words: str) -> str:
        done = subprocess.run(words, capture_output=True, text=True, timeout=60, env=self._environment, check=False)
        return done.stdout


def wait_for(condition: Callable[[], bool], what: str) -> None:
    for _ in range(240):
        if condition():
            return
        time.sleep(0.25)
    pytest.fail(f"{what} did not come up in a minute")


@pytest.fixture(scope="module")
def wcs() -> WCS:
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval, wcs.wcs.crpix = [30.0, -0.5], [150.0, 100.0]
    wcs.wcs.cd = [[5.194e-5, 0.0], [0.0, -5.194e-5]]
    wcs.wcs.radesys, wcs.wcs.equinox = "FK5", 2000.0
    return wcs


@pytest.fixture(scope="module")
def ds9(tmp_path_factory: pytest.TempPathFactory, wcs: WCS) -> Iterator[Ds9]:
    folder = tmp_path_factory.mktemp("ds9")
    image = folder / "image.fits"
    fits.PrimaryHDU(np.zeros((200, 300), np.float32), wcs.to_header()).writeto(image)
    read_end, write_end = os.pipe()
    screen = subprocess.Popen(["Xvfb", "-displayfd", str(write_end)], pass_fds=[write_end], stderr=subprocess.DEVNULL)
    os.close(write_end)
    with os.fdopen(read_end) as answers:
        number = answers.readline().strip()
    title = f"isrviewer{os.getpid()}"
    own = {"DISPLAY": f":{number}", "XPA_METHOD": "local", "XPA_TMPDIR": str(folder), "HOME": str(folder)}
    environment = {**os.environ, **own}
    program = subprocess.Popen(
        ["ds9", "-title", title, str(image)], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    found = Ds9(environment, title)
    try:
        wait_for(found.is_there, "DS9")
        wait_for(lambda: found.get("file").strip().endswith("image.fits"), "the image in DS9")
        yield found
    finally:
        program.terminate()
        program.wait(20)
        screen.terminate()
        screen.wait(20)


def same(found: tuple[Shape, ...], expected: tuple[Shape, ...], within: float) -> None:
    assert [shape.kind for shape in found] == [shape.kind for shape in expected]
    for one, other in zip(found, expected, strict=True):
        for place, wanted in zip(one.points, other.points, strict=True):
            assert place == pytest.approx(wanted, abs=within)
        assert one.size == pytest.approx(other.size, abs=within)
        assert np.cos(np.radians(one.angle - other.angle)) == pytest.approx(1.0, abs=1e-6)
        assert (one.text, one.tags) == (other.text, other.tags)
        assert one.colour == (other.colour or "green")


@pytest.mark.parametrize("on_sky", [False, True], ids=["image", "fk5"])
@pytest.mark.parametrize("system", ["image", "physical", "wcs"])
def test_ds9_draws_what_we_write_and_we_read_what_it_saves(
    ds9: Ds9, wcs: WCS, tmp_path: Path, on_sky: bool, system: str
) -> None:
    ours = tmp_path / "ours.reg"
    ours.write_text(region_text(SHAPES, wcs=wcs if on_sky else None))
    ds9.reload(ours)
    found = read_regions(ds9.save(tmp_path / "theirs.reg", system), RegionFrame(wcs=wcs))
    assert found.left_out == ()
    same(found.shapes, SHAPES, 2e-3)


def test_a_composite_and_an_excluded_region_of_ds9(ds9: Ds9, tmp_path: Path) -> None:
    path = tmp_path / "some.reg"
    path.write_text(
        "image\n# composite(100,100,30) || composite=1 color=red\ncircle(100,120,20) || # color=red\n"
        "-box(100,80,20,10,30) # color=red\nbox(50,60,2,4,8,9,0)\n"
    )
    ds9.reload(path)
    found = read_regions(ds9.save(tmp_path / "theirs.reg", "image"))
    assert [(shape.kind, shape.points) for shape in found.shapes] == [("circle", ((99.0, 119.0),))]
    assert len(found.left_out) == 2


def test_ds9_loads_our_region_table(ds9: Ds9, tmp_path: Path) -> None:
    boxes = [Box(10, 20, 1, 5), Box(100, 150, 1, 1), Box(200, 0, 4, 40)]
    path = tmp_path / "own.fits"
    write_defect_table(Defects(boxes, normalize=False), path, "region")
    ds9.reload(path)
    found = read_regions(ds9.save(tmp_path / "theirs.reg", "image")).shapes
    drawn = [Box.of_centres(*shape.points[0], *shape.size) for shape in found]
    assert drawn == boxes


def test_ds9_knows_our_colours(ds9: Ds9, tmp_path: Path) -> None:
    path = tmp_path / "ours.reg"
    points = [Shape("point", ((1.0, 2.0),), colour="#ff8800"), Shape("point", ((3.0, 4.0),))]
    path.write_text(region_text(points, colour="red"))
    ds9.reload(path)
    text = ds9.get("regions", "-system", "image", "-format", "ds9")
    assert re.search(r"point\(2,3\).*color=#ff8800", text)
    assert re.search(r"point\(4,5\).*color=red", text)
