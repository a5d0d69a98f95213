"""When to talk: always, never, when enough is new, at doubling times, or each agent when it likes."""

from __future__ import annotations

import math
from collections.abc import Generator

import numpy as np
from numpy.random import Generator as Chance

from labkit.mechanisms.distributed_bandits._gossip import (
    chebyshev_gossip,
    gossip_steps,
    gossip_weights,
    graph_edges,
    second_eigenvalue,
)
from labkit.mechanisms.distributed_bandits._linucb import Team, play_rounds
from labkit.mechanisms.distributed_bandits._problem import BITS_PER_NUMBER, Floats, Instance, Ints, Run
from labkit.mechanisms.distributed_bandits._trail import Trail

Played = Generator[float, None, Run]
Streams = dict[str, list[Chance]]


def central(
    instance: Instance, horizon: int, chance: Streams, *, width: float = 1.0, ridge: float = 1.0, delta: float = 0.01
) -> Played:
    """Every agent sends every sample to every other agent at once."""
    team = Team(instance, len(chance["noise"]), ridge, width, delta)
    everyone, agents = np.arange(team.replicates), team.agents
    none = np.zeros((team.replicates, agents))

    def talk(round_: int, team: Team, trail: Trail) -> None:
        trail.post(round_, (team.fresh > 0) * (agents - 1), none, team.dim + 1)
        team.synchronise(everyone, team.fresh_moment)

    return play_rounds("central", instance, horizon, chance, team, talk)


def isolated(
    instance: Instance, horizon: int, chance: Streams, *, width: float = 1.0, ridge: float = 1.0, delta: float = 0.01
) -> Played:
    """Nobody says anything."""
    team = Team(instance, len(chance["noise"]), ridge, width, delta)
    return play_rounds("isolated", instance, horizon, chance, team, lambda round_, team, trail: None)


def dislinucb(
    instance: Instance,
    horizon: int,
    chance: Streams,
    *,
    trigger: float | None = None,
    width: float = 1.0,
    ridge: float = 1.0,
    delta: float = 0.01,
) -> Played:
    """All synchronise through a server as soon as one of them has learned enough (Wang et al., arXiv 1904.06309).

    An agent calls for it when the logarithm of the growth of its determinant, times the rounds since the last time,
    exceeds `trigger`; where none is given, ``T ln(N T) / (d N)``, recalled from the paper.
    """
    team = Team(instance, len(chance["noise"]), ridge, width, delta)
    numbers = team.blocks * (team.dim**2 + team.dim)
    bar = default_trigger(team.agents, team.blocks * team.dim, horizon) if trigger is None else trigger
    if not bar >= 0:
        raise ValueError(f"trigger = {trigger}: allowed is a number from 0, or infinity")
    team.trigger = bar

    def talk(round_: int, team: Team, trail: Trail) -> None:
        which = np.flatnonzero((team.growth * team.since[:, None]).max(axis=1) > bar)
        if which.size:
            _through_server(round_, team, trail, which, team.fresh_moment[which], numbers)

    return play_rounds("dislinucb", instance, horizon, chance, team, talk)


def default_trigger(agents: int, dim: int, horizon: int) -> float:
    """Return the trigger recalled from the paper: ``T ln(N T) / (d N)``."""
    return horizon * math.log(max(agents * horizon, 2)) / (dim * agents)


def _through_server(
    round_: int, team: Team, trail: Trail, which: Ints, moments: Floats, numbers: int, bits: int | None = None
) -> None:
    team.synchronise(which, moments)
    up, everyone = np.zeros((team.replicates, team.agents)), np.ones(team.agents)
    up[which] = everyone
    trail.post(round_, up, up, numbers, bits=bits)


def doubling(
    instance: Instance,
    horizon: int,
    chance: Streams,
    *,
    growth: float = 2.0,
    resolution: int | None = None,
    graph: str | None = None,
    accuracy: float = 1e-3,
    width: float = 1.0,
    ridge: float = 1.0,
    delta: float = 0.01,
) -> Played:
    """All synchronise at rounds 1, `growth`, `growth` squared, ...: through a server, or by gossip on a graph.

    With `resolution` an agent sends the vector of its moments, and only that, with so many bits per coordinate. Our
    construction.
    """
    if not growth > 1:
        raise ValueError(f"growth = {growth}: allowed is a number above 1")
    if resolution is not None and not 1 <= resolution <= 32:
        raise ValueError(f"resolution = {resolution}: allowed is a whole number of bits from 1 to 32")
    team = Team(instance, len(chance["noise"]), ridge, width, delta, apart=graph is not None)
    times = {math.ceil(growth**k - 1e-9) for k in range(math.ceil(math.log(horizon, growth)) + 1)}
    everyone = np.arange(team.replicates)
    numbers = team.blocks * (team.dim**2 + team.dim)
    coordinates = team.blocks * team.dim
    # The moments in few bits, and one number for their scale; the rest as it is.
    bits = None if resolution is None else (numbers - coordinates + 1) * BITS_PER_NUMBER + coordinates * resolution
    links = None if graph is None else _links(graph, team.agents, accuracy)

    def talk(round_: int, team: Team, trail: Trail) -> None:
        if round_ not in times:
            return
        moments = team.fresh_moment if resolution is None else _coarse(team.fresh_moment, resolution)
        if links is None:
            _through_server(round_, team, trail, everyone, moments, numbers, bits)
        else:
            mixing, sends = links
            team.synchronise(everyone, moments, mixing)
            up = np.tile(sends, (team.replicates, 1))
            trail.post(round_, up, np.zeros(up.shape), numbers, bits=bits)

    return play_rounds("doubling", instance, horizon, chance, team, talk)


def _links(graph: str, agents: int, accuracy: float) -> tuple[Floats, Floats]:
    """Return what gossip makes of the vectors of all agents, as a matrix, and how many messages each one sends."""
    weights = gossip_weights(graph, agents)
    steps = gossip_steps(second_eigenvalue(weights), agents, accuracy)
    return agents * chebyshev_gossip(weights, np.eye(agents), steps), steps * graph_edges(graph, agents).sum(axis=1)


def _coarse(moments: Floats, resolution: int) -> Floats:
    """Round each agent's moments to the nearest of 2^resolution levels, up to its largest coordinate either way."""
    largest = np.abs(moments).max(axis=(2, 3), keepdims=True)
    step = 2 * np.where(largest > 0, largest, 1) / (2**resolution - 1)
    return np.asarray(np.round((moments + largest) / step) * step - largest, dtype=np.float64)
