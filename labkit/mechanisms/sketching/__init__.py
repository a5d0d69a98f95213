"""Sketching: how few numbers describe a gradient, what that costs, and what it gives away.

Clients that learn together send gradients. A sketch sends `size` random projections of one instead of its `dim`
numbers, and the transpose brings it back, right on average: Song, Wang, Yu and Zhang, "Sketching for First Order
Method: Efficient Algorithm for Low-Bandwidth Channel and Vulnerability", ICML 2023, arXiv 2210.08371. Of the paper the
abstract was read, and what others report of its method; rates, moments and thresholds are derived here and measured.

Read in this order: `_sketch` and `_maps` (the matrices), `_theory` and `_moments` (how good they are), `_problem` and
`_worlds` (what is learned), `_knobs`, `_channels` and `_descend` (who sends what, and its price), `_study` (all methods
side by side), `_attack` and `_leak` (what a message gives away), `_privacy` and `_audit` (what noise is worth).
"""

from labkit.mechanisms.sketching._attack import Recovery, invert_gradient, message, recover_input
from labkit.mechanisms.sketching._audit import audit
from labkit.mechanisms.sketching._channels import NUMBER_BITS, SEED_BITS
from labkit.mechanisms.sketching._descend import METHODS, History, Ledger, descend
from labkit.mechanisms.sketching._knobs import Knobs
from labkit.mechanisms.sketching._leak import SUCCESS, Leak, Stolen, steal, unfold_theft
from labkit.mechanisms.sketching._moments import DRAWS, Embedded, Embedding, embed, the_vector
from labkit.mechanisms.sketching._privacy import clip, noise_for, privacy_loss, single_shot_noise
from labkit.mechanisms.sketching._problem import Classifier, Problem, Quadratic
from labkit.mechanisms.sketching._sketch import FAMILIES, Family, Sketch, make_sketch, variance_factor
from labkit.mechanisms.sketching._study import (
    COMPARED,
    GRID,
    SHORTENED,
    Runs,
    Study,
    compare,
    deal,
    first_within,
    learn,
    tune,
    unfold,
)
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
from labkit.mechanisms.sketching._worlds import digits, images, quadratic, synthetic

__all__ = [
    "COMPARED",
    "DRAWS",
    "FAMILIES",
    "GRID",
    "METHODS",
    "NUMBER_BITS",
    "SEED_BITS",
    "SHORTENED",
    "SUCCESS",
    "Classifier",
    "Embedded",
    "Embedding",
    "Family",
    "History",
    "Knobs",
    "Leak",
    "Ledger",
    "Problem",
    "Quadratic",
    "Recovery",
    "Runs",
    "Sketch",
    "Stolen",
    "Study",
    "audit",
    "best_step",
    "clip",
    "compare",
    "contraction",
    "deal",
    "descend",
    "digits",
    "drift_point",
    "embed",
    "failure_bound",
    "first_within",
    "images",
    "invert_gradient",
    "learn",
    "make_sketch",
    "message",
    "noise_for",
    "privacy_loss",
    "quadratic",
    "recover_input",
    "rounds_needed",
    "single_shot_noise",
    "spectrum_step",
    "stable_step",
    "steal",
    "synthetic",
    "the_vector",
    "tune",
    "unfold",
    "unfold_theft",
    "variance_factor",
    "worst_case_step",
]
