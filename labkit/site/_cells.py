"""The cells of an executed notebook as the pieces of a page: prose, code, and what each output comes to."""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from labkit.publish import PLOTLY, WIDGET
from labkit.rendering import code
from labkit.site._encode import bare, pack
from labkit.site._hand import HANDED
from labkit.site._prose import Prose, framed

# What a page shows without the line of code that shows it in the notebook.
PLAIN = {"bet", "exercise", "nothing"}


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a page.

    Attributes
    ----------
    kind : str
        The macro of `templates/pieces.html` that shows it.
    given : dict
        What the macro is given.
    """

    kind: str
    given: dict[str, Any] = field(default_factory=dict)


def pieces(notebook: Any, prose: Prose, name: str) -> list[Piece]:
    """Return the pieces of a page.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Executed by `labkit.site._ask.executed`.
    prose : Prose
        Renders its Markdown.
    name : str
        The name of the notebook, for errors.

    Raises
    ------
    ValueError
        A formula does not convert, or a link leads nowhere; the message names notebook and cell.
    """
    found: list[Piece] = []
    for number, cell in enumerate(notebook.cells):
        try:
            found += _prose_pieces(cell, prose) if cell.cell_type == "markdown" else _code_pieces(cell, prose)
        except ValueError as error:
            raise ValueError(f"{name}, cell {number}: {error}") from None
    return found


def _prose_pieces(cell: Any, prose: Prose) -> list[Piece]:
    # The glossary links to cells, under the names that JupyterLab gives them.
    mark = f'<span id="cell-id={html.escape(cell.id)}"></span>'
    return [Piece("prose", {"html": Markup(mark + prose.render(cell.source))})]


def _code_pieces(cell: Any, prose: Prose) -> Iterator[Piece]:
    shown = list(_outputs(cell.outputs, prose))
    if cell.source.strip() and not any(piece.kind in PLAIN for piece in shown):
        # Numbers that are printed stand below the lines that print them; what is to be seen needs no lines above it.
        printed = bool(shown) and all(piece.kind == "printed" for piece in shown)
        yield Piece("code", {"html": Markup(code(cell.source)), "open": printed})
    yield from shown


def _outputs(outputs: list[Any], prose: Prose) -> Iterator[Piece]:
    handed = [output.data[HANDED] for output in outputs if HANDED in output.get("data", {})]
    said = ""
    for output in outputs:
        data = output.get("data", {})
        if output.output_type == "stream":
            if output.name == "stdout" and output.text.strip():
                yield Piece("printed", {"text": output.text.rstrip()})
        elif HANDED in data:
            yield _handed(data[HANDED])
        elif not handed:
            piece = _shown(data, prose)
            if PLOTLY in data:
                said = piece.given["description"]
            elif said and data.get("text/plain") == said:
                continue  # the sentence stands below the figure already
            yield piece


def _shown(data: dict[str, Any], prose: Prose) -> Piece:
    """Return the richest form of an output that needs no kernel."""
    if PLOTLY in data:
        figure = bare(data[PLOTLY])
        layout = figure["layout"]
        words = layout.get("meta", {}).get("description", "")
        given = {"packed": pack(figure), "description": words, "height": layout.get("height", 450)}
        return Piece("figure", given)
    if "text/html" in data and WIDGET not in data:
        return Piece("html", {"html": Markup(prose.places.led(framed(data["text/html"])))})
    if "text/markdown" in data:
        return Piece("html", {"html": Markup(prose.render(data["text/markdown"]))})
    return Piece("printed", {"text": data.get("text/plain", "")})


def _handed(given: dict[str, Any]) -> Piece:
    return Piece(given["kind"], {key: _marked(key, value) for key, value in given.items()})


def _marked(key: str, value: Any) -> Any:
    """Mark as HTML what `labkit.site._hand` has made with `labkit.teach.Words`, which escapes."""
    if key in ("html", "prompt", "solution", "question", "happened") or (key == "label" and isinstance(value, str)):
        return Markup(framed(value))
    if key == "hints":
        return [Markup(each) for each in value]
    if key in ("replies", "options"):
        return [{inner: _marked(inner, each[inner]) for inner in each} for each in value]
    return value
