"""What the token optimises: every node holds a loss of its own, and the token only ever sees the one it stands on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from labkit.mechanisms.token_walks._graphs import Floats, Ints

RIDGE, COMPONENTS = 0.1, 4


@dataclass(frozen=True, slots=True)
class Mean:
    """Find the mean of numbers that lie on the nodes: node i pulls theta towards its number.

    Attributes
    ----------
    values : ndarray of float, shape (nodes,)
        One number per node.
    target : ndarray of float, shape (nodes,)
        The weight of each node.
    """

    values: Floats
    target: Floats

    @property
    def optimum(self) -> Floats:
        """Where the mean loss is least, shape (1,)."""
        return np.array([self.target @ self.values])

    @property
    def jacobian(self) -> Floats:
        """How the mean push changes with theta, shape (1, 1)."""
        return np.array([[-1.0]])

    @property
    def pushes(self) -> Floats:
        """What each node pushes at the optimum, shape (nodes, 1)."""
        return self.values[:, None] - self.optimum

    def push(self, theta: Floats, nodes: Ints) -> Floats:
        """Return minus the gradient of the loss of the nodes, at theta of shape (..., 1)."""
        return np.asarray(self.values.take(nodes)[..., None] - theta, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Logistic:
    """Tell two digits apart: logistic regression with a ridge, the images spread over the nodes.

    Attributes
    ----------
    turned : ndarray of float, shape (nodes, images, dims)
        What each node holds: the features of a one as they are, those of a zero times -1.
    shares : ndarray of float, shape (nodes, images)
        The weight of each image within its node; 0 for what only fills up.
    target : ndarray of float, shape (nodes,)
        The weight of each node.
    ridge : float
        Adds ``ridge |theta|^2 / 2`` to every loss.
    gain : float
        All pushes are multiplied by it, so that the flattest direction of the mean loss has slope 1.
    optimum : ndarray of float, shape (dims,)
        Where the mean loss is least.
    """

    turned: Floats
    shares: Floats
    target: Floats
    ridge: float
    gain: float
    optimum: Floats

    @property
    def jacobian(self) -> Floats:
        """How the mean push changes with theta, at the optimum, shape (dims, dims)."""
        return -self.gain * _hessian(self.turned, self.shares * self.target[:, None], self.optimum, self.ridge)

    @property
    def pushes(self) -> Floats:
        """What each node pushes at the optimum, shape (nodes, dims)."""
        nodes = np.arange(len(self.target))
        return self.push(np.broadcast_to(self.optimum, (len(nodes), self.optimum.size)), nodes)

    def push(self, theta: Floats, nodes: Ints) -> Floats:
        """Return minus the gain times the gradient of the loss of the nodes, at theta of shape (..., dims)."""
        held = self.turned.take(nodes, axis=0)
        margins = np.matmul(held, theta[..., None])[..., 0]
        slopes = self.shares.take(nodes, axis=0) / (1 + np.exp(margins))
        return np.asarray(self.gain * (np.matmul(slopes[..., None, :], held)[..., 0, :] - self.ridge * theta))


Objective = Mean | Logistic


def spread_numbers(target: ArrayLike, values: ArrayLike | None = None) -> Mean:
    """Return numbers on the nodes, to be averaged.

    Parameters
    ----------
    target : array_like of float, shape (nodes,)
        The weight of each node.
    values : array_like of float, shape (nodes,), optional
        The numbers; from 0 to 2, evenly over the nodes in their order, where not given.

    Returns
    -------
    Mean
    """
    weights = np.asarray(target, dtype=np.float64)
    return Mean(np.linspace(0, 2, len(weights)) if values is None else np.asarray(values, dtype=np.float64), weights)


def spread_digits(target: ArrayLike, ridge: float = RIDGE, components: int = COMPONENTS) -> Logistic:
    """Return the handwritten zeros and ones of scikit-learn, spread over the nodes: first the zeros, then the ones.

    Parameters
    ----------
    target : array_like of float, shape (nodes,)
        The weight of each node.
    ridge : float
        Of the loss; zeros and ones can be told apart without an error, so without it there is no optimum.
    components : int
        Principal components of the images that are used, beside a constant.

    Returns
    -------
    Logistic
    """
    weights = np.asarray(target, dtype=np.float64)
    images = _digits(components)
    parts = np.array_split(np.arange(len(images)), len(weights))
    most = max(len(part) for part in parts)
    # Where a node holds one image fewer it holds its last one twice, and the second one does not count.
    turned = images[np.array([np.pad(part, (0, most - len(part)), mode="edge") for part in parts])]
    shares = np.array([(np.arange(most) < len(part)) / len(part) for part in parts])
    optimum = _newton(turned, shares * weights[:, None], ridge)
    gain = 1 / float(np.linalg.eigvalsh(_hessian(turned, shares * weights[:, None], optimum, ridge))[0])
    return Logistic(turned, shares, weights, ridge, gain, optimum)


@lru_cache(maxsize=4)
def _digits(components: int) -> Floats:
    """Return a constant and the principal components, scaled to variance 1, of each image; zeros first and times -1."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    order = np.concatenate([np.flatnonzero(labels == digit) for digit in (0, 1)])
    pixels = images[order] - images[order].mean(axis=0)
    left, _, right = np.linalg.svd(pixels, full_matrices=False)
    # A singular vector may come with either sign; its largest pixel is made positive.
    flip = np.sign(right[np.arange(components), np.abs(right[:components]).argmax(axis=1)])
    scores = np.sqrt(len(pixels)) * left[:, :components] * flip
    turned: Floats = np.column_stack([np.ones(len(pixels)), scores])
    turned[labels[order] == 0] *= -1
    return turned


def _newton(turned: Floats, weights: Floats, ridge: float) -> Floats:
    theta = np.zeros(turned.shape[-1])
    for _ in range(100):
        slopes = weights / (1 + np.exp(turned @ theta))
        gradient = ridge * theta - np.einsum("nm,nmd->d", slopes, turned)
        step = np.linalg.solve(_hessian(turned, weights, theta, ridge), gradient)
        theta = theta - step
        if np.abs(step).max() < 1e-13:
            break
    return theta


def _hessian(turned: Floats, weights: Floats, theta: Floats, ridge: float) -> Floats:
    chance = 1 / (1 + np.exp(-(turned @ theta)))
    bends = weights * chance * (1 - chance)
    return np.asarray(np.einsum("nm,nmd,nme->de", bends, turned, turned) + ridge * np.eye(len(theta)))
