"""The notebook of an assignment, as nbgrader wants it: instructions, prompts, answers, tests, a question for prose."""

from __future__ import annotations

from typing import Any

from labkit.assignment._lesson import Material, Task
from labkit.teach import Essay

SCHEMA = 3


def notebook(material: Material) -> str:
    """Return the instructor's version, with solutions and tests, as the text of a notebook file.

    Parameters
    ----------
    material : Material
        What it is made of.

    Returns
    -------
    str
        The same material gives the same text.
    """
    cells = [_locked("markdown", "instructions", _instructions(material)), _cell("code", "name", NAME)]
    cells.append(_locked("code", "setup", "\n".join(material.imports)))
    for number, task in enumerate(material.tasks, start=1):
        cells += _of_task(number, task)
    if material.essay:
        cells += _of_essay(len(material.tasks) + 1, material.essay)
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return _written({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


NAME = 'NAME = ""\nWORKED_WITH = ""'


def _instructions(material: Material) -> str:
    lesson = f"`{material.notebook}`" if material.notebook else f"*{material.stem.replace('_', ' ')}*"
    prose = (
        f"\n- The last question is answered in words. A person reads it; it earns up to {material.essay.points} points."
        if material.essay
        else ""
    )
    return f"""# {material.title}

Assignment to the lesson {lesson}. There are **{material.points} points** in all; harder exercises earn more.

- Write your name into the next cell.
- Replace the dots `...` by your answer. You may use several lines, and add cells.
- Run the cell below each answer. It says whether your answer has the right form, not whether it is right.
- Before you hand in, choose *Restart Kernel and Run All Cells* in the menu *Kernel*. That is how it is graded.
- An answer is right or not yet right. A wrong one earns nothing, and costs nothing.{prose}"""


def _of_task(number: int, task: Task) -> list[dict[str, Any]]:
    prompt = f"## {number}. {_title(task.name)} ({_points(task.points)})\n\n{task.exercise.prompt}"
    answer = f"{task.variable} = ...\n### BEGIN SOLUTION\n{task.solution}\n### END SOLUTION"
    # Imported here and again in the hidden part: an answer may have taken one of these names.
    test = f"""from labkit.assignment import expect

expect({task.variable}, "{task.form}")
### BEGIN HIDDEN TESTS
from labkit.assignment import require

require("{task.exercise.key}", {task.variable})
### END HIDDEN TESTS"""
    return [
        _locked("markdown", f"{task.name}-prompt", prompt),
        _cell("code", f"{task.name}-answer", answer, solution=True),
        _locked("code", f"{task.name}-test", test, grade=True, points=task.points),
    ]


def _of_essay(number: int, essay: Essay) -> list[dict[str, Any]]:
    prompt = f"## {number}. In your own words ({_points(essay.points)})\n\n{essay.prompt}"
    lines = "\n".join(f"- {_points(points)}: {words}" for points, words in essay.rubric)
    answer = f"{essay.answer}\n\n**Marking**\n\n{lines}"
    return [
        _locked("markdown", "essay-prompt", prompt),
        _cell("markdown", "essay", answer, grade=True, solution=True, points=essay.points),
    ]


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _points(points: int) -> str:
    return f"{points} point" if points == 1 else f"{points} points"


def _locked(kind: str, name: str, source: str, **roles: Any) -> dict[str, Any]:
    return _cell(kind, name, source, locked=True, **roles)


def _cell(kind: str, name: str, source: str, **roles: Any) -> dict[str, Any]:
    """Return a cell; one without a role is the student's own, and nbgrader leaves it alone."""
    known = {"grade": False, "locked": False, "solution": False, "task": False, **roles}
    marks = {"nbgrader": {"grade_id": name, "schema_version": SCHEMA, **known}} if roles else {}
    cell = {"cell_type": kind, "id": name.replace("_", "-"), "metadata": marks, "source": source}
    return cell | {"execution_count": None, "outputs": []} if kind == "code" else cell


def _written(content: dict[str, Any]) -> str:
    import nbformat

    made = nbformat.from_dict(content)
    nbformat.validate(made)
    return str(nbformat.writes(made)) + "\n"
