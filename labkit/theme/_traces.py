"""What is drawn on the paper: lines, points, bands, theory, labels at the line ends, and pictures of grids."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labkit.theme._look import INK, PALETTE, PAPER, Style
from labkit.theme._paper import axes

# A trace as plotly's figures take it. A dict, because plotly would check an object once more as it is added.
Trace = dict[str, Any]


def line(x: ArrayLike, y: ArrayLike, style: Style, name: str, *, panel: int = 1) -> Trace:
    """Return a line in the style's colour and dash."""
    look = {"color": style.color, "dash": style.dash, "width": 2.2}
    return _scatter(x, y, name, panel) | {"mode": "lines", "line": look}


def points(
    x: ArrayLike, y: ArrayLike, style: Style, name: str, *, error: ArrayLike | None = None, panel: int = 1
) -> Trace:
    """Return markers in the style's colour and symbol, with symmetric error bars where `error` is given."""
    look = {"color": style.color, "symbol": style.symbol, "size": 8, "line": {"color": PAPER, "width": 1}}
    bars = None if error is None else {"array": _floats(error), "color": style.color, "thickness": 1.4, "width": 3}
    return _scatter(x, y, name, panel) | {"mode": "markers", "marker": look, "error_y": bars}


def band(x: ArrayLike, low: ArrayLike, high: ArrayLike, style: Style, name: str, *, panel: int = 1) -> Trace:
    """Return the area between `low` and `high`: an interval, or a spread, around a line."""
    around = np.concatenate([_floats(x), _floats(x)[::-1]])
    edge = np.concatenate([_floats(high), _floats(low)[::-1]])
    look = {"mode": "lines", "line": {"width": 0}, "fill": "toself", "fillcolor": _faint(style.color)}
    return _scatter(around, edge, name, panel) | look | {"hoverinfo": "skip", "meta": "band"}


def theory(x: ArrayLike, y: ArrayLike, name: str, *, panel: int = 1) -> Trace:
    """Return the thin dark line that stands for a closed form."""
    return _scatter(x, y, name, panel) | {"mode": "lines", "line": {"color": INK, "width": 1, "dash": "solid"}}


def reported(x: ArrayLike, y: ArrayLike, name: str, *, panel: int = 1) -> Trace:
    """Return the open grey diamonds that stand for numbers reported in a paper."""
    look = {"color": PAPER, "symbol": "diamond", "size": 10, "line": {"color": PALETTE["grey"], "width": 1.6}}
    return _scatter(x, y, name, panel) | {"mode": "markers", "marker": look}


def direct_labels(
    x: ArrayLike,
    y: ArrayLike,
    texts: Sequence[str],
    styles: Sequence[Style],
    *,
    span: tuple[float, float],
    panel: int = 1,
) -> Trace:
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
    ends_at = _floats(y)
    # The browser draws no label that stands beyond the axis.
    within = (min(span[0], ends_at.min(initial=span[0])), max(span[1], ends_at.max(initial=span[1])))
    heights = _apart(ends_at, 0.065 * (span[1] - span[0]), within)
    look = {"color": [style.text for style in styles], "size": 13}
    words = {"mode": "text", "text": [f" {text}" for text in texts], "textfont": look, "textposition": "middle right"}
    ends = np.broadcast_to(_floats(x), heights.shape)
    return _scatter(ends, heights, "", panel) | words | {"cliponaxis": False, "hoverinfo": "skip", "meta": "label"}


def image(rgb: NDArray[np.uint8], name: str = "", *, panel: int = 1) -> Trace:
    """Return a grid drawn as a picture, one pixel per cell: far lighter to send than a heat map.

    Parameters
    ----------
    rgb : array of uint8, shape (rows, columns, 3)
        Red, green and blue of each cell.
    """
    return {"type": "image", "source": png_uri(rgb), "name": name, "hoverinfo": "skip", **axes(panel)}


def two_sided(values: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Return colours for `image`: blue below zero, white at zero, vermilion above.

    Parameters
    ----------
    values : array of float, shape (rows, columns)
        The largest in size gets the full colour.
    """
    strength = np.clip(np.abs(values) / max(1e-9, float(np.abs(values).max())), 0, 1)[..., None] ** 0.7
    below, above = (np.array(_rgb(PALETTE[name])) for name in ("blue", "vermilion"))
    ends = np.where(values[..., None] > 0, above, below)
    return (255 * (1 - strength) + ends * strength).astype(np.uint8)


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


def _scatter(x: ArrayLike, y: ArrayLike, name: str, panel: int) -> Trace:
    return {"type": "scatter", "x": _floats(x), "y": _floats(y), "name": name, **axes(panel)}


def _floats(values: ArrayLike) -> NDArray[Any]:
    # 1-D floats travel to the browser as bytes; lists and 64-bit whole numbers would travel as text.
    array = np.atleast_1d(np.asarray(values))
    return array if array.dtype == np.float32 else array.astype(np.float64)


def _faint(color: str) -> str:
    red, green, blue = _rgb(color)
    return f"rgba({red},{green},{blue},0.16)"


def _rgb(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _apart(heights: NDArray[Any], distance: float, within: tuple[float, float] = (-math.inf, math.inf)) -> NDArray[Any]:
    """Return the heights in the same order, moved as little as needed to stand `distance` apart within the bounds."""
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
    low, high = within[0], within[1] - distance * max(len(heights) - 1, 0)
    places = np.clip(np.repeat([p[0] for p in pools], [int(p[1]) for p in pools]), min(low, high), high)
    settled[order] = places + steps
    return settled
