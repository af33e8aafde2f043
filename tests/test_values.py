"""NaN equals NaN in every value of the program, on every Python, and nothing that may hold one is left out."""

from __future__ import annotations

import copy
import dataclasses
import importlib
import math
import pickle
import pkgutil
import re
from typing import Any

import numpy as np
import pytest

import isrcore
import isrviewer
from isrcore.camera.megacam import megacam_camera
from isrcore.image import VisitInfo
from isrcore.metadata import PropertyList
from isrcore.pipe import Struct
from isrcore.values import frozen, same
from isrviewer.plots.mosaic import Tile
from isrviewer.session import changes
from isrviewer.session.model import SessionModel
from isrviewer.session.state import Override, Session


def nan() -> float:
    """A NaN that is another object each time, as files and headers give them."""
    return float("nan")


def dataclasses_of_the_program() -> list[type[Any]]:
    """All dataclasses of both packages, private ones too."""
    found = set()
    for package in (isrcore, isrviewer):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                for item in vars(importlib.import_module(module.name)).values():
                    if isinstance(item, type) and dataclasses.is_dataclass(item) and item.__module__ == module.name:
                        found.add(item)
    return sorted(found, key=lambda kind: (kind.__module__, kind.__qualname__))


CLASSES = dataclasses_of_the_program()
VALUES = [kind for kind in CLASSES if getattr(kind.__eq__, "__module__", "") == frozen.__module__]


def may_hold_a_float(field: dataclasses.Field[Any]) -> bool:
    """Whether the annotation names a number or leaves open what it is; arrays and functions are no numbers."""
    return bool(re.search(r"\b(float|complex|Any|object)\b", re.sub(r"(NDArray|Callable)\[.*\]", "", str(field.type))))


def filled(kind: type[Any]) -> Any:
    """An object of the class, made without its checks, with a NaN of its own wherever one may stand."""
    made = object.__new__(kind)
    for field in dataclasses.fields(kind):
        value: Any = nan() if may_hold_a_float(field) else "text"
        if "tuple[tuple[" in str(field.type) and may_hold_a_float(field):
            value = (("text", value), ("text", value))
        elif "tuple[" in str(field.type) and may_hold_a_float(field):
            value = (value, value)
        elif "dict[" in str(field.type) and may_hold_a_float(field):
            value = {"text": [value]}
        object.__setattr__(made, field.name, value)
    return made


def test_every_class_that_may_hold_a_float_compares_as_a_value() -> None:
    ordinary = [kind for kind in CLASSES if kind.__dataclass_params__.frozen and kind.__dataclass_params__.eq]
    assert len(ordinary) > 40
    wrong = [
        f"{kind.__module__}.{kind.__qualname__}.{field.name}: {field.type}"
        for kind in ordinary
        for field in dataclasses.fields(kind)
        if may_hold_a_float(field)
    ]
    assert not wrong, "use isrcore.values.frozen in place of dataclass(frozen=True)"
    assert len(VALUES) > 50


@pytest.mark.parametrize("kind", VALUES, ids=lambda kind: f"{kind.__module__}.{kind.__qualname__}")
def test_a_value_with_nan_equals_another(kind: type[Any]) -> None:
    one, other = filled(kind), filled(kind)
    assert one == one
    assert one == other
    assert (one != other) is False
    assert (one, "more") == (other, "more")
    assert copy.copy(one) == one
    for field in dataclasses.fields(kind):
        changed = copy.copy(one)
        object.__setattr__(changed, field.name, 5.0)
        assert (changed == one) is not field.compare
    if not any(isinstance(getattr(one, field.name), dict) for field in dataclasses.fields(kind) if field.compare):
        assert hash(one) == hash(other)
        assert {one: "found"}[other] == "found"


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (nan(), nan()),
        (nan(), np.float32("nan")),
        (complex("nan"), nan()),
        ((1, (nan(), "x")), (1.0, (-nan(), "x"))),
        ([[nan()]], [[nan()]]),
        ({"a": {"b": nan()}}, {"a": {"b": nan()}}),
        (Tile(0, "a", nan(), 1.0, 1.0, 1.0), Tile(0, "a", nan(), 1.0, 1.0, 1.0)),
        ([Override("gain", nan())], [Override("gain", nan())]),
    ],
)
def test_same(a: object, b: object) -> None:
    assert same(a, b)
    assert same(b, a)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (nan(), 0.0),
        (nan(), None),
        (nan(), "nan"),
        ((nan(),), [nan()]),
        ((nan(), 1), (nan(), 2)),
        ((nan(),), (nan(), nan())),
        ({"a": nan()}, {"b": nan()}),
        ({"a": nan()}, {"a": nan(), "b": nan()}),
        (Tile(0, "a", nan(), 1.0, 1.0, 1.0), Tile(0, "a", nan(), 2.0, 1.0, 1.0)),
    ],
)
def test_not_same(a: object, b: object) -> None:
    assert not same(a, b)
    assert not same(b, a)


def test_other_classes_are_not_equal() -> None:
    @frozen
    class One:
        value: float

    @frozen(slots=True)
    class Other:
        value: float = 0.0

    assert One(1.0) != Other(1.0)
    assert One(1.0) != 1.0
    assert Other() == Other(-0.0)
    assert hash(Other()) == hash(Other(-0.0))
    assert not hasattr(Other(), "__dict__")
    with pytest.raises(dataclasses.FrozenInstanceError):
        One(1.0).value = 2.0  # type: ignore[misc]


def test_detectors_and_exposure_facts_hold_no_level_and_are_equal() -> None:
    chip = megacam_camera()[0]
    again = pickle.loads(pickle.dumps(chip))
    assert math.isnan(chip[0].suspect_level)
    assert again.amplifiers == chip.amplifiers
    assert set(again.amplifiers) == set(chip.amplifiers)
    assert VisitInfo(exposure_time=nan()) == VisitInfo(exposure_time=nan())
    assert PropertyList({"GAIN": nan()}) == PropertyList({"GAIN": nan()})
    assert Struct(level=nan()) == Struct(level=nan())


def test_the_same_nan_again_is_no_change_of_a_session() -> None:
    one, other = (changes.set_field(Session(), "saturation", nan()) for _ in range(2))
    assert one == other
    assert hash(one.config) == hash(other.config)
    model = SessionModel(one)
    model.change(other, "saturation = nan")
    assert model.history.undo_text == ""
