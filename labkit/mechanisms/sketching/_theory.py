"""What can be said without running anything: how sketching slows first-order descent (derived here)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray


def failure_bound(size: int, error: ArrayLike) -> NDArray[np.float64]:
    """Return how likely a Gaussian sketch changes a squared length by more than a share of it (Johnson-Lindenstrauss).

    Parameters
    ----------
    size : int
        Numbers out.
    error : array_like
        The share, between 0 and 1.

    Returns
    -------
    ndarray of float
        At most ``2 exp(-size (error^2 / 4 - error^3 / 6))``, and at most 1.
    """
    share = np.asarray(error, dtype=np.float64)
    bound: NDArray[np.float64] = np.minimum(1.0, 2 * np.exp(-size * (share**2 / 4 - share**3 / 6)))
    return bound


def contraction(step: ArrayLike, omega: ArrayLike) -> NDArray[np.float64]:
    """Return by what one round multiplies the mean squared error, on a quadratic with the same curvature all ways.

    Parameters
    ----------
    step : array_like
        Step times curvature.
    omega : array_like
        `variance_factor` of the sketch.

    Returns
    -------
    ndarray of float
        ``(1 - step)^2 + omega step^2``; from 1 on it diverges.
    """
    length = np.asarray(step, dtype=np.float64)
    return (1 - length) ** 2 + np.asarray(omega, dtype=np.float64) * length**2


def best_step(omega: ArrayLike) -> NDArray[np.float64]:
    """Return the step times curvature that contracts most.

    Parameters
    ----------
    omega : array_like
        `variance_factor` of the sketch.

    Returns
    -------
    ndarray of float
        ``1 / (1 + omega)``; the contraction there is ``omega / (1 + omega)``.
    """
    return 1 / (1 + np.asarray(omega, dtype=np.float64))


def stable_step(omega: ArrayLike) -> NDArray[np.float64]:
    """Return the step times curvature from which the mean squared error grows.

    Parameters
    ----------
    omega : array_like
        `variance_factor` of the sketch.

    Returns
    -------
    ndarray of float
        ``2 / (1 + omega)``.
    """
    return 2 * best_step(omega)


def worst_case_step(smoothness: float, omega: float) -> float:
    """Return the step that descends whatever the curvature is in other directions.

    Parameters
    ----------
    smoothness : float
        Largest curvature L.
    omega : float
        `variance_factor` of the sketch.

    Returns
    -------
    float
        ``1 / (L (1 + omega))``; it needs ``1 + omega`` times the rounds of descent without a sketch.
    """
    return 1 / (smoothness * (1 + omega))


def spectrum_step(smoothness: float, trace: float, size: int) -> float:
    """Return the step that descends with a Gaussian sketch, or one of signs, when the whole spectrum is known.

    Parameters
    ----------
    smoothness, trace : float
        Largest curvature L, and the sum of all.
    size : int
        Numbers sent.

    Returns
    -------
    float
        ``1 / ((1 + 1/size) L + trace / size)``; with ``r = trace / L`` it needs ``1 + (1 + r) / size`` times the
        rounds of descent without a sketch.
    """
    return 1 / ((1 + 1 / size) * smoothness + trace / size)


def rounds_needed(smoothness: float, strength: float, omega: float, accuracy: float) -> float:
    """Return how many rounds bring the mean gap to the optimum below a share of what it was.

    Parameters
    ----------
    smoothness, strength : float
        Largest and smallest curvature.
    omega : float
        `variance_factor` of the sketch.
    accuracy : float
        The share.

    Returns
    -------
    float
        ``(1 + omega) (L / mu) ln(1 / accuracy)``, an upper bound at `worst_case_step`.
    """
    return (1 + omega) * smoothness / strength * math.log(1 / accuracy)


def drift_point(curvatures: ArrayLike, centres: ArrayLike, step: float, local_steps: int) -> NDArray[np.float64]:
    """Return where federated averaging of quadratics comes to rest, with or without a sketch.

    Client c has ``f_c(w) = (w - b_c)' A_c (w - b_c) / 2`` and takes several steps of its own each round.

    Parameters
    ----------
    curvatures : array_like, shape (clients, dim, dim)
        The matrices A_c.
    centres : array_like, shape (clients, dim)
        The optima b_c.
    step : float
        Length of a local step.
    local_steps : int
        How many a client takes per round; with 1 it is the optimum of the mean of all f_c.

    Returns
    -------
    ndarray of float, shape (dim,)
    """
    matrices, optima = np.asarray(curvatures, dtype=np.float64), np.asarray(centres, dtype=np.float64)
    dim = optima.shape[1]
    moved = np.eye(dim) - np.linalg.matrix_power(np.eye(dim) - step * matrices, local_steps)
    found: NDArray[np.float64] = np.linalg.solve(moved.sum(axis=0), np.einsum("cij,cj->i", moved, optima))
    return found
