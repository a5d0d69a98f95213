"""The folder of a course: what is written where, and what is never overwritten."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from labkit.assignment._lesson import Material, material
from labkit.assignment._notebook import notebook
from labkit.files import write_text

RECORD = ".labkit_assignment.json"

CONFIG = '''"""How nbgrader releases and grades the assignments of this course."""

import os
from pathlib import Path

try:
    import labkit.assignment  # noqa: F401
except ImportError as error:
    raise SystemExit("The tests call labkit, which this Python lacks: every answer would earn 0 points.") from error

c = get_config()  # noqa: F821

c.CourseDirectory.course_id = {course!r}

# What stands in the place of a solution when an assignment is released.
c.ClearSolutions.code_stub = {{"python": "# Replace the dots by your answer."}}
c.ClearSolutions.text_stub = "Write your answer here."

# Some answers are tried out in a simulation, for some seconds. A cell that takes longer than this does not come back.
c.Execute.timeout = 120

# Students may leave checks of the lessons in their cells; grading keeps the progress of none of them.
os.environ["LABKIT_PROGRESS"] = str(Path(__file__).with_name(".progress_while_grading.json"))
'''

NEXT = """Next, inside {folder}:

  nbgrader generate_assignment {first}
      makes release/{first}/: what students get, without solutions
  Hand it out. Put what comes back into submitted/NAME/{first}/{first}.ipynb, one folder for each student.
  nbgrader autograde {first}
      marks the exercises and keeps the points in gradebook.db
  labkit lab --folder .
      menu Nbgrader, Formgrader, Manual Grading: mark the question in words. A good answer and what earns how much
      stand at the end of source/{first}/{first}.ipynb
  nbgrader generate_feedback {first}
      makes a page for each student in feedback/, with the reply to each mistake
  nbgrader export
      writes all points to grades.csv"""


@dataclass(frozen=True)
class Course:
    """What was written.

    Attributes
    ----------
    folder : Path
        The course.
    assignments : tuple of Material
        One for each lesson, each with one notebook of the same name.
    replaced : tuple of str
        Files that had been edited and were replaced.
    """

    folder: Path
    assignments: tuple[Material, ...]
    replaced: tuple[str, ...]


def write(stems: Sequence[str], folder: Path, *, force: bool = False) -> Course:
    """Write a course of nbgrader, or add assignments to one.

    Parameters
    ----------
    stems : sequence of str
        The lessons, one assignment each.
    folder : Path
        Where the course is, or will be.
    force : bool
        Replace files even where they have been edited.

    Returns
    -------
    Course

    Raises
    ------
    ValueError
        There is no such lesson; or a file has been edited, and nothing has been written.
    """
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is a file; a course needs a folder")
    chosen = tuple(material(stem) for stem in dict.fromkeys(stems))
    files = {"nbgrader_config.py": CONFIG.format(course=folder.resolve().name)}
    files |= {f"source/{each.stem}/{each.stem}.ipynb": notebook(each) for each in chosen}
    known = _known(folder)
    edited = tuple(name for name, text in files.items() if _is_edited(folder / name, text, known.get(name)))
    if edited and not force:
        raise ValueError(
            f"{', '.join(edited)} in {folder} has been edited since it was written; nothing was changed. "
            "Choose another folder with --out, or replace it with --force"
        )
    for name, text in files.items():
        write_text(folder / name, text)
    write_text(folder / RECORD, json.dumps(known | {name: _digest(text) for name, text in files.items()}, indent=1))
    return Course(folder, chosen, edited)


def listed(materials: Iterable[Material]) -> str:
    """Return one line for each assignment: its name, what it holds, its points and its title."""
    return "\n".join(f"  {each.stem:20} {_held(each):28} {each.points:3} points   {each.title}" for each in materials)


def next_steps(course: Course) -> str:
    """Return what to do with a course, in words."""
    folder, first = shlex.quote(str(course.folder)), course.assignments[0].stem
    missing = "" if find_spec("nbgrader") else 'First: pip install "labkit[grade]", which brings nbgrader.\n'
    return missing + NEXT.format(folder=folder, first=first)


def _held(each: Material) -> str:
    return f"{len(each.tasks)} exercises" + (", 1 question" if each.essay else "")


def _known(folder: Path) -> dict[str, str]:
    """Return the digests of the files as they were written; a damaged record counts as none."""
    try:
        found = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _is_edited(path: Path, text: str, written: str | None) -> bool:
    if not path.exists():
        return False
    now = path.read_text(encoding="utf-8")
    return now != text and _digest(now) != written


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
