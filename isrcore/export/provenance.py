"""Where corrected pixels come from: what an exported exposure says about its own making."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

__all__ = ["CONFIG_EXTENSION", "Provenance"]

CONFIG_EXTENSION = "ISR_CONFIG"
"""Name of the table that holds the ISR configuration, one line of an override file in each row."""


@dataclass(frozen=True)
class Provenance:
    """What to tell about an exposure.

    Attributes
    ----------
    source : str
        Path of the raw frame.
    step : str
        LSST name of the last step that ran (``doFlat``, ``postISRCCD``).
    config : str
        Configuration as an override file, such as `isrcore.config.save.only_changed_text` makes.
    calibrations : mapping of str to str
        Kind (``bias``) -> file and the reason why it was chosen.
    edits : sequence of str
        Changes made by hand, such as confirmed defects.
    unit : str
        Of the image after that step: ``ADU`` or ``electron``; empty for what the metadata say, else ADU.
    """

    source: str = ""
    step: str = ""
    config: str = ""
    calibrations: Mapping[str, str] = field(default_factory=dict)
    edits: Sequence[str] = ()
    unit: str = ""

    def keywords(self) -> dict[str, str]:
        """``ISRINPUT`` and ``ISRSTEP``, as far as they are known."""
        texts = {"ISRINPUT": PurePath(self.source).name, "ISRSTEP": self.step}
        return {key: text for key, text in texts.items() if text}

    def history(self) -> Iterator[str]:
        """Lines for HISTORY."""
        if self.source:
            yield f"ISR input: {self.source}"
        for kind, text in self.calibrations.items():
            yield f"ISR {kind}: {text}"
        for text in self.edits:
            yield f"ISR edit: {text}"
        if self.config:
            yield f"ISR configuration: see extension {CONFIG_EXTENSION}"
