"""Many tokens at once: one step of all walks is a handful of array operations."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator as Chance

from labkit.mechanisms.token_walks._chain import Chain
from labkit.mechanisms.token_walks._graphs import Floats, Ints
from labkit.mechanisms.token_walks._objective import Objective

BLOCK = 64  # steps between two renewals of the logarithms, and between two reports of progress


@dataclass(frozen=True, slots=True)
class Rule:
    """How a token walks and learns.

    Attributes
    ----------
    alpha : float
        Strength of the repulsion.
    a, b : float
        In step n the measure moves by (n + offset)^-a and theta by (n + offset)^-b.
    """

    alpha: float
    a: float
    b: float


class Crowd:
    """Walks that all start at the first node, several for each rule; arrays have the shape (rules, walks).

    Parameters
    ----------
    chain : Chain
        Where they walk.
    objective : Mean or Logistic
        What they optimise.
    rules : sequence of Rule
        How they walk and learn.
    walks : int
        How many walks each rule gets.
    offset : float
        As if so many steps had been made before, exactly on target.
    """

    def __init__(self, chain: Chain, objective: Objective, rules: Sequence[Rule], walks: int, offset: float) -> None:
        self.chain, self.objective, self.offset = chain, objective, offset
        self.alpha, self.a, self.b = (
            np.array([[getattr(rule, name)] for rule in rules], dtype=np.float64) for name in ("alpha", "a", "b")
        )
        shape = len(rules), walks
        self.columns = np.arange(len(rules) * walks).reshape(shape)
        self.here = np.zeros(shape, dtype=np.int64)
        self.measure = np.repeat(chain.target, len(rules) * walks).reshape(-1, *shape)
        self.visits = np.zeros_like(self.measure)
        self.theta = np.zeros((*shape, len(objective.optimum)))
        self._logs = np.log(chain.target)
        self._places = chain.choices * self.columns.size
        self._scale = np.ones((len(rules), 1))
        self.renew()

    def renew(self) -> None:
        """Bring the measure back to sum 1, and with it the pull of every node."""
        self.measure *= self._scale
        self._scale = np.ones_like(self._scale)
        self._pull = self.alpha * (np.log(self.measure) - self._logs[:, None, None])

    def step(self, number: int, luck: Floats) -> None:
        """Move every token one step and let it learn; `luck` holds one number above 0, up to 1, per walk."""
        self.here = self._choose(luck)
        place = self.here * self.columns.size + self.columns
        self.visits.put(place, self.visits.take(place) + 1)
        # To shrink all nodes at each step is to let the new visits weigh more and more: only ratios count.
        pace = (number + self.offset) ** -self.a
        self._scale = self._scale * (1 - pace)
        seen = self.measure.take(place) + pace / self._scale
        self.measure.put(place, seen)
        self._pull.put(place, self.alpha * (np.log(seen) - self._logs.take(self.here)))
        learn = (number + self.offset) ** -self.b
        self.theta += learn[..., None] * self.objective.push(self.theta, self.here)

    def _choose(self, luck: Floats) -> Ints:
        """Return where each token goes: to a neighbour or nowhere, and rather where it has been rarely."""
        reach = self._places.take(self.here, axis=1) + self.columns
        logits = self.chain.logits.take(self.here, axis=1) - self._pull.take(reach)
        # The largest logit becomes 0, so that a strong repulsion cannot overflow.
        logits -= logits.max(axis=0)
        chance = np.exp(logits, out=logits).cumsum(axis=0)
        slot = (chance < luck * chance[-1]).sum(axis=0)
        gone: Ints = self.chain.choices.take(slot * self.chain.nodes + self.here)
        return gone


def walk(crowd: Crowd, times: Sequence[int], chance: Sequence[Chance]) -> Generator[int, None, None]:
    """Let a crowd walk; yield the number of steps made at each of the `times`, and now and then in between.

    Parameters
    ----------
    crowd : Crowd
        Who walks.
    times : sequence of int
        Steps to stop at, rising; the last one is the end.
    chance : sequence of Generator
        One per walk. All rules share them: walk number w has the same luck under every rule.

    Returns
    -------
    generator
    """
    stops = set(times)
    for number in range(1, times[-1] + 1):
        turn = (number - 1) % BLOCK
        if not turn:
            crowd.renew()
            # Above 0, so that what cannot be chosen never is.
            luck = 1 - np.stack([each.random(BLOCK) for each in chance], axis=1)
        crowd.step(number, luck[turn])
        if number in stops or turn == BLOCK - 1:
            yield number
