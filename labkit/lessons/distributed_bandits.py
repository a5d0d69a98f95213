"""What the lesson on distributed bandits needs beyond prose: its panel, its bet, its exercises."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from labkit.claims import distributed_bandits as claims
from labkit.explore import Figure, Panel, View, explore
from labkit.figures import distributed_bandits as figures
from labkit.ledger import read_table
from labkit.mechanisms.distributed_bandits import (
    Agreement,
    Chain,
    Problem,
    Run,
    Runs,
    Study,
    batch_grid,
    compare,
    cooperate,
    gossip_errors,
    play,
    quantise,
    unfold,
    unfold_comparison,
    unfold_long,
)
from labkit.seeds import Seed, as_sequence
from labkit.stats import ratio_interval
from labkit.teach import Bet, Essay, Exercise, Feedback
from labkit.unfolding import finish

if TYPE_CHECKING:
    import pandas as pd

# ------------------------------------------------------------------------------------------- the panel

VARIED = (
    "agents",
    "dim",
    "noise",
    "rounds",
    "width",
    "trigger",
    "determinant",
    "availability",
    "growth",
    "resolution",
    "elimination",
    "log_horizon",
    "graph",
    "accuracy",
    "constant",
    "uplink",
    "downlink",
)
LEARN = ("agents", "dim", "noise", "rounds", "width")
TALK = (*LEARN, "trigger", "determinant")
Unfolding = Generator[tuple[float, Any], None, Any]


def panel() -> Panel:
    """Return the panel of the lesson: regret and its price, who talks when, few bits, batches, gossip, digits."""
    return explore(
        unfold_comparison,
        Study(),
        {
            "regret": View(figures.curves, vary=(*TALK, "elimination")),
            "who talks when": View(figures.raster, unfold_talk, (*TALK, "availability")),
            "few bits": View(figures.curves, unfold_doubling, (*LEARN, "growth", "resolution")),
            "arms left": View(
                figures.survivors,
                unfold_batches,
                ("agents", "dim", "noise", "elimination", "log_horizon", "graph", "accuracy"),
            ),
            "agreement": View(figures.agreement, agree, ("agents", "graph", "accuracy")),
            "bit by bit": View(
                figures.refinement, refine, ("agents", "dim", "noise", "log_horizon", "constant", "uplink", "downlink")
            ),
            "digits": View(figures.digit_errors, unfold_digits, ("agents", "rounds", "width", "trigger")),
            "price in numbers": _priced(figures.prices),
            "price in bits": _priced(figures.prices_in_bits),
        },
        vary=VARIED,
        replicates=20,
        # More than one problem, so that one seed shows something else.
        draft=2,
        whole=compare,
    )


def _priced(figure: Figure) -> View:
    """Return a view of the price list: from the record at first, computed anew on a button."""
    line = "from labkit.lessons.distributed_bandits import recorded_prices; recorded_prices()"
    return View(
        figure, unfold_prices, (*LEARN, "elimination"), button="Run the price list", start=recorded_prices(), line=line
    )


def unfold_talk(study: Study, *, rng: Seed, replicates: int = 1) -> Unfolding:
    """Run the three policies that talk now and then; yield the share done, return the runs."""
    policies = ("fedlinucb", "dislinucb", "disbe")
    return (yield from unfold_comparison(study, rng=rng, replicates=replicates, policies=policies))


def unfold_doubling(study: Study, *, rng: Seed, replicates: int = 1) -> Unfolding:
    """Run talk at doubling times, in few bits, between all and nothing; yield the share done, return the runs."""
    policies = ("isolated", "doubling", "central")
    return (yield from unfold_comparison(study, rng=rng, replicates=replicates, policies=policies))


def unfold_batches(study: Study, *, rng: Seed, replicates: int = 1) -> Unfolding:
    """Run batched elimination with and without a server; yield the share done, return the runs."""
    return (yield from unfold_long(study, rng=rng, replicates=replicates, policies=("disbe", "decbe")))


def agree(study: Study, *, rng: Seed = 0, replicates: int = 1) -> Agreement:
    """Return how fast the neighbours of a study agree; nothing about it is random."""
    return gossip_errors(study.graph, study.agents, study.accuracy)


def refine(study: Study, *, rng: Seed, replicates: int = 1) -> Run:
    """Run PLS on the unit ball, ten thousand times as long as the study says: its epochs are long."""
    horizon, knobs = 10**4 * study.horizon, study.knobs("pls")
    return play("pls", study.problem, horizon, rng=rng, replicates=replicates, actions="ball", **knobs)


def unfold_digits(study: Study, *, rng: Seed, replicates: int = 1) -> Unfolding:
    """Let agents read digits; yield the share done, return the runs of three policies."""
    problem = Problem(dim=17, source="digits", contexts=1797, agents=study.agents)
    policies = ("isolated", "dislinucb", "central")
    shared, runs = as_sequence(rng), Runs()
    for number, policy in enumerate(policies):
        knobs: dict[str, Any] = {"width": 0.2 * study.width}
        knobs |= {"trigger": 20 * study.trigger} if policy == "dislinucb" else {}
        reading = unfold(policy, problem, study.rounds, rng=shared, replicates=min(replicates, 6), **knobs)
        while True:
            try:
                yield (number + next(reading)) / len(policies), None
            except StopIteration as end:
                runs[policy] = end.value
                break
    return runs


def unfold_prices(study: Study, *, rng: Seed, replicates: int = 1) -> Unfolding:
    """Play every setting of the price list; yield the share done and the dots so far, return all of them."""
    import pandas as pd

    parts: list[pd.DataFrame] = []
    shared = as_sequence(rng)
    for setting in range(len(claims.SETTINGS)):
        found = claims.price(setting, study=study, rng=shared, replicates=replicates)
        parts.append(pd.DataFrame({"setting": setting, "replicate": np.arange(replicates), **found}))
        yield (setting + 1) / len(claims.SETTINGS), None
    return claims.named(pd.concat(parts, ignore_index=True))


def recorded_prices() -> pd.DataFrame:
    """Return the price list on record: 2000 rounds, defaults otherwise."""
    return read_table(
        "distributed_bandits_prices.csv",
        policy=str,
        knob=str,
        value=float,
        setting=int,
        replicate=int,
        regret=float,
        numbers=float,
        bits=float,
    )


def scaling(replicates: int = 10, *, rng: Seed = 0) -> go.Figure:
    """Return the figure of batched elimination, ever longer and with ever more agents."""
    horizons, crowds = (10**3, 10**4, 10**5, 10**6), (1, 2, 4, 8, 16, 32, 64)
    told: dict[str, Any] = {"rng": rng, "replicates": replicates, "width": claims.HONEST}
    by_horizon = {horizon: play("disbe", Problem(), horizon, **told) for horizon in horizons}
    by_agents = {agents: play("disbe", Problem(agents=agents), 10**6, **told) for agents in crowds}
    return figures.scaling(by_horizon, by_agents)


def bits_in_time(replicates: int = 5, *, rng: Seed = 0) -> go.Figure:
    """Return the figure of what PLS sends, ever longer, on the unit ball in twenty dimensions."""
    told: dict[str, Any] = {"rng": rng, "replicates": replicates, "actions": "ball"}
    horizons = [10**power for power in range(6, 19)]
    return figures.bits_in_time({each: play("pls", claims.BALL, each, **told) for each in horizons})


def rounding(accuracy: float = 1.0, dim: int = 12, *, rng: Seed = 0) -> go.Figure:
    """Return the figure of one vector of length 1 before and after it was sent."""
    seeds = as_sequence(rng).spawn(2)
    x = np.random.default_rng(seeds[0]).standard_normal(dim)
    x /= np.linalg.norm(x)
    return figures.rounding(x, quantise(x, accuracy, 1.5, rng=seeds[1]))


def code_lengths(dim: int = 20, draws: int = 40, *, rng: Seed = 0) -> go.Figure:
    """Return the figure of the bits of a vector of length 1 at different accuracies."""
    generator = np.random.default_rng(as_sequence(rng))
    vectors = generator.standard_normal((draws, dim))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    accuracies = np.geomspace(0.02, 2, 13)
    unary = [np.mean([quantise(x, each, 1.5, rng=generator).bits for x in vectors]) for each in accuracies]
    return figures.code_lengths(accuracies.tolist(), [float(bits) for bits in unary], dim, 1.5)


def digits(rounds: int = 1500, replicates: int = 5, *, rng: Seed = 0) -> go.Figure:
    """Return the figure of agents that read digits, talking or not."""
    return figures.digit_errors(finish(unfold_digits(Study(rounds=rounds), rng=rng, replicates=replicates)))


def river(episodes: int = 2000, replicates: int = 4, *, rng: Seed = 0) -> go.Figure:
    """Return the figure of swimmers that upload when they have seen enough."""
    teams = [cooperate(Chain(agents=agents, episodes=episodes), rng=rng, replicates=replicates) for agents in (1, 4)]
    return figures.uploads(teams)


GALLERY = {
    "curves": lambda: figures.curves(compare(Study(rounds=60), rng=0, replicates=2)),
    "raster": lambda: figures.raster(compare(Study(rounds=60), rng=0, replicates=1)),
    "survivors": lambda: figures.survivors(finish(unfold_batches(Study(log_horizon=3.0), rng=0, replicates=2))),
    "agreement": lambda: figures.agreement(gossip_errors("ring", 10, 0.01)),
    "scaling": lambda: scaling(2),
    "prices": lambda: figures.prices(recorded_prices()),
    "prices_in_bits": lambda: figures.prices_in_bits(recorded_prices()),
    "refinement": lambda: figures.refinement(refine(Study(dim=20), rng=0, replicates=2)),
    "bits_in_time": lambda: bits_in_time(2),
    "rounding": rounding,
    "code_lengths": lambda: code_lengths(draws=5),
    "digit_errors": lambda: digits(60, 3),
    "uploads": lambda: river(200, 2),
}
"""Every figure of the lesson, made from small results: what the tests look at."""

# --------------------------------------------------------------------------------------------- the bet


def _shares(runs: Runs) -> dict[str, float]:
    alone, full = runs["isolated"].total.mean(), runs["central"].total.mean()
    gap = alone - full
    return {
        "kept": float(100 * (alone - runs["dislinucb"].total.mean()) / gap),
        "sent": float(100 * runs["dislinucb"].numbers.mean() / runs["central"].numbers.mean()),
        "times": float(runs["dislinucb"].detail.synchronisations.mean()),
    }


def _outcome(runs: Runs) -> str:
    kept = _shares(runs)["kept"]
    return "nothing" if kept < 20 else "half" if kept < 65 else "most"


def _fact(runs: Runs) -> str:
    return (
        "Here the agents talk {times:.1f} times on average and send {sent:.2f} % of the numbers of full sharing. "
        "That brings {kept:.0f} % of what full sharing brings."
    ).format(**_shares(runs))


REASONS = {
    "disbe-numbers-in-dimension": "The bill is 2 d N numbers per batch, and there are fewer batches when there are more features. An order of growth hides this logarithm. Our tolerance does not.",
    "disbe-regret-in-agents": "The order is a ceiling for the worst problem. On one fixed problem the wrong options are some distance away from the right one, and enough samples drop them for good. So regret grows more slowly than the ceiling.",
    "disbe-regret-in-dimension": 'We plan for each set of options by itself. As far as we know, that guarantees only the order d. The root of d needs a plan for the whole pool; ours, `design="mixed"`, lowers the exponent, but not to one half at this horizon.',
    "decbe-over-disbe": "Gossip takes the last 15 rounds of every batch, and what is seen in them is not shared. Of the 142 rounds of an early batch that is a tenth. In longer games the batches grow and the fifteen rounds do not: there the extra fades, as the cell below shows.",
    "lower-bound": "A lower bound speaks of every algorithm there could be. No run can test it: we can only run some.",
    "pls-bits-in-time": "Epochs are whole. Of the six decades of T that we compare, the early three bring one more epoch and the late three bring three. Over many decades the growth is that of a logarithm: see the staircase below.",
    "pls-bits-against-disbe": "Both of our numbers differ from the published ones, in opposite directions: our PLS ends a single epoch, and our DisBE needs five batches. PLS is even cheaper here.",
    "pls-regret-against-disbe": "It depends on one constant: how wide DisBE draws its confidence bounds. The constants of the figure were tuned, and its DisBE skips the design that gives the paper its bound. See *What does not add up*.",
}
"""Why a claim is not reproduced, by its key."""

BET = Bet(
    key="distributed_bandits.few_words",
    question=(
        "Ten agents learn the same thing for 1000 rounds. If each tells all others everything at once, their loss falls to "
        "about a sixth. Now they may talk only a handful of times in 1000 rounds. How much of that gain is left?"
    ),
    options={
        "nothing": "next to nothing: five talks in a thousand rounds are too few",
        "half": "about half of it",
        "most": "more than two thirds of it",
    },
    replies={
        "nothing": lambda runs: (
            _fact(runs)
            + " It feels as if news had to be fresh. But what is sent is a sum: a late message brings all samples since the last "
            "one. What is lost is only the time in between, and that counts little once the first few talks are over."
        ),
        "half": lambda runs: (
            _fact(runs)
            + " A cautious bet. Talks are not spread evenly: they come when there is most to say, which is at the start."
        ),
        "most": lambda runs: (
            _fact(runs)
            + " A sample changes the estimate by less the more samples there are. So the worth of talking falls like one over "
            "the time since the beginning, and a few early talks carry nearly all of it."
        ),
    },
    outcome=_outcome,
    sample=lambda: compare(Study(rounds=300), rng=0, replicates=3, policies=("isolated", "central", "dislinucb")),
)

# --------------------------------------------------------------------------------------- the exercises


def _check_central(numbers: float) -> Feedback:
    if isinstance(numbers, str):
        return Feedback.not_yet("Answer with a number, without quotation marks.")
    wanted = 20 * 19 * 11 * 1000
    if numbers == wanted:
        return Feedback.right("20 agents, 19 receivers, 10 features and a reward, 1000 rounds: 4 180 000 numbers.")
    if numbers == 20 * 19 * 10 * 1000:
        return Feedback.not_yet("Nearly: without its reward a sample teaches nothing. How many numbers is a sample?")
    if numbers == 20 * 20 * 11 * 1000:
        return Feedback.not_yet("Nobody has to send a sample to itself.")
    if numbers == 20 * 11 * 1000:
        return Feedback.not_yet("That is what is said. Every agent says it to each of the others.")
    return Feedback.not_yet("Who sends, to how many, how many numbers, how often? Multiply the four.")


def _solve_central() -> int:
    # N senders, N - 1 receivers each, d features and one reward, T rounds.
    return 20 * (20 - 1) * (10 + 1) * 1000


def _check_batches(batches: float) -> Feedback:
    if isinstance(batches, str):
        return Feedback.not_yet("Answer with a number, without quotation marks.")
    wanted = len(batch_grid(10**6, 5, 10))
    if batches == wanted:
        return Feedback.right("Five: 1415, 1415, 75 232, 548 569, and the 373 369 rounds that are left.")
    if batches == 4:
        return Feedback.not_yet("Four batches end after 626 631 rounds. What about the rest?")
    if batches == 20:
        return Feedback.not_yet("Doubling would take about twenty. This grid grows much faster than by doubling.")
    return Feedback.not_yet("Start with `batch_grid(10**6, 5, 10)`: what does it return, and what does its length say?")


def _solve_batches() -> int:
    return len(batch_grid(10**6, 5, 10))


def _check_code(code: Any) -> Feedback:
    if not isinstance(code, str):
        return Feedback.not_yet('Answer with a string of zeros and ones, as in "0110".')
    if code == "0" + "1100" + "101":
        return Feedback.right(
            "0, 1100, 101: eight bits. The receiver needs no commas, because each part says where it ends."
        )
    if code == "0" + "110" + "10":
        return Feedback.not_yet("The signs are missing: the receiver could not tell -1 from 1.")
    if code == "00" + "1100" + "101":
        return Feedback.not_yet("A zero has no sign, so it needs no bit for it.")
    if "".join(filter("01".__contains__, code)) == "01100101":
        return Feedback.not_yet("The bits are right. Write them one after the other, with nothing in between.")
    return Feedback.not_yet(
        "As many ones as steps, then a zero, then 0 for plus or 1 for minus. Take the numbers in turn."
    )


def _solve_code() -> str:
    # 0 is "0"; +2 is two ones, a zero and a 0 for plus; -1 is a one, a zero and a 1 for minus.
    return "0" + "110" + "0" + "10" + "1"


def _check_gossip(steps: Any) -> Feedback:
    if not callable(steps):
        return Feedback.not_yet(
            "Answer with a function of lambda2, agents and accuracy, by its name and without brackets."
        )
    found = steps(0.9674, 20, 0.01)
    if found == 33 and steps(0.5, 4, 0.1) == 4:
        return Feedback.right("33 steps where plain averaging needs 230: momentum turns the gap into its square root.")
    if found == 33:
        return Feedback.not_yet("Right for that case, but not for lambda2 = 0.5, 4 agents and an accuracy of 0.1.")
    if abs(found - 32.2) < 0.3:
        return Feedback.not_yet("The formula is right. Steps are whole: round up.")
    if found == 229 or found == 230:
        return Feedback.not_yet("That is plain averaging, log(N / accuracy) / log(1 / lambda2).")
    if found == 46 or found == 65:
        return Feedback.not_yet("Look again at what stands under the root: 2 log(1 / lambda2), and only there.")
    return Feedback.not_yet(
        f"For lambda2 = 0.9674, 20 agents and 0.01 it gives {found}. Set 2 exp(-S a) = accuracy / N."
    )


def _solve_gossip() -> Any:
    import math

    def steps(lambda2: float, agents: int, accuracy: float) -> int:
        return math.ceil(math.log(2 * agents / accuracy) / math.sqrt(2 * math.log(1 / lambda2)))

    return steps


def _check_trigger(trigger: float) -> Feedback:
    if isinstance(trigger, str):
        return Feedback.not_yet("Answer with a number, without quotation marks.")
    try:
        runs = {
            policy: play(
                policy, Problem(), 1000, rng=11, replicates=20, **({"trigger": float(trigger)} if told else {})
            )
            for policy, told in (("dislinucb", True), ("central", False))
        }
    except ValueError as error:
        return Feedback.not_yet(f"{error}.")
    loss = ratio_interval(runs["dislinucb"].total, runs["central"].total)
    share = 100 * runs["dislinucb"].numbers.mean() / runs["central"].numbers.mean()
    measured = f"Regret {loss.value:.2f} times that of full sharing, for {share:.2f} % of its numbers."
    if loss.value <= 1.5 and share <= 2:
        return Feedback.right(measured + " A handful of talks more than the default, early, where they count.")
    if loss.value > 1.5:
        return Feedback.not_yet(measured + " They talk too rarely. Does a larger trigger mean more talk, or less?")
    return Feedback.not_yet(measured + " They learn well, but they talk too much.")


def _solve_trigger() -> float:
    # The default, T ln(N T) / (d N), is 184 here; a twentieth of it makes them talk about four times as often.
    return 9.0


EXERCISES = {
    "central": Exercise(
        key="distributed_bandits.central",
        prompt="20 agents, 10 features, 1000 rounds, and everyone sends every sample to everyone else. How many numbers are sent?",
        check=_check_central,
        hints=("A sample is an arm's features and its reward.", "Senders · receivers · numbers in a sample · rounds."),
        solution=_solve_central,
    ),
    "code": Exercise(
        key="distributed_bandits.code",
        prompt="Write the steps 0, +2, -1 in the unary code of PLS: ones, a zero, and a sign (0 plus, 1 minus) where there is one.",
        check=_check_code,
        hints=("0 is a single bit.", "+2 is 11, then 0, then the sign 0."),
        solution=_solve_code,
    ),
    "batches": Exercise(
        key="distributed_bandits.batches",
        prompt="Ten agents, five features, a million rounds. How often does DisBE synchronise, the end included?",
        check=_check_batches,
        hints=(
            "The first two batches last 2 √T · √(d/N) rounds, each later one 2 √T · √(the batch before).",
            "`batch_grid(horizon, dim, agents)` writes the grid down.",
        ),
        solution=_solve_batches,
    ),
    "gossip": Exercise(
        key="distributed_bandits.gossip",
        prompt=(
            "The error of Chebyshev gossip is at most 2 exp(-S √(2 log(1/λ₂))). Write a function `steps(lambda2, agents, "
            "accuracy)` that returns the fewest whole steps S for which this is at most accuracy / agents."
        ),
        check=_check_gossip,
        hints=(
            "Set 2 exp(-S a) = accuracy / agents with a = sqrt(2 log(1 / lambda2)), and solve for S.",
            "S = log(2 agents / accuracy) / a.",
            "Round up with `math.ceil`.",
        ),
        solution=_solve_gossip,
    ),
    "trigger": Exercise(
        key="distributed_bandits.trigger",
        prompt=(
            "Ten agents, five features, 1000 rounds. Find a `trigger` for DisLinUCB with at most 1.5 times the regret of full "
            "sharing and at most 2 % of its numbers. (The default is 184.)"
        ),
        check=_check_trigger,
        hints=(
            "Look at the view *price in numbers*: which way does the trigger move the dot?",
            "A synchronisation costs 2 N (d² + d) = 600 numbers, and full sharing sends 540 000. How many can you afford?",
            "Try a twentieth of the default.",
        ),
        solution=_solve_trigger,
    ),
}

ESSAY = Essay(
    prompt=(
        "Ten agents that talk a handful of times in a thousand rounds keep most of what they would gain by telling each other everything at "
        "once. Explain why, in five to ten sentences: what is in a message, what is lost by waiting, and when should the few talks take "
        "place? Then describe a problem in which talking so rarely would cost much."
    ),
    answer=(
        "What is sent is a sum over all samples since the last talk. So a late message brings everything that an early one would have "
        "brought, and nothing is lost for good. What is lost is the time in between, in which each agent chooses with fewer samples than "
        "the group has. A sample changes an estimate by less the more samples there are: after t rounds by about one part in t. So waiting "
        "costs much in the beginning and little later on. The few talks belong to the start, and the gaps may grow as time goes on. "
        "Where the problem changes, old samples mislead and each change is a new beginning: then agents that talk rarely act for long on what "
        "is no longer true."
    ),
    rubric=(
        (1, "a message is a sum: it holds all samples since the last one"),
        (1, "what is lost is the time in between"),
        (2, "a sample is worth less the more there are, so the early talks carry most of the gain"),
        (1, "a problem in which news goes stale or is urgent, with its reason"),
    ),
)
"""The question for prose, marked by hand."""
