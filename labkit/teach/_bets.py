"""Bets: the reader commits to a prediction before the run, and the answer depends on what was bet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from labkit.teach import _progress
from labkit.teach._words import Words

if TYPE_CHECKING:
    from labkit.teach._betbox import BetBox

SECTION = "bets"
Reply = str | Callable[[Any], str]


@dataclass(frozen=True)
class Bet:
    """A question with a few answers to choose from, each with its own reply.

    Attributes
    ----------
    key : str
        The name under which the choice is stored; it begins with the stem, as in ``stigmergic_memory.first``.
    question : str
        What the reader predicts.
    options : mapping of str to str
        What can be bet: key to label.
    replies : mapping of str to (str or function of the result)
        What to say to a reader who bet that option; a wrong belief is named, kindly.
    outcome : str or function of the result, optional
        Which option came true, so that the answer can say so and the bet can be scored.

    Raises
    ------
    ValueError
        There are fewer than two options, an option has no reply, or the outcome is not an option.
    """

    key: str
    question: str
    options: Mapping[str, str]
    replies: Mapping[str, Reply]
    outcome: Reply | None = None

    def __post_init__(self) -> None:
        if len(self.options) < 2:
            raise ValueError(f"bet {self.key!r} has {len(self.options)} options: allowed is 2 or more")
        if set(self.options) != set(self.replies):
            odd = ", ".join(sorted(set(self.options) ^ set(self.replies)))
            raise ValueError(f"bet {self.key!r}: options and replies must have the same keys; these differ: {odd}")
        if isinstance(self.outcome, str):
            self._known(self.outcome)

    def reply(self, choice: str, result: Any = None) -> str:
        """Return the reply to one choice, given the result of the run."""
        reply = self.replies[choice]
        return reply if isinstance(reply, str) else reply(result)

    def truth(self, result: Any = None) -> str | None:
        """Return the option that came true, or None where the bet does not say.

        Raises
        ------
        ValueError
            The outcome is not one of the options.
        """
        if self.outcome is None:
            return None
        return self._known(self.outcome if isinstance(self.outcome, str) else self.outcome(result))

    def _known(self, choice: str) -> str:
        if choice not in self.options:
            raise ValueError(f"bet {self.key!r} has no option {choice!r}; its options are {', '.join(self.options)}")
        return choice


def place(bet: Bet, choice: str | None = None) -> BetBox:
    """Show the bet; the choice is stored as it is made and can be changed until the answer has been seen.

    Parameters
    ----------
    bet : Bet
        The bet of the lesson.
    choice : str, optional
        Bet from code, where no buttons are shown: the key of an option. It is locked in at once.

    Raises
    ------
    ValueError
        The choice is not an option, or the answer has been seen and the bet stands.
    """
    from labkit.teach._betbox import BetBox

    if choice is not None:
        store(bet, bet._known(choice), locked=True)
    return BetBox(bet)


def answer(bet: Bet, result: Any = None) -> Words:
    """Answer the bet according to what was chosen; from then on the choice stands.

    Parameters
    ----------
    bet : Bet
        The bet placed at the start of the lesson.
    result : Any
        What the replies and the outcome are computed from.
    """
    choice: str = stored(bet).get("choice", "")
    truth = bet.truth(result)
    _progress.note(SECTION, bet.key, lambda entry: {**entry, "seen": True, **({"truth": truth} if truth else {})})
    if choice not in bet.options:
        return _answer_to_all(bet, result, truth)
    if truth is None:
        return Words(bet.reply(choice, result), f"You bet: {bet.options[choice]}", "note")
    verdict = "That is what happened." if choice == truth else f"What happened: {bet.options[truth]}."
    return Words(
        f"**{verdict}**\n\n{bet.reply(choice, result)}",
        f"You bet: {bet.options[choice]}",
        "good" if choice == truth else "again",
    )


def _answer_to_all(bet: Bet, result: Any, truth: str | None) -> Words:
    opening = "Nothing is lost; a bet only makes the answer easier to remember. Here is the reply to each."
    happened = [f"**What happened: {bet.options[truth]}.**"] if truth else []
    each = [f"**{label}:** {bet.reply(key, result)}" for key, label in bet.options.items()]
    return Words("\n\n".join([opening, *happened, *each]), "You placed no bet.", "note")


def stored(bet: Bet) -> dict[str, Any]:
    """Return what is stored of this bet: ``choice``, ``locked``, ``seen``, ``late``, ``truth``."""
    return _progress.entry(SECTION, bet.key)


def store(bet: Bet, choice: str, *, locked: bool) -> dict[str, Any]:
    """Store a choice.

    Raises
    ------
    ValueError
        A bet was placed and its answer has been seen: it stands.
    """

    def change(entry: dict[str, Any]) -> dict[str, Any]:
        if entry.get("seen") and entry.get("locked"):
            raise ValueError("the answer has been seen, so this bet stands")
        # A first bet after the answer was shown is welcome, but it is no prediction.
        return {**entry, "choice": choice, "locked": locked, **({"late": True} if entry.get("seen") else {})}

    return _progress.update(SECTION, bet.key, change)
