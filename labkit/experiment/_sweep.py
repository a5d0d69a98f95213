"""Experiments: one function, many parameter points and replicates, one tidy table, on any joblib backend."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.random import SeedSequence

import labkit
from labkit.experiment._saved import bound
from labkit.experiment._task import Failure, Outcome, Point, Task, Values, attempt, points_of, tasks_of
from labkit.kept import Kept, fingerprint, name_of
from labkit.seeds import as_sequence

if TYPE_CHECKING:
    import pandas as pd


class SweepError(RuntimeError):
    """Some points failed; all the others were computed.

    Attributes
    ----------
    finished : pandas.DataFrame
        The rows of the points that did not fail.
    failures : tuple of str
        One sentence per failed task: the point, the replicate and the error.
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
        Where each task's result is kept the moment it arrives; a second call computes what is missing. A result
        is used again only for the same function (its source, its bound arguments, the plain values it refers to,
        and the same of functions it calls in its own module), point, replicate, seed and labkit version; with
        `vectorised` also for the same number of replicates. What it calls elsewhere is known by name alone:
        after a change there, take a new folder. A damaged file is computed again, with a warning.
    n_jobs : int, optional
        As for `joblib.Parallel`. Without it ``joblib.parallel_config`` decides (a Dask or Ray cluster, say), and
        without that the sweep runs in this process.
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
        The function, the grid, the number of replicates or the seed is not allowed, or, with `folder`, the
        function or a point holds something that cannot be told apart from one run to the next.
    SweepError
        The function failed somewhere. Everything else was computed first, kept in `folder`, and is attached.
    """
    points = points_of(grid)
    if not callable(function):
        raise ValueError(f"function = {function!r}: allowed is a function")
    if not isinstance(replicates, int | np.integer) or isinstance(replicates, bool) or replicates < 1:
        raise ValueError(f"replicates = {replicates!r}: allowed is a whole number from 1")
    if not isinstance(seed, int | np.integer | SeedSequence):
        raise ValueError(f"seed = {seed!r}: allowed is an int of 0 or more or a numpy SeedSequence")
    tasks = tasks_of(points, int(replicates), as_sequence(seed), vectorised)
    store = Kept(Path(folder)) if folder is not None else None
    asked = _asked(function, tasks) if store is not None else []
    results: dict[int, Values] = {}
    if store is not None:
        results = {i: kept for i, key in enumerate(asked) if (kept := store.read(key)) is not None}
    failures: dict[int, Failure] = {}
    todo = [i for i in range(len(tasks)) if i not in results]
    for i, outcome in _run(function, tasks, todo, n_jobs, progress, len(results)):
        if isinstance(outcome, Failure):
            failures[i] = outcome
            continue
        results[i] = outcome
        if store is not None:
            store.write(asked[i], outcome, f"{name_of(function)} at {tasks[i]}")
    table = _table(tasks, results)
    table.attrs = {
        "function": name_of(function),
        "seed": str(seed) if isinstance(seed, SeedSequence) else int(seed),
        "replicates": int(replicates),
        "labkit": labkit.__version__,
        **bound(function),
    }
    if failures:
        ordered = [failures[i] for i in sorted(failures)]
        raise SweepError(table, [failure.words for failure in ordered], ordered[0].details)
    return table


def _asked(function: Callable[..., Any], tasks: list[Task]) -> list[Any]:
    """Return what each task asks for, as it is told apart on disk."""
    who = [fingerprint(function), labkit.__version__]
    return [[who, dict(task.point), task.replicate, task.replicates, task.rng] for task in tasks]


def _run(
    function: Callable[..., Any], tasks: list[Task], todo: list[int], n_jobs: int | None, progress: bool, done: int
) -> Iterator[tuple[int, Outcome]]:
    """Yield (task number, outcome) as tasks finish, from one `joblib.Parallel` held open."""
    import joblib
    from tqdm.auto import tqdm

    def submit(batch: list[int]) -> Any:
        return (joblib.delayed(attempt)(function, i, tasks[i]) for i in batch)

    with ExitStack() as stack:
        bar = stack.enter_context(tqdm(total=len(tasks), initial=done, disable=not progress, unit="task"))
        try:
            pool = stack.enter_context(joblib.Parallel(n_jobs=n_jobs, return_as="generator_unordered"))
            batches = [todo]
        except ValueError:
            # Some backends (Ray) give results only when a whole batch is done; small batches keep what is finished.
            pool = stack.enter_context(joblib.Parallel(n_jobs=n_jobs))
            size = 8 * joblib.effective_n_jobs(n_jobs)
            batches = [todo[start : start + size] for start in range(0, len(todo), size)]
        for batch in batches:
            for numbered in pool(submit(batch)):
                bar.update()
                yield numbered


def _table(tasks: list[Task], results: dict[int, Values]) -> pd.DataFrame:
    import pandas as pd

    rows: list[dict[str, Any]] = []
    first: tuple[Task, Values] | None = None
    for i in sorted(results):
        first = first or (tasks[i], results[i])
        if set(results[i]) != set(first[1]):
            raise ValueError(f"{tasks[i]} gave {sorted(results[i])}, but {first[0]} gave {sorted(first[1])}")
        names = list(first[1])
        for offset, numbers in enumerate(zip(*(results[i][name] for name in names), strict=True)):
            rows.append(
                {**tasks[i].point, "replicate": tasks[i].replicate + offset, **dict(zip(names, numbers, strict=True))}
            )
    return pd.DataFrame(rows)
