"""What a forecast is worth: the logarithmic and the quadratic score of a probability of success."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Scoring = Literal["log", "quadratic"]
LOGIT_CAP = 15.0
"""Log odds beyond this count as this: a score stays finite when somebody is certain and wrong."""


def probability(logit: ArrayLike) -> Floats:
    """Return the probability that belongs to log odds.

    Parameters
    ----------
    logit : array_like
        Log odds.

    Returns
    -------
    ndarray of float
        Between 0 and 1, the shape of `logit`.
    """
    from scipy.special import expit

    return np.asarray(expit(logit), dtype=np.float64)


def log_odds(chance: ArrayLike) -> Floats:
    """Return the log odds of a probability, not beyond `LOGIT_CAP` either way.

    Parameters
    ----------
    chance : array_like
        Probabilities, 0 and 1 included.

    Returns
    -------
    ndarray of float
        The shape of `chance`.

    Raises
    ------
    ValueError
        A probability lies outside 0 to 1.
    """
    from scipy.special import logit

    values = np.asarray(chance, dtype=np.float64)
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError(f"chance = {chance!r}: allowed are probabilities from 0 to 1")
    return np.asarray(np.clip(logit(values), -LOGIT_CAP, LOGIT_CAP), dtype=np.float64)


def score(logit: ArrayLike, success: ArrayLike, scoring: Scoring = "log") -> Floats:
    """Return the score of a forecast once it is known whether the action succeeded.

    Parameters
    ----------
    logit : array_like
        The forecast, as log odds of success.
    success : array_like of bool
        What happened.
    scoring : {"log", "quadratic"}
        ln p of what happened, in nats; or p of what happened minus half the sum of the squares of both chances.

    Returns
    -------
    ndarray of float
        The common shape.

    Notes
    -----
    Both are strictly proper: an honest forecast has the highest expected score, and no other has it. The two formulas
    are those of Wang and Pfeiffer (arXiv 2212.00271), as read in their code.
    """
    from scipy.special import expit

    capped = np.clip(logit, -LOGIT_CAP, LOGIT_CAP)
    towards = np.where(success, capped, -capped)
    if scoring == "log":
        return np.asarray(-np.log1p(np.exp(-towards)), dtype=np.float64)
    return np.asarray(0.5 - (1 - expit(towards)) ** 2, dtype=np.float64)


def expected_score(report: ArrayLike, belief: ArrayLike, scoring: Scoring = "log") -> Floats:
    """Return what a forecaster with a belief expects a report to score.

    Parameters
    ----------
    report, belief : array_like
        Probabilities of success: what is said, and what is thought.
    scoring : {"log", "quadratic"}
        As for `score`.

    Returns
    -------
    ndarray of float
        The common shape.

    Raises
    ------
    ValueError
        A report lies outside 0 to 1.
    """
    said, thought = log_odds(report), np.asarray(belief, dtype=np.float64)
    return np.asarray(thought * score(said, True, scoring) + (1 - thought) * score(said, False, scoring))


def bayes_weights(accuracy: float) -> tuple[float, float, float]:
    """Return what a red ball, a blue ball and the price so far should count in an honest report.

    Parameters
    ----------
    accuracy : float
        How often a ball has the colour of its urn, above 0 and below 1.

    Returns
    -------
    tuple of float
        ln(accuracy / (1 - accuracy)), the same with a minus sign, and 1: Bayes' rule in log odds (derived here).
        With an accuracy of 2/3 they are ln 2, -ln 2 and 1.
    """
    evidence = float(np.log(accuracy / (1 - accuracy)))
    return evidence, -evidence, 1.0
