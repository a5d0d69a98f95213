"""Write the generated tables of README.md: the notebooks and the claims, as they are on disk."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from labkit import ledger
from labkit.curriculum import minutes_in
from labkit.files import FIRST_NOTEBOOK, data_path, home, read_rows, repository, write_text


@dataclass(frozen=True, slots=True)
class Opening:
    """What the first cell of a notebook announces.

    Attributes
    ----------
    file : str
        The notebook's name.
    title : str
        Its heading.
    question : str
        The one question it answers.
    minutes : int or None
        How long it takes.
    prerequisites : str
        What to know before.
    runs : str
        What is computed: a simulation, recorded answers of a model, ...
    """

    file: str
    title: str
    question: str
    minutes: int | None
    prerequisites: str
    runs: str


def opening(notebook: Path) -> Opening:
    """Return what the first cell of `notebook` announces.

    The cell reads ``# Title``, then entries such as ``**Question.** ...``, ``**Time.** 60 minutes``,
    ``**Prerequisites.** none`` and ``**Runs on.** ...``, each closed by `` · `` or by the end of its paragraph.

    Raises
    ------
    ValueError
        The cell has no title.
    """
    text = "".join(json.loads(notebook.read_text(encoding="utf-8"))["cells"][0]["source"])
    title = re.search(r"^# (.+)$", text, re.MULTILINE)
    if title is None:
        raise ValueError(f"{notebook.name}: the first cell has no title, a line that begins with '# '")
    return Opening(
        notebook.name,
        title[1].strip(),
        _entry(text, "Question"),
        minutes_in(text),
        _entry(text, "Prerequisites"),
        _entry(text, "Runs on"),
    )


def _entry(text: str, name: str) -> str:
    entry = rf"\*\*{name}[.:]?\*\*[.:]?\s*(.+?)(?= · |\n\s*\n|\n\*\*|\Z)"
    found = re.search(entry, text, re.DOTALL | re.IGNORECASE)
    return " ".join(found[1].split()) if found else ""


def binder(path: str = "") -> str:
    """Return the address that opens a file of the repository on Binder; without one, the first notebook."""
    owner_and_name = repository().removeprefix("https://github.com/")
    page = quote(path or f"notebooks/{FIRST_NOTEBOOK}")
    return f"https://mybinder.org/v2/gh/{owner_and_name}/HEAD?urlpath=lab/tree/{page}"


def colab(path: str = "") -> str:
    """Return the address that opens a notebook of the repository on Colab; without one, the first notebook."""
    owner_and_name = repository().removeprefix("https://github.com/")
    page = quote(path or f"notebooks/{FIRST_NOTEBOOK}")
    return f"https://colab.research.google.com/github/{owner_and_name}/blob/main/{page}"


def badges() -> str:
    """Return the badges at the top, with the address of the repository in them."""
    return f"[![Open in Binder](https://mybinder.org/badge_logo.svg)]({binder()})\n"


def notebooks() -> str:
    """Return the table of the notebooks on disk."""
    lines = ["| | notebook | question | minutes | what runs | |", "|---|---|---|---|---|---|"]
    for path in sorted((home() / "notebooks").glob("*.ipynb")):
        seen = opening(path)
        cells = (
            path.name[:2],
            f"[{seen.title}](notebooks/{path.name})",
            seen.question,
            str(seen.minutes or ""),
            seen.runs,
            f"[Binder]({binder(f'notebooks/{path.name}')}) · [Colab]({colab(f'notebooks/{path.name}')})",
        )
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def claims() -> str:
    """Return the tables of the claims on record, one per mechanism."""
    parts = []
    for stem in ledger.stems():
        name = stem.replace("_", " ").capitalize()
        parts.append(f"**{name}**\n\n{ledger.render(stem)._repr_markdown_()}")
    return "\n".join(parts) or "No claims yet.\n"


def weights() -> str:
    """Return the table of what labkit weighs, as data/weight.csv has it."""
    lines = ["| what | CPU seconds | beside | ratio | megabytes |", "|---|---|---|---|---|"]
    rows = read_rows(data_path("weight.csv"), ("what", "seconds", "reference", "ratio", "megabytes"))
    lines += ["| " + " | ".join(row.values()) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def fill(text: str) -> str:
    """Return `text` with its generated regions, each between two comments, written anew."""
    regions = {"badges": badges, "notebooks": notebooks, "claims": claims, "weight": weights}
    return re.sub(
        r"(<!-- begin (\w+) -->\n).*?(<!-- end \2 -->)",
        lambda found: f"{found[1]}{regions[found[2]]()}{found[3]}",
        text,
        flags=re.DOTALL,
    )


def write() -> Path:
    """Write the generated regions of README.md and return its path.

    Raises
    ------
    FileNotFoundError
        labkit is installed without its repository, so that there is no README to write.
    """
    path = home() / "README.md"
    write_text(path, fill(path.read_text(encoding="utf-8")))
    return path
