"""One door to all policies, and a comparison of them on the same problems."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator, Mapping
from numbers import Integral
from typing import Any, Literal

from labkit.mechanisms.distributed_bandits import _asynchronous, _batched, _refine, _sharing
from labkit.mechanisms.distributed_bandits._problem import Problem, Run, draw_instance, draw_streams
from labkit.params import Field
from labkit.seeds import Seed, as_sequence
from labkit.unfolding import finish

POLICIES: Mapping[str, Callable[..., Generator[float, None, Run]]] = {
    "central": _sharing.central,
    "isolated": _sharing.isolated,
    "dislinucb": _sharing.dislinucb,
    "doubling": _sharing.doubling,
    "fedlinucb": _asynchronous.fedlinucb,
    "disbe": _batched.disbe,
    "decbe": _batched.decbe,
    "pls": _refine.pls,
}
Runs = dict[str, Run]


def play(policy: str, problem: Problem, horizon: int, *, rng: Seed, replicates: int = 1, **knobs: Any) -> Run:
    """Let agents play a problem by one policy.

    Policies that get the same `rng` meet the same problems. Those that play round by round ("central", "isolated",
    "dislinucb", "doubling", "fedlinucb") also see the same sets in the same rounds with the same noise; those that
    play in batches draw the sufficient statistic of a whole batch at once, with exactly the distribution it has.

    Parameters
    ----------
    policy : str
        One of the names in `POLICIES`.
    problem : Problem
        What is played.
    horizon : int
        Rounds per agent, 1 or more.
    rng : int, SeedSequence or Generator
        Where the randomness comes from.
    replicates : int
        How many problems.
    **knobs : Any
        What the policy can be told: "central" and "isolated" take width, ridge, delta; "dislinucb" also trigger (inf
        for never); "doubling" growth, resolution, graph, accuracy; "fedlinucb" determinant; "disbe" width, growth,
        design; "decbe" also graph, accuracy, steps, gossip; "pls" constant, uplink, downlink, actions, sparse.

    Returns
    -------
    Run

    Raises
    ------
    ValueError
        There is no such policy or knob, or a value is out of range.
    """
    return finish(unfold(policy, problem, horizon, rng=rng, replicates=replicates, **knobs))


def unfold(
    policy: str, problem: Problem, horizon: int, *, rng: Seed, replicates: int = 1, **knobs: Any
) -> Generator[float, None, Run]:
    """Do what `play` does, step by step.

    Parameters
    ----------
    policy, problem, horizon, rng, replicates, **knobs
        As for `play`.

    Returns
    -------
    generator
        It yields the share done and returns the run.

    Raises
    ------
    ValueError
        As for `play`.
    """
    if policy not in POLICIES:
        raise ValueError(f"policy = {policy!r}: allowed is one of {', '.join(POLICIES)}")
    known = [
        name for name, each in inspect.signature(POLICIES[policy]).parameters.items() if each.kind is each.KEYWORD_ONLY
    ]
    if odd := sorted(set(knobs) - set(known)):
        raise ValueError(f"{policy} has no knob {odd[0]!r}; its knobs are {', '.join(known)}")
    if isinstance(horizon, bool) or not isinstance(horizon, Integral) or horizon < 1:
        raise ValueError(f"horizon = {horizon!r}: allowed is a whole number from 1")
    for name in ("width", "ridge", "delta"):
        value = knobs.get(name, 0.5)
        if not (0 < value < (1 if name == "delta" else float("inf"))) and not (name == "width" and value == 0):
            raise ValueError(f"{name} = {value}: allowed is a number above 0{' and below 1' * (name == 'delta')}")
    chance = draw_streams(rng, replicates)
    instance = draw_instance(problem, chance["instance"])
    return POLICIES[policy](instance, int(horizon), chance, **knobs)


class Study(Problem):
    """A problem, how long it is played, and what its policies are told: a comparison in one set of parameters.

    The policies that play round by round play `rounds` of them, those that play in batches 10^`log_horizon`. Widths of
    confidence bounds, `width` for LinUCB and `elimination` for batches, multiply their formulas; `trigger` multiplies
    the default of DisLinUCB; `constant` is the C of PLS.
    """

    rounds: int = Field(600, ge=1, le=20_000, slider=(100, 2000, 100), description="rounds per agent")
    log_horizon: float = Field(5.0, ge=0, le=12, slider=(3, 7, 0.25), description="log10 of rounds")
    width: float = Field(1.0, ge=0, le=10, slider=(0.05, 2, 0.05), description="of LinUCB, × formula")
    elimination: float = Field(0.3, ge=0, le=10, slider=(0.02, 1, 0.02), description="width, × formula")
    trigger: float = Field(1.0, ge=0, le=1000, slider=(0.05, 5, 0.05), description="of DisLinUCB, × default")
    graph: Literal["ring", "star", "complete", "random"] = Field("ring", description="who is whose neighbour")
    accuracy: float = Field(0.01, gt=0, le=1, slider=(0.005, 0.5, 0.005), description="of a gossiped sum")
    constant: float = Field(6.0, gt=0, le=1000, slider=(0.1, 10, 0.1), description="exploration of PLS")

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
            return {"constant": self.constant}
        return {"width": self.width} | ({"trigger": self._trigger()} if policy == "dislinucb" else {})

    def _trigger(self) -> float:
        problem = self.problem
        return self.trigger * _sharing.default_trigger(problem.agents, problem.blocks * problem.dim, self.rounds)


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
