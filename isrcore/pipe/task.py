"""The base of all tasks: config, log, metadata and the tree of subtasks (manual: tasks, Tasks)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from isrcore.metadata import PropertyList
from isrcore.pipe.timer import timed

__all__ = ["Task", "TaskError"]


class TaskError(Exception):
    """An expected failure, reported without a traceback."""


class Task:
    """A named unit of processing.

    Parameters
    ----------
    config : optional
        An instance of `ConfigClass`; default a new one, or the parent's field `name`.
    name : str, optional
        Default `_DefaultName`.
    parentTask : `Task`, optional
    log : `logging.Logger`, optional
        The task's log is a child of it.

    Raises
    ------
    RuntimeError
        If there is neither a name nor a default name.
    """

    ConfigClass: ClassVar[Any] = None
    _DefaultName: ClassVar[str | None] = None

    config: Any
    log: logging.Logger
    metadata: PropertyList

    def __init__(
        self,
        config: Any = None,
        name: str | None = None,
        parentTask: Task | None = None,
        log: logging.Logger | None = None,
    ) -> None:
        self.metadata = PropertyList()
        self._parent = parentTask
        if parentTask is not None:
            if name is None:
                raise RuntimeError(f"a subtask of {parentTask.getFullName()} needs a name")
            self._name = name
            self._full_name = f"{parentTask.getFullName()}.{name}"
            self.config = getattr(parentTask.config, name) if config is None else config
            self._tasks: dict[str, Task] = parentTask._tasks
            log = parentTask.log.getChild(name) if log is None else log
        else:
            found = name or self._DefaultName
            if found is None:
                raise RuntimeError(f"{type(self).__name__} needs a name: it has no default")
            self._name = self._full_name = found
            self.config = self.ConfigClass() if config is None else config
            self._tasks = {}
            log = logging.getLogger(self._full_name) if log is None else log.getChild(self._full_name)
        self.log = log
        self._tasks[self._full_name] = self

    def emptyMetadata(self) -> None:
        """Give every task of the hierarchy a new, empty metadata container."""
        for task in self._tasks.values():
            task.metadata = PropertyList()

    def getSchemaCatalogs(self) -> dict[str, Any]:
        """Schemas made by this task: none."""
        return {}

    def getAllSchemaCatalogs(self) -> dict[str, Any]:
        """Schemas made by all tasks of the hierarchy."""
        catalogs = self.getSchemaCatalogs()
        for task in self._tasks.values():
            catalogs.update(task.getSchemaCatalogs())
        return catalogs

    def getFullMetadata(self) -> PropertyList:
        """Metadata of every task, keyed by its full name with ``:`` in place of ``.``."""
        full = PropertyList()
        for name, task in self._tasks.items():
            full.set(name.replace(".", ":"), task.metadata)
        return full

    def getFullName(self) -> str:
        """Dotted name from the top-level task down to this one."""
        return self._full_name

    def getName(self) -> str:
        """Last component of the full name."""
        return self._name

    def getTaskDict(self) -> dict[str, Task]:
        """Full name -> task for the whole hierarchy, a shallow copy in the order of construction."""
        return dict(self._tasks)

    def makeSubtask(self, name: str, **keyArgs: Any) -> None:
        """Construct the target of config field `name` and keep it as attribute `name`.

        Raises
        ------
        KeyError
            If the config has no such field.
        """
        field = getattr(self.config, name, None)
        if field is None:
            raise KeyError(f"{self.getFullName()}'s config does not have field {name!r}")
        setattr(self, name, field.apply(name=name, parentTask=self, **keyArgs))

    @contextmanager
    def timer(self, name: str, logLevel: int = logging.DEBUG) -> Iterator[None]:
        """Record resource use of a block under `name` in the metadata, and log it at `logLevel`."""
        with timed(self, name, logLevel):
            yield

    @classmethod
    def makeField(cls, doc: str) -> Any:
        """A retargetable config field with this class as its default target.

        Parameters
        ----------
        doc : str
            Help text of the field.
        """
        from lsst.pex.config import ConfigurableField  # Slow to import, and results of tasks are read without it.

        return ConfigurableField(doc=doc, target=cls)

    def getResourceConfig(self) -> Any:
        """The ``resources`` part of the config, or None."""
        return getattr(self.config, "resources", None)
