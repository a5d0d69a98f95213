"""From notebooks to a folder of pages: execute, render, and see that the whole is small and without dead links."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from labkit.files import home, is_checkout, repository
from labkit.site._ask import executed
from labkit.site._links import dead_links
from labkit.site._pages import Page, front, page_of_document, page_of_notebook

PAGE_BYTES, SITE_BYTES = 3_000_000, 60_000_000
AT_ONCE = 2  # notebooks; each has a kernel of its own
ASSETS = ("site.css", "site.js")
SHARED = ("look.js", "plotly.js", *ASSETS)


def build(out: Path, notebooks: Sequence[Path] = (), seconds: float = 45.0) -> Path:
    """Build the site and return the path of its first page.

    Parameters
    ----------
    out : Path
        The folder; an older site in it is replaced once the new one is whole.
    notebooks : sequence of Path
        What to make pages of; all notebooks of the kit where empty. Links to the others lead to the repository.
    seconds : float
        What the frames of one panel may take: with more, its numbers get more places and its bands more runs.

    Raises
    ------
    ValueError
        A formula does not convert, a link leads nowhere, a page is too large, `out` holds something else, or labkit is
        installed without its repository.
    FileNotFoundError
        There is no such notebook.
    RuntimeError
        A cell failed, or the converter of formulas is not installed.
    """
    out = out.resolve()
    chosen = list(notebooks) or sorted((home() / "notebooks").glob("*.ipynb"))
    documents = sorted((home() / "notebooks").glob("*.md"))
    _ready(out, chosen)
    names = frozenset(path.name for path in (*chosen, *documents))
    # What is wrong in the text is said before minutes are spent on computing.
    pages = [page_of_document(path, names) for path in documents]
    print(
        f"Executing {len(chosen)} notebooks, {AT_ONCE} at a time; the frames of a panel take up to {seconds:g} s ...",
        flush=True,
    )
    with ThreadPoolExecutor(AT_ONCE) as threads:
        made = list(threads.map(partial(_made, names=names, seconds=seconds), chosen))
    new = out.with_name(f".{out.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    _write(new, [*pages, *made, front(made, pages)], chosen)
    check(new)
    shutil.rmtree(out, ignore_errors=True)
    new.replace(out)
    return out / "index.html"


def _ready(out: Path, notebooks: Sequence[Path]) -> None:
    """Raise what would otherwise be found out after minutes."""
    if not is_checkout():
        raise ValueError(f"the pages link to files of the repository: build them in a checkout of {repository()}")
    for path in notebooks:
        if not path.is_file():
            raise FileNotFoundError(f"there is no notebook {path}")
    if out.exists() and not out.is_dir():
        raise ValueError(f"{out} is a file: allowed is a folder")
    if out.is_dir() and any(out.iterdir()) and not (out / "look.js").is_file():
        raise ValueError(f"{out} is not empty and holds no site: allowed is a new folder, or that of an older site")


def _made(path: Path, names: frozenset[str], seconds: float) -> Page:
    from nbclient.exceptions import CellExecutionError

    begun = time.perf_counter()
    try:
        page = page_of_notebook(path, executed(path, seconds), names)
    except CellExecutionError as error:
        raise RuntimeError(f"{path.name}: {error}") from None
    size = len(page.html().encode()) / 1e6
    print(f"{path.name}: {time.perf_counter() - begun:.0f} s, {size:.1f} MB", flush=True)
    return page


def _write(folder: Path, pages: Sequence[Page], notebooks: Sequence[Path]) -> None:
    from plotly.offline import get_plotlyjs

    (folder / "notebooks").mkdir(parents=True)
    lessons = [page for page in pages if page.seen]
    documents = [page for page in pages if page.notebook.endswith(".md") and page.file != "index.html"]
    for page in pages:
        page.links = [{"href": document.file, "words": document.title} for document in documents]
    for page, after in zip(lessons, [*lessons[1:], None], strict=True):
        page.next = {"href": after.file, "words": after.title} if after else None
    for page in pages:
        (folder / page.file).write_text(page.html(), encoding="utf-8")
    for path in notebooks:
        shutil.copyfile(path, folder / "notebooks" / path.name)
    for name in ASSETS:
        shutil.copyfile(Path(__file__).parent / "assets" / name, folder / name)
    (folder / "plotly.js").write_text(get_plotlyjs(), encoding="utf-8")
    (folder / "look.js").write_text(f"window.labkitLook = {json.dumps(look())};\n", encoding="utf-8")


def look() -> dict[str, Any]:
    """Return what all figures share: the template, the colours that change in the dark, and plotly's settings."""
    import plotly.io as pio

    from labkit import theme

    template = json.loads(pio.to_json({"layout": {"template": pio.templates["labkit"]}}))["layout"]["template"]
    dark = {theme.PAPER: "#14161b", theme.INK: "#e8e8ee", theme.SUBDUED: "#a9a9b6", theme.GRID: "#2b2e37"}
    lighter = {"blue": "#4da3e0", "vermilion": "#f0803c", "green": "#2fbf94"}
    dark |= {theme.PALETTE[name]: colour for name, colour in lighter.items()}
    dark = {light.lower(): colour for light, colour in dark.items()}
    return {"template": template, "dark": dark, "config": {"displayModeBar": False, "responsive": True}}


def check(folder: Path) -> None:
    """Raise where a page or the whole is too large, or a link on a page leads nowhere.

    Parameters
    ----------
    folder : Path
        The built site.

    Raises
    ------
    ValueError
        Names what is wrong.
    """
    for path in folder.glob("*.html"):
        if (size := path.stat().st_size) > PAGE_BYTES:
            raise ValueError(f"{path.name} has {size} bytes: allowed are {PAGE_BYTES}")
    whole = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    if whole > SITE_BYTES:
        raise ValueError(f"the site has {whole} bytes: allowed are {SITE_BYTES}")
    if dead := dead_links(folder):
        raise ValueError("links that lead nowhere: " + "; ".join(dead))
