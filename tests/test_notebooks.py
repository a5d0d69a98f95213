"""Every notebook has the anatomy of a lesson, and is saved so that it reads well without a kernel."""

import ast
import base64
import re
from pathlib import Path

import nbformat
import pytest

from labkit import first_cell
from labkit.publish import PICTURE_BYTES, WIDGET
from labkit.readme import colab, opening

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
LESSONS = [path for path in NOTEBOOKS if path.name[:2] != "00"]
SECTIONS = ("Bet", "The mechanism", "Play", "Measure", "Break it", "Exercises", "Where next")
CELL_LINES = 15
FUNCTION_LINES = 6

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
every_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)


def read(path):
    return nbformat.read(path, as_version=4)


def code_cells(path):
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def outputs(path):
    return [output for cell in code_cells(path) for output in cell.outputs]


@every_notebook
def test_it_is_valid(path):
    notebook = read(path)
    nbformat.validate(notebook)
    names = [cell.id for cell in notebook.cells]
    assert len(set(names)) == len(names)
    assert notebook.metadata.kernelspec.name == "python3"
    assert re.fullmatch(r"\d\d_[a-z0-9_]+", path.stem)


@every_notebook
def test_its_first_cell_opens_it(path):
    seen = opening(path)
    assert seen.question.endswith("?"), "the first cell needs an entry **Question.** that ends with a question mark"
    assert seen.minutes, "the first cell needs an entry **Time.** with '... minutes'"
    assert seen.runs, "the first cell needs an entry **Runs on.**"


@every_lesson
def test_its_first_cell_promises_what_a_lesson_promises(path):
    text = read(path).cells[0].source
    objectives = re.findall(r"^[-*] .+$", text, re.MULTILINE)
    assert 3 <= len(objectives) <= 5, "three to five things you will be able to do, as a list"
    assert opening(path).prerequisites, "an entry **Prerequisites.**"
    assert re.search(r"\*\*Paper[.:]?\*\*.*\]\(https?://", text, re.DOTALL), "an entry **Paper.** with a link"
    assert f"urlpath=lab/tree/notebooks/{path.name}" in text, "a Binder badge that opens this notebook"
    assert f"({colab(f'notebooks/{path.name}')})" in text, "a link that opens this notebook on Colab"


@every_notebook
def test_its_first_code_installs_labkit_where_it_is_missing(path):
    first = code_cells(path)[0]
    assert first.source == first_cell.text(), "run `make notebooks`"
    assert first.outputs == []


@every_lesson
def test_its_sections_stand_in_order(path):
    text = "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")
    headings = re.findall(r"^## (?:\d+[.)]? )?(.+?)\s*$", text, re.MULTILINE)
    found = [name for heading in headings for name in SECTIONS if heading.startswith(name)]
    assert found == list(SECTIONS)


@every_notebook
def test_its_code_is_calls(path):
    for cell in code_cells(path):
        lines = [line for line in cell.source.splitlines() if line.strip()]
        assert len(lines) <= CELL_LINES, f"a cell of {len(lines)} lines:\n{cell.source}"
        code = "\n".join(line for line in cell.source.splitlines() if not line.lstrip().startswith(("%", "!")))
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                length = node.end_lineno - node.lineno + 1
                assert length <= FUNCTION_LINES, f"{node.name} has {length} lines: it belongs into labkit"
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            plotting = {"plotly", "matplotlib", "seaborn"} & {module.partition(".")[0] for module in modules}
            assert not plotting, f"plotting code belongs into labkit/figures: {cell.source}"


@every_notebook
def test_it_was_executed_from_top_to_bottom(path):
    counts = [cell.execution_count for cell in code_cells(path)]
    assert counts == list(range(1, len(counts) + 1)), "run `make notebooks`"


@every_notebook
def test_it_holds_no_widget_state_and_no_error(path):
    assert "widgets" not in read(path).metadata
    assert [output.ename for output in outputs(path) if output.output_type == "error"] == []
    assert [output for output in outputs(path) if WIDGET in output.get("data", {})] == []


@every_notebook
def test_its_outputs_are_text_and_small_pictures(path):
    for cell in code_cells(path):
        pictures = [output for output in cell.outputs if "image/png" in output.get("data", {})]
        assert len(pictures) <= 1
        for output in cell.outputs:
            assert set(output.get("data", {})) <= {"text/plain", "image/png"}, "run `make notebooks`"
        for picture in pictures:
            assert len(base64.b64decode(picture.data["image/png"])) <= PICTURE_BYTES
            words = picture.metadata["image/png"]["alt"]
            assert words == picture.data["text/plain"]
            assert len(words.split()) >= 4, "a picture needs a sentence that says what is to be seen"
