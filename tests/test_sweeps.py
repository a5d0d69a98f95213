"""The section on sweeps: its stop button, the recorded times and their picture, the page about clusters."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import numpy as np
import pytest

from labkit import theme
from labkit.experiment import reckon, speedup, sweep
from labkit.figures.sweeps import overhead_ms, speedups
from labkit.files import data_path
from labkit.lessons import sweeps

GRID = {"arm": ["traces", "memory"], "density": [0.05, 0.1]}
PAGE = Path(__file__).parents[1] / "notebooks" / "sweeps.md"


def test_a_sweep_that_is_stopped_goes_on_where_it_was(tmp_path, capsys):
    with sweeps.pressing_stop(tmp_path, after=4):
        sweep(sweeps.one_world, GRID, 6, 0, folder=tmp_path, progress=False)
    assert "Stopped" in capsys.readouterr().out
    kept = sum(path.read_text().count("\n") for path in tmp_path.rglob("*.jsonl"))
    assert 4 <= kept < 24
    table = sweep(sweeps.one_world, GRID, 6, 0, folder=tmp_path, progress=False)
    assert table.equals(sweep(sweeps.one_world, GRID, 6, 0, progress=False))
    with sweeps.pressing_stop(tmp_path / "none", after=1):
        pass
    assert capsys.readouterr().out == ""


def test_one_world_is_the_first_of_many():
    many = sweep(sweeps.foraging, GRID, 3, 5, vectorised=True, progress=False)
    alone = sweep(sweeps.foraging, GRID, 1, 5, vectorised=True, progress=False)
    assert many[many.replicate == 0].reset_index(drop=True).equals(alone)
    assert set(sweep(sweeps.one_world, GRID, 1, 5, progress=False).columns) == set(alone.columns)


def test_the_record_holds_every_way_of_running_a_sweep():
    table = sweeps.record()
    assert set(table.backend) == {"serial", "threads", "processes", "Dask", "Ray"}
    assert table.notna().all(axis=None)
    several = table[table.backend != "serial"]
    assert (several.groupby(["backend", "workers"]).size() == 4).all()
    waiting = table[table.kind == "waiting"]
    assert (waiting.seconds * waiting.workers >= waiting.tasks * waiting.work_ms / 1e3).all(), "faster than possible"
    computing = table[table.kind == "computing"]
    possible = computing.tasks * computing.work_ms / 1e3 / np.minimum(computing.workers, computing.cores)
    assert (computing.seconds > 0.9 * possible).all(), "faster than possible: other work slowed the first measurement"


def test_the_law_foretells_the_measured_speed_up_of_tasks_that_wait():
    table = sweeps.record()
    waiting = table[(table.kind == "waiting") & (table.backend != "serial")]
    measured = waiting.work_ms * waiting.tasks / waiting.seconds / 1e3
    foretold = [speedup(row.work_ms, overhead_ms(table, row.backend), row.workers) for row in waiting.itertuples()]
    assert np.allclose(measured, foretold, rtol=0.35)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text.replace("backend,", "engine,", 1), "the columns are"),
        (lambda text: text.replace("serial,1,empty", "serial,1,full", 1), r"row 2, is not allowed: .*'full'"),
        (lambda text: text.replace("serial,1,start", "abacus,1,start", 1), r"row 1, is not allowed: .*'abacus'"),
        (lambda text: text.replace("serial,1,empty", "serial,0,empty", 1), r"row 2, is not allowed"),
    ],
)
def test_a_damaged_record_is_refused_in_words(tmp_path, change, words):
    path = tmp_path / "times.csv"
    path.write_text(change(data_path(sweeps.TABLE).read_text()))
    with pytest.raises(ValueError, match=words):
        sweeps.record(path)


@pytest.mark.parametrize("make", sweeps.GALLERY.values(), ids=sweeps.GALLERY)
def test_the_picture_says_what_is_to_be_seen(make):
    figure = make()
    words = theme.description(figure)
    assert words.endswith(".") and len(words.split()) >= 8 and re.search(r"\d", words)
    assert all(figure.layout[axis].title.text for axis in ("xaxis", "xaxis2", "yaxis", "yaxis2"))


def test_the_picture_does_without_what_was_not_installed():
    table = sweeps.record()
    names = {trace.name for trace in speedups(table[table.backend != "Ray"]).data}
    assert "Dask" in names and "Ray" not in names


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def test_the_code_of_the_page_is_code():
    assert len(blocks("python")) >= 6
    for block in blocks("python"):
        ast.parse(block)


def test_the_page_reckons_with_overheads_like_those_on_record():
    text, table = PAGE.read_text(encoding="utf-8"), sweeps.record()
    stated = {
        name: float(ms) for name, ms in re.findall(r"^\| (threads|processes|Dask|Ray) \| ([\d.]+) ms", text, re.M)
    }
    assert set(stated) == {"threads", "processes", "Dask", "Ray"}
    for name, ms in stated.items():
        assert 1 / 3 < ms / overhead_ms(table, name) < 3, f"{name}: the page says {ms} ms: measure again or mend it"
    for name, workers, hours in re.findall(r"^\| (\w+), (\d+) workers \| ([\d.]+) hours", text, re.M):
        cost = reckon(1_000_000, 0.05, stated[name] / 1e3, int(workers))
        assert float(hours) == pytest.approx(cost.seconds / 3600, abs=0.051)


@pytest.mark.parametrize("place", [1, 2])
def test_the_local_examples_of_the_page_run_as_they_stand(place, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found: dict[str, object] = {}
    for block in blocks("python")[:place]:
        exec(block.replace("replicates=20", "replicates=1").replace("n_jobs=4", "n_jobs=2"), found)
    assert len(found["table"]) == 8 and len(list((tmp_path / "kept").rglob("*.jsonl"))) == 1
