"""Few bits: round at random to a coarse grid, and send whole numbers in unary."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from labkit.mechanisms.distributed_bandits._problem import Floats, Ints
from labkit.seeds import Seed, as_generator

SIGNS = {1: "0", 0: "", -1: "1"}


@dataclass(frozen=True, slots=True)
class Quantised:
    """A vector as it goes over the wire.

    Attributes
    ----------
    value : ndarray of float, shape (dim,)
        What the receiver reads.
    bits : int
        Length of the code.
    code : str
        The bits themselves.
    clipped : bool
        Whether a coordinate lay beyond the bound and was cut.
    """

    value: Floats
    bits: int
    code: str
    clipped: bool


def quantise(x: ArrayLike, accuracy: float, bound: float, *, rng: Seed) -> Quantised:
    """Round a vector at random to a grid, without bias, and write it in unary.

    Parameters
    ----------
    x : array_like, shape (dim,)
        What to send.
    accuracy : float
        The grid is ``accuracy / sqrt(dim)`` wide, so the root mean square error is at most ``accuracy / 2``.
    bound : float
        Coordinates beyond it are cut to it.
    rng : int, SeedSequence or Generator
        Where the rounding gets its randomness; a stream of its own, or unbiasedness is an accident.

    Returns
    -------
    Quantised
        Its code has one or two bits per coordinate, and one for each step away from 0.

    Raises
    ------
    ValueError
        `x` is not a vector of finite numbers, or `accuracy` or `bound` is not above 0.

    Notes
    -----
    Salgia and Zhao (arXiv 2211.02212), as read from the authors' code, with the rounding made unbiased.
    """
    vector = np.asarray(x, dtype=np.float64)
    if vector.ndim != 1 or not vector.size or not np.isfinite(vector).all():
        raise ValueError(f"x has shape {vector.shape}: allowed is a vector of finite numbers")
    for name, number in (("accuracy", accuracy), ("bound", bound)):
        if not (number > 0 and math.isfinite(number)):
            raise ValueError(f"{name} = {number}: allowed is a number above 0")
    levels = round_at_random(vector, accuracy, bound, as_generator(rng).random(vector.size))
    code = encode(levels)
    value = np.asarray(levels * grid(accuracy, vector.size), dtype=np.float64)
    return Quantised(value, len(code), code, bool((np.abs(vector) > bound).any()))


def grid(accuracy: float, dim: int) -> float:
    """Return the width of the grid."""
    return accuracy / math.sqrt(dim)


def round_at_random(x: Floats, accuracy: float, bound: float, uniform: Floats) -> Ints:
    """Return the grid point below or above each coordinate, by chance so that the mean is the coordinate itself."""
    steps = np.clip(x, -bound, bound) / grid(accuracy, x.shape[-1])
    below = np.floor(steps)
    return (below + (uniform < steps - below)).astype(np.int64)


def code_length(levels: Ints) -> Ints:
    """Return the bits `encode` needs for each vector; levels have shape (..., dim)."""
    bits: Ints = (1 + (levels != 0) + np.abs(levels)).sum(axis=-1)
    return bits


def encode(levels: Ints) -> str:
    """Write whole numbers in unary: as many ones, a zero, and for all but 0 a bit for the sign."""
    return "".join("1" * abs(level) + "0" + SIGNS[(level > 0) - (level < 0)] for level in levels.tolist())


def decode(code: str, accuracy: float, dim: int) -> Floats:
    """Read a code back.

    Parameters
    ----------
    code : str
        What `quantise` wrote.
    accuracy : float
        The accuracy it was written with.
    dim : int
        How many coordinates there are.

    Returns
    -------
    ndarray of float, shape (dim,)
    """
    levels, place = [], 0
    for _ in range(dim):
        end = code.index("0", place)
        size, place = end - place, end + 1
        if size:
            size, place = (-size if code[place] == "1" else size), place + 1
        levels.append(size)
    return np.array(levels) * grid(accuracy, dim)
