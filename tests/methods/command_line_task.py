"""The ISR task over the repository of a test, run from its command line."""

from __future__ import annotations

from typing import Any, ClassVar

from isrcore.pipe import Struct
from isrcore.task import IsrTask

QUIET = ["-c", "doBias=False", "doDark=False", "doFlat=False", "doFringe=False", "doDefect=False", "doLinearize=False"]


class SmallTask(IsrTask):
    """The ISR task over the repository of the test."""

    repository: ClassVar[Any] = None
    opened: ClassVar[list[tuple[Any, ...]]] = []
    fails: ClassVar[type[Exception] | None] = None
    hook: ClassVar[Any] = None

    @classmethod
    def openRepository(cls, root: str, calib: str | None = None, output: str | None = None) -> Any:
        cls.opened.append((root, calib, output))
        if root == "nowhere":
            raise FileNotFoundError("nowhere: no such repository")
        return cls.repository

    @classmethod
    def applyOverrides(cls, config: Any) -> None:
        if cls.hook is not None:
            cls.hook(config)

    def runDataRef(self, sensorRef: Any) -> Struct:
        if self.fails is not None and sensorRef.dataId["ccd"] == 1:
            raise self.fails("this CCD is special")
        result: Struct = super().runDataRef(sensorRef)
        return result


def run(*words: str, quiet: bool = True, **options: Any) -> Struct:
    arguments = ["in", "--output", "out", *(QUIET if quiet else ()), *words]
    return SmallTask.parseAndRun(arguments, **options)
