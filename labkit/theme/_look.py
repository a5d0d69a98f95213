"""The look itself: colours with a dash and a marker each, and the plotly template."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import plotly.graph_objects as go
import plotly.io as pio

PAPER, INK, SUBDUED, GRID = "#ffffff", "#2b2b33", "#6d6d78", "#ececf0"
CONTRAST = 4.5  # of words on the paper
FONT = "'Source Sans 3', 'Segoe UI', 'Helvetica Neue', 'Liberation Sans', Arial, sans-serif"

# Okabe and Ito (2008), Color Universal Design; their yellow, too pale for a line on white, is left out.
# The grey is ours, and dark: to those who do not see green, a middle grey looks like the purple.
PALETTE = {
    "blue": "#0072B2",
    "vermilion": "#D55E00",
    "green": "#009E73",
    "purple": "#CC79A7",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "ink": "#2b2b33",
    "grey": SUBDUED,
}
# The last two are lengths of stroke, gap, stroke, gap ... in pixels: dash dot dot, and sparse dots.
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot", "12px,3px,2px,3px,2px,3px", "3px,7px")
MARKERS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "x", "cross", "star")


@dataclass(frozen=True, slots=True)
class Style:
    """How one series looks: a colour, and a dash and a marker that tell it apart without the colour."""

    color: str
    dash: str
    symbol: str

    @property
    def text(self) -> str:
        """The colour of words about the series: as it is, or darker until one can read it on the paper."""
        return readable(self.color)


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


@cache
def readable(color: str) -> str:
    """Return a colour darkened until words in it can be read on the paper (WCAG 2.2, 1.4.3: a contrast of 4.5).

    Parameters
    ----------
    color : str
        As ``#rrggbb``.

    Returns
    -------
    str
        As ``#rrggbb``.
    """
    parts = [int(color[i : i + 2], 16) for i in (1, 3, 5)]
    shades = ([round(part * percent / 100) for part in parts] for percent in range(100, -1, -1))
    red, green, blue = next(shade for shade in shades if 1.05 / (_luminance(shade) + 0.05) >= CONTRAST)
    return f"#{red:02x}{green:02x}{blue:02x}"


def _luminance(parts: Sequence[int]) -> float:
    """Return the relative luminance of red, green and blue from 0 to 255 (WCAG 2.2)."""
    linear = [p / 255 / 12.92 if p <= 10 else ((p / 255 + 0.055) / 1.055) ** 2.4 for p in parts]
    return float(sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True)))


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
