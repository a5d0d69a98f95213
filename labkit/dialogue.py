"""What is said to a language model, what it answers, and the record of who said what when."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, get_args, runtime_checkable

Role = Literal["system", "user", "assistant"]
Source = Literal["live", "recorded", "scripted"]

# Signs that are not seen: they colour a terminal, turn the direction of writing, or hide what is there.
_UNSEEN = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
# These are part of ordinary text: lines, columns, and the joiners of scripts and emoji.
_ORDINARY = "\n\t\u200c\u200d"


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation.

    Attributes
    ----------
    role : {"system", "user", "assistant"}
        Whose turn it is.
    content : str
        What is said.

    Raises
    ------
    ValueError
        The role is none of the three, or the content is no text.
    """

    role: Role
    content: str

    def __post_init__(self) -> None:
        if self.role not in get_args(Role):
            raise ValueError(f"Message.role = {self.role!r}: allowed is one of {', '.join(map(repr, get_args(Role)))}")
        if not isinstance(self.content, str):
            raise ValueError(f"Message.content = {self.content!r}: allowed is text")


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer of a model, and how it was obtained.

    Attributes
    ----------
    text : str
        The answer. It is untrusted: show it as plain escaped text, made of `shown`.
    model : str
        Which model gave it.
    prompt_tokens, completion_tokens : int
        What it cost.
    logprobs : tuple of (str, float), optional
        Each token of the answer with its log-probability, where the model tells.
    source : {"live", "recorded", "scripted"}
        A model just now, a recording of a real model, or a simulated answerer.

    Raises
    ------
    ValueError
        The text is no text, a token count is no int of 0 or more, or the source is none of the three.
    """

    text: str
    model: str
    prompt_tokens: int
    completion_tokens: int
    logprobs: tuple[tuple[str, float], ...] | None = None
    source: Source = "live"

    def __post_init__(self) -> None:
        if not isinstance(self.text, str):
            raise ValueError(f"Reply.text = {self.text!r}: allowed is text")
        for name in ("prompt_tokens", "completion_tokens"):
            count = getattr(self, name)
            if not isinstance(count, int) or isinstance(count, bool) or count < 0:
                raise ValueError(f"Reply.{name} = {count!r}: allowed is a whole number from 0")
        if self.source not in get_args(Source):
            allowed = ", ".join(map(repr, get_args(Source)))
            raise ValueError(f"Reply.source = {self.source!r}: allowed is one of {allowed}")


@dataclass(frozen=True, slots=True)
class Transcript:
    """Who said what in which round.

    Attributes
    ----------
    question : str
        What all were asked.
    rounds : tuple of tuple of Reply
        ``rounds[round][agent]``: every agent answers once in every round.

    Raises
    ------
    ValueError
        There is no round or no agent, or a round has more or fewer replies than the first.
    """

    question: str
    rounds: tuple[tuple[Reply, ...], ...]

    def __post_init__(self) -> None:
        if not self.rounds or not self.rounds[0]:
            raise ValueError("Transcript.rounds: at least one round with at least one reply is needed")
        for number, replies in enumerate(self.rounds):
            if len(replies) != self.agents:
                raise ValueError(
                    f"Transcript.rounds: round {number} has {len(replies)} replies, round 0 has {self.agents}"
                )

    @property
    def agents(self) -> int:
        """How many agents took part."""
        return len(self.rounds[0])

    @property
    def answers(self) -> tuple[str, ...]:
        """What each agent said in the last round."""
        return tuple(reply.text for reply in self.rounds[-1])

    @property
    def calls(self) -> int:
        """How many answers were asked for."""
        return self.agents * len(self.rounds)

    @property
    def tokens(self) -> int:
        """How many tokens were read and written in all."""
        return sum(reply.prompt_tokens + reply.completion_tokens for replies in self.rounds for reply in replies)


@runtime_checkable
class Chat(Protocol):
    """Anything that answers a conversation: a mechanism takes it as an argument and knows no client."""

    def __call__(
        self,
        messages: Sequence[Message],
        *,
        seed: int | None = None,
        temperature: float = 0.0,
        max_tokens: int = 256,
        stop: Sequence[str] = (),
        **options: Any,
    ) -> Reply:
        """Return the answer to `messages`.

        Parameters
        ----------
        messages : sequence of Message
            The conversation so far; the last one is to be answered.
        seed : int, optional
            Same seed and same question, same answer. Give every call its own.
        temperature : float
            0 is the most likely answer.
        max_tokens : int
            Where an answer is cut off.
        stop : sequence of str
            An answer ends before the first of these.
        **options : Any
            What only some models understand (a grammar, say). One that does not know an option says so.

        Returns
        -------
        Reply
            The answer, with its cost and where it came from.
        """
        ...


def plurality(answers: Iterable[str | None]) -> str | None:
    """Return the answer given most often; of several the one that was given first.

    Parameters
    ----------
    answers : iterable of str or None
        One answer per agent; None stands for a text that holds no answer, and does not vote.

    Returns
    -------
    str or None
        None where nobody gave an answer.
    """
    counted = Counter(answer for answer in answers if answer is not None)
    return max(counted, key=counted.__getitem__) if counted else None


def shown(text: str) -> str:
    r"""Return a text as it is shown to a reader: signs that are not seen are spelled out, and so do nothing.

    Parameters
    ----------
    text : str
        What a model or a server said. Markup in it is left to whoever shows it: escape that as well.

    Returns
    -------
    str
        The same text, with ``\x1b`` in place of an escape sign, for instance.
    """
    text = text.replace("\r\n", "\n")
    return text if text.isprintable() else "".join(map(_spelled, text))


def _spelled(sign: str) -> str:
    unseen = sign not in _ORDINARY and unicodedata.category(sign) in _UNSEEN
    return sign.encode("unicode_escape").decode() if unseen else sign
