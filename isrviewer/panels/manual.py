"""The manual in a dock: contents, pages with links between them, and a search through all pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, QUrl
from PySide6.QtGui import (
    QColor,
    QPalette,
    QResizeEvent,
    QShowEvent,
    QTextBlock,
    QTextCursor,
    QTextDocument,
    QTextFrameFormat,
    QTextTable,
)
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QSplitter,
    QTextBrowser,
    QTextEdit,
    QToolButton,
    QTreeWidget,
    QTreeWidgetItem,
    QTreeWidgetItemIterator,
    QVBoxLayout,
    QWidget,
)

from isrcore.resource_files import resource
from isrviewer.theme import ACCENT, GRID

__all__ = ["ManualPanel", "Section", "anchor", "manual_folder", "read_sections", "section_of_step"]

_LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
_ROW_OF_STEP = re.compile(r"^\| `(\w+)`.*\]\(([^)\s]+)\) *", re.MULTILINE)
_SIDE_BY_SIDE = 640
"""From this width on, logical pixels, the contents stand beside the page, else above it."""


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it, up to the next heading.

    Attributes
    ----------
    page : str
        Name of the file without its ending.
    heading : str
    text : str
        Markdown, with the heading.
    is_title : bool
        Whether it is the beginning of its page.
    """

    page: str
    heading: str
    text: str
    is_title: bool

    @property
    def plain(self) -> str:
        """The text in lower case without marks, as a search sees it."""
        return re.sub(r"[`*]", "", self.text).lower()

    @property
    def link(self) -> str:
        """Where it is, as links between pages say it."""
        return f"{self.page}.md" if self.is_title else f"{self.page}.md#{anchor(self.heading)}"


def anchor(heading: str) -> str:
    """The anchor of a heading in links: lower case, hyphens between words, as GitHub makes it."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def manual_folder() -> Path:
    """Where the pages lie; ``index.md`` has the contents."""
    return resource("manual")


def read_sections(page: Path) -> list[Section]:
    """The sections of a page in their order; a line with # in a code block is no heading."""
    sections: list[Section] = []
    lines: list[str] = []
    in_code = False
    for line in page.read_text("utf-8").splitlines():
        in_code ^= line.startswith("```")
        if line.startswith("#") and not in_code:
            lines = [line]
            level, _, heading = line.partition(" ")
            sections.append(Section(page.stem, heading.strip(), line, level == "#"))
        elif sections:
            lines.append(line)
            last = sections[-1]
            sections[-1] = Section(last.page, last.heading, "\n".join(lines), last.is_title)
    return sections


def section_of_step(step: str) -> str:
    """Link to what the manual says about a step: the table of the chain has it; the chain itself for unknown ones."""
    rows = dict(reversed(_ROW_OF_STEP.findall((manual_folder() / "chain.md").read_text("utf-8"))))
    target = str(rows.get(step, "#order"))
    return f"chain.md{target}" if target.startswith("#") else target


def _link(source: QUrl) -> str:
    """A source of the browser as links between pages say it."""
    return f"{source.fileName()}#{source.fragment()}" if source.fragment() else source.fileName()


class ManualPanel(QWidget):
    """Filled when it is first looked at."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sections: dict[str, Section] = {}
        self.search = QLineEdit(placeholderText="search the manual, Return for the next place", clearButtonEnabled=True)
        self.search.setToolTip("List the sections with this text; Return goes to the next place, on the next page too")
        self.search.textChanged.connect(self._filter)
        self.search.returnPressed.connect(self._next_place)
        self.contents = QTreeWidget()
        self.contents.setHeaderHidden(True)
        self.contents.setToolTip("Pages and their sections; Return or a click goes there")
        self.contents.itemClicked.connect(self._open_item)
        self.contents.itemActivated.connect(self._open_item)
        self.text = QTextBrowser()
        self.text.setToolTip("Tab goes from link to link, Return follows it, Alt+Left goes back")
        self.text.sourceChanged.connect(self._arrived)
        self.back = self._button("◂", "Back (Alt+Left)", self.text.backward)
        self.forward = self._button("▸", "Forward (Alt+Right)", self.text.forward)
        self.home = self._button(
            "Contents", "The first page, with the contents (Alt+Home)", lambda: self.open("index.md")
        )
        self.text.backwardAvailable.connect(self.back.setEnabled)
        self.text.forwardAvailable.connect(self.forward.setEnabled)
        self.back.setEnabled(False)
        self.forward.setEnabled(False)
        bar = QHBoxLayout()
        for widget in (self.back, self.forward, self.home, self.search):
            bar.addWidget(widget)
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.addWidget(self.contents)
        self.splitter.addWidget(self.text)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([180, 520])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID, GRID, GRID, GRID)
        layout.setSpacing(GRID)
        layout.addLayout(bar)
        layout.addWidget(self.splitter)
        self.setFocusProxy(self.search)

    def open(self, link: str) -> None:
        """Go to a page or section, given as in links between pages: ``overscan.md#fit-types``."""
        self._fill()
        name, _, section = link.partition("#")
        target = QUrl.fromLocalFile(str(manual_folder() / name))
        target.setFragment(section)
        self.text.setSource(target, QTextDocument.ResourceType.MarkdownResource)

    def open_step(self, step: str) -> None:
        """Go to what the manual says about a step of the chain."""
        self.open(section_of_step(step))

    @property
    def here(self) -> str:
        """The page and section that was gone to last, as a link."""
        return _link(self.text.source())

    def showEvent(self, event: QShowEvent) -> None:
        if self.text.source().isEmpty():
            self.open("index.md")
        super().showEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        wide = self.width() >= _SIDE_BY_SIDE
        self.splitter.setOrientation(Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical)
        super().resizeEvent(event)

    def _button(self, text: str, tip: str, pressed: object) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setAutoRaise(True)
        button.setToolTip(tip)
        button.clicked.connect(pressed)
        return button

    def _fill(self) -> None:
        """Make the contents from the first page: its sections are the groups, its links the pages."""
        if self._sections:
            return
        folder = manual_folder()
        for group in read_sections(folder / "index.md"):
            links = _LINK.findall(group.text)
            if not links:
                continue
            top = QTreeWidgetItem(self.contents, [group.heading])
            for _, name in links:
                title, *sections = read_sections(folder / name)
                item = self._item(top, title)
                for section in sections:
                    self._item(item, section)
        self.contents.expandToDepth(0)

    def _item(self, parent: QTreeWidgetItem, section: Section) -> QTreeWidgetItem:
        item = QTreeWidgetItem(parent, [section.heading])
        item.setData(0, Qt.ItemDataRole.UserRole, section.link)
        self._sections[section.link] = section
        return item

    def _items(self) -> Iterator[QTreeWidgetItem]:
        """All items in the order of the manual."""
        iterator = QTreeWidgetItemIterator(self.contents)
        while (item := iterator.value()) is not None:
            yield item
            iterator += 1

    def _open_item(self, item: QTreeWidgetItem) -> None:
        link = item.data(0, Qt.ItemDataRole.UserRole)
        if link:
            self.open(link)
        else:
            item.setExpanded(not item.isExpanded())

    def _arrived(self, source: QUrl) -> None:
        """Dress the page, go to its section, and show both in the contents; the browser still has the old source."""
        self._dress_tables()
        block = self._heading(source.fragment()) if source.fragment() else self.text.document().begin()
        if block.isValid():
            self.text.setTextCursor(QTextCursor(block))
            top = self.text.document().documentLayout().blockBoundingRect(block).top()
            self.text.verticalScrollBar().setValue(round(top))
        for item in self._items():
            if item.data(0, Qt.ItemDataRole.UserRole) == _link(source):
                with QSignalBlocker(self.contents):
                    self.contents.setCurrentItem(item)
        self._mark()

    def _heading(self, wanted: str) -> QTextBlock:
        block = self.text.document().begin()
        while block.isValid() and not (block.blockFormat().headingLevel() and anchor(block.text()) == wanted):
            block = block.next()
        return block

    def _dress_tables(self) -> None:
        line = self.palette().color(QPalette.ColorRole.Text)
        line.setAlpha(90)
        for frame in self.text.document().rootFrame().childFrames():
            if isinstance(frame, QTextTable):
                form = frame.format().toTableFormat()
                form.setCellPadding(GRID // 2)
                form.setCellSpacing(0)
                form.setBorder(1)
                form.setBorderCollapse(True)
                form.setBorderBrush(line)
                form.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
                frame.setFormat(form)

    def _filter(self) -> None:
        """Leave the sections with the text in the contents, and their pages."""
        self._fill()
        wanted = self.search.text().lower()
        for item in self._items():
            item.setHidden(bool(wanted))
        for item in self._items():
            section = self._sections.get(item.data(0, Qt.ItemDataRole.UserRole) or "")
            if wanted and section is not None and wanted in section.plain:
                above: QTreeWidgetItem | None = item
                while above is not None:
                    above.setHidden(False)
                    above.setExpanded(above is not item or above.isExpanded())
                    above = above.parent()
        self._mark()

    def _mark(self) -> None:
        """Mark every place of the searched text on the page."""
        marks, colour = [], QColor(ACCENT)
        colour.setAlpha(90)
        cursor = QTextCursor(self.text.document())
        while self.search.text():
            cursor = self.text.document().find(self.search.text(), cursor)
            if cursor.isNull():
                break
            mark = QTextEdit.ExtraSelection()
            mark.cursor = cursor
            mark.format.setBackground(colour)
            marks.append(mark)
        self.text.setExtraSelections(marks)

    def _next_place(self) -> None:
        """Go to the next place on this page, else to the first one of the next page that has any."""
        wanted = self.search.text()
        if not wanted or self.text.find(wanted):
            return
        pages = list(dict.fromkeys(link.partition("#")[0] for link in self._sections))
        here = self.here.partition("#")[0]
        start = pages.index(here) + 1 if here in pages else 0
        for page in pages[start:] + pages[:start]:
            self.open(page)
            if self.text.find(wanted):
                return
