"""What a paper claims, declared before measuring, and the verdict that follows from the numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from labkit.stats import Estimate

Budget = Literal["quick", "full"]
Word = Literal["reproduced", "qualitative", "not reproduced", "undecided", "not testable"]

_SYMBOLS: dict[Word, str] = {
    "reproduced": "✓",
    "qualitative": "≈",
    "not reproduced": "✗",
    "undecided": "?",
    "not testable": "–",
}


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim of a paper, declared before it is measured.

    Attributes
    ----------
    key : str
        Its short name, unique within its mechanism.
    statement : str
        What the paper says, in our words.
    read_in : str
        Where it was read and how sure that is: "abstract", "third party's notes", "derived here".
    paper_value : float or None
        The paper's number, in `unit`; None where it states only a sign or an order.
    tolerance : float or None
        How far from the paper's value ours may lie, absolute, in `unit`; needed where there is a value.
    holds_if : str
        The sign or order claimed: "above 0", "below 1"; empty where there is none.
    unit : str
        The unit of all these numbers.
    measure : callable or None
        ``measure(budget, seed) -> Estimate``.
    missing : str
        What is missing to test it; empty where it is measured.
    stem : str
        Its mechanism; filled in where claims are discovered.

    Raises
    ------
    ValueError
        A declaration is missing or contradicts another.
    """

    key: str
    statement: str
    read_in: str
    paper_value: float | None = None
    tolerance: float | None = None
    holds_if: str = ""
    unit: str = ""
    measure: Callable[[Budget, int], Estimate] | None = None
    missing: str = ""
    stem: str = ""

    def __post_init__(self) -> None:
        for name in ("key", "statement", "read_in"):
            if not getattr(self, name).strip():
                raise ValueError(f"claim {self.key!r}: {name} is empty")
        if self.measure is not None and self.missing:
            raise ValueError(f"claim {self.key!r}: it is either measured or missing something, not both")
        for name in ("paper_value", "tolerance"):
            number = getattr(self, name)
            if number is not None and not math.isfinite(number):
                raise ValueError(f"claim {self.key!r}: {name} = {number}: allowed is a finite number")
        if self.tolerance is not None and self.tolerance <= 0:
            raise ValueError(f"claim {self.key!r}: tolerance = {self.tolerance}: allowed is a number above 0")
        low, high = self.region
        if self.missing:
            return
        if self.paper_value is None and not self.holds_if:
            raise ValueError(f"claim {self.key!r}: declare paper_value, holds_if or missing")
        if self.paper_value is not None and self.tolerance is None:
            raise ValueError(f"claim {self.key!r}: paper_value needs a tolerance")
        band = self.band
        if band is not None and self.holds_if and not (low <= band[0] and band[1] <= high):
            raise ValueError(
                f"claim {self.key!r}: within the tolerance lie values that are not {self.holds_if}; narrow it"
            )

    @property
    def band(self) -> tuple[float, float] | None:
        """The values within the tolerance of the paper's."""
        if self.paper_value is None or self.tolerance is None:
            return None
        return self.paper_value - self.tolerance, self.paper_value + self.tolerance

    @property
    def region(self) -> tuple[float, float]:
        """The values, ends excluded, for which the claimed sign or order holds."""
        if not self.holds_if:
            return -math.inf, math.inf
        side, _, number = self.holds_if.partition(" ")
        try:
            reference = float(number)
        except ValueError:
            reference = math.nan
        if side not in ("above", "below") or not math.isfinite(reference):
            raise ValueError(f"claim {self.key!r}: holds_if = {self.holds_if!r}: allowed is 'above X' or 'below X'")
        return (reference, math.inf) if side == "above" else (-math.inf, reference)


def claim(
    key: str,
    *,
    statement: str,
    read_in: str,
    paper_value: float | None = None,
    tolerance: float | None = None,
    holds_if: str = "",
    unit: str = "",
) -> Callable[[Callable[[Budget, int], Estimate]], Claim]:
    """Return a decorator that declares a claim by the function that measures it.

    Parameters
    ----------
    key, statement, read_in, paper_value, tolerance, holds_if, unit
        As for `Claim`.

    Raises
    ------
    ValueError
        As for `Claim`.
    """

    def declare(function: Callable[[Budget, int], Estimate]) -> Claim:
        return Claim(key, statement, read_in, paper_value, tolerance, holds_if, unit, function)

    return declare


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the numbers say about a claim, and why."""

    word: Word
    why: str

    @property
    def symbol(self) -> str:
        """A sign for the verdict, beside its word."""
        return _SYMBOLS[self.word]

    def __str__(self) -> str:
        """Return the sign and the word."""
        return f"{self.symbol} {self.word}"


def judge(claim: Claim, estimate: Estimate | None) -> Verdict:
    """Return the verdict on a claim; the first rule that applies decides.

    1. Something is missing, or nothing was measured: not testable.
    2. The whole interval lies within the tolerance of the paper's value: reproduced.
    3. The interval is wider than the tolerance (always so without one), and it reaches into the
       tolerance or lies on both sides of the claimed sign or order: undecided, measure more.
    4. The whole interval lies where the claimed sign or order holds: qualitative.
    5. The interval reaches over an end of the tolerance: undecided, measure more.
    6. Otherwise: not reproduced.

    Parameters
    ----------
    claim : Claim
        What was declared.
    estimate : Estimate or None
        What was measured.
    """
    if claim.missing or estimate is None:
        return Verdict("not testable", claim.missing or "it was not measured")
    band, (floor, ceiling) = claim.band, claim.region
    wide = claim.tolerance is None or estimate.high - estimate.low > claim.tolerance
    near = band is not None and estimate.low <= band[1] and estimate.high >= band[0]
    inside = floor < estimate.low and estimate.high < ceiling
    outside = estimate.high <= floor or estimate.low >= ceiling
    if band is not None and band[0] <= estimate.low and estimate.high <= band[1]:
        return Verdict("reproduced", "the whole interval lies within the tolerance of the paper's value")
    if wide and near:
        return Verdict("undecided", "the interval is wider than the tolerance and reaches into it: measure more")
    if wide and not (inside or outside):
        return Verdict("undecided", f"the interval holds values that are {claim.holds_if} and others: measure more")
    size = "the paper states no size" if band is None else "the interval does not lie within the tolerance"
    if claim.holds_if and inside:
        return Verdict("qualitative", f"the whole interval is {claim.holds_if}, as claimed; {size}")
    if near:
        return Verdict("undecided", "the interval reaches over an end of the tolerance: measure more")
    if claim.holds_if and band is not None:
        return Verdict("not reproduced", f"{size} and is not wholly {claim.holds_if}")
    if claim.holds_if:
        return Verdict("not reproduced", f"the interval is not wholly {claim.holds_if}")
    return Verdict("not reproduced", f"{size} of the paper's value")
