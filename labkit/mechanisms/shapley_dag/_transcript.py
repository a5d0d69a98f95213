"""What agents are told, and the record of how they organised themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import networkx as nx

from labkit.dialogue import Transcript


@dataclass(frozen=True, slots=True)
class Wording:
    """What the agents are told, in one place: the lines stand before the question, so that it keeps the last word.

    Attributes
    ----------
    own, peers, doubt, question : str
        The lines of a request; ``{own}``, ``{peers}`` and ``{question}`` are filled in. A line whose filling
        is missing is left out.
    between : str
        What stands between the answers of several peers.
    """

    own: str = "You answered: {own}"
    peers: str = "Others answered: {peers}"
    doubt: str = "These answers may be right or wrong. Think again and give your own answer.\n"
    question: str = "{question}"
    between: str = ", "

    def alone(self, question: str) -> str:
        """Return what an agent is asked before it has heard anything."""
        return self.question.format(question=question)

    def again(self, question: str, own: str | None, peers: Sequence[str]) -> str:
        """Return what an agent is asked once answers are known."""
        lines = [self.own.format(own=own)] if own is not None else []
        lines += [self.peers.format(peers=self.between.join(peers))] if peers else []
        return "\n".join([*lines, self.doubt, self.alone(question)])


@dataclass(frozen=True, slots=True)
class Organized(Transcript):
    """What the agents said in each round, and who stood where; an agent that was not called repeats itself.

    Attributes
    ----------
    contributions : tuple of tuple of float
        ``contributions[round][agent]``, of the answers of that round.
    graphs : tuple of networkx.DiGraph
        ``graphs[round]`` rests on the answers of that round and leads the next.
    called : tuple of tuple of bool
        ``called[round][agent]``: whether the answer was asked for, or is the one of the round before.
    prompts : tuple of tuple of str
        ``prompts[round][agent]``: what was asked, empty where nothing was.
    chosen : int
        The agent whose last answer is the answer of the group.
    """

    contributions: tuple[tuple[float, ...], ...] = ()
    graphs: tuple[nx.DiGraph, ...] = field(default=(), compare=False)
    called: tuple[tuple[bool, ...], ...] = ()
    prompts: tuple[tuple[str, ...], ...] = ()
    chosen: int = 0

    @property
    def answer(self) -> str:
        """The answer of the group: the text of one of its agents."""
        return self.rounds[-1][self.chosen].text

    @property
    def calls(self) -> int:
        """How many answers were asked for."""
        return sum(map(sum, self.called))

    @property
    def tokens(self) -> int:
        """How many tokens were read and written in all."""
        asked = (
            reply
            for replies, called in zip(self.rounds, self.called, strict=True)
            for reply, was in zip(replies, called, strict=True)
            if was
        )
        return sum(reply.prompt_tokens + reply.completion_tokens for reply in asked)
