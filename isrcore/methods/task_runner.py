"""Runs a command-line task on every selected data reference (manual: tasks, Command line of the stack)."""

from __future__ import annotations

import argparse
import cProfile
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from isrcore.image import Exposure
from isrcore.pipe import Struct, TaskError
from isrcore.pipe.workers import WorkerError, run_in_processes

__all__ = ["TaskRunner"]

_LOG = logging.getLogger(__name__)


class TaskRunner:
    """Run a task on every selected data reference, each with a new task.

    Parameters
    ----------
    TaskClass : type
    parsedCmd : namespace
        From `isrcore.methods.argument_parser.IsrArgumentParser.parse_task`.
    doReturnResults : bool
        Keep reference, metadata and result of each run.
    """

    def __init__(self, TaskClass: Any, parsedCmd: argparse.Namespace, doReturnResults: bool = False) -> None:
        self.TaskClass = TaskClass
        self.parsedCmd = parsedCmd
        self.doReturnResults = doReturnResults

    def run(self, parsedCmd: argparse.Namespace) -> list[Struct]:
        """Write config and versions once, then process the references, in several processes if asked for.

        Returns
        -------
        results : list of `Struct`
            In the order of the references: ``exitStatus``, and with ``doReturnResults`` also ``dataRef``, ``metadata``
            and ``result``. Empty when the preparation failed or there is nothing to do. A reference whose process died,
            or for which the time of ``--timeout`` was not enough, has exit status 1.
        """
        if not self._precall(parsedCmd):
            return []
        references = parsedCmd.id.refList
        if not references:
            parsedCmd.log.warning("Not running the task because there is no data to process; check the --id arguments.")
            return []
        with _profiled(parsedCmd.profile):
            if parsedCmd.processes > 1 and self.TaskClass.canMultiprocess:
                outcomes = run_in_processes(self.process, references, parsedCmd.processes, parsedCmd.timeout)
                return [self._result(ref, outcome) for ref, outcome in zip(references, outcomes, strict=True)]
            return [self.process(reference) for reference in references]

    def _result(self, ref: Any, outcome: Struct | WorkerError | Exception) -> Struct:
        """What a worker process gave for one reference."""
        if isinstance(outcome, Struct):
            return outcome
        if self.parsedCmd.doraise:
            raise outcome
        self.parsedCmd.log.critical("Failed on dataId=%s: %s", ref.dataId, outcome)
        return self._struct(ref, 1, None, None)

    def _struct(self, ref: Any, status: int, metadata: Any, result: Any) -> Struct:
        if self.doReturnResults:
            return Struct(exitStatus=status, dataRef=ref, metadata=metadata, result=result)
        return Struct(exitStatus=status)

    def _new_task(self) -> Any:
        task = self.TaskClass(config=self.parsedCmd.config, log=self.parsedCmd.log)
        if self.parsedCmd.debug:
            task.debug_callback = _log_view
        return task

    def _precall(self, parsed: argparse.Namespace) -> bool:
        task = self._new_task()
        backup = not parsed.no_backup_config
        try:
            if not parsed.no_versions:
                task.writePackageVersions(parsed.butler, clobber=parsed.clobber_versions)
            task.writeConfig(parsed.butler, clobber=parsed.clobber_config, doBackup=backup)
            task.writeSchemas(parsed.butler, clobber=parsed.clobber_config, doBackup=backup)
        except Exception as error:
            if parsed.doraise:
                raise
            task.log.critical("Failed before processing: %s", error, exc_info=not isinstance(error, TaskError))
            return False
        return True

    def process(self, ref: Any) -> Struct:
        """Run a new task on one reference; a failure is logged and gives exit status 1, unless ``--doraise`` is set."""
        task = self._new_task()
        result, status = None, 0
        try:
            result = task.runDataRef(ref)
        except Exception as error:
            if self.parsedCmd.doraise:
                raise
            status = 1
            task.log.critical("Failed on dataId=%s: %s", ref.dataId, error, exc_info=not isinstance(error, TaskError))
        finally:
            task.writeMetadata(ref)
        return self._struct(ref, status, task.metadata, result)


def _log_view(exposure: Exposure, stepname: str) -> None:
    _LOG.info("Debug view %s: %s.", stepname, exposure.bbox)


@contextmanager
def _profiled(path: str | None) -> Iterator[None]:
    """Profile a block and write the statistics to a file, if one is named."""
    if path is None:
        yield
        return
    profile = cProfile.Profile()
    profile.enable()
    try:
        yield
    finally:
        profile.disable()
        profile.dump_stats(path)
