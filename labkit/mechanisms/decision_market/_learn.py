"""Agents that report in turn, are paid for what they improved, and learn from nothing but their pay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labkit.mechanisms.decision_market._rules import Rule, stochastic
from labkit.mechanisms.decision_market._scores import LOGIT_CAP, Floats, Scoring, score
from labkit.mechanisms.decision_market._terms import Episodes, Terms, World


@dataclass(frozen=True, slots=True)
class Report:
    """What one agent did in a batch of episodes.

    Attributes
    ----------
    agent : int
        Who.
    seen : ndarray of float, shape (episodes, features)
        What it saw, prices included.
    before, mean, sample : ndarray of float, shape (episodes, actions)
        Log odds: the price it found, what it meant to say, and what it said.
    """

    agent: int
    seen: Floats
    before: Floats
    mean: Floats
    sample: Floats


def settle(
    before: Floats,
    after: Floats,
    action: NDArray[np.int64],
    success: NDArray[np.bool_],
    chance: Floats,
    scoring: Scoring,
) -> Floats:
    """Return what a report is paid: the score it gained in the market of the action taken, over that action's chance.

    Parameters
    ----------
    before, after : ndarray of float, shape (episodes, actions)
        The price before the report and the report, in log odds.
    action : ndarray of int, shape (episodes,)
        What was done.
    success : ndarray of bool, shape (episodes,)
        What came of it.
    chance : ndarray of float, shape (episodes,)
        How likely the action was to be taken.
    scoring : {"log", "quadratic"}
        As for `score`.

    Returns
    -------
    ndarray of float, shape (episodes,)
        All other markets are void.
    """
    rows = np.arange(len(action))
    old, new = before[rows, action], after[rows, action]
    return np.asarray((score(new, success, scoring) - score(old, success, scoring)) / chance)


class Traders:
    """Agents whose reports are linear in what they see, with a learned guess of their pay beside it.

    Attributes
    ----------
    weights : ndarray of float, shape (agents, features, actions)
        From what an agent sees to the mean of its report, in log odds.
    guess : ndarray of float, shape (agents, features)
        From what it sees to the pay it has come to expect.
    """

    def __init__(self, world: World, terms: Terms) -> None:
        self.world, self.terms = world, terms
        self.rule: Rule = stochastic(terms.exploration)
        self.weights = np.zeros((world.agents, world.features, world.actions))
        self.guess = np.zeros((world.agents, world.features))

    def report(self, episodes: Episodes, order: Sequence[int], noise: Floats | None = None) -> list[Report]:
        """Let the agents report in this order; without noise, they say what they mean."""
        reports, price = [], episodes.opening
        for turn, agent in enumerate(order):
            seen = self.world.look(episodes.own[agent], np.clip(price, -LOGIT_CAP, LOGIT_CAP))
            mean = seen @ self.weights[agent]
            sample = mean if noise is None else mean + self.terms.noise * noise[turn]
            reports.append(Report(agent, seen, price, mean, sample))
            price = sample if self.terms.quoted == "sample" else mean
        return reports

    def prices(self, episodes: Episodes) -> Floats:
        """Return the final prices, in log odds, when all say what they mean, in order of their numbers."""
        return self.report(episodes, range(self.world.agents))[-1].mean

    def learn(self, reports: Sequence[Report], episodes: Episodes, luck: Floats) -> Floats:
        """Decide, pay, and step along the gradient of each agent's own pay; return the pay, (agents, episodes)."""
        terms, last, pays = self.terms, reports[-1], np.empty((self.world.agents, len(luck)))
        rows, chances = np.arange(len(luck)), self.rule(last.sample if terms.quoted == "sample" else last.mean)
        action = (luck[:, None] > chances.cumsum(axis=1)[:, :-1]).sum(axis=1)
        success, chance = episodes.success[rows, action], chances[rows, action]
        for made in reports:
            pay = settle(made.before, made.sample, action, success, chance, terms.scoring)
            surprise = pay - made.seen @ self.guess[made.agent]
            pull = surprise[:, None] * (made.sample - made.mean) / terms.noise**2
            self.weights[made.agent] += terms.rate / len(luck) * (made.seen.T @ pull)
            # A step longer than one over the mean square of what is seen would overshoot and swing up.
            pace = min(terms.rate, len(luck) / float(np.square(made.seen).sum()))
            self.guess[made.agent] += pace / len(luck) * (made.seen.T @ surprise)
            pays[made.agent] = pay
        return pays
