"""Sweeps give the same numbers whatever runs them, resume from disk, and say in words what went wrong."""

from __future__ import annotations

import functools
import itertools
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
import tracemalloc
import warnings
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joblib._parallel_backends import ThreadingBackend
from numpy.random import SeedSequence

import labkit
from labkit.experiment import SweepError, reckon, replicate, speedup, sweep
from labkit.experiment._reckon import BYTES_PER_RESULT
from labkit.experiment._task import Tasks, points_of
from labkit.params import Field, Params
from labkit.seeds import as_generator, streams

GRID = {"scale": [0.1, 1.0, 3.0], "shift": [0, 5]}


def noisy(scale, shift, rng):
    return {"draw": scale * as_generator(rng).normal() + shift, "shifted": shift}


def together(scale, rng, replicates):
    return scale * np.array([generator.random() for generator in streams(rng, replicates, ["noise"])["noise"]])


def kept_in(folder):
    """How many results a folder holds."""
    return sum(path.read_bytes().count(b"\n") for path in Path(folder).rglob("*.jsonl"))


def pond_like(x, rng):
    return x


def fragile(scale, rng):
    if scale == 2:
        raise ZeroDivisionError("scale 2 is cursed")
    return scale


class WholeBatchBackend(ThreadingBackend):
    """A backend that, like Ray's, hands over results only when all are done."""

    supports_return_generator = False


joblib.register_parallel_backend("whole_batch", WholeBatchBackend)


def test_one_row_per_point_and_replicate_in_the_order_of_the_grid():
    table = sweep(noisy, GRID, 4, 7, progress=False)
    assert list(table.columns) == ["scale", "shift", "replicate", "draw", "shifted"]
    assert table[["scale", "shift", "replicate"]].values.tolist() == [
        [scale, shift, r] for scale in GRID["scale"] for shift in GRID["shift"] for r in range(4)
    ]
    assert table["draw"].dtype == table["shifted"].dtype == np.float64
    assert table.attrs == {
        "function": f"{noisy.__module__}.noisy", "seed": 7, "replicates": 4, "labkit": labkit.__version__,
    }  # fmt: skip


@pytest.mark.parametrize(("backend", "workers"), [("threading", 1), ("threading", 3), ("loky", 2), ("whole_batch", 2)])
def test_numbers_do_not_depend_on_backend_or_workers(backend, workers):
    serial = sweep(noisy, GRID, 3, 7, progress=False)
    with joblib.parallel_config(backend, n_jobs=workers):
        assert sweep(noisy, GRID, 3, 7, progress=False).equals(serial)
    with joblib.parallel_config(backend):
        assert sweep(noisy, GRID, 3, 7, n_jobs=workers, progress=False).equals(serial)


def test_numbers_do_not_depend_on_the_rest_of_the_grid_or_on_how_many_replicates():
    table = sweep(noisy, GRID, 5, 7, progress=False)
    alone = sweep(noisy, [{"scale": 3.0, "shift": 5}], 2, 7, progress=False)
    part = table[(table.scale == 3.0) & (table["shift"] == 5) & (table.replicate < 2)]
    assert part.reset_index(drop=True).equals(alone)


def test_points_share_their_randomness_replicate_by_replicate_and_replicates_do_not():
    table = sweep(noisy, GRID, 6, 7, progress=False)
    noise = ((table["draw"] - table["shift"]) / table["scale"]).to_numpy().reshape(6, 6)
    assert np.allclose(noise, noise[0])
    assert len(set(noise[0])) == 6
    assert not table["draw"].equals(sweep(noisy, GRID, 6, 8, progress=False)["draw"])


def test_a_vectorised_function_is_called_once_per_point():
    table = sweep(together, {"scale": [1.0, 2.0]}, 5, 7, vectorised=True, progress=False)
    assert table["value"].tolist() == [*together(1.0, 7, 5), *together(2.0, 7, 5)]
    assert table["replicate"].tolist() == [0, 1, 2, 3, 4] * 2
    few = sweep(together, {"scale": [1.0, 2.0]}, 2, 7, vectorised=True, progress=False)
    assert few["value"].tolist() == table[table.replicate < 2]["value"].tolist()


def test_replicate_is_a_sweep_over_one_point():
    table = replicate(noisy, 4, 7, scale=0.1, shift=5)
    assert table.equals(sweep(noisy, [{"scale": 0.1, "shift": 5}], 4, 7, progress=False))
    assert replicate(together, 4, 7, scale=2.0, vectorised=True)["value"].tolist() == together(2.0, 7, 4).tolist()


def test_a_seed_sequence_is_left_as_it_was_and_numpy_seeds_are_seeds():
    sequence = SeedSequence(7)
    first = sweep(noisy, GRID, 2, sequence, progress=False)
    assert first.equals(sweep(noisy, GRID, 2, sequence, progress=False))
    assert first.equals(sweep(noisy, GRID, 2, np.int64(7), progress=False))
    assert sequence.n_children_spawned == 0


def counted(path, scale, rng):
    with Path(path).open("a") as file:
        file.write("x")
    return {"draw": scale * as_generator(rng).normal() / 3, "empty": float("nan"), "endless": -np.inf}


def test_finished_points_are_kept_and_floats_come_back_exactly(tmp_path):
    log = tmp_path / "log"
    measure = functools.partial(counted, str(log))
    grid = {"scale": [0.1, 1 / 3, 1e300]}
    fresh = sweep(measure, grid, 4, 7, folder=tmp_path / "kept", progress=False)
    again = sweep(measure, grid, 4, 7, folder=tmp_path / "kept", progress=False)
    assert log.read_text() == "x" * 12
    pd.testing.assert_frame_equal(again, fresh, check_exact=True)
    more = sweep(measure, {"scale": [0.1, 2.0]}, 5, 7, folder=tmp_path / "kept", progress=False)
    assert log.read_text() == "x" * (12 + 6)
    assert more[more.replicate < 4]["draw"].tolist()[:4] == fresh["draw"].tolist()[:4]


class Pond(Params):
    """A setting to vary as a whole."""

    size: int = Field(3, ge=1, description="side")


def pond_size(pond, rng):
    return pond.size + as_generator(rng).random()


def test_whole_params_are_points_too(tmp_path):
    grid = {"pond": [Pond(), Pond(size=4)]}
    table = sweep(pond_size, grid, 2, 7, folder=tmp_path, progress=False)
    assert table["pond"].tolist() == [Pond(), Pond(), Pond(size=4), Pond(size=4)]
    assert sweep(pond_size, grid, 2, 7, folder=tmp_path, progress=False).equals(table)
    assert table["value"].astype(int).tolist() == [3, 3, 4, 4]


def test_what_is_kept_counts_only_for_the_same_function_point_replicate_and_seed(tmp_path):
    def kept():
        return kept_in(tmp_path)

    factor = 2
    sweep(lambda x, rng: x * factor, {"x": [1]}, 1, 7, folder=tmp_path, progress=False)
    assert kept() == 1
    factor = 3  # The same source, but a value it refers to has changed.
    table = sweep(lambda x, rng: x * factor, {"x": [1]}, 1, 7, folder=tmp_path, progress=False)
    assert table["value"].tolist() == [3] and kept() == 2
    for seed, x in ((8, 1), (7, 1.0), (7, True), (SeedSequence(7, spawn_key=(1,)), 1)):
        before = kept()
        sweep(fragile, {"scale": [x]}, 1, seed, folder=tmp_path, progress=False)
        assert kept() == before + 1
    before = kept()
    sweep(together, {"scale": [1]}, 2, 7, vectorised=True, folder=tmp_path, progress=False)
    sweep(together, {"scale": [1]}, 3, 7, vectorised=True, folder=tmp_path, progress=False)
    assert kept() == before + 2


def test_lambdas_are_told_apart_and_the_grid_may_grow(tmp_path):
    calls = [lambda x, rng: x, lambda x, rng: 2 * x]
    assert [sweep(f, {"x": [3]}, 1, 7, folder=tmp_path, progress=False)["value"][0] for f in calls] == [3, 6]
    sweep(lambda x, rng: 2 * x, {"x": [3]}, 1, 7, folder=tmp_path, progress=False)
    sweep(lambda x, rng: 2 * x, {"x": [3, 4]}, 1, 7, folder=tmp_path, progress=False)
    assert kept_in(tmp_path) == 3


def test_a_changed_helper_is_noticed(tmp_path):
    def first(x, depth=0):
        return first(x, depth + 1) if depth < 2 else 2 * x

    def second(x):
        return 5 * x

    def measure(x, rng):
        return helper(x)

    helper = first
    assert sweep(measure, {"x": [3]}, 1, 7, folder=tmp_path, progress=False)["value"][0] == 6
    helper = second
    assert sweep(measure, {"x": [3]}, 1, 7, folder=tmp_path, progress=False)["value"][0] == 15


def test_a_changed_source_is_another_function_and_a_comment_is_not(tmp_path):
    def table(body):
        (tmp_path / "measures.py").write_text(f"def measure(x, rng):\n    {body}\n")
        code = (
            "import sys; sys.path.insert(0, sys.argv[1]); import measures; from labkit.experiment import sweep; "
            "table = sweep(measures.measure, {'x': [1.5]}, 1, 7, folder=sys.argv[1] + '/kept', progress=False); "
            "print(table['value'][0])"
        )
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True, env=environment
        )
        return float(done.stdout), kept_in(tmp_path / "kept")

    assert table("return x") == (1.5, 1)
    assert table("return  x  # the same") == (1.5, 1)
    assert table("return 2 * x") == (3.0, 2)


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: text[:40],
        lambda text: text[:-1],
        lambda text: "[]\n",
        lambda text: text.replace("0.", "1."),
        lambda text: "{}\n",
        lambda text: "\0" * 100,
    ],
)
def test_a_damaged_line_is_computed_again_with_a_warning_that_does_not_come_back(tmp_path, damage):
    def table():
        return sweep(together, {"scale": [0.5]}, 3, 7, vectorised=True, folder=tmp_path, progress=False)

    fresh = table()
    (path,) = tmp_path.rglob("*.jsonl")
    damaged = damage(path.read_text())
    path.write_text(damaged)
    if damaged:
        with pytest.warns(UserWarning, match=r"jsonl, line 1, is damaged or was changed by hand.*computed again"):
            assert table().equals(fresh)
    else:
        assert table().equals(fresh)
    files = sorted(tmp_path.rglob("*.jsonl"))
    assert len(files) == 2
    with warnings.catch_warnings(action="error"):
        assert table().equals(fresh)
    assert sorted(tmp_path.rglob("*.jsonl")) == files


def test_a_failing_point_is_named_and_nothing_finished_is_lost(tmp_path):
    with pytest.raises(
        SweepError,
        match=r"fragile failed at \(scale=2\), replicate 0: ZeroDivisionError: scale 2 is cursed \(and 1 more\)",
    ) as caught:
        sweep(fragile, {"scale": [1, 2, 3]}, 2, 7, folder=tmp_path, progress=False)
    assert "in fragile" in str(caught.value)
    assert len(caught.value.failures) == 2
    assert caught.value.finished["value"].tolist() == [1, 1, 3, 3]
    assert kept_in(tmp_path) == 4
    with pytest.raises(SweepError), joblib.parallel_config("loky", n_jobs=2):
        sweep(fragile, {"scale": [2]}, 1, 7, progress=False)


def test_an_interrupt_stops_the_sweep_and_keeps_what_is_finished(tmp_path):
    def interrupted(x, rng):
        if x == 3:
            raise KeyboardInterrupt
        return x

    with pytest.raises(KeyboardInterrupt):
        sweep(interrupted, {"x": [1, 2, 3, 4]}, 1, 7, folder=tmp_path, progress=False)
    assert kept_in(tmp_path) == 2


SLOW = textwrap.dedent("""
    import pathlib, sys, time
    import joblib
    from labkit.experiment import sweep
    from labkit.seeds import as_generator

    def slow(x, pause, rng):
        time.sleep(pause)
        return x * as_generator(rng).normal()

    def table(folder, backend):
        with joblib.parallel_config(backend, n_jobs=2):
            grid = {"x": [0.1 * i for i in range(20)], "pause": [0.05]}
            return sweep(slow, grid, 2, 7, folder=folder, progress=False)
""")


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
@pytest.mark.parametrize("backend", ["threading", "loky", "whole_batch"])
def test_a_killed_sweep_resumes_and_gives_the_numbers_of_an_unbroken_one(tmp_path, monkeypatch, backend):
    (tmp_path / "slowly.py").write_text(SLOW)
    monkeypatch.syspath_prepend(tmp_path)
    here = str(Path(__file__).parent)
    paths, kept = [str(tmp_path), here], str(tmp_path / "kept")
    code = f"import sys; sys.path[:0] = {paths!r}; import test_experiment, slowly; slowly.table({kept!r}, {backend!r})"
    child = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)

    def finished():
        return kept_in(tmp_path / "kept")

    deadline = time.monotonic() + 60
    while finished() < 5 and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    assert 5 <= finished() < 40
    import slowly

    monkeypatch.setattr(slowly.time, "sleep", lambda seconds: None)
    resumed = slowly.table(tmp_path / "kept", "threading")
    unbroken = slowly.table(None, "threading")
    monkeypatch.delitem(sys.modules, "slowly")
    assert resumed.equals(unbroken)
    assert finished() == 40


FULL = textwrap.dedent("""
    import json, resource, sys, warnings
    from pathlib import Path
    from labkit.experiment import sweep

    LIMIT = 3000

    def measure(x, rng):
        # Files can grow no further than this, like on a full disk, until somebody makes room.
        if x == 0:
            resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, resource.RLIM_INFINITY))
        if x == ROOM_AT:
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        return x / 3

    ROOM_AT = int(sys.argv[2])
    with warnings.catch_warnings(record=True) as said:
        table = sweep(measure, {"x": list(range(40))}, 1, 7, folder=sys.argv[1], progress=False)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    print(json.dumps([table["value"].tolist(), [str(each.message) for each in said]]))
""")


@pytest.mark.skipif(sys.platform == "win32", reason="limits are POSIX")
@pytest.mark.parametrize("room_at", [30, -1])
def test_a_full_disk_is_told_in_words_and_the_sweep_goes_on(tmp_path, room_at):
    (tmp_path / "full.py").write_text(FULL)
    command = [sys.executable, str(tmp_path / "full.py"), str(tmp_path / "kept"), str(room_at)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    values, said = json.loads(done.stdout)
    assert values == [x / 3 for x in range(40)]
    assert "results cannot be kept" in said[0] and "make room. The sweep goes on" in said[0]
    (path,) = (tmp_path / "kept").rglob("*.jsonl")
    lines = path.read_text().splitlines()
    results = [json.loads(line)["result"]["value"][0] for line in lines]
    assert results == values[: len(results)], "whole lines, in order"
    if room_at > 0:
        assert len(results) == 40 and len(said) == 1
    else:
        assert 5 < len(results) < 40
        assert f"{40 - len(results)} results could not be kept" in said[1] and "The table holds them" in said[1]


def test_a_folder_that_cannot_be_written_to_is_noticed_before_anything_is_computed(tmp_path):
    (tmp_path / "file").write_text("")

    def never(x, rng):
        raise AssertionError("it was computed")

    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(ValueError, match=r"nothing can be kept there \(.*\); make room, or take another folder"):
            sweep(never, {"x": [1]}, 1, 7, folder=folder, progress=False)


def test_two_sweeps_may_share_a_folder_at_once(tmp_path):
    with joblib.Parallel(n_jobs=4, backend="threading") as pool:
        calls = [joblib.delayed(sweep)(noisy, GRID, 3, 7, folder=tmp_path, progress=False) for _ in range(4)]
        tables = pool(calls)
    assert all(table.equals(tables[0]) for table in tables)
    with warnings.catch_warnings(action="error"):
        assert sweep(noisy, GRID, 3, 7, folder=tmp_path, progress=False).equals(tables[0])
    assert all(b"\0" not in path.read_bytes() for path in tmp_path.rglob("*.jsonl"))


def test_a_worker_with_another_labkit_is_told_in_words(monkeypatch):
    monkeypatch.setattr(labkit, "__version__", "99.9")
    with (
        joblib.parallel_config("loky", n_jobs=2),
        pytest.raises(
            SweepError, match=r"the worker on .* has labkit .*, but the sweep was started with 99\.9: install"
        ),
    ):
        sweep(pond_like, {"x": [1, 2]}, 1, 7, progress=False)


def test_what_cannot_be_sent_to_a_worker_is_told_in_words():
    lock = threading.Lock()
    with (
        joblib.parallel_config("loky", n_jobs=2),
        pytest.raises(SweepError, match="cannot be sent to another process: define it in a module") as caught,
    ):
        sweep(lambda x, rng: lock.locked(), {"x": [1, 2]}, 1, 7, progress=False)
    assert "with `folder` it would go on from there" in str(caught.value)
    assert caught.value.finished.empty


def test_a_large_grid_costs_nothing_before_it_is_run():
    tracemalloc.start()
    points = points_of({"x": range(1000), "y": np.linspace(0, 1, 1000)})
    tasks = Tasks(points, 3, SeedSequence(7), vectorised=False)
    assert len(tasks) == 3_000_000
    last = tasks[len(tasks) - 1]
    assert (dict(last.point), last.replicate) == ({"x": 999, "y": 1.0}, 2)
    assert tracemalloc.get_traced_memory()[1] < 2e6
    tracemalloc.stop()


@given(st.dictionaries(st.sampled_from("abcd"), st.lists(st.integers(), min_size=1, max_size=4), min_size=1))
def test_the_combinations_are_those_of_the_standard_library_in_its_order(values):
    expected = [dict(zip(values, each, strict=True)) for each in itertools.product(*values.values())]
    assert list(points_of(values)) == expected


@given(
    work=st.floats(1e-3, 1e3), overhead=st.floats(0, 10), workers=st.integers(1, 10_000), tasks=st.integers(1, 10**7)
)
def test_a_reckoned_sweep_obeys_amdahl(work, overhead, workers, tasks):
    gain = speedup(work, overhead, workers)
    assert gain <= workers * (1 + 1e-12) and gain * overhead <= work * (1 + 1e-12)
    serial_share = overhead / (overhead + work)
    amdahl = 1 / (serial_share + (1 - serial_share) / workers)
    assert gain == pytest.approx(amdahl * work / (overhead + work))
    cost = reckon(tasks, work, overhead, workers, bytes_each=100)
    assert cost.seconds == pytest.approx(tasks * (overhead + work / workers))
    assert cost.bytes == 100 * tasks


def test_a_cost_is_a_sentence_and_bad_numbers_are_refused():
    assert str(reckon(1_000_000, 0.05, 0.001, 100)) == (
        "1,000,000 tasks take 25.0 minutes on 100 workers and 13.9 hours on one; their results take 200 MB."
    )
    for wrong in ({"tasks": 0}, {"work": 0}, {"overhead": -1}, {"workers": 0}, {"work": float("nan")}):
        with pytest.raises(ValueError, match=f"{next(iter(wrong))} = .*: allowed is"):
            reckon(**{"tasks": 1, "work": 1.0, "overhead": 0.0, "workers": 1, **wrong})


def test_kept_results_take_about_as_much_room_as_is_reckoned(tmp_path):
    sweep(noisy, GRID, 20, 7, folder=tmp_path, progress=False)
    (path,) = tmp_path.rglob("*.jsonl")
    assert path.stat().st_size / 120 == pytest.approx(BYTES_PER_RESULT, rel=0.25)


def test_progress_is_shown_and_can_be_silenced(capsys):
    sweep(fragile, {"scale": [1]}, 2, 7)
    shown = capsys.readouterr()
    assert "2/2" in shown.out + shown.err
    sweep(fragile, {"scale": [1]}, 2, 7, progress=False)
    shown = capsys.readouterr()
    assert shown.out == shown.err == ""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"grid": []}, "there is no point"),
        ({"grid": {"scale": []}}, "there is no point"),
        ({"grid": {"scale": 3}}, r"grid\['scale'\] = 3: allowed is a sequence"),
        ({"grid": {"scale": "abc"}}, "allowed is a sequence"),
        ({"grid": [3]}, "point 3: allowed is a mapping"),
        ({"grid": {"rng": [1]}}, "'rng' is not allowed as the name"),
        ({"grid": {"replicate": [1]}}, "'replicate' is not allowed"),
        ({"replicates": 0}, "replicates = 0: allowed is a whole number from 1"),
        ({"replicates": 1.5}, "replicates = 1.5"),
        ({"replicates": True}, "replicates = True"),
        ({"seed": -1}, "-1: allowed is an int of 0 or more"),
        ({"seed": 1.5}, "seed = 1.5"),
        ({"seed": None}, "seed = None"),
        ({"seed": np.random.default_rng(1)}, "seed = Generator"),
        ({"function": 3}, "function = 3: allowed is a function"),
    ],
)
def test_bad_input_is_refused_in_words(change, words):
    call = {"function": fragile, "grid": {"scale": [1]}, "replicates": 1, "seed": 7, **change}
    with pytest.raises(ValueError, match=words):
        sweep(**call, progress=False)


@pytest.mark.parametrize(
    ("result", "words"),
    [
        ("text", "allowed is a number"),
        (None, "allowed is a number"),
        ([1.0, 2.0], "allowed is a number"),
        ({"x": 1}, "'x' is not allowed"),
        ({"replicate": 1}, "not allowed"),
        ({3: 1}, "3 is not allowed"),
        (1j, "a number"),
    ],
)
def test_a_result_of_the_wrong_kind_names_the_point(result, words):
    with pytest.raises(SweepError, match=rf"\(x=1\), replicate 0: ValueError: .*{words}"):
        replicate(lambda x, rng: result, 1, 7, x=1)


def test_results_of_the_wrong_shape_or_of_changing_names_are_refused():
    with pytest.raises(SweepError, match="allowed is an array of 3 numbers"):
        replicate(lambda rng, replicates: np.ones(2), 3, 7, vectorised=True)
    with pytest.raises(ValueError, match=r"gave \['b'\], but .* gave \['a'\]"):
        sweep(lambda x, rng: {"ab"[x]: 1.0}, {"x": [0, 1]}, 1, 7, progress=False)


@pytest.mark.parametrize("value", [object(), {1, 2}, Path("x"), np.array([object()]), [].append, Path("x").exists])
def test_what_cannot_be_told_apart_on_disk_is_refused_in_words(tmp_path, value):
    with pytest.raises(ValueError, match="cannot be told apart from one run to the next"):
        sweep(lambda x, rng: 1.0, [{"x": value}], 1, 7, folder=tmp_path, progress=False)
    with pytest.raises(ValueError, match="cannot be told apart"):
        sweep(functools.partial(lambda x, rng: 1.0, value), [{}], 1, 7, folder=tmp_path, progress=False)


def test_arrays_and_functions_are_told_apart_on_disk(tmp_path):
    def measure(values, rule, rng):
        return float(rule(values))

    grid = {"values": [np.arange(3), np.arange(4), np.arange(4.0)], "rule": [np.sum, np.max, max, len]}
    table = sweep(measure, grid, 1, 7, folder=tmp_path, progress=False)
    assert kept_in(tmp_path) == 12
    assert sweep(measure, grid, 1, 7, folder=tmp_path, progress=False)["value"].tolist() == table["value"].tolist()


def test_what_is_kept_is_plain_readable_json_in_one_file_per_call(tmp_path):
    sweep(fragile, {"scale": [1, 1.5, 3]}, 2, 7, folder=str(tmp_path / "a"), progress=False)
    (path,) = (tmp_path / "a").rglob("*.*")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["result"] for line in lines] == [{"value": [scale]} for scale in (1, 1, 1.5, 1.5, 3, 3)]
    assert lines[0]["note"].endswith("fragile at (scale=1), replicate 0")


def test_a_function_without_source_cannot_be_kept_and_bound_numpy_numbers_are_numbers(tmp_path):
    made = {"__name__": "nowhere"}
    exec("def measure(rng):\n    return 1.0", made)
    assert replicate(made["measure"], 1, 7)["value"].tolist() == [1.0]
    with pytest.raises(
        ValueError, match=r"the source of nowhere\.measure cannot be read: define it in a file or a cell"
    ):
        sweep(made["measure"], [{}], 1, 7, folder=tmp_path, progress=False)
    for scale in (np.float64(2), 2.0):
        sweep(functools.partial(fragile, scale=scale + 1), [{}], 1, 7, folder=tmp_path, progress=False)
    assert kept_in(tmp_path) == 1
