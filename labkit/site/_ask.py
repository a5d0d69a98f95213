"""The executed copy of a notebook: after each cell that shows something, one that asks it for what the page needs."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import nbformat

from labkit import publish

ASKING = "labkit-page"  # the name of the mark on a cell of ours
CELL_SECONDS = 900  # the frames of a panel on a slow computer


def executed(path: Path, seconds: float) -> Any:
    """Return the notebook at `path`, executed, with what each cell hands over among the outputs of that cell.

    Parameters
    ----------
    path : Path
        The notebook, which stays as it is.
    seconds : float
        What the frames of a panel may take.
    """
    notebook = publish.execute(path, lambda copy: ask(copy, seconds), CELL_SECONDS)
    kept: list[Any] = []
    for cell in notebook.cells:
        if ASKING in cell.metadata:
            kept[-1].outputs += [output for output in cell.outputs if output.output_type == "display_data"]
        else:
            kept.append(cell)
    notebook.cells = kept
    return notebook


def ask(notebook: Any, seconds: float) -> None:
    """Add our cells to a notebook: one after each cell of code that ends with an expression.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Changed in place.
    seconds : float
        What the frames of a panel may take.
    """
    cells = []
    for cell in notebook.cells:
        cells.append(cell)
        question = _question(cell.source, seconds) if cell.cell_type == "code" else ""
        if question:
            ours = nbformat.v4.new_code_cell(f"import labkit.site\nlabkit.site.{question}")
            ours.metadata[ASKING] = True
            cells.append(ours)
    notebook.cells = cells


def _question(source: str, seconds: float) -> str:
    """Return the call that follows a cell, empty where it ends with no expression."""
    try:
        body = ast.parse(source).body
    except SyntaxError:  # a magic of IPython, which shows nothing of ours
        return ""
    if not body or not isinstance(body[-1], ast.Expr):
        return ""
    last = body[-1].value
    if isinstance(last, ast.Call) and isinstance(last.func, ast.Name) and last.func.id == "answer":
        return f"hand_over_answer({', '.join(ast.unparse(each) for each in (*last.args, *last.keywords))})"
    # `Out` keeps the value that the cell before has shown.
    return f"hand_over(Out.get(len(In) - 2), {seconds})"
