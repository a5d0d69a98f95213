"""How far a reader is, lesson by lesson, with buttons to take it away, bring it back and erase it."""

from __future__ import annotations

import datetime
import html
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets as widgets

from labkit.curriculum import lesson
from labkit.page import Page
from labkit.teach import _keeping, _lessons, _progress
from labkit.teach._lessons import Pieces
from labkit.teach._prediction import Prediction
from labkit.teach._words import inline

_HERE = Path(__file__).parent
COLUMNS = ("Lesson", "Bets", "Exercises", "Hints")
Kept = Mapping[str, Mapping[str, Mapping[str, Any]]]


def progress() -> ProgressBox:
    """Return how far the reader is in every lesson, with buttons to export, import and erase it.

    Returns
    -------
    ProgressBox
        A widget; without widgets it shows as a table in plain text.
    """
    return ProgressBox(_lessons.all_pieces())


class Files(anywidget.AnyWidget):
    """A button that takes a file from the browser, and a way to hand one over."""

    _esm = (_HERE / "files.js").read_text(encoding="utf-8")
    _css = (_HERE / "bets.css").read_text(encoding="utf-8")


class ProgressBox(widgets.VBox):
    """A table of lessons, and what can be done with the progress."""

    def __init__(self, lessons: Iterable[Pieces]) -> None:
        self.lessons = tuple(lessons)
        self.table, self.status, self.files = widgets.HTML(), widgets.HTML(), Files()
        self.export = _button("Export", "Save all bets, answers and hints as a file", self._export)
        self.erase = _button("Erase …", "Erase all bets, answers and hints; you are asked once more", self._ask)
        self.restore = _button("Bring back", "Undo the last erasing or import", self._restore)
        self.again = _button("Refresh", "Read the file again", lambda _: self.refresh(""))
        self.sure = _button("Yes, erase", "A copy is kept", self._erase)
        self.keep = _button("No, keep it", "Nothing changes", lambda _: self.refresh("Nothing was erased."))
        asked = widgets.HTML("Erase all bets, answers and hints? A copy is kept, and you can bring it back.")
        self.asking = _row(asked, self.sure, self.keep)
        self.row = _row(self.export, self.files, self.erase, self.restore, self.again)
        super().__init__([self.table, self.row, self.asking, self.status, Page()])
        self.add_class("labkit-progress")
        self.add_class("labkit-keys")
        self.files.on_msg(self._import)
        self.refresh("")

    def refresh(self, said: str) -> None:
        """Show what is stored, and a sentence on what was done."""
        kept = _progress.everything()
        self.table.value = _as_html(self.lessons, kept)
        self.export.disabled = self.erase.disabled = not any(kept.values())
        self.restore.disabled = _keeping.last_copy() is None
        self.asking.layout.display = "none"
        self.row.layout.display = None
        self.status.value = f"<span role='status'>{inline(said)}</span>"

    def _export(self, _: Any) -> None:
        name = f"my_progress.{datetime.date.today():%Y-%m-%d}.json"
        self.files.send({"name": name, "text": _keeping.exported()})
        self.refresh(f"Your browser saves it as {name}.")

    def _import(self, _: Any, sent: Any, __: Any) -> None:
        content, name = str(sent.get("text", "")).encode("utf-8", "replace"), str(sent.get("name", "the file"))

        def done() -> str:
            copy = _keeping.take_over(content, name)
            return f"{name} was taken over." + (f" What was there before is kept as {copy.name}." if copy else "")

        self._do(done)

    def _ask(self, _: Any) -> None:
        self.row.layout.display, self.asking.layout.display = "none", None

    def _erase(self, _: Any) -> None:
        def done() -> str:
            copy = _keeping.erase_progress()
            return f"Erased. A copy is kept as {copy.name}." if copy else "There was nothing to erase."

        self._do(done)

    def _restore(self, _: Any) -> None:
        self._do(lambda: f"Brought back from {_keeping.restore_progress().name}. Once more takes you back.")

    def _do(self, act: Any) -> None:
        try:
            said = act()
        except (OSError, ValueError) as error:
            said = f"That did not work: {error}"
        self.refresh(said)

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = dict(super()._repr_mimebundle_(**options))
        bundle["text/plain"] = _as_text(self.lessons, _progress.everything())
        return bundle


def rows(lessons: Iterable[Pieces], kept: Kept) -> list[tuple[Pieces, list[str], list[str], str]]:
    """Return for each lesson what is known of its bets, its exercises, and how many hints were taken."""
    bets, exercises = kept.get("bets", {}), kept.get("exercises", {})
    found = []
    for pieces in sorted(lessons, key=_place):
        hints = sum(_count(exercises.get(each.key, {}), "hints") for each in pieces.exercises)
        told = [f"{_name(each.key)}: {_bet_state(each, bets.get(each.key, {}))}" for each in pieces.bets]
        states = {_name(each.key): _exercise_state(exercises.get(each.key, {})) for each in pieces.exercises}
        found.append(
            (pieces, told, _gathered(states), f"{hints} of {sum(len(each.hints) for each in pieces.exercises)}")
        )
    return found


def _gathered(states: Mapping[str, str]) -> list[str]:
    """Return each state with the names of what is in it, what is open last."""
    order = sorted(set(states.values()), key=lambda state: (state == "open", state))
    return [f"{state}: {', '.join(name for name in states if states[name] == state)}" for state in order]


def _bet_state(bet: Prediction, entry: Mapping[str, Any]) -> str:
    if bet.placed(entry) is None:
        return "answer seen, no bet" if entry.get("seen") else "open"
    if not entry.get("seen"):
        return "locked in" if entry.get("locked") else "chosen, not locked in"
    if entry.get("late"):
        return "placed after the answer"
    if not isinstance(entry.get("came_true"), bool):
        return "answered"
    return "came true" if entry["came_true"] else "did not come true"


def _exercise_state(entry: Mapping[str, Any]) -> str:
    attempts = _count(entry, "attempts")
    opened = ", solution seen" if entry.get("solution") else ""
    if entry.get("right"):
        return f"solved{opened}"
    return (f"{attempts} {'try' if attempts == 1 else 'tries'}" if attempts else "open") + opened


def _count(entry: Mapping[str, Any], name: str) -> int:
    value = entry.get(name, 0)
    return value if isinstance(value, int) else 0


def _as_text(lessons: Iterable[Pieces], kept: Kept) -> str:
    lines = []
    for pieces, bets, exercises, hints in rows(lessons, kept):
        lines += [
            _title(pieces),
            *(f"  bet       {told}" for told in bets),
            *(f"  exercises {told}" for told in exercises),
        ]
        lines.append(f"  hints     {hints}")
    return "\n".join(lines)


def _as_html(lessons: Iterable[Pieces], kept: Kept) -> str:
    head = "".join(f"<th scope='col'>{name}</th>" for name in COLUMNS)
    body = "".join(
        f"<tr><th scope='row'>{_link(pieces)}</th><td>{_cell(bets)}</td><td>{_cell(exercises)}</td>"
        f"<td>{hints}</td></tr>"
        for pieces, bets, exercises, hints in rows(lessons, kept)
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(told: Iterable[str]) -> str:
    quiet = (
        f"<span class='quiet'>{html.escape(each)}</span>"
        if each.endswith(": open") or each.startswith("open: ")
        else html.escape(each)
        for each in told
    )
    return "<br>".join(quiet)


def _link(pieces: Pieces) -> str:
    title = html.escape(_title(pieces))
    try:
        found = lesson(pieces.stem)
    except ValueError:
        return title
    return f"<a href='{html.escape(found.file)}'>{title}</a>" if found.exists else title


def _title(pieces: Pieces) -> str:
    number = _place(pieces)[0]
    return f"{number if number < 1000 else ''} {pieces.stem.replace('_', ' ')}".strip()


def _place(pieces: Pieces) -> tuple[int, str]:
    try:
        return lesson(pieces.stem).number, pieces.stem
    except ValueError:
        return 1000, pieces.stem


def _name(key: str) -> str:
    return key.partition(".")[2].replace("_", " ")


def _button(words: str, tooltip: str, press: Any) -> widgets.Button:
    made = widgets.Button(description=words, tooltip=tooltip)
    made.on_click(press)
    return made


def _row(*children: widgets.Widget) -> widgets.HBox:
    made = widgets.HBox(children)
    made.add_class("labkit-progress-row")
    return made
