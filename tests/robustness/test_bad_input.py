"""Bad files: one clear error that names the file, the place, what was expected and what was found; nothing else."""

from __future__ import annotations

import contextlib
import gzip
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from isrcore.data.errors import FrameError, NotARawFrame
from isrcore.data.kinds import Kind
from isrcore.data.masters import read_mask_boxes, read_master
from isrcore.data.raw import open_raw
from tests.header_files import BLOCK, HeaderFile, made_headers, set_card, write_made

HEADERS_SIZE = 2 * BLOCK
"""Primary and extension of a made frame."""


def refuse(path: Path, *parts: str, action: Callable[[Path], object] = open_raw) -> FrameError:
    """The error of opening `path`; its message names the file and every one of `parts`."""
    with pytest.raises(FrameError) as caught:
        action(path)
    message = str(caught.value)
    for part in (str(path), *parts):
        assert part in message, message
    assert caught.value.path == path
    return caught.value


@pytest.fixture
def good(tmp_path: Path) -> HeaderFile:
    """Three Rice-compressed CCDs: ccd04, ccd05, ccd06."""
    return write_made(tmp_path / "good.fits.fz", made_headers((4, 5, 6), bytepix=2), bytepix=2)


def test_missing_file(tmp_path: Path) -> None:
    refuse(tmp_path / "none.fits", "no such file")


def test_folder(tmp_path: Path) -> None:
    refuse(tmp_path, "this is a folder", "expected a FITS file")


def test_empty_file(tmp_path: Path) -> None:
    (tmp_path / "empty.fits").touch()
    refuse(tmp_path / "empty.fits", "the file is empty")


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n" + bytes(5000), b"SIMPLE", b"text\n" * 2000, bytes(2880)])
def test_not_fits(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "picture.fits"
    path.write_bytes(content)
    refuse(path, "not a FITS file", "SIMPLE")


def test_permission_denied(good: HeaderFile, monkeypatch: pytest.MonkeyPatch) -> None:
    good.path.chmod(0)
    if os.access(good.path, os.R_OK):  # The superuser may read everything: let the system call say no.

        def denied(self: Path, *arguments: object) -> None:
            raise PermissionError(13, "Permission denied", str(self))

        monkeypatch.setattr(Path, "open", denied)
    refuse(good.path, "permission denied")


def test_truncated_in_the_last_extension_leaves_the_others(good: HeaderFile) -> None:
    size = good.path.stat().st_size
    os.truncate(good.path, size - 50_000)
    frame = open_raw(good.path)
    assert frame.detectors == [4, 5]
    assert np.array_equal(frame.read(5).image, good.raw(2))
    refuse(good.path, "truncated", "HDU 3 (ccd06)", "expected", "found", action=lambda _: frame.read(6))


def test_truncated_in_a_header(good: HeaderFile) -> None:
    third = good.path.read_bytes().rindex(b"XTENSION")
    os.truncate(good.path, third + 800)
    frame = open_raw(good.path)
    assert frame.detectors == [4, 5]
    assert "HDU 3" in str(frame.damage)
    refuse(good.path, "missing extension", "ccd06", "truncated", action=lambda _: frame.read(6))


def test_truncated_in_the_only_extension(tmp_path: Path) -> None:
    path = write_made(tmp_path / "f.fits", made_headers((4,))).path
    os.truncate(path, path.stat().st_size // 2)
    error = refuse(path, "truncated", "HDU 1 (ccd04)", f"expected {2112 * 4644 * 2} bytes")
    assert error.hdu == "1 (ccd04)"


def test_truncated_after_the_primary(good: HeaderFile) -> None:
    os.truncate(good.path, good.path.read_bytes().index(b"XTENSION"))
    refuse(good.path, "no pixels", "NEXTEND", "expected 3 image extensions", "found 0")


def test_truncated_in_the_primary(good: HeaderFile) -> None:
    os.truncate(good.path, 1000)
    refuse(good.path, "truncated", "HDU 0")


@pytest.mark.parametrize("keep", [20, 4000, 40_000])
def test_truncated_gzip(keep: int, good: HeaderFile, tmp_path: Path) -> None:
    path = tmp_path / "f.fits.gz"
    path.write_bytes(gzip.compress(good.path.read_bytes(), 1)[:keep])
    refuse(path, "gzip stream is broken")


def test_missing_extension(good: HeaderFile) -> None:
    frame = open_raw(good.path)
    for name in (17, "ccd17"):
        error = refuse(
            good.path,
            "missing extension",
            "EXTNAME",
            "expected ccd17",
            "ccd04, ccd05, ccd06",
            action=lambda _, n=name: frame.read(n),
        )
        assert error.keyword == "EXTNAME"
    refuse(good.path, "missing extension", "'amp3x'", action=lambda _: frame.read("amp3x"))


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"NAXIS1": "2048"}, ("wrong size", "NAXIS1", "expected 2112", "found 2048")),
        ({"NAXIS2": "4612"}, ("wrong size", "NAXIS2", "expected 4644", "found 4612")),
        ({"NAXIS1": "264", "NAXIS2": "581", "CCDBIN1": "8", "CCDBIN2": "8"}, ("binned", "CCDBIN1", "found 8")),
        ({"CCDSUM": "'2 2     '"}, ("binned", "CCDSUM", "found 2 2")),
        ({"RASTER": "'R1      '", "NAXIS2": "1024"}, ("sub-raster", "RASTER", "expected FULL", "found R1")),
        ({"BZERO": "0.0"}, ("not a raw frame", "processed frame")),
        ({"NAXIS": "'two'"}, ("how large the data are", "HDU 1", "NAXIS")),
        ({"NAXIS1": "-5"}, ("how large the data are", "HDU 1", "NAXIS")),
        ({"BITPIX": "17"}, ("how large the data are", "HDU 1", "BITPIX")),
    ],
)
def test_frames_that_cannot_be_placed(changes: dict[str, str], parts: tuple[str, ...], tmp_path: Path) -> None:
    path = tmp_path / "f.fits"
    headers = made_headers((4,), changes=changes)
    with path.open("wb") as stream:
        for cards in headers:
            text = "".join(cards).encode()
            stream.write(text.ljust(-(-len(text) // 2880) * 2880))
        stream.write(bytes(2112 * 4644 * 2))
    refuse(path, *parts)


def test_one_bad_extension_does_not_hide_the_others(tmp_path: Path) -> None:
    headers = made_headers((4, 5))
    set_card(headers[1], "CCDSUM", "'2 2     '")
    frame = open_raw(write_made(tmp_path / "f.fits", headers).path)
    assert frame.detectors == [5]
    refuse(frame.path, "binned", action=lambda _: frame.read(4))


def test_other_scaling_in_one_extension(tmp_path: Path) -> None:
    headers = made_headers((4, 5))
    set_card(headers[2], "BZERO", "32668.0")
    frame = open_raw(write_made(tmp_path / "f.fits", headers).path)
    refuse(frame.path, "HDU 2 (ccd05)", "BZERO", "expected 32768.0", "found 32668.0", action=lambda _: frame.read(5))


def heap_of(file: HeaderFile, hdu: int) -> tuple[int, int]:
    """First byte and length of the heap of an extension."""
    with fits.open(file.path, disable_image_compression=True) as hdus:
        header = hdus[hdu].header
        table = header["NAXIS1"] * header["NAXIS2"]
        return hdus[hdu].fileinfo()["datLoc"] + table, header["PCOUNT"]


def overwrite(path: Path, place: int, content: bytes) -> None:
    with path.open("r+b") as stream:
        stream.seek(place)
        stream.write(content)


def check_only_second_is_damaged(good: HeaderFile) -> FrameError:
    frame = open_raw(good.path)
    error = refuse(good.path, "HDU 2 (ccd05)", "RICE_1", "damaged", "found", action=lambda _: frame.read(5))
    for hdu, detector in ((1, 4), (3, 6)):
        assert np.array_equal(frame.read(detector).image, good.raw(hdu))
    return error


def test_corrupt_rice_heap_in_one_extension(good: HeaderFile) -> None:
    start, length = heap_of(good, 2)
    overwrite(good.path, start, bytes(length))
    check_only_second_is_damaged(good)


def test_tiles_outside_the_heap(good: HeaderFile) -> None:
    start, length = heap_of(good, 2)
    overwrite(good.path, start - 4, (2**30).to_bytes(4, "big"))
    error = check_only_second_is_damaged(good)
    assert f"within a heap of {length} bytes" in str(error)


def test_checksum_of_a_compressed_extension(tmp_path: Path) -> None:
    """A flipped bit that still decodes is found where the file has a checksum."""
    headers = made_headers((4,), bytepix=2, changes={"DATASUM": "'0       '"})
    path = write_made(tmp_path / "f.fits.fz", headers, bytepix=2).path
    refuse(path, "DATASUM", "expected 0", action=lambda p: open_raw(p).read(4))


def test_file_replaced_while_open(good: HeaderFile) -> None:
    frame = open_raw(good.path)
    write_made(good.path, made_headers((4, 5), bytepix=2), bytepix=2)
    refuse(good.path, "has changed since it was opened", "open it again", action=lambda _: frame.read(4))


def test_file_removed_while_open(good: HeaderFile) -> None:
    frame = open_raw(good.path)
    good.path.unlink()
    refuse(good.path, "no such file", action=lambda _: frame.read(4))


def test_lost_amplifier(tmp_path: Path) -> None:
    """Of three amplifier extensions only two make a CCD."""
    headers = made_headers((0, 1, 2), changes={"NAXIS1": "1056"})
    for number, cards in enumerate(headers[1:]):
        set_card(cards, "EXTNAME", f"'amp{number:02d}   '")
    path = tmp_path / "f.fits"
    with path.open("wb") as stream:
        for cards in headers:
            text = "".join(cards).encode()
            stream.write(text.ljust(-(-len(text) // 2880) * 2880))
            if cards is not headers[0]:
                stream.write(bytes(-(-1056 * 4644 * 2 // 2880) * 2880))
    frame = open_raw(path)
    assert frame.detectors == [0]
    refuse(path, "ccd01 has only amplifier B", "amp03", action=lambda _: frame.read(1))


def test_file_of_another_camera(tmp_path: Path) -> None:
    path = tmp_path / "other.fits"
    other = fits.ImageHDU(np.zeros((20, 20), np.uint16), name="CHIP1")
    primary = fits.PrimaryHDU(header=fits.Header([("INSTRUME", "OmegaCam")]))
    fits.HDUList([primary, other]).writeto(path)
    error = refuse(path, "unknown file", "expected a raw MegaCam frame", "INSTRUME 'OmegaCam'")
    assert isinstance(error, NotARawFrame)
    assert error.kind is Kind.UNKNOWN


@pytest.mark.parametrize("action", [lambda p: read_master(p, 9), lambda p: read_mask_boxes(p, 9)])
def test_calibration_without_the_ccd(action: Callable[[Path], object], good: HeaderFile) -> None:
    refuse(good.path, "missing extension", "expected ccd09", "ccd04, ccd05, ccd06", action=action)


def test_calibration_of_wrong_size(tmp_path: Path) -> None:
    path = tmp_path / "f.fits"
    image = fits.ImageHDU(np.ones((100, 200), np.float32), name="ccd04")
    fits.HDUList([fits.PrimaryHDU(), image]).writeto(path)
    refuse(path, "wrong size for ccd04", "2112 x 4644", "found 200 x 100", action=lambda p: read_master(p, 4))


def test_mask_with_a_bad_rectangle(tmp_path: Path) -> None:
    headers = made_headers((4,), changes={"OBSTYPE": "'MASK    '", "MASK_000": "'[1:5]   '"})
    path = write_made(tmp_path / "f.fits", headers).path
    refuse(path, "MASK_000", "[x1:y1,x2:y2]", "found [1:5]", action=lambda p: read_mask_boxes(p, 4))


@pytest.mark.parametrize("bytepix", [None, 2])
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(places=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=20))
def test_flipped_bytes_in_headers_never_surprise(
    bytepix: int | None, places: list[tuple[float, int]], tmp_path: Path
) -> None:
    """Any damage to headers gives a frame or a `FrameError`, nothing else."""
    source = tmp_path / "source.fits"
    if not source.exists():
        write_made(source, made_headers((4,), bytepix=bytepix), bytepix=bytepix)
    damaged = bytearray(source.read_bytes())
    for place, value in places:
        damaged[int(place * HEADERS_SIZE)] = value
    path = tmp_path / "damaged.fits"
    path.write_bytes(damaged)
    with contextlib.suppress(FrameError):
        open_raw(path).read(4)


@pytest.fixture(scope="module", params=[None, 2])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> HeaderFile:
    path = tmp_path_factory.mktemp("made") / "f.fits"
    return write_made(path, made_headers((4,), bytepix=request.param), bytepix=request.param)


@pytest.mark.parametrize("value", ["0", "-1", "3", "999999999", "'text'", ""])
@pytest.mark.parametrize(
    "key",
    ["NAXIS1", "NAXIS2", "PCOUNT", "GCOUNT", "ZBITPIX", "ZTILE1", "ZTILE2", "ZVAL1", "ZVAL2", "TFIELDS", "TFORM1"],
)
def test_wrong_structure_never_surprises(key: str, value: str, made: HeaderFile) -> None:
    good, cards = "".join(made.headers[1]).encode().ljust(BLOCK), list(made.headers[1])
    set_card(cards, key, value)
    overwrite(made.path, BLOCK, "".join(cards).encode().ljust(BLOCK))
    with contextlib.suppress(FrameError):
        open_raw(made.path).read(4)
    overwrite(made.path, BLOCK, good)
    assert np.array_equal(open_raw(made.path).read(4).image, made.raw(1))
