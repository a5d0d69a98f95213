"""Pictures of sweeps: how much faster more workers are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from labkit import theme
from labkit.experiment import speedup

if TYPE_CHECKING:
    import pandas as pd

STYLES = {"threads": "green", "processes": "blue", "Dask": "vermilion", "Ray": "purple"}


def speedups(table: pd.DataFrame) -> go.Figure:
    """Return the measured speed-up over the number of workers, for tasks that wait and tasks that compute.

    The thin lines are Amdahl's law, with the overhead of each way of running as measured on tasks that do nothing.

    Parameters
    ----------
    table : DataFrame
        As `labkit.lessons.sweeps.record` returns it.

    Returns
    -------
    Figure
    """
    cores = int(table.cores.iloc[0])
    titles = (f"tasks that wait {_work(table, 'waiting'):.0f} ms", f"tasks that compute, on {cores} cores")
    fig = theme.panels(1, 2, titles=titles, x="workers", y="times faster than one process")
    most = int(table.workers.max())
    for panel, kind in enumerate(("waiting", "computing"), start=1):
        part = table[(table.kind == kind) & table.backend.isin(STYLES)]
        part = part.assign(times=part.work_ms * part.tasks / part.seconds / 1e3).sort_values("workers")
        top = 1.1 * max(part.times.max(), cores)
        for name in (each for each in STYLES if (part.backend == each).any()):
            measured, style = part[part.backend == name], theme.styled(STYLES[name])
            fig.add_trace(theme.theory(*_law(table, name, kind, cores), f"law, {name}", panel=panel))
            fig.add_trace(theme.points(measured.workers, measured.times, style, name, panel=panel))
        ends = part[part.workers == most]
        looks = [theme.styled(STYLES[name]) for name in ends.backend]
        right = [most * 1.02] * len(ends)
        fig.add_trace(theme.direct_labels(right, ends.times, list(ends.backend), looks, span=(0, top), panel=panel))
        fig.update_layout({f"yaxis{panel if panel > 1 else ''}": {"range": [0, top]}})
    # The labels stand to the right of the last points.
    fig.update_xaxes(range=[0, most * 1.4], tickvals=sorted({1, *table.workers}))
    return theme.describe(fig, _sentence(table, most, cores))


def _law(table: pd.DataFrame, backend: str, kind: str, cores: int) -> tuple[np.ndarray, list[float]]:
    """Return workers and what Amdahl's law gives; tasks that compute cannot use more workers than there are cores."""
    workers = np.linspace(1, table.workers.max(), 57)
    work, overhead = _work(table, kind), overhead_ms(table, backend)
    usable = workers if kind == "waiting" else np.minimum(workers, cores)
    return workers, [speedup(work, overhead, each) for each in usable]


def overhead_ms(table: pd.DataFrame, backend: str) -> float:
    """Return the milliseconds that a task costs beside its work: the median over the numbers of workers.

    Parameters
    ----------
    table : DataFrame
        As `labkit.lessons.sweeps.record` returns it.
    backend : str
        Which way of running.
    """
    empty = table[(table.backend == backend) & (table.kind == "empty")]
    return float((1e3 * empty.seconds / empty.tasks).median())


def _work(table: pd.DataFrame, kind: str) -> float:
    return float(table[table.kind == kind].work_ms.iloc[0])


def _sentence(table: pd.DataFrame, most: int, cores: int) -> str:
    def best(kind: str) -> float:
        part = table[(table.kind == kind) & (table.workers == most)]
        return float((part.work_ms * part.tasks / part.seconds / 1e3).max())

    return (
        f"With {most} workers, tasks that wait are done up to {best('waiting'):.1f} times faster than in one process, "
        f"and tasks that compute {best('computing'):.1f} times, on {cores} cores. "
        f"The load of the machine was {table.load.iloc[0]:.1f} when this was measured."
    )
