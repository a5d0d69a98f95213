"""Say why a widget or a plot does not show, and how to mend it."""

from __future__ import annotations

import html
import importlib
import importlib.metadata
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from labkit.files import data_path
from labkit.front_end import front_end

State = Literal["ok", "problem", "note"]

# What draws in the page: the package, the oldest version that works, and what is missing without it.
_NEEDED = (
    ("ipywidgets", (8, 1), "no slider appears"),
    ("anywidget", (0, 9), "no live plot appears"),
    ("plotly", (6, 1), "no plot appears"),
    ("jupyterlab_widgets", (3, 0), "JupyterLab shows the text of a widget in its place"),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    state : {"ok", "problem", "note"}
        A note stops nothing.
    what : str
        What was found.
    mend : str
        How to mend it; empty where there is nothing to mend.
    """

    state: State
    what: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """All that was looked at; shows itself as text or as a table."""

    findings: tuple[Finding, ...]

    @property
    def healthy(self) -> bool:
        """Whether there is no problem."""
        return all(finding.state != "problem" for finding in self.findings)

    def __str__(self) -> str:
        """Return one line per finding, and a line below it that says how to mend it."""
        lines = []
        for finding in self.findings:
            lines.append(f"{finding.state:8}{finding.what}")
            if finding.mend:
                lines.append(f"{'':8}-> {finding.mend}")
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = "".join(
            "<tr>" + "".join(f"<td style='text-align:left'>{html.escape(cell)}</td>" for cell in cells) + "</tr>"
            for cells in ((finding.state, finding.what, finding.mend) for finding in self.findings)
        )
        return f"<table><tr><th>state</th><th>found</th><th>how to mend it</th></tr>{rows}</table>"


def doctor() -> Report:
    """Look at everything that a live panel needs and return what was found."""
    return Report(
        (*_python(), *_packages(), *_extension(), *_kernel(), *_front_end(), *_data(), *_browser(), *_model())
    )


def _python() -> Iterator[Finding]:
    yield Finding("ok", f"Python {'.'.join(map(str, sys.version_info[:3]))} at {sys.executable}")


def _packages() -> Iterator[Finding]:
    for name, oldest, without in _NEEDED:
        install = f"run: {sys.executable} -m pip install --upgrade {name}; then restart the kernel and reload the page"
        try:
            importlib.import_module(name)
        except ImportError as error:
            yield Finding("problem", f"{name} cannot be imported ({error}): {without}", install)
            continue
        version = importlib.metadata.version(name)
        if tuple(map(int, re.findall(r"\d+", version)[:2])) < oldest:
            yield Finding("problem", f"{name} {version} is too old: {without}", install)
        else:
            yield Finding("ok", f"{name} {version}")


def _extension() -> Iterator[Finding]:
    """Look for the scripts that JupyterLab loads into the page."""
    from jupyter_core.paths import jupyter_path

    folders = [Path(folder) for folder in jupyter_path("labextensions")]
    for name in ("@jupyter-widgets/jupyterlab-manager", "anywidget"):
        if any((folder / name / "package.json").is_file() for folder in folders):
            yield Finding("ok", f"JupyterLab finds the extension {name}")
        else:
            package = "anywidget" if name == "anywidget" else "jupyterlab_widgets"
            yield Finding(
                "problem",
                f"JupyterLab does not find the extension {name}",
                f"run: {sys.executable} -m pip install --force-reinstall --no-deps {package}; then restart JupyterLab",
            )


def _kernel() -> Iterator[Finding]:
    """Compare the environment of this Python with the one a notebook's kernel would run in."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        spec = KernelSpecManager().get_kernel_spec("python3")
    except NoSuchKernel:
        yield Finding("problem", "there is no kernel python3", f"run: {sys.executable} -m pip install ipykernel")
        return
    runs = shutil.which(spec.argv[0]) or spec.argv[0]
    if Path(runs).parent == Path(sys.executable).parent or spec.argv[0] == "python":
        yield Finding("ok", "the kernel python3 runs in the environment that labkit is installed in")
    else:
        yield Finding(
            "problem",
            f"the kernel python3 runs {runs}, but labkit is installed beside {sys.executable}",
            f"run: {sys.executable} -m ipykernel install --sys-prefix; then choose that kernel",
        )


def _front_end() -> Iterator[Finding]:
    found = front_end()
    yield Finding("problem" if found.name == "Notebook 6" else "note", str(found), found.advice)


def _data() -> Iterator[Finding]:
    for name in ("papers.csv", "curriculum.csv"):
        path = data_path(name)
        if path.is_file():
            yield Finding("ok", f"data/{name} is there")
        else:
            yield Finding("problem", f"{path} is missing", "fetch the repository again, or reinstall labkit")


def _browser() -> Iterator[Finding]:
    from labkit.publish import browser_path

    found = browser_path()
    if found:
        yield Finding("ok", f"pictures can be saved with {found}")
    else:
        yield Finding(
            "note",
            "no Chromium or Chrome: panels work, but `make notebooks` cannot save their pictures",
            "install one, or set CHROME_PATH to it",
        )


def _model() -> Iterator[Finding]:
    """Look for the local model; without it, notebooks run on recorded answers."""
    from labkit import llm

    lacking = llm.missing()
    if lacking:
        what, _, mend = lacking.partition(": ")
        yield Finding("note", f"{what}; notebooks run on recorded answers of it", mend)
        return
    try:
        importlib.import_module("xllamacpp")
    except ImportError as error:
        # Its wheel for Linux uses the system's libgomp.
        yield Finding("problem", f"the engine of the local model does not load ({error})", "install libgomp1")
        return
    yield Finding("ok", f"the local model is there: {llm.engine_version()}, {llm.SMOLLM2.model}")
