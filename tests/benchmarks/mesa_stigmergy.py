"""The world of `labkit.mechanisms.stigmergic_memory` as a Mesa model: the peer it is measured against.

The rule is the same in all but the order of activation. Mesa activates agents one by one in random order:
each looks, moves, eats, gets hurt, remembers and marks before the next one looks, and so sees what the
earlier ones of the same step have eaten and left. In labkit all look, then all move, then all mark; with
`all_at_once` Mesa does the same in stages, which tells what the order makes from what the code makes.

`Foraging` is written as a Mesa user would: properties of cells, agents with lists and dictionaries, the rule as
formulas. `Tuned` does the same, bit by bit, with the costliest formulas as tables and the layers' arrays read
directly.
"""

from __future__ import annotations

import numpy as np
from benchmarks.foraging import READING, SLOTS, Rule, Setting
from mesa import Model
from mesa.discrete_space import Cell, CellAgent, OrthogonalMooreGrid, PropertyLayer

from labkit.mechanisms.stigmergic_memory import World


class Ground(Cell):
    """A cell that knows who has signed its marks, and until when that counts."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.signed: dict[str, dict[Forager, int]] = {mark: {} for mark in READING}


class Forager(Rule, CellAgent):
    """An agent that looks for food, with a small memory and marks to read and leave."""

    def __init__(self, model, cell):
        super().__init__(model)
        self.remember_nothing(cell)

    def reach(self):
        return self.cell.get_neighborhood(include_center=True).cells

    def surroundings(self):
        return self.cell.get_neighborhood(radius=2, include_center=True)

    def has_company(self):
        return any(agent is not self for agent in self.cell.get_neighborhood(include_center=True).agents)

    def go(self, cell):
        self.move_to(cell)


class Foraging(Setting, Model):
    """A torus with food, hazards and foragers, activated one by one in random order, or all at once."""

    forager = Forager

    def __init__(self, world: World, seed: int, all_at_once: bool = False):
        super().__init__(rng=seed)
        self.prepare(world, all_at_once)
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
        self.forget_signatures()


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
