"""The curriculum: 36 lessons in 8 parts, which of them exist, and paths through them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from labkit.files import data_path, home, read_rows

COLUMNS = ("number", "lesson", "part", "question", "needs")


@dataclass(frozen=True, slots=True)
class Lesson:
    """One lesson of the curriculum, built or not.

    Attributes
    ----------
    number : int
        Part and place: 11 is the first lesson of part 1.
    lesson : str
        Its name, with hyphens.
    part : str
        The name of its part.
    question : str
        What it is about, in a few words.
    needs : tuple of str
        The lessons that come before it.
    """

    number: int
    lesson: str
    part: str
    question: str
    needs: tuple[str, ...]

    @property
    def stem(self) -> str:
        """The name of its files."""
        return self.lesson.replace("-", "_")

    @property
    def file(self) -> str:
        """The name of its notebook, whether or not it exists."""
        return f"{self.number}_{self.stem}.ipynb"

    @property
    def path(self) -> Path:
        """Where its notebook is, or will be."""
        return home() / "notebooks" / self.file

    @property
    def exists(self) -> bool:
        """Whether its notebook is on disk."""
        return self.path.is_file()

    @property
    def minutes(self) -> int | None:
        """The minutes its first cell announces, None where it does not exist or does not say."""
        return minutes_in(prose(self.path)[:4000]) if self.exists else None


@dataclass(frozen=True, slots=True)
class LearningPath:
    """An order in which to take some of the lessons, and whom it serves."""

    name: str
    reader: str
    lessons: tuple[Lesson, ...]


def minutes_in(text: str) -> int | None:
    """Return the minutes that the first cell of a notebook announces, None where it does not say."""
    found = re.search(r"\b(\d+)\s+minutes\b", text)
    return int(found[1]) if found else None


@cache
def lessons() -> tuple[Lesson, ...]:
    """Return all lessons in the order of the curriculum.

    Raises
    ------
    ValueError
        A row of data/curriculum.csv is not as it should be; the message names it.
    """
    rows = read_rows(data_path("curriculum.csv"), COLUMNS)
    found: dict[str, Lesson] = {}
    for row in rows:
        if not all(row[name] for name in COLUMNS[:-1]) or not re.fullmatch(r"[1-9]\d", row["number"], re.ASCII):
            raise ValueError(
                f"data/curriculum.csv, {row}: a row needs {', '.join(COLUMNS)}; only needs may be empty, and a number "
                "is that of a part and a place in it, such as 11"
            )
        needs = tuple(row["needs"].split())
        if row["lesson"] in found:
            raise ValueError(f"data/curriculum.csv, {row['lesson']!r} stands there twice")
        if missing := [name for name in needs if name not in found and name not in {r["lesson"] for r in rows}]:
            raise ValueError(f"data/curriculum.csv, {row['lesson']!r} needs {missing[0]!r}, which is no lesson")
        found[row["lesson"]] = Lesson(int(row["number"]), row["lesson"], row["part"], row["question"], needs)
    return tuple(sorted(found.values(), key=lambda each: each.number))


def lesson(name: str) -> Lesson:
    """Return the lesson of that name, spelt with hyphens or underscores.

    Raises
    ------
    ValueError
        There is no such lesson.
    """
    for each in lessons():
        if each.lesson == name.replace("_", "-"):
            return each
    raise ValueError(f"there is no lesson {name!r}; the lessons are {', '.join(each.lesson for each in lessons())}")


def paths() -> tuple[LearningPath, ...]:
    """Return the learning paths."""
    core = [each for each in lessons() if each.number < 20]
    models = map(lesson, ("debate", "agent-anatomy", "long-horizon", "network-coordination", "coordination-scaling"))
    swarms = map(lesson, ("stigmergic-memory", "mean-field-swarms", "decentralised-mapf", "donor-game"))
    return (
        _path("One lesson", "You have one hour", [lesson("stigmergic-memory")]),
        _path("Short course", "A course module of five sessions", core),
        _path("Teams of language models", "You build with language models", models),
        _path("Swarms and societies", "You come from biology, physics or economics", swarms),
        _path("Long course", "A term, from the first lesson to the last", lessons()),
    )


@cache
def _read(path: Path, changed: int) -> str:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells)


def prose(path: Path) -> str:
    """Return the sources of all cells of a notebook, one below the other; empty where there is no notebook."""
    return _read(path, path.stat().st_mtime_ns) if path.is_file() else ""


def _path(name: str, reader: str, chosen: Iterable[Lesson]) -> LearningPath:
    return LearningPath(name, reader, tuple(chosen))
