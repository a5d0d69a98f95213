"""The README says what is on disk, and the repository has one address everywhere."""

import json
import re
import subprocess

import pytest
import yaml

from labkit import __version__
from labkit.files import repository
from labkit.readme import binder, colab, fill, opening


def test_its_tables_are_up_to_date(checkout):
    text = (checkout / "README.md").read_text()
    assert fill(text) == text, "run `make notebooks` (or `labkit readme`)"


def test_files_it_links_to_are_there(checkout):
    links = re.findall(r"\]\((?!https?://|#)([^)]+)\)", (checkout / "README.md").read_text())
    assert links
    assert [link for link in links if not (checkout / link).exists()] == []


def test_the_repository_has_one_address(checkout):
    tracked = subprocess.run(["git", "ls-files"], cwd=checkout, capture_output=True, text=True).stdout.split("\n")
    prose = [name for name in tracked if name.endswith((".md", ".cff", ".ipynb")) and (checkout / name).is_file()]
    owner, name = repository().split("/")[-2:]
    for path in prose:
        text = (checkout / path).read_text()
        found = set(re.findall(rf"(?:github\.com|v2/gh)/([\w.-]+/{name})\b", text))
        assert found <= {f"{owner}/{name}"}, path


def test_versions_agree(checkout):
    citation = yaml.safe_load((checkout / "CITATION.cff").read_text())
    assert citation["version"] == __version__
    assert citation["repository-code"] == repository()
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors", "license"} <= set(citation)


def test_the_workflows_are_valid(checkout):
    for path in (checkout / ".github" / "workflows").glob("*.yml"):
        workflow = yaml.safe_load(path.read_text())
        assert workflow["jobs"]
        for job in workflow["jobs"].values():
            used = [step["uses"] for step in job["steps"] if "uses" in step]
            assert all(re.search(r"@v\d+$", name) for name in used)


def notebook(tmp_path, text):
    path = tmp_path / "12_walks.ipynb"
    path.write_text(json.dumps({"cells": [{"cell_type": "markdown", "source": text.splitlines(keepends=True)}]}))
    return path


def test_an_opening_is_read(tmp_path):
    text = """# Walks: how far?

**Question.** How far does
a walker come?

After this you can
- say how far

**Time.** 45 minutes · **Prerequisites.** none · **Runs on.** a simulation

**Paper.** [Walks](https://example.org)
"""
    seen = opening(notebook(tmp_path, text))
    assert (seen.title, seen.question) == ("Walks: how far?", "How far does a walker come?")
    assert (seen.minutes, seen.prerequisites, seen.runs) == (45, "none", "a simulation")


def test_an_opening_without_a_title_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"12_walks\.ipynb: the first cell has no title"):
        opening(notebook(tmp_path, "**Question.** What?"))


def test_binder_links_open_the_lab():
    assert binder("notebooks/a b.ipynb").endswith("/HEAD?urlpath=lab/tree/notebooks/a%20b.ipynb")


def test_colab_links_open_the_notebook():
    wanted = "https://colab.research.google.com/github/labkit-notebooks/labkit/blob/main/notebooks/a%20b.ipynb"
    assert colab("notebooks/a b.ipynb") == wanted
    assert colab().endswith("/00_start_here.ipynb")
