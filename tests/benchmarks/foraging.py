"""The rule of `labkit.mechanisms.stigmergic_memory` as agents one by one follow it, whichever peer library holds them.

A library says how an agent finds the cells around it and moves (`reach`, `surroundings`, `has_company`, `go`) and how
time and chance are called (`model.steps`, `model.rng`); the rest is the same for Mesa and agentpy. The faults
(`corrupted`, `lost`), the learned interpretation and the plain random walk are left out.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from dataclasses import dataclass

READING = {"food_mark": 1.0, "danger_mark": -1.0, "social_mark": 0.2, "exploration_mark": -0.2}
"""The four layers of marks, and what a unit of each is worth to a reader."""
SLOTS = 8
STRONGEST = 2.0
FADED = 0.05


@dataclass(slots=True)
class Sight:
    """What a patch looked like when it was last seen."""

    full: bool
    step: int


class Rule:
    """How a forager looks, moves, eats, remembers and marks; a library's agent is mixed in."""

    def remember_nothing(self, cell):
        """Begin in a cell with an empty memory."""
        self.cell = self.goal = cell
        self.patches: dict[object, Sight] = {}
        self.dangers: dict[object, int] = {}
        self.trail: deque = deque(maxlen=SLOTS)
        self.ate = self.hurt = self.moved = False

    def step(self):
        self.choose()
        self.move()
        self.mark()

    def choose(self):
        """Find the best of the nine cells in reach."""
        model, world = self.model, self.model.world
        reach = self.reach()
        if world.memory:
            self.look(reach)
        scores = dict(zip(reach, model.rng.standard_normal(len(reach)).tolist(), strict=True))
        for cell in reach:
            if cell.food:
                scores[cell] += world.sight_weight
        if model.hazards_are_seen:
            for cell in reach:
                if cell.hazard:
                    scores[cell] -= world.sight_weight
        if world.traces:
            self.read(scores)
        if world.memory:
            self.recall(scores)
        self.goal = max(scores, key=scores.__getitem__)

    def look(self, reach):
        """Compare what is remembered with what is seen, and remember one new patch."""
        now, patches, unknown = self.model.steps, self.patches, None
        for cell in reach:
            if sight := patches.get(cell):
                sight.full, sight.step = bool(cell.food), now
            elif unknown is None and cell.food:
                unknown = cell
        if unknown:
            if len(patches) == SLOTS:
                del patches[min(patches, key=lambda cell: self.belief(patches[cell]))]
            patches[unknown] = Sight(full=True, step=now)

    def belief(self, sight):
        """Return the chance of finding food there."""
        world, age = self.model.world, self.model.steps - sight.step
        strength = world.food_retention**age
        return strength if sight.full else 0.8 * (1 - (1 - world.refill) ** age) * strength

    def read(self, scores):
        """Add what the marks on each cell are worth; praise of a patch known to be empty is ignored."""
        model, weight = self.model, self.model.world.trace_weight
        for cell in scores:
            for mark, value in READING.items():
                if strength := getattr(cell, mark):
                    scores[cell] += weight * value * strength * model.agreement(len(cell.signed[mark]))
        if model.checks_marks:
            for cell, sight in self.patches.items():
                if not sight.full and cell in scores:
                    scores[cell] -= weight * cell.food_mark * model.agreement(len(cell.signed["food_mark"]))

    def recall(self, scores):
        """Add the pull of the best remembered patch and the push of dangers and of the last cells."""
        model, world, now = self.model, self.model.world, self.model.steps
        best, target = 0.0, None
        for cell, sight in self.patches.items():
            value = self.belief(sight) / (1 + model.distance(self.cell, cell))
            if value > best:
                best, target = value, cell
        if target:
            pull, far = world.memory_weight * min(1, 3 * best), model.distance(self.cell, target)
            for cell in scores:
                scores[cell] += pull * (far - model.distance(cell, target))
        for cell, felt in self.dangers.items():
            if cell in scores:
                scores[cell] -= world.danger_weight * world.danger_retention ** (now - felt)
        for age, cell in enumerate(reversed(self.trail), start=1):
            if cell in scores:
                scores[cell] -= world.revisit_weight * world.exploration_retention**age

    def move(self):
        """Go there, eat, get hurt, and remember it."""
        self.moved = self.goal is not self.cell
        if self.moved:
            self.go(self.goal)
        cell = self.cell
        self.ate, self.hurt = bool(cell.food), self.moved and bool(cell.hazard)
        if self.ate:
            cell.food = False
            self.model.eaten += 1
        if self.hurt:
            self.model.entered += 1
        if self.model.world.memory:
            self.trail.append(cell)
            if self.hurt:
                if cell not in self.dangers and len(self.dangers) == SLOTS:
                    del self.dangers[min(self.dangers, key=self.dangers.__getitem__)]
                self.dangers[cell] = self.model.steps

    def mark(self):
        """Leave marks for what has happened."""
        if not self.model.world.traces:
            return
        if self.ate:
            for cell in self.surroundings():
                self.leave("food_mark", cell, 1 / (1 + self.model.distance(self.cell, cell)))
        if self.hurt:
            self.leave("danger_mark", self.cell, 1.0)
        if self.has_company():
            self.leave("social_mark", self.cell, 0.1)
        if self.moved:
            self.leave("exploration_mark", self.cell, 0.1)

    def leave(self, mark, cell, amount):
        """Leave one mark and sign it."""
        setattr(cell, mark, min(STRONGEST, getattr(cell, mark) + amount))
        signed = cell.signed[mark]
        if self in signed or len(signed) < SLOTS:
            signed[self] = until = self.model.steps + self.model.lifetime[mark]
            self.model.fading[until].append((cell, mark, self))


class Setting:
    """What the foragers share; a library's model is mixed in."""

    def prepare(self, world, all_at_once):
        """Take over what does not change, and what is counted."""
        self.world, self.all_at_once, self.eaten, self.entered = world, all_at_once, 0, 0
        self.hazards_are_seen = world.hazard_mode == "visible"
        self.checks_marks = world.memory and world.interpretation == "remembered"
        self.retention = dict(zip(READING, world.retentions().tolist(), strict=True))
        self.lifetime = {mark: math.ceil(math.log(FADED) / math.log(kept)) for mark, kept in self.retention.items()}
        self.fading: dict[int, list[tuple]] = defaultdict(list)

    def forget_signatures(self):
        """Forget who signed the marks that have faded by now."""
        for cell, mark, agent in self.fading.pop(self.steps, ()):
            # A mark that was renewed in between ends later.
            if cell.signed[mark].get(agent) == self.steps:
                del cell.signed[mark][agent]

    def distance(self, here, there):
        """Return the steps from one cell to another, diagonal ones too."""
        size, (row, column), (other_row, other_column) = self.world.size, here.coordinate, there.coordinate
        down, across = abs(row - other_row), abs(column - other_column)
        return max(min(down, size - down), min(across, size - across))

    def agreement(self, agents):
        """Return how many times stronger a mark reads that so many have signed."""
        return min(self.world.consensus_cap, 1 + self.world.consensus_gain * max(agents - 1, 0))
