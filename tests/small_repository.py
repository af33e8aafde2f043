"""A repository in memory, with what the documented methods ask of a data store."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from isrcore.image import Exposure
from isrcore.pipe import Struct

__all__ = ["Quantum", "Reference", "Repository"]


class Repository:
    """Datasets by name and data id.

    Attributes
    ----------
    stored : dict
        ``(dataset, frozen data id)`` -> object; what is put lands here too.
    asked : list
        Every ``get`` as ``(dataset, keys)``, in order.
    backups : list of str
        Datasets that were replaced with a backup.
    """

    def __init__(self, overrides: Iterable[Path] = ()) -> None:
        self.stored: dict[tuple[str, frozenset[tuple[str, Any]]], Any] = {}
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.backups: list[str] = []
        self.overrides = list(overrides)

    def add(self, dataset: str, value: Any, **data_id: Any) -> None:
        self.stored[dataset, frozenset(data_id.items())] = value

    def override_files(self, task_name: str) -> list[Path]:
        return self.overrides

    def datasetExists(self, dataset: str, write: bool = False, **data_id: Any) -> bool:
        return (dataset, frozenset(data_id.items())) in self.stored

    def get(self, dataset: str, immediate: bool = False, **data_id: Any) -> Any:
        self.asked.append((dataset, data_id))
        try:
            found = self.stored[dataset, frozenset(data_id.items())]
        except KeyError:
            raise LookupError(f"no dataset {dataset} for {data_id}") from None
        if isinstance(found, Exception):
            raise found
        return found.clone() if isinstance(found, Exposure) else found

    def put(self, value: Any, dataset: str, doBackup: bool = False, **data_id: Any) -> None:
        if doBackup and self.datasetExists(dataset, **data_id):
            self.backups.append(dataset)
        self.stored[dataset, frozenset(data_id.items())] = copy.deepcopy(value)

    def subset(self, dataset: str, data_id: dict[str, Any]) -> list[Reference]:
        return [
            Reference(self, dict(known))
            for name, known in self.stored
            if name == dataset and data_id.items() <= dict(known).items()
        ]


class Reference:
    """A data reference: a repository at one data id. Datasets that do not depend on the id are found too."""

    def __init__(self, repository: Repository, dataId: dict[str, Any]) -> None:
        self.repository = repository
        self.dataId = dataId

    def get(self, dataset: str, immediate: bool = False, **keys: Any) -> Any:
        own = self.dataId if self.repository.datasetExists(dataset, **self.dataId) else {}
        return self.repository.get(dataset, immediate, **own, **keys)

    def put(self, value: Any, dataset: str) -> None:
        self.repository.put(value, dataset, **self.dataId)


class Quantum:
    """A Gen3 quantum context: inputs by connection name; keeps what is put."""

    def __init__(self, inputs: dict[str, Any], dataId: dict[str, Any] | None = None) -> None:
        self.inputs = inputs
        self.inputRefs = Struct(ccdExposure=Struct(dataId={"detector": 0} if dataId is None else dataId))
        self.outputRefs = Struct(outputExposure="postISRCCD")
        self.outputs: Struct | None = None

    def get(self, inputRefs: Struct) -> dict[str, Any]:
        assert inputRefs is self.inputRefs
        return dict(self.inputs)

    def put(self, outputs: Struct, outputRefs: Struct) -> None:
        assert outputRefs is self.outputRefs
        self.outputs = outputs
