"""Assembly: every pixel of every amplifier lands where its readout says."""

from __future__ import annotations

import logging
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isrcore.camera import Amplifier, Detector
from isrcore.camera.megacam import megacam_camera
from isrcore.geom import Box
from isrcore.image import Exposure, FilterLabel, Mask, MaskedImage, PhotoCalib, VisitInfo
from isrcore.metadata import PropertyList
from isrcore.pipe import Struct
from isrcore.steps.assemble import ASSEMBLE, AssembleCcdTask, assemble_ccd
from isrcore.steps.step import IsrState

PRESCAN, DATA, OVERSCAN, HEIGHT = 2, 5, 3, 7
RAW = PRESCAN + DATA + OVERSCAN


def small_detector(flips: tuple[bool, bool] = (False, False), offset: tuple[int, int] = (0, 0)) -> Detector:
    """Amplifier A as it is, amplifier B with flips and an offset."""
    amps = [
        Amplifier(
            name,
            Box(DATA * i, 0, DATA, HEIGHT),
            Box(RAW * i, 0, RAW, HEIGHT),
            Box(RAW * i + PRESCAN, 0, DATA, HEIGHT),
            raw_horizontal_overscan_bbox=Box(RAW * i + PRESCAN + DATA, 0, OVERSCAN, HEIGHT),
            raw_prescan_bbox=Box(RAW * i, 0, PRESCAN, HEIGHT),
            raw_flip_x=bool(i and flips[0]),
            raw_flip_y=bool(i and flips[1]),
            raw_xy_offset=offset if i else (0, 0),
        )
        for i, name in enumerate("AB")
    ]
    return Detector("ccd00", 0, "", Box(0, 0, 2 * DATA, HEIGHT), tuple(amps))


def raw_exposure(detector: Detector) -> Exposure:
    rng = np.random.default_rng(2)
    shape = HEIGHT, 2 * RAW
    image = rng.normal(0, 1, shape).astype(np.float32)
    mask = Mask(rng.integers(0, 4, shape).astype(np.int32))
    pixels = MaskedImage(image, mask, rng.uniform(1, 2, shape).astype(np.float32))
    metadata = PropertyList({"DATASEC": "[1:2,1:2]", "GAIN": 1.6, "GAINA": 1.5, "OBJECT": "M31"})
    return Exposure(
        pixels,
        metadata,
        detector,
        wcs=object(),
        filter_label=FilterLabel("i.MP9702"),
        visit_info=VisitInfo(30.0),
        photo_calib=PhotoCalib(1.0),
        valid_polygon=object(),
        transmission_curve=object(),
    )


@given(flips=st.tuples(st.booleans(), st.booleans()))
def test_trimmed_pixels_and_flips(flips: tuple[bool, bool]) -> None:
    raw = raw_exposure(small_detector(flips))
    found = assemble_ccd(raw)
    assert found.bbox == Box(0, 0, 2 * DATA, HEIGHT)
    index = np.s_[:: -1 if flips[1] else 1, :: -1 if flips[0] else 1]
    for before, after in (
        (raw.image, found.image),
        (raw.variance, found.variance),
        (raw.mask.array, found.mask.array),
    ):
        np.testing.assert_array_equal(after[:, :DATA], before[:, PRESCAN : PRESCAN + DATA])
        np.testing.assert_array_equal(after[:, DATA:], before[:, RAW + PRESCAN : RAW + PRESCAN + DATA][index])
    assert found.detector is raw.detector


def test_untrimmed_pixels_and_detector() -> None:
    raw = raw_exposure(small_detector((True, False), offset=(4, 0)))
    found = assemble_ccd(raw, trim=False)
    assert found.bbox == Box(0, 0, 2 * RAW + 4, HEIGHT)
    assert not found.image[:, RAW : RAW + 4].any()
    assert not found.variance[:, RAW : RAW + 4].any()
    np.testing.assert_array_equal(found.image[:, RAW + 4 :], raw.image[:, RAW:][:, ::-1])
    assert found.detector is not None
    amp = found.detector["B"]
    assert (amp.raw_flip_x, amp.raw_xy_offset) == (False, (0, 0))
    before = raw.image[raw_box(raw, "B").slices()]
    np.testing.assert_array_equal(found.image[amp.raw_data_bbox.slices()], before[:, ::-1])


def raw_box(raw: Exposure, name: str) -> Box:
    assert raw.detector is not None
    return raw.detector[name].raw_data_bbox


def test_what_travels_and_what_does_not() -> None:
    raw = raw_exposure(small_detector())
    found = assemble_ccd(raw, keys_to_remove=["OBJECT"])
    assert found.metadata is raw.metadata
    assert raw.metadata.names() == ["GAINA"]
    assert found.wcs is raw.wcs
    assert (found.filter_label, found.visit_info) == (raw.filter_label, raw.visit_info)
    assert (found.photo_calib, found.valid_polygon, found.transmission_curve) == (None, None, None)
    found.image[:] = 0
    found.mask.array[:] = 0
    assert raw.image.any()
    assert raw.mask.array.any()


def test_one_exposure_per_amplifier() -> None:
    """Planes are matched by name, even when the frames number them differently."""
    detector = small_detector()
    whole = raw_exposure(detector)
    other = whole.clone()
    other.mask.array[:] = 0
    other.mask.planes.add("GHOST")
    other.mask.set_box(Box(0, 0, 2 * RAW, HEIGHT), "GHOST")
    found = assemble_ccd({"A": whole, "B": other})
    np.testing.assert_array_equal(found.image, assemble_ccd(whole.clone()).image)
    assert found.mask.has("GHOST")[:, DATA:].all()
    assert not found.mask.has("GHOST")[:, :DATA].any()


def test_input_that_cannot_be_assembled() -> None:
    raw = raw_exposure(small_detector())
    with pytest.raises(TypeError, match=r"expected an exposure or a dict .* found MaskedImage"):
        assemble_ccd(raw.masked_image)  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="needs amplifiers B, found A"):
        assemble_ccd({"A": raw})
    with pytest.raises(RuntimeError, match=r"amplifier B .* switch doAssembleCcd off"):
        assemble_ccd(raw.subset(Box(0, 0, 2 * RAW - 4, HEIGHT)))
    raw.detector = None
    with pytest.raises(RuntimeError, match="no detector"):
        assemble_ccd(raw)


def test_megacam_frame() -> None:
    detector = megacam_camera()["ccd12"]
    image = np.arange(4644 * 2112, dtype=np.int32).reshape(4644, 2112)
    found = assemble_ccd(Exposure(MaskedImage(image), detector=detector))
    assert found.image.shape == (4612, 2048)
    np.testing.assert_array_equal(found.image, image[:4612, 32:2080].astype(np.float32))


@pytest.mark.parametrize("has_wcs", [True, False])
def test_step_warns_of_a_missing_wcs(has_wcs: bool, caplog: pytest.LogCaptureFixture) -> None:
    raw = raw_exposure(small_detector())
    raw.wcs = object() if has_wcs else None
    task = SimpleNamespace(
        assembleCcd=AssembleCcdTask(), config=SimpleNamespace(expectWcs=True), log=logging.getLogger("isr")
    )
    state = IsrState(raw, Struct())
    ASSEMBLE.run(task, state)
    assert state.exposure.bbox == Box(0, 0, 2 * DATA, HEIGHT)
    assert ("No WCS" in caplog.text) is not has_wcs


@pytest.mark.parametrize("flips", [(False, False), (True, False), (False, True)])
def test_amplifiers_that_touch_in_the_raw_frame(flips: tuple[bool, bool]) -> None:
    """As on MegaCam: overscan outside, data boxes side by side, so that rows may be copied over both at once."""
    amps = tuple(
        Amplifier(name, box, box, box, raw_flip_x=flip_x, raw_flip_y=flip_y)
        for name, box, (flip_x, flip_y) in (
            ("A", Box(0, 0, DATA, HEIGHT), (False, False)),
            ("B", Box(DATA, 0, DATA, HEIGHT), flips),
        )
    )
    raw = raw_exposure(Detector("ccd00", 0, "", Box(0, 0, 2 * DATA, HEIGHT), amps))
    found = assemble_ccd(raw)
    index = np.s_[:: -1 if flips[1] else 1, :: -1 if flips[0] else 1]
    for before, after in ((raw.image, found.image), (raw.mask.array, found.mask.array)):
        np.testing.assert_array_equal(after[:, :DATA], before[:, :DATA])
        np.testing.assert_array_equal(after[:, DATA:], before[:, DATA : 2 * DATA][index])


def test_amplifiers_that_change_places_are_not_copied_as_one() -> None:
    amps = tuple(
        Amplifier(name, Box(DATA - x, 0, DATA, HEIGHT), Box(x, 0, DATA, HEIGHT), Box(x, 0, DATA, HEIGHT))
        for name, x in (("A", 0), ("B", DATA))
    )
    raw = raw_exposure(Detector("ccd00", 0, "", Box(0, 0, 2 * DATA, HEIGHT), amps))
    found = assemble_ccd(raw)
    np.testing.assert_array_equal(found.image[:, DATA:], raw.image[:, :DATA])
    np.testing.assert_array_equal(found.image[:, :DATA], raw.image[:, DATA : 2 * DATA])


def test_pixels_that_no_amplifier_covers_are_zero() -> None:
    height, width = 1200, 1100  # large enough for memory that was used before
    amp = Amplifier("A", Box(0, 0, width - 3, height), Box(0, 0, width - 3, height), Box(0, 0, width - 3, height))
    detector = Detector("ccd00", 0, "", Box(0, 0, width, height), (amp,))
    pixels = MaskedImage(np.ones((height, width), np.float32), variance=np.ones((height, width), np.float32))
    for _ in range(2):
        found = assemble_ccd(Exposure(pixels, detector=detector))
        assert (found.image[:, :-3] == 1).all()
        assert not found.image[:, -3:].any()
        assert not found.variance[:, -3:].any()
        found.image[:] = found.variance[:] = 7
        del found
