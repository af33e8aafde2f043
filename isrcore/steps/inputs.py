"""Inputs: complete what was handed in, and refuse at once what cannot be corrected (manual: chain, Inputs)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from isrcore.image import Exposure
from isrcore.pipe import Struct
from isrcore.steps.filters import physical_filter
from isrcore.steps.step import IsrState, IsrTaskLike, Step, always_runs

__all__ = ["CHECK_INPUTS"]

_SWITCH = {"bias": "doBias", "dark": "doDark", "flat": "doFlat"}
_ENSURED = tuple(_SWITCH)


def _missing(task: IsrTaskLike, state: IsrState) -> Iterator[str]:
    """One sentence for every required input that is absent, in the reference's order."""
    config, calibs = task.config, state.calibs

    def required(field: str, kind: str, value: Any) -> Iterator[str]:
        if value is None:
            yield f"Must supply a {kind}: {field} is on and none was given. Choose one, or switch {field} off."

    if config.doBias:
        yield from required("doBias", "bias exposure", calibs.bias)
    if task.doLinearize(state.detector):
        yield from required("doLinearize", "linearizer", calibs.linearizer)
    if config.doBrighterFatter:
        yield from required("doBrighterFatter", "brighter-fatter kernel", calibs.bfKernel)
    if config.doDark:
        yield from required("doDark", "dark exposure", calibs.dark)
    if config.doFlat:
        yield from required("doFlat", "flat exposure", calibs.flat)
    if config.doDefect:
        yield from required("doDefect", "defect list", calibs.defects)
    if config.doFringe or config.doIlluminationCorrection:
        name = physical_filter(state.exposure.filter_label, task.log)
        if config.doFringe and name in config.fringe.filters:
            frames = None if calibs.fringes is None else calibs.fringes.fringes
            yield from required("doFringe", f"fringe frame for filter {name}", frames)
        if config.doIlluminationCorrection and name in config.illumFilters:
            yield from required(
                "doIlluminationCorrection", f"illumination correction for {name}", calibs.illumMaskedImage
            )


def _mismatches(config: Any, state: IsrState) -> Iterator[str]:
    """One sentence for every calibration frame that says it belongs to another detector or filter."""
    calibs, detector = state.calibs, state.detector
    needed = _physical(state.exposure)
    used: list[tuple[str, Any]] = [(kind, getattr(calibs, kind)) for kind in _ENSURED if getattr(config, _SWITCH[kind])]
    if config.doFringe and calibs.fringes is not None:
        frames = calibs.fringes.fringes
        used += [("fringe frame", frame) for frame in ([frames] if isinstance(frames, Exposure) else frames or ())]
    for kind, frame in used:
        if not isinstance(frame, Exposure):
            continue
        if frame.detector is not None and detector is not None and frame.detector.name != detector.name:
            yield f"The {kind} is of detector {frame.detector.name}, the exposure of {detector.name}."
        own = _physical(frame)
        if kind in ("flat", "fringe frame") and own and needed and own != needed:
            yield f"The {kind} is for filter {own}, the exposure is in {needed}."


def _physical(exposure: Exposure) -> str | None:
    return None if exposure.filter_label is None else exposure.filter_label.physical


def _run(task: IsrTaskLike, state: IsrState) -> None:
    """Complete and check the inputs.

    A chosen deviation: without an exposure or a detector the reference fails in an attribute look-up; here the
    exception is of the same built-in type, and its message says what is missing.
    """
    calibs = state.calibs
    if calibs.isGen3 is True:
        exposure = task.ensureExposure(state.exposure, calibs.camera, calibs.detectorNum)
        if exposure is None:
            raise AttributeError("ccdExposure is None: hand in the raw frame of one detector")
        state.exposure = exposure
        ensured = {
            name: task.ensureExposure(getattr(calibs, name), calibs.camera, calibs.detectorNum) for name in _ENSURED
        }
        calibs = state.calibs = Struct(**(calibs.getDict() | ensured))
    state.detector = state.exposure.detector
    # Without assembly the reference goes on with a stand-in amplifier, which lacks what later steps need
    # (manual: oddities, Stand-in amplifier).
    if state.detector is None and task.config.doAssembleCcd:
        raise AssertionError(
            "doAssembleCcd is on and the exposure has no detector: attach one before the run, its amplifiers say where "
            "the overscan lies"
        )
    for sentence in _missing(task, state):
        raise RuntimeError(sentence)
    for sentence in _mismatches(task.config, state):
        task.log.warning(sentence)


CHECK_INPUTS = Step(
    name="checkInputs",
    label="inputs",
    method="run",
    doc="Check that every calibration that the configuration asks for was given.",
    why_not=always_runs,
    run=_run,
    reads=(
        "doBias",
        "doLinearize",
        "doBrighterFatter",
        "doDark",
        "doFlat",
        "doDefect",
        "doFringe",
        "fringe.filters",
        "doIlluminationCorrection",
        "illumFilters",
        "doAssembleCcd",
    ),
    needs=(
        "bias",
        "linearizer",
        "bfKernel",
        "dark",
        "flat",
        "defects",
        "fringes",
        "illumMaskedImage",
        "isGen3",
        "camera",
        "detectorNum",
    ),
    writes=frozenset({"geometry"}),
    is_check=True,
)
