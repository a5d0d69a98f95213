"""The world of `labkit.mechanisms.stigmergic_memory` as an agentpy model, by the same rule as the Mesa model.

Agents live in an `ap.Grid` and find each other through it. Cells are objects with a list of those in reach, made once,
since agentpy's grid knows the neighbours of an agent but not those of a cell.
"""

from __future__ import annotations

import agentpy as ap
from benchmarks.foraging import READING, Rule, Setting


class Ground:
    """A cell: food, hazard, marks, who has signed them, and which cells are near."""

    __slots__ = ("around", "coordinate", "food", "hazard", "near", "signed", *READING)

    def __init__(self, coordinate):
        self.coordinate, self.food, self.hazard = coordinate, False, False
        self.signed = {mark: {} for mark in READING}
        for mark in READING:
            setattr(self, mark, 0.0)


class Forager(Rule, ap.Agent):
    """An agent that looks for food, with a small memory and marks to read and leave."""

    def reach(self):
        return self.cell.near

    def surroundings(self):
        return self.cell.around

    def has_company(self):
        return any(True for _ in self.model.grid.neighbors(self))

    def go(self, cell):
        self.model.grid.move_to(self, cell.coordinate)
        self.cell = cell


class Foraging(Setting, ap.Model):
    """A torus with food, hazards and foragers, activated one by one in random order, or all at once."""

    @property
    def steps(self):
        return self.t

    @property
    def rng(self):
        return self.nprandom

    def setup(self):
        world = self.p.world
        self.prepare(world, self.p.all_at_once)
        self.ground = {
            (row, column): Ground((row, column)) for row in range(world.size) for column in range(world.size)
        }
        for cell in self.ground.values():
            cell.near, cell.around = self.square(cell, 1), self.square(cell, 2)
        self.lay_out()
        self.grid = ap.Grid(self, (world.size, world.size), torus=True, check_border=False)
        self.agents = ap.AgentList(self, world.agents, Forager)
        starts = self.random.choices(list(self.ground), k=world.agents)
        self.grid.add_agents(self.agents, positions=starts)
        for agent, start in zip(self.agents, starts, strict=True):
            agent.remember_nothing(self.ground[start])

    def square(self, cell, radius):
        """Return the cells at most that many steps away."""
        size, (row, column) = self.world.size, cell.coordinate
        steps = range(-radius, radius + 1)
        return [self.ground[(row + down) % size, (column + across) % size] for down in steps for across in steps]

    def lay_out(self):
        """Lay out food and hazards on different cells."""
        world, cells = self.world, list(self.ground.values())
        patches, hazards = (round(share * world.cells) for share in (world.patch_fraction, world.hazard_fraction))
        order = self.rng.permutation(world.cells).tolist()
        self.patches = [cells[place] for place in order[:patches]]
        for cell in self.patches:
            cell.food = True
        for place in order[patches : patches + hazards]:
            cells[place].hazard = True

    def step(self):
        for cell in self.patches:
            cell.food = cell.food or self.random.random() < self.world.refill
        if self.all_at_once:
            self.agents.choose()
            self.agents.shuffle().move()
            self.fade()
            self.agents.mark()
        else:
            self.fade()
            self.agents.shuffle().step()

    def fade(self):
        """Let every mark lose its share, and forget who signed what has faded."""
        if not self.world.traces:
            return
        kept = self.retention
        food, danger, social, exploration = (kept[mark] for mark in READING)
        for cell in self.ground.values():
            cell.food_mark *= food
            cell.danger_mark *= danger
            cell.social_mark *= social
            cell.exploration_mark *= exploration
        self.forget_signatures()


def foraging(world, seed, all_at_once=False):
    """Return a model that is laid out and ready: `sim_step` advances it."""
    model = Foraging({"world": world, "all_at_once": all_at_once})
    model.sim_setup(steps=world.steps, seed=seed)
    return model
