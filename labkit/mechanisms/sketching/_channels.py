"""What goes over the wire: each method as one function of the clients' updates, with its price in bits.

A channel takes the updates of one round, shape (clients, dim), and returns what every model moves by, with the bits
that each client sent and received. What a method must remember (errors, momentum, a fixed sketch) the channel holds.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator

from labkit.mechanisms.sketching._knobs import Knobs
from labkit.mechanisms.sketching._maps import Columns, random_signs
from labkit.mechanisms.sketching._problem import Floats, Ints
from labkit.mechanisms.sketching._sketch import Sketch, make_sketch

NUMBER_BITS = 32
SEED_BITS = 64


@dataclass(frozen=True, slots=True)
class Sent:
    """One round: what all models move by, shape (dim,), and the bits per client, up and down."""

    update: Floats
    up: int
    down: int


class Plain:
    """All numbers, both ways: FedSGD, FedAvg, FedProx."""

    def __init__(self, dim: int, weights: Floats, knobs: Knobs, rng: dict[str, Generator]) -> None:
        self.dim, self.weights, self.knobs, self.rng = dim, weights, knobs, rng
        self.clients = len(weights)

    def send(self, updates: Floats) -> Sent:
        """Return the weighted mean of the updates."""
        return Sent(self.weights @ updates, NUMBER_BITS * self.dim, NUMBER_BITS * self.dim)


class Sketched(Plain):
    """`size` numbers both ways, and a seed; the matrix is shared and fresh, fixed, or each client's own."""

    fixed: Sketch | None = None

    def draw(self) -> Sketch:
        """Return the matrix of this round."""
        if self.fixed is not None:
            return self.fixed
        drawn = make_sketch(self.knobs.family, self.dim, self.knobs.numbers(self.dim), rng=self.rng["sketch"])
        if self.knobs.sketches == "fixed":
            self.fixed = drawn
        return drawn

    def send(self, updates: Floats) -> Sent:
        """Return what the sum of the sketches is de-sketched to."""
        if self.knobs.sketches == "independent":
            return self._send_each(updates)
        known = self.fixed is not None
        sketch = self.draw()
        received = self.weights @ sketch.sketch(updates)
        return Sent(sketch.desketch(received), *self.price(known))

    def price(self, known: bool) -> tuple[int, int]:
        """Return the bits up and down of one round with a shared matrix."""
        numbers = NUMBER_BITS * self.knobs.numbers(self.dim)
        return numbers, numbers + (0 if known else SEED_BITS)

    def _send_each(self, updates: Floats) -> Sent:
        # Sketches by different matrices cannot be summed: the server de-sketches each, and then sends all numbers, or
        # it passes all sketches on, whichever is less.
        sketches = [self.draw() for _ in updates]
        back = [sketch.desketch(sketch.sketch(one)) for sketch, one in zip(sketches, updates, strict=True)]
        message = NUMBER_BITS * self.knobs.numbers(self.dim) + SEED_BITS
        return Sent(self.weights @ np.array(back), message, min(NUMBER_BITS * self.dim, self.clients * message))


class TopK(Plain):
    """The `kept` largest coordinates of update plus error; what was not sent is the next round's error."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.errors = np.zeros((self.clients, self.dim))

    def send(self, updates: Floats) -> Sent:
        """Return the weighted mean of what was sent."""
        wanted = updates + self.errors
        sent = largest(wanted, self.knobs.coordinates(self.dim))
        self.errors = wanted - sent
        union = int(np.count_nonzero(sent.any(axis=0)))
        down = min(NUMBER_BITS * self.dim, sparse_bits(union, self.dim))
        return Sent(self.weights @ sent, sparse_bits(self.knobs.coordinates(self.dim), self.dim), down)


class RandomK(Plain):
    """`kept` coordinates chosen by a shared seed, scaled up so that the mean is right."""

    def send(self, updates: Floats) -> Sent:
        """Return the weighted mean on the chosen coordinates."""
        kept = self.knobs.coordinates(self.dim)
        chosen, update = self.rng["sketch"].choice(self.dim, kept, replace=False), np.zeros(self.dim)
        update[chosen] = self.dim / kept * (self.weights @ updates[:, chosen])
        return Sent(update, NUMBER_BITS * kept, NUMBER_BITS * kept + SEED_BITS)


class Quantised(Plain):
    """Each coordinate rounded at random to a few levels, as a share of the update's length (QSGD)."""

    def send(self, updates: Floats) -> Sent:
        """Return the weighted mean of the rounded updates."""
        rounded = round_to_levels(updates, self.knobs.levels, self.rng["rounding"])
        up = NUMBER_BITS + self.dim * (1 + math.ceil(math.log2(self.knobs.levels + 1)))
        return Sent(self.weights @ rounded, up, NUMBER_BITS * self.dim)


class Vote(Plain):
    """One bit per coordinate both ways: signs, and what most clients said (signSGD); a coin decides ties."""

    def send(self, updates: Floats) -> Sent:
        """Return a move of the same size in every coordinate."""
        coins = random_signs(self.rng["rounding"], (self.clients + 1, self.dim))
        said = np.where(updates == 0, coins[1:], np.sign(updates)).sum(axis=0)
        return Sent(self.knobs.step * np.where(said == 0, coins[0], np.sign(said)), self.dim, self.dim)


class SignsWithError(Plain):
    """Signs and one mean size per client; what the signs miss is the next round's error (EF-signSGD)."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.errors = np.zeros((self.clients, self.dim))

    def send(self, updates: Floats) -> Sent:
        """Return the weighted mean of what was sent."""
        wanted = updates + self.errors
        sent = np.where(wanted < 0, -1.0, 1.0) * np.abs(wanted).mean(axis=1, keepdims=True)
        self.errors = wanted - sent
        return Sent(self.weights @ sent, self.dim + NUMBER_BITS, NUMBER_BITS * self.dim)


class Fetch(Plain):
    """One table for all rounds holds momentum and error; its largest coordinates are taken out (FetchSGD)."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        rows = self.knobs.rows
        self.columns: int = max(1, self.knobs.numbers(self.dim) // rows)
        drawn = self.rng["sketch"].integers(self.columns, size=(rows, self.dim))
        places = drawn + self.columns * np.arange(rows)[:, None]
        self.table = Columns(places, random_signs(self.rng["sketch"], (rows, self.dim)), rows * self.columns)
        self.momentum, self.error = np.zeros((2, rows * self.columns))

    def sketch(self, x: Floats) -> Floats:
        """Return the table of x, all rows in a line."""
        out = np.empty((1, self.table.size))
        self.table.forward(x[None], out)
        found: Floats = out[0]
        return found

    def estimate(self, table: Floats) -> Floats:
        """Return each coordinate as the median of its rows."""
        found: Floats = np.median(table[self.table.rows] * self.table.values, axis=0)
        return found

    def send(self, updates: Floats) -> Sent:
        """Return the largest coordinates of what the table has gathered."""
        self.momentum = self.knobs.momentum * self.momentum + self.sketch(self.weights @ updates)
        self.error = self.error + self.momentum
        kept = self.knobs.coordinates(self.dim)
        update = largest(self.estimate(self.error)[None], kept)[0]
        taken = self.sketch(update)
        if self.knobs.taken_out == "subtracted":
            self.error = self.error - taken
        else:
            touched = np.unique(self.table.rows[:, update != 0])
            self.error[touched] = self.momentum[touched] = 0
        return Sent(update, NUMBER_BITS * self.table.size, sparse_bits(kept, self.dim))


CHANNELS: dict[str, Callable[..., Plain]] = {
    "fedsgd": Plain,
    "fedavg": Plain,
    "fedprox": Plain,
    "sketch": Sketched,
    "top-k": TopK,
    "rand-k": RandomK,
    "qsgd": Quantised,
    "signsgd": Vote,
    "ef-signsgd": SignsWithError,
    "fetchsgd": Fetch,
}


def sparse_bits(count: int, dim: int) -> int:
    """Return the bits of so many coordinates with their places."""
    return count * (NUMBER_BITS + math.ceil(math.log2(dim)))


def largest(x: Floats, count: int) -> Floats:
    """Return x with all but its `count` largest coordinates per row set to 0."""
    kept: Ints = np.argpartition(np.abs(x), x.shape[1] - count, axis=1)[:, x.shape[1] - count :]
    sent = np.zeros_like(x)
    np.put_along_axis(sent, kept, np.take_along_axis(x, kept, axis=1), axis=1)
    return sent


def round_to_levels(x: Floats, levels: int, rng: Generator) -> Floats:
    """Return each row rounded at random to multiples of its length over `levels`; on average it is x."""
    length = np.linalg.norm(x, axis=1, keepdims=True)
    # Rounding the signed number down after adding a fair share of a level is unbiased on both sides of 0.
    scaled = np.divide(levels * x, length, out=np.zeros_like(x), where=length > 0)
    rounded: Floats = np.floor(scaled + rng.random(x.shape)) * length / levels
    return rounded
