"""The random matrices themselves: four ways to hold one, each with its product and its transposed product."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import DTypeLike, NDArray

Array = NDArray[Any]
Ints = NDArray[np.int64]

CHUNK = 2**17  # numbers of a buffer that stays in the processor's second cache


def random_signs(rng: Generator, shape: int | tuple[int, ...]) -> NDArray[np.float64]:
    """Return plus and minus ones, fair and independent, of this shape."""
    return 1.0 - 2.0 * rng.integers(0, 2, shape, dtype=np.int8).astype(np.float64)


class Dense:
    """A matrix of shape (size, dim), held as it is."""

    def __init__(self, matrix: NDArray[np.float64]) -> None:
        self.matrix = matrix

    @cached_property
    def _single(self) -> Array:
        return self.matrix.astype(np.float32)

    def _as(self, dtype: DTypeLike) -> Array:
        return self.matrix if dtype == np.float64 else self._single

    def forward(self, x: Array, out: Array) -> None:
        """Write R x for each row of x, shape (batch, dim)."""
        np.matmul(x, self._as(x.dtype).T, out=out)

    def backward(self, y: Array, out: Array) -> None:
        """Write the transpose of R times y for each row of y, shape (batch, size)."""
        np.matmul(y, self._as(y.dtype), out=out)


class Columns:
    """A few entries per column: entry q of column i is ``values[q, i]`` in row ``rows[q, i]``."""

    def __init__(self, rows: Ints, values: NDArray[np.float64], size: int) -> None:
        self.rows, self.values, self.size = rows, values, size

    def forward(self, x: Array, out: Array) -> None:
        """Write R x for each row of x."""
        batch, dim = x.shape
        if dim > CHUNK // 32:
            for row, target in zip(x, out, strict=True):
                target[:] = sum(
                    np.bincount(rows, row * values, self.size)
                    for rows, values in zip(self.rows, self.values, strict=True)
                )
            return
        shift = self.size * np.arange(batch)[:, None, None]
        terms = x[:, None, :] * self.values
        found = np.bincount((self.rows + shift).ravel(), terms.ravel(), batch * self.size)
        out[:] = found.reshape(out.shape)

    def backward(self, y: Array, out: Array) -> None:
        """Write the transpose of R times y for each row of y."""
        np.take(y, self.rows[0], axis=1, out=out, mode="clip")
        out *= self.values[0]
        for rows, values in zip(self.rows[1:], self.values[1:], strict=True):
            out += y[:, rows] * values


class Blocks:
    """A count-sketch whose hash turns each block of `size` coordinates by an offset of its own."""

    def __init__(self, offsets: Ints, signs: NDArray[np.float64], size: int) -> None:
        self.offsets, self.signs, self.size = offsets, signs, size

    @cached_property
    def _single(self) -> Array:
        return self.signs.astype(np.float32)

    def _pieces(self) -> list[tuple[int, int, int, int]]:
        """Return (start, split, stop, offset) of each block: what lies before the split moves up, the rest wraps."""
        starts, dim = range(0, len(self.signs), self.size), len(self.signs)
        found = zip(starts, self.offsets.tolist(), strict=True)
        return [(lo, min(lo + self.size - turn, dim), min(lo + self.size, dim), turn) for lo, turn in found]

    def forward(self, x: Array, out: Array) -> None:
        """Write R x for each row of x: two slices added per block, and no index array."""
        signs = self.signs if x.dtype == np.float64 else self._single
        rows = max(1, CHUNK // self.size)
        for begin in range(0, len(x), rows):
            part, target = x[begin : begin + rows], out[begin : begin + rows]
            target[:] = 0
            signed = np.empty((len(part), self.size), x.dtype)
            for lo, split, hi, turn in self._pieces():
                np.multiply(part[:, lo:hi], signs[lo:hi], out=signed[:, : hi - lo])
                ahead, around = target[:, turn : turn + split - lo], target[:, : hi - split]
                np.add(ahead, signed[:, : split - lo], out=ahead)
                np.add(around, signed[:, split - lo : hi - lo], out=around)

    def backward(self, y: Array, out: Array) -> None:
        """Write the transpose of R times y for each row of y."""
        signs = self.signs if y.dtype == np.float64 else self._single
        for lo, split, hi, turn in self._pieces():
            np.multiply(y[:, turn : turn + split - lo], signs[lo:split], out=out[:, lo:split])
            np.multiply(y[:, : hi - split], signs[split:hi], out=out[:, split:hi])


class Cosines:
    """Random signs, an orthonormal cosine transform, and `size` of its `dim` rows, chosen without replacement."""

    def __init__(self, signs: NDArray[np.float64], rows: Ints) -> None:
        self.signs, self.rows = signs, rows
        self.scale = float(np.sqrt(len(signs) / len(rows)))

    @cached_property
    def _single(self) -> Array:
        return self.signs.astype(np.float32)

    def forward(self, x: Array, out: Array) -> None:
        """Write R x for each row of x."""
        from scipy.fft import dct

        signs = self.signs if x.dtype == np.float64 else self._single
        # One row at a time: a long batch would leave the cache between the signs and the transform.
        for row, target in zip(x, out, strict=True):
            np.take(dct(row * signs, norm="ortho", overwrite_x=True), self.rows, out=target, mode="clip")
        out *= out.dtype.type(self.scale)

    def backward(self, y: Array, out: Array) -> None:
        """Write the transpose of R times y for each row of y."""
        from scipy.fft import idct

        signs = self.signs if y.dtype == np.float64 else self._single
        spread = np.zeros(out.shape, y.dtype)
        spread[:, self.rows] = y * y.dtype.type(self.scale)
        np.multiply(idct(spread, norm="ortho", overwrite_x=True), signs, out=out)
