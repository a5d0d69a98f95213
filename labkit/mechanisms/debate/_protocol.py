"""The protocol: everyone answers alone, then everyone answers again with the answers of its neighbours in view."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from numpy.random import SeedSequence

from labkit.dialogue import Chat, Message, Reply, Transcript
from labkit.mechanisms.debate._topology import Topology, neighbourhoods
from labkit.seeds import Seed, as_sequence, seed_at

Read = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Wording:
    """What a debater is told, in so many words (ours; the papers' prompts are written for larger models).

    The question stands last, because a small model goes on from where the text ends. An empty part is left out.

    Attributes
    ----------
    alone : str
        The first turn; it holds ``{question}``.
    own : str
        How an agent's own last answer is brought in; it holds ``{answer}``.
    peers : str
        How the answers of the others are brought in; it holds ``{answers}``.
    between : str
        What separates two answers.
    again : str
        Each later turn; it holds ``{own}``, ``{peers}`` and ``{question}``.
    follow_up : str
        Each later turn where the conversation grows (Du et al.); it holds ``{peers}`` and ``{question}``.
    """

    alone: str = "{question}"
    own: str = "Your last answer: {answer}\n"
    peers: str = "Answers of others: {answers}\n"
    between: str = "; "
    again: str = "{own}{peers}\n{question}"
    follow_up: str = "{peers}Check your answer and give it again.\n{question}"

    def first(self, question: str) -> str:
        """Return the turn that asks for an answer without any other in view."""
        return self.alone.format(question=question)

    def later(self, question: str, own: str | None, peers: Sequence[str]) -> str:
        """Return the turn that asks once more: own last answer and those of the others in one text."""
        if own is None and not peers:
            return self.first(question)
        return self.again.format(
            own=self.own.format(answer=own) if own is not None else "", peers=self._peers(peers), question=question
        )

    def grown(self, question: str, peers: Sequence[str]) -> str:
        """Return the turn that goes on with a conversation in which the own answer already stands."""
        return self.follow_up.format(peers=self._peers(peers), question=question)

    def _peers(self, peers: Sequence[str]) -> str:
        return self.peers.format(answers=self.between.join(peers)) if peers else ""


PLAIN = Wording()


def stripped(text: str) -> str | None:
    """Return a text without the space around it, or None where nothing is left.

    Parameters
    ----------
    text : str
        What a model said.

    Returns
    -------
    str or None
    """
    return text.strip() or None


def debate(
    agents: Sequence[Chat],
    question: str,
    rounds: int,
    *,
    rng: Seed,
    topology: Topology = "complete",
    read: Read = stripped,
    exchange: Literal["answers", "texts"] = "answers",
    memory: Literal["last", "history"] = "last",
    wording: Wording = PLAIN,
    examples: Sequence[Message] = (),
    instructions: Sequence[str | None] | None = None,
    temperature: float = 0.4,
    max_tokens: int = 32,
    stop: Sequence[str] = (),
    options: Mapping[str, Any] | None = None,
    concurrency: int = 1,
) -> Transcript:
    """Let agents answer a question, then let each answer it again with its neighbours' last answers in view.

    All speak at once in a round, so nobody hears what is said in the same round. With one round this is
    self-consistency (sample and vote); with one agent it is self-refinement. The seed of a call depends on
    `rng`, the agent and the round alone: a shorter or smaller debate asks the same first questions.

    Parameters
    ----------
    agents : sequence of Chat
        Who debates; one model several times, or several models.
    question : str
        What is asked.
    rounds : int
        How often everyone answers, 1 or more.
    rng : int, SeedSequence or Generator
        Where the seeds of the calls come from.
    topology : {"complete", "ring", "star"}
        Who hears whom.
    read : callable
        Takes the answer out of a text; None where there is none.
    exchange : {"answers", "texts"}
        Whether others see the answer that was read, or all that was said. A text without an answer is not passed on.
    memory : {"last", "history"}
        Whether a later turn stands alone and holds the own last answer, or goes on with the whole conversation
        (Du et al.).
    wording : Wording
        What the debaters are told.
    examples : sequence of Message
        Turns that stand before the question in every call: questions with their answers, to show the form.
    instructions : sequence of str or None, optional
        A system prompt per agent, a persona for instance.
    temperature, max_tokens, stop
        As in `Chat`, for every call.
    options : mapping, optional
        What else every call is given (a grammar, say).
    concurrency : int
        How many calls of a round run at a time. The result is the same.

    Returns
    -------
    Transcript

    Raises
    ------
    ValueError
        A count, a topology or the number of instructions is not allowed.

    Notes
    -----
    Round 1 is o[j,1] = model(q, I[j]) and round t is o[j,t] = model(q, O[t-1], I[j]), as in arXiv 2505.22960; with
    ``memory="history"`` and ``exchange="texts"`` it is the protocol of Du et al., arXiv 2305.14325.
    """
    if rounds < 1 or not agents or concurrency < 1:
        raise ValueError(
            f"{len(agents)} agents, rounds = {rounds!r}, concurrency = {concurrency!r}: allowed is 1 or more"
        )
    hears, root = neighbourhoods(len(agents), topology), as_sequence(rng)
    roles = list(instructions) if instructions is not None else [None] * len(agents)
    if len(roles) != len(agents):
        raise ValueError(f"{len(roles)} instructions for {len(agents)} agents: allowed is one each, or none")
    shown: Read = read if exchange == "answers" else lambda text: text if read(text) is not None else None
    common = {"temperature": temperature, "max_tokens": max_tokens, "stop": tuple(stop), **(options or {})}
    talks = [[*([Message("system", role)] if role else []), *examples] for role in roles]
    said: list[tuple[Reply, ...]] = []
    for number in range(rounds):
        answers = [shown(reply.text) for reply in said[-1]] if said else []
        for agent, talk in enumerate(talks):
            peers = [found for peer in hears[agent] if said and peer != agent and (found := answers[peer]) is not None]
            if not said:
                talk.append(Message("user", wording.first(question)))
            elif memory == "history":
                turns = Message("assistant", said[-1][agent].text), Message("user", wording.grown(question, peers))
                talk.extend(turns)
            else:
                talk[-1] = Message("user", wording.later(question, answers[agent], peers))
        calls = [
            partial(chat, tuple(talk), seed=call_seed(root, agent, number), **common)
            for agent, (chat, talk) in enumerate(zip(agents, talks, strict=True))
        ]
        said.append(_replies(calls, concurrency))
    return Transcript(question, tuple(said))


def call_seed(rng: SeedSequence, agent: int, number: int) -> int:
    """Return the seed of one call: it depends on the source, the agent and the round, and on nothing else.

    Parameters
    ----------
    rng : SeedSequence
        The source of one debate.
    agent, number : int
        Whose call in which round, each from 0.

    Returns
    -------
    int
        From 0 to 2^31 - 1.
    """
    return seed_at(rng, agent, number)


def _replies(calls: Sequence[Callable[[], Reply]], concurrency: int) -> tuple[Reply, ...]:
    if concurrency == 1:
        return tuple(call() for call in calls)
    with ThreadPoolExecutor(concurrency) as pool:
        return tuple(pool.map(lambda call: call(), calls))
