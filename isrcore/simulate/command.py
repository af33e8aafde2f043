"""The ``isrcore simulate`` command: options to recipe, recipe to files."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any, get_args

from isrcore.atomic import refuse_inputs
from isrcore.readable import explained, read_text
from isrcore.simulate.fitsfile import Compression, compression_for
from isrcore.simulate.frame import simulate_raw
from isrcore.simulate.masters import simulate_calibrations
from isrcore.simulate.recipe import FILE_LETTERS, OTHERS, SimulationRecipe, filter_facts

__all__ = ["add_arguments", "run"]

_RECIPE_OPTIONS = (
    "filter",
    "exposure_time",
    "seed",
    "n_ccd",
    "obs_type",
    "others",
    "date",
    "exposure_id",
    "sky_level",
    "seeing",
)
_SWITCHES = ("stars", "cosmic_rays", "fringe", "defects")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options; those not given keep the value of ``--recipe``, else the recipe's default."""
    parser.add_argument("output", type=Path, help="frame to write: *.fits.fz (Rice), *.fits.gz or *.fits")
    parser.add_argument(
        "--recipe", type=Path, metavar="FILE", help="JSON file with recipe fields; options given here win"
    )
    parser.add_argument("--filter", choices=list(filter_facts()), help="default i.MP9702")
    parser.add_argument("--exptime", dest="exposure_time", type=float, metavar="SECONDS", help="default 30")
    parser.add_argument("--type", dest="obs_type", choices=list(FILE_LETTERS), help="default OBJECT")
    parser.add_argument("--seed", type=int, help="the same seed gives the same bytes; default 1")
    parser.add_argument("--detectors", metavar="12,13|all", help="CCDs with realistic pixels; default 12")
    parser.add_argument("--ccds", dest="n_ccd", type=int, choices=(36, 40), help="CCDs of the camera; default 36")
    parser.add_argument(
        "--others", choices=OTHERS, help="CCDs not in --detectors: constant level (default) or left out"
    )
    parser.add_argument(
        "--compression", choices=get_args(Compression), help="rice4 is the form of files before 2010; default by name"
    )
    parser.add_argument("--date", help="start, UTC, such as 2010-11-03T08:30:00")
    parser.add_argument("--expnum", dest="exposure_id", type=int, help="exposure number")
    parser.add_argument(
        "--sky", dest="sky_level", type=float, metavar="ADU", help="sky level; default by filter and time"
    )
    parser.add_argument("--seeing", type=float, metavar="ARCSEC", help="default 0.75")
    for switch in _SWITCHES:
        name = switch.replace("_", "-")
        parser.add_argument(f"--no-{name}", dest=switch, action="store_false", default=None, help=f"leave out {name}")
    parser.add_argument("--overwrite", action="store_true", help="replace an existing output")
    parser.add_argument("--calib", type=Path, metavar="DIR", help="also write the masters that fit, in Elixir's form")
    parser.add_argument("--truth", type=Path, metavar="FILE", help="also write the truth (*.npz or *.json)")


def run(args: argparse.Namespace) -> int:
    """Make the files.

    Returns
    -------
    code : int
        0 done, 1 a file could not be written, 2 bad options or recipe.
    """
    started = time.perf_counter()
    try:
        recipe = _recipe(args)
        if args.truth is not None and args.truth.suffix not in (".npz", ".json"):
            raise ValueError(f"{args.truth}: a truth file must be named *.npz or *.json")
        if args.output.exists() and not args.overwrite:
            raise ValueError(f"{args.output} exists; give --overwrite to replace it")
        for output in filter(None, (args.output, args.truth)):
            refuse_inputs(output, [args.recipe])
        if args.truth is not None and args.truth.exists() and not args.overwrite:
            raise ValueError(f"{args.truth} exists; give --overwrite to replace it")
        if args.truth is not None and args.truth.resolve() == args.output.resolve():
            raise ValueError(f"{args.truth}: frame and truth need two files; choose another name for one of them")
        if compression_for(args.output) != recipe.compression.replace("rice4", "rice2"):
            raise ValueError(f"{args.output}: the name does not fit compression {recipe.compression!r}")
    except (ValueError, OSError) as error:
        print(f"isrcore simulate: {error}", file=sys.stderr)
        return 2
    try:
        truth = simulate_raw(recipe, args.output, on_ccd=lambda number: print(f"ccd{number:02d}", flush=True))
        print(f"{args.output}: {recipe.obs_type} {recipe.filter}, {len(truth.ccds)} realistic CCDs of {recipe.n_ccd}")
        if args.truth is not None:
            truth.save(args.truth)
            print(f"{args.truth}: truth")
        if args.calib is not None:
            for kind, path in simulate_calibrations(recipe, args.calib).items():
                print(f"{path}: {kind}")
    except OSError as error:
        print(f"isrcore simulate: {error}", file=sys.stderr)
        return 1
    print(f"done in {time.perf_counter() - started:.1f} s")
    return 0


def _recipe(args: argparse.Namespace) -> SimulationRecipe:
    """The recipe of the options on top of the recipe file."""
    values: dict[str, Any] = {}
    if args.recipe is not None:
        with explained(args.recipe, ValueError, "not a JSON file"):
            values = json.loads(read_text(args.recipe))
        if not isinstance(values, dict):
            raise ValueError(f"{args.recipe}: expected a JSON object of recipe fields, found {type(values).__name__}")
    given = {name: getattr(args, name) for name in (*_RECIPE_OPTIONS, *_SWITCHES)}
    values |= {name: value for name, value in given.items() if value is not None}
    values["compression"] = args.compression or values.get("compression") or compression_for(args.output)
    name = args.recipe or "simulation recipe"
    with explained(name, ValueError):
        if args.detectors is not None:
            values["detectors"] = _detectors(args.detectors, int(values.get("n_ccd", SimulationRecipe.n_ccd)))
        return SimulationRecipe.from_dict(values, str(name))


def _detectors(text: str, n_ccd: int) -> tuple[int, ...]:
    if text == "all":
        return tuple(range(n_ccd))
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise ValueError(f"--detectors must be 'all' or numbers such as 12,13; found {text!r}") from None
