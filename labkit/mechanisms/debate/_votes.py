"""Counting votes: the option named most often, and how often that is the truth."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labkit.stats import plurality_chance

Floats = NDArray[np.float64]


def tally(answers: NDArray[np.int8], options: int) -> NDArray[np.int16]:
    """Return how many agents name each option.

    Parameters
    ----------
    answers : ndarray of int, shape (agents, questions)
        What each agent says, from 0.
    options : int
        How many options there are.

    Returns
    -------
    ndarray of int16, shape (options, questions)
    """
    counts = np.empty((options, answers.shape[1]), dtype=np.int16)
    # Bytes are added sixteen times as fast as anything wider.
    kind = np.int8 if len(answers) < 128 else np.int16
    for option in range(options):
        counts[option] = (answers == option).view(np.int8).sum(axis=0, dtype=kind)
    return counts


def cast(answers: NDArray[np.int8], counts: NDArray[np.int16]) -> NDArray[np.int8]:
    """Return the option that most agents name; of several the one that the agent with the lowest number names.

    Parameters
    ----------
    answers : ndarray of int, shape (agents, questions)
        What each agent says, from 0.
    counts : ndarray of int, shape (options, questions)
        Their `tally`.

    Returns
    -------
    ndarray of int8, shape (questions,)
    """
    options = len(counts)
    winner, top, tied = np.zeros(answers.shape[1], dtype=np.int8), counts[0], np.zeros(answers.shape[1], dtype=bool)
    for option in range(1, options):
        more = counts[option] > top
        tied = (tied & ~more) | (counts[option] == top)
        top = np.maximum(top, counts[option])
        np.copyto(winner, option, where=more, casting="unsafe")
    open_ = np.flatnonzero(tied)
    for said in answers:
        named = said[open_]
        leads = counts[named, open_] == top[open_]
        winner[open_[leads]] = named[leads]
        open_ = open_[~leads]
        if not open_.size:
            break
    return winner


def majority_accuracy(p: ArrayLike, n: int) -> Floats | float:
    """Return how often the majority of independent agents is right, when there is one wrong answer (Condorcet).

    Parameters
    ----------
    p : array_like of float
        How often one agent is right.
    n : int
        How many vote, 1 or more; a tie counts one half.

    Returns
    -------
    ndarray of float, of the shape of p; a float for a float

    Raises
    ------
    ValueError
        A number is out of range.
    """
    from scipy.special import bdtr, bdtrc

    chance = _chance(p)
    _count(n)
    half = n // 2
    above = bdtrc(half, n, chance)
    if n % 2 == 0:
        above = above + 0.5 * (bdtr(half, n, chance) - bdtr(half - 1, n, chance))
    return _plain(above)


def vote_accuracy(chances: ArrayLike, n: int) -> float:
    """Return how often option 0 is named most often, exactly; a tie of m options counts one m-th.

    Parameters
    ----------
    chances : array_like of float, shape (options,)
        How often an agent names each option; the first is the truth.
    n : int
        How many vote, independently.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        The chances are negative or do not sum to 1, or `n` is not 1 to 170.
    """
    return plurality_chance([float(chance) for chance in np.asarray(chances, dtype=np.float64)], n)


def vote_bound(chances: ArrayLike, n: int) -> float:
    """Return the lower bound of Theorem 1 of arXiv 2508.17536 on the accuracy of a vote.

    Parameters
    ----------
    chances : array_like of float, shape (options,)
        How often an agent names each option; the first is the truth.
    n : int
        How many vote.

    Returns
    -------
    float
        ``1 - exp(-n (Delta / sqrt(K) - 1 / sqrt(n))^2)`` for ``n > K / Delta^2``, where Delta is the lead of the truth
        over the runner-up; 0, which bounds nothing, elsewhere.
    """
    belief = np.asarray(chances, dtype=np.float64)
    lead = belief[0] - belief[1:].max()
    if lead <= 0 or n <= belief.size / lead**2:
        return 0.0
    return float(-np.expm1(-n * (lead / np.sqrt(belief.size) - 1 / np.sqrt(n)) ** 2))


def correlated_accuracy(a: float, b: float, n: int | None) -> float:
    """Return the accuracy of a vote among agents that share one chance of being right, itself drawn from Beta(a, b).

    Parameters
    ----------
    a, b : float
        Of the Beta distribution, above 0.
    n : int or None
        How many vote, an odd number; None for endlessly many.

    Returns
    -------
    float
        The upper tail of the beta-binomial; for endlessly many voters ``1 - I_{1/2}(a, b)``, however right one is.

    Raises
    ------
    ValueError
        A number is out of range.
    """
    from scipy.special import betainc, betaln, gammaln

    if not (a > 0 and b > 0):
        raise ValueError(f"a = {a!r}, b = {b!r}: allowed are numbers above 0")
    if n is not None and (n < 1 or n % 2 == 0):
        raise ValueError(f"n = {n!r}: allowed is an odd number from 1, or None")
    if n is None:
        return float(1 - betainc(a, b, 0.5))
    right = np.arange(n // 2 + 1, n + 1)
    ways = gammaln(n + 1) - gammaln(right + 1) - gammaln(n - right + 1)
    return float(np.exp(ways + betaln(right + a, n - right + b) - betaln(a, b)).sum())


def _chance(p: ArrayLike) -> Floats:
    chance = np.asarray(p, dtype=np.float64)
    if not ((chance >= 0) & (chance <= 1)).all():
        raise ValueError(f"p = {p!r}: allowed is 0 to 1")
    return chance


def _count(n: int) -> None:
    if n < 1:
        raise ValueError(f"n = {n!r}: allowed is a whole number from 1")


def _plain(values: Floats) -> Floats | float:
    return float(values) if np.ndim(values) == 0 else np.asarray(values, dtype=np.float64)
