"""DS9 region files in and out."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import pytest

from isrviewer.session.region_file import RegionFileError, read_regions, write_regions
from isrviewer.session.state import Region

FILE = """# Region file format: DS9
image
circle(100.5,200,10) # text={a star} color=red
box(50,60,20,10,30)
polygon(1,1,5,1,5,9)
line(1,2,30,40)
point(7,8) # point=cross
ellipse(100,100,20,10,45)
annulus(10,10,3,6)
"""

EXPECTED = (
    Region("circle", ((131.5, 199.0),), (10.0,), 0.0, "a star", "red"),
    Region("box", ((81.0, 59.0),), (20.0, 10.0), 30.0),
    Region("polygon", ((32.0, 0.0), (36.0, 0.0), (36.0, 8.0))),
    Region("line", ((32.0, 1.0), (61.0, 39.0))),
    Region("point", ((38.0, 7.0),)),
    Region("ellipse", ((131.0, 99.0),), (40.0, 20.0), 45.0),
    Region("annulus", ((41.0, 9.0),), (3.0, 6.0)),
)


def test_image_coordinates_are_one_based_and_of_the_plane_on_screen(tmp_path: Path) -> None:
    pytest.importorskip("regions")
    path = tmp_path / "a.reg"
    path.write_text(FILE)
    assert read_regions(path, (32, 0)) == (EXPECTED, [])


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    pytest.importorskip("regions")
    path = tmp_path / "b.reg"
    write_regions(path, EXPECTED, (32, 0))
    assert "circle(100.5" in path.read_text()
    assert read_regions(path, (32, 0)) == (EXPECTED, [])


def test_sky_regions_need_a_wcs(tmp_path: Path) -> None:
    pytest.importorskip("regions")
    from astropy.wcs import WCS

    path = tmp_path / "sky.reg"
    path.write_text('fk5\ncircle(30.0,-0.5,3.6")\n')
    assert read_regions(path, (0, 0)) == ((), ["circle"])
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval, wcs.wcs.crpix, wcs.wcs.cdelt = [30.0, -0.5], [11.0, 21.0], [-1e-3, 1e-3]
    wcs.wcs.radesys, wcs.wcs.equinox = "FK5", 2000.0
    (region,), left_out = read_regions(path, (32, 0), wcs)
    assert left_out == []
    assert region.kind == "circle"
    assert region.points[0] == pytest.approx((10.0, 20.0), abs=1e-6)
    assert region.size[0] == pytest.approx(1.0, rel=1e-3)


@pytest.mark.parametrize("content", ["no regions here", ""])
def test_another_kind_of_file_is_refused(tmp_path: Path, content: str) -> None:
    pytest.importorskip("regions")
    path = tmp_path / "c.reg"
    path.write_text(content)
    with pytest.raises(RegionFileError, match=r"c\.reg: expected a DS9 region file"):
        read_regions(path, (0, 0))


def test_without_the_package_the_message_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *arguments: Any, **keywords: Any) -> Any:
        if name == "regions":
            raise ImportError(name)
        return real(name, *arguments, **keywords)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(RegionFileError, match=r"pip install 'isrviewer\[regions\]'"):
        read_regions(tmp_path / "a.reg", (0, 0))
