"""Tables behind figures: sweeps too long for a reader, kept in data/ beside the record of the claims."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from labkit.files import data_path, write_text

if TYPE_CHECKING:
    import pandas as pd


def tables_of(stem: str) -> dict[str, Callable[[], pd.DataFrame]]:
    """Return the tables that ``labkit/claims/<stem>.py`` declares as `TABLES`: file name to what makes it."""
    declared: dict[str, Callable[[], pd.DataFrame]] = getattr(
        importlib.import_module(f"labkit.claims.{stem}"), "TABLES", {}
    )
    return declared


def write_tables(stem: str) -> list[Path]:
    """Compute the tables of a mechanism, write them to data/ as CSV, and return their paths."""
    written = []
    for name, make in tables_of(stem).items():
        write_text(data_path(name), make().to_csv(index=False, float_format="%.6g", lineterminator="\n"))
        written.append(data_path(name))
    return written
