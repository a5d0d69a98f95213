"""Learners that are never all there at once: each exchanges with the server alone (FedLinUCB)."""

from __future__ import annotations

import math

import numpy as np

from labkit.mechanisms.distributed_bandits._linucb import Team, play_rounds
from labkit.mechanisms.distributed_bandits._problem import Floats, Instance, Ints
from labkit.mechanisms.distributed_bandits._sharing import Played, Streams
from labkit.mechanisms.distributed_bandits._trail import Trail


class Asynchronous(Team):
    """A team whose agents play by what they have downloaded, and hold back what they have seen since."""

    def __init__(self, instance: Instance, replicates: int, ridge: float, width: float, delta: float) -> None:
        super().__init__(instance, replicates, ridge, width, delta, apart=True)
        self.combined, self.waiting = self.inverse.copy(), np.zeros(self.fresh.shape)
        self.server_gram, self.server_moment = self.synced_gram[:, 0].copy(), self.synced_moment[:, 0].copy()
        self.server_inverse, self.server_known = np.linalg.inv(self.server_gram), np.zeros(replicates)
        # One agent's trigger does not look at the clock.
        self.since[:] = 1

    def learn(self, arm: Ints, x: Floats, leaned: Floats, surprise: Floats, reward: Floats, present: Floats) -> None:
        """Take in one sample per agent, for the trigger and for the next upload only."""
        block = arm if self.blocks > 1 else 0
        leaned = (self.combined[self.rows, block] @ x[:, :, None])[..., 0]
        factor = 1 + np.einsum("rd,rd->r", leaned, x)
        self.combined[self.rows, block] -= leaned[:, :, None] * (leaned / factor[:, None])[:, None, :]
        shape = (len(self.rows), self.blocks, self.dim)
        self.fresh_gram.reshape(*shape, self.dim)[self.rows, block] += x[:, :, None] * x[:, None, :]
        self.fresh_moment.reshape(shape)[self.rows, block] += reward[:, None] * x
        self.growth += np.log(factor).reshape(self.growth.shape)
        self.waiting += present.reshape(self.waiting.shape)

    def refresh(self) -> None:
        """Compute the inverse behind the trigger anew from the sums."""
        self.combined[:] = np.linalg.inv(self.synced_gram + self.fresh_gram).reshape(self.combined.shape)

    def exchange(self, which: Ints, agent: int) -> None:
        """Let one agent upload what it has held back, and download what the server has, in some replicates."""
        here = which, agent
        self.server_gram[which] += self.fresh_gram[here]
        self.server_moment[which] += self.fresh_moment[here]
        self.server_known[which] += self.waiting[here]
        self.synced_gram[here], self.synced_moment[here] = self.server_gram[which], self.server_moment[which]
        self.known[here] = self.server_known[which]
        rows = which * self.agents + agent
        # By the matrix, not the vector: a reward of 0 is news too.
        changed, block = np.nonzero(np.trace(self.fresh_gram[here], axis1=2, axis2=3))
        self.server_inverse[which[changed], block] = np.linalg.inv(self.server_gram[which[changed], block])
        inverse = self.server_inverse[which]
        self.inverse[rows] = self.combined[rows] = inverse
        self.theta[rows] = (inverse @ self.server_moment[which][..., None])[..., 0]
        for held in (self.fresh_gram, self.fresh_moment, self.waiting, self.growth):
            held[here] = 0
        self.synchronisations[which] += 1


def fedlinucb(
    instance: Instance,
    horizon: int,
    chance: Streams,
    *,
    determinant: float | None = None,
    width: float = 1.0,
    ridge: float = 1.0,
    delta: float = 0.01,
) -> Played:
    """Each agent exchanges with the server alone, when its determinant has grown (He et al., arXiv 2207.03106).

    It does so once it has grown by a factor above ``1 + determinant`` since its last download; where none is given,
    1 / N^2. In a round the agents come one after the other, in a fixed order.
    """
    if determinant is not None and not determinant >= 0:
        raise ValueError(f"determinant = {determinant}: allowed is a number from 0")
    crew = Asynchronous(instance, len(chance["noise"]), ridge, width, delta)
    crew.trigger = math.log1p(1 / crew.agents**2 if determinant is None else determinant)
    numbers = crew.blocks * (crew.dim**2 + crew.dim)

    def talk(round_: int, team: Team, trail: Trail) -> None:
        calling = crew.growth > crew.trigger
        if not calling.any():
            return
        for agent in np.flatnonzero(calling.any(axis=0)):
            crew.exchange(np.flatnonzero(calling[:, agent]), int(agent))
        trail.post(round_, calling, calling, numbers)

    return play_rounds("fedlinucb", instance, horizon, chance, crew, talk)
