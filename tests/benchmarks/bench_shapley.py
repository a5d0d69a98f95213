"""Exact Shapley values from one table of coalitions: labkit, shap, shapiq and pyDVL."""

from __future__ import annotations

import time
import warnings

import numpy as np
import pytest
from benchmarks.measure import OURS, available, closeness, growth, in_turn

from labkit.mechanisms.shapley_dag import exact_shapley

MECHANISM = "Exact Shapley values"
LARGEST = {"shap": 18, "shapiq": 18, "pyDVL": 12, "numba loop": 18}
"""How many players each gets: beyond them one game takes pyDVL several seconds."""


def table(players):
    """Return a random game: the value of every coalition, nobody being worth 0."""
    values = np.random.default_rng(players).random(1 << players)
    values[0] = 0
    return values


def shap_values(values, players):
    import shap

    bits = 1 << np.arange(players)
    explainer = shap.explainers.Exact(lambda rows: values[(rows > 0.5) @ bits], np.zeros((1, players)))
    return lambda: explainer(np.ones((1, players)), max_evals=1 << players, silent=True).values[0]


def shapiq_values(values, players):
    import shapiq

    bits = 1 << np.arange(players)

    class Table(shapiq.Game):
        def __init__(self):
            super().__init__(n_players=players, normalize=False)

        def value_function(self, coalitions):
            return values[coalitions @ bits]

    return lambda: shapiq.ExactComputer(Table(), n_players=players)("SV").get_n_order_values(1)


def pydvl_values(values, players):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from joblib import parallel_config
        from pydvl.valuation import DeterministicUniformSampler, NoStopping, ShapleyValuation
        from pydvl.valuation.games import Game

    class Table(Game):
        def _score(self, X):
            return values[int((1 << X.ravel()).sum())]

    def run():
        game, sampler = Table(players), DeterministicUniformSampler()
        with parallel_config(n_jobs=1), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            method = ShapleyValuation(utility=game.u, sampler=sampler, is_done=NoStopping(sampler), progress=False)
            return np.asarray(method.fit(game.data).result.values)

    return run


def compiled_values(values, players):
    from benchmarks.compiled import shapley

    from labkit.mechanisms.shapley_dag._shapley import _coefficients

    return lambda: shapley(values, *_coefficients(players))


PEERS = {"shap": shap_values, "shapiq": shapiq_values, "pyDVL": pydvl_values, "numba loop": compiled_values}


@pytest.mark.parametrize("players", [10, 12, 14, 16, 18])
@pytest.mark.benchmark(group=MECHANISM, timer=time.process_time)
def test_one_game(benchmark, players):
    values = table(players)
    calls, missing = available(
        {name: (lambda make=make: make(values, players)) for name, make in PEERS.items() if players <= LARGEST[name]}
    )
    truth = exact_shapley(values)
    apart = {name: float(np.abs(call() - truth).max()) for name, call in calls.items()}
    limit = "reading the table once"
    calls = {OURS: lambda: exact_shapley(values), limit: values.sum} | calls
    times = in_turn(benchmark, calls, rounds=5 if players == 18 else 7)
    benchmark.extra_info["comparison"] = times | {
        "mechanism": MECHANISM,
        "work": f"{players} players, a table of {1 << players:,} coalitions",
        "unit": "game",
        "limit": limit,
        "checks": {name: closeness(gap) for name, gap in apart.items()},
        "missing": missing
        | {name: f"not run beyond {most} players: too slow" for name, most in LARGEST.items() if players > most},
    }
    assert max(apart.values(), default=0) < 1e-9


@pytest.mark.benchmark(group="growth", timer=time.process_time)
def test_growth(benchmark):
    sizes = [1 << players for players in range(8, 21, 2)]
    tables = {size: table(size.bit_length() - 1) for size in sizes}
    spent = growth(benchmark, lambda size: lambda: exact_shapley(tables[size]), sizes, rounds=5)
    benchmark.extra_info["growth"] = {
        "mechanism": MECHANISM,
        "variable": "coalitions",
        "expected": 1,
        "sizes": sizes,
        "seconds": spent,
    }
