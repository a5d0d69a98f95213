"""What labkit weighs: measured here, kept in data/weight.csv by `make weight`, held true by tests/test_weight.py.

Times are CPU times, each beside a reference measured in the same run, so that the ratio is comparable across machines.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
import pandas as pd
from jupyter_client.manager import start_new_kernel

ROOT = Path(__file__).parents[1]
RECORD = ROOT / "data" / "weight.csv"
COLUMNS = ("what", "seconds", "reference", "ratio", "megabytes")
TIMES = 15
KERNEL_TIMES = 5
# numpy's import starts one thread per processor, each of which costs CPU time.
ONE_THREAD = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}

FIRST_FIGURE = (
    "from labkit.figures.stigmergic_memory import worlds; "
    "from labkit.mechanisms.stigmergic_memory import World, compare; "
    "worlds(compare(World(), rng=0, replicates=1)).to_json()"
)
BARE_FIGURE = "import pandas, plotly.graph_objects as go; go.Figure(go.Scatter(y=[1, 2])).to_json()"
BARE_WIDGET = "import plotly.graph_objects as go; display(go.FigureWidget(go.Scatter(y=[1, 2])))"


def measure() -> pd.DataFrame:
    """Measure everything; about a minute."""
    rows = [
        _time("import labkit", "import numpy", _cpu("import labkit"), _cpu("import numpy")),
        _time("first figure", "a bare plotly figure and pandas", _cpu(FIRST_FIGURE), _cpu(BARE_FIGURE)),
        _time(
            "kernel start to first picture of lesson 11",
            "kernel start to a bare FigureWidget",
            _in_kernel(lesson_until_its_panel("11_stigmergic_memory")),
            _in_kernel(BARE_WIDGET),
        ),
        _size("largest notebook", max(path.stat().st_size for path in (ROOT / "notebooks").glob("*.ipynb"))),
        _size("all notebooks", sum(path.stat().st_size for path in (ROOT / "notebooks").glob("*.ipynb"))),
        _size("data/", sum(path.stat().st_size for path in (ROOT / "data").iterdir() if path != RECORD)),
        *[_size(f"installed: {name}", size) for name, size in _largest(installed(), 3)],
        _size("installed: everything that is pinned", sum(installed().values())),
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _time(what: str, reference: str, ours: Callable[[], float], theirs: Callable[[], float]) -> tuple[object, ...]:
    times = KERNEL_TIMES if "kernel" in what else TIMES
    pairs = [(ours(), theirs()) for _ in range(times)]
    ratio = statistics.median(one for one, _ in pairs) / statistics.median(other for _, other in pairs)
    return what, round(statistics.median(one for one, _ in pairs), 3), reference, round(ratio, 2), None


def _size(what: str, size: int) -> tuple[object, ...]:
    return what, None, None, None, round(size / 1e6, 2)


def _cpu(code: str) -> Callable[[], float]:
    """Return a function that runs code in a fresh interpreter and returns its CPU time, seconds."""

    def run() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL, cwd=ROOT, env=ONE_THREAD)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return run


def _in_kernel(code: str) -> Callable[[], float]:
    """Return a function that runs code in a fresh kernel and returns the kernel's CPU time since its start, seconds."""

    def run() -> float:
        manager, client = start_new_kernel(cwd=str(ROOT / "notebooks"), env=ONE_THREAD)
        try:
            said: list[str] = []
            whole = f"{code}\nimport time\nprint('cpu', time.process_time())"
            reply = client.execute_interactive(whole, output_hook=lambda message: _note(said, message), timeout=120)
            assert reply["content"]["status"] == "ok", reply["content"]
            return float(re.search(r"cpu ([\d.]+)", "".join(said))[1])
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)

    return run


def _note(said: list[str], message: dict[str, object]) -> None:
    if message["header"]["msg_type"] == "stream":
        said.append(message["content"]["text"])


def lesson_until_its_panel(name: str) -> str:
    """Return the code of a notebook up to the cell that shows its first panel, which is displayed."""
    cells = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4).cells
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    last = next(i for i, source in enumerate(code) if "lesson.panel()" in source)
    return "\n".join([*code[: last + 1], "display(panel)"])


def installed() -> dict[str, int]:
    """Return the bytes that each pinned package takes on this disk."""
    pinned = re.findall(
        r"^([\w.-]+)==", (ROOT / "binder" / "requirements.txt").read_text(encoding="utf-8"), re.MULTILINE
    )
    sizes = {}
    for name in sorted(set(pinned)):
        try:
            files = importlib.metadata.distribution(name).files or []
        except importlib.metadata.PackageNotFoundError:
            continue  # pinned for another system
        paths = [Path(str(file.locate())) for file in files if file.suffix != ".pyc"]
        sizes[name] = sum(path.stat().st_size for path in paths if path.is_file())
    return sizes


def _largest(sizes: dict[str, int], count: int) -> list[tuple[str, int]]:
    return sorted(sizes.items(), key=lambda pair: -pair[1])[:count]


if __name__ == "__main__":
    begun = time.perf_counter()
    table = measure()
    table.to_csv(RECORD, index=False, lineterminator="\n")
    print(table.to_string(), f"\n{time.perf_counter() - begun:.0f} s")
