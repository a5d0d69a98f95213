"""How risky honesty is: the pay of a truthful trader, decision by decision, for rarer and rarer exploration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from labkit.mechanisms.decision_market._rules import Rule, expected_pay, pay_variance, stochastic
from labkit.mechanisms.decision_market._scores import Floats, Scoring, log_odds, score
from labkit.seeds import Seed, as_sequence, streams

EXPLORATIONS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5)


def sample_pay(
    reports: ArrayLike,
    prices: ArrayLike,
    beliefs: ArrayLike,
    rule: Rule,
    scoring: Scoring = "log",
    *,
    rng: Seed,
    decisions: int = 1000,
) -> Floats:
    """Return what the last trader is paid in so many decisions, one after the other.

    Parameters
    ----------
    reports, prices, beliefs : array_like, shape (actions,)
        As for `expected_pay`; actions succeed as often as the trader believes.
    rule, scoring
        As for `expected_pay`.
    rng : int, SeedSequence or Generator
        Where the randomness comes from.
    decisions : int
        How many decisions.

    Returns
    -------
    ndarray of float, shape (decisions,)
    """
    luck = streams(rng, 1, ("action", "outcome"))
    chances, belief = rule(np.asarray(reports, dtype=np.float64)), np.asarray(beliefs, dtype=np.float64)
    action = luck["action"][0].choice(len(belief), decisions, p=chances)
    success = luck["outcome"][0].random(decisions) < belief[action]
    before, after = log_odds(prices)[action], log_odds(reports)[action]
    return np.asarray((score(after, success, scoring) - score(before, success, scoring)) / chances[action])


@dataclass(frozen=True, slots=True)
class Risk:
    """What a truthful trader is paid, for several explorations: sampled, and by the formulas.

    Attributes
    ----------
    explorations : ndarray of float, shape (points,)
        The chance that an action that does not lead is taken.
    paid : ndarray of float, shape (points, decisions)
        Pay, decision by decision.
    mean, variance : ndarray of float, shape (points,)
        The expectation and the variance of the pay, exact.
    prices, beliefs : tuple of float
        What the market said before, and what the trader thinks and says.
    scoring : str
        Which score.
    """

    explorations: Floats
    paid: Floats
    mean: Floats
    variance: Floats
    prices: tuple[float, ...]
    beliefs: tuple[float, ...]
    scoring: Scoring


def honest_risk(
    prices: tuple[float, ...],
    beliefs: tuple[float, ...],
    scoring: Scoring = "log",
    explorations: tuple[float, ...] = EXPLORATIONS,
    *,
    rng: Seed,
    decisions: int = 4000,
) -> Risk:
    """Return what a truthful trader is paid, decision by decision, for several explorations.

    Parameters
    ----------
    prices, beliefs, scoring
        As for `expected_pay`.
    explorations : tuple of float
        The chances, above 0, that an action that does not lead is taken.
    rng : int, SeedSequence or Generator
        Where the randomness comes from; all explorations share it.
    decisions : int
        How many decisions for each.

    Returns
    -------
    Risk
    """
    shared, case = as_sequence(rng), (beliefs, prices, beliefs)
    rules = [stochastic(exploration) for exploration in explorations]
    return Risk(
        explorations=np.array(explorations),
        paid=np.array([sample_pay(*case, rule, scoring, rng=shared, decisions=decisions) for rule in rules]),
        mean=np.array([float(expected_pay(*case, rule, scoring)) for rule in rules]),
        variance=np.array([float(pay_variance(*case, rule, scoring)) for rule in rules]),
        prices=prices,
        beliefs=beliefs,
        scoring=scoring,
    )
