"""Who reads whom: a graph that carries answers from those that contribute more to those that contribute less."""

from __future__ import annotations

from collections.abc import Iterable

import networkx as nx
import numpy as np
from numpy.typing import ArrayLike, NDArray

from labkit.mechanisms.shapley_dag._contribution import DIGITS, Rule, checked_rule, contributions, similarities

Floats = NDArray[np.float64]


def influence_graph(embeddings: ArrayLike, *, threshold: float, max_in_degree: int, rule: Rule = "paper") -> nx.DiGraph:
    """Return the graph in which an edge from m to n means that n reads m.

    Parameters
    ----------
    embeddings : array_like of float, shape (agents, dimension)
        One vector per answer.
    threshold : float
        Least cosine of two answers whose agents may be joined, -1 to 1.
    max_in_degree : int
        Most agents that one agent reads, 0 or more; the most similar come first, under "released" by the similarity
        that is biased towards contribution.
    rule : {"paper", "released"}
        The paper joins m to n where m contributes more, so no cycle can arise. The released code lets each agent
        pick the most attractive others, ``S (1 + N (c_m - c_n))``, whoever contributes more, and then cuts cycles.

    Returns
    -------
    networkx.DiGraph
        Nodes 0 to agents - 1, with the attributes `contribution` and `order` (place in the order of
        speaking). Edges carry `similarity` and `weight`; the graph carries `rule` and `cut`, the number of edges
        that were removed to break cycles.

    Raises
    ------
    ValueError
        As for `contributions`, or the threshold or the cap is out of range.

    Notes
    -----
    arXiv 2510.00685, edges and order; the rule "released" after the authors' code. Equal similarity: the one
    who contributes more comes first, then the smaller number.
    """
    checked_rule(rule)
    _checked_limits(threshold, max_in_degree)
    scores, alike = contributions(embeddings, rule), similarities(embeddings)
    agents = len(scores)
    ranks = np.round(scores, DIGITS)
    attraction = alike * (1 + agents * (scores[None, :] - scores[:, None])) if rule == "released" else alike
    graph = nx.DiGraph(rule=rule, cut=0)
    graph.add_nodes_from((agent, {"contribution": float(score)}) for agent, score in enumerate(scores))
    for reader in range(agents):
        known = [
            other
            for other in range(agents)
            if other != reader
            and alike[reader, other] >= threshold
            and (rule == "released" or ranks[other] > ranks[reader])
        ]
        known.sort(key=lambda other: (-attraction[reader, other], -ranks[other], other))
        for source in known[:max_in_degree]:
            weight = max(0.0, float(attraction[reader, source]))
            graph.add_edge(source, reader, similarity=float(alike[reader, source]), weight=weight)
    graph.graph["cut"] = _cut_cycles(graph)
    for place, agent in enumerate(speaking_order(graph)):
        graph.nodes[agent]["order"] = place
    return graph


def speaking_order(graph: nx.DiGraph) -> list[int]:
    """Return the agents so that each comes after all it reads; among those free to speak, who contributes most.

    Parameters
    ----------
    graph : networkx.DiGraph
        Acyclic, with the node attribute `contribution`.

    Returns
    -------
    list of int
        Its first is the leader.
    """
    rank = {agent: -round(data["contribution"], DIGITS) for agent, data in graph.nodes(data=True)}
    return list(nx.lexicographical_topological_sort(graph, key=lambda agent: (rank[agent], agent)))


def reshuffled(graph: nx.DiGraph, names: Iterable[int]) -> nx.DiGraph:
    """Return the same graph with its places handed out anew: as many edges, of the same shape, but blind to content.

    Parameters
    ----------
    graph : networkx.DiGraph
        What `influence_graph` returned.
    names : iterable of int
        Who takes the place of agent 0, 1, ...: a permutation.

    Returns
    -------
    networkx.DiGraph
        Every agent keeps its contribution; edges and order go with the place.
    """
    new = dict(enumerate(int(name) for name in names))
    if sorted(new.values()) != sorted(graph):
        raise ValueError(f"names = {list(new.values())}: allowed is a permutation of 0 to {len(graph) - 1}")
    moved = nx.DiGraph(**graph.graph)
    moved.add_nodes_from((agent, dict(data)) for agent, data in graph.nodes(data=True))
    for agent, data in graph.nodes(data=True):
        moved.nodes[new[agent]]["order"] = data["order"]
    moved.add_edges_from((new[source], new[reader], dict(data)) for source, reader, data in graph.edges(data=True))
    return moved


def _cut_cycles(graph: nx.DiGraph) -> int:
    """Remove the weakest edge of a cycle until none is left; return how many went."""
    cut = 0
    while True:
        try:
            cycle = nx.find_cycle(graph, sorted(graph))
        except nx.NetworkXNoCycle:
            return cut
        graph.remove_edge(*min(cycle, key=lambda edge: (graph.edges[edge]["weight"], *edge)))
        cut += 1


def _checked_limits(threshold: float, max_in_degree: int) -> None:
    if not -1 <= threshold <= 1:
        raise ValueError(f"threshold = {threshold!r}: allowed is a cosine, -1 to 1")
    whole = isinstance(max_in_degree, int | np.integer) and not isinstance(max_in_degree, bool | np.bool_)
    if not whole or max_in_degree < 0:
        raise ValueError(f"max_in_degree = {max_in_degree!r}: allowed is a whole number from 0")
