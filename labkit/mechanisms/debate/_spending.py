"""One budget, five ways to spend it: a vote, self-refinement, and debates of two, four and eight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from labkit.mechanisms.debate._persuasion import Persuasion, persuasion_accuracy
from labkit.mechanisms.debate._ruin import ruin_accuracy
from labkit.mechanisms.debate._tokens import Tokens, tokens, votes_for
from labkit.mechanisms.debate._votes import Floats, majority_accuracy

Budget = Literal["generations", "tokens"]
ARMS = {
    "vote": (16, 1),
    "self-refinement": (1, 16),
    "debate 2 x 8": (2, 8),
    "debate 4 x 4": (4, 4),
    "debate 8 x 2": (8, 2),
}
"""Agents and rounds that make 16 answers, as in arXiv 2505.22960."""


@dataclass(frozen=True, slots=True)
class Spending:
    """How often each way to spend a budget ends right, exactly.

    Attributes
    ----------
    budget : {"generations", "tokens"}
        What is equal: the answers written, or all tokens read and written.
    advantage : float
        Chance of a correction over chance of a subversion.
    p : ndarray of float, shape (points,)
        Accuracy of one agent alone.
    shape : dict of str to (int, int)
        Agents and rounds of each arm.
    cost : dict of str to Tokens
        What each arm reads and writes.
    accuracy : dict of str to ndarray of float, shape (points,)
        How often the majority is right at the end, with one wrong answer; a tie counts one half.
    endless : ndarray of float, shape (points,)
        The same for four agents that debate to the end.
    """

    budget: Budget
    advantage: float
    p: Floats
    shape: dict[str, tuple[int, int]]
    cost: dict[str, Tokens]
    accuracy: dict[str, Floats]
    endless: Floats


def spend(
    budget: Budget = "generations",
    *,
    correction: float = 0.5,
    subversion: float = 0.5,
    question: int = 100,
    answer: int = 300,
    points: int = 33,
) -> Spending:
    """Return what each way to spend the budget is worth, from easy to hard questions.

    Parameters
    ----------
    budget : {"generations", "tokens"}
        With "tokens" each arm gets as many rounds, or votes, as the tokens of the debate of four by four pay for.
    correction, subversion : float
        As in `Persuasion`. An agent alone reads nobody and keeps its answer.
    question, answer : int
        Tokens of a question and of an answer.
    points : int
        How many accuracies, evenly from 0 to 1.

    Returns
    -------
    Spending

    Raises
    ------
    ValueError
        There is no such budget.
    """
    if budget not in ("generations", "tokens"):
        raise ValueError(f"budget = {budget!r}: allowed is 'generations' or 'tokens'")
    shape = dict(ARMS)
    if budget == "tokens":
        purse = tokens(*ARMS["debate 4 x 4"], question, answer)
        shape = {name: _afforded(arm, purse, question, answer) for name, arm in ARMS.items()}
    p = np.linspace(0, 1, points)
    accuracy = {
        name: np.asarray(majority_accuracy(p, agents))
        if rounds == 1
        else _debated(p, agents, rounds, correction, subversion)
        for name, (agents, rounds) in shape.items()
    }
    advantage = correction / subversion if subversion else np.inf
    cost = {name: tokens(*arm, question, answer) for name, arm in shape.items()}
    return Spending(budget, advantage, p, shape, cost, accuracy, np.asarray(ruin_accuracy(p, 4, advantage)))


def _afforded(arm: tuple[int, int], purse: Tokens, question: int, answer: int) -> tuple[int, int]:
    agents, rounds = arm
    if rounds == 1:
        return votes_for(purse, question, answer), 1
    longer = range(1, 200)
    return agents, max(r for r in longer if r == 1 or tokens(agents, r, question, answer).total <= purse.total)


def _debated(p: Floats, agents: int, rounds: int, correction: float, subversion: float) -> Floats:
    group = Persuasion(agents=agents, rounds=rounds - 1, correction=correction, subversion=subversion)
    return np.array([persuasion_accuracy(group.replace(accuracy=float(chance)))[-1] for chance in p])


@dataclass(frozen=True, slots=True)
class GainMap:
    """Debate minus vote over accuracy and advantage, exactly, for debates to the end.

    Attributes
    ----------
    agents : int
        How many debate, and how many vote.
    p : ndarray of float, shape (columns,)
        Accuracy of one agent alone.
    advantage : ndarray of float, shape (rows,)
        Chance of a correction over chance of a subversion.
    gain : ndarray of float, shape (rows, columns)
        Debate minus vote.
    """

    agents: int
    p: Floats
    advantage: Floats
    gain: Floats


def gain_map(agents: int, *, columns: int = 97, rows: int = 81, widest: float = 8.0) -> GainMap:
    """Return where a debate to the end beats a vote of the same agents.

    Parameters
    ----------
    agents : int
        How many, 3 or more.
    columns, rows : int
        How fine the map is.
    widest : float
        Advantages reach from ``1 / widest`` to `widest`.

    Returns
    -------
    GainMap
    """
    p = np.linspace(0.02, 0.98, columns)
    advantage = np.geomspace(1 / widest, widest, rows)
    debated = np.asarray(ruin_accuracy(p[None], agents, advantage[:, None]))
    return GainMap(agents, p, advantage, debated - np.asarray(majority_accuracy(p, agents)))
