"""The bet that is drawn: a curve over a few positions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from labkit.stats import Band
from labkit.teach import _shapes
from labkit.teach._prediction import Prediction, apart, number, short

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from numpy.typing import ArrayLike

    from labkit.teach._controls import Curve

Truth = Mapping[str, Sequence[float]]


@dataclass(frozen=True)
class CurveBet(Prediction):
    """A question whose answer is a curve, which the reader draws.

    It comes true when at least `needed` of its points lie within `within` of the measured curve, or inside the
    interval at that place; its score is their share of all points. Both numbers are declared here, before anything is
    measured.

    Attributes
    ----------
    key, question : str
        As in `Prediction`.
    x : sequence of float or str
        The positions, 3 to 12, drawn at equal distances.
    x_title, y_title : str
        What the axes show, with units.
    low, high : float
        The ends of the vertical axis.
    unit : str
        Of the heights, for sentences: "%", "food per agent".
    within : float
        How far from the measured curve a point may lie.
    needed : int
        How many points must lie so near.
    reference : (float, str), optional
        A height to draw a line at, and its name.
    replies : mapping of str to (str or function of the result)
        What to say to a curve, by its shape: "level", "rises", "falls", "peaks", "dips", "winds"; "other" stands for
        those not named.
    outcome : function of the result, returning Band or array
        The measured curve.
    sample : function without arguments, optional
        As in `Prediction`.

    Raises
    ------
    ValueError
        The positions, the axis or the measure are out of range, or a shape has no reply.
    """

    x: Sequence[float | str] = field(kw_only=True)
    x_title: str = field(kw_only=True)
    y_title: str = field(kw_only=True)
    low: float = field(kw_only=True)
    high: float = field(kw_only=True)
    within: float = field(kw_only=True)
    needed: int = field(kw_only=True)
    unit: str = field(default="", kw_only=True)
    reference: tuple[float, str] | None = field(default=None, kw_only=True)
    outcome: Callable[[Any], Band | ArrayLike] = field(kw_only=True)

    def __post_init__(self) -> None:
        if not 3 <= len(self.x) <= 12 or len(set(self.names)) < len(self.x):
            raise ValueError(f"bet {self.key!r}: x = {list(self.x)}: allowed are 3 to 12 positions, all different")
        if not self.low < self.high:
            raise ValueError(f"bet {self.key!r}: low = {self.low} and high = {self.high}: high must be above low")
        if not (self.within > 0 and 1 <= self.needed <= len(self.x)):
            raise ValueError(
                f"bet {self.key!r}: within = {self.within} and needed = {self.needed}: allowed is a distance above 0 "
                f"and a number of points from 1 to {len(self.x)}"
            )
        odd = sorted(set(self.replies) - {*_shapes.SHAPES, "other"})
        if odd or not ("other" in self.replies or set(self.replies) == set(_shapes.SHAPES)):
            raise ValueError(
                f"bet {self.key!r} replies to {', '.join(self.replies)}; allowed are {', '.join(_shapes.SHAPES)}, and "
                "'other' must stand for those that are not named"
            )
        if not callable(self.outcome):
            raise ValueError(f"bet {self.key!r}: outcome = {self.outcome!r}: needed is a function of the result")

    @property
    def names(self) -> tuple[str, ...]:
        """The positions in words."""
        return tuple(value if isinstance(value, str) else f"{value:g}" for value in self.x)

    @property
    def bands(self) -> Mapping[str, str]:
        """The shapes that have a reply of their own, and the rest."""
        words = {name: f"a curve that {words}" for name, words in _shapes.SHAPES.items()} | {"other": "another curve"}
        return {name: words[name] for name in words if name in self.replies}

    @property
    def least(self) -> float:
        """The smallest move that counts in a shape: a twentieth of the axis."""
        return (self.high - self.low) / 20

    def known(self, choice: Any) -> list[float]:
        """Return the heights of the curve, one per position."""
        choice = choice.tolist() if isinstance(choice, np.ndarray) else choice
        if not isinstance(choice, list | tuple) or len(choice) != len(self.x):
            raise ValueError(
                f"choice = {choice!r}: allowed are {len(self.x)} heights, one for each of {', '.join(self.names)}"
            )
        heights = [number(value) for value in choice]
        missing = heights.count(None)
        if missing == len(heights):
            raise ValueError(f"Draw a curve through all {missing} positions.")
        if missing:
            raise ValueError(f"{missing} of {len(heights)} points {'is' if missing == 1 else 'are'} still open.")
        wrong = [value for value in heights if value is not None and not self.low <= value <= self.high]
        if wrong:
            raise ValueError(f"{short(wrong[0])}: allowed is a height from {short(self.low)} to {short(self.high)}")
        return [float(value) for value in heights if value is not None]

    def said(self, choice: Sequence[float]) -> str:
        """Return the shape of the curve and its ends."""
        ends = f"from {short(choice[0])} to {short(choice[-1])} {self.unit}".rstrip()
        return f"a curve that {_shapes.SHAPES[_shapes.shape(choice, self.least)]}, {ends}"

    def truth(self, result: Any = None) -> dict[str, list[float]]:
        """Return the measured curve and the ends of its intervals.

        Raises
        ------
        ValueError
            It has not one height per position.
        """
        found = self.outcome(result)
        band = found if isinstance(found, Band) else _bare(found)
        if band.value.shape != (len(self.x),):
            raise ValueError(f"bet {self.key!r}: the outcome has shape {band.value.shape}: needed is ({len(self.x)},)")
        return {name: getattr(band, name).tolist() for name in ("value", "low", "high")}

    def happened(self, truth: Truth) -> str:
        """Return the shape of the measured curve and its ends."""
        first, last = truth["value"][0], truth["value"][-1]
        ends = f"from {short(first)} to {short(last)} {self.unit}".rstrip()
        return f"the measured curve {_shapes.SHAPES[_shapes.shape(truth['value'], self.least)]}, {ends}"

    def band(self, choice: Sequence[float], truth: Any) -> str:
        """Return the shape that was drawn, or "other"."""
        drawn = _shapes.shape(choice, self.least)
        return drawn if drawn in self.replies else "other"

    def score(self, choice: Sequence[float], truth: Truth) -> float:
        """Return the share of points that lie near the measured curve."""
        return self._near(choice, truth) / len(choice)

    def came_true(self, choice: Sequence[float], truth: Truth) -> bool:
        """Return whether as many points as needed lie near the measured curve."""
        return self._near(choice, truth) >= self.needed

    def compared(self, choice: Sequence[float], truth: Truth) -> tuple[str, ...]:
        """Return where the curves differ: shape, sides, peak, largest gap; and how many points lie near."""
        measured, near, allowed = truth["value"], self._near(choice, truth), apart(self.within, self.unit)
        worst = int(np.abs(np.subtract(choice, measured)).argmax())
        sentences = (
            _shapes.shapes_in_words(*(_shapes.shape(values, self.least) for values in (choice, measured))),
            _shapes.sides_in_words(choice, measured, self.names, self.least / 2),
            _shapes.extremes_in_words(choice, measured, self.names, self.least),
            f"The largest gap is {apart(abs(choice[worst] - measured[worst]), self.unit)} at {self.names[worst]}: you "
            f"drew {short(choice[worst])}, measured is {short(measured[worst])}.",
            f"{near} of {len(choice)} points lie within {allowed} of the measured curve, or "
            f"inside its interval; {self.needed} were asked for.",
        )
        return tuple(sentence for sentence in sentences if sentence)

    def rule(self) -> str:
        """Return what counts as right."""
        return (
            f"Right is a curve of which at least {self.needed} of {len(self.x)} points lie within "
            f"{apart(self.within, self.unit)} of the measured one, or inside its interval."
        )

    def figure(self, choice: Sequence[float] | None, truth: Truth) -> go.Figure:
        """Return the drawn curve and the measured one in one picture."""
        from labkit.teach._curve_figure import both

        return both(self, choice, truth)

    def control(self) -> Curve:
        """Return the paper to draw on."""
        from labkit.teach._controls import Curve

        return Curve(self)

    def example(self) -> str:
        """Return what is allowed, and a curve as it is written in Python."""
        middle = short((self.low + self.high) / 2)
        return (
            f"  {self.y_title}, from {short(self.low)} to {short(self.high)}, at {len(self.x)} positions\n"
            f"  {self.x_title}: {', '.join(self.names)}\n"
            f"To bet without drawing: place(bet, choice=[{', '.join([middle] * len(self.x))}])"
        )

    def _near(self, choice: Sequence[float], truth: Truth) -> int:
        drawn, value, low, high = (np.asarray(each) for each in (choice, truth["value"], truth["low"], truth["high"]))
        inside = (low <= drawn) & (drawn <= high)
        return int(np.sum(inside | (np.abs(drawn - value) <= self.within * (1 + 1e-9))))


def _bare(values: ArrayLike) -> Band:
    """Return a curve without intervals."""
    heights = np.asarray(values, dtype=np.float64)
    return Band(heights, heights, heights, 1)
