"""Where the kit's data lie, and how a file is written so that an interruption loses nothing."""

from __future__ import annotations

import uuid
from pathlib import Path

# Where a reader begins.
FIRST_NOTEBOOK = "00_start_here.ipynb"


def home() -> Path:
    """Return the folder that holds `data/` and `notebooks/`: the checkout, or the installed package."""
    package = Path(__file__).resolve().parent
    return package.parent if (package.parent / "data" / "papers.csv").is_file() else package


def repository() -> str:
    """Return the address of the repository, which pyproject.toml holds and an installed package remembers."""
    import tomllib
    from importlib.metadata import metadata

    project = home() / "pyproject.toml"
    if project.is_file():
        return str(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["urls"]["Repository"])
    links: list[str] = metadata("labkit").get_all("Project-URL") or []
    return next(link.removeprefix("Repository, ") for link in links if link.startswith("Repository, "))


def data_path(name: str) -> Path:
    """Return the path of a file in `data/`, whether or not it exists yet."""
    return home() / "data" / name


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` as a whole or not at all.

    A reader, or a run that is killed half-way, finds the old file or the new one, never a part.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        temporary.write_text(text, encoding="utf-8", newline="\n")
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
