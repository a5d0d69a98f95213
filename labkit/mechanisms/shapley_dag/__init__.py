"""The Shapley-weighted graph: agents that know only each other's answers decide whom an answer should flow from.

After "Stochastic Self-Organization in Multi-Agent Systems" (SelfOrg), arXiv 2510.00685: an answer near the mean of
the group contributes much, answers flow from those that contribute more to those that contribute less, and the
answer nearest to the weighted centre is given. The paper's rule and that of its released code stand side by side.

Read in this order: `_contribution` (the score and the choice), `_shapley` (what it stands in for), `_games` (where that
is known), `_graph` (who reads whom), `_organize` (agents that answer), `_crowd` and `_world` (the same without a
language model), `_scene` (one question in the plane), `_plurality` (what it has to beat), `_capability` and
`_colluders` (two other ways to weigh a vote).
"""

from labkit.mechanisms.shapley_dag._capability import Decisions, Teams, decide
from labkit.mechanisms.shapley_dag._colluders import Panel, Votes, vote
from labkit.mechanisms.shapley_dag._contribution import central, cluster_gap, contributions, similarities
from labkit.mechanisms.shapley_dag._crowd import Crowd
from labkit.mechanisms.shapley_dag._games import Game, airport, gloves, symmetric, voting
from labkit.mechanisms.shapley_dag._graph import influence_graph, reshuffled, speaking_order
from labkit.mechanisms.shapley_dag._organize import call_seed, self_organize
from labkit.mechanisms.shapley_dag._plurality import at_least, coincidence_threshold, plurality_accuracy
from labkit.mechanisms.shapley_dag._scene import Scene, scene_of_talks, scene_of_transcript
from labkit.mechanisms.shapley_dag._shapley import cosine_game, exact_shapley
from labkit.mechanisms.shapley_dag._transcript import Organized, Wording
from labkit.mechanisms.shapley_dag._world import Answer, Talks, simulate

__all__ = [
    "Answer",
    "Crowd",
    "Decisions",
    "Game",
    "Organized",
    "Panel",
    "Scene",
    "Talks",
    "Teams",
    "Votes",
    "Wording",
    "airport",
    "at_least",
    "call_seed",
    "central",
    "cluster_gap",
    "coincidence_threshold",
    "contributions",
    "cosine_game",
    "decide",
    "exact_shapley",
    "gloves",
    "influence_graph",
    "plurality_accuracy",
    "reshuffled",
    "scene_of_talks",
    "scene_of_transcript",
    "self_organize",
    "similarities",
    "simulate",
    "speaking_order",
    "symmetric",
    "vote",
    "voting",
]
