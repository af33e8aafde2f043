"""Tasks over a repository in memory, with next to everything off."""

from __future__ import annotations

from typing import Any

from astropy.time import Time

from isrcore.camera import Camera
from isrcore.config.fields import set_field
from isrcore.image import VisitInfo
from isrcore.task import IsrTask
from tests.small_frame import SmallFrame, make_detector
from tests.small_repository import Reference, Repository

DATA_ID = {"visit": 849375, "ccd": 0}
OFF = {
    "doBias": False,
    "doDark": False,
    "doFlat": False,
    "doFringe": False,
    "doDefect": False,
    "doLinearize": False,
    "doBrighterFatter": False,
    "doCrosstalk": False,
    "doAttachTransmissionCurve": False,
    "fringe.num": 50,
    "fringe.large": 10,
}


def make_task(task_class: Any = IsrTask, **values: Any) -> Any:
    """A task whose steps that need calibrations are off, except for what is given."""
    config = task_class.ConfigClass()
    for path, value in {**OFF, **{name.replace("__", "."): value for name, value in values.items()}}.items():
        set_field(config, path, value, "test")
    config.validate()
    return task_class(config=config)


def repository_of(frame: SmallFrame, **datasets: Any) -> tuple[Repository, Reference]:
    repository = Repository()
    raw = frame.raw.clone()
    raw.visit_info = VisitInfo(180.0, 181.5, 849375, Time("2009-03-01T10:00:00", scale="utc"))
    repository.add("raw", raw, **DATA_ID)
    repository.add("camera", Camera("small", [make_detector()]))
    for name, value in datasets.items():
        repository.add(name, value)
    return repository, Reference(repository, DATA_ID)
