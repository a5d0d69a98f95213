"""Pages: what stands on one, and how it is filled in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

from labkit import __version__
from labkit.readme import Opening, opening
from labkit.site._cells import Piece, pieces
from labkit.site._links import Places, live, on_github, page_name
from labkit.site._prose import Prose

FIGURES = {"panel", "figure", "readings", "atlas"}


@dataclass(slots=True)
class Page:
    """One page of the site.

    Attributes
    ----------
    title, question : str
        Its heading, and what it is about.
    file, notebook : str
        Its name, and that of the document it is made from.
    pieces : list of Piece
        What stands on it.
    sections : list of (int, str, str)
        Its headings of the second level.
    names : frozenset of str
        The documents that have a page.
    links : list of dict
        The documents in the head of every page.
    next : dict or None
        The page after it.
    """

    title: str
    question: str
    file: str
    notebook: str
    pieces: list[Piece]
    sections: list[tuple[int, str, str]] = field(default_factory=list)
    names: frozenset[str] = frozenset()
    links: list[dict[str, str]] = field(default_factory=list)
    next: dict[str, str] | None = None
    seen: Opening | None = None

    def html(self) -> str:
        """Return the page."""
        is_notebook = self.notebook.endswith(".ipynb")
        given = {
            "title": self.title,
            "question": self.question,
            "pieces": self.pieces,
            "sections": self.sections,
            "links": self.links,
            "next": self.next,
            "notebook": self.notebook,
            "live": live(self.notebook) if is_notebook else {},
            "source": on_github(f"notebooks/{self.notebook}" if self.notebook != "README.md" else self.notebook),
            "figures": any(piece.kind in FIGURES for piece in self.pieces),
            "pages": self.names,
            "version": __version__,
        }
        return str(_templates().get_template("page.html").render(given))


@cache
def _templates() -> Any:
    import jinja2

    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["page"] = page_name
    return found


def page_of_notebook(path: Path, notebook: Any, names: frozenset[str]) -> Page:
    """Return the page of an executed notebook.

    Parameters
    ----------
    path : Path
        Where it stands.
    notebook : nbformat.NotebookNode
        Executed.
    names : frozenset of str
        The documents that have a page.
    """
    prose, seen = Prose(Places(names)), opening(path)
    found = pieces(notebook, prose, path.name)
    sections = [heading for heading in prose.headings if heading[0] == 2]
    return Page(seen.title, seen.question, page_name(path.name), path.name, found, sections, names, seen=seen)


def page_of_document(path: Path, names: frozenset[str]) -> Page:
    """Return the page of a Markdown document.

    Parameters
    ----------
    path : Path
        Where it stands.
    names : frozenset of str
        The documents that have a page.
    """
    prose = Prose(Places(names))
    try:
        text = Markup(prose.render(path.read_text(encoding="utf-8")))
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from None
    title = next((words for level, _, words in prose.headings if level == 1), path.stem.capitalize())
    sections = [heading for heading in prose.headings if heading[0] == 2]
    return Page(title, "", page_name(path.name), path.name, [Piece("prose", {"html": text})], sections, names)


def front(lessons: Sequence[Page], documents: Sequence[Page]) -> Page:
    """Return the first page of the site: the lessons that exist, and the documents.

    Parameters
    ----------
    lessons, documents : sequence of Page
        What it leads to.
    """
    rows = [
        {"href": page.file, "number": page.notebook[:2], "seen": page.seen, "live": live(page.notebook)}
        for page in lessons
    ]
    given = {"rows": rows, "documents": [{"href": page.file, "words": page.title} for page in documents]}
    words = "How many limited agents remember, weigh, argue, compress and explore together."
    return Page("labkit", words, "index.html", "README.md", [Piece("front", given)])
