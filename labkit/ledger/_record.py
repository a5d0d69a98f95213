"""The record of full measurements, data/claims.csv, and the check of quick ones against it."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping
from pathlib import Path

from labkit.files import data_path, write_text
from labkit.ledger._claim import Claim, judge
from labkit.ledger._measure import Measured, claims_of, stems
from labkit.stats import Estimate

Key = tuple[str, str]

COLUMNS = (
    "stem", "key", "statement", "paper_value", "tolerance", "holds_if", "unit", "read_in",
    "value", "low", "high", "n", "method", "budget", "seed", "verdict", "why",
    "seconds", "date", "labkit", "numpy", "code",
)  # fmt: skip


def record(measured: Measured, path: Path | None = None) -> None:
    """Put one full measurement on record, in the place of an earlier one of the same claim.

    The file is written as a whole or not at all, ordered by mechanism and then by declaration; claims that are
    no longer declared leave it.

    Raises
    ------
    ValueError
        The measurement failed, was made at quick budget, or the record on disk is damaged.
    """
    claim = measured.claim
    if measured.error or measured.verdict is None:
        raise ValueError(f"claim {claim.key!r} failed and cannot be recorded: {measured.error}")
    if measured.budget != "full":
        raise ValueError(f"claim {claim.key!r} was measured at {measured.budget} budget: only full ones are recorded")
    known = {**recorded(path), (claim.stem, claim.key): measured}
    if claim.stem in stems():
        declared = [(claim.stem, other.key) for other in claims_of(claim.stem)]
        others = {key: value for key, value in known.items() if key[0] != claim.stem}
        known = others | {key: known[key] for key in declared if key in known}
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_row(known[key]) for key in sorted(known, key=lambda key: key[0]))
    write_text(path or data_path("claims.csv"), text.getvalue())


def recorded(path: Path | None = None) -> dict[Key, Measured]:
    """Return what is on record, by mechanism and key; nothing where there is no record yet.

    The verdicts are drawn anew from the numbers.

    Raises
    ------
    ValueError
        The file has other columns, a row is not readable, or a claim occurs twice. The message names the row.
    """
    path = path or data_path("claims.csv")
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise ValueError(f"{path}: the columns are {reader.fieldnames}; allowed are {list(COLUMNS)}")
        rows = list(reader)
    known: dict[Key, Measured] = {}
    for number, row in enumerate(rows, start=1):
        try:
            measured = _measured(row)
        except (ValueError, TypeError, AttributeError) as error:
            raise ValueError(f"{path}, row {number} ({row['stem']}, {row['key']}): {error}") from error
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


def _row(measured: Measured) -> dict[str, object]:
    claim, estimate, verdict = measured.claim, measured.estimate, measured.verdict
    declared = {name: getattr(claim, name) for name in COLUMNS[:8]}
    numbers = {name: getattr(estimate, name) if estimate is not None else None for name in COLUMNS[8:13]}
    how = {name: getattr(measured, name) for name in ("budget", "seed", *COLUMNS[17:])}
    said = {"verdict": verdict.word, "why": verdict.why} if verdict is not None else {}
    return {**declared, **numbers, **how, **said}


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
        value, low, high = (float(row[name]) for name in ("value", "low", "high"))
        estimate = Estimate(value, low, high, int(row["n"]), row["method"])
    if row["budget"] != "full":
        raise ValueError(f"budget = {row['budget']!r}: only full measurements are on record")
    return Measured(
        claim=claim,
        estimate=estimate,
        verdict=judge(claim, estimate),
        error="",
        budget="full",
        seed=int(row["seed"]),
        seconds=float(row["seconds"]),
        date=row["date"],
        labkit=row["labkit"],
        numpy=row["numpy"],
        code=row["code"],
    )


def _number(text: str) -> float | None:
    if not text:
        return None
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text!r} is no finite number")
    return number
