"""Beliefs in a debate: labkit against the loop of a textbook, on the same random numbers."""

from __future__ import annotations

import time

import numpy as np
import pytest
from benchmarks.measure import OURS, available, growth, in_turn
from benchmarks.textbook_debate import textbook

from labkit.mechanisms.debate import Urn, simulate_beliefs
from labkit.seeds import streams

MECHANISM = "Debate, beliefs"
URN, BLOCK, BLOCKS = Urn(agents=7, rounds=5), 4096, 8


def the_same_luck():
    """Return the uniform numbers that labkit draws for `BLOCKS` blocks; shape (rounds + 1, agents, questions)."""
    draws = streams(0, BLOCKS, ("answers", "following"))["answers"]
    return np.concatenate(
        [draw.random((URN.rounds + 1, URN.agents, BLOCK), dtype=np.float32) for draw in draws], axis=-1
    )


def compiled():
    from benchmarks.compiled import debate

    return lambda luck: debate(np.asarray(URN.prior), luck)


def differing(peer, luck):
    """Return the share of all answers that differ where both read the same random numbers (votes break ties apart)."""
    ours = simulate_beliefs(URN, rng=0, replicates=BLOCK * BLOCKS)
    return float((ours.answers != peer(luck)[1]).mean())


@pytest.mark.parametrize("questions", [1_000, 100_000])
@pytest.mark.benchmark(group=MECHANISM, timer=time.process_time)
def test_beliefs(benchmark, questions):
    rng, shape = np.random.default_rng(0), (URN.rounds + 1, URN.agents, questions)
    buffer, limit = np.empty(shape, np.float32), "drawing the random numbers alone"
    built, missing = available({"numba loop": compiled})
    given = {"textbook loop": lambda luck: textbook(URN, luck.shape[-1], 0, luck), **built}
    same = the_same_luck()
    apart = {name: differing(peer, same) for name, peer in given.items()}
    calls = {
        OURS: lambda: simulate_beliefs(URN, rng=0, replicates=questions),
        limit: lambda: rng.random(out=buffer, dtype=np.float32),
        "textbook loop": lambda: textbook(URN, questions, 0),
    } | {name: (lambda peer=peer: peer(rng.random(shape, dtype=np.float32))) for name, peer in built.items()}
    benchmark.extra_info["comparison"] = in_turn(benchmark, calls, rounds=11) | {
        "mechanism": MECHANISM,
        "work": f"{questions:,} questions, {URN.agents} agents, {URN.rounds} rounds, {URN.options} options",
        "unit": "run",
        "limit": limit,
        "checks": {
            name: f"same random numbers: {1 - share:.4%} of {same.size:,} answers equal"
            for name, share in apart.items()
        },
        "missing": missing,
    }
    assert max(apart.values()) < 1e-4


@pytest.mark.benchmark(group="growth", timer=time.process_time)
def test_growth(benchmark):
    sizes = [1_000, 4_000, 16_000, 64_000, 250_000, 1_000_000]
    spent = growth(benchmark, lambda size: lambda: simulate_beliefs(URN, rng=0, replicates=size), sizes)
    benchmark.extra_info["growth"] = {
        "mechanism": MECHANISM,
        "variable": "questions",
        "expected": 1,
        "sizes": sizes,
        "seconds": spent,
    }
