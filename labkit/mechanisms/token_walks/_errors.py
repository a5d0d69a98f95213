"""How far from the goal: variance and bias apart, because they shrink for different reasons."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from labkit.mechanisms.token_walks._graphs import Floats
from labkit.stats import Estimate, mean_interval


@dataclass(frozen=True, slots=True)
class Split:
    """A mean squared error, split.

    Attributes
    ----------
    error : Estimate
        Mean squared distance from the optimum.
    variance : Estimate
        The part that differs from walk to walk.
    bias : Estimate
        The squared distance between the mean walk and the optimum, less what chance alone adds to it; may come out
        below 0 where there is no bias.
    """

    error: Estimate
    variance: Estimate
    bias: Estimate


def split_error(found: ArrayLike, optimum: ArrayLike) -> Split:
    """Return the error of walks, and how much of it is variance and how much bias.

    Parameters
    ----------
    found : array_like of float, shape (walks, dims)
        What each walk came to; two walks or more.
    optimum : array_like of float, shape (dims,)
        What it should be.

    Returns
    -------
    Split
        Error and variance with Student's t interval over the walks, bias with one from its own jackknife.

    Raises
    ------
    ValueError
        There are fewer than two walks.
    """
    if len(np.shape(found)) != 2 or len(np.asarray(found)) < 2:
        raise ValueError(f"found has shape {np.shape(found)}: allowed is (walks, dims) with two walks or more")
    off = np.asarray(found, dtype=np.float64) - np.asarray(optimum, dtype=np.float64)
    walks, mean = len(off), off.mean(axis=0)
    spread = ((off - mean) ** 2).sum(axis=1) * walks / (walks - 1)
    without = (walks * mean - off) / (walks - 1)
    pieces = walks * (mean @ mean) - (walks - 1) * (without**2).sum(axis=1)
    return Split(mean_interval((off**2).sum(axis=1)), mean_interval(spread), mean_interval(pieces))


def mean_of_visits(visits: Floats, values: ArrayLike) -> Floats:
    """Return what each walk makes of a mean over the nodes.

    Parameters
    ----------
    visits : ndarray of float, shape (walks, nodes)
        How often each node was visited.
    values : array_like of float, shape (nodes,)
        What is averaged.

    Returns
    -------
    ndarray of float, shape (walks,)
    """
    means: Floats = visits @ np.asarray(values, dtype=np.float64) / visits.sum(axis=1)
    return means
