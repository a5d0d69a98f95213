"""The record of full measurements, data/claims.csv, and the check of quick ones against it."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from labkit.files import data_path, held, number_in, read_rows, write_text
from labkit.kept import fingerprint
from labkit.ledger._claim import Claim, judge
from labkit.ledger._measure import Measured, claims_of, stems
from labkit.stats import Estimate

Key = tuple[str, str]

COLUMNS = (
    "stem", "key", "statement", "paper_value", "tolerance", "holds_if", "unit", "read_in",
    "value", "low", "high", "n", "method", "budget", "seed", "verdict", "why",
    "seconds", "date", "labkit", "numpy", "code", "check",
)  # fmt: skip


_FORMS = {
    "stem": r"\w*",
    "verdict": "reproduced|qualitative|not reproduced|undecided|not testable",
    "seconds": r"[\d.e-]+",
    "date": r"\d{4}-\d\d-\d\d",
    "labkit": r"\d\S*",
    "numpy": r"\d\S*",
    "code": "[0-9a-f]{16}",
}


def record(measured: Measured, path: Path | None = None) -> None:
    """Put one full measurement on record, in the place of an earlier one of the same claim.

    The file is written as a whole or not at all, ordered by mechanism and then by declaration; claims that are
    no longer declared leave it.

    Raises
    ------
    ValueError
        The measurement failed, was made at quick budget, or the record on disk is damaged.
    OSError
        The record cannot be written; what was on record stays.
    """
    claim = measured.claim
    if measured.error or measured.verdict is None:
        raise ValueError(f"claim {claim.key!r} failed and cannot be recorded: {measured.error}")
    if measured.budget != "full":
        raise ValueError(f"claim {claim.key!r} was measured at {measured.budget} budget: only full ones are recorded")
    path = path or data_path("claims.csv")
    # Another process may record at the same time: nobody reads between its reading and its writing.
    with held(path):
        write_text(path, _table({**recorded(path), (claim.stem, claim.key): measured}, claim.stem))


def _table(known: dict[Key, Measured], stem: str) -> str:
    """Return the record as CSV, without the claims that a mechanism no longer declares."""
    if stem in stems():
        declared = [(stem, other.key) for other in claims_of(stem)]
        others = {key: value for key, value in known.items() if key[0] != stem}
        known = others | {key: known[key] for key in declared if key in known}
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_row(known[key]) for key in sorted(known, key=lambda key: key[0]))
    return text.getvalue()


def recorded(path: Path | None = None) -> dict[Key, Measured]:
    """Return what is on record, by mechanism and key; nothing where there is no record yet.

    The verdicts are drawn anew from the numbers.

    Raises
    ------
    ValueError
        The file has other columns, a row is not readable or was changed by hand, or a claim occurs twice. The message
        names the row.
    """
    path = path or data_path("claims.csv")
    if not path.is_file():
        return {}
    rows = read_rows(path, COLUMNS)
    known: dict[Key, Measured] = {}
    for number, row in enumerate(rows, start=1):
        try:
            measured = _measured(row)
            if row["check"] != _check(row):
                raise ValueError("it was changed by hand: restore it, or delete it and run `labkit claims --full`")
        except ValueError as error:
            raise ValueError(f"{path}, row {number} ({row['stem']}, {row['key']}): {error}") from None
        key = measured.claim.stem, measured.claim.key
        if key in known:
            raise ValueError(f"{path}, row {number}: {key} occurs twice")
        known[key] = measured
    return known


def check_against_record(measured: Iterable[Measured], record: Mapping[Key, Measured]) -> list[str]:
    """Return in words what contradicts the record: a test asserts that the list is empty.

    The recorded value must lie inside the interval just measured (exact numbers: within rounding). Were the
    recorded value the truth, a 95 % interval would exclude it once in 20 times; but with a fixed seed the same
    numbers come out on every run, so a claim that passes once fails only when the code or the record changes.

    Parameters
    ----------
    measured : iterable of Measured
        The quick measurements.
    record : mapping
        As `recorded` returns it.
    """
    problems = []
    for now in measured:
        name = f"{now.claim.stem}, {now.claim.key}"
        before = record.get((now.claim.stem, now.claim.key))
        if now.error:
            problems.append(f"{name}: failed with {now.error}")
        elif before is None:
            problems.append(f"{name}: not on record; run `labkit claims --full {now.claim.stem}`")
        elif (now.estimate is None) != (before.estimate is None):
            problems.append(f"{name}: measured now or on record, but not both; run `labkit claims --full`")
        elif now.estimate is not None and before.estimate is not None and _excludes(now.estimate, before.estimate):
            problems.append(f"{name}: the quick interval {now.estimate} excludes the recorded {before.estimate.value}")
    return problems


def _excludes(now: Estimate, before: Estimate) -> bool:
    slack = 1e-9 * max(abs(now.value), abs(before.value))
    return not now.low - slack <= before.value <= now.high + slack


def _row(measured: Measured) -> dict[str, str]:
    claim, estimate, verdict = measured.claim, measured.estimate, measured.verdict
    declared = {name: getattr(claim, name) for name in COLUMNS[:8]}
    numbers = {name: getattr(estimate, name) if estimate is not None else None for name in COLUMNS[8:13]}
    how = {name: getattr(measured, name) for name in ("budget", "seed", *COLUMNS[17:-1])}
    said = {"verdict": verdict.word, "why": verdict.why} if verdict is not None else {}
    row = {name: "" if cell is None else str(cell) for name, cell in {**declared, **numbers, **how, **said}.items()}
    return row | {"check": _check(row)}


def _check(row: Mapping[str, str]) -> str:
    """Return a digest of a row: one that was changed by hand is noticed."""
    return fingerprint([row[name] for name in COLUMNS[:-1]])[:12]


def _measured(row: dict[str, str]) -> Measured:
    untested = row["verdict"] == "not testable"
    claim = Claim(
        key=row["key"],
        statement=row["statement"],
        read_in=row["read_in"],
        paper_value=_number(row["paper_value"]),
        tolerance=_number(row["tolerance"]),
        holds_if=row["holds_if"],
        unit=row["unit"],
        missing=row["why"] if untested else "",
        stem=row["stem"],
    )
    estimate = None
    if not untested:
        value, low, high = (number_in(row[name]) for name in ("value", "low", "high"))
        estimate = Estimate(value, low, high, _whole(row, "n"), row["method"])
    elif any(row[name] for name in ("value", "low", "high", "n")):
        raise ValueError("it is not testable, and yet it holds numbers")
    for name, allowed in _FORMS.items():
        if not re.fullmatch(allowed, row[name], re.ASCII):
            raise ValueError(f"{name} = {row[name]!r}: allowed is {allowed}")
    if row["budget"] != "full":
        raise ValueError(f"budget = {row['budget']!r}: only full measurements are on record")
    return Measured(
        claim=claim,
        estimate=estimate,
        verdict=judge(claim, estimate),
        error="",
        budget="full",
        seed=_whole(row, "seed"),
        seconds=number_in(row["seconds"]),
        date=row["date"],
        labkit=row["labkit"],
        numpy=row["numpy"],
        code=row["code"],
    )


def _whole(row: dict[str, str], name: str) -> int:
    if not re.fullmatch(r"\d+", row[name], re.ASCII):
        raise ValueError(f"{name} = {row[name]!r}: allowed is a whole number")
    return int(row[name])


def _number(text: str) -> float | None:
    number = number_in(text) if text else None
    if number is not None and not math.isfinite(number):
        raise ValueError(f"{text!r} is no finite number")
    return number
