"""Experiments: one function, many parameter points and replicates, one tidy table, on any joblib backend."""

from labkit.experiment._sweep import SweepError, replicate, sweep

__all__ = ["SweepError", "replicate", "sweep"]
