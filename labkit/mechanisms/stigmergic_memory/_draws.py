"""Chance: every replicate has a stream for each purpose, and the arms of a comparison share them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from labkit.mechanisms.stigmergic_memory._world import World
from labkit.seeds import Seed, streams

BLOCK = 8
"""Steps drawn at a time; the numbers do not depend on it."""


class Draws:
    """The random numbers of a world, step by step.

    Worlds that differ in memory or traces read the same ones, so that their differences are paired.
    Steps are asked for in order; a world may be one step ahead of another.

    Attributes
    ----------
    replicates : int
        Number of replicates.
    order : ndarray of int, shape (replicates, cells)
        The cells in random order: first the patches, then the hazards.
    start : ndarray of int, shape (replicates · agents,)
        Where the agents start.
    """

    def __init__(self, world: World, rng: Seed, replicates: int) -> None:
        self.replicates = replicates
        self._streams = streams(rng, replicates, ("layout", "refill", "noise", "priority", "corruption"))
        self._blocks: dict[str, tuple[int, NDArray[np.float64]]] = {}
        layout = self._streams["layout"]
        self.order = np.stack([generator.permutation(world.cells) for generator in layout])
        self.start = np.concatenate([generator.integers(world.cells, size=world.agents) for generator in layout])

    def regrowth(self, step: int, patches: int) -> NDArray[np.float64]:
        """Return a uniform number for each patch; shape (replicates, patches)."""
        return self._draw("refill", step, lambda generator: generator.random((BLOCK, patches)))

    def taste(self, step: int, agents: int) -> NDArray[np.float64]:
        """Return how each agent happens to like each cell in reach, N(0, 1); shape (replicates · agents, 9)."""
        return self._draw("noise", step, lambda generator: generator.standard_normal((BLOCK, agents, 9))).reshape(-1, 9)

    def priority(self, step: int, agents: int) -> NDArray[np.float64]:
        """Return who comes first, as a uniform number for each agent; shape (replicates · agents,)."""
        return self._draw("priority", step, lambda generator: generator.random((BLOCK, agents))).ravel()

    def falsification(self, step: int, agents: int) -> NDArray[np.float64]:
        """Return two uniform numbers for each agent: whether its marks go astray, and where to."""
        return self._draw("corruption", step, lambda generator: generator.random((BLOCK, agents, 2))).reshape(-1, 2)

    def _draw(self, purpose: str, step: int, draw: Callable[[Generator], NDArray[np.float64]]) -> NDArray[np.float64]:
        """Return the numbers of one step; `draw` draws those of a whole block for one replicate."""
        block, within = divmod(step - 1, BLOCK)
        if self._blocks.get(purpose, (-1, None))[0] != block:
            self._blocks[purpose] = block, np.stack([draw(generator) for generator in self._streams[purpose]], axis=1)
        drawn: NDArray[np.float64] = self._blocks[purpose][1][within]
        return drawn
