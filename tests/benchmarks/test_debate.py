"""Debate against the loop of a textbook, and the price of one call: ratios within one run, in processor time."""

from __future__ import annotations

import statistics
import time

import numpy as np
import pytest
from benchmarks.textbook_debate import textbook

from labkit.dialogue import Message, Reply
from labkit.mechanisms.debate import Urn, debate, simulate_beliefs

pytestmark = [pytest.mark.slow, pytest.mark.benchmark]

URN, QUESTIONS, ROUNDS = Urn(agents=7, rounds=5), 100_000, 7


@pytest.mark.benchmark(group="debate, 100,000 questions x 7 agents x 5 rounds x 4 options", timer=time.process_time)
def test_is_ten_times_as_fast_as_the_textbook(benchmark, capsys):
    spent = {"textbook": [], "labkit": []}

    def plain():
        spent["textbook"].append(seconds(textbook, URN, QUESTIONS, 0))

    def ours():
        spent["labkit"].append(seconds(simulate_beliefs, URN, rng=0, replicates=QUESTIONS))

    ours()
    spent["labkit"].clear()
    benchmark.pedantic(ours, setup=plain, rounds=ROUNDS)
    ratio = statistics.median(np.divide(spent["textbook"], spent["labkit"]).tolist())
    rounds = QUESTIONS * URN.rounds
    benchmark.extra_info |= {
        f"{name}: question-rounds per second": rounds / statistics.median(each) for name, each in spent.items()
    }
    benchmark.extra_info["times as fast as the textbook"] = ratio
    with capsys.disabled():
        print(*(f"\n{name}: {number:,.1f}" for name, number in benchmark.extra_info.items()))
    assert ratio >= 10


def test_agrees_with_the_textbook():
    truth, answers, vote = textbook(URN, 40_000, 1)
    run = simulate_beliefs(URN, rng=0, replicates=40_000)
    for ours, theirs in ((run.truth, truth), (run.answers == 0, answers == 0), (run.truth**2, truth**2)):
        np.testing.assert_allclose(ours.mean(axis=(0, 2)), theirs.mean(axis=(0, 2)), atol=0.012)
    np.testing.assert_allclose((run.vote == 0).mean(axis=0), (vote == 0).mean(axis=0), atol=0.12)


def test_a_call_costs_a_tenth_of_a_millisecond_at_most(capsys):
    said = Reply("Paris", "echo", 1, 1, source="scripted")

    def echo(messages, **_):
        return said

    def bare(calls):
        for _ in range(calls):
            echo([Message("user", "Q?")], seed=1)

    def debates(count):
        for number in range(count):
            debate([echo] * 4, "What is the capital of France?", 4, rng=number)

    spare = [(seconds(debates, 100) - seconds(bare, 1600)) / 1600 for _ in range(5)]
    with capsys.disabled():
        print(f"\nmilliseconds of processor time per call: {1000 * statistics.median(spare):.4f}")
    assert statistics.median(spare) <= 1e-4


def seconds(call, *arguments, **options):
    start = time.process_time()
    call(*arguments, **options)
    return time.process_time() - start
