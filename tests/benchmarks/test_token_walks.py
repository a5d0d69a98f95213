"""Many walks at once against a plain loop over one: the ratio within one run, in processor time."""

from __future__ import annotations

import statistics
import time

import numpy as np
import pytest
from plain_token_walks import walk as plain_walk

from labkit.mechanisms.token_walks import World, objective_of, simulate
from labkit.seeds import streams

pytestmark = [pytest.mark.slow, pytest.mark.benchmark]

ROUNDS, WALKS, STEPS = 5, 300, 2000
WORLDS = {
    "8 nodes": World(graph="eight", alpha=5.0, a=0.6, steps=STEPS),
    "karate club": World(graph="karate", alpha=5.0, a=0.6, steps=STEPS),
}


@pytest.mark.parametrize("name", WORLDS)
@pytest.mark.benchmark(group="token walks, 300 walks", timer=time.process_time)
def test_is_ten_times_as_fast_as_a_plain_loop(benchmark, capsys, name):
    world = WORLDS[name]
    run = simulate(world, rng=0)
    given = run.chain.graph.edges.tolist(), run.chain.target.tolist(), objective_of(world).values.tolist()
    luck = (1 - streams(0, 1, ("steps",))["steps"][0].random(STEPS)).tolist()
    rule = {"alpha": world.alpha, "a": world.a, "b": world.b, "offset": world.offset}
    rates = {"plain": [], "labkit": []}

    def plain():
        rates["plain"].append(STEPS / seconds(plain_walk, *given, luck, **rule))

    def ours():
        rates["labkit"].append(WALKS * STEPS / seconds(simulate, world, rng=0, replicates=WALKS))

    benchmark.pedantic(ours, setup=plain, rounds=ROUNDS)
    ratio = statistics.median(np.divide(rates["labkit"], rates["plain"]).tolist())
    benchmark.extra_info |= {f"{each}: steps per second": statistics.median(rates[each]) for each in rates}
    benchmark.extra_info["times as fast as a plain loop"] = ratio
    with capsys.disabled():
        print(*(f"\n{name}, {each}: {number:,.0f}" for each, number in benchmark.extra_info.items()))
    assert ratio >= 10


def seconds(call, *arguments, **options):
    start = time.process_time()
    call(*arguments, **options)
    return time.process_time() - start
