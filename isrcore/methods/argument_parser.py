"""The command line of a task over a repository: argument parser and runner (specification f.6).

A repository is opened by the parser's `open_repository` and offers ``subset(datasetType, dataId) -> data references``,
``datasetExists``, ``get`` and ``put``.
"""

from __future__ import annotations

import argparse
import itertools
import logging
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from isrcore.config.overrides import apply_overrides, load_overrides
from isrcore.pipe import Struct, TaskError

__all__ = ["IsrArgumentParser", "TaskRunner", "expand_data_id"]

_RANGE = re.compile(r"^(\d+)\.\.(\d+)(?::(\d+))?$")
_DEFAULT_TIMEOUT = 30 * 24 * 3600.0

OpenRepository = Callable[..., Any]


def expand_data_id(words: Sequence[str]) -> list[dict[str, Any]]:
    """All data ids named by ``key=value`` words: ``^`` separates values, ``1..5`` and ``1..9:2`` are ranges.

    Raises
    ------
    ValueError
        For a word without ``=``.
    """
    names: list[str] = []
    choices: list[list[Any]] = []
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not name:
            raise ValueError(f"--id expects key=value, found {word!r}")
        names.append(name)
        choices.append([value for part in text.split("^") for value in _values(part)])
    return [dict(zip(names, values, strict=True)) for values in itertools.product(*choices)]


def _values(text: str) -> Iterator[Any]:
    match = _RANGE.match(text)
    if match:
        first, last, step = int(match[1]), int(match[2]), int(match[3] or 1)
        yield from range(first, last + 1, step)
    else:
        yield int(text) if text.isdigit() else text


class _Override(argparse.Action):
    """Keep ``-c`` and ``-C`` in the order in which they stand on the command line."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
        kind = "file" if self.dest == "configfile" else "value"
        namespace.overrides = [*(getattr(namespace, "overrides", None) or []), *((kind, text) for text in values)]


class IsrArgumentParser(argparse.ArgumentParser):
    """Options of a command-line task.

    Parameters
    ----------
    name : str
        Task name; also the name of the override files of the camera.
    open_repository : callable
        ``open_repository(input, calib=, output=)``; raises what says that there is no repository.
    """

    def __init__(self, name: str, open_repository: OpenRepository) -> None:
        super().__init__(prog=name, description=f"Run task {name} on the data of a repository.")
        self.open_repository = open_repository
        self.add_argument("input", help="input repository")
        self.add_argument("--calib", help="calibration repository")
        self.add_argument("--output", help="output repository")
        self.add_argument("--rerun", help="output under rerun/ of the input repository")
        self.add_argument("-c", "--config", nargs="*", action=_Override, default=[], help="field=value ...")
        self.add_argument(
            "-C", "--config-file", "--configfile", dest="configfile", nargs="*", action=_Override, default=[], help="override files"
        )
        self.add_argument("-L", "--loglevel", default="INFO", help="log level")
        self.add_argument("--longlog", action="store_true", help="log time and task name with every message")
        self.add_argument("--debug", action="store_true", help="call the debug views")
        self.add_argument("--doraise", action="store_true", help="stop at the first failure and raise it")
        self.add_argument("--noExit", action="store_true", help="do not exit with the number of failures")
        self.add_argument("--profile", help="write a profile of the run to this file")
        self.add_argument("--show", nargs="+", default=[], help="print config, data, tasks, history; exit unless 'run' is included")
        self.add_argument("-j", "--processes", type=int, default=1, help="number of processes")
        self.add_argument("-t", "--timeout", type=float, default=_DEFAULT_TIMEOUT, help="seconds to wait for all processes")
        self.add_argument("--clobber-output", action="store_true", help="delete the output repository first")
        self.add_argument("--clobber-config", action="store_true", help="replace the stored config")
        self.add_argument("--no-backup-config", action="store_true", help="keep no copy of a replaced config")
        self.add_argument("--clobber-versions", action="store_true", help="replace the stored package versions")
        self.add_argument("--no-versions", action="store_true", help="do not check package versions")
        self.add_argument("--id", nargs="*", action="append", default=[], help="data id, for example visit=849375 ccd=12")

    def parse_task(
        self, config: Any, arguments: Sequence[str], log: logging.Logger, override: Callable[[Any], None]
    ) -> argparse.Namespace:
        """Parse, complete the config, open the repository and expand the data ids.

        Parameters
        ----------
        config : config
            Changed in place: `override`, then ``-c`` and ``-C`` from left to right; then validated and frozen.
        arguments : list of str
        log : `logging.Logger`
        override : callable
            The task's ``applyOverrides``.
        """
        parsed = self.parse_args(list(arguments))
        parsed.argv = list(arguments)
        log.setLevel(parsed.loglevel)
        if not (parsed.output or parsed.rerun):
            self.error("an output is needed: give --output or --rerun")
        override(config)
        for kind, text in getattr(parsed, "overrides", None) or []:
            if kind == "file":
                load_overrides(config, Path(text))
            else:
                apply_overrides(config, [text])
        parsed.butler = self.open_repository(parsed.input, calib=parsed.calib, output=parsed.output or parsed.rerun)
        ids = [data_id for words in parsed.id for data_id in expand_data_id(words)]
        parsed.refs = [ref for data_id in ids for ref in parsed.butler.subset("raw", data_id)]
        self._show(parsed, config)
        config.validate()
        config.freeze()
        parsed.task_config = config
        parsed.log = log
        return parsed

    def _show(self, parsed: argparse.Namespace, config: Any) -> None:
        if not parsed.show:
            return
        if "config" in parsed.show:
            print(config.saveToString())
        if "data" in parsed.show:
            for ref in parsed.refs:
                print(ref.dataId)
        if "run" not in parsed.show:
            self.exit(0)


class TaskRunner:
    """Run a task on every selected data reference.

    Parameters
    ----------
    TaskClass : type
    parsedCmd : namespace
        From `IsrArgumentParser.parse_task`.
    doReturnResults : bool
    """

    def __init__(self, TaskClass: Any, parsedCmd: argparse.Namespace, doReturnResults: bool = False) -> None:
        self.TaskClass = TaskClass
        self.parsed = parsedCmd
        self.doReturnResults = doReturnResults

    def run(self, parsedCmd: argparse.Namespace) -> list[Struct]:
        """Write config and versions once, then process each reference; one `Struct` with ``exitStatus`` each."""
        if not self._precall(parsedCmd):
            return []
        if not parsedCmd.refs:
            parsedCmd.log.warning("Not running the task because there is no data to process; check the --id arguments.")
            return []
        if parsedCmd.processes > 1 and self.TaskClass.canMultiprocess:
            with ProcessPoolExecutor(parsedCmd.processes) as pool:
                return list(pool.map(self.process, parsedCmd.refs, timeout=parsedCmd.timeout))
        return [self.process(ref) for ref in parsedCmd.refs]

    def _precall(self, parsed: argparse.Namespace) -> bool:
        task = self.TaskClass(config=parsed.task_config)
        backup = not parsed.no_backup_config
        try:
            if not parsed.no_versions:
                task.writePackageVersions(parsed.butler, clobber=parsed.clobber_versions)
            task.writeConfig(parsed.butler, clobber=parsed.clobber_config, doBackup=backup)
            task.writeSchemas(parsed.butler, clobber=parsed.clobber_config, doBackup=backup)
        except Exception as error:
            if parsed.doraise:
                raise
            parsed.log.critical("Failed before processing: %s", error)
            return False
        return True

    def process(self, ref: Any) -> Struct:
        """Run a new task on one reference; a failure is logged and gives exit status 1 unless ``--doraise`` is set."""
        task = self.TaskClass(config=self.parsed.task_config)
        result, status = None, 0
        try:
            result = task.runDataRef(ref)
        except Exception as error:
            if self.parsed.doraise:
                raise
            status = 1
            task.log.critical("Failed on dataId=%s: %s", ref.dataId, error, exc_info=not isinstance(error, TaskError))
        finally:
            task.writeMetadata(ref)
        if self.doReturnResults:
            return Struct(exitStatus=status, dataRef=ref, metadata=task.metadata, result=result)
        return Struct(exitStatus=status)
