"""Urns: each action is an urn, red inside means success, and every agent draws one ball from one of them."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from labkit.mechanisms.decision_market._scores import Floats, bayes_weights, probability
from labkit.mechanisms.decision_market._terms import Episodes, Terms
from labkit.params import Field


class Market(Terms):
    """A market whose actions are urns, after Wang and Pfeiffer (arXiv 2212.00271) and their code."""

    agents: int = Field(2, ge=1, le=8, slider=(1, 4, 1), description="agents, who report one after the other")
    actions: int = Field(2, ge=2, le=6, slider=(2, 4, 1), description="urns to choose from, each with its own market")
    accuracy: float = Field(
        2 / 3, ge=0.51, le=0.99, slider=(0.55, 0.9, 0.01), description="how often a ball has the colour of its urn"
    )
    overlap: float = Field(
        0, ge=0, le=1, slider=(0, 1, 0.1), description="chance that an agent sees its predecessor's ball, not a new one"
    )
    spread: float = Field(
        0.3, ge=0, le=3, slider=(0, 1, 0.1), description="spread of the opening prices, in log odds of red"
    )
    split: bool = Field(True, description="each agent sees one ball; else a single agent sees them all")


class Urns:
    """The world of a `Market`: what is in the urns, and who sees which ball.

    An agent sees ones and zeros: a red ball from each urn, then a blue ball from each urn; and the price of each urn.
    """

    def __init__(self, market: Market) -> None:
        self.market = market
        self.agents, self.actions = market.agents if market.split else 1, market.actions
        self.features = 3 * market.actions

    def draw(self, rng: Generator, episodes: int) -> Episodes:
        """Return so many episodes."""
        market, urns = self.market, self.market.actions
        opening = market.spread * rng.standard_normal((episodes, urns))
        inside = rng.random((episodes, urns)) < probability(opening)
        urn = rng.integers(urns, size=(market.agents, episodes))
        true = rng.random((market.agents, episodes)) < market.accuracy
        ball = true == np.take_along_axis(inside.T, urn, axis=0)
        fresh = self._pass_on(rng.random((market.agents, episodes)) >= market.overlap, urn, ball)
        own = (np.where(ball, urn, urns + urn)[..., None] == np.arange(2 * urns)).astype(np.float64)
        counted = (own * fresh[..., None]).sum(axis=0)
        posterior = opening + bayes_weights(market.accuracy)[0] * (counted[:, :urns] - counted[:, urns:])
        return Episodes(own if market.split else counted[None], opening, inside, posterior)

    examine = draw

    def look(self, own: Floats, prices: Floats) -> Floats:
        """Return the ball and the prices side by side."""
        return np.concatenate([own, prices], axis=1)

    @staticmethod
    def _pass_on(fresh: np.ndarray, urn: np.ndarray, ball: np.ndarray) -> np.ndarray:
        """Give those without a fresh ball the one of the agent before them, in place; return who has a fresh one."""
        fresh[0] = True
        for agent in range(1, len(urn)):
            urn[agent] = np.where(fresh[agent], urn[agent], urn[agent - 1])
            ball[agent] = np.where(fresh[agent], ball[agent], ball[agent - 1])
        return fresh
