"""The words of the field that the lessons use: what each means, and where it is used."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from labkit.files import data_path, home, read_rows, write_text

COLUMNS = ["term", "definition", "synonyms"]
MOST_SECTIONS = 4
"""Of one notebook, in one entry."""


@dataclass(frozen=True, slots=True)
class Term:
    """One entry.

    Attributes
    ----------
    name : str
        The word.
    definition : str
        What it means, in a sentence or two.
    synonyms : tuple of str
        Other words and forms under which it is found and looked up.
    """

    name: str
    definition: str
    synonyms: tuple[str, ...] = ()

    @property
    def anchor(self) -> str:
        """The name of its place in notebooks/glossary.md."""
        return anchor(self.name)

    def used_in(self, text: str) -> bool:
        """Return whether a text holds the word, one of its synonyms, or the plural of either."""
        forms = "|".join(re.escape(each) for each in (self.name, *self.synonyms))
        return re.search(rf"(?<![\w-])(?:{forms})(?:s|es)?(?![\w-])", text, re.IGNORECASE) is not None


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a notebook under one heading."""

    file: str
    title: str
    heading: str
    text: str
    cell: str

    @property
    def address(self) -> str:
        """The link to it, from the folder of the notebooks.

        JupyterLab finds a cell in a notebook that it is just opening, a heading only in one that it shows already.
        """
        return f"{self.file}#cell-id={quote(self.cell)}"


@dataclass(frozen=True, repr=False)
class Definition:
    """An entry and where its word is used; shows itself in a notebook with links."""

    term: Term
    sections: tuple[Section, ...]

    @property
    def markdown(self) -> str:
        """The entry as it stands in notebooks/glossary.md."""
        also = f" (also: {', '.join(self.term.synonyms)})" if self.term.synonyms else ""
        places = [f"- {title}: {', '.join(links)}" for title, links in self._places("[{}]({})".format)]
        return "\n\n".join([f"### {self.term.name}", self.term.definition + also, "\n".join(places)])

    @property
    def html(self) -> str:
        """The entry as HTML, everything escaped."""

        def link(heading: str, address: str) -> str:
            return f'<a href="{html.escape(address)}">{html.escape(heading)}</a>'

        used = "".join(f"<li>{html.escape(title)}: {', '.join(links)}</li>" for title, links in self._places(link))
        words = html.escape(self.term.definition)
        return f"<p style='max-width: 46em'><b>{html.escape(self.term.name)}.</b> {words}</p><ul>{used}</ul>"

    def __repr__(self) -> str:
        """Return name, definition and where it is used, as lines of text."""
        places = [f"  {title}: {', '.join(headings)}" for title, headings in self._places(lambda heading, _: heading)]
        return "\n".join([f"{self.term.name}: {self.term.definition}", *(["Used in", *places] if places else [])])

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self.html}

    def _places(self, link: Callable[[str, str], str]) -> Iterator[tuple[str, list[str]]]:
        """Yield for each notebook its number and title, and its sections as links."""
        for title in dict.fromkeys(section.title for section in self.sections):
            mine = [section for section in self.sections if section.title == title]
            links = [link(_plain(each.heading), each.address) for each in mine[:MOST_SECTIONS]]
            yield title, links + ([f"and {len(mine) - MOST_SECTIONS} more"] if len(mine) > MOST_SECTIONS else [])


def define(word: str) -> Definition:
    """Return what a word means in these notebooks, and where it is used.

    Parameters
    ----------
    word : str
        A term of the glossary or one of its synonyms, in any case.

    Returns
    -------
    Definition
        Shows itself in a notebook, with links.

    Raises
    ------
    ValueError
        The glossary does not have the word; the message names the nearest ones.
    """
    from difflib import get_close_matches

    names = {form.lower(): term for term in terms() for form in (*term.synonyms, term.name)}
    if (asked := word.strip().lower()) in names:
        return Definition(names[asked], uses(names[asked]))
    near = ", ".join(get_close_matches(asked, names, 3)) or "none near it"
    raise ValueError(f"{word!r} is not in the glossary; it has {len(terms())} terms, the nearest: {near}")


@cache
def terms() -> tuple[Term, ...]:
    """Return all entries, in the order of the alphabet.

    Raises
    ------
    ValueError
        data/glossary.csv is not as it should be; the message names the row and what is allowed.
    """
    return load(data_path("glossary.csv"))


def load(path: Path) -> tuple[Term, ...]:
    """Read and check a glossary.

    Raises
    ------
    ValueError
        As for `terms`.
    """
    taken: dict[str, int] = {}
    found = []
    for number, row in enumerate(read_rows(path, COLUMNS), start=1):
        if not row["term"].strip() or not row["definition"].endswith("."):
            raise ValueError(f"{path.name}, row {number}: {row}: a row has a term, a sentence, and synonyms or nothing")
        term = Term(row["term"], row["definition"], tuple(filter(None, row["synonyms"].split("; "))))
        for form in (term.name, *term.synonyms):
            if taken.setdefault(form.lower(), number) != number:
                raise ValueError(f"{path.name}, row {number}: {form!r} stands in row {taken[form.lower()]} already")
        found.append(term)
    return tuple(sorted(found, key=lambda term: term.name.lower()))


def uses(term: Term) -> tuple[Section, ...]:
    """Return the sections of the notebooks whose prose or saved words use a term, in order."""
    return tuple(section for section in sections() if term.used_in(f"{section.heading}\n{section.text}"))


def sections() -> tuple[Section, ...]:
    """Return all sections of all notebooks: what stands under a heading of the second or third level."""
    files = sorted((home() / "notebooks").glob("[0-9]*.ipynb"))
    return tuple(section for path in files for section in _sections(path, path.stat().st_mtime_ns))


@cache
def _sections(path: Path, changed: int) -> tuple[Section, ...]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    title = re.search(r"^# (.+)$", "\n\n".join(map(_words, cells)), re.MULTILINE)
    name = f"{path.name[:2]} {title[1].strip()}" if title else path.stem
    found: list[Section] = []
    for cell in cells:
        more, *parts = re.split(r"^##+ (.+?)\s*$", _words(cell), flags=re.MULTILINE)
        if found:
            found[-1] = replace(found[-1], text=f"{found[-1].text}\n\n{more}")
        for heading, text in zip(parts[::2], parts[1::2], strict=True):
            found.append(Section(path.name, name, heading, text, cell["id"]))
    return tuple(found)


def _words(cell: dict[str, Any]) -> str:
    """Return what a reader of the saved notebook sees of a cell, beside its code."""
    if cell["cell_type"] == "markdown":
        return "".join(cell["source"])
    # An entry that is shown is no use of its word: else the page would change each time it is written.
    if "define(" in "".join(cell["source"]):
        return ""
    shown = ("".join(output.get("data", {}).get("text/plain", "")) for output in cell.get("outputs", []))
    # No heading may begin in an output.
    return "\n\n".join(re.sub(r"^#", " #", text, flags=re.MULTILINE) for text in shown)


def page() -> str:
    """Return notebooks/glossary.md: all entries, with links to where they are used."""
    entries = [Definition(term, uses(term)) for term in terms()]
    letters = dict.fromkeys(entry.term.name[0].upper() for entry in entries)
    first = {
        letter: next(entry.term for entry in entries if entry.term.name[0].upper() == letter) for letter in letters
    }
    index = " · ".join(f"[{letter}](#{term.anchor})" for letter, term in first.items())
    head = (
        "# Glossary\n\n"
        f"{len(entries)} words of the field as these notebooks use them, with the sections that use them. "
        'In a notebook, `from labkit.glossary import define; define("regret")` shows an entry. '
        "In JupyterLab, click again on a link whose section is not yet in view: the notebook was still loading. "
        "GitHub opens a notebook at its top.\n\n"
        f"<!-- Written by `labkit readme` from data/glossary.csv. -->\n\n{index}\n"
    )
    return "\n".join([head, *(entry.markdown + "\n" for entry in entries)])


def anchor(heading: str) -> str:
    """Return the name under which GitHub lets one link to a heading of a Markdown page."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def write() -> Path:
    """Write notebooks/glossary.md and return its path."""
    path = home() / "notebooks" / "glossary.md"
    write_text(path, page())
    return path


def _plain(heading: str) -> str:
    return re.sub(r"^\d+\. ", "", heading)
