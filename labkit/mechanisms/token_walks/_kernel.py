"""The self-repellent kernel: go where you can, but rather where you have been too rarely."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from labkit.mechanisms.token_walks._chain import Chain
from labkit.mechanisms.token_walks._graphs import Floats


def repelled(chain: Chain, measure: ArrayLike, alpha: float) -> Floats:
    """Return the self-repellent kernel at a measure (Doshi, Hu and Eun, arXiv 2305.05097).

    Parameters
    ----------
    chain : Chain
        The base chain.
    measure : array_like of float, shape (nodes,)
        How often each node was visited, up to a factor; all above 0.
    alpha : float
        Strength of the repulsion, 0 or more.

    Returns
    -------
    ndarray of float, shape (nodes, nodes)
        Row i holds ``P_ij (x_j / target_j)^-alpha``, divided by its sum.

    Raises
    ------
    ValueError
        A number is out of range.
    """
    logs = -alpha * _excess(chain, measure, alpha)
    # Only ratios within a row count: the largest weight a row can reach becomes 1, so nothing overflows.
    highest = np.where(chain.matrix > 0, logs, -np.inf).max(axis=1, keepdims=True)
    weights: Floats = chain.matrix * np.exp(np.where(chain.matrix > 0, logs - highest, -np.inf))
    weights /= weights.sum(axis=1, keepdims=True)
    return weights


def settled(chain: Chain, measure: ArrayLike, alpha: float) -> Floats:
    """Return how often each node would be visited if the measure stood still (closed form, recalled and tested).

    Parameters
    ----------
    chain, measure, alpha
        As for `repelled`.

    Returns
    -------
    ndarray of float, shape (nodes,)
        In proportion to ``sum_j target_i P_ij (x_i / target_i)^-alpha (x_j / target_j)^-alpha``: the stationary law of
        the kernel, because the kernel is reversible with respect to it.

    Raises
    ------
    ValueError
        As for `repelled`.
    """
    logs = -alpha * _excess(chain, measure, alpha)
    weights = np.exp(logs - logs.max())
    law = chain.target * weights * (chain.matrix @ weights)
    return np.asarray(law / law.sum(), dtype=np.float64)


def _excess(chain: Chain, measure: ArrayLike, alpha: float) -> Floats:
    """Return the logarithm of visits over target at each node."""
    seen = np.asarray(measure, dtype=np.float64)
    if not (np.isfinite(alpha) and alpha >= 0):
        raise ValueError(f"alpha = {alpha!r}: allowed is a number from 0")
    if seen.shape != (chain.nodes,) or not (np.isfinite(seen) & (seen > 0)).all():
        raise ValueError(f"measure = {measure!r}: allowed is one number above 0 for each of {chain.nodes} nodes")
    return np.asarray(np.log(seen / chain.target), dtype=np.float64)


def distance(shares: ArrayLike, target: Floats) -> Floats:
    """Return the total variation between shares of visits and the target.

    Parameters
    ----------
    shares : array_like of float, shape (..., nodes)
        Shares that add up to 1.
    target : ndarray of float, shape (nodes,)
        The same.

    Returns
    -------
    ndarray of float, shape (...)
        Half the sum of the absolute differences: 0 where they agree, 1 where they have nothing in common.
    """
    apart: Floats = np.abs(np.asarray(shares, dtype=np.float64) - target).sum(axis=-1) / 2
    return apart
