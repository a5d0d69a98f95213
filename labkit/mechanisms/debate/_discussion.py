"""Agents that resample their answer: a debate whose arguments can speak for the truth (our construction)."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from labkit.mechanisms.debate._votes import Floats, cast, tally
from labkit.params import Field, Params
from labkit.seeds import Seed, streams

SIZE = 256


class Discussion(Params):
    """Questions of differing difficulty, some with a lure, and agents who answer, hear the votes, and reconsider."""

    accuracy: float = Field(0.5, ge=0.02, le=0.98, description="mean chance to be right alone, over the questions")
    persuasiveness: float = Field(
        0.0,
        ge=0,
        le=5,
        slider=(0, 2, 0.1),
        description="what arguments add to the log-odds of the truth: an assumption",
    )
    agents: int = Field(5, ge=1, le=50, slider=(1, 15, 1), description="agents")
    rounds: int = Field(3, ge=1, le=50, slider=(1, 10, 1), description="rounds, the first answers among them")
    lures: float = Field(0.3, ge=0, le=1, description="share of the wrong answers that all go to one lure")
    diversity: float = Field(
        0.0, ge=0, le=3, slider=(0, 2, 0.1), description="how far agents differ: spread of their own log-odds"
    )
    candidates: int = Field(
        0,
        ge=0,
        le=50,
        slider=(0, 10, 1),
        description="first answers drawn, of which the most different start; 0: as they come",
    )
    options: int = Field(4, ge=2, le=20, slider=(2, 10, 1), description="options of a question")
    concentration: float = Field(4.0, gt=0, le=100, slider=(1, 20, 0.5), description="likeness of the questions (Beta)")
    reconsider: float = Field(0.4, ge=0, le=1, description="chance that an agent reconsiders in a round")


@dataclass(frozen=True, slots=True)
class Discussed:
    """How debate and vote fared, question by question, at the same number of calls.

    Attributes
    ----------
    discussion : Discussion
        What was run.
    seed : str
        Where the randomness came from.
    debate, vote : ndarray of float, shape (replicates,)
        Whether the last answers of the debate have a right plurality, and whether as many independent answers have.
    single : ndarray of float, shape (replicates,)
        Share of the first answers that are right.
    votes : ndarray of int, shape (replicates, rounds, options)
        How many agents stand behind each option, round by round; option 0 is the truth, 1 the lure.
    """

    discussion: Discussion
    seed: str
    debate: Floats
    vote: Floats
    single: Floats
    votes: NDArray[np.int64]

    @property
    def gain(self) -> Floats:
        """Debate minus vote; shape (replicates,)."""
        return self.debate - self.vote


def simulate_discussion(discussion: Discussion, *, rng: Seed, replicates: int = 1) -> Discussed:
    """Let agents discuss, and let the same agents answer as often on their own.

    An agent that reconsiders draws from log(votes) + half of its own log-chances + the persuasiveness on the truth.

    Parameters
    ----------
    discussion : Discussion
        Questions and agents.
    rng : int, SeedSequence or Generator
        Where the randomness comes from.
    replicates : int
        How many questions, 1 or more.

    Returns
    -------
    Discussed
    """
    blocks = -(-replicates // SIZE)
    purposes = streams(rng, max(1, blocks), ("questions", "first", "later", "vote"))
    parts = [_block(discussion, {name: each[block] for name, each in purposes.items()}) for block in range(blocks)]
    debate, vote, single, votes = (np.concatenate(part)[:replicates] for part in zip(*parts, strict=True))
    return Discussed(discussion, repr(rng), debate, vote, single, votes)


def _block(discussion: Discussion, draw: dict[str, Generator]) -> tuple[Floats, Floats, Floats, NDArray[np.int64]]:
    chances = _chances(discussion, draw["questions"])
    said = _first(discussion, chances, draw["first"])
    single = (_answers(chances, draw["first"]) == 0).mean(axis=0)
    votes = [tally(said, discussion.options)]
    arguments = np.zeros(discussion.options)
    arguments[0] = discussion.persuasiveness
    own = 0.5 * np.log(chances) + arguments
    for _ in range(discussion.rounds - 1):
        with np.errstate(divide="ignore"):
            # What nobody stands behind has log 0: it does not come back.
            odds = np.exp(own + np.log(votes[-1].T) - own.max(axis=-1, keepdims=True))
        again = _answers(odds / odds.sum(axis=-1, keepdims=True), draw["later"])
        reconsiders = draw["later"].random(said.shape) < discussion.reconsider
        said = np.where(reconsiders, again, said)
        votes.append(tally(said, discussion.options))
    independent = np.concatenate([_answers(chances, draw["vote"]) for _ in range(discussion.rounds)])
    alone = cast(independent, tally(independent, discussion.options)) == 0
    together = cast(said, votes[-1]) == 0
    return (
        together.astype(np.float64),
        alone.astype(np.float64),
        single,
        np.array(votes, dtype=np.int64).transpose(2, 0, 1),
    )


def _chances(discussion: Discussion, draw: Generator) -> Floats:
    """Return how often each agent names each option; shape (agents, questions, options)."""
    options = discussion.options
    mass = discussion.accuracy * discussion.concentration
    truth = np.clip(draw.beta(mass, discussion.concentration - mass, SIZE), 1e-9, 1 - 1e-9)
    chances = np.repeat((1 - truth)[:, None] / (options - 1), options, axis=1) * (1 - discussion.lures)
    chances[:, 1] += (1 - truth) * discussion.lures
    chances[:, 0] = truth
    own = np.exp(discussion.diversity * draw.standard_normal((discussion.agents, SIZE, options)))
    chances = np.maximum(chances, 1e-12) * own
    normed: Floats = chances / chances.sum(axis=-1, keepdims=True)
    return normed


def _answers(chances: Floats, draw: Generator) -> NDArray[np.int8]:
    """Return one answer per agent and question; shape (agents, questions)."""
    luck = draw.random(chances.shape[:2])
    above = luck[..., None] >= np.cumsum(chances, axis=-1)[..., :-1]
    answers: NDArray[np.int8] = above.sum(axis=-1, dtype=np.int8)
    return answers


def _first(discussion: Discussion, chances: Floats, draw: Generator) -> NDArray[np.int8]:
    first = _answers(chances, draw)
    if discussion.candidates <= discussion.agents:
        return first
    extra = np.arange(discussion.candidates) % discussion.agents
    pool = _answers(chances[extra], draw)
    return np.stack(
        [pool[diverse(column, discussion.agents), place] for place, column in enumerate(pool.T.tolist())], 1
    )


def diverse(answers: Sequence[Hashable], keep: int) -> list[int]:
    """Return the places of the answers to start from so that as many different ones as possible are among them.

    Parameters
    ----------
    answers : sequence
        The candidates (arXiv 2601.19921 draws ten).
    keep : int
        How many to keep, at most as many as there are.

    Returns
    -------
    list of int
        Greedily: an answer named for the first time goes before one named for the second.

    Raises
    ------
    ValueError
        More are to be kept than there are.
    """
    if not 0 <= keep <= len(answers):
        raise ValueError(f"keep = {keep!r}: allowed is 0 to {len(answers)}")
    seen: dict[Hashable, int] = {}
    turns = []
    for place, answer in enumerate(answers):
        seen[answer] = seen.get(answer, 0) + 1
        turns.append((seen[answer], place))
    return [place for _, place in sorted(turns)[:keep]]
