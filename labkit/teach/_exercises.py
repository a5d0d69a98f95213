"""Exercises that check themselves: feedback in words, graded hints, a worked solution after an attempt."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from labkit.teach import _progress
from labkit.teach._forms import form_of, short
from labkit.teach._source import Source, source
from labkit.teach._words import Tone, Words

SECTION = "exercises"
Verdict = Literal["right", "not yet", "nothing", "error"]
SHOWN: dict[Verdict, tuple[str, Tone]] = {
    "right": ("Right.", "good"),
    "not yet": ("Not yet.", "again"),
    "nothing": ("Nothing to check yet.", "note"),
    "error": ("Your answer stopped with an error.", "again"),
}


@dataclass(frozen=True, repr=False)
class Feedback(Words):
    """What a check says about an answer; make one with `Feedback.right` or `Feedback.not_yet`."""

    verdict: Verdict = "nothing"

    @classmethod
    def right(cls, text: str) -> Feedback:
        """Return the feedback to a right answer: say why it is right."""
        return _feedback("right", text)

    @classmethod
    def not_yet(cls, text: str) -> Feedback:
        """Return the feedback to a likely mistake: name it, and say where to look."""
        return _feedback("not yet", text)


@dataclass(frozen=True)
class Exercise:
    """A task whose answer can be checked.

    Attributes
    ----------
    key : str
        The name under which progress is stored; it begins with the stem, as in ``stigmergic_memory.lean``.
    prompt : str
        The task, in words.
    check : function of the answer, returning Feedback
        Judges an answer; it is never called with None or ``...``.
    hints : tuple of str
        From the gentlest to the plainest, one or more.
    solution : function without arguments, returning an answer
        A worked solution; its source is what the reader sees, and the tests run it.

    Raises
    ------
    ValueError
        There is no hint.
    """

    key: str
    prompt: str
    check: Callable[[Any], Feedback]
    hints: tuple[str, ...]
    solution: Callable[[], Any]

    def __post_init__(self) -> None:
        if isinstance(self.hints, str) or not self.hints:
            raise ValueError(f"exercise {self.key!r}: hints must be a tuple of one or more texts, not {self.hints!r}")

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return Words(self.prompt, "Exercise", "note")._repr_mimebundle_()


def check(exercise: Exercise, answer: Any = None) -> Feedback:
    """Check an answer and say in words what is right or what to look at next."""
    feedback = judge(exercise, answer)
    if feedback.verdict != "nothing":
        _note(exercise, lambda entry: _attempted(entry, feedback))
    return feedback


def judge(exercise: Exercise, answer: Any = None) -> Feedback:
    """Return what `check` says of an answer, without touching the reader's progress.

    Parameters
    ----------
    exercise : Exercise
        The exercise.
    answer : object
        The answer; an array of one dimension or none reaches the check as a list or a number.

    Returns
    -------
    Feedback
        An answer that stops with an error, or that is not of a kind the check can read, is told so in words.
    """
    if _is_empty(answer):
        return _feedback("nothing", "Replace the dots by your answer and run the cell again.")
    try:
        return exercise.check(_plain(answer))
    except Exception as error:
        return _stopped(answer, error)


def hint(exercise: Exercise) -> Words:
    """Return the next hint; each call goes one step further, and after the last they are all repeated."""
    total = len(exercise.hints)
    taken = int(_progress.entry(SECTION, exercise.key).get("hints", 0))
    _note(exercise, lambda entry: {**entry, "hints": min(int(entry.get("hints", 0)) + 1, total)})
    if taken < total:
        return Words(exercise.hints[taken], f"Hint {taken + 1} of {total}", "note")
    each = [f"**{number}.** {text}" for number, text in enumerate(exercise.hints, 1)]
    return Words(
        "\n\n".join(each), f"That was all: {total} {'hint' if total == 1 else 'hints'}. Next is solution(...).", "note"
    )


def solution(exercise: Exercise, *, even_so: bool = False) -> Source | Words:
    """Show the worked solution, once an answer has been checked.

    Parameters
    ----------
    exercise : Exercise
        The exercise.
    even_so : bool
        Show it without an attempt.
    """
    if not even_so and not _progress.entry(SECTION, exercise.key).get("attempts"):
        text = (
            "Check an answer first, even a rough one: the solution says more to somebody who has tried. "
            "With `even_so=True` it is shown at once."
        )
        return Words(text, "The solution comes after an attempt.", "note")
    _note(exercise, lambda entry: {**entry, "solution": True})
    return source(exercise.solution, whole=True)


def run_solution(exercise: Exercise) -> Feedback:
    """Run the worked solution and check it, without touching the reader's progress.

    Raises
    ------
    ValueError
        The exercise does not accept its own solution.
    """
    feedback = exercise.check(exercise.solution())
    if feedback.verdict != "right":
        raise ValueError(f"exercise {exercise.key!r} does not accept its own solution: {feedback}")
    return feedback


def _feedback(verdict: Verdict, text: str) -> Feedback:
    title, tone = SHOWN[verdict]
    return Feedback(text, title, tone, verdict)


def _is_empty(answer: Any) -> bool:
    """Whether the place for the answer was left as it was: None, dots, or a container that still holds dots."""
    if isinstance(answer, dict):
        answer = list(answer.values())
    if isinstance(answer, list | tuple):
        return any(part is ... for part in answer)
    return answer is None or answer is ...


def _plain(answer: Any) -> Any:
    """Return a short array as what it holds: a number or a list of numbers."""
    return answer.tolist() if isinstance(answer, np.ndarray | np.generic) and answer.ndim < 2 else answer


def _stopped(answer: Any, error: Exception) -> Feedback:
    """Tell an error in the reader's own code from an answer that the check cannot read; only the former is shown."""
    own = [frame for frame in traceback.extract_tb(error.__traceback__)[1:] if not _is_ours(frame.filename)]
    if not own and callable(answer):
        text = (
            "Your answer is a function. Either something else is asked for, or the check cannot read what it gives back"
        )
        return Feedback.not_yet(f"{text}: {type(error).__name__}: {error}.")
    if not own:
        return Feedback.not_yet(
            f"An answer of this kind cannot be checked: yours is {form_of(answer)}, `{short(answer)}`."
        )
    line = f" The line that stopped: `{own[-1].line}`" if own and own[-1].line else ""
    return _feedback("error", f"{type(error).__name__}: {error}.{line}")


def _is_ours(file: str) -> bool:
    return Path(file).is_relative_to(Path(__file__).parents[1])


def _attempted(entry: dict[str, Any], feedback: Feedback) -> dict[str, Any]:
    right = bool(entry.get("right")) or feedback.verdict == "right"
    return {**entry, "attempts": int(entry.get("attempts", 0)) + 1, "right": right}


def _note(exercise: Exercise, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    _progress.note(SECTION, exercise.key, change)
