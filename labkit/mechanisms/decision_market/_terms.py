"""The terms on which agents trade and learn, and what a batch of episodes holds; the same in every world."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from labkit.mechanisms.decision_market._scores import Floats, Scoring
from labkit.params import Field, Params


class Terms(Params):
    """How reports are paid for, how the decision is made, and how agents learn from their pay."""

    exploration: float = Field(
        0.2, ge=0, le=0.5, slider=(0, 0.5, 0.05), description="chance that an action that does not lead is taken"
    )
    scoring: Scoring = Field("log", description="the score whose gain is paid")
    order: Literal["fixed", "random"] = Field("fixed", description="who reports first: always the same, or by lot")
    quoted: Literal["mean", "sample"] = Field(
        "mean", description="what the market shows of a report: its mean, or the sample that is scored"
    )
    rate: float = Field(
        0.02, ge=0.001, le=1, slider=(0.005, 0.05, 0.005), description="step of the policy gradient, per unit of pay"
    )
    noise: float = Field(
        0.3, ge=0.05, le=1, slider=(0.1, 1, 0.05), description="spread of a report around its mean, in log odds"
    )
    batch: int = Field(512, ge=8, le=8192, slider=(64, 1024, 64), description="episodes between two steps of learning")
    steps: int = Field(3000, ge=1, le=100_000, slider=(500, 6000, 500), description="steps of learning")


@dataclass(frozen=True, slots=True)
class Episodes:
    """What happens to be the case in a batch of episodes, and what each agent sees of it.

    Attributes
    ----------
    own : ndarray of float, shape (agents, episodes, features)
        What each agent sees and the others do not.
    opening : ndarray of float, shape (episodes, actions)
        The prices before anybody has reported, in log odds.
    success : ndarray of bool, shape (episodes, actions)
        Whether each action would succeed. One of them is seen: that of the action taken.
    posterior : ndarray of float, shape (episodes, actions)
        Log odds of success for somebody who sees what all agents see.
    """

    own: Floats
    opening: Floats
    success: NDArray[np.bool_]
    posterior: Floats


class World(Protocol):
    """Where episodes come from, and what an agent makes of what it sees."""

    agents: int
    features: int
    actions: int

    def draw(self, rng: Generator, episodes: int) -> Episodes:
        """Return so many episodes."""
        ...

    def examine(self, rng: Generator, episodes: int) -> Episodes:
        """Return episodes to judge prices by; about so many."""
        ...

    def look(self, own: Floats, prices: Floats) -> Floats:
        """Return the features of an agent that sees its own signal and the prices; shape (episodes, features)."""
        ...
