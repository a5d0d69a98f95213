"""The stigmergic world: labkit, Mesa as its users write it and tuned, and agentpy."""

from __future__ import annotations

import time
from importlib import import_module

import numpy as np
import pytest
from benchmarks.measure import OURS, available, growth, in_turn

from labkit.mechanisms.stigmergic_memory import World, simulate
from labkit.stats import welch

MECHANISM = "Stigmergic world"
CROWD, REPLICATES, WARM, AT_ONCE, LONG = World(size=50, density=0.2, steps=50), 20, 20, 5, 2000
SMALL, SEEDS = World(size=15, density=0.1, steps=100, hazard_mode="hidden"), 80
SIDES = (6, 12, 25, 50, 100, 200)
DRAWN = 9
"""Normal numbers that an agent needs for one step."""


def mesa(kind):
    module = import_module("benchmarks.mesa_stigmergy")

    def make(world, seed, all_at_once=False):
        module.forget_neighborhoods()
        model = getattr(module, kind)(world, seed, all_at_once)
        return model, model.step

    return make


def agentpy():
    module = import_module("benchmarks.agentpy_stigmergy")

    def make(world, seed, all_at_once=False):
        model = module.foraging(world, seed, all_at_once)
        return model, model.sim_step

    return make


PEERS = {
    "Mesa, idiomatic": lambda: mesa("Foraging"),
    "Mesa, tuned": lambda: mesa("Tuned"),
    "agentpy": agentpy,
}


def agreement(make):
    """Return p-values of food and hazards per agent, the peer's agents moving all at once as labkit's do."""
    counts = []
    for seed in range(SEEDS):
        model, step = make(SMALL, seed, all_at_once=True)
        for _ in range(SMALL.steps):
            step()
        counts.append((model.eaten, model.entered))
    theirs = np.array(counts) / SMALL.agents
    run = simulate(SMALL, rng=0, replicates=10 * SEEDS)
    figures = [(sample.mean(), sample.std(ddof=1), sample.size) for sample in (*theirs.T, run.food, run.hazards)]
    return [welch(*figures[which], *figures[which + 2]).p_value for which in (0, 1)]


def same_walk(one, other):
    """Return whether two peers' agents eat and get hurt exactly alike, step by step, from one seed."""
    (first, step), (second, also) = (make(SMALL, 3) for make in (one, other))
    for _ in range(SMALL.steps):
        step(), also()
        if (first.eaten, first.entered) != (second.eaten, second.entered):
            return False
    return True


def running(make):
    """Return a call that advances a crowd by some steps; it is warm: marks lie on the ground, memories are full."""
    _, step = make(CROWD.replace(steps=LONG), 0)
    for _ in range(WARM):
        step()

    def advance():
        for _ in range(AT_ONCE):
            step()

    return advance


@pytest.mark.benchmark(group=MECHANISM, timer=time.process_time)
def test_crowd(benchmark):
    makes, missing = available(PEERS)
    found = {name: agreement(make) for name, make in makes.items() if name != "Mesa, idiomatic"}
    checks = {
        name: f"food and hazards of {SEEDS} runs agree (p = {food:.2f}, {hazards:.2f})"
        for name, (food, hazards) in found.items()
    }
    alike = True
    if "Mesa, tuned" in makes:
        alike = same_walk(makes["Mesa, idiomatic"], makes["Mesa, tuned"])
        checks["Mesa, idiomatic"] = "step by step the same run as Mesa, tuned" if alike else "differs from Mesa, tuned"
    rng, limit, agents = np.random.default_rng(0), "drawing the normal numbers alone", CROWD.agents
    drawn = np.empty((REPLICATES, agents, DRAWN))
    calls = {
        OURS: lambda: simulate(CROWD, rng=0, replicates=REPLICATES),
        "labkit, one world": lambda: simulate(CROWD, rng=0),
        limit: lambda: rng.standard_normal(out=drawn),
    } | {name: running(make) for name, make in makes.items()}
    units = dict.fromkeys(makes, agents * AT_ONCE) | {
        OURS: REPLICATES * agents * CROWD.steps,
        "labkit, one world": agents * CROWD.steps,
        limit: REPLICATES * agents,
    }
    benchmark.extra_info["comparison"] = in_turn(benchmark, calls, rounds=11, units=units) | {
        "mechanism": MECHANISM,
        "work": f"{CROWD.size} x {CROWD.size} cells, {agents} agents, {REPLICATES} worlds side by side",
        "unit": "agent and step",
        "limit": limit,
        "checks": checks,
        "missing": missing,
    }
    assert alike
    assert all(min(chances) > 0.001 for chances in found.values())


@pytest.mark.benchmark(group="growth", timer=time.process_time)
def test_growth(benchmark):
    worlds = {world.agents: world for world in (World(size=side, density=0.5, steps=20) for side in SIDES)}
    spent = growth(benchmark, lambda agents: lambda: simulate(worlds[agents], rng=0), list(worlds))
    benchmark.extra_info["growth"] = {
        "mechanism": MECHANISM,
        "variable": "agents in one world",
        "expected": 1,
        "sizes": list(worlds),
        "seconds": spent,
    }
