"""What a lesson gives to an assignment: its exercises in order, their points, and their solutions as code that runs."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import re
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from labkit import readme
from labkit.curriculum import prose
from labkit.files import home
from labkit.first_cell import is_first
from labkit.teach import Essay, Exercise, all_pieces, form_of

CHECKED = re.compile(r'^check\(lesson\.EXERCISES\["(\w+)"\], (\w+)\)', re.MULTILINE)


@dataclass(frozen=True)
class Task:
    """One exercise of an assignment.

    Attributes
    ----------
    name : str
        Its name in the lesson.
    exercise : Exercise
        The exercise.
    variable : str
        What the answer is called.
    form : str
        What kind of thing the answer is.
    points : int
        What a right answer earns: 1 for the first exercise, one more for each further one.
    solution : str
        Code that leaves the worked solution in `variable`.
    """

    name: str
    exercise: Exercise
    variable: str
    form: str
    points: int
    solution: str


@dataclass(frozen=True)
class Material:
    """What an assignment is made of.

    Attributes
    ----------
    stem : str
        The lesson.
    title : str
        Its title.
    notebook : str
        The file name of its notebook, empty where the notebooks are not installed.
    imports : tuple of str
        The lines by which its notebook imports the mechanism.
    tasks : tuple of Task
        Its exercises, in rising order.
    essay : Essay or None
        Its question for prose.
    """

    stem: str
    title: str
    notebook: str
    imports: tuple[str, ...]
    tasks: tuple[Task, ...]
    essay: Essay | None

    @property
    def points(self) -> int:
        """What can be earned in all."""
        return sum(task.points for task in self.tasks) + (self.essay.points if self.essay else 0)


def stems() -> tuple[str, ...]:
    """Return the lessons that have exercises, in the order of their notebooks."""
    found = [each.stem for each in all_pieces() if each.exercises]
    return tuple(sorted(found, key=lambda stem: (getattr(_notebook(stem), "name", "~"), stem)))


def material(stem: str) -> Material:
    """Return what an assignment on this lesson is made of; the solutions are run once, for the form of the answers.

    Raises
    ------
    ValueError
        There is no such lesson, or a solution cannot be written down as code.
    """
    if stem not in stems():
        raise ValueError(f"there is no lesson {stem!r}; there are {', '.join(stems())}")
    lesson, notebook = importlib.import_module(f"labkit.lessons.{stem}"), _notebook(stem)
    variables = dict(CHECKED.findall(prose(notebook))) if notebook else {}
    return Material(
        stem=stem,
        title=readme.opening(notebook).title if notebook else stem.replace("_", " ").capitalize(),
        notebook=notebook.name if notebook else "",
        imports=_imports_of(notebook) if notebook else (f"from labkit.mechanisms import {stem}",),
        tasks=tuple(
            _task(name, exercise, variables.get(name, f"{name}_answer"), points)
            for points, (name, exercise) in enumerate(lesson.EXERCISES.items(), start=1)
        ),
        essay=getattr(lesson, "ESSAY", None),
    )


def _task(name: str, exercise: Exercise, variable: str, points: int) -> Task:
    return Task(name, exercise, variable, form_of(exercise.solution()), points, _as_code(exercise, variable))


def _notebook(stem: str) -> Path | None:
    return next((home() / "notebooks").glob(f"[0-9][0-9]_{stem}.ipynb"), None)


def _imports_of(notebook: Path) -> tuple[str, ...]:
    """Return the lines by which a lesson imports its mechanism, without the rest of the kit."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = ("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    imports = next(source for source in code if not is_first(source))
    lines = [ast.unparse(node) for node in ast.parse(imports).body if isinstance(node, ast.Import | ast.ImportFrom)]
    return tuple(line for line in lines if " labkit" not in line or " labkit.mechanisms" in line)


def _as_code(exercise: Exercise, variable: str) -> str:
    """Return a worked solution as lines that run in a notebook: what it imports, the function, the answer."""
    text = textwrap.dedent(inspect.getsource(exercise.solution))
    function = exercise.solution.__name__
    if not text.startswith("def "):
        raise ValueError(f"exercise {exercise.key!r}: its solution must be a function with a name of its own")
    used = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    imports = list(_imports_for(used, sys.modules[exercise.solution.__module__]))
    return "\n".join([*imports, *[""] * bool(imports), text.rstrip(), "", f"{variable} = {function}()"])


def _imports_for(used: set[str], module: ModuleType) -> Iterator[str]:
    """Yield the imports of `module` that bring in the names `used`, and one for what it defines itself."""
    left = used & vars(module).keys()
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            node.names = [alias for alias in node.names if (alias.asname or alias.name) in left]
            left -= {alias.asname or alias.name for alias in node.names}
            if node.names:
                yield ast.unparse(node)
    if left:
        yield f"from {module.__name__} import {', '.join(sorted(left))}"
