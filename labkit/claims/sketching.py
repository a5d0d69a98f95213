"""What is claimed about sketched first-order descent, measured.

Of arXiv 2210.08371 the abstract was read, and what later papers report of its method; its constants were not found.
So most numbers on the paper's side are derived here, from the equations in `labkit.mechanisms.sketching`; tolerances
were fixed before measuring. The convex task is logistic regression with 200 parameters and ten clients (`synthetic`),
the other one 650 parameters on scikit-learn's digits, dealt to ten clients with a concentration of 0.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.random import SeedSequence
from numpy.typing import NDArray

from labkit.ledger import Budget, Claim, claim, read_table
from labkit.mechanisms.sketching import (
    COMPARED,
    GRID,
    SHORTENED,
    Classifier,
    Embedding,
    Family,
    Leak,
    Runs,
    Study,
    audit,
    best_step,
    compare,
    contraction,
    deal,
    descend,
    drift_point,
    failure_bound,
    first_within,
    make_sketch,
    noise_for,
    privacy_loss,
    quadratic,
    spectrum_step,
    steal,
    synthetic,
    the_vector,
    tune,
    variance_factor,
    worst_case_step,
)
from labkit.seeds import Seed, as_sequence, streams
from labkit.stats import Estimate, exact, mean_interval, proportion_interval, ratio_interval

if TYPE_CHECKING:
    import pandas as pd

DIM, GOAL = 200, 1e-3
DERIVED = "derived here"
Floats = NDArray[np.float64]

# --------------------------------------------------------------------------------- the sketch itself (S002)


@claim(
    "unbiased-energy",
    statement="A count-sketch to s of d numbers, de-sketched, is unbiased with variance omega = (d - 1)/s.",
    read_in=DERIVED,
    paper_value=127 / 32,
    tolerance=0.15,
    unit="omega",
)
def unbiased_energy(budget: Budget, seed: int) -> Estimate:
    """Measure it at d = 128, s = 32."""
    return _energy("count", budget, seed)


@claim(
    "orthogonal-energy",
    statement="A subsampled orthogonal transform has a smaller one, d/s - 1, because no row is drawn twice.",
    read_in=DERIVED,
    paper_value=3,
    tolerance=0.1,
    unit="omega",
)
def orthogonal_energy(budget: Budget, seed: int) -> Estimate:
    """Measure it with the randomised cosine transform at d = 128, s = 32."""
    return _energy("srht", budget, seed)


def _energy(family: Family, budget: Budget, seed: int) -> Estimate:
    g = the_vector(Embedding(dim=128))
    return mean_interval([np.sum((s.desketch(s.sketch(g)) - g) ** 2) for s in _sketches(family, 128, 32, budget, seed)])


def _sketches(family: Family, dim: int, size: int, budget: Budget, seed: int) -> Any:
    rng = streams(seed, 1, ("sketch",))["sketch"][0]
    return (make_sketch(family, dim, size, rng=rng) for _ in range({"quick": 3000, "full": 30_000}[budget]))


@claim(
    "lengths-are-kept",
    statement="32 numbers miss a squared length by over 70 % no more often than Johnson and Lindenstrauss allow.",
    read_in="textbook bound, 2 exp(-s (e^2/4 - e^3/6))",
    holds_if=f"below {failure_bound(32, 0.7):.4f}",
    unit="share of sketches",
)
def lengths_are_kept(budget: Budget, seed: int) -> Estimate:
    """Measure it with Gaussian sketches of 128 numbers."""
    g = the_vector(Embedding(dim=128))
    beyond = [abs(np.sum(s.sketch(g) ** 2) - 1) > 0.7 for s in _sketches("gaussian", 128, 32, budget, seed)]
    return proportion_interval(int(np.sum(beyond)), len(beyond))


# -------------------------------------------------------------------------------------- convergence (S002)


@cache
def convex_task() -> tuple[Classifier, float, float, float]:
    """Return the problem, its least loss, its largest curvature and the sum of its curvatures."""
    problem = synthetic(DIM, rng=2)
    least = float(problem.weights @ problem.gradients(problem.optimum())[0])
    return problem, least, float(problem.spectrum[-1]), float(problem.spectrum.sum())


def rounds_and_bits(
    method: str, step: float, rounds: int, *, rng: Seed, replicates: int = 1, **knobs: Any
) -> tuple[Floats, Floats]:
    """Return the rounds and the bits per client, both ways, until the loss is within 0.001 of the least."""
    problem, least, _, _ = convex_task()
    run = descend(problem, method, rounds, step=step, rng=rng, replicates=replicates, **knobs)
    found = first_within(run.losses - least, GOAL, below=True)
    if not np.isfinite(found).all():
        raise ValueError(f"{method} is not there after {rounds} rounds")
    return found, np.take_along_axis(run.ledger.per_client(), found[:, None].astype(np.int64), axis=1)[:, 0]


@cache
def against_plain(size: int, rule: str, budget: Budget, seed: int) -> tuple[Floats, Floats, float]:
    """Return rounds and bits of a sketch over those of FedSGD at 1/L, and the ratio of rounds in theory."""
    _, _, most, trace = convex_task()
    plain_rounds, plain_bits = rounds_and_bits("fedsgd", 1 / most, 400, rng=seed)
    omega = variance_factor("ams", DIM, size)
    step, theory = {
        "worst case": (worst_case_step(most, omega), 1 + omega),
        "spectrum": (spectrum_step(most, trace, size), 1 + (1 + trace / most) / size),
    }[rule]
    told: dict[str, Any] = {"rng": seed, "replicates": {"quick": 3, "full": 16}[budget], "size": size, "family": "ams"}
    rounds, bits = rounds_and_bits("sketch", step, int(2 * theory * plain_rounds[0]), **told)
    return rounds / plain_rounds, bits / plain_bits, theory


def costs_table(sizes: Sequence[int], *, rng: int = 0) -> pd.DataFrame:
    """Return rounds and bits over those of FedSGD by numbers sent, at both steps, with theory."""
    import pandas as pd

    rows = []
    for rule in ("worst case", "spectrum"):
        for size in sizes:
            rounds, bits, theory = against_plain(size, rule, "quick", rng)
            # A seed of 64 bits goes down with every round.
            price = (2 * size + 2) / (2 * DIM)
            found = {"rule": rule, "size": size, "rounds": rounds, "bits": bits}
            rows.append(pd.DataFrame(found | {"rounds_theory": theory, "bits_theory": theory * price}))
    return pd.concat(rows, ignore_index=True)


@claim(
    "converges-with-few-numbers",
    statement="With sketches of 10 of 200 numbers descent converges, in 1 + omega times the rounds: over theory.",
    read_in="abstract (guaranteed convergence); the factor is derived here",
    paper_value=1,
    tolerance=0.05,
    unit="ratio",
)
def converges_with_few_numbers(budget: Budget, seed: int) -> Estimate:
    """Measure it at the worst-case step 1/(L (1 + omega)), to within 0.001 of the least loss."""
    rounds, _, theory = against_plain(10, "worst case", budget, seed)
    return mean_interval(rounds / theory)


@claim(
    "no-extra-bits",
    statement="In total sketching costs no extra communication: bits to the goal over those of FedSGD, s = 20 of 200.",
    read_in="abstract of the predecessor (openreview U_Jog0t3fAu); the tolerance is ours",
    paper_value=1,
    tolerance=0.25,
    unit="ratio of bits",
)
def no_extra_bits(budget: Budget, seed: int) -> Estimate:
    """Measure it at the worst-case step: whether bits are saved is another matter."""
    return mean_interval(against_plain(20, "worst case", budget, seed)[1])


@claim(
    "no-bits-saved-at-the-worst-case-step",
    statement="At the step that is safe for any curvature no bits are saved in total, s = 20: bits over FedSGD's.",
    read_in="derived here; later papers say so of the theory",
    holds_if="above 1",
    unit="ratio of bits",
)
def no_bits_saved(budget: Budget, seed: int) -> Estimate:
    """Measure it: theory says (s + d - 1)/d, and the seeds."""
    return mean_interval(against_plain(20, "worst case", budget, seed)[1])


@claim(
    "bits-saved-at-the-spectrum-step",
    statement="At a step that knows the whole spectrum, bits are saved in total, s = 20: bits over FedSGD's.",
    read_in=DERIVED,
    holds_if="below 1",
    unit="ratio of bits",
)
def bits_saved(budget: Budget, seed: int) -> Estimate:
    """Measure it at the step 1/((1 + 1/s) L + tr(H)/s)."""
    return mean_interval(against_plain(20, "spectrum", budget, seed)[1])


@claim(
    "rounds-at-the-spectrum-step",
    statement="There rounds grow by 1 + (1 + r)/s with r = tr(H)/L, not with d: measured over theory, s = 20.",
    read_in=DERIVED,
    paper_value=1,
    tolerance=0.12,
    unit="ratio",
)
def rounds_at_the_spectrum_step(budget: Budget, seed: int) -> Estimate:
    """Measure it on the same runs."""
    rounds, _, theory = against_plain(20, "spectrum", budget, seed)
    return mean_interval(rounds / theory)


@claim(
    "contraction",
    statement="On a quadratic of one curvature a round leaves omega/(1 + omega) of the squared error, at best.",
    read_in=DERIVED,
    paper_value=float(contraction(best_step(63 / 16), 63 / 16)),
    tolerance=0.01,
    unit="ratio",
)
def measured_contraction(budget: Budget, seed: int) -> Estimate:
    """Measure it with signs (AMS), d = 64, s = 16, in one round from 0."""
    replicates = {"quick": 1500, "full": 15_000}[budget]
    return mean_interval(_left(1, "ams", seed, replicates, float(best_step(63 / 16))))


@claim(
    "fixed-sketch",
    statement="A matrix drawn once never leaves its rows: 1 - s/d of the squared error stays for ever, s/d = 1/4.",
    read_in=DERIVED,
    paper_value=0.75,
    tolerance=0.05,
    unit="share",
)
def fixed_sketch(budget: Budget, seed: int) -> Estimate:
    """Measure it after 300 rounds."""
    return mean_interval(_left(300, "ams", seed, {"quick": 25, "full": 150}[budget], 0.2, sketches="fixed"))


@claim(
    "independent-sketches",
    statement="If each client draws its own matrix, the error stops falling while clients disagree: what stays of it.",
    read_in=DERIVED,
    holds_if="above 0.01",
    unit="relative error",
)
def independent_sketches(budget: Budget, seed: int) -> Estimate:
    """Measure it after 400 rounds with eight clients; with a shared matrix 1e-16 is left."""
    replicates = {"quick": 4, "full": 30}[budget]
    step = float(best_step(63 / 16))
    return mean_interval(np.sqrt(_left(400, "ams", seed, replicates, step, clients=8, sketches="independent")))


def _left(
    rounds: int, family: Family, seed: int, replicates: int, step: float, clients: int = 1, **knobs: Any
) -> Floats:
    """Return the squared error that is left of what there was, on a quadratic of curvature 1."""
    problem = quadratic(64, clients, rng=seed)
    run = descend(
        problem, "sketch", rounds, step=step, rng=seed, replicates=replicates, family=family, size=16, **knobs
    )
    optimum = problem.optimum()
    return np.asarray(((run.models[:, 0] - optimum) ** 2).sum(axis=1) / (optimum**2).sum())


@claim(
    "drift",
    statement="With local steps averaging rests off the optimum; sketching does not move that point: the distance.",
    read_in=DERIVED,
    paper_value=0,
    tolerance=1e-8,
    unit="distance",
)
def drift(budget: Budget, seed: int) -> Estimate:
    """Measure it after 900 rounds of five local steps on quadratics; what lies below 1e-12 is rounding."""
    problem = quadratic(32, 6, rng=seed, condition=5, heterogeneity=2)
    rest = drift_point(problem.curvatures, problem.centres, 0.3, 5)
    told: dict[str, Any] = {"local_steps": 5, "server_step": 1 / (1 + 31 / 16), "size": 16, "family": "ams"}
    run = descend(problem, "sketch", 900, step=0.3, rng=seed, replicates={"quick": 2, "full": 20}[budget], **told)
    return mean_interval(np.linalg.norm(run.models[:, 0] - rest, axis=1).round(12))


# ---------------------------------------------------------------------- on digits, each method at its best step


@cache
def _on_digits(budget: Budget, seed: int) -> Runs:
    study, replicates = Study(rounds=200), {"quick": 3, "full": 12}[budget]
    return compare(study, tuned_steps(study), rng=seed, replicates=replicates, methods=("fedsgd", "sketch"))


@claim(
    "accuracy-at-an-eighth",
    statement="An eighth of the numbers costs no accuracy in the end: accuracy of the sketch less that of FedSGD.",
    read_in="derived here, from the promise of the abstract",
    paper_value=0,
    tolerance=0.02,
    unit="share of digits",
)
def accuracy_at_an_eighth(budget: Budget, seed: int) -> Estimate:
    """Measure it after 200 rounds on digits, both at their tuned steps."""
    runs = _on_digits(budget, seed)
    return mean_interval(runs["sketch"].accuracies[:, -1] - runs["fedsgd"].accuracies[:, -1])


@claim(
    "bits-at-an-eighth",
    statement="It saves bits on the way to an accuracy of 0.93: bits of FedSGD over bits of the sketch.",
    read_in="derived here",
    holds_if="above 1",
    unit="times",
)
def bits_at_an_eighth(budget: Budget, seed: int) -> Estimate:
    """Measure it on the same runs."""
    plain, short = (_bits_to(run, 0.93) for run in _on_digits(budget, seed).values())
    return ratio_interval(plain, short)


def _bits_to(run: Any, accuracy: float) -> Floats:
    found = first_within(run.accuracies, accuracy, below=False)
    if not np.isfinite(found).all():
        raise ValueError(f"{run.method} does not reach an accuracy of {accuracy}")
    return np.asarray(np.take_along_axis(run.ledger.per_client(), found[:, None].astype(np.int64), axis=1)[:, 0])


# ------------------------------------------------------------------------------------------ the leak (S002)


@claim(
    "sketching-alone-leaks",
    statement="Sketching alone does not protect: a digit is read from 66 numbers. Cosine with the original.",
    read_in="abstract (an explicit attack); sizes are ours",
    paper_value=1,
    tolerance=0.01,
    unit="cosine",
)
def sketching_alone_leaks(budget: Budget, seed: int) -> Estimate:
    """Measure it with Gaussian sketches of 66 of 650 numbers; a digit has 64 pixels."""
    return mean_interval(_thefts(Leak(size=66), budget, seed).cosines)


@claim(
    "leaks-at-the-size-of-the-input",
    statement="An input of p numbers is recovered from p + 2 numbers, whatever d is: the share of inputs.",
    read_in="derived here: as many equations as unknowns",
    holds_if="above 0.9",
    unit="share",
)
def leaks_at_the_size_of_the_input(budget: Budget, seed: int) -> Estimate:
    """Measure it with p = 20, d = 105, s = 22."""
    found = _thefts(Leak(size=22, source="synthetic"), budget, seed).succeeded
    return proportion_interval(int(found.sum()), len(found))


@claim(
    "hides-below-the-size-of-the-input",
    statement="From p - 1 numbers no input is recovered: the share of inputs.",
    read_in="derived here",
    holds_if="below 0.1",
    unit="share",
)
def hides_below_the_size_of_the_input(budget: Budget, seed: int) -> Estimate:
    """Measure it with p = 20, d = 105, s = 19."""
    found = _thefts(Leak(size=19, source="synthetic"), budget, seed).succeeded
    return proportion_interval(int(found.sum()), len(found))


@claim(
    "the-bare-gradient-leaks",
    statement="Without a sketch a row of slopes over the slope of its constant is the input: the largest error.",
    read_in="derived here: the positive control",
    paper_value=0,
    tolerance=1e-10,
    unit="mean squared error",
)
def the_bare_gradient_leaks(budget: Budget, seed: int) -> Estimate:
    """Measure it on digits; what lies below 1e-12 is rounding."""
    return exact(round(float(_thefts(Leak(size=20), budget, seed).control_errors.max()), 12), "largest of all")


@claim(
    "an-unknown-matrix-protects",
    statement="Who does not know the matrix recovers nothing: cosine with the original.",
    read_in="derived here; that it is known is the paper's assumption, as others report it",
    holds_if="below 0.5",
    unit="cosine",
)
def an_unknown_matrix_protects(budget: Budget, seed: int) -> Estimate:
    """Measure it with sketches of 96 numbers."""
    return mean_interval(_thefts(Leak(known=False), budget, seed).cosines)


@claim(
    "noise-protects",
    statement="Noise three times as long as the message hides the digit: cosine with the original.",
    read_in="abstract (noise protects); the size is ours",
    holds_if="below 0.5",
    unit="cosine",
)
def noise_protects(budget: Budget, seed: int) -> Estimate:
    """Measure it with sketches of 96 numbers."""
    return mean_interval(_thefts(Leak(noise=3.0), budget, seed).cosines)


@cache
def _thefts(leak: Leak, budget: Budget, seed: int) -> Any:
    return steal(leak, rng=seed, replicates={"quick": 20, "full": 150}[budget])


# ---------------------------------------------------------------------------------------- privacy (S002)


@claim(
    "noise-keeps-its-promise",
    statement="Noise after the sketch, both clipped, is (epsilon, 0.01)-private: the least delta that messages allow.",
    read_in="abstract (differential privacy); the accounting is the standard one",
    holds_if="below 0.01",
    unit="delta",
)
def noise_keeps_its_promise(budget: Budget, seed: int) -> Estimate:
    """Measure it at a noise multiplier of 2, one round, for the input that the known matrix lengthens most."""
    return _audited(True, budget, seed)


@claim(
    "one-clip-is-not-enough",
    statement="Without the second clip the promise is broken: the least delta that messages allow at that epsilon.",
    read_in="derived here",
    holds_if="above 0.01",
    unit="delta",
)
def one_clip_is_not_enough(budget: Budget, seed: int) -> Estimate:
    """Measure it on the same setting."""
    return _audited(False, budget, seed)


def _audited(reclip: bool, budget: Budget, seed: int) -> Estimate:
    seeds = as_sequence(seed).spawn(2)
    sketch = make_sketch("gaussian", 64, 8, rng=seeds[0])
    draws = {"quick": 3000, "full": 20_000}[budget]
    return mean_interval(
        audit(2.0, privacy_loss(2.0, 1, 0.01), sketch=sketch, reclip=reclip, rng=seeds[1], draws=draws)
    )


@claim(
    "privacy-and-accuracy",
    statement="Private and cheap at once: accuracy with an eighth of the numbers at epsilon = 8, delta = 1e-5.",
    read_in="derived here, from the promise of the abstract",
    holds_if="above 0.8",
    unit="share of digits",
)
def privacy_and_accuracy(budget: Budget, seed: int) -> Estimate:
    """Measure it after 50 rounds with noise after the sketch."""
    replicates = {"quick": 3, "full": 12}[budget]
    return mean_interval(_private_accuracies("sketch, noise after", 8.0, seed, replicates))


@claim(
    "noise-before-the-sketch-is-blown-up",
    statement="Noise before the sketch costs more accuracy than noise after it, at epsilon = 4: the difference.",
    read_in="derived here: the sketch multiplies the energy of what it carries by 1 + omega",
    holds_if="above 0",
    unit="share of digits",
)
def noise_before_is_blown_up(budget: Budget, seed: int) -> Estimate:
    """Measure it on the same deals, each at its own best step on record."""
    replicates = {"quick": 3, "full": 12}[budget]
    arms = ("sketch, noise after", "sketch, noise before")
    after, before = (_private_accuracies(arm, 4.0, seed, replicates) for arm in arms)
    return mean_interval(np.subtract(after, before))


def _private_accuracies(arm: str, epsilon: float, seed: Seed, replicates: int) -> list[float]:
    """Return accuracies at the arm's best step on record."""
    step = private_step(arm, epsilon)
    return [learn_privately(arm, epsilon, step, child)[0] for child in _children(seed, replicates)]


def _children(seed: Seed, count: int) -> list[SeedSequence]:
    return as_sequence(seed).spawn(count)


# -------------------------------------------------------------------------- S007: alone or together, under skew


@claim(
    "s007-federated-beats-local",
    statement="Federated training beats local training, whatever the clients hold: accuracy of FedAvg less local.",
    read_in="abstract of FedMABench (S007): always; there with language models that act on phones",
    holds_if="above 0",
    unit="share of digits",
)
def s007_federated_beats_local(budget: Budget, seed: int) -> Estimate:
    """Measure it on digits with a concentration of 0.3."""
    return _together(0.3, budget, seed, "fedavg", "local")


@claim(
    "s007-skew-decides",
    statement="What clients hold decides by how much: that gain at a concentration of 0.1 less that at 3.",
    read_in="abstract of S007: the distribution of apps drives heterogeneity",
    holds_if="above 0",
    unit="share of digits",
)
def s007_skew_decides(budget: Budget, seed: int) -> Estimate:
    """Measure it on deals of equal seeds."""
    gains = [_gains(skew, budget, seed, "fedavg", "local") for skew in (0.1, 3.0)]
    return mean_interval(gains[0] - gains[1])


@claim(
    "s007-another-aggregator",
    statement="Another aggregator changes little: accuracy of FedProx less FedAvg.",
    read_in="derived here; S007 compares eight",
    paper_value=0,
    tolerance=0.03,
    unit="share of digits",
)
def s007_another_aggregator(budget: Budget, seed: int) -> Estimate:
    """Measure it at a concentration of 0.3, both tuned by the same search."""
    return _together(0.3, budget, seed, "fedprox", "fedavg")


def _together(skew: float, budget: Budget, seed: int, first: str, second: str) -> Estimate:
    return mean_interval(_gains(skew, budget, seed, first, second))


def _gains(skew: float, budget: Budget, seed: int, first: str, second: str) -> Floats:
    study, replicates = Study(skew=skew, rounds=40), {"quick": 3, "full": 12}[budget]
    runs = compare(study, tuned_steps(study), rng=seed, replicates=replicates, methods=(first, second))
    return np.asarray(runs[first].held.mean(axis=1) - runs[second].held.mean(axis=1))


RATES = Claim(
    key="rates-of-the-paper",
    statement="The paper's rates for strongly convex, convex and non-convex losses with several local steps.",
    read_in="recalled, and the constants not found",
    missing="The theorems could not be read; the rates derived here stand in their place.",
)

PAPER_ATTACK = Claim(
    key="attack-of-the-paper",
    statement="The attack of the paper on its own data.",
    read_in="section 7.2, as others report it",
    missing="No data set and no number of the paper's attack could be confirmed.",
)

# ------------------------------------------------------------------------------------- tables behind figures

SKEWS, COMPRESSIONS = (0.1, 0.3, 1.0, 3.0), (2, 4, 8, 16, 32)
EPSILONS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 64.0)
SIZES = (4, 8, 12, 16, 18, 19, 20, 21, 22, 24, 32, 40, 48, 56, 60, 62, 63, 64, 65, 66, 68, 72, 96)
WEAK = (1e3, 1e4, 1e5, 1e6)
"""Promises that are none, at which the attack comes back."""
PRIVATE_STEPS = (2.0, 4.0, 8.0, 16.0)
PRIVATE_ROUNDS, DELTA = 50, 1e-5
ARMS: dict[str, tuple[str, str]] = {
    "no sketch": ("fedsgd", "before"),
    "sketch, noise before": ("sketch", "before"),
    "sketch, noise after": ("sketch", "after"),
}
TUNED = (*COMPARED, "fedprox", "local")


def tuning_table() -> pd.DataFrame:
    """Return the loss after 100 rounds of every method at every step of the grid, mean of two deals of the digits.

    The same 15 steps, 2^-9/L to 2^5/L, the same rounds and the same deals for every method; compression 0 marks
    methods whose message does not depend on it.
    """
    import pandas as pd

    rows = []
    for skew in SKEWS:
        for method in TUNED:
            for compression in COMPRESSIONS if method in SHORTENED else (0,):
                study = Study(skew=skew, compression=compression or 8)
                losses = tune(study, method, rng=0, replicates=2).mean(axis=0)
                rows.append(pd.DataFrame({"skew": skew, "compression": compression, "method": method, "step": GRID}))
                rows[-1]["loss"] = losses
    return pd.concat(rows, ignore_index=True)


@cache
def recorded_tuning() -> pd.DataFrame:
    """Return the table of `tuning_table` on record."""
    return read_table("sketching_steps.csv", skew=float, compression=int, method=str, step=float, loss=float)


def nearest(study: Study) -> tuple[float, int]:
    """Return the skew and the compression on record that lie nearest to those of a study."""
    skew = min(SKEWS, key=lambda each: abs(np.log(each / study.skew)))
    return skew, min(COMPRESSIONS, key=lambda each: abs(np.log(each / study.compression)))


def tuned_steps(study: Study) -> dict[str, float]:
    """Return each method's best step on record, as a multiple of 1/L, for the setting nearest to a study's."""
    skew, compression = nearest(study)
    table = recorded_tuning()
    here = table[(table["skew"] == skew) & table["compression"].isin([0, compression])]
    best = here.loc[here.groupby("method")["loss"].idxmin()]
    return dict(zip(best["method"], best["step"].astype(float), strict=True))


def recovery_table(
    sizes: Sequence[int] = SIZES,
    *,
    leak: Leak | None = None,
    rng: Seed = 0,
    replicates: int = 40,
) -> pd.DataFrame:
    """Return how often inputs of 20 and of 64 numbers are recovered, by the numbers sent."""
    import pandas as pd

    rows = []
    for source in ("synthetic", "digits"):
        for size in sizes:
            chosen = (leak or Leak()).replace(source=source, size=size)
            run = steal(chosen, rng=rng, replicates=replicates)
            control = float((run.control_errors < 1e-4).mean())
            found = (float(run.succeeded.mean()), float(np.median(run.errors)), float(run.cosines.mean()), control)
            rows.append((source, chosen.width, size, replicates, *found))
    columns = ["source", "width", "size", "inputs", "recovered", "error", "cosine", "control"]
    return pd.DataFrame(rows, columns=columns)


def privacy_table(study: Study | None = None, *, rng: Seed = 0, replicates: int = 8) -> pd.DataFrame:
    """Return accuracy and attack by epsilon: 50 rounds, clip 1, each arm at its best of four steps, by the loss."""
    import pandas as pd

    chosen, seeds = study or Study(), _children(rng, replicates)
    rows = [
        (arm, epsilon, replicate, *best_private_run(arm, epsilon, child, chosen))
        for arm in ARMS
        for epsilon in EPSILONS
        for replicate, child in enumerate(seeds)
    ]
    table = pd.DataFrame(rows, columns=["arm", "epsilon", "replicate", "value", "step"])
    return pd.concat([table, attacked_table(rng=rng)], ignore_index=True)


def best_private_run(arm: str, epsilon: float, seed: SeedSequence, study: Study) -> tuple[float, float]:
    """Return the accuracy at the step whose loss is least, and that step."""
    found = {step: learn_privately(arm, epsilon, step, seed, study) for step in PRIVATE_STEPS}
    best = min(found, key=lambda step: found[step][1])
    return found[best][0], best


def learn_privately(
    arm: str, epsilon: float, step: float, seed: SeedSequence, study: Study | None = None
) -> tuple[float, float]:
    """Return accuracy and loss after 50 private rounds."""
    chosen = study or Study()
    method, noise_at = ARMS[arm]
    problem, child = deal(chosen, seed)
    told: dict[str, Any] = {"clip": 1.0, "noise": noise_for(epsilon, PRIVATE_ROUNDS, DELTA), "noise_at": noise_at}
    told |= chosen.knobs("sketch") if method == "sketch" else {}
    run = descend(problem, method, PRIVATE_ROUNDS, step=step / problem.spectrum[-1], rng=child, **told)
    return float(run.accuracies[0, -1]), float(run.losses[0, -1])


@cache
def recorded_privacy() -> pd.DataFrame:
    """Return the table of `privacy_table` on record."""
    return read_table("sketching_privacy.csv", arm=str, epsilon=float, replicate=int, value=float, step=float)


def private_step(arm: str, epsilon: float) -> float:
    """Return the arm's best step on record at this epsilon, times 1/L: the median over deals."""
    table = recorded_privacy()
    return float(table[(table["arm"] == arm) & (table["epsilon"] == epsilon)]["step"].median())


def attacked_table(*, rng: Seed = 0, replicates: int = 20) -> pd.DataFrame:
    """Return what the attack makes of one message of one image, clipped and noisy as epsilon asks: median cosines."""
    import pandas as pd

    rows = []
    for epsilon in (*EPSILONS, *WEAK):
        # A clipped message has length 1 or less, and noise of this multiplier in each of its numbers.
        noise = min(noise_for(epsilon, PRIVATE_ROUNDS, DELTA) * np.sqrt(96), 100.0)
        cosines = steal(Leak(size=96, noise=float(noise)), rng=rng, replicates=replicates).cosines
        rows.append(("attack", epsilon, 0, float(np.median(cosines)), np.nan))
    return pd.DataFrame(rows, columns=["arm", "epsilon", "replicate", "value", "step"])


TABLES = {
    "sketching_steps.csv": tuning_table,
    "sketching_recovery.csv": recovery_table,
    "sketching_privacy.csv": privacy_table,
}
