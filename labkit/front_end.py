"""Which page shows what this kernel sends: told from its process and from the one that started it."""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_ADVICE = {
    "Colab": "nothing to do once the first cell has run; if a panel stays empty, run: from google.colab import output; "
    "output.enable_custom_widget_manager(); then make the panel again. Files vanish with the session: download yours",
    "VS Code": "install its Jupyter extension and choose this Python as the kernel; if a panel asks for scripts, allow "
    'them, or set "jupyter.widgetScriptSources": ["jsdelivr.com", "unpkg.com"]',
    "Voila": "nothing to do: panels work there; to see why a cell fails, start it with --show_tracebacks=True",
    "JupyterLab": "nothing to do: panels work there",
    "Notebook 7": "nothing to do: panels work there",
    "Notebook 6": "panels need Notebook 7: run  pip install --upgrade notebook  where the server is installed, then "
    "start it again; or open the notebook in JupyterLab",
    "JupyterLab or Notebook": "nothing to do in JupyterLab and Notebook 7; Notebook 6 is too old for panels",
    "a program that runs notebooks": "its panels come to life in JupyterLab, on Colab or in Voila",
    "": "in a notebook, call labkit.doctor.doctor()",
}

# What the process that started the kernel was called with, most telling first.
_COMMANDS = (
    (r"\bvoila\b", "Voila"),
    (r"\bjupyter-lab\b|\bjupyterlab\b|\bjupyter lab\b|\blabkit lab\b", "JupyterLab"),
    (r"\bjupyter-notebook\b|\bjupyter notebook\b|-m notebook\b", "Notebook"),
    (r"\bvscode\b|\bcode-server\b", "VS Code"),
    (
        r"\bnbconvert\b|\bpapermill\b|\bnbclient\b|\bjupyter-execute\b|\bpytest\b|labkit\.publish",
        "a program that runs notebooks",
    ),
    (r"\bjupyterhub-singleuser\b|\bjupyter-server\b|\bjupyter server\b", "JupyterLab or Notebook"),
)


@dataclass(frozen=True, slots=True)
class FrontEnd:
    """What shows the output of this kernel.

    Attributes
    ----------
    name : str
        Empty where nothing does.
    sure : bool
        Whether it has said so itself; otherwise it is inferred from how the kernel was started.
    """

    name: str
    sure: bool = False

    @property
    def advice(self) -> str:
        """What a panel needs there."""
        return _ADVICE[self.name]

    def __str__(self) -> str:
        """Return a sentence without its full stop."""
        if not self.name:
            return "no front end is attached to this process"
        return f"this kernel {'serves' if self.sure else 'seems to serve'} {self.name}"


def front_end() -> FrontEnd:
    """Return what shows the output of this kernel, as far as can be told from inside."""
    if "google.colab" in sys.modules or "COLAB_RELEASE_TAG" in os.environ:
        return FrontEnd("Colab", sure=True)
    if "__vsc_ipynb_file__" in _names_of_the_notebook():
        return FrontEnd("VS Code", sure=True)
    if "VOILA_BASE_URL" in os.environ or "VOILA_KERNEL_ID" in os.environ:
        return FrontEnd("Voila", sure=True)
    if not _is_kernel():
        return FrontEnd("")
    started_by = _command_line(os.environ.get("JPY_PARENT_PID", ""))
    for pattern, name in _COMMANDS:
        if re.search(pattern, started_by):
            return FrontEnd(_with_version(name))
    # A server of 2022 or later tells the kernel which notebook it is for. A terminal of VS Code hands its
    # variables to whatever is started there, a JupyterLab too.
    if "JPY_SESSION_NAME" in os.environ:
        return FrontEnd("JupyterLab or Notebook")
    return FrontEnd("VS Code" if "VSCODE_PID" in os.environ else "a program that runs notebooks")


def _names_of_the_notebook() -> dict[str, object]:
    shell = _shell()
    return {} if shell is None else dict(getattr(shell, "user_ns", {}))


def _is_kernel() -> bool:
    return getattr(_shell(), "kernel", None) is not None


def _shell() -> object | None:
    if "IPython" not in sys.modules:
        return None
    from IPython import get_ipython

    shell: object | None = get_ipython()
    return shell


def _command_line(process: str) -> str:
    """Return how a process was called; empty where that cannot be seen, as on Windows."""
    listing = Path("/proc") / process / "cmdline"
    if not process.isdecimal():
        return ""
    if listing.is_file():
        return listing.read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    command = ["ps", "-o", "args=", "-p", process]
    try:
        asked = subprocess.run(command, capture_output=True, text=True, timeout=5)  # noqa: S603 (digits alone)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return asked.stdout.strip()


def _with_version(name: str) -> str:
    """Return the name with its version, where that is worth telling and the server is installed beside this kernel."""
    if name != "Notebook":
        return name
    try:
        number = int(importlib.metadata.version("notebook").partition(".")[0])
    except importlib.metadata.PackageNotFoundError:
        return "JupyterLab or Notebook"
    return "Notebook 7" if number >= 7 else "Notebook 6"
