"""Struct, metadata and the tree of tasks."""

from __future__ import annotations

import logging

import pytest

from isrcore.cfht import CfhtIsrTask
from isrcore.metadata import PropertyList
from isrcore.pipe import Struct, Task
from isrcore.pipe.timer import TIMING_ITEMS
from isrcore.task import IsrTask

TASKS = [
    "isr",
    "isr.assembleCcd",
    "isr.crosstalk",
    "isr.strayLight",
    "isr.fringe",
    "isr.masking",
    "isr.overscan",
    "isr.vignette",
    "isr.ampOffset",
    "isr.ampOffset.background",
    "isr.ampOffset.detection",
    "isr.ampOffset.detection.background",
    "isr.ampOffset.detection.tempLocalBackground",
]


def test_struct() -> None:
    struct = Struct(a=1, b="two")
    assert struct.getDict() == {"a": 1, "b": "two"}
    assert len(struct) == 2
    assert struct == struct.copy()
    other = Struct(c=3)
    struct.mergeItems(other, "c")
    assert struct.c == 3
    with pytest.raises(RuntimeError, match="already"):
        struct.mergeItems(other, "c")
    with pytest.raises(RuntimeError, match="underscores"):
        Struct(__x=1)
    with pytest.raises(AttributeError, match="no item 'nothing'"):
        _ = struct.nothing


def test_metadata_sets_adds_and_keeps_order() -> None:
    metadata = PropertyList({"B": 1, "A": [1, 2]})
    metadata.add("B", 5)
    metadata.set("C", "x")
    assert metadata.names() == ["B", "A", "C"]
    assert metadata.getScalar("B") == 5
    assert metadata.getArray("B") == [1, 5]
    copy = metadata.copy()
    copy.remove("A")
    assert metadata.exists("A")
    assert not copy.exists("A")
    with pytest.raises(KeyError):
        copy.getScalar("A")


def test_task_names_and_tree() -> None:
    task = IsrTask()
    assert list(task.getTaskDict()) == TASKS
    assert task.getName() == "isr"
    assert task.ampOffset.detection.getFullName() == "isr.ampOffset.detection"
    assert task.fringe.config is not None
    assert task.getSchemaCatalogs() == task.getAllSchemaCatalogs() == {}
    assert task.getResourceConfig() is None
    with pytest.raises(KeyError, match="does not have field 'nothing'"):
        task.makeSubtask("nothing")


def test_a_task_needs_a_name() -> None:
    with pytest.raises(RuntimeError, match="name"):
        Task()


def test_timer_appends_and_emptying_clears() -> None:
    task = CfhtIsrTask(log=logging.getLogger("parent"))
    assert task.log.name == "parent.isr"
    for _ in range(2):
        with task.timer("work"):
            pass
    for item in TIMING_ITEMS:
        assert len(task.metadata.getArray(f"workStart{item}")) == 2
        assert len(task.metadata.getArray(f"workEnd{item}")) == 2
    full = task.getFullMetadata()
    assert full.getScalar("isr:fringe") is task.fringe.metadata
    task.fringe.metadata.set("solution.0", 1.5)
    assert full.getScalar("isr:fringe.solution.0") == full.get("isr:fringe.solution.0") == 1.5
    assert full.getArray("isr.workStartUtc") == task.metadata.getArray("workStartUtc")
    assert full.exists("isr.workEndCpuTime")
    for absent in ("isr.nothing", "isr:nothing.workEndCpuTime", "isr.workEndCpuTime.more"):
        assert not full.exists(absent)
        with pytest.raises(KeyError, match=absent):
            full.getArray(absent)
    task.emptyMetadata()
    assert len(task.metadata) == 0


def test_a_field_for_a_task_is_retargetable() -> None:
    field = CfhtIsrTask.makeField("the isr subtask")
    assert field.target is CfhtIsrTask
    assert field.doc == "the isr subtask"
