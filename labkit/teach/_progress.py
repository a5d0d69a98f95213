"""A reader's progress: one JSON file beside the notebooks, safe with several kernels and never thrown away."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from labkit.files import held, home, is_checkout, write_text

Entry = dict[str, Any]


def location() -> Path:
    """Return the file that holds the progress: ``LABKIT_PROGRESS`` where set, else beside the reader's notebooks."""
    if named := os.environ.get("LABKIT_PROGRESS"):
        return Path(named)
    here = Path.cwd()
    folder = here if any(here.glob("*.ipynb")) or not is_checkout() else home() / "notebooks"
    return folder / "my_progress.json"


def entry(section: str, key: str) -> Entry:
    """Return what is stored under `section` and `key`, empty where nothing is."""
    return dict(everything().get(section, {}).get(key, {}))


def everything() -> dict[str, dict[str, Entry]]:
    """Return all that is stored: sections, each with its entries."""
    path = location()
    if not path.exists() or not os.access(path.parent, os.W_OK):
        return {}
    with held(path):
        return read(path)


def update(section: str, key: str, change: Callable[[Entry], Entry]) -> Entry:
    """Replace one entry by ``change(entry)`` and return it; what other kernels have stored stays.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    path = location()
    with held(path):
        kept = read(path)
        entries = kept.setdefault(section, {})
        entries[key] = change(dict(entries.get(key, {})))
        write_text(path, as_text(kept))
        return dict(entries[key])


def note(section: str, key: str, change: Callable[[Entry], Entry]) -> None:
    """Do what `update` does; where the file cannot be written, say so in a warning and go on."""
    try:
        update(section, key, change)
    except OSError as error:
        warnings.warn(f"your progress was not stored in {location()}: {error}", stacklevel=3)


def read(path: Path) -> dict[str, dict[str, Entry]]:
    """Return the whole file; one that cannot be understood is set aside under another name."""
    if not path.exists():
        return {}
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        if understood(kept):
            return kept  # type: ignore[no-any-return]
    except ValueError:
        pass
    aside = _free_name(path)
    path.replace(aside)
    warnings.warn(
        f"{path.name} could not be read as progress: it is kept as {aside.name}, and a new file begins", stacklevel=3
    )
    return {}


def understood(kept: Any) -> bool:
    """Whether this is a dict of sections, each a dict of entries, each a dict."""
    sections = list(kept.values()) if isinstance(kept, dict) else [None]
    return all(
        isinstance(section, dict) and all(isinstance(each, dict) for each in section.values()) for section in sections
    )


def as_text(kept: dict[str, dict[str, Entry]]) -> str:
    """Return the content of the file."""
    return json.dumps(kept, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _free_name(path: Path) -> Path:
    number = 1
    while (aside := path.with_name(f"{path.stem}.damaged-{number}{path.suffix}")).exists():
        number += 1
    return aside
