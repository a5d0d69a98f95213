"""What a world is made of, and what a run of it leaves behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from labkit.params import Field, Params

LAYERS = ("food", "danger", "social", "exploration")
"""The four kinds of mark, in the order of every array that has a layer axis."""


class World(Params):
    """A torus with food, hazards and foraging agents, and what those agents can do.

    Sizes and constants marked "paper" are as its readers report them; all others are ours.
    """

    size: int = Field(30, ge=5, le=200, slider=(10, 60, 5), description="side of the torus, cells")
    density: float = Field(0.05, gt=0, le=1, slider=(0.005, 0.4, 0.005), description="agents per cell")
    steps: int = Field(250, ge=1, le=5000, slider=(50, 500, 50), description="length of a run, steps")

    memory: bool = Field(True, description="each agent remembers food, danger and where it has just been")
    traces: bool = Field(True, description="agents leave marks on the ground and read those of all others")
    walk: bool = Field(False, description="ignore everything and walk at random (the reference)")

    hazard_mode: Literal["visible", "hidden"] = Field(
        "visible", description="visible hazards are seen one cell away, hidden ones are felt only on entry"
    )
    hazard_fraction: float = Field(0.02, ge=0, le=0.5, slider=(0, 0.2, 0.01), description="share of cells that hurt")
    patch_fraction: float = Field(
        0.02, ge=0, le=0.5, slider=(0.005, 0.1, 0.005), description="share of cells where food grows"
    )
    refill: float = Field(
        0.05, ge=0, le=1, slider=(0.005, 0.2, 0.005), description="chance that an empty patch regrows, per step"
    )

    sight_weight: float = Field(
        10, ge=0, le=100, slider=(0, 30, 1), description="pull of food in view, and push of a visible hazard, score"
    )
    memory_weight: float = Field(
        15, ge=0, le=100, slider=(0, 30, 1), description="pull of the best remembered patch (paper: 15), score"
    )
    danger_weight: float = Field(6, ge=0, le=100, slider=(0, 30, 1), description="push of a remembered danger, score")
    revisit_weight: float = Field(
        0.5, ge=0, le=100, slider=(0, 5, 0.5), description="push of a cell visited a moment ago, score"
    )
    trace_weight: float = Field(6, ge=0, le=100, slider=(0, 30, 1), description="weight of the marks read, score")

    food_retention: float = Field(
        0.985, ge=0, le=1, slider=(0.9, 0.999, 0.001), description="share of a food memory or mark left after a step"
    )
    danger_retention: float = Field(
        0.998, ge=0, le=1, slider=(0.9, 0.999, 0.001), description="the same for danger (paper: 0.998)"
    )
    social_retention: float = Field(
        0.95, ge=0, le=1, slider=(0.9, 0.999, 0.001), description="the same for meetings (paper: 0.95)"
    )
    exploration_retention: float = Field(
        0.97, ge=0, le=1, slider=(0.9, 0.999, 0.001), description="the same for passage"
    )

    consensus_gain: float = Field(
        0.3, ge=0, le=1, slider=(0, 1, 0.05), description="extra strength of a mark per further depositor (paper: 0.3)"
    )
    consensus_cap: float = Field(
        2.0, ge=1, le=4, slider=(1, 4, 0.1), description="strongest a mark can get by agreement (paper: 2), times"
    )
    interpretation: Literal["remembered", "raw", "learned"] = Field(
        "remembered",
        description="what a reader makes of marks: checked against its memory, taken as they are, "
        "or weighed by its own experience",
    )
    learning_rate: float = Field(
        0.1, ge=0, le=1, slider=(0, 0.5, 0.05), description="step of the delta rule of a learned interpretation"
    )

    corrupted: float = Field(0, ge=0, le=1, slider=(0, 1, 0.05), description="share of marks put in a wrong place")
    lost: float = Field(0, ge=0, lt=1, slider=(0, 0.9, 0.05), description="share of agents removed half-way")

    @property
    def cells(self) -> int:
        """Number of cells."""
        return self.size**2

    @property
    def agents(self) -> int:
        """Number of agents at the start, at least one."""
        return max(1, round(self.density * self.cells))

    def retentions(self) -> NDArray[np.float64]:
        """Return the retention of each layer, in the order of `LAYERS`; shape (4,)."""
        return np.array([self.food_retention, self.danger_retention, self.social_retention, self.exploration_retention])


@dataclass(frozen=True, slots=True)
class Frames:
    """One replicate over time, for drawing.

    Attributes
    ----------
    times : ndarray of int, shape (frames,)
        The steps recorded; 0 is the start.
    agents : tuple of ndarray of int, one per frame, each of shape (agents,)
        The cell of each agent (row · size + column).
    fields : ndarray of float32, shape (frames, 4, size, size)
        Strength of the marks, with agreement counted in, in the order of `LAYERS`.
    food : ndarray of bool, shape (frames, size, size)
        Where food stands.
    hazards : ndarray of bool, shape (size, size)
        Where it hurts.
    """

    times: NDArray[np.int64]
    agents: tuple[NDArray[np.int64], ...]
    fields: NDArray[np.float32]
    food: NDArray[np.bool_]
    hazards: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Run:
    """What happened in a world, replicate by replicate, up to step `time`.

    Attributes
    ----------
    world : World
        The world that was run.
    seed : str
        Where the randomness came from.
    time : int
        Steps done; equals ``world.steps`` in a finished run.
    food_over_time, hazards_over_time : ndarray of float, shape (replicates, time + 1)
        Food eaten and hazards entered up to each step, per agent that started.
    coverage : ndarray of float, shape (replicates,)
        Share of the cells that were ever visited.
    supply : ndarray of float, shape (replicates,)
        All food there ever was: what stood at the start and what regrew, per agent that started.
    weights : ndarray of float, shape (4,) or (replicates, 4)
        What one unit of each mark is worth to a reader; learned ones are averaged over the agents.
    frames : Frames
        The first replicate over time.
    """

    world: World
    seed: str
    time: int
    food_over_time: NDArray[np.float64]
    hazards_over_time: NDArray[np.float64]
    coverage: NDArray[np.float64]
    supply: NDArray[np.float64]
    weights: NDArray[np.float64]
    frames: Frames

    @property
    def food(self) -> NDArray[np.float64]:
        """Food eaten per agent; shape (replicates,)."""
        return self.food_over_time[:, -1]

    @property
    def hazards(self) -> NDArray[np.float64]:
        """Hazards entered per agent; shape (replicates,)."""
        return self.hazards_over_time[:, -1]

    @property
    def times(self) -> NDArray[np.int64]:
        """The steps at which the first replicate was recorded; shape (frames,)."""
        return self.frames.times

    def composite(
        self, food_weight: float = 10, hazard_weight: float = 2, coverage_weight: float = 0
    ) -> NDArray[np.float64]:
        """Return the composite score of each replicate; parameters as for the function `composite`."""
        return composite(self.food, self.hazards, self.coverage, food_weight, hazard_weight, coverage_weight)


def composite(
    food: NDArray[np.float64],
    hazards: NDArray[np.float64],
    coverage: NDArray[np.float64],
    food_weight: float = 10,
    hazard_weight: float = 2,
    coverage_weight: float = 0,
) -> NDArray[np.float64]:
    """Return one score out of food, hazards and coverage.

    The paper ranks its arms by such a score and does not publish its weights; ours are sliders.

    Parameters
    ----------
    food, hazards, coverage : ndarray of float, one shape
        Food eaten and hazards entered per agent, and the share of the cells visited.
    food_weight : float
        Points per food eaten by an agent.
    hazard_weight : float
        Points lost per hazard entered by an agent.
    coverage_weight : float
        Points per percent of the cells visited.

    Returns
    -------
    ndarray of float, of that shape
    """
    return food_weight * food - hazard_weight * hazards + coverage_weight * 100 * coverage
