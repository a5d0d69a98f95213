"""Sweeps on real clusters: a Dask scheduler with workers of its own, and Ray; killed workers, killed drivers."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import joblib
import pandas as pd
import pytest

from labkit.experiment import SweepError, sweep
from labkit.lessons import sweeps
from labkit.lessons.sweeps import _times, foraging, one_world

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX"),
]

WORLDS = {"arm": ["neither", "traces"], "density": [0.02, 0.1]}

SLOWLY = textwrap.dedent("""
    import os, pathlib, time
    from labkit.seeds import as_generator

    LOG = str(pathlib.Path(__file__).with_name("log"))

    def slowly(x, rng):
        with open(LOG, "a") as log:
            log.write(f"{os.getpid()}\\n")
        time.sleep(0.05)
        return x * as_generator(rng).normal()

    GRID = {"x": [0.1 * i for i in range(30)]}
""")

DRIVER = textwrap.dedent("""
    import sys
    import joblib
    import slowly
    from labkit.experiment import sweep

    if __name__ == "__main__":
        backend, folder, scheduler = sys.argv[1:]
        if backend == "dask":
            from distributed import Client
            client = Client(scheduler_file=scheduler)
        with joblib.parallel_config(backend, n_jobs=2):
            sweep(slowly.slowly, slowly.GRID, 2, 7, folder=folder, progress=False)
""")


class Cluster:
    """A Dask scheduler and two workers: three processes, started from the command line."""

    def __init__(self, folder: Path, path: Path | None = None) -> None:
        self.file = folder / "scheduler.json"
        paths = [str(Path(__file__).parents[1]), *([str(path)] if path else []), os.environ.get("PYTHONPATH", "")]
        self._environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
        common = ["--host", "127.0.0.1", "--scheduler-file", str(self.file), "--no-dashboard"]
        self.scheduler = self._start("scheduler", *common, "--port", "0")
        one = ["--nthreads", "1", "--no-nanny", "--local-directory", str(folder)]
        self.workers = [self._start("worker", *common, *one) for _ in range(2)]

    def _start(self, role: str, *options: str) -> subprocess.Popen:
        command = [sys.executable, "-m", f"distributed.cli.dask_{role}", *options]
        return subprocess.Popen(command, env=self._environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    @contextlib.contextmanager
    def client(self):
        from distributed import Client

        with Client(scheduler_file=str(self.file), timeout=60) as client:
            client.wait_for_workers(2, timeout=60)
            with joblib.parallel_config("dask"):
                yield client

    def stop(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def slow_module(tmp_path_factory):
    """A folder with a module that workers import, and which counts its calls."""
    folder = tmp_path_factory.mktemp("module")
    (folder / "slowly.py").write_text(SLOWLY)
    (folder / "driver.py").write_text(DRIVER)
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))
    sys.modules.pop("slowly", None)


@pytest.fixture
def slowly(slow_module):
    import slowly

    forget(slowly)
    return slowly


@pytest.fixture
def cluster(tmp_path, slow_module):
    pytest.importorskip("distributed")
    cluster = Cluster(tmp_path, slow_module)
    yield cluster
    cluster.stop()


def calls(slowly) -> list[int]:
    return [int(line) for line in Path(slowly.LOG).read_text().split()]


def forget(slowly) -> None:
    Path(slowly.LOG).write_text("")


def kept_in(folder: Path) -> int:
    return sum(path.read_bytes().count(b"\n") for path in folder.rglob("*.jsonl"))


def wait_until(condition, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "nothing happened"
        time.sleep(0.01)


def wait_until_quiet(slowly) -> None:
    """Wait until no task that was still under way begins another."""
    seen = -1
    while seen != len(calls(slowly)):
        seen = len(calls(slowly))
        time.sleep(1.5)


def tables() -> list[pd.DataFrame]:
    """A real mechanism, world by world and all replicates of a point together."""
    return [
        sweep(one_world, WORLDS, 3, 7, progress=False),
        sweep(foraging, WORLDS, 3, 7, vectorised=True, progress=False),
        sweep(lambda x, rng: x / 3, {"x": [1, 2]}, 2, 7, progress=False),
    ]


def test_the_numbers_are_the_same_bit_for_bit_serially_on_threads_processes_and_a_dask_cluster(cluster):
    serial = tables()
    for backend in ("threading", "loky"):
        with joblib.parallel_config(backend, n_jobs=2):
            assert all(map(pd.DataFrame.equals, tables(), serial))
    with cluster.client() as client:
        assert len(client.scheduler_info()["workers"]) == 2
        assert all(map(pd.DataFrame.equals, tables(), serial))


def exactly(table: pd.DataFrame) -> pd.DataFrame:
    """The table with each float written out to its last bit."""
    return table.map(lambda value: value.hex() if isinstance(value, float) else value)


ON_RAY = textwrap.dedent("""
    import os, secrets, sys
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
    import joblib, ray
    from ray.util.joblib import register_ray
    sys.path.insert(0, sys.argv[1])
    import test_clusters

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    register_ray()
    # No number of workers: all that the cluster has.
    with joblib.parallel_config("ray"):
        tables = test_clusters.tables()
        pids = test_clusters.sweep(lambda x, rng: os.getpid(), {"x": range(40)}, 1, 7, progress=False)["value"]
    assert os.getpid() not in set(pids) and len(set(pids)) == 2
    ray.shutdown()
    for i, table in enumerate(tables):
        test_clusters.exactly(table).to_csv(f"{sys.argv[2]}/{i}", index=False)
""")


def test_the_numbers_are_the_same_bit_for_bit_on_ray(tmp_path):
    pytest.importorskip("ray")
    # Ray's own processes talk to each other at the machine's address, which the tests else refuse.
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    command = [sys.executable, "-c", ON_RAY, str(Path(__file__).parent), str(tmp_path)]
    subprocess.run(command, env=environment, check=True, timeout=300)
    for i, table in enumerate(tables()):
        on_ray = pd.read_csv(tmp_path / str(i), dtype=str)
        assert on_ray.equals(exactly(table).astype(str)) and len(on_ray) == len(table) > 0


def test_a_dask_worker_killed_in_mid_sweep_loses_nothing(cluster, slowly, tmp_path):
    with cluster.client():
        from concurrent.futures import ThreadPoolExecutor

        victim = cluster.workers[0]
        with ThreadPoolExecutor() as beside:
            killing = beside.submit(lambda: (wait_until(lambda: calls(slowly).count(victim.pid) >= 4), victim.kill()))
            table = sweep(slowly.slowly, slowly.GRID, 2, 7, folder=tmp_path / "kept", progress=False)
            killing.result()
    before = len(calls(slowly))
    assert victim.wait() == -signal.SIGKILL and set(calls(slowly)) == {each.pid for each in cluster.workers}
    assert table.equals(sweep(slowly.slowly, slowly.GRID, 2, 7, n_jobs=8, progress=False))
    assert kept_in(tmp_path / "kept") == 60 <= before


def test_a_killed_local_worker_is_told_in_words_and_a_second_call_goes_on(slowly, tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    def kill_one():
        wait_until(lambda: kept_in(tmp_path) >= 8)
        os.kill(calls(slowly)[-1], signal.SIGKILL)

    with ThreadPoolExecutor() as beside, joblib.parallel_config("loky", n_jobs=2):
        killing = beside.submit(kill_one)
        with pytest.raises(
            SweepError, match=r"the workers stopped after \d+ of 60 tasks\. TerminatedWorkerError: "
        ) as caught:
            sweep(slowly.slowly, slowly.GRID, 2, 7, folder=tmp_path, progress=False)
        killing.result()
    assert "take fewer workers" in str(caught.value) and f"what is in {tmp_path} is not computed" in str(caught.value)
    finished = kept_in(tmp_path)
    assert 8 <= finished == len(caught.value.finished) < 60
    wait_until_quiet(slowly)
    forget(slowly)
    table = sweep(slowly.slowly, slowly.GRID, 2, 7, n_jobs=2, folder=tmp_path, progress=False)
    assert len(calls(slowly)) == 60 - finished
    assert table.equals(sweep(slowly.slowly, slowly.GRID, 2, 7, n_jobs=8, progress=False))


@pytest.mark.parametrize("backend", ["loky", "dask"])
def test_a_killed_driver_goes_on_from_the_folder_and_computes_only_what_is_missing(
    backend, slowly, slow_module, tmp_path, request
):
    cluster = request.getfixturevalue("cluster") if backend == "dask" else None
    kept = tmp_path / "kept"
    paths = [str(Path(__file__).parents[1]), str(slow_module), os.environ.get("PYTHONPATH", "")]
    command = [sys.executable, str(slow_module / "driver.py"), backend, str(kept), str(tmp_path / "scheduler.json")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    driver = subprocess.Popen(command, env=environment)
    wait_until(lambda: kept_in(kept) >= 10)
    driver.kill()
    driver.wait()
    wait_until_quiet(slowly)
    finished = kept_in(kept)
    assert 10 <= finished < 60
    forget(slowly)
    subprocess.run(command, env=environment, check=True, timeout=120)
    assert len(calls(slowly)) == 60 - finished
    assert kept_in(kept) == 60
    forget(slowly)
    table = sweep(slowly.slowly, slowly.GRID, 2, 7, folder=kept, progress=False)
    assert calls(slowly) == []
    assert table.equals(sweep(slowly.slowly, slowly.GRID, 2, 7, n_jobs=8, progress=False))
    assert cluster is None or all(worker.poll() is None for worker in cluster.workers)


def test_a_dask_cluster_without_workers_is_told_in_words(cluster):
    with cluster.client() as client:
        for worker in cluster.workers:
            worker.kill()
        wait_until(lambda: not client.ncores())
        with (
            joblib.parallel_config("dask", wait_for_workers_timeout=1),
            pytest.raises(SweepError, match="no worker answered: start some, and see that they reach the scheduler"),
        ):
            sweep(one_world, WORLDS, 1, 7, progress=False)


def test_a_module_that_the_workers_lack_is_told_in_words(cluster, tmp_path, monkeypatch):
    (tmp_path / "only_here.py").write_text("def third(x, rng):\n    return x / 3\n")
    monkeypatch.syspath_prepend(tmp_path)
    import only_here

    with cluster.client():
        with pytest.raises(SweepError, match=r"lack a module that the function needs \(No module named 'only_here'\)"):
            sweep(only_here.third, {"x": [1, 2]}, 1, 7, progress=False)
        assert sweep(one_world, WORLDS, 1, 7, progress=False).equals(sweep(one_world, WORLDS, 1, 7, progress=False))


def test_a_task_that_kills_every_dask_worker_is_given_up_in_words_and_the_others_are_kept(tmp_path):
    distributed = pytest.importorskip("distributed")

    def deadly(x, rng):
        if x == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return x

    # Workers that are started again, as on a cluster that is looked after.
    looks = {"host": "127.0.0.1", "dashboard_address": None, "silence_logs": 50}
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, **looks) as cluster,
        distributed.Client(cluster),
        joblib.parallel_config("dask"),
        pytest.raises(SweepError, match=r"KilledWorker: the same task lost several workers.*give each more memory"),
    ):
        sweep(deadly, {"x": range(6)}, 1, 7, folder=tmp_path, progress=False)
    assert 1 <= kept_in(tmp_path) < 6


def test_the_recorded_times_can_be_measured_again(monkeypatch):
    pytest.importorskip("distributed")
    # Ray starts its workers anew for each sweep, which takes minutes in all; it has a test of its own above.
    others = {name: enter for name, enter in _times._CONTEXTS.items() if name != "Ray"}
    monkeypatch.setattr(_times, "_CONTEXTS", others)
    table = sweeps.measure(workers=(2,), scale=0.05)
    assert list(table.columns) == [*sweeps.MEASURED, *sweeps.MADE_BY]
    assert table.groupby("backend").size().to_dict() == {"serial": 4, **dict.fromkeys(others, 4)}
    waiting = table[table.kind == "waiting"]
    assert (waiting.seconds >= waiting.tasks * sweeps.WAIT / waiting.workers).all()
