"""The command line of a task over a repository: its options and how they become a config and data references (f.6)."""

from __future__ import annotations

import argparse
import fnmatch
import itertools
import logging
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from isrcore.config.fields import find_field
from isrcore.config.options import add_override_options, apply_override_options
from isrcore.config.overrides import load_overrides
from isrcore.pipe import Struct, TaskError

__all__ = ["IsrArgumentParser", "expand_data_id", "subtask_classes"]

_RANGE = re.compile(r"^(\d+)\.\.(\d+)(?::(\d+))?$")
_DEFAULT_TIMEOUT = 30 * 24 * 3600.0
_EXTRA_LEVELS = {"TRACE": 5, "VERBOSE": 15}
_LONG_LOG = "%(levelname)s %(asctime)s %(name)s (%(filename)s:%(lineno)d) - %(message)s"

OpenRepository = Callable[..., Any]


def expand_data_id(words: Sequence[str]) -> list[dict[str, Any]]:
    """All data ids named by ``key=value`` words: ``^`` separates values, ``1..5`` and ``1..9:2`` are ranges.

    Raises
    ------
    ValueError
        For a word without ``=``, or a key that is given twice.
    """
    choices: dict[str, list[Any]] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not name:
            raise ValueError(f"--id expects key=value, found {word!r}")
        if name in choices:
            raise ValueError(f"--id has {name} twice; give several values as {name}=1^2 or repeat --id")
        choices[name] = [value for part in text.split("^") for value in _values(part)]
    return [dict(zip(choices, values, strict=True)) for values in itertools.product(*choices.values())]


def _values(text: str) -> Iterator[Any]:
    match = _RANGE.match(text)
    if match:
        first, last, step = int(match[1]), int(match[2]), int(match[3] or 1)
        yield from range(first, last + 1, step)
    else:
        yield int(text) if text.isdigit() else text


class IsrArgumentParser(argparse.ArgumentParser):
    """Options of a command-line task.

    Parameters
    ----------
    name : str
        Task name; also the name of the camera's override files.
    open_repository : callable
        ``open_repository(input, calib=, output=)``; raises `OSError` or `TaskError` if there is none.
    """

    def __init__(self, name: str, open_repository: OpenRepository) -> None:
        super().__init__(prog=name, description=f"Run task {name} on the data of a repository.")
        self.name = name
        self.open_repository = open_repository
        add = self.add_argument
        add("input", help="input repository")
        add("--calib", help="calibration repository")
        add("--output", help="output repository")
        add("--rerun", metavar="[INPUT:]OUTPUT", help="output (and input) below rerun/ of the input repository")
        add_override_options(self, nargs="*")
        add("-L", "--loglevel", nargs="*", default=[], metavar="[LOGGER=]LEVEL", help="log level, default INFO")
        add("--longlog", action="store_true", help="log time, logger and source line with every message")
        add("--debug", action="store_true", help="log every debug view")
        add("--doraise", action="store_true", help="stop at the first failure and raise it")
        add("--noExit", action="store_true", help="do not exit with the number of failures")
        add("--profile", metavar="FILE", help="write a profile of the run, for module pstats")
        add(
            "--show",
            nargs="+",
            default=[],
            metavar="WHAT",
            help="print config[=PATTERN], data, tasks or history=FIELD, and exit unless 'run' is there too",
        )
        add("-j", "--processes", type=int, default=1, help="number of processes")
        add("-t", "--timeout", type=float, default=_DEFAULT_TIMEOUT, help="seconds to wait for all processes")
        add("--clobber-output", action="store_true", help="delete the output repository first")
        add("--clobber-config", action="store_true", help="replace the stored config")
        add("--no-backup-config", action="store_true", help="keep no copy of a replaced config")
        add("--clobber-versions", action="store_true", help="replace the stored package versions")
        add("--no-versions", action="store_true", help="do not check package versions")
        add("--id", nargs="*", action="append", default=[], metavar="KEY=VALUE", help="visit=849375 ccd=0..3^12")

    def parse_task(
        self,
        config: Any,
        arguments: Sequence[str],
        log: logging.Logger,
        override: Callable[[Any], None],
    ) -> argparse.Namespace:
        """Parse, complete the config, open the repository and expand the data ids.

        Parameters
        ----------
        config : config
            Changed in place: the camera's override files, `override`, then ``-c`` and ``-C`` from left to right;
            then validated and frozen.
        arguments : list of str
        log : `logging.Logger`
        override : callable
            The task's ``applyOverrides``.

        Returns
        -------
        parsed : namespace
            The options, and ``config``, ``butler``, ``log``, ``argv``, and ``id`` with ``idList`` and ``refList``.

        Raises
        ------
        SystemExit
            With 2 for bad usage, after a message; with 0 after ``--show`` without ``run``.
        """
        parsed = self.parse_args(list(arguments))
        parsed.argv, parsed.log = list(arguments), log
        try:
            self._set_log(parsed)
            self._place_output(parsed)
            ids = [data_id for words in parsed.id for data_id in expand_data_id(words)]
            parsed.butler = self.open_repository(parsed.input, calib=parsed.calib, output=parsed.output)
            for path in parsed.butler.override_files(self.name):
                load_overrides(config, Path(path))
            override(config)
            apply_override_options(config, parsed.overrides)
            refs = [ref for data_id in ids for ref in parsed.butler.subset("raw", data_id)]
            parsed.id = Struct(idList=ids, refList=refs)
            parsed.config = config
            self._show(parsed)
            config.validate()
        except (OSError, ValueError, TaskError) as error:
            self.error(str(error))
        config.freeze()
        return parsed

    def _set_log(self, parsed: argparse.Namespace) -> None:
        logging.basicConfig(format="%(name)s %(levelname)s: %(message)s")
        if parsed.longlog:
            for handler in logging.getLogger().handlers:
                handler.setFormatter(logging.Formatter(_LONG_LOG))
        parsed.log.setLevel(logging.INFO)
        for word in parsed.loglevel:
            component, equals, level = word.rpartition("=")
            target = logging.getLogger(component) if equals else parsed.log
            target.setLevel(_EXTRA_LEVELS.get(level.upper(), level.upper()))

    def _place_output(self, parsed: argparse.Namespace) -> None:
        """Replace ``--rerun`` by what it stands for, and make room for the output."""
        if parsed.rerun:
            if parsed.output:
                raise ValueError("give --output or --rerun, not both")
            root = Path(parsed.input)
            before, _, after = parsed.rerun.rpartition(":")
            parsed.input = str(root / "rerun" / before) if before else parsed.input
            parsed.output = str(root / "rerun" / after)
        if not parsed.output:
            raise ValueError("an output is needed: give --output or --rerun")
        if parsed.clobber_output:
            output = Path(parsed.output).resolve()
            for source in filter(None, (parsed.input, getattr(parsed, "calib", None))):
                if Path(source).resolve().is_relative_to(output):
                    raise ValueError(f"--clobber-output would delete the input {source}: give another --output")
            if Path(parsed.output).exists():
                shutil.rmtree(parsed.output)

    def _show(self, parsed: argparse.Namespace) -> None:
        for word in parsed.show:
            what, _, argument = word.partition("=")
            if what == "config":
                print("\n".join(_config_lines(parsed.config, argument or "*")))
            elif what == "history" and argument:
                owner, field = find_field(parsed.config, argument)
                print(owner.formatHistory(field.name))
            elif word == "data":
                for ref in parsed.id.refList:
                    print(ref.dataId)
            elif word == "tasks":
                for name, task in subtask_classes(parsed.config):
                    print(f"{name}: {task.__module__}.{task.__qualname__}")
            elif word != "run":
                raise ValueError(f"--show takes config[=PATTERN], data, tasks, history=FIELD or run, found {word!r}")
        if parsed.show and "run" not in parsed.show:
            self.exit(0)


def _config_lines(config: Any, pattern: str) -> list[str]:
    """Lines of the saved config whose field matches a pattern, with the comments above them only for all fields."""
    lines: list[str] = config.saveToString().splitlines()
    if pattern == "*":
        return lines
    return [line for line in lines if fnmatch.fnmatch(line.partition("=")[0].removeprefix("config."), pattern)]


def subtask_classes(config: Any, prefix: str = "") -> Iterator[tuple[str, type]]:
    """Dotted names of the subtasks of a config, and their classes."""
    for name in config.keys():  # noqa: SIM118 - a config is not iterable in the sense of its keys
        value = getattr(config, name)
        if hasattr(value, "target"):
            yield prefix + name, value.target
            yield from subtask_classes(value.value, f"{prefix}{name}.")
