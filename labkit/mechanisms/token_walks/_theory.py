"""What the limit theorems promise: asymptotic variances, mode by mode."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from labkit.mechanisms.token_walks._chain import Chain, Modes, modes
from labkit.mechanisms.token_walks._graphs import Floats
from labkit.mechanisms.token_walks._objective import Objective

Case = Literal["i", "ii", "iii"]


def case_of(a: float, b: float) -> Case:
    """Return which of the three regimes of step sizes this is.

    Parameters
    ----------
    a, b : float
        The measure moves by steps n^-a, the iterate by steps n^-b.

    Returns
    -------
    {"i", "ii", "iii"}
        "i" where the iterate is slower than the measure (b > a), "ii" where they are alike, "iii" where it is faster.
    """
    return "ii" if a == b else "i" if b > a else "iii"


def _long_run(found: Modes) -> Floats:
    """Return by how much each mode of the base chain counts more than in independent draws."""
    return (1 + found.eigenvalues) / (1 - found.eigenvalues)


def repulsion(chain: Chain, alpha: float) -> Floats:
    """Return how much faster than at alpha = 0 the walk corrects each of its modes.

    Parameters
    ----------
    chain : Chain
        The base chain.
    alpha : float
        Strength of the repulsion, 0 or more.

    Returns
    -------
    ndarray of float, shape (nodes - 1,)
        ``1 + alpha (1 + eigenvalue)``.
    """
    return 1 + alpha * (1 + modes(chain).eigenvalues)


def sampling_variance(chain: Chain, values: ArrayLike, alpha: float, a: float = 1.0) -> float:
    """Return the limit of n times the squared error of a mean over n visits.

    Parameters
    ----------
    chain : Chain
        The base chain.
    values : array_like of float, shape (nodes,)
        What is averaged.
    alpha : float
        Strength of the repulsion, 0 or more.
    a : float
        Exponent of the steps of the measure; at 1 the measure is the share of visits (Doshi, Hu and Eun, arXiv
        2305.05097, order read, formula recalled). Below 1 the plain mean is the slower of the two: derived here as
        regime "i" of Hu, Doshi and Eun, arXiv 2401.09665, with steps 1 / n.

    Returns
    -------
    float
    """
    found, kappa = modes(chain), repulsion(chain, alpha)
    terms = _long_run(found) * found.split(values) ** 2
    return float((terms / (2 * kappa - 1 if a == 1 else kappa**2)).sum())


def independent_variance(chain: Chain, values: ArrayLike) -> float:
    """Return n times the squared error of a mean over n independent draws from the target.

    Parameters
    ----------
    chain : Chain
        For its target.
    values : array_like of float, shape (nodes,)
        What is averaged.

    Returns
    -------
    float
    """
    numbers = np.asarray(values, dtype=np.float64)
    return float(chain.target @ (numbers - chain.target @ numbers) ** 2)


def iterate_covariance(chain: Chain, objective: Objective, alpha: float, a: float, b: float) -> Floats:
    """Return the limit of the covariance of theta, divided by its step n^-b.

    Orders as read in reviews of Hu, Doshi and Eun, arXiv 2401.09665; factors derived here. In each mode the measure is
    drawn back with strength kappa, and theta feels what is left of the mode.

    Parameters
    ----------
    chain : Chain
        The base chain.
    objective : Mean or Logistic
        What is optimised.
    alpha : float
        Strength of the repulsion, 0 or more.
    a, b : float
        The measure moves by steps n^-a, theta by steps n^-b.

    Returns
    -------
    ndarray of float, shape (dims, dims)
        In regime "i" a mode counts 1 / kappa^2, in "iii" 1; in "ii" 1 / kappa where the loss has curvature 1.

    Raises
    ------
    ValueError
        At b = 1 a curvature of one half or less keeps theta from settling at this rate.
    """
    ratios = {"i": np.inf, "ii": 1.0, "iii": 0.0}
    return _settled_covariance(chain, objective, alpha, b, ratios[case_of(a, b)])


def paced_covariance(chain: Chain, objective: Objective, alpha: float, a: float, b: float, steps: float) -> Floats:
    """Return the covariance of theta, divided by its step, at the pace of the measure by now (derived here).

    Parameters
    ----------
    chain : Chain
        The base chain.
    objective : Mean or Logistic
        What is optimised.
    alpha : float
        Strength of the repulsion, 0 or more.
    a, b : float
        The measure moves by steps n^-a, theta by steps n^-b.
    steps : float
        The present n, 1 or more: the measure moves n^(b - a) times as fast as theta. The three regimes are the limits
        of this ratio at infinity, 1 and 0, and "i" is near only where it is far above kappa.

    Returns
    -------
    ndarray of float, shape (dims, dims)

    Raises
    ------
    ValueError
        There are no steps, or as for `iterate_covariance`.
    """
    if not steps >= 1:
        raise ValueError(f"steps = {steps!r}: allowed is a number from 1")
    return _settled_covariance(chain, objective, alpha, b, steps ** (b - a))


def _settled_covariance(chain: Chain, objective: Objective, alpha: float, b: float, ratio: float) -> Floats:
    """Return the covariance where the measure moves `ratio` times as fast as theta, 0 and infinity included."""
    half = 0.5 if b == 1 else 0.0
    bends, turn = np.linalg.eigh(-objective.jacobian - half * np.eye(len(objective.optimum)))
    if bends[0] <= 0:
        raise ValueError(f"b = {b}: allowed is below 1, since the loss bends by no more than one half somewhere")
    found, kappa = modes(chain), repulsion(chain, alpha)
    parts, weight = found.split(objective.pushes) @ turn, _long_run(found)
    if ratio in (0, np.inf):
        noise = np.einsum("k,kd,ke->de", weight / (kappa**2 if ratio else 1.0), parts, parts)
    else:
        noise = _felt(parts, weight, kappa, bends, ratio, half)
    return np.asarray(turn @ (noise / (bends[:, None] + bends)) @ turn.T)


def _felt(parts: Floats, weight: Floats, kappa: Floats, bends: Floats, ratio: float, half: float) -> Floats:
    """Return the noise that theta feels where the measure moves `ratio` times as fast.

    The two form one linear system. Its Lyapunov equation, solved mode by mode, gives the variance of the measure and
    its covariance with theta; what theta feels is the noise less what the repulsion takes back in the meantime.
    """
    drawn_back = ratio * kappa - half
    spread = ratio**2 * weight / (2 * drawn_back)
    ties = parts * (ratio * weight - (kappa - 1) * spread)[:, None] / (drawn_back[:, None] + bends)
    taken = np.einsum("k,kd,ke->de", kappa - 1, parts, ties)
    return np.asarray(np.einsum("k,kd,ke->de", weight, parts, parts) - taken - taken.T)
