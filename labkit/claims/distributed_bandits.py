"""What is claimed about distributed linear bandits, measured.

Of arXiv 2205.13170 (DisBE, DecBE) the abstract and opening were read, of arXiv 2211.02212 (PLS) the abstract, a
summary and the authors' code; orders of growth are theirs, constants mostly come from code and memory. Points were
fixed before measuring: five features, twenty arms, fifty sets, ten agents, noise 1 unless a claim varies them. An
exponent is the slope of a straight line through the logarithms, one slope per replicate.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.random import SeedSequence
from numpy.typing import NDArray

from labkit.experiment import sweep
from labkit.ledger import Budget, Claim, claim
from labkit.mechanisms.distributed_bandits import Chain, Problem, Run, Study, cooperate, play
from labkit.stats import Estimate, exact, mean_interval, ratio_interval

if TYPE_CHECKING:
    import pandas as pd

PROBLEM = Problem()
BALL = Problem(dim=20)
REPLICATES: dict[Budget, int] = {"quick": 16, "full": 60}
HONEST = 1.0
"""Width of the confidence bounds of batched elimination where its theory is tested; 0.3 is what works better."""
DIGITS = Problem(dim=17, source="digits", contexts=1797)


def exponent(along: Sequence[float], totals: Sequence[NDArray[Any]]) -> Estimate:
    """Return the slope of log totals along log `along`: one slope per replicate, and their mean."""
    logs = np.log(np.array(totals, dtype=np.float64))
    slopes = np.polyfit(np.log(np.array(along, dtype=np.float64)), logs, 1)[0]
    if np.ptp(slopes) < 1e-12:
        return exact(round(float(slopes[0]), 12) + 0.0, "the same in every replicate")
    return mean_interval(slopes)


def disbe(budget: Budget, seed: int, horizon: int, problem: Problem = PROBLEM, **knobs: float) -> Run:
    """Return batched elimination through a server, with honest confidence bounds unless told otherwise."""
    told = {"width": HONEST} | knobs
    return play("disbe", problem, horizon, rng=seed, replicates=REPLICATES[budget], **told)


# ------------------------------------------------------------------------------- S011: how rarely, and to whom


@claim(
    "disbe-numbers-in-time",
    statement="DisBE sends about d N numbers, whatever the horizon T: exponent of the numbers sent in T.",
    read_in="abstract: communication of order d N up to logarithms",
    paper_value=0,
    tolerance=0.05,
    unit="exponent",
)
def disbe_numbers_in_time(budget: Budget, seed: int) -> Estimate:
    """Measure it from 10^3 to 10^7 rounds."""
    horizons = [10**power for power in (3, 4, 5, 6, 7)]
    return exponent(horizons, [disbe(budget, seed, horizon).numbers for horizon in horizons])


@claim(
    "disbe-numbers-in-dimension",
    statement="DisBE sends about d N numbers: exponent in d.",
    read_in="abstract: communication of order d N up to logarithms",
    paper_value=1,
    tolerance=0.1,
    unit="exponent",
)
def disbe_numbers_in_dimension(budget: Budget, seed: int) -> Estimate:
    """Measure it from 4 to 32 features, 10^5 rounds."""
    dims = [4, 8, 16, 32]
    runs = [disbe(budget, seed, 10**5, PROBLEM.replace(dim=dim)) for dim in dims]
    return exponent(dims, [run.numbers for run in runs])


@claim(
    "disbe-numbers-in-agents",
    statement="DisBE sends about d N numbers: exponent in N.",
    read_in="abstract: communication of order d N up to logarithms",
    paper_value=1,
    tolerance=0.1,
    unit="exponent",
)
def disbe_numbers_in_agents(budget: Budget, seed: int) -> Estimate:
    """Measure it from 4 to 64 agents, 10^5 rounds."""
    crowds = [4, 16, 64]
    runs = [disbe(budget, seed, 10**5, PROBLEM.replace(agents=agents)) for agents in crowds]
    return exponent(crowds, [run.numbers for run in runs])


@claim(
    "disbe-regret-in-time",
    statement="The regret of DisBE is of order sqrt(d N T): exponent in T.",
    read_in="abstract, up to logarithms; a worst case, so a given problem may do better",
    paper_value=0.5,
    tolerance=0.1,
    holds_if="below 1",
    unit="exponent",
)
def disbe_regret_in_time(budget: Budget, seed: int) -> Estimate:
    """Measure it from 10^4 to 10^6 rounds."""
    horizons = [10**power for power in (4, 5, 6)]
    return exponent(horizons, [disbe(budget, seed, horizon).total for horizon in horizons])


@claim(
    "disbe-regret-in-agents",
    statement="The regret of DisBE, summed over agents, is of order sqrt(d N T): exponent in N (alone: 1).",
    read_in="abstract, up to logarithms",
    paper_value=0.5,
    tolerance=0.1,
    holds_if="below 1",
    unit="exponent",
)
def disbe_regret_in_agents(budget: Budget, seed: int) -> Estimate:
    """Measure it from 1 to 64 agents, 10^6 rounds."""
    crowds = [1, 4, 16, 64]
    return exponent(crowds, [disbe(budget, seed, 10**6, PROBLEM.replace(agents=agents)).total for agents in crowds])


@claim(
    "disbe-regret-in-dimension",
    statement="The regret of DisBE is of order sqrt(d N T): exponent in d.",
    read_in="abstract, up to logarithms",
    paper_value=0.5,
    tolerance=0.1,
    holds_if="below 1",
    unit="exponent",
)
def disbe_regret_in_dimension(budget: Budget, seed: int) -> Estimate:
    """Measure it from 4 to 16 features, 10^6 rounds."""
    dims = [4, 8, 16]
    return exponent(dims, [disbe(budget, seed, 10**6, PROBLEM.replace(dim=dim)).total for dim in dims])


@claim(
    "decbe-over-disbe",
    statement="Without a server, by gossip on a ring of ten, regret is about the same: the extra in percent.",
    read_in="abstract: similar bounds; the tolerance is ours",
    paper_value=0,
    tolerance=5,
    unit="%",
)
def decbe_over_disbe(budget: Budget, seed: int) -> Estimate:
    """Measure it at 10^4 rounds with a width of 0.3, problems paired."""
    replicates = {"quick": 40, "full": 4000}[budget]
    ring, server = (
        play(policy, PROBLEM, 10**4, rng=seed, replicates=replicates).total for policy in ("decbe", "disbe")
    )
    return ratio_interval(ring, server).scaled(100, -100)


@claim(
    "disbe-loses-at-short-horizons",
    statement="At 1000 rounds batched elimination (width 0.3) has more regret than agents that never talk: the ratio.",
    read_in="derived here: what the order of growth does not say",
    holds_if="above 1",
    unit="times",
)
def disbe_loses_at_short_horizons(budget: Budget, seed: int) -> Estimate:
    """Measure it on the same problems."""
    return against_isolated(1000, budget, seed)


@claim(
    "disbe-loses-later-too",
    statement="At 10 000 rounds it still has more regret than agents that never talk: the ratio.",
    read_in="derived here",
    holds_if="above 1",
    unit="times",
)
def disbe_loses_later_too(budget: Budget, seed: int) -> Estimate:
    """Measure it on the same problems."""
    return against_isolated(10_000, budget, seed)


def against_isolated(horizon: int, budget: Budget, seed: int) -> Estimate:
    """Return the regret of batched elimination over that of isolated LinUCB, problems paired."""
    batched, alone = (
        play(policy, PROBLEM, horizon, rng=seed, replicates=REPLICATES[budget]).total
        for policy in ("disbe", "isolated")
    )
    return ratio_interval(batched, alone)


LOWER_BOUND = Claim(
    key="lower-bound",
    statement="With less than about d N bits some problem costs as much regret as agents that never talk.",
    read_in="abstract (order d N); the constant 1/64 is recalled",
    missing="A lower bound speaks of every algorithm there could be; we can run some.",
)

# ------------------------------------------------------------------------------------------- S008: how little


@claim(
    "pls-regret-in-time",
    statement="The regret of PLS is of order d sqrt(M T): exponent in T.",
    read_in="abstract and summary",
    paper_value=0.5,
    tolerance=0.1,
    holds_if="below 1",
    unit="exponent",
)
def pls_regret_in_time(budget: Budget, seed: int) -> Estimate:
    """Measure it on the unit ball from 10^8 to 10^11 rounds."""
    horizons = [10**power for power in (8, 9, 10, 11)]
    return exponent(horizons, [_pls(budget, seed, horizon).total for horizon in horizons])


@claim(
    "pls-bits-per-epoch",
    statement="A message of PLS costs of order d bits: exponent in d of the bits an agent sends in a later epoch.",
    read_in="summary of the paper",
    paper_value=1,
    tolerance=0.1,
    unit="exponent",
)
def pls_bits_per_epoch(budget: Budget, seed: int) -> Estimate:
    """Measure it in the second and third epoch, from 5 to 40 features."""
    dims = [5, 10, 20, 40]
    runs = [_pls(budget, seed, 10**12, BALL.replace(dim=dim)) for dim in dims]
    return exponent(dims, [run.detail.bits_up[:, 1:3].mean(axis=1) for run in runs])


@claim(
    "pls-bits-in-time",
    statement="What PLS sends grows like log T: bits up of three decades of T over those of the three before.",
    read_in="abstract and summary",
    paper_value=1,
    tolerance=0.5,
    holds_if="below 10",
    unit="times",
)
def pls_bits_in_time(budget: Budget, seed: int) -> Estimate:
    """Measure it at 10^6, 10^9 and 10^12 rounds: logarithmic growth gives 1, a power of T gives far more."""
    early, middle, late = (_pls(budget, seed, 10**power).bits_up for power in (6, 9, 12))
    return ratio_interval(late - middle, middle - early)


@claim(
    "pls-halves-the-error",
    statement="Every epoch of PLS halves the error of the server: the ratio of consecutive errors.",
    read_in="authors' code: the tolerance is halved",
    paper_value=0.5,
    tolerance=0.1,
    unit="ratio",
)
def pls_halves_the_error(budget: Budget, seed: int) -> Estimate:
    """Measure it over four epochs on the unit ball."""
    errors = _pls(budget, seed, 10**11).detail.server_error
    return mean_interval((errors[:, 3] / errors[:, 0]) ** (1 / 3))


@claim(
    "pls-bits-against-disbe",
    statement="On a pool of 50 sets of 40 arms PLS sends 189 bits per agent where DisBE sends 2000: the ratio.",
    read_in="README of the authors' code (d = 20, 10 agents, 10^6 rounds, 24 bits a number)",
    paper_value=0.094,
    tolerance=0.04,
    holds_if="below 1",
    unit="ratio of bits",
)
def pls_bits_against_disbe(budget: Budget, seed: int) -> Estimate:
    """Measure it on their sizes."""
    refined, batched = _on_their_pool(budget, seed)
    return ratio_interval(refined.bits_up, batched.bits_up)


@claim(
    "pls-regret-against-disbe",
    statement="On that pool PLS has 0.35 of the regret of DisBE.",
    read_in="read off a figure of the README; their DisBE is another one, and all constants are tuned",
    paper_value=0.35,
    tolerance=0.15,
    holds_if="below 1",
    unit="ratio",
)
def pls_regret_against_disbe(budget: Budget, seed: int) -> Estimate:
    """Measure it with PLS at C = 6 and DisBE at a width of 0.3."""
    refined, batched = _on_their_pool(budget, seed)
    return ratio_interval(refined.total, batched.total)


@claim(
    "pls-sparse",
    statement="Where few parameters differ from 0, a sparse variant has less regret: its regret over that of PLS.",
    read_in="abstract (sparsity improves the trade-off); the variant is our construction",
    holds_if="below 1",
    unit="ratio",
)
def pls_sparse(budget: Budget, seed: int) -> Estimate:
    """Measure it with four of forty parameters, 10^9 rounds."""
    sparse, dense = (_pls(budget, seed, 10**9, Problem(dim=40, sparsity=4), sparse=some) for some in (True, False))
    return ratio_interval(sparse.total, dense.total)


def _pls(budget: Budget, seed: int, horizon: int, problem: Problem = BALL, **knobs: Any) -> Run:
    replicates = REPLICATES[budget]
    return play("pls", problem, horizon, rng=seed, replicates=replicates, actions="ball", **knobs)


def _on_their_pool(budget: Budget, seed: int) -> tuple[Run, Run]:
    problem, replicates = Problem(dim=20, arms=40), {"quick": 5, "full": 40}[budget]
    refined, batched = (play(policy, problem, 10**6, rng=seed, replicates=replicates) for policy in ("pls", "disbe"))
    return refined, batched


# ---------------------------------------------------------------------------------- when to talk: the baselines


@claim(
    "dislinucb-numbers-in-time",
    statement="What DisLinUCB sends does not grow with T: exponent of the numbers sent in T.",
    read_in="abstract of arXiv 1904.06309",
    paper_value=0,
    tolerance=0.1,
    unit="exponent",
)
def dislinucb_numbers_in_time(budget: Budget, seed: int) -> Estimate:
    """Measure it from 500 to 8000 rounds."""
    horizons = [500, 2000, 8000]
    replicates = {"quick": 4, "full": 30}[budget]
    return exponent(
        horizons, [play("dislinucb", PROBLEM, h, rng=seed, replicates=replicates).numbers for h in horizons]
    )


@claim(
    "fedlinucb-over-central",
    statement="FedLinUCB, with alpha = 1 and 15 agents, has 1.39 times the regret of full sharing.",
    read_in="logs of the authors' code: means of three runs, 30 000 pulls in all",
    paper_value=1.39,
    tolerance=0.3,
    holds_if="above 1",
    unit="times",
)
def fedlinucb_over_central(budget: Budget, seed: int) -> Estimate:
    """Measure it on their sizes, with fresh sets replaced by a pool of 2000; our width is 0.1 times its formula."""
    fed, central = _logged(budget, seed)
    return ratio_interval(fed.total, central.total)


@claim(
    "fedlinucb-messages",
    statement="It sends about 396 messages where full sharing sends 480 000.",
    read_in="logs of the authors' code",
    paper_value=396,
    tolerance=60,
    unit="messages",
)
def fedlinucb_messages(budget: Budget, seed: int) -> Estimate:
    """Count them on the same runs."""
    return mean_interval(_logged(budget, seed)[0].messages)


def _logged(budget: Budget, seed: int) -> tuple[Run, Run]:
    problem = Problem(dim=15, arms=25, noise=0.3, agents=15, contexts=2000)
    replicates = {"quick": 3, "full": 100}[budget]
    shared: dict[str, Any] = {"rng": seed, "replicates": replicates, "width": 0.1}
    return play("fedlinucb", problem, 2000, determinant=1.0, **shared), play("central", problem, 2000, **shared)


@claim(
    "digits-talking-pays",
    statement="On handwritten digits agents that synchronise now and then err less often than agents that never talk.",
    read_in="derived here",
    holds_if="below 1",
    unit="ratio of errors",
)
def digits_talking_pays(budget: Budget, seed: int) -> Estimate:
    """Measure DisLinUCB with a trigger of 20 over isolated LinUCB, 1500 rounds."""
    replicates = {"quick": 3, "full": 20}[budget]
    shared: dict[str, Any] = {"rng": seed, "replicates": replicates, "width": 0.2}
    talking = play("dislinucb", DIGITS, 1500, trigger=20.0, **shared)
    return ratio_interval(talking.total, play("isolated", DIGITS, 1500, **shared).total)


# ----------------------------------------------------------------------------------- S096: several steps ahead


@claim(
    "s096-uploads",
    statement="Asynchronous LSVI-UCB uploads like log K: uploads of the last doubling of episodes over the one before.",
    read_in="order of communication in the abstract (d H M^2, no power of K); the trigger's bound is derived here",
    paper_value=1,
    tolerance=0.25,
    holds_if="below 2",
    unit="times",
)
def s096_uploads(budget: Budget, seed: int) -> Estimate:
    """Measure it with four agents at 1000, 2000 and 4000 episodes: a logarithm gives 1, straight growth 2."""
    uploads = cooperate(Chain(episodes=4000), rng=seed, replicates={"quick": 4, "full": 40}[budget]).uploads
    first, second, third = (uploads[:, count - 1] for count in (1000, 2000, 4000))
    return ratio_interval(third - second, second - first)


# ----------------------------------------------------------------------------- the price of a number, on record


SETTINGS: tuple[tuple[str, str, float], ...] = (
    ("central", "", 0.0),
    ("isolated", "", 0.0),
    *(("dislinucb", "trigger", times) for times in (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)),
    *(("fedlinucb", "determinant", share) for share in (0.01, 0.1, 0.3, 1.0, 3.0, 10.0)),
    *(("doubling", "resolution", float(bits)) for bits in (2, 3, 4, 6, 8, 16)),
    *(("disbe", "growth", growth) for growth in (1.0, 2.0, 4.0)),
    ("decbe", "", 0.0),
    ("pls", "constant", 0.02),
    ("pls", "constant", 0.2),
)
"""Policies with one knob varied: the dots of the price list. DisLinUCB's is in units of its default trigger."""


def price(
    setting: int, *, study: Study, rng: SeedSequence | int, replicates: int
) -> dict[str, NDArray[np.float64] | NDArray[np.int64]]:
    """Return regret, numbers and bits of one setting of `SETTINGS`: arrays of shape (replicates,)."""
    policy, knob, value = SETTINGS[setting]
    knobs = study.knobs(policy)
    if policy == "dislinucb":
        knobs["trigger"] = study.replace(trigger=value).knobs("dislinucb")["trigger"]
    elif knob:
        knobs[knob] = int(value) if knob == "resolution" else value
    run = play(policy, study.problem, study.rounds, rng=rng, replicates=replicates, **knobs)
    return {"regret": run.total, "numbers": run.numbers, "bits": run.bits}


def named(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of prices with policy, knob and value in place of the number of the setting."""
    import pandas as pd

    names = pd.DataFrame(SETTINGS, columns=["policy", "knob", "value"])
    return names.loc[table["setting"].to_numpy()].reset_index(drop=True).join(table.reset_index(drop=True))


def price_record() -> pd.DataFrame:
    """Return the price list behind the figures: 2000 rounds, 20 replicates."""
    grid = {"setting": tuple(range(len(SETTINGS)))}
    return named(sweep(partial(price, study=Study(rounds=2000)), grid, 20, 0, vectorised=True, progress=False))


TABLES = {"distributed_bandits_prices.csv": price_record}
"""Tables behind figures, written to data/ with the full measurement."""
