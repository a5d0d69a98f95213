"""Save notebooks so that they read well without a kernel: executed once, one still picture per panel, no widget state.

`make notebooks` runs this; it needs the test tools, for the browser that draws the pictures.
"""

from __future__ import annotations

import base64
import io
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat

from labkit import first_cell
from labkit.files import write_text
from labkit.slides import slide_types

PLOTLY = "application/vnd.plotly.v1+json"
WIDGET = "application/vnd.jupyter.widget-view+json"
PICTURE_BYTES = 40_000
PICTURE_WIDTH = 900
BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)

# Sharpest first: pixels per point of the screen, and colours.
_QUALITIES = ((1.5, 128), (1.5, 64), (1.0, 128), (1.0, 64), (1.0, 32), (0.75, 64), (0.75, 32), (0.5, 32), (0.3, 16))

# What Python prints of an object that has nothing to say in words, and a progress bar as it stood at its beginning.
_BARE = re.compile(r"^<.*>$|^\w+\(.*children=|^FigureWidget\(|^Figure\(|^ *\d+%\|", re.DOTALL)

Draw = Callable[[dict[str, Any]], bytes]


def save(paths: Sequence[Path]) -> None:
    """Execute the notebooks in fresh kernels and save each with still pictures in place of its panels.

    Parameters
    ----------
    paths : sequence of Path
        The notebooks, changed in place; one that fails keeps its old content.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        A cell failed.
    """
    with drawing() as draw:
        for path in paths:
            print(f"{path} ...", flush=True)
            notebook = execute(path)
            write_text(path, nbformat.writes(still(notebook, draw)).rstrip("\n") + "\n")


def execute(path: Path, prepare: Callable[[Any], None] = lambda notebook: None, timeout: int = 300) -> Any:
    """Return the notebook at `path` executed, its first cell up to date, panels settled before they are shown.

    Parameters
    ----------
    path : Path
        The notebook, which stays as it is.
    prepare : callable, optional
        Changes the copy that is executed.
    timeout : int
        Seconds that one cell may take.
    """
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    first_cell.place(notebook)
    prepare(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    client = NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(path.parent)}},
    )
    # Whoever saves may have placed bets and solved exercises: a fresh reader has not.
    with tempfile.TemporaryDirectory() as fresh:
        progress = str(Path(fresh) / "my_progress.json")
        client.execute(env={**os.environ, "LABKIT_SAVE": "1", "LABKIT_PROGRESS": progress})
    return notebook


def still(notebook: Any, draw: Draw) -> Any:
    """Return the executed `notebook` with pictures and text for outputs, and nothing that a rerun would change.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Changed in place.
    draw : callable
        Turns a figure's JSON into a PNG.
    """
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
            **{key: value for key, value in notebook.metadata.items() if key in {"labkit", "jupytext"}},
        }
    )
    count = 0
    for cell in notebook.cells:
        for passing in ("execution", "collapsed", "trusted"):
            cell.metadata.pop(passing, None)
        if cell.cell_type == "code":
            count += 1
            cell.execution_count = count
            cell.outputs = _still_outputs(cell.outputs, count, draw)
    for cell, kind in zip(notebook.cells, slide_types(notebook.cells), strict=True):
        cell.metadata["slideshow"] = {"slide_type": kind}
    return notebook


def _still_outputs(outputs: list[Any], count: int, draw: Draw) -> list[Any]:
    for output in outputs:
        if PLOTLY in output.get("data", {}):
            return [_picture_output(output.data[PLOTLY], draw)]
    kept = (_plain_output(output, count) for output in outputs)
    return [output for output in kept if output is not None]


def _picture_output(figure: dict[str, Any], draw: Draw) -> Any:
    layout = figure.get("layout", {})
    words = layout.get("meta", {}).get("description", "")
    if not words:
        raise ValueError("a panel's figure has no description: store one with labkit.theme.describe")
    picture = base64.b64encode(draw(figure)).decode("ascii")
    return nbformat.v4.new_output(
        "display_data",
        data={"image/png": picture, "text/plain": words},
        metadata={"image/png": {"alt": words, "width": _size(layout)[0]}},
    )


def _plain_output(output: Any, count: int) -> Any | None:
    """Return `output` as text, or None where no text is worth keeping."""
    if output.output_type == "error":
        return output
    if output.output_type == "stream":
        return output if output.name == "stdout" and output.text.strip() else None
    text = output.data.get("text/plain", "")
    if not text or _BARE.match(text):
        return None
    if output.output_type == "execute_result":
        return nbformat.v4.new_output("execute_result", data={"text/plain": text}, execution_count=count)
    return nbformat.v4.new_output("display_data", data={"text/plain": text})


def _size(layout: dict[str, Any]) -> tuple[int, int]:
    """Return the width and height a figure is shown at, in pixels of the screen."""
    return min(int(layout.get("width") or PICTURE_WIDTH), PICTURE_WIDTH), int(layout.get("height") or 450)


@contextmanager
def drawing() -> Iterator[Draw]:
    """Yield a function that draws a figure's JSON as a PNG of at most `PICTURE_BYTES`, in a headless browser."""
    from playwright.sync_api import sync_playwright
    from plotly.offline import get_plotlyjs

    with sync_playwright() as play:
        sandbox = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        flags = ["--disable-background-networking", *sandbox]
        browser = play.chromium.launch(executable_path=browser_path(), args=flags)
        page = browser.new_page()
        page.set_content("<!doctype html><meta charset='utf-8'><body></body>")
        page.add_script_tag(content=get_plotlyjs())

        def draw(figure: dict[str, Any]) -> bytes:
            width, height = _size(figure.get("layout", {}))
            for scale, colours in _QUALITIES:
                options = {"format": "png", "width": width, "height": height, "scale": scale}
                url = page.evaluate(
                    "([figure, options]) => Plotly.toImage({data: figure.data, layout: figure.layout}, options)",
                    [json.loads(json.dumps(figure)), options],
                )
                picture = _fewer_colours(base64.b64decode(url.partition(",")[2]), colours)
                if len(picture) <= PICTURE_BYTES:
                    return picture
            raise ValueError(f"a figure of {width} x {height} does not fit into {PICTURE_BYTES} bytes")

        yield draw
        browser.close()


def _fewer_colours(picture: bytes, colours: int) -> bytes:
    from PIL import Image

    reduced = io.BytesIO()
    flat = Image.open(io.BytesIO(picture)).convert("RGB")
    flat = flat.quantize(colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    flat.save(reduced, "PNG", optimize=True)
    return reduced.getvalue()


def browser_path() -> str | None:
    """Return the Chromium or Chrome to use: `CHROME_PATH`, then the usual names; None leaves it to playwright."""
    candidates = (os.environ.get("CHROME_PATH", ""), *BROWSERS)
    return next(filter(None, map(shutil.which, candidates)), None)


if __name__ == "__main__":
    save([Path(name) for name in sys.argv[1:]])
