"""Runs: one world, or the arms of a comparison side by side."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labkit.mechanisms.stigmergic_memory._colony import RAW_READING, Colony
from labkit.mechanisms.stigmergic_memory._draws import Draws
from labkit.mechanisms.stigmergic_memory._world import LAYERS, Frames, Run, World
from labkit.seeds import Seed, as_sequence
from labkit.unfolding import finish

ARMS: dict[str, dict[str, bool]] = {
    "neither": {"memory": False, "traces": False, "walk": False},
    "traces": {"memory": False, "traces": True, "walk": False},
    "memory": {"memory": True, "traces": False, "walk": False},
    "both": {"memory": True, "traces": True, "walk": False},
    "random walk": {"memory": False, "traces": False, "walk": True},
}
"""The arms of the comparison: what each changes in a world."""


@dataclass(frozen=True, slots=True)
class Arms(Mapping[str, Run]):
    """The runs of a comparison by arm, all on the same worlds and equally far.

    Attributes
    ----------
    runs : dict of str to Run
        One run per arm.
    """

    runs: dict[str, Run]

    def __getitem__(self, arm: str) -> Run:
        """Return the run of one arm."""
        return self.runs[arm]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names of the arms."""
        return iter(self.runs)

    def __len__(self) -> int:
        """Return the number of arms."""
        return len(self.runs)

    @property
    def times(self) -> NDArray[np.int64]:
        """The steps at which the first replicate was recorded; shape (frames,)."""
        return next(iter(self.runs.values())).times


SHOWN_EVERY = 5
FRAMES_AT_MOST = 251
FRAME_BYTES_AT_MOST = 64_000_000


def simulate(world: World, *, rng: Seed, replicates: int = 1) -> Run:
    """Run a world to its end.

    Parameters
    ----------
    world : World
        What to run.
    rng : int, SeedSequence or Generator
        Where the randomness comes from. Layout, regrowth, noise, priority and falsified marks have a
        stream each, so worlds that differ in memory or traces share all of them.
    replicates : int
        How many worlds, 1 or more. The first ones do not depend on how many are asked for.

    Returns
    -------
    Run

    Raises
    ------
    ValueError
        `replicates` is not a whole number from 1, or `rng` is none of the three.

    Notes
    -----
    Our construction after arXiv 2512.10166 (see the package). All agents move at once; one agent per
    cell eats, by random priority.
    """
    return finish(unfold(world, rng=rng, replicates=replicates))


def unfold(world: World, *, rng: Seed, replicates: int = 1) -> Generator[tuple[float, Run | None], None, Run]:
    """Run a world step by step: yield the share done and the run so far, return the whole run.

    Parameters and errors are those of `simulate`, which runs this to its end.

    Yields
    ------
    tuple of (float, Run or None)
        The share of the steps that are done and, every `SHOWN_EVERY` steps, what has happened up to here.
    """
    sequence = as_sequence(rng)
    record = _Record(world, Draws(world, sequence, replicates), seed=str(sequence.entropy))
    for step in range(1, world.steps + 1):
        record.advance()
        yield step / world.steps, record.run() if step % SHOWN_EVERY == 0 else None
    return record.run()


def compare(world: World, *, rng: Seed, replicates: int = 1, arms: tuple[str, ...] = tuple(ARMS)) -> Arms:
    """Run the arms of the comparison on the same layouts, regrowth and noise.

    Parameters
    ----------
    world : World
        The world; its `memory`, `traces` and `walk` are set by each arm.
    rng, replicates
        As for `simulate`.
    arms : tuple of str
        Keys of `ARMS`.

    Returns
    -------
    Arms
        One run per arm; replicate r of each is paired with replicate r of the others.

    Raises
    ------
    ValueError
        An arm is unknown, or as for `simulate`.
    """
    return finish(unfold_arms(world, rng=rng, replicates=replicates, arms=arms))


def unfold_arms(
    world: World, *, rng: Seed, replicates: int = 1, arms: tuple[str, ...] = ("neither", "traces", "memory", "both")
) -> Generator[tuple[float, Arms | None], None, Arms]:
    """Run several arms in step with each other: `unfold` for a comparison.

    Parameters and errors are those of `compare`.

    Yields
    ------
    tuple of (float, Arms or None)
        The share of the steps that are done and, every `SHOWN_EVERY` steps, each arm up to here.
    """
    if isinstance(arms, str) or not arms or not set(arms) <= set(ARMS):
        raise ValueError(f"arms = {arms!r}: allowed is a tuple of one or more of {', '.join(map(repr, ARMS))}")
    sequence = as_sequence(rng)
    draws = Draws(world, sequence, replicates)
    records = {arm: _Record(world.replace(**ARMS[arm]), draws, seed=str(sequence.entropy)) for arm in arms}
    for step in range(1, world.steps + 1):
        for record in records.values():
            record.advance()
        yield step / world.steps, _so_far(records) if step % SHOWN_EVERY == 0 else None
    return _so_far(records)


def _so_far(records: Mapping[str, _Record]) -> Arms:
    return Arms({arm: record.run() for arm, record in records.items()})


class _Record:
    """A colony, and what is written down while it moves."""

    def __init__(self, world: World, draws: Draws, seed: str) -> None:
        self.world, self.seed, self.colony = world, seed, Colony(world, draws)
        self.food, self.hazards = np.zeros((2, draws.replicates, world.steps + 1))
        self.times = _recorded_steps(world)
        shape = (self.times.size, len(LAYERS), world.size, world.size)
        self.fields = np.zeros(shape, dtype=np.float32)
        self.standing = np.zeros((self.times.size, world.size, world.size), dtype=bool)
        self.agents: list[NDArray[np.int64]] = []
        self._write_down()

    def advance(self) -> None:
        self.colony.advance()
        self._write_down()

    def _write_down(self) -> None:
        colony = self.colony
        self.food[:, colony.step] = colony.eaten / self.world.agents
        self.hazards[:, colony.step] = colony.hurt / self.world.agents
        frame = len(self.agents)
        if frame < self.times.size and self.times[frame] == colony.step:
            square = (self.world.size, self.world.size)
            if colony.traces:
                self.fields[frame] = colony.traces.effective[0].reshape(-1, *square)
            self.standing[frame] = colony.food[0].reshape(square)
            self.agents.append(colony.cell[colony.replicate == 0])

    def run(self) -> Run:
        colony = self.colony
        done, frames = colony.step + 1, len(self.agents)
        size = self.world.size
        return Run(
            world=self.world,
            seed=self.seed,
            time=colony.step,
            food_over_time=self.food[:, :done],
            hazards_over_time=self.hazards[:, :done],
            coverage=colony.visited.mean(axis=1),
            supply=colony.grown / self.world.agents,
            weights=_weights(colony),
            frames=Frames(
                times=self.times[:frames],
                agents=tuple(self.agents),
                fields=self.fields[:frames],
                food=self.standing[:frames],
                hazards=colony.hazards[0].reshape(size, size),
            ),
        )


def _weights(colony: Colony) -> NDArray[np.float64]:
    if colony.traces is None or colony.world.interpretation != "learned":
        return RAW_READING.copy()
    total = np.stack([np.bincount(colony.replicate, weight, colony.replicates) for weight in colony.weights.T], axis=1)
    return total / np.maximum(1, np.bincount(colony.replicate, minlength=colony.replicates))[:, None]


def _recorded_steps(world: World) -> NDArray[np.int64]:
    """Return the steps to record: all, or every so many that the frames stay in memory; the last always."""
    room = max(2, min(FRAMES_AT_MOST, FRAME_BYTES_AT_MOST // (4 * len(LAYERS) * world.cells)))
    every = -(-(world.steps + 1) // room)
    return np.unique(np.append(np.arange(0, world.steps + 1, every), world.steps))
