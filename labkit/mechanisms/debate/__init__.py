"""Debate: agents answer, read each other's answers, and answer again; against asking one model as often and voting.

The protocol is that of Du et al., "Improving Factuality and Reasoning in Language Models through Multiagent Debate",
arXiv 2305.14325, in the form of "Revisiting Multi-Agent Debate as Test-Time Scaling", arXiv 2505.22960.
"""

from labkit.mechanisms.debate._protocol import Wording, call_seed, debate, stripped
from labkit.mechanisms.debate._topology import Topology, neighbourhoods

__all__ = ["Topology", "Wording", "call_seed", "debate", "neighbourhoods", "stripped"]
