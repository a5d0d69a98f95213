"""Pictures of stigmergic memory: the worlds, the density sweep, the mean field, the paper beside ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from labkit import theme
from labkit.mechanisms.stigmergic_memory import LAYERS, Occupancy, Run, SwarmRun, composite, occupancy
from labkit.params import Field, Params
from labkit.stats import mean_band, mean_interval

if TYPE_CHECKING:
    import pandas as pd

STYLES = {
    "neither": theme.styled("grey"),
    "traces": theme.styled("vermilion"),
    "memory": theme.styled("blue"),
    "both": theme.styled("purple"),
    "random walk": theme.styled("ink"),
}
TINTS = {"food": (0, 158, 115), "danger": (213, 94, 0), "social": (204, 121, 167), "exploration": (86, 180, 233)}
FOOD_COLOR, HAZARD_COLOR, AGENT_COLOR = (0, 110, 80), (168, 62, 0), (43, 43, 51)
Marks = Literal["food and danger", "all", "food", "danger", "social", "exploration"]


class Score(Params):
    """How a run is scored, and which marks are drawn: changing these redraws and runs nothing again."""

    food_weight: float = Field(10, ge=0, le=100, slider=(0, 20, 1), description="points per food an agent eats")
    hazard_weight: float = Field(2, ge=0, le=100, slider=(0, 10, 0.1), description="points lost per hazard it enters")
    coverage_weight: float = Field(
        0, ge=0, le=10, slider=(0, 2, 0.1), description="points per percent of cells visited"
    )
    marks: Marks = Field("food and danger", description="which marks are drawn on the ground")


# ------------------------------------------------------------------------------------------ the worlds


def worlds(
    runs: Mapping[str, Run],
    time: int | None = None,
    food_weight: float = 10,
    hazard_weight: float = 2,
    coverage_weight: float = 0,
    marks: Marks = "food and danger",
) -> go.Figure:
    """Return the arms side by side: one world of each above, what they came to below.

    Parameters
    ----------
    runs : mapping of str to Run
        One run per arm, on the same worlds; up to four arms.
    time : int, optional
        Which recorded frame of the first replicate to draw; the last where not given.
    food_weight, hazard_weight, coverage_weight : float
        Weights of the composite score.
    marks : str
        Which marks to draw on the ground.
    """
    world, times = next(iter(runs.values())).world, next(iter(runs.values())).times
    frame = len(times) - 1 if time is None else min(time, len(times) - 1)
    now = int(times[frame]) if frame < len(times) - 1 else None
    scores = {arm: run.composite(food_weight, hazard_weight, coverage_weight) for arm, run in runs.items()}
    grids, (food, hazards, visited, points) = (1, 2, 5, 6), (3, 4, 7, 8)
    titles = dict.fromkeys(range(1, 9), "") | dict(zip(grids, _headings(runs), strict=False))
    axis_titles = dict.fromkeys(range(1, 9), "") | {
        food: "food per agent",
        hazards: "hazards per agent",
        visited: "cells visited, %",
        points: "score, points",
    }
    fig = theme.panels(
        2,
        4,
        titles=list(titles.values()),
        x=["step" if panel in (food, hazards) else "" for panel in range(1, 9)],
        y=list(axis_titles.values()),
        pictures=grids,
        widths=(1.25, 1.25, 1, 1),
        height=560,
        room=12,
    )
    traces: list[go.Scatter | go.Image] = []
    for panel, (arm, run) in zip(grids, runs.items(), strict=False):
        traces.append(theme.image(ground(run, frame, marks), arm, panel=panel))
    traces += _over_time({arm: run.food_over_time for arm, run in runs.items()}, now, panel=food)
    traces += _over_time({arm: run.hazards_over_time for arm, run in runs.items()}, now, panel=hazards)
    traces += _at_the_end({arm: 100 * run.coverage for arm, run in runs.items()}, panel=visited)
    traces += _at_the_end(scores, panel=points)
    fig.add_traces(traces)
    names = {"tickvals": list(range(len(runs))), "ticktext": list(runs), "tickangle": -35}
    for panel in (food, hazards):
        fig.layout[f"xaxis{panel}"].range = (0, world.steps)
    for panel in (visited, points):
        fig.layout[f"xaxis{panel}"].update(range=(-0.6, len(runs) - 0.4), **names)
    for panel in (food, hazards, visited, points):
        left, right = fig.layout[f"xaxis{panel}"].domain
        # Room for the axis titles between the plots.
        fig.layout[f"xaxis{panel}"].domain = (left + 0.02, right)
        fig.layout[f"yaxis{panel}"].title.standoff = 4
    most = max(float(run.hazards.mean()) for run in runs.values())
    fig.layout[f"yaxis{hazards}"].range = (-0.05 * max(1, most), 1.15 * max(1, most))
    drawn = "" if now is None else f" The ground is drawn as it was at step {now}."
    return theme.describe(fig, _in_words(runs, scores) + drawn)


def _headings(runs: Mapping[str, Run]) -> list[str]:
    return [f'<b style="color:{STYLES[arm].text}">{arm}</b>' for arm in runs]


def _over_time(values: Mapping[str, NDArray[np.float64]], now: int | None, panel: int) -> list[go.Scatter]:
    """Return a line and a band per arm, and a line at the present step."""
    traces = []
    for arm, series in values.items():
        steps = np.arange(series.shape[1])
        shown = steps[:: max(1, len(steps) // 100)]
        mean = mean_band(series)
        traces.append(theme.band(shown, mean.low[shown], mean.high[shown], STYLES[arm], arm, panel=panel))
        traces.append(theme.line(shown, mean.value[shown], STYLES[arm], arm, panel=panel))
    top = max(float(series.mean(axis=0).max()) for series in values.values())
    x = [np.nan, np.nan] if now is None else [now, now]
    traces.append(theme.theory(x, [0, top], "the step drawn above", panel=panel))
    return traces


def _at_the_end(values: Mapping[str, NDArray[np.float64]], panel: int) -> list[go.Scatter]:
    """Return a dot with its interval per arm."""
    traces = []
    for place, (arm, value) in enumerate(values.items()):
        estimate = mean_interval(value) if len(value) > 1 else None
        error = None if estimate is None else [estimate.high - estimate.value]
        traces.append(theme.points([place], [value.mean()], STYLES[arm], arm, error=error, panel=panel))
    return traces


def _in_words(runs: Mapping[str, Run], scores: Mapping[str, NDArray[np.float64]]) -> str:
    world, time = next(iter(runs.values())).world, next(iter(runs.values())).time
    best = max(scores, key=lambda arm: float(scores[arm].mean()))
    listed = "; ".join(
        f"{arm} eats {runs[arm].food.mean():.2f} and enters {runs[arm].hazards.mean():.2f} hazards per agent, "
        f"score {_with_interval(scores[arm])}"
        for arm in runs
    )
    return (
        f"{world.agents} agents on {world.size} x {world.size} cells ({world.agents / world.cells:.3f} per cell, "
        f"{world.hazard_mode} hazards) after {time} of {world.steps} steps, {len(scores[best])} "
        f"world{'s' if len(scores[best]) > 1 else ''}: {listed}. The highest score is that of {best}."
    )


def _with_interval(values: NDArray[np.float64]) -> str:
    if len(values) == 1:
        return f"{values[0]:.1f}"
    estimate = mean_interval(values)
    return f"{estimate.value:.1f} [{estimate.low:.1f}, {estimate.high:.1f}]"


def ground(run: Run, frame: int, marks: Marks = "food and danger") -> NDArray[np.uint8]:
    """Return one recorded moment as a picture: marks as tints, food, hazards and agents as tokens.

    Returns
    -------
    ndarray of uint8, shape (size · tile, size · tile, 3)
    """
    size, frames = run.world.size, run.frames
    tile = max(3, 240 // size)
    color = np.full((size, size, 3), 250.0)
    shown = {"food and danger": ("food", "danger"), "all": LAYERS}.get(marks, (marks,))
    for layer in shown:
        strength = np.clip(frames.fields[frame, LAYERS.index(layer)] / 2, 0, 1)[..., None] * 0.85
        color = (1 - strength) * color + strength * np.array(TINTS[layer])
    pixels = color.astype(np.uint8).repeat(tile, axis=0).repeat(tile, axis=1)
    here = np.zeros(size**2, dtype=bool)
    here[frames.agents[frame]] = True
    for where, token, ink in (
        (frames.hazards, _cross(tile), HAZARD_COLOR),
        (frames.food[frame], _disc(tile, 0.36), FOOD_COLOR),
        (here.reshape(size, size), _disc(tile, 0.5), AGENT_COLOR),
    ):
        pixels[np.kron(where, token)] = ink
    return pixels


def _disc(tile: int, radius: float) -> NDArray[np.bool_]:
    offset = np.arange(tile) - (tile - 1) / 2
    return offset[:, None] ** 2 + offset**2 <= (radius * tile) ** 2


def _cross(tile: int) -> NDArray[np.bool_]:
    down, across = np.indices((tile, tile))
    inside = (np.minimum(down, across) >= tile // 5) & (np.maximum(down, across) < tile - tile // 5)
    arms: NDArray[np.bool_] = (np.abs(down - across) <= tile // 8) | (np.abs(down + across - tile + 1) <= tile // 8)
    return inside & arms


# ------------------------------------------------------------------------------------ the density sweep


def against_density(
    table: pd.DataFrame, food_weight: float = 10, hazard_weight: float = 2, coverage_weight: float = 0
) -> go.Figure:
    """Return food, hazards and composite of each arm against the density of agents.

    Parameters
    ----------
    table : DataFrame
        Columns arm, density, replicate, food, hazards, coverage.
    food_weight, hazard_weight, coverage_weight : float
        Weights of the composite score.
    """
    food, hazards, coverage = (table[name].to_numpy() for name in ("food", "hazards", "coverage"))
    score = composite(food, hazards, coverage, food_weight, hazard_weight, coverage_weight)
    scored = table.assign(score=score)
    fig = theme.panels(
        1,
        3,
        titles=["food eaten", "hazards entered", "score"],
        x="density, agents per cell",
        y=["per agent", "per agent", "points"],
        height=440,
        room=90,
    )
    for panel, column in enumerate(("food", "hazards", "score"), start=1):
        fig.add_traces(_per_density(scored, column, panel, labels=panel == 3))
        fig.layout[f"xaxis{'' if panel == 1 else panel}"].type = "log"
    means = scored.groupby(["density", "arm"])["score"].mean().unstack("arm")
    lead = " ".join(f"At {density:g} agents per cell the highest score is that of {row.idxmax()}." for density, row in
                    means.iloc[[0, -1]].iterrows())  # fmt: skip
    return theme.describe(fig, f"Food, hazards and score of {means.shape[1]} arms at {len(means)} densities. {lead}")


def _per_density(table: pd.DataFrame, column: str, panel: int, labels: bool) -> list[go.Scatter]:
    traces: list[go.Scatter] = []
    ends: dict[str, float] = {}
    for arm in [arm for arm in STYLES if (table["arm"] == arm).any()]:
        values = table[table["arm"] == arm].pivot(index="replicate", columns="density", values=column)
        densities, mean = values.columns.to_numpy(), mean_band(values.to_numpy())
        traces.append(theme.band(densities, mean.low, mean.high, STYLES[arm], arm, panel=panel))
        traces.append(theme.line(densities, mean.value, STYLES[arm], arm, panel=panel))
        ends[arm] = float(mean.value[-1])
    if labels and ends:
        styles = [STYLES[arm] for arm in ends]
        span = (float(table[column].min()), float(table[column].max()))
        last = float(table["density"].max())
        traces.append(theme.direct_labels(last, list(ends.values()), list(ends), styles, span=span, panel=panel))
    return traces


def break_even(weights: pd.DataFrame, hazard_weight: float = 2) -> go.Figure:
    """Return the hazard weight at which traces and memory score alike, against density.

    Parameters
    ----------
    weights : DataFrame
        Columns density, weight, low, high.
    hazard_weight : float
        The weight to mark: where its line meets the curve, traces overtake memory.
    """
    fig = theme.figure(x="density, agents per cell", y="points per hazard", height=420, room=40)
    kept = weights[weights["weight"] > 0]
    density, style = kept["density"].to_numpy(), STYLES["traces"]
    floor = float(kept["weight"].min()) / 3
    fig.add_trace(theme.band(density, kept["low"].clip(lower=floor), kept["high"], style, "95 % interval"))
    fig.add_trace(theme.line(density, kept["weight"], style, "traces and memory score alike"))
    fig.add_trace(theme.points(density, kept["weight"], style, "traces and memory score alike"))
    fig.add_trace(theme.theory([density[0], density[-1]], [hazard_weight] * 2, "the weight chosen"))
    fig.update_layout(xaxis_type="log", yaxis_type="log")
    for text, share in (("traces score more", 0.9), ("memory scores more", 0.12)):
        fig.add_annotation(
            text=text, x=0.75 if share > 0.5 else 0.25, y=share, xref="paper", yref="paper", showarrow=False
        )
    return theme.describe(fig, _crossover_in_words(density, kept["weight"].to_numpy(), hazard_weight))


def _crossover_in_words(density: NDArray[np.float64], weight: NDArray[np.float64], chosen: float) -> str:
    behind = np.flatnonzero(weight >= chosen)
    last = int(behind[-1]) if behind.size else -1
    if last == len(weight) - 1:
        where = "at none of the densities measured"
    elif last < 0:
        where = "at every density measured"
    else:
        share = np.log(weight[last] / chosen) / np.log(weight[last] / weight[last + 1])
        where = f"from a density of about {density[last] * (density[last + 1] / density[last]) ** share:.2f} on"
    return (
        f"The hazard weight at which traces and memory score alike falls from {weight[0]:.2g} points at a density of "
        f"{density[0]:g} to {weight[-1]:.2g} at {density[-1]:g}. With a weight of {chosen:g} points, traces lead "
        f"{where}: choosing the weight chooses the crossover."
    )


# ------------------------------------------------------------------------- the mean field and the paper


def bifurcation(
    runs: Sequence[Occupancy], decay: float, acquisition: float, degree: float, highest: float = 0.6
) -> go.Figure:
    """Return the share of marked cells against density: theory as a line, chance as points.

    Parameters
    ----------
    runs : sequence of Occupancy
        One simulation per density.
    decay, acquisition, degree : float
        The parameters of the theory line.
    highest : float
        The highest density drawn.
    """
    fig = theme.figure(x="density, agents per cell", y="share of cells with a live mark", height=400, room=40)
    densities = np.linspace(0, highest, 241)
    fig.add_trace(theme.theory(densities, occupancy(densities, decay, acquisition, degree), "mean field"))
    settled = [mean_interval(run.settled) for run in runs]
    error = [estimate.high - estimate.value for estimate in settled]
    style = STYLES["traces"]
    points = [estimate.value for estimate in settled]
    fig.add_trace(theme.points([run.density for run in runs], points, style, "simulated", error=error))
    fig.update_yaxes(range=(-0.02, 1))
    critical = decay / (acquisition * degree)
    fig.add_annotation(text=f"critical density {critical:.3f}", x=critical, y=0, ay=-60, ax=0, font_color=theme.INK)
    theory = occupancy(np.array([run.density for run in runs]), decay, acquisition, degree)
    farthest = float(np.abs(np.array(points) - theory).max())
    return theme.describe(
        fig,
        f"Up to a density of {critical:.3f} the marks die out; above it their share rises continuously. "
        f"{len(runs)} simulations lie within {farthest:.3f} of the mean field.",
    )


def beside_the_paper(paper: Mapping[str, float], runs: Mapping[str, Run]) -> go.Figure:
    """Return the paper's reported scores, greyed, beside ours; each with its "neither" arm set to 100.

    Parameters
    ----------
    paper : mapping of str to float
        Reported composite scores by arm.
    runs : mapping of str to Run
        Our runs, the same arms.
    """
    arms = [arm for arm in STYLES if arm in runs and arm in paper]
    ours = {arm: 100 * runs[arm].composite() / runs["neither"].composite().mean() for arm in arms}
    estimates = [mean_interval(ours[arm]) for arm in arms]
    fig = theme.figure(y="score, neither = 100", height=380, room=110)
    place = np.arange(len(arms), dtype=float)
    reported = [100 * paper[arm] / paper["neither"] for arm in arms]
    fig.add_trace(theme.reported(place - 0.12, reported, "as reported"))
    for x, arm, estimate in zip(place, arms, estimates, strict=True):
        error = [estimate.high - estimate.value]
        fig.add_trace(theme.points([x + 0.12], [estimate.value], STYLES[arm], f"{arm}, ours", error=error))
    fig.update_xaxes(tickvals=place, ticktext=arms, range=(-0.5, len(arms) - 0.5))
    fig.update_yaxes(rangemode="tozero")
    pairs = "; ".join(f"{arm} {paper_score:.0f} and {estimate.value:.0f}" for arm, paper_score, estimate in
                      zip(arms, reported, estimates, strict=True))  # fmt: skip
    return theme.describe(
        fig, f"Scores with the arm that has neither set to 100, as reported (grey) and ours: {pairs}."
    )


def swarm(marked: SwarmRun, plain: SwarmRun) -> go.Figure:
    """Return accuracy and trail entropy of a swarm with and without a trail, round by round.

    Parameters
    ----------
    marked, plain : SwarmRun
        The same swarms with and without a trail on validated pairings.
    """
    titles = ["work that is right", "spread of a worker's trail"]
    fig = theme.panels(1, 2, titles=titles, x="round", y=["share", "bits"], height=360, room=90)
    rounds = np.arange(1, marked.swarm.rounds + 1)
    for run, name, style in ((plain, "no trail", STYLES["neither"]), (marked, "trail", STYLES["traces"])):
        for panel, values in ((1, run.accuracy), (2, run.entropy)):
            mean = mean_band(values)
            fig.add_trace(theme.band(rounds, mean.low, mean.high, style, name, panel=panel))
            fig.add_trace(theme.line(rounds, mean.value, style, name, panel=panel))
            label = theme.direct_labels(rounds[-1], mean.value[-1], [name], [style], span=(0, 1), panel=panel)
            fig.add_trace(label)
    with_trail, without = marked.settled, plain.settled
    return theme.describe(
        fig,
        f"With a trail on validated pairings {100 * with_trail.mean():.0f} % of the work ends up right, without one "
        f"{100 * without.mean():.0f} %; over {with_trail.size} swarms the standard deviation is "
        f"{100 * with_trail.std():.1f} and {100 * without.std():.1f} points. Each worker's trail narrows from "
        f"{np.log2(marked.swarm.events):.1f} to {marked.entropy[:, -1].mean():.1f} bits.",
    )
