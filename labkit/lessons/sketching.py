"""What the lesson on sketching needs beyond prose: its panels, its bet, its exercises."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go
from numpy.random import SeedSequence
from numpy.typing import NDArray

from labkit.claims import sketching as claims
from labkit.explore import Panel, View, explore
from labkit.figures import sketching as figures
from labkit.ledger import read_table
from labkit.mechanisms.sketching import (
    COMPARED,
    GRID,
    Classifier,
    Embedding,
    History,
    Leak,
    Runs,
    Stolen,
    Study,
    best_step,
    descend,
    embed,
    learn,
    noise_for,
    quadratic,
    single_shot_noise,
    steal,
    tune,
    unfold,
    unfold_theft,
    variance_factor,
)
from labkit.seeds import Seed, as_sequence
from labkit.stats import Estimate, mean_interval
from labkit.teach import Bet, Essay, Exercise, Feedback, NumberBet
from labkit.unfolding import finish

if TYPE_CHECKING:
    import pandas as pd

Unfolding = Generator[tuple[float, Any], None, Any]
ALONE_OR_TOGETHER = ("local", "fedavg", "fedprox")

# ------------------------------------------------------------------------------------------ the panels

VARIED = ("compression", "skew", "clients", "rounds", "local_steps", "step_times", "family", "sketches")
REMEMBERED: dict[tuple[Any, ...], History] = {}
MOST_REMEMBERED = 300
"""Runs: some 20 MB, eight settings of the panel."""


def sketch_panel() -> Panel:
    """Return the panel of one sketch: how well it keeps a length, and what that does to descent."""
    views: dict[str, Any] = {
        "lengths": View(figures.lengths, vary=("dim", "size", "vector")),
        "contraction": View(figures.contraction_map, vary=("dim", "vector", "family")),
    }
    return explore(embed, Embedding(), views, vary=("dim", "size", "vector", "family"), replicates=20)


def panel() -> Panel:
    """Return the panel of all methods on digits: accuracy for rounds and bits, steps, privacy, alone or together."""
    record = "from labkit.claims.sketching import {0}; {0}()"
    views: dict[str, Any] = {
        "accuracy": View(figures.race),
        "alone or together": View(
            figures.together, unfold_together, ("skew", "clients", "rounds", "local_steps", "step_times")
        ),
        "steps": View(
            figures.tuning,
            sweep_steps,
            tuple(name for name in VARIED if name != "step_times"),
            button="Tune all methods",
            start=recorded_steps(),
            line="from labkit.lessons.sketching import recorded_steps; recorded_steps()",
        ),
        "privacy": View(
            figures.privacy,
            sweep_privacy,
            ("compression", "skew", "clients", "family"),
            button="Learn privately",
            start=claims.recorded_privacy(),
            line=record.format("recorded_privacy"),
        ),
    }
    return explore(unfold_methods, Study(), views, vary=VARIED, replicates=4, whole=compare_methods)


def leak_panel() -> Panel:
    """Return the panel of the attack: the stolen image beside the original, and success against the numbers sent."""
    named = ("size", "family", "known", "noise", "batch", "local_steps")
    views: dict[str, Any] = {
        "the leak": View(figures.stolen),
        "threshold": View(
            figures.threshold,
            sweep_recovery,
            ("family", "known", "noise", "batch", "local_steps"),
            button="Attack at every size",
            start=recorded_recovery(),
            line="from labkit.lessons.sketching import recorded_recovery; recorded_recovery()",
        ),
    }
    return explore(unfold_theft, Leak(), views, vary=named, replicates=8, whole=steal)


def unfold_methods(study: Study, *, rng: Seed, replicates: int = 1) -> Unfolding:
    """Run all methods, each at its tuned step on record for the nearest skew and compression."""
    # A control that concerns a few methods should cost no more than these.
    return (
        yield from unfold(study, claims.tuned_steps(study), rng=rng, replicates=replicates, learner=learn_or_remember)
    )


def learn_or_remember(study: Study, method: str, multiple: float, problem: Classifier, seed: SeedSequence) -> History:
    """Run one method, or hand over what it came to before in the same setting."""
    told = (study.clients, study.skew, study.rounds, study.step_times, *study.knobs(method).values())
    key = (method, multiple, *told, *seed.generate_state(4).tolist())
    if key not in REMEMBERED:
        if len(REMEMBERED) >= MOST_REMEMBERED:
            del REMEMBERED[next(iter(REMEMBERED))]
        REMEMBERED[key] = learn(study, method, multiple, problem, seed)
    return REMEMBERED[key]


def compare_methods(study: Study, *, rng: Seed, replicates: int = 1) -> Runs:
    """Run all methods, each at its tuned step on record, to the end."""
    found: Runs = finish(unfold_methods(study, rng=rng, replicates=replicates))
    return found


def unfold_together(study: Study, *, rng: Seed, replicates: int = 1) -> Unfolding:
    """Train every client alone, and all together by two rules, each at its tuned step on record."""
    return (
        yield from unfold(study, claims.tuned_steps(study), rng=rng, replicates=replicates, methods=ALONE_OR_TOGETHER)
    )


def sweep_steps(study: Study, *, rng: Seed, replicates: int = 1) -> Unfolding:
    """Search the step of every method on the same grid; yield the share done, return the table."""
    import pandas as pd

    rows: list[pd.DataFrame] = []
    for number, method in enumerate(COMPARED):
        losses = tune(study, method, rng=rng, replicates=min(replicates, 2)).mean(axis=0)
        rows.append(pd.DataFrame({"method": method, "step": GRID, "loss": losses}))
        yield (number + 1) / len(COMPARED), pd.concat(rows, ignore_index=True)
    return pd.concat(rows, ignore_index=True)


def sweep_privacy(study: Study, *, rng: Seed, replicates: int = 1) -> Unfolding:
    """Learn privately at several epsilons, steps as on record; yield the share done, return the table."""
    import pandas as pd

    seeds = as_sequence(rng).spawn(replicates)
    cases = [(arm, epsilon) for arm in claims.ARMS for epsilon in claims.EPSILONS]
    rows: list[tuple[str, float, int, float]] = []
    for number, (arm, epsilon) in enumerate(cases):
        step = claims.private_step(arm, epsilon)
        for replicate, child in enumerate(seeds):
            rows.append((arm, epsilon, replicate, claims.learn_privately(arm, epsilon, step, child, study)[0]))
        yield (number + 1) / (len(cases) + 1), None
    table = pd.DataFrame(rows, columns=["arm", "epsilon", "replicate", "value"])
    return pd.concat([table, claims.attacked_table(rng=rng)], ignore_index=True)


def sweep_recovery(leak: Leak, *, rng: Seed, replicates: int = 1) -> Unfolding:
    """Attack at every size; yield the share done and the table so far, return the table."""
    import pandas as pd

    parts: list[pd.DataFrame] = []
    for number, size in enumerate(claims.SIZES):
        parts.append(claims.recovery_table((size,), leak=leak, rng=rng, replicates=replicates))
        yield (number + 1) / len(claims.SIZES), None
    return pd.concat(parts, ignore_index=True).sort_values(["width", "size"], ignore_index=True)


def recorded_steps(study: Study | None = None) -> pd.DataFrame:
    """Return the search for steps on record, for the setting nearest to a study's."""
    skew, compression = claims.nearest(study or Study())
    table = claims.recorded_tuning()
    table = table[(table["skew"] == skew) & table["compression"].isin([0, compression])]
    return table[table["method"].isin(COMPARED)].reset_index(drop=True)


def recorded_recovery() -> pd.DataFrame:
    """Return the attacks on record (Gaussian matrix, known, no noise, one image)."""
    return read_table(
        "sketching_recovery.csv",
        source=str,
        width=int,
        size=int,
        inputs=int,
        recovered=float,
        error=float,
        cosine=float,
        control=int,
    )


# ----------------------------------------------------------------------------------- figures of the text


def costs(sizes: tuple[int, ...] = (10, 20, 50, 100), *, rng: int = 0) -> go.Figure:
    """Return the figure of rounds and bits to the goal, at both steps, over those of FedSGD."""
    return figures.costs(claims.costs_table(sizes, rng=rng))


def floors(rounds: int = 700, *, rng: Seed = 0) -> go.Figure:
    """Return the figure of shared, independent and fixed matrices on a quadratic with eight clients."""
    problem = quadratic(64, 8, rng=rng)
    least = float(problem.weights @ problem.gradients(problem.optimum())[0])
    step = float(best_step(variance_factor("ams", 64, 16)))
    told: dict[str, Any] = {"step": step, "size": 16, "family": "ams", "rng": rng, "replicates": 3}
    kinds = ("shared", "independent", "fixed")
    runs = {kind: descend(problem, "sketch", rounds, sketches=kind, **told) for kind in kinds}
    return figures.floors(runs, least, 1 - 16 / 64)


def what_it_takes(victims: int = 6, *, rng: Seed = 0) -> go.Figure:
    """Return the figure of the same stolen digits under different defences."""
    changes: dict[str, dict[str, Any]] = {
        "96 numbers": {},
        "66 numbers": {"size": 66},
        "40 numbers": {"size": 40},
        "16 numbers": {"size": 16},
        "96, noise 0.1": {"noise": 0.1},
        "96, noise 0.5": {"noise": 0.5},
        "96, noise 3": {"noise": 3.0},
        "96, two images": {"batch": 2},
        "140, two images": {"batch": 2, "size": 140},
        "96, matrix unknown": {"known": False},
    }
    cases: dict[str, Stolen] = {}
    for name, change in changes.items():
        cases[name] = steal(Leak(**change), rng=rng, replicates=victims)
    return figures.what_it_takes(cases)


def together(skew: float = 0.3, replicates: int = 3, *, rng: Seed = 0, rounds: int = 40) -> go.Figure:
    """Return the figure of clients who learn alone or together."""
    return figures.together(finish(unfold_together(Study(skew=skew, rounds=rounds), rng=rng, replicates=replicates)))


GALLERY = {
    "lengths": lambda: figures.lengths(embed(Embedding(dim=64, size=8), rng=0, replicates=2)),
    "contraction_map": lambda: figures.contraction_map(embed(Embedding(dim=64, size=8), rng=0, replicates=5)),
    "race": lambda: figures.race(compare_methods(Study(rounds=8), rng=0, replicates=2)),
    "tuning": lambda: figures.tuning(recorded_steps()),
    "costs": lambda: costs((50, 100)),
    "floors": lambda: floors(60),
    "stolen": lambda: figures.stolen(steal(Leak(), rng=0, replicates=3)),
    "what_it_takes": lambda: what_it_takes(2),
    "threshold": lambda: figures.threshold(recorded_recovery()),
    "privacy": lambda: figures.privacy(claims.recorded_privacy()),
    "together": lambda: together(replicates=2, rounds=5),
}
"""Every figure of the lesson, made from small results: what the tests look at."""

# --------------------------------------------------------------------------------------------- the bet


def _outcome(run: Stolen) -> str:
    cosine = float(run.cosines.mean())
    return "exact" if cosine > 0.99 else "blur" if cosine > 0.5 else "nothing"


def _fact(run: Stolen) -> str:
    return (
        f"The attacker recovers {int(run.succeeded.sum())} of {len(run.errors)} images; the cosine with the original is "
        f"{run.cosines.mean():.3f} on average."
    )


REASONS = {
    "rates-of-the-paper": "The abstract names the rates, and the theorems could not be read. So the table holds rates that we derived for our own setting, and says so.",
    "attack-of-the-paper": "We know that the paper attacks sketched gradients. We could not confirm on which data, nor with which numbers. Our attack on digits stands in its place.",
}
"""Why a claim is not reproduced, by its key."""

BET = Bet(
    key="sketching.a_tenth",
    question=(
        "A client trains on one image of 64 pixels. Its gradient has 650 numbers, but it sends only 66 random mixtures of them. "
        "An eavesdropper knows the model and the mixing matrix. What does the eavesdropper see of the image?"
    ),
    options={
        "nothing": "nothing: nine tenths of the numbers are gone, and the rest is mixed at random",
        "blur": "a blur: about a tenth of the information is there",
        "exact": "the image itself, to the last pixel",
    },
    replies={
        "nothing": lambda run: (
            _fact(run)
            + " Mixing looks like encryption, but the matrix is known, so each mixture is an equation. What counts is the "
            "number of unknowns, and that is 64."
        ),
        "blur": lambda run: (
            _fact(run)
            + " That would hold if the 650 numbers were free. They are not: all of them follow from 64 pixels, so 66 equations "
            "are enough."
        ),
        "exact": lambda run: (
            _fact(run)
            + " Sixty-six equations, sixty-four unknowns. How many numbers the gradient has plays no part. With 40 numbers the "
            "image would have been safer; try it in the panel of the leak."
        ),
    },
    outcome=_outcome,
    sample=lambda: steal(Leak(size=66), rng=0, replicates=1),
)


def _total(bits: NDArray[np.float64]) -> Estimate:
    return mean_interval(100 * bits)


def _total_in_words(bits: NDArray[np.float64]) -> str:
    return f"In total the sketch sends {_total(bits).value:.0f} % of the bits of plain descent."


TOTAL = NumberBet(
    key="sketching.total",
    question=(
        "A gradient has 200 numbers. A sketch sends 20 instead, a tenth of the bits in each round. Descent goes on until the "
        "loss is within 0.001 of the least, with the largest step that is safe for any curvature. How many bits does the sketch "
        "send in total, in percent of what plain descent sends? Give a range."
    ),
    low=0,
    high=400,
    unit="%",
    step=5,
    outcome=_total,
    replies={
        "low": lambda bits: (
            _total_in_words(bits)
            + " A tenth per round is a tenth in total only if the number of rounds stays the same. It does not: what comes "
            "back is noisy, so steps must be small, and there are many more of them."
        ),
        "near": lambda bits: (
            _total_in_words(bits)
            + " Ten times less per round, a little more than ten times as many rounds: the noise factor is 1 + (d - 1)/s."
        ),
        "high": lambda bits: (
            _total_in_words(bits)
            + " The noise does cost rounds, about eleven times as many. But it costs no more than that, because it averages out."
        ),
    },
    sample=lambda: np.array([1.18, 1.19, 1.17]),
)

# --------------------------------------------------------------------------------------- the exercises


def _check_omega(omega: float) -> Feedback:
    if abs(omega - 649 / 65) < 0.002:
        return Feedback.right("649/65 = 9.985: a coordinate collides with 649 others, each with probability 1/65.")
    if abs(omega - 10) < 0.002:
        return Feedback.not_yet("Close: a coordinate does not collide with itself.")
    if abs(omega - 651 / 65) < 0.002:
        return Feedback.not_yet("That is the Gaussian sketch; there the diagonal is random too.")
    if abs(omega - 9) < 0.002:
        return Feedback.not_yet("That is the transform whose rows are drawn without replacement.")
    return Feedback.not_yet("Omega is the mean of |de-sketched - g|² over |g|². Try `variance_factor`.")


def _solve_omega() -> float:
    return variance_factor("count", 650, 65)


def _check_step(step: float) -> Feedback:
    if abs(step - 0.2) < 1e-6:
        return Feedback.right("2/(1 + 9) = 0.2. Without a sketch it would be 2: stability costs the factor 1 + omega.")
    if abs(step - 0.1) < 1e-6:
        return Feedback.not_yet("That is the best step, 1/(1 + omega). The question is where the error begins to grow.")
    if abs(step - 2) < 1e-6:
        return Feedback.not_yet("That holds without a sketch.")
    if abs(step - 2 / 9) < 1e-3:
        return Feedback.not_yet("Nearly: set (1 - x)² + omega x² = 1 and solve for x once more.")
    return Feedback.not_yet("Set the contraction (1 - x)² + omega x² equal to 1.")


def _solve_step() -> float:
    # (1 - x)^2 + omega x^2 = 1 has the solutions 0 and 2 / (1 + omega).
    return 2 / (1 + 9)


def _check_bits(bits: float) -> Feedback:
    if isinstance(bits, str):
        return Feedback.not_yet("Answer with a number, without quotation marks.")
    if bits == 5184:
        return Feedback.right("80 · 32 up, 80 · 32 and a seed of 64 down: 5184 bits, where FedSGD has 41 600.")
    if bits == 5120:
        return Feedback.not_yet("The matrix is not free: somebody has to say which seed it grows from (64 bits).")
    if bits in (2560, 2624):
        return Feedback.not_yet("That is one direction. What comes back has a price too.")
    if bits == 41600:
        return Feedback.not_yet("That is FedSGD, which sends all 650 numbers both ways.")
    if bits in (640, 648):
        return Feedback.not_yet("That looks like bytes. A byte has eight bits.")
    return Feedback.not_yet("Numbers up, numbers down, 32 bits each, and a seed of 64 bits once a round.")


def _solve_bits() -> int:
    return 80 * 32 + 80 * 32 + 64


def _check_noise(multiplier: float) -> Feedback:
    wanted = noise_for(2.0, 50, 1e-5)
    if abs(multiplier - wanted) < 0.01 * wanted:
        return Feedback.right(f"{wanted:.1f} times the clip, on the sum over a client's images, in every round.")
    if abs(multiplier - noise_for(2.0, 1, 1e-5)) < 0.01 * wanted:
        return Feedback.not_yet("That is enough for one round. Each of the 50 rounds tells a little more.")
    if abs(multiplier - single_shot_noise(0.999, 1e-5)) < 0.01 * wanted:
        return Feedback.not_yet("That is the classical formula: for one round, and for epsilon below 1.")
    if multiplier > 0 and abs(multiplier - wanted * np.sqrt(50)) < 0.02 * wanted * np.sqrt(50):
        return Feedback.not_yet("Rounds add up in rho, not in the noise: it grows like the root of their number.")
    return Feedback.not_yet("Solve rho + 2 sqrt(rho ln(1/delta)) = epsilon for rho; then rho = rounds / (2 z²).")


def _solve_noise() -> float:
    import math

    log = math.log(1e5)
    root = math.sqrt(log + 2.0) - math.sqrt(log)
    return math.sqrt(50 / 2) / root


def _check_feedback(feedback: Any) -> Feedback:
    if not callable(feedback):
        return Feedback.not_yet("Answer with a function of update, error and kept, by its name and without brackets.")
    update, error = np.array([3.0, -1.0, 0.5, -4.0]), np.array([0.0, -2.5, 0.0, 3.5])
    found = feedback(update.copy(), error.copy(), 2)
    if not (isinstance(found, tuple) and len(found) == 2):
        return Feedback.not_yet("Return two arrays: what is sent, and the error that is left.")
    sent, left = (np.asarray(part, dtype=float) for part in found)
    if sent.shape != (4,) or left.shape != (4,):
        return Feedback.not_yet("Both arrays have the length of the update.")
    if np.allclose(sent, [3, -3.5, 0, 0]) and np.allclose(left, [0, 0, 0.5, -0.5]):
        if not np.allclose(feedback(update.copy(), error.copy(), 1)[0], [0, -3.5, 0, 0]):
            return Feedback.not_yet("Right for two entries. With `kept` = 1 only the largest one should be sent.")
        return Feedback.right(
            "3 and -3.5 go out; 0.5 and -0.5 wait. Nothing is lost: sent plus left is update plus error."
        )
    if np.allclose(sent, [3, 0, 0, -4]):
        return Feedback.not_yet(
            "You chose by the update alone. What waits from earlier counts too: add the error first."
        )
    if np.allclose(sent, [3, 0, 0.5, 0]):
        return Feedback.not_yet(
            "You chose the largest with their sign. -3.5 is large as well: choose by absolute value."
        )
    if np.allclose(sent, [3, -3.5, 0, 0]):
        return Feedback.not_yet("What is sent is right. What is left is what was wanted less what was sent.")
    return Feedback.not_yet(f"For {update}, {error} and 2 it sends {sent}. Add, pick the two largest, keep the rest.")


def _solve_feedback() -> Any:
    def feedback(update: Any, error: Any, kept: int) -> tuple[Any, Any]:
        wanted = update + error
        sent = np.zeros_like(wanted)
        largest = np.argsort(np.abs(wanted))[-kept:]
        sent[largest] = wanted[largest]
        return sent, wanted - sent

    return feedback


EXERCISES = {
    "omega": Exercise(
        key="sketching.omega",
        prompt="A count-sketch shortens 650 numbers to 65. How large is omega?",
        check=_check_omega,
        hints=("It is not quite d/s.", "Each of the other d - 1 coordinates meets this one with probability 1/s."),
        solution=_solve_omega,
    ),
    "bits": Exercise(
        key="sketching.bits",
        prompt="A client takes part in one round of sketched descent with 80 numbers of 32 bits and a shared seed. How many bits, both ways?",
        check=_check_bits,
        hints=("Two directions.", "The seed of the matrix comes down with the round: 64 bits."),
        solution=_solve_bits,
    ),
    "step": Exercise(
        key="sketching.step",
        prompt="On a quadratic with the same curvature in all directions, omega is 9. From which step times curvature on does the mean squared error grow?",
        check=_check_step,
        hints=("One round multiplies it by (1 - x)² + omega x².", "Where is that equal to 1?"),
        solution=_solve_step,
    ),
    "feedback": Exercise(
        key="sketching.feedback",
        prompt=(
            "Write top-k with error feedback: `feedback(update, error, kept)` returns what is sent (an array with all but the "
            "`kept` largest entries of update plus error set to 0) and the error that is left."
        ),
        check=_check_feedback,
        hints=("Add the error to the update first.", "`np.argsort(np.abs(wanted))[-kept:]` finds the places."),
        solution=_solve_feedback,
    ),
    "noise": Exercise(
        key="sketching.noise",
        prompt="Fifty rounds should be (2, 1e-5)-private. Which noise multiplier does that take?",
        check=_check_noise,
        hints=(
            "epsilon = rho + 2 sqrt(rho ln(1/delta)), rho = rounds / (2 z²).",
            "With a = ln(1/delta): sqrt(rho) = sqrt(a + epsilon) - sqrt(a).",
        ),
        solution=_solve_noise,
    ),
}

ESSAY = Essay(
    prompt=(
        "A client sends 66 random mixtures of the 650 numbers of its gradient, and an eavesdropper brings back the image of 64 pixels "
        "exactly. Explain, in five to ten sentences, why leaving out nine tenths of the numbers protected nothing. Then name two "
        "things that would protect the image, and what each costs the training."
    ),
    answer=(
        "The mixing matrix is known, so each number that is sent is an equation. What counts is how many unknowns there are. The 650 "
        "numbers of the gradient are not free: all of them follow from the 64 pixels of one image, and the model is known as well. "
        "Sixty-six equations are enough for sixty-four unknowns. Random mixing looks like encryption, but nothing about it is secret. "
        "Fewer numbers than pixels leave the image undetermined; but a shorter sketch is a noisier one, so the steps must be "
        "smaller and the rounds more. Noise on what is sent gives a bound that holds whatever the eavesdropper "
        "knows; it costs accuracy. A batch of many images adds unknowns; it asks more work of the client in each round."
    ),
    rubric=(
        (1, "the matrix is known, so what is sent are equations and not a cipher"),
        (2, "the unknowns are the 64 pixels, not the 650 numbers, and there are enough equations for them"),
        (1, "two protections that work"),
        (1, "what each of the two costs"),
    ),
)
"""The question for prose, marked by hand."""
