"""What the agents face, and what a run of them leaves behind."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from labkit.params import Field, Params
from labkit.seeds import Seed, streams

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BITS_PER_NUMBER = 24
"""Bits of a number sent as it is: log2 of 10 agents times 10^6 rounds, rounded up (code of 2211.02212)."""
RECORDED = 120
"""How many rounds of a run are kept, at most, on a linear scale and again on a logarithmic one."""
PURPOSES = ("instance", "contexts", "noise", "ties", "presence", "counts", "quantiser")


class Problem(Params):
    """A contextual linear bandit that many agents play at once.

    In every round each agent sees one set of arms, drawn from a pool that is the same for all, picks one arm and
    earns its mean reward, which is linear in the arm's features, plus Gaussian noise of the given standard deviation.
    With digits the features are principal components and a constant, and nothing is added to the reward.
    """

    dim: int = Field(5, ge=2, le=200, slider=(2, 20, 1), description="features of an arm")
    arms: int = Field(20, ge=2, le=500, slider=(2, 50, 1), description="arms in a set (digits have ten)")
    agents: int = Field(10, ge=1, le=1000, slider=(1, 40, 1), description="agents that play at once")
    contexts: int = Field(50, ge=1, le=5000, slider=(10, 200, 10), description="sets of arms in the pool")
    noise: float = Field(1.0, ge=0, le=10, slider=(0, 2, 0.1), description="spread of a reward")
    source: Literal["synthetic", "digits"] = Field("synthetic", description="where the sets of arms come from")
    model: Literal["shared", "disjoint"] = Field(
        "shared", description="one parameter for all arms, or one for each (digits: always one for each)"
    )
    sparsity: int = Field(
        0, ge=0, le=200, slider=(0, 20, 1), description="parameters that are not 0; 0 for all of them"
    )
    availability: float = Field(1.0, gt=0, le=1, slider=(0.1, 1, 0.1), description="share that plays")

    @property
    def choices(self) -> int:
        """How many arms a set really has."""
        return 10 if self.source == "digits" else self.arms

    @property
    def blocks(self) -> int:
        """How many parameter vectors there are: one, or one per arm."""
        return self.choices if self.model == "disjoint" or self.source == "digits" else 1


@dataclass(frozen=True, slots=True)
class Instance:
    """One drawn problem per replicate.

    Attributes
    ----------
    problem : Problem
        What it was drawn for.
    features : ndarray of float, shape (replicates, contexts, arms, dim) or (replicates, contexts, dim)
        Features of each arm; with one parameter per arm all arms of a set share theirs.
    means : ndarray of float, shape (replicates, contexts, arms)
        Mean rewards.
    theta : ndarray of float, shape (replicates, blocks, dim), or None
        The true parameters; None for digits, whose rewards are not linear.
    """

    problem: Problem
    features: Floats
    means: Floats
    theta: Floats | None

    @property
    def gaps(self) -> Floats:
        """What each arm loses against the best of its set; shape (replicates, contexts, arms)."""
        return lost(self.means)

    @property
    def noise(self) -> float:
        """Standard deviation of a reward around its mean: a label is a label."""
        return 0.0 if self.problem.source == "digits" else self.problem.noise


@dataclass(frozen=True, slots=True)
class Run:
    """What a policy did.

    Attributes
    ----------
    policy : str
        Which one.
    problem : Problem
        What it played.
    horizon : int
        Rounds per agent.
    rounds : ndarray of int, shape (recorded,)
        The rounds that are recorded; the last is the horizon.
    regret : ndarray of float, shape (replicates, recorded)
        Mean reward lost so far against the best arm of each set, summed over agents.
    sent : ndarray of int, shape (replicates, recorded)
        Numbers sent so far by all agents and the server, one count per receiver.
    messages, numbers, bits : ndarray of int, shape (replicates,)
        Totals of the run over all agents, both ways; a broadcast counts once per receiver.
    bits_up, bits_down : ndarray of float, shape (replicates,)
        Bits that one agent sends, and that it receives, on average over the agents.
    raster : ndarray of int, shape (agents, recorded)
        Messages each agent has sent since the recorded round before, first replicate.
    detail : object
        What only this kind of policy has: `Learned`, `Batches` or `Epochs`.
    """

    policy: str
    problem: Problem
    horizon: int
    rounds: Ints
    regret: Floats
    sent: Ints
    messages: Ints
    numbers: Ints
    bits: Ints
    bits_up: Floats
    bits_down: Floats
    raster: Ints
    detail: Any

    @property
    def total(self) -> Floats:
        """Regret at the horizon; shape (replicates,)."""
        return self.regret[:, -1]


def lost(means: Floats) -> Floats:
    """Return what each arm loses against the best of its set, from mean rewards of shape (..., arms)."""
    gaps: Floats = means.max(axis=-1, keepdims=True) - means
    return gaps


def draw_streams(rng: Seed, replicates: int) -> dict[str, list[Generator]]:
    """Return the random streams of a run, the same for every policy."""
    return streams(rng, replicates, PURPOSES)


def draw_instance(problem: Problem, generators: list[Generator]) -> Instance:
    """Return one problem per generator: arms uniform on the unit sphere, parameter too (our construction).

    Raises
    ------
    ValueError
        More parameters should differ from 0 than there are.
    """
    if problem.source == "digits":
        return _draw_digits(problem, generators)
    if problem.sparsity > problem.dim:
        raise ValueError(f"Problem.sparsity = {problem.sparsity}: allowed is at most dim = {problem.dim}")
    shared = problem.blocks == 1
    features = np.stack([_features(problem, generator, shared) for generator in generators])
    theta = np.stack([_parameters(problem, generator) for generator in generators])
    pattern = "rckd,rbd->rck" if shared else "rcd,rbd->rcb"
    return Instance(problem, features, np.einsum(pattern, features, theta), theta)


def _features(problem: Problem, generator: Generator, shared: bool) -> Floats:
    shape = (problem.contexts, problem.arms, problem.dim) if shared else (problem.contexts, problem.dim)
    return _normed(generator.standard_normal(shape))


def _parameters(problem: Problem, generator: Generator) -> Floats:
    theta = generator.standard_normal((problem.blocks, problem.dim))
    if problem.sparsity:
        hidden = generator.permuted(np.tile(np.arange(problem.dim) >= problem.sparsity, (problem.blocks, 1)), axis=1)
        theta[hidden] = 0
    return _normed(theta)


def _normed(vectors: Floats) -> Floats:
    lengths: Floats = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / lengths


def _draw_digits(problem: Problem, generators: list[Generator]) -> Instance:
    images, labels = digits(problem.dim)
    chosen = [generator.permutation(len(images))[: problem.contexts] for generator in generators]
    features = np.stack([images[some] for some in chosen])
    return Instance(problem, features, np.stack([np.eye(10)[labels[some]] for some in chosen]), None)


@lru_cache(maxsize=4)
def digits(dim: int) -> tuple[Floats, Ints]:
    """Return scikit-learn's digits as contexts: `dim` - 1 principal components of length 1, and a constant.

    They are divided by the square root of 2, so that a context has length 1. The images are a copy of a set of the
    UCI repository; an arm is a digit, and its reward is 1 where it is the right one.
    """
    from sklearn.datasets import load_digits
    from sklearn.decomposition import PCA
    from sklearn.preprocessing import StandardScaler

    if not 2 <= dim <= 62:
        raise ValueError(f"Problem.dim = {dim}: allowed with digits is a whole number from 2 to 62")
    images, labels = load_digits(return_X_y=True)
    parts = PCA(dim - 1, random_state=0).fit_transform(StandardScaler().fit_transform(images))
    with_constant = np.column_stack([_normed(parts), np.ones(len(parts))]) / np.sqrt(2)
    return with_constant, np.asarray(labels, dtype=np.int64)


def recorded_rounds(horizon: int) -> Ints:
    """Return the rounds to record: evenly spread on a linear and on a logarithmic scale."""
    even = np.linspace(1, horizon, min(horizon, RECORDED))
    log = np.geomspace(1, horizon, min(horizon, RECORDED))
    return np.unique(np.round(np.concatenate([even, log])).astype(np.int64))
