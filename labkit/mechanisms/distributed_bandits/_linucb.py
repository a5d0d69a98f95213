"""Optimism with a shared estimate: every agent plays LinUCB, and what differs is when they tell each other."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator as Chance

from labkit.mechanisms.distributed_bandits._problem import Floats, Instance, Ints, Run
from labkit.mechanisms.distributed_bandits._trail import Trail

BLOCK = 128
"""Rounds drawn at a time; the numbers do not depend on it."""
SLICE = 32
"""Rounds between two reports of progress."""
REFRESH = 500
"""Rounds after which an inverse that has been updated step by step is computed anew."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What agents that play LinUCB know at the end.

    Attributes
    ----------
    gram : ndarray of float, shape (replicates, agents, blocks, dim, dim)
        Ridge and all samples an agent knows of, with its own.
    theta : ndarray of float, shape (replicates, agents, blocks, dim)
        The estimate it plays by.
    synchronisations : ndarray of int, shape (replicates,)
        How often all exchanged what they had; with FedLinUCB, how often one did.
    pressure : ndarray of float, shape (agents, recorded)
        The quantity that triggers an exchange, first replicate.
    trigger : float
        What it has to exceed; infinity where nothing triggers one.
    """

    gram: Floats
    theta: Floats
    synchronisations: Ints
    pressure: Floats
    trigger: float


class Team:
    """The ridge regressions of all agents of all replicates; rows count the agents through all replicates.

    What is synced is the same for all agents, and kept once, unless they learn it `apart`.
    """

    def __init__(
        self, instance: Instance, replicates: int, ridge: float, width: float, delta: float, apart: bool = False
    ) -> None:
        problem = instance.problem
        self.replicates, self.agents, self.blocks, self.dim = replicates, problem.agents, problem.blocks, problem.dim
        self.ridge, self.width, self.noise, self.confidence = ridge, width, instance.noise, 2 * math.log(1 / delta)
        shape = (replicates, self.agents, self.blocks, self.dim)
        synced = (replicates, self.agents if apart else 1, self.blocks, self.dim)
        self.fresh_gram, self.fresh_moment = np.zeros((*shape, self.dim)), np.zeros(shape)
        self.synced_gram, self.synced_moment = (
            np.zeros((*synced, self.dim)) + ridge * np.eye(self.dim),
            np.zeros(synced),
        )
        self.inverse = np.zeros((replicates * self.agents, self.blocks, self.dim, self.dim)) + np.eye(self.dim) / ridge
        self.theta = np.zeros((replicates * self.agents, self.blocks, self.dim))
        self.growth, self.fresh, self.known = np.zeros((3, replicates, self.agents))
        self.since, self.synchronisations = np.zeros(replicates), np.zeros(replicates, dtype=np.int64)
        self.rows, self.trigger = np.arange(len(self.theta)), math.inf

    def choose(self, features: Floats, ties: Floats) -> tuple[Ints, Floats, Floats, Floats]:
        """Return each agent's arm, its features, its direction in the estimate, and what was expected of it."""
        if self.blocks == 1:
            leaned = features @ self.inverse[:, 0]
            expected = (features @ self.theta[:, 0, :, None])[..., 0]
            spread = np.einsum("rkd,rkd->rk", leaned, features)
        else:
            stacked = self.inverse.reshape(len(self.rows), -1, self.dim)
            leaned = (stacked @ features[:, :, None]).reshape(self.theta.shape)
            expected = (self.theta @ features[:, :, None])[..., 0]
            spread = np.einsum("rkd,rd->rk", leaned, features)
        arm = (expected + self._radius() * np.sqrt(np.maximum(spread, 0)) + ties).argmax(axis=1)
        x = features[self.rows, arm] if self.blocks == 1 else features
        return arm, x, leaned[self.rows, arm], expected[self.rows, arm]

    def _radius(self) -> Floats:
        """Return the width of each agent's confidence, with a bound of 1 on the length of the parameter (OFUL)."""
        grown = self.dim * np.log1p((self.known + self.fresh) / (self.ridge * self.dim))
        return self.width * (math.sqrt(self.ridge) + self.noise * np.sqrt(self.confidence + grown)).reshape(-1, 1)

    def learn(self, arm: Ints, x: Floats, leaned: Floats, surprise: Floats, reward: Floats, present: Floats) -> None:
        """Take in one sample per agent: the inverse and the estimate move by a step of rank one (Sherman-Morrison)."""
        block = arm if self.blocks > 1 else 0
        factor = 1 + np.einsum("rd,rd->r", leaned, x)
        self.theta[self.rows, block] += (surprise / factor)[:, None] * leaned
        self.inverse[self.rows, block] -= leaned[:, :, None] * (leaned / factor[:, None])[:, None, :]
        shape = (len(self.rows), self.blocks, self.dim)
        self.fresh_gram.reshape(*shape, self.dim)[self.rows, block] += x[:, :, None] * x[:, None, :]
        self.fresh_moment.reshape(shape)[self.rows, block] += reward[:, None] * x
        self.growth += np.log(factor).reshape(self.growth.shape)
        self.fresh += present.reshape(self.fresh.shape)
        self.since += 1

    def refresh(self) -> None:
        """Compute inverse and estimate anew from the sums."""
        inverse = np.linalg.inv(self.synced_gram + self.fresh_gram)
        moment = self.synced_moment + self.fresh_moment
        self.inverse[:] = inverse.reshape(self.inverse.shape)
        self.theta[:] = (inverse @ moment[..., None])[..., 0].reshape(self.theta.shape)

    def synchronise(self, which: Ints, moments: Floats, mixing: Floats | None = None) -> None:
        """Give every agent of some replicates what all have sent: the sum, or with `mixing` what gossip makes of it."""
        if mixing is None:
            self.synced_gram[which] += self.fresh_gram[which].sum(axis=1, keepdims=True)
            self.synced_moment[which] += moments.sum(axis=1, keepdims=True)
        else:
            self.synced_gram[which] += np.einsum("nm,rmbij->rnbij", mixing, self.fresh_gram[which])
            self.synced_moment[which] += np.einsum("nm,rmbi->rnbi", mixing, moments)
        inverse = np.linalg.inv(self.synced_gram[which])
        self.known[which] += self.fresh[which].sum(axis=1, keepdims=True)
        shape = (self.replicates, self.agents, *self.inverse.shape[1:])
        self.inverse.reshape(shape)[which] = inverse
        self.theta.reshape(shape[:-1])[which] = (inverse @ self.synced_moment[which][..., None])[..., 0]
        for fresh in (self.fresh_gram, self.fresh_moment, self.fresh, self.growth, self.since):
            fresh[which] = 0
        self.synchronisations[which] += 1


Talk = Callable[[int, Team, Trail], None]
"""What happens after a round: who sends what, entered in the trail."""


def play_rounds(
    policy: str, instance: Instance, horizon: int, chance: dict[str, list[Chance]], team: Team, talk: Talk
) -> Generator[float, None, Run]:
    """Play round by round: look, choose, earn, learn, talk; yield the share done, return the run."""
    problem, replicates = instance.problem, team.replicates
    trail = Trail(problem, horizon, replicates)
    features = instance.features.reshape(-1, *instance.features.shape[2:])
    means, gaps = (each.reshape(-1, problem.choices) for each in (instance.means, instance.gaps))
    first = np.repeat(np.arange(replicates) * instance.means.shape[1], problem.agents)
    ties = np.stack([each.random((problem.agents, problem.choices)) for each in chance["ties"]])
    ties = 1e-9 * ties.reshape(-1, problem.choices)
    pressure, regret = np.zeros((problem.agents, len(trail.rounds))), np.zeros(replicates)
    column = 0
    for round_ in range(1, horizon + 1):
        if (round_ - 1) % BLOCK == 0:
            contexts, noise, present = _drawn(instance, chance)
        now = (round_ - 1) % BLOCK
        here, there = first + contexts[now], present[now]
        arm, x, leaned, expected = team.choose(features[here], ties)
        reward = means[here, arm] + noise[now]
        if problem.availability < 1:
            x, leaned = x * there[:, None], leaned * there[:, None]
        regret += (gaps[here, arm] * there).reshape(replicates, -1).sum(axis=1)
        team.learn(arm, x, leaned, reward - expected, reward, there)
        if round_ == trail.rounds[column]:
            trail.regret[:, column], pressure[:, column] = regret, team.growth[0] * team.since[0]
            column += 1
        talk(round_, team, trail)
        if round_ % REFRESH == 0:
            team.refresh()
        if round_ % SLICE == 0:
            yield round_ / horizon
    shape = (replicates, problem.agents, problem.blocks, problem.dim)
    gram = team.synced_gram + team.fresh_gram
    return trail.run(policy, Learned(gram, team.theta.reshape(shape), team.synchronisations, pressure, team.trigger))


def _drawn(instance: Instance, chance: dict[str, list[Chance]]) -> tuple[Ints, Floats, Floats]:
    """Return which set each agent sees, the noise of its reward, and whether it is there; shape (BLOCK, rows)."""
    problem = instance.problem
    size = (BLOCK, problem.agents)
    contexts = np.concatenate(
        [each.integers(instance.means.shape[1], size=size) for each in chance["contexts"]], axis=1
    )
    noise = instance.noise * np.concatenate([each.standard_normal(size) for each in chance["noise"]], axis=1)
    if problem.availability == 1:
        return contexts, noise, np.ones(contexts.shape)
    present = np.concatenate([each.random(size) for each in chance["presence"]], axis=1) < problem.availability
    return contexts, noise, present.astype(np.float64)
