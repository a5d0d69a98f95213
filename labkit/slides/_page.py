"""Slides as one page of HTML: pictures and formulas inside, keys to turn them."""

from __future__ import annotations

import html
import os
from collections.abc import Iterator
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import quote

import nbformat

from labkit.files import write_text
from labkit.rendering import Markdown, code
from labkit.slides._rule import Slide, sequence

_HERE = Path(__file__).parent


def write(notebook: Path, folder: Path) -> Path:
    """Write the slides of a notebook and return the path of the page.

    Parameters
    ----------
    notebook : Path
        An executed notebook.
    folder : Path
        Where the page goes, under the notebook's name; made where it is missing.

    Returns
    -------
    Path
        The page; a browser opens it from disk.

    Raises
    ------
    FileNotFoundError
        There is no such notebook.
    ValueError
        It is no notebook, or it has no cells.
    """
    if not notebook.is_file():
        raise FileNotFoundError(f"there is no notebook {notebook}")
    try:
        cells = nbformat.read(notebook, as_version=4).cells
    except (nbformat.reader.NotJSONError, nbformat.ValidationError) as error:
        raise ValueError(f"{notebook} is not a notebook: {error}") from None
    path = folder / f"{notebook.stem}.html"
    write_text(path, page(cells, notebook.stem, _way(folder.resolve(), notebook.resolve().parent)))
    return path


def _way(start: Path, end: Path) -> str:
    """Return the address of a folder as seen from another; whole where they lie on different drives."""
    if start.drive != end.drive:
        return end.as_uri()
    return quote(Path(os.path.relpath(end, start)).as_posix())


def page(cells: list[Any], name: str, notebooks: str = ".") -> str:
    """Return the slides of a notebook as one page.

    Parameters
    ----------
    cells : list of nbformat.NotebookNode
        The cells of an executed notebook.
    name : str
        What the page is called where the notebook has no title.
    notebooks : str
        The way from the page to the folder of the notebooks, for links between them.

    Returns
    -------
    str
        HTML that needs nothing beside it.

    Raises
    ------
    ValueError
        There is nothing to present.
    """
    slides = sequence(cells)
    if not slides:
        raise ValueError(f"{name} has no cell to present")
    markdown = Markdown(notebooks)
    words = (cell.source for cell in cells if cell.cell_type == "markdown")
    title = next((text.splitlines()[0].lstrip("# ") for text in words if text.startswith("# ")), name)
    return Template((_HERE / "slides.html").read_text(encoding="utf-8")).substitute(
        title=html.escape(title),
        style=(_HERE / "slides.css").read_text(encoding="utf-8"),
        script=(_HERE / "slides.js").read_text(encoding="utf-8"),
        slides="\n".join(_slide(slide, number, len(slides), markdown) for number, slide in enumerate(slides, 1)),
    )


def _slide(slide: Slide, number: int, count: int, markdown: Markdown) -> str:
    shown = "".join(_cell(cell, later, markdown) for cell, later in zip(slide.cells, slide.later, strict=True))
    left = "".join(_cell(cell, False, markdown) for cell in slide.left_out)
    aside = f'<aside aria-label="left out of the slides">{left}</aside>' if left else ""
    kind = "sub" if slide.sub else "top"
    return (
        f'<section class="{kind}" id="s{number}" tabindex="-1" aria-label="slide {number} of {count}">'
        f"{shown}{aside}</section>"
    )


def _cell(cell: Any, later: bool, markdown: Markdown) -> str:
    marks = ' class="cell later"' if later else ' class="cell"'
    if cell.cell_type == "markdown":
        return f"<div{marks}>{markdown.render(cell.source)}</div>"
    return f"<div{marks}>{code(cell.source)}{''.join(_outputs(cell.outputs))}</div>"


def _outputs(outputs: list[Any]) -> Iterator[str]:
    for output in outputs:
        data = output.get("data", {})
        words = "".join(output.get("text", "") or data.get("text/plain", ""))
        if "image/png" in data:
            picture = "".join(data["image/png"]).replace("\n", "")
            yield (
                f'<figure><img src="data:image/png;base64,{picture}" alt="{html.escape(words)}">'
                f"<figcaption>{html.escape(words)}</figcaption></figure>"
            )
        elif words:
            yield f'<pre class="output" tabindex="0">{html.escape(words)}</pre>'
