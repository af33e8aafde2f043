"""The manual's panel: links, contents, search, and the way from a step to what is said about it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QTreeWidgetItem
from pytestqt.qtbot import QtBot

from isrcore.cfht import CfhtIsrTask
from isrviewer.panels.manual import ManualPanel, manual_folder, read_sections, section_of_step
from isrviewer.shell.window import Window


@pytest.fixture
def panel(qtbot: QtBot) -> ManualPanel:
    panel = ManualPanel()
    qtbot.addWidget(panel)
    panel.resize(900, 600)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def top_line(panel: ManualPanel) -> str:
    """The first line that is on screen."""
    return panel.text.cursorForPosition(QPoint(10, 8)).block().text()


def visible(panel: ManualPanel) -> list[str]:
    """The contents that the search has left, without the groups."""

    def below(item: QTreeWidgetItem) -> Iterator[QTreeWidgetItem]:
        for child in (item.child(number) for number in range(item.childCount())):
            if not child.isHidden():
                yield child
                yield from below(child)

    items = below(panel.contents.invisibleRootItem())
    return [link for item in items if (link := item.data(0, Qt.ItemDataRole.UserRole))]


def test_opens_at_the_contents(panel: ManualPanel) -> None:
    assert panel.here == "index.md"
    assert "Manual" in panel.text.toPlainText()
    pages = {path.name for path in manual_folder().glob("*.md")} - {"index.md"}
    assert pages == {link for link in visible(panel) if "#" not in link}


def test_a_link_on_a_page_goes_to_a_section_of_another_and_back_returns(panel: ManualPanel, qtbot: QtBot) -> None:
    panel.open("overscan.md")
    cursor = panel.text.document().find("median of integers")
    assert not cursor.isNull()
    panel.text.setTextCursor(cursor)
    panel.text.ensureCursorVisible()
    inside = panel.text.cursorRect(cursor).center() - QPoint(6, 0)
    assert panel.text.anchorAt(inside) == "statistics.md#median-of-integers"
    qtbot.mouseClick(panel.text.viewport(), Qt.MouseButton.LeftButton, pos=inside)
    assert panel.here == "statistics.md#median-of-integers"
    assert top_line(panel) == "Median of integers"
    item = panel.contents.currentItem()
    assert item is not None
    assert item.text(0) == "Median of integers"
    panel.back.click()
    assert panel.here == "overscan.md"
    panel.forward.click()
    assert panel.here == "statistics.md#median-of-integers"


def test_the_keyboard_is_enough(panel: ManualPanel, qtbot: QtBot) -> None:
    panel.contents.setFocus()
    qtbot.keyClick(panel.contents, Qt.Key.Key_Home)
    qtbot.keyClick(panel.contents, Qt.Key.Key_Down)
    qtbot.keyClick(panel.contents, Qt.Key.Key_Return)
    assert panel.here == "pixels.md"
    qtbot.keyClick(panel.text, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert panel.here == "index.md"
    panel.text.setFocus()
    qtbot.keyClick(panel.text, Qt.Key.Key_Tab)
    qtbot.keyClick(panel.text, Qt.Key.Key_Return)
    assert panel.here == "pixels.md"


def test_search_lists_sections_and_walks_through_pages(panel: ManualPanel, qtbot: QtBot) -> None:
    qtbot.keyClicks(panel.search, "overscanMaxDev")
    assert set(visible(panel)) == {
        link
        for path in manual_folder().glob("*.md")
        for section in read_sections(path)
        if "overscanMaxDev" in section.text
        for link in (section.link, f"{path.stem}.md")
    }
    found = []
    for _ in range(4):
        qtbot.keyClick(panel.search, Qt.Key.Key_Return)
        assert panel.text.textCursor().selectedText() == "overscanMaxDev"
        found.append(panel.here)
    assert found[:2] == ["planes.md", "planes.md"]
    assert found[2] == "overscan.md"
    assert panel.text.extraSelections()
    panel.search.clear()
    assert not panel.text.extraSelections()
    assert len(visible(panel)) > 100


def test_search_for_what_is_not_there_stays(panel: ManualPanel, qtbot: QtBot) -> None:
    panel.open("optics.md")
    qtbot.keyClicks(panel.search, "nonesuch")
    qtbot.keyClick(panel.search, Qt.Key.Key_Return)
    assert visible(panel) == []
    assert panel.here == "optics.md"


def test_every_step_leads_to_a_section(panel: ManualPanel) -> None:
    for step in CfhtIsrTask.chain:
        page, _, section = section_of_step(step.name).partition("#")
        assert (manual_folder() / page).exists(), step.name
        panel.open_step(step.name)
        assert panel.here == section_of_step(step.name)
        if section:
            assert panel.text.textCursor().block().blockFormat().headingLevel(), step.name
    panel.open_step("doFlat")
    assert panel.here == "calibration.md#flat"
    panel.open_step("no step at all")
    assert panel.here == "chain.md#order"


def test_contents_stand_above_the_page_in_a_narrow_dock(panel: ManualPanel, qtbot: QtBot) -> None:
    assert panel.splitter.orientation() == Qt.Orientation.Horizontal
    panel.resize(380, 700)
    assert panel.splitter.orientation() == Qt.Orientation.Vertical
    assert panel.contents.mapTo(panel, QPointF(0, 0)).y() < panel.text.mapTo(panel, QPointF(0, 0)).y()


def test_the_menu_brings_the_manual_and_what_it_says_about_the_selected_step(opened: Window, qtbot: QtBot) -> None:
    opened.actions_by_table.trigger("help.manual")
    manual = opened.desk.manual
    assert manual.isVisible()
    assert manual.here == "index.md"
    assert manual.search.hasFocus()
    manual.open("speed.md")
    opened.actions_by_table.trigger("help.manual")
    assert manual.here == "speed.md"
    opened.actions_by_table.trigger("help.step")
    assert manual.here == section_of_step(opened.model.session.panel.shows.step)
