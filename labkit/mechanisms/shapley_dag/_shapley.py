"""Exact Shapley values from the value of every coalition, and the game whose value the cheap score stands in for."""

from __future__ import annotations

from functools import lru_cache
from math import comb

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labkit.mechanisms.shapley_dag._contribution import unit_rows

Floats = NDArray[np.float64]

# Sums shorter than this, per member, are rounding errors of answers that cancel.
_NOTHING = 1e-12
MOST_AGENTS = 22


def exact_shapley(utilities: ArrayLike) -> Floats:
    """Return each agent's Shapley value: what it adds, averaged over all orders in which a group can form.

    Parameters
    ----------
    utilities : array_like of float, shape (2^n,)
        The value of every coalition: bit i of the index says whether agent i is in it. The empty one may have any.

    Returns
    -------
    ndarray of float, shape (n,)
        They sum to the value of all minus the value of none.

    Raises
    ------
    ValueError
        The length is no power of two from 2, the table is not one-dimensional, or a value is not finite.

    Notes
    -----
    With weights a and b that depend on the size of S alone, the value of agent i is the sum of (a + b) v over the
    coalitions with i, minus the sum of b v over all. The table is folded in half once per agent, highest bit first:
    2^n + 2^(n-1) + ... additions instead of n 2^(n-1).
    """
    values = np.asarray(utilities, dtype=np.float64)
    agents = values.size.bit_length() - 1
    if values.ndim != 1 or agents < 1 or values.size != 1 << agents:
        raise ValueError(f"utilities of shape {values.shape}: allowed is (2^n,), one value per coalition of n >= 1")
    joint, absent = _coefficients(agents)
    # einsum, not dot: threads of a BLAS make sums of this size slower.
    base = np.einsum("i,i->", values, absent)
    if not np.isfinite(base) and not np.isfinite(values).all():
        coalition = int(np.argmax(~np.isfinite(values)))
        raise ValueError(f"utilities[{coalition}] = {values[coalition]}: allowed is a finite number")
    shapley = np.empty(agents)
    folded = values * joint
    for agent in reversed(range(agents)):
        half = folded.reshape(2, -1)
        shapley[agent] = half[1].sum() - base
        folded = half[0] + half[1]
    return shapley


def cosine_game(embeddings: ArrayLike) -> Floats:
    """Return the value of every coalition: the cosine of its answers' sum with the sum of all answers.

    Parameters
    ----------
    embeddings : array_like of float, shape (agents, dimension)
        One vector per answer; only its direction counts. At most 22 agents.

    Returns
    -------
    ndarray of float, shape (2^agents,)
        Bit i of the index says whether agent i is in the coalition. Nobody is worth 0, all are worth 1; a coalition
        whose answers cancel out is worth 0.

    Raises
    ------
    ValueError
        As for `contributions`, or there are too many agents.

    Notes
    -----
    The utility of Cosine Gradient Shapley (Xu et al., NeurIPS 2021), our reading of arXiv 2510.00685. The length of
    every sum comes from the cosines of the pairs, by doubling.
    """
    unit = unit_rows(embeddings)
    if len(unit) > MOST_AGENTS:
        raise ValueError(f"{len(unit)} agents: allowed are 1 to {MOST_AGENTS}, for a table of 2^agents coalitions")
    gram = unit @ unit.T
    toward, square, size = np.zeros(1), np.zeros(1), np.zeros(1)
    for agent, row in enumerate(gram):
        shared = _sums(row[:agent])
        toward = np.concatenate([toward, toward + row.sum()])
        square = np.concatenate([square, square + 2 * shared + row[agent]])
        size = np.concatenate([size, size + 1])
    lengths = np.sqrt(np.maximum(square, 0))
    real = (lengths > np.sqrt(_NOTHING) * size) & (lengths[-1] > np.sqrt(_NOTHING) * len(unit))
    cosines: Floats = np.divide(toward, lengths * lengths[-1], out=np.zeros_like(toward), where=real)
    return np.clip(cosines, -1, 1)


@lru_cache(maxsize=8)
def _coefficients(agents: int) -> tuple[Floats, Floats]:
    """Return a + b and b for every coalition of `agents`: weights of being in it, and of being left out of it."""
    sizes = _sums(np.ones(agents)).astype(np.intp)
    present = np.array([0.0, *(1 / (agents * comb(agents - 1, size - 1)) for size in range(1, agents + 1))])
    absent = np.array([*(1 / (agents * comb(agents - 1, size)) for size in range(agents)), 0.0])
    tables = (present + absent)[sizes], absent[sizes]
    for table in tables:
        table.flags.writeable = False
    return tables


def _sums(values: Floats) -> Floats:
    """Return the sum over every subset, in the order of the bits."""
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate([sums, sums + value])
    return sums
