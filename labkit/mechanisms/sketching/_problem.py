"""What is learned together: quadratics, and linear classifiers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from labkit.mechanisms.sketching._theory import drift_point

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Quadratic:
    """Each client c has the loss ``(w - b_c)' A_c (w - b_c) / 2``; all count the same.

    Attributes
    ----------
    curvatures : ndarray of float, shape (clients, dim, dim)
        The symmetric positive definite matrices A_c.
    centres : ndarray of float, shape (clients, dim)
        The optima b_c.
    """

    curvatures: Floats
    centres: Floats

    @property
    def clients(self) -> int:
        """How many clients there are."""
        return len(self.centres)

    @property
    def dim(self) -> int:
        """How many parameters."""
        return int(self.centres.shape[1])

    @cached_property
    def weights(self) -> Floats:
        """What each client counts, shape (clients,), sum 1."""
        return np.full(self.clients, 1 / self.clients)

    @cached_property
    def spectrum(self) -> Floats:
        """Curvatures of the mean loss, rising."""
        return np.linalg.eigvalsh(self.curvatures.mean(axis=0))

    def optimum(self) -> Floats:
        """Return where the mean loss is least."""
        return drift_point(self.curvatures, self.centres, 1.0, 1)

    def gradients(self, models: Floats, rows: Any = None) -> tuple[Floats, Floats]:
        """Return the losses (clients,) and gradients (clients, dim), at one model for all or at one each."""
        off = models - self.centres
        slopes = np.matmul(self.curvatures, off[..., None])[..., 0]
        return (off * slopes).sum(axis=1) / 2, slopes

    def accuracies(self, models: Floats) -> Floats:
        """Return NaN: there is nothing to classify."""
        return np.full(len(models), np.nan)

    def draw(self, batch: int, rng: Generator) -> None:
        """Return None: there are no samples to draw."""


@dataclass(frozen=True, eq=False)
class Classifier:
    """Multinomial (two classes: plain) logistic regression; clients hold samples, and count by how many.

    Attributes
    ----------
    features : ndarray of float, shape (samples, width)
        Sorted by client.
    labels : ndarray of int, shape (samples,)
        Classes from 0.
    bounds : ndarray of int, shape (clients + 1,)
        Client c holds the samples from ``bounds[c]`` to ``bounds[c + 1]``.
    classes : int
        How many; with two, one column of parameters is enough.
    ridge : float
        Adds ``ridge |w|^2 / 2`` to the loss.
    test_features, test_labels : ndarray
        What accuracy is measured on.
    """

    features: Floats
    labels: Ints
    bounds: Ints
    classes: int
    ridge: float
    test_features: Floats
    test_labels: Ints

    @property
    def clients(self) -> int:
        """How many clients there are."""
        return len(self.bounds) - 1

    @property
    def outputs(self) -> int:
        """Columns of parameters."""
        return 1 if self.classes == 2 else self.classes

    @property
    def dim(self) -> int:
        """How many parameters: width times outputs."""
        return int(self.features.shape[1]) * self.outputs

    @cached_property
    def weights(self) -> Floats:
        """What each client counts, shape (clients,), sum 1."""
        return np.diff(self.bounds) / len(self.labels)

    @cached_property
    def _slices(self) -> list[slice]:
        return [slice(lo, hi) for lo, hi in pairwise(self.bounds.tolist())]

    @cached_property
    def _wanted(self) -> Floats:
        return one_hot(self.labels, self.classes)

    @cached_property
    def spectrum(self) -> Floats:
        """Upper bounds on the curvatures of the mean loss, rising, shape (dim,)."""
        second = np.linalg.eigvalsh(self.features.T @ self.features / len(self.labels))
        # At most 1/4 for two classes; at most (I - 1/k) / 2 between k of them (Boehning).
        most = [0.25] if self.outputs == 1 else [0.0] + [0.5] * (self.classes - 1)
        return np.sort(np.outer(most, second).ravel()) + self.ridge

    def residuals(self, logits: Floats, wanted: Floats) -> tuple[Floats, Floats]:
        """Return the loss of each sample, and its slope by each output."""
        if self.outputs == 1:
            sign = 1 - 2 * wanted[..., 1:]
            return np.logaddexp(0, sign * logits)[..., 0], sign / (1 + np.exp(-sign * logits))
        shifted = logits - logits.max(axis=-1, keepdims=True)
        powers = np.exp(shifted)
        total = powers.sum(axis=-1, keepdims=True)
        losses = np.log(total[..., 0]) - (shifted * wanted).sum(axis=-1)
        return losses, powers / total - wanted

    def gradients(self, models: Floats, rows: list[Ints] | None = None) -> tuple[Floats, Floats]:
        """Return the losses (clients,) and gradients (clients, dim), at one model for all or at one each.

        `rows`, if given, are the samples that each client looks at.
        """
        shape = (self.features.shape[1], self.outputs)
        each = np.broadcast_to(models, (self.clients, self.dim))
        losses, slopes = np.empty(self.clients), np.empty((self.clients, *shape))
        chosen: list[Any] = self._slices if rows is None else rows
        count = np.diff(self.bounds) if rows is None else np.array([len(samples) for samples in rows])
        # The same model for all: one product and one exponential instead of one per client.
        shared = models.ndim == 1 and rows is None
        found, residual = (
            self.residuals(self.features @ models.reshape(shape), self._wanted) if shared else (None, None)
        )
        for client, samples in enumerate(chosen):
            x = self.features[samples]
            if found is not None and residual is not None:
                own, slope = found[samples], residual[samples]
            else:
                own, slope = self.residuals(x @ each[client].reshape(shape), self._wanted[samples])
            losses[client] = own.sum()
            np.matmul(x.T, slope, out=slopes[client])
        penalty = 0.5 * self.ridge * (each**2).sum(axis=1)
        return losses / count + penalty, slopes.reshape(self.clients, -1) / count[:, None] + self.ridge * each

    def examples(self, model: Floats) -> Floats:
        """Return the gradient of each sample's loss without the ridge, shape (samples, dim)."""
        shape = (self.features.shape[1], self.outputs)
        _, residual = self.residuals(self.features @ model.reshape(shape), self._wanted)
        return (self.features[:, :, None] * residual[:, None, :]).reshape(len(self.labels), -1)

    def clipped(self, model: Floats, bound: float) -> Floats:
        """Return each client's sum of its samples' gradients, each clipped to the bound, shape (clients, dim)."""
        shape = (self.features.shape[1], self.outputs)
        _, residual = self.residuals(self.features @ model.reshape(shape), self._wanted)
        # A gradient is a product of two vectors, so its length is known without writing it out.
        lengths = np.linalg.norm(self.features, axis=1) * np.linalg.norm(residual, axis=1)
        shorter = residual * (bound / np.maximum(lengths, bound))[:, None]
        return np.array([(self.features[own].T @ shorter[own]).ravel() for own in self._slices])

    def accuracies(self, models: Floats) -> Floats:
        """Return the share of test samples that each model, shape (models, dim), classifies rightly."""
        logits = self.test_features @ models.reshape(len(models), self.features.shape[1], self.outputs)
        said = logits[..., 0] > 0 if self.outputs == 1 else logits.argmax(axis=-1)
        return np.asarray((said == self.test_labels).mean(axis=-1))

    def draw(self, batch: int, rng: Generator) -> list[Ints]:
        """Return the samples each client looks at: `batch` of its own, or all it has if fewer."""
        owned = [np.arange(lo, hi) for lo, hi in pairwise(self.bounds.tolist())]
        return [rng.choice(mine, min(batch, len(mine)), replace=False) for mine in owned]

    def optimum(self) -> Floats:
        """Return where the mean loss is least, by Newton's method (two classes) or L-BFGS."""
        from scipy.optimize import minimize

        def mean(w: Floats) -> tuple[float, Floats]:
            losses, slopes = self.gradients(w)
            return float(self.weights @ losses), self.weights @ slopes

        wanted = {"maxiter": 5000, "maxfun": 20_000, "ftol": 0.0, "gtol": 1e-10}
        found: Floats = minimize(mean, np.zeros(self.dim), jac=True, method="L-BFGS-B", options=wanted).x
        return found


Problem = Quadratic | Classifier


def one_hot(labels: ArrayLike, classes: int) -> Floats:
    """Return rows with a 1 in the place of the label.

    Parameters
    ----------
    labels : array_like of int
        Classes from 0.
    classes : int
        How many there are.

    Returns
    -------
    ndarray of float, shape (..., classes)
    """
    found: Floats = np.eye(classes)[np.asarray(labels)]
    return found
