"""Exact Shapley values against shap's exact explainer: the same game, the same run, processor time."""

from __future__ import annotations

import statistics
import time

import numpy as np
import pytest

from labkit.mechanisms.shapley_dag import exact_shapley

pytestmark = [pytest.mark.slow, pytest.mark.benchmark]

PLAYERS, ROUNDS = 18, 3


@pytest.fixture(scope="module")
def shap():
    return pytest.importorskip("shap", reason="shap is not installed: it is one of the tools that make test installs")


@pytest.mark.benchmark(group="exact Shapley values, 18 players", timer=time.process_time)
def test_is_250_times_as_fast_as_shap(benchmark, shap, capsys):
    utilities = np.random.default_rng(0).random(1 << PLAYERS)
    bits = 1 << np.arange(PLAYERS)
    explainer = shap.explainers.Exact(lambda rows: utilities[(rows > 0.5) @ bits], np.zeros((1, PLAYERS)))
    theirs, found = [], []

    def explain():
        start = time.process_time()
        found.append(explainer(np.ones((1, PLAYERS)), max_evals=1 << PLAYERS, silent=True).values[0])
        theirs.append(time.process_time() - start)

    exact_shapley(utilities)
    ours = []

    def many():
        start = time.process_time()
        for _ in range(50):
            exact_shapley(utilities)
        ours.append((time.process_time() - start) / 50)

    benchmark.pedantic(many, setup=explain, rounds=ROUNDS)
    ratio = statistics.median(np.divide(theirs, ours).tolist())
    benchmark.extra_info["times as fast as shap"] = ratio
    with capsys.disabled():
        print(f"\ntimes as fast as shap, n = {PLAYERS}: {ratio:,.0f}")
    assert exact_shapley(utilities) == pytest.approx(found[-1], abs=1e-9)
    assert ratio >= 250
