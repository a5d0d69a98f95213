"""The first cell of a notebook: nothing happens where labkit is; where it is missing, labkit is there afterwards."""

import http.server
import json
import os
import subprocess
import sys
import sysconfig
import threading
import venv
from datetime import datetime
from functools import partial
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

import labkit
from labkit import first_cell, publish
from labkit.glossary import define
from labkit.papers import papers, status

v4 = nbformat.v4
WHERE = "import labkit\nprint(labkit.__file__)"
PANEL = "from labkit.lessons.stigmergic_memory import panel\nmade = panel()\nmade.settle()\nprint(made.caption)"

KNOWN = """from labkit.glossary import define
from labkit.papers import papers, status
print(len(define("regret").sections), sum(status(paper) == "runs today" for paper in papers()))"""


def notebook(*sources):
    return v4.new_notebook(cells=[v4.new_markdown_cell("# Title"), *map(v4.new_code_cell, sources)])


def run(cells, folder, kernel="python3", **environment):
    where = {"metadata": {"path": str(folder)}}
    client = NotebookClient(cells, kernel_name=kernel, timeout=300, record_timing=True, resources=where)
    client.execute(env={**os.environ, **environment})
    return cells


def seconds(cell):
    """Return how long a cell took in its kernel."""
    stamps = (cell.metadata.execution[key] for key in ("iopub.execute_input", "iopub.status.idle"))
    begun, ended = (datetime.fromisoformat(stamp).timestamp() for stamp in stamps)
    return ended - begun


def printed(cell):
    return "".join(output.get("text", "") for output in cell.outputs)


def test_it_is_short():
    lines = [line for line in first_cell.text().splitlines() if line.strip()]
    assert len(lines) <= 8
    assert "github.com/labkit-notebooks/labkit/archive/HEAD.zip" in first_cell.text()


def test_it_is_put_before_the_first_code_and_stays_there():
    made = notebook("1 + 1", "2 + 2")
    first_cell.place(made)
    assert [cell.source for cell in made.cells] == ["# Title", first_cell.text(), "1 + 1", "2 + 2"]
    assert made.cells[1].metadata.tags == ["setup"]
    once = json.dumps(made)
    first_cell.place(made)
    assert json.dumps(made) == once
    nbformat.validate(made)


def test_an_old_one_is_brought_up_to_date():
    made = notebook('import labkit\nlabkit.expect("0.0")', "1 + 1")
    first_cell.place(made)
    assert [cell.source for cell in made.cells] == ["# Title", first_cell.text(), "1 + 1"]


def test_a_notebook_without_code_is_left_alone():
    made = notebook()
    first_cell.place(made)
    assert len(made.cells) == 1


def test_notebook_and_package_that_go_together_say_nothing(capsys):
    assert labkit.expect("0.1") is None
    assert labkit.expect("0.1.7") is None
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("installed", "cure"),
    [
        ("0.0.9", r"needs labkit 0\.1, and labkit 0\.0\.9 is installed: run  %pip install --upgrade https://\S+zip"),
        ("0.2.0", r"was written for labkit 0\.1, and 0\.2\.0 is installed: take the notebook .* https://\S+/notebooks"),
    ],
)
def test_a_pair_out_of_step_says_what_to_install(monkeypatch, installed, cure):
    monkeypatch.setattr(labkit, "__version__", installed)
    with pytest.raises(ImportError, match=cure):
        labkit.expect("0.1")


def test_a_package_that_changed_under_a_running_kernel_is_named(monkeypatch):
    import numpy

    monkeypatch.setattr(numpy, "__version__", "1.0.0")
    with pytest.raises(ImportError, match="numpy changed while this kernel ran: restart it"):
        labkit.expect("0.1")


@pytest.mark.parametrize("nonsense", ["", "1", "a.b", "0,1"])
def test_what_is_no_version_is_refused(nonsense):
    with pytest.raises(ValueError, match="allowed is two numbers"):
        labkit.expect(nonsense)


def test_labkit_itself_loads_at_once_and_brings_nothing_heavy():
    code = "import time, sys; t = time.perf_counter(); import labkit; print(time.perf_counter() - t, *sys.modules)"
    seconds, *loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.split()
    assert float(seconds) < 0.3
    assert {"numpy", "pandas", "plotly", "ipywidgets"}.isdisjoint(loaded)


def test_a_notebook_that_is_saved_has_it(tmp_path):
    path = tmp_path / "one.ipynb"
    nbformat.write(notebook("print(labkit.__version__)"), path)
    saved = publish.execute(path)
    assert saved.cells[1].source == first_cell.text()
    assert printed(saved.cells[2]) == f"{labkit.__version__}\n"


def test_where_labkit_is_nothing_happens(tmp_path):
    cell = run(notebook(first_cell.text()), tmp_path).cells[1]
    assert cell.outputs == []
    assert seconds(cell) < 0.5


# ------------------------------------------------------------------------ a kernel that has never heard of labkit


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """A kernel in an environment of its own that holds what labkit needs, and not labkit."""
    box = tmp_path_factory.mktemp("bare")
    venv.create(box / "venv", symlinks=True)
    python = box / "venv" / "bin" / "python"
    parts = box / "parts"
    parts.mkdir()
    for path in Path(sysconfig.get_paths()["purelib"]).iterdir():
        if "labkit" not in path.name:
            (parts / path.name).symlink_to(path)
    target = subprocess.check_output(
        [python, "-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])"], text=True
    )
    (Path(target.strip()) / "parts.pth").write_text(f"{parts}\n")
    spec = {"argv": [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"], "language": "python"}
    folder = box / "jupyter" / "kernels" / "bare"
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(json.dumps({**spec, "display_name": "bare"}))
    return box


@pytest.fixture
def bare_environment(bare, monkeypatch, checkout):
    monkeypatch.setenv("JUPYTER_PATH", str(bare / "jupyter"))
    # The checkout may be on PYTHONPATH; the cut from the network is.
    return {"PYTHONPATH": str(checkout / "tests" / "offline"), "PIP_NO_BUILD_ISOLATION": "0", "PIP_RETRIES": "0"}


@pytest.fixture
def archive(tmp_path, checkout):
    """The address, on this machine, of an archive of the checkout as the host of the repository would make it."""
    subprocess.run(
        ["git", "archive", "--format=zip", "--prefix=labkit-HEAD/", "-o", str(tmp_path / "HEAD.zip"), "HEAD"],
        cwd=checkout,
        check=True,
    )
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/HEAD.zip"
        server.shutdown()


@pytest.mark.slow
def test_without_the_network_the_message_is_plain(bare_environment, tmp_path):
    with pytest.raises(CellExecutionError, match=r"labkit could not be installed\. Is this computer online\?"):
        run(notebook(first_cell.text()), tmp_path, "bare", **bare_environment)


@pytest.mark.slow
def test_where_labkit_is_missing_it_is_installed_and_a_panel_is_made(bare_environment, archive, tmp_path):
    cell = first_cell.text().replace(first_cell.archive(), archive)
    assert archive in cell
    cells = run(notebook(cell, WHERE, PANEL, KNOWN), tmp_path, "bare", **bare_environment).cells
    print(f"the first cell took {seconds(cells[1]):.1f} s, the panel {seconds(cells[3]):.1f} s")
    assert "venv" in printed(cells[2])
    assert "agents on" in printed(cells[3])
    # It knows as much of the notebooks as a checkout does.
    sections, lessons = len(define("regret").sections), sum(status(paper) == "runs today" for paper in papers())
    assert printed(cells[4]) == f"{sections} {lessons}\n"
