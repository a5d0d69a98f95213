"""What a debate costs: equal numbers of answers are not equal numbers of tokens."""

from __future__ import annotations

from dataclasses import dataclass

from labkit.dialogue import Transcript


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens read and written."""

    read: int
    written: int

    @property
    def total(self) -> int:
        """Both together."""
        return self.read + self.written


def tokens(agents: int, rounds: int, question: int, answer: int) -> Tokens:
    """Return what a debate costs in which everyone reads the question and all last answers.

    Parameters
    ----------
    agents, rounds : int
        One round is a vote, one agent is self-refinement.
    question, answer : int
        Tokens of the question and of each answer.

    Returns
    -------
    Tokens
        Read ``M Q + (T - 1) M (Q + M L)``, written ``M T L``.
    """
    return Tokens(agents * question + (rounds - 1) * agents * (question + agents * answer), agents * rounds * answer)


def votes_for(budget: Tokens, question: int, answer: int) -> int:
    """Return how many answers a vote gets for as many tokens, at least one.

    Parameters
    ----------
    budget : Tokens
        What may be spent, read and written together.
    question, answer : int
        As for `tokens`.

    Returns
    -------
    int
    """
    return max(1, budget.total // (question + answer))


def tokens_of(transcript: Transcript) -> Tokens:
    """Return what was counted in a real debate.

    Parameters
    ----------
    transcript : Transcript
        Its replies know their cost.

    Returns
    -------
    Tokens
    """
    replies = [reply for turn in transcript.rounds for reply in turn]
    return Tokens(sum(reply.prompt_tokens for reply in replies), sum(reply.completion_tokens for reply in replies))
