"""The reader of imports sees what the walls are checked by."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import house

FILES = {
    "low/__init__.py": "",
    "low/one.py": "from __future__ import annotations\nimport math\n",
    "low/two.py": "from small.low.one import a\nfrom small.low import three\n",
    "low/three.py": "from small.low.two import b\n",
    "high/__init__.py": "",
    "high/top.py": "from small.low import two\n\n\ndef late():\n    import small.low.one\n",
    "loose.py": "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from small.high.top import late\n",
    "__init__.py": "",
}


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package with two rooms and a loose file."""
    package = tmp_path / "small"
    for name, text in FILES.items():
        path = package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(house, "ROOT", tmp_path)
    return package


def test_imports_say_where_they_stand(small: Path) -> None:
    assert house.imports_of(small / "high" / "top.py") == (
        house.Import("small.low.two", False, False),
        house.Import("small.low.one", False, True),
    )
    assert house.Import("small.high.top.late", True, False) in house.imports_of(small / "loose.py")


def test_arrows_go_between_rooms_and_count_types(small: Path) -> None:
    assert set(house.arrows(small)) == {("high", "low"), ("loose", "high")}


def test_a_circle_within_a_folder_is_none_across_folders_it_is(small: Path) -> None:
    assert house.circles(small) == []
    (small / "low" / "four.py").write_text("from small.high import top\n")
    (small / "low" / "two.py").write_text("from small.low import four\n")
    house.imports_of.cache_clear()
    assert house.circles(small) == [["small/high/top.py", "small/low/four.py", "small/low/two.py"]]
