"""DS9 region files of every kind: each region is read rightly, or left out and said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from astropy.wcs import WCS

from isrcore.regions.numbers import measure
from isrcore.regions.reading import RegionFrame, read_regions
from isrcore.regions.shapes import Problem, RegionReading, Shape
from isrcore.regions.writing import region_text


def read(tmp_path: Path, text: str, **frame: Any) -> RegionReading:
    path = tmp_path / "some.reg"
    path.write_text(text)
    return read_regions(path, RegionFrame(**frame))


def sky(angle: float = 0.0, **changes: Any) -> WCS:
    """0.36 arcsec per pixel, north up and east to the left unless changed."""
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval, wcs.wcs.crpix, wcs.wcs.cdelt = [30.0, -0.5], [11.0, 21.0], [-1e-4, 1e-4]
    wcs.wcs.radesys, wcs.wcs.equinox = "FK5", 2000.0
    for name, value in changes.items():
        setattr(wcs.wcs, name, value)
    return wcs


@pytest.mark.parametrize("system", ["image\n", "physical\n", "logical;", ""])
def test_image_and_physical_are_one_without_ltv(tmp_path: Path, system: str) -> None:
    found = read(tmp_path, f"# Region file format: DS9 version 4.1\nglobal color=green\n{system}circle(100,200,5)\n")
    assert [(shape.kind, shape.points, shape.size) for shape in found.shapes] == [("circle", ((99.0, 199.0),), (5.0,))]
    assert found.shapes[0].colour == "green"
    assert found.left_out == ()


def test_physical_follows_the_cards_of_the_header(tmp_path: Path) -> None:
    text = "physical\nbox(132,10,4,6,0)\nimage\ncircle(132p,10p,3p)\ncircle(100,10,3i)\n"
    found = read(tmp_path, text, ltv=(-32.0, 0.0), ltm=(1.0, 0.5))
    assert [shape.points for shape in found.shapes] == [((99.0, 4.0),), ((99.0, 4.0),), ((99.0, 9.0),)]
    assert found.shapes[0].size == (4.0, 3.0)


def test_what_is_excluded_is_left_out_and_said(tmp_path: Path) -> None:
    text = (
        "global include=0\nimage\ncircle(1,1,1)\n+circle(2,2,1)\ncircle(3,3,1) # include=1\n"
        "global include=1\n-box(4,4,1,1,0)\n!box(5,5,1,1,0)\nbox(6,6,1,1,0) # include=False color=red\nbox(7,7,1,1,0)\n"
    )
    found = read(tmp_path, text)
    assert [shape.line for shape in found.shapes] == [4, 5, 10]
    assert [(one.line, one.problem) for one in found.left_out] == [(n, Problem.EXCLUDED) for n in (3, 7, 8, 9)]
    assert str(found.left_out[1]).startswith("line 7: '-box(4,4,1,1,0)' is left out: excluded")


def test_only_the_tile_that_is_open(tmp_path: Path) -> None:
    text = "circle(1,1,1)\n# tile 1\nimage\ncircle(2,2,1)\n# tile 2\ncircle(3,3,1)\n# tile 1\ncircle(4,4,1)\n"
    assert [shape.line for shape in read(tmp_path, text, tile=1).shapes] == [1, 4, 8]
    found = read(tmp_path, text, tile=2)
    assert [shape.line for shape in found.shapes] == [1, 6]
    assert [(one.line, one.problem) for one in found.left_out] == [(4, Problem.OTHER_TILE), (8, Problem.OTHER_TILE)]
    assert len(read(tmp_path, text).left_out) == 3


def test_rings_are_told_from_boxes_and_others_named(tmp_path: Path) -> None:
    text = (
        "image\nbox(9,9,2,4,4,8,0)\nbox(9,9,2,4,n=3)\nellipse(9,9,1,2,3,4,15)\nannulus(9,9,1,2,3)\n"
        "panda(9,9,0,90,1,5,10,1)\n# vector(10,10,20,45) vector=1\nhexagon(1,2,3)\nbox(9,9,2,4,90)\n"
    )
    found = read(tmp_path, text)
    assert [(shape.kind, shape.size, shape.angle) for shape in found.shapes] == [("box", (2.0, 4.0), 90.0)]
    assert {one.problem for one in found.left_out} == {Problem.KIND}
    assert [one.reason.split(" cannot")[0] for one in found.left_out] == [
        *("a box annulus", "a box annulus", "an elliptical annulus", "an annulus of several rings", "a panda"),
        *("a vector", "no shape of DS9"),
    ]


def test_members_of_a_composite_are_read_where_they_are(tmp_path: Path) -> None:
    text = "image\n# composite(100,100,30) || composite=1 color=red\ncircle(100,120,20) || # color=red\n"
    text += "box(1,2,3,4,5) ||\n"
    found = read(tmp_path, text)
    assert [shape.points for shape in found.shapes] == [((99.0, 119.0),), ((0.0, 1.0),)]
    assert found.left_out == ()


def test_properties_may_hold_any_sign(tmp_path: Path) -> None:
    text = (
        'image;box(5,6,2,1,0) # color=#ff8800 text={hot; pixel #1} tag={a} tag={b c} font="x 1"\n'
        "image; # text(20,20) text='it has \"quotes\"'\nx point 7 8 # point=cross 20\n"
    )
    box, label, point = read(tmp_path, text).shapes
    assert (box.text, box.colour, box.tags) == ("hot; pixel #1", "#ff8800", ("a", "b c"))
    assert (label.kind, label.text) == ("text", 'it has "quotes"')
    assert (point.kind, point.points) == ("point", ((6.0, 7.0),))


def test_forms_of_saotng(tmp_path: Path) -> None:
    """Its sizes are pixels, whatever the positions are: DS9 8.4.1 writes 20 pixels behind degrees."""
    assert len(read(tmp_path, "# format: pixels (physical)\n+circle(100,100,20) # green\n").shapes) == 1
    found = read(tmp_path, "# format: degrees (fk5)\n+circle(29.99,-0.5,20) # green\n", wcs=sky())
    assert found.shapes == ()
    assert "SAOtng form" in found.left_out[0].reason


@pytest.mark.parametrize("system", ["wcsa", "wcsp", "wcsz", "b1950", "linear", "detector", "amplifier"])
def test_other_systems_are_refused(tmp_path: Path, system: str) -> None:
    found = read(tmp_path, f"{system}\ncircle(3,4,5)\nimage\ncircle(5,5,3)\n", wcs=sky())
    assert [shape.line for shape in found.shapes] == [4]
    assert [one.problem for one in found.left_out] == [Problem.SYSTEM]
    assert repr(system) in found.left_out[0].reason


@pytest.mark.parametrize(
    "text",
    [
        'fk5\ncircle(30.0,-0.5,3.6")\n',
        "j2000; circle 30d -0.5d 0.06'\n",
        "fk5;circle(2:00:00,-0:30:00,0.001)\n",
        "icrs;circle(2h0m0s,-0d30m0s,0.001d)\n",
        "wcs\ncircle(0.5235987755982988r,-0.5,0.001)\n",
        # What DS9 8.4.1 makes of this place in other systems.
        "galactic\ncircle(157.4850234,-58.6941613,0.001)\n",
        "ecliptic\ncircle(27.7309157,-11.9400113,0.001)\n",
        'image\ncircle(11,21,3.6")\n',
    ],
)
def test_systems_and_units_of_the_sky(tmp_path: Path, text: str) -> None:
    found = read(tmp_path, text, wcs=sky())
    (shape,) = found.shapes
    assert shape.points[0] == pytest.approx((10.0, 20.0), abs=0.07)
    assert shape.size[0] == pytest.approx(10.0, rel=1e-3)


@pytest.mark.parametrize(
    ("changes", "angle"),
    [({}, 30.0), ({"cdelt": [1e-4, -1e-4]}, 210.0), ({"cdelt": [1e-4, 1e-4]}, 150.0)],
    ids=["north up", "north down", "mirrored"],
)
def test_angles_on_the_sky(tmp_path: Path, changes: dict[str, Any], angle: float) -> None:
    """210 degrees is what DS9 8.4.1 makes of 30 on a frame of which north is down and east to the right."""
    (box,) = read(tmp_path, 'fk5\nbox(30.0,-0.5,3.6",1.8",30)\n', wcs=sky(**changes)).shapes
    assert box.angle == pytest.approx(angle, abs=1e-3)
    assert box.size == pytest.approx((10.0, 5.0), rel=1e-4)


def test_the_sky_needs_a_wcs_in_a_system_that_is_known(tmp_path: Path) -> None:
    text = 'fk5\ncircle(30.0,-0.5,3.6")\n'
    assert "where there is no WCS, found 'fk5'" in read(tmp_path, text).left_out[0].reason
    assert read(tmp_path, text, wcs=sky(radesys="GAPPT")).left_out[0].problem is Problem.SYSTEM
    assert read(tmp_path, "fk5\ncircle(210,0.5,1)\n", wcs=sky()).left_out[0].problem is Problem.SYSTEM
    assert "from -90 to 90" in read(tmp_path, "fk5\ncircle(210,95,1)\n", wcs=sky()).left_out[0].reason


@pytest.mark.parametrize(
    "command",
    [
        *("box(1,2,3)", "circle(1,2)", "circle(1,2,3,4)", "polygon(1,2,3,4)", "polygon(1,2,3,4,5)", "line(1,2)"),
        *("point(1)", "circle(nan,1,2)", "circle(1,2,inf)", "circle(1_0,2,3)", "box(1,2,x,4,0)", "circle(1,2,-3)"),
        *("circle(1,2,3", "circle()", f"circle(1,2,{'9' * 5000})", "circle(1,2,1:2:3)", "circle(1:2,2:3:4,1)"),
    ],
)
def test_damage_is_said_with_its_line(tmp_path: Path, command: str) -> None:
    found = read(tmp_path, f"image\n{command}\n")
    assert found.shapes == ()
    (one,) = found.left_out
    assert (one.line, one.problem) == (2, Problem.DAMAGED)
    assert len(str(one)) < 200


@pytest.mark.parametrize(
    ("word", "value", "unit"),
    [
        ("-0:30:00", -0.5, "hour"),
        ("12h30m36s", 12.51, "hour"),
        ("-0d30m00s", -0.5, "deg"),
        ("1.5d", 1.5, "deg"),
        ("30'", 0.5, "deg"),
        ("1e2i", 100.0, "i"),
        ("7P", 7.0, "p"),
    ],
)
def test_numbers(word: str, value: float, unit: str) -> None:
    assert measure(word) == (pytest.approx(value), unit)


@pytest.mark.parametrize("word", ["1:60:0", "1:0:-1", "1:2", "", "x", "1..2"])
def test_no_numbers(word: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        measure(word)


def test_other_files(tmp_path: Path) -> None:
    assert not read(tmp_path, "hello world\n").is_region_file
    assert not read(tmp_path, "").is_region_file
    assert read(tmp_path, "# Region file format: DS9 version 4.1\n").is_region_file
    path = tmp_path / "some.reg"
    path.write_bytes(b"\xef\xbb\xbfimage\r\ncircle(1,2,3) # text={caf\xe9}\r\npoint(1,2)\r")
    assert [shape.kind for shape in read_regions(path).shapes] == ["circle", "point"]
    path.write_bytes(b"image\0")
    with pytest.raises(ValueError, match=r"some.reg: not a text file: byte 5 is 0"):
        read_regions(path)


SHAPES = (
    Shape("circle", ((100.5, 7.25),), (3.0,), text="a } star", colour="#ff8800", tags=("hot", "x y")),
    Shape("annulus", ((10.0, 20.0),), (3.0, 6.0)),
    Shape("box", ((11.5, 22.0),), (4.0, 2.0), 30.0, colour="red"),
    Shape("ellipse", ((13.0, 24.0),), (8.0, 4.0), 200.0),
    Shape("polygon", ((1.0, 1.0), (5.0, 1.0), (5.0, 9.0))),
    Shape("line", ((1.0, 2.0), (30.0, 40.0))),
    Shape("point", ((7.0, 8.0),)),
    Shape("text", ((7.0, 8.0),), text="two lines"),
)


@pytest.mark.parametrize("on_sky", [False, True])
@pytest.mark.parametrize("cdelt", [[-1e-4, 1e-4], [1e-4, -1e-4], [1e-4, 1e-4]])
def test_what_is_written_is_read_again(tmp_path: Path, on_sky: bool, cdelt: list[float]) -> None:
    wcs = sky(cdelt=cdelt)
    text = region_text(SHAPES, (32.0, 0.0), wcs if on_sky else None, comments=["NAME = ccd12"])
    found = read(tmp_path, text, offset=(32.0, 0.0), wcs=wcs)
    assert found.left_out == ()
    for shape, expected in zip(found.shapes, SHAPES, strict=True):
        assert (shape.kind, shape.text, shape.tags) == (expected.kind, expected.text, expected.tags)
        assert shape.colour == (expected.colour or "green")
        for place, other in zip(shape.points, expected.points, strict=True):
            assert place == pytest.approx(other, abs=2e-4)
        assert shape.size == pytest.approx(expected.size, rel=1e-5)
        assert shape.angle == pytest.approx(expected.angle, abs=1e-3)


@pytest.mark.parametrize(
    "piece",
    [
        *(" ", "box(1", "box 1 ", "((", "#{", "# tag={", "text='", "=", ";", "a=b ", "=;"),
        "\t,",
        "# text(",
        "\r",
        "-+",
        "#a;",
    ],
)
def test_hostile_lines_come_to_an_end(tmp_path: Path, piece: str) -> None:
    """Hundreds of thousands of characters: work that grows with the square of the length would take hours."""
    path = tmp_path / "long.reg"
    path.write_text(f"image\nbox(1,2,3,4,0) {piece * (300_000 // len(piece))}!\n")
    found = read_regions(path)
    assert found.is_region_file
    assert len(found.shapes) + len(found.left_out) >= 1


def test_statements_behind_properties(tmp_path: Path) -> None:
    """A semicolon ends properties, but not other comments: so does DS9."""
    text = "image\ncircle(1,1,1) # color=red ; box(5,5,2,2,0)\ncircle(2,2,1) # hello ; box(6,5,2,2,0)\n"
    text += "# no; box(7,7,1,1)\n"
    assert [shape.kind for shape in read(tmp_path, text).shapes] == ["circle", "box", "circle"]
