"""What tells the series of a figure apart, and whether its words can be read."""

import itertools
import re

from colours import contrast

from labkit import theme

HOLLOW = "rgba(0,0,0,0)"


def mode(trace):
    return getattr(trace, "mode", None) or ""


def colour_of(trace):
    return trace.marker.color if trace.type == "bar" or "markers" in mode(trace) else trace.line.color


def cue(trace):
    """Return what tells a trace from another without its colour: dash and width of a line, symbol, pattern of a bar."""
    if trace.type == "bar":
        return "bar", trace.marker.pattern.shape
    line = (trace.line.dash or "solid", trace.line.width) if "lines" in mode(trace) else None
    symbol = trace.marker.symbol or "circle" if "markers" in mode(trace) else None
    hollow = "markers" in mode(trace) and trace.marker.color in {theme.PAPER, HOLLOW}
    return trace.type, line, hollow, symbol if isinstance(symbol, str | None) else tuple(symbol)


def named(figure):
    """Return the words that stand on the lines, bars and points themselves."""
    texts = [trace.text for trace in figure.data if "text" in mode(trace)]
    words = itertools.chain.from_iterable([text] if isinstance(text, str) else text for text in texts)
    return {str(word).strip() for word in words}


def series(figure):
    """Return the traces that have one colour of their own; a band goes with its line."""
    shown = (t for t in figure.data if t.type in {"scatter", "bar"} and t.meta not in {"label", "band"})
    return [trace for trace in shown if mode(trace) != "text" and isinstance(colour_of(trace), str)]


def told_by_colour_alone(figure):
    """Return the pairs of series on one pair of axes that differ in nothing but their colour."""
    told = named(figure)
    return [
        f"{one.name!r} and {other.name!r}"
        for one, other in itertools.combinations(series(figure), 2)
        if one.xaxis == other.xaxis and colour_of(one) != colour_of(other)
        if cue(one) == cue(other) and not {one.name, other.name} & told
    ]


def lonely_bands(figure):
    """Return the bands, where there are several, that lie around no line or points of their colour."""
    found = []
    for panel in {trace.xaxis for trace in figure.data if trace.meta == "band"}:
        bands = {trace.fillcolor for trace in figure.data if trace.meta == "band" and trace.xaxis == panel}
        lines = {_parts(colour_of(trace)) for trace in series(figure) if trace.xaxis == panel}
        found += [
            band for band in bands if len(bands) > 1 and tuple(map(int, re.findall(r"\d+", band)[:3])) not in lines
        ]
    return found


def _parts(color):
    return tuple(int(color[i : i + 2], 16) for i in (1, 3, 5)) if color.startswith("#") else color


def faint_words(figure):
    """Return the colours of labels and annotations that are too faint to be read on the paper (WCAG 2.2, 1.4.3)."""
    fonts = [trace.textfont.color for trace in figure.data if mode(trace) == "text" or trace.meta == "label"]
    fonts += [note.font.color for note in figure.layout.annotations]
    fonts += [found for note in figure.layout.annotations for found in re.findall(r"color: ?(#\w{6})", note.text or "")]
    flat = itertools.chain.from_iterable([font] if isinstance(font, str) else font or () for font in fonts)
    return [color for color in flat if contrast(color, theme.PAPER) < 4.5]
