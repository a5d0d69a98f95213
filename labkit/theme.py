"""The one look of every figure: quiet paper, colours that everyone can tell apart, labels at the line ends.

A figure function asks for paper (`figure`, or `panels` for several plots side by side), adds traces
(`line`, `points`, `band`, `theory`, `reported`, `image`, `direct_labels`), says in one sentence what is to be
seen (`describe`), and returns the figure.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go
import plotly.io as pio
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    import pandas as pd

PAPER, INK, SUBDUED, GRID = "#ffffff", "#2b2b33", "#6d6d78", "#ececf0"
FONT = "'Source Sans 3', 'Segoe UI', 'Helvetica Neue', 'Liberation Sans', Arial, sans-serif"

# Okabe and Ito (2008), Color Universal Design; their yellow, too pale for a line on white, is left out.
PALETTE = {
    "blue": "#0072B2",
    "vermilion": "#D55E00",
    "green": "#009E73",
    "purple": "#CC79A7",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "ink": "#2b2b33",
    "grey": "#8a8a94",
}
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot", "solid", "dot")
MARKERS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "x", "cross", "star")


@dataclass(frozen=True, slots=True)
class Style:
    """How one series looks: a colour, and a dash and a marker that tell it apart without the colour."""

    color: str
    dash: str
    symbol: str


def styled(key: int | str) -> Style:
    """Return the style with this place in the palette, or with this colour's name.

    Raises
    ------
    ValueError
        There is no colour of that name.
    """
    names = list(PALETTE)
    if isinstance(key, str) and key not in PALETTE:
        raise ValueError(f"style {key!r}: allowed is one of {', '.join(names)}, or a whole number")
    place = names.index(key) if isinstance(key, str) else key % len(names)
    return Style(PALETTE[names[place]], DASHES[place], MARKERS[place])


# ---------------------------------------------------------------------------------------------- paper


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


# --------------------------------------------------------------------------------------------- traces


def line(x: ArrayLike, y: ArrayLike, style: Style, name: str, *, panel: int = 1) -> go.Scatter:
    """Return a line in the style's colour and dash."""
    look = {"color": style.color, "dash": style.dash, "width": 2.2}
    return go.Scatter(x=_floats(x), y=_floats(y), mode="lines", line=look, name=name, showlegend=False, **axes(panel))


def points(
    x: ArrayLike, y: ArrayLike, style: Style, name: str, *, error: ArrayLike | None = None, panel: int = 1
) -> go.Scatter:
    """Return markers in the style's colour and symbol, with symmetric error bars where `error` is given."""
    look = {"color": style.color, "symbol": style.symbol, "size": 8, "line": {"color": PAPER, "width": 1}}
    bars = None if error is None else {"array": _floats(error), "color": style.color, "thickness": 1.4, "width": 3}
    return go.Scatter(
        x=_floats(x),
        y=_floats(y),
        mode="markers",
        marker=look,
        error_y=bars,
        name=name,
        showlegend=False,
        **axes(panel),
    )


def band(x: ArrayLike, low: ArrayLike, high: ArrayLike, style: Style, name: str, *, panel: int = 1) -> go.Scatter:
    """Return the area between `low` and `high`: an interval, or a spread, around a line."""
    there, back = _floats(x), _floats(x)[::-1]
    return go.Scatter(
        x=np.concatenate([there, back]),
        y=np.concatenate([_floats(high), _floats(low)[::-1]]),
        **{
            "fill": "toself",
            "fillcolor": _faint(style.color),
            "line": {"width": 0},
            "mode": "lines",
            "hoverinfo": "skip",
        },
        **{"name": name, "meta": "band", "showlegend": False, **axes(panel)},
    )


def theory(x: ArrayLike, y: ArrayLike, name: str, *, panel: int = 1) -> go.Scatter:
    """Return the thin dark line that stands for a closed form."""
    look = {"color": INK, "width": 1, "dash": "solid"}
    return go.Scatter(x=_floats(x), y=_floats(y), mode="lines", line=look, name=name, showlegend=False, **axes(panel))


def reported(x: ArrayLike, y: ArrayLike, name: str, *, panel: int = 1) -> go.Scatter:
    """Return the open grey diamonds that stand for numbers reported in a paper."""
    look = {"color": PAPER, "symbol": "diamond", "size": 10, "line": {"color": PALETTE["grey"], "width": 1.6}}
    return go.Scatter(
        x=_floats(x), y=_floats(y), mode="markers", marker=look, name=name, showlegend=False, **axes(panel)
    )


def direct_labels(
    x: ArrayLike,
    y: ArrayLike,
    texts: Sequence[str],
    styles: Sequence[Style],
    *,
    span: tuple[float, float],
    panel: int = 1,
) -> go.Scatter:
    """Return labels to the right of line ends, moved apart where they would cover each other.

    Parameters
    ----------
    x, y : array of float, shape (lines,)
        Where the lines end.
    texts, styles : sequence
        One per line.
    span : (float, float)
        The lowest and highest y on the panel, from which the needed distance follows.
    """
    heights = _apart(_floats(y), 0.065 * (span[1] - span[0]))
    colors = [style.color for style in styles]
    return go.Scatter(
        x=np.broadcast_to(_floats(x), heights.shape),
        y=heights,
        **{
            "text": [f" {text}" for text in texts],
            "textfont": {"color": colors, "size": 13},
            "textposition": "middle right",
        },
        **{
            "mode": "text",
            "cliponaxis": False,
            "hoverinfo": "skip",
            "showlegend": False,
            "meta": "label",
            **axes(panel),
        },
    )


def image(rgb: NDArray[np.uint8], name: str = "", *, panel: int = 1) -> go.Image:
    """Return a grid drawn as a picture, one pixel per cell: far lighter to send than a heat map.

    Parameters
    ----------
    rgb : array of uint8, shape (rows, columns, 3)
        Red, green and blue of each cell.
    """
    return go.Image(source=png_uri(rgb), name=name, hoverinfo="skip", **axes(panel))


def png_uri(rgb: NDArray[np.uint8]) -> str:
    """Return an array of colours as the address of a PNG picture that is held in the address itself.

    Raises
    ------
    ValueError
        `rgb` is not an array of uint8 of shape (rows, columns, 3 or 4).
    """
    from PIL import Image

    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] not in (3, 4):
        raise ValueError(
            f"rgb has type {rgb.dtype} and shape {rgb.shape}: allowed is uint8 of shape (rows, columns, 3 or 4)"
        )
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(rgb)).save(buffer, format="PNG", compress_level=1)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def _floats(values: ArrayLike) -> NDArray[Any]:
    # 1-D floats travel to the browser as bytes; lists and 64-bit whole numbers would travel as text.
    array = np.atleast_1d(np.asarray(values))
    return array if array.dtype == np.float32 else array.astype(np.float64)


def _faint(color: str) -> str:
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.16)"


def _apart(heights: NDArray[Any], distance: float) -> NDArray[Any]:
    """Return the heights in the same order, moved as little as needed to stand `distance` apart."""
    order = np.argsort(heights, kind="stable")
    steps = distance * np.arange(len(heights))
    # Positions that keep a distance are increasing once the distances are taken off: pool neighbours that are not.
    pools: list[list[float]] = []
    for value in heights[order] - steps:
        pools.append([float(value), 1])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (a, n), (b, m) = pools[-2], pools.pop()
            pools[-1] = [(a * n + b * m) / (n + m), n + m]
    settled = np.empty(len(heights))
    settled[order] = np.repeat([p[0] for p in pools], [int(p[1]) for p in pools]) + steps
    return settled


# ---------------------------------------------------------------------------------- words and numbers


def describe(fig: go.Figure, sentence: str) -> go.Figure:
    """Store one sentence that says what is to be seen; it becomes caption and alt text. Return the figure."""
    fig.layout.meta = {"description": sentence}
    return fig


def description(fig: go.Figure) -> str:
    """Return the sentence stored by `describe`, or an empty string."""
    meta = fig.layout.meta
    return str(meta.get("description", "")) if isinstance(meta, dict) else ""


def data_of(fig: go.Figure) -> pd.DataFrame:
    """Return the numbers behind a figure, one row per point.

    Returns
    -------
    DataFrame
        Columns trace, x_axis, y_axis (titles), x, y, lower, upper. A band gives lower and upper, a line
        or points give y, and also lower and upper where there are error bars. Pictures give no rows.
    """
    import pandas as pd

    columns = ["trace", "x_axis", "y_axis", "x", "y", "lower", "upper"]
    parts = [_rows(fig, trace) for trace in fig.data if getattr(trace, "y", None) is not None and trace.meta != "label"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def _rows(fig: go.Figure, trace: Any) -> pd.DataFrame:
    import pandas as pd

    y = np.asarray(trace.y)
    x = np.arange(len(y)) if trace.x is None else np.asarray(trace.x)
    names = {
        "trace": trace.name or "",
        "x_axis": _title(fig, trace.xaxis or "x"),
        "y_axis": _title(fig, trace.yaxis or "y"),
    }
    if trace.meta == "band":
        half = len(y) // 2
        return pd.DataFrame({**names, "x": x[:half], "y": np.nan, "lower": y[half:][::-1], "upper": y[:half]})
    lower, upper = np.full(len(y), np.nan), np.full(len(y), np.nan)
    bars = getattr(trace, "error_y", None)
    if bars is not None and bars.array is not None:
        upper = y + np.asarray(bars.array)
        lower = y - np.asarray(bars.array if bars.arrayminus is None else bars.arrayminus)
    return pd.DataFrame({**names, "x": x, "y": y, "lower": lower, "upper": upper})


def _title(fig: go.Figure, axis: str) -> str:
    return str(fig.layout[f"{axis[0]}axis{axis[1:]}"].title.text or "")


def _template() -> go.layout.Template:
    axis = {
        **{"showgrid": False, "zeroline": False, "showline": True, "linecolor": SUBDUED, "linewidth": 1},
        **{"ticks": "outside", "ticklen": 4, "tickcolor": SUBDUED, "tickfont": {"color": SUBDUED, "size": 12}},
        "title": {"font": {"color": INK, "size": 13}, "standoff": 10},
        "automargin": True,
    }
    layout = {
        **{"paper_bgcolor": PAPER, "plot_bgcolor": PAPER, "colorway": list(PALETTE.values())},
        **{"font": {"family": FONT, "size": 13, "color": INK}, "margin": {"l": 64, "r": 24, "t": 44, "b": 52}},
        **{"hovermode": "closest", "hoverlabel": {"bgcolor": PAPER, "font": {"family": FONT}}, "showlegend": False},
        **{"modebar": {"bgcolor": "rgba(0,0,0,0)", "color": SUBDUED, "activecolor": INK, "orientation": "v"}},
        "xaxis": axis,
        "yaxis": axis | {"showgrid": True, "gridcolor": GRID, "gridwidth": 1, "showline": False, "ticks": ""},
        "legend": {"bgcolor": "rgba(0,0,0,0)", "orientation": "h", "y": 1.02, "yanchor": "bottom"},
    }
    return go.layout.Template(layout=layout)


pio.templates["labkit"] = _template()
