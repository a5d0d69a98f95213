"""The world of `labkit.mechanisms.stigmergic_memory` as a Mesa model: the peer it is measured against.

The rule is the same in all but the order of activation. Mesa activates agents one by one in random order:
each looks, moves, eats, gets hurt, remembers and marks before the next one looks, and so sees what the
earlier ones of the same step have eaten and left. In labkit all look, then all move, then all mark; with
`all_at_once` Mesa does the same in stages, which tells what the order makes from what the code makes.

`Foraging` is written as a Mesa user would: properties of cells, agents with lists and dictionaries, the rule as
formulas. `Tuned` does the same, bit by bit, with the costliest formulas as tables and the layers' arrays read
directly. The faults (`corrupted`, `lost`), the learned interpretation and the plain random walk are left out.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from dataclasses import dataclass

import numpy as np
from mesa import Model
from mesa.discrete_space import Cell, CellAgent, OrthogonalMooreGrid, PropertyLayer

from labkit.mechanisms.stigmergic_memory import World

READING = {"food_mark": 1.0, "danger_mark": -1.0, "social_mark": 0.2, "exploration_mark": -0.2}
"""The four layers of marks, and what a unit of each is worth to a reader."""
SLOTS = 8
STRONGEST = 2.0
FADED = 0.05


class Ground(Cell):
    """A cell that knows who has signed its marks, and until when that counts."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.signed: dict[str, dict[Forager, int]] = {mark: {} for mark in READING}


@dataclass(slots=True)
class Sight:
    """What a patch looked like when it was last seen."""

    full: bool
    step: int


class Forager(CellAgent):
    """An agent that looks for food, with a small memory and marks to read and leave."""

    def __init__(self, model, cell):
        super().__init__(model)
        self.cell = cell
        self.patches: dict[Ground, Sight] = {}
        self.dangers: dict[Ground, int] = {}
        self.trail: deque[Ground] = deque(maxlen=SLOTS)
        self.goal = cell
        self.ate = self.hurt = self.moved = False

    def step(self):
        self.choose()
        self.move()
        self.mark()

    def choose(self):
        """Find the best of the nine cells in reach."""
        model, world = self.model, self.model.world
        reach = self.cell.get_neighborhood(include_center=True).cells
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
            self.move_to(self.goal)
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
            for cell in self.cell.get_neighborhood(radius=2, include_center=True):
                self.leave("food_mark", cell, 1 / (1 + self.model.distance(self.cell, cell)))
        if self.hurt:
            self.leave("danger_mark", self.cell, 1.0)
        if any(agent is not self for agent in self.cell.get_neighborhood(include_center=True).agents):
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


class Foraging(Model):
    """A torus with food, hazards and foragers, activated one by one in random order, or all at once."""

    forager = Forager

    def __init__(self, world: World, seed: int, all_at_once: bool = False):
        super().__init__(rng=seed)
        self.world, self.all_at_once, self.eaten, self.entered = world, all_at_once, 0, 0
        self.hazards_are_seen = world.hazard_mode == "visible"
        self.checks_marks = world.memory and world.interpretation == "remembered"
        self.retention = dict(zip(READING, world.retentions().tolist(), strict=True))
        self.lifetime = {mark: math.ceil(math.log(FADED) / math.log(kept)) for mark, kept in self.retention.items()}
        self.fading: dict[int, list[tuple[Ground, str, Forager]]] = defaultdict(list)
        self.grid = OrthogonalMooreGrid((world.size, world.size), torus=True, random=self.random, cell_klass=Ground)
        self.lay_out()
        self.forager.create_agents(self, world.agents, self.random.choices(self.grid.all_cells.cells, k=world.agents))

    def lay_out(self):
        """Create the layers; food and hazards stand on different cells."""
        world, shape = self.world, (self.world.size, self.world.size)
        patches, hazards = (round(share * world.cells) for share in (world.patch_fraction, world.hazard_fraction))
        order = self.rng.permutation(world.cells)
        self.patches = np.zeros(shape, dtype=bool)
        self.patches.flat[order[:patches]] = True
        hurts = np.zeros(shape, dtype=bool)
        hurts.flat[order[patches : patches + hazards]] = True
        self.grid.add_property_layer(PropertyLayer.from_data("food", self.patches))
        self.grid.add_property_layer(PropertyLayer.from_data("hazard", hurts))
        for mark in READING:
            self.grid.create_property_layer(mark, default_value=0.0)

    def step(self):
        self.regrow()
        if self.all_at_once:
            self.agents.do("choose")
            self.agents.shuffle_do("move")
            self.fade()
            self.agents.do("mark")
        else:
            self.fade()
            self.agents.shuffle_do("step")

    def regrow(self):
        """Let empty patches grow again."""
        self.grid.food.data |= self.patches & (self.rng.random(self.patches.shape) < self.world.refill)

    def fade(self):
        """Let every mark lose its share, and forget who signed what has faded."""
        if not self.world.traces:
            return
        for mark, kept in self.retention.items():
            getattr(self.grid, mark).data *= kept
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


class TunedForager(Forager):
    """The same forager with what costs most looked up: its beliefs, and the marks in the arrays of the layers."""

    def belief(self, sight):
        return self.model.beliefs[sight.full][self.model.steps - sight.step]

    def read(self, scores):
        model, weight = self.model, self.model.world.trace_weight
        agreements, layers = model.agreements, model.layers
        for cell in scores:
            here, signed, worth = cell.coordinate, cell.signed, 0.0
            for mark, data in layers:
                if strength := data.item(here):
                    worth += READING[mark] * strength * agreements[len(signed[mark])]
            scores[cell] += weight * worth
        if model.checks_marks:
            for cell, sight in self.patches.items():
                if not sight.full and cell in scores:
                    scores[cell] -= weight * cell.food_mark * agreements[len(cell.signed["food_mark"])]


class Tuned(Foraging):
    """The same model with tables for distance, agreement and belief."""

    forager = TunedForager

    def __init__(self, world: World, seed: int, all_at_once: bool = False):
        self.gap = [min(apart, world.size - apart) for apart in range(world.size)]
        super().__init__(world, seed, all_at_once)
        self.agreements = [self.agreement(agents) for agents in range(SLOTS + 1)]
        self.layers = [(mark, getattr(self.grid, mark).data) for mark in READING]
        full = [world.food_retention**age for age in range(world.steps + 1)]
        empty = [0.8 * (1 - (1 - world.refill) ** age) * kept for age, kept in enumerate(full)]
        self.beliefs = {True: full, False: empty}

    def distance(self, here, there):
        (row, column), (other_row, other_column) = here.coordinate, there.coordinate
        down, across = self.gap[abs(row - other_row)], self.gap[abs(column - other_column)]
        return down if down > across else across


def forget_neighborhoods():
    """Let go of the cells of earlier models, which Mesa's caches would keep for good."""
    Cell.get_neighborhood.cache_clear()
    Cell._neighborhood.cache_clear()
