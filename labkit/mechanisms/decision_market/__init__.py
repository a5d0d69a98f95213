"""Decision markets: agents who see different things, and are paid so that telling the truth pays best.

A decision has to be made between actions, and what is known about them is spread over agents who care for nothing but
their pay. Each action has a market. Its price is the chance of success if the action is taken. Agents change the prices
in turn; then an action is taken, its outcome is seen, and each is paid for how much it improved that one price.
The mechanism, the urns and the learning agents are those of Wang and Pfeiffer, "Decision Market Based Learning For
Multi-agent Contextual Bandit Problems", arXiv 2212.00271 (abstract and authors' code); that every action must have a
chance for the truth to pay best is due to Chen, Kash, Ruberry and Shnayder. Two markets are ours: one on a table of
chances, and one on real patients.

Read in this order: `_scores` (what a forecast is worth), `_rules` (who decides, and what it pays), `_lies` (where
lying pays), `_risk` (how risky honesty is), `_learn` (agents that learn from their pay), `_urns`, `_tables` and
`_patients` (three worlds), `_trading` and `_run` (one door to them).
"""

from labkit.mechanisms.decision_market._learn import Report, Traders, settle
from labkit.mechanisms.decision_market._lies import Surface, pay_surface, temptation
from labkit.mechanisms.decision_market._patients import Clinic
from labkit.mechanisms.decision_market._risk import Risk, honest_risk, sample_pay
from labkit.mechanisms.decision_market._rules import Rule, expected_pay, leader_first, pay_variance, stochastic
from labkit.mechanisms.decision_market._run import (
    Run,
    learn,
    learn_patients,
    learn_table,
    regressions,
    unfold,
    unfold_table,
    urn_weights,
)
from labkit.mechanisms.decision_market._scores import (
    LOGIT_CAP,
    bayes_weights,
    expected_score,
    log_odds,
    probability,
    score,
)
from labkit.mechanisms.decision_market._tables import Table
from labkit.mechanisms.decision_market._terms import Episodes, Terms
from labkit.mechanisms.decision_market._urns import Market

__all__ = [
    "LOGIT_CAP",
    "Clinic",
    "Episodes",
    "Market",
    "Report",
    "Risk",
    "Rule",
    "Run",
    "Surface",
    "Table",
    "Terms",
    "Traders",
    "bayes_weights",
    "expected_pay",
    "expected_score",
    "honest_risk",
    "leader_first",
    "learn",
    "learn_patients",
    "learn_table",
    "log_odds",
    "pay_surface",
    "pay_variance",
    "probability",
    "regressions",
    "sample_pay",
    "score",
    "settle",
    "stochastic",
    "temptation",
    "unfold",
    "unfold_table",
    "urn_weights",
]
