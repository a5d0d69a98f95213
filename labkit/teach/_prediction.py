"""What every kind of bet promises, so that placing, answering and counting need not know which kind it is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from numbers import Real
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from labkit.teach._controls import Control

Reply = str | Callable[[Any], str]

LEVELS: dict[str, float] = {"a guess": 0.5, "rather sure": 0.7, "sure": 0.9}
"""How sure a reader can be, and which share of such bets should then come true."""


@dataclass(frozen=True)
class Prediction(ABC):
    """A question, what the reader can predict, and a reply to each way of being right or wrong.

    A choice and a truth are plain JSON, because both are stored in the file of the reader's progress.

    Attributes
    ----------
    key : str
        The name under which the choice is stored; it begins with the stem, as in ``stigmergic_memory.first``.
    question : str
        What the reader predicts.
    replies : mapping of str to (str or function of the result)
        What to say to a reader, by the band in which the prediction lies; a wrong belief is named, kindly.
    outcome : function of the result
        What came true.
    sample : function without arguments, optional
        A small result of the kind that the notebook hands to `answer`: the tests compute every reply from it.
        It is needed where a reply or the outcome is computed.
    """

    key: str
    question: str
    replies: Mapping[str, Reply] = field(kw_only=True)
    outcome: Any = field(default=None, kw_only=True)
    sample: Callable[[], Any] | None = field(default=None, kw_only=True)

    @property
    @abstractmethod
    def bands(self) -> Mapping[str, str]:
        """The ways in which a prediction can lie, each with the words that name it."""

    @abstractmethod
    def known(self, choice: Any) -> Any:
        """Return the choice as it is stored; a ValueError says in words what is allowed."""

    @abstractmethod
    def said(self, choice: Any) -> str:
        """Return the choice in words."""

    @abstractmethod
    def truth(self, result: Any = None) -> Any:
        """Return what came true, as it is stored, or None where the bet does not say."""

    @abstractmethod
    def happened(self, truth: Any) -> str:
        """Return what came true in words."""

    @abstractmethod
    def band(self, choice: Any, truth: Any) -> str:
        """Return the band in which the choice lies: it decides the reply."""

    @abstractmethod
    def score(self, choice: Any, truth: Any) -> float:
        """Return how good the choice is, from 0 to 1."""

    @abstractmethod
    def control(self) -> Control:
        """Return the widget in which the choice is made."""

    @abstractmethod
    def example(self) -> str:
        """Return what is allowed, one line each, and a choice as it is written in Python."""

    def rule(self) -> str:
        """Return by which rule a choice will be judged, in one sentence; empty where that goes without saying."""
        return ""

    def came_true(self, choice: Any, truth: Any) -> bool:
        """Return whether the choice counts as right."""
        return self.score(choice, truth) >= 1

    def compared(self, choice: Any, truth: Any) -> tuple[str, ...]:
        """Return sentences that compare the choice with the truth."""
        return ()

    def figure(self, choice: Any, truth: Any) -> go.Figure | None:
        """Return the choice (None where there is none) and the truth in one picture, for bets that have one."""
        return None

    def reply(self, choice: Any, result: Any = None) -> str:
        """Return the reply to one choice, given the result of the run."""
        return self.reply_to(self.band(choice, self.truth(result)), result)

    def reply_to(self, band: str, result: Any = None) -> str:
        """Return the reply to every choice that lies in this band."""
        reply = self.replies[band]
        return reply if isinstance(reply, str) else reply(result)

    def placed(self, entry: Mapping[str, Any]) -> Any:
        """Return the choice that is stored, None where there is none or it is no longer allowed."""
        try:
            return self.known(entry["choice"])
        except (KeyError, ValueError):
            return None


def level(sure: str | None) -> str | None:
    """Return how sure a reader is, as it is stored.

    Raises
    ------
    ValueError
        It is not one of the levels.
    """
    if sure is not None and not (isinstance(sure, str) and sure in LEVELS):
        raise ValueError(f"sure = {sure!r}: allowed is one of {', '.join(map(repr, LEVELS))}, or None")
    return sure


def sureness(entry: Mapping[str, Any]) -> str | None:
    """Return how sure the reader of a stored bet was, None where it does not say, or says something else."""
    sure = entry.get("sure")
    return sure if isinstance(sure, str) and sure in LEVELS else None


def number(value: Any) -> float | None:
    """Return a finite number, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if abs(found) < 1e300 else None


def apart(distance: float, unit: str) -> str:
    """Return a distance between two numbers of that unit: two percentages lie percentage points apart."""
    return f"{short(distance)} {'percentage points' if unit == '%' else unit}".rstrip()


def short(value: float) -> str:
    """Return a number with three digits that count, and no exponent in the usual range."""
    text = f"{value:.3g}"
    return text if "e" not in text else f"{value:,.0f}".replace(",", " ") if 1e3 <= abs(value) < 1e9 else text
