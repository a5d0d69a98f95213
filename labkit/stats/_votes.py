"""How often the most frequent of independent answers is the right one: exactly."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import factorial

import numpy as np
from numpy.typing import NDArray

MOST_VOTES = 170
"""The factorial of more does not fit a float."""


def plurality_chance(chances: Sequence[float], n: int) -> float:
    """Return the chance that the first option is named most often by n independent voters; a tie is broken by lot.

    Parameters
    ----------
    chances : sequence of float
        How often each option is named by a voter; together 1.
    n : int
        How many vote, 1 to 170.

    Returns
    -------
    float
        Exact: the multinomial is summed over the votes for the first option and the options that tie with it.

    Raises
    ------
    ValueError
        The chances are negative or do not sum to 1, or `n` is out of range.
    """
    known = tuple(float(chance) for chance in chances)
    if not known or min(known) < 0 or abs(sum(known) - 1) > 1e-9:
        raise ValueError(f"chances = {chances!r}: allowed are numbers from 0 that sum to 1")
    if n != int(n) or not 1 <= n <= MOST_VOTES:
        raise ValueError(f"n = {n!r}: allowed is a whole number from 1 to {MOST_VOTES}")
    return _chance(known[0], tuple(sorted(known[1:])), int(n))


@lru_cache(maxsize=4096)
def _chance(first: float, others: tuple[float, ...], n: int) -> float:
    total = 0.0
    for votes in range(1, n + 1):
        rest = n - votes
        # ways[sum, ties]: weight of the others having so many votes in all, none above `votes`, so many at it.
        ways = np.zeros((rest + 1, rest // votes + 1))
        ways[0, 0] = 1
        for chance in others:
            ways = _with_one_more(ways, chance, votes)
        shared = (ways[rest] / (1 + np.arange(ways.shape[1]))).sum()
        total += factorial(n) / factorial(votes) * first**votes * float(shared)
    return total


def _with_one_more(ways: NDArray[np.float64], chance: float, most: int) -> NDArray[np.float64]:
    """Return the weights with one more option, named at most `most` times."""
    grown = ways.copy()
    for times in range(1, min(most, len(ways) - 1) + 1):
        weight = chance**times / factorial(times)
        if times < most:
            grown[times:] += weight * ways[:-times]
        else:
            grown[times:, 1:] += weight * ways[:-times, :-1]
    return grown
