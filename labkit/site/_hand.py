"""What each thing that a notebook shows hands over to its page. This runs in the notebook's kernel.

Between the cells of the executed copy stand calls of `hand_over` and `hand_over_answer`. They show one output of the
type `HANDED`, plain JSON, which the page is made from.
"""

from __future__ import annotations

from functools import singledispatch
from itertools import product
from typing import Any

from labkit.atlas import Atlas, picture
from labkit.explore import Frame, Live, Panel, Readings, Scene, scenes
from labkit.papers import papers, status
from labkit.site._encode import bare, changes, pack
from labkit.teach import Bet, Exercise, Feedback, Prediction, Words, source
from labkit.teach._betbox import BetBox
from labkit.teach._words import inline

HANDED = "application/vnd.labkit.page+json"


def hand_over(thing: Any, seconds: float) -> None:
    """Show what the page needs of a thing, where it needs more than what the notebook shows.

    Parameters
    ----------
    thing : Any
        The value of the cell before; None where it had none.
    seconds : float
        What the frames of a panel may take.
    """
    _show(panel_handed(thing, seconds) if isinstance(thing, Panel) else handed(thing))


def hand_over_answer(bet: Prediction, result: Any = None) -> None:
    """Show the replies to every bet that can be placed.

    Parameters
    ----------
    bet, result : Any
        What the notebook gives to `labkit.teach.answer`.
    """
    truth = bet.truth(result)
    # A number or a curve is answered by the band in which it lies, a choice by itself.
    chosen = isinstance(bet, Bet)
    replies = [
        {
            "choice": key,
            "label": inline(label),
            "right": chosen and key == truth,
            "html": _html(bet.reply_to(key, result)),
        }
        for key, label in bet.bands.items()
    ]
    said = "" if truth is None else inline(bet.happened(truth))
    _show({"kind": "answer", "key": bet.key, "happened": said, "chosen": chosen, "replies": replies})
    figure = None if truth is None else bet.figure(None, truth)
    if figure is not None:
        drawn = bare(figure)
        _show({"kind": "figure", "packed": pack(drawn), **_words(drawn)})


def _show(given: dict[str, Any] | None) -> None:
    from IPython.display import display

    if given is not None:
        display({HANDED: given}, raw=True)  # type: ignore[no-untyped-call]


@singledispatch
def handed(thing: Any) -> dict[str, Any] | None:
    """Return what the page needs of a thing as plain JSON, None where its own output serves."""
    return None


def panel_handed(panel: Panel, seconds: float) -> dict[str, Any]:
    """Return the views of a panel with their controls, and all of its frames, packed.

    Parameters
    ----------
    panel : Panel
        Standing at its start.
    seconds : float
        What its frames may take.
    """
    panel.settle()
    shown = [_scene(scene) for scene in scenes(panel, seconds)]
    return {"kind": "panel", "views": [view for view, _ in shown], "packed": pack([figures for _, figures in shown])}


def _scene(scene: Scene) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the controls of a view, and its figures: the base, and by control and position what differs."""
    base = _figure(scene.base)
    moved = {
        f"{number}.{position}": list(changes(base, _figure(frame)))
        for number, rail in enumerate(scene.rails)
        for position, frame in rail.frames.items()
    }
    controls = [
        {
            "name": rail.name,
            "help": rail.help,
            "kind": rail.kind,
            "positions": [_value(value) for value in rail.positions],
            "start": rail.start,
        }
        for rail in scene.rails
    ]
    view = {"label": scene.label, "replicates": scene.replicates, "controls": controls, **_words(base)}
    return view, {"base": base, "moved": moved}


def _figure(frame: Frame) -> dict[str, Any]:
    return {"words": frame.words} if frame.figure is None else bare(frame.figure)


def _words(figure: dict[str, Any]) -> dict[str, Any]:
    layout = figure.get("layout", {})
    said = figure.get("words") or layout.get("meta", {}).get("description", "")
    return {"description": said, "height": layout.get("height", 450)}


def _value(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


@handed.register
def _(readings: Readings) -> dict[str, Any]:
    values = {name: _values(control) for name, control in readings.controls.items()}
    texts, figures, base = [], [], None
    for chosen in product(*values.values()):
        text, figure = readings.read(**dict(zip(values, chosen, strict=True)))
        texts.append(text)
        if figure is not None:
            drawn = bare(figure)
            base = base or drawn
            figures.append(list(changes(base, drawn)))
    choices = [{"name": name, "positions": [str(value) for value in each]} for name, each in values.items()]
    packed = pack({"texts": texts, "figures": figures, "base": base})
    return {"kind": "readings", "choices": choices, "first": texts[0], "packed": packed, **_words(base or {})}


def _values(control: Any) -> list[Any]:
    if hasattr(control, "options"):
        return list(control.options)
    return list(range(control.min, control.max + 1, control.step))


@handed.register
def _(live: Live) -> dict[str, Any]:
    return {"kind": "live", "sets": [str(kind) for kind in live.kind.options]}


@handed.register
def _(atlas: Atlas) -> dict[str, Any]:
    figure = picture()
    rows = [
        {
            "id": paper.id,
            "title": paper.title,
            "idea": paper.mechanism,
            "claim": paper.claim,
            "family": paper.family,
            "kind": paper.kind,
            "status": status(paper),
            "lesson": f"{paper.lesson.number} {paper.lesson.lesson}",
            "file": paper.lesson.file if paper.lesson.exists else "",
        }
        for paper in papers()
    ]
    return {"kind": "atlas", "rows": rows, "packed": pack(bare(figure)), **_words(bare(figure))}


@handed.register
def _(box: BetBox) -> dict[str, Any]:
    bet = box.bet
    # A number or a curve cannot be put in without a kernel.
    options = bet.options if isinstance(bet, Bet) else {}
    shown = [{"choice": key, "label": inline(label)} for key, label in options.items()]
    return {"kind": "bet", "key": bet.key, "question": inline(bet.question), "options": shown}


@handed.register
def _(exercise: Exercise) -> dict[str, Any]:
    solution = source(exercise.solution, whole=True).html
    hints = [_html(each) for each in exercise.hints]
    return {"kind": "exercise", "prompt": _html(exercise.prompt), "hints": hints, "solution": solution}


@handed.register
def _(feedback: Feedback) -> dict[str, Any] | None:
    return {"kind": "nothing"} if feedback.verdict == "nothing" else None


def _html(text: str) -> str:
    return Words(text).html
