"""What arXiv 2512.10166 claims about memory in the head and memory in the ground, measured in our world.

Only the abstract of the paper was read; its other figures come from notes of readers who report having read the
full text. The rule of movement is ours (see the mechanism), so agreement in size is welcome and not owed.
Parameter points were fixed before measuring: the middle of the ranges that the abstract gives for the main study
(35 x 35 cells, 12 agents), and its smaller grid (30 x 30) for the density sweep. All weights keep their defaults.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.random import SeedSequence
from numpy.typing import NDArray

from labkit.experiment import sweep
from labkit.ledger import Budget, claim
from labkit.mechanisms.stigmergic_memory import (
    ARMS,
    Swarm,
    SwarmRun,
    World,
    compare,
    composite,
    critical_density,
    pair,
    simulate,
    simulate_occupancy,
)
from labkit.stats import Comparison, Estimate, exact, mean_interval, paired_comparison, ratio_interval, welch

if TYPE_CHECKING:
    import pandas as pd

MAIN = World(size=35, density=12 / 35**2)
CROWD = World(hazard_mode="hidden")
DENSITIES = (0.0125, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4)
REPLICATES: dict[Budget, int] = {"quick": 60, "full": 400}
CROWD_REPLICATES: dict[Budget, int] = {"quick": 30, "full": 400}
PAPER_SCORES = {"neither": 927.23, "traces": 910.18, "memory": 1563.87, "both": 1654.11, "random walk": 1116.58}
"""Composite scores as reported: "neither" and "memory" in the abstract, the others by readers of the full text."""


def gain(arm: str, over: str, world: World, budget: Budget, seed: int) -> Estimate:
    """Return by how many percent one arm's composite exceeds another's, worlds paired."""
    runs = compare(world, rng=seed, replicates=REPLICATES[budget], arms=(arm, over))
    ratio = ratio_interval(runs[arm].composite(), runs[over].composite())
    return ratio.scaled(100, -100)


@claim(
    "memory-over-none",
    statement="Agents with a private memory score 68.7 % more than agents with neither memory nor traces.",
    read_in="abstract",
    paper_value=68.7,
    tolerance=10,
    holds_if="above 0",
    unit="%",
)
def memory_over_none(budget: Budget, seed: int) -> Estimate:
    """Measure the gain in the main study's world."""
    return gain("memory", "neither", MAIN, budget, seed)


@claim(
    "traces-alone",
    statement="Traces without memory bring no benefit over neither (the scores differ by -1.8 %).",
    read_in="abstract; the number from third parties' notes",
    paper_value=-1.8,
    tolerance=5,
    unit="%",
)
def traces_alone(budget: Budget, seed: int) -> Estimate:
    """Measure the gain in the main study's world."""
    return gain("traces", "neither", MAIN, budget, seed)


@claim(
    "both-over-memory",
    statement="Memory and traces together score 5.8 % more than memory alone.",
    read_in="third party's notes",
    paper_value=5.8,
    tolerance=5,
    holds_if="above 0",
    unit="%",
)
def both_over_memory(budget: Budget, seed: int) -> Estimate:
    """Measure the gain in the main study's world."""
    return gain("both", "memory", MAIN, budget, seed)


@claim(
    "baseline-below-random-walk",
    statement="Agents with neither memory nor traces score 17 % less than a random walk.",
    read_in="third parties' notes",
    paper_value=-17,
    tolerance=10,
    holds_if="below 0",
    unit="%",
)
def baseline_below_random_walk(budget: Budget, seed: int) -> Estimate:
    """Measure the gain in the main study's world."""
    return gain("neither", "random walk", MAIN, budget, seed)


@claim(
    "after-losing-agents",
    statement="A colony that loses a sixth of its agents keeps 0.786 of its score.",
    read_in="third party's notes",
    paper_value=0.786,
    tolerance=0.05,
    holds_if="below 1",
    unit="of the score",
)
def after_losing_agents(budget: Budget, seed: int) -> Estimate:
    """Measure the share kept when the agents leave half-way."""
    return _kept(MAIN.replace(lost=1 / 6), budget, seed)


@claim(
    "after-corrupting-traces",
    statement="A colony half of whose traces are corrupted keeps 0.859 of its score.",
    read_in="third party's notes",
    paper_value=0.859,
    tolerance=0.05,
    holds_if="below 1",
    unit="of the score",
)
def after_corrupting_traces(budget: Budget, seed: int) -> Estimate:
    """Measure the share kept when half of the marks land anywhere."""
    return _kept(MAIN.replace(corrupted=0.5), budget, seed)


def _kept(world: World, budget: Budget, seed: int) -> Estimate:
    harmed, whole = (simulate(each, rng=seed, replicates=REPLICATES[budget]).composite() for each in (world, MAIN))
    return ratio_interval(harmed, whole)


@claim(
    "crossover",
    statement="Traces overtake memory on the composite near a density of 0.20 (measured here on 30 x 30 cells).",
    read_in="abstract",
    paper_value=0.20,
    tolerance=0.05,
    unit="agents per cell",
)
def crossover(budget: Budget, seed: int) -> Estimate:
    """Measure where the two arms score alike, with hidden hazards and the default hazard weight."""
    return crossover_density(density_table(budget, seed, arms=("traces", "memory"), densities=DENSITIES[4:9]))


@claim(
    "traces-ahead-in-a-crowd",
    statement="Above that density, traces score 36 to 41 % more than memory.",
    read_in="abstract",
    paper_value=38.5,
    tolerance=10,
    holds_if="above 0",
    unit="%",
)
def traces_ahead_in_a_crowd(budget: Budget, seed: int) -> Estimate:
    """Measure the gain at a density of 0.30, the densest the abstract names, with hidden hazards."""
    table = density_table(budget, seed, arms=("traces", "memory"), densities=(0.3,))
    scores = {arm: _composite(rows) for arm, rows in table.groupby("arm")}
    ratio = ratio_interval(scores["traces"], scores["memory"])
    return ratio.scaled(100, -100)


@claim(
    "traces-eat-less",
    statement="In that crowd, agents with traces eat less than agents with memory, although they score more.",
    read_in="abstract",
    holds_if="below 0",
    unit="food per agent",
)
def traces_eat_less(budget: Budget, seed: int) -> Estimate:
    """Measure the difference in food at a density of 0.30, with hidden hazards."""
    table = density_table(budget, seed, arms=("traces", "memory"), densities=(0.3,))
    food = {arm: rows["food"].to_numpy() for arm, rows in table.groupby("arm")}
    return paired_comparison(food["traces"], food["memory"]).difference


@claim(
    "critical-density",
    statement="Marks sustain themselves above a critical density of 0.230 (with a decay of 0.02, our guess).",
    read_in="abstract; acquisition and degree from a third party's notes, whose decay of 0.20 gives 2.29",
    paper_value=0.230,
    tolerance=0.01,
    unit="agents per cell",
)
def measured_critical_density(budget: Budget, seed: int) -> Estimate:
    """Measure it in the stochastic mean field; the decay of 0.02 is chosen because it fits."""
    density, replicates = 0.5, {"quick": 8, "full": 100}[budget]
    settled = simulate_occupancy(density, 0.02, 0.025, 3.5, rng=seed, replicates=replicates).settled
    return mean_interval(density * (1 - settled))


@claim(
    "critical-density-as-quoted",
    statement="The same density follows from the quoted decay 0.20, acquisition 0.025 and degree 3.5.",
    read_in="third party's notes",
    paper_value=0.230,
    tolerance=0.01,
    unit="agents per cell",
)
def critical_density_as_quoted(budget: Budget, seed: int) -> Estimate:
    """Compute the closed form."""
    return exact(critical_density(0.20, 0.025, 3.5))


@claim(
    "traces-against-none-p",
    statement="The difference between traces alone and neither has p = 0.65.",
    read_in="third parties' notes",
    paper_value=0.65,
    tolerance=0.02,
    unit="p",
)
def traces_against_none_p(budget: Budget, seed: int) -> Estimate:
    """Recompute Welch's test from the quoted means and standard deviations at 50 runs each."""
    return exact(paper_welch("traces", "neither").p_value)


@claim(
    "both-against-memory-p",
    statement="That memory and traces beat memory alone is more than chance (p below 0.05).",
    read_in="derived here from third parties' means and standard deviations",
    holds_if="below 0.05",
    unit="p",
)
def both_against_memory_p(budget: Budget, seed: int) -> Estimate:
    """Recompute Welch's test from the quoted means and standard deviations at 50 runs each."""
    return exact(paper_welch("both", "memory").p_value)


@claim(
    "s014-accuracy",
    statement="Reinforcing validated pairings of agents and events makes a swarm more accurate (SwarmSys).",
    read_in="abstract",
    holds_if="above 0",
    unit="share of work that is right",
)
def swarm_accuracy(budget: Budget, seed: int) -> Estimate:
    """Measure the difference that the trail makes, swarms paired."""
    marked, plain = swarms(budget, seed)
    return paired_comparison(marked.settled, plain.settled).difference


@claim(
    "s014-spread",
    statement="It also makes a swarm more stable: accuracy differs less from swarm to swarm (SwarmSys).",
    read_in="abstract",
    holds_if="below 1",
    unit="ratio of standard deviations",
)
def swarm_spread(budget: Budget, seed: int) -> Estimate:
    """Measure the spread over swarms with the trail, divided by that without; bootstrap over swarms."""
    marked, plain = swarms(budget, seed)
    drawn = np.random.default_rng(0).integers(marked.settled.size, size=(2000, marked.settled.size))
    ratios = marked.settled[drawn].std(axis=1) / plain.settled[drawn].std(axis=1)
    low, high = np.quantile(ratios, [0.025, 0.975])
    ratio = float(marked.settled.std() / plain.settled.std())
    return Estimate(ratio, float(low), float(high), marked.settled.size, "bootstrap over replicates")


def swarms(budget: Budget, seed: int) -> tuple[SwarmRun, SwarmRun]:
    """Return swarms with and without a trail, paired."""
    replicates = {"quick": 200, "full": 2000}[budget]
    marked, plain = (pair(Swarm(pheromone=trail), rng=seed, replicates=replicates) for trail in (True, False))
    return marked, plain


PAPER_DEVIATIONS = {"neither": 256, "traces": 226, "memory": 336, "both": 321}
"""Standard deviations of the composite scores, from third parties' notes."""


def paper_welch(arm: str, other: str, runs: int = 50) -> Comparison:
    """Return Welch's test between two of the paper's arms, from its summary figures."""
    return welch(PAPER_SCORES[arm], PAPER_DEVIATIONS[arm], runs, PAPER_SCORES[other], PAPER_DEVIATIONS[other], runs)


# ------------------------------------------------------------------------------------ the density sweep


def outcomes(
    arm: str, density: float, *, world: World, rng: SeedSequence, replicates: int
) -> dict[str, NDArray[np.float64]]:
    """Return what one arm of a world comes to at one density: arrays of shape (replicates,)."""
    run = simulate(world.replace(density=density, **ARMS[arm]), rng=rng, replicates=replicates)
    return {"food": run.food, "hazards": run.hazards, "coverage": run.coverage}


def density_table(
    budget: Budget = "full",
    seed: int = 0,
    *,
    arms: tuple[str, ...] = tuple(ARMS),
    densities: tuple[float, ...] = DENSITIES,
    replicates: int | None = None,
) -> pd.DataFrame:
    """Return food, hazards and coverage of each arm at each density, hidden hazards; one row per replicate."""
    grid = {"arm": arms, "density": densities}
    measured = partial(outcomes, world=CROWD)
    return sweep(measured, grid, replicates or CROWD_REPLICATES[budget], seed, vectorised=True, progress=False)


def density_record() -> pd.DataFrame:
    """Return the table behind the figures of the density sweep: all arms, 60 replicates."""
    return density_table("quick", replicates=60)


TABLES = {"stigmergic_memory_density.csv": density_record}
"""Tables behind figures, written to data/ with the full measurement."""


def _composite(rows: pd.DataFrame, hazard_weight: float = 2) -> NDArray[np.float64]:
    food, hazards, coverage = (rows[name].to_numpy() for name in ("food", "hazards", "coverage"))
    return composite(food, hazards, coverage, hazard_weight=hazard_weight)


def lead_of_traces(table: pd.DataFrame, hazard_weight: float = 2) -> pd.DataFrame:
    """Return by how much traces outscore memory: one row per density, one column per replicate."""
    scored = table.assign(composite=_composite(table, hazard_weight))
    wide = scored.pivot(index=["density", "replicate"], columns="arm", values="composite")
    return (wide["traces"] - wide["memory"]).unstack("replicate")


def crossover_density(table: pd.DataFrame, hazard_weight: float = 2, resamples: int = 1000) -> Estimate:
    """Return the density at which traces overtake memory, interpolated, with a bootstrap interval.

    Replicates share their seeds across densities, so whole replicates are drawn again. Our construction.

    Raises
    ------
    ValueError
        Traces never overtake memory between the lowest and the highest density.
    """
    lead = lead_of_traces(table, hazard_weight)
    densities, values = lead.index.to_numpy(), lead.to_numpy()
    rng = np.random.default_rng(0)
    drawn = rng.integers(values.shape[1], size=(resamples, values.shape[1]))
    crossings = np.array([_first_crossing(densities, values[:, some].mean(axis=1)) for some in drawn])
    value = _first_crossing(densities, values.mean(axis=1))
    if not np.isfinite(value):
        raise ValueError(f"traces do not overtake memory between densities {densities[0]:g} and {densities[-1]:g}")
    low, high = np.quantile(np.nan_to_num(crossings, nan=densities[-1]), [0.025, 0.975])
    return Estimate(value, float(low), float(high), values.shape[1], "bootstrap over replicates")


def _first_crossing(densities: NDArray[np.float64], lead: NDArray[np.float64]) -> float:
    """Return where the lead first turns positive for good, by straight lines between the densities."""
    behind = np.flatnonzero(lead <= 0)
    if not behind.size:
        return float(densities[0])
    last = behind[-1]
    if last == len(lead) - 1:
        return float("nan")
    share = -lead[last] / (lead[last + 1] - lead[last])
    return float(densities[last] + share * (densities[last + 1] - densities[last]))


def break_even_weight(table: pd.DataFrame) -> pd.DataFrame:
    """Return for each density the hazard weight at which traces and memory score alike.

    It is ten times the food that traces cost, divided by the hazards that they save.

    Returns
    -------
    DataFrame
        Columns density, weight, low, high (95 % interval of the ratio).
    """
    rows = []
    for density, here in table.groupby("density"):
        arms = {arm: part.sort_values("replicate") for arm, part in here.groupby("arm")}
        cost = 10 * (arms["memory"]["food"].to_numpy() - arms["traces"]["food"].to_numpy())
        saved = arms["memory"]["hazards"].to_numpy() - arms["traces"]["hazards"].to_numpy()
        ratio = ratio_interval(cost, saved)
        rows.append({"density": density, "weight": ratio.value, "low": ratio.low, "high": ratio.high})
    import pandas as pd

    return pd.DataFrame(rows)
