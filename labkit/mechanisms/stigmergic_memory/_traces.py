"""The ground: four layers of marks that fade, and count who agreed."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labkit.mechanisms.stigmergic_memory._world import LAYERS, World

SLOTS = 8
"""Depositors that a mark can tell apart."""
STRONGEST = 2.0
"""Strength at which a mark saturates, before agreement counts."""
FADED = 0.05
"""A depositor no longer counts once this share of its mark is left (ours)."""


def consensus(depositors: ArrayLike, gain: float = 0.3, cap: float = 2.0) -> NDArray[np.float64] | float:
    """Return how many times stronger a mark reads when several agents have made it.

    Parameters
    ----------
    depositors : int or array of int
        Number of distinct agents whose mark is still live, 0 or more.
    gain : float
        Extra strength per depositor after the first, 0 or more.
    cap : float
        Most that agreement can give, 1 or more.

    Returns
    -------
    float or ndarray of float
        1 for none or one, ``min(cap, 1 + gain * (depositors - 1))`` from two on.

    Raises
    ------
    ValueError
        An argument is out of range.

    Notes
    -----
    Source: the amplification in arXiv 2512.10166 as two of its readers quote it.
    """
    counts = np.asarray(depositors, dtype=float)
    if not (np.isfinite(counts) & (counts >= 0)).all():
        raise ValueError(f"depositors = {depositors!r}: allowed is a number from 0")
    if not (math.isfinite(gain) and gain >= 0):
        raise ValueError(f"gain = {gain!r}: allowed is a number from 0")
    if not (math.isfinite(cap) and cap >= 1):
        raise ValueError(f"cap = {cap!r}: allowed is a number from 1")
    strength = np.minimum(cap, 1 + gain * np.maximum(counts - 1, 0))
    return strength if strength.ndim else float(strength)


def half_life(retention: float) -> float:
    """Return the steps after which half of a mark is left.

    Parameters
    ----------
    retention : float
        Share left after one step, above 0 and below 1.

    Returns
    -------
    float
        ``ln 2 / -ln retention``.

    Raises
    ------
    ValueError
        `retention` is out of range.
    """
    if not 0 < retention < 1:
        raise ValueError(f"retention = {retention!r}: allowed is a number above 0 and below 1")
    return math.log(2) / -math.log(retention)


class Traces:
    """The marks of all replicates of a world.

    Attributes
    ----------
    field : ndarray of float, shape (replicates, 4, cells)
        Strength of the marks, at most `STRONGEST`.
    depositors : ndarray of int, shape (replicates, 4, cells)
        Distinct agents whose mark is still live, at most `SLOTS`.
    effective : ndarray of float, shape (replicates, 4, cells)
        Strength with agreement counted in: what a reader perceives.
    """

    def __init__(self, world: World, replicates: int) -> None:
        shape = (replicates, len(LAYERS), world.cells)
        self.field, self.effective, self._amplified = np.zeros(shape), np.zeros(shape), np.ones(shape)
        self.depositors = np.zeros(shape, dtype=np.int64)
        self._cells = world.cells
        self._retention = world.retentions()[:, None]
        self._lifetime = np.array([_lifetime(retention) for retention in world.retentions()])
        self._lifetimes = sorted(set(self._lifetime.tolist()))
        self._agreement = np.asarray(consensus(np.arange(SLOTS + 1), world.consensus_gain, world.consensus_cap))
        self._agent = np.full((self.field.size, SLOTS), -1, dtype=np.int32)
        self._until = np.zeros((self.field.size, SLOTS), dtype=np.int64)
        self._signed: dict[int, list[NDArray[np.int64]]] = {}

    def fade(self, step: int) -> None:
        """Let every mark lose its share, and forget depositors whose mark has faded."""
        self.field *= self._retention
        for lifetime in self._lifetimes:
            # The longest lifetime comes last: whoever signed then is not looked up again.
            signed = self._signed.get if lifetime < self._lifetimes[-1] else self._signed.pop
            for slots in signed(step - lifetime, []):
                # A mark that was renewed in between ends later.
                over = slots[self._until.ravel()[slots] == step]
                self._agent.ravel()[over] = -1
                self._until.ravel()[over] = 0
                self._count(over // SLOTS, -1)

    def deposit(
        self,
        step: int,
        layer: NDArray[np.int64],
        replicate: NDArray[np.int64],
        cell: NDArray[np.int64],
        agent: NDArray[np.int64],
        amount: NDArray[np.float64],
    ) -> None:
        """Add the marks of one step; the arrays, all of one length, say which layer, where, who and how much."""
        mark = (replicate * len(LAYERS) + layer) * self._cells + cell
        np.add.at(self.field.ravel(), mark, amount)
        np.minimum(self.field, STRONGEST, out=self.field)
        self._signed[step] = []
        self._sign(step, step + self._lifetime[layer], mark, agent)
        np.multiply(self.field, self._amplified, out=self.effective)

    def _sign(self, step: int, until: NDArray[np.int64], mark: NDArray[np.int64], agent: NDArray[np.int64]) -> None:
        """Enter each agent among the depositors of its mark until the given step."""
        known = np.flatnonzero(self._agent.take(mark, axis=0) == agent.astype(np.int32)[:, None])
        self._extend(step, until[known // SLOTS], mark[known // SLOTS] * SLOTS + known % SLOTS)
        new = self.depositors.ravel().take(mark) < SLOTS
        new[known // SLOTS] = False
        until, mark, agent = until[new], mark[new], agent[new]
        while mark.size:
            free = self._agent.take(mark, axis=0) < 0
            slot = mark * SLOTS + free.argmax(axis=1)
            room = np.flatnonzero(self._agent.ravel()[slot] < 0)
            until, mark, agent, slot = until[room], mark[room], agent[room], slot[room]
            # Two agents may reach for the same slot: the last one has it, the other tries again.
            self._agent.ravel()[slot] = agent
            entered = self._agent.ravel()[slot] == agent
            self._count(mark[entered], 1)
            self._extend(step, until[entered], slot[entered])
            until, mark, agent = until[~entered], mark[~entered], agent[~entered]

    def _extend(self, step: int, until: NDArray[np.int64], slots: NDArray[np.int64]) -> None:
        self._until.ravel()[slots] = until
        self._signed[step].append(slots)

    def _count(self, mark: NDArray[np.int64], change: int) -> None:
        depositors = self.depositors.ravel()
        np.add.at(depositors, mark, change)
        self._amplified.ravel()[mark] = self._agreement.take(depositors[mark])


def _lifetime(retention: float) -> int:
    """Return the steps until `FADED` of a mark is left; a mark that never fades outlives any run."""
    if retention >= 1:
        return 10**9
    return 1 if retention <= FADED else math.ceil(math.log(FADED) / math.log(retention))
