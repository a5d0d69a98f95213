"""One replicate of batched elimination: a plan for each batch, one draw for all its rounds, and the arms left."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator as Chance
from numpy.typing import NDArray

from labkit.mechanisms.distributed_bandits._design import Mask, mixed_designs, optimal_designs
from labkit.mechanisms.distributed_bandits._gossip import chebyshev_gossip, plain_gossip
from labkit.mechanisms.distributed_bandits._problem import Floats, Instance, lost


@dataclass(frozen=True, slots=True)
class Network:
    """Who talks to whom, and for how long."""

    weights: Floats
    degree: Floats
    steps: int
    chebyshev: bool

    def total(self, vectors: Floats, steps: int) -> Floats:
        """Return what each agent takes for the sum of all vectors; shape (agents, ...)."""
        mix = chebyshev_gossip if self.chebyshev else plain_gossip
        return len(vectors) * mix(self.weights, vectors.reshape(len(vectors), -1), steps).reshape(vectors.shape)


class Eliminator:
    """One replicate of batched elimination: what is left of each set, for a server or for each agent.

    Attributes
    ----------
    alive : ndarray of bool, shape (states, contexts, arms)
        Which arms are left; one state where a server decides, else one per agent.
    theta : ndarray of float, shape (states, blocks, dim)
        The estimate of the last batch.
    """

    def __init__(
        self, instance: Instance, replicate: int, horizon: int, width: float, design: str, states: int
    ) -> None:
        problem = instance.problem
        self.features, self.means = instance.features[replicate], instance.means[replicate]
        self.gaps = lost(self.means)
        self.agents, self.blocks, self.design, self.noise = problem.agents, problem.blocks, design, instance.noise
        self.availability, self.best = problem.availability, self.gaps.argmin(axis=1)
        dim = problem.blocks * problem.dim
        # Constants of the re-implementation of arXiv 2205.13170 (delta = 1/2); the paper's are larger. The factor of
        # the noise is ours.
        self.ridge = math.log(8 * dim * horizon)
        spread = self.noise * math.sqrt(math.log(4 * problem.choices * problem.agents * horizon))
        self.radius = width * (spread + math.sqrt(self.ridge))
        self.alive: Mask = np.ones((states, *self.means.shape), dtype=bool)
        self.theta: Floats = np.zeros((states, problem.blocks, problem.dim))
        self._plans: dict[bytes, Floats] = {}

    def play(self, length: int, chance: Chance, network: Network | None) -> float:
        """Play one batch and eliminate; return its regret."""
        plan = self._plan(length)
        mixing = 0 if network is None else min(network.steps, length // 2)
        agents = self.agents if network is None else 1
        moments, regret = [], 0.0
        for state in plan:
            counts = self._counts((length - mixing) * agents, state, chance)
            last = self._counts(mixing * agents, state, chance)
            regret += float(((counts + last) * self.gaps).sum())
            moments.append(self._moment(counts, chance))
        totals = np.stack(moments) if network is None else network.total(np.stack(moments), mixing)
        samples = (length - mixing) * self.agents * self.availability
        information = self.ridge * np.eye(self.features.shape[-1]) + samples * self._information(plan)
        self.theta = np.asarray(np.linalg.solve(information, totals[..., None])[..., 0], dtype=np.float64)
        self.alive = self._survivors(information)
        return regret

    def _plan(self, length: int) -> Floats:
        """Return how often each state plays each arm in each set, a set at a time; shape (states, contexts, arms)."""
        if self.blocks > 1:
            # Arms that share no parameter are orthogonal: their optimal design is uniform.
            uniform: Floats = self.alive / self.alive.sum(axis=2, keepdims=True)
            return uniform
        plans = []
        for alive in self.alive:
            key = alive.tobytes()
            if key not in self._plans:
                self._plans = {} if len(self._plans) > self.agents else self._plans
                samples = length * self.agents * self.availability
                self._plans[key] = (
                    optimal_designs(self.features, alive)
                    if self.design == "optimal"
                    else mixed_designs(self.features, alive, samples, self.ridge)
                )
            plans.append(self._plans[key])
        return np.stack(plans)

    def _counts(self, rounds: int, plan: Floats, chance: Chance) -> NDArray[np.int64]:
        """Return how often each arm of each set is played in so many rounds: the whole batch in one draw."""
        if self.availability < 1:
            rounds = int(chance.binomial(rounds, self.availability))
        shares = plan.ravel() / plan.sum()
        return chance.multinomial(rounds, shares).reshape(plan.shape)

    def _moment(self, counts: NDArray[np.int64], chance: Chance) -> Floats:
        """Return the sum of features times rewards, exactly as if the rounds had been played one by one."""
        rewards = counts * self.means + self.noise * np.sqrt(counts) * chance.standard_normal(counts.shape)
        if self.blocks == 1:
            return np.asarray(np.einsum("ck,ckd->d", rewards, self.features))[None]
        return np.asarray(np.einsum("ck,cd->kd", rewards, self.features))

    def _information(self, plan: Floats) -> Floats:
        """Return the expected x x' of one round; shape (states, blocks, dim, dim)."""
        shares = plan / plan.shape[1]
        if self.blocks == 1:
            flat = self.features.reshape(-1, self.features.shape[-1])
            return np.stack([(flat * share.reshape(-1, 1)).T @ flat for share in shares])[:, None]
        return np.asarray(np.einsum("sck,cd,ce->skde", shares, self.features, self.features, optimize=True))

    def _survivors(self, information: Floats) -> Mask:
        """Return which arms could still be the best of their set, by this batch's estimate."""
        inverse = np.linalg.inv(information)
        if self.blocks == 1:
            means = np.einsum("sd,ckd->sck", self.theta[:, 0], self.features)
            spread = np.einsum("sckd,ckd->sck", np.einsum("ckd,sde->scke", self.features, inverse[:, 0]), self.features)
        else:
            means = np.einsum("skd,cd->sck", self.theta, self.features)
            spread = np.einsum("sckd,cd->sck", np.einsum("cd,skde->scke", self.features, inverse), self.features)
        slack = self.radius * np.sqrt(spread)
        # The bar is set by arms that are still left, so that no set is ever emptied.
        bar = np.where(self.alive, means - slack, -np.inf).max(axis=2, keepdims=True)
        alive: Mask = self.alive & (means + slack >= bar)
        return alive
