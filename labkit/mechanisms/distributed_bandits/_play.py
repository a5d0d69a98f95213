"""One door to all policies."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator, Mapping
from numbers import Integral
from typing import Any

from labkit.mechanisms.distributed_bandits import _asynchronous, _batched, _refine, _sharing
from labkit.mechanisms.distributed_bandits._problem import Problem, Run, draw_instance, draw_streams
from labkit.seeds import Seed
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
