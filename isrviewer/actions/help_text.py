"""The help page, written by the program itself: from the steps, the config fields and the table of actions."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from isrcore import __version__
from isrviewer.actions.table import ACTIONS, MENUS, MOUSE, keys_of

__all__ = ["help_html"]

_PACKAGES = ("numpy", "astropy", "lsst-pex-config", "PySide6-Essentials")


def help_html(shortcuts: Mapping[str, str]) -> str:
    """The page as HTML; anchors are ``steps``, ``fields``, ``keys``, ``about``, and names of steps and fields.

    Parameters
    ----------
    shortcuts : mapping
        The user's changed keys, action id -> keys.
    """
    links = " · ".join(f'<a href="#{name}">{name}</a>' for name in ("steps", "fields", "keys", "about"))
    parts = [f"<p>{links}</p>", _steps(), _fields(), _keys(shortcuts), _about()]
    return "\n".join(parts)


def _steps() -> str:
    from isrcore.chain import CHAIN

    parts = ['<h2><a name="steps">Steps, in the order in which they run</a></h2>']
    for step in CHAIN:
        facts = [f"method <code>{escape(step.method)}</code>"]
        if step.switch:
            facts.insert(0, f"switched by {_field_link(step.switch)}")
        if step.needs:
            facts.append(f"needs {escape(', '.join(step.needs))}")
        if step.writes:
            facts.append(f"may change {escape(', '.join(sorted(step.writes)))}")
        parts.append(f'<h4><a name="{step.name}">{escape(step.label)}</a> · {step.name}</h4>')
        parts.append(f"<p>{escape(step.doc)}<br><small>{'; '.join(facts)}</small></p>")
    return "\n".join(parts)


def _field_link(path: str) -> str:
    return f'<a href="#field-{path}">{path}</a>'


def _fields() -> str:
    from isrcore.chain import CHAIN
    from isrcore.config.describe import describe_fields
    from isrcore.config.fields import expected, find_field
    from isrviewer.session.config import effective_config

    config, _ = effective_config(())
    labels = {step.name: step.label for step in CHAIN}
    parts = ['<h2><a name="fields">Config fields</a></h2>']
    for info in describe_fields(config, CHAIN):
        takes = expected(find_field(config, info.path)[1]) + (f" [{info.unit}]" if info.unit else "")
        readers = ", ".join(f'<a href="#{name}">{escape(labels[name])}</a>' for name in info.steps)
        deprecated = f" Deprecated: {escape(info.deprecated)}" if info.deprecated else ""
        parts.append(
            f'<p><a name="field-{info.path}"><b>{info.path}</b></a> — {escape(info.doc)}{deprecated}<br>'
            f"<small>takes {escape(takes)}{f'; read by {readers}' if readers else ''}</small></p>"
        )
    return "\n".join(parts)


def _keys(shortcuts: Mapping[str, str]) -> str:
    parts = ['<h2><a name="keys">Actions and keys</a></h2>']
    for menu in MENUS:
        rows = [
            (" ".join(keys_of(action, shortcuts)), action.text, action.tip)
            for action in ACTIONS
            if action.menu == menu
        ]
        parts.append(f"<h4>{menu}</h4>{_table(rows)}")
    parts.append(f"<h4>Mouse in an image panel</h4>{_table([(*row, '') for row in MOUSE])}")
    return "\n".join(parts)


def _table(rows: list[tuple[str, str, str]]) -> str:
    lines = (
        f"<tr><td><code>{escape(keys)}</code>&nbsp;&nbsp;</td><td>{escape(text)}</td>"
        f"<td>&nbsp;<small>{escape(tip)}</small></td></tr>"
        for keys, text, tip in rows
    )
    return f"<table>{''.join(lines)}</table>"


def _about() -> str:
    from importlib.metadata import version

    lines = [f"isrviewer {__version__}", *(f"{package} {version(package)}" for package in _PACKAGES)]
    return f'<h2><a name="about">About</a></h2><p>{"<br>".join(map(escape, lines))}</p>'
