"""The lessons and the learning paths as tables, made from what is on disk."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

from labkit.curriculum import Lesson, lessons, paths
from labkit.papers import papers, status


@dataclass(frozen=True, repr=False)
class Table:
    """A table with a caption that reads well as Markdown and as plain text.

    Attributes
    ----------
    headings : tuple of str
        The names of the columns.
    rows : tuple of tuple of str
        The cells; a cell may be a Markdown link.
    caption : str
        One sentence computed from the rows.
    """

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str

    @property
    def markdown(self) -> str:
        """The table in Markdown."""
        lines = [self.headings, tuple("---" for _ in self.headings), *(tuple(map(_cell, row)) for row in self.rows)]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines) + f"\n\n{self.caption}\n"

    def __repr__(self) -> str:
        """Return the table as lines of text."""
        plain = [self.headings, *(tuple(_unlinked(cell) for cell in row) for row in self.rows)]
        widths = [max(len(row[column]) for row in plain) for column in range(len(self.headings))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in plain
        ]
        return "\n".join([*lines, "", self.caption])

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/plain": repr(self), "text/markdown": self.markdown}


def table_of_lessons() -> Table:
    """Return all lessons: number, name (a link where it exists), question, papers, minutes."""
    count = Counter(paper.notebook for paper in papers())
    rows = []
    part = ""
    for each in lessons():
        rows.append(
            (
                "" if each.part == part else each.part,
                _name(each),
                each.question,
                str(count[each.lesson]),
                _minutes(each),
            )
        )
        part = each.part
    ready = sum(each.exists for each in lessons())
    running = sum(status(paper) == "runs today" for paper in papers())
    today = f"{running} of {len(papers())} papers {'runs' if running == 1 else 'run'} today"
    caption = f"{ready} of {len(rows)} lessons {'is' if ready == 1 else 'are'} ready and {today}; the rest is to come."
    return Table(("Part", "Lesson", "Question", "Papers", "Minutes"), tuple(rows), caption)


def table_of_paths() -> Table:
    """Return the learning paths: for whom, the lessons in order, and the minutes of those that exist."""
    rows = []
    for path in paths():
        ready = [each for each in path.lessons if each.exists]
        minutes = sum(each.minutes or 0 for each in ready)
        steps = ", ".join(_name(each) for each in path.lessons) if len(path.lessons) <= 6 else _summary(path.lessons)
        known = f"{minutes} ({len(ready)} of {len(path.lessons)} ready)" if ready else "to come"
        rows.append((path.name, path.reader, steps, known))
    caption = (
        "Minutes are those of the lessons that are ready; the others are named so that you can see where a path leads."
    )
    return Table(("Path", "For whom", "Lessons", "Minutes"), tuple(rows), caption)


def _name(each: Lesson) -> str:
    name = f"{each.number} {each.lesson}"
    return f"[{name}]({each.file})" if each.exists else name


def _minutes(each: Lesson) -> str:
    return "to come" if not each.exists else str(each.minutes or "")


def _summary(chosen: tuple[Lesson, ...]) -> str:
    ready = [_name(each) for each in chosen if each.exists]
    return f"all {len(chosen)} lessons in order" + (f", beginning with {ready[0]}" if ready else "")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _unlinked(cell: str) -> str:
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", cell)
