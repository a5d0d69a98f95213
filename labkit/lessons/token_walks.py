"""What the lesson on token walks needs beyond prose: its panel, its bet, its exercises."""

from __future__ import annotations

import math
from collections.abc import Generator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from labkit.claims import token_walks as claims
from labkit.explore import Panel, View, explore
from labkit.figures import token_walks as figures
from labkit.ledger import read_table
from labkit.mechanisms.token_walks import (
    LADDER,
    Runs,
    World,
    compare,
    independent_variance,
    mean_of_visits,
    split_error,
    unfold_comparison,
    unfold_regimes,
    values_of,
)
from labkit.seeds import Seed
from labkit.teach import Bet, Essay, Exercise, Feedback
from labkit.unfolding import finish

if TYPE_CHECKING:
    import pandas as pd

# ------------------------------------------------------------------------------------------- the panel

VARIED = ("graph", "nodes", "bridges", "target", "alpha", "a", "b", "steps", "objective")
PLACE = ("graph", "nodes", "bridges", "target")
WALKING = (*PLACE, "alpha", "a", "steps")


def panel(edges: str = "") -> Panel:
    """Return the panel of the lesson: the token, its visits, distances, errors, and the three regimes.

    Parameters
    ----------
    edges : str
        An edge list, one edge a line: the panel then starts on this graph.
    """
    return explore(
        unfold_comparison,
        World(graph="pasted", edges=edges) if edges else World(),
        {
            "the walk": View(figures.walk, vary=WALKING),
            "visits": View(figures.visits, vary=WALKING),
            "distance": View(figures.distances, unfold_ladder, WALKING),
            "sampling error": View(figures.sampling, unfold_ladder, (*WALKING, "objective")),
            "learning": View(figures.learning, vary=VARIED),
            "three regimes": View(
                figures.regimes,
                unfold_regime_table,
                (*PLACE, "a", "b", "steps", "objective"),
                button="Run the regimes",
                start=recorded_regimes(),
                line="from labkit.lessons.token_walks import recorded_regimes; recorded_regimes()",
            ),
        },
        vary=VARIED,
        replicates=100,
        scrub="time",
        whole=compare,
    )


def unfold_ladder(world: World, *, rng: Seed, replicates: int = 1) -> Generator[tuple[float, Runs | None], None, Runs]:
    """Walk with several strengths of repulsion, that of the world among them; yield the share done and what there is."""
    alphas = sorted({*LADDER, world.alpha})
    return (yield from unfold_comparison(world, rng=rng, replicates=replicates, alphas=alphas))


def unfold_regime_table(
    world: World, *, rng: Seed, replicates: int = 1
) -> Generator[tuple[float, pd.DataFrame | None], None, pd.DataFrame]:
    """Walk in the three regimes of steps; yield the share done, return variance and bias of theta."""
    steps = unfold_regimes(world, rng=rng, replicates=max(2, replicates), alphas=claims.STRENGTHS)
    while True:
        try:
            yield next(steps)[0], None
        except StopIteration as end:
            return claims.regime_table(end.value)


def recorded_regimes() -> pd.DataFrame:
    """Return the three regimes on record: the graph of eight, 10^5 steps, 600 walks."""
    return read_table(
        "token_walks_regimes.csv",
        case=str,
        alpha=int,
        kappa=float,
        variance=float,
        variance_low=float,
        variance_high=float,
        bias=float,
        chance=float,
        formula=float,
        paced=float,
    )


def on_edges(edges: str, *, rng: Seed = 0) -> go.Figure:
    """Return the figure of a token on a graph that is given as an edge list."""
    return figures.walk(compare(World(graph="pasted", edges=edges, steps=2000), rng=rng, replicates=30))


def sampling(family: str = "karate", a: float = 1.0, walks: int = 60, *, rng: Seed = 0) -> go.Figure:
    """Return the figure of the error of the mean degree against the strength of the repulsion."""
    world = World(graph=family, objective="degrees", a=a, offset=1.0, steps=10_000)  # type: ignore[arg-type]
    return figures.sampling(compare(world, rng=rng, replicates=walks, alphas=LADDER))


def digits(walks: int = 40, steps: int = 6000, *, rng: Seed = 0) -> go.Figure:
    """Return the figure of a token that learns digits in a barbell: one half holds the zeros, the other the ones."""
    return figures.learning(compare(World(objective="digits", steps=steps), rng=rng, replicates=walks))


TRAP = World(graph="karate", objective="degrees", a=0.6, b=0.9, alpha=20.0, steps=20_000)


@lru_cache(maxsize=2)
def trapped(walks: int = 40, seed: int = 0) -> Runs:
    """Return walks through the karate club whose measure forgets fast."""
    return compare(TRAP, rng=seed, replicates=walks, alphas=(0.0, 1.0, 5.0, 20.0))


GALLERY = {
    "walk": lambda: figures.walk(compare(World(steps=200), rng=0, replicates=3)),
    "visits": lambda: figures.visits(compare(World(steps=200), rng=0, replicates=1)),
    "distances": lambda: figures.distances(finish(unfold_ladder(World(steps=200), rng=0, replicates=3))),
    "sampling": lambda: figures.sampling(finish(unfold_ladder(World(steps=200), rng=0, replicates=3))),
    "learning": lambda: figures.learning(compare(World(steps=200), rng=0, replicates=3)),
    "regimes": lambda: figures.regimes(recorded_regimes()),
}
"""Every figure of the lesson, made from small results: what the tests look at."""

# --------------------------------------------------------------------------------------------- the bet


def _against_draws(runs: Runs) -> dict[str, float]:
    """Return the squared errors of both walks, as multiples of that of independent draws."""
    found = {}
    for name, run in zip(("plain", "repelled"), (runs[min(runs)], runs[max(runs)]), strict=True):
        values = values_of(run.world)
        off = mean_of_visits(run.visits, values) - run.chain.target @ values
        found[name] = float(run.times[-1] * (off**2).mean() / independent_variance(run.chain, values))
    return found


def _outcome(runs: Runs) -> str:
    ratio = _against_draws(runs)["repelled"]
    return "walker" if ratio < 0.8 else "alike" if ratio < 1.25 else "drawer"


def _fact(runs: Runs) -> str:
    return (
        "Here the plain walk has {plain:.0f} times the squared error of independent draws, the self-repellent one "
        "{repelled:.2f} times."
    ).format(**_against_draws(runs))


REASONS = {
    "s023-slow-iterate-strong": "The regimes are limits, and at alpha = 10 the limit is far away. The measure has to be very much faster than theta, and after 10^5 steps it is 32 times as fast. The dashed line, which knows this ratio, passes near the points.",
    "s023-fast-iterate-strong": "Here theta should be so fast that repulsion has no time to help. After 10^5 steps it is not yet fast enough, and a strong repulsion still helps a good deal. The dashed line, which knows the ratio, passes near the points.",
    "s023-below-base-in-the-club": "The claim speaks of the limit. After 20 000 steps in a graph that mixes slowly, a strong repulsion leaves a bias that is larger than all the variance it removes. See *Break it*: a trap.",
    "s023-digits-order": "The exponents 0.8 and 0.9 lie close together. After 20 000 steps the measure is only 2.7 times as fast as theta, so this is hardly regime (i). The gain is real, and smaller than the limit promises.",
    "s023-wiki-vote": "The graph of voters is not part of any package that the kit stands on, and a lesson must run without a network. The same experiment runs here on smaller graphs.",
    "hdt-facebook": "The graph of 4039 users is not part of any package that the kit stands on. The same experiment runs here on smaller graphs.",
    "s023-almost-sure": "*With probability 1* is about endless walks. Ours end, and any end is compatible with the claim.",
}
"""Why a claim is not reproduced, by its key."""

BET = Bet(
    key="token_walks.neighbours",
    question=(
        "Twelve nodes hold a number each. A walker steps from node to node, always to a neighbour, and averages what it "
        "finds. A rival draws any node at random, each time anew, and averages as many. The walker prefers neighbours that "
        "it has visited too rarely. After 3000 numbers, who is closer to the true mean?"
    ),
    options={
        "drawer": "the rival: nothing beats independent draws",
        "alike": "they come out about alike",
        "walker": "the walker, although it can only go to neighbours",
    },
    replies={
        "drawer": lambda runs: (
            _fact(runs)
            + " Independent draws feel like the gold standard. But they forget: a node that was drawn too often is as likely "
            "as ever to be drawn again. The walker remembers, and makes up for its errors."
        ),
        "alike": lambda runs: (
            _fact(runs)
            + " It seems fair that memory should just make up for the narrow path. But the errors of independent draws pile "
            "up like coins, and those of the walker are taken back. Take them back strongly enough, and the path no longer matters."
        ),
        "walker": lambda runs: (
            _fact(runs)
            + " A walk that knows where it has been can cancel its own errors. Independent draws cannot: they have no memory."
        ),
    },
    outcome=_outcome,
    sample=lambda: compare(World(), rng=0, replicates=20),
)

# --------------------------------------------------------------------------------------- the exercises


def _check_row(chance: float) -> Feedback:
    if abs(chance - 4 / 7) < 0.005:
        return Feedback.right("Weights 1/2, 1 and 2: the rare neighbour gets 2 of 3.5.")
    if abs(chance - 1 / 7) < 0.005:
        return Feedback.not_yet("That is the chance of the neighbour visited most. The exponent is minus alpha.")
    if abs(chance - 1 / 3) < 0.005:
        return Feedback.not_yet("That is the base chain: alpha = 0. Here alpha is 1.")
    if abs(chance - 2 / 3) < 0.005:
        return Feedback.not_yet("A weight of 2 times 1/3 is not yet a chance: divide by the sum of the three weights.")
    if not 0 <= chance <= 1:
        return Feedback.not_yet("A chance lies between 0 and 1.")
    return Feedback.not_yet(
        "Each neighbour's weight is 1/3 times (visits over target)^-alpha. Then divide by their sum."
    )


def _solve_row() -> float:
    weights = [(1 / 3) * ratio**-1 for ratio in (2, 1, 1 / 2)]
    return weights[2] / sum(weights)


def _check_stay(chance: float) -> Feedback:
    if abs(chance - 0.75) < 0.005:
        return Feedback.right(
            "It proposes the hub, and the hub has four times as many neighbours: accepted in one of four."
        )
    if abs(chance - 0.25) < 0.005:
        return Feedback.not_yet("That is the chance to leave. The rest is the chance to stay.")
    if abs(chance) < 0.005:
        return Feedback.not_yet(
            "A walk that always moves visits the hub in every second step. The target wants all five nodes alike."
        )
    if not 0 <= chance <= 1:
        return Feedback.not_yet("A chance lies between 0 and 1.")
    return Feedback.not_yet("A move from i to j has the chance min(1/d_i, 1/d_j). What is left is the chance to stay.")


def _solve_stay() -> float:
    # The leaf has 1 neighbour, the hub 4.
    return 1 - min(1 / 1, 1 / 4)


def _check_as_good(alpha: float) -> Feedback:
    if abs(alpha - 2 / 3) < 0.005:
        return Feedback.right("3 / (2 · 2/3 · 1.5 + 1) = 3/3 = 1. From here on remembering beats drawing.")
    if abs(alpha - 4 / 3) < 0.005:
        return Feedback.not_yet(
            "That solves 1 + alpha (1 + lambda) = 3. At a = 1 the divisor is 2 alpha (1 + lambda) + 1."
        )
    if abs(alpha - (math.sqrt(3) - 1) / 1.5) < 0.005:
        return Feedback.not_yet(
            "That is for a measure that forgets (a below 1). Here it is the share of visits: a = 1."
        )
    if alpha < 0:
        return Feedback.not_yet("A negative alpha attracts: the walk would run after its own past.")
    return Feedback.not_yet("Set (1 + lambda) / (1 - lambda) / (2 alpha (1 + lambda) + 1) to 1, with lambda = 0.5.")


def _solve_as_good() -> float:
    # (1 + l) / (1 - l) = 2 alpha (1 + l) + 1, solved for alpha.
    slowness = 0.5
    return ((1 + slowness) / (1 - slowness) - 1) / (2 * (1 + slowness))


def _check_factor(factor: Any) -> Feedback:
    if not callable(factor):
        return Feedback.not_yet(
            "Answer with a function of four numbers; in Python you hand it over by its name, without brackets."
        )
    slow, even, fast = (factor(0.5, 2.0, a, b) for a, b in ((0.6, 0.9), (0.9, 0.9), (0.9, 0.6)))
    right = [abs(slow - 1 / 16) < 1e-9, abs(even - 1 / 4) < 1e-9, abs(fast - 1) < 1e-9]
    if all(right) and abs(factor(0.2, 1.0, 0.6, 0.9) - 2.2**-2) > 1e-9:
        return Feedback.not_yet(
            "Right for lambda = 0.5 and alpha = 2, but not for 0.2 and 1. How does kappa depend on the two?"
        )
    if all(right):
        return Feedback.right("One sixteenth, one quarter, one: the same repulsion, and only the steps differ.")
    if abs(slow - 1) < 1e-9 and abs(fast - 1 / 16) < 1e-9:
        return Feedback.not_yet(
            "Turned round: a larger exponent means smaller steps. With b > a it is theta that is slow."
        )
    if right[0] and not right[1]:
        return Feedback.not_yet("Regime (i) is right. At the same pace theta feels the repulsion once, not twice.")
    return Feedback.not_yet(
        f"For lambda = 0.5 and alpha = 2 it gives {slow:.4g}, {even:.4g} and {fast:.4g} in regimes (i), (ii) and (iii). "
        "kappa is 4 there."
    )


def _solve_factor() -> Any:
    def factor(eigenvalue: float, alpha: float, a: float, b: float) -> float:
        kappa = 1 + alpha * (1 + eigenvalue)
        return 1 / kappa**2 if b > a else 1 / kappa if b == a else 1.0

    return factor


def _check_escape(steps: Any) -> Feedback:
    if not isinstance(steps, tuple | list) or len(steps) != 2:
        return Feedback.not_yet("Answer with two exponents, for instance (0.6, 0.9).")
    a, b = (float(each) for each in steps)
    if not (0.5 < a <= 1 and 0.5 < b <= 1):
        return Feedback.not_yet("Both exponents lie above 0.5 and at most at 1.")
    if b <= a:
        return Feedback.not_yet("Stay in regime (i), where theta is slower than the measure: b above a.")
    runs = compare(TRAP.replace(a=a, b=b), rng=3, replicates=30, alphas=(0.0, TRAP.alpha))
    plain, bent = (split_error(run.theta[:, -1], run.optimum) for run in runs.values())
    measured = (
        f"Squared error {bent.error.value:.2g} with repulsion, {plain.error.value:.2g} without; "
        f"{100 * np.clip(bent.bias.value / bent.error.value, 0, 1):.0f} % of the former is bias."
    )
    if bent.error.high < plain.error.low:
        return Feedback.right(measured + " The finer measure pulls the bias down before theta freezes it.")
    return Feedback.not_yet(
        measured + " The bias comes from a measure that is too coarse. Which exponent makes it finer?"
    )


def _solve_escape() -> tuple[float, float]:
    # The measure keeps averaging for longer, and is still faster than theta.
    return 0.8, 0.9


EXERCISES = {
    "row": Exercise(
        key="token_walks.row",
        prompt=(
            "A node has three neighbours, each chosen by the base chain with chance 1/3. They were visited 2, 1 and 0.5 times "
            "as often as the target wants. With alpha = 1, how likely is the third one next? Answer to three places."
        ),
        check=_check_row,
        hints=(
            "Each neighbour gets a weight: its chance times (visits over target)^-alpha.",
            "The weights are 1/3 times 1/2, 1 and 2. They do not add up to 1 yet.",
        ),
        solution=_solve_row,
    ),
    "stay": Exercise(
        key="token_walks.stay",
        prompt=(
            "A star: one hub, four leaves. All five nodes are to be visited alike. How likely does the Metropolis-Hastings "
            "token stay where it is, when it stands on a leaf?"
        ),
        check=_check_stay,
        hints=(
            "The leaf can only propose the hub. How often is that accepted?",
            "A move has the chance min(1/d_i, 1/d_j), with d the numbers of neighbours: here 1 and 4.",
        ),
        solution=_solve_stay,
    ),
    "as_good": Exercise(
        key="token_walks.as_good",
        prompt=(
            "The numbers on the nodes follow a single mode with eigenvalue 0.5. The measure is the share of visits (a = 1). "
            "Which alpha makes the walk exactly as good as independent draws?"
        ),
        check=_check_as_good,
        hints=(
            "Independent draws have the factor 1 in every mode. Which factor does the walk have?",
            "(1 + lambda) / (1 - lambda) is 3. The repulsion divides it by 2 alpha (1 + lambda) + 1.",
        ),
        solution=_solve_as_good,
    ),
    "factor": Exercise(
        key="token_walks.factor",
        prompt=(
            "Write a function `factor(eigenvalue, alpha, a, b)`: by what is the limit variance of theta multiplied, compared "
            "with alpha = 0, if all numbers follow one mode? The measure moves by n^-a, theta by n^-b."
        ),
        check=_check_factor,
        hints=(
            "kappa = 1 + alpha (1 + eigenvalue).",
            "Which of the two is slower? Compare a and b.",
            "1/kappa² where b > a, 1/kappa where they are equal, 1 where b < a.",
        ),
        solution=_solve_factor,
    ),
    "escape": Exercise(
        key="token_walks.escape",
        prompt=(
            "In the karate club, with alpha = 20 and exponents (0.6, 0.9), repulsion made theta worse. Find exponents `(a, b)` "
            "with b above a for which it helps, after the same 20 000 steps."
        ),
        check=_check_escape,
        hints=(
            "The error is bias. It comes from a measure that jumps too much.",
            "A measure jumps less when its steps are smaller: which exponent is that?",
            "Raise a, but keep it below b.",
        ),
        solution=_solve_escape,
    ),
}

ESSAY = Essay(
    prompt=(
        "A walker that can only go to neighbours, and avoids nodes it has visited too often, comes closer to the true mean than a rival that draws "
        "any node at random. Explain why, in five to ten sentences: what does the rival forget, and what does the walker do with its errors? "
        "Then name a case in which stronger repulsion makes the result worse, and say why."
    ),
    answer=(
        "The rival draws each time anew. A node that was drawn too often by chance is as likely as ever to be drawn again, so its errors "
        "pile up like the tosses of a coin: the mean of n draws is off by about one over the root of n. The walker keeps count of its visits. "
        "A node that has had too many is avoided, and one that has had too few is preferred. So each error in the share of visits is "
        "taken back later. Without memory the narrow path makes the walk worse than the rival, because neighbours resemble each other; with enough repulsion that no "
        "longer matters. Where the walker learns with steps, the count must be fine: if the measure of visits moves in large steps, strong repulsion "
        "throws the walker about after its own noise, and what was variance comes back as bias."
    ),
    rubric=(
        (1, "independent draws have no memory, so their errors pile up"),
        (2, "the walker counts its visits and takes its errors back"),
        (1, "without repulsion the walk is worse than the rival, since neighbours follow each other"),
        (1, "a case in which strong repulsion harms, such as a coarse measure, with its reason"),
    ),
)
"""The question for prose, marked by hand."""
