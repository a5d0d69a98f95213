"""What the test cells of an assignment call: whether there is an answer, and whether the check accepts it."""

from __future__ import annotations

import contextlib
import importlib
import io
from typing import Any, NoReturn

from labkit.teach import Exercise, Words, form_of, judge, short


class NotRight(AssertionError):
    """An answer that earns no points; in a notebook its words stand above, and no traceback below."""

    def _render_traceback_(self) -> list[str]:
        return ["This answer earns no points."]


def expect(answer: Any, form: str) -> None:
    """Refuse an answer that is missing or of another form; say nothing about whether it is right.

    Parameters
    ----------
    answer : object
        The answer.
    form : str
        What it should be, as `labkit.teach.form_of` says it: "a number", "2 numbers", "a function", ...

    Raises
    ------
    NotRight
        There is no answer, or it is something else.
    """
    parts = answer if isinstance(answer, list | tuple) else [answer]
    if any(part is None or part is ... for part in parts):
        _refuse(Words("Replace the dots, and run the cells again.", "There is no answer yet.", "again"))
    if form_of(answer) != form:
        text = f"What is asked for is {form}. Your answer is {form_of(answer)}: `{short(answer)}`."
        _refuse(Words(text, "This is something else.", "again"))
    print(f"Your answer is {form}, as it should be.")


def require(key: str, answer: Any) -> None:
    """Show what the lesson's check says, and refuse an answer that it does not call right.

    A warning does not cost points: what goes to the error stream meanwhile is left out, since nbgrader takes it for
    a failure.

    Parameters
    ----------
    key : str
        The key of the exercise, such as "debate.vote".
    answer : object
        The answer.

    Raises
    ------
    NotRight
        With the words of the check.
    """
    with contextlib.redirect_stderr(io.StringIO()):
        feedback = judge(exercise_of(key), answer)
    if feedback.verdict != "right":
        _refuse(feedback)
    _display(feedback)


def _refuse(words: Words) -> NoReturn:
    _display(words)
    raise NotRight(f"{words.title} {words.text}")


def _display(words: Words) -> None:
    from IPython.display import display

    display(words)  # type: ignore[no-untyped-call]


def exercise_of(key: str) -> Exercise:
    """Return the exercise with this key.

    Raises
    ------
    ValueError
        There is none.
    """
    stem = key.partition(".")[0]
    exercises: dict[str, Exercise] = importlib.import_module(f"labkit.lessons.{stem}").EXERCISES
    for exercise in exercises.values():
        if exercise.key == key:
            return exercise
    raise ValueError(f"there is no exercise {key!r}; there are {', '.join(each.key for each in exercises.values())}")
