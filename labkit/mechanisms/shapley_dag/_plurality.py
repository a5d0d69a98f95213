"""How often the most frequent answer is right: exactly, and from which accuracy on it helps."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb, sqrt

import numpy as np

from labkit.stats import plurality_chance


def plurality_accuracy(p: float, wrong: int | Sequence[float], n: int) -> float:
    """Return the chance that the most frequent of n independent answers is right; a tie is broken by lot.

    Parameters
    ----------
    p : float
        Chance that one answer is right, 0 to 1.
    wrong : int or sequence of float
        How many wrong answers there are, all equally likely; or the chance of each, together 1 - p.
    n : int
        How many answers, 1 to 170.

    Returns
    -------
    float
        Exact: the multinomial is summed over the number of right answers and of wrong ones that tie with them.

    Raises
    ------
    ValueError
        A number is out of range, or the chances do not sum to 1.
    """
    if not 0 <= p <= 1:
        raise ValueError(f"p = {p!r}: allowed is 0 to 1")
    if isinstance(wrong, int | np.integer):
        if wrong < 1:
            raise ValueError(f"wrong = {wrong!r}: allowed is a whole number from 1, or a chance for each wrong answer")
        chances = (float(1 - p) / int(wrong),) * int(wrong)
    else:
        chances = tuple(float(chance) for chance in wrong)
    if not all(0 <= chance <= 1 for chance in chances) or abs(sum(chances) + p - 1) > 1e-9:
        raise ValueError(f"wrong = {wrong!r}: allowed are chances that sum to 1 - p = {1 - p:.6g}")
    return plurality_chance((p, *chances), n)


def coincidence_threshold(wrong: int) -> float:
    """Return the accuracy above which two agents agree on the right answer more often than on a wrong one.

    Parameters
    ----------
    wrong : int
        Equally likely wrong answers, 1 or more.

    Returns
    -------
    float
        ``1 / (1 + sqrt(wrong))``: where p^2 equals (1 - p)^2 / wrong.

    Notes
    -----
    Lemma 1 of arXiv 2510.00685, solved for p here.
    """
    if wrong < 1:
        raise ValueError(f"wrong = {wrong!r}: allowed is a whole number from 1")
    return 1 / (1 + sqrt(wrong))


def at_least(right: int, p: float, n: int) -> float:
    """Return the chance that at least `right` of n independent agents are right: at 1, the ceiling of best-of-n.

    Parameters
    ----------
    right, n : int
        How many, of how many.
    p : float
        Chance of each.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        A number is out of range.
    """
    if not 0 <= p <= 1 or n < 1 or not 0 <= right <= n:
        raise ValueError(
            f"right = {right!r}, p = {p!r}, n = {n!r}: allowed are 0 <= right <= n, a chance, and n from 1"
        )
    return 1 - sum(comb(n, m) * p**m * (1 - p) ** (n - m) for m in range(right))
