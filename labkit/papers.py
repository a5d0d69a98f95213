"""The papers the kit is built on: 119 of them, each with its idea, its claim, and what has become of it here."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from labkit.curriculum import Lesson, lesson, lessons, prose
from labkit.files import data_path, read_rows

if TYPE_CHECKING:
    from labkit.ledger import Measured
    from labkit.references import Citation

COUNT = 119
KINDS = ("mechanism", "system", "benchmark", "survey", "position")
ROLES = ("main", "section", "framing")
SIZES = ("S", "M", "L")
FEASIBLE = ("yes", "reduced", "concept")
ALLOWED = {"kind": KINDS, "role": ROLES, "size": SIZES, "cpu_feasible": FEASIBLE}
Status = Literal["runs today", "planned"]


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper of the atlas.

    Attributes
    ----------
    id : str
        S001 to S119.
    seed_line : int
        Where it stands in the list the kit began with.
    title : str
        The paper's title.
    kind : {"mechanism", "system", "benchmark", "survey", "position"}
        What it offers.
    family : str
        The family of ideas it belongs to.
    mechanism, claim : str
        Its idea and its claim, in our words.
    notebook : str
        The lesson it belongs to.
    role : {"main", "section", "framing"}
        What it is in that lesson: its mechanism, a section of it, or the frame around it.
    size : {"S", "M", "L"}
        How much work it is to rebuild.
    cpu_feasible : {"yes", "reduced", "concept"}
        Whether two processor cores are enough: for all of it, for a smaller version, or for the idea alone.
    """

    id: str
    seed_line: int
    title: str
    kind: str
    family: str
    mechanism: str
    claim: str
    notebook: str
    role: str
    size: str
    cpu_feasible: str

    @property
    def lesson(self) -> Lesson:
        """The lesson it belongs to."""
        return lesson(self.notebook)


@cache
def papers() -> tuple[Paper, ...]:
    """Return all papers, in the order of their ids.

    Raises
    ------
    ValueError
        data/papers.csv is not as it should be; the message names the row and what is allowed.
    """
    return load(data_path("papers.csv"))


def load(path: Path) -> tuple[Paper, ...]:
    """Read and check an atlas.

    Raises
    ------
    ValueError
        As for `papers`.
    """
    rows = read_rows(path, [field.name for field in fields(Paper)])
    found = [_paper(row, f"{path.name}, row {number}") for number, row in enumerate(rows, start=1)]
    ids = [paper.id for paper in found]
    for name in sorted({f"S{number:03d}" for number in range(1, COUNT + 1)} | set(ids)):
        if ids.count(name) != 1:
            raise ValueError(
                f"{path.name}: {name} stands there {ids.count(name)} times; each of S001 to S{COUNT} stands there once"
            )
    for each in lessons():
        if (mains := sum(paper.notebook == each.lesson and paper.role == "main" for paper in found)) != 1:
            raise ValueError(f"{path.name}: lesson {each.lesson!r} has {mains} main papers; each lesson has one")
    return tuple(sorted(found, key=lambda paper: paper.id))


def _paper(row: dict[str, str], where: str) -> Paper:
    where = f"{where} ({row.get('id', '')})"
    for field in fields(Paper):
        if not row.get(field.name, "").strip():
            raise ValueError(f"{where}: {field.name} is empty")
    for name, allowed in ALLOWED.items():
        if row[name] not in allowed:
            raise ValueError(f"{where}: {name} = {row[name]!r}: allowed is one of {', '.join(allowed)}")
    if not re.fullmatch(r"S\d{3}", row["id"]):
        raise ValueError(f"{where}: id = {row['id']!r}: allowed is S001 to S{COUNT}")
    if not re.fullmatch(r"\d+", row["seed_line"], re.ASCII):
        raise ValueError(f"{where}: seed_line = {row['seed_line']!r}: allowed is a whole number")
    if row["notebook"] not in {each.lesson for each in lessons()}:
        raise ValueError(f"{where}: notebook = {row['notebook']!r} is no lesson of data/curriculum.csv")
    return Paper(**{**row, "seed_line": int(row["seed_line"])})  # type: ignore[arg-type]


def status(paper: Paper) -> Status:
    """Return what has become of a paper: it runs today where its lesson is on disk and treats it.

    The main paper of a lesson is its mechanism; a section or framing counts when the notebook names its id.
    """
    notebook = paper.lesson.path
    treated = notebook.is_file() and (paper.role == "main" or paper.id in prose(notebook))
    return "runs today" if treated else "planned"


def verdicts(paper: Paper) -> tuple[Measured, ...]:
    """Return what is on record about this paper's claims, empty where nothing has been measured.

    A claim whose key, statement or source names a paper's id belongs to that paper; the others belong to the
    main paper of their lesson.
    """
    from labkit.ledger import recorded

    found = []
    for measured in recorded().values():
        claim = measured.claim
        named = re.search(
            r"\bS\d{3}(?!\d)", f"{claim.key.replace('_', ' ')} {claim.statement} {claim.read_in}", re.IGNORECASE
        )
        ours = named[0].upper() == paper.id if named else paper.role == "main"
        if claim.stem == paper.lesson.stem and ours:
            found.append(measured)
    return tuple(found)


def cite(name: str = "") -> Citation:
    """Return what to cite for a lesson ("stigmergic_memory") or a paper ("S037"), and for the kit.

    Parameters
    ----------
    name : str
        As for `labkit.references.cite`.

    Raises
    ------
    ValueError
        There is no such paper or lesson.
    """
    from labkit.references import cite as entries

    return entries(name)
