"""Find the claims on disk and measure them."""

from __future__ import annotations

import importlib
import pkgutil
import time
import traceback
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import numpy as np

import labkit
import labkit.mechanisms
from labkit.kept import source_fingerprint
from labkit.ledger._claim import Budget, Claim, Verdict, judge
from labkit.stats import Estimate


@dataclass(frozen=True, slots=True)
class Measured:
    """A claim, what came out, and how it was obtained.

    Attributes
    ----------
    claim : Claim
        What was declared.
    estimate : Estimate or None
        What was measured; None where the claim is not testable or the measurement failed.
    verdict : Verdict or None
        None where the measurement failed.
    error : str
        Why it failed, with the place; empty where it did not.
    budget : {"quick", "full"}
        How much was spent.
    seed : int
        Where the randomness came from.
    seconds : float
        How long it took.
    date : str
        The day, in UTC.
    labkit, numpy : str
        The versions.
    code : str
        A fingerprint of the claims and the mechanism.
    """

    claim: Claim
    estimate: Estimate | None
    verdict: Verdict | None
    error: str
    budget: Budget
    seed: int
    seconds: float
    date: str
    labkit: str
    numpy: str
    code: str


def stems() -> tuple[str, ...]:
    """Return the mechanisms that have claims, as found on disk."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(_claims_folders()) if not m.name.startswith("_")))


def module(stem: str) -> ModuleType:
    """Return ``labkit/claims/<stem>.py``.

    Raises
    ------
    ValueError
        There is no such file.
    """
    if stem not in stems():
        raise ValueError(f"no claims for {stem!r}; there are claims for {', '.join(stems()) or 'nothing yet'}")
    return importlib.import_module(f"labkit.claims.{stem}")


def claims_of(stem: str) -> tuple[Claim, ...]:
    """Return the claims declared in ``labkit/claims/<stem>.py``, in order.

    Raises
    ------
    ValueError
        There is no such file, two claims share a key, or one has neither a measurement nor what is missing.
    """
    found = [replace(value, stem=stem) for value in vars(module(stem)).values() if isinstance(value, Claim)]
    keys = [claim.key for claim in found]
    for claim in found:
        if keys.count(claim.key) > 1:
            raise ValueError(f"claims of {stem}: the key {claim.key!r} is used twice")
        if claim.measure is None and not claim.missing:
            raise ValueError(f"claims of {stem}: {claim.key!r} has neither a measurement nor what is missing")
    return tuple(found)


def measure(claim: Claim, budget: Budget = "quick", seed: int = 0) -> Measured:
    """Return what a claim measures, judged.

    Raises
    ------
    ValueError
        The budget or seed is not allowed, or the claim returned no Estimate.
    Exception
        Whatever the claim's function raises.
    """
    _check(budget, seed)
    start = time.perf_counter()
    estimate = claim.measure(budget, seed) if claim.measure is not None else None
    if claim.measure is not None and not isinstance(estimate, Estimate):
        raise ValueError(f"claim {claim.key!r} returned {estimate!r}: allowed is an Estimate")
    return _measured(claim, estimate, judge(claim, estimate), "", budget, seed, time.perf_counter() - start)


def measure_all(
    stems: Iterable[str] | None = None,
    budget: Budget = "quick",
    seed: int = 0,
    *,
    fresh: bool = False,
    progress: bool = True,
) -> list[Measured]:
    """Return all claims of some mechanisms, measured one after the other.

    A claim that fails is reported with its error, and the others go on. At full budget each result is recorded
    at once, and a claim already recorded with the same seed, labkit version and code (of its claims file and its
    mechanism, comments and declarations apart) is taken from the record: an interrupted run goes on where it was.

    Parameters
    ----------
    stems : iterable of str, optional
        Which mechanisms; all that have claims without it.
    budget : {"quick", "full"}
        How much to spend.
    seed : int
        Where the randomness comes from.
    fresh : bool
        Whether to measure again what is on record.
    progress : bool
        Whether to show a progress bar.

    Raises
    ------
    ValueError
        There are no claims for a stem, or the budget or seed is not allowed.
    """
    from tqdm.auto import tqdm

    from labkit.ledger._record import record, recorded

    _check(budget, seed)
    claims = [claim for stem in (_stems() if stems is None else stems) for claim in claims_of(stem)]
    known = recorded() if budget == "full" and not fresh else {}
    results = []
    for claim in tqdm(claims, disable=not progress, unit="claim"):
        before = known.get((claim.stem, claim.key))
        if before is not None and _still_valid(before, claim, seed):
            result = replace(before, claim=claim, verdict=judge(claim, before.estimate))
        else:
            result = _measured_or_failed(claim, budget, seed)
        if budget == "full" and not result.error:
            record(result)
        results.append(result)
    return results


# `measure_all` has a parameter of the same name.
_stems = stems


def _claims_folders() -> list[str]:
    # By name, since the claims stand on the ledger and not the ledger on the claims.
    return list(importlib.import_module("labkit.claims").__path__)


def code_of(stem: str) -> str:
    """Return a fingerprint of the files that decide what the claims of a mechanism measure."""
    files = [Path(folder) / f"{stem}.py" for folder in _claims_folders()]
    for folder in labkit.mechanisms.__path__:
        files += [Path(folder) / f"{stem}.py", *sorted((Path(folder) / stem).glob("*.py"))]
    return source_fingerprint([file for file in files if file.is_file()])[:16]


def _still_valid(before: Measured, claim: Claim, seed: int) -> bool:
    same = (before.seed, before.labkit, before.code) == (seed, labkit.__version__, code_of(claim.stem))
    return same and (before.estimate is None) == (claim.measure is None)


def _measured_or_failed(claim: Claim, budget: Budget, seed: int) -> Measured:
    start = time.perf_counter()
    try:
        return measure(claim, budget, seed)
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        words = f"{type(error).__name__}: {error} ({Path(place.filename).name}, line {place.lineno})"
        return _measured(claim, None, None, words, budget, seed, time.perf_counter() - start)


def _measured(
    claim: Claim, estimate: Estimate | None, verdict: Verdict | None, error: str, budget: Budget, seed: int, took: float
) -> Measured:
    date = datetime.now(UTC).date().isoformat()
    code = code_of(claim.stem)
    return Measured(
        claim, estimate, verdict, error, budget, seed, round(took, 3), date, labkit.__version__, np.__version__, code
    )


def _check(budget: str, seed: int) -> None:
    if budget not in ("quick", "full"):
        raise ValueError(f"budget = {budget!r}: allowed is 'quick' or 'full'")
    if not isinstance(seed, int) or isinstance(seed, bool) or seed < 0:
        raise ValueError(f"seed = {seed!r}: allowed is a whole number from 0")
