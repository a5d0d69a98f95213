"""Personas with a private and a public answer: what they say in front of others, and what they think (S105)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from labkit.dialogue import Chat, Message, Reply, Transcript
from labkit.mechanisms.debate._protocol import PLAIN, Read, Wording, call_seed, debate, stripped
from labkit.params import Field, Params
from labkit.seeds import Seed, as_sequence, streams

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Personas(Params):
    """Agents that answer in private, then in front of others, then in private again. All rates are assumptions."""

    agents: int = Field(6, ge=2, le=100, slider=(2, 20, 1), description="personas")
    options: int = Field(4, ge=2, le=20, slider=(2, 10, 1), description="options of a question")
    rounds: int = Field(4, ge=1, le=50, slider=(1, 12, 1), description="public rounds")
    pressure: float = Field(
        0.3, ge=0, le=1, description="chance to say in public what the last speaker picked at random said"
    )
    conviction: float = Field(
        0.05, ge=0, le=1, description="chance per round to come to believe what one says against it"
    )
    slip: float = Field(0.02, ge=0, le=1, description="chance that the last private answer is drawn from thin air")
    borrowed: float = Field(
        0.02, ge=0, le=1, description="chance per round to speak as another persona, with its opinion"
    )


@dataclass(frozen=True, slots=True)
class Inconstancy:
    """How often what is said and what is thought part.

    Attributes
    ----------
    conformity, confabulation, impersonation : ndarray of float, shape (replicates,)
        Share of the agents whose last public answer differs from both private ones; whose last private answer is
        neither the first nor one that anybody voiced; share of the public turns spoken as another persona.
    """

    conformity: Floats
    confabulation: Floats
    impersonation: Floats


@dataclass(frozen=True, slots=True)
class Talk:
    """What personas thought and said.

    Attributes
    ----------
    personas : Personas
        What was run.
    seed : str
        Where the randomness came from.
    before, after : ndarray of int, shape (replicates, agents)
        Private answers.
    public : ndarray of int, shape (replicates, rounds, agents)
        Public answers.
    borrowed : ndarray of bool, shape (replicates, rounds, agents)
        Who spoke as another persona.
    """

    personas: Personas
    seed: str
    before: Ints
    after: Ints
    public: Ints
    borrowed: NDArray[np.bool_]

    @property
    def inconstancy(self) -> Inconstancy:
        """How often what is said and what is thought part, question by question."""
        return inconstancy(self.before, self.public, self.after, self.borrowed)


def simulate_personas(personas: Personas, *, rng: Seed, replicates: int = 1) -> Talk:
    """Let personas answer in private, in public and in private (three stages as in arXiv 2405.03862; the rule is ours).

    Parameters
    ----------
    personas : Personas
        The group.
    rng : int, SeedSequence or Generator
        Where the randomness comes from.
    replicates : int
        How many questions, 1 or more.

    Returns
    -------
    Talk
    """
    purposes = streams(rng, replicates, ("private", "public", "after"))
    talks = [
        _talk(personas, *(purposes[name][r] for name in ("private", "public", "after"))) for r in range(replicates)
    ]
    before, after, public, borrowed = (np.stack(part) for part in zip(*talks, strict=True))
    return Talk(personas, repr(rng), before, after, public, borrowed)


def _talk(personas: Personas, first: Generator, public: Generator, last: Generator) -> tuple[Any, Any, Any, Any]:
    agents, options = personas.agents, personas.options
    leaning = first.dirichlet(np.ones(options))
    before = first.choice(options, size=agents, p=leaning)
    private, voiced, said, borrowed = before.copy(), [], before, []
    for _ in range(personas.rounds):
        # One draw of each kind per agent, whatever the rates: arms stay paired.
        luck, other = public.random((3, agents)), (np.arange(agents) + public.integers(1, agents, agents)) % agents
        says = np.where(luck[0] < personas.pressure, said[other], private)
        as_other = luck[1] < personas.borrowed
        says = np.where(as_other, private[other], says)
        private = np.where((luck[2] < personas.conviction) & ~as_other, says, private)
        said = says
        voiced.append(says)
        borrowed.append(as_other)
    slips = last.random(agents) < personas.slip
    after = np.where(slips, last.integers(0, options, agents), private)
    return before, after, np.array(voiced), np.array(borrowed)


def inconstancy(before: Ints, public: Ints, after: Ints, borrowed: NDArray[np.bool_] | None = None) -> Inconstancy:
    """Return how often what is said and what is thought part.

    Parameters
    ----------
    before, after : ndarray of int, shape (replicates, agents)
        Private answers before and after.
    public : ndarray of int, shape (replicates, rounds, agents)
        Public answers.
    borrowed : ndarray of bool, shape (replicates, rounds, agents), optional
        Who spoke as another persona; nobody where not given.

    Returns
    -------
    Inconstancy
    """
    last = public[:, -1]
    heard = (after[:, None, None] == public[..., None]).any(axis=(1, 2))
    invented = (after != before) & ~heard
    spoken = np.zeros(public.shape, dtype=bool) if borrowed is None else borrowed
    return Inconstancy(
        ((last != before) & (last != after)).mean(axis=1), invented.mean(axis=1), spoken.mean(axis=(1, 2))
    )


@dataclass(frozen=True, slots=True)
class Positions:
    """What real personas said: the debate, whose first round nobody else hears, and their last private replies."""

    debate: Transcript
    after: tuple[Reply, ...]


def ask_personas(
    agents: Sequence[Chat],
    question: str,
    rounds: int,
    *,
    rng: Seed,
    instructions: Sequence[str],
    read: Read = stripped,
    wording: Wording = PLAIN,
    alone_again: str = "Nobody hears you now. What do you think yourself?\n{question}",
    **sampling: Any,
) -> Positions:
    """Let personas answer alone, debate, and answer alone once more.

    Parameters
    ----------
    agents : sequence of Chat
        Who speaks.
    question : str
        What is asked.
    rounds : int
        Rounds of the debate, the private first one among them; 2 or more.
    rng : int, SeedSequence or Generator
        Where the seeds of the calls come from.
    instructions : sequence of str
        One persona per agent, as its system prompt.
    read, wording, **sampling
        As for `debate`.
    alone_again : str
        The last turn; it holds ``{question}``, and follows on the agent's own last words.

    Returns
    -------
    Positions
    """
    root = as_sequence(rng)
    talk = debate(agents, question, rounds, rng=root, instructions=instructions, read=read, wording=wording, **sampling)
    sampling = {"temperature": 0.4, "max_tokens": 32} | {
        key: value for key, value in sampling.items() if key in ("temperature", "max_tokens", "stop")
    }
    after = [
        partial(
            chat, _reflection(role, question, reply.text, alone_again), seed=call_seed(root, place, rounds), **sampling
        )()
        for place, (chat, role, reply) in enumerate(zip(agents, instructions, talk.rounds[-1], strict=True))
    ]
    return Positions(talk, tuple(after))


def _reflection(role: str, question: str, said: str, alone_again: str) -> tuple[Message, ...]:
    turns = (("system", role), ("user", question), ("assistant", said), ("user", alone_again.format(question=question)))
    return tuple(Message(who, text) for who, text in turns)  # type: ignore[arg-type]


def insistent(answer: str) -> Chat:
    """Return a member that says the same whatever it hears: a planted peer, or a malicious one (S064).

    Parameters
    ----------
    answer : str
        What it says; an empty text says nothing.

    Returns
    -------
    Chat
    """

    def chat(messages: Sequence[Message], **_: Any) -> Reply:
        return Reply(answer, "insistent", 0, len(answer.split()), source="scripted")

    return chat
