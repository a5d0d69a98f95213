"""The Shapley-weighted graph: agents that know only each other's answers decide whom an answer should flow from.

After "Stochastic Self-Organization in Multi-Agent Systems" (SelfOrg), arXiv 2510.00685: an answer near the mean of
the group contributes much, answers flow from those that contribute more to those that contribute less, and the
answer nearest to the weighted centre is given. The paper's rule and that of its released code stand side by side.

Read in this order: `_contribution` (the score and the choice), `_graph` (who reads whom), `_organize` (agents that
answer).
"""

from labkit.mechanisms.shapley_dag._contribution import central, cluster_gap, contributions, similarities
from labkit.mechanisms.shapley_dag._graph import influence_graph, reshuffled, speaking_order
from labkit.mechanisms.shapley_dag._organize import Organized, Wording, call_seed, self_organize

__all__ = [
    "Organized",
    "Wording",
    "call_seed",
    "central",
    "cluster_gap",
    "contributions",
    "influence_graph",
    "reshuffled",
    "self_organize",
    "similarities",
    "speaking_order",
]
