"""Experiments: one function, many parameter points and replicates, one tidy table, on any joblib backend."""

from labkit.experiment._reckon import Cost, reckon, speedup
from labkit.experiment._saved import as_text, load, save
from labkit.experiment._sweep import SweepError, replicate, sweep

__all__ = ["Cost", "SweepError", "as_text", "load", "reckon", "replicate", "save", "speedup", "sweep"]
