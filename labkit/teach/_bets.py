"""Placing and answering bets: the reader commits before the run, and the answer depends on what was bet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labkit.teach import _progress
from labkit.teach._prediction import Prediction, level, sureness
from labkit.teach._show import pictured
from labkit.teach._words import Words

if TYPE_CHECKING:
    from labkit.teach._betbox import BetBox

SECTION = "bets"


def place(bet: Prediction, choice: Any = None, *, sure: str | None = None) -> BetBox:
    """Show the bet; the choice is stored as it is made and can be changed until the answer has been seen.

    Parameters
    ----------
    bet : Bet, NumberBet or CurveBet
        The bet of the lesson.
    choice : optional
        Bet from code, where no buttons are shown: the key of an option, a number, a pair of numbers, or a list of
        heights. It is locked in at once.
    sure : {"a guess", "rather sure", "sure"}, optional
        How sure you are of it.

    Returns
    -------
    BetBox
        A widget; without widgets it shows as plain text that says how to bet from code.

    Raises
    ------
    ValueError
        The choice is not allowed, or the answer has been seen and the bet stands.
    """
    from labkit.teach._betbox import BetBox

    if choice is not None:
        store(bet, bet.known(choice), locked=True, sure=level(sure))
    elif sure is not None:
        raise ValueError(f"sure = {sure!r} needs a choice: place(bet, choice=..., sure={sure!r})")
    return BetBox(bet)


def answer(bet: Prediction, result: Any = None) -> Words:
    """Answer the bet according to what was chosen; from then on the choice stands.

    Parameters
    ----------
    bet : Bet, NumberBet or CurveBet
        The bet placed at the start of the lesson.
    result : Any
        What the replies and the outcome are computed from.

    Returns
    -------
    Words
        With a picture, where a curve was drawn.
    """
    truth = bet.truth(result)
    _progress.note(SECTION, bet.key, lambda entry: _seen(bet, entry, truth))
    entry = stored(bet)
    choice = bet.placed(entry)
    if choice is None:
        return _answer_to_all(bet, result, truth)
    sure = sureness(entry)
    title, reply = (
        f"You bet: {bet.said(choice)}" + (f" ({sure})" if sure else ""),
        bet.reply_to(bet.band(choice, truth), result),
    )
    if truth is None:
        return Words(reply, title, "note")
    right = bet.came_true(choice, truth)
    happened = "That is what happened." if right else f"What happened: {bet.happened(truth)}."
    parts = [f"**{happened}**", " ".join(bet.compared(choice, truth)), reply]
    text = "\n\n".join(part for part in parts if part)
    return pictured(Words(text, title, "good" if right else "again"), bet.figure(choice, truth))


def _seen(bet: Prediction, entry: dict[str, Any], truth: Any) -> dict[str, Any]:
    """Return the entry once its answer has been seen: what was chosen stands, and is scored."""
    choice = bet.placed(entry)
    locked = {} if choice is None else {"locked": True}
    if truth is None:
        return {**entry, **locked, "seen": True}
    scored = {} if choice is None else {"score": bet.score(choice, truth), "came_true": bet.came_true(choice, truth)}
    return {**entry, **locked, "seen": True, "truth": truth, **scored}


def _answer_to_all(bet: Prediction, result: Any, truth: Any) -> Words:
    opening = "Nothing is lost; a bet only makes the answer easier to remember. Here is the reply to each."
    happened = [f"**What happened: {bet.happened(truth)}.**"] if truth is not None else []
    shared, own = _parted([bet.reply_to(band, result) for band in bet.bands])
    each = [f"**{label}:** {reply}" for label, reply in zip(bet.bands.values(), own, strict=True)]
    parts = [opening, *happened, shared, *each]
    words = Words("\n\n".join(part for part in parts if part), "You placed no bet.", "note")
    return pictured(words, None if truth is None else bet.figure(None, truth))


def _parted(replies: list[str]) -> tuple[str, list[str]]:
    """Return the sentences with which all replies begin, and what each goes on with."""
    shared = replies[0]
    while not all(reply.startswith(shared) for reply in replies):
        shared = shared[:-1]
    end = shared.rfind(". ") + 2 if ". " in shared else 0
    return shared[:end].strip(), [reply[end:] for reply in replies]


def stored(bet: Prediction) -> dict[str, Any]:
    """Return what is stored of this bet: ``choice``, ``sure``, ``locked``, ``seen``, ``late``, ``truth``, ``score``."""
    return _progress.entry(SECTION, bet.key)


def store(bet: Prediction, choice: Any, *, locked: bool, sure: str | None = None) -> dict[str, Any]:
    """Store a choice, or withdraw it where `choice` is None.

    Raises
    ------
    ValueError
        A bet was placed and its answer has been seen: it stands.
    """

    def change(entry: dict[str, Any]) -> dict[str, Any]:
        if entry.get("seen") and entry.get("locked") and bet.placed(entry) is not None:
            raise ValueError("the answer has been seen, so this bet stands")
        kept = {name: value for name, value in entry.items() if name in ("seen", "late", "truth")}
        made = {} if choice is None else {"choice": choice, "locked": locked, **({"sure": sure} if sure else {})}
        # A first bet after the answer was shown is welcome, but it is no prediction.
        return {**kept, **made, **({"late": True} if entry.get("seen") and made else {})}

    return _progress.update(SECTION, bet.key, change)
