"""Which cell begins a slide: a rule over the cells, so that the same notebook always gives the same slides."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

SlideType = Literal["slide", "subslide", "fragment", "skip", "-"]

MOST_LINES = 25
"""Of prose on one slide."""
LINE = 95
"""Signs that fit on a line of a slide."""
PICTURE_LINES = 14
CODE_LINES = 17
"""What is longer scrolls, and so stays with the words that lead to it."""

_SETUP = re.compile(r"^(?:import |from |%|!|try:|except |    |\)|#|$)")
_ANSWER = re.compile(r"^check\(", re.MULTILINE)
_STUCK = re.compile(r"^Stuck\?")


@dataclass(slots=True)
class Slide:
    """What is shown at once.

    Attributes
    ----------
    cells : list
        Its cells, in order.
    later : list of bool
        For each cell, whether it waits for a key.
    sub : bool
        Whether it goes on with the section of the slide before it.
    left_out : list
        The cells after it that are not presented.
    """

    cells: list[Any] = field(default_factory=list)
    later: list[bool] = field(default_factory=list)
    sub: bool = False
    left_out: list[Any] = field(default_factory=list)


def slide_types(cells: Sequence[Any]) -> list[SlideType]:
    """Return for each cell what Jupyter calls its slide type (our construction).

    A heading of the first or second level begins a slide, one of the third level a subslide. What follows stays with it
    while the slide has room, words together with the code they lead to; else it begins a subslide. Code that has
    something to show waits for a key, so that a room can say first what will come. Imports, answers and hints are left
    out.

    Parameters
    ----------
    cells : sequence of nbformat.NotebookNode
        The cells of an executed notebook.

    Returns
    -------
    list of str
        "slide", "subslide", "fragment", "skip", or "-" for a cell that goes on with the one before.
    """
    found: list[SlideType] = []
    used = 0
    for place, cell in enumerate(cells):
        kind, lines = _kind(cell), _lines(cell)
        if kind in ("-", "fragment") and used + lines + _led_to(cells, place) > MOST_LINES:
            kind = "subslide"
        if kind != "skip":
            used = lines if kind in ("slide", "subslide") else used + lines
        found.append(kind)
    return found


def _led_to(cells: Sequence[Any], place: int) -> int:
    """Return the lines of the code that the words in this place lead to: they go to one slide together."""
    after = next((cell for cell in cells[place + 1 :] if _kind(cell) != "skip"), None)
    together = cells[place].cell_type == "markdown" and after is not None and after.cell_type == "code"
    return _lines(after) if together else 0


def sequence(cells: Sequence[Any]) -> list[Slide]:
    """Return the slides of a notebook, from the types stored in its cells or, where there are none, by the rule.

    Parameters
    ----------
    cells : sequence of nbformat.NotebookNode
        The cells of a notebook.

    Returns
    -------
    list of Slide
        In order; none is empty.
    """
    stored = [cell.metadata.get("slideshow", {}).get("slide_type", "") for cell in cells]
    slides: list[Slide] = []
    for cell, kind in zip(cells, stored if any(stored) else slide_types(cells), strict=True):
        if kind in ("skip", "notes"):
            if slides:
                slides[-1].left_out.append(cell)
            continue
        if kind in ("slide", "subslide") or not slides:
            slides.append(Slide(sub=kind == "subslide"))
        slides[-1].cells.append(cell)
        slides[-1].later.append(kind == "fragment")
    return slides


def prose_lines(text: str) -> int:
    """Return about how many lines a slide needs for a text in Markdown.

    Parameters
    ----------
    text : str
        The source of a cell.

    Returns
    -------
    int
        Lines of about `LINE` signs; a formula on lines of its own counts as two.
    """
    shown = re.sub(r"\[!\[.*?\]\(.*?\)\]\(.*?\)|\]\([^)]*\)", "", re.sub(r"\$\$.*?\$\$", "f\nf", text, flags=re.DOTALL))
    return sum(math.ceil(len(line) / LINE) for line in shown.splitlines() if line.strip())


def _kind(cell: Any) -> SlideType:
    text = cell.source
    if cell.cell_type == "markdown":
        if _STUCK.match(text):
            return "skip"
        return "slide" if re.match(r"##? ", text) else "subslide" if text.startswith("### ") else "-"
    setup = all(_SETUP.match(line) for line in text.splitlines())
    if setup or _ANSWER.search(text) or not _shown(cell):
        return "skip"
    return "fragment"


def _lines(cell: Any) -> int:
    if cell.cell_type == "markdown":
        return prose_lines(cell.source)
    code = len(cell.source.splitlines())
    if any("image/png" in output.get("data", {}) for output in cell.outputs):
        return code + PICTURE_LINES
    return min(code + len(_shown(cell).splitlines()), CODE_LINES)


def _shown(cell: Any) -> str:
    """Return what a saved code cell shows, as text."""
    parts = (output.get("text", "") or output.get("data", {}).get("text/plain", "") for output in cell.outputs)
    return "\n".join("".join(part) for part in parts)
