"""Is the promise kept? What an adversary can tell from the messages themselves, for one target sample."""

from __future__ import annotations

import numpy as np

from labkit.mechanisms.sketching._knobs import Knobs
from labkit.mechanisms.sketching._privacy import private_messages
from labkit.mechanisms.sketching._problem import Floats
from labkit.mechanisms.sketching._sketch import Sketch
from labkit.seeds import Seed, as_generator


def audit(
    noise_multiplier: float,
    epsilon: float,
    *,
    rng: Seed,
    draws: int,
    sketch: Sketch | None = None,
    reclip: bool = True,
    rounds: int = 1,
    dim: int = 64,
) -> Floats:
    """Return samples whose mean is the least delta for which these rounds are (epsilon, delta)-private, for one target.

    One client holds one sample or none; its gradient has length 1, the bound. The adversary compares how likely the
    messages are with and without it. Known R and no second clip: the gradient is the one that R lengthens most.

    Parameters
    ----------
    noise_multiplier, epsilon : float
        What is claimed.
    rng : int, SeedSequence or Generator
        Where the randomness comes from.
    draws : int
        Messages to look at.
    sketch : Sketch, optional
        The matrix, if noise comes after it.
    reclip : bool
        Whether the sketch is clipped too.
    rounds : int
        Messages about the same sample.
    dim : int
        Length of the gradient where there is no sketch.

    Returns
    -------
    ndarray of float, shape (draws,)
        ``max(0, 1 - exp(epsilon - L))`` for each log ratio of likelihoods L.
    """
    knobs = Knobs(clip=1.0, noise=noise_multiplier, reclip=reclip)
    generator = as_generator(rng)
    target = np.zeros(dim)
    target[0] = 1
    if sketch is not None:
        target = np.linalg.svd(sketch.sketch(np.eye(sketch.dim)).T)[2][0]
    silent = Knobs(clip=1.0, noise=0, reclip=reclip)
    signal = private_messages(target[None], np.array([0, 1]), silent, sketch, generator)
    ratios = np.zeros(draws)
    for draw in range(draws):
        for _ in range(rounds):
            seen = private_messages(target[None], np.array([0, 1]), knobs, sketch, generator)
            ratios[draw] += (np.sum(seen**2) - np.sum((seen - signal) ** 2)) / (2 * noise_multiplier**2)
    return np.maximum(0.0, -np.expm1(np.minimum(epsilon - ratios, 0.0)))
