"""The shape of a curve in words, and where two curves differ."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

SHAPES = {
    "level": "stays about level",
    "rises": "rises",
    "falls": "falls",
    "peaks": "rises, then falls",
    "dips": "falls, then rises",
    "winds": "turns more than once",
}
BOTH = {
    "level": "stay about level",
    "rises": "rise",
    "falls": "fall",
    "peaks": "rise, then fall",
    "dips": "fall, then rise",
    "winds": "turn more than once",
}


def turns(values: Sequence[float], least: float) -> list[int]:
    """Return the places where a curve begins, turns and ends its last move, ignoring moves of at most `least`.

    Parameters
    ----------
    values : sequence of float
        The heights of the curve, in order.
    least : float
        A move must be larger than that to count.

    Returns
    -------
    list of int
        Empty for a curve that makes no such move; else two places or more, alternately low and high.
    """
    low = high = 0
    found: list[int] = []
    up = False
    for place, value in enumerate(values):
        low, high = (place if value < values[low] else low), (place if value > values[high] else high)
        if not found and (value - values[low] > least or values[high] - value > least):
            up = value - values[low] > least
            found, low, high = [low if up else high], place, place
        elif found and up and values[high] - value > least:
            found, up, low = [*found, high], False, place
        elif found and not up and value - values[low] > least:
            found, up, high = [*found, low], True, place
    return [*found, high if up else low] if found else []


def shape(values: Sequence[float], least: float) -> str:
    """Return the shape of a curve, a key of `SHAPES`; moves of at most `least` do not count."""
    places = turns(values, least)
    if len(places) < 2:
        return "level"
    up = values[places[1]] > values[places[0]]
    named = {2: ("falls", "rises"), 3: ("dips", "peaks")}
    return named.get(len(places), ("winds", "winds"))[up]


def shapes_in_words(drawn: str, measured: str) -> str:
    """Return one sentence on two shapes."""
    if drawn == measured:
        return f"Both curves {BOTH[drawn]}."
    return f"Your curve {SHAPES[drawn]}; the measured one {SHAPES[measured]}."


def sides_in_words(drawn: Sequence[float], measured: Sequence[float], names: Sequence[str], least: float) -> str:
    """Return one sentence that says where your curve crosses the measured one, or on which side of it it stays."""
    clear = [
        (name, mine > theirs)
        for name, mine, theirs in zip(names, drawn, measured, strict=True)
        if abs(mine - theirs) > least
    ]
    if not clear:
        return "Nowhere do they lie clearly apart."
    crossings = [f"between {a} and {b}" for (a, before), (b, after) in pairwise(clear) if before != after]
    if crossings:
        return f"They cross {_listed(crossings)}."
    return f"Where they differ, yours lies {'above' if clear[0][1] else 'below'} the measured one."


def extremes_in_words(drawn: Sequence[float], measured: Sequence[float], names: Sequence[str], least: float) -> str:
    """Return one sentence on where two curves have their peak, or their lowest point; empty where neither has one."""
    pair = {shape(drawn, least), shape(measured, least)}
    for turned, word, best in (("peaks", "highest", max), ("dips", "lowest", min)):
        if turned in pair:
            mine, theirs = (names[list(values).index(best(values))] for values in (drawn, measured))
            if mine == theirs:
                return f"Both are {word} at {mine}."
            return f"Yours is {word} at {mine}, the measured one at {theirs}."
    return ""


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
