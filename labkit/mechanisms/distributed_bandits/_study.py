"""Several policies on the same problems: what they are told, and how they are compared."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Literal

from labkit.mechanisms.distributed_bandits._play import unfold
from labkit.mechanisms.distributed_bandits._problem import Problem, Run
from labkit.mechanisms.distributed_bandits._sharing import default_trigger
from labkit.params import Field
from labkit.seeds import Seed, as_sequence
from labkit.unfolding import finish

Runs = dict[str, Run]


class Study(Problem):
    """A problem, how long it is played, and what its policies are told: a comparison in one set of parameters.

    The policies that play round by round play `rounds` of them, those that play in batches 10^`log_horizon`. Widths of
    confidence bounds, `width` for LinUCB and `elimination` for batches, multiply their formulas; `trigger` multiplies
    the default of DisLinUCB, `determinant` that of FedLinUCB; `growth` and `resolution` are told to "doubling";
    `constant`, `uplink` and `downlink` to PLS.
    """

    rounds: int = Field(600, ge=1, le=20_000, slider=(100, 2000, 100), description="rounds per agent")
    log_horizon: float = Field(5.0, ge=0, le=12, slider=(3, 7, 0.25), description="log10 of rounds")
    width: float = Field(1.0, ge=0, le=10, slider=(0.05, 2, 0.05), description="of LinUCB, × formula")
    determinant: float = Field(1.0, ge=0, le=10_000, slider=(1, 100, 1), description="FedLinUCB, × 1/N²")
    growth: float = Field(2.0, gt=1, le=100, slider=(1.25, 6, 0.25), description="of time between talks")
    resolution: int = Field(4, ge=1, le=32, slider=(1, 12, 1), description="bits a coordinate")
    elimination: float = Field(0.3, ge=0, le=10, slider=(0.02, 1, 0.02), description="width, × formula")
    trigger: float = Field(1.0, ge=0, le=1000, slider=(0.05, 5, 0.05), description="of DisLinUCB, × default")
    graph: Literal["ring", "star", "complete", "random"] = Field("ring", description="who is whose neighbour")
    accuracy: float = Field(0.01, gt=0, le=1, slider=(0.005, 0.5, 0.005), description="of a gossiped sum")
    constant: float = Field(6.0, gt=0, le=1000, slider=(0.1, 10, 0.1), description="exploration of PLS")
    uplink: float = Field(2.0, gt=0, le=100, slider=(0.5, 6, 0.25), description="grid, × agent's error")
    downlink: float = Field(1.0, gt=0, le=100, slider=(0.25, 4, 0.25), description="grid, × tolerance")

    @property
    def problem(self) -> Problem:
        """The problem alone."""
        return Problem(**{name: getattr(self, name) for name in Problem.model_fields})

    @property
    def horizon(self) -> int:
        """Rounds per agent of policies that play in batches."""
        return round(10**self.log_horizon)

    def knobs(self, policy: str) -> dict[str, Any]:
        """Return what this study tells a policy."""
        if policy in ("disbe", "decbe"):
            told: dict[str, Any] = {"width": self.elimination}
            return told | ({"graph": self.graph, "accuracy": self.accuracy} if policy == "decbe" else {})
        if policy == "pls":
            return {name: getattr(self, name) for name in ("constant", "uplink", "downlink")}
        return {"width": self.width} | self._occasions(policy)

    def _occasions(self, policy: str) -> dict[str, Any]:
        """Return what decides when a policy that plays round by round talks."""
        problem = self.problem
        if policy == "dislinucb":
            bar = default_trigger(problem.agents, problem.blocks * problem.dim, self.rounds)
            return {"trigger": self.trigger * bar}
        if policy == "fedlinucb":
            return {"determinant": self.determinant / problem.agents**2}
        return {"growth": self.growth, "resolution": self.resolution} if policy == "doubling" else {}


SHORT = ("central", "isolated", "dislinucb", "fedlinucb", "disbe", "pls")
"""The policies of a comparison at a short horizon."""
LONG = ("disbe", "decbe", "pls")
"""Those whose batches make any horizon a matter of milliseconds."""


def compare(study: Study, *, rng: Seed, replicates: int = 1, policies: tuple[str, ...] = SHORT) -> Runs:
    """Let several policies play the same problems for ``study.rounds`` rounds.

    Parameters
    ----------
    study : Study
        What is played, for how long, and by which rules.
    rng : int, SeedSequence or Generator
        Where the randomness comes from; all policies share it.
    replicates : int
        How many problems.
    policies : tuple of str
        Which policies.

    Returns
    -------
    dict of str to Run
    """
    return finish(unfold_comparison(study, rng=rng, replicates=replicates, policies=policies))


def unfold_comparison(
    study: Study, *, rng: Seed, replicates: int = 1, policies: tuple[str, ...] = SHORT
) -> Generator[tuple[float, Runs | None], None, Runs]:
    """Do what `compare` does, step by step.

    Parameters
    ----------
    study, rng, replicates, policies
        As for `compare`.

    Yields
    ------
    (float, None)
        The share done.

    Returns
    -------
    dict of str to Run
    """
    return (yield from _unfold_all(study, study.rounds, rng, replicates, policies))


def compare_long(study: Study, *, rng: Seed, replicates: int = 1, policies: tuple[str, ...] = LONG) -> Runs:
    """Let policies that play in batches play the same problems for ``study.horizon`` rounds.

    Parameters
    ----------
    study, rng, replicates, policies
        As for `compare`.

    Returns
    -------
    dict of str to Run
    """
    return finish(unfold_long(study, rng=rng, replicates=replicates, policies=policies))


def unfold_long(
    study: Study, *, rng: Seed, replicates: int = 1, policies: tuple[str, ...] = LONG
) -> Generator[tuple[float, Runs | None], None, Runs]:
    """Do what `compare_long` does, step by step.

    Parameters
    ----------
    study, rng, replicates, policies
        As for `compare`.

    Yields
    ------
    (float, None)
        The share done.

    Returns
    -------
    dict of str to Run
    """
    return (yield from _unfold_all(study, study.horizon, rng, replicates, policies))


def _unfold_all(
    study: Study, horizon: int, rng: Seed, replicates: int, policies: tuple[str, ...]
) -> Generator[tuple[float, Runs | None], None, Runs]:
    shared, runs = as_sequence(rng), Runs()
    for number, policy in enumerate(policies):
        playing = unfold(policy, study.problem, horizon, rng=shared, replicates=replicates, **study.knobs(policy))
        while True:
            try:
                yield (number + next(playing)) / len(policies), None
            except StopIteration as end:
                runs[policy] = end.value
                break
    return runs
