"""A small mechanism to try panels on: walkers who leave footprints on a torus."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from labkit import theme
from labkit.params import Field, Params
from labkit.seeds import Seed, streams
from labkit.unfolding import finish


class Walk(Params):
    """Walkers on a torus."""

    density: float = Field(0.05, gt=0, le=1, slider=(0.01, 0.3, 0.01), description="walkers per cell")
    steps: int = Field(100, ge=1, le=5000, slider=(10, 400, 10), description="moves of each walker")
    stride: float = Field(1.0, ge=0.01, le=100, description="longest move, cells")
    stay: bool = Field(False, description="half of the walkers rest")
    border: Literal["torus", "wall"] = Field("torus", description="what happens at the edge")


class Look(Params):
    """How it is drawn."""

    weight: float = Field(1.0, ge=0, le=10, slider=(0, 10, 0.5), description="points per cell seen")


@dataclass(frozen=True, slots=True)
class Run:
    """Footprints of replicate 0 over time, and the share of cells seen, shape (replicates, moments)."""

    params: Walk
    times: NDArray[Any]
    prints: NDArray[Any]
    seen: NDArray[Any]


SIZE = 30


def unfold(params: Walk, *, rng: Seed, replicates: int = 1) -> Iterator[tuple[float, Run]]:
    """Yield the share done and the run so far; return the run."""
    noise = streams(rng, replicates, ("moves",))["moves"]
    number = max(1, round(params.density * SIZE * SIZE))
    place = np.stack([g.uniform(0, SIZE, (number, 2)) for g in noise])
    visited = np.zeros((replicates, SIZE, SIZE), dtype=bool)
    prints = np.zeros((params.steps + 1, SIZE, SIZE), dtype=np.float32)
    seen = np.zeros((replicates, params.steps + 1))
    who = np.arange(replicates)[:, None]

    def run(t: int) -> Run:
        return Run(params, np.arange(t + 1.0), prints[: t + 1], seen[:, : t + 1])

    for t in range(params.steps + 1):
        cells = place.astype(int) % SIZE
        visited[who, cells[..., 0], cells[..., 1]] = True
        seen[:, t] = visited.mean(axis=(1, 2))
        prints[t] = 0.93 * prints[t - 1] if t else 0
        prints[t, cells[0, :, 0], cells[0, :, 1]] += 1
        if t < params.steps:
            yield (t + 1) / (params.steps + 1), run(t)
        moves = np.stack([g.uniform(-1, 1, (number, 2)) for g in noise]) * params.stride
        if params.stay:
            moves[:, ::2] = 0
        place = place + moves
        place = place % SIZE if params.border == "torus" else np.clip(place, 0, SIZE - 1)
    return run(params.steps)


def simulate(params: Walk, *, rng: Seed, replicates: int = 1) -> Run:
    """Return the whole run."""
    return finish(unfold(params, rng=rng, replicates=replicates))


def world(run: Run, *, frame: int = -1, weight: float = 1.0) -> go.Figure:
    """Draw the footprints at one moment beside the share of cells seen."""
    fig = theme.panels(
        1, 2, titles=("footprints", "what the walkers have seen"), pictures=(1,), widths=(1, 1.2),
        x=("", "time, moves"), y=("", "cells seen, points"), room=110,
    )  # fmt: skip
    heat = np.clip(run.prints[frame], 0, 1)[..., None]
    paper, ink = np.array([250, 249, 246]), np.array([0, 114, 178])
    low, mid, high = (weight * np.quantile(run.seen, q, axis=0) for q in (0.1, 0.5, 0.9))
    style = theme.styled("blue")
    now = run.times[frame]
    fig.add_traces(
        [
            theme.image((paper + (ink - paper) * heat).astype(np.uint8), "footprints"),
            theme.band(run.times, low, high, style, "8 of 10 runs", panel=2),
            theme.line(run.times, mid, style, "median", panel=2),
            theme.theory([now, now], [0, weight], "now", panel=2),
            theme.direct_labels(run.times[-1:], mid[-1:], ["median run"], [style], span=(0, weight or 1), panel=2),
        ]
    )
    fig.update_yaxes(range=[0, max(weight, 0.1)], selector={"anchor": "x2"})
    return theme.describe(
        fig, f"After {now:g} moves the median run has seen {mid[frame] / (weight or 1):.0%} of the cells."
    )


def ends(run: Run) -> go.Figure:
    """Draw the share seen at the end, one point per replicate."""
    fig = theme.figure(x="replicate", y="cells seen at the end, share")
    last = run.seen[:, -1]
    fig.add_traces([theme.points(np.arange(len(last)), last, theme.styled("vermilion"), "run")])
    return theme.describe(fig, f"{len(last)} runs, on average {last.mean():.1%} of the cells.")


def sweep(params: Walk, *, rng: Seed, replicates: int = 1) -> Iterator[tuple[float, None]]:
    """Yield the share done of a sweep over the density; return densities and means."""
    grid = np.linspace(0.02, 0.3, 15)
    means = []
    for i, density in enumerate(grid):
        means.append(simulate(params.replace(density=density), rng=rng, replicates=replicates).seen[:, -1].mean())
        yield (i + 1) / len(grid), None
    return grid, np.array(means)


def swept(result: tuple[NDArray[Any], NDArray[Any]]) -> go.Figure:
    """Draw a sweep."""
    fig = theme.figure(x="density, walkers per cell", y="cells seen at the end, share")
    fig.add_traces([theme.line(*result, theme.styled("green"), "mean")])
    return theme.describe(fig, f"The share rises to {result[1].max():.0%}.")
