"""The map of the papers: a row per part, a place per lesson, a mark per paper. Papers in, figure out."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import plotly.graph_objects as go

from labkit import theme
from labkit.curriculum import Lesson, lessons
from labkit.papers import KINDS, Paper, papers, status

SYMBOLS = dict(zip(KINDS, ("circle", "square", "star", "diamond", "triangle-up"), strict=True))
PLURALS = dict(zip(KINDS, ("mechanisms", "systems", "benchmarks", "surveys", "positions"), strict=True))
MARK = {"main": 15, "section": 12, "framing": 10}
STEP, START = 0.12, 0.055
FAINT = 0.1
LEGEND = (START, 0.78, 1.36, 2.1, 2.67, 3.27, 5.02)
RUNS, PLANNED, FOUND, EDGE = theme.PALETTE["blue"], "#dcdce3", "#7d7d88", theme.PALETTE["grey"]


@dataclass(frozen=True, slots=True)
class Filter:
    """What a reader is looking for; an empty field asks for nothing.

    Attributes
    ----------
    words : str
        Words that must all occur in the paper's id, title, idea, claim, family, kind or lesson.
    family, kind, cpu_feasible, status : str
        What the paper must be.
    """

    words: str = ""
    family: str = ""
    kind: str = ""
    cpu_feasible: str = ""
    status: str = ""


def matches(wanted: Filter) -> tuple[Paper, ...]:
    """Return the papers a filter lets through."""
    words = wanted.words.casefold().split()
    found = []
    for paper in papers():
        named = all(getattr(wanted, name) in ("", getattr(paper, name)) for name in ("family", "kind", "cpu_feasible"))
        if named and wanted.status in ("", status(paper)) and all(word in _text(paper) for word in words):
            found.append(paper)
    return tuple(found)


def _text(paper: Paper) -> str:
    parts = (paper.id, paper.title, paper.mechanism, paper.claim, paper.family, paper.kind, paper.notebook)
    return " ".join((*parts, paper.family.replace("-", " "), paper.notebook.replace("-", " "))).casefold()


def picture(found: tuple[Paper, ...] | None = None, selected: Paper | None = None) -> go.Figure:
    """Return the map; papers that are not found fade, the selected one is ringed.

    Parameters
    ----------
    found : tuple of Paper, optional
        The papers to bring out; all where not given.
    selected : Paper, optional
        The paper to ring.
    """
    found = papers() if found is None else found
    figure = theme.figure(height=590, room=8)
    shown = {paper.id for paper in found}
    alive = {paper.notebook for paper in found}
    figure.add_traces([*_labels(alive), *(_marks(kind, shown) for kind in KINDS), _ring(selected), *_legend()])
    hidden = {"visible": False, "fixedrange": True}
    figure.update_layout(
        xaxis={**hidden, "range": [-0.01, 6.0]},
        yaxis={**hidden, "range": [-7.95, 0.82]},
        margin={"l": 4, "r": 4, "t": 4, "b": 4},
        **{"dragmode": False, "clickmode": "event", "hoverdistance": 12},
    )
    for part in range(1, len(_parts())):
        figure.add_shape(type="line", x0=0, x1=6, y0=0.8 - part, y1=0.8 - part, line={"color": theme.GRID, "width": 1})
    return theme.describe(figure, sentence(found))


def sentence(found: tuple[Paper, ...]) -> str:
    """Return in one sentence what the map shows."""
    total = len(papers())
    if not found:
        return f"None of the {total} papers matches."
    kinds = Counter(paper.kind for paper in found)
    counted = ", ".join(f"{kinds[kind]} {PLURALS[kind] if kinds[kind] > 1 else kind}" for kind in KINDS if kinds[kind])
    taught = len({paper.notebook for paper in found})
    running = sum(status(paper) == "runs today" for paper in found)
    whole = f"All {total} papers" if len(found) == total else f"{len(found)} of {total} papers"
    verb = "belongs" if len(found) == 1 else "belong"
    today = "none of them runs today" if not running else f"{running} of them {'runs' if running == 1 else 'run'} today"
    return f"{whole} ({counted}) {verb} to {taught} {'lesson' if taught == 1 else 'lessons'}; {today}."


def _parts() -> list[str]:
    return list(dict.fromkeys(each.part for each in lessons()))


def place(each: Lesson) -> tuple[float, float]:
    """Return where a lesson stands on the map: its left edge and the height of its marks."""
    return each.number % 10 - 1.0, 1.0 - each.number // 10


def spots() -> Iterator[tuple[Paper, float, float]]:
    """Yield every paper with its place; in each lesson the main paper comes first."""
    for each in lessons():
        left, height = place(each)
        own = sorted(
            (paper for paper in papers() if paper.notebook == each.lesson),
            key=lambda p: (p.role != "main", p.role == "framing"),
        )
        for number, paper in enumerate(own):
            yield paper, left + START + number * STEP, height


def _labels(alive: set[str]) -> tuple[go.Scatter, go.Scatter]:
    """Return the names of the parts and of the lessons."""
    quiet = {"mode": "text", "hoverinfo": "skip", "showlegend": False, "textposition": "middle right", "meta": "label"}
    headings = [f"<b>{number}  {part}</b>" for number, part in enumerate(_parts(), 1)]
    parts = go.Scatter(
        x=[-0.012] * len(headings),
        y=[0.62 - row for row in range(len(headings))],
        text=headings,
        textfont={"color": theme.INK, "size": 13},
        **quiet,
    )
    names, colors = [], []
    for each in lessons():
        names.append(f"<b>{each.lesson}</b>" if each.exists else each.lesson)
        colors.append("#c9c9d1" if each.lesson not in alive else RUNS if each.exists else theme.SUBDUED)
    spots = [place(each) for each in lessons()]
    lesson_names = go.Scatter(
        x=[x - 0.012 for x, _ in spots],
        y=[y + 0.3 for _, y in spots],
        text=names,
        textfont={"color": colors, "size": 12},
        **quiet,
    )
    return parts, lesson_names


def _marks(kind: str, shown: set[str]) -> go.Scatter:
    """Return the papers of one kind."""
    own = [spot for spot in spots() if spot[0].kind == kind]
    runs = [status(paper) == "runs today" for paper, _, _ in own]
    # A search brings its finds out by tone as well, since a few pale marks are hard to see among faded ones.
    planned = FOUND if len(shown) < len(papers()) else PLANNED
    return go.Scatter(
        x=[x for _, x, _ in own],
        y=[y for _, _, y in own],
        customdata=[[paper.id] for paper, _, _ in own],
        text=[_hover(paper) for paper, _, _ in own],
        marker={
            "symbol": SYMBOLS[kind],
            "size": [MARK[paper.role] for paper, _, _ in own],
            "color": [RUNS if running else planned for running in runs],
            "line": {"color": [RUNS if running else EDGE for running in runs], "width": 1.4},
            "opacity": [1.0 if paper.id in shown else FAINT for paper, _, _ in own],
        },
        **{"mode": "markers", "name": kind, "hovertemplate": "%{text}<extra></extra>", "showlegend": False},
    )


def _hover(paper: Paper) -> str:
    title = "<br>".join(textwrap.wrap(_plain(paper.title), 52))
    return f"<b>{title}</b><br>{paper.id}, {paper.kind}, {paper.family}<br>{status(paper)}"


def _plain(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _ring(selected: Paper | None) -> go.Scatter:
    here = [(x, y) for paper, x, y in spots() if selected is not None and paper.id == selected.id]
    look = {"size": 24, "color": "rgba(0,0,0,0)", "line": {"color": theme.PALETTE["vermilion"], "width": 2.4}}
    quiet = {"hoverinfo": "skip", "showlegend": False, "meta": "ring"}
    return go.Scatter(x=[x for x, _ in here], y=[y for _, y in here], mode="markers", marker=look, **quiet)


def _legend() -> Iterator[go.Scatter]:
    """Yield the legend: marks below the last row, and their words.

    Plotly's own legend keeps the place of a narrower page when the page widens.
    """
    looks = [(kind, SYMBOLS[kind], 11, PLANNED, EDGE) for kind in KINDS]
    looks += [("large: main paper of its lesson", "circle", MARK["main"], PLANNED, EDGE)]
    looks += [("blue: runs today", "circle", 11, RUNS, RUNS)]
    quiet = {"hoverinfo": "skip", "showlegend": False}
    names, symbols, sizes, fills, edges = zip(*looks, strict=True)
    marker = {"symbol": symbols, "size": sizes, "color": fills, "opacity": 1, "line": {"color": edges, "width": 1.4}}
    height = [-7.72] * len(looks)
    yield go.Scatter(x=LEGEND, y=height, mode="markers", marker=marker, **quiet)
    words = {
        "mode": "text",
        "text": names,
        "textposition": "middle right",
        "textfont": {"color": theme.INK, "size": 12},
    }
    yield go.Scatter(x=[x + 0.07 for x in LEGEND], y=height, **words, **quiet)
