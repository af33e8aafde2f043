"""Presets: small override files that come with the program, each a starting point for one purpose."""

from __future__ import annotations

from dataclasses import dataclass

from lsst.pex.config import Config

from isrcore.config.overrides import load_overrides
from isrcore.resource_files import resource

__all__ = ["Preset", "list_presets"]


@dataclass(frozen=True)
class Preset:
    """A named override file.

    Attributes
    ----------
    name : str
        ``quick_look``.
    description : str
        Its first comment line, one sentence.
    text : str
        The override file.
    """

    name: str
    description: str
    text: str

    def load(self, config: Config) -> None:
        """Set the fields that the preset names, and leave the others."""
        load_overrides(config, self.text, name=f"{self.name}.py", label=f"preset {self.name}")


def list_presets() -> list[Preset]:
    """The presets of ``resources/config``: first what CFHT sets, then the others by name."""
    folder = resource("config")
    others = sorted((folder / "presets").iterdir(), key=lambda file: file.name)
    presets = []
    for file in [folder / "cfht.py", *(file for file in others if file.name.endswith(".py"))]:
        text = file.read_text(encoding="utf-8")
        presets.append(Preset(file.name.removesuffix(".py"), text.partition("\n")[0].lstrip("# "), text))
    return presets
