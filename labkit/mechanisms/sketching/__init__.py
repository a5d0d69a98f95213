"""Sketching."""

from labkit.mechanisms.sketching._moments import DRAWS, Embedded, Embedding, embed, the_vector
from labkit.mechanisms.sketching._sketch import FAMILIES, Family, Sketch, make_sketch, variance_factor
from labkit.mechanisms.sketching._theory import (
    best_step,
    contraction,
    drift_point,
    failure_bound,
    rounds_needed,
    spectrum_step,
    stable_step,
    worst_case_step,
)

__all__ = [
    "DRAWS",
    "FAMILIES",
    "Embedded",
    "Embedding",
    "Family",
    "Sketch",
    "best_step",
    "contraction",
    "drift_point",
    "embed",
    "failure_bound",
    "make_sketch",
    "rounds_needed",
    "spectrum_step",
    "stable_step",
    "the_vector",
    "variance_factor",
    "worst_case_step",
]
