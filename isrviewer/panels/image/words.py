"""What the strip above a picture says: whose pixels, what is shown of them, and how."""

from __future__ import annotations

from collections.abc import Sequence

from isrviewer.render.layer import Layer
from isrviewer.render.planes import ImagePlanes

__all__ = ["facts_text", "title_text"]


def title_text(shown: Sequence[ImagePlanes], *more: str) -> str:
    """Exposure, CCD, what is shown, unit: ``2281792o ccd13 · flat · image · ADU``; two pictures are told apart.

    Parameters
    ----------
    shown : sequence of `ImagePlanes`
        What the pictures that were painted last are made of, not what may come.
    *more : str
        What else there is to say.
    """
    is_one = len({planes.whose for planes in shown}) == 1
    titles = " | ".join(planes.title if is_one else planes.name for planes in shown)
    words = (shown[0].whose if is_one else "", titles, shown[0].unit if shown else "", *more)
    return " · ".join(word for word in words if word)


def facts_text(layer: Layer, zoom: float, follows: bool, second: Layer | None) -> str:
    """Zoom, reduction, limits.

    Parameters
    ----------
    layer : `Layer`
    zoom : float
        Screen pixels per image pixel.
    follows : bool
        Whether the limits are those of another panel.
    second : `Layer` or None
        What is seen beside or instead of it.
    """
    limits = layer.style.limits
    if zoom < 1:
        words = [f"1:{1 / zoom:.3g} {layer.style.reduction}"]
    else:
        words = ["1:1" if zoom == 1 else f"×{zoom:.3g}"]
    if layer.planes.is_blank:
        return words[0].partition(" ")[0]
    mode = {"minmax": "min max", "percentile": f"{limits.percent:g} %"}.get(limits.mode, limits.mode)
    words.append("same limits" if follows else mode)
    if limits.exclude_masked:
        words.append("no unmasked pixel" if layer.stats.is_empty else "masked left out")
    if second is not None and second.limits != layer.limits:
        words.append("second with own limits")
    if layer.stats.not_finite:
        words.append(f"{layer.stats.not_finite} not finite")
    return " · ".join(words)
