"""Which filter an exposure was taken through, and whether a step applies to it (manual: chain, Filters)."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from isrcore.image.components import FilterLabel

__all__ = ["UNKNOWN_FILTER", "filter_is_listed", "physical_filter", "why_not_listed"]

UNKNOWN_FILTER = "Unknown"


def physical_filter(label: FilterLabel | None, log: logging.Logger) -> str:
    """The physical filter name, or `UNKNOWN_FILTER` with a warning when the label does not tell."""
    if label is None:
        log.warning("The exposure has no filter label; its filter is taken as %r.", UNKNOWN_FILTER)
        return UNKNOWN_FILTER
    if label.physical is None:
        log.warning("The filter label has no physical filter; the filter is taken as %r.", UNKNOWN_FILTER)
        return UNKNOWN_FILTER
    return label.physical


def filter_is_listed(label: FilterLabel | None, filters: Iterable[str], log: logging.Logger) -> bool:
    """Whether a filter is in a config list of physical filters.

    A band in the list matches too, with a warning; a missing label matches nothing, with a warning.

    Raises
    ------
    RuntimeError
        If the physical filter is not listed and the label has no band to compare.
    """
    if label is None:
        log.warning("The exposure has no filter label; it is not in any list of filters.")
        return False
    names = list(filters)
    if label.hasPhysicalLabel() and label.physicalLabel in names:
        return True
    if label.bandLabel in names:
        log.warning("The filter list names the band %r; name the physical filter %r.", label.bandLabel, label.physical)
        return True
    return False


def why_not_listed(label: FilterLabel | None, filters: Iterable[str], field_name: str) -> str | None:
    """Why `filter_is_listed` is False, in words; None where it is True or raises, so that the step itself says so.

    Parameters
    ----------
    label : `FilterLabel` or None
    filters : iterable of str
    field_name : str
        The config field that holds the list.
    """
    if label is None:
        return f"the exposure has no filter label to look for in {field_name}"
    if label.band is None or {label.physical, label.band}.intersection(filters):
        return None
    return f"filter {label.physical or label.band} is not in {field_name}"
