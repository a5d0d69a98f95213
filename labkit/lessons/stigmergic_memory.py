"""What the lesson on stigmergic memory needs beyond prose: its panel, its bet, its exercises."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from labkit.claims import stigmergic_memory as claims
from labkit.explore import Figure, Panel, View, explore
from labkit.figures import stigmergic_memory as figures
from labkit.ledger import read_table
from labkit.mechanisms.stigmergic_memory import (
    ARMS,
    Arms,
    Swarm,
    World,
    compare,
    composite,
    consensus,
    critical_density,
    half_life,
    pair,
    simulate_occupancy,
    unfold_arms,
)
from labkit.seeds import Seed
from labkit.stats import Band, paired_comparison, ratio_interval
from labkit.teach import Bet, CurveBet, Essay, Exercise, Feedback

if TYPE_CHECKING:
    import pandas as pd

# ------------------------------------------------------------------------------------------- the panel


VARIED = (
    "density",
    "size",
    "hazard_mode",
    "hazard_fraction",
    "refill",
    "memory_weight",
    "trace_weight",
    "food_retention",
    "interpretation",
    "corrupted",
)


def panel() -> Panel:
    """Return the panel of the lesson: the worlds, the density sweep, and the weight that decides it."""
    return explore(
        unfold_arms,
        World(),
        {
            "worlds": View(figures.worlds),
            "against density": _swept(figures.against_density),
            "who leads where": _swept(lead),
        },
        vary=VARIED,
        look=figures.Score(),
        scrub="time",
        whole=compare,
    )


def _swept(figure: Figure) -> View:
    """Return a view of the density sweep: from the record at first, computed anew on a button."""
    line = "from labkit.lessons.stigmergic_memory import recorded_density; recorded_density()"
    matters = tuple(name for name in VARIED if name != "density")
    return View(figure, sweep_density, matters, button="Run the sweep", start=recorded_density(), line=line)


def sweep_density(
    world: World, *, rng: Seed, replicates: int = 1
) -> Generator[tuple[float, pd.DataFrame | None], None, pd.DataFrame]:
    """Run all arms at ten densities; yield the share done and the table so far, return the table."""
    import pandas as pd

    parts: list[pd.DataFrame] = []
    for number, density in enumerate(claims.DENSITIES):
        arms = unfold_arms(world.replace(density=density), rng=rng, replicates=replicates, arms=tuple(ARMS))
        runs = yield from _numbered(arms, number)
        parts.append(_tidy(density, runs))
    return pd.concat(parts, ignore_index=True)


def _numbered(
    steps: Generator[tuple[float, Arms | None], None, Arms], number: int
) -> Generator[tuple[float, None], None, Arms]:
    """Pass on the share done of one density as a share of all; return its runs."""
    while True:
        try:
            share, _ = next(steps)
        except StopIteration as end:
            runs: Arms = end.value
            return runs
        yield (number + share) / len(claims.DENSITIES), None


def _tidy(density: float, runs: Arms) -> pd.DataFrame:
    import pandas as pd

    columns = ("food", "hazards", "coverage")
    return pd.concat(
        [
            pd.DataFrame({"arm": arm, "density": density, **{name: getattr(run, name) for name in columns}})
            .rename_axis("replicate")
            .reset_index()
            for arm, run in runs.items()
        ]
    )


def lead(table: pd.DataFrame, hazard_weight: float = 2) -> go.Figure:
    """Return the figure of the hazard weight at which traces and memory score alike."""
    return figures.break_even(claims.break_even_weight(table), hazard_weight)


def recorded_density() -> pd.DataFrame:
    """Return the density sweep on record (hidden hazards, defaults otherwise)."""
    return read_table(
        "stigmergic_memory_density.csv",
        arm=str,
        density=float,
        replicate=int,
        food=float,
        hazards=float,
        coverage=float,
    )


def mean_field(decay: float = 0.02, acquisition: float = 0.025, degree: float = 3.5, *, rng: Seed = 0) -> go.Figure:
    """Return the figure of the mean field: theory as a line, six simulations as points."""
    critical = critical_density(decay, acquisition, degree)
    densities = [critical * times for times in (0.4, 0.85, 1.1, 1.3, 1.75, 2.6)]
    runs = [simulate_occupancy(density, decay, acquisition, degree, rng=rng, replicates=4) for density in densities]
    return figures.bifurcation(runs, decay, acquisition, degree, highest=3 * critical)


def beside_the_paper(replicates: int = 60, *, rng: Seed = 0) -> go.Figure:
    """Return the figure of the paper's reported scores beside ours, in the world of its main study."""
    return figures.beside_the_paper(claims.PAPER_SCORES, compare(claims.MAIN, rng=rng, replicates=replicates))


def swarm(replicates: int = 100, *, rng: Seed = 0) -> go.Figure:
    """Return the figure of a swarm with and without a trail on validated pairings."""
    marked, plain = (pair(Swarm(pheromone=trail), rng=rng, replicates=replicates) for trail in (True, False))
    return figures.swarm(marked, plain)


GALLERY = {
    "worlds": lambda: figures.worlds(compare(World(steps=50), rng=0, replicates=3, arms=tuple(ARMS)[:4])),
    "against_density": lambda: figures.against_density(recorded_density()),
    "break_even": lambda: lead(recorded_density()),
    "bifurcation": mean_field,
    "beside_the_paper": lambda: beside_the_paper(10),
    "swarm": lambda: swarm(10),
}
"""Every figure of the lesson, made from small results: what the tests look at."""

# -------------------------------------------------------------------------------------------- the bets


def _gains(runs: Arms) -> dict[str, float]:
    base = runs["neither"].composite().mean()
    return {arm: float(100 * (runs[arm].composite().mean() / base - 1)) for arm in ("traces", "memory", "both")}


def _outcome(runs: Arms) -> str:
    gains = _gains(runs)
    if gains["traces"] > 0.75 * gains["memory"]:
        return "as much"
    if gains["traces"] > 10:
        return "half"
    return "nothing" if gains["traces"] > -10 else "harm"


def _fact(runs: Arms) -> str:
    return "Here marks alone change the score by {traces:+.0f} %, memory alone by {memory:+.0f} %.".format(
        **_gains(runs)
    )


REASONS = {
    "both-over-memory": "In our world a mark draws its reader even to a patch that was eaten a moment ago. Agents with both spend their steps there, and do worse than with memory alone. By the paper's own figures the gain may be chance: see the last row.",
    "baseline-below-random-walk": "Our agents with neither still step onto food that they see next to them, and a random walk does not look. So they do far better than it. How the reported agents do worse, we cannot tell from what is published.",
    "after-losing-agents": "Our agents leave half-way, so that only a twelfth of all steps is lost, and those who stay find more food each. The notes do not say when the agents of the paper leave.",
    "after-corrupting-traces": "False marks do no harm where true ones do no good. In this world the colony lives on its memory, and the marks hold it back a little. Blurring them costs nothing.",
    "critical-density-as-quoted": "The quoted decay of 0.20 gives ten times the stated density. With 0.02 in its place the formula fits. We suspect a slip of the decimal point in the notes, and cannot prove it.",
    "traces-against-none-p": "The quoted means and spreads, at 50 runs each, give 0.72 and not 0.65. Rounding cannot explain it. The conclusion stays the same: no difference that could be told from chance.",
    "both-against-memory-p": "The difference is 90 points, and the runs of each arm spread by more than 300. With 50 runs each, such a difference comes by chance about once in six times. It would take a little more than 100 runs each to tell.",
}
"""Why a claim is not reproduced, by its key."""

BET = Bet(
    key="stigmergic_memory.marks_alone",
    question=(
        "Twelve agents forage on 35 x 35 cells and see one cell far. Memory alone raises their score by about two "
        "thirds. You take their memory away and let them leave marks that all can read instead. What do marks alone bring?"
    ),
    options={
        "as much": "about as much as memory: the ground is a memory too",
        "half": "about half of what memory brings",
        "nothing": "nothing",
        "harm": "less than nothing: they do clear harm",
    },
    replies={
        "as much": lambda runs: (
            _fact(runs)
            + " It is tempting to see the ground as a memory that all share. But a mark says *somebody ate here*, not *food "
            "is here now*. Who cannot remember having just eaten goes back and stands there."
        ),
        "half": lambda runs: (
            _fact(runs)
            + " Half a memory sounds prudent. But the part that is missing is the one that counts: to know that the patch "
            "under a strong mark stands empty, an agent must remember having looked."
        ),
        "nothing": lambda runs: (
            _fact(runs)
            + " Marks lead to patches and then hold the reader there: what they save in search they cost in waiting."
        ),
        "harm": lambda runs: (
            _fact(runs)
            + " The trap is real: look at the agents that stand on strong marks. But marks also lead to patches, and at this "
            "density the two about balance. In a denser world your answer is the right one; try 0.05."
        ),
    },
    outcome=_outcome,
    sample=lambda: compare(claims.MAIN, rng=0, replicates=2),
)

DRAWN = (0.0125, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4)


def marks_against_memory(table: pd.DataFrame) -> Band:
    """Return the score of marks in percent of that of memory, world by world, at the densities that are drawn."""
    food, hazards, coverage = (table[name].to_numpy() for name in ("food", "hazards", "coverage"))
    scored = table.assign(score=composite(food, hazards, coverage))
    scores = scored.pivot_table(index=["density", "replicate"], columns="arm", values="score")
    arms = [scores.loc[density] for density in DRAWN]
    found = [ratio_interval(each["traces"], each["memory"]).scaled(100) for each in arms]
    value, low, high = (np.array([getattr(each, name) for each in found]) for name in ("value", "low", "high"))
    return Band(value, low, high, found[0].n)


def _at_both_ends(table: pd.DataFrame) -> str:
    band = marks_against_memory(table)
    ahead = [density for density, value in zip(DRAWN, band.value, strict=True) if value > 100]
    ends = [table[table["density"] == density] for density in (DRAWN[0], DRAWN[-1])]

    def both(name: str, arm: str) -> tuple[float, ...]:
        return tuple(float(each.loc[each["arm"] == arm, name].mean()) for each in ends)

    food = [100 * marked / kept for marked, kept in zip(both("food", "traces"), both("food", "memory"), strict=True)]
    marks, memory = both("hazards", "traces"), both("hazards", "memory")
    return (
        f"Marks score more than memory {f'from a density of {ahead[0]:g} on' if ahead else 'nowhere'}. In food they go "
        f"from {food[0]:.0f} % of memory's to {food[1]:.0f} %. With marks an agent enters {marks[0]:.2f} hazards "
        f"in the thinnest crowd and {marks[1]:.2f} in the densest, with memory {memory[0]:.2f} and "
        f"{memory[1]:.2f}."
    )


CURVE = CurveBet(
    key="stigmergic_memory.marks_against_memory",
    question=(
        "Hazards are hidden now: an agent feels one only when it steps on it. Agents with marks alone score so many percent "
        "of what agents with memory alone score. More and more agents share the field. Draw the curve."
    ),
    x=DRAWN,
    x_title="density, agents per cell",
    y_title="score of marks, % of the score of memory",
    low=0,
    high=200,
    unit="%",
    within=20,
    needed=5,
    reference=(100, "as good as memory"),
    outcome=marks_against_memory,
    replies={
        "rises": lambda table: (
            _at_both_ends(table)
            + " So food gets short for everybody, and knowing where it was is worth less. What is left to decide is harm: one "
            "agent that is hurt warns all, if it leaves a mark."
        ),
        "falls": lambda table: (
            _at_both_ends(table)
            + " It is natural to expect that a crowd spoils a common ground. Here it completes it: the more agents walk, the "
            "sooner somebody has found and marked each hazard."
        ),
        "level": lambda table: (
            _at_both_ends(table)
            + " Both parts move, and both the same way. Food gets short for everybody, so remembering it is worth less; and "
            "the more agents walk, the sooner each hazard is marked."
        ),
        "peaks": lambda table: (
            _at_both_ends(table)
            + " A best density sounds plausible. But nothing turns this curve round: each further agent makes food scarcer "
            "and the warnings more complete."
        ),
        "other": lambda table: (
            _at_both_ends(table)
            + " Two things change with the crowd, and both push the same way: remembered food is worth less, and shared "
            "warnings are worth more."
        ),
    },
    sample=recorded_density,
)

# --------------------------------------------------------------------------------------- the exercises


def _check_half_life(retention: float) -> Feedback:
    wanted = 0.5 ** (1 / 20)
    if abs(retention - wanted) < 0.0006:
        return Feedback.right(f"{retention:.4f} leaves {retention**20:.3f} of a mark after 20 steps.")
    if abs(retention - 0.95) < 0.0006:
        return Feedback.not_yet(
            "1 - 1/20 gives a mean life of 20 steps. After 20 steps it leaves 0.36 of a mark, not a half."
        )
    if not 0 < retention < 1:
        return Feedback.not_yet("A retention lies between 0 and 1: it is the share left after one step.")
    if retention < 0.06:
        return Feedback.not_yet("That is the share that is lost per step. The retention is the share that is left.")
    return Feedback.not_yet(f"{retention:g} has a half-life of {half_life(retention):.1f} steps, not 20.")


def _solve_half_life() -> float:
    # After 20 steps a half is left: retention ** 20 = 0.5.
    return float(0.5 ** (1 / 20))


def _check_agreement(depositors: int) -> Feedback:
    if depositors == 6:
        return Feedback.right("1 + 0.25 (6 - 1) = 2.25 is the first value from 2.2 on; five agents give 2.0.")
    if depositors == 5:
        return Feedback.not_yet(
            "The first depositor adds nothing: five agents give 1 + 0.25 x 4 = 2.0. The cap is 2.2."
        )
    if depositors < 0 or depositors != int(depositors):
        return Feedback.not_yet("Answer with a number of agents: 1, 2, 3, ...")
    read = consensus(depositors, gain=0.25, cap=2.2)
    return Feedback.not_yet(
        f"{depositors} depositors read {read:.2f} times as strong. You want the fewest that reach 2.2."
    )


def _solve_agreement() -> int:
    return next(depositors for depositors in range(1, 20) if consensus(depositors, gain=0.25, cap=2.2) >= 2.2)


def _check_break_even(weight: Any) -> Feedback:
    if not callable(weight):
        return Feedback.not_yet(
            "Answer with a function of four numbers; in Python you hand it over by its name, without brackets."
        )
    found = weight(1.0, 0.9, 1.7, 0.1)
    if abs(found - 0.625) < 1e-9:
        if abs(weight(2.0, 2.2, 1.0, 0.5) + 4) > 1e-9:
            return Feedback.not_yet(
                "Right for that case. When traces find more food than memory the weight must come out below 0."
            )
        return Feedback.right(
            "Ten points per food given up, divided by the hazards saved. Choose the weight, and you choose the crossover."
        )
    if abs(found - 0.0625) < 1e-9:
        return Feedback.not_yet("Almost: a food counts ten points in the score, a hazard counts the weight.")
    if abs(found - 1.6) < 1e-9:
        return Feedback.not_yet("Upside down: the weight is points per hazard, so the hazards go below.")
    if abs(found + 0.625) < 1e-9:
        return Feedback.not_yet(
            "The sign is off: take memory minus traces both times, or traces minus memory both times."
        )
    return Feedback.not_yet(f"For (1.0, 0.9, 1.7, 0.1) it gives {found:g}. Write down both scores and set them equal.")


def _solve_break_even() -> Any:
    # 10 f_memory - w h_memory = 10 f_traces - w h_traces, solved for w.
    def weight(food_memory: float, food_traces: float, hazards_memory: float, hazards_traces: float) -> float:
        return 10 * (food_memory - food_traces) / (hazards_memory - hazards_traces)

    return weight


def _check_world(world: Any) -> Feedback:
    if not isinstance(world, World):
        return Feedback.not_yet("Answer with a World, for instance World(density=0.1).")
    runs = compare(world, rng=11, replicates=15, arms=("traces", "memory"))
    score = paired_comparison(runs["traces"].composite(), runs["memory"].composite()).difference
    food = paired_comparison(runs["traces"].food, runs["memory"].food).difference
    measured = f"Traces minus memory: score {score.value:+.2f} [{score.low:.2f}, {score.high:.2f}], food {food.value:+.2f} per agent."
    if score.low > 0 and food.high < 0:
        return Feedback.right(
            measured + " Less food, more points: the marks warn of dangers that each agent else meets for itself."
        )
    if world.hazard_mode == "visible":
        return Feedback.not_yet(
            measured + " Visible hazards are avoided by all. What can be known only by having been hurt?"
        )
    if score.low > 0:
        return Feedback.not_yet(measured + " Traces lead, but not with less food. In which crowds do they cost food?")
    return Feedback.not_yet(measured + " What makes a shared warning worth more: more agents, or more dangers?")


def _solve_world() -> World:
    # A danger known to one is known to all: the more agents, and the more hidden hazards, the more that is worth.
    return World(density=0.25, hazard_mode="hidden", hazard_fraction=0.05, steps=150)


def _check_loss(share: float) -> Feedback:
    if abs(share - 11 / 12) < 0.006:
        return Feedback.right(
            "A sixth is away for half of the time: 1 - 1/12 = 0.917. We measure about 0.95, since the others find more food; "
            "the paper's readers report 0.786, which is less than leaving can explain."
        )
    if abs(share - 5 / 6) < 0.006:
        return Feedback.not_yet("That holds if they were missing from the start. They leave half-way.")
    if not 0 <= share <= 1:
        return Feedback.not_yet("The share kept lies between 0 and 1.")
    return Feedback.not_yet("Count agent-steps: how many are done with the loss, out of how many without?")


def _solve_loss() -> float:
    # Half of the time all six of six work, the other half five of six.
    return 0.5 * 1 + 0.5 * 5 / 6


EXERCISES = {
    "half_life": Exercise(
        key="stigmergic_memory.half_life",
        prompt="Which retention gives a mark a half-life of 20 steps? Answer with a number, to three places.",
        check=_check_half_life,
        hints=(
            "After one step a share `retention` is left. What is left after two?",
            "After 20 steps `retention ** 20` is left. Set it to one half.",
            "Take the 20th root of one half: `0.5 ** (1 / 20)`.",
        ),
        solution=_solve_half_life,
    ),
    "agreement": Exercise(
        key="stigmergic_memory.agreement",
        prompt="With a gain of 0.25 and a cap of 2.2, how many distinct agents must mark a cell before it reads as strong as it can?",
        check=_check_agreement,
        hints=(
            "Look at `consensus` in section 3: how much does the second agent add? And the first?",
            "The strength is 1 + 0.25 (n - 1). For which whole n is it first 2.2 or more?",
        ),
        solution=_solve_agreement,
    ),
    "loss": Exercise(
        key="stigmergic_memory.loss",
        prompt=(
            "A sixth of the agents leave half-way. If nothing else changed and each agent found food at the same rate, which "
            "share of its food would the colony keep?"
        ),
        check=_check_loss,
        hints=(
            "Food is found by agents, step by step: count agent-steps.",
            "In the first half all work, in the second five of six.",
        ),
        solution=_solve_loss,
    ),
    "break_even": Exercise(
        key="stigmergic_memory.break_even",
        prompt=(
            "Write a function `weight(food_memory, food_traces, hazards_memory, hazards_traces)` that returns the hazard "
            "weight at which both arms score alike, when a food counts ten points."
        ),
        check=_check_break_even,
        hints=(
            "The score of an arm is 10 · food - weight · hazards. Write it down for both arms.",
            "Set the two scores equal and bring all that has the weight to one side.",
            "weight = 10 (food of memory - food of traces) / (hazards of memory - hazards of traces).",
        ),
        solution=_solve_break_even,
    ),
    "traces_win": Exercise(
        key="stigmergic_memory.traces_win",
        prompt="Find a world in which traces outscore memory although their agents eat less. Answer with a `World`.",
        check=_check_world,
        hints=(
            "In the panel, compare the arms `traces` and `memory` with visible and with hidden hazards.",
            "A private memory of dangers costs each agent one hit per danger. A shared one costs the colony one. When does that matter?",
            "Hidden hazards, and a density of 0.2 or more.",
        ),
        solution=_solve_world,
    ),
}

ESSAY = Essay(
    prompt=(
        "Agents without a memory leave marks where they eat, and all can read them. In the world of the bet they score about as "
        "much as agents that have neither marks nor memory. Explain why, in five to ten sentences: what does a mark tell its reader, "
        "and what does it leave out? Then change one thing about the marks, the agents or the world so that marks alone pay, "
        "and say why they would."
    ),
    answer=(
        "A mark says that somebody ate here. So it leads its reader to a patch and saves it some search. It does not say that "
        "there is food now: the patch has just been emptied and grows back slowly. An agent that remembers would look once, note "
        "that the patch is empty, and go on. An agent without memory reads the same strong mark at each step, comes back, and "
        "stands there. What the mark saves in search it costs in waiting, and at this density the two about balance. Hidden hazards change that: "
        "a mark of danger stays true after it has been read, and warns all others of a hit that each would else take for itself."
    ),
    rubric=(
        (1, "a mark tells of a meal in the past, and not that there is food now"),
        (1, "it does lead to patches: there is a gain, in search"),
        (
            2,
            "a reader without memory cannot know that it has just looked, stays at empty patches, and so loses what it gained",
        ),
        (1, "a change that removes this loss or adds something that stays true, with its reason"),
    ),
)
"""The question for prose, marked by hand."""
