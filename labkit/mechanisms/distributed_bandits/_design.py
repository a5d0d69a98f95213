"""Which arms to try when all that counts is to learn: optimal designs."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labkit.mechanisms.distributed_bandits._problem import Floats

SWEEPS = 400
SLACK = 1.05
Mask = NDArray[np.bool_]


def optimal_design(X: ArrayLike) -> Floats:
    """Return how often to try each arm so that the worst-known arm is known as well as possible (G-optimal).

    Parameters
    ----------
    X : array_like, shape (arms, dim)
        Features; they need not span the space.

    Returns
    -------
    ndarray of float, shape (arms,)
        Weights that sum to 1. With V = sum of w x x', the largest x' V^-1 x is at most 1.05 times the rank; no design
        comes below the rank itself (Kiefer and Wolfowitz).

    Raises
    ------
    ValueError
        `X` is not a matrix of finite numbers, or all its arms are 0.
    """
    arms = np.asarray(X, dtype=np.float64)
    if arms.ndim != 2 or not arms.size or not np.isfinite(arms).all() or not arms.any():
        raise ValueError(f"X has shape {arms.shape}: allowed is a matrix (arms, dim) of finite numbers, not all 0")
    weights: Floats = optimal_designs(arms[None], np.ones((1, len(arms)), dtype=bool))[0]
    return weights


def optimal_designs(features: Floats, alive: Mask) -> Floats:
    """Return the G-optimal design of the arms alive in each set; shapes (sets, arms, dim) and (sets, arms).

    Multiplicative updates: an arm that is known worse than the rank allows gets more weight. Where the last weights do
    not get there, the mean over all sweeps does: its largest x' V^-1 x is at most (arms / rank)^(1 / sweeps) times the
    rank (Cohen, Cousins, Lee and Yang, COLT 2019).
    """
    arms = features * alive[:, :, None]
    rank, beside = _span(arms)
    weights: Floats = alive / alive.sum(axis=1, keepdims=True)
    summed, active = np.zeros(weights.shape), np.arange(len(arms))
    for _ in range(SWEEPS):
        some = arms[active]
        # What lies beside the span of the arms is filled up: there the information matrix could not be inverted.
        information = (some * weights[active, :, None]).swapaxes(1, 2) @ some + beside[active]
        variance = np.einsum("skd,sdk->sk", some, np.linalg.solve(information, some.swapaxes(1, 2)))
        summed[active] += weights[active]
        far = variance.max(axis=1) > SLACK * rank[active]
        active = active[far]
        if not active.size:
            break
        weights[active] *= variance[far] / rank[active, None]
    weights[active] = summed[active]
    weights /= weights.sum(axis=1, keepdims=True)
    return weights


def _span(arms: Floats) -> tuple[Floats, Floats]:
    """Return the rank of each set and the projector on what its arms do not span."""
    _, sizes, directions = np.linalg.svd(arms, full_matrices=False)
    spanned = sizes > 1e-9 * sizes[:, :1]
    within = np.einsum("sid,si,sie->sde", directions, spanned.astype(np.float64), directions)
    return spanned.sum(axis=1).astype(np.float64), np.eye(arms.shape[2]) - within


def mixed_designs(features: Floats, alive: Mask, samples: float, ridge: float) -> Floats:
    """Return the design that is good for the pool as a whole: half G-optimal, half softmax policies.

    Parameters
    ----------
    features : ndarray of float, shape (sets, arms, dim)
        The pool; its sets are equally likely.
    alive : ndarray of bool, shape (sets, arms)
        The arms left.
    samples : float
        Rounds to be played.
    ridge : float
        The information at the start.

    Returns
    -------
    ndarray of float, shape (sets, arms)

    Notes
    -----
    After Ruan, Yang and Zhou (arXiv 2007.01980), as recalled: a new softmax policy begins whenever the determinant
    of the information has doubled. We replay the sets in expectation, as the pool is known, and leave out their
    search for a core of the pool.
    """
    information, played = ridge * np.eye(features.shape[2]), 0.0
    mixture = np.zeros(alive.shape)
    power = np.log(features.shape[1])
    while played < samples:
        variance = np.einsum("skd,de,ske->sk", features, np.linalg.inv(information), features)
        softmax = np.where(alive, (variance / variance.max()) ** power, 0)
        softmax /= softmax.sum(axis=1, keepdims=True)
        gained = np.einsum("sk,skd,ske->de", softmax, features, features) / len(features)
        lasts = min(_rounds_to_double(information, gained), samples - played)
        information, played = information + lasts * gained, played + lasts
        mixture += lasts * softmax
    return (optimal_designs(features, alive) + mixture / samples) / 2


def _rounds_to_double(information: Floats, gained: Floats) -> float:
    """Return after how many rounds the determinant of ``information + rounds * gained`` has doubled; one or more."""
    growth = np.linalg.eigvals(np.linalg.solve(information, gained)).real.clip(min=0)
    low, high = 0.0, 1.0 / max(float(growth.max()), 1e-300)
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if np.log1p(middle * growth).sum() > np.log(2) else (middle, high)
    return max(1.0, high)
