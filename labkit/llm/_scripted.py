"""Simulated answerers whose accuracy is known: ground truth for tests, and lessons without a model."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.random import Generator, SeedSequence

from labkit.dialogue import Message, Reply, plurality
from labkit.llm._identity import Identity
from labkit.llm.questions import Question, value_of

Answer = Callable[[Question, Generator], str]


def of_accuracy(accuracy: float = 0.6, *, lure: float = 1.0) -> Answer:
    """Return an answerer that is right with a given probability.

    Parameters
    ----------
    accuracy : float
        Probability of the right answer, 0 to 1.
    lure : float
        Share of its mistakes that fall on the first wrong answer that the question names, 0 to 1; the rest spread
        evenly over all it names.

    Raises
    ------
    ValueError
        A probability is none.
    """
    _probabilities(accuracy=accuracy, lure=lure)

    def answer(question: Question, rng: Generator) -> str:
        right, lured, place = rng.random(3)
        if right < accuracy or not question.wrong:
            return question.truth
        return question.wrong[0 if lured < lure else int(place * len(question.wrong))]

    return answer


def noisy_calculator(error_rate: float = 0.1, *, left_to_right: float = 0.0) -> Answer:
    """Return an answerer for arithmetic that slips at each operation: five operations are right with (1 - rate)^5.

    Parameters
    ----------
    error_rate : float
        Probability of a slip per operation, 0 to 1. A slip moves the result by 1 or 10, up or down.
    left_to_right : float
        Probability of working from left to right, without precedence: a wrong answer that many share.

    Raises
    ------
    ValueError
        A probability is none.
    """
    _probabilities(error_rate=error_rate, left_to_right=left_to_right)

    def answer(question: Question, rng: Generator) -> str:
        expression = re.search(r"\d[\d+*-]*", question.prompt)
        if expression is None:
            raise ValueError(f"{question.prompt!r} holds no expression to work out")
        careless = bool(rng.random() < left_to_right)
        operations = len(re.findall(r"[+*-]", expression.group()))
        slips = np.where(rng.random(operations) < error_rate, rng.choice([-10, -1, 1, 10], operations), 0)
        return str(value_of(expression.group(), left_to_right=careless) + int(slips.sum()))

    return answer


class Scripted:
    """A simulated answerer, labelled as such: no model is asked.

    Alone, it answers by its script. Shown what others answered, it takes over their most frequent answer with a
    probability that depends on whether that answer is right.

    Parameters
    ----------
    questions : sequence of Question
        The questions it knows.
    answer : callable
        Its script; see `of_accuracy` and `noisy_calculator`.
    correlation : float
        Probability that it answers as every other scripted agent with the same `world` does, whatever its seed.
    mends, misled : float
        Probability of taking over the others' answer when that is right, and when it is wrong.
    world : int
        Seed of what correlated agents share.
    name : str
        The model name of its replies.

    Raises
    ------
    ValueError
        A probability is none, or there is no question.
    """

    engine = "a script"

    def __init__(
        self,
        questions: Sequence[Question],
        answer: Answer | None = None,
        *,
        correlation: float = 0.0,
        mends: float = 0.7,
        misled: float = 0.7,
        world: int = 0,
        name: str = "scripted",
    ) -> None:
        _probabilities(correlation=correlation, mends=mends, misled=misled)
        if not questions:
            raise ValueError("questions = (): a script needs at least one question")
        self._questions = {question.prompt: question for question in questions}
        self._answer = answer or of_accuracy()
        self._correlation, self._mends, self._misled, self._world = correlation, mends, misled, world
        self.identity = Identity(name)

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
        """Return the scripted answer; temperature and length change nothing, and options are not looked at.

        Raises
        ------
        ValueError
            No question of the script is asked.
        """
        question, rest = self._find(messages)
        rng = np.random.default_rng(SeedSequence([self._world, seed or 0, *_words(question.prompt)]))
        shared = np.random.default_rng(SeedSequence([self._world, *_words(question.prompt)]))
        own = self._answer(question, shared if rng.random() < self._correlation else rng)
        heard = plurality(question.parse(line) for line in _said(rest))
        if heard is not None:
            takes = self._mends if question.grade(heard) == "right" else self._misled
            own = heard if rng.random() < takes else own
        read = sum(len(message.content.split()) for message in messages)
        return Reply(own, self.identity.model, read, len(own.split()), source="scripted")

    async def ask(self, messages: Sequence[Message], **asked: Any) -> Reply:
        """Return the same answer as a call, to be awaited."""
        return self(messages, **asked)

    def _find(self, messages: Sequence[Message]) -> tuple[Question, str]:
        """Return the question that is asked last, and what is said around it."""
        for message in reversed(messages):
            for prompt, question in self._questions.items():
                if prompt in message.content:
                    return question, message.content.replace(prompt, "")
        raise ValueError(f"the script knows no question in {messages[-1].content[:80]!r}")


def _said(text: str) -> list[str]:
    """Return the answers that a turn quotes: what follows a colon, one by one."""
    quoted = [line.rsplit(": ", 1)[-1] for line in text.splitlines()]
    parts = [part for line in quoted for part in re.split(r"[,;]\s+", line)]
    bare = (re.sub(r"^[\s*.\"']*(-(?!\d)[\s*.\"']*)*|[\s*.\"'-]+$", "", part) for part in parts)
    return [part for part in bare if part]


def _words(text: str) -> list[int]:
    """Return a text as numbers for a seed, the same in every process."""
    digest = hashlib.sha256(text.encode()).digest()
    return [int.from_bytes(digest[place : place + 4], "little") for place in (0, 4, 8, 12)]


def _probabilities(**values: float) -> None:
    for name, value in values.items():
        if not 0 <= value <= 1:
            raise ValueError(f"{name} = {value!r}: allowed is 0 to 1")
