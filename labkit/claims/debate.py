"""What is claimed about debate, measured: on models without a language model, and on recordings of a real one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.random import SeedSequence

from labkit.dialogue import Chat, Transcript, plurality
from labkit.files import data_path
from labkit.ledger import Budget, Claim, claim
from labkit.llm import MissingRecording, recorded
from labkit.llm.questions import SETS, Question, fold
from labkit.mechanisms.debate import (
    Beliefs,
    Discussion,
    Personas,
    Persuasion,
    Urn,
    debate,
    insistent,
    majority_accuracy,
    persuasion_accuracy,
    right_distribution,
    simulate_beliefs,
    simulate_discussion,
    simulate_personas,
    simulate_persuasion,
    vote_accuracy,
    vote_bound,
)
from labkit.stats import Estimate, exact, mean_interval, paired_comparison, ratio_interval

if TYPE_CHECKING:
    import pandas as pd

# --------------------------------------------------------------------------- a real model: what it is asked

STUDY_SEED, QUESTIONS = 2505, 60
TEMPERATURE, MAX_TOKENS, STOP = 0.4, 24, ("\n", ".")


@dataclass(frozen=True, slots=True)
class Arm:
    """One way to spend calls on a question.

    Attributes
    ----------
    name : str
        What it is called.
    agents, rounds : int
        How many answer, how often. Where peers are planted, each agent is measured apart.
    grammar : bool
        Whether the model is held to the form of an answer.
    planted : {None, "nobody", "both right", "both wrong", "split"}
        What two planted peers say, instead of the other agents.
    """

    name: str
    agents: int
    rounds: int
    grammar: bool = False
    planted: Literal["nobody", "both right", "both wrong", "split"] | None = None

    @property
    def calls(self) -> int:
        """Answers of the model per question."""
        return self.agents * self.rounds


ARMS = (
    Arm("vote", 9, 1),
    Arm("debate 3 x 3", 3, 3),
    Arm("self-refinement", 1, 9),
    Arm("peers: nobody", 2, 2, planted="nobody"),
    Arm("peers: both right", 2, 2, planted="both right"),
    Arm("peers: both wrong", 2, 2, planted="both wrong"),
    Arm("peers: split", 2, 2, planted="split"),
    Arm("debate 3 x 3, grammar", 3, 3, grammar=True),
    Arm("vote, grammar", 9, 1, grammar=True),
)
"""In order of importance, so that a recording that stops early holds whole arms."""


def play(
    arm: Arm,
    chat: Chat,
    question: Question,
    rng: SeedSequence,
    max_tokens: int = MAX_TOKENS,
    stop: Sequence[str] = STOP,
) -> tuple[Transcript, ...]:
    """Spend the calls of one arm on one question: one transcript, or one per agent where peers are planted."""
    options: dict[str, Any] = {"grammar": question.grammar} if arm.grammar else {}
    teams: list[list[Chat]] = [[chat] * arm.agents]
    if arm.planted is not None:
        first, second = (insistent(says) for says in _peers(arm.planted, question))
        # The model's place decides its seeds: its first answers are those of the other arms.
        teams = [[*[first, second][:place], chat, *[first, second][place:]] for place in range(arm.agents)]
    return tuple(
        debate(
            team,
            question.prompt,
            arm.rounds,
            rng=rng,
            read=question.parse,
            examples=question.messages[:-1],
            temperature=TEMPERATURE,
            max_tokens=max_tokens,
            stop=stop,
            options=options,
        )
        for team in teams
    )


def seed_of(kind: str, number: int) -> SeedSequence:
    """Return where the seeds of question `number` of a set come from, the same in all arms."""
    return SeedSequence(STUDY_SEED, spawn_key=(list(SETS).index(kind), number))


def record(chat: Chat) -> Iterator[tuple[int, int]]:
    """Make every call that the lesson and the claims need; yield calls done and calls in all, question by question."""
    done, of = 0, QUESTIONS * len(SETS) * sum(arm.calls for arm in ARMS)
    for arm in ARMS:
        for kind, questions in SETS.items():
            for number, question in enumerate(questions(QUESTIONS)):
                play(arm, chat, question, seed_of(kind, number))
                done += arm.calls
                yield done, of


def _peers(planted: str, question: Question) -> tuple[str, str]:
    right, wrong = question.truth, question.wrong[0]
    return {
        "nobody": ("", ""),
        "both right": (right, right),
        "both wrong": (wrong, wrong),
        "split": (right, wrong),
    }[planted]


# ------------------------------------------------------------------------- a real model: what it answered

RECORDING = "debate_answers.jsonl"


@dataclass(frozen=True)
class Study:
    """What a real model answered, arm by arm.

    Attributes
    ----------
    arms : tuple of str
        The arms that are recorded whole.
    answers : DataFrame
        One row per answer of the model: kind, number, arm, team, round, agent, answer, grade.
    finals : DataFrame
        One row per question and arm: kind, number, arm, right (whether the final vote is), first (share of the first
        answers that are right), tokens (read and written).
    """

    arms: tuple[str, ...]
    answers: pd.DataFrame
    finals: pd.DataFrame


def study(chat: Chat, questions: int = QUESTIONS) -> Study:
    """Return what a model answers in every arm; an arm that is not recorded whole is left out, with those after it.

    Parameters
    ----------
    chat : Chat
        A recording, or a model.
    questions : int
        How many of each set.
    """
    import pandas as pd

    answers: list[dict[str, Any]] = []
    finals: list[dict[str, Any]] = []
    whole = []
    for arm in ARMS:
        try:
            rows = [
                _rows(arm, kind, number, question, play(arm, chat, question, seed_of(kind, number)))
                for kind, asked in SETS.items()
                for number, question in enumerate(asked(questions))
            ]
        except MissingRecording:
            break
        whole.append(arm.name)
        for said, final in rows:
            answers += said
            finals.append(final)
    if not whole:
        raise MissingRecording(f"data/{RECORDING} does not hold the first arm: run `labkit record debate`")
    return Study(tuple(whole), pd.DataFrame(answers), pd.DataFrame(finals))


@lru_cache(maxsize=1)
def recorded_study() -> Study:
    """Return what the recorded model answered."""
    return study(recorded(data_path(RECORDING)))


def _rows(
    arm: Arm, kind: str, number: int, question: Question, talks: Sequence[Transcript]
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    said = [
        {"kind": kind, "number": number, "arm": arm.name, "team": team, "round": now + 1, "agent": agent,
         "answer": question.parse(reply.text), "grade": question.grade(reply.text)}
        for team, talk in enumerate(talks)
        for now, replies in enumerate(talk.rounds)
        for agent, reply in enumerate(replies)
        if arm.planted is None or agent == team
    ]  # fmt: skip
    vote = plurality(str(row["answer"]) if row["answer"] else None for row in said if row["round"] == arm.rounds)
    first = [row["grade"] == "right" for row in said if row["round"] == 1]
    final = {"right": float(vote is not None and fold(vote) == fold(question.truth)), "first": float(np.mean(first))}
    shared = {"kind": kind, "number": number, "arm": arm.name}
    return said, shared | final | {"tokens": sum(talk.tokens for talk in talks)}


def finals_of(arm: str, *, kind: str | None = None, column: str = "right", found: Study | None = None) -> Any:
    """Return one number per question of an arm, in the order of the questions; "single" is one answer of the vote."""
    table = (found or recorded_study()).finals
    if arm == "single":
        arm, column = "vote", "first"
    part = table[(table["arm"] == arm) & (True if kind is None else table["kind"] == kind)]
    if part.empty:
        raise MissingRecording(f"data/{RECORDING} does not hold the arm {arm!r}: run `labkit record debate`")
    return part[column].to_numpy()


def compared(arm: str, other: str, *, kind: str | None = None, found: Study | None = None) -> Estimate:
    """Return by how much one arm is right more often than another, questions paired, in percentage points."""
    first, second = (finals_of(each, kind=kind, found=found) for each in (arm, other))
    return paired_comparison(first, second).difference.scaled(100)


def conformity(peers: str, *, kind: str | None = None, found: Study | None = None) -> tuple[Estimate, Estimate]:
    """Return how often a right first answer is given up, and one that is not right mended, when peers speak."""
    before, after = _askings(peers, kind, found)
    by_question = ["kind", "number"]
    rights, others = (each.groupby(level=by_question).sum() for each in (before, ~before))
    given_up, mended = (each.groupby(level=by_question).sum() for each in (before & ~after, ~before & after))
    return ratio_interval(given_up, rights), ratio_interval(mended, others)


def _askings(peers: str, kind: str | None, found: Study | None) -> tuple[pd.Series[bool], pd.Series[bool]]:
    """Return which first answers, and which second ones after the peers spoke, are right; by set, question and team."""
    table = (found or recorded_study()).answers
    part = table[(table["arm"] == f"peers: {peers}") & (True if kind is None else table["kind"] == kind)]
    if part.empty:
        raise MissingRecording(f"data/{RECORDING} does not hold what peers {peers!r} do: run `labkit record debate`")
    turns = part.pivot_table(index=["kind", "number", "team"], columns="round", values="grade", aggfunc="first")
    return turns[1] == "right", turns[2] == "right"


# --------------------------------------------------------------------------------------------------- claims

QUESTIONS_OF: dict[Budget, int] = {"quick": 8000, "full": 100_000}
EASY, HARD = 0.8, 0.3


def beliefs(urn: Urn, budget: Budget, seed: int) -> Beliefs:
    """Return the beliefs of an urn at a budget."""
    return simulate_beliefs(urn, rng=seed, replicates=QUESTIONS_OF[budget])


def later_vote(urn: Urn, budget: Budget, seed: int, other: Urn | None = None) -> Estimate:
    """Return by how many points the last vote is right more often than the first one, or than that of another urn."""
    run = beliefs(urn, budget, seed)
    reference = run.vote_right[:, 0] if other is None else beliefs(other, budget, seed).vote_right[:, -1]
    return paired_comparison(run.vote_right[:, -1], reference).difference.scaled(100)


def discussed(accuracy: float, persuasiveness: float, budget: Budget, seed: int) -> Any:
    """Return debate minus vote, in percentage points, question by question."""
    setting = Discussion(accuracy=accuracy, persuasiveness=persuasiveness)
    return 100 * simulate_discussion(setting, rng=seed, replicates=QUESTIONS_OF[budget] // 4).gain


@claim(
    "s109-no-gain-on-easy-questions",
    statement="C1. At 16 answers a debate (4 x 4) is right no more often than a vote on easy questions.",
    read_in="reviews and notes of S109; here agents right in 80 % whose readers cannot tell right from wrong",
    holds_if="below 0",
    unit="points",
)
def s109_easy(budget: Budget, seed: int) -> Estimate:
    """Compute the difference exactly."""
    return exact(100 * (persuasion_accuracy(Persuasion(accuracy=EASY, agents=4))[-1] - majority_accuracy(EASY, 16)))


@claim(
    "s109-gap-grows-with-difficulty",
    statement="C2. Debate against vote fares better on hard questions than on easy ones.",
    read_in="abstract of S109; here with arguments of persuasiveness 0.8, accuracy 0.3 against 0.8",
    holds_if="above 0",
    unit="points",
)
def s109_difficulty(budget: Budget, seed: int) -> Estimate:
    """Measure gain on hard minus gain on easy questions."""
    hard, easy = (discussed(accuracy, 0.8, budget, seed) for accuracy in (HARD, EASY))
    return paired_comparison(hard, easy).difference


@claim(
    "s109-gains-on-hard-questions",
    statement="C2. On hard questions for a weak model debate is right more often than a vote.",
    read_in="abstract of S109; here accuracy 0.3 with arguments of persuasiveness 0.8, which is an assumption",
    holds_if="above 0",
    unit="points",
)
def s109_hard(budget: Budget, seed: int) -> Estimate:
    """Measure the gain."""
    return mean_interval(discussed(HARD, 0.8, budget, seed))


@claim(
    "s109-gains-without-arguments",
    statement="C2 without its assumption: with no argument that speaks for the truth, debate helps on hard questions.",
    read_in="derived here from C2",
    holds_if="above 0",
    unit="points",
)
def s109_hard_plain(budget: Budget, seed: int) -> Estimate:
    """Measure the gain."""
    return mean_interval(discussed(HARD, 0.0, budget, seed))


@claim(
    "s109-diversity-below-the-best",
    statement="C3. A debate of differently good agents is right no more often than a vote of its best member.",
    read_in="reviews of S109; here urns with beliefs 0.6 and 0.3, two of each, 4 x 4 against 16 votes",
    holds_if="below 0",
    unit="points",
)
def s109_diversity(budget: Budget, seed: int) -> Estimate:
    """Measure the mixed debate, and take the vote of the best exactly."""
    mixed = Urn(prior=((6.0, 2.0, 2.0), (3.0, 3.5, 3.5)) * 2, agents=4, rounds=3)
    return mean_interval(100 * (beliefs(mixed, budget, seed).vote_right[:, -1] - vote_accuracy((0.6, 0.2, 0.2), 16)))


s109_refinement = Claim(
    "s109-refinement-raises-attacks",
    "C4. Self-refinement raises the attack success of small models round by round.",
    "reviews of S109",
    missing="it needs a model trained to refuse, and harmful prompts, which the kit does not ship",
)


@claim(
    "s109-a-safe-member-lowers-attacks",
    statement="C5. A debate with a member of another kind lowers the attack success round by round.",
    read_in="reviews of S109; here one of five members never leaves the harmless answer, readers are even-handed",
    holds_if="below 0",
    unit="points",
)
def s109_safe_member(budget: Budget, seed: int) -> Estimate:
    """Compute the change of the share of harmful answers in the round, of eight, in which it falls least, exactly."""
    return exact(float(100 * np.diff(harmful(Persuasion(accuracy=0.5, steadfast=1, rounds=8))).max()))


def harmful(group: Persuasion) -> Any:
    """Return the expected share of wrong (harmful) answers round by round."""
    return 1 - right_distribution(group) @ np.arange(group.agents + 1) / group.agents


s109_homogeneous = Claim(
    "s109-alike-raises-attacks",
    "C6. A debate of agents that are alike raises the attack success.",
    "reviews of S109; its versions disagree on the sign",
    missing="the versions of the paper state opposite signs, and in our model the sign is what one puts in",
)


@claim(
    "votes-bound",
    statement="Theorem 1. For N > K / Delta^2 a vote is right in at least 1 - exp(-N (Delta/sqrt K - 1/sqrt N)^2).",
    read_in="notes of arXiv 2508.17536; the smallest slack where the condition holds, of 30 pairs",
    holds_if="above 0",
    unit="",
)
def votes_bound(budget: Budget, seed: int) -> Estimate:
    """Compute the smallest slack."""
    chances = ((0.6, 0.2, 0.2), (0.5, 0.3, 0.2), (0.55, 0.15, 0.15, 0.15), (0.8, 0.2), (0.65, 0.35))
    bounds = [(vote_accuracy(c, n), vote_bound(c, n)) for c in chances for n in (5, 11, 25, 51, 75, 99)]
    return exact(min(accuracy - bound for accuracy, bound in bounds if bound > 0))


@claim(
    "beliefs-are-a-martingale",
    statement="Theorem 2. Debate does not change the mean belief in the truth.",
    read_in="notes of arXiv 2508.17536; here five agents that start with unlike beliefs and equal masses",
    paper_value=0.0,
    tolerance=0.5,
    unit="points",
)
def martingale(budget: Budget, seed: int) -> Estimate:
    """Measure the drift of the group's mean over eight rounds."""
    prior = ((8.0, 1.0, 1.0), (2.0, 4.0, 4.0), (3.0, 3.0, 4.0), (1.0, 8.0, 1.0), (4.0, 3.0, 3.0))
    return _drift(Urn(prior=prior, rounds=8), budget, seed)


@claim(
    "beliefs-are-a-martingale-unconditionally",
    statement="Theorem 2 as it is often quoted, without its condition: nobody's debate changes the mean belief.",
    read_in="notes of arXiv 2508.17536; here a sure expert with a large mass among three unsure agents",
    paper_value=0.0,
    tolerance=0.5,
    unit="points",
)
def martingale_unequal(budget: Budget, seed: int) -> Estimate:
    """Measure the drift where the masses differ."""
    return _drift(Urn(prior=((40.0, 10.0), (1.0, 4.0), (1.0, 4.0), (1.0, 4.0)), agents=4, rounds=8), budget, seed)


def _drift(urn: Urn, budget: Budget, seed: int) -> Estimate:
    mean = beliefs(urn, budget, seed).truth.mean(axis=2)
    return mean_interval(100 * (mean[:, -1] - mean[:, 0]))


@claim(
    "debate-does-not-improve-the-vote",
    statement="The gains of a debate come from its vote: debating does not make the vote better.",
    read_in="abstract of arXiv 2508.17536; here five agents, five rounds, urns (2.25, 1.75, 0.5, 0.5)",
    holds_if="below 0",
    unit="points",
)
def no_better_vote(budget: Budget, seed: int) -> Estimate:
    """Measure the last vote minus the first."""
    return later_vote(Urn(), budget, seed)


@claim(
    "oracle-improves-the-vote",
    statement="Keeping right answers (an oracle) makes debate better.",
    read_in="notes of arXiv 2508.17536 (.8289 against .7084)",
    holds_if="above 0",
    unit="points",
)
def oracle(budget: Budget, seed: int) -> Estimate:
    """Measure against the plain debate."""
    return later_vote(Urn(intervention="oracle"), budget, seed, Urn())


@claim(
    "conformist-improves-the-vote",
    statement="Agents that keep an answer of the majority do better than in plain debate.",
    read_in="notes of arXiv 2508.17536 (.7524 against .7084)",
    holds_if="above 0",
    unit="points",
)
def conformist(budget: Budget, seed: int) -> Estimate:
    """Measure against the plain debate."""
    return later_vote(Urn(intervention="conformist"), budget, seed, Urn())


@claim(
    "follower-improves-the-vote",
    statement="Agents that adopt the majority in 30 % of the rounds do better than in plain debate.",
    read_in="notes of arXiv 2508.17536 (.7577 against .7084)",
    holds_if="above 0",
    unit="points",
)
def follower(budget: Budget, seed: int) -> Estimate:
    """Measure against the plain debate."""
    return later_vote(Urn(intervention="follower"), budget, seed, Urn())


@claim(
    "confidence-tilts-beliefs",
    statement="Weights that follow correctness turn the flat mean into a rising one.",
    read_in="abstract of arXiv 2601.19921; here right answers weigh 1 and wrong ones 0.5",
    holds_if="above 0",
    unit="points",
)
def confidence(budget: Budget, seed: int) -> Estimate:
    """Measure the drift over five rounds."""
    return _drift(Urn(prior=(2.0, 3.0), intervention="confidence"), budget, seed)


@claim(
    "s105-pressure-brings-conformity",
    statement="Peer pressure makes personas say what they do not think.",
    read_in="abstract of S105; here pressure 0.5 against 0.2 in our model",
    holds_if="above 0",
    unit="points",
)
def s105_pressure(budget: Budget, seed: int) -> Estimate:
    """Measure the rise of conformity."""
    high, low = (conformity_at(pressure, {"quick": 400, "full": 4000}[budget], seed) for pressure in (0.5, 0.2))
    return paired_comparison(100 * high, 100 * low).difference


def conformity_at(pressure: float, replicates: int, seed: int) -> Any:
    """Return the share of personas that conform, question by question."""
    return simulate_personas(Personas(pressure=pressure), rng=seed, replicates=replicates).inconstancy.conformity


s105_instructions = Claim(
    "s105-debate-above-collaboration",
    "Instructions to debate bring more inconstancy than instructions to collaborate.",
    "abstract of S105",
    missing="without language the instruction is a number one puts in; no real personas were recorded",
)


@claim(
    "s064-a-team-is-an-ensemble",
    statement="What a team gains may be what an ensemble of the same members gains: interaction adds nothing.",
    read_in="abstract of S064; here team minus vote of the same members at accuracy 0.5, no persuasive arguments",
    holds_if="below 0",
    unit="points",
)
def s064_ensemble(budget: Budget, seed: int) -> Estimate:
    """Measure the team against the ensemble."""
    return mean_interval(discussed(0.5, 0.0, budget, seed))


@claim(
    "s064-interaction-spreads-a-fault",
    statement="Interaction can amplify a fault: the more members exchange, the more one faulty member costs.",
    read_in="abstract of S064; here one of six never leaves a wrong answer, eight rounds against one",
    holds_if="above 0",
    unit="points",
)
def s064_fault(budget: Budget, seed: int) -> Estimate:
    """Measure the share of wrong answers after eight rounds minus that after one."""
    group = Persuasion(accuracy=0.7, agents=6, malicious=1, rounds=8)
    right = simulate_persuasion(group, rng=seed, replicates=QUESTIONS_OF[budget] // 4).right
    return mean_interval(100 * (right[:, 1] - right[:, 8]) / group.agents)


# The recording is what it is: quick and full read the same answers.


@claim(
    "real-vote-over-single",
    statement="A vote of 9 answers is right more often than one answer.",
    read_in="Wang et al., arXiv 2203.11171, for larger models; here SmolLM2-135M on three sets of 60 questions",
    holds_if="above 0",
    unit="points",
)
def real_vote(budget: Budget, seed: int) -> Estimate:
    """Compare on the recording."""
    return compared("vote", "single")


@claim(
    "real-debate-over-vote",
    statement="At 9 answers a debate (3 x 3) is right more often than a vote.",
    read_in="Du et al., arXiv 2305.14325 (81.8 against 69.0 on arithmetic, not at equal answers); here as above",
    holds_if="above 0",
    unit="points",
)
def real_debate(budget: Budget, seed: int) -> Estimate:
    """Compare on the recording."""
    return compared("debate 3 x 3", "vote")


@claim(
    "real-refinement-over-single",
    statement="An answer that a model has revised eight times is right more often than its first.",
    read_in="Du et al., arXiv 2305.14325 (72.1 against 67.0 on arithmetic); here as above",
    holds_if="above 0",
    unit="points",
)
def real_refinement(budget: Budget, seed: int) -> Estimate:
    """Compare on the recording."""
    return compared("self-refinement", "single")


@claim(
    "real-grammar-debate-over-vote",
    statement="With every answer held to its form, a debate (3 x 3) is right more often than a vote.",
    read_in="derived here: is it the form that a small model loses in a debate?",
    holds_if="above 0",
    unit="points",
)
def real_grammar(budget: Budget, seed: int) -> Estimate:
    """Compare on the recording."""
    return compared("debate 3 x 3, grammar", "vote, grammar")


@claim(
    "real-gives-in",
    statement="A right answer is given up more often when two peers agree on a wrong one than on the right one.",
    read_in="asked of language models in arXiv 2510.07517; here as above",
    holds_if="above 0",
    unit="points",
)
def real_gives_in(budget: Budget, seed: int) -> Estimate:
    """Compare the two shares on the recording, questions paired."""
    return given_up_more()


def given_up_more(found: Study | None = None) -> Estimate:
    """Return by how many points more right answers are given up to wrong peers than to right ones, questions paired."""
    return moved("given up", "both wrong", "both right", found=found)


def moved(
    what: Literal["given up", "mended"],
    peers: str,
    other: str = "nobody",
    *,
    kind: str | None = None,
    found: Study | None = None,
) -> Estimate:
    """Return by how many points more the model changes its mind with some peers than with others, questions paired.

    Parameters
    ----------
    what : {"given up", "mended"}
        Right first answers that end otherwise, or others that end right; both arms share their first answers.
    peers, other : str
        What the planted peers say in either arm; "nobody" is the second asking alone.
    kind : str, optional
        One set of questions; all where not given.
    found : Study, optional
        The study; the recorded one by default.
    """
    shares = {}
    for said in (peers, other):
        before, after = _askings(said, kind, found)
        changed = ~after[before] if what == "given up" else after[~before]
        shares[said] = changed.groupby(level=["kind", "number"]).mean()
    return paired_comparison(100 * shares[peers], 100 * shares[other]).difference
