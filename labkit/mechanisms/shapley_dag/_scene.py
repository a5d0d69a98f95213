"""One question seen in the plane: where the answers lie, who reads whom, what is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labkit.mechanisms.shapley_dag._contribution import central, contributions, similarities
from labkit.mechanisms.shapley_dag._transcript import Organized
from labkit.mechanisms.shapley_dag._world import Talks

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scene:
    """One question, round by round.

    Attributes
    ----------
    times : ndarray of int, shape (rounds + 1,)
        The rounds.
    places : ndarray of float, shape (rounds + 1, agents, 2)
        The answers in the plane: distances are those of the vectors, as far as two dimensions can hold them.
    contribution : ndarray of float, shape (rounds + 1, agents)
        Cosine with the mean of all.
    right : ndarray of bool, shape (rounds + 1, agents)
        Whether each answer is right.
    edges : tuple of tuple of (int, int)
        ``edges[round]``: from whom to whom an answer flows next; none after the last round.
    chosen : ndarray of int, shape (rounds + 1,)
        The agent whose answer the group would give.
    words : tuple of tuple of str
        What each agent says.
    """

    times: NDArray[np.int64]
    places: Floats
    contribution: Floats
    right: NDArray[np.bool_]
    edges: tuple[tuple[tuple[int, int], ...], ...]
    chosen: NDArray[np.int64]
    words: tuple[tuple[str, ...], ...]


def scene_of_talks(talks: Talks, question: int = 0) -> Scene:
    """Return one question of a crowd without a language model.

    Parameters
    ----------
    talks : Talks
        What happened.
    question : int
        Which one.

    Returns
    -------
    Scene
    """
    answers, scores = talks.answers[question], talks.contribution[question]
    rounds = len(answers)
    edges = tuple(
        tuple((int(source), int(reader)) for reader, source in np.argwhere(reads)) if turn < rounds - 1 else ()
        for turn, reads in enumerate(talks.reads[question])
    )
    weighed = (talks.alike[question] * scores[:, None, :]).sum(axis=2)
    words = tuple(tuple("right" if answer == 0 else f"mistake {answer}" for answer in said) for said in answers)
    chosen = np.argmax(np.round(weighed, 10), axis=1)
    return Scene(np.arange(rounds), _laid_out(talks.alike[question]), scores, answers == 0, edges, chosen, words)


def scene_of_transcript(talk: Organized, embeddings: Sequence[ArrayLike], right: ArrayLike) -> Scene:
    """Return one question that language models answered.

    Parameters
    ----------
    talk : Organized
        What was said.
    embeddings : sequence of array_like, shape (agents, dimension)
        The vectors of each round's answers.
    right : array_like of bool, shape (rounds + 1, agents)
        Whether each answer is right. It colours the picture, and nothing else.

    Returns
    -------
    Scene
    """
    alike = np.array([similarities(vectors) for vectors in embeddings])
    last = len(talk.rounds) - 1
    edges = tuple(tuple(graph.edges) if turn < last else () for turn, graph in enumerate(talk.graphs))
    chosen = np.array([central(vectors, contributions(vectors)) for vectors in embeddings])
    words = tuple(tuple(reply.text for reply in replies) for replies in talk.rounds)
    scores, graded = np.array(talk.contributions), np.asarray(right, dtype=bool)
    return Scene(np.arange(last + 1), _laid_out(alike), scores, graded, edges, chosen, words)


def _laid_out(alike: Floats) -> Floats:
    """Return places in the plane for the cosines of each round: classical scaling, turned onto the round before."""
    placed: list[Floats] = []
    for gram in alike:
        centred = gram - gram.mean(axis=0) - gram.mean(axis=1)[:, None] + gram.mean()
        values, axes = np.linalg.eigh(centred)
        flat = axes[:, -2:] * np.sqrt(np.maximum(values[-2:], 0))
        if flat.shape[1] < 2:
            flat = np.pad(flat, ((0, 0), (0, 2 - flat.shape[1])))
        if placed:
            left, _, right = np.linalg.svd(flat.T @ placed[-1])
            flat = flat @ left @ right
        placed.append(flat[:, ::-1] if not placed else flat)
    return np.array(placed)
