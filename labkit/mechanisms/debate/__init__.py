"""Debate: agents answer, read each other's answers, and answer again; against asking one model as often and voting.

The protocol is that of Du et al., "Improving Factuality and Reasoning in Language Models through Multiagent Debate",
arXiv 2305.14325, in the form of "Revisiting Multi-Agent Debate as Test-Time Scaling", arXiv 2505.22960. Beside it
stand models that need no language model and have exact answers.

Read in this order: `_protocol` (what a debate is), `_votes` (what it has to beat), `_urn` and `_urn_theory` (beliefs
that only mirror each other), `_persuasion` and `_ruin` (readers that can tell right from wrong), `_discussion` (both),
`_opinions` (averaging), `_personas` (public and private), `_tokens` and `_spending` (the
price).
"""

from labkit.mechanisms.debate._discussion import Discussed, Discussion, diverse, simulate_discussion
from labkit.mechanisms.debate._opinions import (
    bounded_confidence,
    camps,
    degroot,
    degroot_limit,
    friedkin_johnsen,
    friedkin_johnsen_limit,
    second_eigenvalue,
    trust,
)
from labkit.mechanisms.debate._personas import (
    Inconstancy,
    Personas,
    Positions,
    Talk,
    ask_personas,
    inconstancy,
    insistent,
    simulate_personas,
)
from labkit.mechanisms.debate._persuasion import (
    Persuaded,
    Persuasion,
    persuasion_accuracy,
    right_distribution,
    simulate_persuasion,
)
from labkit.mechanisms.debate._protocol import Read, Wording, call_seed, debate, stripped
from labkit.mechanisms.debate._ruin import break_even_advantage, ruin_accuracy
from labkit.mechanisms.debate._spending import ARMS, GainMap, Spending, gain_map, spend
from labkit.mechanisms.debate._tokens import Tokens, tokens, tokens_of, votes_for
from labkit.mechanisms.debate._topology import Topology, neighbourhoods
from labkit.mechanisms.debate._urn import Beliefs, Urn, simulate_beliefs
from labkit.mechanisms.debate._urn_theory import Identity, expected_beliefs, identity, identity_bias, urn_variance
from labkit.mechanisms.debate._votes import correlated_accuracy, majority_accuracy, vote_accuracy, vote_bound

__all__ = [
    "ARMS", "Beliefs", "Discussed", "Discussion", "GainMap", "Identity", "Inconstancy", "Personas", "Persuaded",
    "Persuasion", "Positions", "Read", "Spending", "Talk", "Tokens", "Topology", "Urn", "Wording", "ask_personas",
    "bounded_confidence", "break_even_advantage", "call_seed", "camps", "correlated_accuracy", "debate", "degroot",
    "degroot_limit", "diverse", "expected_beliefs", "friedkin_johnsen", "friedkin_johnsen_limit", "gain_map",
    "identity", "identity_bias", "inconstancy", "insistent", "majority_accuracy", "neighbourhoods",
    "persuasion_accuracy", "right_distribution", "ruin_accuracy", "second_eigenvalue", "simulate_beliefs",
    "simulate_discussion", "simulate_personas", "simulate_persuasion", "spend", "stripped", "tokens", "tokens_of",
    "trust", "urn_variance", "vote_accuracy", "vote_bound", "votes_for",
]  # fmt: skip
