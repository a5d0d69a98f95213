"""Figures as small text: numbers to four digits, only what differs from the first figure, and all of it compressed."""

from __future__ import annotations

import base64
import gzip
import json
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import plotly.io as pio

DIGITS = 4
Change = tuple[list[str | int], Any]


def bare(figure: Any) -> dict[str, Any]:
    """Return a figure as plain JSON with rounded numbers, without the template that all figures share.

    Parameters
    ----------
    figure : plotly Figure or dict
        A dict is a figure's JSON, in which arrays may be packed.
    """
    whole = figure if isinstance(figure, dict) else json.loads(figure.to_json())
    layout = dict(whole.get("layout", {}))
    if layout.get("template") == _shared():
        del layout["template"]
    plain: dict[str, Any] = _plain({"data": whole.get("data", []), "layout": layout})
    return plain


def _shared() -> dict[str, Any]:
    shared: dict[str, Any] = json.loads(pio.to_json({"layout": {"template": pio.templates["labkit"]}}))["layout"]
    return dict(shared["template"])


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return _unpacked(value) if "bdata" in value else {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        if value and all(isinstance(each, int | float | None) and not isinstance(each, bool) for each in value):
            return rounded(value)
        return [_plain(each) for each in value]
    return rounded([value])[0] if isinstance(value, float) else value


def _unpacked(packed: dict[str, Any]) -> list[Any]:
    flat = np.frombuffer(base64.b64decode(packed["bdata"]), dtype=packed["dtype"])
    shape = [int(side) for side in str(packed.get("shape", len(flat))).split(",")]
    rounded_ = rounded(flat.tolist())
    for side in reversed(shape[1:]):
        rounded_ = [rounded_[start : start + side] for start in range(0, len(rounded_), side)]
    return rounded_


def rounded(numbers: list[Any]) -> list[Any]:
    """Return numbers rounded to what can be seen of them: four digits of each, and of the distance between the ends.

    Parameters
    ----------
    numbers : list of (int, float or None)
        What is not a number (NaN, infinite) becomes None, as JSON has no such thing.
    """
    finite = [number for number in numbers if number is not None and math.isfinite(number)]
    span = max(finite, default=0) - min(finite, default=0)
    coarse = _places(span) if span else 0
    return [_rounded(number, coarse) for number in numbers]


def _rounded(number: Any, coarse: int) -> Any:
    if isinstance(number, int) or number is None:
        return number
    if not math.isfinite(number):
        return None
    short = round(number, max(coarse, _places(number))) if number else 0.0
    return int(short) if short == int(short) else short


def _places(size: float) -> int:
    """Return how many places after the point show `DIGITS` digits of a number of this size."""
    return DIGITS - 1 - math.floor(math.log10(abs(size)))


def changes(old: Any, new: Any, path: tuple[str | int, ...] = ()) -> Iterator[Change]:
    """Yield (path, new value) for each part of plain JSON that differs; None where it is gone.

    Parameters
    ----------
    old, new : JSON
        Dicts are compared key by key, lists of as many dicts record by record, all else as a whole.
    path : tuple
        Where they stand.
    """
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            if key not in old:
                yield [*path, key], new[key]
            else:
                yield from changes(old[key], new.get(key), (*path, key))
    elif _records(old) and _records(new) and len(old) == len(new):
        for place, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from changes(one, other, (*path, place))
    elif old != new:
        yield list(path), new


def _records(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, dict) for each in value)


def pack(value: Any) -> str:
    """Return JSON as text of letters and digits: gzip, then base64; the same value gives the same text."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return base64.b64encode(gzip.compress(text.encode("utf-8"), 9, mtime=0)).decode("ascii")
