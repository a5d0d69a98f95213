"""What is claimed about self-repellent walks and the optimisers they drive, measured.

Of arXiv 2401.09665 (here S023) and arXiv 2305.05097 (SRRW) the abstracts, openings and reviews were read. Orders of
growth are theirs; factors are recalled or derived, as each claim says. Points were fixed before measuring: Zachary's
karate club with the mean degree for sampling; the graph of eight nodes, exponents 0.6 and 0.9 and 10^5 steps for the
three regimes. An exponent is the slope of a straight line through the logarithms.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labkit.ledger import Budget, Claim, claim
from labkit.mechanisms.token_walks import (
    LADDER,
    Run,
    Runs,
    World,
    compare,
    compare_regimes,
    independent_variance,
    iterate_covariance,
    mean_of_visits,
    objective_of,
    paced_covariance,
    repulsion,
    sampling_variance,
    simulate,
    split_error,
    values_of,
)
from labkit.stats import Estimate, mean_interval, ratio_interval

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

CLUB = World(graph="karate", objective="degrees", a=1.0, offset=1.0, steps=20_000)
EIGHT = World(graph="eight", a=0.6, b=0.9, steps=100_000)
TRAP = World(graph="karate", objective="degrees", a=0.6, b=0.9, steps=20_000)
DIGITS = World(graph="eight", objective="digits", a=0.8, b=0.9, steps=20_000)
STRENGTHS = (0.0, 1.0, 2.0, 5.0, 10.0)
GENTLE = (0.0, 1.0, 2.0)
WALKS: dict[Budget, int] = {"quick": 24, "full": 600}
CLUB_WALKS: dict[Budget, int] = {"quick": 100, "full": 600}


# ------------------------------------------------------------------------------------------- runs and slopes


@lru_cache(maxsize=8)
def club(budget: Budget, seed: int) -> Runs:
    """Return walks through the karate club, the measure being the share of visits."""
    return compare(CLUB, rng=seed, replicates=CLUB_WALKS[budget], alphas=LADDER)


@lru_cache(maxsize=8)
def regimes(budget: Budget, seed: int) -> Runs:
    """Return walks on the graph of eight in the three regimes."""
    return compare_regimes(EIGHT, rng=seed, replicates=WALKS[budget], alphas=STRENGTHS)


@lru_cache(maxsize=8)
def digits(budget: Budget, seed: int) -> Runs:
    """Return walks that learn to tell zeros from ones, theta being slower than the measure."""
    return compare(DIGITS, rng=seed, replicates=WALKS[budget], alphas=STRENGTHS)


@lru_cache(maxsize=8)
def paced_digits(budget: Budget, seed: int) -> Run:
    """Return walks that learn to tell zeros from ones, theta and measure at the same pace."""
    return simulate(DIGITS.replace(a=DIGITS.b, alpha=5.0), rng=seed, replicates=WALKS[budget])


@lru_cache(maxsize=8)
def trap(budget: Budget, seed: int) -> Runs:
    """Return walks through the karate club that forget fast."""
    return compare(TRAP, rng=seed, replicates=WALKS[budget], alphas=(0.0, 20.0))


def sampling_errors(run: Run) -> Floats:
    """Return n times the squared error of the mean over the visits of each walk."""
    values = values_of(run.world)
    off = mean_of_visits(run.visits, values) - run.chain.target @ values
    return np.asarray(run.times[-1] * off**2, dtype=np.float64)


def errors(run: Run) -> Floats:
    """Return the squared distance of each walk's theta from the optimum."""
    return np.asarray(((run.theta[:, -1] - run.optimum) ** 2).sum(axis=1), dtype=np.float64)


def spreads(run: Run) -> Floats:
    """Return the squared distance of each walk's theta from the mean of all walks."""
    found = run.theta[:, -1]
    return np.asarray(((found - found.mean(axis=0)) ** 2).sum(axis=1) * len(found) / (len(found) - 1), dtype=np.float64)


def exponent(along: ArrayLike, samples: Sequence[Floats]) -> Estimate:
    """Return the slope of the logarithm of the means along log `along`, with a bootstrap interval over whole walks."""
    x, table = np.log(np.asarray(along, dtype=np.float64)), np.array(samples)
    walks = table.shape[1]
    drawn = np.random.default_rng(0).multinomial(walks, np.full(walks, 1 / walks), size=2000)
    lever = (x - x.mean()) / ((x - x.mean()) ** 2).sum()
    slopes = np.log(drawn @ table.T / walks) @ lever
    value = float(np.log(table.mean(axis=1)) @ lever)
    low, high = np.quantile(slopes, [0.025, 0.975])
    return Estimate(value, min(float(low), value), max(float(high), value), walks, "bootstrap over walks")


def against_repulsion(runs: Runs, case: str, alphas: Sequence[float] = STRENGTHS) -> Estimate:
    """Return the exponent of theta's variance in 1 + alpha (1 + lambda), of the slowest mode, in one regime."""
    chain = next(iter(runs.values())).chain
    return exponent([repulsion(chain, alpha)[0] for alpha in alphas], [spreads(runs[case, alpha]) for alpha in alphas])


# ------------------------------------------------------------------------------------------------- sampling


@claim(
    "s023-sampling-order",
    statement="The variance of a mean over the visits falls as 1/alpha: exponent in alpha, from 5 to 20.",
    read_in="abstract: order 1/alpha; here the mean degree of the karate club, 20 000 steps",
    paper_value=-1,
    tolerance=0.2,
    holds_if="below 0",
    unit="exponent",
)
def sampling_order(budget: Budget, seed: int) -> Estimate:
    """Measure it with the share of visits as the measure."""
    strong = (5.0, 10.0, 20.0)
    return exponent(strong, [sampling_errors(club(budget, seed)[alpha]) for alpha in strong])


@claim(
    "srrw-sampling-formula",
    statement="n times the squared error is what the formula of the modes says: their ratio, at alpha = 5.",
    read_in="formula recalled; here the karate club",
    paper_value=1,
    tolerance=0.25,
    unit="times the formula",
)
def sampling_formula(budget: Budget, seed: int) -> Estimate:
    """Measure it after 20 000 steps."""
    run = club(budget, seed)[5.0]
    return mean_interval(sampling_errors(run)).scaled(1 / sampling_variance(run.chain, values_of(CLUB), 5.0))


@claim(
    "srrw-visits-on-target",
    statement="The visits come to the target whatever the strength: the largest mean total variation of six strengths.",
    read_in="abstract: almost sure convergence; the bound is ours, after 20 000 steps in the karate club",
    holds_if="below 0.05",
    unit="total variation",
)
def visits_on_target(budget: Budget, seed: int) -> Estimate:
    """Measure it at strengths from 0 to 20."""
    means = [mean_interval(run.distance[:, -1]) for run in club(budget, seed).values()]
    return max(means, key=lambda mean: mean.value)


@claim(
    "srrw-visits-closer",
    statement="At alpha = 10 the visits are closer to the target than those of the base chain: ratio of distances.",
    read_in="abstract: lower variance for every alpha above 0",
    holds_if="below 1",
    unit="times the base chain",
)
def visits_closer(budget: Budget, seed: int) -> Estimate:
    """Measure the ratio of the total variations, walks paired."""
    runs = club(budget, seed)
    return ratio_interval(runs[10.0].distance[:, -1], runs[0.0].distance[:, -1])


@claim(
    "better-than-independent",
    statement="A walk with alpha = 10 samples better than independent draws: ratio of the squared errors.",
    read_in="derived here: the variance goes to 0 with 1/alpha, that of independent draws does not",
    holds_if="below 1",
    unit="times independent draws",
)
def better_than_independent(budget: Budget, seed: int) -> Estimate:
    """Measure it in the karate club, as many steps as draws."""
    run = club(budget, seed)[10.0]
    return mean_interval(sampling_errors(run)).scaled(1 / independent_variance(run.chain, values_of(CLUB)))


@claim(
    "fast-measure-squares-it",
    statement="Where the measure forgets (a = 0.6), even a plain mean over visits gains 1/kappa^2: exponent in kappa.",
    read_in="derived here: a plain mean is an optimiser with steps 1/n, and so in regime (i)",
    paper_value=-2,
    tolerance=0.25,
    holds_if="below -1",
    unit="exponent",
)
def fast_measure_squares_it(budget: Budget, seed: int) -> Estimate:
    """Measure it on the graph of eight, alpha up to 2."""
    runs = regimes(budget, seed)
    kappa = [repulsion(runs["i", alpha].chain, alpha)[0] for alpha in GENTLE]
    return exponent(kappa, [sampling_errors(runs["i", alpha]) for alpha in GENTLE])


# --------------------------------------------------------------------------------------------- three regimes


@claim(
    "s023-slow-iterate",
    statement="(i) Where theta is slower than the measure, its variance falls as 1/alpha^2: exponent in kappa.",
    read_in="abstract: order 1/alpha^2; kappa = 1 + alpha (1 + lambda2) derived here; alpha up to 2",
    paper_value=-2,
    tolerance=0.25,
    holds_if="below -1",
    unit="exponent",
)
def slow_iterate(budget: Budget, seed: int) -> Estimate:
    """Measure it on the graph of eight, steps n^-0.6 and n^-0.9."""
    return against_repulsion(regimes(budget, seed), "i", GENTLE)


@claim(
    "s023-slow-iterate-strong",
    statement="(i) The same with alpha up to 10.",
    read_in="as above",
    paper_value=-2,
    tolerance=0.25,
    holds_if="below -1",
    unit="exponent",
)
def slow_iterate_strong(budget: Budget, seed: int) -> Estimate:
    """Measure it on the graph of eight, steps n^-0.6 and n^-0.9."""
    return against_repulsion(regimes(budget, seed), "i")


@claim(
    "s023-equal-steps",
    statement="(ii) Where both move at the same pace, it falls as 1/alpha: exponent in kappa, alpha up to 10.",
    read_in="reviews: order 1/alpha; kappa derived here",
    paper_value=-1,
    tolerance=0.15,
    holds_if="below 0",
    unit="exponent",
)
def equal_steps(budget: Budget, seed: int) -> Estimate:
    """Measure it on the graph of eight, steps n^-0.9."""
    return against_repulsion(regimes(budget, seed), "ii")


@claim(
    "s023-fast-iterate-gentle",
    statement="(iii) Where theta is faster, alpha has no effect in the limit: variance at alpha = 1 over alpha = 0.",
    read_in="reviews",
    paper_value=1,
    tolerance=0.15,
    unit="times the base chain",
)
def fast_iterate_gentle(budget: Budget, seed: int) -> Estimate:
    """Measure it on the graph of eight, steps n^-0.9 and n^-0.6."""
    return _over_base(regimes(budget, seed), "iii", 1.0)


@claim(
    "s023-fast-iterate-strong",
    statement="(iii) The same at alpha = 10.",
    read_in="reviews",
    paper_value=1,
    tolerance=0.15,
    unit="times the base chain",
)
def fast_iterate_strong(budget: Budget, seed: int) -> Estimate:
    """Measure it on the graph of eight, steps n^-0.9 and n^-0.6."""
    return _over_base(regimes(budget, seed), "iii", 10.0)


def _over_base(runs: Runs, case: str, alpha: float) -> Estimate:
    return ratio_interval(spreads(runs[case, alpha]), spreads(runs[case, 0.0]))


@claim(
    "pace-explains-the-slow",
    statement="(i) At alpha = 10 the variance is that of a measure as fast as it is then, not endlessly fast: ratio.",
    read_in="derived here: one linear system for measure and theta",
    paper_value=1,
    tolerance=0.25,
    unit="times the formula",
)
def pace_explains_the_slow(budget: Budget, seed: int) -> Estimate:
    """Measure it on the graph of eight, after 10^5 steps."""
    return _over_paced(regimes(budget, seed)["i", 10.0])


@claim(
    "pace-explains-the-fast",
    statement="(iii) The same, not endlessly slow: ratio.",
    read_in="derived here: one linear system for measure and theta",
    paper_value=1,
    tolerance=0.25,
    unit="times the formula",
)
def pace_explains_the_fast(budget: Budget, seed: int) -> Estimate:
    """Measure it on the graph of eight, after 10^5 steps."""
    return _over_paced(regimes(budget, seed)["iii", 10.0])


def _over_paced(run: Run) -> Estimate:
    return mean_interval(spreads(run)).scaled(1 / (run.step * paced(run)))


@claim(
    "s023-slow-beats-equal",
    statement="At alpha = 5 the scaled variance is smaller in (i) than in (ii): their ratio.",
    read_in="abstract and reviews: the order of the regimes",
    holds_if="below 1",
    unit="ratio",
)
def slow_beats_equal(budget: Budget, seed: int) -> Estimate:
    """Measure it on the graph of eight, each variance divided by its step."""
    runs = regimes(budget, seed)
    return _between(runs["i", 5.0], runs["ii", 5.0])


@claim(
    "s023-equal-beats-fast",
    statement="At alpha = 5 the scaled variance is smaller in (ii) than in (iii): their ratio.",
    read_in="abstract and reviews: the order of the regimes",
    holds_if="below 1",
    unit="ratio",
)
def equal_beats_fast(budget: Budget, seed: int) -> Estimate:
    """Measure it on the graph of eight, each variance divided by its step."""
    runs = regimes(budget, seed)
    return _between(runs["ii", 5.0], runs["iii", 5.0])


def _between(one: Run, two: Run) -> Estimate:
    return ratio_interval(spreads(one) / one.step, spreads(two) / two.step)


@claim(
    "s023-below-base",
    statement="Any repulsion is better than none: squared error at alpha = 1 over that of the base chain, regime (i).",
    read_in="abstract; here the graph of eight",
    holds_if="below 1",
    unit="times the base chain",
)
def below_base(budget: Budget, seed: int) -> Estimate:
    """Measure it after 10^5 steps."""
    runs = regimes(budget, seed)
    return ratio_interval(errors(runs["i", 1.0]), errors(runs["i", 0.0]))


@claim(
    "s023-below-base-in-the-club",
    statement="The same in the karate club, which mixes slowly, at alpha = 20 and after 20 000 steps.",
    read_in="abstract, which speaks of the limit; the finite time is ours",
    holds_if="below 1",
    unit="times the base chain",
)
def below_base_in_the_club(budget: Budget, seed: int) -> Estimate:
    """Measure it for the mean degree, steps n^-0.6 and n^-0.9."""
    runs = trap(budget, seed)
    return ratio_interval(errors(runs[20.0]), errors(runs[0.0]))


@claim(
    "the-trap-is-bias",
    statement="There the walks agree on a wrong number: share of the squared error that is bias.",
    read_in="derived here",
    holds_if="above 0.9",
    unit="of the squared error",
)
def the_trap_is_bias(budget: Budget, seed: int) -> Estimate:
    """Measure it in the karate club at alpha = 20."""
    run = trap(budget, seed)[20.0]
    split = split_error(run.theta[:, -1], run.optimum)
    return split.bias.scaled(1 / split.error.value)


# ----------------------------------------------------------------------------------------- a real objective


@claim(
    "s023-digits-order",
    statement="Logistic regression: the squared error falls like 1/alpha^2 in regime (i): exponent in kappa.",
    read_in="recalled from the paper's figures (other data and graph); here zeros and ones on the graph of eight",
    paper_value=-2,
    tolerance=0.25,
    holds_if="below -1",
    unit="exponent",
)
def digits_order(budget: Budget, seed: int) -> Estimate:
    """Measure it with steps n^-0.8 and n^-0.9 and alpha up to 10, as far as the paper's exponents are recalled."""
    runs = digits(budget, seed)
    kappa = [repulsion(run.chain, alpha)[0] for alpha, run in runs.items()]
    return exponent(kappa, [errors(run) for run in runs.values()])


@claim(
    "s023-digits-slow-beats-equal",
    statement="Logistic regression at alpha = 5: the scaled variance is smaller in (i) than in (ii): their ratio.",
    read_in="recalled from the paper's figures",
    holds_if="below 1",
    unit="ratio",
)
def digits_slow_beats_equal(budget: Budget, seed: int) -> Estimate:
    """Measure it on the graph of eight."""
    return _between(digits(budget, seed)[5.0], paced_digits(budget, seed))


@claim(
    "s023-digits-formula",
    statement="Logistic regression: the variance is what the limit theorem says, in regime (ii) at alpha = 5: ratio.",
    read_in="derived here for a loss of any curvature",
    paper_value=1,
    tolerance=0.15,
    unit="times the formula",
)
def digits_formula(budget: Budget, seed: int) -> Estimate:
    """Measure it on the graph of eight."""
    run = paced_digits(budget, seed)
    return mean_interval(spreads(run)).scaled(1 / (run.step * formula(run)))


def formula(run: Run) -> float:
    """Return what the limit theorem says about the variance of a run's theta, divided by its step."""
    world = run.world
    covariance = iterate_covariance(run.chain, objective_of(world), world.alpha, world.a, world.b)
    return float(np.trace(covariance))


def paced(run: Run) -> float:
    """Return the variance of a run's theta at its present pace, divided by its step."""
    world = run.world
    covariance = paced_covariance(run.chain, objective_of(world), world.alpha, world.a, world.b, run.reached)
    return float(np.trace(covariance))


WIKI_VOTE = Claim(
    key="s023-wiki-vote",
    statement="On a graph of 889 voters with public benchmark data the same order of the regimes shows.",
    read_in="recalled from the paper",
    missing="The graph and the data are not part of any package that labkit stands on.",
)

FACEBOOK = Claim(
    key="hdt-facebook",
    statement="On a graph of 4039 users, repulsion moved into the target brings the distance from 0.520 to 0.371.",
    read_in="notes on arXiv 2505.18300, a later paper",
    missing="The graph is not part of any package that labkit stands on.",
)

ALMOST_SURE = Claim(
    key="s023-almost-sure",
    statement="The measure comes to the target and theta to the optimum with probability 1.",
    read_in="abstract",
    missing="It speaks of endless walks; ours end.",
)


# ---------------------------------------------------------------------------------------- tables for figures


def regime_table(runs: Runs) -> pd.DataFrame:
    """Return variance and squared bias of theta by regime and strength, divided by the step of theta.

    Returns
    -------
    DataFrame
        Columns case, alpha, kappa (of the slowest mode), variance, variance_low, variance_high, bias, chance (the bias
        that as many walks would show without having one), formula (NaN where the limit theorem has none) and paced.
    """
    import pandas as pd

    rows = []
    for (case, alpha), run in runs.items():
        split = split_error(run.theta[:, -1], run.optimum)
        scaled = [
            number / run.step
            for number in (split.variance.value, split.variance.low, split.variance.high, split.bias.value)
        ]
        rows.append(
            [case, alpha, repulsion(run.chain, alpha)[0], *scaled, scaled[0] / len(run.theta), _known(run), paced(run)]
        )
    columns = [
        "case",
        "alpha",
        "kappa",
        "variance",
        "variance_low",
        "variance_high",
        "bias",
        "chance",
        "formula",
        "paced",
    ]
    return pd.DataFrame(rows, columns=columns)


def _known(run: Run) -> float:
    try:
        return formula(run)
    except ValueError:
        return float("nan")


def regime_record() -> pd.DataFrame:
    """Return the table behind the figure of the three regimes: the graph of eight, 10^5 steps."""
    return regime_table(regimes("full", 0))


TABLES = {"token_walks_regimes.csv": regime_record}
"""Tables behind figures, written to data/ with the full measurement."""
