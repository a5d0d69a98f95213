"""Where lying pays: the pay for every report a trader could make, and the gain from the best of them, exact."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from labkit.mechanisms.decision_market._rules import expected_pay, leader_first, stochastic
from labkit.mechanisms.decision_market._scores import Floats, Scoring, expected_score


@dataclass(frozen=True, slots=True)
class Surface:
    """The expected pay of the last trader for every pair of reports on two actions.

    Attributes
    ----------
    reports : ndarray of float, shape (points,)
        The chances of success that can be reported.
    pay : ndarray of float, shape (points, points)
        Rows: the report on the second action; columns: the report on the first.
    prices, beliefs : tuple of float
        What the market said before, and what the trader thinks.
    exploration : float
        The chance that the action that does not lead is taken.
    scoring : str
        Which score.
    """

    reports: Floats
    pay: Floats
    prices: tuple[float, float]
    beliefs: tuple[float, float]
    exploration: float
    scoring: Scoring

    @property
    def peak(self) -> tuple[float, float]:
        """The pair of reports with the highest pay; the first of several."""
        row, column = np.unravel_index(int(self.pay.argmax()), self.pay.shape)
        return float(self.reports[column]), float(self.reports[row])

    @property
    def honest(self) -> float:
        """The expected pay of the truth."""
        rule = stochastic(self.exploration)
        return float(expected_pay(self.beliefs, self.prices, self.beliefs, rule, self.scoring))


def pay_surface(
    prices: tuple[float, float],
    beliefs: tuple[float, float],
    exploration: float,
    scoring: Scoring = "log",
    points: int = 99,
) -> Surface:
    """Return the expected pay of the last trader over all reports on a grid.

    Parameters
    ----------
    prices, beliefs : tuple of float
        What the market said before and what the trader thinks, for two actions.
    exploration : float
        As for `leader_first`.
    scoring : {"log", "quadratic"}
        As for `score`.
    points : int
        How many reports per action: 1/(points + 1), 2/(points + 1), ...

    Returns
    -------
    Surface
    """
    reports = np.arange(1, points + 1) / (points + 1)
    pairs = np.stack(np.meshgrid(reports, reports), axis=-1)
    pay = expected_pay(pairs, prices, beliefs, stochastic(exploration), scoring)
    return Surface(reports, pay, prices, beliefs, exploration, scoring)


def temptation(prices: ArrayLike, beliefs: ArrayLike, scoring: Scoring = "log") -> Floats:
    """Return what the last trader gains by the best lie when the leader is always taken.

    Parameters
    ----------
    prices, beliefs : array_like, shape (..., actions)
        As for `expected_pay`.
    scoring : {"log", "quadratic"}
        As for `score`.

    Returns
    -------
    ndarray of float, shape (...)
        0 where the truth pays best. A closed form (derived here): a trader can make any action lead by talking the
        others down, so the best it can do is to have the action decided on which it moved the price most.
    """
    gain = expected_score(beliefs, beliefs, scoring) - expected_score(prices, beliefs, scoring)
    honest = expected_pay(beliefs, prices, beliefs, leader_first, scoring)
    return np.asarray(gain.max(axis=-1) - honest)
