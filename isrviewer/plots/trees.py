"""The rows of trees as lists: Qt counts them, and says that each may be missing."""

from __future__ import annotations

from PySide6.QtWidgets import QTreeWidget, QTreeWidgetItem

__all__ = ["child_items", "top_items"]


def top_items(tree: QTreeWidget) -> list[QTreeWidgetItem]:
    """The outermost rows."""
    items = (tree.topLevelItem(number) for number in range(tree.topLevelItemCount()))
    return [item for item in items if item is not None]


def child_items(item: QTreeWidgetItem) -> list[QTreeWidgetItem]:
    """The rows below a row."""
    below = (item.child(number) for number in range(item.childCount()))
    return [row for row in below if row is not None]
