"""What is claimed about debate, measured: on models without a language model, and on recordings of a real one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from numpy.random import SeedSequence

from labkit.dialogue import Chat, Message, Reply, Transcript
from labkit.llm.questions import SETS, Question
from labkit.mechanisms.debate import debate

STUDY_SEED, QUESTIONS = 2505, 60
TEMPERATURE, MAX_TOKENS, STOP = 0.4, 24, ("\n", ".")


@dataclass(frozen=True, slots=True)
class Arm:
    """One way to spend calls on a question.

    Attributes
    ----------
    name : str
        What it is called.
    agents, rounds : int
        How many answer, how often. Where peers are planted, each agent is measured apart.
    grammar : bool
        Whether the model is held to the form of an answer.
    planted : {None, "nobody", "both right", "both wrong", "split"}
        What two planted peers say, instead of the other agents.
    """

    name: str
    agents: int
    rounds: int
    grammar: bool = False
    planted: Literal["nobody", "both right", "both wrong", "split"] | None = None

    @property
    def calls(self) -> int:
        """Answers of the model per question."""
        return self.agents * self.rounds


ARMS = (
    Arm("vote", 9, 1),
    Arm("debate 3 x 3", 3, 3),
    Arm("self-refinement", 1, 9),
    Arm("peers: nobody", 2, 2, planted="nobody"),
    Arm("peers: both right", 2, 2, planted="both right"),
    Arm("peers: both wrong", 2, 2, planted="both wrong"),
    Arm("peers: split", 2, 2, planted="split"),
    Arm("debate 3 x 3, grammar", 3, 3, grammar=True),
    Arm("vote, grammar", 9, 1, grammar=True),
)
"""In order of importance, so that a recording that stops early holds whole arms."""


def play(arm: Arm, chat: Chat, question: Question, rng: SeedSequence) -> tuple[Transcript, ...]:
    """Spend the calls of one arm on one question: one transcript, or one per agent where peers are planted."""
    options: dict[str, Any] = {"grammar": question.grammar} if arm.grammar else {}
    teams: list[list[Chat]] = [[chat] * arm.agents]
    if arm.planted is not None:
        first, second = (_planted(says) for says in _peers(arm.planted, question))
        # The model's place decides its seeds: its first answers are those of the other arms.
        teams = [[*[first, second][:place], chat, *[first, second][place:]] for place in range(arm.agents)]
    return tuple(
        debate(
            team,
            question.prompt,
            arm.rounds,
            rng=rng,
            read=question.parse,
            examples=question.messages[:-1],
            temperature=TEMPERATURE,
            max_tokens=MAX_TOKENS,
            stop=STOP,
            options=options,
        )
        for team in teams
    )


def seed_of(kind: str, number: int) -> SeedSequence:
    """Return where the seeds of question `number` of a set come from, the same in all arms."""
    return SeedSequence(STUDY_SEED, spawn_key=(list(SETS).index(kind), number))


def record(chat: Chat) -> Iterator[tuple[int, int]]:
    """Make every call that the lesson and the claims need; yield calls done and calls in all, question by question."""
    done, of = 0, QUESTIONS * len(SETS) * sum(arm.calls for arm in ARMS)
    for arm in ARMS:
        for kind, questions in SETS.items():
            for number, question in enumerate(questions(QUESTIONS)):
                play(arm, chat, question, seed_of(kind, number))
                done += arm.calls
                yield done, of


def _peers(planted: str, question: Question) -> tuple[str, str]:
    right, wrong = question.truth, question.wrong[0]
    return {
        "nobody": ("", ""),
        "both right": (right, right),
        "both wrong": (wrong, wrong),
        "split": (right, wrong),
    }[planted]


def _planted(says: str) -> Chat:
    """Return a peer that always says the same."""

    def chat(messages: Sequence[Message], **_: Any) -> Reply:
        return Reply(says, "planted", 0, 0, source="scripted")

    return chat
