"""One step of the world: look, move, eat, get hurt, remember, mark."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labkit.mechanisms.stigmergic_memory._draws import Draws
from labkit.mechanisms.stigmergic_memory._memory import Memory
from labkit.mechanisms.stigmergic_memory._torus import STAY, torus
from labkit.mechanisms.stigmergic_memory._traces import Traces
from labkit.mechanisms.stigmergic_memory._world import LAYERS, World

FOOD, DANGER, SOCIAL, EXPLORATION = range(len(LAYERS))
RAW_READING = np.array([1, -1, 0.2, -0.2])
"""What a unit of each mark is worth to a reader who takes it as it is."""
STRENGTH = {DANGER: 1.0, SOCIAL: 0.1, EXPLORATION: 0.1}
"""Strength of a new mark; that of food spreads two cells wide, 1 / (1 + distance)."""


class Colony:
    """A world in motion: all replicates at once, agents counted through all of them.

    Attributes
    ----------
    cell : ndarray of int, shape (agents,)
        Where each agent is within its world.
    food, hazards : ndarray of bool, shape (replicates, cells)
        Where food stands, and where it hurts.
    """

    def __init__(self, world: World, draws: Draws) -> None:
        self.world, self.step, self.draws, self.replicates = world, 0, draws, draws.replicates
        self.torus = torus(world.size)
        self.patches, self.food, self.hazards = self._layout()
        self._survivors: NDArray[np.int64] | slice = slice(None)
        self.replicate = np.repeat(np.arange(self.replicates), world.agents)
        self.agent = np.tile(np.arange(world.agents), self.replicates)
        self.memory = Memory(world, self.torus, self.agent.size) if world.memory and not world.walk else None
        self.traces = Traces(world, self.replicates) if world.traces and not world.walk else None
        self.weights = np.zeros((self.agent.size, len(LAYERS)))
        self.visited = np.zeros(self.food.shape, dtype=bool)
        self.eaten, self.hurt, self.grown = np.zeros((3, self.replicates))
        self.grown += self.food.sum(axis=1)
        self.fear = world.sight_weight * self.hazards
        self._arrive(draws.start)

    def _layout(self) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_]]:
        """Return the patches, the food (it stands on all of them) and the hazards (on other cells)."""
        world = self.world
        patches, hazards = (round(share * world.cells) for share in (world.patch_fraction, world.hazard_fraction))
        food, hurts = np.zeros((2, self.replicates, world.cells), dtype=bool)
        np.put_along_axis(food, self.draws.order[:, :patches], True, axis=1)
        np.put_along_axis(hurts, self.draws.order[:, patches : patches + hazards], True, axis=1)
        return self.draws.order[:, :patches], food, hurts

    def advance(self) -> None:
        """Do one step: food regrows, all look and move at once, then eat, get hurt, remember and mark."""
        self.step += 1
        self._regrow()
        choice = self.score().argmax(axis=1)
        marks = self._marks_at(choice) if self.traces and self.world.interpretation == "learned" else None
        self._arrive(self.near[np.arange(choice.size), choice])
        ate, hurt = self._eat(), self.hazards.ravel()[self.here] & (choice != STAY)
        self.eaten += np.bincount(self.replicate[ate], minlength=self.replicates)
        self.hurt += np.bincount(self.replicate[hurt], minlength=self.replicates)
        if marks is not None:
            self._learn(marks, reward=ate - 0.5 * hurt)
        if self.memory:
            self.memory.feel(self.step, np.flatnonzero(hurt), self.position[hurt])
            self.memory.tread(self.step, self.position)
        if self.traces:
            self._mark(ate, hurt, moved=choice != STAY)
        if self.world.lost and self.step == self.world.steps // 2:
            self._lose()

    def _regrow(self) -> None:
        chance = self.draws.regrowth(self.step, self.patches.shape[1])
        standing = np.take_along_axis(self.food, self.patches, axis=1)
        regrown = ~standing & (chance < self.world.refill)
        np.put_along_axis(self.food, self.patches, standing | regrown, axis=1)
        self.grown += regrown.sum(axis=1)

    def score(self) -> NDArray[np.float64]:
        """Return how good each of the nine cells in reach looks to each agent; shape (agents, 9).

        The rule of movement: sum the reasons for and against each cell, add a little noise, and go
        where the sum is largest. Our construction; the weights are fields of `World`.
        """
        world, tastes = self.world, self.draws.taste(self.step, self.world.agents)[self._survivors]
        if world.walk:
            return tastes
        appeal = world.sight_weight * self.food
        if world.hazard_mode == "visible":
            appeal -= self.fear
        if self.traces and world.interpretation != "learned":
            marks = self.traces.effective
            appeal = appeal + world.trace_weight * np.einsum("l,rlc->rc", RAW_READING, marks)
        score = tastes + appeal.ravel().take(self.near_everywhere)
        if self.traces and world.interpretation == "learned":
            score += world.trace_weight * np.einsum("al,apl->ap", self.weights, self._marks_near())
        if self.memory:
            empty = self.memory.look(self.step, self.position, self.near, self.food.ravel().take(self.near_everywhere))
            score += world.memory_weight * self.memory.pull(self.step, self.position)
            self.memory.push(self.step, self.position, score)
            if self.traces and world.interpretation == "remembered":
                # Who remembers that a patch stands empty ignores the marks that praise it.
                praised = self.near_everywhere.ravel()[empty]
                score.ravel()[empty] -= world.trace_weight * marks[:, FOOD].ravel()[praised]
        return score

    def _marks_near(self) -> NDArray[np.float64]:
        """Return the marks on the cells in reach; shape (agents, 9, 4)."""
        assert self.traces is not None
        return self.traces.effective[self.replicate[:, None], :, self.near]

    def _marks_at(self, choice: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the marks on the cell each agent is about to enter; shape (agents, 4)."""
        assert self.traces is not None
        return self.traces.effective[self.replicate, :, self.near[np.arange(choice.size), choice]]

    def _learn(self, marks: NDArray[np.float64], reward: NDArray[np.float64]) -> None:
        """Move each agent's weights towards what the marks turned out to be worth (delta rule)."""
        surprise = reward - (self.weights * marks).sum(axis=1)
        # Divided by the size of what was read, so that no learning rate can run away.
        self.weights += self.world.learning_rate * (surprise / (1 + (marks**2).sum(axis=1)))[:, None] * marks

    def _arrive(self, cell: NDArray[np.int64]) -> None:
        """Put the agents on these cells."""
        self.cell = cell
        self.position = self.torus.position.take(cell)
        self.near = self.torus.around.take(cell, axis=0)
        # Numbers of cells counted through all replicates, for look-ups in (replicates, cells) arrays.
        self.here = self.replicate * self.world.cells + cell
        self.near_everywhere = self.near + (self.replicate * self.world.cells)[:, None]
        self.visited.ravel()[self.here] = True

    def _eat(self) -> NDArray[np.bool_]:
        """Let one agent on each cell with food eat it: the one with the highest random priority."""
        priority = self.draws.priority(self.step, self.world.agents)[self._survivors]
        hungry = np.flatnonzero(self.food.ravel()[self.here])
        hungry = hungry[priority[hungry].argsort()]
        winner = np.full(self.food.size, -1)
        winner[self.here[hungry]] = hungry
        self.food.ravel()[self.here[hungry]] = False
        ate = np.zeros(self.agent.size, dtype=bool)
        ate[winner[self.here[hungry]]] = True
        return ate

    def _mark(self, ate: NDArray[np.bool_], hurt: NDArray[np.bool_], moved: NDArray[np.bool_]) -> None:
        """Let marks fade, then leave those of this step; a falsified mark lands anywhere."""
        assert self.traces is not None
        self.traces.fade(self.step)
        crowd = np.bincount(self.here, minlength=self.food.size)
        met = crowd.take(self.near_everywhere).sum(axis=1) > 1
        place = self._falsified_places() if self.world.corrupted else self.cell
        marks = [
            self._marks(layer, np.flatnonzero(who), place)
            for layer, who in ((FOOD, ate), (DANGER, hurt), (SOCIAL, met), (EXPLORATION, moved))
        ]
        self.traces.deposit(self.step, *(np.concatenate(column) for column in zip(*marks, strict=True)))

    def _marks(
        self, layer: int, who: NDArray[np.int64], place: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Return layer, replicate, cell, agent and strength of each mark these agents leave."""
        cells = self.torus.within_two[place[who]] if layer == FOOD else place[who, None]
        strength = np.broadcast_to(self.torus.two_away if layer == FOOD else STRENGTH[layer], cells.shape)
        replicate, agent = (each[who].repeat(cells.shape[1]) for each in (self.replicate, self.agent))
        return np.full(cells.size, layer), replicate, cells.ravel(), agent, strength.ravel()

    def _falsified_places(self) -> NDArray[np.int64]:
        """Return where the marks land: under the agent, or on any cell for the falsified share."""
        chance, anywhere = self.draws.falsification(self.step, self.world.agents)[self._survivors].T
        return np.where(chance < self.world.corrupted, (anywhere * self.world.cells).astype(np.int64), self.cell)

    def _lose(self) -> None:
        """Remove a share of the agents; they are alike, so the last ones in number serve."""
        left = self.world.agents - round(self.world.lost * self.world.agents)
        self._survivors = np.flatnonzero(self.agent < left)
        self.replicate, self.agent = self.replicate[self._survivors], self.agent[self._survivors]
        self.weights = self.weights[self._survivors]
        if self.memory:
            self.memory.keep(self._survivors)
        self._arrive(self.cell[self._survivors])
