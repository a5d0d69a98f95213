"""Known answers from scipy.stats and from the literature, coverage by simulation, and bad input."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import assume, given
from hypothesis import strategies as st

from labkit.stats import (
    Estimate,
    exact,
    mean_band,
    mean_interval,
    paired_comparison,
    proportion_interval,
    ratio_interval,
    welch,
)

NUMBERS = st.floats(-1e6, 1e6).map(lambda x: round(x, 3))
SAMPLES = st.lists(NUMBERS, min_size=2, max_size=30)
PAIRS = st.lists(st.tuples(NUMBERS, NUMBERS), min_size=2, max_size=30).map(lambda rows: np.array(rows).T)
LEVELS = st.floats(0.5, 0.999)


@given(SAMPLES, LEVELS)
def test_the_mean_interval_is_students(values, confidence):
    assume(np.ptp(values) > 1e-3)
    found = mean_interval(values, confidence)
    low, high = scipy.stats.t.interval(confidence, len(values) - 1, np.mean(values), scipy.stats.sem(values))
    assert [found.value, found.low, found.high] == pytest.approx([np.mean(values), low, high], rel=1e-9, abs=1e-6)
    assert found.n == len(values)


@given(PAIRS, LEVELS)
def test_the_paired_comparison_is_scipys(pair, confidence):
    a, b = pair
    assume(np.ptp(a - b) > 1e-2)
    found = paired_comparison(a, b, confidence)
    peer = scipy.stats.ttest_rel(a, b)
    interval = peer.confidence_interval(confidence)
    assert found.p_value == pytest.approx(peer.pvalue, rel=1e-6)
    assert found.statistic == pytest.approx(peer.statistic, rel=1e-6, abs=1e-9)
    assert [found.difference.low, found.difference.high] == pytest.approx(list(interval), rel=1e-6, abs=1e-6)
    assert found.effect_size == pytest.approx(np.mean(a - b) / np.std(a - b, ddof=1), rel=1e-6, abs=1e-9)
    mirrored = paired_comparison(b, a, confidence)
    assert mirrored.difference.value == -found.difference.value
    assert mirrored.p_value == found.p_value


@given(st.integers(1, 500), st.data(), LEVELS)
def test_the_proportion_interval_is_wilsons(trials, data, confidence):
    successes = data.draw(st.integers(0, trials))
    found = proportion_interval(successes, trials, confidence)
    peer = scipy.stats.binomtest(successes, trials).proportion_ci(confidence, method="wilson")
    assert [found.low, found.high] == pytest.approx([peer.low, peer.high], abs=1e-12)
    assert 0 <= found.low <= found.value <= found.high <= 1
    mirrored = proportion_interval(trials - successes, trials, confidence)
    assert [1 - mirrored.high, 1 - mirrored.low] == pytest.approx([found.low, found.high], abs=1e-12)


ARMS = st.tuples(st.floats(-100, 100), st.floats(0.1, 50), st.integers(2, 200))


@given(ARMS, ARMS)
def test_welch_is_scipys(arm_a, arm_b):
    mean_a, sd_a, n_a = arm_a
    mean_b, sd_b, n_b = arm_b
    found = welch(mean_a, sd_a, n_a, mean_b, sd_b, n_b)
    peer = scipy.stats.ttest_ind_from_stats(mean_a, sd_a, n_a, mean_b, sd_b, n_b, equal_var=False)
    assert found.p_value == pytest.approx(peer.pvalue, rel=1e-6)
    assert found.statistic == pytest.approx(peer.statistic, rel=1e-9)
    assert (found.p_value < 0.05) == (not found.difference.low <= 0 <= found.difference.high)


def test_welch_from_the_summary_figures_of_the_paper():
    # Full against memory alone, and traces alone against nothing, 50 runs each.
    assert round(welch(1654.11, 321, 50, 1563.87, 336, 50).p_value, 3) == 0.173
    assert round(welch(910.18, 226, 50, 927.23, 256, 50).p_value, 3) == 0.725
    assert welch(1563.87, 336, 50, 927.23, 256, 50).effect_size == pytest.approx(2.13, abs=0.01)


def test_welch_interval_of_raw_samples():
    rng = np.random.default_rng(5)
    a, b = rng.normal(3, 1, 12), rng.normal(1, 4, 30)
    found = welch(a.mean(), a.std(ddof=1), a.size, b.mean(), b.std(ddof=1), b.size, confidence=0.9)
    interval = scipy.stats.ttest_ind(a, b, equal_var=False).confidence_interval(0.9)
    assert [found.difference.low, found.difference.high] == pytest.approx(list(interval))


@given(PAIRS)
def test_the_ratio_interval_holds_the_ratios_a_paired_test_does_not_reject(pair):
    a, b = pair[0], np.abs(pair[1]) + 1
    assume(np.ptp(a) > 1 and np.ptp(b) > 1)
    found = ratio_interval(a, b)
    assert found.value == pytest.approx(a.mean() / b.mean())
    for end in (found.low, found.high):
        if math.isfinite(end):
            assume(np.ptp(a - end * b) > 1e-6)
            assert scipy.stats.ttest_1samp(a - end * b, 0).pvalue == pytest.approx(0.05, abs=2e-3)


def test_a_ratio_to_something_near_zero_is_unbounded_and_says_so():
    found = ratio_interval([1.0, 2.0, 3.0], [-1.0, 0.5, 1.0])
    assert (found.low, found.high) == (-math.inf, math.inf) and "unbounded" in found.method
    with pytest.raises(ValueError, match="b has mean 0"):
        ratio_interval([1.0, 2.0], [-1.0, 1.0])


def test_a_constant_ratio_has_no_width():
    found = ratio_interval([20.0, 22.0, 24.0], [10.0, 11.0, 12.0])
    assert (found.low, found.value, found.high) == pytest.approx((2, 2, 2))


def test_the_mean_interval_covers_as_often_as_it_says():
    draws = np.random.default_rng(11).normal(3.0, 2.0, (4000, 8))
    covered = sum(found.low <= 3.0 <= found.high for found in map(mean_interval, draws))
    assert covered / 4000 == pytest.approx(0.95, abs=3 * math.sqrt(0.95 * 0.05 / 4000))


@pytest.mark.parametrize(("share", "trials"), [(0.5, 50), (0.1, 60), (0.9, 200)])
def test_the_proportion_interval_covers_about_as_often_as_it_says(share, trials):
    # Exact, by summing over all outcomes: Wilson's coverage swings around its level.
    outcomes = np.arange(trials + 1)
    inside = [(found := proportion_interval(int(k), trials)).low <= share <= found.high for k in outcomes]
    assert scipy.stats.binom.pmf(outcomes, trials, share)[inside].sum() == pytest.approx(0.95, abs=0.02)
    draws = np.random.default_rng(12).binomial(trials, share, 2000)
    covered = np.mean([inside[k] for k in draws])
    assert covered == pytest.approx(0.95, abs=0.035)


def test_the_ratio_interval_covers_as_often_as_it_says():
    rng = np.random.default_rng(13)
    b = rng.normal(10, 2, (2000, 20))
    a = 1.5 * b + rng.normal(0, 3, b.shape)
    covered = np.mean([(found := ratio_interval(x, y)).low <= 1.5 <= found.high for x, y in zip(a, b, strict=True)])
    assert covered == pytest.approx(0.95, abs=0.015)


@given(st.floats(-1e9, 1e9), st.integers(2, 20))
def test_equal_values_have_no_width(value, n):
    found = mean_interval([value] * n)
    assert found.low == found.value == found.high == value
    same = paired_comparison([value] * n, [value] * n)
    assert (same.difference.low, same.difference.high, same.p_value, same.effect_size) == (0, 0, 1, 0)


def test_differences_that_are_all_equal_have_no_width():
    found = paired_comparison([1.3, 2.3, 0.3], [1.2, 2.2, 0.2])
    assert found.difference.low == found.difference.high == pytest.approx(0.1)
    assert (found.p_value, found.statistic, found.effect_size) == (0, math.inf, math.inf)
    assert welch(1, 0, 5, 1, 0, 5).p_value == 1
    assert welch(1, 0, 5, 2, 0, 5).effect_size == -math.inf


@pytest.mark.parametrize(
    "values", [[], [1.0], [1.0, np.nan], [1.0, np.inf], [[1.0, 2.0]], ["a", "b"], None, 3.0, [1, None]]
)
def test_bad_samples_are_refused_in_words(values):
    good = [1.0, 2.0]
    for attempt in (
        lambda: mean_interval(values),
        lambda: paired_comparison(values, good),
        lambda: paired_comparison(good, values),
        lambda: ratio_interval(good, values),
    ):
        with pytest.raises(ValueError, match="allowed"):
            attempt()


def test_arms_of_different_length_are_refused():
    with pytest.raises(ValueError, match="a has 3 values and b has 2"):
        paired_comparison([1, 2, 3], [1, 2])


@pytest.mark.parametrize("confidence", [0, 1, -0.5, 95, np.nan])
def test_a_confidence_out_of_range_is_refused(confidence):
    for attempt in (
        lambda: mean_interval([1, 2, 3], confidence),
        lambda: mean_interval([1, 1], confidence),
        lambda: proportion_interval(1, 2, confidence),
        lambda: welch(1, 1, 5, 1, 1, 5, confidence),
        lambda: ratio_interval([1, 2], [3, 4], confidence),
    ):
        with pytest.raises(ValueError, match="confidence = .*: allowed is a number above 0 and below 1"):
            attempt()


@pytest.mark.parametrize(("successes", "trials"), [(1, 0), (3, 2), (-1, 2), (0.5, 2), (1, 2.0), (True, 2), (np.nan, 2)])
def test_bad_counts_are_refused(successes, trials):
    with pytest.raises(ValueError, match="allowed is a whole number"):
        proportion_interval(successes, trials)


@pytest.mark.parametrize(
    "figures",
    [
        (np.nan, 1, 5, 1, 1, 5),
        (1, -1, 5, 1, 1, 5),
        (1, 1, 1, 1, 1, 5),
        (1, 1, 5, np.inf, 1, 5),
        (1, 1, 5, 1, np.nan, 5),
        (1, 1, 5, 1, 1, 2.5),
    ],
)
def test_bad_summary_figures_are_refused(figures):
    with pytest.raises(ValueError, match="allowed is"):
        welch(*figures)


@pytest.mark.parametrize(
    ("estimate", "text"),
    [
        (Estimate(12.31, 11.9, 12.7, 30, "t"), "12.3 [11.9, 12.7]"),
        (Estimate(68.2, 50, 90, 30, "t"), "68 [50, 90]"),
        (Estimate(0.12345, 0.1230, 0.1240, 30, "t"), "0.1235 [0.1230, 0.1240]"),
        (Estimate(0.17323, 0.17323, 0.17323, 1, "exact"), "0.1732 [0.1732, 0.1732]"),
        (Estimate(2, -math.inf, math.inf, 5, "Fieller"), "2 [-inf, inf]"),
    ],
)
def test_an_estimate_shows_the_digits_it_supports(estimate, text):
    assert str(estimate) == text


def test_an_estimate_is_rescaled_with_its_interval():
    ratio = Estimate(1.5, 1.2, 1.9, 30, "Fieller")
    gain = ratio.scaled(100, -100)
    assert (gain.value, gain.low, gain.high) == pytest.approx((50, 20, 90))
    assert (ratio.scaled(-1).low, ratio.scaled(-1).high) == (-1.9, -1.2)
    assert ratio.scaled(0, 2) == Estimate(2, 2, 2, 30, "Fieller")
    assert exact(3) == Estimate(3.0, 3.0, 3.0, 1, "exact")


@pytest.mark.parametrize(
    "numbers",
    [(1, 2, 3, 5), (1, 0, 0.5, 5), (np.nan, 0, 1, 5), (1, np.nan, 2, 5), (np.inf, 0, np.inf, 5), (1, 0, 2, 0)],
)
def test_an_impossible_estimate_is_refused(numbers):
    with pytest.raises(ValueError, match="Estimate"):
        Estimate(*numbers, "by hand")


def test_a_band_is_the_mean_interval_at_each_place():
    curves = np.random.default_rng(3).normal(size=(12, 5))
    band = mean_band(curves, 0.9)
    for place, found in enumerate(mean_interval(column, 0.9) for column in curves.T):
        ends = (band.value[place], band.low[place], band.high[place])
        assert ends == pytest.approx((found.value, found.low, found.high))
    assert band.n == 12
    single = mean_band(curves[:1])
    assert (single.low == single.high).all() and (single.value == curves[0]).all()
    for wrong in (curves[0], np.ones((0, 3)), np.ones((3, 0))):
        with pytest.raises(ValueError, match="curves has shape"):
            mean_band(wrong)


def test_numbers_are_plain_floats():
    for found in (
        mean_interval(np.arange(5)),
        ratio_interval(np.arange(1, 5), np.arange(2, 6)),
        proportion_interval(np.int64(1), np.int64(3)),
    ):
        assert all(type(number) is float for number in (found.value, found.low, found.high))
