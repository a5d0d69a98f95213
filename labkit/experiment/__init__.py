"""Experiments: one function, many parameter points and replicates, one tidy table, on any joblib backend."""

from labkit.experiment._saved import as_text, load, save
from labkit.experiment._sweep import SweepError, replicate, sweep

__all__ = ["SweepError", "as_text", "load", "replicate", "save", "sweep"]
