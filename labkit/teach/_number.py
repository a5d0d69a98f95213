"""The bet on a number: one number, right within a tolerance, or a range that must hold the truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from labkit.stats import Estimate, exact
from labkit.teach._prediction import Prediction, apart, number, short

if TYPE_CHECKING:
    from labkit.teach._controls import Numbers

BANDS = {"low": "too low", "near": "near", "high": "too high"}


@dataclass(frozen=True)
class NumberBet(Prediction):
    """A question whose answer is a number.

    With a tolerance the reader names one number; it comes true when it lies within the tolerance of the measured
    value, or inside its interval. Without one the reader names a range, at most half as wide as what is allowed; it
    comes true when the measured value lies inside.

    Attributes
    ----------
    key, question : str
        As in `Prediction`.
    low, high : float
        What can be predicted.
    unit : str
        Of the number, in words: "%", "food per agent".
    tolerance : float, optional
        How far from the measured value is still right. It is declared here, before anything is measured.
    step : float, optional
        Between two positions of the slider; a hundredth of what can be predicted where not given.
    replies : mapping of str to (str or function of the result)
        What to say to a prediction that was too "low", "near" the truth, or too "high".
    outcome : function of the result, returning Estimate or float
        The measured value.
    sample : function without arguments, optional
        As in `Prediction`.

    Raises
    ------
    ValueError
        Nothing can be predicted, a reply is missing, the tolerance is negative, or there is no outcome.
    """

    low: float = field(kw_only=True)
    high: float = field(kw_only=True)
    unit: str = field(default="", kw_only=True)
    tolerance: float | None = field(default=None, kw_only=True)
    step: float | None = field(default=None, kw_only=True)
    outcome: Callable[[Any], Estimate | float] = field(kw_only=True)

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError(f"bet {self.key!r}: low = {self.low} and high = {self.high}: high must be above low")
        if set(self.replies) != set(BANDS):
            raise ValueError(
                f"bet {self.key!r} replies to {', '.join(self.replies) or 'nothing'}; needed are {', '.join(BANDS)}"
            )
        if self.tolerance is not None and not self.tolerance >= 0:
            raise ValueError(f"bet {self.key!r}: tolerance = {self.tolerance}: allowed is a number from 0, or None")
        if not callable(self.outcome):
            raise ValueError(f"bet {self.key!r}: outcome = {self.outcome!r}: needed is a function of the result")

    @property
    def bands(self) -> Mapping[str, str]:
        """Too low, near, too high."""
        return BANDS

    @property
    def names(self) -> tuple[str, ...]:
        """The labels of the numbers that the reader gives: one, or the two ends of a range."""
        return ("from", "to") if self.tolerance is None else ("my prediction",)

    def known(self, choice: Any) -> float | list[float]:
        """Return the prediction: a number, or the two ends of a range, the lower first."""
        if self.tolerance is not None:
            return self._allowed(choice)
        if not isinstance(choice, list | tuple) or len(choice) != 2:
            raise ValueError(f"choice = {choice!r}: allowed are the two ends of a range, as in {self._some()}")
        ends = [self._allowed(end) for end in choice]
        if ends[0] > ends[1]:
            raise ValueError(f"from {short(ends[0])} to {short(ends[1])}: a range goes from the lower end to the upper")
        if ends[1] - ends[0] > (self.high - self.low) / 2:
            raise ValueError(
                f"a range from {short(ends[0])} to {short(ends[1])} says too little: it may be at most "
                f"{apart((self.high - self.low) / 2, self.unit)} wide"
            )
        return ends

    def said(self, choice: Any) -> str:
        """Return the prediction with its unit."""
        if self.tolerance is not None:
            return self._with_unit(short(choice))
        return self._with_unit(f"from {short(choice[0])} to {short(choice[1])}")

    def truth(self, result: Any = None) -> dict[str, float]:
        """Return the measured value and the ends of its interval."""
        measured = self.outcome(result)
        estimate = measured if isinstance(measured, Estimate) else exact(float(measured))
        return {"value": estimate.value, "low": estimate.low, "high": estimate.high}

    def happened(self, truth: Mapping[str, float]) -> str:
        """Return the measured value with its interval, where it has one."""
        if truth["low"] == truth["high"]:
            return self._with_unit(short(truth["value"]))
        shown = Estimate(truth["value"], truth["low"], truth["high"], 1, "")
        return self._with_unit(str(shown))

    def band(self, choice: Any, truth: Mapping[str, float]) -> str:
        """Return whether the prediction is too low, near or too high."""
        low, high = self._ends(choice)
        if self._misses(low, high, truth) == 0:
            return "near"
        return "low" if high < truth["value"] else "high"

    def score(self, choice: Any, truth: Mapping[str, float]) -> float:
        """Return 1 where the prediction holds, else 0."""
        return float(self._misses(*self._ends(choice), truth) == 0)

    def compared(self, choice: Any, truth: Mapping[str, float]) -> tuple[str, ...]:
        """Return how far off the prediction is, and by which rule it was judged."""
        low, high = self._ends(choice)
        value = truth["value"]
        side = "below" if high < value else "above"
        off = max(low - value, value - high, 0.0)
        if self.tolerance is None:
            width = apart(high - low, self.unit)
            return (
                (f"Your range is {width} wide and holds the measured value.",)
                if off == 0
                else (f"Your range ends {apart(off, self.unit)} {side} the measured value.",)
            )
        rule = f"Right was what lies within {apart(self.tolerance, self.unit)} of it"
        rule += "." if truth["low"] == truth["high"] else ", or inside its interval."
        return ("That is the measured value." if off == 0 else f"You were {apart(off, self.unit)} {side} it. {rule}",)

    def rule(self) -> str:
        """Return what counts as right."""
        if self.tolerance is None:
            widest = apart((self.high - self.low) / 2, self.unit)
            return f"Right is a range that holds the measured value. It may be at most {widest} wide."
        near = apart(self.tolerance, self.unit)
        return f"Right is what lies within {near} of the measured value, or inside its interval, where it has one."

    def control(self) -> Numbers:
        """Return a box and a slider for each number."""
        from labkit.teach._controls import Numbers

        return Numbers(self.names, self.low, self.high, self.step or (self.high - self.low) / 100, self.unit)

    def example(self) -> str:
        """Return what is allowed, and a prediction as it is written in Python."""
        kind = "A number" if self.tolerance is not None else "A range of numbers"
        return (
            f"  {kind} from {short(self.low)} to {self._with_unit(short(self.high))}\n"
            f"To bet without buttons: place(bet, choice={self._some()})"
        )

    def _ends(self, choice: Any) -> tuple[float, float]:
        return (choice[0], choice[1]) if self.tolerance is None else (choice, choice)

    def _misses(self, low: float, high: float, truth: Mapping[str, float]) -> float:
        """Return by how much the prediction misses what counts as right."""
        if self.tolerance is None:
            return max(low - truth["value"], truth["value"] - high, 0.0)
        least = min(truth["value"] - self.tolerance, truth["low"])
        most = max(truth["value"] + self.tolerance, truth["high"])
        return max(least - high, low - most, 0.0)

    def _allowed(self, value: Any) -> float:
        found = number(value)
        if found is None or not self.low <= found <= self.high:
            told = "nothing yet" if value is None else short(found) if found is not None else repr(value)
            raise ValueError(
                f"{told}: allowed is a number from {short(self.low)} to {self._with_unit(short(self.high))}"
            )
        return found

    def _some(self) -> str:
        middle, quarter = (self.low + self.high) / 2, (self.high - self.low) / 8
        if self.tolerance is not None:
            return short(middle)
        return f"({short(middle - quarter)}, {short(middle + quarter)})"

    def _with_unit(self, text: str) -> str:
        return f"{text} {self.unit}".rstrip()
