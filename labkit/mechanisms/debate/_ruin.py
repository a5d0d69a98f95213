"""The debate that goes on until all agree: the gambler's ruin, and from where on it beats a vote."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from labkit.mechanisms.debate._votes import Floats, _chance, _count, _plain, majority_accuracy


def ruin_accuracy(p: ArrayLike, n: int, advantage: ArrayLike) -> Floats | float:
    """Return how often a debate to the end leaves all right: the gambler's ruin from a binomial start (derived here).

    Parameters
    ----------
    p : array_like of float
        How often one agent is right alone.
    n : int
        How many debate.
    advantage : array_like of float
        Chance of a correction over chance of a subversion, 0 to infinity.

    Returns
    -------
    ndarray of float, of the common shape; a float for floats
        ``(1 - (1 - p + p / r)^n) / (1 - r^-n)``: p at r = 1, the chance that any is right at infinity, p^n at 0.

    Raises
    ------
    ValueError
        A number is out of range.
    """
    ratio = np.asarray(advantage, dtype=np.float64)
    if not (ratio >= 0).all():
        raise ValueError(f"advantage = {advantage!r}: allowed is a number from 0")
    _count(n)
    chance, ratio = np.broadcast_arrays(_chance(p), ratio)
    with np.errstate(all="ignore"):
        pull = np.log(ratio)
        # 1 - p + p / r, as 1 plus something small where r is near 1.
        near = np.expm1(n * np.log1p(chance * np.expm1(-pull))) / np.expm1(-n * pull)
        # Below 1 numerator and denominator grow without end: both times r^n.
        below = ((ratio * (1 - chance) + chance) ** n - ratio**n) / -np.expm1(n * pull)
    found = np.where(n * pull < -1, below, np.where(pull == 0, chance, near))
    return _plain(np.clip(np.where((chance == 0) | (chance == 1), chance, found), 0, 1))


def break_even_advantage(p: ArrayLike, n: int) -> Floats | float:
    """Return the advantage from which a debate to the end beats a vote of the same agents (derived here).

    Parameters
    ----------
    p : array_like of float
        How often one agent is right alone, above 0 and below 1.
    n : int
        How many debate, 3 or more: two that vote are right as often as one.

    Returns
    -------
    ndarray of float, of the shape of p; a float for a float

    Raises
    ------
    ValueError
        A number is out of range.
    """
    chance = _chance(p)
    if n < 3 or not ((chance > 0) & (chance < 1)).all():
        raise ValueError(f"p = {p!r}, n = {n!r}: allowed is p above 0 and below 1, and n from 3")
    goal = np.asarray(majority_accuracy(chance, n))
    low, high = np.full(chance.shape, -50.0), np.full(chance.shape, 50.0)
    for _ in range(80):
        middle = (low + high) / 2
        short = np.asarray(ruin_accuracy(chance, n, np.exp(middle))) < goal
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    return _plain(np.exp((low + high) / 2))
