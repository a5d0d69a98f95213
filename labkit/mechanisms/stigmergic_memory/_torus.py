"""Tables of a torus, so that the rule of movement is a handful of look-ups."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

OUT_OF_VIEW = 9
NOWHERE = 10**9
STAY = 4


@dataclass(frozen=True, slots=True)
class Torus:
    """Who is next to whom on a square grid whose edges meet.

    A position is written on a grid of doubled side, row · 2 size + column, so that the difference of
    two positions is one number that names the displacement; tables indexed by it replace eight array
    operations per remembered cell. What is remembered is raised by `centre`, so that displacements
    are never negative, and `NOWHERE` is so far that its look-up is clipped to the tables' last entry.

    Attributes
    ----------
    around : ndarray of int, shape (cells, 9)
        The cells in reach of each cell, row by row; number 4 is the cell itself.
    within_two : ndarray of int, shape (cells, 25)
        The cells at most two away.
    two_away : ndarray of float, shape (25,)
        ``1 / (1 + distance)`` of each of those.
    position : ndarray of int, shape (cells,)
        Where each cell is on the doubled grid.
    centre : int
        The displacement of no move at all.
    closeness : ndarray of float, shape (4 · cells + 1,)
        ``1 / (1 + distance)`` by displacement; distance counts steps, diagonal ones too.
    reach : ndarray of int8, shape (4 · cells + 1,)
        Which of the nine cells in reach a displacement leads to, or `OUT_OF_VIEW`.
    nearer : ndarray of int8, shape (4 · cells + 1, 9)
        By how many steps each of the nine moves brings one closer.
    """

    around: NDArray[np.int64]
    within_two: NDArray[np.int64]
    two_away: NDArray[np.float64]
    position: NDArray[np.int64]
    centre: int
    closeness: NDArray[np.float64]
    reach: NDArray[np.int8]
    nearer: NDArray[np.int8]


@lru_cache(maxsize=8)
def torus(size: int) -> Torus:
    """Return the tables of a torus of the given side; they are made once for each size."""
    row, column = np.divmod(np.arange(size**2), size)
    moves = _offsets(1)
    centre = 2 * size**2
    displacement = np.arange(-centre, centre)
    down = np.floor_divide(displacement + size, 2 * size)
    across = displacement - down * 2 * size
    distance = _distance(size, down, across)
    reach = np.full(displacement.shape, OUT_OF_VIEW, dtype=np.int8)
    for place, (step_down, step_across) in enumerate(moves):
        reach[_distance(size, down - step_down, across - step_across) == 0] = place
    after = _distance(size, down[:, None] - moves[:, 0], across[:, None] - moves[:, 1])
    return Torus(
        around=_shifted(size, row, column, moves),
        within_two=_shifted(size, row, column, _offsets(2)),
        two_away=1 / (1 + np.abs(_offsets(2)).max(axis=1)),
        position=row * 2 * size + column,
        centre=centre,
        closeness=np.append(1 / (1 + distance), 0),
        reach=np.append(reach, np.int8(OUT_OF_VIEW)),
        nearer=np.append(distance[:, None] - after, np.zeros((1, 9)), axis=0).astype(np.int8),
    )


def _offsets(radius: int) -> NDArray[np.int64]:
    steps = np.arange(-radius, radius + 1)
    return np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1).reshape(-1, 2)


def _shifted(
    size: int, row: NDArray[np.int64], column: NDArray[np.int64], offsets: NDArray[np.int64]
) -> NDArray[np.int64]:
    return (row[:, None] + offsets[:, 0]) % size * size + (column[:, None] + offsets[:, 1]) % size


def _distance(size: int, down: NDArray[np.int64], across: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the Chebyshev distance on the torus."""
    half = size // 2
    shortest_down = np.abs((down + half) % size - half)
    shortest_across = np.abs((across + half) % size - half)
    return np.maximum(shortest_down, shortest_across)
