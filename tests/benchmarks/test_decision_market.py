"""The inner loop of a decision market against the same loop written plainly: a ratio within one run."""

from __future__ import annotations

import statistics
import time

import numpy as np
import plain_decision_market as plain
import pytest

from labkit.mechanisms.decision_market import Market, Traders
from labkit.mechanisms.decision_market._urns import Urns

pytestmark = [pytest.mark.slow, pytest.mark.benchmark]

MARKET, STEPS, ROUNDS = Market(batch=512), 100, 5


def a_batch(seed):
    rng = np.random.default_rng(seed)
    episodes = Urns(MARKET).draw(rng, MARKET.batch)
    return episodes, rng.standard_normal((MARKET.agents, MARKET.batch, MARKET.actions)), rng.random(MARKET.batch)


@pytest.mark.benchmark(group="a step of learning, 2 agents x 512 episodes x 2 actions", timer=time.process_time)
def test_is_thirty_times_as_fast_as_a_plain_loop(benchmark, capsys):
    batches = [a_batch(seed) for seed in range(STEPS)]
    traders = Traders(Urns(MARKET), MARKET)
    spent = {"plain loop": [], "labkit": []}

    def loop():
        start = time.process_time()
        weights, guess = traders.weights.tolist(), traders.guess.tolist()
        weights, guess = plain.step(weights, guess, *batches[0], MARKET)
        spent["plain loop"].append(time.process_time() - start)

    def ours():
        start = time.process_time()
        for episodes, noise, luck in batches:
            traders.learn(traders.report(episodes, range(MARKET.agents), noise), episodes, luck)
        spent["labkit"].append((time.process_time() - start) / STEPS)

    ours()
    spent["labkit"].clear()
    benchmark.pedantic(ours, setup=loop, rounds=ROUNDS)
    ratio = statistics.median(np.divide(spent["plain loop"], spent["labkit"]).tolist())
    benchmark.extra_info |= {
        f"{name}: episodes per second": MARKET.batch / statistics.median(each) for name, each in spent.items()
    }
    benchmark.extra_info["times as fast as a plain loop"] = ratio
    with capsys.disabled():
        print(*(f"\n{name}: {number:,.1f}" for name, number in benchmark.extra_info.items()))
    assert ratio >= 30


def test_both_end_up_at_the_same_weights():
    traders = Traders(Urns(MARKET), MARKET)
    weights, guess = traders.weights.tolist(), traders.guess.tolist()
    for seed in range(20):
        episodes, noise, luck = a_batch(seed)
        weights, guess = plain.step(weights, guess, episodes, noise, luck, MARKET)
        traders.learn(traders.report(episodes, range(MARKET.agents), noise), episodes, luck)
    np.testing.assert_allclose(traders.weights, weights, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(traders.guess, guess, rtol=1e-9, atol=1e-11)
