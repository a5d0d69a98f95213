"""What is claimed about the Shapley-weighted graph, measured: on agents without a language model, and on a real one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.random import SeedSequence
from numpy.typing import NDArray

from labkit.dialogue import Chat, Message, Reply
from labkit.llm.embeddings import one_hot, tfidf
from labkit.llm.questions import SETS, Question
from labkit.mechanisms.shapley_dag import Organized, Wording, call_seed, self_organize

STUDY_SEED, QUESTIONS, AGENTS, ROUNDS, READS = 2510, 60, 5, 2, 2
# 0.5 is the temperature of the released code: below it five answers hardly differ, above it a small model loses form.
TEMPERATURE, MAX_TOKENS, STOP = 0.5, 24, ("\n", ".")
WORDING = Wording()


@dataclass(frozen=True, slots=True)
class Arm:
    """One way in which five agents organise themselves.

    Attributes
    ----------
    name : str
        What it is called.
    embedding : {"letters", "answers"}
        TF-IDF over the letters of the whole text, or equal and unequal parsed answers.
    threshold : float
        Least cosine of agents that are joined. At 0 all may be; 0.75 is the released code's, for another embedding.
    routing : {"contribution", "shuffled"}
        Who stands where in the graph: by contribution, or by lot.
    """

    name: str
    embedding: Literal["letters", "answers"]
    threshold: float
    routing: Literal["contribution", "shuffled"]


ARMS = (
    Arm("contribution", "letters", 0.0, "contribution"),
    Arm("shuffled", "letters", 0.0, "shuffled"),
    Arm("exact answers", "answers", 0.0, "contribution"),
)
"""In order of importance, so that a recording that stops early holds whole arms."""


def play(arm: Arm, chat: Chat, question: Question, rng: SeedSequence, wording: Wording = WORDING) -> Organized:
    """Let one arm work on one question."""
    return self_organize(
        [chat] * AGENTS,
        question.prompt,
        embed=_embedding(arm, question),
        threshold=arm.threshold,
        max_in_degree=READS,
        routing=arm.routing,
        rounds=ROUNDS,
        rng=rng,
        wording=wording,
        read=question.parse,
        examples=question.messages[:-1],
        **_SETTINGS,
    )


def independent(chat: Chat, question: Question, rng: SeedSequence, count: int) -> tuple[Reply, ...]:
    """Return independent answers; the first five are the first answers of every arm."""
    messages = [*question.messages[:-1], Message("user", WORDING.alone(question.prompt))]
    return tuple(chat(messages, seed=call_seed(rng, number, 0), **_SETTINGS) for number in range(count))


def seed_of(kind: str, number: int) -> SeedSequence:
    """Return where the seeds of question `number` of a set come from, the same in all arms."""
    return SeedSequence(STUDY_SEED, spawn_key=(list(SETS).index(kind), number))


def record(chat: Chat) -> Iterator[tuple[int, int]]:
    """Make every call that the lesson and the claims need; yield calls done and calls in all, both at their most."""
    most, items = AGENTS * (1 + ROUNDS), _items()
    done, of = 0, len(items) * (len(ARMS) + 1) * most
    needed = dict.fromkeys(items, 0)
    for place, arm in enumerate(ARMS):
        for item, (question, rng) in items.items():
            needed[item] = max(needed[item], play(arm, chat, question, rng).calls)
            done += most
            yield done, of
        # As many independent answers as the arms so far made calls, after the first arm and after the last.
        if place in (0, len(ARMS) - 1):
            for item, (question, rng) in items.items():
                independent(chat, question, rng, needed[item])
                done += most // 2 + place % 2 * (most % 2)
                yield done, of


def _items() -> dict[tuple[str, int], tuple[Question, SeedSequence]]:
    return {
        (kind, number): (question, seed_of(kind, number))
        for kind, questions in SETS.items()
        for number, question in enumerate(questions(QUESTIONS))
    }


def _embedding(arm: Arm, question: Question) -> Callable[[Sequence[str]], NDArray[np.float64]]:
    if arm.embedding == "letters":
        return tfidf
    return lambda texts: one_hot([question.parse(text) for text in texts])


_SETTINGS: dict[str, Any] = {"temperature": TEMPERATURE, "max_tokens": MAX_TOKENS, "stop": STOP}
