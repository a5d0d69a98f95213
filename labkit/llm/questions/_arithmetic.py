"""Du et al.'s arithmetic, with range and length to choose."""

from __future__ import annotations

import operator
import re

from labkit.llm.questions._question import Question
from labkit.seeds import Seed, as_generator

# a + b * c + d - e * f, and its beginnings.
_SIGNS = ("+", "*", "+", "-", "*")
_APPLY = {"+": operator.add, "-": operator.sub, "*": operator.mul}


def arithmetic(count: int, *, terms: int = 6, highest: int = 29, rng: Seed) -> tuple[Question, ...]:
    """Return expressions to work out: the first `terms` terms of a + b * c + d - e * f.

    Parameters
    ----------
    count : int
        How many, 1 or more.
    terms : int
        Numbers in the expression, 2 to 6. Six is the task of Du et al. (2023).
    highest : int
        The numbers are uniform from 0 to this, which the authors' script puts at 29; 1 to 999.
    rng : int, SeedSequence or Generator
        Where the numbers come from.

    Returns
    -------
    tuple of Question
        The wrong answer that each names comes from working left to right.

    Raises
    ------
    ValueError
        A number is out of range.
    """
    for name, value, low, high in (("count", count, 1, 10**6), ("terms", terms, 2, 6), ("highest", highest, 1, 999)):
        if not low <= value <= high:
            raise ValueError(f"{name} = {value!r}: allowed is {low} to {high}")
    drawn = as_generator(rng).integers(0, highest + 1, size=(count, terms))
    return tuple(_question([int(number) for number in row]) for row in drawn)


def value_of(expression: str, *, left_to_right: bool = False) -> int:
    """Return the value of an expression of whole numbers, ``+``, ``-`` and ``*``.

    Parameters
    ----------
    expression : str
        For instance ``"3+4*5"``.
    left_to_right : bool
        Whether precedence is ignored: the mistake that many make.

    Returns
    -------
    int
    """
    numbers = [int(number) for number in re.findall(r"\d+", expression)]
    signs = re.findall(r"[+*-]", expression)
    if not left_to_right:
        numbers, signs = _multiplied(numbers, signs)
    total = numbers[0]
    for sign, number in zip(signs, numbers[1:], strict=True):
        total = _APPLY[sign](total, number)
    return total


def _multiplied(numbers: list[int], signs: list[str]) -> tuple[list[int], list[str]]:
    """Return the terms that are left when the products are worked out, and the signs between them."""
    terms, between = numbers[:1], []
    for sign, number in zip(signs, numbers[1:], strict=True):
        if sign == "*":
            terms[-1] *= number
        else:
            terms.append(number)
            between.append(sign)
    return terms, between


def _question(numbers: list[int]) -> Question:
    expression = str(numbers[0]) + "".join(
        sign + str(number) for sign, number in zip(_SIGNS, numbers[1:], strict=False)
    )
    truth, careless = str(value_of(expression)), str(value_of(expression, left_to_right=True))
    return Question(
        kind="arithmetic",
        prompt=f"What is the result of {expression}? Answer with the number on the last line.",
        truth=truth,
        wrong=(careless,) if careless != truth else (),
        grammar='root ::= "-"? [0-9]+',
    )
