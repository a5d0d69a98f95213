"""How fast neighbours agree, step by step: what a picture of gossip shows."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from labkit.mechanisms.distributed_bandits._gossip import (
    chebyshev_gossip,
    gossip_steps,
    gossip_weights,
    second_eigenvalue,
)
from labkit.mechanisms.distributed_bandits._problem import Floats


@dataclass(frozen=True, slots=True)
class Agreement:
    """How fast neighbours agree.

    Attributes
    ----------
    graph : str
        Who is whose neighbour.
    agents : int
        How many there are.
    lambda2 : float
        Second largest absolute eigenvalue of the weights.
    target : float
        Wanted distance from the mean, as a share of the start, in operator norm.
    steps : int
        Chebyshev steps that reach it by the formula.
    plain_steps : int
        Plain steps that reach it.
    chebyshev, plain : ndarray of float, shape (steps looked at + 1,)
        The distance after each number of steps.
    """

    graph: str
    agents: int
    lambda2: float
    target: float
    steps: int
    plain_steps: int
    chebyshev: Floats
    plain: Floats


def gossip_errors(graph: str, agents: int, accuracy: float) -> Agreement:
    """Return the error of gossip step by step, for twice as many steps as the formula asks for.

    Parameters
    ----------
    graph, agents, accuracy
        As for `gossip_weights` and `gossip_steps`.

    Returns
    -------
    Agreement
        The errors are exact: those of the worst start.
    """
    weights = gossip_weights(graph, agents)
    lambda2, target = second_eigenvalue(weights), accuracy / agents
    steps = gossip_steps(lambda2, agents, accuracy)
    looked_at = np.arange(2 * steps + 2)
    numbers = np.linalg.eigvalsh(weights - 1 / agents)
    plain = np.abs(numbers).max() ** looked_at
    mean = np.full((agents, agents), 1 / agents)
    start = np.eye(agents)
    chebyshev = np.array([np.linalg.norm(chebyshev_gossip(weights, start, int(s)) - mean, 2) for s in looked_at])
    needed = 1 if lambda2 == 0 else math.ceil(math.log(target) / math.log(lambda2))
    return Agreement(graph, agents, lambda2, target, steps, needed, chebyshev, plain)
