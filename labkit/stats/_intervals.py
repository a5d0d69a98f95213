"""Intervals and tests for means, shares and ratios."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from labkit.stats._records import Band, Comparison, Estimate, Floats, whole


def mean_interval(values: ArrayLike, confidence: float = 0.95) -> Estimate:
    """Return the mean with Student's t interval.

    Parameters
    ----------
    values : array_like, shape (n,)
        Two or more independent observations. Where all are equal the interval has no width.
    confidence : float
        How often the interval should cover the true mean, above 0 and below 1.

    Returns
    -------
    Estimate
        The mean of the values.

    Raises
    ------
    ValueError
        Fewer than two values, more than one dimension, NaN or infinity, or a confidence out of range.
    """
    sample = _sample(values, "values")
    center, error = _mean_and_error(sample, scale=float(np.abs(sample).max()))
    return _t_interval(center, error, sample.size - 1, confidence, sample.size, "Student t")


def mean_band(curves: ArrayLike, confidence: float = 0.95) -> Band:
    """Return the mean of several curves with Student's t interval at each place.

    Parameters
    ----------
    curves : array_like, shape (n, places)
        One curve per replicate; a single curve gives a band without width.
    confidence : float
        How often each interval should cover its true mean, above 0 and below 1.

    Returns
    -------
    Band
        Pointwise intervals: they do not cover a whole curve at once.

    Raises
    ------
    ValueError
        `curves` is not two-dimensional or empty, or a confidence is out of range.
    """
    from scipy.special import stdtrit

    table = np.asarray(curves, dtype=np.float64)
    if table.ndim != 2 or not table.size:
        raise ValueError(f"curves has shape {table.shape}: allowed is (curves, places), neither of them 0")
    n, mean = len(table), table.mean(axis=0)
    if n == 1:
        return Band(mean, mean, mean, n)
    half = float(stdtrit(n - 1, (1 + _checked(confidence)) / 2)) * table.std(axis=0, ddof=1) / math.sqrt(n)
    return Band(mean, mean - half, mean + half, n)


def paired_comparison(a: ArrayLike, b: ArrayLike, confidence: float = 0.95) -> Comparison:
    """Return the comparison of two arms that share their replicates: a minus b, replicate by replicate.

    Parameters
    ----------
    a, b : array_like, shape (n,)
        One number per replicate and arm, in the same order.
    confidence : float
        Of the interval of the mean difference.

    Returns
    -------
    Comparison
        Paired t test; the effect size is Cohen's d_z. Where all differences are equal the interval has
        no width, and p is 1 for no difference at all and 0 otherwise.

    Raises
    ------
    ValueError
        As for `mean_interval`, or the arms differ in length.
    """
    first, second = _pair(a, b)
    differences = first - second
    n = differences.size
    center, error = _mean_and_error(differences, scale=float(np.abs([first, second]).max()))
    difference = _t_interval(center, error, n - 1, confidence, n, "paired Student t")
    statistic, p_value = _t_test(center, error, n - 1)
    return Comparison(difference, p_value, statistic / math.sqrt(n), statistic, "paired t test, Cohen's d_z")


def welch(
    mean_a: float, sd_a: float, n_a: int, mean_b: float, sd_b: float, n_b: int, confidence: float = 0.95
) -> Comparison:
    """Return Welch's comparison of two independent arms from their summary figures.

    Parameters
    ----------
    mean_a, sd_a, n_a : float, float, int
        Mean, standard deviation (n - 1 in the denominator) and size of the first arm.
    mean_b, sd_b, n_b : float, float, int
        The same of the second.
    confidence : float
        Of the interval of the difference.

    Returns
    -------
    Comparison
        First minus second; the effect size is in root mean square standard deviations of the two arms.

    Raises
    ------
    ValueError
        A mean is not finite, a standard deviation is negative or not finite, or an arm has fewer than two values.
    """
    for name, mean, sd, n in (("a", mean_a, sd_a, n_a), ("b", mean_b, sd_b, n_b)):
        if not math.isfinite(mean):
            raise ValueError(f"mean_{name} = {mean}: allowed is a finite number")
        if not (math.isfinite(sd) and sd >= 0):
            raise ValueError(f"sd_{name} = {sd}: allowed is a finite number from 0")
        whole(n, f"n_{name}", 2)
    share_a, share_b = sd_a**2 / n_a, sd_b**2 / n_b
    center, error = mean_a - mean_b, math.sqrt(share_a + share_b)
    freedom = (share_a + share_b) ** 2 / (share_a**2 / (n_a - 1) + share_b**2 / (n_b - 1)) if error else 1.0
    statistic, p_value = _t_test(center, error, freedom)
    spread = math.sqrt((sd_a**2 + sd_b**2) / 2)
    effect = center / spread if spread else statistic
    difference = _t_interval(center, error, freedom, confidence, n_a + n_b, "Welch t")
    return Comparison(difference, p_value, effect, statistic, "Welch's t test, Cohen's d")


def proportion_interval(successes: int, trials: int, confidence: float = 0.95) -> Estimate:
    """Return the share of successes with Wilson's score interval.

    Parameters
    ----------
    successes, trials : int
        How many of how many; at least one trial.
    confidence : float
        How often the interval should cover the true share, above 0 and below 1.

    Returns
    -------
    Estimate
        The share, between 0 and 1.

    Raises
    ------
    ValueError
        The counts are no whole numbers, there is no trial, or there are more successes than trials.
    """
    from scipy.special import ndtri

    whole(trials, "trials", 1)
    whole(successes, "successes", 0)
    if successes > trials:
        raise ValueError(f"successes = {successes}: allowed is a whole number from 0 to trials = {trials}")
    share, z2 = successes / trials, float(ndtri((1 + _checked(confidence)) / 2)) ** 2
    center = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = math.sqrt(z2) * math.sqrt(share * (1 - share) / trials + z2 / (4 * trials**2)) / (1 + z2 / trials)
    low = 0.0 if successes == 0 else min(center - half, share)
    high = 1.0 if successes == trials else max(center + half, share)
    return Estimate(share, low, high, int(trials), "Wilson")


def ratio_interval(a: ArrayLike, b: ArrayLike, confidence: float = 0.95) -> Estimate:
    """Return the ratio of the means of two arms that share their replicates, with Fieller's interval.

    Parameters
    ----------
    a, b : array_like, shape (n,)
        One number per replicate and arm, in the same order; the ratio is mean(a) / mean(b).
    confidence : float
        How often the interval should cover the true ratio, above 0 and below 1.

    Returns
    -------
    Estimate
        The ratio. Where the mean of b is not clearly different from 0 nothing bounds it: the interval is
        infinite and the method says so.

    Raises
    ------
    ValueError
        As for `paired_comparison`, or the mean of b is 0.
    """
    from scipy.special import stdtrit

    first, second = _pair(a, b)
    n, top, bottom = first.size, float(first.mean()), float(second.mean())
    if bottom == 0:
        raise ValueError("b has mean 0: a ratio to it is not defined")
    t2 = float(stdtrit(n - 1, (1 + _checked(confidence)) / 2)) ** 2
    (var_a, cov), (_, var_b) = np.cov(first, second) / n
    # The ratios r for which mean(a - r b) is not significantly different from 0 solve a quadratic.
    square, linear, constant = bottom**2 - t2 * var_b, top * bottom - t2 * cov, top**2 - t2 * var_a
    value = top / bottom
    if square <= 0:
        return Estimate(value, -math.inf, math.inf, n, "Fieller, unbounded: the mean of b is not clearly apart from 0")
    root = math.sqrt(max(linear**2 - square * constant, 0.0))
    return Estimate(value, min((linear - root) / square, value), max((linear + root) / square, value), n, "Fieller")


def _sample(values: ArrayLike, name: str) -> Floats:
    try:
        sample = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} = {values!r}: allowed are numbers") from None
    if sample.ndim != 1 or sample.size < 2:
        raise ValueError(f"{name} has shape {sample.shape}: allowed is one dimension with at least two values")
    if not np.isfinite(sample).all():
        bad = int(np.flatnonzero(~np.isfinite(sample))[0])
        raise ValueError(f"{name}[{bad}] = {sample[bad]}: allowed are finite numbers")
    return sample


def _pair(a: ArrayLike, b: ArrayLike) -> tuple[Floats, Floats]:
    first, second = _sample(a, "a"), _sample(b, "b")
    if first.size != second.size:
        raise ValueError(f"a has {first.size} values and b has {second.size}: a paired comparison needs as many")
    return first, second


def _mean_and_error(sample: Floats, scale: float) -> tuple[float, float]:
    """Return the mean and its standard error; a spread within the rounding of numbers of size `scale` is none."""
    if np.ptp(sample) <= 4 * np.finfo(np.float64).eps * scale:
        return float(sample[0]), 0.0
    return float(sample.mean()), float(sample.std(ddof=1)) / math.sqrt(sample.size)


def _t_interval(center: float, error: float, freedom: float, confidence: float, n: int, method: str) -> Estimate:
    from scipy.special import stdtrit

    half = float(stdtrit(freedom, (1 + _checked(confidence)) / 2)) * error
    return Estimate(center, center - half, center + half, n, method)


def _t_test(center: float, error: float, freedom: float) -> tuple[float, float]:
    """Return Student's t and its two-sided p value."""
    from scipy.special import stdtr

    if error == 0:
        return (0.0, 1.0) if center == 0 else (math.copysign(math.inf, center), 0.0)
    return center / error, float(2 * stdtr(freedom, -abs(center / error)))


def _checked(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise ValueError(f"confidence = {confidence!r}: allowed is a number above 0 and below 1")
    return confidence
