"""The combined throughput of atmosphere, optics, filter and sensor, attached to the exposure."""

from __future__ import annotations

from isrcore.calib.transmission_curve import TransmissionCurve
from isrcore.camera import FOCAL_PLANE, PIXELS
from isrcore.image import Exposure
from isrcore.steps.step import IsrState, IsrTaskLike, Step, switched_by

__all__ = ["TRANSMISSION", "attach_transmission_curve"]


def attach_transmission_curve(
    exposure: Exposure,
    optics_transmission: TransmissionCurve | None = None,
    filter_transmission: TransmissionCurve | None = None,
    sensor_transmission: TransmissionCurve | None = None,
    atmosphere_transmission: TransmissionCurve | None = None,
) -> TransmissionCurve:
    """Attach the product of the curves that are given, in pixel coordinates (manual: optics, Transmission curves).

    Parameters
    ----------
    exposure : `Exposure`
        With a detector.
    optics_transmission, filter_transmission, atmosphere_transmission : `TransmissionCurve`, optional
        In focal-plane coordinates, mm.
    sensor_transmission : `TransmissionCurve`, optional
        In pixels of the trimmed frame.

    Returns
    -------
    combined : `TransmissionCurve`
        The identity when no curve is given.

    Raises
    ------
    AttributeError
        If the exposure has no detector; the type is the reference's.
    """
    detector = exposure.detector
    if detector is None:
        raise AttributeError("the exposure has no detector, so no place in the focal plane: attach one")
    combined = TransmissionCurve.makeIdentity()
    for curve in (atmosphere_transmission, optics_transmission, filter_transmission):
        if curve is not None:
            combined = combined * curve

    def to_focal_plane(pixel: tuple[float, float]) -> tuple[float, float]:
        x, y = detector.transform(pixel, PIXELS, FOCAL_PLANE)
        return float(x), float(y)

    combined = combined.transformedBy(to_focal_plane)
    if sensor_transmission is not None:
        combined = combined * sensor_transmission
    exposure.transmission_curve = combined
    return combined


def _run(task: IsrTaskLike, state: IsrState) -> None:
    calibs = state.calibs
    task.attachTransmissionCurve(
        state.exposure,
        opticsTransmission=calibs.opticsTransmission,
        filterTransmission=calibs.filterTransmission,
        sensorTransmission=calibs.sensorTransmission,
        atmosphereTransmission=calibs.atmosphereTransmission,
    )


TRANSMISSION = Step(
    name="doAttachTransmissionCurve",
    label="transmission",
    method="attachTransmissionCurve",
    doc="Attach the product of the transmission curves; pixels do not change.",
    why_not=switched_by("doAttachTransmissionCurve"),
    run=_run,
    switch="doAttachTransmissionCurve",
    reads=("doAttachTransmissionCurve",),
    needs=("opticsTransmission", "filterTransmission", "sensorTransmission", "atmosphereTransmission"),
    writes=frozenset({"geometry"}),
)
