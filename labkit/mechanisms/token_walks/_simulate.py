"""Tokens walk and learn: under one rule, with several strengths of repulsion, or in the three regimes of steps."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any

import numpy as np

from labkit.mechanisms.token_walks._crowd import Crowd, Rule, walk
from labkit.mechanisms.token_walks._graphs import Ints
from labkit.mechanisms.token_walks._kernel import distance
from labkit.mechanisms.token_walks._world import Run, Runs, World, chain_of, objective_of
from labkit.seeds import Seed, streams
from labkit.unfolding import finish

FRAMES = 90
LADDER = (0.0, 1.0, 2.0, 5.0, 10.0, 20.0)
"""Strengths of repulsion to compare."""


def simulate(world: World, *, rng: Seed, replicates: int = 1) -> Run:
    """Let tokens walk under the rule of the world (Algorithm of Hu, Doshi and Eun, arXiv 2401.09665).

    Parameters
    ----------
    world : World
        The graph, the rule, and how long.
    rng : int, SeedSequence or Generator
        Where the randomness comes from.
    replicates : int
        How many walks.

    Returns
    -------
    Run
    """
    return compare(world, rng=rng, replicates=replicates, alphas=(world.alpha,))[world.alpha]


def compare(world: World, *, rng: Seed, replicates: int = 1, alphas: Sequence[float] | None = None) -> Runs:
    """Let tokens walk with several strengths of repulsion and the same luck.

    Parameters
    ----------
    world, rng, replicates
        As for `simulate`.
    alphas : sequence of float, optional
        The strengths; 0, the base chain, and that of the world where not given.

    Returns
    -------
    dict of float to Run
        By strength.
    """
    return finish(unfold_comparison(world, rng=rng, replicates=replicates, alphas=alphas))


def unfold_comparison(
    world: World, *, rng: Seed, replicates: int = 1, alphas: Sequence[float] | None = None
) -> Generator[tuple[float, Runs | None], None, Runs]:
    """Do what `compare` does, step by step.

    Parameters
    ----------
    world, rng, replicates, alphas
        As for `compare`.

    Yields
    ------
    (float, Runs or None)
        The share done, and now and then the runs so far.

    Returns
    -------
    dict of float to Run
    """
    strengths = (0.0, world.alpha) if alphas is None else alphas
    worlds = {alpha: world.replace(alpha=float(alpha)) for alpha in strengths}
    return (yield from _unfold(worlds, rng, replicates, _moments(world.steps)))


def compare_regimes(world: World, *, rng: Seed, replicates: int = 1, alphas: Sequence[float] = LADDER) -> Runs:
    """Let tokens walk in the three regimes of step sizes, with several strengths of repulsion and the same luck.

    Parameters
    ----------
    world : World
        Its smaller and its larger exponent are measure and theta in regime "i", the other way round in "iii"; in "ii"
        both have the larger one.
    rng, replicates
        As for `simulate`.
    alphas : sequence of float
        The strengths.

    Returns
    -------
    dict of (str, float) to Run
        By regime and strength.
    """
    return finish(unfold_regimes(world, rng=rng, replicates=replicates, alphas=alphas))


def unfold_regimes(
    world: World, *, rng: Seed, replicates: int = 1, alphas: Sequence[float] = LADDER
) -> Generator[tuple[float, Runs | None], None, Runs]:
    """Do what `compare_regimes` does, step by step.

    Parameters
    ----------
    world, rng, replicates, alphas
        As for `compare_regimes`.

    Yields
    ------
    (float, Runs or None)
        The share done, and now and then the runs so far.

    Returns
    -------
    dict of (str, float) to Run
    """
    low, high = sorted((world.a, world.b))
    pairs = {"i": (low, high), "ii": (high, high), "iii": (high, low)}
    worlds = {
        (case, alpha): world.replace(alpha=float(alpha), a=a, b=b) for case, (a, b) in pairs.items() for alpha in alphas
    }
    return (yield from _unfold(worlds, rng, replicates, _moments(world.steps)[-8:]))


def _moments(steps: int) -> Ints:
    """Return what to record: every step at first, then ever more rarely."""
    return np.unique(np.geomspace(1, steps, FRAMES).round().astype(np.int64))


def _unfold(
    worlds: Mapping[Any, World], rng: Seed, replicates: int, times: Ints
) -> Generator[tuple[float, Runs | None], None, Runs]:
    """Walk in worlds that differ in their rules only; yield the share done and the runs so far, return all."""
    if not worlds:
        raise ValueError("alphas is empty: allowed is one strength of repulsion or more")
    first = next(iter(worlds.values()))
    rules = [Rule(world.alpha, world.a, world.b) for world in worlds.values()]
    crowd = Crowd(chain_of(first), objective_of(first), rules, replicates, first.offset)
    record, stops = _Record(crowd, times), set(times.tolist())
    for reached in walk(crowd, times.tolist(), streams(rng, replicates, ("steps",))["steps"]):
        if reached in stops:
            record.add(reached)
        yield reached / int(times[-1]), record.runs(worlds) if reached in stops else None
    return record.runs(worlds)


class _Record:
    """What is kept of a crowd at each of the times."""

    def __init__(self, crowd: Crowd, times: Ints) -> None:
        self.crowd, self.times, self.frames = crowd, times, 0
        rules, walks = crowd.here.shape
        frames, nodes = len(times), crowd.chain.nodes
        self.distance, self.covered = (np.empty((rules, walks, frames)) for _ in range(2))
        self.theta = np.empty((rules, walks, frames, crowd.theta.shape[-1]))
        self.trail = np.empty((rules, frames), dtype=np.int64)
        self.counts, self.measure = (np.empty((rules, frames, nodes)) for _ in range(2))

    def add(self, number: int) -> None:
        """Record the present moment."""
        frame, crowd = self.frames, self.crowd
        shares = np.moveaxis(crowd.visits, 0, -1) / number
        self.distance[..., frame] = distance(shares, crowd.chain.target)
        self.covered[..., frame] = (shares > 0).mean(axis=-1)
        self.theta[:, :, frame] = crowd.theta
        self.trail[:, frame] = crowd.here[:, 0]
        self.counts[:, frame] = crowd.visits[:, :, 0].T
        self.measure[:, frame] = (crowd.measure[:, :, 0] / crowd.measure[:, :, 0].sum(axis=0)).T
        self.frames += 1

    def runs(self, worlds: Mapping[Any, World]) -> Runs:
        """Return what there is, by rule."""
        return Runs({key: self._run(world, number) for number, (key, world) in enumerate(worlds.items())})

    def _run(self, world: World, rule: int) -> Run:
        seen, crowd = slice(self.frames), self.crowd
        return Run(
            world=world,
            chain=crowd.chain,
            times=self.times[seen],
            distance=self.distance[rule, :, seen],
            covered=self.covered[rule, :, seen],
            theta=self.theta[rule, :, seen],
            visits=crowd.visits[:, rule].T.copy(),
            trail=self.trail[rule, seen],
            counts=self.counts[rule, seen],
            measure=self.measure[rule, seen],
            optimum=crowd.objective.optimum,
        )
