"""The look itself: colours with a dash and a marker each, and the plotly template."""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go
import plotly.io as pio

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
