"""The stigmergic world once more, one agent at a time, with dictionaries and sets: slow, plain, independent.

It reads the same random numbers as the vectorised model and must do exactly the same.
"""

from __future__ import annotations

import math

from labkit.mechanisms.stigmergic_memory import World
from labkit.mechanisms.stigmergic_memory._draws import Draws

READING = {"food": 1, "danger": -1, "social": 0.2, "exploration": -0.2}


class PlainAgent:
    def __init__(self, name: int, place: tuple[int, int]) -> None:
        self.name, self.place = name, place
        self.patches: list[dict] = []
        self.dangers: dict[tuple[int, int], int] = {}
        self.trail: list[tuple[int, int]] = []


def run(world: World, seed: int) -> dict[str, list]:
    """Return where the agents were at every step, and what they ate and entered in all."""
    size, draws = world.size, Draws(world, seed, 1)
    order = [divmod(int(cell), size) for cell in draws.order[0]]
    patches = order[: round(world.patch_fraction * world.cells)]
    hazards = set(order[len(patches) : len(patches) + round(world.hazard_fraction * world.cells)])
    food = set(patches)
    agents = [PlainAgent(name, divmod(int(cell), size)) for name, cell in enumerate(draws.start)]
    marks = {layer: {} for layer in READING}
    signed = {layer: {} for layer in READING}
    places, eaten, entered = [[agent.place for agent in agents]], 0, 0
    for step in range(1, world.steps + 1):
        for patch, chance in zip(patches, draws.regrowth(step, len(patches))[0], strict=True):
            if patch not in food and chance < world.refill:
                food.add(patch)
        tastes, priority = draws.taste(step, world.agents), draws.priority(step, world.agents)
        astray = draws.falsification(step, world.agents)
        goals = [choose(world, agent, step, food, hazards, marks, signed, tastes[agent.name]) for agent in agents]
        stayed = {agent.name: goal == agent.place for agent, goal in zip(agents, goals, strict=True)}
        for agent, goal in zip(agents, goals, strict=True):
            agent.place = goal
        ate = {
            max((a for a in agents if a.place == cell), key=lambda a: priority[a.name]).name
            for cell in food & {agent.place for agent in agents}
        }
        food -= {agent.place for agent in agents}
        hurt = {agent.name for agent in agents if agent.place in hazards and not stayed[agent.name]}
        eaten, entered = eaten + len(ate), entered + len(hurt)
        for agent in agents:
            if agent.name in hurt:
                if agent.place not in agent.dangers and len(agent.dangers) == 8:
                    del agent.dangers[min(agent.dangers, key=agent.dangers.get)]
                agent.dangers[agent.place] = step
            agent.trail = [*agent.trail, agent.place][-8:]
        if world.traces and not world.walk:
            fade(world, step, marks, signed)
            for agent in agents:
                chance, anywhere = astray[agent.name]
                place = divmod(int(anywhere * world.cells), size) if chance < world.corrupted else agent.place
                if agent.name in ate:
                    for down in range(-2, 3):
                        for across in range(-2, 3):
                            cell = ((place[0] + down) % size, (place[1] + across) % size)
                            leave(
                                world, step, "food", cell, agent, 1 / (1 + max(abs(down), abs(across))), marks, signed
                            )
                if agent.name in hurt:
                    leave(world, step, "danger", place, agent, 1.0, marks, signed)
                if any(other is not agent and distance(size, other.place, agent.place) <= 1 for other in agents):
                    leave(world, step, "social", place, agent, 0.1, marks, signed)
                if not stayed[agent.name]:
                    leave(world, step, "exploration", place, agent, 0.1, marks, signed)
            for layer in marks.values():
                for cell in layer:
                    layer[cell] = min(2.0, layer[cell])
        if world.lost and step == world.steps // 2:
            agents = agents[: len(agents) - round(world.lost * world.agents)]
        places.append([agent.place for agent in agents])
    return {"places": places, "eaten": eaten, "entered": entered}


def choose(world, agent, step, food, hazards, marks, signed, tastes):
    size, (row, column) = world.size, agent.place
    reach = [((row + down) % size, (column + across) % size) for down in (-1, 0, 1) for across in (-1, 0, 1)]
    if world.walk:
        return reach[int(tastes.argmax())]
    if world.memory:
        look(world, agent, step, reach, food)
    goal = best_patch(world, agent, step) if world.memory else None
    scores = []
    for cell, taste in zip(reach, tastes, strict=True):
        score = taste + world.sight_weight * (cell in food)
        if world.hazard_mode == "visible":
            score -= world.sight_weight * (cell in hazards)
        if world.traces:
            for layer, worth in READING.items():
                stale = (
                    layer == "food"
                    and world.interpretation == "remembered"
                    and any(patch["cell"] == cell and not patch["full"] for patch in agent.patches)
                )
                if not stale:
                    score += world.trace_weight * worth * perceived(world, layer, cell, marks, signed)
        if goal:
            cell_of_goal, value = goal
            saved = distance(size, agent.place, cell_of_goal) - distance(size, cell, cell_of_goal)
            score += world.memory_weight * min(1, 3 * value) * saved
        if world.memory:
            if cell in agent.dangers:
                score -= world.danger_weight * world.danger_retention ** (step - agent.dangers[cell])
            for age, visited in enumerate(reversed(agent.trail), start=1):
                score -= world.revisit_weight * world.exploration_retention**age * (visited == cell)
        scores.append(score)
    return reach[max(range(9), key=scores.__getitem__)]


def look(world, agent, step, reach, food):
    for patch in agent.patches:
        if patch["cell"] in reach:
            patch.update(full=patch["cell"] in food, seen=step)
    for cell in reach:
        if cell in food and all(patch["cell"] != cell for patch in agent.patches):
            entry = {"cell": cell, "full": True, "seen": step}
            if len(agent.patches) < 8:
                agent.patches.append(entry)
            else:
                weakest = min(range(8), key=lambda i: belief(world, agent.patches[i], step))
                agent.patches[weakest] = entry
            return


def belief(world, patch, step):
    age = step - patch["seen"]
    strength = world.food_retention**age
    return strength if patch["full"] else 0.8 * (1 - (1 - world.refill) ** age) * strength


def best_patch(world, agent, step):
    valued = [
        (belief(world, patch, step) / (1 + distance(world.size, agent.place, patch["cell"])), patch["cell"])
        for patch in agent.patches
    ]
    if not valued:
        return None
    value, cell = max(valued, key=lambda pair: pair[0])
    return cell, value


def perceived(world, layer, cell, marks, signed):
    agreed = len(signed[layer].get(cell, {}))
    return marks[layer].get(cell, 0) * min(world.consensus_cap, 1 + world.consensus_gain * max(agreed - 1, 0))


def fade(world, step, marks, signed):
    for layer, retention in zip(READING, world.retentions(), strict=True):
        for cell in marks[layer]:
            marks[layer][cell] *= retention
        for who in signed[layer].values():
            for name in [name for name, until in who.items() if until == step]:
                del who[name]


def leave(world, step, layer, cell, agent, amount, marks, signed):
    retention = dict(zip(READING, world.retentions(), strict=True))[layer]
    marks[layer][cell] = marks[layer].get(cell, 0) + amount
    who = signed[layer].setdefault(cell, {})
    if agent.name in who or len(who) < 8:
        who[agent.name] = step + math.ceil(math.log(0.05) / math.log(retention))


def distance(size, a, b):
    down, across = abs(a[0] - b[0]), abs(a[1] - b[1])
    return max(min(down, size - down), min(across, size - across))
