"""Who decides, and what a trader is paid for it: decision rules, expectation and variance of the pay."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from labkit.mechanisms.decision_market._scores import Floats, Scoring, expected_score, log_odds, score

Rule = Callable[[Floats], Floats]
"""From final prices, shape (..., actions), to the chance of each action, the same shape."""


def leader_first(prices: ArrayLike, exploration: float = 0.0) -> Floats:
    """Return the chance of each action when the one with the highest price is preferred.

    Parameters
    ----------
    prices : array_like, shape (..., actions)
        Final prices, as probabilities or log odds; two actions or more.
    exploration : float
        The chance that it is one of the others, spread evenly over them. 0 is the deterministic rule.

    Returns
    -------
    ndarray of float, shape (..., actions)
        Chances that add up to 1. Of several with the highest price the first leads, so that 0 leaves nothing to chance.

    Notes
    -----
    With two actions and 0.1 this is the rule in the code of Wang and Pfeiffer: the best with 0.9. Spreading the rest
    evenly over more than one other action is our extension.
    """
    final = np.asarray(prices, dtype=np.float64)
    chances = np.full(final.shape, exploration / (final.shape[-1] - 1))
    np.put_along_axis(chances, final.argmax(axis=-1, keepdims=True), 1 - exploration, axis=-1)
    return chances


def stochastic(exploration: float) -> Rule:
    """Return the rule that prefers the leader and keeps `exploration` for the others.

    Parameters
    ----------
    exploration : float
        As for `leader_first`.

    Returns
    -------
    callable
        From prices to chances.
    """
    return partial(leader_first, exploration=exploration)


def expected_pay(
    reports: ArrayLike, prices: ArrayLike, beliefs: ArrayLike, rule: Rule, scoring: Scoring = "log"
) -> Floats:
    """Return what the last trader expects to be paid: the score gained, over the chance of the action that is taken.

    Parameters
    ----------
    reports, prices, beliefs : array_like, shape (..., actions)
        Chances of success: what the trader says, what the market said before, what the trader thinks.
    rule : callable
        From final prices to the chance of each action; the reports are the final prices.
    scoring : {"log", "quadratic"}
        As for `score`.

    Returns
    -------
    ndarray of float, shape (...)

    Notes
    -----
    Only the market of the action taken pays. An action that may be taken counts with its chance times one over its
    chance, which is 1: so under a rule that may take every action the sum is the same whatever the rule (Chen, Kash,
    Ruberry and Shnayder). An action that is never taken drops out of the sum, and that is the trouble.
    """
    chances = rule(np.asarray(reports, dtype=np.float64))
    return np.asarray((chances * _paid(chances) * _gain(reports, prices, beliefs, scoring)).sum(axis=-1))


def pay_variance(
    reports: ArrayLike, prices: ArrayLike, beliefs: ArrayLike, rule: Rule, scoring: Scoring = "log"
) -> Floats:
    """Return the variance of what the last trader is paid; it grows like one over the smallest chance.

    Parameters
    ----------
    reports, prices, beliefs, rule, scoring
        As for `expected_pay`.

    Returns
    -------
    ndarray of float, shape (...)
        In squared units of the score.
    """
    chances, belief = rule(np.asarray(reports, dtype=np.float64)), np.asarray(beliefs, dtype=np.float64)
    before, after = log_odds(prices), log_odds(reports)
    wins, losses = (score(after, happened, scoring) - score(before, happened, scoring) for happened in (True, False))
    square = belief * wins**2 + (1 - belief) * losses**2
    mean = expected_pay(reports, prices, beliefs, rule, scoring)
    return np.asarray((chances * _paid(chances) ** 2 * square).sum(axis=-1) - mean**2)


def _paid(chances: Floats) -> Floats:
    """Return one over the chance, 0 for what never happens."""
    return np.divide(1.0, chances, out=np.zeros_like(chances), where=chances > 0)


def _gain(reports: ArrayLike, prices: ArrayLike, beliefs: ArrayLike, scoring: Scoring) -> Floats:
    return expected_score(reports, beliefs, scoring) - expected_score(prices, beliefs, scoring)
