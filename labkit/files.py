"""Where the kit's data lie, and how a file is written so that an interruption loses nothing."""

from __future__ import annotations

import csv
import errno
import io
import re
import sys
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

# Where a reader begins.
FIRST_NOTEBOOK = "00_start_here.ipynb"
# Python itself also reads "1_0" and digits of other scripts.
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|-?inf", re.ASCII)


def home() -> Path:
    """Return the folder that holds `data/` and `notebooks/`: the checkout, or the installed package."""
    package = Path(__file__).resolve().parent
    return package.parent if (package.parent / "data" / "papers.csv").is_file() else package


def is_checkout() -> bool:
    """Return whether labkit runs from a checkout of its repository, and not as an installed package."""
    return (home() / "pyproject.toml").is_file()


def repository() -> str:
    """Return the address of the repository, which pyproject.toml holds and an installed package remembers."""
    import tomllib
    from importlib.metadata import metadata

    if is_checkout():
        project = (home() / "pyproject.toml").read_text(encoding="utf-8")
        return str(tomllib.loads(project)["project"]["urls"]["Repository"])
    links: list[str] = metadata("labkit").get_all("Project-URL") or []
    return next(link.removeprefix("Repository, ") for link in links if link.startswith("Repository, "))


def data_path(name: str) -> Path:
    """Return the path of a file in `data/`, whether or not it exists yet."""
    return home() / "data" / name


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` as a whole or not at all.

    A reader, or a run that is killed half-way, finds the old file or the new one, never a part.

    Raises
    ------
    OSError
        It cannot be written; the message names the file and what helps. The old file is still there.
    """
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(text, encoding="utf-8", newline="\n")
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise OSError(error.errno, why(error), str(path)) from None
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def read_rows(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """Return the rows of a CSV file as mappings of its columns to texts.

    Raises
    ------
    ValueError
        It is no CSV file, has other columns, or a row has more or fewer values; the message names file and row.
    """
    try:
        # A mark that some editors put at the beginning is no part of the first column.
        text = path.read_bytes().decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path} cannot be read as a table ({error}): restore it") from None
    if not rows or rows[0] != list(columns):
        raise ValueError(f"{path}: the columns are {rows[0] if rows else []}; allowed are {list(columns)}")
    for number, row in enumerate(rows[1:], start=1):
        if len(row) != len(columns):
            raise ValueError(f"{path}, row {number}: it has {len(row)} values; allowed is one for each column")
    return [dict(zip(columns, row, strict=True)) for row in rows[1:]]


def number_in(text: str) -> float:
    """Return the number that a cell of a table holds: digits, one dot, an exponent, or ``inf``; nothing else.

    Raises
    ------
    ValueError
        The text is no such number.
    """
    if not NUMBER.fullmatch(text):
        raise ValueError(f"{text!r}: allowed is a number")
    return float(text)


def why(error: OSError) -> str:
    """Return in words why a file could not be written, and what helps."""
    full = error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
    mend = "free some space, then try again" if full else "choose a folder that you may write to"
    return f"{error.strerror or error}: {mend}"


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the lock that stands beside `path`: of several processes or threads one at a time goes on.

    Closing the lock's file frees it, also when the process dies.

    Raises
    ------
    OSError
        The folder of `path` cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.with_name(f".{path.name}.lock").open("a")
    except OSError as error:
        raise OSError(error.errno, why(error), str(path)) from None
    with lock:
        if sys.platform == "win32":
            _lock_on_windows(lock.fileno())
        else:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _lock_on_windows(file: int) -> None:
    """Wait for the lock; Windows itself gives up after ten seconds."""
    if sys.platform != "win32":
        return
    import msvcrt

    while True:
        try:
            msvcrt.locking(file, msvcrt.LK_LOCK, 1)
            break
        except OSError as error:
            if error.errno != errno.EDEADLK:
                raise
