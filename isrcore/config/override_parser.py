"""Override files and command-line overrides, read without running them.

The LSST stack executes its config files as Python; a file from elsewhere could then do anything. Here the text is
parsed, and only the few statements that override files and saved configs need are understood; any other is an error.
"""

from __future__ import annotations

import ast
import re
from typing import Any

from lsst.pex.config import ChoiceField, Config, ConfigField, ConfigurableField, DictField, Field, ListField

from isrcore.values import frozen

__all__ = ["COMMAND_LINE", "Assignment", "OverrideError", "parse_assignment", "parse_overrides", "typed_value"]

COMMAND_LINE = "command line"

ALLOWED = (
    "config.field = literal, config.field['key'] = literal, config.subtask.retarget(target=...) to the task it has, "
    "import lines, assert type(config) == CLASS, docstrings and comments"
)


class OverrideError(ValueError):
    """An override cannot be read or applied. The message names file, line, what was expected and what was found.

    Attributes
    ----------
    name : str
        The file, or `COMMAND_LINE`.
    line : int
        1-based; 0 where there are no lines.
    """

    def __init__(self, name: str, line: int, problem: str, text: str = "") -> None:
        place = f"{name}, line {line}" if line else name
        super().__init__(f"{place}: {problem}" + (f"\n    {text[:200]}" if text else ""))
        self.name = name
        self.line = line


@frozen
class Assignment:
    """One override.

    Attributes
    ----------
    path : str
        Dotted path of the field.
    value : object
        Plain Python; if `as_typed`, the text.
    key : object or None
        Item of a dict field.
    name, line, text : str, int, str
        Where it stands, for messages and the field's history.
    as_typed : bool
        Whether the type of the field decides what the text `value` means.
    """

    path: str
    value: Any
    key: Any = None
    name: str = COMMAND_LINE
    line: int = 0
    text: str = ""
    as_typed: bool = False


class _NotAllowed(Exception):
    """A statement, or a part of one, that override files may not hold."""

    def __init__(self, node: ast.stmt | ast.expr, problem: str) -> None:
        super().__init__(problem)
        self.line = node.lineno


def parse_overrides(text: str, name: str, config: Config) -> list[Assignment]:
    """The assignments in the text of an override file, in their order; nothing is executed.

    Parameters
    ----------
    text : str
    name : str
        The file, for messages.
    config : `lsst.pex.config.Config`
        The config that the file is for; its ``assert`` and ``retarget`` lines must agree with it.

    Raises
    ------
    OverrideError
        For a syntax error or the first statement that is not allowed.
    """
    lines = re.split(r"\r\n?|\n", text)  # as Python counts lines; splitlines would break at form feeds too

    def error(line: int, problem: str) -> OverrideError:
        return OverrideError(name, line, problem, lines[line - 1].strip() if 0 < line <= len(lines) else "")

    try:
        body = ast.parse(text).body
        found = [(statement.lineno, _read_statement(statement, config)) for statement in body]
    except SyntaxError as problem:
        raise error(problem.lineno or 0, f"not Python ({problem.msg})") from problem
    except _NotAllowed as problem:
        raise error(problem.line, str(problem)) from None
    except (ValueError, RecursionError, MemoryError) as problem:
        raise error(0, f"not an override file ({problem})") from problem
    return [
        Assignment(*assigned, name=name, line=line, text=lines[line - 1].strip())
        for line, assigned in found
        if assigned is not None
    ]


def _read_statement(statement: ast.stmt, config: Config) -> tuple[str, Any, Any] | None:
    """Path, value and key of an assignment; None for a statement without effect."""
    match statement:
        case ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant(value=str())):
            return None
        case ast.Assert(test=test):
            _check_type(test, config)
            return None
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=subtask, attr="retarget")) as call):
            _check_retarget(_path(subtask), call, config)
            return None
        case ast.Assign(targets=[ast.Subscript(value=target, slice=key)], value=value):
            return _path(target), _literal(value), _key(key)
        case ast.Assign(targets=[target], value=value):
            return _path(target), _literal(value), None
    raise _NotAllowed(statement, f"this statement is not allowed; allowed are {ALLOWED}")


def _dotted(node: ast.expr) -> str:
    """The text of ``a.b.c``."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=name):
            return f"{_dotted(value)}.{name}"
    raise _NotAllowed(node, "expected a dotted name")


def _path(node: ast.expr) -> str:
    """The field path in ``config.a.b``."""
    root, _, path = _dotted(node).partition(".")
    if root != "config" or not path:
        raise _NotAllowed(node, "expected a field of config, like config.doBias")
    return path


def _literal(node: ast.expr) -> Any:
    """The value of a literal; besides Python's own, ``float('nan')`` and the like, which saved configs hold."""
    match node:
        case ast.Constant(value=None | bool() | int() | float() | str() as value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
            return -number
        case ast.UnaryOp(op=ast.UAdd(), operand=ast.Constant(value=int() | float() as number)):
            return number
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return [_literal(item) for item in items]
        case ast.Dict(keys=keys, values=values):
            return {_key(key or node): _literal(item) for key, item in zip(keys, values, strict=True)}
        case ast.Call(func=ast.Name(id="float"), args=[ast.Constant(value=str() as text)], keywords=[]):
            try:
                return float(text)
            except ValueError:
                raise _NotAllowed(node, f"float({text!r}) is not a number") from None
    raise _NotAllowed(node, "expected a literal value: a number, a string, True, False, None, a list or a dict")


def _key(node: ast.expr) -> Any:
    """A key of a dict."""
    match node:
        case ast.Constant(value=int() | float() | str() as key):
            return key
    raise _NotAllowed(node, "expected a number or a string as key")


def _check_type(test: ast.expr, config: Config) -> None:
    """Accept ``type(config) == package.Class`` (or ``is``) when the config is of a class of that name."""
    match test:
        case ast.Compare(
            left=ast.Call(func=ast.Name(id="type"), args=[ast.Name(id="config")], keywords=[]),
            ops=[ast.Eq() | ast.Is()],
            comparators=[class_name],
        ):
            name = _dotted(class_name).split(".")[-1]
            if name not in [cls.__name__ for cls in type(config).__mro__]:
                raise _NotAllowed(test, f"the file is for a {name}, but the config is a {type(config).__name__}")
        case _:
            raise _NotAllowed(test, "expected assert type(config) == CLASS")


def _check_retarget(path: str, call: ast.Call, config: Config) -> None:
    """Accept a ``retarget`` that names the task and config class that the subtask has already."""
    subtask: Any = config
    for name in path.split("."):
        field = subtask._fields.get(name)
        if not isinstance(field, (ConfigField, ConfigurableField)):
            raise _NotAllowed(call, f"{path} is not a subtask of {type(config).__name__}")
        subtask = getattr(subtask, name)
    present = {"target": subtask.target, "ConfigClass": subtask.ConfigClass} if hasattr(subtask, "retarget") else {}
    given: dict[str | None, ast.expr] = dict(zip(("target", "ConfigClass"), call.args, strict=False))
    given |= {keyword.arg: keyword.value for keyword in call.keywords}
    if not given or not set(given) <= set(present):
        raise _NotAllowed(call, f"expected {path}.retarget(target=..., ConfigClass=...) of a subtask")
    for argument, node in given.items():
        wanted, has = _dotted(node).split(".")[-1], present[str(argument)].__name__
        if wanted != has:
            raise _NotAllowed(node, f"{path} cannot be retargeted by a file: it is a {has}, the file wants {wanted}")


def parse_assignment(text: str) -> Assignment:
    """One override as typed on the command line: ``doBias=True``, ``overscan.fitType=MEAN``, ``fringe.filters=r,i``.

    The value is a Python literal, a bare word for a string or a choice, or a comma list for a list field; the
    field decides which when the override is applied. ``field['key']=value`` sets one item of a dict field.

    Raises
    ------
    OverrideError
        If the text has not this form.
    """
    left, equals, value = text.partition("=")
    try:
        node = ast.parse(left.strip(), mode="eval").body
        key = None
        if isinstance(node, ast.Subscript):
            key, node = _key(node.slice), node.value
        path = _dotted(node).removeprefix("config.")
    except (SyntaxError, ValueError, RecursionError, MemoryError, _NotAllowed):
        path = ""
    if not equals or not path:
        raise OverrideError(COMMAND_LINE, 0, "expected FIELD=VALUE, like doBias=True", text)
    return Assignment(path, value.strip(), key, text=text, as_typed=True)


def typed_value(text: str, field: Field, is_item: bool) -> Any:
    """What `text` means as the value of a field, or as one item of a dict field; unusable text is returned as it is.

    Parameters
    ----------
    text : str
        A Python literal, a bare word, or for a list field words separated by commas.
    field : `lsst.pex.config.Field`
    is_item : bool
        Whether it is one item of a dict field.
    """
    literal = _literal_or_text(text)
    if literal is None and not (isinstance(field, ChoiceField) and text in field.allowed):
        return None
    if isinstance(field, ListField) and not isinstance(literal, list):
        return [_word(item.strip(), field.itemtype) for item in text.split(",") if item.strip()]
    if isinstance(field, ListField) or (isinstance(field, DictField) and not is_item):
        return literal
    return _word(text, field.itemtype if isinstance(field, DictField) else field.dtype)


def _literal_or_text(text: str) -> Any:
    try:
        return _literal(ast.parse(text, mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError, _NotAllowed):
        return text


def _word(text: str, dtype: type) -> Any:
    """A single value as typed: a string with or without quotes, True or False, a number, nan or inf."""
    value = _literal_or_text(text)
    if dtype is str and not isinstance(value, str):
        return text
    if dtype is float and value in ("nan", "inf", "-inf"):
        return float(value)
    return value
