"""Noise for privacy: clip, add noise before or after the sketch, and count what it is worth.

The paper proves that noise makes its method differentially private; its constants were not found. What stands here
is the standard accounting of the Gaussian mechanism by zero-concentrated differential privacy (Bun and Steinke 2016).
What is protected is one sample of one client; the adversary sees every message of that client and knows the sketch.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from labkit.mechanisms.sketching._knobs import Knobs
from labkit.mechanisms.sketching._problem import Classifier, Floats
from labkit.mechanisms.sketching._sketch import Sketch

Adjacency = Literal["add or remove", "replace"]


def clip(x: ArrayLike, bound: float) -> NDArray[np.float64]:
    """Return x with every vector along its last axis shortened to the bound, where it is longer.

    Parameters
    ----------
    x : array_like, shape (..., dim)
        Vectors.
    bound : float
        Greatest length, above 0.

    Returns
    -------
    ndarray of float, shape (..., dim)

    Raises
    ------
    ValueError
        The bound is not above 0.
    """
    if not bound > 0:
        raise ValueError(f"bound = {bound!r}: allowed is a number above 0")
    vectors = np.asarray(x, dtype=np.float64)
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    shorter: NDArray[np.float64] = vectors * (bound / np.maximum(lengths, bound))
    return shorter


def privacy_loss(
    noise_multiplier: float, rounds: int, delta: float, *, adjacency: Adjacency = "add or remove"
) -> float:
    """Return epsilon: so many rounds of Gaussian noise are (epsilon, delta)-differentially private.

    Parameters
    ----------
    noise_multiplier : float
        Standard deviation of the noise over the bound that vectors were clipped to.
    rounds : int
        How often the same samples were used.
    delta : float
        Between 0 and 1.
    adjacency : str
        Whether neighbouring data sets differ by a sample more, or by one exchanged (twice the sensitivity).

    Returns
    -------
    float
        ``rho + 2 sqrt(rho ln(1 / delta))`` with ``rho = rounds / (2 noise_multiplier^2)``; infinite without noise.

    Raises
    ------
    ValueError
        A number is out of range.
    """
    if not (noise_multiplier >= 0 and rounds >= 0 and 0 < delta < 1):
        raise ValueError(
            f"noise_multiplier = {noise_multiplier!r}, rounds = {rounds!r}, delta = {delta!r}: allowed are numbers "
            "from 0, and a delta above 0 and below 1"
        )
    if adjacency not in ("add or remove", "replace"):
        raise ValueError(f"adjacency = {adjacency!r}: allowed is 'add or remove' or 'replace'")
    if rounds == 0:
        return 0.0
    sensitivity = 2 if adjacency == "replace" else 1
    if noise_multiplier == 0:
        return math.inf
    rho = rounds * sensitivity**2 / (2 * noise_multiplier**2)
    return rho + 2 * math.sqrt(rho * math.log(1 / delta))


def noise_for(epsilon: float, rounds: int, delta: float) -> float:
    """Return the noise multiplier whose `privacy_loss` is epsilon.

    Parameters
    ----------
    epsilon : float
        Above 0.
    rounds : int
        How often the same samples are used.
    delta : float
        Between 0 and 1.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        A number is out of range.
    """
    if not (epsilon > 0 and rounds >= 1 and 0 < delta < 1):
        raise ValueError(f"epsilon = {epsilon!r}, rounds = {rounds!r}, delta = {delta!r}: out of range")
    log = math.log(1 / delta)
    root = math.sqrt(log + epsilon) - math.sqrt(log)
    return math.sqrt(rounds / 2) / root


def single_shot_noise(epsilon: float, delta: float) -> float:
    """Return the classical noise multiplier for one round: ``sqrt(2 ln(1.25 / delta)) / epsilon``.

    Parameters
    ----------
    epsilon : float
        Above 0 and below 1, where the classical proof holds.
    delta : float
        Between 0 and 1.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        A number is out of range.
    """
    if not (0 < epsilon < 1 and 0 < delta < 1):
        raise ValueError(f"epsilon = {epsilon!r}, delta = {delta!r}: allowed are numbers above 0 and below 1")
    return math.sqrt(2 * math.log(1.25 / delta)) / epsilon


def private_messages(
    gradients: Floats, bounds: NDArray[np.int64], knobs: Knobs, sketch: Sketch | None, rng: Generator
) -> Floats:
    """Return what each client sends: the mean of its samples' clipped gradients, with noise.

    Noise after the sketch needs a second clip: R can lengthen a gradient, and who knows R can choose one that it
    lengthens most.

    Parameters
    ----------
    gradients : ndarray, shape (samples, dim)
        One per sample, sorted by client.
    bounds : ndarray of int, shape (clients + 1,)
        Which samples are whose.
    knobs : Knobs
        `clip`, `noise`, `noise_at`, `reclip`.
    sketch : Sketch or None
        The matrix of this round, where noise comes after it.
    rng : Generator
        Source of the noise.

    Returns
    -------
    ndarray of float, shape (clients, dim) or, after a sketch, (clients, size)
    """
    each = clip(gradients, knobs.clip)
    if sketch is not None:
        each = sketch.sketch(each)
        each = clip(each, knobs.clip) if knobs.reclip else each
    return noisy_means(np.add.reduceat(each, bounds[:-1], axis=0), bounds, knobs, rng)


def noisy_means(sums: Floats, bounds: NDArray[np.int64], knobs: Knobs, rng: Generator) -> Floats:
    """Return sums over each client's samples with Gaussian noise, over their number.

    Parameters
    ----------
    sums : ndarray, shape (clients, ...)
        Each a sum of vectors no longer than `knobs.clip`.
    bounds : ndarray of int, shape (clients + 1,)
        Which samples are whose.
    knobs : Knobs
        `clip` and `noise`.
    rng : Generator
        Source of the noise.

    Returns
    -------
    ndarray of float, shape (clients, ...)
    """
    noisy = sums + knobs.clip * knobs.noise * rng.standard_normal(sums.shape)
    found: Floats = noisy / np.diff(bounds)[:, None]
    return found


def private_gradients(problem: Classifier, model: Floats, knobs: Knobs, rng: Generator) -> Floats:
    """Return each client's clipped and noisy gradient with its ridge, shape (clients, dim).

    Parameters
    ----------
    problem : Classifier
        Whose samples.
    model : ndarray, shape (dim,)
        Where.
    knobs : Knobs
        As for `private_messages`.
    rng : Generator
        Source of the noise.

    Returns
    -------
    ndarray of float, shape (clients, dim)
    """
    sums = problem.clipped(model, knobs.clip)
    return noisy_means(sums, problem.bounds, knobs, rng) + problem.ridge * model
