"""Sketches: a long vector as a few random projections, and back by the transpose."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from labkit.mechanisms.sketching._maps import Array, Blocks, Columns, Cosines, Dense, Ints, random_signs
from labkit.seeds import Seed, as_generator
from labkit.stats._records import whole

Family = Literal["gaussian", "ams", "count", "blocks", "sparse", "srht"]
FAMILIES: tuple[Family, ...] = get_args(Family)
PER_COLUMN = 4
"""Entries per column of "sparse", or as many as there are rows."""
INDEXED_BELOW = 4096
"""Below this size "blocks" looks its hash up in a table: many short slices would cost more than they save."""


@dataclass(frozen=True, slots=True, eq=False)
class Sketch:
    """One random matrix R of shape (size, dim), drawn by `make_sketch`.

    Attributes
    ----------
    family : str
        How it was drawn.
    dim, size : int
        Numbers in, numbers out.
    map : Dense, Columns, Blocks or Cosines
        How it is held.
    """

    family: Family
    dim: int
    size: int
    map: Dense | Columns | Blocks | Cosines

    def sketch(self, x: ArrayLike, out: Array | None = None) -> NDArray[Any]:
        """Return R x.

        Parameters
        ----------
        x : array_like, shape (..., dim)
            What to shorten, along its last axis. float32 stays float32, all else becomes float64.
        out : ndarray, shape (..., size), optional
            Where to write, of the dtype of the result and contiguous.

        Returns
        -------
        ndarray, shape (..., size)

        Raises
        ------
        ValueError
            The last axis of `x` is not `dim` long, or `out` does not fit.
        """
        given = _floats(x, self.dim, "x")
        target = _target(out, given, self.size)
        self.map.forward(given.reshape(-1, self.dim), target.reshape(-1, self.size))
        return target

    def desketch(self, y: ArrayLike, out: Array | None = None) -> NDArray[Any]:
        """Return the transpose of R times y: on average over R, ``desketch(sketch(x))`` is x.

        Parameters
        ----------
        y : array_like, shape (..., size)
            What was received.
        out : ndarray, shape (..., dim), optional
            Where to write, as for `sketch`.

        Returns
        -------
        ndarray, shape (..., dim)

        Raises
        ------
        ValueError
            The last axis of `y` is not `size` long, or `out` does not fit.
        """
        given = _floats(y, self.size, "y")
        target = _target(out, given, self.dim)
        self.map.backward(given.reshape(-1, self.size), target.reshape(-1, self.dim))
        return target


def make_sketch(family: Family, dim: int, size: int, *, rng: Seed) -> Sketch:
    """Draw a random matrix R of shape (size, dim) whose transpose times R is the identity on average.

    "gaussian": independent normal entries of variance 1/size. "ams": independent signs over sqrt(size). "count": one
    sign per column, in a row of its own drawing. "blocks": the same, but each block of `size` coordinates is turned
    as a whole by one random offset. "sparse": four entries (or `size`, if less) of plus or minus 1/2 per column, in
    different rows. "srht": random signs, the orthonormal discrete cosine transform of length `dim`, and `size` of its
    rows without replacement, scaled; it stands for the Hadamard transform and needs no padding.

    Parameters
    ----------
    family : str
        One of `FAMILIES`.
    dim, size : int
        Numbers in; numbers out, 1 to `dim`.
    rng : int, SeedSequence or Generator
        Where the randomness comes from; the same seed gives the same matrix, so it need not be sent.

    Returns
    -------
    Sketch

    Raises
    ------
    ValueError
        The family is unknown, or the size is out of range.
    """
    _check(family, dim, size)
    return Sketch(family, int(dim), int(size), _draw(family, int(dim), int(size), as_generator(rng)))


def variance_factor(family: Family, dim: int, size: int) -> float:
    """Return omega: the mean of ``|desketch(sketch(g))|^2 / |g|^2`` is 1 + omega (derived here).

    Exact for every g and every construction of `make_sketch`, with one exception: where `size` does not divide `dim`,
    omega of "blocks" depends on g, and what is returned is the largest.

    Parameters
    ----------
    family : str
        One of `FAMILIES`.
    dim, size : int
        Numbers in, numbers out.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        As for `make_sketch`.
    """
    _check(family, dim, size)
    if family == "gaussian":
        return (dim + 1) / size
    if family == "srht":
        # R times its transpose is (dim / size) times the identity, so only the mean of |R g|^2 counts.
        return dim / size - 1
    if family == "blocks":
        return (dim - (dim % size or size)) / size
    return (dim - 1) / size


def _draw(family: Family, dim: int, size: int, rng: Generator) -> Dense | Columns | Blocks | Cosines:
    if family == "gaussian":
        return Dense(rng.standard_normal((size, dim)) / math.sqrt(size))
    if family == "ams":
        return Dense(random_signs(rng, (size, dim)) / math.sqrt(size))
    if family == "srht":
        return Cosines(random_signs(rng, dim), np.sort(rng.choice(dim, size, replace=False)))
    if family == "sparse":
        rows = _distinct_rows(dim, size, min(size, PER_COLUMN), rng)
        return Columns(rows, random_signs(rng, rows.shape) / math.sqrt(len(rows)), size)
    signs = random_signs(rng, dim)
    if family == "count":
        return Columns(rng.integers(size, size=(1, dim)), signs[None], size)
    offsets = rng.integers(size, size=-(-dim // size))
    if size >= INDEXED_BELOW:
        return Blocks(offsets, signs, size)
    here = np.arange(dim)
    return Columns((here + offsets[here // size])[None] % size, signs[None], size)


def _distinct_rows(dim: int, size: int, entries: int, rng: Generator) -> Ints:
    """Return `entries` different rows for each column, every set as likely (Floyd's algorithm, all columns at once)."""
    rows = np.empty((entries, dim), dtype=np.int64)
    for found, last in enumerate(range(size - entries, size)):
        drawn = rng.integers(last + 1, size=dim)
        taken = (rows[:found] == drawn).any(axis=0)
        rows[found] = np.where(taken, last, drawn)
    return rows


def _check(family: str, dim: int, size: int) -> None:
    if family not in FAMILIES:
        raise ValueError(f"family = {family!r}: allowed is one of {', '.join(FAMILIES)}")
    whole(dim, "dim", 1)
    whole(size, "size", 1)
    if size > dim:
        raise ValueError(f"size = {size}: allowed is a whole number from 1 to dim = {dim}")


def _floats(values: ArrayLike, length: int, name: str) -> Array:
    array = np.asarray(values)
    if array.dtype != np.float32:
        array = np.asarray(array, dtype=np.float64)
    if array.ndim == 0 or array.shape[-1] != length:
        raise ValueError(f"{name} has shape {array.shape}: allowed is (..., {length})")
    return array


def _target(out: Array | None, given: Array, length: int) -> Array:
    shape = (*given.shape[:-1], length)
    if out is None:
        return np.empty(shape, given.dtype)
    if out.shape != shape or out.dtype != given.dtype or not out.flags.c_contiguous:
        raise ValueError(
            f"out has shape {out.shape} and type {out.dtype}: allowed is a contiguous array of shape {shape} and type "
            f"{given.dtype}"
        )
    return out
