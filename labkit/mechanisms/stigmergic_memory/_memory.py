"""The head: a few food cells, a few dangers, and the last steps, each fading with time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labkit.mechanisms.stigmergic_memory._torus import NOWHERE, OUT_OF_VIEW, Torus
from labkit.mechanisms.stigmergic_memory._world import World

SLOTS = 8
"""Cells of each kind that an agent can remember."""
UNUSED, EMPTY, FULL = 0, 1, 2


class Memory:
    """The private memories of all agents; agents are counted through all replicates.

    Attributes
    ----------
    food, danger, trail : ndarray of int, shape (agents, SLOTS)
        Positions of remembered patches, of dangers, and of the last cells (a ring), raised by the
        torus' centre; `NOWHERE` in an unused slot.
    state : ndarray of int, shape (agents, SLOTS)
        What a remembered patch looked like when last seen: `UNUSED` slot, `EMPTY` or `FULL`.
    seen, felt : ndarray of int, shape (agents, SLOTS)
        The step of that sight, and the step a danger was entered (-1: unused slot).
    """

    def __init__(self, world: World, torus: Torus, agents: int) -> None:
        self._torus = torus
        self.food, self.danger, self.trail = (np.full((agents, SLOTS), NOWHERE) for _ in range(3))
        self.state = np.full((agents, SLOTS), UNUSED)
        self.seen = np.zeros((agents, SLOTS), dtype=np.int64)
        self.felt = np.full((agents, SLOTS), -1)
        self._belief = _beliefs(world)
        self._danger_push = world.danger_weight * world.danger_retention ** np.arange(world.steps + 1)
        self._trail_push = world.revisit_weight * world.exploration_retention ** np.arange(SLOTS + 1)

    def look(
        self, step: int, position: NDArray[np.int64], near: NDArray[np.int64], food_in_view: NDArray[np.bool_]
    ) -> NDArray[np.int64]:
        """Compare what is remembered with what is seen, and remember one new patch.

        Parameters
        ----------
        step : int
            Now.
        position : ndarray of int, shape (agents,)
            Where the agents are, on the doubled grid.
        near : ndarray of int, shape (agents, 9)
            The cells in reach.
        food_in_view : ndarray of bool, shape (agents, 9)
            Whether food stands on each cell in reach.

        Returns
        -------
        ndarray of int
            Which cells in reach (agent · 9 + place) are remembered patches that stand empty.
        """
        slot, spot = self._in_reach(self.food, position)
        full = food_in_view.ravel()[spot]
        self.state.ravel()[slot] = np.where(full, FULL, EMPTY)
        self.seen.ravel()[slot] = step
        self._remember_one(step, near, food_in_view, known=spot)
        return spot[~full]

    def _remember_one(
        self, step: int, near: NDArray[np.int64], food_in_view: NDArray[np.bool_], known: NDArray[np.int64]
    ) -> None:
        new = food_in_view.ravel().copy()
        new[known] = False
        agent, place = np.divmod(np.flatnonzero(new), 9)
        first = np.ones(agent.size, dtype=bool)
        first[1:] = agent[1:] != agent[:-1]
        agent, place = agent[first], place[first]
        slot = self._believed(step, agent).argmin(axis=1)
        self.food[agent, slot] = self._torus.position[near[agent, place]] + self._torus.centre
        self.state[agent, slot] = FULL
        self.seen[agent, slot] = step

    def _believed(self, step: int, agent: NDArray[np.int64] | slice = slice(None)) -> NDArray[np.float64]:
        """Return the chance of finding food, as each slot has it; shape (agents, SLOTS)."""
        age = step - self.seen[agent]
        believed: NDArray[np.float64] = self._belief.take(self.state[agent] * self._belief.shape[1] + age)
        return believed

    def pull(self, step: int, position: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return how strongly the best remembered patch draws each agent to each cell in reach.

        The best patch has the highest belief per step of the way. The pull is the number of steps a
        move saves, times the agent's confidence: three times that value, at most 1.

        Returns
        -------
        ndarray of float, shape (agents, 9)
        """
        displacement = self.food - position[:, None]
        value = self._believed(step) * self._torus.closeness.take(displacement, mode="clip")
        best = value.argmax(axis=1)[:, None]
        confidence = np.minimum(1, 3 * np.take_along_axis(value, best, axis=1))
        target = np.take_along_axis(displacement, best, axis=1)[:, 0]
        return confidence * self._torus.nearer.take(target, axis=0, mode="clip")

    def push(self, step: int, position: NDArray[np.int64], score: NDArray[np.float64]) -> None:
        """Lower the score of cells in reach that hurt before, and a little of those just visited."""
        slot, spot = self._in_reach(self.danger, position)
        score.ravel()[spot] -= self._danger_push[step - self.felt.ravel()[slot]]
        slot, spot = self._in_reach(self.trail, position)
        # A cell may be on the trail twice: each visit counts.
        age = 1 + (step - 2 - np.arange(SLOTS)) % SLOTS
        np.subtract.at(score.ravel(), spot, self._trail_push[age].take(slot % SLOTS))

    def _in_reach(
        self, remembered: NDArray[np.int64], position: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the slots (agent · SLOTS + slot) that hold a cell in reach, and which cell (agent · 9 + place)."""
        place = self._torus.reach.take(remembered - position[:, None], mode="clip").ravel()
        slot = np.flatnonzero(place != OUT_OF_VIEW)
        return slot, slot // SLOTS * 9 + place[slot]

    def feel(self, step: int, agent: NDArray[np.int64], position: NDArray[np.int64]) -> None:
        """Remember that it hurts where these agents are now, in place of the oldest danger."""
        position = position + self._torus.centre
        known = self.danger[agent] == position[:, None]
        slot = np.where(known.any(axis=1), known.argmax(axis=1), self.felt[agent].argmin(axis=1))
        self.danger[agent, slot] = position
        self.felt[agent, slot] = step

    def tread(self, step: int, position: NDArray[np.int64]) -> None:
        """Remember this cell as the latest of the trail."""
        self.trail[:, (step - 1) % SLOTS] = position + self._torus.centre

    def keep(self, agents: NDArray[np.int64]) -> None:
        """Drop the memories of all other agents."""
        for name in ("food", "danger", "trail", "state", "seen", "felt"):
            setattr(self, name, getattr(self, name)[agents])


def _beliefs(world: World) -> NDArray[np.float64]:
    """Return the chance of finding food by state and age; shape (3, steps + 1).

    A patch last seen full may have been eaten by others, one last seen empty may have regrown;
    both beliefs fade with the memory itself. The constant 0.8 is ours. An unused slot ranks below both.
    """
    age = np.arange(world.steps + 1)
    strength = world.food_retention**age
    regrown = 0.8 * (1 - (1 - world.refill) ** age)
    return np.stack([np.full_like(strength, -1), regrown * strength, strength])
