"""Documented methods of a command-line task: parse, run, keep config, versions and metadata.

See manual: tasks, Command line of the stack.
"""

from __future__ import annotations

import importlib.metadata
import logging
import platform
import sys
from typing import Any, ClassVar

from isrcore import __version__
from isrcore.config.fields import differences
from isrcore.methods.argument_parser import IsrArgumentParser, subtask_classes
from isrcore.methods.task_runner import TaskRunner
from isrcore.pipe import Struct, Task, TaskError

__all__ = ["CommandLineMethods"]

_PACKAGES = ("numpy", "scipy", "astropy", "lsst-pex-config", "shapely")


def running_versions() -> dict[str, str]:
    """Versions of Python and of the packages that results depend on."""
    versions = {"python": platform.python_version(), "isrviewer": __version__}
    for name in _PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "unknown"
    return versions


def _exit_status(result: Any, log: logging.Logger) -> int:
    status = getattr(result, "exitStatus", None)
    if status is None:
        log.warning("The exit status of a run is not available; it counts as success.")
        return 0
    return int(status)


def _config_differences(stored: Any, new: Any) -> dict[str, tuple[Any, Any]]:
    """Fields and subtask classes that differ."""
    classes = dict(subtask_classes(stored)), dict(subtask_classes(new))
    names = {name for name in (*classes[0], *classes[1]) if classes[0].get(name) is not classes[1].get(name)}
    targets = {name: (classes[0].get(name), classes[1].get(name)) for name in sorted(names)}
    return targets | differences(stored, new)


class CommandLineMethods(Task):
    """Methods of `IsrTask` that the command line calls."""

    RunnerClass: ClassVar[Any] = None
    canMultiprocess: ClassVar[bool] = True

    @classmethod
    def applyOverrides(cls, config: Any) -> None:
        """Hook between the camera's overrides and those of the command line; does nothing."""

    @classmethod
    def openRepository(cls, root: str, calib: str | None = None, output: str | None = None) -> Any:
        """Open the repository that the command line names; a data layer overrides this.

        Returns
        -------
        repository
            With ``subset(datasetType, dataId)`` (a list of data references), ``override_files(taskName)`` (the camera's
            override files, in order), ``datasetExists(datasetType, write=)``, ``get(datasetType, immediate=)`` and
            ``put(object, datasetType, doBackup=)``.

        Raises
        ------
        TaskError
            Always: this class reads no repositories.
        """
        raise TaskError(
            f"{cls.__name__} cannot open the repository {root}: no repository reader is installed; "
            "use 'isrcore run FRAME' for files"
        )

    @classmethod
    def parseAndRun(
        cls, args: Any = None, config: Any = None, log: Any = None, doReturnResults: bool = False
    ) -> Struct:
        """Parse command-line arguments and run on every selected data reference.

        See manual: tasks, Command line of the stack.

        Parameters
        ----------
        args : list of str, optional
            Default ``sys.argv[1:]``.
        config : optional
            Default a new ``ConfigClass``.
        log : `logging.Logger`, optional
            Its level is set, and the task's log is a child of it; default the root logger.
        doReturnResults : bool
            Keep results in memory; for small runs.

        Returns
        -------
        struct : `Struct`
            ``argumentParser``, ``parsedCmd``, ``taskRunner``, ``resultList``.

        Raises
        ------
        SystemExit
            With the number of failures, unless ``--noExit`` is given.
        """
        log = logging.getLogger() if log is None else log
        parser = IsrArgumentParser(str(cls._DefaultName), cls.openRepository)
        config = cls.ConfigClass() if config is None else config
        parsed = parser.parse_task(config, sys.argv[1:] if args is None else args, log, cls.applyOverrides)
        log.info("Running: %s", " ".join(parsed.argv))
        runner = (cls.RunnerClass or TaskRunner)(TaskClass=cls, parsedCmd=parsed, doReturnResults=doReturnResults)
        results = runner.run(parsed)
        failed = sum(_exit_status(result, log) != 0 for result in results)
        if failed:
            if not parsed.noExit:
                sys.exit(failed)
            log.error("%d dataRefs failed; not exiting as --noExit was set.", failed)
        return Struct(argumentParser=parser, parsedCmd=parsed, taskRunner=runner, resultList=results)

    def writeConfig(self, butler: Any, clobber: bool = False, doBackup: bool = True) -> None:
        """Store the config, or check that the stored one is equal.

        Raises
        ------
        TaskError
            If the stored config differs.
        """
        dataset = f"{self._DefaultName}_config"
        if clobber:
            butler.put(self.config, dataset, doBackup=doBackup)
            return
        if not butler.datasetExists(dataset, write=True):
            butler.put(self.config, dataset)
            return
        try:
            stored = butler.get(dataset, immediate=True)
        except Exception as error:
            raise type(error)(f"cannot read the stored config {dataset}, consider --clobber-config: {error}") from error
        different = _config_differences(stored, self.config)
        for path, (old, new) in different.items():
            self.log.critical("Config differs: %s was %r, is %r", path, old, new)
        if different:
            raise TaskError(
                f"the config differs from the stored {dataset} in {', '.join(different)}; "
                "use another output or --clobber-config"
            )

    def writeSchemas(self, butler: Any, clobber: bool = False, doBackup: bool = True) -> None:
        """Store the schemas of all tasks, or check that the stored ones are equal. ISR has none.

        Raises
        ------
        TaskError
            If a stored schema differs.
        """
        for name, catalog in self.getAllSchemaCatalogs().items():
            dataset = f"{name}_schema"
            if clobber:
                butler.put(catalog, dataset, doBackup=doBackup)
            elif not butler.datasetExists(dataset, write=True):
                butler.put(catalog, dataset)
            elif butler.get(dataset, immediate=True).schema != catalog.schema:
                raise TaskError(f"the stored schema {dataset} differs; use another output or --clobber-config")

    def writeMetadata(self, dataRef: Any) -> None:
        """Store the metadata of all tasks; a failure is only a warning."""
        try:
            dataRef.put(self.getFullMetadata(), f"{self._DefaultName}_metadata")
        except Exception as error:
            self.log.warning("Could not write the metadata for %s: %s", getattr(dataRef, "dataId", dataRef), error)

    def writePackageVersions(
        self, butler: Any, clobber: bool = False, doBackup: bool = True, dataset: str = "packages"
    ) -> None:
        """Store the versions of the running packages, or check them against the stored ones.

        Raises
        ------
        TaskError
            If a package present in both has another version.
        """
        versions = running_versions()
        if clobber:
            butler.put(versions, dataset, doBackup=doBackup)
            return
        if not butler.datasetExists(dataset, write=True):
            butler.put(versions, dataset)
            return
        try:
            stored: dict[str, str] = butler.get(dataset, immediate=True)
        except Exception as error:
            raise type(error)(
                f"cannot read the stored versions {dataset}, consider --clobber-versions: {error}"
            ) from error
        changed = [
            f"{name}: {stored[name]} -> {version}"
            for name, version in versions.items()
            if stored.get(name, version) != version
        ]
        if changed:
            raise TaskError(
                f"package versions differ ({'; '.join(changed)}); consider --clobber-versions or --no-versions"
            )
        if set(versions) - set(stored):
            butler.put({**stored, **versions}, dataset, doBackup=doBackup)
