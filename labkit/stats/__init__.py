"""How sure a measured number is: estimates with intervals, and comparisons of two arms."""

from labkit.stats._intervals import (
    mean_band,
    mean_interval,
    paired_comparison,
    proportion_interval,
    ratio_interval,
    welch,
)
from labkit.stats._records import Band, Comparison, Estimate, exact
from labkit.stats._votes import plurality_chance

__all__ = [
    "Band",
    "Comparison",
    "Estimate",
    "exact",
    "mean_band",
    "mean_interval",
    "paired_comparison",
    "plurality_chance",
    "proportion_interval",
    "ratio_interval",
    "welch",
]
