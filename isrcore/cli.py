"""The `isrcore` command: look at a frame, run ISR on a CCD, audit a map, simulate frames, measure speed.

Exit codes: 0 done, 1 the work failed or was stopped, 2 bad usage or input.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from isrcore import __version__
from isrcore.children import child_command
from isrcore.crash import crash_line, lacks_memory

__all__ = ["build_parser", "main"]

DONE, ISR_FAILED, BAD_INPUT = 0, 1, 2

_EXIT_CODES = "exit codes: 0 done; 1 the work failed or was stopped; 2 bad usage or input"


def build_parser() -> argparse.ArgumentParser:
    """The command line with all its subcommands."""
    parser = argparse.ArgumentParser(
        prog="isrcore",
        description="Instrument signature removal of CFHT MegaCam frames, step by step.",
        epilog=_EXIT_CODES,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_info(commands)
    _add_run(commands)
    _add_audit(commands)
    _add_simulate(commands)
    _add_bench(commands)
    return parser


def _add_info(commands: Any) -> None:
    info = commands.add_parser("info", help="say what a frame is, from its headers")
    info.add_argument("frame", type=Path)
    info.set_defaults(execute=_info)


def _add_run(commands: Any) -> None:
    from isrcore.config.options import add_override_options

    run = commands.add_parser("run", help="correct one CCD of a raw frame")
    run.add_argument("frame", type=Path)
    run.add_argument("--detector", type=int, required=True, help="number of the CCD, 0 to 39")
    run.add_argument("--calib", type=Path, help="folder of calibration frames")
    run.add_argument(
        "--calibration",
        dest="picks",
        action="append",
        default=[],
        type=_pick,
        metavar="KIND=FILE",
        help="take this file as bias, dark, flat, fringe or defects, whatever the folder has; no file: go without it",
    )
    run.add_argument("--defects", type=Path, metavar="MAP", help="defect map of any form, whatever the folder has")
    add_override_options(run)
    run.add_argument("-o", "--output", type=Path, required=True, help="FITS file to write")
    run.add_argument("--overwrite", action="store_true", help="replace an existing output")
    run.add_argument("--steps-dir", type=Path, help="also write the exposure after every step into this folder")
    run.add_argument(
        "--debug-view",
        metavar="STEPS",
        help="show the debug views of these steps, separated by commas, or all, and wait until their window is closed",
    )
    run.add_argument("-q", "--quiet", action="store_true", help="print errors only")
    run.set_defaults(execute=_run)


def _pick(text: str) -> tuple[str, str]:
    """``KIND=FILE`` as a pair."""
    kind, sign, file = text.partition("=")
    if not sign:
        raise argparse.ArgumentTypeError(f"expected KIND=FILE, found {text!r}")
    return kind, file


def _add_audit(commands: Any) -> None:
    audit = commands.add_parser("audit", help="compare the defect map of one CCD with the data")
    audit.add_argument("frames", type=Path, nargs="+", metavar="FRAME", help="raw science frames, dithered")
    audit.add_argument("--map", type=Path, help="defect map of any form; default the one that fits in --calib")
    audit.add_argument("--calib", type=Path, help="folder of calibration frames")
    audit.add_argument("--detector", type=int, help="number of the CCD, 0 to 39; default the only one of the frame")
    audit.add_argument("-o", "--output", type=Path, required=True, help="folder for the report, the lists and the map")
    audit.add_argument("--overwrite", action="store_true", help="replace the results of an earlier audit")
    audit.set_defaults(execute=_audit)


def _add_simulate(commands: Any) -> None:
    from isrcore.simulate import command

    simulate = commands.add_parser("simulate", help="make a raw frame with known truth, and its calibrations")
    command.add_arguments(simulate)
    simulate.set_defaults(execute=command.run)


def _add_bench(commands: Any) -> None:
    bench = commands.add_parser("bench", help="measure the speed of the chain in units of copying one plane")
    bench.add_argument("--gui", action="store_true", help="measure the viewer instead")
    bench.set_defaults(execute=_bench)


def _info(arguments: argparse.Namespace) -> int:
    from isrcore.data.report import describe_frame

    print(describe_frame(arguments.frame))
    return DONE


def _run(arguments: argparse.Namespace) -> int:
    from isrcore.batch import IsrFailed, RunRequest, correct_detector

    logging.basicConfig(level="ERROR" if arguments.quiet else "WARNING", format="%(levelname)s %(name)s: %(message)s")
    request = RunRequest(
        frame=arguments.frame,
        detector=arguments.detector,
        output=arguments.output,
        calib_folder=arguments.calib,
        picks=dict(arguments.picks),
        defects=arguments.defects,
        overrides=tuple(arguments.overrides),
        steps_folder=arguments.steps_dir,
        overwrite=arguments.overwrite,
    )
    panels = None if arguments.debug_view is None else _open_panels(arguments.debug_view)
    try:
        correct_detector(request, _silent if arguments.quiet else _print_now, None if panels is None else panels.attach)
    except IsrFailed as error:
        print(f"isrcore: {error}", file=sys.stderr)
        return ISR_FAILED
    finally:
        if panels is not None:
            panels.block()
    return DONE


def _open_panels(steps: str) -> Any:
    """Panels for debug views. The viewer offers them by an entry point: the engine does not import it."""
    from importlib.metadata import entry_points

    found = entry_points(group="isrcore.debug_views", name="panels")
    if not found:
        raise LookupError("--debug-view needs isrviewer, which is not installed beside isrcore: pip install isrviewer")
    return next(iter(found)).load()(None if steps == "all" else steps.split(","))


def _audit(arguments: argparse.Namespace) -> int:
    from isrcore.audit.command import AuditRequest, run_audit

    logging.basicConfig(level="WARNING", format="%(levelname)s %(name)s: %(message)s")
    request = AuditRequest(
        frames=tuple(arguments.frames),
        output=arguments.output,
        map=arguments.map,
        calib_folder=arguments.calib,
        detector=arguments.detector,
        overwrite=arguments.overwrite,
    )
    run_audit(request, _print_now)
    return DONE


def _print_now(text: str) -> None:
    print(text, flush=True)


def _silent(text: str) -> None:
    pass


def _bench(arguments: argparse.Namespace) -> int:
    if arguments.gui:
        # The engine does not import the window; its benchmark is a program of its own.
        import subprocess

        return subprocess.call(child_command("isrviewer.bench"))
    from isrcore.bench import measure, render_table

    print(render_table(*measure(lambda text: print(f"measuring {text} ...", file=sys.stderr))))
    return DONE


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parsed = build_parser().parse_args(arguments)
    execute: Callable[[argparse.Namespace], int] = parsed.execute
    try:
        return execute(parsed)
    except (OSError, ValueError, LookupError) as error:
        # Errors in override files quote the line below the message; here everything is on one line.
        print(f"isrcore: {': '.join(line.strip() for line in str(error).splitlines())}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("isrcore: stopped; nothing was written under the final name", file=sys.stderr)
        return ISR_FAILED
    except Exception as error:
        if lacks_memory(error):
            print("isrcore: there is not enough memory; allow it more, or close other programs", file=sys.stderr)
            return ISR_FAILED
        print(crash_line("isrcore", sys.argv[1:] if arguments is None else arguments, error), file=sys.stderr)
        return ISR_FAILED


if __name__ == "__main__":
    sys.exit(main())
