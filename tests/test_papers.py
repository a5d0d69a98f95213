"""The papers and the curriculum: the data are as they should be, and the status is what is on disk."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from labkit import curriculum
from labkit.curriculum import lesson, lessons, paths
from labkit.files import data_path
from labkit.ledger import Claim, Measured
from labkit.papers import load, papers, status, verdicts


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "notebooks").mkdir()
    monkeypatch.setattr(curriculum, "home", lambda: tmp_path)
    return tmp_path


def _write_lesson(house: Path, text: str) -> None:
    cells = [{"cell_type": "markdown", "metadata": {}, "source": text}]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (house / "notebooks" / "11_stigmergic_memory.ipynb").write_text(json.dumps(notebook), encoding="utf-8")


def test_there_are_119_papers_and_36_lessons() -> None:
    assert [paper.id for paper in papers()] == [f"S{number:03d}" for number in range(1, 120)]
    assert len(lessons()) == 36
    assert {paper.notebook for paper in papers()} == {each.lesson for each in lessons()}


def test_numbers_never_change() -> None:
    known = {"stigmergic-memory": 11, "debate": 12, "shapley-dag": 13, "sketching": 14, "distributed-bandits": 15}
    for name, number in {**known, "token-walks": 31, "decision-market": 33}.items():
        assert lesson(name).number == number
    assert lesson("token_walks").file == "31_token_walks.ipynb"


def test_a_lesson_comes_after_what_it_needs() -> None:
    for each in lessons():
        assert all(lesson(needed) in lessons() for needed in each.needs)
    for path in paths():
        assert [each.number for each in path.lessons] == sorted(each.number for each in path.lessons)


def test_an_unknown_lesson_is_named() -> None:
    with pytest.raises(ValueError, match="no lesson 'telepathy'"):
        lesson("telepathy")


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("kind", "rumour", r"row 2 \(S002\): kind = 'rumour': allowed is one of mechanism"),
        ("role", "extra", "role = 'extra'"),
        ("claim", " ", r"row 2 \(S002\): claim is empty"),
        ("id", "S001", "S001 stands there 2 times"),
        ("id", "S2", "id = 'S2'"),
        ("seed_line", "five", "seed_line = 'five'"),
        ("notebook", "telepathy", "notebook = 'telepathy' is no lesson"),
        ("role", "section", "'sketching' has 0 main papers"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, column: str, value: str, words: str) -> None:
    with data_path("papers.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    rows[1][column] = value
    path = tmp_path / "papers.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    with pytest.raises(ValueError, match=words):
        load(path)


def test_missing_columns_are_named(tmp_path: Path) -> None:
    (tmp_path / "papers.csv").write_text("id,title\nS001,x\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"the columns are \['id', 'title'\]; allowed are \['id', 'seed_line'"):
        load(tmp_path / "papers.csv")


def test_status_is_what_is_on_disk(house: Path) -> None:
    by_id = {paper.id: paper for paper in papers()}
    assert status(by_id["S037"]) == "planned"
    assert lesson("stigmergic-memory").minutes is None
    _write_lesson(house, "# Memory\n\nAbout 60 minutes.")
    assert status(by_id["S037"]) == "runs today"
    assert status(by_id["S014"]) == "planned"
    assert status(by_id["S109"]) == "planned"
    assert lesson("stigmergic-memory").minutes == 60


def test_a_section_runs_where_the_lesson_names_it(house: Path) -> None:
    _write_lesson(house, "# Memory\n\nAlso S014.")
    assert status(papers()[13]) == "runs today"
    assert lesson("stigmergic-memory").minutes is None


def test_verdicts_go_to_the_paper_they_are_about(monkeypatch: pytest.MonkeyPatch) -> None:
    def measured(key: str, statement: str) -> Measured:
        claim = Claim(key, statement, "abstract", missing="a world", stem="stigmergic_memory")
        return Measured(claim, None, None, "", "full", 0, 1.0, "2026-01-01", "0.1.0", "2.0", "0")

    found = [
        measured("gain", "Memory helps"),
        measured("pairing", "S014: pairing helps"),
        measured("s014_spread", "Less spread"),
    ]
    monkeypatch.setattr(
        "labkit.ledger.recorded", lambda: {("stigmergic_memory", each.claim.key): each for each in found}
    )
    by_id = {paper.id: [each.claim.key for each in verdicts(paper)] for paper in papers()}
    assert by_id["S037"] == ["gain"]
    assert by_id["S014"] == ["pairing", "s014_spread"]
    assert sum(map(len, by_id.values())) == 3
