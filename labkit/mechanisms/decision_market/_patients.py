"""Patients: a real table whose columns are split between agents; operate or wait."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from labkit.mechanisms.decision_market._scores import LOGIT_CAP, Floats
from labkit.mechanisms.decision_market._terms import Episodes, Terms
from labkit.params import Field


class Clinic(Terms):
    """A market on two actions, operate and wait, for each patient of scikit-learn's breast cancer table."""

    batch: int = Field(256, ge=8, le=8192, slider=(64, 1024, 64), description="patients between two steps of learning")
    steps: int = Field(1500, ge=1, le=100_000, slider=(500, 6000, 500), description="steps of learning")
    agents: int = Field(2, ge=1, le=6, slider=(1, 4, 1), description="agents, among whom the columns are dealt out")
    held_out: float = Field(0.3, ge=0.1, le=0.5, description="share of the patients nobody learns from")
    split: bool = Field(True, description="each agent sees some columns; else a single agent sees them all")


@cache
def _table() -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the columns, shape (569, 30), and which tumours are malignant, shape (569,).

    The Wisconsin diagnostic data of the UCI repository, as scikit-learn ships them.
    """
    from sklearn.datasets import load_breast_cancer

    table = load_breast_cancer()
    return np.asarray(table.data, dtype=np.float64), np.asarray(table.target == 0)


class Ward:
    """The world of a `Clinic`: some patients to learn from, the others to be judged by.

    To operate succeeds when the tumour is malignant, to wait when it is benign. Columns are dealt out in turn, so that
    each agent holds a part of every kind of measurement.
    """

    def __init__(self, clinic: Clinic, rng: Generator) -> None:
        table, malignant = _table()
        shuffled = rng.permutation(len(malignant))
        self.judged, self.taught = np.split(shuffled, [round(clinic.held_out * len(malignant))])
        self.columns = (table - table[self.taught].mean(axis=0)) / table[self.taught].std(axis=0)
        self.success = np.stack([malignant, ~malignant], axis=1)
        self.agents, self.actions = clinic.agents if clinic.split else 1, 2
        width = -(-table.shape[1] // self.agents)
        self.own = np.zeros((self.agents, len(malignant), width + 1))
        self.own[..., -1] = 1
        for agent in range(self.agents):
            dealt = self.columns[:, agent :: self.agents]
            self.own[agent, :, : dealt.shape[1]] = dealt
        self.features = width + 1 + self.actions

    def draw(self, rng: Generator, episodes: int) -> Episodes:
        """Return so many patients to learn from, drawn with replacement."""
        return self._episodes(rng.choice(self.taught, episodes))

    def examine(self, rng: Generator, episodes: int) -> Episodes:
        """Return the patients held out, all of them."""
        return self._episodes(self.judged)

    def look(self, own: Floats, prices: Floats) -> Floats:
        """Return the columns of the agent, a one, and the prices side by side."""
        return np.concatenate([own, prices], axis=1)

    def regression(self) -> float:
        """Return how often logistic regression, which is told what was right for every patient, is right."""
        from sklearn.linear_model import LogisticRegression

        fitted = LogisticRegression(max_iter=2000).fit(self.columns[self.taught], self.success[self.taught, 0])
        return float(fitted.score(self.columns[self.judged], self.success[self.judged, 0]))

    def _episodes(self, who: NDArray[np.int64]) -> Episodes:
        success = self.success[who]
        # Somebody who knew would be certain.
        certain = np.where(success, LOGIT_CAP, -LOGIT_CAP)
        return Episodes(self.own[:, who], np.zeros(success.shape), success, certain)
