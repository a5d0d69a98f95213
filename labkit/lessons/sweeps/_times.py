"""How long sweeps take on threads, processes, Dask and Ray: measured here, and as recorded in data/."""

from __future__ import annotations

import contextlib
import os
import platform
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.random import SeedSequence

from labkit.experiment import sweep
from labkit.files import data_path
from labkit.lessons.sweeps._task import one_world

if TYPE_CHECKING:
    import pandas as pd

TABLE = "sweep_speedup.csv"
KINDS = ("start", "empty", "waiting", "computing")
BACKENDS = ("serial", "threads", "processes", "Dask", "Ray")
MEASURED = ("backend", "workers", "kind", "tasks", "work_ms", "seconds")
MADE_BY = ("date", "machine", "cores", "load", "python", "labkit", "joblib", "distributed", "ray")
WAIT = 0.05
WORKERS = (2, 4, 8)
REPEATS = 3


def record(path: Path | None = None) -> pd.DataFrame:
    """Return the recorded times, one row per measurement.

    Parameters
    ----------
    path : Path, optional
        Where they are; in data/ if not given.

    Returns
    -------
    DataFrame
        The columns `MEASURED` and `MADE_BY`.

    Raises
    ------
    ValueError
        The file has other columns, or a row that is not allowed; the message names it.
    """
    import pandas as pd

    path = path or data_path(TABLE)
    table = pd.read_csv(path, dtype={name: str for name in MADE_BY if name not in ("cores", "load")})
    if tuple(table.columns) != MEASURED + MADE_BY:
        raise ValueError(f"{path}: the columns are {list(table.columns)}; allowed are {[*MEASURED, *MADE_BY]}")
    allowed = table.backend.isin(BACKENDS) & table.kind.isin(KINDS) & (table.workers >= 1) & (table.tasks >= 1)
    right = allowed & (table.work_ms >= 0) & (table.seconds > 0) & (table.seconds < float("inf"))
    if not right.all():
        wrong = int((~right).to_numpy().argmax())
        raise ValueError(f"{path}, row {wrong + 1}, is not allowed: {table[list(MEASURED)].iloc[wrong].to_dict()}")
    return table


def measure(workers: tuple[int, ...] = WORKERS, scale: float = 1.0) -> pd.DataFrame:
    """Return how long sweeps take by each way of running them; Dask and Ray only where they are installed.

    Parameters
    ----------
    workers : tuple of int
        How many workers to try.
    scale : float
        Fewer (below 1) or more tasks than usual.

    Returns
    -------
    DataFrame
        As `record` returns it. ``seconds`` is the best of three, so that what else the machine does counts less.
    """
    import pandas as pd

    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    rows = list(_rows("serial", 1, contextlib.nullcontext, scale))
    for backend, enter in _CONTEXTS.items():
        if _installed(backend):
            for count in workers:
                rows += _rows(backend, count, partial(enter, count), scale)
    computing = min(row["seconds"] / row["tasks"] for row in rows[:4] if row["kind"] == "computing")
    for row in rows:
        row["work_ms"] = {"waiting": 1e3 * WAIT, "computing": round(1e3 * computing, 3)}.get(row["kind"], 0.0)
    versions = {name: version(name) if _has(name) else "" for name in ("labkit", "joblib", "distributed", "ray")}
    made = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "machine": _machine(), "cores": os.cpu_count(), "load": load}
    made |= {"python": platform.python_version(), **versions}
    return pd.DataFrame([{**row, **made} for row in rows])[[*MEASURED, *MADE_BY]]


def _rows(backend: str, workers: int, enter: Callable[[], Any], scale: float) -> Iterator[dict[str, Any]]:
    whole = {"empty": (_nothing, 1000), "waiting": (_wait, 40 * workers), "computing": (_compute, 80)}
    begun = time.time()
    with enter():
        first = _span(_nothing, workers)
        yield {"backend": backend, "workers": workers, "kind": "start", "tasks": workers} | {
            "seconds": round(max(first[0] - begun, 1e-4), 4)
        }
        for kind, (function, tasks) in whole.items():
            tasks = max(workers, round(tasks * scale))
            best = min(end - start for start, end in (_span(function, tasks) for _ in range(REPEATS)))
            yield {"backend": backend, "workers": workers, "kind": kind, "tasks": tasks, "seconds": round(best, 4)}


def _span(function: Callable[..., Any], tasks: int) -> tuple[float, float]:
    """Return when the first task of a sweep began and the last one ended: the pool has started by then."""
    table = sweep(function, {"place": range(tasks)}, 1, 0, progress=False)
    return float(table.begun.min()), float(table.ended.max())


def _nothing(place: int, rng: SeedSequence) -> dict[str, float]:
    return {"begun": time.time(), "ended": time.time()}


def _wait(place: int, rng: SeedSequence) -> dict[str, float]:
    begun = time.time()
    time.sleep(WAIT)
    return {"begun": begun, "ended": time.time()}


def _compute(place: int, rng: SeedSequence) -> dict[str, float]:
    begun = time.time()
    one_world("both", 0.05, rng)
    return {"begun": begun, "ended": time.time()}


def _joblib(backend: str, workers: int) -> Any:
    import joblib

    return joblib.parallel_config(backend, n_jobs=workers)


@contextlib.contextmanager
def _dask(workers: int) -> Iterator[None]:
    distributed: Any = import_module("distributed")
    # Processes of their own that speak TCP, as on a cluster.
    cluster = distributed.LocalCluster(
        n_workers=workers, threads_per_worker=1, host="127.0.0.1", dashboard_address=None, silence_logs=50
    )
    with cluster, distributed.Client(cluster), _joblib("dask", workers):
        yield


@contextlib.contextmanager
def _ray(workers: int) -> Iterator[None]:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    # Without one, Ray makes a token and leaves it in the home folder.
    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    ray: Any = import_module("ray")
    ray.init(num_cpus=workers, include_dashboard=False, log_to_driver=False, configure_logging=False)
    try:
        import_module("ray.util.joblib").register_ray()
        with _joblib("ray", workers):
            yield
    finally:
        ray.shutdown()


_CONTEXTS: Mapping[str, Callable[[int], Any]] = {
    "threads": partial(_joblib, "threading"),
    "processes": partial(_joblib, "loky"),
    "Dask": _dask,
    "Ray": _ray,
}


def _installed(backend: str) -> bool:
    return {"Dask": _has("distributed"), "Ray": _has("ray")}.get(backend, True)


def _has(package: str) -> bool:
    return find_spec(package) is not None


def _machine() -> str:
    model = ""
    if (info := Path("/proc/cpuinfo")).is_file():
        named = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        model = named[0].partition(":")[2].strip() if named else ""
    return model or platform.processor() or platform.machine()
