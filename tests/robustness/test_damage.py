"""Random damage to every kind of file: read, or refused by a documented exception that names the file."""

from __future__ import annotations

import random
import warnings
from collections import Counter
from pathlib import Path

import pytest

from tests.robustness.damaged import Kind, damaged, good_files

CASES, SEED = 20, 2026
"""For each kind; another seed finds other things, and a case is repeated by its seed, kind and number."""


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Kind]:
    return good_files(tmp_path_factory.mktemp("good"))


def test_good_files_are_read(kinds: dict[str, Kind]) -> None:
    for kind in kinds.values():
        kind.read(kind.path)


def test_damaged_files_are_read_or_refused(kinds: dict[str, Kind], tmp_path: Path) -> None:
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    for name, kind in kinds.items():
        content = kind.path.read_bytes()
        for number in range(CASES):
            path = tmp_path / kind.path.name
            path.write_bytes(damaged(kind.path.name, content, random.Random(f"{SEED} {name} {number}")))
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    kind.read(path)
                counts["read"] += 1
                continue
            except Exception as error:
                outcome = "foreign" if not isinstance(error, kind.errors) else "refused"
                if outcome == "refused" and path.name not in str(error):
                    outcome = "unnamed"
                said = f"{type(error).__name__}: {str(error)[:200]}"
            counts[outcome] += 1
            if outcome != "refused":
                wrong.append(f"{outcome}: {name}, case {number}: {said}")
    left = [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]
    print(f"damage seed={SEED}: {dict(counts)}, left over: {len(left)}")
    assert not wrong, "\n".join(wrong)
    assert left == []
    assert counts["refused"] > 100
