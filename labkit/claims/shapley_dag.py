"""What is claimed about the Shapley-weighted graph, measured: on agents without a language model, and on a real one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.random import SeedSequence
from numpy.typing import NDArray

from labkit.dialogue import Chat, Message, Reply, plurality
from labkit.files import data_path
from labkit.ledger import Budget, Claim, claim
from labkit.llm import MissingRecording, recorded
from labkit.llm.embeddings import one_hot, tfidf
from labkit.llm.questions import SETS, Question
from labkit.mechanisms.shapley_dag import (
    Crowd,
    Organized,
    Panel,
    Talks,
    Teams,
    Wording,
    call_seed,
    contributions,
    cosine_game,
    decide,
    exact_shapley,
    plurality_accuracy,
    self_organize,
    simulate,
    vote,
)
from labkit.seeds import streams
from labkit.stats import Estimate, exact, mean_interval, paired_comparison, proportion_interval

STUDY_SEED, QUESTIONS, AGENTS, ROUNDS, READS = 2510, 60, 5, 2, 2
# 0.5 is the temperature of the released code: below it five answers hardly differ, above it a small model loses form.
TEMPERATURE, MAX_TOKENS, STOP = 0.5, 24, ("\n", ".")
WORDING = Wording()


@dataclass(frozen=True, slots=True)
class Arm:
    """One way in which five agents organise themselves.

    Attributes
    ----------
    name : str
        What it is called.
    embedding : {"letters", "answers"}
        TF-IDF over the letters of the whole text, or equal and unequal parsed answers.
    threshold : float
        Least cosine of agents that are joined. At 0 all may be; 0.75 is the released code's, for another embedding.
    routing : {"contribution", "shuffled"}
        Who stands where in the graph: by contribution, or by lot.
    """

    name: str
    embedding: Literal["letters", "answers"]
    threshold: float
    routing: Literal["contribution", "shuffled"]


ARMS = (
    Arm("contribution", "letters", 0.0, "contribution"),
    Arm("shuffled", "letters", 0.0, "shuffled"),
    Arm("exact answers", "answers", 0.0, "contribution"),
)
"""In order of importance, so that a recording that stops early holds whole arms."""


def arm_named(name: str) -> Arm:
    """Return the arm of this name."""
    return next(arm for arm in ARMS if arm.name == name)


def play(arm: Arm, chat: Chat, question: Question, rng: SeedSequence, wording: Wording = WORDING) -> Organized:
    """Let one arm work on one question."""
    return self_organize(
        [chat] * AGENTS,
        question.prompt,
        embed=embedding(arm, question),
        threshold=arm.threshold,
        max_in_degree=READS,
        routing=arm.routing,
        rounds=ROUNDS,
        rng=rng,
        wording=wording,
        read=question.parse,
        examples=question.messages[:-1],
        **_SETTINGS,
    )


def independent(chat: Chat, question: Question, rng: SeedSequence, count: int) -> tuple[Reply, ...]:
    """Return independent answers; the first five are the first answers of every arm."""
    messages = [*question.messages[:-1], Message("user", WORDING.alone(question.prompt))]
    return tuple(chat(messages, seed=call_seed(rng, number, 0), **_SETTINGS) for number in range(count))


def seed_of(kind: str, number: int) -> SeedSequence:
    """Return where the seeds of question `number` of a set come from, the same in all arms."""
    return SeedSequence(STUDY_SEED, spawn_key=(list(SETS).index(kind), number))


def record(chat: Chat) -> Iterator[tuple[int, int]]:
    """Make every call that the lesson and the claims need; yield calls done and calls in all, both at their most."""
    most, asked = AGENTS * (1 + ROUNDS), items()
    done, of = 0, len(asked) * (len(ARMS) + 1) * most
    needed = dict.fromkeys(asked, 0)
    for place, arm in enumerate(ARMS):
        for item, (question, rng) in asked.items():
            needed[item] = max(needed[item], play(arm, chat, question, rng).calls)
            done += most
            yield done, of
        # As many independent answers as the arms so far made calls, after the first arm and after the last.
        if place in (0, len(ARMS) - 1):
            for item, (question, rng) in asked.items():
                independent(chat, question, rng, needed[item])
                done += most // 2 if place == 0 else most - most // 2
                yield done, of


@lru_cache(maxsize=1)
def items() -> dict[tuple[str, int], tuple[Question, SeedSequence]]:
    """Return the questions by set and number, each with where its seeds come from."""
    return {
        (kind, number): (question, seed_of(kind, number))
        for kind, questions in SETS.items()
        for number, question in enumerate(questions(QUESTIONS))
    }


def embedding(arm: Arm, question: Question) -> Callable[[Sequence[str]], NDArray[np.float64]]:
    """Return what turns the texts of an arm into vectors."""
    if arm.embedding == "letters":
        return lambda texts: _letters(tuple(texts))
    return lambda texts: one_hot([question.parse(text) for text in texts])


@lru_cache(maxsize=4096)
def _letters(texts: tuple[str, ...]) -> NDArray[np.float64]:
    # Arms share their first answers, and five equal texts come up again and again.
    return tfidf(texts)


_SETTINGS: dict[str, Any] = {"temperature": TEMPERATURE, "max_tokens": MAX_TOKENS, "stop": STOP}


# --------------------------------------------------------------------------------------- the study, read back


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one arm made of one question, and what as many independent answers would have made of it.

    Attributes
    ----------
    kind : str
        The set of questions.
    question : Question
        What was asked.
    talk : Organized
        What was said.
    votes : tuple of Reply
        As many independent answers as the arm made calls.
    """

    kind: str
    question: Question
    talk: Organized
    votes: tuple[Reply, ...]

    def right(self, what: str) -> float:
        """Return whether a way to answer is right; "single" is the share of the five first answers."""
        if what == "single":
            return float(np.mean([self.question.grade(reply.text) == "right" for reply in self.talk.rounds[0]]))
        if what == "any":
            return float(any(self.question.grade(reply.text) == "right" for reply in self.votes))
        if what == "group":
            return float(self.question.grade(self.talk.answer) == "right")
        replies = {
            "plurality": self.votes,
            "first plurality": self.talk.rounds[0],
            "last plurality": self.talk.rounds[-1],
        }
        winner = plurality(self.question.parse(reply.text) for reply in replies[what])
        return float(winner is not None and self.question.grade(winner) == "right")


def study(chat: Chat, arm: str = "contribution") -> tuple[Outcome, ...]:
    """Return what an arm made of the questions; those that a recording does not hold yet are left out.

    Parameters
    ----------
    chat : Chat
        The recording, which replays.
    arm : str
        Name of one of `ARMS`.
    """
    found = []
    for kind, number in items():
        try:
            found.append(outcome_of(arm_named(arm), chat, kind, number))
        except MissingRecording:
            continue
    return tuple(found)


def outcome_of(arm: Arm, chat: Chat, kind: str, number: int) -> Outcome:
    """Return what an arm, and as many independent answers, make of one question."""
    question, rng = items()[kind, number]
    talk = play(arm, chat, question, rng)
    return Outcome(kind, question, talk, independent(chat, question, rng, talk.calls))


@lru_cache(maxsize=8)
def recorded_study(arm: str = "contribution") -> tuple[Outcome, ...]:
    """Return the study of an arm on the recorded answers of the real model."""
    return study(recorded_answers(), arm)


@lru_cache(maxsize=1)
def recorded_answers() -> Chat:
    """Return the recorded answers of the real model."""
    return recorded(data_path("shapley_dag_answers.jsonl"))


def difference(arm: str, one: str, other: str, kind: str | None = None) -> Estimate:
    """Return how much more often one way to answer is right than another, in points, questions paired."""
    outcomes = [outcome for outcome in recorded_study(arm) if kind in (None, outcome.kind)]
    pairs = np.array([[outcome.right(one), outcome.right(other)] for outcome in outcomes])
    return paired_comparison(pairs[:, 0], pairs[:, 1]).difference.scaled(100)


def between(arm: str, other: str) -> Estimate:
    """Return how much more often the group is right in one arm than in another, in points, questions paired."""
    ways = [
        {outcome.question.prompt: outcome.right("group") for outcome in recorded_study(name)} for name in (arm, other)
    ]
    shared = [prompt for prompt in ways[0] if prompt in ways[1]]
    one, two = ([way[prompt] for prompt in shared] for way in ways)
    return paired_comparison(one, two).difference.scaled(100)


# ----------------------------------------------------------------------------------- without a language model

REPLICATES: dict[Budget, int] = {"quick": 1000, "full": 20_000}
WEAK, LURED = Crowd(), Crowd(attractor=4 / 7)
VERIFYING = {"copy_right": 0.9, "copy_wrong": 0.4}


def talks(crowd: Crowd, budget: Budget, seed: int) -> Talks:
    """Return as many talks as the budget allows."""
    return simulate(crowd, rng=seed, replicates=REPLICATES[budget])


def accuracy_gap(one: Crowd, other: Crowd, budget: Budget, seed: int) -> Estimate:
    """Return how much more often one crowd is right than another, in points, questions paired."""
    first, second = (talks(crowd, budget, seed).right("chosen") for crowd in (one, other))
    return paired_comparison(first, second).difference.scaled(100)


@claim(
    "coincidence",
    statement="Two weak agents (p = 0.3, ten scattered mistakes) are both right more often than both wrong alike.",
    read_in="Lemma 1, third parties' notes; the numbers are ours",
    holds_if="above 0",
    unit="chance",
)
def coincidence(budget: Budget, seed: int) -> Estimate:
    """Compute both chances."""
    chances = np.array(WEAK.chances)
    return exact(chances[0] ** 2 - (chances[1:] ** 2).sum())


@claim(
    "dominance",
    statement="Where right answers lie close and wrong ones apart, each right agent contributes more than any wrong.",
    read_in="Lemma 2, third parties' notes",
    paper_value=1,
    tolerance=0.02,
    unit="of the questions with two or more right",
)
def dominance(budget: Budget, seed: int) -> Estimate:
    """Measure it where two or more are right and no wrong answer comes twice."""
    return _dominated(budget, seed, lambda right, doubled: (right >= 2) & (right < 5) & ~doubled)


@claim(
    "lone-right-agent",
    statement="A right agent that stands alone contributes more than every wrong one too.",
    read_in="Lemma 2 taken at its word, third parties' notes",
    paper_value=1,
    tolerance=0.02,
    unit="of the questions with one right",
)
def lone_right_agent(budget: Budget, seed: int) -> Estimate:
    """Measure the same where one is right and no wrong answer comes twice."""
    return _dominated(budget, seed, lambda right, doubled: (right == 1) & ~doubled)


@claim(
    "same-ranking",
    statement="The cheap score ranks agents as exact Shapley values do (rank correlation).",
    read_in="Corollary 1, third parties' notes; the threshold is ours",
    holds_if="above 0.95",
    unit="Spearman",
)
def same_ranking(budget: Budget, seed: int) -> Estimate:
    """Measure the rank correlation over groups of eight agents."""
    from scipy.stats import spearmanr

    cheap, precise = _scores({"quick": 60, "full": 600}[budget], seed)
    return mean_interval([float(spearmanr(a, b).statistic) for a, b in zip(cheap, precise, strict=True)])


@claim(
    "bound-says-something",
    statement="The error of the cheap score is at most I, where all cosines with the sum are at least 1 / I: below 1.",
    read_in="Theorem 1, third parties' notes; its form from memory; that it has to be below 1 to say something is ours",
    holds_if="below 1",
    unit="bound, for vectors of length 1",
)
def bound_says_something(budget: Budget, seed: int) -> Estimate:
    """Measure the bound for the groups of the claim above."""
    cheap, _ = _scores({"quick": 60, "full": 600}[budget], seed)
    return mean_interval(1 / np.abs(cheap).min(axis=1))


@claim(
    "gain-over-single",
    statement="Weak agents that organise themselves are right more often than one of them.",
    read_in="third parties' notes (41.24 to 45.05 % on seven benchmarks, a model of 1.5 billion parameters)",
    holds_if="above 0",
    unit="points",
)
def gain_over_single(budget: Budget, seed: int) -> Estimate:
    """Measure it in the crowd without a language model (p = 0.3, ten scattered mistakes)."""
    found = talks(WEAK, budget, seed)
    return paired_comparison(found.right("chosen"), found.right("single", 0)).difference.scaled(100)


@claim(
    "gain-over-plurality",
    statement="They are right more often than the plurality of as many independent answers as they made calls.",
    read_in="not in the paper: the comparison at equal calls is ours",
    holds_if="above 0",
    unit="points",
)
def gain_over_plurality(budget: Budget, seed: int) -> Estimate:
    """Measure it in the same crowd, against the exact accuracy of plurality."""
    found = talks(WEAK, budget, seed)
    voted = [plurality_accuracy(WEAK.accuracy, WEAK.chances[1:], int(calls)) for calls in found.calls[:, -1]]
    return mean_interval(found.right("chosen") - np.array(voted)).scaled(100)


@claim(
    "graph-over-lots",
    statement="With copying that cannot tell right from wrong, the graph of contributions beats a graph drawn by lot.",
    read_in="derived here",
    holds_if="above 0",
    unit="points",
)
def graph_over_lots(budget: Budget, seed: int) -> Estimate:
    """Measure it in the same crowd."""
    return accuracy_gap(WEAK, WEAK.replace(routing="random"), budget, seed)


@claim(
    "attractor-protected",
    statement="Where many share a mistake and agents can verify, the graph of contributions does worse than lots.",
    read_in="derived here",
    holds_if="below 0",
    unit="points",
)
def attractor_protected(budget: Budget, seed: int) -> Estimate:
    """Measure it at p = 0.3 with 0.4 on one mistake; right answers are adopted at 0.9, wrong ones at 0.4."""
    lured = LURED.replace(**VERIFYING)
    return accuracy_gap(lured, lured.replace(routing="random"), budget, seed)


@claim(
    "dead-zone",
    statement="A threshold between the cosines of different and of equal answers makes talking without effect.",
    read_in="derived here",
    paper_value=0,
    tolerance=0.5,
    unit="points",
)
def dead_zone(budget: Budget, seed: int) -> Estimate:
    """Measure what two rounds change at a threshold of 0.75, the released code's."""
    found = talks(WEAK.replace(threshold=0.75), budget, seed)
    return paired_comparison(found.right("chosen"), found.right("chosen", 0)).difference.scaled(100)


@claim(
    "s061-weighted-vote",
    statement="Votes weighted by the mean match along the chain are right more often than one vote each.",
    read_in="S061, third party's notes; the size of the world is ours",
    holds_if="above 0",
    unit="points",
)
def s061_weighted_vote(budget: Budget, seed: int) -> Estimate:
    """Measure it on the same chains."""
    made = decide(Teams(), rng=seed, replicates=REPLICATES[budget] * 2)
    return paired_comparison(made.weighted.astype(float), made.plain.astype(float)).difference.scaled(100)


@claim(
    "s090-two-colluders",
    statement="Peer ratings help nine agents against two colluders.",
    read_in="S090, third party's notes; the size of the world is ours",
    holds_if="above 0",
    unit="points",
)
def s090_two_colluders(budget: Budget, seed: int) -> Estimate:
    """Measure what ratings add."""
    return mean_interval(vote(Panel(), rng=seed, replicates=REPLICATES[budget] // 4).gain).scaled(100)


@claim(
    "s090-three-colluders",
    statement="Peer ratings help nine agents against three colluders.",
    read_in="S090, third party's notes; the size of the world is ours",
    holds_if="above 0",
    unit="points",
)
def s090_three_colluders(budget: Budget, seed: int) -> Estimate:
    """Measure what ratings add."""
    return mean_interval(vote(Panel(colluders=3), rng=seed, replicates=REPLICATES[budget] // 4).gain).scaled(100)


# ----------------------------------------------------------------------------------------- on the real model


@claim(
    "real-over-single",
    statement="Five copies of a real small model that organise themselves are right more often than one.",
    read_in="third parties' notes, on a larger model and harder questions",
    holds_if="above 0",
    unit="points",
)
def real_over_single(budget: Budget, seed: int) -> Estimate:
    """Measure it on recorded answers to three sets of questions."""
    return difference("contribution", "group", "single")


@claim(
    "real-over-plurality",
    statement="They are right more often than the plurality of as many independent answers as they made calls.",
    read_in="not in the paper: the comparison at equal calls is ours",
    holds_if="above 0",
    unit="points",
)
def real_over_plurality(budget: Budget, seed: int) -> Estimate:
    """Measure it on recorded answers to three sets of questions."""
    return difference("contribution", "group", "plurality")


@claim(
    "real-talk-over-first-choice",
    statement="Two rounds of talk make the group right more often than the plurality of its five first answers.",
    read_in="third parties' notes: the gain is ascribed to the talk",
    holds_if="above 0",
    unit="points",
)
def real_talk_over_first_choice(budget: Budget, seed: int) -> Estimate:
    """Measure it on recorded answers to three sets of questions."""
    return difference("contribution", "group", "first plurality")


@claim(
    "real-routing",
    statement="The graph of contributions makes them right more often than the same graph with places drawn by lot.",
    read_in="third parties' notes: an ablation that exists, without its numbers",
    holds_if="above 0",
    unit="points",
)
def real_routing(budget: Budget, seed: int) -> Estimate:
    """Measure it on recorded answers to three sets of questions."""
    return between("contribution", "shuffled")


@claim(
    "real-free-form",
    statement="Seeing the whole text makes them right more often than seeing the parsed answer alone.",
    read_in="derived here: what the graph gains over plurality has to come from free-form answers",
    holds_if="above 0",
    unit="points",
)
def real_free_form(budget: Budget, seed: int) -> Estimate:
    """Measure it on recorded answers to three sets of questions."""
    return between("contribution", "exact answers")


REPORTED = Claim(
    "reported-benchmarks",
    "On MATH, GSM8K, AQUA-RAT, GSM-Hard, MMLU, MMLU-Pro and AIME, a model of 1.5 billion parameters gains 3.81 points.",
    "third parties' notes",
    missing="a model of that size and the authors' grader",
)


def _dominated(
    budget: Budget, seed: int, which: Callable[[NDArray[np.int64], NDArray[np.bool_]], NDArray[np.bool_]]
) -> Estimate:
    """Return how often the least right contribution exceeds the largest wrong one, in questions of a kind."""
    found = talks(WEAK.replace(rounds=0, wrong=100), budget, seed)
    answers, scores = found.answers[:, 0], found.contribution[:, 0]
    right = answers == 0
    same = (answers[:, :, None] == answers[:, None, :]) & ~right[:, :, None]
    kept = which(right.sum(axis=1), same.sum(axis=(1, 2)) > (~right).sum(axis=1))
    least, largest = np.where(right, scores, 2).min(axis=1), np.where(right, -2, scores).max(axis=1)
    return proportion_interval(int((least > largest)[kept].sum()), int(kept.sum()))


def _scores(groups: int, seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return cheap and exact scores of groups of eight, two to four of whom agree."""
    found = []
    for draw in streams(seed, groups, ("vectors",))["vectors"]:
        agree = int(draw.integers(2, 5))
        kinds = np.where(np.arange(8) < agree, 0, np.arange(8))
        topic, directions, noise = (draw.normal(size=(count, 96)) for count in (1, 8, 8))
        unit = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (topic, directions, noise)]
        rows = unit[0] + unit[1][kinds] + 0.35 * unit[2]
        found.append((contributions(rows), exact_shapley(cosine_game(rows))))
    cheap, precise = zip(*found, strict=True)
    return np.array(cheap), np.array(precise)
