"""Distributed linear bandits: how much regret each number on the wire buys.

Many agents play the same contextual linear bandit. They could tell each other everything, nothing, or something in
between. The policies here are five answers to the question when to talk, how rarely, how little, and to whom:
DisLinUCB (Wang et al., arXiv 1904.06309), FedLinUCB (He et al., arXiv 2207.03106), DisBE-LUCB and DecBE-LUCB (Amani
et al., arXiv 2205.13170) and PLS (Salgia and Zhao, arXiv 2211.02212). Their constants come from abstracts, authors'
code and memory, as each docstring says; where a gap had to be filled, the docstring says that too.

Read in this order: `_problem` (what is played), `_linucb` (one round), `_sharing` and `_asynchronous` (when to talk),
`_batched`, `_eliminator` and `_design` (how rarely), `_gossip` (without a server), `_quantise` and `_refine` (how
little), `_swim` (several steps ahead: asynchronous LSVI-UCB, Min et al., arXiv 2305.06446), `_play` (one door to all),
`_study` (all on the same problems).
"""

from labkit.mechanisms.distributed_bandits._agreement import Agreement, gossip_errors
from labkit.mechanisms.distributed_bandits._batched import Batches, batch_grid
from labkit.mechanisms.distributed_bandits._design import optimal_design
from labkit.mechanisms.distributed_bandits._gossip import (
    GRAPHS,
    chebyshev_gossip,
    gossip_steps,
    gossip_weights,
    graph_edges,
    plain_gossip,
    second_eigenvalue,
)
from labkit.mechanisms.distributed_bandits._linucb import Learned
from labkit.mechanisms.distributed_bandits._play import POLICIES, play, unfold
from labkit.mechanisms.distributed_bandits._problem import BITS_PER_NUMBER, Problem, Run
from labkit.mechanisms.distributed_bandits._quantise import Quantised, decode, quantise
from labkit.mechanisms.distributed_bandits._refine import Epochs
from labkit.mechanisms.distributed_bandits._study import (
    LONG,
    SHORT,
    Runs,
    Study,
    compare,
    compare_long,
    unfold_comparison,
    unfold_long,
)
from labkit.mechanisms.distributed_bandits._swim import Chain, Cooperation, best_values, cooperate, river

__all__ = [
    "BITS_PER_NUMBER",
    "GRAPHS",
    "LONG",
    "POLICIES",
    "SHORT",
    "Agreement",
    "Batches",
    "Chain",
    "Cooperation",
    "Epochs",
    "Learned",
    "Problem",
    "Quantised",
    "Run",
    "Runs",
    "Study",
    "batch_grid",
    "best_values",
    "chebyshev_gossip",
    "compare",
    "compare_long",
    "cooperate",
    "decode",
    "gossip_errors",
    "gossip_steps",
    "gossip_weights",
    "graph_edges",
    "optimal_design",
    "plain_gossip",
    "play",
    "quantise",
    "river",
    "second_eigenvalue",
    "unfold",
    "unfold_comparison",
    "unfold_long",
]
