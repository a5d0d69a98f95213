"""Tables on disk that say how they were made: lines before the header hold function, parameters, seed and version."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Hashable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labkit.files import write_text

if TYPE_CHECKING:
    import pandas as pd

MARK = "# labkit table"
KINDS = ("int64", "float64", "bool", "text")


def save(table: pd.DataFrame, path: Path | str) -> Path:
    """Write a table as CSV, with what is known of its making in lines that begin with ``#``.

    Any program that reads CSV reads it; most are told to pass over such lines (``comment="#"`` in pandas and R).

    Parameters
    ----------
    table : pandas.DataFrame
        Of `sweep`, say: its ``attrs`` are written too. Columns hold numbers, truth values or text; what is of another
        kind is written as Python prints it.
    path : path
        The file; it is there as a whole or not at all.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ValueError
        Its name does not end with .csv, or ``attrs`` hold something that JSON cannot.
    """
    path = Path(path)
    if path.suffix != ".csv":
        raise ValueError(f"path = {str(path)!r}: allowed is a name that ends with .csv")
    write_text(path, as_text(table, table.attrs))
    return path


def load(path: Path | str) -> pd.DataFrame:
    """Read what `save` has written, or what the CSV button of a panel gives.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    pandas.DataFrame
        The same table, number by number; ``attrs`` hold how it was made.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        It does not say how it was made, or what it says is damaged; the message names the line.
    """
    import pandas as pd

    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    text = path.read_text(encoding="utf-8")
    told, kinds, body = _head(text, path.name)
    table = pd.read_csv(io.StringIO(body), dtype=str, keep_default_na=False)
    if list(table.columns) != list(kinds):
        raise ValueError(f"{path.name}: the columns are {list(table.columns)}, but it says that they are {list(kinds)}")
    for name, kind in kinds.items():
        table[name] = _typed(table[name], kind, path.name)
    table.attrs = told
    return table


def as_text(table: pd.DataFrame, told: Mapping[Any, Any]) -> str:
    """Return a table as CSV, with what is told of it in lines before the header.

    Parameters
    ----------
    table : pandas.DataFrame
        What to write.
    told : mapping
        What is known of its making.

    Returns
    -------
    str
        The text of the file.

    Raises
    ------
    ValueError
        Something told is of a kind that JSON cannot hold.
    """
    kinds = {str(name): _kind(table[name].dtype) for name in table.columns}
    lines = [MARK, *(f"# {key}: {_json(key, value)}" for key, value in told.items()), f"# columns: {json.dumps(kinds)}"]
    return "\n".join(lines) + "\n" + table.to_csv(index=False, na_rep="nan", lineterminator="\n")


def bound(function: Callable[..., Any]) -> dict[Hashable, dict[str, str]]:
    """Return what a partial function holds already, as ``{"bound": ...}``; nothing for any other."""
    if not isinstance(function, partial):
        return {}
    places = {str(place): repr(value) for place, value in enumerate(function.args)}
    return {"bound": places | {name: str(value) for name, value in function.keywords.items()}}


def _head(text: str, name: str) -> tuple[dict[Hashable, Any], dict[str, str], str]:
    """Return what is told, the kinds of the columns, and the rest."""
    # A text may hold other signs that Python takes for ends of lines.
    lines = text.split("\n")
    if lines[0].strip() != MARK:
        raise ValueError(f"{name} does not begin with {MARK!r}: it does not say how it was made; read it with pandas")
    told: dict[Hashable, Any] = {}
    for number, line in enumerate(lines[1:], 2):
        if not line.startswith("# "):
            break
        key, _, value = line[2:].partition(": ")
        try:
            told[key] = json.loads(value)
        except ValueError:
            raise ValueError(f"{name}, line {number}, is damaged: {line.strip()!r}") from None
    kinds = told.pop("columns", None)
    if not isinstance(kinds, dict) or not set(kinds.values()) <= set(KINDS):
        raise ValueError(f"{name}: a line '# columns: ...' has to tell the kind of each column: {', '.join(KINDS)}")
    return told, kinds, "\n".join(lines[len(told) + 2 :])


def _kind(dtype: Any) -> str:
    kind = {"i": "int64", "u": "int64", "f": "float64", "b": "bool"}
    return kind.get(getattr(dtype, "kind", ""), "text")


def _typed(column: Any, kind: str, name: str) -> Any:
    if kind == "text":
        return column
    if kind == "bool":
        return column == "True"
    try:
        # Not pandas' own parser: its last digit can differ.
        return column.map(int if kind == "int64" else float).astype(kind)
    except ValueError as error:
        raise ValueError(f"{name}: column {column.name!r} should hold {kind}: {error}") from None


def _json(key: str, value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except TypeError:
        raise ValueError(f"attrs[{key!r}] = {value!r}: allowed is what JSON can hold") from None
