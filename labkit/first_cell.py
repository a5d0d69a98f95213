"""The first cell of every notebook: it installs labkit where it is missing, and checks that the two go together.

On Colab, or in a kernel that has never heard of labkit, the cell installs it. Everywhere else it does nothing.
"""

from __future__ import annotations

import sys
from typing import Any

# What a reader's kernel may have loaded before an installation replaced it.
_LOADED_EARLY = ("numpy", "pandas", "scipy", "plotly", "ipywidgets", "pydantic")

_TEXT = """\
# Installs labkit where it is missing, on Colab for example. Where labkit is there, nothing happens.
from importlib.util import find_spec

if find_spec("labkit") is None:
    %pip install --quiet {archive}
    assert find_spec("labkit"), "labkit could not be installed. Is this computer online? Then run the cell again."
import labkit

labkit.expect("{version}")"""

NAME, TAG = "first-cell", "setup"


def archive() -> str:
    """Return the address from which pip installs the newest labkit, without git."""
    return f"{_repository()}/archive/HEAD.zip"


def text() -> str:
    """Return the code of the cell, for the version of labkit that is installed."""
    return _TEXT.format(archive=archive(), version=_series(_version()))


def is_first(source: str) -> bool:
    """Return whether this is the code of the first cell, of whatever version."""
    return "labkit.expect(" in source


def place(notebook: Any) -> None:
    """Put the cell before the first code of a notebook, or bring it up to date where it is there already.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Changed in place; one without code is left alone.
    """
    from nbformat.v4 import new_code_cell

    codes = [i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    if not codes:
        return
    first = notebook.cells[codes[0]]
    if is_first(first.source):
        first.source = text()
    else:
        cell = new_code_cell(text(), id=NAME, metadata={"tags": [TAG]})
        notebook.cells.insert(codes[0], cell)


def expect(version: str) -> None:
    """Do nothing if the notebook and the installed labkit go together; else say what to install.

    Parameters
    ----------
    version : str
        The version the notebook was written for, such as ``"0.1"``: its first two numbers count.

    Raises
    ------
    ImportError
        labkit has another version, or an installation has replaced a package that this kernel had loaded before.
    ValueError
        `version` is not two numbers with a point between them.
    """
    here, wanted = _series(_version()), _series(version)
    if _numbers(here) < _numbers(wanted):
        cure = f"run  %pip install --upgrade {archive()}  and restart the kernel"
        raise ImportError(f"this notebook needs labkit {wanted}, and labkit {_version()} is installed: {cure}")
    if here != wanted:
        cure = f"take the notebook of today from {_repository()}/tree/HEAD/notebooks"
        raise ImportError(f"this notebook was written for labkit {wanted}, and {_version()} is installed: {cure}")
    if stale := _stale():
        raise ImportError(f"{', '.join(stale)} changed while this kernel ran: restart it, then run the cells again")


def _version() -> str:
    import labkit

    return labkit.__version__


def _series(version: str) -> str:
    """Return the first two numbers of a version: what they share can be used together."""
    return ".".join(map(str, _numbers(version)))


def _numbers(version: str) -> tuple[int, ...]:
    parts = version.split(".")[:2]
    if len(parts) < 2 or not all(part.isdecimal() for part in parts):
        raise ValueError(f"version = {version!r}: allowed is two numbers with a point between them, such as '0.1'")
    return tuple(map(int, parts))


def _stale() -> list[str]:
    """Return the packages of which this kernel has loaded another version than the one that is installed."""
    loaded = {name: getattr(sys.modules.get(name), "__version__", None) for name in _LOADED_EARLY}
    if not any(loaded.values()):
        return []
    from importlib.metadata import version as installed

    return [name for name, version in loaded.items() if version and version != installed(name)]


def _repository() -> str:
    from labkit.files import repository  # here, since at the top it would double the time that `import labkit` takes

    return repository()
