"""Federated descent: clients compute, a channel carries, a ledger counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from labkit.mechanisms.sketching._channels import CHANNELS, Plain, Sent, Sketched
from labkit.mechanisms.sketching._knobs import Knobs
from labkit.mechanisms.sketching._privacy import private_gradients, private_messages
from labkit.mechanisms.sketching._problem import Classifier, Floats, Problem
from labkit.seeds import Seed, streams
from labkit.stats._records import whole

METHODS = (*CHANNELS, "local")
ONE_STEP = ("fedsgd", "signsgd")
"""Methods that send gradients, and so take one local step."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """Every message in bits.

    Attributes
    ----------
    up, down : ndarray of int, shape (replicates, rounds, clients)
        What each client sent to the server and received from it in each round.
    """

    up: NDArray[np.int64]
    down: NDArray[np.int64]

    def per_client(self) -> Floats:
        """Return bits both ways until the end of each round, mean over clients, shape (replicates, rounds + 1)."""
        spent = (self.up + self.down).mean(axis=2).cumsum(axis=1)
        return np.pad(spent, ((0, 0), (1, 0)))

    def total(self) -> NDArray[np.int64]:
        """Return all bits, both ways, of all clients and rounds, shape (replicates,)."""
        found: NDArray[np.int64] = (self.up + self.down).sum(axis=(1, 2))
        return found


@dataclass(frozen=True, slots=True)
class History:
    """What a run of `descend` came to.

    Attributes
    ----------
    method : str
        How it was learned.
    knobs : Knobs
        What the method was told.
    losses : ndarray of float, shape (replicates, rounds + 1)
        Mean loss before each round and after the last; infinite from where it was no number any more. For "local":
        each client's own loss at its own model, mean over clients.
    accuracies : ndarray of float, shape (replicates, rounds + 1)
        Share of test samples classified rightly, mean over the models there are; NaN where there are none.
    models : ndarray of float, shape (replicates, clients, dim)
        What each client holds at the end: the same, except for "local".
    held : ndarray of float, shape (replicates, clients)
        Share of test samples that each client's last model classifies rightly.
    ledger : Ledger
        Every message in bits.
    """

    method: str
    knobs: Knobs
    losses: Floats
    accuracies: Floats
    models: Floats
    held: Floats
    ledger: Ledger


def descend(
    problem: Problem,
    method: str,
    rounds: int,
    *,
    step: float,
    rng: Seed,
    replicates: int = 1,
    start: ArrayLike | None = None,
    **knobs: Any,
) -> History:
    """Let clients minimise the mean of their losses together; count every bit.

    In each round every client takes `local_steps` steps from the shared model and sends what has changed, through
    the method's channel. "fedsgd", "fedavg", "fedprox" send it as it is; "sketch" as R times it, and all de-sketch
    the mean (Song, Wang, Yu and Zhang 2023, as read in papers that build on it); "top-k" the largest coordinates with
    error feedback; "rand-k" random ones; "qsgd" a few levels (Alistarh et al. 2017); "signsgd" signs with majority
    vote (Bernstein et al. 2018); "ef-signsgd" signs with error feedback (Karimireddy et al. 2019); "fetchsgd" a
    count-sketch that gathers momentum and error (Rothchild et al. 2020). "local" sends nothing: each client alone.

    Parameters
    ----------
    problem : Quadratic or Classifier
        What is learned.
    method : str
        One of `METHODS`.
    rounds : int
        How many.
    step : float
        Length of a local step.
    rng : int, SeedSequence or Generator
        Where the randomness comes from; methods given the same seed share their sketches' stream.
    replicates : int
        How many runs on the same problem.
    start : array_like, shape (dim,), optional
        The first model; 0 where not given.
    **knobs
        Fields of `Knobs`.

    Returns
    -------
    History

    Raises
    ------
    ValueError
        The method or a knob is unknown, or a number is out of range or does not fit the problem.
    """
    told = Knobs(step=step, **knobs)
    _check(problem, method, told)
    whole(rounds, "rounds", 1)
    first = np.zeros(problem.dim) if start is None else np.array(start, dtype=np.float64)
    purposes = streams(rng, replicates, ("sketch", "batch", "rounding", "noise"))
    runs = [
        _Run(problem, method, told, first, {name: each[r] for name, each in purposes.items()}).go(rounds)
        for r in range(replicates)
    ]
    losses, accuracies, models, up, down = (np.array(part) for part in zip(*runs, strict=True))
    held = np.array([problem.accuracies(each) for each in models])
    return History(method, told, losses, accuracies, models, held, Ledger(up, down))


class _Run:
    """One replicate."""

    def __init__(self, problem: Problem, method: str, knobs: Knobs, first: Floats, rng: dict[str, Generator]) -> None:
        self.problem, self.method, self.knobs, self.rng = problem, method, knobs, rng
        self.model = np.tile(first, (problem.clients, 1)) if method == "local" else first
        kind = CHANNELS.get(method, Plain)
        self.channel = kind(problem.dim, problem.weights, knobs, rng)

    def go(self, rounds: int) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        losses, accuracies = np.full(rounds + 1, np.inf), np.full(rounds + 1, np.nan)
        bits = np.zeros((2, rounds, self.problem.clients), dtype=np.int64)
        # A step that is too long is an honest outcome: the loss leaves the numbers, and stays infinite.
        with np.errstate(over="ignore", invalid="ignore"):
            for now in range(rounds + 1):
                own, slopes = self.problem.gradients(self.model)
                losses[now] = self.problem.weights @ own
                if not np.isfinite(losses[now]):
                    losses[now] = np.inf
                    break
                accuracies[now] = self.problem.accuracies(np.atleast_2d(self.model)).mean()
                if now < rounds:
                    bits[:, now] = self._advance(slopes)
        held = np.broadcast_to(self.model, (self.problem.clients, self.problem.dim))
        return losses, accuracies, held, bits[0], bits[1]

    def _advance(self, slopes: Floats) -> NDArray[np.int64]:
        """Play one round from the full gradients at the present model; return the bits up and down, (2, 1)."""
        if self.method == "local":
            self.model = self.model + self._updates(slopes)
            return np.zeros((2, 1), dtype=np.int64)
        sent = self._send_sketched_noise() if self._noise_after() else self.channel.send(self._updates(slopes))
        self.model = self.model + self.knobs.server_step * sent.update
        return np.array([[sent.up], [sent.down]])

    def _updates(self, slopes: Floats) -> Floats:
        """Return what each client's model changed by."""
        told, problem = self.knobs, self.problem
        if told.clip:
            assert isinstance(problem, Classifier)
            return -told.step * private_gradients(problem, self.model, told, self.rng["noise"])
        begun = np.broadcast_to(self.model, (problem.clients, problem.dim))
        pull = told.proximal if self.method == "fedprox" else 0.0
        moved = begun
        for taken in range(told.local_steps):
            if told.batch:
                rows = problem.draw(told.batch, self.rng["batch"])
                _, slopes = problem.gradients(moved, rows)
            elif taken:
                _, slopes = problem.gradients(moved)
            moved = moved - told.step * (slopes + pull * (moved - begun))
        return moved - begun

    def _noise_after(self) -> bool:
        return bool(self.knobs.clip) and self.method == "sketch" and self.knobs.noise_at == "after"

    def _send_sketched_noise(self) -> Sent:
        channel, problem = self.channel, self.problem
        assert isinstance(channel, Sketched)
        assert isinstance(problem, Classifier)
        known = channel.fixed is not None
        sketch = channel.draw()
        messages = private_messages(problem.examples(self.model), problem.bounds, self.knobs, sketch, self.rng["noise"])
        # The ridge is no secret: everyone knows the model.
        back = sketch.desketch(problem.weights @ messages) + problem.ridge * self.model
        return Sent(-self.knobs.step * back, *channel.price(known))


def _check(problem: Problem, method: str, told: Knobs) -> None:
    if method not in METHODS:
        raise ValueError(f"method = {method!r}: allowed is one of {', '.join(METHODS)}")
    for name in ("size", "kept"):
        if getattr(told, name) > problem.dim:
            raise ValueError(
                f"{name} = {getattr(told, name)}: allowed is at most the dim of the problem, {problem.dim}"
            )
    if method == "fetchsgd" and told.rows > told.numbers(problem.dim):
        raise ValueError(f"rows = {told.rows}: allowed is at most the size, {told.numbers(problem.dim)}")
    if method in ONE_STEP and told.local_steps > 1:
        raise ValueError(f"local_steps = {told.local_steps}: {method} sends gradients, so allowed is 1")
    if told.noise and not told.clip:
        raise ValueError(f"noise = {told.noise}: noise without a clip protects nothing; give clip too")
    if told.clip and not isinstance(problem, Classifier):
        raise ValueError(f"clip = {told.clip}: a quadratic has no samples to protect")
    if told.clip and (told.local_steps > 1 or told.batch or method == "local"):
        raise ValueError("clip: private descent takes one step on all samples, together")
    if told.clip and told.noise_at == "after" and (method != "sketch" or told.sketches == "independent"):
        raise ValueError("noise_at = 'after': allowed with the method 'sketch' and a shared or fixed matrix")
