"""How everything here is timed: all sides in turn within one run, so that the machine's moods are shared.

In each round every side runs once, in an order that is drawn anew, in processor time and on the wall clock. A short
call is repeated until a sample takes 20 ms. What is compared is always a pair from one round. pytest-benchmark runs
the rounds and writes them down; `report.py` turns them into ratios with intervals.
"""

from __future__ import annotations

import math
import os
import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

LEAST = 0.02
"""Seconds that one sample takes, at least: short calls are repeated."""
OURS = "labkit"
Call = Callable[[], Any]


def available(builders: Mapping[str, Callable[[], Any]]) -> tuple[dict[str, Any], dict[str, str]]:
    """Build each peer; return what could be built, and for the others why not."""
    built, missing = {}, {}
    for name, build in builders.items():
        try:
            built[name] = build()
        except Exception as error:
            missing[name] = f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"
    return built, missing


def closeness(gap: float) -> str:
    """Return in words how far apart the results of two sides are at most."""
    return f"equal to within {gap:.0e}" if gap else "equal to the last bit"


def in_turn(benchmark, calls: Mapping[str, Call], rounds: int, units: Mapping[str, float] | None = None) -> dict:
    """Time all calls in turn.

    Parameters
    ----------
    benchmark
        pytest-benchmark's fixture.
    calls : mapping of str to callable
        The sides.
    rounds : int
        How many samples of each.
    units : mapping of str to float, optional
        How many units of work one call does, where that is not 1; times are per unit.

    Returns
    -------
    dict
        ``processor`` and ``wall``: seconds per unit of each side in each round; ``share``: processor time of all that
        ran here over its wall time; ``load``: the load average of the last minute, before and after.
    """
    before, units = load(), units or {}
    repeats = {name: _repeats(call) for name, call in calls.items()}
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in calls}
    order, dice = list(calls), random.Random(0)  # noqa: S311

    def once():
        dice.shuffle(order)
        for name in order:
            work = repeats[name] * units.get(name, 1)
            processor, wall = sample(calls[name], repeats[name])
            spent[name].append((processor / work, wall / work))

    benchmark.pedantic(once, rounds=rounds, warmup_rounds=0)
    found = {
        clock: {name: [pair[which] for pair in pairs] for name, pairs in spent.items()}
        for which, clock in enumerate(("processor", "wall"))
    }
    return found | {"share": _share(spent, repeats, units), "load": [before, load()]}


def growth(benchmark, call: Callable[[Any], Call], sizes: Sequence[int], rounds: int = 3) -> list[list[float]]:
    """Return the processor seconds of ``call(size)()``, one row per size and one column per round."""
    ready = [call(size) for size in sizes]
    repeats = [_repeats(each) for each in ready]
    spent: list[list[float]] = [[] for _ in sizes]

    def once():
        for row, each, often in zip(spent, ready, repeats, strict=True):
            row.append(sample(each, often)[0] / often)

    benchmark.pedantic(once, rounds=rounds, warmup_rounds=0)
    return spent


def sample(call: Call, repeats: int) -> tuple[float, float]:
    """Return the processor and the wall seconds of that many calls."""
    wall, processor = time.perf_counter(), time.process_time()
    for _ in range(repeats):
        call()
    return time.process_time() - processor, time.perf_counter() - wall


def load() -> float | None:
    """Return the load average of the last minute, where the system tells."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def _repeats(call: Call) -> int:
    """Return how often a call has to run to take `LEAST` seconds; the first, cold run does not count."""
    first = sample(call, 1)[1]
    again = sample(call, 1)[1] if first < 1 else first
    return max(1, math.ceil(LEAST / max(again, 1e-7)))


def _share(spent: Mapping[str, Sequence[tuple[float, float]]], repeats: Mapping, units: Mapping) -> float:
    totals = [0.0, 0.0]
    for name, pairs in spent.items():
        for pair in pairs:
            for clock in (0, 1):
                totals[clock] += pair[clock] * repeats[name] * units.get(name, 1)
    return totals[0] / totals[1]
