"""Pictures of the Shapley-weighted graph: answers in the plane, scores, accuracy, the dead zone, a real model."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from labkit import theme
from labkit.dialogue import shown
from labkit.mechanisms.shapley_dag import Answer, Decisions, Scene, Talks, Votes, scene_of_talks
from labkit.stats import mean_band, mean_interval

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
STYLES = {
    "single": theme.styled("grey"),
    "contribution": theme.styled("blue"),
    "plurality": theme.styled("vermilion"),
    "random": theme.styled("green"),
    "chain": theme.styled("purple"),
    "shuffled": theme.styled("green"),
    "exact answers": theme.styled("sky"),
    "best of n": theme.styled("ink"),
}
NAMES = {
    "single": "one agent",
    "contribution": "graph of contributions",
    "plurality": "plurality, equal calls",
    "random": "graph by lot",
    "chain": "chain",
    "shuffled": "same graph, places by lot",
    "exact answers": "graph on exact answers",
    "best of n": "anyone right, equal calls",
}
RIGHT, WRONG = theme.styled("blue"), theme.styled("vermilion")


def plane(scene: Scene, time: int = 0) -> go.Figure:
    """Return the answers of one round in the plane: size is contribution, an arrow leads from who is read to who reads.

    Parameters
    ----------
    scene : Scene
        What to draw.
    time : int
        Which round.
    """
    fig = theme.figure(x="first direction in which answers differ, cosine units", y="second direction", height=480)
    _draw(fig, scene, time)
    return theme.describe(fig, _scene_in_words(scene, time))


def _draw(fig: go.Figure, scene: Scene, time: int) -> None:
    places, scores, right = scene.places[time], scene.contribution[time], scene.right[time]
    reach = 1.25 * max(0.2, float(np.abs(scene.places).max()))
    # One scale for all rounds; differences of a hair are not blown up.
    lowest, span = float(scene.contribution.min()), max(0.2, float(np.ptp(scene.contribution)))
    sizes = 14 + 26 * (scores - lowest) / span
    for style, which, name in ((RIGHT, right, "right"), (WRONG, ~right, "wrong")):
        mark = theme.points(places[which, 0], places[which, 1], style, name)
        mark["marker"] |= {"size": sizes[which], "opacity": 0.8}
        # What a model said is text, never markup.
        said = [html.escape(_short(shown(scene.words[time][agent]))) for agent in np.flatnonzero(which)]
        fig.add_trace(mark | {"text": said, "hovertemplate": "%{text}<extra></extra>"})
    chosen = scene.chosen[time]
    ring = theme.points([places[chosen, 0]], [places[chosen, 1]], theme.styled("ink"), "chosen")
    ring["marker"] = {"size": sizes[chosen] + 10, "color": "rgba(0,0,0,0)", "line": {"color": theme.INK, "width": 2}}
    fig.add_trace(ring)
    for source, reader in scene.edges[time]:
        fig.add_annotation(**_arrow(places[source], places[reader], 0.06 * reach))
    for (x, y), names in _together(places, 0.1 * reach).items():
        fig.add_annotation(x=x, y=y, text=names, showarrow=False, font={"size": 12}, yshift=sizes.max() / 2 + 9)
    fig.update_layout(xaxis_range=(-reach, reach), yaxis={"range": (-reach, reach), "scaleanchor": "x"})


def _together(places: Floats, near: float) -> dict[tuple[float, float], str]:
    """Return the numbers of the agents by place; those that lie close to each other share a label."""
    named: dict[tuple[float, float], str] = {}
    for agent, (x, y) in enumerate(places.tolist()):
        there = next((spot for spot in named if np.hypot(spot[0] - x, spot[1] - y) < near), (x, y))
        named[there] = f"{named[there]}, {agent + 1}" if there in named else str(agent + 1)
    return named


def _scene_in_words(scene: Scene, time: int) -> str:
    right, chosen = scene.right[time], scene.chosen[time]
    flows = len(scene.edges[time])
    arrows = f"{flows} arrow{'s lead' if flows != 1 else ' leads'} to those that read" if flows else "nobody reads"
    return (
        f"Round {time}: {int(right.sum())} of {len(right)} agents are right (blue circles; wrong ones are vermilion "
        f"squares), {arrows}, and agent {chosen + 1} (ringed) would be chosen: {'right' if right[chosen] else 'wrong'}."
    )


def talk(talks: Talks, time: int = 0) -> go.Figure:
    """Return the first question in the plane, and how often the group is right over all questions.

    Parameters
    ----------
    talks : Talks
        What to draw.
    time : int
        Which round.
    """
    scene, many = scene_of_talks(talks), len(talks.answers)
    fig = theme.panels(1, 2, titles=("one question", f"{many} question{'s' if many > 1 else ''}"), widths=(0.62, 0.38),
                       x=("first direction in which answers differ", "round"), y=("second direction", "share right"),
                       height=480, room=100)  # fmt: skip
    _draw(fig, scene, time)
    shares: dict[str, tuple[Answer, theme.Style]] = {
        "group": ("chosen", RIGHT),
        "plurality": ("plurality", WRONG),
        "one agent": ("single", STYLES["single"]),
    }
    ends = []
    for name, (what, style) in shares.items():
        right = mean_band(np.stack([talks.right(what, turn) for turn in talks.times], axis=1))
        if many > 1:
            fig.add_trace(theme.band(talks.times, right.low, right.high, style, name, panel=2))
        fig.add_trace(theme.line(talks.times, right.value, style, name, panel=2))
        ends.append(float(right.value[-1]))
    fig.add_trace(
        theme.line([time, time], [0, 1], theme.styled("grey"), "now", panel=2) | {"line": {"color": theme.GRID}}
    )
    styles = [style for _, style in shares.values()]
    fig.add_trace(theme.direct_labels(talks.times[-1], ends, list(shares), styles, span=(0, 1.1), panel=2))
    fig.update_layout(yaxis2_range=(0, 1), xaxis2_dtick=1)
    told: dict[Answer, int] = {"chosen": time, "single": 0, "plurality": 0}
    group, alone, vote = (100 * talks.right(what, turn).mean() for what, turn in told.items())
    return theme.describe(
        fig,
        f"{_scene_in_words(scene, time)} Over {many} questions the group is right in {group:.0f} % after round {time}, "
        f"one agent alone in {alone:.0f} %, and the most frequent first answer in {vote:.0f} %.",
    )


def scores(cheap: Floats, precise: Floats) -> go.Figure:
    """Return contribution against exact Shapley value, one point per agent of many groups.

    Parameters
    ----------
    cheap, precise : ndarray of float, shape (groups, agents)
        The cosine with the mean, and the exact value of the game of cosines.
    """
    from scipy.stats import spearmanr

    fig = theme.figure(x="contribution: cosine with the mean of all", y="exact Shapley value, share of the whole")
    fig.add_trace(theme.points(cheap.ravel(), precise.ravel(), theme.styled("blue"), "agents"))
    ranks = [
        spearmanr(a, b).statistic if np.ptp(a) > 1e-9 and np.ptp(b) > 1e-9 else 1.0
        for a, b in zip(cheap, precise, strict=True)
    ]
    return theme.describe(
        fig,
        f"In {len(cheap)} groups of {cheap.shape[1]} agents the cheap score and the exact value rank alike: their rank "
        f"correlation is {np.mean(ranks):.3f} on average, {np.min(ranks):.2f} at worst.",
    )


def against_accuracy(table: pd.DataFrame) -> go.Figure:
    """Return how often each way to answer is right, against the accuracy of one agent.

    Parameters
    ----------
    table : DataFrame
        Columns way, x, value, low, high.
    """
    fig = theme.figure(x="accuracy of one agent alone", y="share of questions answered right", height=460, room=190)
    for way, part in table.groupby("way", sort=False):
        style, name = STYLES[str(way)], NAMES[str(way)]
        if (part["high"] > part["low"]).any():
            fig.add_trace(theme.band(part["x"], part["low"], part["high"], style, name))
        fig.add_trace(theme.line(part["x"], part["value"], style, name))
    _key(fig, list(dict.fromkeys(table["way"])))
    fig.update_yaxes(range=(0, 1.02))
    nearest = float(table["x"].iloc[(table["x"] - 0.35).abs().argmin()])
    at = 100 * table[table["x"] == nearest].set_index("way")["value"]
    return theme.describe(
        fig,
        f"Where one agent is right in {at['single']:.0f} %, the graph of contributions is right in "
        f"{at['contribution']:.0f} %, a graph by lot in {at['random']:.0f} %, and a plurality of as many independent "
        f"answers in {at['plurality']:.0f} %.",
    )


def lured(table: pd.DataFrame) -> go.Figure:
    """Return the map of what organising gains over one agent: accuracy against the share of one common mistake.

    Parameters
    ----------
    table : DataFrame
        Columns accuracy, share (of the mistakes that are the same one), gain; a full grid.
    """
    grid = table.pivot(index="share", columns="accuracy", values="gain")
    x, y, gains = grid.columns.to_numpy(float), grid.index.to_numpy(float), 100 * grid.to_numpy()
    fig = theme.figure(
        x="accuracy of one agent alone", y="share of the mistakes that are one and the same", height=440, room=160
    )
    step = {"x0": x[0], "dx": x[1] - x[0], "y0": y[0], "dy": y[1] - y[0]}
    fig.add_trace(theme.image(theme.two_sided(gains), "gain over one agent") | step)
    # The mistake is as frequent as the truth: (1 - p) share = p.
    border = x / (1 - x)
    inside = border <= y[-1]
    even = theme.theory(x[inside], border[inside], "as frequent as the truth")
    fig.add_trace(even | {"line": {"color": theme.INK, "width": 2}})
    fig.update_xaxes(range=(x[0], x[-1]), constrain=None)
    fig.update_yaxes(range=(y[0], y[-1]), scaleanchor=False)
    for text, spot in (
        (f"<b style='color:{theme.styled('blue').text}'>worse than one</b>", 0.9),
        ("black line:<br>the mistake is as<br>frequent as the truth", 0.5),
        (f"<b style='color:{theme.styled('vermilion').text}'>better than one</b>", 0.1),
    ):
        _beside(fig, text, spot)
    return theme.describe(
        fig,
        f"Organising gains up to {gains.max():.0f} points over one agent where mistakes scatter, and loses up to "
        f"{-gains.min():.0f} where one mistake is more frequent than the truth (above the line).",
    )


def zones(table: pd.DataFrame, cosines: tuple[float, float]) -> go.Figure:
    """Return accuracy and calls against the threshold, one line for each number of agents that may be read.

    Parameters
    ----------
    table : DataFrame
        Columns reads, threshold, accuracy, calls, first (accuracy before any talk).
    cosines : tuple of float
        Expected cosine of equal and of different answers: the ends of the dead zone.
    """
    fig = theme.panels(1, 2, titles=("is it right?", "what does it cost?"), x="threshold, cosine",
                       y=("share right", "calls per question"), height=400, room=110)  # fmt: skip
    low, high = cosines[1], cosines[0]
    for axis in ("x", "x2"):
        box = {"xref": axis, "yref": "paper", "x0": low, "x1": high, "y0": 0, "y1": 1}
        fig.add_shape(type="rect", **box, line_width=0, fillcolor=theme.PALETTE["grey"], opacity=0.15, layer="below")
    for place, (reads, part) in enumerate(table.groupby("reads")):
        style, name = theme.styled(place), f"reads up to {reads}"
        for panel, column in ((1, "accuracy"), (2, "calls")):
            fig.add_trace(theme.line(part["threshold"], part[column], style, name, panel=panel))
        _beside(fig, f"<span style='color:{style.text}'>{name}</span>", 0.9 - 0.1 * place)
    _beside(fig, "grey: the<br>dead zone", 0.2)
    inside = table[(table["threshold"] > low + 0.08) & (table["threshold"] < high - 0.08)]
    moved = 100 * float(np.abs(inside["accuracy"] - inside["first"]).max()) if len(inside) else 0.0
    return theme.describe(
        fig,
        f"Between {low:.2f} and {high:.2f} (grey) only agents that already agree are joined: well inside, talking "
        f"changes accuracy by at most {moved:.1f} points, and calls are spent all the same.",
    )


def colluders(votes: Sequence[Votes]) -> go.Figure:
    """Return how often a panel decides right against the number of colluders, with and without ratings.

    Parameters
    ----------
    votes : sequence of Votes
        One for each number of colluders.
    """
    ways = {"plain": ("one vote each", theme.styled("grey")), "rated": ("weighted by ratings", theme.styled("blue"))}
    x = [vote.panel.colluders for vote in votes]
    fig = theme.figure(x="colluders in the panel", y="share of decisions that are right", height=400, room=160)
    for place, (way, (name, style)) in enumerate(ways.items()):
        found = [mean_interval(getattr(vote, way).mean(axis=1)) for vote in votes]
        values = [each.value for each in found]
        fig.add_trace(theme.band(x, [each.low for each in found], [each.high for each in found], style, name))
        fig.add_trace(theme.line(x, values, style, name))
        fig.add_trace(theme.points(x, values, style, name))
        _beside(fig, f"<span style='color:{style.text}'>{name}</span>", 0.95 - 0.1 * place)
    fig.update_yaxes(range=(0, 1.02))
    gains = {vote.panel.colluders: 100 * float(vote.gain.mean()) for vote in votes}
    best, worst = max(gains, key=gains.__getitem__), min(gains, key=gains.__getitem__)
    helps = f"help most with {best} colluders ({gains[best]:+.0f} points)" if gains[best] >= 0.5 else "help nowhere"
    return theme.describe(
        fig,
        f"Among {votes[0].panel.members} agents ratings {helps} and hurt most with {worst} "
        f"({gains[worst]:+.0f} points): they reward whoever wins.",
    )


def chains(made: Mapping[float, Decisions]) -> go.Figure:
    """Return how often chains of matched agents decide right, in four ways, against what a match is worth.

    Parameters
    ----------
    made : mapping of float to Decisions
        By the gain of a match.
    """
    fig = theme.figure(
        x="gain of a match, log-odds per unit of cosine", y="share of decisions that are right", height=400, room=190
    )
    ways = {
        "weighted": "votes weighted by match",
        "plain": "one vote each",
        "best": "the best-matched chain",
        "unmatched": "nobody is matched",
    }
    for place, (way, name) in enumerate(ways.items()):
        style = theme.styled(place)
        found = [mean_interval(getattr(each, way).astype(float)) for each in made.values()]
        fig.add_trace(theme.band(list(made), [each.low for each in found], [each.high for each in found], style, name))
        fig.add_trace(theme.line(list(made), [each.value for each in found], style, name))
        _beside(fig, f"<span style='color:{style.text}'>{name}</span>", 0.95 - 0.1 * place)
    last = made[max(made)]
    weighted, plain, unmatched = (100 * getattr(last, way).mean() for way in ("weighted", "plain", "unmatched"))
    return theme.describe(
        fig,
        f"At a gain of {max(made):g}, votes weighted by match are right in {weighted:.0f} %, one vote each in "
        f"{plain:.0f} %, and without matching {unmatched:.0f} %.",
    )


def real_accuracy(table: pd.DataFrame) -> go.Figure:
    """Return how often the real model is right on each set, in each way.

    Parameters
    ----------
    table : DataFrame
        Columns kind, way, value, low, high, questions.
    """
    kinds, ways = list(dict.fromkeys(table["kind"])), list(dict.fromkeys(table["way"]))
    fig = theme.figure(x="", y="share of questions answered right", height=440, room=200)
    for place, way in enumerate(ways):
        part = table[table["way"] == way].set_index("kind").loc[kinds]
        x = np.arange(len(kinds)) + 0.1 * (place - (len(ways) - 1) / 2)
        fig.add_trace(theme.points(x, part["value"], STYLES[way], NAMES[way], error=(part["high"] - part["low"]) / 2))
    _key(fig, ways)
    fig.update_xaxes(tickvals=list(range(len(kinds))), ticktext=kinds, range=(-0.5, len(kinds) - 0.5))
    fig.update_yaxes(range=(0, 1.02))
    mean, asked = 100 * table.groupby("way")["value"].mean(), int(table["questions"].sum() / len(ways))
    return theme.describe(
        fig,
        f"Over {asked} questions in {len(kinds)} sets the real model is right in {mean['single']:.0f} % alone, "
        f"in {mean['contribution']:.0f} % with the graph of contributions, and in {mean['plurality']:.0f} % as a "
        "plurality of as many independent answers.",
    )


def _key(fig: go.Figure, ways: Sequence[str]) -> None:
    """Name the series at the right, each in its colour and with its mark."""
    for place, way in enumerate(ways):
        _beside(fig, f"<span style='color:{STYLES[way].text}'>{NAMES[way]}</span>", 0.97 - 0.09 * place)


def _beside(fig: go.Figure, text: str, height: float) -> None:
    fig.add_annotation(
        text=text, x=1.02, y=height, xref="paper", yref="paper", xanchor="left", align="left", showarrow=False
    )


def _arrow(start: Floats, end: Floats, short: float) -> dict[str, object]:
    way = end - start
    length = float(np.hypot(*way))
    tip = end - way * min(0.4, short / length) if length else end
    ends = {"x": tip[0], "y": tip[1], "ax": start[0], "ay": start[1]}
    axes = {"xref": "x", "yref": "y", "axref": "x", "ayref": "y"}
    return {
        **ends,
        **axes,
        "text": "",
        "showarrow": True,
        "arrowhead": 3,
        "arrowwidth": 1.4,
        "arrowcolor": theme.SUBDUED,
    }


def _short(text: str, most: int = 90) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"
