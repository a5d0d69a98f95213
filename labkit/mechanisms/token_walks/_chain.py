"""The base chain: Metropolis-Hastings on a graph, for any target; and its modes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from labkit.mechanisms.token_walks._graphs import Floats, Graph, Ints


@dataclass(frozen=True, slots=True)
class Chain:
    """A reversible chain on a graph.

    Attributes
    ----------
    graph : Graph
        Where it walks.
    target : ndarray of float, shape (nodes,)
        How often each node is to be visited, as a share; all above 0, sum 1.
    matrix : ndarray of float, shape (nodes, nodes)
        Chance of going from row to column; the diagonal is the chance to stay.
    choices : ndarray of int, shape (slots, nodes)
        The neighbours of each node, then itself, then itself again to fill up.
    logits : ndarray of float, shape (slots, nodes)
        Logarithms of the chances of the choices, minus infinity for what fills up.
    """

    graph: Graph
    target: Floats
    matrix: Floats
    choices: Ints
    logits: Floats

    @property
    def nodes(self) -> int:
        """How many nodes."""
        return self.graph.nodes


@dataclass(frozen=True, slots=True)
class Modes:
    """The modes of a reversible chain, but for the one that never changes.

    Attributes
    ----------
    eigenvalues : ndarray of float, shape (nodes - 1,)
        Falling, below 1, from -1.
    shapes : ndarray of float, shape (nodes, nodes - 1)
        ``shapes.T @ values`` splits values on the nodes into modes; the squares of a split add up to the variance of
        the values under the target.
    """

    eigenvalues: Floats
    shapes: Floats

    def split(self, values: ArrayLike) -> Floats:
        """Return how much of each mode there is in values on the nodes, shape (nodes,) or (nodes, dims)."""
        parts: Floats = self.shapes.T @ np.asarray(values, dtype=np.float64)
        return parts


def metropolis(graph: Graph, target: ArrayLike | None = None) -> Chain:
    """Return the Metropolis-Hastings chain: propose a neighbour, accept so that the target is kept.

    Parameters
    ----------
    graph : Graph
        Where it walks.
    target : array_like of float, shape (nodes,), optional
        How often each node is to be visited, up to a factor; all alike where not given.

    Returns
    -------
    Chain
        From i to a neighbour j with chance ``min(1 / d_i, target_j / (target_i d_j))``, where d counts neighbours.

    Raises
    ------
    ValueError
        The target has not one finite number above 0 for each node.
    """
    wanted = np.ones(graph.nodes) if target is None else np.array(target, dtype=np.float64)
    if wanted.shape != (graph.nodes,) or not (np.isfinite(wanted) & (wanted > 0)).all():
        raise ValueError(f"target = {target!r}: allowed is one finite number above 0 for each of {graph.nodes} nodes")
    wanted = wanted / wanted.sum()
    degrees = graph.degrees
    matrix = graph.adjacency * np.minimum(1 / degrees[:, None], wanted / (wanted[:, None] * degrees))
    np.fill_diagonal(matrix, np.maximum(0.0, 1 - matrix.sum(axis=1)))
    choices, logits = _slots(graph, matrix)
    return Chain(graph, wanted, matrix, choices, logits)


def _slots(graph: Graph, matrix: Floats) -> tuple[Ints, Floats]:
    # A rejected proposal is a visit too, so staying is a choice like any other, and is repelled like any other.
    slots = int(graph.degrees.max()) + 1
    choices = np.tile(np.arange(graph.nodes), (slots, 1))
    logits = np.full((slots, graph.nodes), -np.inf)
    links = graph.adjacency > 0
    with np.errstate(divide="ignore"):
        logs = np.log(matrix)
    for node in range(graph.nodes):
        reach = [*np.flatnonzero(links[node]), node]
        choices[: len(reach), node], logits[: len(reach), node] = reach, logs[node, reach]
    return choices, logits


def modes(chain: Chain) -> Modes:
    """Return the modes of a chain.

    Parameters
    ----------
    chain : Chain
        A reversible chain.

    Returns
    -------
    Modes
    """
    root = np.sqrt(chain.target)
    symmetric = root[:, None] * chain.matrix / root
    values, vectors = np.linalg.eigh((symmetric + symmetric.T) / 2)
    # The last and largest eigenvalue is 1: the mode in which nothing changes.
    return Modes(np.clip(values[-2::-1], -1.0, 1.0), root[:, None] * vectors[:, -2::-1])
