"""Binder builds what the lock pins, and the lock is in step with pyproject.toml."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

MAKE_LOCK = "run `make lock`"


@pytest.fixture
def project(checkout):
    return tomllib.loads((checkout / "pyproject.toml").read_text())["project"]


def locked(path):
    """Return what a lock pins on this machine, by name."""
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    pins = [Requirement(line) for line in lines]
    assert all(re.fullmatch(r"==[\w.!+]+", str(pin.specifier)) for pin in pins), "the lock pins exact versions"
    here = [pin for pin in pins if pin.marker is None or pin.marker.evaluate()]
    return {canonicalize_name(pin.name): Version(str(pin.specifier)[2:]) for pin in here}


def missing(requirements, pins):
    found = []
    for requirement in map(Requirement, requirements):
        version = pins.get(canonicalize_name(requirement.name))
        if version is None or version not in requirement.specifier:
            found.append(f"{requirement} (locked: {version})")
    return found


def test_the_lock_holds_every_dependency(checkout, project):
    pins = locked(checkout / "binder" / "requirements.txt")
    extras = project["optional-dependencies"]
    assert missing([*project["dependencies"], *extras["build"], *extras["local"]], pins) == [], MAKE_LOCK
    tools = pins | locked(checkout / "tests" / "requirements.txt")
    assert (
        missing([*(each for name in ("embed", "test", "bench", "grade", "cluster") for each in extras[name])], tools)
        == []
    ), MAKE_LOCK


def test_the_lock_of_the_kit_holds_no_test_tool(checkout):
    pins = locked(checkout / "binder" / "requirements.txt")
    assert {"pytest", "playwright", "ruff", "mesa"}.isdisjoint(pins)
    assert set(pins) & set(locked(checkout / "tests" / "requirements.txt")) == set(), MAKE_LOCK


def test_the_locks_name_no_machine(checkout):
    for folder in ("binder", "tests"):
        assert not re.search(r"://|--|file:", (checkout / folder / "requirements.txt").read_text())


def test_binder_accepts_the_layout(checkout):
    tool = shutil.which("jupyter-repo2docker", path=Path(sys.executable).parent)
    if tool is None:
        pytest.skip("jupyter-repo2docker is not installed")
    done = subprocess.run(
        [tool, "--no-build", "--debug", "."], cwd=checkout, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "binder/postBuild" in done.stdout + done.stderr
    assert "binder/requirements.txt" in done.stdout + done.stderr
    assert os.access(checkout / "binder" / "postBuild", os.X_OK)


def test_the_requirements_resolve(checkout, online_environment, tmp_path):
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet", "--retries=1"]
    command += ["--timeout=30", "-r", str(checkout / "binder" / "requirements.txt")]
    done = subprocess.run(command, env=online_environment, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    unreachable = re.search(
        r"NewConnectionError|ConnectTimeout|NameResolution|Temporary failure|Max retries", done.stderr
    )
    if done.returncode and unreachable:
        pytest.skip("no package index answers")
    assert done.returncode == 0, done.stderr[-2000:]
