"""Slides: a notebook presents from its own cells, by a rule, without a network."""

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from labkit.publish import still
from labkit.rendering import Markdown
from labkit.slides import page, sequence, slide_types, write
from labkit.slides._rule import MOST_LINES, prose_lines

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
WORDS = "A line of prose that is as long as a line of a slide can be, so that one can count on it somehow."


def says(text):
    return nbformat.v4.new_markdown_cell(text)


def runs(text, *shown):
    outputs = [nbformat.v4.new_output("display_data", data={"text/plain": each}) for each in shown]
    return nbformat.v4.new_code_cell(text, outputs=outputs)


def cells(path):
    return nbformat.read(path, as_version=4).cells


@every_notebook
def test_no_slide_holds_too_much_prose_and_none_is_empty(path):
    slides = sequence(cells(path))
    assert len(slides) >= 8
    for slide in slides:
        prose = sum(prose_lines(cell.source) for cell in slide.cells if cell.cell_type == "markdown")
        assert prose <= MOST_LINES, slide.cells[0].source[:60]
        assert slide.cells


@every_notebook
def test_every_section_begins_a_slide_and_no_answer_or_import_is_shown(path):
    slides = sequence(cells(path))
    begin = [slide.cells[0].source for slide in slides]
    for cell in cells(path):
        if cell.cell_type == "markdown" and re.match(r"##? ", cell.source):
            assert cell.source in begin
    presented = [cell.source for slide in slides for cell in slide.cells]
    assert not any(re.search(r"^check\(", text, re.MULTILINE) for text in presented)
    assert not any(text.startswith(("Stuck?", "# hint")) for text in presented)


@every_notebook
def test_a_notebook_that_was_saved_with_its_sequence_has_the_one_of_the_rule(path):
    kept = [cell.metadata.get("slideshow", {}).get("slide_type") for cell in cells(path)]
    assert not any(kept) or kept == slide_types(cells(path)), "run `make notebooks`"


def test_saving_a_notebook_writes_its_sequence():
    notebook = nbformat.v4.new_notebook(cells=[says("# T"), runs("import os"), runs("1", "1"), says("### S")])
    saved = still(notebook, draw=lambda figure: b"")
    kept = [cell.metadata["slideshow"]["slide_type"] for cell in saved.cells]
    assert kept == ["slide", "skip", "fragment", "subslide"]
    again = still(nbformat.from_dict(saved), draw=lambda figure: b"")
    assert again == saved


def test_a_heading_begins_a_slide_and_what_has_room_stays():
    found = slide_types([says("## A\n\nwords"), runs("f()", "out"), says("more"), says("### B")])
    assert found == ["slide", "fragment", "-", "subslide"]


def test_words_go_to_one_slide_with_the_code_they_lead_to():
    long = "\n\n".join([WORDS] * 12)
    assert slide_types([says(f"## A\n\n{long}"), says("leads to"), runs("f()", "\n".join("abcdefghijklmn"))]) == [
        "slide",
        "subslide",
        "fragment",
    ]


@pytest.mark.parametrize(
    "cell",
    [
        runs("import numpy as np\n\nfrom labkit import x"),
        runs("answer = ...\ncheck(lesson.EXERCISES['a'], answer)", "Nothing to check yet."),
        runs("# hint(lesson.EXERCISES['a'])"),
        runs("x = 1"),
        says("Stuck? Take the `#` away."),
    ],
    ids=["imports", "answer", "hint", "silent", "stuck"],
)
def test_what_is_no_use_on_a_wall_is_left_out_but_kept_at_hand(cell):
    slides = sequence([says("# T"), cell])
    assert len(slides) == 1
    assert slides[0].left_out == [cell]
    assert 'aria-label="left out of the slides"' in page([says("# T"), cell], "x")


def test_types_that_somebody_chose_are_followed():
    first, second = says("# T"), says("words")
    first.metadata["slideshow"], second.metadata["slideshow"] = {"slide_type": "slide"}, {"slide_type": "subslide"}
    assert [slide.sub for slide in sequence([first, second])] == [False, True]


def test_a_page_needs_nothing_beside_it():
    for path in NOTEBOOKS:
        text = page(cells(path), path.stem)
        assert not re.search(r"<(?:script|img|link|iframe)[^>]+(?:src|href)=\"(?!data:)", text)
        assert len(text) < 2_000_000
        assert text.count("<math") > 0 or "$" not in "".join(c.source for c in cells(path) if c.cell_type == "markdown")


def test_text_in_cells_and_outputs_stays_text():
    text = page([says("# T <script>alert(1)</script>"), runs("'<b>'", "<img src=x onerror=alert(1)>")], "x")
    assert "<script>alert" not in text
    assert "<img src=x" not in text


def test_links_between_notebooks_lead_back_to_their_folder(tmp_path):
    shown = Markdown("../notebooks").render(
        "[a](11_a.ipynb) [b](https://example.org) [![c](https://x/y.svg)](https://x)"
    )
    assert 'href="../notebooks/11_a.ipynb"' in shown
    assert 'href="https://example.org"' in shown
    assert "y.svg" not in shown


def test_links_work_from_a_folder_with_a_space_in_its_name(tmp_path):
    cells = [nbformat.v4.new_markdown_cell("# A\n\n[b](12_b.ipynb)")]
    folder = tmp_path / "my notebooks"
    folder.mkdir()
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "11_a.ipynb")
    made = write(folder / "11_a.ipynb", tmp_path / "slides")
    assert 'href="../my%20notebooks/12_b.ipynb"' in made.read_text()


def test_the_command_writes_a_page_per_notebook_and_says_what_is_no_notebook(tmp_path):
    command = [sys.executable, "-m", "labkit", "slides"]
    told = {"capture_output": True, "text": True, "check": False}
    done = subprocess.run([*command, str(NOTEBOOKS[0]), "--out", str(tmp_path)], **told)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / f"{NOTEBOOKS[0].stem}.html").is_file()
    missing = subprocess.run([*command, "nowhere.ipynb"], **told)
    assert (missing.returncode, missing.stderr.strip()) == (2, "labkit slides: there is no notebook nowhere.ipynb")


def test_a_file_that_is_no_notebook_and_one_without_cells_are_refused(tmp_path):
    broken, empty = tmp_path / "broken.ipynb", tmp_path / "empty.ipynb"
    broken.write_text("not json")
    nbformat.write(nbformat.v4.new_notebook(), empty)
    with pytest.raises(ValueError, match="is not a notebook"):
        write(broken, tmp_path)
    with pytest.raises(ValueError, match="empty has no cell to present"):
        write(empty, tmp_path)
