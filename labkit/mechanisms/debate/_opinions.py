"""Opinions that are averaged: DeGroot, Friedkin and Johnsen, and bounded confidence, each with what is exactly true."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labkit.mechanisms.debate._topology import Topology, neighbourhoods

Floats = NDArray[np.float64]


def trust(agents: int, topology: Topology = "complete", own: float | None = None) -> Floats:
    """Return who listens how much to whom.

    Parameters
    ----------
    agents : int
        How many.
    topology : {"complete", "ring", "star"}
        Who hears whom.
    own : float, optional
        Weight of the own opinion, 0 to 1; without it all who are heard, oneself among them, weigh alike.

    Returns
    -------
    ndarray of float, shape (agents, agents)
        Each row sums to 1.

    Raises
    ------
    ValueError
        The own weight is out of range.
    """
    if own is not None and not 0 <= own <= 1:
        raise ValueError(f"own = {own!r}: allowed is 0 to 1")
    weights = np.zeros((agents, agents))
    for reader, heard in enumerate(neighbourhoods(agents, topology)):
        weights[reader, list(heard)] = 1 / len(heard)
        if own is not None and len(heard) > 1:
            weights[reader, list(heard)] = (1 - own) / (len(heard) - 1)
            weights[reader, reader] = own
    return weights


def degroot(weights: ArrayLike, start: ArrayLike, rounds: int) -> Floats:
    """Return opinions that are averaged again and again: ``x <- W x``.

    Parameters
    ----------
    weights : array_like of float, shape (agents, agents)
        Who listens how much to whom; rows sum to 1.
    start : array_like of float, shape (agents,)
        Opinions at the start.
    rounds : int
        How often.

    Returns
    -------
    ndarray of float, shape (rounds + 1, agents)

    Raises
    ------
    ValueError
        A row does not sum to 1, or the shapes do not fit.
    """
    return friedkin_johnsen(weights, start, np.ones(len(np.atleast_1d(start))), rounds)


def degroot_limit(weights: ArrayLike, start: ArrayLike) -> float:
    """Return the opinion that all end up with, where the group is connected: ``pi x0``.

    Parameters
    ----------
    weights, start
        As for `degroot`.

    Returns
    -------
    float
        pi is the left eigenvector of the weights to eigenvalue 1, scaled to sum 1: how much each agent counts.
    """
    matrix, opinions = _checked(weights, start)
    # The null space of W' - 1, together with the sum.
    system = np.vstack([matrix.T - np.eye(len(matrix)), np.ones(len(matrix))])
    pi = np.linalg.lstsq(system, np.append(np.zeros(len(matrix)), 1.0), rcond=None)[0]
    return float(pi @ opinions)


def second_eigenvalue(weights: ArrayLike) -> float:
    """Return how much of a disagreement one round leaves in the long run: the second largest modulus.

    Parameters
    ----------
    weights : array_like of float, shape (agents, agents)
        As for `degroot`.

    Returns
    -------
    float
    """
    sizes = np.sort(np.abs(np.linalg.eigvals(np.asarray(weights, dtype=np.float64))))
    return float(sizes[-2]) if sizes.size > 1 else 0.0


def friedkin_johnsen(weights: ArrayLike, start: ArrayLike, openness: ArrayLike, rounds: int) -> Floats:
    """Return opinions of agents that hold on to where they began: ``x <- L W x + (1 - L) x0``.

    Parameters
    ----------
    weights, start, rounds
        As for `degroot`.
    openness : array_like of float, shape (agents,)
        L: 1 listens fully, 0 never moves.

    Returns
    -------
    ndarray of float, shape (rounds + 1, agents)

    Raises
    ------
    ValueError
        As for `degroot`, or an openness is out of range.
    """
    matrix, opinions = _checked(weights, start)
    moves = _openness(openness, len(opinions))
    path: list[Floats] = [opinions]
    for _ in range(rounds):
        path.append(np.asarray(moves * (matrix @ path[-1]) + (1 - moves) * opinions))
    return np.array(path)


def friedkin_johnsen_limit(weights: ArrayLike, start: ArrayLike, openness: ArrayLike) -> Floats:
    """Return where those opinions end: ``(1 - L W)^-1 (1 - L) x0``.

    Parameters
    ----------
    weights, start, openness
        As for `friedkin_johnsen`; somebody whom all hear of in the end must hold on, else there is no single limit.

    Returns
    -------
    ndarray of float, shape (agents,)
    """
    matrix, opinions = _checked(weights, start)
    moves = _openness(openness, len(opinions))
    limit = np.linalg.solve(np.eye(len(opinions)) - moves[:, None] * matrix, (1 - moves) * opinions)
    return np.asarray(limit, dtype=np.float64)


def bounded_confidence(start: ArrayLike, epsilon: float, rounds: int) -> Floats:
    """Return opinions of agents that average only those within `epsilon` of their own (Hegselmann and Krause).

    Parameters
    ----------
    start : array_like of float, shape (agents,)
        Opinions at the start.
    epsilon : float
        How far an opinion may lie to be heard, 0 or more.
    rounds : int
        How often.

    Returns
    -------
    ndarray of float, shape (rounds + 1, agents)

    Raises
    ------
    ValueError
        `epsilon` is negative.
    """
    if not epsilon >= 0:
        raise ValueError(f"epsilon = {epsilon!r}: allowed is a number from 0")
    path: list[Floats] = [np.asarray(start, dtype=np.float64)]
    for _ in range(rounds):
        heard = np.abs(path[-1][:, None] - path[-1]) <= epsilon
        path.append((heard @ path[-1]) / heard.sum(axis=1))
    return np.array(path)


def camps(opinions: ArrayLike, epsilon: float) -> int:
    """Return into how many camps opinions fall.

    Neighbours in the ranking that are more than `epsilon` apart part company. Such a gap never closes: each side
    moves within its own range. So this number can only grow, and once all differences within a camp are 0 it is how
    many opinions are left.

    Parameters
    ----------
    opinions : array_like of float, shape (agents,)
        One per agent.
    epsilon : float
        As for `bounded_confidence`.

    Returns
    -------
    int
    """
    ranked = np.sort(np.asarray(opinions, dtype=np.float64))
    return int((np.diff(ranked) > epsilon).sum()) + 1


def _checked(weights: ArrayLike, start: ArrayLike) -> tuple[Floats, Floats]:
    matrix, opinions = np.asarray(weights, dtype=np.float64), np.asarray(start, dtype=np.float64)
    if matrix.shape != (opinions.size, opinions.size) or np.abs(matrix.sum(axis=1) - 1).max() > 1e-9:
        raise ValueError(
            f"weights have shape {matrix.shape} for {opinions.size} opinions: allowed are rows that sum to 1"
        )
    return matrix, opinions


def _openness(openness: ArrayLike, agents: int) -> Floats:
    moves = np.broadcast_to(np.asarray(openness, dtype=np.float64), (agents,))
    if not ((moves >= 0) & (moves <= 1)).all():
        raise ValueError(f"openness = {openness!r}: allowed is 0 to 1")
    return moves
