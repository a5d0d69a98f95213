"""What kind of thing an answer is, in words."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

import numpy as np

LONGEST = 60


def form_of(answer: Any) -> str:
    """Return what an answer is: "a number", "2 numbers", "a text", "a function", "a World", ...

    Parameters
    ----------
    answer : object
        The answer.

    Returns
    -------
    str
        Two answers that a check reads in the same way have the same form.
    """
    if isinstance(answer, np.ndarray | np.generic):
        answer = answer.tolist()
    if isinstance(answer, list | tuple):
        return _form_of_several(answer)
    if isinstance(answer, bool):
        return "a truth value"
    if isinstance(answer, Real):
        return "a number" if isinstance(answer, int) or math.isfinite(answer) else "no finite number"
    if isinstance(answer, str):
        return "a text"
    if callable(answer) and not isinstance(answer, type):
        return "a function"
    name = "class" if isinstance(answer, type) else type(answer).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"


def short(answer: Any) -> str:
    """Return an answer as code on one line, cut where it is long."""
    text = " ".join(repr(answer).replace("`", "'").split())
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."


def _form_of_several(answer: list[Any] | tuple[Any, ...]) -> str:
    if all(form_of(part) == "a number" for part in answer) and len(answer) > 1:
        return f"{len(answer)} numbers"
    return f"a {type(answer).__name__} of length {len(answer)}"
