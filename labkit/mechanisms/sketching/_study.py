"""All methods on the same task: digits dealt unevenly, every method at its own best step of one grid."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.random import SeedSequence
from numpy.typing import NDArray

from labkit.mechanisms.sketching._descend import History, Ledger, descend
from labkit.mechanisms.sketching._knobs import Sketches
from labkit.mechanisms.sketching._problem import Classifier, Floats
from labkit.mechanisms.sketching._sketch import Family
from labkit.mechanisms.sketching._worlds import digits
from labkit.params import Field, Params
from labkit.seeds import Seed, as_sequence
from labkit.unfolding import finish

DIM = 650
COMPARED = ("fedsgd", "fedavg", "sketch", "top-k", "rand-k", "qsgd", "signsgd", "ef-signsgd", "fetchsgd")
SHORTENED = ("sketch", "top-k", "rand-k", "fetchsgd")
"""Methods whose message the compression decides."""
AVERAGING = ("fedavg", "fedprox", "local")
GRID = tuple(2.0**power for power in range(-9, 6))
"""The steps that every method is tuned on, times 1/L with L the largest curvature."""


class Study(Params):
    """Clients that learn to read digits together."""

    compression: int = Field(
        8, ge=1, le=650, slider=(2, 32, 1), description="650 parameters over the numbers a client sends"
    )
    skew: float = Field(
        0.3, ge=0.01, le=100, slider=(0.1, 3.0, 0.1), description="concentration of digits: small, few kinds a client"
    )
    clients: int = Field(10, ge=2, le=100, slider=(2, 20, 1), description="clients who share 1437 images")
    rounds: int = Field(100, ge=2, le=2000, slider=(20, 200, 10), description="rounds of talk")
    local_steps: int = Field(5, ge=1, le=100, slider=(1, 10, 1), description="steps of FedAvg before it talks")
    step_times: float = Field(
        1.0, ge=0.01, le=100, slider=(0.25, 4, 0.25), description="what every tuned step is multiplied by"
    )
    family: Family = Field("count", description="kind of random matrix")
    sketches: Sketches = Field("shared", description="one fresh matrix for all, one for each client, or one for ever")

    def knobs(self, method: str) -> dict[str, Any]:
        """Return what the method is told by this study, its step apart."""
        told: dict[str, Any] = {"local_steps": self.local_steps} if method in AVERAGING else {}
        if method in SHORTENED:
            told["size"] = max(3 if method == "fetchsgd" else 1, DIM // self.compression)
        if method == "top-k":
            # As many bits as a sketch of this size: a coordinate of 650 has 10 bits of place.
            told["kept"] = max(1, told["size"] * 32 // 42)
        if method == "sketch":
            told |= {"family": self.family, "sketches": self.sketches}
        return told


class Runs(dict[str, History]):
    """One history per method, on the same deals of the digits."""


def compare(
    study: Study,
    steps: Mapping[str, float] | None = None,
    *,
    rng: Seed,
    replicates: int = 1,
    methods: Sequence[str] = COMPARED,
) -> Runs:
    """Run several methods on the same deals of the digits, each with its own step.

    Parameters
    ----------
    study : Study
        The task.
    steps : mapping of str to float, optional
        Per method: its step as a multiple of 1/L; without it 1/L for all.
    rng : int, SeedSequence or Generator
        Where the randomness comes from.
    replicates : int
        Deals of the digits, 1 or more.
    methods : sequence of str
        Some of `METHODS`.

    Returns
    -------
    Runs
    """
    return finish(unfold(study, steps, rng=rng, replicates=replicates, methods=methods))


def learn(study: Study, method: str, multiple: float, problem: Classifier, seed: SeedSequence) -> History:
    """Run one method on digits that have been dealt.

    Parameters
    ----------
    study : Study
        The task.
    method : str
        One of `METHODS`.
    multiple : float
        Its step as a multiple of 1/L, before `study.step_times`.
    problem : Classifier
        The digits, as dealt.
    seed : SeedSequence
        Of everything else.

    Returns
    -------
    History
    """
    step = study.step_times * multiple / problem.spectrum[-1]
    return descend(problem, method, study.rounds, step=step, rng=seed, **study.knobs(method))


def unfold(
    study: Study,
    steps: Mapping[str, float] | None = None,
    *,
    rng: Seed,
    replicates: int = 1,
    methods: Sequence[str] = COMPARED,
    learner: Callable[[Study, str, float, Classifier, SeedSequence], History] = learn,
) -> Generator[tuple[float, Runs | None], None, Runs]:
    """Do the same in steps, so that a panel can draw it as it grows.

    Parameters
    ----------
    study, steps, rng, replicates, methods
        As for `compare`.
    learner : callable
        `learn`, or what remembers its results.

    Yields
    ------
    (float, Runs or None)
        The share done, and after each deal of the digits what there is so far.
    """
    runs, total = Runs(), replicates * len(methods)
    steps = steps if steps is not None else dict.fromkeys(methods, 1.0)
    for number, seed in enumerate(as_sequence(rng).spawn(replicates)):
        problem, child = deal(study, seed)
        for place, method in enumerate(methods):
            found = learner(study, method, steps[method], problem, child)
            runs = Runs({**runs, method: joined(runs[method], found) if method in runs else found})
            yield (number * len(methods) + place + 1) / total, runs if place == len(methods) - 1 else None
    return runs


def deal(study: Study, seed: SeedSequence) -> tuple[Classifier, SeedSequence]:
    """Return the digits of one replicate, and the seed of everything else.

    Parameters
    ----------
    study : Study
        The task.
    seed : SeedSequence
        Of this replicate.

    Returns
    -------
    (Classifier, SeedSequence)
    """
    dealt, child = as_sequence(seed).spawn(2)
    return digits(study.clients, study.skew, rng=dealt), child


def tune(study: Study, method: str = "sketch", *, rng: Seed, replicates: int = 1) -> Floats:
    """Return the loss at the end for every step of `GRID`: the same search, at the same price, for every method.

    Parameters
    ----------
    study : Study
        The task.
    method : str
        One of `METHODS`.
    rng : int, SeedSequence or Generator
        Where the randomness comes from.
    replicates : int
        Deals of the digits.

    Returns
    -------
    ndarray of float, shape (replicates, steps)
        Infinite where the run left the numbers. The best step is where the mean is least.
    """
    losses = np.empty((replicates, len(GRID)))
    for row, seed in zip(losses, as_sequence(rng).spawn(replicates), strict=True):
        problem, child = deal(study, seed)
        for place, multiple in enumerate(GRID):
            step, told = multiple / problem.spectrum[-1], study.knobs(method)
            row[place] = descend(problem, method, study.rounds, step=step, rng=child, **told).losses[0, -1]
    return losses


def joined(first: History, second: History) -> History:
    """Return two histories of the same method as one, replicates in a row.

    Parameters
    ----------
    first, second : History
        Of equally many rounds and clients.

    Returns
    -------
    History
    """

    def both(a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
        return np.concatenate([a, b])

    ledger = Ledger(both(first.ledger.up, second.ledger.up), both(first.ledger.down, second.ledger.down))
    names = ("losses", "accuracies", "models", "held")
    parts: dict[str, Any] = {name: both(getattr(first, name), getattr(second, name)) for name in names}
    return replace(first, ledger=ledger, **parts)


def first_within(values: Floats, bar: float, *, below: bool) -> Floats:
    """Return the first round at which each replicate is at the bar or beyond; infinite where it never is.

    Parameters
    ----------
    values : ndarray, shape (replicates, rounds + 1)
        Losses or accuracies.
    bar : float
        Where to get to.
    below : bool
        Whether less is better.

    Returns
    -------
    ndarray of float, shape (replicates,)
    """
    there = values <= bar if below else values >= bar
    return np.where(there.any(axis=1), there.argmax(axis=1), np.inf)
