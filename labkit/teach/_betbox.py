"""The bet as it appears on the page: the question, its control, how sure one is, and one button that locks it in."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets

from labkit.page import Page
from labkit.teach import _bets
from labkit.teach._prediction import LEVELS, Prediction, sureness
from labkit.teach._words import inline

OPEN = "Choose, then lock it in."


class BetBox(widgets.VBox):
    """The control of a bet, how sure the reader is, and a button that locks the choice in."""

    def __init__(self, bet: Prediction) -> None:
        self.bet = bet
        question = widgets.HTML(
            f"<div style='font-size:110%;line-height:1.5;max-width:46em'><b>{inline(bet.question)}</b></div>"
        )
        rule = widgets.HTML(f"<div class='labkit-quiet'>{inline(bet.rule())}</div>")
        rule.layout.display = None if bet.rule() else "none"
        self.control = bet.control()
        levels = [(f"{name} ({100 * share:.0f} in 100)", name) for name, share in LEVELS.items()]
        self.sure = widgets.RadioButtons(options=levels, value=None, orientation="horizontal")
        self.sure.layout.width = "auto"
        asked = widgets.HTML("<span>How sure are you that it will come true? You may leave this open.</span>")
        self.button = widgets.Button(layout=widgets.Layout(width="14em"))
        self.status = widgets.HTML()
        row = widgets.HBox([self.button, self.status])
        row.add_class("labkit-bet-row")
        super().__init__([question, rule, self.control, asked, self.sure, row, Page()])
        self.add_class("labkit-keys")
        self.add_class("labkit-bet")
        self._showing = False
        self.refresh()
        for control, name in ((self.control, self.control.watched), (self.sure, "value")):
            control.observe(self._chosen, name)
        self.button.on_click(self._pressed)

    def refresh(self) -> None:
        """Show what is stored."""
        entry = _bets.stored(self.bet)
        choice = self.bet.placed(entry)
        locked, seen = choice is not None and bool(entry.get("locked")), bool(entry.get("seen"))
        self._showing = True
        # What is drawn half-way is not stored, and stays.
        if choice is not None:
            self.control.choice = choice
            self.sure.value = sureness(entry)
        self._showing = False
        self.control.disabled = self.sure.disabled = locked
        self.button.disabled = choice is None or (locked and seen)
        self.button.description = "Change my bet" if locked and not seen else "Lock in my bet"
        self.button.icon = "lock" if not locked or seen else "unlock"
        self.button.button_style = "" if locked else "primary"
        self._say(_status(self.bet, choice, locked, seen, bool(entry.get("late"))))

    def _chosen(self, _: Any) -> None:
        if not self._showing and not self.control.disabled:
            self._store(locked=False)

    def _pressed(self, _: Any) -> None:
        self._store(locked=not self.control.disabled)

    def _store(self, *, locked: bool) -> None:
        choice, trouble = self._choice()
        try:
            if choice is not None or _bets.stored(self.bet).get("choice") is not None:
                _bets.store(self.bet, choice, locked=locked, sure=self.sure.value)
        except OSError as error:
            trouble = f"Your bet could not be stored: {error}"
        except ValueError:
            trouble = ""  # The answer has been seen meanwhile: the bet that stands is shown.
        self.refresh()
        if trouble:
            self._say(trouble)

    def _choice(self) -> tuple[Any, str]:
        """Return the choice, None where it is not complete or not allowed, and what is wrong with it."""
        choice = self.control.choice
        if choice is None:
            return None, ""
        try:
            return self.bet.known(choice), ""
        except ValueError as error:
            return None, str(error)

    def _say(self, text: str) -> None:
        self.status.value = f"<span role='status' style='padding-left:.6em'>{inline(text)}</span>"

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = dict(super()._repr_mimebundle_(**options))
        told = (self.bet.question, self.bet.rule(), self.bet.example())
        bundle["text/plain"] = "\n".join(each for each in told if each)
        return bundle


def _status(bet: Prediction, choice: Any, locked: bool, seen: bool, late: bool) -> str:
    if choice is None:
        return "The answer was shown before a bet was placed; you can still bet." if seen else OPEN
    if not locked:
        return "Not yet locked in."
    if late:
        return f"Locked in: **{bet.said(choice)}**. It came after the answer, so it does not count as a prediction."
    return f"Locked in: **{bet.said(choice)}**." + (
        " The answer has been seen, so the bet stands." if seen else " The answer comes further down."
    )
