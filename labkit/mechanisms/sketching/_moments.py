"""How well a sketch keeps lengths, and what that does to descent: every family on the same vector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from labkit.mechanisms.sketching._sketch import FAMILIES, Family, make_sketch, variance_factor
from labkit.mechanisms.sketching._theory import contraction
from labkit.params import Field, Params
from labkit.seeds import Seed, streams

Floats = NDArray[np.float64]
DRAWS = 20
"""Sketches per replicate, family and size."""


class Embedding(Params):
    """A vector, and how few numbers it is sketched to."""

    dim: int = Field(256, ge=8, le=4096, slider=(32, 1024, 32), description="numbers of the vector")
    size: int = Field(32, ge=1, le=1024, slider=(2, 256, 2), description="numbers sent, at most dim")
    vector: Literal["spread", "two peaks"] = Field(
        "spread", description="all coordinates alike, or nearly all of the length in two of them"
    )
    family: Family = Field("count", description="kind of random matrix of the contraction map")


@dataclass(frozen=True, slots=True)
class Embedded:
    """What sketching did to one vector of length 1.

    Attributes
    ----------
    embedding : Embedding
        The setting.
    lengths : dict of str to ndarray of float, shape (replicates · draws,)
        By family: squared length of the sketch.
    errors : dict of str to ndarray of float, shape (replicates · draws,)
        By family: squared distance of what is de-sketched from the vector; its mean is omega.
    sizes : ndarray of int, shape (sizes,)
        Sizes of the contraction map.
    sketched, returned : ndarray of float, shape (sizes,)
        Mean squared length of the sketch, and of what is de-sketched, per size of the map.
    """

    embedding: Embedding
    lengths: dict[str, Floats]
    errors: dict[str, Floats]
    sizes: NDArray[np.int64]
    sketched: Floats
    returned: Floats

    def contraction(self, steps: NDArray[np.float64]) -> Floats:
        """Return the measured contraction of the mean squared error, shape (sizes, steps)."""
        return 1 - 2 * steps * self.sketched[:, None] + steps**2 * self.returned[:, None]

    def expected(self, steps: NDArray[np.float64]) -> Floats:
        """Return the same by its closed form."""
        family, dim = self.embedding.family, self.embedding.dim
        omegas = np.array([variance_factor(family, dim, int(size)) for size in self.sizes])
        return contraction(steps, omegas[:, None])


def embed(embedding: Embedding, *, rng: Seed, replicates: int = 1) -> Embedded:
    """Sketch one vector many times with every family, and with one family at many sizes.

    Parameters
    ----------
    embedding : Embedding
        The setting; a size above `dim` counts as `dim`.
    rng : int, SeedSequence or Generator
        Where the randomness comes from.
    replicates : int
        Each is 20 draws of each sketch.

    Returns
    -------
    Embedded
    """
    dim, size = embedding.dim, min(embedding.size, embedding.dim)
    purposes = streams(rng, replicates, (*FAMILIES, "map"))
    vector = the_vector(embedding)
    sizes = np.unique(np.geomspace(2, dim, 14).astype(np.int64))
    lengths: dict[str, Floats] = {family: np.empty((replicates, DRAWS)) for family in FAMILIES}
    errors: dict[str, Floats] = {family: np.empty((replicates, DRAWS)) for family in FAMILIES}
    sums = np.zeros((2, len(sizes)))
    for replicate in range(replicates):
        for family in FAMILIES:
            for draw in range(DRAWS):
                sketch = make_sketch(family, dim, size, rng=purposes[family][replicate])
                sent = sketch.sketch(vector)
                lengths[family][replicate, draw] = sent @ sent
                errors[family][replicate, draw] = np.sum((sketch.desketch(sent) - vector) ** 2)
        for place, few in enumerate(sizes):
            for _ in range(DRAWS // 2):
                sketch = make_sketch(embedding.family, dim, int(few), rng=purposes["map"][replicate])
                sent = sketch.sketch(vector)
                sums[:, place] += sent @ sent, np.sum(sketch.desketch(sent) ** 2)
    means = sums / (replicates * (DRAWS // 2))
    flat = [{family: values.ravel() for family, values in kind.items()} for kind in (lengths, errors)]
    return Embedded(embedding, flat[0], flat[1], sizes, means[0], means[1])


def the_vector(embedding: Embedding) -> Floats:
    """Return the vector of a setting, of length 1: nothing about it is random.

    Parameters
    ----------
    embedding : Embedding
        The setting.

    Returns
    -------
    ndarray of float, shape (dim,)
    """
    vector = np.cos(np.arange(embedding.dim)) if embedding.vector == "spread" else np.full(embedding.dim, 0.01)
    if embedding.vector == "two peaks":
        vector[[0, embedding.dim // 2 + 1]] = 1.0
    return np.asarray(vector / np.linalg.norm(vector))
