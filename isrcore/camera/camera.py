"""A camera: its detectors by number and name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from isrcore.camera.detector import Detector

__all__ = ["Camera"]


class Camera:
    """An ordered set of detectors.

    Parameters
    ----------
    name : str
    detectors : iterable of `Detector`
        Numbers and names must differ.
    """

    def __init__(self, name: str, detectors: Iterable[Detector]) -> None:
        self.name = name
        self._by_id = {detector.id: detector for detector in detectors}
        self._by_name = {detector.name: detector for detector in self._by_id.values()}

    def __getitem__(self, key: int | str) -> Detector:
        found = self._by_name.get(key) if isinstance(key, str) else self._by_id.get(key)
        if found is None:
            raise KeyError(f"{self.name} has no detector {key!r}; it has {', '.join(self._by_name)}")
        return found

    def __contains__(self, key: object) -> bool:
        return key in self._by_id or key in self._by_name

    def __iter__(self) -> Iterator[Detector]:
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)

    def getName(self) -> str:
        return self.name
