"""Agents that are right or wrong, and persuade each other in pairs: debate as a gambler's ruin (our construction)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pydantic
from numpy.typing import NDArray

from labkit.mechanisms.debate._votes import Floats
from labkit.params import Field, Params
from labkit.seeds import Seed, streams


class Persuasion(Params):
    """A group in which one agent at a time reads one other, and may change its mind.

    One round is as many readings as there are agents: each round costs what the first answers cost.
    """

    accuracy: float = Field(0.5, ge=0, le=1, description="chance that an agent is right at the start")
    agents: int = Field(5, ge=1, le=200, slider=(1, 20, 1), description="agents that debate")
    rounds: int = Field(3, ge=0, le=5000, slider=(0, 20, 1), description="rounds after the first answers")
    correction: float = Field(
        0.5, ge=0, le=1, description="chance that a wrong agent which reads a right one changes its mind"
    )
    subversion: float = Field(
        0.5, ge=0, le=1, description="chance that a right agent which reads a wrong one changes its mind"
    )
    steadfast: int = Field(0, ge=0, le=200, slider=(0, 5, 1), description="agents that are right and never change")
    malicious: int = Field(0, ge=0, le=200, slider=(0, 5, 1), description="agents that are wrong and never change")

    @pydantic.model_validator(mode="after")
    def _check_members(self) -> Persuasion:
        if self.steadfast + self.malicious > self.agents:
            raise ValueError(
                f"steadfast = {self.steadfast} and malicious = {self.malicious}: allowed are as many together as "
                f"there are agents, {self.agents}"
            )
        return self

    @property
    def movable(self) -> int:
        """How many may change their minds."""
        return self.agents - self.steadfast - self.malicious

    def chances(self) -> tuple[Floats, Floats]:
        """Return the chances that one reading makes one more agent right, or one fewer; shape (movable + 1,) each."""
        right = self.steadfast + np.arange(self.movable + 1.0)
        pairs = max(1, self.agents * (self.agents - 1))
        swayed = right - self.steadfast
        up = (self.movable - swayed) * right / pairs * self.correction
        down = swayed * (self.agents - right) / pairs * self.subversion
        return up, down


@dataclass(frozen=True, slots=True)
class Persuaded:
    """Who was right, round by round.

    Attributes
    ----------
    persuasion : Persuasion
        What was run.
    seed : str
        Where the randomness came from.
    right : ndarray of int, shape (replicates, rounds + 1)
        How many agents are right; column 0 is the start.
    corrected, misled : ndarray of int, shape (replicates, rounds)
        How many readings turned wrong into right, and right into wrong, in each round.
    """

    persuasion: Persuasion
    seed: str
    right: NDArray[np.int64]
    corrected: NDArray[np.int64]
    misled: NDArray[np.int64]

    @property
    def vote_right(self) -> Floats:
        """Whether the majority is right, a tie one half; shape (replicates, rounds + 1)."""
        lead = 2 * self.right - self.persuasion.agents
        share: Floats = np.where(lead == 0, 0.5, (lead > 0).astype(np.float64))
        return share

    @property
    def unanimous(self) -> Floats:
        """Whether all are right or all are wrong, 0 or 1; shape (replicates, rounds + 1)."""
        same: Floats = ((self.right == 0) | (self.right == self.persuasion.agents)).astype(np.float64)
        return same


def simulate_persuasion(persuasion: Persuasion, *, rng: Seed, replicates: int = 1) -> Persuaded:
    """Let random agents read random others.

    Parameters
    ----------
    persuasion : Persuasion
        The group.
    rng : int, SeedSequence or Generator
        Where the randomness comes from.
    replicates : int
        How many groups, 1 or more.

    Returns
    -------
    Persuaded
    """
    size = 1024
    purposes = streams(rng, max(1, -(-replicates // size)), ("start", "readings"))
    blocks = [
        _block(persuasion, purposes["start"][block], purposes["readings"][block], size)
        for block in range(-(-replicates // size))
    ]
    right, corrected, misled = (np.concatenate(parts)[:replicates] for parts in zip(*blocks, strict=True))
    return Persuaded(persuasion, repr(rng), right, corrected, misled)


def _block(
    persuasion: Persuasion, start: np.random.Generator, readings: np.random.Generator, size: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    up, down = persuasion.chances()
    # Agent by agent, so that a group with one more agent starts from the same others.
    drawn = start.random((size, persuasion.agents))[:, : persuasion.movable]
    swayed = (drawn < persuasion.accuracy).sum(axis=1)
    right = np.empty((persuasion.rounds + 1, size), dtype=np.int64)
    flows = np.zeros((2, persuasion.rounds, size), dtype=np.int64)
    right[0] = swayed
    for now in range(persuasion.rounds):
        if not (up[swayed] + down[swayed]).any():
            right[now + 1 :] = swayed
            break
        for _ in range(persuasion.agents):
            luck = readings.random(size)
            risen, fallen = luck < up[swayed], luck >= 1 - down[swayed]
            swayed = swayed + risen - fallen
            flows[0, now] += risen
            flows[1, now] += fallen
        right[now + 1] = swayed
    return (right + persuasion.steadfast).T, flows[0].T, flows[1].T


def right_distribution(persuasion: Persuasion) -> Floats:
    """Return how likely each number of right agents is, round by round, exactly.

    Parameters
    ----------
    persuasion : Persuasion
        The group.

    Returns
    -------
    ndarray of float, shape (rounds + 1, agents + 1)
    """
    up, down = persuasion.chances()
    step = np.diag(1 - up - down) + np.diag(up[:-1], 1) + np.diag(down[1:], -1)
    a_round = np.linalg.matrix_power(step, persuasion.agents)
    found = np.zeros((persuasion.rounds + 1, persuasion.agents + 1))
    here = slice(persuasion.steadfast, persuasion.steadfast + persuasion.movable + 1)
    found[0, here] = _binomial(persuasion.movable, persuasion.accuracy)
    for now in range(persuasion.rounds):
        found[now + 1, here] = found[now, here] @ a_round
    return found


def persuasion_accuracy(persuasion: Persuasion) -> Floats:
    """Return how often the majority is right after each round, exactly; a tie counts one half.

    Parameters
    ----------
    persuasion : Persuasion
        The group.

    Returns
    -------
    ndarray of float, shape (rounds + 1,)
    """
    lead = 2 * np.arange(persuasion.agents + 1) - persuasion.agents
    accuracy: Floats = right_distribution(persuasion) @ np.where(lead == 0, 0.5, (lead > 0).astype(np.float64))
    return accuracy


def _binomial(n: int, p: float) -> Floats:
    # scipy.stats would do it too, and takes a second to import.
    return np.array([math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)])
