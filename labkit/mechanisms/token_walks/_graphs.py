"""Where a token can walk: connected graphs, ready-made or read from an edge list."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

Family = Literal["eight", "karate", "les miserables", "ring", "barbell", "pasted"]
MOST_NODES = 300


@dataclass(frozen=True, slots=True)
class Graph:
    """A connected graph without loops.

    Attributes
    ----------
    names : tuple of str, length nodes
        What the nodes are called.
    edges : ndarray of int, shape (edges, 2)
        Each edge once, the smaller number first, in rising order.
    places : ndarray of float, shape (nodes, 2)
        Where to draw them.
    """

    names: tuple[str, ...]
    edges: Ints
    places: Floats

    @property
    def nodes(self) -> int:
        """How many nodes."""
        return len(self.names)

    @property
    def adjacency(self) -> Floats:
        """1 where two nodes are neighbours, else 0, shape (nodes, nodes)."""
        links = np.zeros((self.nodes, self.nodes))
        links[self.edges[:, 0], self.edges[:, 1]] = links[self.edges[:, 1], self.edges[:, 0]] = 1
        return links

    @property
    def degrees(self) -> Ints:
        """How many neighbours each node has, shape (nodes,)."""
        return np.bincount(self.edges.ravel(), minlength=self.nodes)


def make_graph(edges: Sequence[tuple[Any, Any]] | str, places: Floats | None = None) -> Graph:
    """Return a graph from its edges.

    Parameters
    ----------
    edges : sequence of pairs, or str
        Pairs of names of any kind; or text with one edge a line (or between semicolons): two names, parted by blanks,
        a comma or ``--``. What follows a ``#`` is not read. An edge may be named twice.
    places : ndarray of float, shape (nodes, 2), optional
        Where to draw the nodes, in order of their first mention; found by their distances where not given.

    Returns
    -------
    Graph

    Raises
    ------
    ValueError
        A line does not hold two names, a node is joined to itself, the graph is empty, in pieces or too large, or the
        places are not one for each node.
    """
    pairs = _read(edges) if isinstance(edges, str) else [(str(a), str(b)) for a, b in edges]
    if not pairs:
        raise ValueError("the edge list is empty: write two names a line, such as 'a b'")
    for a, b in pairs:
        if a == b:
            raise ValueError(f"edge {a} {b}: a node cannot be its own neighbour; write two different names")
    names = list(dict.fromkeys(name for pair in pairs for name in pair))
    if len(names) > MOST_NODES:
        raise ValueError(f"the graph has {len(names)} nodes: allowed are up to {MOST_NODES}")
    number = {name: place for place, name in enumerate(names)}
    joined = sorted({(min(number[a], number[b]), max(number[a], number[b])) for a, b in pairs})
    graph = Graph(tuple(names), np.array(joined, dtype=np.int64), np.zeros((len(names), 2)))
    if (lost := _unreachable(graph)) is not None:
        raise ValueError(
            f"the graph is in pieces: no path leads from {names[0]} to {names[lost]}; add an edge between the pieces"
        )
    if places is None:
        return Graph(graph.names, graph.edges, _drawn(graph))
    if np.shape(places) != (graph.nodes, 2):
        raise ValueError(f"places has shape {np.shape(places)}: allowed is two numbers for each of {graph.nodes} nodes")
    return Graph(graph.names, graph.edges, np.asarray(places, dtype=np.float64))


def _read(text: str) -> list[tuple[str, str]]:
    pairs = []
    for number, line in enumerate(re.split(r"[\n;]", text), start=1):
        bare = line.partition("#")[0].strip()
        if not bare:
            continue
        names = [name for name in re.split(r"[\s,]+|--", bare) if name]
        if len(names) != 2:
            raise ValueError(f"edge {number}, {bare[:60]!r}: expected two names, found {len(names)}")
        pairs.append((names[0], names[1]))
    return pairs


def _unreachable(graph: Graph) -> int | None:
    """Return a node to which no path leads from the first, or None."""
    reached = np.zeros(graph.nodes, dtype=bool)
    reached[0] = True
    links = graph.adjacency > 0
    for _ in range(graph.nodes):
        reached |= links[reached].any(axis=0)
    return None if reached.all() else int(np.flatnonzero(~reached)[0])


def _drawn(graph: Graph) -> Floats:
    """Return places at which distances on paper are like distances in the graph."""
    import networkx as nx

    drawn = nx.kamada_kawai_layout(nx.Graph(graph.edges.tolist()))
    return np.array([drawn[node] for node in range(graph.nodes)], dtype=np.float64)


def circle(nodes: int) -> Floats:
    """Return places on a circle of radius 1, the first one to the right.

    Parameters
    ----------
    nodes : int
        How many.

    Returns
    -------
    ndarray of float, shape (nodes, 2)
    """
    angle = 2 * np.pi * np.arange(nodes) / nodes
    return np.column_stack([np.cos(angle), np.sin(angle)])


@lru_cache(maxsize=64)
def ready_made(family: Family, nodes: int = 12, bridges: int = 1) -> Graph:
    """Return one of the graphs that need no edge list.

    Parameters
    ----------
    family : {"eight", "karate", "les miserables", "ring", "barbell"}
        "eight" is a ring of eight with the chords 0-4, 2-6 and 1-3; "karate" (34 members of a club, Zachary 1977) and
        "les miserables" (77 characters, Knuth 1993) come with networkx; "barbell" is two halves in which all are
        neighbours of all, and `bridges` edges between them.
    nodes : int
        Of ring and barbell.
    bridges : int
        Of the barbell; at most half as many as nodes.

    Returns
    -------
    Graph

    Raises
    ------
    ValueError
        There is no such family, or nodes or bridges are too few.
    """
    if nodes < 4 or bridges < 1:
        raise ValueError(f"nodes = {nodes}, bridges = {bridges}: allowed are 4 nodes and 1 bridge, or more")
    if family == "eight":
        chords = [(0, 4), (2, 6), (1, 3)]
        return _numbered([*_around(range(8)), *chords], circle(8))
    if family == "ring":
        return _numbered(_around(range(nodes)), circle(nodes))
    if family == "barbell":
        return _barbell(nodes, bridges)
    return _famous(family)


def _around(nodes: Sequence[int]) -> list[tuple[int, int]]:
    return list(zip(nodes, [*nodes[1:], nodes[0]], strict=True))


def _numbered(edges: Sequence[tuple[int, int]], places: Floats) -> Graph:
    joined = sorted({(min(edge), max(edge)) for edge in edges})
    return Graph(tuple(str(node) for node in range(len(places))), np.array(joined, dtype=np.int64), places)


def _barbell(nodes: int, bridges: int) -> Graph:
    left = nodes // 2
    rooms = (range(left), range(left, nodes))
    inside = [(a, b) for room in rooms for a in room for b in room if a < b]
    between = [(left - 1 - k, left + k) for k in range(min(bridges, left))]
    # Rooms mirror each other, and the nodes of the bridges face each other.
    places = [_room(left)[::-1] - (1.7, 0.0), _room(nodes - left) * (-1.0, 1.0) + (1.7, 0.0)]
    return _numbered([*inside, *between], np.concatenate(places))


def _room(count: int) -> Floats:
    """Return places on a circle, the one furthest to the right first."""
    return circle(count)[sorted(range(count), key=lambda place: min(place, count - place))]


def _famous(family: str) -> Graph:
    import networkx as nx

    known = {"karate": nx.karate_club_graph, "les miserables": nx.les_miserables_graph}
    if family not in known:
        raise ValueError(f"family = {family!r}: allowed is one of eight, ring, barbell, {', '.join(known)}")
    found = known[family]()
    number = {name: place for place, name in enumerate(found)}
    edges = sorted((min(number[a], number[b]), max(number[a], number[b])) for a, b in found.edges)
    bare = Graph(tuple(str(name) for name in number), np.array(edges, dtype=np.int64), np.zeros((len(number), 2)))
    return Graph(bare.names, bare.edges, _drawn(bare))
