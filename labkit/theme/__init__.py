"""The one look of every figure: quiet paper, colours that everyone can tell apart, labels at the line ends.

A figure function asks for paper (`figure`, or `panels` for several plots side by side), adds traces
(`line`, `points`, `band`, `theory`, `reported`, `image`, `direct_labels`), says in one sentence what is to be
seen (`describe`), and returns the figure.
"""

from labkit.theme._look import DASHES, FONT, GRID, INK, MARKERS, PALETTE, PAPER, SUBDUED, Style, readable, styled
from labkit.theme._paper import axes, figure, panels
from labkit.theme._traces import Trace, band, direct_labels, image, line, png_uri, points, reported, theory, two_sided
from labkit.theme._words import data_of, describe, description

__all__ = [
    "DASHES",
    "FONT",
    "GRID",
    "INK",
    "MARKERS",
    "PALETTE",
    "PAPER",
    "SUBDUED",
    "Style",
    "Trace",
    "axes",
    "band",
    "data_of",
    "describe",
    "description",
    "direct_labels",
    "figure",
    "image",
    "line",
    "panels",
    "png_uri",
    "points",
    "readable",
    "reported",
    "styled",
    "theory",
    "two_sided",
]
