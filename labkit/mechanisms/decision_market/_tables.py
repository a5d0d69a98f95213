"""Tables: nobody can compute the answer from a formula; the chance of success stands in a table of all signals."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.random import Generator

from labkit.mechanisms.decision_market._scores import Floats, Scoring, log_odds
from labkit.mechanisms.decision_market._terms import Episodes, Terms
from labkit.params import Field


class Table(Terms):
    """A market on actions whose success depends on the signals of all agents together (our construction)."""

    scoring: Scoring = Field("quadratic", description="the score whose gain is paid")
    quoted: Literal["mean", "sample"] = Field(
        "sample", description="what the market shows of a report: its mean, or the sample that is scored"
    )
    rate: float = Field(
        0.3, ge=0.001, le=1, slider=(0.1, 0.5, 0.1), description="step of the policy gradient, per unit of pay"
    )
    agents: int = Field(2, ge=1, le=4, slider=(1, 3, 1), description="agents, each with a signal of its own")
    signals: int = Field(3, ge=2, le=6, slider=(2, 4, 1), description="different signals that an agent may see")
    actions: int = Field(
        2, ge=2, le=6, slider=(2, 4, 1), description="actions to choose from, each with its own market"
    )
    overlap: float = Field(
        0, ge=0, le=1, slider=(0, 1, 0.1), description="chance that all agents see the signal of the first"
    )
    split: bool = Field(True, description="each agent sees one signal; else a single agent sees them all")


class Grid:
    """The world of a `Table`: a table of chances, drawn once, each between 0 and 1.

    An agent sees which signal it has, and for each signal it keeps a reading of the prices of its own: with what the
    agents before it said, it can then tell their signals.
    """

    def __init__(self, table: Table, rng: Generator) -> None:
        self.table = table
        self.chances = rng.random((table.signals,) * table.agents + (table.actions,))
        self.agents, self.actions = table.agents if table.split else 1, table.actions
        self.seen = table.signals if table.split else table.signals**table.agents
        self.features = self.seen * (1 + table.actions)

    def draw(self, rng: Generator, episodes: int) -> Episodes:
        """Return so many episodes."""
        table = self.table
        signal = rng.integers(table.signals, size=(table.agents, episodes))
        signal = np.where(rng.random(episodes) < table.overlap, signal[0], signal)
        chances = self.chances[tuple(signal)]
        success = rng.random(chances.shape) < chances
        if not table.split:
            signal = np.ravel_multi_index(tuple(signal), (table.signals,) * table.agents)[None]
        own = (signal[..., None] == np.arange(self.seen)).astype(np.float64)
        return Episodes(own, np.zeros(chances.shape), success, log_odds(chances))

    examine = draw

    def look(self, own: Floats, prices: Floats) -> Floats:
        """Return the signal, and the prices in the place that belongs to the signal."""
        known = np.concatenate([np.ones((len(prices), 1)), prices], axis=1)
        return np.asarray((own[:, :, None] * known[:, None, :]).reshape(len(own), self.features))
