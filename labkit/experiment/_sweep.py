"""Experiments: one function, many parameter points and replicates, one tidy table, on any joblib backend."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.random import SeedSequence

import labkit
from labkit.experiment._journal import Journal
from labkit.experiment._run import Broken, run
from labkit.experiment._saved import bound
from labkit.experiment._table import table_of
from labkit.experiment._task import Failure, Point, Task, Tasks, Values, points_of
from labkit.kept import fingerprint, name_of
from labkit.seeds import as_sequence

if TYPE_CHECKING:
    import pandas as pd


class SweepError(RuntimeError):
    """Some points failed, and all the others were computed; or the workers gave up.

    Attributes
    ----------
    finished : pandas.DataFrame
        The rows of what was computed.
    failures : tuple of str
        One sentence per failed task: the point, the replicate and the error; or one about the workers.
    """

    def __init__(self, finished: pd.DataFrame, failures: Sequence[str], details: str) -> None:
        more = f" (and {len(failures) - 1} more)" if len(failures) > 1 else ""
        super().__init__(f"{failures[0]}{more}. What finished is in `.finished`. It happened here:\n{details}")
        self.finished = finished
        self.failures = tuple(failures)


def replicate(
    function: Callable[..., Any], replicates: int, seed: int | SeedSequence, *, vectorised: bool = False, **point: Any
) -> pd.DataFrame:
    """Return the results of `replicates` independent runs of one setting, one row per run.

    Parameters
    ----------
    function, replicates, seed, vectorised
        As for `sweep`.
    **point : Any
        What `function` is called with beside its randomness.

    Returns
    -------
    pandas.DataFrame
        As of a `sweep` over this one point.

    Raises
    ------
    ValueError, SweepError
        As for `sweep`.
    """
    return sweep(function, [point], replicates, seed, vectorised=vectorised, progress=False)


def sweep(
    function: Callable[..., Any],
    grid: Mapping[str, Sequence[Any]] | Iterable[Point],
    replicates: int,
    seed: int | SeedSequence,
    *,
    vectorised: bool = False,
    folder: Path | str | None = None,
    n_jobs: int | None = None,
    progress: bool = True,
) -> pd.DataFrame:
    """Return a tidy table of what `function` measures at each point of a grid, one row per point and replicate.

    Numbers depend on `seed`, the point and the replicate alone: never on the backend, the order or the number
    of workers. Replicate r has the same randomness at every point, so points can be compared in pairs, and
    the first replicates do not change when more are asked for.

    Parameters
    ----------
    function : callable
        Called as ``function(**point, rng=sequence)``, once per point and replicate; returns a number or a mapping
        of names to numbers. With `vectorised` it is called as ``function(**point, rng=sequence, replicates=n)``,
        once per point, and returns arrays of shape (replicates,) in place of numbers: much faster where a
        mechanism simulates its replicates together.
    grid : mapping of str to sequence, or iterable of mappings
        The values of each argument, of which all combinations are measured, or the points themselves.
    replicates : int
        How many per point, 1 or more.
    seed : int or SeedSequence
        Where all randomness comes from.
    vectorised : bool
        Whether `function` computes all replicates of a point in one call.
    folder : path, optional
        Where each task's result is kept the moment it arrives, as a line in a file of this call; a second call
        computes what is missing. A result
        is used again only for the same function (its source, its bound arguments, the plain values it refers to,
        and the same of functions it calls in its own module), point, replicate, seed and labkit version; with
        `vectorised` also for the same number of replicates. What it calls elsewhere is known by name alone:
        after a change there, take a new folder. A damaged line is computed again, with a warning. While the disk
        is full, with a warning, results wait in memory and the sweep goes on.
    n_jobs : int, optional
        As for `joblib.Parallel`. Without it ``joblib.parallel_config`` decides (a Dask or Ray cluster, say: then
        all its workers), and without that the sweep runs in this process.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    pandas.DataFrame
        The columns of the point, ``replicate``, and the measured numbers (``value`` for a function that returns
        one) as float64, in the order of the grid; ``attrs`` holds function (with what a partial
        one is bound to), seed, replicates and labkit version; `save` keeps them with the table.

    Raises
    ------
    ValueError
        The function, the grid, the number of replicates or the seed is not allowed, or, with `folder`, nothing
        can be written there, or the function or a point holds something that cannot be told apart from one run
        to the next.
    SweepError
        The function failed somewhere, and everything else was computed first; or the workers gave up. What is
        finished is kept in `folder`, and attached.
    """
    points = points_of(grid)
    if not callable(function):
        raise ValueError(f"function = {function!r}: allowed is a function")
    if not isinstance(replicates, int | np.integer) or isinstance(replicates, bool) or replicates < 1:
        raise ValueError(f"replicates = {replicates!r}: allowed is a whole number from 1")
    if not isinstance(seed, int | np.integer | SeedSequence):
        raise ValueError(f"seed = {seed!r}: allowed is an int of 0 or more or a numpy SeedSequence")
    tasks = Tasks(points, int(replicates), as_sequence(seed), vectorised)
    journal = None
    if folder is not None:
        journal = Journal(Path(folder), fingerprint([fingerprint(function), labkit.__version__]))
    results, failures, broken = _gather(function, tasks, journal, n_jobs, progress)
    table = table_of(tasks, results)
    table.attrs = {
        "function": name_of(function),
        "seed": str(seed) if isinstance(seed, SeedSequence) else int(seed),
        "replicates": int(replicates),
        "labkit": labkit.__version__,
        **bound(function),
    }
    if broken is not None:
        resume = f"what is in {folder} is not computed again" if folder else "with `folder` it would go on from there"
        words = f"the workers stopped after {len(results)} of {len(tasks)} tasks. {broken}. Call it again: {resume}"
        raise SweepError(table, [words], broken.details) from broken
    if failures:
        ordered = [failures[i] for i in sorted(failures)]
        raise SweepError(table, [failure.words for failure in ordered], ordered[0].details)
    return table


def _gather(
    function: Callable[..., Any], tasks: Tasks, journal: Journal | None, n_jobs: int | None, progress: bool
) -> tuple[dict[int, Values], dict[int, Failure], Broken | None]:
    """Return what is kept and what could be computed, what failed, and whether the workers gave up."""
    results = _kept(tasks, journal) if journal is not None else {}
    failures: dict[int, Failure] = {}
    todo = [i for i in range(len(tasks)) if i not in results] if results else range(len(tasks))
    if journal is not None and todo:
        journal.open()
    try:
        for i, outcome in run(function, tasks, todo, n_jobs, progress):
            if isinstance(outcome, Failure):
                failures[i] = outcome
                continue
            results[i] = outcome
            if journal is not None:
                journal.write(_key(tasks[i]), outcome, f"{name_of(function)} at {tasks[i]}")
    except Broken as broken:
        return results, failures, broken
    finally:
        if journal is not None:
            journal.close()
    return results, failures, None


def _kept(tasks: Tasks, journal: Journal) -> dict[int, Values]:
    found, damaged = journal.read()
    results = {i: found[key] for i, task in enumerate(tasks) if (key := _key(task)) in found}
    if damaged and len(results) < len(tasks):
        more = f" (and {len(damaged) - 1} more lines)" if len(damaged) > 1 else ""
        warnings.warn(f"{damaged[0]}{more}: what was asked for and is missing is computed again", stacklevel=4)
    return results


def _key(task: Task) -> str:
    """Return how what a task asks for is told apart on disk."""
    return fingerprint([dict(task.point), task.replicate, task.replicates, task.rng])[:32]
