"""One report from one run: `report.json` holds the samples, `REPORT.md` what they say.

PYTHONPATH=tests python -m benchmarks.report FILE     FILE is what `pytest --benchmark-json` wrote
PYTHONPATH=tests python -m benchmarks.report          write REPORT.md anew from report.json
"""

from __future__ import annotations

import json
import math
import statistics
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.wording import GROWTH, HOW_TO_READ, METHOD, NOTES, digits, exponent_text, ratio_text, seconds_text

from labkit.stats import Estimate, mean_interval

HERE = Path(__file__).parent
SAMPLES, REPORT = HERE / "report.json", HERE / "REPORT.md"
OURS, COMPILED = "labkit", "numba loop"
PEERS = {
    "Stigmergic world": ("Mesa, idiomatic", "Mesa, tuned", "agentpy"),
    "Exact Shapley values": ("shap", "shapiq", "pyDVL", COMPILED),
    "Debate, beliefs": ("textbook loop", COMPILED),
    "Debate, orchestration": ("AutoGen, agents", "AutoGen, RoundRobinGroupChat", "AgentScope, agents"),
    "Sketches": (
        "scipy clarkson_woodruff_transform",
        "scipy clarkson_woodruff_transform, columns given",
        "scipy sparse matrix",
        "scipy sparse matrix, columns given",
        "scikit-learn SparseRandomProjection",
        COMPILED,
    ),
    "Linear bandits": ("obp", "mabwiser", "contextualbandits", COMPILED),
}
"""The mechanisms in the order of the report, and the peers that each must name."""
BUSY = 0.9
"""Share of a processor below which something else must have been running."""


@dataclass(frozen=True)
class Row:
    """One peer (or another form of ours) next to labkit in one piece of work."""

    comparison: Mapping[str, Any]
    name: str
    clock: str
    ratio: Estimate
    """Time of the peer over that of labkit: above 1 labkit is faster."""

    @property
    def work(self) -> str:
        return f"{self.comparison['mechanism']}: {self.comparison['work']}"


def distil(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the report needs of what pytest-benchmark wrote."""
    extras = [each["extra_info"] for each in told["benchmarks"]]
    return {
        "runs": told.get("runs") or [told["datetime"]],
        "machine": next((extra["machine"] for extra in extras if "machine" in extra), None),
        "comparisons": [rounded(extra["comparison"]) for extra in extras if "comparison" in extra],
        "growths": [rounded(extra["growth"]) for extra in extras if "growth" in extra],
    }


def rounded(value: Any) -> Any:
    """Return the same with five digits of every number: more is noise."""
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, Mapping):
        return {name: rounded(each) for name, each in value.items()}
    return [rounded(each) for each in value] if isinstance(value, list) else value


def markdown(report: Mapping[str, Any]) -> str:
    """Return the report in words and tables."""
    rows = [row for comparison in report["comparisons"] for row in rows_of(comparison)]
    parts = [
        "# Speed next to peers",
        "Written by `make bench`; the samples behind every number are in `report.json`. Do not edit by hand.",
        about(report),
        worst(rows),
        HOW_TO_READ,
    ]
    for mechanism, peers in PEERS.items():
        parts += section(report, mechanism, peers, [row for row in rows if row.comparison["mechanism"] == mechanism])
    parts += [losses(rows), growths(report["growths"]), limits(report["machine"]), METHOD]
    return "\n\n".join(part for part in parts if part) + "\n"


def rows_of(comparison: Mapping[str, Any]) -> Iterator[Row]:
    """Yield a row for each side but labkit's own and the limit's, by each clock that counts."""
    for clock in comparison.get("clocks", ["processor"]):
        for name in comparison[clock]:
            if name not in (OURS, comparison["limit"]):
                yield Row(comparison, name, clock, ratio(comparison[clock], name))


def ratio(times: Mapping[str, list[float]], name: str) -> Estimate:
    """Return how many times as long a side takes as labkit: the geometric mean over pairs, with Student's interval."""
    pairs = np.log(np.divide(times[name], times[OURS]))
    found = mean_interval(pairs)
    low, value, high = (math.exp(each) for each in (found.low, found.value, found.high))
    return Estimate(value, low, high, found.n, "Student t of the logarithms")


def about(report: Mapping[str, Any]) -> str:
    machine = report["machine"]
    if machine is None:
        return "The machine was not described: its limits were not measured in this run."
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    computing = [each for each in report["comparisons"] if "clocks" not in each]
    disturbed = [each for each in computing if each["share"] < BUSY]
    averages = [each["load"][1] for each in report["comparisons"] if each["load"][1] is not None]
    state = (
        f"**The machine was loaded**: {len(disturbed)} of {len(computing)} comparisons got less than {BUSY:.0%} of a "
        "processor. Ratios hold, since both sides had the same share; times on the wall clock do not."
        if disturbed
        else "The machine was quiet: every comparison had a processor to itself."
    )
    loads = (
        f"load average {machine['load']} before the run, {max(averages)} at most and {averages[-1]} at its end "
        "(the run itself counts 1)"
        if averages and machine["load"] is not None
        else "the system tells no load average"
    )
    runs = len(report["runs"])
    if runs > 1:
        state += (
            f"\n- **Put together from {runs} runs**: both sides of a ratio come from one, different tables need not."
        )
    return (
        f"- Machine: {machine['processor']}, {machine['cores']} cores, {machine['system']}\n"
        f"- Run: {machine['date']} UTC, Python {machine['python']}, threads of linear algebra: {machine['threads']}\n"
        f"- Load: {loads}\n"
        f"- {state}\n- Versions: {versions}"
    )


def worst(rows: list[Row]) -> str:
    """Return the three worst rows, at most one for each peer in each mechanism."""
    found: dict[tuple[str, str], Row] = {}
    for row in sorted(peer_rows(rows), key=lambda row: row.ratio.value):
        found.setdefault((row.comparison["mechanism"], row.name), row)
    lines = [
        f"{place}. {row.work}: labkit is **{ratio_text(row.ratio)}** times as fast as {row.name} ({row.clock} time)."
        for place, row in enumerate(list(found.values())[:3], start=1)
    ]
    return "## The three worst numbers\n\n" + "\n".join(lines)


def peer_rows(rows: list[Row]) -> list[Row]:
    """Return the rows that stand for somebody else's code."""
    known = {name for peers in PEERS.values() for name in peers}
    return [row for row in rows if row.name in known]


def section(report: Mapping[str, Any], mechanism: str, peers: tuple[str, ...], rows: list[Row]) -> list[str]:
    """Return the table of one mechanism, the distance to its limit, and what is missing."""
    comparisons = [each for each in report["comparisons"] if each["mechanism"] == mechanism]
    if not comparisons:
        return [f"## {mechanism}", f"Not measured in this run: the benchmark failed. Peers: {', '.join(peers)}."]
    several = len({row.clock for row in rows}) > 1
    table = ["| Work | Side | Time | Ratio to labkit | Same work |", "| --- | --- | --- | --- | --- |"]
    for comparison in comparisons:
        for clock in comparison.get("clocks", ["processor"]):
            named = f", {clock} time" if several else ""
            table.append(f"| {comparison['work']}{named} | **labkit** | {time_of(comparison, OURS, clock)} | 1 | |")
            for row in rows:
                if row.comparison is comparison and row.clock == clock:
                    check = comparison["checks"].get(row.name, "ours in another form")
                    time = time_of(comparison, row.name, clock)
                    table.append(f"| | {row.name} | {time} | {ratio_text(row.ratio)} | {check} |")
    parts = [
        f"## {mechanism}",
        NOTES[mechanism].strip(),
        f"Time per {comparisons[0]['unit']}.",
        "\n".join(table),
        distances(comparisons),
    ]
    return [*parts, absent(comparisons, peers)]


def time_of(comparison: Mapping[str, Any], name: str, clock: str) -> str:
    return seconds_text(statistics.median(comparison[clock][name]))


def distances(comparisons: list[Mapping[str, Any]]) -> str:
    """Return how far labkit is from each limit."""
    lines = []
    for comparison in comparisons:
        times = comparison["processor"]
        away = ratio({OURS: times[comparison["limit"]], "us": times[OURS]}, "us")
        lines.append(f"- {comparison['work']}: {ratio_text(away)} times the limit ({comparison['limit']})")
    return "Distance to the limit:\n\n" + "\n".join(lines)


def absent(comparisons: list[Mapping[str, Any]], peers: tuple[str, ...]) -> str:
    """Return which peers are missing from which work, and why."""
    lines = [f"- {each['work']}: {name}: {why}" for each in comparisons for name, why in each["missing"].items()]
    named = {name for each in comparisons for name in (*each["processor"], *each["missing"])}
    lines += [f"- {name}: not measured" for name in peers if name not in named]
    return "Missing in this run:\n\n" + "\n".join(lines) if lines else ""


def losses(rows: list[Row]) -> str:
    """Return every comparison in which labkit is not clearly faster, the worst first; its own other forms apart."""
    behind = sorted((row for row in rows if row.ratio.low <= 1), key=lambda row: row.ratio.value)
    theirs = peer_rows(behind)
    ours = [row for row in behind if row not in theirs and row.ratio.high < 1]
    parts = ["## Where labkit loses", listed(theirs) or "To no peer in this run."]
    if ours:
        parts += ["Forms of labkit's own, or the bare client under it, that take less than what it does by default:"]
        parts += [listed(ours)]
    return "\n\n".join(parts)


def listed(rows: list[Row]) -> str:
    return "\n".join(
        f"- {row.work}: {row.name} takes {ratio_text(row.ratio)} of labkit's {row.clock} time"
        f"{', no clear difference' if row.ratio.high >= 1 else ''}."
        for row in rows
    )


def growths(growths: list[Mapping[str, Any]]) -> str:
    """Return how cost grows with size, as fitted exponents."""
    table = [
        "| Mechanism | Size | From | To | Exponent | Exponent at the upper end | Expected | Time at the largest |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for each in growths:
        sizes, seconds = each["sizes"], np.asarray(each["seconds"])
        whole, upper = exponent(sizes, seconds), exponent(sizes[-3:], seconds[-3:])
        largest = seconds_text(float(np.median(seconds[-1])))
        table.append(
            f"| {each['mechanism']} | {each['variable']} | {sizes[0]:,} | {sizes[-1]:,} | {exponent_text(whole)} | "
            f"{exponent_text(upper)} | {each['expected']} | {largest} |"
        )
    return "\n\n".join(["## How the cost grows", GROWTH, "\n".join(table)])


def exponent(sizes: list[int], seconds: np.ndarray) -> Estimate:
    """Return the slope of log time over log size with its 95 % interval."""
    from scipy.stats import linregress, t

    x, y = np.repeat(np.log(sizes), seconds.shape[1]), np.log(seconds).ravel()
    fit = linregress(x, y)
    width = float(fit.stderr * t.ppf(0.975, x.size - 2))
    return Estimate(float(fit.slope), float(fit.slope) - width, float(fit.slope) + width, x.size, "least squares")


def limits(machine: Mapping[str, Any] | None) -> str:
    if machine is None:
        return ""
    lines = [f"| {name} | {digits(speed)} {unit} |" for name, (speed, unit) in machine["limits"].items()]
    return "## What this machine can do at best\n\n| Limit | Speed |\n| --- | --- |\n" + "\n".join(lines)


def main(arguments: list[str]) -> None:
    if arguments:
        report = distil(json.loads(Path(arguments[0]).read_text()))
        SAMPLES.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    REPORT.write_text(markdown(json.loads(SAMPLES.read_text())))
    print(f"written: {REPORT}")


if __name__ == "__main__":
    main(sys.argv[1:])
