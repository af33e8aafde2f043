"""`IsrTask`: the documented instrument signature removal task, thin over `isrcore.chain` and `isrcore.steps`."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from typing import Any, ClassVar

from isrcore.chain import CHAIN, RunOptions, run_chain
from isrcore.config import IsrTaskConfig
from isrcore.image import Exposure
from isrcore.methods.command_line import CommandLineMethods
from isrcore.methods.correction import CorrectionMethods
from isrcore.methods.data_access import DataAccessMethods
from isrcore.methods.masking import MaskingMethods
from isrcore.pipe import Struct, timeMethod
from isrcore.steps.amp_offset import AmpOffsetTask
from isrcore.steps.assemble import AssembleCcdTask
from isrcore.steps.crosstalk import CrosstalkTask
from isrcore.steps.fringe import FringeTask
from isrcore.steps.masking import MaskingTask
from isrcore.steps.overscan import OverscanCorrectionTask
from isrcore.steps.step import IsrState, Step
from isrcore.steps.stray_light import StrayLightTask
from isrcore.steps.vignette import VignetteTask

__all__ = ["IsrTask", "calibrations"]

DebugCallback = Callable[[Exposure, str], None]


def calibrations(**given: Any) -> Struct:
    """The calibrations of a run under the argument names of `IsrTask.run`; absent ones have its defaults.

    Raises
    ------
    TypeError
        For a name that `IsrTask.run` does not take.
    """
    unknown = sorted(given.keys() - _DEFAULTS.keys())
    if unknown:
        raise TypeError(f"unknown calibrations {', '.join(unknown)}; they are {', '.join(_DEFAULTS)}")
    fringes = given.get("fringes", ...)
    if fringes is None:
        del given["fringes"]
    elif isinstance(fringes, (Exposure, list, tuple)):
        given["fringes"] = Struct(fringes=fringes)
    return Struct(**(_DEFAULTS | given))


class IsrTask(MaskingMethods, CorrectionMethods, DataAccessMethods, CommandLineMethods):
    """Remove the instrument signature of one CCD.

    Parameters
    ----------
    config : `IsrTaskConfig`, optional
        Not validated here: call ``config.validate()`` first, as the command line does. It completes the list of planes
        to interpolate, so that the same options give other pixels without it
        (manual: oddities, Validation changes pixels).
    name, parentTask, log : optional
        See `isrcore.pipe.Task`.
    initInputs : optional
        Ignored; accepted for pipelines.

    Attributes
    ----------
    chain : tuple of `Step`
        What `run` executes, in order.
    preamble : tuple of `Step`
        The steps at the beginning of `chain` that a subclass runs before the time of `run` is taken.
    debug_callback : callable or None
        Called by `debugView` as ``callback(exposure, stepname)``.
    stop_after : frozenset of str
        Names of steps or debug views after which `run` ends and returns what it has.
    """

    ConfigClass: ClassVar[Any] = IsrTaskConfig
    _DefaultName: ClassVar[str | None] = "isr"
    chain: ClassVar[tuple[Step, ...]] = CHAIN
    preamble: ClassVar[tuple[Step, ...]] = ()
    canMultiprocess = True

    # The default targets; a config may retarget each to another class with the same methods.
    assembleCcd: AssembleCcdTask
    crosstalk: CrosstalkTask
    strayLight: StrayLightTask
    fringe: FringeTask
    masking: MaskingTask
    overscan: OverscanCorrectionTask
    vignette: VignetteTask
    ampOffset: AmpOffsetTask

    def __init__(
        self,
        config: Any = None,
        log: logging.Logger | None = None,
        initInputs: Any = None,
        name: str | None = None,
        parentTask: Any = None,
    ) -> None:
        super().__init__(config=config, name=name, parentTask=parentTask, log=log)
        self.debug_callback: DebugCallback | None = None
        self.stop_after: frozenset[str] = frozenset()
        self.vignettePolygon: Any = None
        for subtask in (
            "assembleCcd",
            "crosstalk",
            "strayLight",
            "fringe",
            "masking",
            "overscan",
            "vignette",
            "ampOffset",
        ):
            self.makeSubtask(subtask)

    def debugView(self, exposure: Exposure, stepname: str) -> None:
        """Hand the exposure after a step to `debug_callback`; without one nothing happens. It never waits for anybody.

        Parameters
        ----------
        exposure : `Exposure`
            The data after the step; a callback that keeps it should clone it, because the next step changes it.
        stepname : str
            The reference's name of the view where it has one (``doBias``, ``doFlat``, ``postISRCCD``), else the step's
            name.
        """
        if self.debug_callback is not None:
            self.debug_callback(exposure, stepname)

    def initial_state(self, exposure: Exposure, calibs: Struct) -> IsrState:
        """The state from which the chain starts."""
        # What isGen3 lets pass may be bare pixels; the first step makes an exposure of them.
        return IsrState(exposure, calibs, getattr(exposure, "detector", None))

    @timeMethod
    def run(
        self,
        ccdExposure: Any,
        *,
        camera: Any = None,
        bias: Any = None,
        linearizer: Any = None,
        crosstalk: Any = None,
        crosstalkSources: Any = None,
        dark: Any = None,
        flat: Any = None,
        ptc: Any = None,
        bfKernel: Any = None,
        bfGains: Any = None,
        defects: Any = None,
        fringes: Any = Struct(fringes=None),  # noqa: B008 - the documented default; it is never changed
        opticsTransmission: Any = None,
        filterTransmission: Any = None,
        sensorTransmission: Any = None,
        atmosphereTransmission: Any = None,
        detectorNum: int | None = None,
        strayLightData: Any = None,
        illumMaskedImage: Any = None,
        isGen3: bool = False,
    ) -> Struct:
        """Remove the instrument signature (manual: chain, Order).

        The input exposure is changed in place until it is assembled; afterwards a new exposure carries the data.

        Parameters
        ----------
        ccdExposure : `Exposure`
            Raw frame of one detector, ADU. A Gen2 data reference is handed to `runDataRef`.
        camera, detectorNum : optional
            Where a missing detector is looked up when `isGen3` is True.
        bias, dark, flat : `Exposure`, optional
            ADU, ADU, dimensionless; same size as the assembled data.
        linearizer, crosstalk, crosstalkSources, ptc, bfKernel, bfGains, defects : optional
        fringes : `Exposure`, list of them, or `Struct`
            A struct has ``fringes`` (exposure or list) and optionally ``seed``; without one the seed is
            ``fringe.stats.rngSeedOffset``.
        opticsTransmission, filterTransmission, sensorTransmission, atmosphereTransmission : optional
        strayLightData, illumMaskedImage : optional
        isGen3 : bool

        Returns
        -------
        result : `Struct`
            ``exposure`` and ``outputExposure`` (the same object), ``ossThumb`` and ``outputOssThumbnail``,
            ``flattenedThumb`` and ``outputFlattenedThumbnail``, ``preInterpExposure``.

        Raises
        ------
        RuntimeError
            If a calibration that the config asks for is missing or does not fit.
        """
        values = dict(locals())
        exposure = values.pop("ccdExposure")
        del values["self"]
        if isGen3 is not True and not isinstance(exposure, Exposure) and hasattr(exposure, "get"):
            return self.runDataRef(exposure)
        return self._run_chain(exposure, calibrations(**values))

    def _run_chain(self, exposure: Exposure, calibs: Struct) -> Struct:
        options = RunOptions(steps=self.chain[len(self.preamble) :], stop_after=self.stop_after)
        return self.result_of(run_chain(self, self.initial_state(exposure, calibs), options))

    def result_of(self, state: IsrState) -> Struct:
        """What `run` returns for the state after the last step."""
        oss_thumb = state.results.get("ossThumb")
        flattened_thumb = state.results.get("flattenedThumb")
        return Struct(
            exposure=state.exposure,
            ossThumb=oss_thumb,
            flattenedThumb=flattened_thumb,
            preInterpExposure=state.results.get("preInterpExposure"),
            outputExposure=state.exposure,
            outputOssThumbnail=oss_thumb,
            outputFlattenedThumbnail=flattened_thumb,
        )


_DEFAULTS: dict[str, Any] = {
    parameter.name: parameter.default
    for parameter in inspect.signature(IsrTask.run).parameters.values()
    if parameter.kind is inspect.Parameter.KEYWORD_ONLY
}
