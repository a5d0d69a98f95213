"""One market that learns: batch after batch, and what is written down about it on the way."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.random import Generator

from labkit.mechanisms.decision_market._learn import Traders
from labkit.mechanisms.decision_market._scores import Floats, probability
from labkit.mechanisms.decision_market._terms import Terms, World

PURPOSES = ("world", "test", "episodes", "noise", "luck", "order")
TESTS = 1500
SHOWN = 300


class Trading:
    """Traders in a world, with a stream of luck for each purpose, and episodes to judge their prices by."""

    def __init__(self, world: World, terms: Terms, luck: Mapping[str, Generator]) -> None:
        self.world, self.terms, self.luck = world, terms, luck
        self.traders, self.done = Traders(world, terms), 0
        self.tests = world.examine(luck["test"], TESTS)
        self.truth = probability(self.tests.posterior)
        self.earned, self.since = np.zeros(world.agents), 0
        self.log: dict[str, list[Floats]] = {
            name: [] for name in ("weights", "error", "missed", "reward", "early", "pay", "prices")
        }

    def advance(self) -> None:
        """Play one batch and learn from it."""
        world, batch = self.world, self.terms.batch
        episodes = world.draw(self.luck["episodes"], batch)
        order = np.arange(world.agents)
        if self.terms.order == "random":
            order = self.luck["order"].permutation(order)
        noise = self.luck["noise"].standard_normal((world.agents, batch, world.actions))
        reports = self.traders.report(episodes, order.tolist(), noise)
        self.earned += self.traders.learn(reports, episodes, self.luck["luck"].random(batch)).mean(axis=1)
        self.done, self.since = self.done + 1, self.since + 1

    def write_down(self) -> None:
        """Judge the present prices, and note what was earned since the last time."""
        reports = self.traders.report(self.tests, range(self.world.agents))
        prices, first = probability(reports[-1].mean), probability(reports[0].mean)
        distance, leads = prices - self.truth, prices == prices.max(axis=1, keepdims=True)
        found = {
            "weights": self.traders.weights.copy(),
            "error": np.sqrt(np.square(distance).mean()),
            "missed": np.array([np.abs(distance)[which].mean() for which in (leads, ~leads | leads.all())]),
            "reward": self.reward(prices),
            "early": self.reward(first),
            "pay": self.earned / max(1, self.since),
            "prices": prices[:SHOWN],
        }
        for name, value in found.items():
            self.log[name].append(value)
        self.earned, self.since = np.zeros(self.world.agents), 0

    def reward(self, prices: Floats) -> Floats:
        """Return the chance of success of the action that these prices put first; a lot decides between equals."""
        leads = prices == prices.max(axis=1, keepdims=True)
        return np.asarray(((self.truth * leads).sum(axis=1) / leads.sum(axis=1)).mean())
