"""What is sent of a run: every chosen view with the pixels of its moment, and no plane twice."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from isrviewer.debug_views.assembler import Assembler, Received
from isrviewer.debug_views.choice import VIEWS, choose
from isrviewer.debug_views.sender import KINDS, View, ViewMaker
from tests.debug_views.conftest import SmallTask


class Recorder:
    """Assembles what is sent, and compares it with copies made at the moment of each view."""

    def __init__(self, small: SmallTask, steps: Any = None) -> None:
        self.small = small
        self.received: list[Received] = []
        self.right: list[dict[str, NDArray[Any]]] = []
        self.n_planes = 0
        self.has_room = True
        self._assembler = Assembler()
        self.choice = choose(steps)
        self.maker = ViewMaker(tuple(small.task.chain), self.choice, "isr", 0, self.put)
        small.task.debug_callback = self.callback

    def callback(self, exposure: Any, name: str) -> None:
        before = len(self.received)
        self.maker(exposure, name)
        if len(self.received) > before:
            pixels = exposure.masked_image
            planes = (pixels.image, pixels.mask.array, pixels.variance)
            self.right.append({kind: plane.copy() for kind, plane in zip(KINDS, planes, strict=True)})

    def put(self, view: View, new: dict[str, NDArray[Any]]) -> bool:
        if not self.has_room:
            return False
        self.n_planes += len(new)
        copies = {kind: plane.copy() for kind, plane in new.items()}
        self.received.append(self._assembler.add(view, copies))
        return True

    def check(self) -> None:
        assert self.received
        for received, right in zip(self.received, self.right, strict=True):
            for kind in KINDS:
                np.testing.assert_array_equal(getattr(received, kind), right[kind], received.view.name)


def test_every_view_has_the_pixels_of_its_moment(small: SmallTask) -> None:
    recorder = Recorder(small)
    small.run()
    small.run()
    recorder.check()
    names = [received.view.name for received in recorder.received]
    assert set(names) <= set(VIEWS)
    assert {"doAssembleCcd", "doFlat", "postISRCCD"} <= set(names)
    # Far fewer than three planes for each view: most steps change one or none.
    assert recorder.n_planes < 0.7 * len(KINDS) * len(names)


def test_only_chosen_views_are_sent(small: SmallTask) -> None:
    recorder = Recorder(small, ["doFlat", "postISRCCD"])
    small.run()
    recorder.check()
    assert [received.view.name for received in recorder.received] == ["doFlat", "postISRCCD"]
    assert [received.view.panel for received in recorder.received] == [1, 2]


def test_a_title_says_whose_pixels_these_are(small: SmallTask) -> None:
    recorder = Recorder(small, ["doApplyGains", "doFlat"])
    small.run()
    small.run()
    assert [received.view.title for received in recorder.received] == [
        "849375 ccd00 · doFlat · ADU",
        "849375 ccd00 · doApplyGains · electron",
        "849375 ccd00 · doFlat · ADU · run 2",
        "849375 ccd00 · doApplyGains · electron · run 2",
    ]


def test_a_view_without_room_is_counted_and_the_next_ones_are_whole(small: SmallTask) -> None:
    recorder = Recorder(small)
    recorder.has_room = False
    small.run()
    n_views = recorder.maker.n_dropped
    assert n_views > 10
    recorder.has_room = True
    small.run()
    recorder.check()
    assert recorder.maker.n_dropped == n_views


def test_a_run_that_ends_early_does_not_confuse_the_next(small: SmallTask) -> None:
    recorder = Recorder(small)
    small.task.stop_after = frozenset({"doBias"})
    small.run()
    small.task.stop_after = frozenset()
    small.run()
    recorder.check()
    assert {received.view.run for received in recorder.received} == {1, 2}


def test_what_a_view_of_a_subclass_may_have_changed_is_sent_again(small: SmallTask) -> None:
    recorder = Recorder(small, ["doVariance", "doDefect"])
    exposure = small.frame.raw
    recorder.maker(exposure, "doVariance")
    exposure.image[0, 0] += 1
    recorder.maker(exposure, "aStepOfASubclass")
    recorder.maker(exposure, "doDefect")
    first, second = recorder.received
    assert second.image[0, 0] == first.image[0, 0] + 1


def test_a_step_that_declares_a_mask_sends_a_mask(small: SmallTask) -> None:
    recorder = Recorder(small, ["doVariance", "doDefect"])
    exposure = small.frame.raw
    recorder.maker(exposure, "doVariance")
    recorder.maker(exposure, "doDefect")
    assert recorder.n_planes == len(KINDS) + 1
