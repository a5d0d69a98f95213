"""Paper to draw on: one pair of axes, or a grid of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from labkit.theme._look import INK


def figure(*, x: str = "", y: str = "", title: str = "", height: int = 420, room: int = 24) -> go.Figure:
    """Return empty paper with one pair of axes.

    Parameters
    ----------
    x, y : str
        Axis titles, with units.
    title : str
        A short heading, where the figure needs one.
    height : int
        Pixels.
    room : int
        Pixels kept free on the right, for `direct_labels`.
    """
    return panels(1, 1, x=x, y=y, titles=(title,), height=height, room=room)


def panels(
    rows: int,
    columns: int,
    *,
    titles: Sequence[str] = (),
    x: str | Sequence[str] = "",
    y: str | Sequence[str] = "",
    pictures: Sequence[int] = (),
    widths: Sequence[float] = (),
    heights: Sequence[float] = (),
    height: int = 420,
    room: int = 24,
) -> go.Figure:
    """Return empty paper with a grid of plots, numbered from 1 along the rows.

    It does what ``plotly.subplots.make_subplots`` does at a fraction of its time, which a slider needs.

    Parameters
    ----------
    rows, columns : int
        The grid.
    titles : sequence of str
        One per panel; missing ones are empty.
    x, y : str or sequence of str
        Axis titles with units: one for all, or one per panel.
    pictures : sequence of int
        The panels that hold an `image`: square cells, no ticks.
    widths, heights : sequence of float
        Relative sizes of the columns and of the rows (top first); equal where not given.
    height : int
        Pixels.
    room : int
        Pixels kept free on the right, for `direct_labels`.
    """
    inner = [_nth(y, panel) for panel in range(1, rows * columns + 1) if (panel - 1) % columns]
    across = _shares(columns, widths, 0.24 / columns if any(inner) else 0.03)
    down = _shares(rows, heights, 0.36 / (rows + 1))
    layout: dict[str, Any] = {
        "template": "labkit",
        "height": height,
        "margin": {"r": room, "t": 44 if any(titles) else 20},
    }
    headings = []
    for panel in range(1, rows * columns + 1):
        row, column = divmod(panel - 1, columns)
        left, right = across[column]
        bottom, top = 1 - down[row][1], 1 - down[row][0]
        number = "" if panel == 1 else str(panel)
        layout[f"xaxis{number}"] = _axis(_nth(x, panel), (left, right), f"y{number}", panel in pictures)
        layout[f"yaxis{number}"] = _axis(_nth(y, panel), (bottom, top), f"x{number}", panel in pictures)
        if panel in pictures:
            layout[f"yaxis{number}"] |= {"scaleanchor": f"x{number}", "autorange": "reversed", "constraintoward": "top"}
        if panel <= len(titles) and titles[panel - 1]:
            headings.append(
                _heading(
                    titles[panel - 1], left if panel not in pictures else (left + right) / 2, top, panel in pictures
                )
            )
    return go.Figure(layout=layout | {"annotations": headings})


def axes(panel: int = 1) -> dict[str, str]:
    """Return the two keywords that put a trace on this panel: ``go.Scatter(..., **axes(2))``."""
    number = "" if panel == 1 else str(panel)
    return {"xaxis": f"x{number}", "yaxis": f"y{number}"}


def _shares(count: int, weights: Sequence[float], gap: float) -> list[tuple[float, float]]:
    """Return the (start, end) of `count` pieces of the unit interval with gaps between them."""
    relative = np.asarray(weights or [1.0] * count, dtype=float)
    sizes = relative / relative.sum() * (1 - gap * (count - 1))
    starts = np.cumsum(sizes) - sizes + gap * np.arange(count)
    return [(float(a), float(min(a + b, 1.0))) for a, b in zip(starts, sizes, strict=True)]


def _nth(titles: str | Sequence[str], panel: int) -> str:
    return titles if isinstance(titles, str) else titles[panel - 1] if panel <= len(titles) else ""


def _axis(title: str, domain: tuple[float, float], anchor: str, picture: bool) -> dict[str, Any]:
    axis: dict[str, Any] = {"domain": domain, "anchor": anchor, "title": {"text": title}}
    if picture:
        axis |= {"showticklabels": False, "showgrid": False, "showline": False, "ticks": "", "constrain": "domain"}
    return axis


def _heading(text: str, x: float, y: float, centred: bool) -> dict[str, Any]:
    anchor = "center" if centred else "left"
    place = {"xref": "paper", "yref": "paper", "x": x, "y": y, "xanchor": anchor, "yanchor": "bottom", "yshift": 6}
    return {"text": text, "showarrow": False, "font": {"size": 14, "color": INK}, **place}
