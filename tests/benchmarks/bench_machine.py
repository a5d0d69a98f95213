"""What this machine can do at best: the limits that the mechanisms are held against."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import statistics
import time
from pathlib import Path

import numpy as np
import pytest
from benchmarks.measure import in_turn, load

import labkit

PACKAGES = [
    "numpy",
    "scipy",
    "scikit-learn",
    "mesa",
    "agentpy",
    "shap",
    "shapiq",
    "pydvl",
    "autogen-agentchat",
    "agentscope",
    "openai",
    "mabwiser",
    "contextualbandits",
    "obp",
    "pytest-benchmark",
]
MIB = 2**20


def version(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def processor():
    """Return the name of the processor, where the system tells."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text().splitlines() if told.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def limits():
    """Return each limit as (what one call does, how much that is, its unit)."""
    rng = np.random.default_rng(0)
    found = {}
    for size in (MIB // 4, 8 * MIB, 128 * MIB):
        source, target = rng.random(size // 8), np.empty(size // 8)
        found[f"copying {size / MIB:g} MiB"] = (
            lambda source=source, target=target: np.copyto(target, source),
            size / 1e9,
            "GB/s",
        )
    for size in (8 * MIB, 128 * MIB):
        source = rng.random(size // 8)
        found[f"reading {size / MIB:g} MiB"] = source.sum, size / 1e9, "GB/s"
    square, many = rng.random((512, 512)), 2**18
    single, double = np.empty(many, np.float32), np.empty(many)
    table, where = rng.random(MIB), rng.integers(MIB, size=many)
    two, small = np.empty(many), np.ones(8)
    return found | {
        "multiplying matrices (512, float64)": (lambda: square @ square, 2 * 512**3 / 1e9, "GFlop/s"),
        "uniform numbers, float32": (lambda: rng.random(out=single, dtype=np.float32), many / 1e6, "M/s"),
        "uniform numbers, float64": (lambda: rng.random(out=double), many / 1e6, "M/s"),
        "normal numbers, float64": (lambda: rng.standard_normal(out=double), many / 1e6, "M/s"),
        "looking up at random in 8 MiB": (lambda: np.take(table, where, out=two, mode="clip"), many / 1e6, "M/s"),
        "calls of a small numpy function": (lambda: np.add(small, small, out=small), 1e-6, "M/s"),
    }


@pytest.mark.benchmark(group="machine", timer=time.process_time)
def test_limits(benchmark):
    begun, ways = load(), limits()
    times = in_turn(benchmark, {name: call for name, (call, *_) in ways.items()}, rounds=7)
    speeds = {
        name: [much / statistics.median(times["processor"][name]), unit] for name, (_, much, unit) in ways.items()
    }
    benchmark.extra_info["machine"] = {
        "processor": processor(),
        "cores": os.cpu_count(),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "date": time.strftime("%Y-%m-%d %H:%M", time.gmtime()),
        "threads": os.environ.get("OPENBLAS_NUM_THREADS", "not limited"),
        "load": begun,
        "share": times["share"],
        # labkit is that of this checkout, installed or not.
        "versions": {"labkit": labkit.__version__} | {package: version(package) for package in PACKAGES},
        "limits": speeds,
    }
    assert all(speed > 0 for speed, _ in speeds.values())
