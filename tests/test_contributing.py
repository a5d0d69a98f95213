"""The page that says how to add a mechanism does what it says: its blocks are written out, run and checked."""

from __future__ import annotations

import importlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import labkit.claims
import labkit.figures
import labkit.lessons
import labkit.mechanisms
from labkit import ledger, theme
from labkit.teach import run_solution

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^## \d\. .*?`(?P<path>[\w/]+\.py)`\n.*?```python\n(?P<code>.*?)```", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def echo(tmp_path_factory):
    """The files of the page, on disk and importable, until the tests of this module are over."""
    box = tmp_path_factory.mktemp("echo")
    shutil.copy(ROOT / "pyproject.toml", box)
    for found in BLOCK.finditer((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")):
        path = box / found["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(found["code"], encoding="utf-8")
    wings = (labkit.mechanisms, labkit.figures, labkit.claims, labkit.lessons)
    for wing in wings:
        wing.__path__.append(str(box / wing.__name__.replace(".", "/")))
    yield box
    for wing in wings:
        wing.__path__.pop()
        sys.modules.pop(f"{wing.__name__}.echo", None)


def module(wing: str):
    return importlib.import_module(f"labkit.{wing}.echo")


def test_it_shows_five_files(echo):
    assert sorted(path.parent.name for path in echo.rglob("echo.py")) + [
        path.parent.name for path in echo.rglob("test_*.py")
    ] == [
        "claims",
        "figures",
        "lessons",
        "mechanisms",
        "tests",
    ]


def test_they_are_formatted_and_clean(echo):
    for check in (["format", "--check"], ["check"]):
        ours = 'lint.isort.known-first-party = ["labkit"]'
        command = [sys.executable, "-m", "ruff", *check, "--no-cache", "--config", ours, "."]
        done = subprocess.run(command, cwd=echo, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_its_test_passes(echo):
    code = (echo / "tests" / "test_echo.py").read_text(encoding="utf-8")
    names: dict[str, object] = {}
    exec(compile(code, "test_echo.py", "exec"), names)
    for name, test in names.items():
        if name.startswith("test_"):
            test()


def test_its_mechanism_figure_claim_and_lesson_keep_the_contract(echo):
    mechanism, lesson = module("mechanisms"), module("lessons")
    few, many = (mechanism.simulate(mechanism.Room(), rng=3, replicates=count) for count in (2, 4))
    assert (few.spread == many.spread[:2]).all()
    with pytest.raises(ValueError, match="replicates"):
        mechanism.simulate(mechanism.Room(), rng=0, replicates=0)
    assert len(theme.description(lesson.GALLERY["spread"]()).split()) >= 8
    (declared,) = ledger.claims_of("echo")
    assert ledger.measure(declared).verdict.word == "reproduced"
    assert run_solution(lesson.EXERCISES["trust"]).verdict == "right"
    assert lesson.panel().settled
