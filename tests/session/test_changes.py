"""Changes are pure: session in, session out, and nothing else differs."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from isrviewer.render.limits import Limits
from isrviewer.render.plane_colours import PlaneStyle
from isrviewer.render.view import Orientation, View
from isrviewer.session import Override, Planes, Session, Shows, changes
from isrviewer.session.planes import PREVIOUS
from isrviewer.session.state import Pin


def differing(a: Session, b: Session) -> set[str]:
    return {field.name for field in fields(Session) if getattr(a, field.name) != getattr(b, field.name)}


def test_a_field_set_twice_keeps_one_override_and_its_place() -> None:
    session = changes.set_field(Session(), "doBias", True)
    session = changes.set_field(session, "doFlat", True)
    session = changes.set_field(session, "doBias", False, "file x.py")
    assert session.config == (Override("doBias", False, "file x.py"), Override("doFlat", True, "you"))
    assert changes.clear_field(session, "doBias").config == (Override("doFlat", True, "you"),)
    assert changes.clear_fields(session).config == ()


def test_lists_become_immutable() -> None:
    session = changes.set_field(Session(), "maskListToInterpolate", ["SAT", "BAD"])
    assert session.overridden("maskListToInterpolate") == Override("maskListToInterpolate", ("SAT", "BAD"))


def test_another_frame_drops_pins_another_ccd_keeps_them() -> None:
    session = changes.toggle_pin(changes.open_frame(Session(), "/a", 1), Pin(3, 4))
    assert changes.open_frame(session, "/a", 2).pins == (Pin(3, 4),)
    assert changes.open_frame(session, "/b", 2).pins == ()
    assert changes.open_frame(changes.toggle_pin(Session(), Pin(3, 4)), "/a", 1).pins == (Pin(3, 4),)
    assert changes.open_frame(session, "/a", 1) is session


def test_calibration_choices() -> None:
    session = changes.pick_calib(Session(), "flat", "/f.fits")
    session = changes.pick_calib(session, "bias", "")
    assert [(pick.kind, pick.path) for pick in session.calibs] == [("flat", "/f.fits"), ("bias", "")]
    assert [pick.kind for pick in changes.pick_calib(session, "flat", None).calibs] == ["bias"]


def test_comparisons_go_on_and_off_and_raw_has_none() -> None:
    session = changes.show_step(Session(), "doFlat")
    session = changes.toggle_comparison(session, "difference")
    assert session.panel.shows == Shows(Planes("doFlat"), "image", PREVIOUS, "difference")
    session = changes.toggle_comparison(session, "ratio")
    assert session.panel.shows == Shows(Planes("doFlat"), "image", PREVIOUS, "ratio")
    assert changes.toggle_comparison(session, "ratio").panel.shows.other is None
    assert changes.toggle_comparison(Session(), "ratio").panel.shows.other is None
    session = changes.show(session, 0, Shows(Planes("doFlat"), other=Planes("doDark")))
    assert changes.show_step(session, "doDark").panel.shows.other is None
    assert changes.show_step(session, "doBias").panel.shows.other == Planes("doDark")


def test_linked_panels_turn_together_and_keep_their_shift() -> None:
    turned = Orientation(transpose=True)
    session = changes.set_panel_count(Session(), 2)
    both = changes.orient(session, 0, turned)
    assert [panel.orientation for panel in both.panels] == [turned, turned]
    one = changes.orient(replace(session, link="zoom"), 1, turned)
    assert [panel.orientation for panel in one.panels] == [Orientation(), turned]
    moved = changes.set_view(both, 0, View((5, 6), 4.0, turned), [(0, 0), (-32, 2)])
    assert moved.panels[1].view == View((-27, 8), 4.0, turned)


def test_same_limits_spread_from_the_panel_that_is_changed() -> None:
    session = changes.set_panel_count(Session(), 3)
    picture = replace(session.panel.picture, limits=Limits("minmax"))
    alone = changes.set_picture(session, 1, picture)
    assert [panel.picture.limits.mode for panel in alone.panels] == ["zscale", "minmax", "zscale"]
    shared = changes.share_limits(changes.focus_panel(alone, 1), True)
    assert {panel.picture.limits.mode for panel in shared.panels} == {"minmax"}
    changed = changes.set_picture(shared, 2, replace(picture, limits=Limits("percentile")))
    assert {panel.picture.limits.mode for panel in changed.panels} == {"percentile"}


def test_planes_go_round() -> None:
    session, seen = Session(), []
    for _ in range(5):
        seen.append(session.panel.shows.plane)
        session = changes.next_plane(session)
    assert seen == ["image", "variance", "S/N", "mask", "image"]


@pytest.mark.parametrize(
    ("link", "centre", "zoom"), [("off", (0, 0), 1.0), ("zoom", (0, 0), 4.0), ("zoom+centre", (5, 6), 4.0)]
)
def test_linked_views(link: str, centre: tuple[float, float], zoom: float) -> None:
    session = changes.set_panel_count(replace(Session(), link=link), 2)
    panels = tuple(replace(panel, view=View((0, 0), 1.0)) for panel in session.panels)
    session = changes.set_view(replace(session, panels=panels), 0, View((5, 6), 4.0))
    assert session.panels[0].view == View((5, 6), 4.0)
    assert session.panels[1].view == View(centre, zoom)


def test_panel_count_copies_the_focused_panel_and_keeps_the_focus_valid() -> None:
    session = changes.show_step(Session(), "doFlat")
    session = changes.focus_panel(changes.set_panel_count(session, 4), 3)
    assert [panel.shows.step for panel in session.panels] == ["doFlat"] * 4
    assert changes.set_panel_count(session, 2).focused == 1


def test_named_states_hold_values() -> None:
    session = changes.remember(changes.set_field(Session(), "doBias", True), "with bias")
    session = changes.clear_fields(session)
    assert changes.recall(session, "with bias").config == (Override("doBias", True),)
    with pytest.raises(KeyError, match="no named state 'other'"):
        changes.recall(session, "other")


def test_styles_breakpoints_routes_and_bookmarks_touch_only_themselves() -> None:
    start = Session()
    assert differing(start, changes.set_plane_style(start, "SAT", PlaneStyle("#112233"))) == {"overlay"}
    assert differing(start, changes.toggle_breakpoint(start, "doFlat")) == {"breakpoints"}
    assert differing(start, changes.route(start, "doFlat", 0)) == {"routes"}
    assert differing(start, changes.add_bookmark(start, "here")) == {"bookmarks"}
    assert changes.toggle_breakpoint(changes.toggle_breakpoint(start, "a"), "a") == start
    assert changes.route(changes.route(start, "a", 1), "a", None) == start
