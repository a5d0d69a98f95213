"""Who wrote what: an entry to cite for each paper on record, and for the kit."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from labkit.curriculum import lesson
from labkit.files import data_path, home, read_rows
from labkit.papers import Paper, papers, status

COLUMNS = ["id", "authors", "year", "arxiv", "read_in"]
ROLES = ("main", "section", "framing")
NOT_ON_RECORD = "Authors are not on record here"


@dataclass(frozen=True, slots=True)
class Reference:
    """What is known about a paper beside its title.

    Attributes
    ----------
    id : str
        S001 to S119.
    authors : tuple of str
        Names as they were read, some without first names; the last is "others" where the list is not whole.
    year : int or None
        When it appeared.
    arxiv : str
        Its number there; empty where none is on record.
    read_in : str
        Where this was read.
    """

    id: str
    authors: tuple[str, ...] = ()
    year: int | None = None
    arxiv: str = ""
    read_in: str = ""

    @property
    def address(self) -> str:
        """Where it can be read, empty where that is not on record."""
        return f"https://arxiv.org/abs/{self.arxiv}" if self.arxiv else ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to cite: a line of text and the same as BibTeX."""

    line: str
    bibtex: str


@dataclass(frozen=True, repr=False)
class Citation:
    """Entries for papers and for the kit; shows each so that one click selects it.

    Attributes
    ----------
    entries : tuple of Entry
        The papers first, then the kit.
    """

    entries: tuple[Entry, ...]

    @property
    def bibtex(self) -> str:
        """All entries, for a .bib file."""
        return "\n\n".join(entry.bibtex for entry in self.entries) + "\n"

    @property
    def text(self) -> str:
        """All entries as lines of text."""
        return "\n".join(entry.line for entry in self.entries) + "\n"

    @property
    def html(self) -> str:
        """All entries as HTML, everything escaped."""
        once = "user-select: all; -webkit-user-select: all; white-space: pre-wrap; margin: .3em 0"
        shown = "".join(
            f'<p style="{once}; max-width: 46em">{html.escape(entry.line)}</p>'
            f"<details><summary>BibTeX</summary>"
            f'<pre tabindex="0" style="{once}">{html.escape(entry.bibtex)}</pre></details>'
            for entry in self.entries
        )
        return f"<div>{shown}<p><small>A click selects an entry as a whole; Ctrl+C copies it.</small></p></div>"

    def __repr__(self) -> str:
        """Return the lines of text, then the BibTeX."""
        return f"{self.text}\n{self.bibtex}".rstrip()

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self.html}


def cite(name: str = "") -> Citation:
    """Return what to cite for a lesson or a paper, and for the kit.

    Parameters
    ----------
    name : str
        A paper's id such as ``"S037"``, or a lesson such as ``"stigmergic_memory"``: its main paper and the others that
        its notebook treats. Without it, the kit alone.

    Returns
    -------
    Citation
        Shows itself in a notebook; ``.bibtex`` and ``.text`` are strings.

    Raises
    ------
    ValueError
        There is no such paper or lesson.
    """
    return Citation((*(_entry(paper, _known(paper.id)) for paper in _asked_for(name)), _kit()))


def _asked_for(name: str) -> list[Paper]:
    if not name:
        return []
    if re.fullmatch(r"S\d{3}", name):
        found = [paper for paper in papers() if paper.id == name]
        if not found:
            raise ValueError(f"there is no paper {name!r}; papers go from {papers()[0].id} to {papers()[-1].id}")
        return found
    asked = lesson(name)
    mine = [paper for paper in papers() if paper.lesson == asked]
    treated = [paper for paper in mine if paper.role == "main" or status(paper) == "runs today"]
    return sorted(treated, key=lambda paper: ROLES.index(paper.role))


@cache
def references() -> dict[str, Reference]:
    """Return what is on record, by id.

    Raises
    ------
    ValueError
        data/references.csv is not as it should be; the message names the row and what is allowed.
    """
    return load(data_path("references.csv"))


def load(path: Path) -> dict[str, Reference]:
    """Read and check a table of references.

    Raises
    ------
    ValueError
        As for `references`.
    """
    found: dict[str, Reference] = {}
    for number, row in enumerate(read_rows(path, COLUMNS), start=1):
        each = _reference(row, f"{path.name}, row {number}")
        if each.id in found:
            raise ValueError(f"{path.name}, row {number}: {each.id} stands there twice")
        found[each.id] = each
    return found


def _reference(row: dict[str, str], where: str) -> Reference:
    name, authors, year, arxiv, read_in = row.values()
    if name not in {paper.id for paper in papers()}:
        raise ValueError(f"{where}: id = {name!r} is no paper of data/papers.csv")
    if not re.fullmatch(r"(19|20)\d\d", year):
        raise ValueError(f"{where}: year = {year!r}: allowed is a year")
    if not re.fullmatch(r"\d{4}\.\d{4,5}", arxiv):
        raise ValueError(f"{where}: arxiv = {arxiv!r}: allowed is a number such as 2512.10166")
    if not read_in or not authors:
        raise ValueError(f"{where}: authors and read_in may not be empty")
    return Reference(name, tuple(authors.split("; ")), int(year), arxiv, read_in)


def _known(name: str) -> Reference:
    return references().get(name, Reference(name))


def _entry(paper: Paper, known: Reference) -> Entry:
    who = _listed(known.authors) if known.authors else NOT_ON_RECORD
    parts = [who + (f" ({known.year})" if known.year else ""), paper.title, known.address]
    fields = {
        "author": " and ".join(known.authors),
        "title": f"{{{_tex(paper.title)}}}",
        "year": str(known.year or ""),
        "eprint": known.arxiv,
        "archivePrefix": "arXiv" if known.arxiv else "",
        "url": known.address,
        "note": "" if known.authors else f"{NOT_ON_RECORD} (labkit, {paper.id})",
    }
    return Entry(". ".join(filter(None, parts)), _bibtex("misc", _key(paper, known), fields))


def _listed(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _key(paper: Paper, known: Reference) -> str:
    if not known.authors:
        return paper.id
    word = next(word for word in re.findall(r"[a-z]+", paper.title.lower()) if len(word) > 3)
    return re.sub(r"[^a-z0-9]", "", f"{known.authors[0].split()[-1]}{known.year}{word}".lower())


def _kit() -> Entry:
    known = citation_file((home() / "CITATION.cff").read_text(encoding="utf-8"))
    line = "{authors}. {title}, version {version}. {repository-code}".format(**known)
    fields = {
        "author": f"{{{_tex(known['authors'])}}}",
        "title": f"{{{_tex(known['title'])}}}",
        "version": known["version"],
        "license": known["license"],
        "url": known["repository-code"],
    }
    return Entry(line, _bibtex("software", "labkit", fields))


def citation_file(text: str) -> dict[str, str]:
    """Return what a CITATION.cff says, of the plain kind that ours is: scalars, and authors that are bodies.

    Parameters
    ----------
    text : str
        The file's text.

    Returns
    -------
    dict of str
        Each scalar by its key, and ``authors``, joined by "and".
    """
    found = dict(re.findall(r'^([\w-]+): *"?(.+?)"? *$', text, re.MULTILINE))
    return found | {"authors": " and ".join(re.findall(r'^ +- name: *"?(.+?)"? *$', text, re.MULTILINE))}


def _bibtex(kind: str, key: str, fields: dict[str, str]) -> str:
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@{kind}{{{key},", *lines, "}"])


def _tex(text: str) -> str:
    return re.sub(r"([&%$#_])", r"\\\1", text)
