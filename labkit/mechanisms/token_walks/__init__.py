"""Token walks: a message wanders over a graph, rather where it has been too rarely, and learns on the way.

The self-repellent random walk (Doshi, Hu and Eun, arXiv 2305.05097) bends any reversible chain away from the nodes
that it has visited too often. Hu, Doshi and Eun (arXiv 2401.09665) let it drive a stochastic optimiser. Only abstracts,
openings, reviews and later papers that quote the kernel were read; docstrings say what is recalled or derived here.

Read in this order: `_graphs` (where it walks), `_chain` (the base chain and its modes), `_kernel` (the repulsion),
`_objective` (what it learns), `_crowd` (one step of many walks), `_world` and `_simulate` (whole walks), `_errors`
(variance and bias apart), `_theory` (what the limit theorems promise).
"""

from labkit.mechanisms.token_walks._chain import Chain, Modes, metropolis, modes
from labkit.mechanisms.token_walks._crowd import Crowd, Rule, walk
from labkit.mechanisms.token_walks._errors import Split, mean_of_visits, split_error
from labkit.mechanisms.token_walks._graphs import Graph, circle, make_graph, ready_made
from labkit.mechanisms.token_walks._kernel import distance, repelled, settled
from labkit.mechanisms.token_walks._objective import Logistic, Mean, spread_digits, spread_numbers
from labkit.mechanisms.token_walks._simulate import (
    LADDER,
    compare,
    compare_regimes,
    simulate,
    unfold_comparison,
    unfold_regimes,
)
from labkit.mechanisms.token_walks._theory import (
    case_of,
    independent_variance,
    iterate_covariance,
    paced_covariance,
    repulsion,
    sampling_variance,
)
from labkit.mechanisms.token_walks._world import Run, Runs, World, chain_of, graph_of, objective_of, values_of

__all__ = [
    "LADDER",
    "Chain",
    "Crowd",
    "Graph",
    "Logistic",
    "Mean",
    "Modes",
    "Rule",
    "Run",
    "Runs",
    "Split",
    "World",
    "case_of",
    "chain_of",
    "circle",
    "compare",
    "compare_regimes",
    "distance",
    "graph_of",
    "independent_variance",
    "iterate_covariance",
    "make_graph",
    "mean_of_visits",
    "metropolis",
    "modes",
    "objective_of",
    "paced_covariance",
    "ready_made",
    "repelled",
    "repulsion",
    "sampling_variance",
    "settled",
    "simulate",
    "split_error",
    "spread_digits",
    "spread_numbers",
    "unfold_comparison",
    "unfold_regimes",
    "values_of",
    "walk",
]
