"""Stigmergic memory: a mark left in the ground against a memory kept in the head.

Agents forage on a torus with regrowing food and hazards. Each may keep a small private memory, and
each may leave marks that fade, which all others can read. The question and the four arms (neither,
memory, traces, both) are those of Khushiyant, "Emergent Collective Memory in Decentralized
Multi-Agent AI Systems", arXiv 2512.10166. The paper's abstract gives the comparison and the critical
density; most of the rule of movement is not public, so the model here is our construction.

Read in this order: `_world` (what a world is), `_simulate` (one step), `_memory` (the head), `_traces`
(the ground), `_meanfield` (the theory line), `_swarm` (marks on pairings instead of places).
"""

from labkit.mechanisms.stigmergic_memory._meanfield import (
    Occupancy,
    critical_density,
    occupancy,
    simulate_occupancy,
)
from labkit.mechanisms.stigmergic_memory._simulate import ARMS, Arms, compare, simulate, unfold, unfold_arms
from labkit.mechanisms.stigmergic_memory._swarm import Swarm, SwarmRun, pair
from labkit.mechanisms.stigmergic_memory._traces import consensus, half_life
from labkit.mechanisms.stigmergic_memory._world import LAYERS, Frames, Run, World, composite

__all__ = [
    "ARMS",
    "LAYERS",
    "Arms",
    "Frames",
    "Occupancy",
    "Run",
    "Swarm",
    "SwarmRun",
    "World",
    "compare",
    "composite",
    "consensus",
    "critical_density",
    "half_life",
    "occupancy",
    "pair",
    "simulate",
    "simulate_occupancy",
    "unfold",
    "unfold_arms",
]
