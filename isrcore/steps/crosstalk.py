"""Crosstalk: remove the ghost that a bright amplifier leaves in the others (manual: crosstalk, Correction)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import numpy as np
from lsst.pex.config import ChoiceField, Config, Field, ListField
from numpy.typing import ArrayLike, NDArray

from isrcore.calib.crosstalk import CrosstalkCalib
from isrcore.camera import Amplifier, Camera, Detector
from isrcore.image import Exposure, Mask, MaskedImage
from isrcore.image.statistics import Property, StatisticsControl, make_statistics
from isrcore.kernels.bands import for_bands
from isrcore.pipe import Task
from isrcore.steps.step import IsrState, IsrTaskLike, NothingToDo, Step

__all__ = [
    "CROSSTALK",
    "EARLY_CROSSTALK",
    "CrosstalkConfig",
    "CrosstalkTask",
    "NullCrosstalkTask",
    "subtract_crosstalk",
]


def subtract_crosstalk(
    exposure: Exposure,
    coefficients: ArrayLike,
    source: Exposure | None = None,
    bad_planes: Iterable[str] = ("BAD",),
    min_pixel_to_mask: float = 45000.0,
    mask_plane: str = "CROSSTALK",
    is_trimmed: bool = False,
    background_method: str = "None",
) -> None:
    """Subtract the crosstalk between the amplifiers of a detector, in place.

    The uncorrected pixels are the template; there is no iteration. Amplifiers that are read from different sides are
    mirrored. Every previous bit of `mask_plane` is cleared.

    Parameters
    ----------
    exposure : `Exposure`
        With a detector; ADU.
    coefficients : array-like, (n_amp, n_amp)
        Row = source, column = target: ``coefficients[j, i]`` is the fraction of amplifier j that appears in amplifier
        i. (This is what the reference does; its documentation says the opposite.)
    source : `Exposure`, optional
        Another detector, for crosstalk between CCDs. As in the reference it sets only the background level, which
        pixels are bright, and where the targets lie; the template is still taken from `exposure`.
    bad_planes : iterable of str
        Planes of the source that do not count for its background.
    min_pixel_to_mask : float
        Targets of source pixels this far above the background are flagged, ADU.
    mask_plane : str
        Plane for them; created if need be.
    is_trimmed : bool
        Whether the amplifiers lie at their trimmed boxes, else at their raw data boxes.
    background_method : {"None", "AMP", "DETECTOR"}
        What is taken off the template: nothing, the median of each source amplifier (at its trimmed box, whatever
        `is_trimmed` says), or of the source detector.

    Raises
    ------
    RuntimeError
        If there is no detector, or the coefficients do not fit it.
    """
    source = exposure if source is None else source
    targets, sources = _detector(source).amplifiers, _detector(exposure).amplifiers
    matrix = np.asarray(coefficients, np.float64)
    n = len(sources)
    if matrix.shape != (n, n) or len(targets) != n:
        raise RuntimeError(
            f"the crosstalk matrix must be {n} x {n} and both detectors must have {n} amplifiers, found a matrix "
            f"{' x '.join(map(str, matrix.shape))} and {len(targets)} amplifiers: choose another crosstalk calibration"
        )
    data = exposure.masked_image
    control = StatisticsControl(and_mask=source.mask.planes.bitmask(bad_planes))
    level = _median(source.masked_image, control)
    backgrounds = [0.0] * len(sources)
    if background_method == "DETECTOR":
        backgrounds = [level] * len(sources)
    elif background_method == "AMP":
        backgrounds = [_median(source.masked_image.subset(amp.bbox), control) for amp in targets]

    data.mask.planes.add(mask_plane)
    bit = np.int32(data.mask.planes.bitmask(mask_plane))
    _flag_bright(data.mask.array, source.image, min_pixel_to_mask + level, bit)

    ghost = MaskedImage.zeros(source.bbox, np.float32, data.mask.planes)
    for i, target in enumerate(targets):
        region = ghost.subset(target.bbox if is_trimmed else target.raw_data_bbox)
        for j, origin in enumerate(sources):
            if matrix[j, i] != 0.0:
                part = data.subset(origin.bbox if is_trimmed else origin.raw_data_bbox)
                region.scaled_plus(float(matrix[j, i]), _template(part, backgrounds[j], bit, origin, target))
    data.mask.clear(mask_plane)
    data -= ghost


def _detector(exposure: Exposure) -> Detector:
    if exposure.detector is None:
        raise RuntimeError("the exposure has no detector, so its amplifiers are unknown: attach one")
    return exposure.detector


def _median(masked_image: MaskedImage, control: StatisticsControl) -> float:
    return make_statistics(masked_image, Property.MEDIAN, control).value()


def _flag_bright(mask: NDArray[np.int32], image: NDArray[Any], level: float, bit: np.int32) -> None:
    def flag(rows: slice) -> None:
        bright = image[rows] >= level
        if bright.any():
            mask[rows][bright] |= bit

    for_bands(flag, image.shape)


def _template(part: MaskedImage, background: float, bit: np.int32, origin: Amplifier, target: Amplifier) -> MaskedImage:
    """Pixels of the source amplifier as the target's readout sees them, with only the bits that mark bright pixels."""
    flip_x = origin.readout_corner.is_right != target.readout_corner.is_right
    flip_y = origin.readout_corner.is_upper != target.readout_corner.is_upper
    index = slice(None, None, -1 if flip_y else 1), slice(None, None, -1 if flip_x else 1)
    image = part.image[index]
    if background != 0.0:
        image = image - np.float32(background)
    return MaskedImage(image, Mask(part.mask.array[index] & bit, part.mask.planes), part.variance[index])


class CrosstalkConfig(Config):  # type: ignore[misc]
    """Crosstalk coefficients, and what is flagged."""

    minPixelToMask = Field(
        "Pixels this far above the background have their crosstalk images flagged. [ADU]", float, 45000.0
    )
    crosstalkMaskPlane = Field("Name of the mask plane for flagged pixels.", str, "CROSSTALK")
    crosstalkBackgroundMethod = ChoiceField(
        "Background that is taken off the source signal first.",
        str,
        {
            "None": "none; the choice is the text None",
            "AMP": "the median of each source amplifier",
            "DETECTOR": "the median of the whole source detector",
        },
        "None",
        optional=False,
    )
    useConfigCoefficients = Field(
        "Take the coefficients from crosstalkValues, not the detector, when looking up the calibration.", bool, False
    )
    crosstalkValues = ListField(
        "Coefficients as one flat list, n_amp x n_amp, row = source amplifier; [0.0] stands for none.", float, [0.0]
    )
    crosstalkShape = ListField(
        "Shape of the coefficient matrix, used by getCrosstalk only. Has no effect on a run.", int, [1]
    )

    def getCrosstalk(self, detector: Detector | None = None) -> NDArray[np.float32]:
        """The coefficients that the config selects, (n_amp, n_amp).

        Raises
        ------
        RuntimeError
            If ``crosstalkShape`` does not fit the detector, or there are no coefficients.
        """
        if self.useConfigCoefficients:
            matrix = np.array(self.crosstalkValues, np.float32).reshape(tuple(self.crosstalkShape))
            if detector is not None and matrix.shape != (len(detector), len(detector)):
                raise RuntimeError(
                    f"crosstalk.crosstalkShape must be [{len(detector)}, {len(detector)}] for the amplifiers of "
                    f"{detector.name}, found {list(self.crosstalkShape)}"
                )
            return matrix
        if detector is not None and detector.crosstalk is not None:
            return detector.crosstalk
        raise RuntimeError(
            "there are no crosstalk coefficients: set crosstalk.crosstalkValues and useConfigCoefficients, "
            "or attach a detector that has a crosstalk matrix"
        )

    def hasCrosstalk(self, detector: Detector | None = None) -> bool:
        """Whether `getCrosstalk` finds coefficients."""
        from_config = self.useConfigCoefficients and self.crosstalkValues is not None
        return from_config or (detector is not None and detector.crosstalk is not None)


class CrosstalkTask(Task):
    """Subtract crosstalk between the amplifiers of an exposure, and from other CCDs."""

    ConfigClass: ClassVar = CrosstalkConfig
    _DefaultName: ClassVar = "isrCrosstalk"

    def prepCrosstalk(self, dataRef: Any, crosstalk: CrosstalkCalib | None = None) -> None:
        """Read what a camera needs besides the calibration: nothing."""

    def run(
        self,
        exposure: Exposure,
        crosstalk: CrosstalkCalib | None = None,
        crosstalkSources: Sequence[Any] | None = None,
        isTrimmed: bool = False,
        camera: Camera | None = None,
    ) -> None:
        """Correct an exposure in place.

        Parameters
        ----------
        exposure : `Exposure`
        crosstalk : `CrosstalkCalib`, optional
            Default one made of ``config.crosstalkValues``, even if ``useConfigCoefficients`` is off.
        crosstalkSources : sequence, optional
            Exposures of other detectors, or handles with ``dataId["detector"]`` and ``get()``.
        isTrimmed : bool
        camera : `Camera`, optional
            Names the detectors of handles.

        Raises
        ------
        RuntimeError
            If there are no coefficients, they do not fit, or a source is of another type.
        """
        detector = _detector(exposure)
        if crosstalk is None:
            crosstalk = CrosstalkCalib().fromDetector(detector, coeffVector=list(self.config.crosstalkValues))
        if not crosstalk.hasCrosstalk:
            raise RuntimeError(
                "doCrosstalk is on but there are no crosstalk coefficients: give a crosstalk calibration, set "
                "crosstalk.crosstalkValues (n_amp x n_amp numbers), or switch doCrosstalk off"
            )
        if len(detector) != crosstalk.nAmp:
            raise RuntimeError(
                f"the crosstalk calibration is for {crosstalk.nAmp} amplifiers, {detector.name} has {len(detector)}: "
                "choose another calibration"
            )
        self.log.info("Applying crosstalk correction.")
        self._subtract(exposure, crosstalk.coeffs, None, isTrimmed)
        if not crosstalk.interChip:
            return
        if not crosstalkSources:
            self.log.warning("The crosstalk calibration has terms between CCDs, but no other CCD was given.")
            return
        sources = dict(_named(source, camera) for source in reversed(crosstalkSources))
        for name, matrix in crosstalk.interChip.items():
            if name not in sources:
                self.log.warning("Crosstalk from detector %s is not corrected: it was not given.", name)
                continue
            source = sources[name]
            self._subtract(exposure, matrix, source if isinstance(source, Exposure) else source.get(), isTrimmed)

    def _subtract(self, exposure: Exposure, matrix: ArrayLike, source: Exposure | None, is_trimmed: bool) -> None:
        config = self.config
        subtract_crosstalk(
            exposure,
            matrix,
            source,
            min_pixel_to_mask=config.minPixelToMask,
            mask_plane=config.crosstalkMaskPlane,
            is_trimmed=is_trimmed,
            background_method=config.crosstalkBackgroundMethod,
        )


def _named(source: Any, camera: Camera | None) -> tuple[str, Any]:
    """The name of a source's detector, and the source."""
    if isinstance(source, Exposure):
        return _detector(source).name, source
    if not (hasattr(source, "dataId") and hasattr(source, "get")):
        raise RuntimeError(f"crosstalkSources must be exposures or deferred handles, found {type(source).__name__}")
    if camera is None:
        raise RuntimeError("crosstalkSources are deferred handles, whose detectors only a camera can name: give one")
    return camera[source.dataId["detector"]].name, source


class NullCrosstalkTask(CrosstalkTask):
    """A crosstalk task that does nothing, for cameras without crosstalk."""

    def run(self, exposure: Exposure, crosstalk: Any = None, *args: Any, **kwargs: Any) -> None:
        self.log.info("Not performing any crosstalk correction.")


def _why_nothing(task: IsrTaskLike) -> NothingToDo | None:
    own = type(task.crosstalk)
    return NothingToDo(f"{own.__name__} removes no crosstalk") if own.run is NullCrosstalkTask.run else None


def _why_not_early(task: IsrTaskLike, state: IsrState) -> str | None:
    if not task.config.doCrosstalk:
        return "doCrosstalk is off"
    return _why_nothing(task) if task.config.doCrosstalkBeforeAssemble else "doCrosstalkBeforeAssemble is off"


def _why_not(task: IsrTaskLike, state: IsrState) -> str | None:
    if not task.config.doCrosstalk:
        return "doCrosstalk is off"
    if task.config.doCrosstalkBeforeAssemble:
        return "doCrosstalkBeforeAssemble is on: left to the step early crosstalk"
    return _why_nothing(task)


def _run_early(task: IsrTaskLike, state: IsrState) -> None:
    calibs = state.calibs
    task.crosstalk.run(
        state.exposure, crosstalk=calibs.crosstalk, crosstalkSources=calibs.crosstalkSources, camera=calibs.camera
    )


def _run(task: IsrTaskLike, state: IsrState) -> None:
    calibs = state.calibs
    task.crosstalk.run(
        state.exposure, crosstalk=calibs.crosstalk, crosstalkSources=calibs.crosstalkSources, isTrimmed=True
    )


EARLY_CROSSTALK = Step(
    name="doCrosstalkBeforeAssemble",
    label="early crosstalk",
    method="crosstalk.run",
    doc="Subtract crosstalk between the amplifiers of the raw mosaic, before assembly.",
    why_not=_why_not_early,
    run=_run_early,
    switch="doCrosstalkBeforeAssemble",
    reads=("doCrosstalk", "doCrosstalkBeforeAssemble", "crosstalk."),
    needs=("crosstalk", "crosstalkSources", "camera"),
    writes=frozenset({"image", "mask", "variance"}),
    debug_view="doCrosstalk",
)

CROSSTALK = Step(
    name="doCrosstalk",
    label="crosstalk",
    method="crosstalk.run",
    doc="Subtract crosstalk between the amplifiers of the assembled CCD.",
    why_not=_why_not,
    run=_run,
    switch="doCrosstalk",
    reads=("doCrosstalk", "doCrosstalkBeforeAssemble", "crosstalk."),
    needs=("crosstalk", "crosstalkSources"),
    writes=frozenset({"image", "mask", "variance"}),
    debug_view="doCrosstalk",
)
