"""The theory line: marks as an epidemic, which either dies out or sustains itself.

The paper's abstract states a critical density of 0.230; four readers quote it as decay divided by
(acquisition times degree). The equation below is the smallest one whose linear stability gives that
formula. It is inferred by us, not read in the paper.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labkit.seeds import Seed, streams


def critical_density(decay: float, acquisition: float, degree: float) -> float:
    """Return the density of agents above which marks sustain themselves.

    Parameters
    ----------
    decay : float
        Share of the live marks that fade per step, above 0.
    acquisition : float
        Rate at which an encounter with a live mark consolidates another, per step, above 0.
    degree : float
        Mean number of cells an agent interacts with, above 0.

    Returns
    -------
    float
        Agents per cell: ``decay / (acquisition * degree)``.

    Raises
    ------
    ValueError
        An argument is not above 0.

    Notes
    -----
    With the values its readers report (decay 0.20, acquisition 0.025, degree 3.5) the formula gives
    2.29, not the paper's 0.230; a decay of 0.02 gives 0.229.
    """
    for name, value in {"decay": decay, "acquisition": acquisition, "degree": degree}.items():
        if not (np.isfinite(value) and value > 0):
            raise ValueError(f"{name} = {value!r}: allowed is a number above 0")
    return decay / (acquisition * degree)


def occupancy(density: ArrayLike, decay: float, acquisition: float, degree: float) -> NDArray[np.float64] | float:
    """Return the share of cells with a live mark in the long run, as the mean field predicts it.

    The share m follows ``dm/dt = acquisition · degree · density · m (1 - m) - decay · m``. Its stable
    fixed point is 0 up to the critical density and ``1 - critical / density`` above it: the share
    rises continuously, it does not jump.

    Parameters
    ----------
    density : float or array of float
        Agents per cell, 0 or more.
    decay, acquisition, degree : float
        As for `critical_density`.

    Returns
    -------
    float or ndarray of float
        Exactly 0 at and below the critical density.

    Raises
    ------
    ValueError
        A density is negative or not a number, or another argument is not above 0.
    """
    critical = critical_density(decay, acquisition, degree)
    densities = _checked_densities(density)
    share = np.asarray(1 - critical / np.maximum(densities, critical))
    return share if share.ndim else float(share)


@dataclass(frozen=True, slots=True)
class Occupancy:
    """Share of cells with a live mark over time, in a world of finitely many cells.

    Attributes
    ----------
    share : ndarray of float, shape (replicates, steps + 1)
        Share of the cells with a live mark.
    density, decay, acquisition, degree : float
        What it was run with.
    cells : int
        Number of cells.
    """

    share: NDArray[np.float64]
    density: float
    decay: float
    acquisition: float
    degree: float
    cells: int

    @property
    def settled(self) -> NDArray[np.float64]:
        """Mean share over the last quarter of the run; shape (replicates,)."""
        return np.asarray(self.share[:, -max(1, self.share.shape[1] // 4) :].mean(axis=1))


def simulate_occupancy(
    density: float,
    decay: float,
    acquisition: float,
    degree: float,
    *,
    rng: Seed,
    replicates: int = 1,
    cells: int = 20_000,
    steps: int = 6_000,
    start: float = 0.5,
) -> Occupancy:
    """Simulate marks that come and go by chance: the stochastic counterpart of `occupancy`.

    Parameters
    ----------
    density : float
        Agents per cell, 0 or more.
    decay, acquisition, degree : float
        As for `critical_density`.
    rng : int, SeedSequence or Generator
        Where the randomness comes from.
    replicates, cells, steps : int
        Worlds, cells in each, and steps, 1 or more.
    start : float
        Share of marked cells at the start, 0 to 1.

    Returns
    -------
    Occupancy

    Raises
    ------
    ValueError
        An argument is out of range.

    Notes
    -----
    Each step an unmarked cell gains a mark with probability ``1 - exp(-acquisition·degree·density·m)``
    and a marked one loses it with probability ``1 - exp(-decay)``. Our construction.
    """
    critical_density(decay, acquisition, degree)
    density = float(_checked_densities(density))
    if not 0 <= start <= 1:
        raise ValueError(f"start = {start!r}: allowed is a share from 0 to 1")
    for name, count in {"cells": cells, "steps": steps}.items():
        if count != int(count) or count < 1:
            raise ValueError(f"{name} = {count!r}: allowed is a whole number from 1")
    cells, steps = int(cells), int(steps)
    generators = streams(rng, replicates, ("marks",))["marks"]
    share = np.empty((replicates, steps + 1))
    loss = -np.expm1(-decay)
    for row, generator in enumerate(generators):
        marked = round(start * cells)
        share[row, 0] = marked / cells
        for step in range(1, steps + 1):
            gain = -np.expm1(-acquisition * degree * density * marked / cells)
            marked += int(generator.binomial(cells - marked, gain)) - int(generator.binomial(marked, loss))
            share[row, step] = marked / cells
    return Occupancy(share, density, decay, acquisition, degree, cells)


def _checked_densities(density: ArrayLike) -> NDArray[np.float64]:
    densities = np.asarray(density, dtype=float)
    if not (np.isfinite(densities) & (densities >= 0)).all():
        raise ValueError(f"density = {density!r}: allowed is a number of agents per cell from 0")
    return densities
