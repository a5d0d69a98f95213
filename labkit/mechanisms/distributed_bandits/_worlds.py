"""What agents that explore and exploit by turns can play: the unit ball, or the pool of sets."""

from __future__ import annotations

import math

import numpy as np
from numpy.random import Generator as Chance

from labkit.mechanisms.distributed_bandits._design import optimal_designs
from labkit.mechanisms.distributed_bandits._problem import Floats, Instance, lost


class Ball:
    """Any vector of the unit ball may be played: everything has a closed form."""

    def __init__(self, instance: Instance, replicate: int, chance: dict[str, list[Chance]]) -> None:
        assert instance.theta is not None
        self.agents, self.dim, self.sigma = instance.problem.agents, instance.problem.dim, instance.problem.noise
        self.theta, self.chance = instance.theta[replicate, 0], chance["counts"][replicate]

    def rounds(self, samples: int, active: Floats) -> int:
        """Return the rounds that `samples` plays of each active basis vector take."""
        return samples * int(active.sum())

    def explore(self, samples: int, active: Floats) -> tuple[Floats, float]:
        """Return each agent's least squares estimate, and the regret of a round."""
        noise = self.chance.standard_normal((self.agents, self.dim))
        estimates = active * (self.theta + self.sigma / math.sqrt(samples) * noise)
        return estimates, float(np.linalg.norm(self.theta) - self.theta[active > 0].mean())

    def exploit(self, estimate: Floats) -> float:
        """Return the regret of a round in which the estimate is taken at its word."""
        length = max(float(np.linalg.norm(estimate)), 1e-300)
        return float(np.linalg.norm(self.theta) - self.theta @ estimate / length)


class Pool:
    """Arms come in sets: explore by the optimal design of each set, exploit greedily."""

    def __init__(self, instance: Instance, replicate: int, chance: dict[str, list[Chance]]) -> None:
        assert instance.theta is not None
        self.agents, self.dim, self.sigma = instance.problem.agents, instance.problem.dim, instance.problem.noise
        self.features, self.theta = instance.features[replicate], instance.theta[replicate, 0]
        self.means, self.chance = instance.means[replicate], chance["counts"][replicate]
        self.gaps = lost(self.means)
        alive = np.ones(self.means.shape, dtype=bool)
        self.plan = optimal_designs(self.features, alive) / len(self.features)
        information = np.einsum("ck,ckd,cke->de", self.plan, self.features, self.features)
        self.spread = float(np.trace(np.linalg.inv(information)))

    def rounds(self, samples: int, active: Floats) -> int:
        """Return the rounds after which an estimate is as accurate as after `samples` plays of each basis vector."""
        return math.ceil(samples * self.spread / self.dim)

    def explore(self, samples: int, active: Floats) -> tuple[Floats, float]:
        """Return each agent's least squares estimate, and the regret of a round."""
        rounds = self.rounds(samples, active)
        counts = self.chance.multinomial(rounds, self.plan.ravel() / self.plan.sum(), size=self.agents)
        flat = self.features.reshape(-1, self.dim)
        noise = self.sigma * np.sqrt(counts) * self.chance.standard_normal(counts.shape)
        gram = np.einsum("nc,cd,ce->nde", counts, flat, flat, optimize=True)
        moment = (counts * self.means.ravel() + noise) @ flat
        return np.linalg.solve(gram, moment[..., None])[..., 0], float((self.plan * self.gaps).sum())

    def exploit(self, estimate: Floats) -> float:
        """Return the expected regret of a round of greedy play."""
        choice = (self.features @ estimate).argmax(axis=1)
        return float(np.take_along_axis(self.gaps, choice[:, None], axis=1).mean())
