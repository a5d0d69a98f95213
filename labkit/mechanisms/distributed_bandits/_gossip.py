"""Agreement without a server: neighbours average, and momentum makes it fast."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from labkit.mechanisms.distributed_bandits._problem import Floats

GRAPHS = ("ring", "star", "complete", "random")


def graph_edges(graph: str, agents: int) -> Floats:
    """Return who is whose neighbour.

    Parameters
    ----------
    graph : {"ring", "star", "complete", "random"}
        "random" joins each pair with probability 0.3 (the first draw from seed 0 on that is connected).
    agents : int
        How many nodes.

    Returns
    -------
    ndarray of float, shape (agents, agents)
        1 where two are joined, else 0.

    Raises
    ------
    ValueError
        There is no graph of that name.
    """
    import networkx as nx

    if graph not in GRAPHS:
        raise ValueError(f"graph = {graph!r}: allowed is one of {', '.join(GRAPHS)}")
    if graph == "random":
        drawn = (nx.gnp_random_graph(agents, 0.3, seed=seed) for seed in range(1000))
        network = next((each for each in drawn if nx.is_connected(each)), nx.path_graph(agents))
    elif graph == "star":
        network = nx.star_graph(agents - 1)
    else:
        network = nx.cycle_graph(agents) if graph == "ring" else nx.complete_graph(agents)
    edges: Floats = nx.to_numpy_array(network, nodelist=range(agents), dtype=np.float64)
    np.fill_diagonal(edges, 0)
    return np.minimum(edges, 1)


def gossip_weights(graph: str, agents: int) -> Floats:
    """Return the Metropolis weights of a graph: symmetric, non-negative, rows and columns sum to 1.

    Parameters
    ----------
    graph : str
        As for `graph_edges`.
    agents : int
        How many nodes.

    Returns
    -------
    ndarray of float, shape (agents, agents)
        ``1 / (1 + max(degree, degree))`` on edges, the rest on the diagonal.
    """
    edges = graph_edges(graph, agents)
    degree = edges.sum(axis=1)
    weights: Floats = edges / (1 + np.maximum.outer(degree, degree))
    np.fill_diagonal(weights, 1 - weights.sum(axis=1))
    return weights


def second_eigenvalue(weights: Floats) -> float:
    """Return lambda2: how much of a disagreement one plain averaging step leaves, at worst.

    Parameters
    ----------
    weights : ndarray of float, shape (agents, agents)
        Symmetric, rows sum to 1.

    Returns
    -------
    float
        The largest absolute eigenvalue but for the 1 of the constant vector.
    """
    without_mean = weights - 1 / len(weights)
    value = float(np.abs(np.linalg.eigvalsh(without_mean)).max())
    return value if value > 1e-12 else 0.0


def chebyshev_gossip(weights: ArrayLike, values: ArrayLike, steps: int) -> Floats:
    """Return what each agent holds after `steps` exchanges with its neighbours, with Chebyshev momentum.

    Parameters
    ----------
    weights : array_like, shape (agents, agents)
        Symmetric, rows sum to 1, 0 where two are not joined.
    values : array_like, shape (agents, k)
        What each agent starts from.
    steps : int
        Exchanges, 0 or more.

    Returns
    -------
    ndarray of float, shape (agents, k)
        The sum over agents is that of `values`; the distance to the mean shrinks to 1 / T_steps(1 / lambda2), where T
        is the Chebyshev polynomial.

    Raises
    ------
    ValueError
        The weights are not of that kind, or leave the graph in two parts, or `steps` is below 0.

    Notes
    -----
    Martinez-Rubio, Kanade and Rebeschini (NeurIPS 2019), section 3. The recursion runs on ratios of Chebyshev numbers,
    because the numbers themselves overflow.
    """
    mixing, before = _checked(weights, values, steps)
    lambda2 = second_eigenvalue(mixing)
    if not steps:
        return before.copy()
    now = mixing @ before
    if lambda2 == 0:
        return now
    if lambda2 > 1 - 1e-12:
        raise ValueError("weights leave the graph in two parts: its agents can never agree")
    ratio = 1 / lambda2
    for _ in range(steps - 1):
        following = 2 / lambda2 - 1 / ratio
        now, before = 2 / (lambda2 * following) * (mixing @ now) - before / (following * ratio), now
        ratio = following
    return now


def plain_gossip(weights: ArrayLike, values: ArrayLike, steps: int) -> Floats:
    """Return what each agent holds after `steps` plain averages over its neighbours.

    Parameters
    ----------
    weights, values, steps
        As for `chebyshev_gossip`.

    Returns
    -------
    ndarray of float, shape (agents, k)
    """
    mixing, start = _checked(weights, values, steps)
    return np.linalg.matrix_power(mixing, steps) @ start


def gossip_steps(lambda2: float, agents: int, accuracy: float) -> int:
    """Return how many Chebyshev steps bring every agent within ``accuracy / agents`` of the mean, in operator norm.

    Parameters
    ----------
    lambda2 : float
        Second largest absolute eigenvalue of the weights, from 0 and below 1.
    agents : int
        How many there are.
    accuracy : float
        Wanted accuracy of the sum, above 0.

    Returns
    -------
    int
        ``ceil(log(2 agents / accuracy) / sqrt(2 log(1 / lambda2)))``, and 1 where lambda2 is 0.

    Raises
    ------
    ValueError
        A number is out of range.

    Notes
    -----
    Derived from the error 1 / T_S(1 / lambda2) <= 2 exp(-S arccosh(1 / lambda2)) and arccosh z >= sqrt(2 log z). The
    number of steps in arXiv 2205.13170 is recalled to have this form; its constant was not read.
    """
    if not 0 <= lambda2 < 1:
        raise ValueError(f"lambda2 = {lambda2}: allowed is a number from 0 and below 1")
    if not agents >= 1:
        raise ValueError(f"agents = {agents}: allowed is a whole number from 1")
    if not accuracy > 0:
        raise ValueError(f"accuracy = {accuracy}: allowed is a number above 0")
    if lambda2 == 0:
        return 1
    return max(1, math.ceil(math.log(2 * agents / accuracy) / math.sqrt(2 * math.log(1 / lambda2))))


def _checked(weights: ArrayLike, values: ArrayLike, steps: int) -> tuple[Floats, Floats]:
    if steps < 0:
        raise ValueError(f"steps = {steps}: allowed is a whole number from 0")
    mixing, start = np.asarray(weights, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if mixing.ndim != 2 or mixing.shape[0] != mixing.shape[1] or start.ndim != 2 or len(start) != len(mixing):
        raise ValueError(
            f"weights has shape {mixing.shape} and values {start.shape}: allowed are (agents, agents) and (agents, k)"
        )
    if not (np.allclose(mixing, mixing.T) and np.allclose(mixing.sum(axis=1), 1)):
        raise ValueError("weights: allowed is a symmetric matrix whose rows sum to 1")
    return mixing, start
