"""What belongs to the user rather than to a session: recent files, shortcuts, mask colours, layout, memory."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from isrcore.readable import read_text, said
from isrviewer.render.plane_colours import OverlayStyle
from isrviewer.session.codec import from_json, to_json
from isrviewer.session.store import write_json

__all__ = [
    "Settings",
    "UserSettings",
    "default_budget",
    "load_settings",
    "save_settings",
    "settings_folder",
    "state_folder",
    "with_recent",
]

_RECENT = 12
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings:
    """User settings.

    Attributes
    ----------
    recent : tuple of str
        Paths of frames, newest first.
    calib_folder : str
        Offered for the next frame.
    shortcuts : dict
        Action id -> keys, separated by blanks, where they differ from the table of actions.
    overlay : `OverlayStyle`
        Mask colours for new sessions.
    budget_mb : int
        Memory for kept results in MB (1e6 bytes); 0 for a quarter of the memory, at most 2 GB.
    scheme : str
        ``system``, ``light`` or ``dark``.
    geometry, layout : str
        Window geometry and dock layout in base64.
    """

    recent: tuple[str, ...] = ()
    calib_folder: str = ""
    shortcuts: dict[str, str] = field(default_factory=dict)
    overlay: OverlayStyle = field(default_factory=OverlayStyle)
    budget_mb: int = 0
    scheme: str = "system"
    geometry: str = ""
    layout: str = ""

    @property
    def budget(self) -> int:
        """Memory for kept results in bytes."""
        return self.budget_mb * 1_000_000 or default_budget()


def default_budget() -> int:
    """A quarter of the machine's memory, at most 2 GB, in bytes."""
    return min(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 4, 2_000_000_000)


def settings_folder() -> Path:
    """Where settings lie; the environment variable ``ISRVIEWER_HOME`` puts them and the autosaves elsewhere."""
    from platformdirs import user_config_path

    home = os.environ.get("ISRVIEWER_HOME")
    return Path(home) if home else user_config_path("isrviewer")


def state_folder() -> Path:
    """Where autosaves lie."""
    from platformdirs import user_state_path

    home = os.environ.get("ISRVIEWER_HOME")
    return Path(home) if home else user_state_path("isrviewer")


def load_settings(folder: Path) -> Settings:
    """Read the settings; damaged ones are set aside with a warning, never lost and never in the way."""
    path = folder / "settings.json"
    try:
        return from_json(Settings, json.loads(read_text(path)))
    except (FileNotFoundError, NotADirectoryError):
        return Settings()
    except Exception as error:
        # Whatever it is: without settings one can work, without a window not.
        aside = path.with_suffix(".damaged.json")
        _log.warning("%s cannot be used (%s); it is kept as %s and defaults are used", path, said(error), aside.name)
        with suppress(OSError):
            if path.is_file():
                path.replace(aside)
        return Settings()


def save_settings(settings: Settings, folder: Path) -> None:
    """Write the settings atomically."""
    write_json(folder / "settings.json", to_json(settings))


def with_recent(settings: Settings, path: str) -> Settings:
    """The settings with `path` as the newest recent frame."""
    recent = (path, *(old for old in settings.recent if old != path))
    return replace(settings, recent=recent[:_RECENT])


class UserSettings:
    """The settings of this user while the program runs, written with every change.

    Parameters
    ----------
    failed : callable
        Is told when they could not be written, and why.

    Attributes
    ----------
    value : `Settings`
    """

    def __init__(self, failed: Callable[[str], None]) -> None:
        self._failed = failed
        self.value = load_settings(settings_folder())

    def change(self, **changes: Any) -> None:
        """Change some fields and write all."""
        self.value = replace(self.value, **changes)
        try:
            save_settings(self.value, settings_folder())
        except OSError as error:
            self._failed(f"Settings could not be written to {settings_folder()}: {error.strerror or error}")
