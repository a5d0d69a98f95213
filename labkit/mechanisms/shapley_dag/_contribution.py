"""How far each answer leans the way of the group: it stands in for a Shapley value, and makes the choice."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

Rule = Literal["paper", "released"]
Floats = NDArray[np.float64]

# The released code divides by this before the softmax.
SHARPNESS = 0.1
# Cosines closer than this are equal: rounding errors decide nothing.
DIGITS = 12


def contributions(embeddings: ArrayLike, rule: Rule = "paper") -> Floats:
    """Return how much each agent contributes: the cosine of its answer with the mean of all.

    Parameters
    ----------
    embeddings : array_like of float, shape (agents, dimension)
        One vector per answer; only its direction counts.
    rule : {"paper", "released"}
        The cosine itself, or what the released code makes of it: negative ones to 0, then a softmax at
        temperature 0.1, so that they sum to 1.

    Returns
    -------
    ndarray of float, shape (agents,)
        Where the answers cancel out and there is no mean to lean to, all cosines are 0.

    Raises
    ------
    ValueError
        A vector is zero or not finite, the table is not two-dimensional, or there is no such rule.

    Notes
    -----
    arXiv 2510.00685, the approximation of the Shapley value; the softmax from the released code.
    """
    checked_rule(rule)
    alignment = _alignment(unit_rows(embeddings))
    if rule == "paper":
        return alignment
    raised = np.maximum(alignment, 0)
    weights = np.exp((raised - raised.max()) / SHARPNESS)
    return np.asarray(weights / weights.sum())


def similarities(embeddings: ArrayLike) -> Floats:
    """Return the cosine of every pair of answers, to 12 decimals: equal vectors are at exactly 1.

    Parameters
    ----------
    embeddings : array_like of float, shape (agents, dimension)
        One vector per answer.

    Returns
    -------
    ndarray of float, shape (agents, agents)
    """
    unit = unit_rows(embeddings)
    return np.clip(np.round(unit @ unit.T, DIGITS), -1, 1)


def central(embeddings: ArrayLike, weights: ArrayLike) -> int:
    """Return the agent whose answer lies nearest to the weighted centre of all; the first of several.

    Parameters
    ----------
    embeddings : array_like of float, shape (agents, dimension)
        One vector per answer.
    weights : array_like of float, shape (agents,)
        How much each counts: its contribution.

    Returns
    -------
    int
        An answer that exists is chosen, none is made up. That is all the choice rests on: no other
        argument could carry the right answer into it.

    Notes
    -----
    arXiv 2510.00685, the output step.
    """
    unit = unit_rows(embeddings)
    # Row by row, so that equal rows get equal bits, wherever they stand.
    toward = np.round((unit * (unit * np.asarray(weights)[:, None]).sum(axis=0)).sum(axis=1), DIGITS)
    return int(np.argmax(toward))


def cluster_gap(correct: int, agents: int, within: float, across: float, wrong: float) -> float:
    """Return how far a correct agent's contribution lies above a wrong one's, times ``agents * |mean|``.

    Parameters
    ----------
    correct, agents : int
        How many are right, of how many.
    within, across, wrong : float
        The cosine of two right answers, of a right and a wrong one, and of two wrong ones.

    Returns
    -------
    float
        ``(correct - 1)(within - across) + (agents - correct - 1)(across - wrong)``: with one right agent and
        wrong answers that are no more alike than right and wrong, exactly 0.

    Notes
    -----
    The exact form of the paper's lemma of contribution dominance, derived here.
    """
    return (correct - 1) * (within - across) + (agents - correct - 1) * (across - wrong)


def unit_rows(embeddings: ArrayLike) -> Floats:
    """Return the rows at length 1; one that has no direction is refused."""
    rows = np.asarray(embeddings, dtype=float)
    if rows.ndim != 2 or rows.shape[0] < 1 or rows.shape[1] < 1:
        raise ValueError(f"embeddings of shape {rows.shape}: allowed is (agents, dimension), one of each or more")
    if not np.isfinite(rows).all():
        agent = int(np.argmax(~np.isfinite(rows).all(axis=1)))
        raise ValueError(f"embeddings[{agent}] holds a value that is not finite: allowed are finite numbers")
    # Scaled first, so that neither tiny nor huge vectors lose their direction to under- or overflow.
    largest = np.abs(rows).max(axis=1, keepdims=True)
    if not largest.all():
        agent = int(np.argmin(largest))
        raise ValueError(f"embeddings[{agent}] is a zero vector: it has no direction to compare")
    rows = rows / largest
    return np.asarray(rows / np.sqrt((rows * rows).sum(axis=1, keepdims=True)))


def checked_rule(rule: str) -> None:
    """Refuse a rule that does not exist."""
    if rule not in get_args(Rule):
        raise ValueError(f"rule = {rule!r}: allowed is one of {', '.join(map(repr, get_args(Rule)))}")


def _alignment(unit: Floats) -> Floats:
    mean = unit.mean(axis=0)
    length = np.sqrt((mean * mean).sum())
    if length < 10.0**-DIGITS:
        return np.zeros(len(unit))
    return np.asarray((unit * (mean / length)).sum(axis=1))
