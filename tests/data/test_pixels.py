"""What stored numbers mean: undefined pixels, scaling, types, tiles, masks."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from numpy.typing import NDArray

from isrcore.calib.mask_image import bad_pixels
from isrcore.data.errors import FrameError
from isrcore.data.fits_file import FitsFile
from isrcore.data.masters import read_mask_boxes, read_master
from isrcore.data.raw import open_raw
from isrcore.data.report import describe_frame
from isrcore.data.splice import splice_pixels
from isrcore.export import read_exposure
from isrcore.steps.convert import convert_int_to_float
from tests.header_files import made_headers, make_pool, set_card, write_made

CCD = (4612, 2048)


def write_image(path: Path, stored: NDArray[Any], **cards: Any) -> Path:
    """A file with one plain extension whose pixels are stored just so."""
    hdu = fits.ImageHDU(stored, name="ccd12")
    for key, value in cards.items():
        hdu.header[key] = value
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(path, output_verify="ignore")
    return path


def pack(path: Path, algorithm: str = "r") -> Path:
    """The file as CFITSIO compresses it."""
    if shutil.which("fpack") is None:
        pytest.skip("fpack is not installed (Debian: libcfitsio-bin)")
    packed = path.with_name(f"{path.name}.fz")
    subprocess.run(["fpack", f"-{algorithm}", "-O", packed, path], check=True)
    return packed


def replace_card(path: Path, key: str, card: str) -> Path:
    """Change the last card of `key` in the file, which stays as long as it is."""
    content = path.read_bytes()
    place = content.rindex(f"{key:8}=".encode())
    path.write_bytes(content[:place] + card.ljust(80).encode() + content[place + 80 :])
    return path


def scaled(path: Path) -> NDArray[np.float32]:
    file = FitsFile(path)
    return file.scaled_pixels(file.hdus[1])


def smooth(low: int, high: int, dtype: str) -> NDArray[Any]:
    """Rows of one value each, which every codec takes."""
    return np.repeat(np.linspace(low, high, 20).astype(dtype)[:, np.newaxis], 300, axis=1)


class TestUndefined:
    @pytest.mark.parametrize("packer", [None, "r", "g", "h"])
    def test_blank_of_integers_is_nan(self, packer: str | None, tmp_path: Path) -> None:
        stored = smooth(0, 1000, "i2")
        stored[3, 5:9] = -32768 if packer != "h" else 7
        blank = int(stored[3, 5])
        path = write_image(tmp_path / "f.fits", stored, BSCALE=1e-4, BZERO=3.2, BLANK=blank)
        found = scaled(path if packer is None else pack(path, packer))
        assert np.array_equal(np.isnan(found), stored == blank)
        assert np.array_equal(found[stored != blank], (stored[stored != blank] * 1e-4 + 3.2).astype("f4"))

    @pytest.mark.parametrize("dtype", ["u1", "i2", "i4", "i8"])
    def test_blank_is_what_astropy_makes_of_it(self, dtype: str, tmp_path: Path) -> None:
        path = write_image(tmp_path / "f.fits", smooth(0, 100, dtype), BSCALE=2.0, BZERO=-1.0, BLANK=10)
        with fits.open(path) as hdus:
            expected = hdus[1].data.astype("f4")
        assert np.isnan(expected).any()
        np.testing.assert_array_equal(scaled(path), expected)

    def test_zblank_comes_before_blank(self, tmp_path: Path) -> None:
        stored = smooth(0, 19, "i2")
        path = pack(write_image(tmp_path / "f.fits", stored, BLANK=3, DUMMY=1))
        replace_card(path, "DUMMY", f"ZBLANK  = {7:>20}")
        assert np.array_equal(np.isnan(scaled(path)), stored == 7)

    def test_blank_of_floats_means_nothing(self, tmp_path: Path) -> None:
        pixels = smooth(0, 19, "f4")
        pixels[0, 0] = np.nan
        path = write_image(tmp_path / "f.fits", pixels, BLANK=3)
        np.testing.assert_array_equal(scaled(path), pixels)

    @pytest.mark.parametrize("bytepix", [None, 2])
    def test_master(self, bytepix: int | None, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        blank = int(make_pool(1)[5, 100])
        changes = {"OBSTYPE": "'FLAT'", "BSCALE": "1e-4", "BZERO": "3.2", "BLANK": str(blank)}
        changes["IMCMB_FT"] = "'MASTER_DETREND_SKYFLAT'"
        headers = made_headers((12,), bytepix=bytepix, changes=changes)
        file = write_made(tmp_path / "flat.fits", headers, bytepix=bytepix)
        stored = file.stored(1)[:4612, 32:2080]
        image = read_master(file.path, 12).image
        assert np.array_equal(np.isnan(image), stored == blank)
        assert np.isnan(image).any()
        assert f"{np.count_nonzero(np.isnan(image))} pixels have no value (BLANK = {blank})" in caplog.text

    def test_exposure(self, tmp_path: Path) -> None:
        """Image and variance of integers."""
        image, mask, variance = (fits.ImageHDU(np.arange(12, dtype="i2").reshape(3, 4)) for _ in range(3))
        image.header["BLANK"], variance.header["BLANK"] = 5, 7
        mask.data[:] = 0
        for hdu, name in ((image, "IMAGE"), (mask, "MASK"), (variance, "VARIANCE")):
            hdu.name = name
        mask.header["MP_SAT"] = 1
        fits.HDUList([fits.PrimaryHDU(), image, mask, variance]).writeto(tmp_path / "e.fits", output_verify="ignore")
        found = read_exposure(tmp_path / "e.fits")
        assert np.argwhere(np.isnan(found.image)).tolist() == [[1, 1]]
        assert np.argwhere(np.isnan(found.variance)).tolist() == [[1, 3]]

    @pytest.mark.parametrize(("bytepix", "card"), [(None, "BLANK"), (2, "BLANK"), (2, "ZBLANK"), (4, "ZBLANK")])
    def test_raw_frame(
        self, bytepix: int | None, card: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Not a number after conversion, NO_DATA in the mask, counted by the reader."""
        headers = made_headers((3, 12), bytepix=bytepix)
        set_card(headers[2], card, "32767")
        file = write_made(tmp_path / "1000001o.fits", headers, bytepix=bytepix)
        undefined = file.stored(2) == 32767
        assert undefined.any()
        raw = open_raw(file.path)
        exposure = raw.read(12)
        assert exposure.image.dtype == np.uint16
        assert np.array_equal(exposure.mask.has("NO_DATA"), undefined)
        assert not exposure.image[undefined].any(), "an undefined pixel must not look saturated"
        assert np.array_equal(exposure.image[~undefined], file.raw(2)[~undefined])
        converted = convert_int_to_float(exposure)
        assert np.array_equal(np.isnan(converted.image), undefined)
        assert np.array_equal(converted.mask.array != 0, undefined)
        assert np.array_equal(converted.mask.has("NO_DATA"), undefined)
        assert (converted.variance == 1).all()
        count = int(undefined.sum())
        assert f"ccd12: {count} pixels have no value ({card} = 32767)" in caplog.text
        assert (raw.undefined_pixels(12), raw.undefined_pixels(3)) == (count, None)
        assert f"ccd12: {count} pixels (NaN after conversion" in describe_frame(file.path)
        assert exposure.metadata["NUMUNDEF"] == count
        other = raw.read(3)
        assert not other.mask.array.any()
        assert "NUMUNDEF" not in other.metadata

    def test_raw_frame_with_a_blank_that_no_pixel_has(self, tmp_path: Path) -> None:
        headers = made_headers((12,), changes={"BLANK": "99"})
        path = write_made(tmp_path / "1000001o.fits", headers).path
        assert not open_raw(path).read(12).mask.array.any()
        assert "ccd12: no pixels" in describe_frame(path)

    def test_report_of_a_damaged_frame(self, tmp_path: Path) -> None:
        """The count needs the pixels; where they cannot be read, the rest is still told."""
        headers = made_headers((3, 12), bytepix=2, changes={"BLANK": "32767", "DATASUM": "'1'"})
        found = describe_frame(write_made(tmp_path / "1000001o.fits", headers, bytepix=2).path)
        assert "CCDs" in found
        assert found.count("keyword DATASUM") == 2

    def test_compressed_floats(self, tmp_path: Path) -> None:
        """NaN stays NaN through lossy compression, in which ZBLANK stands for it."""
        pixels = np.random.default_rng(1).normal(100, 5, (40, 300)).astype("f4")
        pixels[7, 20:30] = np.nan
        found = scaled(pack(write_image(tmp_path / "f.fits", pixels)))
        assert np.array_equal(np.isnan(found), np.isnan(pixels))
        assert np.nanmax(np.abs(found - pixels)) < 1

    def test_raw_frame_of_amplifiers(self, tmp_path: Path) -> None:
        """Both extensions count, each with its own number."""
        a, b = np.zeros((4644, 1056), bool), np.zeros((4644, 1056), bool)
        a[10, 0], b[20, 1055] = True, True
        whole = splice_pixels(a, b)
        assert whole.dtype == np.bool_
        assert np.argwhere(whole).tolist() == [[10, 32], [20, 2080]]


class TestScaling:
    @pytest.mark.parametrize("card", ["BSCALE", "BZERO"])
    @pytest.mark.parametrize("value", ["1E400", "-1E400", "'two'", "T", "NaN", "  /undefined"])
    def test_no_number(self, card: str, value: str, tmp_path: Path) -> None:
        path = write_image(tmp_path / "f.fits", smooth(0, 19, "f4"), BSCALE=1.0, BZERO=0.0)
        with pytest.raises(FrameError, match=rf"HDU 1 \(CCD12\).*keyword {card}, expected a finite number"):
            scaled(replace_card(path, card, f"{card:8}= {value}"))

    def test_scale_of_zero(self, tmp_path: Path) -> None:
        with pytest.raises(FrameError, match=r"BSCALE, expected a finite number other than 0, found 0\.0"):
            scaled(write_image(tmp_path / "f.fits", smooth(0, 19, "i2"), BSCALE=0.0))

    @pytest.mark.parametrize("value", ["'none'", "1.5", "1E400"])
    def test_blank_that_is_no_whole_number(self, value: str, tmp_path: Path) -> None:
        path = write_image(tmp_path / "f.fits", smooth(0, 19, "i2"), BLANK=1)
        with pytest.raises(FrameError, match="keyword BLANK, expected a whole number"):
            scaled(replace_card(path, "BLANK", f"BLANK   = {value}"))

    @pytest.mark.parametrize("bytepix", [None, 2])
    @pytest.mark.parametrize("card", ["BSCALE", "BZERO"])
    @pytest.mark.parametrize("value", ["1E400", "'1'"])
    def test_raw_frame(self, bytepix: int | None, card: str, value: str, tmp_path: Path) -> None:
        headers = made_headers((12,), bytepix=bytepix, changes={card: value})
        with pytest.raises(FrameError, match=f"keyword {card}, expected a finite number"):
            open_raw(write_made(tmp_path / "1000001o.fits", headers, bytepix=bytepix).path)

    @pytest.mark.parametrize("card", ["GAINA", "GAINB", "RDNOISEA", "RDNOISEB", "SATURATE"])
    @pytest.mark.parametrize("value", ["1E400", "NaN", "'high'"])
    def test_detector(self, card: str, value: str, tmp_path: Path) -> None:
        headers = made_headers((12,), changes={card: value})
        frame = open_raw(write_made(tmp_path / "1000001o.fits", headers).path)
        with pytest.raises(FrameError, match=f"ccd12: .*keyword {card}, expected a finite number"):
            frame.read(12)


class TestTiles:
    @pytest.mark.parametrize("zero", [None, 100, 32768])
    @pytest.mark.parametrize("dtype", ["u1", "i2", "i4"])
    @pytest.mark.parametrize("packer", ["p", "r", "g"])
    def test_what_was_packed(self, packer: str, dtype: str, zero: int | None, tmp_path: Path) -> None:
        stored = smooth(-32768 if zero == 32768 and dtype == "i2" else 0, 100, dtype)
        path = write_image(tmp_path / "f.fits", stored, **({} if zero is None else {"BZERO": zero, "BSCALE": 1}))
        packed = pack(path, packer)
        file = FitsFile(packed)
        found = file.stored_pixels(file.hdus[1])
        assert found.dtype == stored.dtype
        assert np.array_equal(found, stored)
        np.testing.assert_array_equal(scaled(packed), scaled(path))

    @pytest.mark.parametrize("packer", ["p", "r", "g"])
    def test_raw_frame(self, packer: str, tmp_path: Path) -> None:
        file = write_made(tmp_path / "1000001o.fits", made_headers((12,)))
        assert np.array_equal(open_raw(pack(file.path, packer)).read(12).image, file.raw(1))

    def test_pixels_of_another_type_than_stated(self, tmp_path: Path) -> None:
        """A table of floats that says that it holds integers."""
        path = pack(write_image(tmp_path / "f.fits", np.random.default_rng(1).normal(size=(20, 300)).astype("f4")))
        replace_card(path, "ZBITPIX", f"ZBITPIX = {16:>20}")
        with pytest.raises(FrameError, match="damaged"):
            scaled(path)

    @pytest.mark.parametrize("left_out", [("ZTILE1",), ("ZTILE2",), ("ZTILE1", "ZTILE2")])
    @pytest.mark.parametrize("packer", ["r", "g", "p"])
    def test_without_tile_sizes_a_tile_is_a_row(
        self, packer: str, left_out: tuple[str, ...], tmp_path: Path
    ) -> None:
        stored = smooth(0, 1000, "i2")
        path = pack(write_image(tmp_path / "f.fits", stored), packer)
        for key in left_out:
            replace_card(path, key, "COMMENT")
        assert np.array_equal(scaled(path), stored)

    def test_raw_frame_without_tile_sizes(self, tmp_path: Path) -> None:
        headers = made_headers((12,), bytepix=2)
        headers[1] = [card for card in headers[1] if not card.startswith("ZTILE")]
        file = write_made(tmp_path / "1000001o.fits.fz", headers, bytepix=2)
        assert np.array_equal(open_raw(file.path).read(12).image, file.raw(1))

    @pytest.mark.parametrize("value", ["0", "-1", "'row'", "1.5"])
    def test_a_tile_size_that_is_none(self, value: str, tmp_path: Path) -> None:
        path = replace_card(pack(write_image(tmp_path / "f.fits", smooth(0, 9, "i2"))), "ZTILE2", f"ZTILE2  = {value}")
        with pytest.raises(FrameError, match="damaged"):
            scaled(path)


class TestMasks:
    def write(self, path: Path, good: NDArray[Any], **cards: Any) -> Path:
        return write_image(path, good, OBSTYPE="MASK", INSTRUME="MegaPrime", **cards)

    @staticmethod
    def good() -> NDArray[np.int16]:
        good = np.ones(CCD, np.int16)
        good[100:200, 50] = 0
        good[7, 9] = 0
        return good

    @pytest.mark.parametrize(
        "change",
        [lambda good: good.astype("f4"), lambda good: good + np.float32(0.2), lambda good: good * np.float32(0.8)],
    )
    def test_the_nearer_of_two_values(self, change: Callable[[Any], Any], tmp_path: Path) -> None:
        boxes = read_mask_boxes(self.write(tmp_path / "m.fits", change(self.good())), 12)
        assert sum(box.area for box in boxes) == 101

    def test_compressed_with_loss(self, tmp_path: Path) -> None:
        """CFITSIO's default for floats: noise of a fraction of a percent on every 0 and 1."""
        rng = np.random.default_rng(1)
        noisy = (self.good() + rng.normal(0, 0.02, CCD)).astype("f4")
        boxes = read_mask_boxes(pack(self.write(tmp_path / "m.fits", noisy)), 12)
        assert sum(box.area for box in boxes) == 101

    @pytest.mark.parametrize("value", [0.5, 2.0, -1.0, np.nan, np.inf])
    def test_neither(self, value: float, tmp_path: Path) -> None:
        good = self.good().astype("f4")
        good[3, 4:7] = value
        with pytest.raises(FrameError, match=r"neither bad nor good .*found 3 other pixels"):
            read_mask_boxes(self.write(tmp_path / "m.fits", good), 12)

    def test_undefined(self, tmp_path: Path) -> None:
        path = self.write(tmp_path / "m.fits", np.where(self.good(), 1, -1).astype("i2"), BLANK=-1)
        with pytest.raises(FrameError, match="101 of them have no value"):
            read_mask_boxes(path, 12)

    @pytest.mark.parametrize("dtype", ["i1", "u1", "i2", "u2", "i4", "f4", "f8", "?"])
    def test_of_any_type(self, dtype: str) -> None:
        assert bad_pixels(np.array([[0, 1]], dtype)).tolist() == [[True, False]]

    def test_the_smallest_integer_is_not_bad(self) -> None:
        with pytest.raises(ValueError, match="neither bad nor good"):
            bad_pixels(np.array([[-32768, 1]], np.int16))

    def exposure(self, path: Path, stored: NDArray[Any], **cards: Any) -> Path:
        """An exposure with zeros and a mask whose pixels are stored just so."""
        mask = fits.ImageHDU(stored, name="MASK")
        for key, value in {"MP_SAT": 1, "MP_EDGE": 4, "MP_MINE": 31, **cards}.items():
            mask.header[key] = value
        image = fits.ImageHDU(np.zeros(stored.shape, "f4"), name="IMAGE")
        fits.HDUList([fits.PrimaryHDU(), image, mask]).writeto(path, output_verify="ignore")
        return path

    @pytest.mark.parametrize(
        "stored",
        [
            np.array([0, 2, 18, -2147483648], "i4"),
            np.array([0, 2, 18, 2147483648], "i8"),
            np.array([0, 2, 18, 2147483648], "u4"),
            np.array([0.1, 1.8, 18.2, 2147483648.0], "f8"),
        ],
    )
    def test_bits_of_an_exposure(self, stored: NDArray[Any], tmp_path: Path) -> None:
        """However a tool kept them."""
        found = read_exposure(self.exposure(tmp_path / "m.fits", stored.reshape(1, 4))).mask
        names = [found.planes.names_of(value) for value in found.array.ravel()]
        assert names == [[], ["SAT"], ["SAT", "EDGE"], ["MINE"]]

    def test_bits_without_a_value(self, tmp_path: Path) -> None:
        path = self.exposure(tmp_path / "m.fits", np.array([[2, -1, 16]], "i2"), BLANK=-1)
        found = read_exposure(path).mask
        assert [found.planes.names_of(value) for value in found.array.ravel()] == [["SAT"], ["NO_DATA"], ["EDGE"]]

    @pytest.mark.parametrize("value", [1.5, -3e9, 2.0**32])
    def test_bits_that_are_none(self, value: float, tmp_path: Path) -> None:
        path = self.exposure(tmp_path / "m.fits", np.array([[0, value, 2, 16]], "f8"))
        with pytest.raises(FrameError, match=r"mask pixels are no bits .*found 1 others"):
            read_exposure(path)
