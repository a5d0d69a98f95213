"""The stigmergic world against the same world in Mesa: how much faster it is, and whether the two agree.

`make test-slow` runs this; `make bench` measures more, next to more peers. Rates are compared within one run, turn by
turn, in processor time, so that neither the machine nor what else it does decides.
"""

from __future__ import annotations

import statistics
import time

import numpy as np
import pytest

from labkit.mechanisms.stigmergic_memory import ARMS, World, simulate
from labkit.stats import welch

pytestmark = [pytest.mark.slow, pytest.mark.benchmark]

CROWD = World(size=50, density=0.2, steps=50)
REPLICATES, ROUNDS = 20, 5
SMALL = World(size=15, density=0.1, steps=100, hazard_mode="hidden")
SEEDS = range(200)


@pytest.fixture(scope="module")
def peer():
    pytest.importorskip("mesa", reason="Mesa is not installed: pip install 'mesa>=3.2,<4'")
    from benchmarks import mesa_stigmergy

    return mesa_stigmergy


@pytest.mark.benchmark(group="stigmergic memory, 50 x 50, 500 agents, 20 replicates", timer=time.process_time)
def test_is_fifty_times_as_fast_as_mesa(benchmark, peer, capsys):
    models = {"idiomatic": peer.Foraging(CROWD, 0), "tuned": peer.Tuned(CROWD, 0)}
    rates = {name: [] for name in ("labkit", *models)}

    def run_mesa():
        steps = CROWD.steps // ROUNDS
        for name, model in models.items():
            rates[name].append(CROWD.agents * steps / seconds(advance, model, steps))

    def run_labkit():
        spent = seconds(simulate, CROWD, rng=0, replicates=REPLICATES)
        rates["labkit"].append(REPLICATES * CROWD.agents * CROWD.steps / spent)

    benchmark.pedantic(run_labkit, setup=run_mesa, rounds=ROUNDS)
    ratios = {name: statistics.median(np.divide(rates["labkit"], rates[name]).tolist()) for name in models}
    benchmark.extra_info |= {f"{name}: agent-steps per second": statistics.median(rates[name]) for name in rates}
    benchmark.extra_info |= {f"times as fast as Mesa, {name}": ratio for name, ratio in ratios.items()}
    with capsys.disabled():
        print(*(f"\n{name}: {number:,.0f}" for name, number in benchmark.extra_info.items()))
    assert ratios["idiomatic"] >= 50


def test_tuning_mesa_changes_nothing_but_the_speed(peer):
    plain, tuned = peer.Foraging(SMALL, 3), peer.Tuned(SMALL, 3)
    for _ in range(SMALL.steps):
        plain.step()
        tuned.step()
        assert [agent.cell.coordinate for agent in plain.agents] == [agent.cell.coordinate for agent in tuned.agents]
    assert (plain.eaten, plain.entered) == (tuned.eaten, tuned.entered)


@pytest.mark.parametrize("arm", ["neither", "memory", "traces", "both"])
def test_agrees_with_mesa_where_all_move_at_once(peer, arm):
    for difference in compared(peer, arm, all_at_once=True).values():
        assert difference.p_value > 0.001
        assert difference.difference.high - difference.difference.low < 0.3


@pytest.mark.parametrize("arm", ["neither", "memory", "traces", "both"])
def test_is_near_mesa_where_agents_move_one_by_one(peer, arm):
    # Over 600 runs the order of activation makes 10 % more hazards with memory (all who look at once remember a patch
    # that only one of them can eat, and come back to it) and 7 % fewer with traces (marks are read as they are left).
    differences = compared(peer, arm, all_at_once=False)
    assert abs(differences["food"].difference.value) < 0.1
    assert abs(differences["hazards"].difference.value) < 0.3


def compared(peer, arm, all_at_once):
    """Food and hazards per agent in Mesa, minus those in labkit, as shares of labkit's."""
    world = SMALL.replace(**ARMS[arm])
    mesa = np.array([mesa_run(peer, world, seed, all_at_once) for seed in SEEDS]) / world.agents
    run = simulate(world, rng=0, replicates=5 * len(SEEDS))
    return {"food": relative(mesa[:, 0], run.food), "hazards": relative(mesa[:, 1], run.hazards)}


def mesa_run(peer, world, seed, all_at_once):
    model = peer.Tuned(world, seed, all_at_once)
    advance(model, world.steps)
    peer.forget_neighborhoods()
    return model.eaten, model.entered


def relative(theirs, ours):
    scale = ours.mean()
    figures = [(sample.mean() / scale, sample.std(ddof=1) / scale, sample.size) for sample in (theirs, ours)]
    return welch(*figures[0], *figures[1])


def advance(model, steps):
    for _ in range(steps):
        model.step()


def seconds(call, *arguments, **options):
    start = time.process_time()
    call(*arguments, **options)
    return time.process_time() - start
