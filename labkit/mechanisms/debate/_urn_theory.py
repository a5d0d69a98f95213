"""What is exactly true of the urns: their mean, their spread, and what a peer's name is worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labkit.mechanisms.debate._urn import Floats, Urn


def expected_beliefs(urn: Urn) -> Floats:
    """Return the mean belief of each agent in the truth, round by round (derived here).

    Parameters
    ----------
    urn : Urn
        Without an intervention: there the mean of what is read is the mean belief of who is read.

    Returns
    -------
    ndarray of float, shape (rounds + 1, agents)
        A belief moves to the mean of those it reads by the share of its urn that is new: a step of DeGroot averaging.

    Raises
    ------
    ValueError
        There is an intervention.
    """
    if urn.intervention != "none":
        raise ValueError(f"intervention = {urn.intervention!r}: allowed is 'none', elsewhere the mean is not closed")
    mass, reading = urn.masses.sum(axis=1), urn.reading()
    belief = urn.masses[:, 0] / mass
    means = [belief]
    for _ in range(urn.rounds):
        read = reading.sum(axis=1)
        belief = (mass * belief + reading @ belief) / (mass + read)
        mass = mass + read
        means.append(belief)
    return np.array(means)


def urn_variance(p: float, mass: float, agents: int, rounds: int) -> float:
    """Return the variance of the belief in the truth when all read all (derived here).

    Parameters
    ----------
    p : float
        Belief at the start, the same for all.
    mass : float
        Sum of an urn at the start, the same for all.
    agents, rounds : int
        How many answer, how often they have read.

    Returns
    -------
    float
        ``p (1 - p) (1 - prod_t (1 - N / (S + t N)^2))``; for one agent and endless rounds that of the Beta
        distribution, ``p (1 - p) / (S + 1)``.
    """
    steps = np.arange(1, rounds + 1)
    kept = np.prod(1 - agents / (mass + agents * steps) ** 2)
    return float(p * (1 - p) * (1 - kept))


@dataclass(frozen=True, slots=True)
class Identity:
    """What an agent does after a disagreement with one peer.

    Attributes
    ----------
    conformity : float
        Chance to name the peer's last answer.
    obstinacy : float
        Chance to name its own last answer again.
    """

    conformity: float
    obstinacy: float

    @property
    def gap(self) -> float:
        """Conformity minus obstinacy: above 0 it yields, below 0 it insists."""
        return self.conformity - self.obstinacy


def identity(own: float, peer: float, mass: float, *, own_weight: float = 1.0, peer_weight: float = 1.0) -> Identity:
    """Return how an agent with an urn answers after it has read its own and one other answer (arXiv 2510.07517).

    Parameters
    ----------
    own, peer : float
        Mass of its own and of the peer's last answer in its urn.
    mass : float
        Sum of the urn.
    own_weight, peer_weight : float
        What the label "you said" or "another said" makes an answer weigh.

    Returns
    -------
    Identity
        Its gap is ``((peer - own) + (peer_weight - own_weight)) / (mass + own_weight + peer_weight)``.
    """
    after = mass + own_weight + peer_weight
    return Identity((peer + peer_weight) / after, (own + own_weight) / after)


def identity_bias(own: float, peer: float, mass: float, *, own_weight: float, peer_weight: float) -> float:
    """Return how much of the gap goes away when the labels do: then both answers weigh their mean.

    Parameters
    ----------
    own, peer, mass, own_weight, peer_weight : float
        As for `identity`.

    Returns
    -------
    float
        0 where the weights are equal.
    """
    mean = (own_weight + peer_weight) / 2
    labelled = identity(own, peer, mass, own_weight=own_weight, peer_weight=peer_weight)
    return labelled.gap - identity(own, peer, mass, own_weight=mean, peer_weight=mean).gap
