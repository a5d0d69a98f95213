"""The table of a sweep: one row per point and replicate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from labkit.experiment._task import Tasks, Values

if TYPE_CHECKING:
    import pandas as pd


def table_of(tasks: Tasks, results: Mapping[int, Values]) -> pd.DataFrame:
    """Return the results in the order of the grid.

    Raises
    ------
    ValueError
        Two points gave numbers of different names.
    """
    import pandas as pd

    numbers = sorted(results)
    _refuse_other_names(tasks, results, numbers)
    arguments = list(dict.fromkeys(name for i in numbers for name in tasks[i].point)) if numbers else []
    measured = list(results[numbers[0]]) if numbers else []
    columns: dict[str, list[Any]] = {name: [] for name in [*arguments, "replicate", *measured]}
    for i in numbers:
        task, values = tasks[i], results[i]
        height = 1 if task.replicates is None else task.replicates
        columns["replicate"].extend(range(task.replicate, task.replicate + height))
        for name in arguments:
            columns[name].extend([task.point.get(name, float("nan"))] * height)
        for name in measured:
            columns[name].extend(values[name])
    return pd.DataFrame(columns)


def _refuse_other_names(tasks: Tasks, results: Mapping[int, Values], numbers: list[int]) -> None:
    for i in numbers:
        if results[i].keys() != results[numbers[0]].keys():
            first = numbers[0]
            raise ValueError(f"{tasks[i]} gave {sorted(results[i])}, but {tasks[first]} gave {sorted(results[first])}")
