"""Combinations of mask planes such as ``SAT & ~INTRP``: a parser of four operators, and nothing else.

An expression must be evaluated on the mask itself. On a mask reduced by OR it would be wrong: a pixel with SAT beside
one with INTRP is not a pixel with both. So the result becomes one more bit of a copy of the mask, which is then
reduced and drawn like any plane.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isrcore.kernels.bands import for_bands
from isrviewer.render.planes import ImagePlanes

__all__ = ["PlaneExpression", "PlaneExpressionError", "parse_planes", "with_expression"]

_TOKEN = re.compile(r"\s*(?:(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<operator>[&|^~()]))")
_MAX_LENGTH = 500
_MAX_DEPTH = 50

Mask = NDArray[np.int32]
Where = NDArray[np.bool_]
_Evaluate = Callable[[Mask, Mapping[str, int]], Where]


class PlaneExpressionError(ValueError):
    """An expression that cannot be read.

    Attributes
    ----------
    position : int
        Index of the character where reading stopped.
    """

    def __init__(self, message: str, text: str, position: int) -> None:
        super().__init__(f"{message} at character {position + 1} of {text!r}")
        self.position = position


@dataclass(frozen=True)
class PlaneExpression:
    """A condition on mask planes.

    Attributes
    ----------
    text : str
    names : tuple of str
        Planes that occur in it, in the order of their first use.
    """

    text: str
    names: tuple[str, ...]
    _evaluate: _Evaluate

    def evaluate(self, mask: Mask, plane_bits: Mapping[str, int]) -> Where:
        """Where the condition holds, bool, shape of `mask`.

        Raises
        ------
        ValueError
            If the mask has no plane of that name.
        """
        self.check(plane_bits)
        result = np.empty(mask.shape, bool)

        def band(rows: slice) -> None:
            result[rows] = self._evaluate(mask[rows], plane_bits)

        for_bands(band, mask.shape)
        return result

    def check(self, plane_bits: Mapping[str, int]) -> None:
        """Raise `ValueError` if a plane of the expression is not among the mask's."""
        for name in self.names:
            if name not in plane_bits:
                raise ValueError(
                    f"there is no mask plane {name!r} in {self.text!r}; the planes are {', '.join(plane_bits)}"
                )


def parse_planes(text: str) -> PlaneExpression:
    """Read an expression of plane names with ``~`` (not), ``&`` (and), ``^`` (either), ``|`` (or) and parentheses.

    Operators bind in this order, as in Python.

    Raises
    ------
    PlaneExpressionError
        If `text` is not such an expression.
    """
    return _Parser(text).parse()


class _Parser:
    def __init__(self, text: str) -> None:
        if len(text) > _MAX_LENGTH:
            raise PlaneExpressionError(
                f"an expression has at most {_MAX_LENGTH} characters", text[:20] + "…", _MAX_LENGTH
            )
        self._text = text
        self._tokens: list[tuple[str, int]] = []
        self._names: dict[str, None] = {}
        self._next = 0
        self._depth = 0
        position, end = 0, len(text.rstrip())
        while position < end:
            match = _TOKEN.match(text, position)
            if match is None:
                start = position + len(text[position:]) - len(text[position:].lstrip())
                raise PlaneExpressionError(
                    f"expected a plane name, one of & | ^ ~ or a parenthesis, found {text[start]!r}", text, start
                )
            self._tokens.append((match["name"] or match["operator"], match.start(match.lastgroup or 0)))
            position = match.end()

    def parse(self) -> PlaneExpression:
        evaluate = self._either(0)
        if self._peek():
            token, position = self._tokens[self._next]
            raise PlaneExpressionError(f"expected & or | before {token!r}", self._text, position)
        return PlaneExpression(self._text.strip(), tuple(self._names), evaluate)

    def _peek(self) -> str:
        return self._tokens[self._next][0] if self._next < len(self._tokens) else ""

    def _either(self, level: int) -> _Evaluate:
        """One operator per level, the loosest first."""
        if level == len(_OPERATORS):
            return self._operand()
        sign, combine = _OPERATORS[level]
        left = self._either(level + 1)
        while self._peek() == sign:
            self._next += 1
            left = _both(combine, left, self._either(level + 1))
        return left

    def _operand(self) -> _Evaluate:
        token = self._peek()
        position = self._tokens[self._next][1] if token else len(self._text)
        self._next += 1
        if token in ("~", "("):
            self._depth += 1
            if self._depth > _MAX_DEPTH:
                raise PlaneExpressionError("too many nested parentheses and ~", self._text, position)
            if token == "~":
                inside = self._operand()
                result: _Evaluate = lambda mask, bits: ~inside(mask, bits)  # noqa: E731
            else:
                result = self._either(0)
                if self._peek() != ")":
                    raise PlaneExpressionError("this parenthesis is never closed", self._text, position)
                self._next += 1
            self._depth -= 1
            return result
        if not token or token in "&|^)":
            found = repr(token) if token else "the end"
            raise PlaneExpressionError(f"expected a plane name, found {found}", self._text, position)
        self._names[token] = None
        return lambda mask, bits: mask >> np.int32(bits[token]) & np.int32(1) != 0


def _both(combine: Callable[[Where, Where], Where], left: _Evaluate, right: _Evaluate) -> _Evaluate:
    return lambda mask, bits: combine(left(mask, bits), right(mask, bits))


_OPERATORS: tuple[tuple[str, Callable[[Where, Where], Where]], ...] = (
    ("|", np.logical_or),
    ("^", np.logical_xor),
    ("&", np.logical_and),
)


def with_expression(planes: ImagePlanes, expression: PlaneExpression) -> ImagePlanes:
    """The planes with the pixels of `expression` as one more mask plane, named by its text. For a worker.

    An expression that is the name of a plane changes nothing.

    Raises
    ------
    ValueError
        If there is no mask, a plane is unknown, or all 32 bits are taken.
    """
    if planes.mask is None:
        raise ValueError(f"{planes.title or 'this image'} has no mask, so {expression.text!r} says nothing about it")
    if expression.text in planes.plane_bits:
        return planes
    return planes.with_plane(expression.text, expression.evaluate(planes.mask, planes.plane_bits))
