"""Batched elimination: play by a fixed plan, tell the others at the end of a batch, drop the arms that lost."""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator as Chance

from labkit.mechanisms.distributed_bandits._eliminator import Eliminator, Network
from labkit.mechanisms.distributed_bandits._gossip import gossip_steps, gossip_weights, graph_edges, second_eigenvalue
from labkit.mechanisms.distributed_bandits._problem import Floats, Instance, Ints, Run
from labkit.mechanisms.distributed_bandits._trail import Trail


@dataclass(frozen=True, slots=True)
class Batches:
    """What batched elimination did.

    Attributes
    ----------
    lengths : ndarray of int, shape (batches,)
        Rounds in each batch.
    steps : int
        Gossip steps at the end of a batch; 0 with a server.
    alive : ndarray of float, shape (replicates, batches + 1)
        Arms left per set, on average over sets and agents: before the first batch and after each one.
    left : ndarray of float, shape (batches + 1, contexts, arms)
        Share of the agents for which an arm is left, first replicate; arms ordered from best to worst in each set.
    best_kept : ndarray of float, shape (replicates,)
        Share of the pairs of agent and set whose best arm is left at the end.
    theta : ndarray of float, shape (replicates, batches, agents or 1, blocks, dim)
        The estimates: one where a server makes them.
    """

    lengths: Ints
    steps: int
    alive: Floats
    left: Floats
    best_kept: Floats
    theta: Floats


def batch_grid(horizon: int, dim: int, agents: int, growth: float = 2.0) -> Ints:
    """Return how long each batch lasts.

    Parameters
    ----------
    horizon : int
        Rounds per agent, 1 or more.
    dim : int
        Features.
    agents : int
        How many play.
    growth : float
        a / sqrt(horizon) of the rule below; 2 in the paper.

    Returns
    -------
    ndarray of int, shape (batches,)
        With ``a = growth sqrt(horizon)``: twice ``ceil(a sqrt(dim / agents))``, then ``floor(a sqrt(batch before))``;
        the last one is cut so that the sum is the horizon.

    Raises
    ------
    ValueError
        A number is out of range.

    Notes
    -----
    Amani et al. (arXiv 2205.13170), as in the code of those who compare with it. With M = 1 + log2(log2(NT/d)/2 + 1)
    batches its a = sqrt(T) (NT/d)^(1/(2(2^(M-1) - 1))) is 2 sqrt(T).
    """
    for name, number in (("horizon", horizon), ("dim", dim), ("agents", agents)):
        if not (number >= 1 and number == int(number)):
            raise ValueError(f"{name} = {number}: allowed is a whole number from 1")
    if not growth > 0:
        raise ValueError(f"growth = {growth}: allowed is a number above 0")
    pace = growth * math.sqrt(horizon)
    first = math.ceil(pace * math.sqrt(dim / agents))
    lengths = [min(first, horizon)]
    while sum(lengths) < horizon:
        planned = first if len(lengths) == 1 else max(1, math.floor(pace * math.sqrt(lengths[-1])))
        lengths.append(min(planned, horizon - sum(lengths)))
    return np.array(lengths, dtype=np.int64)


def disbe(
    instance: Instance,
    horizon: int,
    chance: dict[str, list[Chance]],
    *,
    width: float = 0.3,
    growth: float = 2.0,
    design: str = "optimal",
) -> Generator[float, None, Run]:
    """Batch elimination through a server (DisBE-LUCB, arXiv 2205.13170), for a pool of sets that all agents know."""
    return _eliminate("disbe", instance, horizon, chance, None, width, growth, design)


def decbe(
    instance: Instance,
    horizon: int,
    chance: dict[str, list[Chance]],
    *,
    graph: str = "ring",
    accuracy: float = 0.01,
    steps: int | None = None,
    gossip: str = "chebyshev",
    width: float = 0.3,
    growth: float = 2.0,
    design: str = "optimal",
) -> Generator[float, None, Run]:
    """Batch elimination without a server (DecBE-LUCB): neighbours gossip during the last rounds of each batch.

    `steps` overrides the number of gossip steps that `accuracy` asks for; at most half of a batch is spent on them.
    """
    if gossip not in ("chebyshev", "plain"):
        raise ValueError(f"gossip = {gossip!r}: allowed is one of 'chebyshev', 'plain'")
    agents = instance.problem.agents
    weights = gossip_weights(graph, agents)
    if steps is None:
        steps = gossip_steps(second_eigenvalue(weights), agents, accuracy)
    degree = graph_edges(graph, agents).sum(axis=1)
    network = Network(weights, degree, steps, chebyshev=gossip == "chebyshev")
    return _eliminate("decbe", instance, horizon, chance, network, width, growth, design)


def _eliminate(
    policy: str,
    instance: Instance,
    horizon: int,
    chance: dict[str, list[Chance]],
    network: Network | None,
    width: float,
    growth: float,
    design: str,
) -> Generator[float, None, Run]:
    problem, replicates = instance.problem, len(chance["counts"])
    if design not in ("optimal", "mixed") or (design == "mixed" and problem.blocks > 1):
        raise ValueError(f"design = {design!r}: allowed is 'optimal', or with one parameter for all arms 'mixed'")
    lengths = batch_grid(horizon, problem.blocks * problem.dim, problem.agents, growth)
    trail = Trail(problem, horizon, replicates)
    alive, kept, theta, left = np.empty((replicates, len(lengths) + 1)), np.empty(replicates), [], None
    for replicate in range(replicates):
        team = Eliminator(instance, replicate, horizon, width, design, 1 if network is None else problem.agents)
        masks, estimates, regret = [team.alive], [], [0.0]
        for number, length in enumerate(lengths):
            regret.append(regret[-1] + team.play(int(length), chance["counts"][replicate], network))
            estimates.append(team.theta)
            masks.append(team.alive)
            _post(trail, int(lengths[: number + 1].sum()), int(length), network, slice(replicate, replicate + 1))
            yield (replicate + (number + 1) / len(lengths)) / replicates
        # Within a batch the plan is fixed, so regret grows along a line but for chance.
        trail.regret[replicate] = np.interp(trail.rounds, [0, *lengths.cumsum()], regret)
        alive[replicate] = [mask.sum(axis=2).mean() for mask in masks]
        kept[replicate] = np.take_along_axis(team.alive, team.best[None, :, None], axis=2).mean()
        theta.append(np.stack(estimates))
        left = np.stack([mask.mean(axis=0) for mask in masks]) if left is None else left
    assert left is not None
    order = np.argsort(instance.gaps[0], axis=1)
    left = np.take_along_axis(left, order[None], axis=2)
    detail = Batches(lengths, 0 if network is None else network.steps, alive, left, kept, np.stack(theta))
    return trail.run(policy, detail)


def _post(trail: Trail, round_: int, length: int, network: Network | None, which: slice) -> None:
    """Enter what is sent at the end of a batch."""
    problem = trail.problem
    size = problem.blocks * problem.dim
    everyone = np.ones((1, problem.agents))
    if network is None:
        trail.post(round_, everyone, everyone, size, which)
    else:
        sends = min(network.steps, length // 2) * network.degree
        trail.post(round_, sends[None], 0 * everyone, size, which)
