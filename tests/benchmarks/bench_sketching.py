"""Sketches of long vectors: labkit, scipy's Clarkson-Woodruff transform and scikit-learn's sparse projection.

All get the vectors as rows. scipy likes them better as columns, so it is also timed with a copy that is made before.
"""

from __future__ import annotations

import time

import numpy as np
import pytest
from benchmarks.measure import OURS, available, closeness, growth, in_turn

from labkit.mechanisms.sketching import make_sketch
from labkit.mechanisms.sketching._maps import Columns
from labkit.mechanisms.sketching._sketch import Sketch

MECHANISM, TABLE, PER_COLUMN, SHRINK = "Sketches", "labkit, hash in a table", 4, 64


def scipy_matrix(dim, size):
    """Return the matrix that scipy's transform draws from seed 0: one sign in each column."""
    from scipy.linalg._sketches import cwt_matrix

    return cwt_matrix(size, dim, np.random.default_rng(0))


def held_by_labkit(matrix):
    """Return labkit's sketch by a matrix of scipy's."""
    columns = Columns(matrix.indices[None].astype(np.int64), matrix.data[None].astype(float), matrix.shape[0])
    return Sketch("count", matrix.shape[1], matrix.shape[0], columns)


def held_by_sklearn(sketch):
    """Return scikit-learn's sparse projection, fitted, with the matrix that labkit drew."""
    from scipy.sparse import csr_matrix
    from sklearn.random_projection import SparseRandomProjection

    rows, values = sketch.map.rows, sketch.map.values
    columns = np.broadcast_to(np.arange(sketch.dim), rows.shape)
    model = SparseRandomProjection(sketch.size, density=PER_COLUMN / sketch.size, random_state=0)
    model.fit(np.zeros((1, sketch.size)))
    model.n_features_in_ = sketch.dim
    model.components_ = csr_matrix((values.ravel(), (rows.ravel(), columns.ravel())), shape=(sketch.size, sketch.dim))
    return model


def both_ways(name, peer, x):
    """Return the builders of a peer that wants columns: with a view of the rows, and with a copy where that differs."""
    ways = {name: lambda: peer(x.T)}
    return ways if len(x) == 1 else ways | {f"{name}, columns given": lambda: peer(np.ascontiguousarray(x.T))}


def drawn_anew(x, dim, size):
    """A matrix is drawn and used once: the only way scipy's transform knows."""

    def peer(tall):
        from scipy.linalg import clarkson_woodruff_transform

        return lambda: clarkson_woodruff_transform(tall, size, rng=0).T

    truth = held_by_labkit(scipy_matrix(dim, size)).sketch(x)
    ours = {
        OURS: lambda: make_sketch("blocks", dim, size, rng=0).sketch(x),
        TABLE: lambda: make_sketch("count", dim, size, rng=0).sketch(x),
    }
    return ours, both_ways("scipy clarkson_woodruff_transform", peer, x), truth


def kept(x, dim, size):
    """The matrix stands: what is timed is the product alone."""
    matrix = scipy_matrix(dim, size)
    table, blocks = held_by_labkit(matrix), make_sketch("blocks", dim, size, rng=0)

    def peer(tall):
        return lambda: (matrix @ tall).T

    def compiled():
        from benchmarks.compiled import sketch

        rows, signs = table.map.rows[0], table.map.values[0]
        return lambda: sketch(x, rows, signs, size)

    ours = {OURS: lambda: blocks.sketch(x), TABLE: lambda: table.sketch(x)}
    return ours, both_ways("scipy sparse matrix", peer, x) | {"numba loop": compiled}, table.sketch(x)


def projected(x, dim, size):
    """Four entries in each column: the same matrix on both sides."""
    sketch = make_sketch("sparse", dim, size, rng=0)

    def peer():
        model = held_by_sklearn(sketch)
        return lambda: model.transform(x)

    def matrix():
        columns = held_by_sklearn(sketch).components_.tocsc()
        return lambda: (columns @ x.T).T

    builders = {"scikit-learn SparseRandomProjection": peer, "scipy sparse matrix": matrix}
    return {OURS: lambda: sketch.sketch(x)}, builders, sketch.sketch(x)


@pytest.mark.parametrize("batch", [1, 16])
@pytest.mark.parametrize("dim", [2**16, 2**20])
@pytest.mark.parametrize("task", [drawn_anew, kept, projected])
@pytest.mark.benchmark(group=MECHANISM, timer=time.process_time)
def test_sketch(benchmark, task, dim, batch):
    size, limit = dim // SHRINK, "copying the vectors"
    x = np.random.default_rng(1).standard_normal((batch, dim))
    copy = np.empty_like(x)
    ours, builders, truth = task(x, dim, size)
    peers, missing = available(builders)
    apart = {name: float(np.abs(np.asarray(call()) - truth).max()) for name, call in peers.items()}
    calls = {**ours, limit: lambda: np.copyto(copy, x), **peers}
    what = {
        drawn_anew: "count-sketch, matrix drawn for every call",
        kept: "count-sketch, matrix kept",
        projected: "four entries per column, matrix kept",
    }[task]
    benchmark.extra_info["comparison"] = in_turn(benchmark, calls, rounds=11) | {
        "mechanism": MECHANISM,
        "work": f"{what}, 2^{dim.bit_length() - 1} to 2^{size.bit_length() - 1}, "
        + ("one vector" if batch == 1 else f"{batch} vectors"),
        "unit": "call",
        "limit": limit,
        "checks": {name: f"same matrix: {closeness(gap)}" for name, gap in apart.items()},
        "missing": missing,
    }
    assert max(apart.values(), default=0) < 1e-9


@pytest.mark.parametrize("family", ["blocks", "sparse", "srht"])
@pytest.mark.benchmark(group="growth", timer=time.process_time)
def test_growth(benchmark, family):
    sizes = [2**power for power in range(10, 21, 2)]
    rng = np.random.default_rng(1)
    ready = {dim: (make_sketch(family, dim, dim // SHRINK, rng=0), rng.standard_normal(dim)) for dim in sizes}
    spent = growth(benchmark, lambda dim: lambda: ready[dim][0].sketch(ready[dim][1]), sizes, rounds=5)
    benchmark.extra_info["growth"] = {
        "mechanism": f"{MECHANISM}, {family}",
        "variable": "numbers in a vector",
        "expected": 1,
        "sizes": sizes,
        "seconds": spent,
    }
