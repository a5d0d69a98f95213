"""A world in which a token walks, and what is recorded of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np

from labkit.mechanisms.token_walks._chain import Chain, metropolis
from labkit.mechanisms.token_walks._graphs import Family, Floats, Graph, Ints, make_graph, ready_made
from labkit.mechanisms.token_walks._objective import Mean, Objective, spread_digits, spread_numbers
from labkit.params import Field, Params


class World(Params):
    """A graph, a token that walks on it, and what the token learns on the way."""

    graph: Family = Field("barbell", description="where the token walks")
    nodes: int = Field(12, ge=4, le=200, slider=(4, 40, 1), description="of ring and barbell")
    bridges: int = Field(1, ge=1, le=100, slider=(1, 6, 1), description="doors of the barbell")
    edges: str = Field("a b; b c; c a; c d; d e; e f; f d", description="edge list of the pasted graph")
    target: Literal["uniform", "degree", "ramp"] = Field("uniform", description="share of visits each node is to get")
    alpha: float = Field(10.0, ge=0, le=100, slider=(0, 20, 0.5), description="strength of the repulsion")
    a: float = Field(0.8, gt=0.5, le=1, slider=(0.55, 1, 0.05), description="the measure moves by n^-a")
    b: float = Field(0.9, gt=0.5, le=1, slider=(0.55, 1, 0.05), description="theta moves by n^-b")
    offset: float = Field(100.0, ge=1, le=10_000, slider=(1, 500, 1), description="steps as if made before")
    steps: int = Field(3000, ge=10, le=200_000, slider=(500, 20_000, 500), description="how far the token walks")
    objective: Literal["numbers", "degrees", "digits"] = Field("numbers", description="what theta learns")


@dataclass(frozen=True, slots=True)
class Run:
    """What came of walks under one rule.

    Attributes
    ----------
    world : World
        Where they walked, with the rule in it.
    chain : Chain
        The base chain.
    times : ndarray of int, shape (frames,)
        After which steps something was recorded.
    distance, covered : ndarray of float, shape (walks, frames)
        Total variation between visits and target, and the share of nodes visited so far.
    theta : ndarray of float, shape (walks, frames, dims)
        What was learned.
    visits : ndarray of float, shape (walks, nodes)
        How often each node was visited, up to the last of the times.
    trail : ndarray of int, shape (frames,)
        Where the first token stood.
    counts, measure : ndarray of float, shape (frames, nodes)
        Its visits, and the weighted visits that its kernel reads.
    optimum : ndarray of float, shape (dims,)
        What theta should become.
    """

    world: World
    chain: Chain
    times: Ints
    distance: Floats
    covered: Floats
    theta: Floats
    visits: Floats
    trail: Ints
    counts: Floats
    measure: Floats
    optimum: Floats

    @property
    def reached(self) -> float:
        """How far it is from the start of the count: steps made, and the offset."""
        return float(self.times[-1] + self.world.offset)

    @property
    def step(self) -> float:
        """The step of theta at the end, by which its variance is measured."""
        return float(self.reached**-self.world.b)


class Runs(dict[Any, Run]):
    """Runs by strength of repulsion, or by regime and strength; they share their luck."""

    @property
    def times(self) -> Ints:
        """The recorded times."""
        return next(iter(self.values())).times


def graph_of(world: World) -> Graph:
    """Return the graph of a world.

    Parameters
    ----------
    world : World
        Whose graph.

    Returns
    -------
    Graph

    Raises
    ------
    ValueError
        The graph is pasted, and its edge list is not one: the message says where.
    """
    if world.graph == "pasted":
        return _pasted(world.edges)
    return ready_made(world.graph, world.nodes, world.bridges)


_pasted = lru_cache(maxsize=16)(make_graph)


def chain_of(world: World) -> Chain:
    """Return the base chain of a world.

    Parameters
    ----------
    world : World
        Whose chain.

    Returns
    -------
    Chain

    Raises
    ------
    ValueError
        As for `graph_of`.
    """
    graph = graph_of(world)
    shares = {"uniform": np.ones(graph.nodes), "degree": graph.degrees, "ramp": np.linspace(1, 3, graph.nodes)}
    return metropolis(graph, shares[world.target])


def objective_of(world: World) -> Objective:
    """Return what theta learns in a world.

    Parameters
    ----------
    world : World
        Its objective "numbers" is the mean of 0 to 2, evenly over the nodes in their order; "degrees" is the mean
        number of neighbours, as a multiple of its plain mean; "digits" is to tell zeros from ones.

    Returns
    -------
    Mean or Logistic
    """
    chain = chain_of(world)
    if world.objective == "digits":
        return spread_digits(chain.target)
    return spread_numbers(
        chain.target, chain.graph.degrees / chain.graph.degrees.mean() if world.objective == "degrees" else None
    )


def values_of(world: World) -> Floats:
    """Return the numbers on the nodes whose mean a walk can be asked for.

    Parameters
    ----------
    world : World
        Those of its objective; where it learns digits, those of the objective "numbers".

    Returns
    -------
    ndarray of float, shape (nodes,)
    """
    numbers = objective_of(world if world.objective != "digits" else world.replace(objective="numbers"))
    assert isinstance(numbers, Mean)
    return numbers.values
