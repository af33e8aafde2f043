"""Documented methods that fetch calibrations from a data store, run, and store the result (manual: tasks, Gen2 run).

A data reference is anything with ``get(datasetType, **keys)``, ``put(object, datasetType)`` and ``dataId``; a quantum
context anything with ``get(inputRefs)`` and ``put(outputs, outputRefs)``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy.table import Table

from isrcore.calib.brighter_fatter_kernel import BrighterFatterKernel
from isrcore.calib.crosstalk import CrosstalkCalib
from isrcore.calib.defects import Defects
from isrcore.calib.linearizer import Linearizer
from isrcore.image import Exposure
from isrcore.pipe import Struct, Task, timeMethod
from isrcore.steps.filters import filter_is_listed, physical_filter
from isrcore.steps.thumbnail import write_thumbnail

__all__ = ["DataAccessMethods"]

_NOT_FOUND = (RuntimeError, LookupError, FileNotFoundError)
"""What a data store raises when it has no such dataset; other errors are never taken for that."""

_NO_FRINGES = {"fringes": None}
_TRANSMISSIONS = {"optics": "Optics", "filter": "Filter", "sensor": "Sensor", "atmosphere": "Atmosphere"}


class DataAccessMethods(Task):
    """Methods of `IsrTask` that talk to a data store."""

    config: Any
    assembleCcd: Any
    crosstalk: Any
    fringe: Any
    strayLight: Any
    doLinearize: Any
    run: Any

    def getIsrExposure(self, dataRef: Any, datasetType: str, dateObs: str | None = None, immediate: bool = True) -> Any:
        """Fetch a calibration frame, with a second try under ``fallbackFilterName``.

        See manual: tasks, One calibration frame.

        Parameters
        ----------
        dataRef : data reference
        datasetType : str
        dateObs : str, optional
            Observation date for the second try, used with ``useFallbackDate``.
        immediate : bool
            Passed on to the data store.

        Raises
        ------
        RuntimeError
            If it cannot be fetched.
        """
        try:
            exposure = dataRef.get(datasetType, immediate=immediate)
        except Exception as first:
            exposure = self._fallback_exposure(dataRef, datasetType, dateObs, immediate, first)
        if self.config.doAssembleIsrExposures:
            exposure = self.assembleCcd.assembleCcd(exposure)
        return exposure

    def _fallback_exposure(
        self, dataRef: Any, datasetType: str, dateObs: str | None, immediate: bool, first: Exception
    ) -> Any:
        name = self.config.fallbackFilterName
        if not name:
            raise RuntimeError(f"Unable to retrieve {datasetType} for {dataRef.dataId}: {first}") from first
        keys = {"filter": name}
        if self.config.useFallbackDate and dateObs is not None:
            keys["dateObs"] = dateObs
        try:
            exposure = dataRef.get(datasetType, immediate=immediate, **keys)
        except Exception as second:
            raise RuntimeError(
                f"Unable to retrieve {datasetType} for {dataRef.dataId}: {first}; "
                f"nor with fallback filter {name}: {second}"
            ) from second
        self.log.warning("Using fallback calibration from filter %s for %s.", name, datasetType)
        return exposure

    def readIsrData(self, dataRef: Any, rawExposure: Exposure) -> Struct:
        """Fetch everything that the config asks for (manual: tasks, Gen2 calibrations).

        Parameters
        ----------
        dataRef : data reference
        rawExposure : `Exposure`
            Gets the mask plane ``UNMASKEDNAN``; its pixels do not change.

        Returns
        -------
        result : `Struct`
            Arguments of `run`; what is not needed is None.

        Raises
        ------
        RuntimeError
            If something that the config asks for is missing.
        NotImplementedError
            If the kernel is wanted per amplifier.
        """
        config, detector = self.config, rawExposure.detector
        date = self._observation_date(rawExposure)
        rawExposure.mask.planes.add("UNMASKEDNAN")

        def frame(wanted: bool, dataset: str, **keys: Any) -> Any:
            return self.getIsrExposure(dataRef, dataset, **keys) if wanted else None

        values: dict[str, Any] = {"bias": frame(config.doBias, config.biasDataProductName)}
        values["linearizer"] = self._read_linearizer(dataRef, detector) if self.doLinearize(detector) else None
        values |= {"crosstalk": None, "crosstalkSources": None}
        if config.doCrosstalk:
            values["crosstalk"] = self._read_crosstalk(dataRef, detector)
            values["crosstalkSources"] = self.crosstalk.prepCrosstalk(dataRef, values["crosstalk"])
        values["dark"] = frame(config.doDark, config.darkDataProductName)
        values["flat"] = frame(config.doFlat, config.flatDataProductName, dateObs=date)
        kernel, gains = self._read_kernel(dataRef, detector) if config.doBrighterFatter else (None, None)
        values |= {"bfKernel": kernel, "bfGains": gains}
        values["defects"] = _required(dataRef, "defects", "doDefect") if config.doDefect else None
        values["fringes"] = self._read_fringes(dataRef, rawExposure)
        for part, name in _TRANSMISSIONS.items():
            wanted = config.doAttachTransmissionCurve and getattr(config, f"doUse{name}Transmission")
            switch = f"doUse{name}Transmission"
            values[f"{part}Transmission"] = _required(dataRef, f"transmission_{part}", switch) if wanted else None
        values["strayLightData"] = self.strayLight.readIsrData(dataRef, rawExposure) if config.doStrayLight else None
        listed = config.doIlluminationCorrection and (
            physical_filter(rawExposure.filter_label, self.log) in config.illumFilters
        )
        illumination = frame(listed, config.illuminationCorrectionDataProductName)
        values["illumMaskedImage"] = None if illumination is None else illumination.masked_image
        return Struct(**values)

    def _observation_date(self, exposure: Exposure) -> str | None:
        try:
            if exposure.visit_info is None:
                raise RuntimeError("the exposure has no visit info")
            return str(exposure.visit_info.getDate().isot)
        except RuntimeError as error:
            self.log.warning(
                "Unable to determine the observation date (%s); calibrations are fetched without it.", error
            )
            return None

    def _read_linearizer(self, dataRef: Any, detector: Any) -> Any:
        found = _required(dataRef, "linearizer", "doLinearize", immediate=True)
        if isinstance(found, np.ndarray):
            return Linearizer(table=found, detector=detector, log=self.log)
        found.log = self.log
        return found

    def _read_crosstalk(self, dataRef: Any, detector: Any) -> CrosstalkCalib:
        try:
            found: CrosstalkCalib = dataRef.get("crosstalk", immediate=True)
        except _NOT_FOUND as error:
            self.log.warning("No crosstalk dataset (%s); built from the detector and the config.", error)
            return self._detector_crosstalk(detector)
        return found

    def _detector_crosstalk(self, detector: Any) -> CrosstalkCalib:
        own = self.config.crosstalk
        calib = CrosstalkCalib()
        calib.fromDetector(detector, coeffVector=list(own.crosstalkValues) if own.useConfigCoefficients else None)
        return calib

    def _read_kernel(self, dataRef: Any, detector: Any) -> tuple[Any, Any]:
        """Kernel and gains, or None twice: then the check of the inputs says what is missing."""
        try:
            kernel = dataRef.get("brighterFatterKernel")
        except _NOT_FOUND as new:
            try:
                return dataRef.get("bfKernel"), None
            except _NOT_FOUND as old:
                self.log.warning("No brighter-fatter kernel: %s; %s.", new, old)
                return None, None
        return self._detector_kernel(kernel, detector.name), kernel.gain

    def _detector_kernel(self, kernel: BrighterFatterKernel, detector_name: str) -> Any:
        """The kernel of a detector out of a container, as ``brighterFatterLevel`` says."""
        if self.config.brighterFatterLevel != "DETECTOR":
            raise NotImplementedError("brighterFatterLevel must be DETECTOR: kernels per amplifier are not implemented")
        if detector_name not in kernel.detKernels:
            raise RuntimeError(f"the brighter-fatter kernel has none for detector {detector_name}")
        return kernel.detKernels[detector_name]

    def _read_fringes(self, dataRef: Any, exposure: Exposure) -> Struct:
        if not (self.config.doFringe and filter_is_listed(exposure.filter_label, self.config.fringe.filters, self.log)):
            return Struct(**_NO_FRINGES, seed=self.fringe.seed_of(_exposure_id(exposure)))
        frames: Struct = self.fringe.readFringes(dataRef, expId=_exposure_id(exposure), assembler=self._assembler())
        return frames

    def _assembler(self) -> Any:
        return self.assembleCcd if self.config.doAssembleIsrExposures else None

    @timeMethod
    def runDataRef(self, sensorRef: Any) -> Struct:
        """Fetch the raw frame and its calibrations, run, and store the result (manual: tasks, Gen2 run).

        Parameters
        ----------
        sensorRef : data reference

        Returns
        -------
        result : `Struct`
            See `run`.

        Raises
        ------
        RuntimeError
            If a calibration is missing.
        """
        self.log.info("Performing ISR on sensor %s.", sensorRef.dataId)
        exposure = sensorRef.get(self.config.datasetType)
        camera = sensorRef.get("camera")
        isr_data = self.readIsrData(sensorRef, exposure)
        result: Struct = self.run(exposure, camera=camera, **isr_data.getDict())
        if self.config.doWrite:
            sensorRef.put(result.exposure, "postISRCCD")
            if result.preInterpExposure is not None:
                sensorRef.put(result.preInterpExposure, "postISRCCD_uninterpolated")
        for name in ("ossThumb", "flattenedThumb"):
            if getattr(result, name) is not None:
                self._store_thumbnail(sensorRef, getattr(result, name), name)
        return result

    def _store_thumbnail(self, data_ref: Any, thumbnail: Any, dataset: str) -> None:
        """Where the data store says, as PNG; a store that names no file for it is handed the picture itself."""
        try:
            path = data_ref.get(f"{dataset}_filename")[0]
        except _NOT_FOUND as error:
            self.log.info("The data store names no file for %s (%s); it gets the picture.", dataset, error)
            data_ref.put(thumbnail, dataset)
        else:
            write_thumbnail(path, thumbnail)

    def runQuantum(self, butlerQC: Any, inputRefs: Any, outputRefs: Any) -> None:
        """Fetch the inputs of a Gen3 quantum, convert them, run, and store the outputs (manual: tasks, Gen3 run).

        Parameters
        ----------
        butlerQC : quantum context
        inputRefs, outputRefs : references by connection name

        Raises
        ------
        ValueError
            If the data id of the exposure has no detector number.
        """
        config = self.config
        inputs: dict[str, Any] = butlerQC.get(inputRefs)
        try:
            inputs["detectorNum"] = inputRefs.ccdExposure.dataId["detector"]
        except Exception as error:
            raise ValueError("the data id of ccdExposure has no detector number") from error
        inputs["isGen3"] = True
        exposure: Exposure = inputs["ccdExposure"]
        detector = exposure.detector
        if config.doCrosstalk:
            self._convert_crosstalk(inputs, detector)
        if self.doLinearize(detector):
            self._convert_linearizer(inputs, detector)
        defects = inputs.get("defects")
        if config.doDefect and defects is not None and not isinstance(defects, Defects):
            inputs["defects"] = Defects.fromTable(defects if isinstance(defects, Table) else defects[0])
        if config.doBrighterFatter:
            self._convert_kernel(inputs, detector)
        if config.doFringe and filter_is_listed(exposure.filter_label, config.fringe.filters, self.log):
            inputs["fringes"] = self.fringe.loadFringes(
                inputs["fringes"], expId=_exposure_id(exposure), assembler=self._assembler()
            )
        else:
            inputs["fringes"] = Struct(**_NO_FRINGES)
        if config.doStrayLight and self.strayLight.checkFilter(exposure):
            inputs.setdefault("strayLightData", None)
        butlerQC.put(self.run(**inputs), outputRefs)

    def _convert_crosstalk(self, inputs: dict[str, Any], detector: Any) -> None:
        found = inputs.get("crosstalk")
        if found is None:
            inputs["crosstalk"] = self._detector_crosstalk(detector)
        elif not isinstance(found, CrosstalkCalib):
            inputs["crosstalk"] = CrosstalkCalib.fromTable([found] if isinstance(found, Table) else found)
        if inputs["crosstalk"].interChip and not inputs.get("crosstalkSources"):
            self.log.warning("The crosstalk has terms between detectors, but no crosstalkSources were found.")

    def _convert_linearizer(self, inputs: dict[str, Any], detector: Any) -> None:
        found = inputs.get("linearizer")
        if found is None:
            self.log.warning("No linearizer was found; the linearity of the detector is used.")
            inputs["linearizer"] = Linearizer(detector=detector, log=self.log)
        elif isinstance(found, dict):
            self.log.warning("The linearizer is a plain dictionary; it is converted.")
            inputs["linearizer"] = Linearizer.fromDict(found)
        elif isinstance(found, np.ndarray):
            self.log.warning("The linearizer is a bare table; it is taken as a look-up table.")
            inputs["linearizer"] = Linearizer(table=found, detector=detector, log=self.log)
        else:
            found.log = self.log

    def _convert_kernel(self, inputs: dict[str, Any], detector: Any) -> None:
        newest = inputs.pop("newBFKernel", None)
        kernel = inputs.get("bfKernel") if newest is None else newest
        inputs["bfKernel"] = kernel
        if kernel is None or isinstance(kernel, np.ndarray):
            return
        inputs["bfGains"] = kernel.gain
        if self.config.brighterFatterLevel == "DETECTOR" and kernel.level == "AMP":
            self.log.warning("The kernel is per amplifier; its average is used for the detector.")
            kernel.makeDetectorKernelFromAmpwiseKernels(detector.name)
        inputs["bfKernel"] = self._detector_kernel(kernel, detector.name)


def _required(data_ref: Any, dataset: str, switch: str, **options: Any) -> Any:
    """A calibration that an option asks for; `RuntimeError` when the data store has none."""
    try:
        return data_ref.get(dataset, **options)
    except _NOT_FOUND as error:
        raise RuntimeError(
            f"Unable to retrieve {dataset} for {data_ref.dataId}, which {switch} asks for: {error}"
        ) from error


def _exposure_id(exposure: Exposure) -> int | None:
    return None if exposure.visit_info is None else exposure.visit_info.exposure_id
