"""What the lesson on decision markets needs beyond prose: its panel, its bet, its exercises."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
import plotly.graph_objects as go

from labkit.claims import decision_market as claims
from labkit.explore import Panel, View, explore
from labkit.figures import decision_market as figures
from labkit.mechanisms.decision_market import (
    Clinic,
    Market,
    Risk,
    Run,
    Surface,
    Table,
    honest_risk,
    learn,
    learn_patients,
    pay_surface,
    pay_variance,
    regressions,
    stochastic,
    temptation,
    unfold,
    unfold_table,
)
from labkit.params import Field
from labkit.seeds import Seed, as_sequence
from labkit.teach import Bet, Essay, Exercise, Feedback, NumberBet
from labkit.unfolding import finish

# ------------------------------------------------------------------------------------------- the panel


def _chance(default: float, words: str) -> Any:
    return Field(default, ge=0.01, le=0.99, slider=(0.02, 0.98, 0.02), description=words)


class Study(Market):
    """A market whose agents learn, and a single trader whose pay is drawn: what the panel sets."""

    rate: float = Field(
        0.03, ge=0.001, le=1, slider=(0.01, 0.06, 0.005), description="step of the policy gradient, per unit of pay"
    )
    # The page moves a slider to the next place on its grid: two thirds must be one, or ln 2 is off the target.
    accuracy: float = Field(
        2 / 3, ge=0.51, le=0.99, slider=(0.55, 0.9, 1 / 60), description="how often a ball has the colour of its urn"
    )
    steps: int = Field(2000, ge=1, le=100_000, slider=(500, 4000, 500), description="steps of learning")
    price_1: float = _chance(0.5, "what the market says of action 1")
    price_2: float = _chance(0.5, "what the market says of action 2")
    belief_1: float = _chance(0.6, "what the trader thinks of action 1")
    belief_2: float = _chance(0.2, "what the trader thinks of action 2")

    @property
    def prices(self) -> tuple[float, float]:
        """The prices before the trader reports."""
        return self.price_1, self.price_2

    @property
    def beliefs(self) -> tuple[float, float]:
        """What the trader thinks."""
        return self.belief_1, self.belief_2


TRADER = ("price_1", "price_2", "belief_1", "belief_2")
LEARNERS = (
    "exploration",
    "scoring",
    "quoted",
    "order",
    "agents",
    "actions",
    "accuracy",
    "overlap",
    "rate",
    "noise",
)
TABLES = ("exploration", "scoring", "quoted", "order", "overlap", "rate")
Unfolding = Generator[tuple[float, Any], None, Any]


def panel() -> Panel:
    """Return the panel of the lesson: what agents learn, their prices, the pay for every report, its risk, tables."""
    return explore(
        unfold,
        Study(),
        {
            "weights": View(figures.weights, vary=LEARNERS),
            "price and posterior": View(figures.prices, vary=LEARNERS),
            "expected pay": View(figures.surfaces, pay_surfaces, ("exploration", "scoring", *TRADER)),
            "risk of pay": View(figures.risks, pay_risk, ("scoring", *TRADER)),
            "tables": View(figures.arms, unfold_arms, TABLES),
        },
        vary=(*LEARNERS, *TRADER),
        look=figures.Look(),
        replicates=4,
        scrub="time",
        whole=learn,
    )


def pay_surfaces(study: Study, *, rng: Seed = 0, replicates: int = 1) -> tuple[Surface, Surface]:
    """Return the expected pay of a study's trader under its rule, and where the leader is always taken; exact."""
    case = study.prices, study.beliefs
    return pay_surface(*case, study.exploration, study.scoring), pay_surface(*case, 0.0, study.scoring)


def pay_risk(study: Study, *, rng: Seed, replicates: int = 1) -> Risk:
    """Return the pay of a study's trader, if honest, in a thousand decisions per replicate."""
    return honest_risk(study.prices, study.beliefs, study.scoring, rng=rng, decisions=1000 * replicates)


def unfold_arms(study: Study, *, rng: Seed, replicates: int = 1) -> Unfolding:
    """Run markets on tables under three arms; yield the share done and the arms so far, return all of them."""
    # Tables are learned entry by entry, from fewer episodes each, so the step must be longer.
    told = {name: getattr(study, name) for name in ("quoted", "order", "overlap")}
    table = Table(scoring=study.scoring, rate=min(0.5, 15 * study.rate), steps=800, **told)
    rules: dict[str, dict[str, Any]] = {
        "stochastic": {"exploration": max(0.05, study.exploration)},
        "deterministic": {"exploration": 0.0},
        "one agent sees all": {"exploration": max(0.05, study.exploration), "split": False},
    }
    shared, runs = as_sequence(rng), {}
    for number, (name, change) in enumerate(rules.items()):
        learning = unfold_table(table.replace(**change), rng=shared, replicates=replicates)
        while True:
            try:
                share, part = next(learning)
            except StopIteration as end:
                runs[name] = end.value
                break
            shown = runs | {name: part} if part is not None and number == 0 else None
            yield (number + share) / len(rules), shown
    return runs


# -------------------------------------------------------------------------------------- figures in the text


def tables(replicates: int = 4, *, rng: Seed = 0) -> go.Figure:
    """Return the figure of three arms on tables of chances, agents feeling what their reports do."""
    study = Study(scoring="quadratic", quoted="sample", rate=0.02)
    return figures.arms(finish(unfold_arms(study, rng=rng, replicates=replicates)))


def lies(prices: tuple[float, float] = claims.PRICES) -> go.Figure:
    """Return the figure of where a lie pays when the leader is always taken."""
    beliefs = np.arange(1, 100) / 100
    gains = temptation(prices, np.stack(np.meshgrid(beliefs, beliefs), axis=-1))
    return figures.temptations(gains, beliefs, prices)


def surfaces(exploration: float = 0.2) -> go.Figure:
    """Return the figure of the pay for every report, under both rules."""
    return figures.surfaces(pay_surfaces(Study(exploration=exploration)))


def patients(replicates: int = 6, *, rng: Seed = 0) -> go.Figure:
    """Return the figure of real patients whose columns are split between two agents."""
    clinic = Clinic(steps=800)
    runs = {
        name: learn_patients(clinic.replace(split=split), rng=rng, replicates=replicates)
        for name, split in (("stochastic", True), ("one agent sees all", False))
    }
    return figures.patients(runs, regressions(clinic, rng=rng, replicates=replicates))


GALLERY = {
    "surfaces": surfaces,
    "temptations": lies,
    "risks": lambda: figures.risks(pay_risk(Study(), rng=0)),
    "weights": lambda: figures.weights(learn(Study(steps=60), rng=0, replicates=2)),
    "prices": lambda: figures.prices(learn(Study(steps=60), rng=0, replicates=2)),
    "arms": lambda: figures.arms(finish(unfold_arms(Study(), rng=0, replicates=2))),
    "patients": lambda: patients(2),
}
"""Every figure of the lesson, made from small results: what the tests look at."""

# --------------------------------------------------------------------------------------------- the bet


def _outcome(surface: Surface) -> str:
    first, second = surface.peak
    if np.allclose((first, second), surface.beliefs, atol=0.011):
        return "truth"
    return "exaggerate" if first > second else "sabotage"


def _fact(surface: Surface) -> str:
    first, second = surface.peak
    return (
        f"The truth brings {surface.honest:.4f} on average. The best of all reports is {first:.2f} for A and {second:.2f} "
        f"for B, and it brings {surface.pay.max():.4f}."
    )


REASONS = {
    "as-fast-as-one-who-sees-all": "In the end two agents decide as well as one. They need longer to get there: each weight learns from one ball per episode, where the agent that sees all learns from two. The abstract does not say which of the two it means by *efficiently*.",
    "stored-market": "The stored number lies further from Bayes' rule than ours. Their agents follow another gradient and see up to 8 million episodes. We do not know at which moment the number was printed.",
    "the-papers-own-curves": "Of the paper we know the abstract and the authors' code. We have not seen its curves and tables, so we cannot say whether ours look like them.",
}
"""Why a claim is not reproduced, by its key."""

BET = Bet(
    key="decision_market.best_report",
    question=(
        "Two projects, A and B; the market gives each a chance of 0.5. You know better: A succeeds with 0.6, B with 0.2. "
        "Whatever you say becomes the price. Then the project with the higher price is built. You are paid for how much you "
        "improved its price, measured by a score that honest forecasters like best. What do you say?"
    ),
    options={
        "truth": "the truth: 0.6 for A and 0.2 for B",
        "exaggerate": "more than the truth for A, so that it is surely built",
        "sabotage": "something low for A, so that B is built",
    },
    replies={
        "truth": lambda surface: (
            _fact(surface)
            + " The score does reward honesty, for each project by itself. But only one project is built, and your report "
            "chooses which. The score never gets to see what you said about the other."
        ),
        "exaggerate": lambda surface: (
            _fact(surface)
            + " A is built anyway as soon as it leads. Saying more than you believe only worsens the forecast you are paid for."
        ),
        "sabotage": lambda surface: (
            _fact(surface)
            + " You know much about B, that it is bad, and little about A. So you have B built, and are paid for having "
            "warned of it. That nobody wanted B is not your concern."
        ),
    },
    outcome=_outcome,
    sample=lambda: pay_surface(claims.PRICES, claims.BELIEFS, exploration=0.0),
)


def _shared(run: Run) -> float:
    return float(100 * run.share.mean())


SHARE = NumberBet(
    key="decision_market.share",
    question=(
        "Now the payment is mended. Two agents see one coloured ball each, from different urns. Neither sees the other's ball, "
        "neither cares for the decision, and both learn from their pay alone. Somebody who saw both balls and knew Bayes' rule "
        "would gain something over deciding blindly. What share of that gain do the two reach in the end?"
    ),
    low=0,
    high=100,
    unit="%",
    step=1,
    tolerance=5,
    outcome=_shared,
    replies={
        "low": lambda run: (
            f"They reach {_shared(run):.0f} %. It seems that something must get lost on the way. But the price carries "
            "all that the first agent knows: it is a sum of log odds, and the second adds its ball to that sum."
        ),
        "near": lambda run: (
            f"They reach {_shared(run):.0f} %. A price is a good message: it holds all that the first agent knows about "
            "the action, and nothing else needs to be said."
        ),
        "high": lambda run: (
            f"They reach {_shared(run):.0f} %. They still explore a little, and their reports are noisy, so a part stays out of reach."
        ),
    },
    sample=lambda: learn(Market(steps=400), rng=0),
)

# --------------------------------------------------------------------------------------- the exercises


def _check_bayes(weight: float) -> Feedback:
    if abs(weight - np.log(4)) < 0.006:
        return Feedback.right(
            "ln(0.8 / 0.2) = ln 4 = 1.386: twice ln 2, so one such ball is worth two of the old ones."
        )
    if abs(weight - 4) < 0.006:
        return Feedback.not_yet("That is how the odds change. Prices are added up in logarithms of odds.")
    if abs(weight - np.log(0.8)) < 0.006 or abs(weight + np.log(0.8)) < 0.006:
        return Feedback.not_yet("A logarithm of a chance is not enough: what is the other colour's chance?")
    if abs(weight - 2) < 0.006:
        return Feedback.not_yet("That is the logarithm to base 2. Ours is natural, as in the score.")
    if abs(weight + np.log(4)) < 0.006:
        return Feedback.not_yet("That is the blue ball.")
    return Feedback.not_yet("How do the odds of red change with one red ball? Then take the logarithm.")


def _solve_bayes() -> float:
    # A red ball multiplies the odds by accuracy / (1 - accuracy).
    return float(np.log(0.8 / 0.2))


def _check_pay(pay: Any) -> Feedback:
    if not callable(pay):
        return Feedback.not_yet("Answer with a function of four values, by its name and without brackets.")
    found = pay(0.5, 0.6, True, 0.1)
    wanted = float(np.log(0.6 / 0.5) / 0.1)
    if abs(found - wanted) < 1e-9:
        if abs(pay(0.3, 0.6, True, 0.5) - np.log(0.6 / 0.3) / 0.5) > 1e-9:
            return Feedback.not_yet("Right for an old price of 0.5. With 0.3 it gives something else than it should.")
        if abs(pay(0.3, 0.6, False, 0.5) - np.log(0.4 / 0.7) / 0.5) > 1e-9:
            return Feedback.not_yet(
                "Right for a success. After a failure the chances that count are 1 - old and 1 - new."
            )
        return Feedback.right("The score gained, over the chance. The rarer the action, the more it pays, and costs.")
    if abs(found - wanted / 10) < 1e-9:
        return Feedback.not_yet(
            "That is the score gained. It is paid only if the action is taken: divide by its chance."
        )
    if abs(found + wanted) < 1e-9:
        return Feedback.not_yet("The sign is off: new minus old.")
    if abs(found - wanted / 100) < 1e-9:
        return Feedback.not_yet("Divide by the chance, do not multiply by it.")
    return Feedback.not_yet(f"For (0.5, 0.6, True, 0.1) it gives {found:g}. Start with ln(new) - ln(old).")


def _solve_pay() -> Any:
    import math

    def pay(old: float, new: float, success: bool, chance: float) -> float:
        before, after = (old, new) if success else (1 - old, 1 - new)
        return (math.log(after) - math.log(before)) / chance

    return pay


LIE = ((0.5, 0.5), (0.55, 0.1))


def _check_lie(gain: float) -> Feedback:
    prices, beliefs = LIE
    truth = pay_surface(prices, beliefs, 0.0).honest
    wanted = float(temptation(prices, beliefs))
    if abs(gain - wanted) < 0.0006:
        return Feedback.right(
            f"{wanted + truth:.4f} for having action 2 taken, less the {truth:.4f} that the truth brings."
        )
    if abs(gain - wanted - truth) < 0.0006:
        return Feedback.not_yet("That is what the lie brings. What does the truth bring? The gain is the difference.")
    if abs(gain - truth) < 0.0006:
        return Feedback.not_yet("That is what the truth brings.")
    if abs(gain + wanted) < 0.0006:
        return Feedback.not_yet("The sign is off: what the lie brings, less what the truth brings.")
    if abs(gain - wanted - 2 * truth) < 0.0006:
        return Feedback.not_yet("Under this rule only one market pays, never both.")
    return Feedback.not_yet(
        "For each action, how much does an honest report on it improve the expected score? The truth is paid for the "
        "leader; a liar can choose."
    )


def _solve_lie() -> float:
    import math

    def worth(p: float, q: float) -> float:
        return p * math.log(p / q) + (1 - p) * math.log((1 - p) / (1 - q))

    # The truth leads with the first action; the liar has the second one taken.
    return worth(0.1, 0.5) - worth(0.55, 0.5)


def _check_risk(exploration: float) -> Feedback:
    if not 0 < exploration <= 0.5:
        return Feedback.not_yet("Answer with a chance above 0 and up to 0.5.")
    case = (claims.BELIEFS, claims.PRICES, claims.BELIEFS)
    variance = float(pay_variance(*case, stochastic(float(exploration))))
    if variance > 2:
        return Feedback.not_yet(f"The variance is {variance:.2f}: still more than 2. Is that too rare, or too often?")
    if variance < 1.9:
        return Feedback.not_yet(f"The variance is {variance:.2f}, less than you may have. Explore less.")
    return Feedback.right(f"The variance is {variance:.3f}. Nearly all of it comes from the rare action, paid in full.")


def _solve_risk() -> float:
    case = (claims.BELIEFS, claims.PRICES, claims.BELIEFS)
    chances = np.arange(1, 501) / 1000
    allowed = [chance for chance in chances if pay_variance(*case, stochastic(chance)) <= 2]
    return float(allowed[0])


def _check_market(market: Any) -> Feedback:
    if not isinstance(market, Market):
        return Feedback.not_yet('Answer with a Market, for instance Market(quoted="sample", exploration=0.2).')
    if market.quoted != "sample":
        return Feedback.not_yet('Keep quoted="sample": the agents are to feel what their reports do.')
    if market.exploration > 0.1:
        return Feedback.not_yet(
            f"Too dear: {100 * market.exploration:.0f} of 100 decisions go to an action not preferred."
        )
    run = learn(market, rng=11, replicates=2)
    measured = f"They add {100 * run.share.mean():.1f} % of what all signals could add."
    if run.share.mean() >= 0.9:
        return Feedback.right(measured + " A small chance of being taken is enough to keep every report honest.")
    if market.exploration == 0:
        return Feedback.not_yet(measured + " Without exploration they talk each other's actions down.")
    return Feedback.not_yet(measured + " The rule is right; did they learn long enough, and with small enough steps?")


def _solve_market() -> Market:
    return Market(quoted="sample", exploration=0.1)


EXERCISES = {
    "bayes": Exercise(
        key="decision_market.bayes",
        prompt="Balls now have the colour of their urn in 80 of 100 cases. What should a red ball count in a report, in log odds?",
        check=_check_bayes,
        hints=(
            "A red ball is four times as likely from a red urn as from a blue one.",
            "The odds are multiplied by 0.8 / 0.2; log odds are added to.",
        ),
        solution=_solve_bayes,
    ),
    "pay": Exercise(
        key="decision_market.pay",
        prompt=(
            "Write a function `pay(old, new, success, chance)`: what a trader gets who moved the price of an action from `old` "
            "to `new`, if the action was taken, which had this chance, and succeeded or not. Logarithmic score."
        ),
        check=_check_pay,
        hints=(
            "The score of a price p is ln p after a success and ln(1 - p) after a failure.",
            "Score of the new price minus score of the old one, divided by the chance.",
        ),
        solution=_solve_pay,
    ),
    "lie": Exercise(
        key="decision_market.lie",
        prompt=(
            "Prices are 0.5 and 0.5, you believe 0.55 and 0.1, and the leader is always taken. How much more does the best lie "
            "bring than the truth, in nats on average? To three places."
        ),
        check=_check_lie,
        hints=(
            "An honest report p on an action with price q improves the expected score by p ln(p/q) + (1-p) ln((1-p)/(1-q)).",
            "The truth has action 1 taken. Which of the two reports is worth more?",
            "Worth of the report on action 2, minus worth of the report on action 1.",
        ),
        solution=_solve_lie,
    ),
    "risk": Exercise(
        key="decision_market.risk",
        prompt=(
            "Prices 0.5 and 0.5, an honest trader believes 0.6 and 0.2. The variance of the pay shall be at most 2. What is the "
            "smallest exploration, to two places?"
        ),
        check=_check_risk,
        hints=(
            "Look at the view *risk of pay*: where does the line cross 2?",
            "`pay_variance((0.6, 0.2), (0.5, 0.5), (0.6, 0.2), stochastic(0.1))` is one point of it.",
        ),
        solution=_solve_risk,
    ),
    "market": Exercise(
        key="decision_market.market",
        prompt=(
            'Agents feel what their reports do (`quoted="sample"`). Find a `Market` that takes an action that does not lead in at '
            "most one decision of ten, and whose agents still add 90 % of what all signals could add."
        ),
        check=_check_market,
        hints=(
            "With `exploration=0` they manipulate. Does it take much to stop that?",
            "Any chance above 0 makes the truth pay best. Too small a chance makes the pay too noisy to learn from.",
        ),
        solution=_solve_market,
    ),
}

ESSAY = Essay(
    prompt=(
        "Each forecast is paid by a score that honest forecasters like best. Still a trader gains by talking down the action that it believes to be "
        "best. Explain why, in five to ten sentences: what does a report decide besides its own pay? Then explain how a small chance for every "
        "action mends it, and what that costs the decision maker and the traders."
    ),
    answer=(
        "The score rewards honesty about each action by itself. But only the action that is taken has an outcome, so only the report on it is "
        "ever paid, and the reports choose the action. A trader that knows much about a bad action and little about the good one "
        "earns more if the bad one is taken. So it talks the good one down; that lie is never put to the test. If every action is "
        "taken with some chance, and the pay is divided by that chance, then on average every report is paid as if its action were taken for "
        "certain. The choice drops out, and the truth pays best again. It costs the decision maker a bad action now and then. "
        "It costs the traders a steady pay: what is paid for a rare action is large, so the variance grows as the chance becomes small."
    ),
    rubric=(
        (2, "reports choose the action, and only the action taken is paid; so a report on the other one is free"),
        (1, "who knows more about a bad action gains by having it taken"),
        (1, "a chance for every action, with pay divided by it, makes the pay on average independent of the choice"),
        (1, "the cost: sometimes a bad action, and pay with a larger variance"),
    ),
)
"""The question for prose, marked by hand."""
