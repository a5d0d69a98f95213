"""A reader's progress taken away, brought back, and erased: nothing is lost on the way."""

from __future__ import annotations

import json
import re
from pathlib import Path

from labkit.files import held, write_text
from labkit.teach import _progress

LARGEST = 5_000_000
"""Bytes: a reader who has done every lesson comes to some 50 000."""


def export_progress(path: str | Path) -> Path:
    """Write all bets, answers and hints to a file, which `import_progress` reads.

    Parameters
    ----------
    path : str or Path
        Where to write; a file that is there is replaced.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    target = Path(path)
    write_text(target, exported())
    return target


def exported() -> str:
    """Return what `export_progress` writes."""
    return _progress.as_text(_progress.everything())


def import_progress(source: str | Path) -> Path | None:
    """Take over the progress that was exported to a file; what was there before is kept as a copy.

    Parameters
    ----------
    source : str or Path
        The file.

    Returns
    -------
    Path or None
        The copy of what was there before, which `restore_progress` brings back; None where nothing was.

    Raises
    ------
    ValueError
        The file is no exported progress; what is stored stays as it is.
    OSError
        The file cannot be read, or the progress cannot be written.
    """
    return take_over(Path(source).read_bytes(), Path(source).name)


def take_over(content: bytes, name: str) -> Path | None:
    """Do what `import_progress` does, with the content of a file."""
    kept = _understood(content, name)
    path = _progress.location()
    path.parent.mkdir(parents=True, exist_ok=True)
    with held(path):
        copy = _set_aside(path)
        write_text(path, _progress.as_text(kept))
    return copy


def erase_progress() -> Path | None:
    """Erase all bets, answers and hints; a copy is kept.

    Returns
    -------
    Path or None
        The copy, which `restore_progress` brings back; None where there was nothing to erase.

    Raises
    ------
    OSError
        The file cannot be moved.
    """
    path = _progress.location()
    if not path.exists():
        return None
    with held(path):
        return _set_aside(path)


def restore_progress() -> Path:
    """Bring back the last copy; it changes places with what is stored now, so that doing it twice changes nothing.

    Returns
    -------
    Path
        The copy that was brought back.

    Raises
    ------
    ValueError
        There is no copy.
    OSError
        The files cannot be moved.
    """
    path = _progress.location()
    copy = last_copy()
    if copy is None:
        raise ValueError(f"there is no copy beside {path.name} to bring back")
    with held(path):
        now = path.read_text(encoding="utf-8") if path.exists() else ""
        copy.replace(path)
        if now:
            write_text(copy, now)
    return copy


def last_copy() -> Path | None:
    """Return the copy that was made last, None where there is none."""
    path = _progress.location()
    wanted = re.compile(rf"{re.escape(path.stem)}\.backup-(\d+){re.escape(path.suffix)}")
    found = [(int(match[1]), each) for each in path.parent.glob("*") if (match := wanted.fullmatch(each.name))]
    return max(found)[1] if found else None


def _set_aside(path: Path) -> Path | None:
    """Move what is stored to a copy of its own, numbered after the last."""
    if not path.exists():
        return None
    last = last_copy()
    number = int(last.stem.rpartition("-")[2]) + 1 if last else 1
    copy = path.with_name(f"{path.stem}.backup-{number}{path.suffix}")
    path.replace(copy)
    return copy


def _understood(content: bytes, name: str) -> dict[str, dict[str, _progress.Entry]]:
    if len(content) > LARGEST:
        raise ValueError(f"{name} has {len(content)} bytes: an exported progress has at most {LARGEST}")
    try:
        kept = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError):
        kept = None
    if not _progress.understood(kept):
        raise ValueError(f"{name} is no progress exported by labkit; nothing was changed")
    return kept  # type: ignore[no-any-return]
