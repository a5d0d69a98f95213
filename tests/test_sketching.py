"""Sketching: exact moments, closed forms, plain re-implementations, and what every message costs."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.fft import dct

from labkit.mechanisms.sketching import (
    FAMILIES,
    Embedding,
    best_step,
    contraction,
    embed,
    failure_bound,
    make_sketch,
    rounds_needed,
    spectrum_step,
    stable_step,
    the_vector,
    variance_factor,
    worst_case_step,
)
from labkit.mechanisms.sketching import _sketch as sketch_module

FAST = settings(max_examples=40, deadline=None)
every_family = pytest.mark.parametrize("family", FAMILIES)


def matrix_of(sketch):
    """R itself, column by column."""
    return sketch.sketch(np.eye(sketch.dim)).T


# ---------------------------------------------------------------------------------------------- one sketch


@every_family
@given(data=st.data(), dim=st.integers(1, 70), batch=st.sampled_from([(), (1,), (3,), (2, 3), (0,)]))
@FAST
def test_desketch_is_the_exact_transpose(family, data, dim, batch):
    size = data.draw(st.integers(1, dim))
    sketch = make_sketch(family, dim, size, rng=data.draw(st.integers(0, 10**6)))
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((*batch, dim)), rng.standard_normal((*batch, size))
    sent, back = sketch.sketch(x), sketch.desketch(y)
    assert sent.shape == (*batch, size)
    assert back.shape == (*batch, dim)
    np.testing.assert_allclose((sent * y).sum(-1), (x * back).sum(-1), rtol=0, atol=1e-9)
    np.testing.assert_allclose(sent, x @ matrix_of(sketch).T, rtol=0, atol=1e-9)


@every_family
@given(seed=st.integers(0, 10**6))
@FAST
def test_sketching_is_linear(family, seed):
    sketch = make_sketch(family, 50, 12, rng=seed)
    x, y = np.random.default_rng(seed).standard_normal((2, 50))
    np.testing.assert_allclose(sketch.sketch(x + y), sketch.sketch(x) + sketch.sketch(y), rtol=0, atol=1e-12)


@every_family
@pytest.mark.parametrize(("dim", "size"), [(60, 7), (9000, 4500)])
def test_float32_stays_float32_and_out_is_written(family, dim, size):
    if dim == 9000 and family in ("gaussian", "ams"):
        dim, size = 900, 450
    sketch = make_sketch(family, dim, size, rng=1)
    rng = np.random.default_rng(0)
    for length, apply in ((dim, sketch.sketch), (size, sketch.desketch)):
        x = rng.standard_normal((3, length))
        wide, narrow = apply(x), apply(x.astype(np.float32))
        assert (wide.dtype, narrow.dtype) == (np.float64, np.float32)
        np.testing.assert_allclose(narrow, wide, atol=3e-5 * np.abs(wide).max())
        for expected, given_ in ((wide, x), (narrow, x.astype(np.float32))):
            out = np.full_like(expected, np.nan)
            assert apply(given_, out=out) is out
            np.testing.assert_array_equal(out, expected)
    assert sketch.sketch(np.arange(dim)).dtype == np.float64


@every_family
def test_what_goes_in_is_not_changed(family):
    sketch, x, y = make_sketch(family, 40, 9, rng=0), np.ones(40), np.ones(9)
    sketch.sketch(x), sketch.desketch(y)
    assert (x == 1).all()
    assert (y == 1).all()


@every_family
def test_the_seed_is_the_sketch(family):
    x = np.random.default_rng(0).standard_normal(64)
    first, second, other = (make_sketch(family, 64, 16, rng=seed).sketch(x) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)


@every_family
def test_a_size_equal_to_dim_is_allowed(family):
    sketch = make_sketch(family, 32, 32, rng=0)
    assert sketch.sketch(np.ones(32)).shape == (32,)
    if family in ("srht", "blocks"):
        # Nothing is lost: the transform is orthogonal, the one block only turned.
        np.testing.assert_allclose(matrix_of(sketch).T @ matrix_of(sketch), np.eye(32), atol=1e-12)
        assert variance_factor(family, 32, 32) == 0


@every_family
def test_it_is_made_in_under_a_millisecond(family):
    spent = []
    for seed in range(20):
        begun = time.process_time()
        make_sketch(family, 100, 25, rng=seed)
        spent.append(time.process_time() - begun)
    assert np.median(spent) < 1e-3


def test_what_is_not_allowed_is_refused_in_words():
    with pytest.raises(ValueError, match="'fourier'.*gaussian"):
        make_sketch("fourier", 10, 5, rng=0)
    for size in (0, 11, 2.5):
        with pytest.raises(ValueError, match="size"):
            make_sketch("count", 10, size, rng=0)
        with pytest.raises(ValueError, match="size"):
            variance_factor("count", 10, size)
    sketch = make_sketch("count", 10, 5, rng=0)
    for call, wrong in ((sketch.sketch, np.ones(5)), (sketch.desketch, np.ones(10)), (sketch.sketch, 1.0)):
        with pytest.raises(ValueError, match="shape"):
            call(wrong)
    for out in (np.ones(4), np.ones(5, np.float32), np.ones((2, 5)), np.ones(10)[::2]):
        with pytest.raises(ValueError, match="out"):
            sketch.sketch(np.ones(10), out=out)


# -------------------------------------------------------------------------------------------- its construction


def test_every_column_is_as_declared():
    count, blocks, sparse = (matrix_of(make_sketch(family, 90, 20, rng=5)) for family in ("count", "blocks", "sparse"))
    for matrix, entries in ((count, 1), (blocks, 1), (sparse, 4)):
        assert ((matrix != 0).sum(axis=0) == entries).all()
        np.testing.assert_allclose(np.abs(matrix[matrix != 0]), entries**-0.5)
    assert (matrix_of(make_sketch("sparse", 50, 3, rng=5)) != 0).all()
    # Inside a block no two coordinates meet.
    for begin in range(0, 90, 20):
        assert ((blocks[:, begin : begin + 20] != 0).sum(axis=1) <= 1).all()
    assert len({int(np.argmax(np.abs(blocks[:, begin]))) for begin in range(0, 90, 20)}) > 1


def test_sparse_rows_are_every_set_alike():
    rows = np.sort(sketch_module._distinct_rows(60_000, 5, 2, np.random.default_rng(0)), axis=0)
    found = np.bincount(5 * rows[0] + rows[1], minlength=25).reshape(5, 5)
    assert np.count_nonzero(found) == 10
    np.testing.assert_allclose(found[np.triu_indices(5, 1)], 6000, atol=4 * np.sqrt(6000))


def test_srht_is_the_subsampled_cosine_transform():
    sketch = make_sketch("srht", 45, 11, rng=2)
    whole = dct(np.eye(45), norm="ortho", axis=0) * sketch.map.signs
    np.testing.assert_allclose(matrix_of(sketch), np.sqrt(45 / 11) * whole[sketch.map.rows], atol=1e-12)
    assert len(set(sketch.map.rows)) == 11
    np.testing.assert_allclose(matrix_of(sketch) @ matrix_of(sketch).T, 45 / 11 * np.eye(11), atol=1e-12)


@pytest.mark.parametrize(("dim", "size"), [(20_000, 4096), (12_288, 4096), (5000, 4999)])
def test_blocks_is_the_same_map_by_slices_and_by_table(dim, size, monkeypatch):
    x = np.random.default_rng(1).standard_normal((2, dim))
    by_slices = make_sketch("blocks", dim, size, rng=7)
    monkeypatch.setattr(sketch_module, "INDEXED_BELOW", 10**9)
    by_table = make_sketch("blocks", dim, size, rng=7)
    assert type(by_slices.map) is not type(by_table.map)
    np.testing.assert_allclose(by_slices.sketch(x), by_table.sketch(x), atol=1e-12)
    y = np.random.default_rng(2).standard_normal((2, size))
    np.testing.assert_allclose(by_slices.desketch(y), by_table.desketch(y), atol=1e-12)


# ------------------------------------------------------------------------------------------------ its moments


@every_family
@pytest.mark.parametrize("kind", ["spread", "two peaks"])
def test_it_is_unbiased_and_omega_is_exact(family, kind):
    dim, size, draws = 128, 32, 2000
    g, rng = the_vector(Embedding(dim=dim, vector=kind)), np.random.default_rng(11)
    sketches = [make_sketch(family, dim, size, rng=rng) for _ in range(draws)]
    back = np.array([sketch.desketch(sketch.sketch(g)) for sketch in sketches])
    omega = variance_factor(family, dim, size)
    assert np.linalg.norm(back.mean(axis=0) - g) <= 2 * np.sqrt(omega / draws)
    energies = ((back - g) ** 2).sum(axis=1)
    error = energies.std(ddof=1) / np.sqrt(draws)
    assert abs(energies.mean() - omega) <= max(3 * error, 0.03 * omega if kind == "spread" else 0)
    # A coordinate-wise embedding: the variance of h' R' R g is at most a/size |h|^2 |g|^2, with a = 2.
    h = np.roll(the_vector(Embedding(dim=dim)), 3)
    if kind == "spread":
        assert size * np.var(back @ h) <= 2 * 1.15
    # The rotation of a block and the cosines leave some pairs alone; the four others have this exact variance.
    exact = 1 + (h @ g) ** 2 - (0 if family == "gaussian" else 2 * (h**2) @ (g**2))
    if family not in ("srht", "blocks"):
        assert size * np.var(back @ h) == pytest.approx(exact, rel=0.15 if kind == "spread" else 0.3)


@pytest.mark.parametrize(("dim", "size"), [(50, 20), (100, 30)])
def test_omega_of_unequal_blocks_is_the_largest(dim, size):
    rng = np.random.default_rng(3)
    last, first = np.zeros(dim), np.zeros(dim)
    last[-1], first[0] = 1, 1
    found = [
        np.mean([energy(make_sketch("blocks", dim, size, rng=rng), g) for _ in range(4000)]) for g in (last, first)
    ]
    assert found[0] == pytest.approx(variance_factor("blocks", dim, size), rel=0.08)
    assert found[1] == pytest.approx((dim - size) / size, rel=0.08)
    assert found[1] < found[0]


def energy(sketch, g):
    return np.sum((sketch.desketch(sketch.sketch(g)) - g) ** 2)


def test_omega_of_the_table():
    found = {family: variance_factor(family, 128, 32) for family in FAMILIES}
    assert found == pytest.approx(
        {"gaussian": 129 / 32, "ams": 127 / 32, "count": 127 / 32, "blocks": 3, "sparse": 127 / 32, "srht": 3}
    )
    # The Hadamard transform on a padded size D has (dim-1)/size (D-size)/(D-1); here D = dim.
    assert variance_factor("srht", 100, 7) == pytest.approx(99 / 7 * (100 - 7) / 99)


@every_family
def test_lengths_are_kept_as_johnson_and_lindenstrauss_say(family):
    run = embed(Embedding(dim=256, size=32), rng=1, replicates=60)
    lengths = run.lengths[family]
    assert lengths.mean() == pytest.approx(1, abs=4 * lengths.std() / np.sqrt(len(lengths)))
    assert lengths.var() <= 1.25 * 2 / 32
    for error in (0.5, 0.7, 0.9):
        beyond = np.mean(np.abs(lengths - 1) > error)
        assert beyond <= failure_bound(32, error) + 3 * np.sqrt(0.25 / len(lengths))
    if family == "gaussian":
        assert lengths.var() == pytest.approx(2 / 32, rel=0.15)


def test_two_peaks_that_meet_are_the_heavy_tail_of_the_count_sketch():
    run = embed(Embedding(dim=256, size=32, vector="two peaks"), rng=1, replicates=60)
    beyond = {family: np.mean(np.abs(run.lengths[family] - 1) > 0.9) for family in ("count", "gaussian", "ams")}
    # The two meet in one row of 32 with probability 1/32; then the length doubles or vanishes.
    assert beyond["count"] == pytest.approx(1 / 32, abs=0.015)
    assert beyond["ams"] < 0.01


# ----------------------------------------------------------------------------------------------- theory lines


@every_family
def test_the_contraction_map_agrees_with_its_closed_form(family):
    dim, size, draws = 64, 16, 3000
    rng, x = np.random.default_rng(5), np.random.default_rng(0).standard_normal(64)
    x /= np.linalg.norm(x)
    omega = variance_factor(family, dim, size)
    back = np.array([s.desketch(s.sketch(x)) for s in (make_sketch(family, dim, size, rng=rng) for _ in range(draws))])
    for step in np.linspace(0.1, 1, 4) * best_step(omega):
        assert np.mean(np.sum((x - step * back) ** 2, axis=1)) == pytest.approx(contraction(step, omega), abs=0.01)


@given(omega=st.floats(0.01, 1000))
def test_the_best_and_the_last_stable_step(omega):
    best = float(best_step(omega))
    assert contraction(best, omega) == pytest.approx(omega / (1 + omega))
    assert contraction(stable_step(omega), omega) == pytest.approx(1)
    for other in (0.9 * best, 1.1 * best):
        assert contraction(other, omega) >= contraction(best, omega)


def test_steps_and_rounds():
    assert worst_case_step(2.0, 9.0) == pytest.approx(1 / 20)
    # With the same curvature in all directions the two steps agree.
    assert spectrum_step(2.0, 2.0 * 100, 10) == pytest.approx(
        worst_case_step(2.0, variance_factor("gaussian", 100, 10))
    )
    assert rounds_needed(2.0, 0.5, 9.0, 1e-3) == pytest.approx(10 * 4 * np.log(1000))


def test_the_second_moment_behind_the_spectrum_step():
    rng, size = np.random.default_rng(0), 8
    curvature = np.diag(np.linspace(0.1, 2, 24))
    total = np.zeros((24, 24))
    for _ in range(6000):
        matrix = matrix_of(make_sketch("gaussian", 24, size, rng=rng))
        gram = matrix.T @ matrix
        total += gram @ curvature @ gram / 6000
    expected = (1 + 1 / size) * curvature + np.trace(curvature) / size * np.eye(24)
    assert np.linalg.norm(total - expected) <= 0.04 * np.linalg.norm(expected)
