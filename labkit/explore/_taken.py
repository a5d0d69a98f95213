"""What can be taken away from a panel: numbers and pages that say how they were made."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

import labkit
from labkit import theme
from labkit.experiment import as_text
from labkit.explore._picture import CONFIG
from labkit.explore._stage import Shown
from labkit.params import Params

Told = Mapping[str, Any]


def told(view: str, line: str, shown: Shown | None, look: Mapping[str, Any]) -> dict[str, Any]:
    """Return how a picture was made: everything that it depends on, defaults as well.

    Parameters
    ----------
    view : str
        The view that is turned up.
    line : str
        The Python that makes the result again.
    shown : Shown or None
        The result drawn; None where it is on record, and `line` reads it.
    look : mapping
        What the figure is drawn with beside the result.

    Returns
    -------
    dict
        Of what JSON can hold.
    """
    found: dict[str, Any] = {"labkit": labkit.__version__, "view": view, "made by": line}
    if shown is not None:
        setting = shown.setting
        found |= {"parameters": _plain(setting.params), "seed": setting.seed, "replicates": setting.replicates}
        found |= {"complete": shown.whole}
    return found | ({"drawn with": dict(look)} if look else {})


def numbers(figure: go.Figure, made: Told) -> str:
    """Return the numbers behind a figure as CSV, with how they were made in lines before the header."""
    return as_text(theme.data_of(figure), made)


def page(figure: go.Figure, made: Told) -> str:
    """Return a page of HTML that holds the figure, its description and how it was made, and needs no network."""
    plot = figure.to_html(full_html=False, include_plotlyjs=True, config=CONFIG)
    words = html.escape(theme.description(figure))
    rows = "".join(f"<dt>{html.escape(key)}</dt><dd>{_shown(value)}</dd>" for key, value in made.items())
    style = f"body {{ font-family: {theme.FONT}; color: {theme.INK}; max-width: 1100px; margin: 2em auto; }}"
    style += " dt { font-weight: 600; } dd { margin: 0 0 .4em 1.2em; overflow-wrap: anywhere; font-family: monospace; }"
    head = f'<meta charset="utf-8"><title>labkit</title><style>{style}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{plot}<p>{words}</p><dl>{rows}</dl></body></html>'


def _plain(params: Params) -> dict[str, Any]:
    found: dict[str, Any] = params.model_dump(mode="json")
    return found


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return "<br>".join(
            html.escape(f"{name} = {json.dumps(each, ensure_ascii=False)}") for name, each in value.items()
        )
    return html.escape(str(value))
