"""The same mechanism without a language model: answers are drawn, their vectors are made, and copying is a chance."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal

import networkx as nx
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from labkit.mechanisms.shapley_dag._contribution import DIGITS, SHARPNESS
from labkit.mechanisms.shapley_dag._crowd import Crowd
from labkit.mechanisms.shapley_dag._graph import influence_graph
from labkit.seeds import Seed, streams

Floats = NDArray[np.float64]
Answer = Literal["chosen", "plurality", "single", "any"]

# Questions are drawn in blocks, so that the first ones stay the same when more are asked for.
BLOCK = 50
KEPT = ("answers", "contribution", "chosen", "plurality", "calls", "alike", "reads")
NOISES = ("answers", "directions", "noise", "order", "adoption")


@dataclass(frozen=True, slots=True)
class Talks:
    """What happened to each question, round by round; round 0 is before anyone has read.

    Attributes
    ----------
    crowd : Crowd
        Who talked.
    seed : str
        Where the randomness came from.
    answers : ndarray of int, shape (questions, rounds + 1, agents)
        0 is right.
    contribution : ndarray of float, shape (questions, rounds + 1, agents)
        Cosine with the mean of all; under the rule "released" what that makes of it.
    chosen : ndarray of int, shape (questions, rounds + 1)
        The answer of the group, were this the last round. A chain gives the answer of its last agent.
    plurality : ndarray of int, shape (questions, rounds + 1)
        The most frequent answer; of several the one that the first agent gave.
    calls : ndarray of int, shape (questions, rounds + 1)
        Answers asked for up to this round: everyone once, then the leader and whoever reads someone.
    alike : ndarray of float, shape (questions, rounds + 1, agents, agents)
        Cosine of every pair of texts.
    reads : ndarray of bool, shape (questions, rounds + 1, agents, agents)
        ``[..., reader, source]``: who reads whom next, were there another round.
    """

    crowd: Crowd
    seed: str
    answers: NDArray[np.int64]
    contribution: Floats
    chosen: NDArray[np.int64]
    plurality: NDArray[np.int64]
    calls: NDArray[np.int64]
    alike: Floats
    reads: NDArray[np.bool_]

    @property
    def times(self) -> NDArray[np.int64]:
        """The rounds."""
        return np.arange(self.answers.shape[1])

    def right(self, what: Answer, turn: int = -1) -> Floats:
        """Return for each question whether it is answered right (1 or 0); "single" is the mean over the agents."""
        if what == "single":
            return np.asarray((self.answers[:, turn] == 0).mean(axis=1))
        if what == "any":
            return np.asarray((self.answers[:, turn] == 0).any(axis=1), dtype=float)
        return np.asarray(getattr(self, what)[:, turn] == 0, dtype=float)


def simulate(crowd: Crowd, *, rng: Seed, replicates: int = 1) -> Talks:
    """Let a crowd answer `replicates` questions, and talk about each.

    Parameters
    ----------
    crowd : Crowd
        Who talks.
    rng : int, SeedSequence or Generator
        Where the randomness comes from; crowds that differ in their routing alone share their first answers.
    replicates : int
        Questions, 1 or more.

    Returns
    -------
    Talks

    Notes
    -----
    Our construction, after section 2.6 of arXiv 2510.00685. A text's vector is a topic, a direction for its answer and
    noise. A reader of P agents adopts the different answer of one with chance `copy_right / P` or `copy_wrong / P`. It
    can only copy: no agent finds an answer that nobody had.
    """
    purposes = streams(rng, -(-replicates // BLOCK) if replicates > 0 else replicates, NOISES)
    blocks = [
        _talk(crowd, {name: purposes[name][block] for name in NOISES}) for block in range(len(purposes["answers"]))
    ]
    joined = {name: np.concatenate([block[name] for block in blocks])[:replicates] for name in blocks[0]}
    return Talks(crowd, str(rng), **{field.name: joined[field.name] for field in fields(Talks)[2:]})


def _talk(crowd: Crowd, draw: dict[str, Generator]) -> dict[str, NDArray[Any]]:
    """Return a block of talks."""
    shape = (BLOCK, crowd.agents)
    chances = np.cumsum(crowd.chances)
    answers = np.searchsorted(chances / chances[-1], draw["answers"].random(shape), side="right")
    answers = np.minimum(answers, len(chances) - 1)
    # One direction per different answer: that of the first agent who gave it.
    kinds = _directions(draw["directions"], (*shape, crowd.dimension))
    origin = np.argmax(answers[:, :, None] == answers[:, None, :], axis=2)
    topic = crowd.topic * _directions(draw["directions"], (BLOCK, 1, crowd.dimension))
    vectors = topic + _at(kinds, origin) + crowd.noise * _directions(draw["noise"], kinds.shape)
    kept: dict[str, list[NDArray[Any]]] = {name: [] for name in KEPT}
    calls = np.full(BLOCK, crowd.agents)
    for turn in range(crowd.rounds + 1):
        alike, contribution, nearest = _looked_at(vectors, crowd.routing)
        chosen = np.full(BLOCK, crowd.agents - 1) if crowd.routing == "chain" and turn else nearest
        released = crowd.routing == "released"
        order, reads = _released(crowd, vectors) if released else _routes(crowd, alike, contribution, draw["order"])
        said = np.take_along_axis(answers, chosen[:, None], 1)[:, 0]
        now = (answers, contribution, said, _most_frequent(answers), calls, alike, reads)
        for name, value in zip(KEPT, now, strict=True):
            kept[name].append(value)
        if turn == crowd.rounds:
            break
        asked = np.asarray(reads.any(axis=2))
        np.put_along_axis(asked, order[:, :1], True, axis=1)
        calls = calls + asked.sum(axis=1)
        source = adopted(crowd, answers, order, reads, draw["adoption"].random(shape))
        moved = np.take_along_axis(answers, source, 1) != answers
        answers, origin = np.take_along_axis(answers, source, 1), np.take_along_axis(origin, source, 1)
        fresh = topic + _at(kinds, origin) + crowd.noise * _directions(draw["noise"], kinds.shape)
        vectors = np.where(moved[:, :, None], fresh, vectors)
    return {name: np.stack(values, axis=1) for name, values in kept.items()}


def _routes(
    crowd: Crowd, alike: Floats, contribution: Floats, draw: Generator
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return who speaks when, shape (questions, agents), and who reads whom, (questions, reader, source)."""
    agents = crowd.agents
    lots = draw.random((*contribution.shape, agents))
    ranks = {"random": -lots[:, :, 0], "chain": np.broadcast_to(-np.arange(agents), contribution.shape)}
    rank = np.round(ranks.get(crowd.routing, contribution), DIGITS)
    order = np.argsort(-rank, axis=1, kind="stable")
    earlier = rank[:, None, :] > rank[:, :, None]
    if crowd.routing == "chain":
        return order, earlier & (np.arange(agents)[None, :] == np.arange(agents)[:, None] - 1)
    if crowd.routing == "complete":
        return order, earlier
    if crowd.routing == "random":
        wanted, known = lots, earlier
    else:
        known = earlier & (alike >= crowd.threshold)
        wanted = (
            np.broadcast_to(contribution[:, None, :], alike.shape) if crowd.routing == "top contributors" else alike
        )
    place = np.argsort(np.argsort(np.where(known, -wanted, np.inf), axis=2, kind="stable"), axis=2, kind="stable")
    return order, known & (place < crowd.reads)


def _released(crowd: Crowd, vectors: Floats) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the same for the rule of the released code, question by question: it cuts cycles one at a time."""
    order = np.empty(vectors.shape[:2], dtype=np.int64)
    reads = np.zeros((*vectors.shape[:2], crowd.agents), dtype=bool)
    for question, rows in enumerate(vectors):
        graph = influence_graph(rows, threshold=crowd.threshold, max_in_degree=crowd.reads, rule="released")
        order[question] = sorted(graph, key=nx.get_node_attributes(graph, "order").__getitem__)
        for source, reader in graph.edges:
            reads[question, reader, source] = True
    return order, reads


def adopted(
    crowd: Crowd, answers: NDArray[np.int64], order: NDArray[np.int64], reads: NDArray[np.bool_], luck: Floats
) -> NDArray[np.int64]:
    """Return whose answer each agent gives now: one speaks after another, and reads what is newest."""
    questions, now = np.arange(len(answers)), answers.copy()
    source = np.tile(np.arange(crowd.agents), (len(answers), 1))
    for reader in order.T:
        read = reads[questions, reader]
        chance = np.where(now == 0, crowd.copy_right, crowd.copy_wrong) / np.maximum(read.sum(axis=1), 1)[:, None]
        chance = np.where(read & (now != now[questions, reader][:, None]), chance, 0)
        steps = np.cumsum(chance, axis=1)
        drawn = luck[questions, reader]
        peer = np.argmax(steps > drawn[:, None], axis=1)
        takes = steps[:, -1] > drawn
        now[questions, reader] = np.where(takes, now[questions, peer], now[questions, reader])
        source[questions, reader] = np.where(takes, source[questions, peer], source[questions, reader])
    return source


def _looked_at(vectors: Floats, routing: str) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Return cosines of all pairs, contributions, and the agent nearest to the weighted centre."""
    unit = vectors / np.linalg.norm(vectors, axis=2, keepdims=True)
    gram = np.round(unit @ unit.transpose(0, 2, 1), DIGITS)
    length = np.sqrt(np.maximum(gram.mean(axis=(1, 2)), 1e-24))
    contribution = gram.mean(axis=2) / length[:, None]
    if routing == "released":
        raised = np.exp((np.maximum(contribution, 0) - contribution.max(axis=1, keepdims=True)) / SHARPNESS)
        contribution = raised / raised.sum(axis=1, keepdims=True)
    toward = np.round((gram * contribution[:, None, :]).sum(axis=2), 10)
    return gram, contribution, np.argmax(toward, axis=1)


def _most_frequent(answers: NDArray[np.int64]) -> NDArray[np.int64]:
    votes = (answers[:, :, None] == answers[:, None, :]).sum(axis=2)
    return np.asarray(np.take_along_axis(answers, np.argmax(votes, axis=1)[:, None], 1)[:, 0])


def _directions(draw: Generator, shape: tuple[int, ...]) -> Floats:
    rows = draw.normal(size=shape)
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True))


def _at(rows: Floats, place: NDArray[np.int64]) -> Floats:
    return np.take_along_axis(rows, place[:, :, None], axis=1)
