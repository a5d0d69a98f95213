"""What the exercises of the lessons say to likely mistakes: each gets words of its own."""

from __future__ import annotations

import ast
import importlib
import inspect
import math
import textwrap

import numpy as np
import pytest

from labkit.mechanisms.decision_market import Market
from labkit.mechanisms.stigmergic_memory import World
from labkit.teach import judge


def _pay(old, new, success, chance):
    return (math.log(new) - math.log(old)) / chance


def _steps(inside, times=2):
    """Accelerated gossip with something else under the root, or another factor before the exponential."""
    return lambda lambda2, agents, accuracy: math.ceil(math.log(times * agents / accuracy) / inside(lambda2))


def _feedback(choose, leave=lambda wanted, sent, error: wanted - sent, kept=None):
    """Error feedback that chooses by `choose(update, wanted)` and leaves `leave(wanted, sent, error)`."""

    def feedback(update, error, asked):
        wanted = update + error
        sent = np.zeros_like(wanted)
        largest = np.argsort(choose(update, wanted))[-(kept or asked) :]
        sent[largest] = wanted[largest] if choose is not _by_update else update[largest]
        return sent, leave(wanted, sent, error)

    return feedback


def _by_update(update, wanted):
    return np.abs(update)


def _by_size(update, wanted):
    return np.abs(wanted)


# Per exercise: a wrong answer, and words of what is said to it.
MISTAKES = {
    "debate.vote": [
        (0.65, "Right to two places"),
        (0.216, "all three are right. Two are enough"),
        (0.432, "What if all three are?"),
        (0.936, "at least one is right"),
        (64.8, "not in percent"),
        (0.6, "Add up: all three right"),
    ],
    "debate.tokens": [
        (20_800, "read and written together"),
        (13_600, "all four last answers"),
        (1600, "a vote of 16"),
        (400, "First round: four questions"),
    ],
    "debate.ruin": [
        (0.2099, "a vote among six"),
        (0, "A minority can win"),
        (1.0, "A minority can win"),
        (33.3, "not in percent"),
        (0.5, "the expected count never changes"),
    ],
    "debate.expert": [
        (0.75, "Answer with two numbers"),
        ((0.5, 0.5), "already weighs differently"),
        ((0.8, 0.2), "That is the start"),
        ((75, 40), "not in percent"),
        ((0.7, 0.4), "New share ="),
    ],
    "debate.advantage": [
        (0, "a ratio above 0"),
        (0.5, "Readers must be better"),
        (5.0, "It is enough; go down"),
    ],
    "decision_market.bayes": [
        (4, "how the odds change"),
        (math.log(0.8), "the other colour's chance"),
        (-math.log(0.8), "the other colour's chance"),
        (2, "logarithm to base 2"),
        (-math.log(4), "the blue ball"),
        (1.0, "with one red ball"),
    ],
    "decision_market.pay": [
        (0.1823, "Answer with a function"),
        (lambda old, new, success, chance: math.log(new / 0.5) / chance, "Right for an old price of 0.5"),
        (_pay, "Right for a success"),
        (lambda old, new, success, chance: math.log(new / old), "That is the score gained"),
        (lambda old, new, success, chance: -_pay(old, new, success, chance), "The sign is off"),
        (lambda old, new, success, chance: math.log(new / old) * chance, "do not multiply by it"),
        (lambda old, new, success, chance: new - old, "Start with ln(new) - ln(old)"),
    ],
    "decision_market.lie": [
        (0.3681, "That is what the lie brings"),
        (0.0050, "That is what the truth brings"),
        (-0.3631, "The sign is off"),
        (0.3731, "only one market pays"),
        (1.0, "For each action"),
    ],
    "decision_market.risk": [
        (0.9, "a chance above 0 and up to 0.5"),
        (0.001, "still more than 2"),
        (0.5, "Explore less"),
    ],
    "decision_market.market": [
        (0.1, "Answer with a Market"),
        (Market(quoted="mean", exploration=0.1), 'Keep quoted="sample"'),
        (Market(quoted="sample", exploration=0.3), "30 of 100 decisions"),
        (Market(quoted="sample", exploration=0.0, steps=100), "talk each other's actions down"),
        (Market(quoted="sample", exploration=0.1, steps=100), "did they learn long enough"),
    ],
    "distributed_bandits.central": [
        ("4180000", "without quotation marks"),
        (3_800_000, "How many numbers is a sample?"),
        (4_400_000, "a sample to itself"),
        (220_000, "to each of the others"),
        (11_000, "Multiply the four"),
    ],
    "distributed_bandits.batches": [
        ("5", "without quotation marks"),
        (4, "What about the rest?"),
        (20, "faster than by doubling"),
        (6, "Start with `batch_grid"),
    ],
    "distributed_bandits.code": [
        (1100, "a string of zeros and ones"),
        ("011010", "The signs are missing"),
        ("001100101", "A zero has no sign"),
        ("0, 1100, 101", "with nothing in between"),
        ("0", "As many ones as steps"),
    ],
    "distributed_bandits.gossip": [
        (33, "Answer with a function"),
        (lambda lambda2, agents, accuracy: 33, "not for lambda2 = 0.5"),
        (
            lambda lambda2, agents, accuracy: math.log(2 * agents / accuracy) / math.sqrt(-2 * math.log(lambda2)),
            "Steps are whole: round up",
        ),
        (_steps(lambda each: -math.log(each), times=1), "That is plain averaging"),
        (_steps(lambda each: math.sqrt(-math.log(each))), "what stands under the root"),
        (lambda lambda2, agents, accuracy: 7, "it gives 7"),
    ],
    "distributed_bandits.trigger": [
        ("9", "without quotation marks"),
        (-1, "-1"),
        (1e6, "They talk too rarely"),
        (0.5, "they talk too much"),
    ],
    "shapley_dag.glove": [
        (1, "The right gloves get something too"),
        (1 / 3, "an equal share"),
        (1 / 6, "one right glove"),
        (0.5, "which orders change"),
        (2, "what one pair is worth"),
        (0.9, "Write down the six orders"),
    ],
    "shapley_dag.threshold": [
        (0.2, "but there are four mistakes"),
        (0.5, "for one wrong answer"),
        (0.25, "set p^2 against the sum"),
        (33, "not in percent"),
        (0.7, "Both right: p^2"),
    ],
    "shapley_dag.calls": [
        ("13", "without quotation marks"),
        (15, "the most there can be"),
        (11, "looks at its own answer again"),
        (9, "two rounds after the first answers"),
        (5, "Count the first answers"),
    ],
    "shapley_dag.gap": [
        (0.47, "Mind the sign"),
        (0.94, "one of the two terms"),
        (-0.94, "one of the two terms"),
        (0, "if the camps were equally large"),
        (0.2, "(correct - 1)(within - across)"),
    ],
    "shapley_dag.zone": [
        (0.5, "Answer with two numbers"),
        ((2 / 3, 1 / 3), "The lower one comes first"),
        ((0.5, 1), "leaves out the noise"),
        ((0, 1), "two of three parts of length 1"),
    ],
    "sketching.omega": [
        (10, "does not collide with itself"),
        (651 / 65, "the Gaussian sketch"),
        (9, "without replacement"),
        (1, "Try `variance_factor`"),
    ],
    "sketching.step": [
        (0.1, "the best step"),
        (2, "That holds without a sketch"),
        (2 / 9, "solve for x once more"),
        (1, "equal to 1"),
    ],
    "sketching.bits": [
        ("5184", "without quotation marks"),
        (5120, "The matrix is not free"),
        (2560, "one direction"),
        (2624, "one direction"),
        (41_600, "That is FedSGD"),
        (648, "looks like bytes"),
        (80, "Numbers up, numbers down"),
    ],
    "sketching.noise": [
        (2.5, "enough for one round"),
        (4.85, "the classical formula"),
        (125.0, "Rounds add up in rho"),
        (1.0, "for rho; then rho"),
    ],
    "sketching.feedback": [
        ([3, -3.5], "Answer with a function"),
        (lambda update, error, kept: update, "Return two arrays"),
        (lambda update, error, kept: (update[:kept], error), "the length of the update"),
        (_feedback(_by_size, kept=2), "With `kept` = 1"),
        (_feedback(_by_update), "add the error first"),
        (_feedback(lambda update, wanted: wanted), "choose by absolute value"),
        (_feedback(_by_size, leave=lambda wanted, sent, error: error), "What is left is what was wanted"),
        (lambda update, error, kept: (error, update), "pick the two largest"),
    ],
    "stigmergic_memory.half_life": [
        (0.95, "a mean life of 20 steps"),
        (20, "between 0 and 1"),
        (0.034, "the share that is lost per step"),
        (0.9, "a half-life of 6.6 steps"),
    ],
    "stigmergic_memory.agreement": [
        (5, "The first depositor adds nothing"),
        (-2, "a number of agents"),
        (5.5, "a number of agents"),
        (3, "1.50 times as strong"),
    ],
    "stigmergic_memory.break_even": [
        (0.625, "Answer with a function"),
        (lambda fm, ft, hm, ht: abs(10 * (fm - ft) / (hm - ht)), "must come out below 0"),
        (lambda fm, ft, hm, ht: (fm - ft) / (hm - ht), "a food counts ten points"),
        (lambda fm, ft, hm, ht: (hm - ht) / (10 * (fm - ft)), "Upside down"),
        (lambda fm, ft, hm, ht: 10 * (ft - fm) / (hm - ht), "The sign is off"),
        (lambda fm, ft, hm, ht: 10.0, "it gives 10"),
    ],
    "stigmergic_memory.traces_win": [
        (0.25, "Answer with a World"),
        (World(hazard_mode="visible", steps=20), "Visible hazards are avoided by all"),
        (World(density=0.4, size=20, hazard_mode="hidden", hazard_fraction=0.1, steps=5), "not with less food"),
        (World(hazard_mode="hidden", steps=20), "What makes a shared warning worth more"),
    ],
    "stigmergic_memory.loss": [
        (5 / 6, "They leave half-way"),
        (91.7, "between 0 and 1"),
        (0.5, "Count agent-steps"),
    ],
    "token_walks.row": [
        (1 / 7, "The exponent is minus alpha"),
        (1 / 3, "That is the base chain"),
        (2 / 3, "divide by the sum of the three"),
        (57, "between 0 and 1"),
        (0.4, "Then divide by their sum"),
    ],
    "token_walks.stay": [
        (0.25, "the chance to leave"),
        (0, "in every second step"),
        (75, "between 0 and 1"),
        (0.5, "min(1/d_i, 1/d_j)"),
    ],
    "token_walks.as_good": [
        (4 / 3, "the divisor is 2 alpha"),
        ((math.sqrt(3) - 1) / 1.5, "a measure that forgets"),
        (-1, "run after its own past"),
        (5, "to 1, with lambda = 0.5"),
    ],
    "token_walks.factor": [
        (1 / 16, "Answer with a function"),
        (lambda each, alpha, a, b: 4.0 ** -(1 + np.sign(b - a)), "not for 0.2 and 1"),
        (lambda each, alpha, a, b: 4.0 ** -(1 + np.sign(a - b)), "Turned round"),
        (lambda each, alpha, a, b: 1 / 16 if b >= a else 1.0, "once, not twice"),
        (lambda each, alpha, a, b: 1.0, "kappa is 4 there"),
    ],
    "token_walks.escape": [
        (0.9, "Answer with two exponents"),
        ((0.3, 0.9), "above 0.5 and at most at 1"),
        ((0.9, 0.6), "Stay in regime (i)"),
        ((0.6, 0.9), "Which exponent makes it finer?"),
    ],
}


def _exercise(key):
    stem, _, name = key.partition(".")
    return importlib.import_module(f"labkit.lessons.{stem}").EXERCISES[name]


@pytest.mark.parametrize(
    ("key", "answer", "words"),
    [
        pytest.param(key, answer, words, id=f"{key}-{words[:24]}")
        for key, rows in MISTAKES.items()
        for answer, words in rows
    ],
)
def test_a_likely_mistake_is_named(key, answer, words):
    feedback = judge(_exercise(key), answer)
    assert feedback.verdict == "not yet"
    assert words in feedback.text


@pytest.mark.parametrize("key", MISTAKES)
def test_no_words_of_a_check_are_out_of_reach(key):
    # The table has an answer for each "not yet" in the source of the check, with words of its own.
    tree = ast.parse(textwrap.dedent(inspect.getsource(_exercise(key).check)))
    said = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr == "not_yet"]
    assert len({words for _, words in MISTAKES[key]}) >= len(said)
