"""The config classes of ISR: every field of the reference, with its name, type, default and limits."""

from __future__ import annotations

import math

from lsst.pex.config import ChoiceField, Config, ConfigField, ConfigurableField, DictField, Field, ListField, RangeField

from isrcore.config.connections import IsrConnectionsConfig
from isrcore.config.qa import IsrQaConfig
from isrcore.steps.amp_offset import AmpOffsetTask
from isrcore.steps.assemble import AssembleCcdTask
from isrcore.steps.crosstalk import CrosstalkTask
from isrcore.steps.fringe import FringeTask
from isrcore.steps.masking import MaskingTask
from isrcore.steps.overscan import FIT_TYPES, OverscanCorrectionTask
from isrcore.steps.stray_light import StrayLightTask
from isrcore.steps.vignette import VignetteTask

__all__ = ["CfhtIsrTaskConfig", "ConfigRuleError", "IsrTaskConfig"]

_FLUX_AT_MAGNITUDE_28 = 10 ** (0.4 * 28.0)
_MOVED = "it moved to the overscan subtask"


class ConfigRuleError(ValueError):
    """Fields that do not go together; `fields` holds their paths."""

    def __init__(self, message: str, *fields: str) -> None:
        super().__init__(message)
        self.fields = fields


class IsrTaskConfig(Config):  # type: ignore[misc]
    """Config of `IsrTask`, field by field that of the reference (release week 2021-40).

    Help texts end with the unit in square brackets where a field has one. A field that the reference declares but never
    reads is kept, so that its files load, and its text says "Has no effect". Values are checked when they are assigned;
    `validate` checks how they go together and has to be called explicitly: making a task does not call it.
    """

    # Gen3 framework
    saveMetadata = Field("Store the task's metadata (Gen3 only).", bool, True)
    saveLogOutput = Field("Store the task's log (Gen3 only).", bool, True)
    connections = ConfigField("Dataset types of the Gen3 inputs and outputs.", IsrConnectionsConfig)

    # input
    datasetType = Field("Gen2 dataset type of the input exposure.", str, "raw")
    fallbackFilterName = Field(
        "Filter to try when a calibration is not found for the exposure's own.", str, optional=True
    )
    useFallbackDate = Field("Pass the observation date on that second try too (only flats know it).", bool, False)
    expectWcs = Field("Warn when the assembled exposure has no WCS.", bool, True)
    fwhm = Field("Width of the PSF. Has no effect: interpolation does not depend on it. [arcsec]", float, 1.0)
    qa = ConfigField("Quality measurements and thumbnails.", IsrQaConfig)

    # integer to float
    doConvertIntToFloat = Field("Convert integer counts to float32 before the first step.", bool, True)

    # saturated and suspect pixels
    doSaturation = Field("Flag pixels at or above the amplifier's saturation level.", bool, True)
    saturatedMaskName = Field("Mask plane of saturated pixels.", str, "SAT")
    saturation = Field(
        "Saturation level for all amplifiers, even with doSaturation off; NaN takes each amplifier's own. [ADU]",
        float,
        math.nan,
    )
    growSaturationFootprintSize = Field("Saturated regions grow by this much before interpolation. [pixel]", int, 1)
    doSuspect = Field("Flag pixels at or above the level from which the amplifier is not to be trusted.", bool, False)
    suspectMaskName = Field("Mask plane of suspect pixels.", str, "SUSPECT")
    numEdgeSuspect = Field(
        "Width of the edge flagged SUSPECT; 0 flags none. Acts only when doDefect is on. [pixel]", int, 0
    )
    edgeMaskLevel = ChoiceField(
        "Which edges numEdgeSuspect flags.",
        str,
        {"DETECTOR": "the edges of the CCD", "AMP": "the edges of every amplifier"},
        "DETECTOR",
        optional=False,
    )

    # bad regions
    doSetBadRegions = Field("Give all BAD pixels the median of the good ones, before interpolation.", bool, True)
    badStatistic = ChoiceField(
        "Statistic for BAD pixels. Has no effect: the median is always taken.",
        str,
        {"MEANCLIP": "clipped mean of the good pixels", "MEDIAN": "median of the good pixels"},
        "MEANCLIP",
        optional=False,
    )

    # overscan
    doOverscan = Field("Subtract the overscan level, amplifier by amplifier.", bool, True)
    overscan = ConfigurableField("Measures and subtracts the overscan of one amplifier.", OverscanCorrectionTask)
    overscanFitType = ChoiceField(
        "Overscan model. Has no effect.",
        str,
        FIT_TYPES,
        "MEDIAN",
        optional=False,
        deprecated=f"{_MOVED}; set overscan.fitType.",
    )
    overscanOrder = Field("Degree of the model. Has no effect.", int, 1, deprecated=f"{_MOVED}; set overscan.order.")
    overscanNumSigmaClip = Field(
        "Rejection threshold. Has no effect. [sigma]", float, 3.0, deprecated=f"{_MOVED}; set overscan.numSigmaClip."
    )
    overscanIsInt = Field(
        "Treat the overscan as integers. Has no effect.",
        bool,
        True,
        deprecated=f"{_MOVED}; set overscan.overscanIsInt.",
    )
    overscanNumLeadingColumnsToSkip = Field("Overscan columns left out next to the imaging pixels. [pixel]", int, 0)
    overscanNumTrailingColumnsToSkip = Field("Overscan columns left out far from the imaging pixels. [pixel]", int, 0)
    overscanMaxDev = RangeField(
        "Overscan pixels further than this from their median are flagged SAT and left out. [ADU]",
        float,
        1000.0,
        min=0.0,
        inclusiveMin=False,
    )
    overscanBiasJump = Field("Treat the rows below and above a jump of the bias level separately.", bool, False)
    overscanBiasJumpKeyword = Field("Header keyword that names the device, for overscanBiasJump.", str, "NO_SUCH_KEY")
    overscanBiasJumpDevices = ListField("Devices that have a jump, for overscanBiasJump.", str, [])
    overscanBiasJumpLocation = Field("Row of the jump, counted from the readout side; 0 is no jump. [pixel]", int, 0)

    # assembly
    doAssembleCcd = Field("Put the amplifiers together to one image of the CCD.", bool, True)
    assembleCcd = ConfigurableField("Assembles the CCD.", AssembleCcdTask)
    doAssembleIsrExposures = Field("Assemble calibration frames too when they are read.", bool, False)
    doTrimToMatchCalib = Field("Trim the data symmetrically to the size of a smaller calibration frame.", bool, False)

    # bias
    doBias = Field("Subtract the bias frame.", bool, True)
    biasDataProductName = Field("Gen2 dataset type of the bias frame.", str, "bias")
    doBiasBeforeOverscan = Field("Subtract the bias frame before the overscan, not after assembly.", bool, False)

    # variance
    doVariance = Field("Compute the variance from gain and read noise.", bool, True)
    gain = Field("Gain for a frame without detector; NaN counts as 1. [electron/ADU]", float, math.nan)
    readNoise = Field("Read noise for a frame without detector. [electron]", float, 0.0)
    doEmpiricalReadNoise = Field("Measure the read noise in the corrected overscan.", bool, False)
    usePtcReadNoise = Field("Take the read noise from the photon transfer curve.", bool, False)
    maskNegativeVariance = Field(
        "Flag pixels whose variance is zero or negative; acts only when doVariance is on.", bool, True
    )
    negativeVarianceMaskName = Field("Mask plane of pixels without positive variance.", str, "BAD")

    # linearity and crosstalk
    doLinearize = Field(
        "Correct the response to be linear, unless the first amplifier's linearity type is None.", bool, True
    )
    doCrosstalk = Field("Subtract the crosstalk between amplifiers.", bool, False)
    doCrosstalkBeforeAssemble = Field("Subtract the crosstalk before assembly, not after linearization.", bool, False)
    crosstalk = ConfigurableField("Subtracts crosstalk.", CrosstalkTask)

    # defects and saturation trails
    doDefect = Field("Flag the pixels of the defect list BAD.", bool, True)
    doNanMasking = Field("Flag pixels that are not finite UNMASKEDNAN.", bool, True)
    doWidenSaturationTrails = Field("Widen broad saturation trails along their rows.", bool, True)

    # brighter-fatter
    doBrighterFatter = Field(
        "Correct the growth of star images with flux. CFHT's task takes no kernel and fails with it.", bool, False
    )
    brighterFatterLevel = ChoiceField(
        "Scope of the brighter-fatter kernel when it is looked up.",
        str,
        {"AMP": "one kernel per amplifier (not implemented)", "DETECTOR": "one kernel per detector"},
        "DETECTOR",
        optional=False,
    )
    brighterFatterMaxIter = Field("Most iterations of the brighter-fatter correction.", int, 10)
    brighterFatterThreshold = Field(
        "The brighter-fatter iteration stops when the sum of all changes is below this. "
        "[electron with brighterFatterApplyGain, else ADU]",
        float,
        1000.0,
    )
    brighterFatterApplyGain = Field(
        "Multiply by the gain before the brighter-fatter correction, divide after it.", bool, True
    )
    brighterFatterMaskListToInterpolate = ListField(
        "Mask planes interpolated in the copy from which the brighter-fatter correction is computed.",
        str,
        ["SAT", "BAD", "NO_DATA", "UNMASKEDNAN"],
    )
    brighterFatterMaskGrowSize = Field("Those planes grow by this much after the correction. [pixel]", int, 0)

    # dark and stray light
    doDark = Field("Subtract the dark frame, scaled by dark time.", bool, True)
    darkDataProductName = Field("Gen2 dataset type of the dark frame.", str, "dark")
    doStrayLight = Field("Subtract stray light with the camera's own task.", bool, False)
    strayLight = ConfigurableField("Subtracts stray light.", StrayLightTask)

    # flat and gains
    doFlat = Field("Divide by the flat field.", bool, True)
    flatDataProductName = Field("Gen2 dataset type of the flat field.", str, "flat")
    flatScalingType = ChoiceField(
        "What the flat field is divided by first.",
        str,
        {"USER": "flatUserScale", "MEAN": "its mean", "MEDIAN": "its median"},
        "USER",
        optional=False,
    )
    flatUserScale = Field("Divisor of the flat field when flatScalingType is USER.", float, 1.0)
    doTweakFlat = Field("Fit the flat to match the amplifiers. Has no effect.", bool, False)
    doApplyGains = Field(
        "Multiply amplifiers by their gain, which makes ADU to electrons; not together with doFlat.", bool, False
    )
    usePtcGains = Field(
        "Take the gains from the photon transfer curve, for the variance and for doApplyGains.", bool, False
    )
    normalizeGains = Field("Bring the amplifiers to one median after doApplyGains.", bool, False)

    # fringes
    doFringe = Field("Subtract fringes, in the filters that fringe.filters lists.", bool, True)
    fringe = ConfigurableField("Fits and subtracts fringes.", FringeTask)
    fringeAfterFlat = Field("Subtract fringes after the flat field, not before it.", bool, True)

    # amplifier offsets, background, camera-specific masks
    doAmpOffset = Field("Level the amplifiers with the camera's own task; the base task fails.", bool, False)
    ampOffset = ConfigurableField("Levels the amplifiers.", AmpOffsetTask)
    doMeasureBackground = Field("Measure the sky level and its flatness, for quality control.", bool, False)
    doCameraSpecificMasking = Field("Set mask planes with the camera's own task.", bool, False)
    masking = ConfigurableField("Sets camera-specific mask planes.", MaskingTask)

    # interpolation
    doInterpolate = Field("Interpolate over the pixels of the planes in maskListToInterpolate.", bool, True)
    doSaturationInterpolation = Field(
        "When on, validate() adds saturatedMaskName to maskListToInterpolate; when off, it takes it out.", bool, True
    )
    doNanInterpolation = Field("When on, validate() adds UNMASKEDNAN to maskListToInterpolate.", bool, True)
    doNanInterpAfterFlat = Field("Interpolate over NaN again after the flat field. Has no effect.", bool, False)
    maskListToInterpolate = ListField("Mask planes to interpolate over; validate() may change it.", str, ["SAT", "BAD"])
    doSaveInterpPixels = Field("Keep a copy of the exposure from before bad regions and interpolation.", bool, False)

    # zero point
    fluxMag0T1 = DictField(
        "Flux of a star of magnitude 0, by physical filter. [ADU/s]", str, float, {"Unknown": _FLUX_AT_MAGNITUDE_28}
    )
    defaultFluxMag0T1 = Field(
        "Flux of a star of magnitude 0 in filters that fluxMag0T1 does not list. [ADU/s]", float, _FLUX_AT_MAGNITUDE_28
    )

    # vignette
    doVignette = Field("Find the part of the CCD that is not vignetted; no pixel changes.", bool, False)
    vignette = ConfigurableField("Makes the polygon of the unvignetted focal plane.", VignetteTask)

    # transmission curves
    doAttachTransmissionCurve = Field("Attach the combined transmission curve to the exposure.", bool, False)
    doUseOpticsTransmission = Field("Look up the transmission of the optics.", bool, True)
    doUseFilterTransmission = Field("Look up the transmission of the filter.", bool, True)
    doUseSensorTransmission = Field("Look up the transmission of the detector.", bool, True)
    doUseAtmosphereTransmission = Field("Look up the transmission of the atmosphere.", bool, True)

    # illumination correction
    doIlluminationCorrection = Field(
        "Divide by the illumination correction, in the filters that illumFilters lists.", bool, False
    )
    illuminationCorrectionDataProductName = Field("Gen2 dataset type of the illumination correction.", str, "illumcor")
    illumScale = Field("Divisor of the illumination correction.", float, 1.0)
    illumFilters = ListField("Physical filters with an illumination correction.", str, [])

    # output
    doWrite = Field("Store the processed exposure (Gen2 and Gen3 repositories).", bool, True)

    def validate(self) -> None:
        """Check every field, then how fields go together; bring `maskListToInterpolate` in line with its switches.

        Raises
        ------
        lsst.pex.config.FieldValidationError
            If a required field is None or a value is not allowed.
        ConfigRuleError
            If `doFlat` and `doApplyGains`, or `doBiasBeforeOverscan` and `doTrimToMatchCalib`, are both on.
        """
        super().validate()
        if self.doFlat and self.doApplyGains:
            raise ConfigRuleError(
                "doFlat and doApplyGains are both on: the flat field corrects the gains too; switch one of them off",
                "doFlat",
                "doApplyGains",
            )
        if self.doBiasBeforeOverscan and self.doTrimToMatchCalib:
            raise ConfigRuleError(
                "doBiasBeforeOverscan and doTrimToMatchCalib are both on: an untrimmed frame cannot be cut to a "
                "trimmed calibration; switch one of them off",
                "doBiasBeforeOverscan",
                "doTrimToMatchCalib",
            )
        planes = self.maskListToInterpolate
        if self.doSaturationInterpolation and self.saturatedMaskName not in planes:
            planes.append(self.saturatedMaskName)
        if not self.doSaturationInterpolation and self.saturatedMaskName in planes:
            planes.remove(self.saturatedMaskName)
        if self.doNanInterpolation and "UNMASKEDNAN" not in planes:
            planes.append("UNMASKEDNAN")


class CfhtIsrTaskConfig(IsrTaskConfig):
    """Config of `CfhtIsrTask`: ISR for MegaCam, with its saturation estimate.

    The values that CFHT uses are not defaults of this class, as in the reference: `load_cfht_defaults` sets them.
    """

    safe = Field(
        "The saturation level is this fraction of the pile-up of counts above 60000 ADU. 1 takes the pile-up itself.",
        float,
        0.95,
    )
