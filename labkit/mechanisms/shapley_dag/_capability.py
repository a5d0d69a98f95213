"""Capability match: who fits a task best executes it, and a chain's vote weighs what its members fitted (S061)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labkit.params import Field, Params
from labkit.seeds import Seed, streams


class Teams(Params):
    """Planners that each split one question into steps, and broadcast what every step requires."""

    chains: int = Field(5, ge=1, le=30, slider=(1, 15, 1), description="planners, each with a chain of steps")
    steps: int = Field(3, ge=1, le=12, slider=(1, 8, 1), description="steps in a chain")
    heard: int = Field(
        4, ge=1, le=60, slider=(1, 20, 1), description="agents that hear a broadcast; the best match executes"
    )
    dimension: int = Field(
        4, ge=2, le=64, slider=(2, 16, 1), description="length of a capability or requirement vector"
    )
    gain: float = Field(
        4.0, ge=0, le=20, slider=(0, 10, 0.5), description="how much a match helps, log-odds per unit of cosine"
    )
    ease: float = Field(0.0, ge=-10, le=10, slider=(-3, 3, 0.25), description="log-odds of a step at a cosine of 0")
    wrong: int = Field(8, ge=1, le=100, slider=(1, 30, 1), description="different wrong answers")


@dataclass(frozen=True, slots=True)
class Decisions:
    """What was decided, by four ways of listening to the same chains.

    Attributes
    ----------
    teams : Teams
        Who worked.
    seed : str
        Where the randomness came from.
    match : ndarray of float, shape (replicates, chains)
        Mean cosine of requirement and executor along each chain.
    right : ndarray of bool, shape (replicates, chains)
        Whether each chain came out right: all its steps did.
    weighted, plain, best, unmatched : ndarray of bool, shape (replicates,)
        Whether the decision was right: votes weighted by match, one vote each, the best-matched chain alone, and
        one vote each where whoever hears first executes.
    """

    teams: Teams
    seed: str
    match: NDArray[np.float64]
    right: NDArray[np.bool_]
    weighted: NDArray[np.bool_]
    plain: NDArray[np.bool_]
    best: NDArray[np.bool_]
    unmatched: NDArray[np.bool_]


def decide(teams: Teams, *, rng: Seed, replicates: int = 1) -> Decisions:
    """Let every chain work on one question, and decide in four ways.

    Parameters
    ----------
    teams : Teams
        Who works.
    rng : int, SeedSequence or Generator
        Where the randomness comes from; the four ways share all of it.
    replicates : int
        Questions, 1 or more.

    Returns
    -------
    Decisions

    Notes
    -----
    Match is the cosine of capability and requirement, and a vote weighs the mean match along the chain, as readers
    report it of S061. How a match turns into success is our construction.
    """
    draws = streams(rng, replicates, ("vectors", "luck"))
    shape = (teams.chains, teams.steps)
    vectors = np.stack([draw.normal(size=(*shape, teams.heard + 1, teams.dimension)) for draw in draws["vectors"]])
    luck = np.stack([draw.random((*shape, 2)) for draw in draws["luck"]])
    unit = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    cosines = (unit[..., 1:, :] * unit[..., :1, :]).sum(axis=-1)
    missed = 1 + np.floor(luck[:, :, 0, 1] * teams.wrong).astype(np.int64)
    answers, matches = {}, {}
    for way, cosine in (("matched", cosines.max(axis=-1)), ("first", cosines[..., 0])):
        done = luck[..., 0] < 1 / (1 + np.exp(-(teams.ease + teams.gain * cosine)))
        answers[way] = np.where(done.all(axis=2), 0, missed)
        matches[way] = cosine.mean(axis=2)
    match = matches["matched"]
    weight, best = np.maximum(match, 0), np.argmax(match, axis=1)
    return Decisions(
        teams,
        str(rng),
        match=match,
        right=answers["matched"] == 0,
        weighted=_winner(answers["matched"], weight) == 0,
        plain=_winner(answers["matched"], np.ones_like(match)) == 0,
        best=answers["matched"][np.arange(replicates), best] == 0,
        unmatched=_winner(answers["first"], np.ones_like(match)) == 0,
    )


def _winner(answers: NDArray[np.int64], weight: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the answer with most weight; of several the one that the first chain gave."""
    votes = ((answers[:, :, None] == answers[:, None, :]) * weight[:, None, :]).sum(axis=2)
    return np.asarray(np.take_along_axis(answers, np.argmax(np.round(votes, 9), axis=1)[:, None], 1)[:, 0])
