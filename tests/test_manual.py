"""The manual: citations name a page and a section that exist, links lead somewhere, and the README stays short."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from isrcore.cfht import CfhtIsrTask

ROOT = Path(__file__).resolve().parents[1]
PAGES = {path.stem: path for path in sorted((ROOT / "resources" / "manual").glob("*.md"))}
SOURCES = sorted(path for room in ("isrcore", "isrviewer", "tests") for path in (ROOT / room).rglob("*.py"))

CITATION = re.compile(r"manual: ([a-z-]+), ([A-Z][\w -]*\w)")
"""The one form of a citation: "manual: page, Section"; it stands on one line."""

HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")


def without_code(text: str) -> str:
    """A page without its code blocks, whose lines may begin with # too."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def headings(path: Path) -> list[str]:
    return HEADING.findall(without_code(path.read_text("utf-8")))


def anchor(heading: str) -> str:
    """The anchor that GitHub and the window give a heading."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def broken(document: Path) -> list[str]:
    """Links of a document to files and sections that do not exist."""
    bad = []
    for link in LINK.findall(without_code(document.read_text("utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, section = link.partition("#")
        target = document.parent / name if name else document
        if not target.exists() or (section and section not in map(anchor, headings(target))):
            bad.append(link)
    return bad


def test_citations_name_a_page_and_a_section() -> None:
    sections = {name: headings(path) for name, path in PAGES.items()}
    bad, number = [], 0
    for path in SOURCES:
        if path == Path(__file__).resolve():
            continue
        text = path.read_text("utf-8")
        found = CITATION.findall(text)
        number += len(found)
        bad += [
            f"{path.relative_to(ROOT)}: {page}, {name}" for page, name in found if name not in sections.get(page, [])
        ]
        if len(found) != len(re.findall(r"\bmanual: [a-z]", text)):
            bad.append(f"{path.relative_to(ROOT)}: a citation is not of the form 'manual: page, Section' on one line")
    assert not bad, "\n".join(bad)
    assert number > 100


def test_nothing_cites_what_is_outside_the_project() -> None:
    elsewhere = re.compile(r"\(specification|specification [a-hS][.\d]|\btrap h-|quirk \d")
    texts = [*SOURCES, *(ROOT / "resources").rglob("*.json"), *PAGES.values()]
    found = [
        str(path.relative_to(ROOT))
        for path in texts
        if path != Path(__file__).resolve() and elsewhere.search(path.read_text("utf-8"))
    ]
    assert not found


@pytest.mark.parametrize("page", PAGES)
def test_sections_of_a_page_differ(page: str) -> None:
    text = PAGES[page].read_text("utf-8")
    anchors = [anchor(heading) for heading in headings(PAGES[page])]
    assert text.startswith("# ")
    assert len(set(anchors)) == len(anchors)


@pytest.mark.parametrize("document", [*PAGES.values(), ROOT / "README.md", ROOT / "CHANGELOG.md"], ids=lambda p: p.stem)
def test_links_lead_somewhere(document: Path) -> None:
    assert not broken(document)


def test_every_page_is_in_the_contents() -> None:
    linked = {link.partition("#")[0] for link in LINK.findall(PAGES["index"].read_text("utf-8"))}
    assert linked == {path.name for name, path in PAGES.items() if name != "index"}


def test_readme_is_short_and_leads_to_the_manual() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert len(readme.splitlines()) <= 150
    links = LINK.findall(readme)
    assert {f"resources/manual/{page}.md" for page in ("index", "architecture", "speed", "contributing")} <= set(links)


def test_the_tree_of_the_house_is_true() -> None:
    """Every name in the tree exists, and every room of the two packages is in it."""
    tree = PAGES["architecture"].read_text("utf-8").split("```")[1].strip().splitlines()
    top, named, missing = ROOT, set(), []
    for line in tree:
        names = [word for word in line[:22].split() if word.endswith(("/", ".py"))]
        if not line.startswith(" "):
            top = ROOT / names[0]
        for name in names:
            path = ROOT / name if not line.startswith(" ") else top / name
            named.add(path)
            missing += [name] * (not path.exists())
    assert not missing
    rooms = {path.parent for package in ("isrcore", "isrviewer") for path in (ROOT / package).glob("*/__init__.py")}
    assert rooms <= named


def test_the_chain_in_the_manual_is_the_chain() -> None:
    rows = re.findall(r"^\| `(\w+)` \|.*\]\(", (PAGES["chain"]).read_text("utf-8"), re.MULTILINE)
    assert rows == [step.name for step in CfhtIsrTask.chain]
