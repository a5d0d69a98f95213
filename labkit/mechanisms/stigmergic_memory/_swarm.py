"""Marks on pairings instead of places: who works on what, remembered by the trail of what was validated.

After "SwarmSys: Decentralized Swarm-Inspired Agents for Scalable and Adaptive Reasoning": explorers offer
events, workers take one each, validators check, and a validated pairing is reinforced while all others
evaporate. Only the abstract was read; the model is our construction, with skills in place of language models.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labkit.params import Field, Params
from labkit.seeds import Seed, streams


class Swarm(Params):
    """Workers with hidden skills, events with hidden needs, and a trail between them."""

    workers: int = Field(24, ge=1, le=500, slider=(4, 60, 4), description="workers")
    events: int = Field(12, ge=2, le=500, slider=(2, 40, 2), description="events that need work, every round")
    rounds: int = Field(60, ge=1, le=2000, slider=(20, 200, 20), description="rounds")
    dimension: int = Field(4, ge=1, le=64, slider=(1, 16, 1), description="length of a skill or a need")
    match: float = Field(
        4, ge=0, le=50, slider=(0, 10, 0.5), description="how much a good match of skill and need helps, log-odds"
    )
    blur: float = Field(
        1.0, ge=0, le=10, slider=(0, 3, 0.1), description="noise on the match that an explorer sees, cosine units"
    )
    offers: int = Field(4, ge=1, le=500, slider=(1, 12, 1), description="events an explorer offers to a worker")
    validator_accuracy: float = Field(
        0.9, ge=0.5, le=1, slider=(0.5, 1, 0.05), description="how often a validator judges rightly"
    )
    pheromone: bool = Field(True, description="validated pairings leave a trail")
    trail_weight: float = Field(1.0, ge=0, le=100, slider=(0, 4, 0.25), description="weight of the trail, cosine units")
    retention: float = Field(
        0.95, ge=0, le=1, slider=(0.5, 1, 0.01), description="share of a trail left after one round"
    )


@dataclass(frozen=True, slots=True)
class SwarmRun:
    """What a swarm did, round by round.

    Attributes
    ----------
    swarm : Swarm
        What was run.
    seed : str
        Where the randomness came from.
    accuracy : ndarray of float, shape (replicates, rounds)
        Share of the workers whose work was right.
    entropy : ndarray of float, shape (replicates, rounds)
        How evenly a worker's trail is spread over the events, bits; mean over the workers.
    """

    swarm: Swarm
    seed: str
    accuracy: NDArray[np.float64]
    entropy: NDArray[np.float64]

    @property
    def settled(self) -> NDArray[np.float64]:
        """Mean accuracy over the last quarter of the rounds; shape (replicates,)."""
        late = self.accuracy[:, -max(1, self.swarm.rounds // 4) :]
        return np.asarray(late.mean(axis=1))


def pair(swarm: Swarm, *, rng: Seed, replicates: int = 1) -> SwarmRun:
    """Run a swarm: offer, work, validate, reinforce, evaporate.

    Parameters
    ----------
    swarm : Swarm
        What to run.
    rng : int, SeedSequence or Generator
        Where the randomness comes from; swarms that differ only in their trail share all of it.
    replicates : int
        How many swarms, 1 or more.

    Returns
    -------
    SwarmRun

    Raises
    ------
    ValueError
        `replicates` is not a whole number from 1, or `rng` is none of the three.
    """
    generators = streams(rng, replicates, ("skills", "offers", "work"))
    skill = np.stack([_directions(g, swarm.workers, swarm.dimension) for g in generators["skills"]])
    need = np.stack([_directions(g, swarm.events, swarm.dimension) for g in generators["skills"]])
    similarity = np.einsum("rwd,red->rwe", skill, need)
    chance = 1 / (1 + np.exp(-swarm.match * similarity))
    trail = np.zeros(similarity.shape)
    accuracy, entropy = np.empty((2, replicates, swarm.rounds))
    for now in range(swarm.rounds):
        taken = _take(swarm, similarity, trail, generators["offers"])
        luck = np.stack([g.random((2, swarm.workers)) for g in generators["work"]], axis=1)
        right = luck[0] < np.take_along_axis(chance, taken, axis=2)[..., 0]
        validated = right == (luck[1] < swarm.validator_accuracy)
        trail *= swarm.retention
        if swarm.pheromone:
            reinforced = np.take_along_axis(trail, taken, axis=2) + validated[..., None]
            np.put_along_axis(trail, taken, reinforced, axis=2)
        accuracy[:, now] = right.mean(axis=1)
        entropy[:, now] = _entropy(trail).mean(axis=1)
    return SwarmRun(swarm, str(rng), accuracy, entropy)


def _directions(generator: np.random.Generator, count: int, dimension: int) -> NDArray[np.float64]:
    vectors = generator.standard_normal((count, dimension))
    unit: NDArray[np.float64] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def _take(
    swarm: Swarm,
    similarity: NDArray[np.float64],
    trail: NDArray[np.float64],
    generators: list[np.random.Generator],
) -> NDArray[np.int64]:
    """Return the event each worker takes out of those offered: the best by blurred match and trail."""
    shape = similarity.shape[1:]
    blur = np.stack([generator.standard_normal(shape) for generator in generators])
    lots = np.stack([generator.random(shape) for generator in generators])
    offered = lots.argsort(axis=2)[..., : swarm.offers]
    appeal = np.take_along_axis(similarity + swarm.blur * blur + swarm.trail_weight * trail, offered, axis=2)
    return np.take_along_axis(offered, appeal.argmax(axis=2)[..., None], axis=2)


def _entropy(trail: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the entropy of each worker's trail in bits; without a trail all events are alike."""
    total = trail.sum(axis=2, keepdims=True)
    share = np.where(total > 0, trail / np.where(total > 0, total, 1), 1 / trail.shape[2])
    bits: NDArray[np.float64] = -(share * np.log2(np.where(share > 0, share, 1))).sum(axis=2)
    return bits
