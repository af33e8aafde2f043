"""The order that C++'s standard selection leaves behind, which one quirk of the reference depends on.

For integers the reference selects the middle element, then rearranges the upper half to find the upper quartile, and
only then reads the middle position, where some other element of the upper half may lie by then. Which one, depends on
the selection algorithm and on the order of the pixels. Recorded clipped statistics of integers show it.
"""

from __future__ import annotations

import math

__all__ = ["middle_after_quartiles", "nth_element"]


def middle_after_quartiles(values: list[int]) -> int:
    """What lies in the middle after selecting the middle element, the lower quartile and the upper quartile in place.

    Parameters
    ----------
    values : list of int
        In the order of the pixels; rearranged.
    """
    last = len(values) - 1
    lower, middle, upper = (int(fraction * last) for fraction in (0.25, 0.5, 0.75))
    nth_element(values, middle, 0, len(values))
    nth_element(values, lower, 0, middle)
    nth_element(values, upper, middle, len(values))
    return values[middle]


def nth_element(values: list[int], nth: int, first: int, last: int) -> None:
    """Put the element that sorting ``values[first:last]`` would bring to `nth` there, smaller ones before it.

    Quickselect with the median of three as pivot and insertion sort for the last three elements, as in the common
    implementation of C++. After too many poor pivots, where that one changes its method, the rest is sorted.
    """
    if first >= last:
        return
    depth = 2 * math.floor(math.log2(last - first))
    while last - first > 3:
        if depth == 0:
            break
        depth -= 1
        cut = _partition(values, first, last)
        if cut <= nth:
            first = cut
        else:
            last = cut
    values[first:last] = sorted(values[first:last])


def _partition(values: list[int], first: int, last: int) -> int:
    """Split around the median of three elements; returns where the upper part begins."""
    a, b, c = first + 1, first + (last - first) // 2, last - 1
    median = _median_of_three(values, a, b, c)
    values[first], values[median] = values[median], values[first]
    pivot, low, high = values[first], first + 1, last
    while True:
        while values[low] < pivot:
            low += 1
        high -= 1
        while pivot < values[high]:
            high -= 1
        if low >= high:
            return low
        values[low], values[high] = values[high], values[low]
        low += 1


def _median_of_three(values: list[int], a: int, b: int, c: int) -> int:
    """Index of the median of three elements; the order of comparisons decides between equal ones."""
    if values[a] < values[b]:
        if values[b] < values[c]:
            return b
        return c if values[a] < values[c] else a
    if values[a] < values[c]:
        return a
    return c if values[b] < values[c] else b
