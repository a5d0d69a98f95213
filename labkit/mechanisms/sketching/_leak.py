"""One leak, step by step: a client's digits, the message it sends, and what an attacker makes of it."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.random import Generator as Stream
from numpy.typing import NDArray

from labkit.mechanisms.sketching._attack import Recovery, message, recover_input
from labkit.mechanisms.sketching._problem import Floats, Ints
from labkit.mechanisms.sketching._sketch import Family, make_sketch
from labkit.mechanisms.sketching._worlds import images
from labkit.params import Field, Params
from labkit.seeds import Seed, streams
from labkit.unfolding import finish

LARGEST = 8
RESTARTS = 8
SUCCESS = 1e-4
"""A mean squared error below which an input counts as recovered."""


class Leak(Params):
    """A message on the wire, and what the attacker knows."""

    size: int = Field(96, ge=1, le=650, slider=(8, 160, 1), description="numbers the client sends")
    family: Family = Field("gaussian", description="kind of random matrix")
    sketched: bool = Field(True, description="off: all 650 numbers are sent")
    known: bool = Field(True, description="the attacker knows the matrix")
    noise: float = Field(0.0, ge=0, le=100, slider=(0, 3, 0.05), description="length of the noise over the message's")
    batch: int = Field(1, ge=1, le=LARGEST, slider=(1, 4, 1), description="images behind one message")
    local_steps: int = Field(1, ge=1, le=10, slider=(1, 5, 1), description="steps the client takes before it talks")
    source: Literal["digits", "synthetic"] = Field(
        "digits", description="digits: 64 pixels, ten classes; synthetic: 20 normal numbers, five classes"
    )

    @property
    def width(self) -> int:
        """Numbers of one input."""
        return 64 if self.source == "digits" else 20

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return 10 if self.source == "digits" else 5

    @property
    def dim(self) -> int:
        """Parameters of the model."""
        return (self.width + 1) * self.classes


@dataclass(frozen=True, slots=True)
class Stolen:
    """What was sent and what was recovered.

    Attributes
    ----------
    leak : Leak
        The setting.
    originals, recovered, controls : ndarray of float, shape (replicates, batch, width)
        The inputs; what the attack made of the message; and what the same attack makes of the bare gradient.
    errors, control_errors : ndarray of float, shape (replicates,)
        Mean squared error of each, inputs of a batch matched as well as possible.
    cosines : ndarray of float, shape (replicates,)
        Cosine of recovered and original, mean over the batch.
    misfits : ndarray of float, shape (replicates,)
        What the attacker sees of its own success: how well the recovered inputs explain the message.
    """

    leak: Leak
    originals: Floats
    recovered: Floats
    controls: Floats
    errors: Floats
    control_errors: Floats
    cosines: Floats
    misfits: Floats

    @property
    def succeeded(self) -> NDArray[np.bool_]:
        """Whether each input was recovered, shape (replicates,)."""
        return self.errors < SUCCESS


def steal(leak: Leak, *, rng: Seed, replicates: int = 1) -> Stolen:
    """Let clients send, and attack each message; the bare gradient is attacked too, as a positive control.

    Labels are known to the attacker. The model has normal weights of spread 0.1 (digits) or 0.3 (synthetic).

    Parameters
    ----------
    leak : Leak
        The setting; a size above the number of parameters counts as that number.
    rng : int, SeedSequence or Generator
        Where the randomness comes from; settings given the same seed attack the same inputs.
    replicates : int
        How many clients.

    Returns
    -------
    Stolen
    """
    return finish(unfold_theft(leak, rng=rng, replicates=replicates))


def unfold_theft(leak: Leak, *, rng: Seed, replicates: int = 1) -> Generator[tuple[float, Stolen], None, Stolen]:
    """Do the same client by client, so that a panel can draw it as it grows.

    Parameters
    ----------
    leak, rng, replicates
        As for `steal`.

    Yields
    ------
    (float, Stolen)
        The share done, and what there is so far.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    purposes = streams(rng, replicates, ("victim", "sketch", "noise", "guess", "control", "believed"))
    found: list[tuple[Floats, Floats, Floats, float]] = []
    for client in range(replicates):
        # Many small products: threads would spend their time waiting for each other.
        with threadpool_limits(1):
            found.append(_one(leak, {name: each[client] for name, each in purposes.items()}))
        if client + 1 < replicates:
            yield (client + 1) / replicates, _together(leak, found)
    return _together(leak, found)


def _together(leak: Leak, found: list[tuple[Floats, Floats, Floats, float]]) -> Stolen:
    originals, recovered, controls, misfits = (np.array(part) for part in zip(*found, strict=True))
    cosines = (originals * recovered).sum(-1) / np.maximum(
        np.linalg.norm(originals, axis=-1) * np.linalg.norm(recovered, axis=-1), 1e-300
    )
    errors, control_errors = (((each - originals) ** 2).mean(axis=(1, 2)) for each in (recovered, controls))
    return Stolen(leak, originals, recovered, controls, errors, control_errors, cosines.mean(axis=1), misfits)


def _one(leak: Leak, rng: dict[str, Stream]) -> tuple[Floats, Floats, Floats, float]:
    weights, inputs, labels = _victim(leak, rng["victim"])
    told: dict[str, Any] = {"local_steps": leak.local_steps, "local_step": 1.0}
    whole = message(weights, inputs, labels, **told)
    guessing: dict[str, Any] = told | {"labels": labels, "batch": leak.batch, "prior": _prior(leak)}
    control = recover_input(whole, weights, sketch=None, rng=rng["control"], restarts=2, **guessing)
    sketch = believed = None
    if leak.sketched:
        size = min(leak.size, leak.dim)
        sketch = believed = make_sketch(leak.family, leak.dim, size, rng=rng["sketch"])
        if not leak.known:
            believed = make_sketch(leak.family, leak.dim, size, rng=rng["believed"])
    sent = whole if sketch is None else sketch.sketch(whole)
    noise = rng["noise"].standard_normal(sent.shape)
    seen = sent + leak.noise * np.linalg.norm(sent) / np.sqrt(sent.size) * noise
    attack = recover_input(seen, weights, sketch=believed, rng=rng["guess"], restarts=RESTARTS, **guessing)
    return inputs, _matched(attack, inputs), _matched(control, inputs), attack.misfit


def _victim(leak: Leak, rng: Stream) -> tuple[Floats, Floats, Ints]:
    shape = (leak.width + 1, leak.classes)
    if leak.source == "synthetic":
        weights, inputs = rng.normal(0, 0.3, shape), rng.standard_normal((LARGEST, leak.width))
        return weights, inputs[: leak.batch], rng.integers(leak.classes, size=LARGEST)[: leak.batch]
    pixels, labels = images()
    weights, chosen = rng.normal(0, 0.1, shape), rng.permutation(len(labels))[: leak.batch]
    return weights, pixels[chosen], labels[chosen]


def _prior(leak: Leak) -> tuple[float, float]:
    return (0.0, 0.3) if leak.source == "digits" else (0.0, 1.0)


def _matched(attack: Recovery, inputs: Floats) -> Floats:
    """Return the recovered inputs in the order that fits the true ones best: a mean has no order."""
    from scipy.optimize import linear_sum_assignment

    costs = ((attack.inputs[:, None] - inputs[None]) ** 2).sum(axis=-1)
    rows, columns = linear_sum_assignment(costs)
    found = np.empty_like(inputs)
    found[columns] = attack.inputs[rows]
    return found
