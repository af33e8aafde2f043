"""Command-line options that set config fields, for every program that has a config."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from lsst.pex.config import Config

from isrcore.config.overrides import apply_overrides, load_overrides

__all__ = ["Override", "add_override_options", "apply_override_options"]

Override = tuple[str, str]
"""``("value", "doBias=True")`` or ``("file", "overrides.py")``."""


class _InOrder(argparse.Action):
    """Collect values of several options in one list, in the order in which they stand on the command line."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
        words = [values] if isinstance(values, str) else values
        earlier = getattr(namespace, self.dest)
        setattr(namespace, self.dest, [*earlier, *((self.const, word) for word in words)])


def add_override_options(parser: argparse.ArgumentParser, nargs: str | None = None) -> None:
    """Add ``-c FIELD=VALUE`` and ``-C FILE``; both end up in ``overrides``, a list of `Override`.

    Parameters
    ----------
    parser : `argparse.ArgumentParser`
    nargs : str, optional
        ``"*"`` for options that take several words.
    """
    options: dict[str, Any] = {"dest": "overrides", "action": _InOrder, "nargs": nargs, "default": []}
    parser.add_argument("-c", "--config", const="value", metavar="FIELD=VALUE", help="set a config field", **options)
    parser.add_argument(
        "-C", "--config-file", "--configfile", const="file", metavar="FILE", help="read a file of overrides", **options
    )


def apply_override_options(config: Config, overrides: Sequence[Override] | Iterable[Override]) -> None:
    """Apply overrides from left to right.

    Raises
    ------
    OSError
        If a file cannot be read.
    isrcore.config.overrides.OverrideError
        If an override is refused.
    """
    for kind, text in overrides:
        if kind == "file":
            load_overrides(config, Path(text))
        else:
            apply_overrides(config, [text])
