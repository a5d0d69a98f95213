"""Games whose Shapley values are known in closed form: they hold the estimator to account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, factorial

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Game:
    """A game with its known values.

    Attributes
    ----------
    name : str
        What it is called.
    utilities : ndarray of float, shape (2^n,)
        The value of every coalition; bit i of the index says whether player i is in it.
    shapley : ndarray of float, shape (n,)
        The values in closed form.
    """

    name: str
    utilities: Floats
    shapley: Floats


def gloves(left: int, right: int) -> Game:
    """Return the game of gloves: a pair is worth 1, a single glove nothing.

    Parameters
    ----------
    left, right : int
        How many players hold a left glove (the first ones), and a right one; 1 or more each.

    Returns
    -------
    Game
        A left glove adds a pair where fewer left than right gloves came before it.
    """
    if left < 1 or right < 1:
        raise ValueError(f"left = {left!r}, right = {right!r}: allowed are whole numbers from 1")
    members = _members(left + right)
    pairs = np.minimum(members[:, :left].sum(axis=1), members[:, left:].sum(axis=1))
    known = [_glove(left, right)] * left + [_glove(right, left)] * right
    return Game("gloves", pairs.astype(float), np.array(known))


def airport(costs: Sequence[float]) -> Game:
    """Return the airport game: a runway costs what the largest plane on it needs.

    Parameters
    ----------
    costs : sequence of float
        What the runway of each player costs, 0 or more.

    Returns
    -------
    Game
        Every piece of the runway is shared by those who need it (Littlechild and Owen, 1973).
    """
    needs = np.asarray(costs, dtype=float)
    if needs.ndim != 1 or not len(needs) or not np.isfinite(needs).all() or (needs < 0).any():
        raise ValueError(f"costs = {costs!r}: allowed are numbers from 0")
    order = np.argsort(needs, kind="stable")
    pieces = np.diff(needs[order], prepend=0) / np.arange(len(needs), 0, -1)
    known = np.empty(len(needs))
    known[order] = np.cumsum(pieces)
    return Game("airport", (_members(len(needs)) * needs).max(axis=1), known)


def voting(weights: Sequence[int], quota: int) -> Game:
    """Return the weighted vote: a coalition is worth 1 once its weights reach the quota.

    Parameters
    ----------
    weights : sequence of int
        The weight of each player, 0 or more.
    quota : int
        What it takes, 1 up to the sum of the weights.

    Returns
    -------
    Game
        A player's value is the chance that it tips the vote; counted by weight and size (Mann and Shapley, 1962).
    """
    shares = [int(weight) for weight in weights]
    if not shares or min(shares) < 0 or not 1 <= quota <= sum(shares):
        raise ValueError(
            f"weights = {weights!r}, quota = {quota!r}: allowed are weights from 0 and a quota from 1 to their sum"
        )
    known = [_tips(shares[:player] + shares[player + 1 :], shares[player], quota) for player in range(len(shares))]
    return Game(
        "voting", (_members(len(shares)) @ np.array(shares, dtype=float) >= quota).astype(float), np.array(known)
    )


def symmetric(profile: Sequence[float]) -> Game:
    """Return a game in which only the number of players counts.

    Parameters
    ----------
    profile : sequence of float
        The value of a coalition of 0, 1, ..., n players.

    Returns
    -------
    Game
        All share alike what all gain together.
    """
    worth = np.asarray(profile, dtype=float)
    if worth.ndim != 1 or len(worth) < 2 or not np.isfinite(worth).all():
        raise ValueError(f"profile = {profile!r}: allowed are two or more numbers")
    players = len(worth) - 1
    sizes = _members(players).sum(axis=1)
    return Game("symmetric", worth[sizes], np.full(players, (worth[-1] - worth[0]) / players))


def _members(players: int) -> NDArray[np.int64]:
    """Return who is in which coalition; shape (2^players, players)."""
    return (np.arange(1 << players)[:, None] >> np.arange(players)) & 1


def _glove(mine: int, others: int) -> float:
    players = mine + others
    chance = (
        comb(mine - 1, a) * comb(others, b) * factorial(a + b) * factorial(players - a - b - 1) / factorial(players)
        for a in range(mine)
        for b in range(a + 1, others + 1)
    )
    return float(sum(chance))


def _tips(others: Sequence[int], weight: int, quota: int) -> float:
    """Return the chance that the weights before a player fall short of the quota by no more than its own."""
    ways = [[0] * (sum(others) + 1) for _ in range(len(others) + 1)]
    ways[0][0] = 1
    for other in others:
        for size in range(len(others), 0, -1):
            for total in range(len(ways[0]) - 1, other - 1, -1):
                ways[size][total] += ways[size - 1][total - other]
    players = len(others) + 1
    tipped = (
        sum(ways[size][max(0, quota - weight) : quota]) * factorial(size) * factorial(players - 1 - size)
        for size in range(players)
    )
    return sum(tipped) / factorial(players)
