"""The bet as it appears on the page: the options, one button, and a line that says where things stand."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets

from labkit.page import Page
from labkit.teach import _bets
from labkit.teach._words import inline


class BetBox(widgets.VBox):
    """Radio buttons for the options of a bet, and a button that locks the choice in."""

    def __init__(self, bet: _bets.Bet) -> None:
        self.bet = bet
        question = widgets.HTML(
            f"<div style='font-size:110%;line-height:1.5;max-width:46em'><b>{inline(bet.question)}</b></div>"
        )
        pairs = [(label, key) for key, label in bet.options.items()]
        self.options = widgets.RadioButtons(options=pairs, value=None, layout=widgets.Layout(width="auto"))
        self.button = widgets.Button(layout=widgets.Layout(width="14em"))
        self.status = widgets.HTML()
        super().__init__([question, self.options, widgets.HBox([self.button, self.status]), Page()])
        self.add_class("labkit-keys")
        self.refresh()
        self.options.observe(self._chosen, "value")
        self.button.on_click(self._pressed)

    def refresh(self) -> None:
        """Show what is stored."""
        entry = _bets.stored(self.bet)
        choice = entry.get("choice") if entry.get("choice") in self.bet.options else None
        locked, seen = bool(choice and entry.get("locked")), bool(entry.get("seen"))
        self.options.value = choice
        self.options.disabled = locked
        self.button.disabled = choice is None or (locked and seen)
        self.button.description = "Change my bet" if locked and not seen else "Lock in my bet"
        self.button.icon = "lock" if not locked or seen else "unlock"
        self.button.button_style = "" if locked else "primary"
        self._say(_status(self.bet, choice, locked, seen, bool(entry.get("late"))))

    def _chosen(self, change: Any) -> None:
        if change["new"] is not None and not self.options.disabled:
            self._store(change["new"], locked=False)

    def _pressed(self, _: Any) -> None:
        if self.options.value is not None:
            self._store(self.options.value, locked=not self.options.disabled)

    def _store(self, choice: str, *, locked: bool) -> None:
        try:
            _bets.store(self.bet, choice, locked=locked)
        except OSError as error:
            self._say(f"Your bet could not be stored: {error}")
        except ValueError:
            self.refresh()
        else:
            self.refresh()

    def _say(self, text: str) -> None:
        self.status.value = f"<span role='status' style='padding-left:.6em'>{inline(text)}</span>"

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = dict(super()._repr_mimebundle_(**options))
        labels = "\n".join(f"  [{key}] {label}" for key, label in self.bet.options.items())
        bundle["text/plain"] = (
            f"{self.bet.question}\n{labels}\n"
            f"To bet without buttons: place(bet, choice={next(iter(self.bet.options))!r})"
        )
        return bundle


def _status(bet: _bets.Bet, choice: str | None, locked: bool, seen: bool, late: bool) -> str:
    if choice is None:
        return (
            "The answer was shown before a bet was placed; you can still bet."
            if seen
            else "Choose one, then lock it in."
        )
    if not locked:
        return "Chosen, not yet locked in."
    if late:
        return f"Locked in: **{bet.options[choice]}**. It came after the answer, so it does not count as a prediction."
    return f"Locked in: **{bet.options[choice]}**." + (
        " The answer has been seen, so the bet stands." if seen else " The answer comes further down."
    )
