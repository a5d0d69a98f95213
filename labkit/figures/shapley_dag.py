"""Pictures of the Shapley-weighted graph: answers in the plane, scores, accuracy, the map, the dead zone, the real model."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from labkit import theme
from labkit.mechanisms.shapley_dag import Decisions, Scene, Votes, at_least, plurality_accuracy
from labkit.stats import mean_interval

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
    """Return the answers of one round in the plane: size is contribution, an arrow says who is read by whom.

    Parameters
    ----------
    scene : Scene
        What to draw.
    time : int
        Which round.
    """
    places, scores, right = scene.places[time], scene.contribution[time], scene.right[time]
    reach = 1.25 * max(0.2, float(np.abs(scene.places).max()))
    fig = theme.figure(x="first direction in which answers differ, cosine units", y="second direction", height=460)
    rounder = max(1e-9, float(scores.max() - scores.min()))
    sizes = 14 + 26 * (scores - scores.min()) / rounder
    for style, which, name in ((RIGHT, right, "right"), (WRONG, ~right, "wrong")):
        mark = theme.points(places[which, 0], places[which, 1], style, name)
        mark["marker"] |= {"size": sizes[which], "opacity": 0.8}
        # What a model said is text, never markup.
        said = [html.escape(_short(scene.words[time][agent])) for agent in np.flatnonzero(which)]
        fig.add_trace(mark | {"text": said, "hovertemplate": "%{text}<extra></extra>"})
    center = scene.chosen[time]
    ring = {"size": sizes[center] + 10, "color": "rgba(0,0,0,0)", "line": {"color": theme.INK, "width": 2}}
    fig.add_trace(
        theme.points([places[center, 0]], [places[center, 1]], theme.styled("ink"), "chosen") | {"marker": ring}
    )
    for source, reader in scene.edges[time]:
        fig.add_annotation(**_arrow(places[source], places[reader], 0.04 * reach))
    for agent, place in enumerate(places):
        fig.add_annotation(x=place[0], y=place[1], text=str(agent + 1), showarrow=False, font={"size": 11})
    fig.update_xaxes(range=(-reach, reach))
    fig.update_yaxes(range=(-reach, reach))
    return theme.describe(
        fig,
        f"Round {time}: {int(right.sum())} of {len(right)} agents are right (blue circles, wrong ones orange squares), "
        f"{len(scene.edges[time])} arrows lead to those that contribute less, and agent {center + 1} (ringed) is chosen: "
        f"{'right' if right[center] else 'wrong'}.",
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
    _lines(fig, table)
    fig.update_yaxes(range=(0, 1.02))
    at = table[table["x"] == table["x"].unique()[np.argmin(np.abs(table["x"].unique() - 0.35))]].set_index("way")[
        "value"
    ]
    return theme.describe(
        fig,
        f"Where one agent is right in {100 * at['single']:.0f} %, the graph of contributions is right in "
        f"{100 * at['contribution']:.0f} %, a graph by lot in {100 * at['random']:.0f} %, and a plurality of as many "
        f"independent answers in {100 * at['plurality']:.0f} %.",
    )


def lured(table: pd.DataFrame) -> go.Figure:
    """Return the map of what talking gains over one agent: accuracy against the share of one common mistake.

    Parameters
    ----------
    table : DataFrame
        Columns accuracy, attractor (share of all answers), gain; a full grid.
    """
    grid = table.pivot(index="share", columns="accuracy", values="gain")
    x, y = grid.columns.to_numpy(float), grid.index.to_numpy(float)
    fig = theme.figure(
        x="accuracy of one agent alone", y="share of the mistakes that are one and the same", height=440, room=150
    )
    step = {"x0": x[0], "dx": x[1] - x[0], "y0": y[0], "dy": y[1] - y[0]}
    fig.add_trace(theme.image(_two_sided(grid.to_numpy()), "gain over one agent") | step)
    # p = q, where q = (1 - p) share.
    border = x / (1 - x)
    inside = border <= y[-1]
    fig.add_trace(
        theme.theory(x[inside], border[inside], "as frequent as the truth") | {"line": {"color": theme.INK, "width": 2}}
    )
    fig.update_xaxes(range=(x[0], x[-1]), constrain=None)
    fig.update_yaxes(range=(y[0], y[-1]), scaleanchor=False)
    for text, spot in (
        ("<b style='color:#D55E00'>better than one</b>", 0.1),
        ("<b style='color:#0072B2'>worse than one</b>", 0.9),
    ):
        fig.add_annotation(text=text, x=1.02, y=spot, xref="paper", yref="paper", xanchor="left", showarrow=False)
    fig.add_annotation(text="line: the mistake is<br>as frequent as the truth", x=1.02, y=0.5, xref="paper", yref="paper",
                       xanchor="left", align="left", showarrow=False)  # fmt: skip
    return theme.describe(
        fig,
        f"Talking gains up to {100 * grid.to_numpy().max():.0f} points over one agent where mistakes scatter, and loses up to "
        f"{-100 * grid.to_numpy().min():.0f} where one mistake is more frequent than the truth (above the line).",
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
    fig = theme.panels(1, 2, titles=["is it right?", "what does it cost?"], x="threshold, cosine", y=["share right", "calls"],
                       room=110)  # fmt: skip
    for place, (reads, part) in enumerate(table.groupby("reads")):
        style = theme.styled(place)
        for panel, column in ((1, "accuracy"), (2, "calls")):
            fig.add_trace(theme.line(part["threshold"], part[column], style, f"reads at most {reads}", panel=panel))
        ends = np.array([part["calls"].iloc[0]])
        fig.add_trace(theme.points(part["threshold"].iloc[:1], ends, style, f"reads at most {reads}", panel=2))
        fig.add_annotation(text=f"reads ≤ {reads}", x=1.02, y=0.9 - 0.1 * place, xref="paper", yref="paper", xanchor="left",
                           showarrow=False, font={"color": style.color})  # fmt: skip
    low, high = cosines[1], cosines[0]
    for axis in ("x", "x2"):
        fig.add_shape(
            type="rect",
            xref=axis,
            yref="paper",
            x0=low,
            x1=high,
            y0=0,
            y1=1,
            line_width=0,
            fillcolor="#8a8a94",
            opacity=0.15,
        )
    inside = table[(table["threshold"] > low + 0.08) & (table["threshold"] < high - 0.08)]
    moved = float(np.abs(inside["accuracy"] - inside["first"]).max()) if len(inside) else 0.0
    return theme.describe(
        fig,
        f"Between {low:.2f} and {high:.2f} (grey) only agents that already agree are joined: well inside, talking changes "
        f"accuracy by at most {100 * moved:.1f} points, and the calls are spent all the same.",
    )


def colluders(votes: Sequence[Votes]) -> go.Figure:
    """Return how often a panel decides right against the number of colluders, with and without ratings.

    Parameters
    ----------
    votes : sequence of Votes
        One for each number of colluders.
    """
    fig = theme.figure(x="colluders in the panel", y="share of decisions that are right", room=150)
    x = [vote.panel.colluders for vote in votes]
    ends = {}
    for name, style in (("plain", theme.styled("grey")), ("rated", theme.styled("blue"))):
        label = {"plain": "one vote each", "rated": "weighted by ratings"}[name]
        found = [mean_interval(getattr(vote, name).mean(axis=1)) for vote in votes]
        fig.add_trace(theme.line(x, [each.value for each in found], style, label))
        fig.add_trace(
            theme.points(
                x, [each.value for each in found], style, label, error=[each.high - each.value for each in found]
            )
        )
        ends[label] = (found[0].value, style)
    for place, (label, (_, style)) in enumerate(ends.items()):
        fig.add_annotation(text=label, x=1.02, y=0.95 - 0.1 * place, xref="paper", yref="paper", xanchor="left", showarrow=False,
                           font={"color": style.color})  # fmt: skip
    gains = {vote.panel.colluders: 100 * vote.gain.mean() for vote in votes}
    best, worst = max(gains, key=gains.__getitem__), min(gains, key=gains.__getitem__)
    return theme.describe(
        fig,
        f"Ratings help most against {best} colluders ({gains[best]:+.0f} points) and hurt most with {worst} "
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
        x="gain of a match, log-odds per unit of cosine", y="share of decisions that are right", room=190
    )
    ways = {
        "weighted": "weighted by match",
        "plain": "one vote each",
        "best": "best-matched chain",
        "unmatched": "nobody is matched",
    }
    for place, (way, label) in enumerate(ways.items()):
        style = theme.styled(place)
        fig.add_trace(theme.line(list(made), [getattr(each, way).mean() for each in made.values()], style, label))
        fig.add_annotation(text=label, x=1.02, y=0.95 - 0.1 * place, xref="paper", yref="paper", xanchor="left", showarrow=False,
                           font={"color": style.color})  # fmt: skip
    last = made[max(made)]
    return theme.describe(
        fig,
        f"At a gain of {max(made):g}, votes weighted by match are right in {100 * last.weighted.mean():.0f} %, one vote each in "
        f"{100 * last.plain.mean():.0f} %, and without matching {100 * last.unmatched.mean():.0f} %.",
    )


def real_accuracy(table: pd.DataFrame) -> go.Figure:
    """Return how often the real model is right on each set, in each way.

    Parameters
    ----------
    table : DataFrame
        Columns kind, way, value, low, high, questions.
    """
    kinds, ways = list(dict.fromkeys(table["kind"])), list(dict.fromkeys(table["way"]))
    fig = theme.figure(x="", y="share of questions answered right", height=460, room=200)
    for place, way in enumerate(ways):
        part = table[table["way"] == way].set_index("kind").loc[kinds]
        x = np.arange(len(kinds)) + 0.1 * (place - (len(ways) - 1) / 2)
        fig.add_trace(theme.points(x, part["value"], STYLES[way], NAMES[way], error=(part["high"] - part["low"]) / 2))
        fig.add_annotation(text=NAMES[way], x=1.02, y=0.97 - 0.09 * place, xref="paper", yref="paper", xanchor="left",
                           showarrow=False, font={"color": STYLES[way].color})  # fmt: skip
    fig.update_xaxes(tickvals=list(range(len(kinds))), ticktext=kinds, range=(-0.5, len(kinds) - 0.5))
    mean = table.groupby("way")["value"].mean()
    return theme.describe(
        fig,
        f"Over {int(table['questions'].sum() / len(ways))} questions the real model is right in {100 * mean['single']:.0f} % alone, "
        f"{100 * mean['contribution']:.0f} % with the graph of contributions, and {100 * mean['plurality']:.0f} % as a plurality "
        "of as many independent answers.",
    )


def exact_lines(p: Sequence[float], wrong: int, attractor: float, calls: Sequence[float]) -> dict[str, list[float]]:
    """Return plurality and best-of-n at as many independent answers as were called for: exact.

    Parameters
    ----------
    p : sequence of float
        Accuracies of one agent.
    wrong : int
        Scattered mistakes.
    attractor : float
        Share of the mistakes that are one and the same.
    calls : sequence of float
        Calls made at each accuracy, on average; rounded.
    """
    found: dict[str, list[float]] = {"plurality": [], "best of n": []}
    for accuracy, spent in zip(p, calls, strict=True):
        missed = 1 - accuracy
        chances = [missed * (1 - attractor) / wrong] * wrong + [missed * attractor]
        found["plurality"].append(plurality_accuracy(accuracy, chances, round(spent)))
        found["best of n"].append(at_least(1, accuracy, round(spent)))
    return found


def _lines(fig: go.Figure, table: pd.DataFrame) -> None:
    ends = {}
    for way, part in table.groupby("way", sort=False):
        style = STYLES[str(way)]
        if (part["high"] > part["low"]).any():
            fig.add_trace(theme.band(part["x"], part["low"], part["high"], style, NAMES[str(way)]))
        fig.add_trace(theme.line(part["x"], part["value"], style, NAMES[str(way)]))
        ends[str(way)] = style
    for place, (way, style) in enumerate(ends.items()):
        fig.add_annotation(text=NAMES[way], x=1.02, y=0.97 - 0.09 * place, xref="paper", yref="paper", xanchor="left",
                           showarrow=False, font={"color": style.color})  # fmt: skip


def _arrow(start: Floats, end: Floats, short: float) -> dict[str, object]:
    way = end - start
    length = float(np.hypot(*way))
    tip = end - way * min(0.4, short / length) if length else end
    return {"x": tip[0], "y": tip[1], "ax": start[0], "ay": start[1], "xref": "x", "yref": "y", "axref": "x", "ayref": "y",
            "text": "", "showarrow": True, "arrowhead": 3, "arrowwidth": 1.4, "arrowcolor": theme.SUBDUED}  # fmt: skip


def _short(text: str, most: int = 90) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def _two_sided(gain: Floats) -> NDArray[np.uint8]:
    """Return blue below zero, white at zero, orange above."""
    strength = np.clip(np.abs(gain) / max(1e-9, float(np.abs(gain).max())), 0, 1)[..., None] ** 0.7
    ends = np.where(gain[..., None] > 0, np.array([213, 94, 0]), np.array([0, 114, 178]))
    return (255 * (1 - strength) + ends * strength).astype(np.uint8)
