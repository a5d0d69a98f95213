"""Notebooks are saved with pictures and text, and a second time with the same bytes."""

import base64
import copy
import io
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError
from PIL import Image

from labkit import publish
from labkit.publish import PICTURE_BYTES, PLOTLY, WIDGET, _fewer_colours, drawing, still

v4 = nbformat.v4
WORDS = "A line rises from 0 to 9."
FIGURE = {"data": [{"type": "scatter", "y": list(range(10))}], "layout": {"meta": {"description": WORDS}}}


def outcome(*outputs, figure=b"a picture"):
    cell = v4.new_code_cell("panel", outputs=[copy.deepcopy(output) for output in outputs], metadata={"execution": {}})
    notebook = v4.new_notebook(cells=[v4.new_markdown_cell("# Title"), cell], metadata={"widgets": {"state": {}}})
    return still(notebook, lambda seen: figure)


def display(**data):
    return v4.new_output("display_data", data={key.replace("__", "/"): value for key, value in data.items()})


def test_a_panel_becomes_one_picture_with_its_description():
    panel = v4.new_output("display_data", data={PLOTLY: FIGURE, WIDGET: {"model_id": "x"}, "text/plain": "VBox(...)"})
    notebook = outcome(v4.new_output("stream", name="stdout", text="noise"), panel)
    (output,) = notebook.cells[1].outputs
    assert base64.b64decode(output.data["image/png"]) == b"a picture"
    assert output.data["text/plain"] == output.metadata["image/png"]["alt"] == WORDS
    assert set(output.data) == {"image/png", "text/plain"}
    assert notebook.cells[1].execution_count == 1
    assert "widgets" not in notebook.metadata
    assert "execution" not in notebook.cells[1].metadata


def test_a_figure_without_words_is_refused():
    with pytest.raises(ValueError, match="no description"):
        outcome(v4.new_output("display_data", data={PLOTLY: {"data": [], "layout": {}}}))


@pytest.mark.parametrize(
    "text",
    [
        "<object object at 0x7f>",
        "HBox(children=(IntSlider(value=1),))",
        "<IPython.core.display.HTML object>",
        "  0%|          | 0/48 [00:00<?, ?task/s]",
    ],
)
def test_what_says_nothing_is_dropped(text):
    assert outcome(display(text__plain=text)).cells[1].outputs == []


def test_tables_and_words_are_kept_as_text():
    (output,) = outcome(display(text__plain="   a\n0  1", text__html="<table></table>")).cells[1].outputs
    assert output.data == {"text/plain": "   a\n0  1"}


def test_progress_on_stderr_is_dropped():
    assert outcome(v4.new_output("stream", name="stderr", text="50 %")).cells[1].outputs == []


@pytest.mark.browser
def test_a_figure_is_drawn_small_and_the_same_twice():
    noise = [[(row * column * 7919) % 251 for column in range(120)] for row in range(120)]
    busy = {"data": [{"type": "heatmap", "z": noise}], "layout": {"height": 800}}

    def drawn():
        with drawing() as draw:
            return draw(FIGURE), draw(FIGURE), draw(busy)

    # The other browser tests have a playwright of their own in this thread, and a thread has room for one.
    with ThreadPoolExecutor(1) as apart:
        first, second, large = apart.submit(drawn).result()
    assert first == second
    assert first.startswith(b"\x89PNG")
    assert max(len(first), len(large)) <= PICTURE_BYTES


def test_colours_are_given_up_before_the_picture_is():
    image = Image.effect_noise((64, 64), 90).convert("RGB")
    file = io.BytesIO()
    image.save(file, "PNG")
    many, few = (_fewer_colours(file.getvalue(), colours) for colours in (128, 16))
    assert len(few) < len(many) < len(file.getvalue())
    assert len(Image.open(io.BytesIO(few)).convert("RGB").getcolors()) <= 16


def test_notebooks_are_executed_and_saved_and_one_that_fails_is_left_alone(tmp_path, monkeypatch):
    figure = f"from IPython.display import display\ndisplay({{{PLOTLY!r}: {FIGURE!r}}}, raw=True)"
    good, bad = tmp_path / "good.ipynb", tmp_path / "bad.ipynb"
    for path, code in ((good, figure), (bad, "1 / 0")):
        cells = [v4.new_markdown_cell("# Title"), v4.new_code_cell("print(6 * 7)"), v4.new_code_cell(code)]
        nbformat.write(v4.new_notebook(cells=cells), path)
    before, drawn = bad.read_bytes(), []
    monkeypatch.setattr(publish, "drawing", lambda: nullcontext(lambda seen: drawn.append(seen) or b"a picture"))
    with pytest.raises(CellExecutionError, match="division by zero"):
        publish.save([good, bad])
    assert bad.read_bytes() == before
    saved = [cell for cell in nbformat.read(good, as_version=4).cells if cell.cell_type == "code"]
    assert saved[-2].outputs[0].text == "42\n"
    assert saved[-1].outputs[0].data["text/plain"] == WORDS
    assert drawn[0]["layout"]["meta"]["description"] == WORDS
