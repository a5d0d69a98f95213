"""What a measurement comes to: an estimate with its interval, and a comparison of two arms."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A measured value with its interval.

    Attributes
    ----------
    value : float
        The point estimate.
    low, high : float
        The ends of the interval; both equal `value` for an exact number, infinite where nothing bounds it.
    n : int
        How many observations stand behind it.
    method : str
        How the interval was obtained.

    Raises
    ------
    ValueError
        A number is NaN, the value is infinite or lies outside its interval, or `n` is below 1.
    """

    value: float
    low: float
    high: float
    n: int
    method: str

    def __post_init__(self) -> None:
        for name in ("value", "low", "high"):
            object.__setattr__(self, name, float(getattr(self, name)))
        if not (math.isfinite(self.value) and self.low <= self.value <= self.high):
            raise ValueError(
                f"Estimate: value {self.value} with interval [{self.low}, {self.high}]: "
                "allowed is a finite value inside its interval"
            )
        whole(self.n, "Estimate.n", 1)

    def scaled(self, factor: float = 1.0, shift: float = 0.0) -> Estimate:
        """Return the estimate of ``factor * value + shift``, say of a gain in percent from a ratio."""
        if factor == 0:
            value, low, high = shift, shift, shift
        else:
            value, low, high = (factor * number + shift for number in (self.value, self.low, self.high))
        return Estimate(value, min(low, high), max(low, high), self.n, self.method)

    def __str__(self) -> str:
        """Return "12.3 [11.9, 12.7]", with the decimals that the width of the interval supports."""
        half = (self.high - self.low) / 2
        if half == 0 or math.isinf(half):
            return f"{self.value:.4g} [{self.low:.4g}, {self.high:.4g}]"
        decimals = min(max(0, -math.floor(math.log10(half))), 15)
        return f"{self.value:.{decimals}f} [{self.low:.{decimals}f}, {self.high:.{decimals}f}]"


def exact(value: float, method: str = "exact") -> Estimate:
    """Return a number that was computed rather than sampled, as an estimate of zero width."""
    return Estimate(float(value), float(value), float(value), 1, method)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two arms compared.

    Attributes
    ----------
    difference : Estimate
        First arm minus second.
    p_value : float
        Two-sided, for no difference in the mean.
    effect_size : float
        The difference in standard deviations; `method` says of what.
    statistic : float
        Student's t.
    method : str
        Which test.
    """

    difference: Estimate
    p_value: float
    effect_size: float
    statistic: float
    method: str


@dataclass(frozen=True, slots=True)
class Band:
    """Means with their intervals, one for each place of a curve.

    Attributes
    ----------
    value, low, high : ndarray of float, shape (places,)
        The means and the ends of their intervals.
    n : int
        How many curves they are based on.
    """

    value: Floats
    low: Floats
    high: Floats
    n: int


def whole(count: int, name: str, low: int) -> None:
    """Refuse a count that is not a whole number from `low`."""
    if not isinstance(count, int | np.integer) or isinstance(count, bool) or count < low:
        raise ValueError(f"{name} = {count!r}: allowed is a whole number from {low}")
