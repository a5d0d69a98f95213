"""Tables behind figures: sweeps too long for a reader, kept in data/ beside the record of the claims."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from labkit.files import NUMBER, data_path, held, read_rows, write_text

if TYPE_CHECKING:
    import pandas as pd

SUMS = "SHA256SUMS"


def tables_of(stem: str) -> dict[str, Callable[[], pd.DataFrame]]:
    """Return the tables that ``labkit/claims/<stem>.py`` declares as `TABLES`: file name to what makes it."""
    declared: dict[str, Callable[[], pd.DataFrame]] = getattr(
        importlib.import_module(f"labkit.claims.{stem}"), "TABLES", {}
    )
    return declared


def write_tables(stem: str) -> list[Path]:
    """Compute the tables of a mechanism, write them to data/ as CSV with their digests, and return their paths."""
    written = []
    for name, make in tables_of(stem).items():
        path = data_path(name)
        write_text(path, make().to_csv(index=False, float_format="%.6g", lineterminator="\n"))
        with held(path.with_name(SUMS)):
            sums = _sums() | {name: _digest(path)}
            write_text(path.with_name(SUMS), "".join(f"{sums[each]}  {each}\n" for each in sorted(sums)))
        written.append(path)
    return written


def read_table(name: str, **columns: type) -> pd.DataFrame:
    """Return a table from data/, as it was computed.

    Parameters
    ----------
    name : str
        The file.
    **columns : type
        Its columns in their order: ``str``, or ``float`` or ``int`` for numbers.

    Returns
    -------
    pandas.DataFrame
        An empty cell is NaN.

    Raises
    ------
    ValueError
        The file is not what `write_tables` wrote, has other columns, or holds something else than a number; the message
        names the row.
    """
    import pandas as pd

    path = data_path(name)
    mend = "restore it, or compute it with `labkit claims --full`"
    for number, row in enumerate(read_rows(path, list(columns)), start=1):
        for column, kind in columns.items():
            if kind is not str and row[column] and not NUMBER.fullmatch(row[column]):
                raise ValueError(f"{path}, row {number}: {column} = {row[column]!r}: allowed is a number; {mend}")
    if _digest(path) != _sums().get(name):
        raise ValueError(f"{path} was changed since it was computed: {mend}")
    return pd.read_csv(path)


def _sums() -> dict[str, str]:
    """Return the digests on record by file name; the file is that of ``sha256sum``."""
    path = data_path(SUMS)
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def _digest(path: Path) -> str:
    # Git may end lines in another way on another system.
    return hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n")).hexdigest()
