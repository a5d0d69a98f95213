"""Agents that hold an urn: a belief over options, from which they answer and into which answers of others fall."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pydantic
from numpy.random import Generator
from numpy.typing import NDArray

from labkit.mechanisms.debate._topology import Topology, neighbourhoods
from labkit.mechanisms.debate._votes import cast, tally
from labkit.params import Field, Params
from labkit.seeds import Seed, streams

Floats = NDArray[np.float64]
# Replicates that share a stream and are worked on together: as many as the processor's cache likes.
BLOCK = 4096


class Urn(Params):
    """A debate without a language model (arXiv 2508.17536: a belief is a Dirichlet distribution over the options).

    Option 0 is the truth. An agent answers k with the probability of k's share in its urn, and adds what it reads.
    """

    prior: tuple[float, ...] | tuple[tuple[float, ...], ...] = Field(
        (2.25, 1.75, 0.5, 0.5), description="mass of each option at the start, the true one first; or a row per agent"
    )
    agents: int = Field(5, ge=1, le=200, slider=(1, 25, 1), description="agents that debate")
    rounds: int = Field(5, ge=0, le=5000, slider=(0, 20, 1), description="rounds after the first answers")
    topology: Topology = Field("complete", description="who hears whom; everyone hears itself")
    intervention: Literal["none", "oracle", "conformist", "follower", "confidence"] = Field(
        "none",
        description="oracle: who is right stays; conformist: who is with the majority stays; "
        "follower: some adopt the majority; confidence: right and wrong answers weigh differently",
    )
    follow: float = Field(0.3, ge=0, le=1, description="follower: chance to adopt the last majority (paper: 0.3)")
    right_weight: float = Field(1.0, ge=0, le=10, description="confidence: weight of an answer that is right")
    wrong_weight: float = Field(0.5, ge=0, le=10, description="confidence: weight of an answer that is wrong")
    own_weight: float = Field(1.0, ge=0, le=20, slider=(0, 5, 0.1), description="weight of the own last answer")
    peer_weight: float = Field(1.0, ge=0, le=20, slider=(0, 5, 0.1), description="weight of the answer of a peer")

    @pydantic.field_validator("prior", mode="before")
    @classmethod
    def _as_tuples(cls, value: Any) -> Any:
        rows = np.asarray(value, dtype=np.float64)
        return tuple(map(tuple, rows.tolist())) if rows.ndim == 2 else tuple(rows.tolist())

    @pydantic.model_validator(mode="after")
    def _check_prior(self) -> Urn:
        rows = np.atleast_2d(np.asarray(self.prior))
        if rows.shape[1] < 2 or len(rows) not in (1, self.agents) or not (rows > 0).all():
            raise ValueError(
                f"prior = {self.prior!r}: allowed are two or more masses above 0, in one row or in one per agent"
            )
        return self

    @property
    def masses(self) -> Floats:
        """The prior, one row per agent; shape (agents, options)."""
        return np.broadcast_to(np.asarray(self.prior, dtype=np.float64), (self.agents, self.options)).copy()

    @property
    def options(self) -> int:
        """How many options there are."""
        return int(np.asarray(self.prior).shape[-1])

    def reading(self) -> Floats:
        """Return what the answer of each agent (column) weighs for each reader (row); shape (agents, agents)."""
        weights = np.zeros((self.agents, self.agents))
        for reader, heard in enumerate(neighbourhoods(self.agents, self.topology)):
            weights[reader, list(heard)] = self.peer_weight
            weights[reader, reader] = self.own_weight
        return weights


@dataclass(frozen=True, slots=True)
class Beliefs:
    """What became of the beliefs, question by question.

    Attributes
    ----------
    urn : Urn
        What was run.
    seed : str
        Where the randomness came from.
    truth : ndarray of float, shape (replicates, rounds + 1, agents)
        Belief in the true option with which an agent answers in each round; round 0 is the start.
    answers : ndarray of int, shape (replicates, rounds + 1, agents)
        The option named; 0 is the true one.
    vote : ndarray of int, shape (replicates, rounds + 1)
        The option named most often; of several the one that the agent with the lowest number names.
    """

    urn: Urn
    seed: str
    truth: Floats
    answers: NDArray[np.int8]
    vote: NDArray[np.int8]

    @property
    def times(self) -> NDArray[np.int64]:
        """The rounds; shape (rounds + 1,)."""
        return np.arange(self.urn.rounds + 1)

    @property
    def right(self) -> Floats:
        """Share of the agents that answer right; shape (replicates, rounds + 1)."""
        share: Floats = (self.answers == 0).mean(axis=2)
        return share

    @property
    def vote_right(self) -> Floats:
        """Whether the vote is right, 0 or 1; shape (replicates, rounds + 1)."""
        right: Floats = (self.vote == 0).astype(np.float64)
        return right

    @property
    def unanimous(self) -> Floats:
        """Whether all agents say the same, 0 or 1; shape (replicates, rounds + 1)."""
        same: Floats = (self.answers == self.answers[:, :, :1]).all(axis=2).astype(np.float64)
        return same


def simulate_beliefs(urn: Urn, *, rng: Seed, replicates: int = 1) -> Beliefs:
    """Let agents answer from their urns and read each other's answers.

    Parameters
    ----------
    urn : Urn
        Who believes what, and who hears whom.
    rng : int, SeedSequence or Generator
        Where the randomness comes from. Answers are drawn with 24-bit uniforms; beliefs are float64.
    replicates : int
        How many questions, 1 or more.

    Returns
    -------
    Beliefs

    Notes
    -----
    The paper draws theta from the Dirichlet distribution and the answer from theta, afresh each time: that is a draw
    from the mean. The update adds the counts of the answers read (its Lemma 1), times their weights.
    """
    purposes = streams(rng, max(1, -(-replicates // BLOCK)), ("answers", "following"))
    shape = (urn.rounds + 1, urn.agents, replicates)
    alike = _Block(urn, 0, purposes["following"][0]).alike
    truth = np.empty((urn.rounds + 1, 1 if alike else urn.agents, replicates))
    answers = np.empty(shape, dtype=np.int8)
    vote = np.empty((urn.rounds + 1, replicates), dtype=np.int8)
    for block, start in enumerate(range(0, replicates, BLOCK)):
        here = slice(start, min(start + BLOCK, replicates))
        run = _Block(urn, here.stop - here.start, purposes["following"][block])
        for now in range(urn.rounds + 1):
            # The whole block is drawn, whatever is asked for: the first replicates stay the same.
            drawn = purposes["answers"][block].random((urn.agents, BLOCK), dtype=np.float32)[:, : run.width]
            truth[now, :, here], answers[now, :, here], vote[now, here] = run.step(drawn)
    return Beliefs(urn, repr(rng), np.broadcast_to(truth, shape).transpose(2, 0, 1), answers.transpose(2, 0, 1), vote.T)


class _Block:
    """Questions side by side; ``upto[k]`` holds the mass of the options up to k: it is added to, never summed."""

    def __init__(self, urn: Urn, width: int, coins: Generator) -> None:
        self.urn, self.width, self.coins = urn, width, coins
        upto, reading = np.cumsum(urn.masses, axis=1).T, urn.reading()
        # Who starts alike, reads alike and always updates holds the same urn: one column stands for all.
        self.stays = urn.intervention in ("oracle", "conformist")
        self.alike = not self.stays and bool((upto == upto[:, :1]).all() and (reading == reading[0]).all())
        kept = slice(0, 1) if self.alike else slice(None)
        self.all_alike = self.alike and bool((reading == 1).all())
        self.reading = reading[kept]
        self.upto = np.repeat(upto[:, kept, None], width, axis=2)
        self.said: NDArray[np.int8] | None = None
        self.counts, self.majority = np.zeros((urn.options, width), np.int16), np.zeros(width, np.int8)

    def step(self, drawn: NDArray[np.float32]) -> tuple[Any, Any, Any]:
        """Update, answer and vote; return belief in the truth, answers and vote."""
        first, staying = self.said is None, self._staying()
        if not first:
            self._update(staying)
        belief = self.upto / self.upto[-1]
        said = np.zeros(drawn.shape, dtype=np.int8)
        for share in belief[:-1]:
            said += drawn >= share.astype(np.float32)
        if staying is not None and self.said is not None:
            said = np.where(staying, self.said, said)
        if self.urn.intervention == "follower":
            following = self.coins.random((self.urn.agents, BLOCK))[:, : self.width] < self.urn.follow
            if not first:
                said = np.where(following, self.majority, said)
        self.said, self.counts = said, tally(said, self.urn.options)
        self.majority = cast(said, self.counts)
        return belief[0], said, self.majority

    def _staying(self) -> NDArray[np.bool_] | None:
        if self.said is None or not self.stays:
            return None
        stays: NDArray[np.bool_] = self.said == (0 if self.urn.intervention == "oracle" else self.majority)
        return stays

    def _update(self, staying: NDArray[np.bool_] | None) -> None:
        """Add the answers of the last round, each with its weight."""
        right, wrong = 1.0, 1.0
        if self.urn.intervention == "confidence":
            right, wrong = self.urn.right_weight, self.urn.wrong_weight
        if self.all_alike and right == wrong == 1:
            self.upto += self.counts.cumsum(axis=0, dtype=np.int16)[:, None]
            return
        truth = (right - wrong) * self._heard(0) if right != wrong else 0.0
        for option in range(self.urn.options):
            heard = truth + wrong * self._heard(option)
            self.upto[option] += heard if staying is None else np.where(staying, 0, heard)

    def _heard(self, option: int) -> Any:
        """Return how much each reader hears of the options up to this one."""
        if self.all_alike:
            return self.counts[: option + 1].sum(axis=0)[None]
        assert self.said is not None
        return self.reading @ (self.said <= option).astype(np.float64)
