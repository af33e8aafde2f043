"""DS9 region files as regions of the session, in and out."""

from __future__ import annotations

from pathlib import Path

import pytest
from astropy.wcs import WCS

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
# text(7,8) text={a word} color=not-a-colour
"""

EXPECTED = (
    Region("circle", ((131.5, 199.0),), (10.0,), 0.0, "a star", "red"),
    Region("box", ((81.0, 59.0),), (20.0, 10.0), 30.0),
    Region("polygon", ((32.0, 0.0), (36.0, 0.0), (36.0, 8.0))),
    Region("line", ((32.0, 1.0), (61.0, 39.0))),
    Region("point", ((38.0, 7.0),)),
    Region("ellipse", ((131.0, 99.0),), (40.0, 20.0), 45.0),
    Region("annulus", ((41.0, 9.0),), (3.0, 6.0)),
    Region("point", ((38.0, 7.0),), text="a word"),
)


def sky() -> WCS:
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval, wcs.wcs.crpix, wcs.wcs.cdelt = [30.0, -0.5], [11.0, 21.0], [-1e-3, 1e-3]
    wcs.wcs.radesys, wcs.wcs.equinox = "FK5", 2000.0
    return wcs


def test_image_coordinates_are_one_based_and_of_the_plane_on_screen(tmp_path: Path) -> None:
    path = tmp_path / "a.reg"
    path.write_text(FILE)
    assert read_regions(path, (32, 0)) == (EXPECTED, [])


@pytest.mark.parametrize("system", ["physical\n", ""])
def test_what_ds9_saves_unless_told_otherwise(tmp_path: Path, system: str) -> None:
    path = tmp_path / "a.reg"
    path.write_text(FILE.replace("image\n", system))
    assert read_regions(path, (32, 0)) == (EXPECTED, [])
    moved, _ = read_regions(path, (32, 0), ltv=(-32.0, 0.0))
    assert moved[0].points == ((99.5, 199.0),)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "b.reg"
    write_regions(path, EXPECTED, (32, 0))
    assert "circle(100.5" in path.read_text()
    # What has no colour gets the one of the file.
    written, left_out = read_regions(path, (32, 0))
    assert [(one.kind, one.points, one.size, one.text) for one in written] == [
        (one.kind, one.points, one.size, one.text) for one in EXPECTED
    ]
    assert left_out == []


def test_a_file_on_the_sky_fits_every_plane(tmp_path: Path) -> None:
    path = tmp_path / "c.reg"
    write_regions(path, EXPECTED, (32, 0), sky())
    assert "\nfk5\n" in path.read_text()
    for offset in ((32, 0), (0, 0)):
        written, left_out = read_regions(path, offset, sky())
        assert left_out == []
        for one, expected in zip(written, EXPECTED, strict=True):
            assert one.points[0] == pytest.approx(expected.points[0], abs=1e-4)
            assert one.size == pytest.approx(expected.size, rel=1e-5)


def test_excluded_regions_never_become_included_ones(tmp_path: Path) -> None:
    path = tmp_path / "d.reg"
    path.write_text("image\ncircle(5,5,3)\n-box(5,5,1,1,0)\nbox(5,5,2,2,0) # include=0\n")
    regions, left_out = read_regions(path, (0, 0))
    assert [region.kind for region in regions] == ["circle"]
    assert [line.split("'")[0] for line in left_out] == ["line 3: ", "line 4: "]
    write_regions(path, regions, (0, 0))
    assert "box" not in path.read_text()


def test_only_regions_of_the_ccd_that_is_open(tmp_path: Path) -> None:
    path = tmp_path / "e.reg"
    path.write_text("image\n# tile 13\ncircle(1,1,1)\n# tile 14\ncircle(2,2,1)\n")
    regions, left_out = read_regions(path, (0, 0), tile=13)
    assert [region.points for region in regions] == [((0.0, 0.0),)]
    assert left_out == ["line 5: 'circle(2,2,1)' is left out: of tile 14 of a mosaic, this is tile 13"]


def test_sky_regions_need_a_wcs(tmp_path: Path) -> None:
    path = tmp_path / "sky.reg"
    path.write_text('fk5\ncircle(30.0,-0.5,3.6")\n')
    regions, left_out = read_regions(path, (0, 0))
    assert regions == ()
    assert len(left_out) == 1
    assert "no WCS" in left_out[0]
    (region,), left_out = read_regions(path, (32, 0), sky())
    assert left_out == []
    assert region.kind == "circle"
    assert region.points[0] == pytest.approx((10.0, 20.0), abs=1e-6)
    assert region.size[0] == pytest.approx(1.0, rel=1e-3)


def test_places_without_a_known_sky_are_written_in_pixels_only(tmp_path: Path) -> None:
    wcs = sky()
    wcs.wcs.radesys = "GAPPT"
    with pytest.raises(RegionFileError, match="save image coordinates instead"):
        write_regions(tmp_path / "f.reg", EXPECTED, (0, 0), wcs)
    assert not (tmp_path / "f.reg").exists()


@pytest.mark.parametrize("content", ["no regions here", "", "image\0"])
def test_another_kind_of_file_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "c.reg"
    path.write_text(content)
    with pytest.raises(RegionFileError, match=r"c\.reg: .*expected a DS9 region file"):
        read_regions(path, (0, 0))
    with pytest.raises(RegionFileError, match=r"none\.reg: cannot be read \(No such file"):
        read_regions(tmp_path / "none.reg", (0, 0))
