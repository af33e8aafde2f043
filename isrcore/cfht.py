"""`CfhtIsrTask`: ISR of CFHT MegaCam, with gains, read noises and saturation taken from the frame.

See manual: cfht, Limits.
"""

from __future__ import annotations

from typing import Any, ClassVar

from isrcore.chain import RunOptions, run_chain
from isrcore.config import CfhtIsrTaskConfig
from isrcore.image import Exposure
from isrcore.pipe import Struct
from isrcore.steps.cfht_detector import CFHT_DETECTOR
from isrcore.steps.step import Step
from isrcore.task import IsrTask, calibrations

__all__ = ["CfhtIsrTask"]


class CfhtIsrTask(IsrTask):
    """Remove the instrument signature of one MegaCam CCD.

    The chain of `IsrTask` with one step before it: gains and read noises come from the header (``GAINA`` ...), the
    saturation level from the histogram of the raw pixels.
    """

    ConfigClass: ClassVar[Any] = CfhtIsrTaskConfig
    preamble: ClassVar[tuple[Step, ...]] = (CFHT_DETECTOR,)
    chain: ClassVar[tuple[Step, ...]] = (*preamble, *IsrTask.chain)

    def run(
        self,
        ccdExposure: Exposure,
        bias: Exposure | None = None,
        linearizer: Any = None,
        dark: Exposure | None = None,
        flat: Exposure | None = None,
        defects: Any = None,
        fringes: Any = None,
        bfKernel: Any = None,
        **kwds: Any,
    ) -> Struct:
        """Remove the instrument signature; see `IsrTask.run`.

        A chosen deviation: `fringes` None counts as no fringe frames. With ``doFringe`` on, that is a `RuntimeError`
        when the filter needs one, and no error when it does not (the reference fails with an `AttributeError` in both
        cases).

        Parameters
        ----------
        ccdExposure : `Exposure`
            Raw frame with a detector whose amplifiers are A and B; ADU. Its detector is replaced.
        bias, linearizer, dark, flat, defects : optional
        fringes : `Exposure`, list of them, or `Struct`, optional
            A struct has ``fringes`` (exposure or list) and optionally ``seed``.
        bfKernel : None
            Not supported.
        **kwds
            Further arguments of `IsrTask.run`; others are a `TypeError`.

        Raises
        ------
        ValueError
            If a brighter-fatter kernel is given, or an amplifier is neither A nor B.
        KeyError
            If a header keyword is missing.
        """
        if bfKernel is not None:
            raise ValueError("CFHT ISR does not support a brighter-fatter kernel: bfKernel must be None")
        if not isinstance(ccdExposure, Exposure):
            raise AttributeError(
                f"expected an Exposure with a detector, found {type(ccdExposure).__name__}: use runDataRef"
            )
        before = self.initial_state(ccdExposure, calibrations())
        prepared = run_chain(self, before, RunOptions(steps=self.preamble))
        if not self.stop_after.isdisjoint(step.name for step in self.preamble):
            return self.result_of(prepared)
        fringes = Struct(fringes=None) if fringes is None else fringes
        return super().run(
            ccdExposure,
            bias=bias,
            linearizer=linearizer,
            dark=dark,
            flat=flat,
            defects=defects,
            fringes=fringes,
            **kwds,
        )
