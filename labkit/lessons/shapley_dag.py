"""What the lesson on the Shapley-weighted graph needs beyond prose: its panel, its bet, its exercises, a real model."""

from __future__ import annotations

from collections.abc import Generator
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from labkit.claims import shapley_dag as claims
from labkit.explore import Live, Panel, Readings, Task, View, explore
from labkit.figures import shapley_dag as figures
from labkit.llm import Scripted, local_server, of_accuracy
from labkit.llm.questions import SETS, Question
from labkit.mechanisms import shapley_dag as model
from labkit.mechanisms.shapley_dag import Crowd, Organized, Teams, Votes, at_least, plurality_accuracy, simulate
from labkit.params import Field
from labkit.seeds import Seed
from labkit.stats import Estimate, exact, mean_interval
from labkit.teach import Bet, Essay, Exercise, Feedback
from labkit.unfolding import finish

if TYPE_CHECKING:
    import pandas as pd

    from labkit.dialogue import Chat
    from labkit.explore._live import Server

Floats = NDArray[np.float64]
Sweep = Generator[tuple[float, "pd.DataFrame | None"], None, "pd.DataFrame"]

# ------------------------------------------------------------------------------------------- the panel


class Setting(Crowd):
    """A crowd, and how peers rate each other where some of them collude."""

    memory: float = Field(
        0.9, ge=0, le=0.999, slider=(0.5, 0.99, 0.01), description="share of a rating kept at each question"
    )
    sharpness: float = Field(
        1.0, ge=0, le=10, slider=(0, 6, 0.5), description="power of a rating that is its vote; 0 is one vote each"
    )


CROWD = tuple(Crowd.model_fields)
ACCURACIES = tuple(np.linspace(0.1, 0.9, 9).round(2).tolist())
SHARES = tuple(np.linspace(0, 1, 9).round(3).tolist())
THRESHOLDS = (0.0, 0.2, 0.3, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
MOST = 60


def panel() -> Panel:
    """Return the panel of the lesson."""
    return explore(
        simulate,
        Setting(),
        {
            "answers": View(figures.talk, vary=CROWD),
            "contribution": View(_judged, judged, ("agents", "accuracy", "wrong", "attractor", "noise", "topic")),
            "accuracy": View(figures.against_accuracy, against_accuracy, [n for n in CROWD if n != "accuracy"]),
            "common mistake": View(figures.lured, mapped, [n for n in CROWD if n not in ("accuracy", "attractor")]),
            "colluders": View(figures.colluders, colluding, ("agents", "accuracy", "wrong", "memory", "sharpness")),
            "threshold": View(_zones, unfold_zones, [n for n in CROWD if n not in ("threshold", "reads", "routing")]),
        },
        vary=[name for name in Setting.model_fields if name != "dimension"],
        replicates=250,
        draft=50,
        # A first question with something to see: three of five right, five in the end.
        seed=3,
        scrub="time",
    )


def judged(setting: Crowd, *, rng: Seed, replicates: int = 1) -> tuple[Floats, Floats]:
    """Return contribution and exact Shapley value of the first answers to at most 60 questions, agents in columns."""
    talks = simulate(setting.replace(rounds=0), rng=rng, replicates=min(replicates, MOST))
    precise = [model.exact_shapley(model.cosine_game(_vectors(alike[0]))) for alike in talks.alike]
    return talks.contribution[:, 0], np.array(precise)


def _vectors(alike: Floats) -> Floats:
    """Return vectors with these cosines."""
    values, axes = np.linalg.eigh(alike)
    return np.asarray(axes * np.sqrt(np.maximum(values, 0)))


def _judged(found: tuple[Floats, Floats]) -> go.Figure:
    return figures.scores(*found)


def against_accuracy(setting: Crowd, *, rng: Seed, replicates: int = 1) -> Sweep:
    """Sweep the accuracy of one agent; yield the share done, return how often each way to answer is right."""
    import pandas as pd

    rows: list[tuple[str, float, Estimate]] = []
    for number, accuracy in enumerate(ACCURACIES):
        at = setting.replace(accuracy=accuracy)
        talks = {way: simulate(at.replace(routing=way), rng=rng, replicates=replicates) for way in WAYS}
        rows += [(way, accuracy, mean_interval(found.right("chosen"))) for way, found in talks.items()]
        rows.append(("single", accuracy, mean_interval(talks["contribution"].right("single", 0))))
        rows += [(way, accuracy, value) for way, value in _exact(at, talks["contribution"].calls[:, -1]).items()]
        yield (number + 1) / len(ACCURACIES), None
    order = {
        way: place for place, way in enumerate(("best of n", "plurality", "contribution", "random", "chain", "single"))
    }
    rows.sort(key=lambda row: (order[row[0]], row[1]))
    return pd.DataFrame(
        [(way, x, share.value, share.low, share.high) for way, x, share in rows],
        columns=["way", "x", "value", "low", "high"],
    )


WAYS = ("contribution", "random", "chain")


def _exact(crowd: Crowd, calls: NDArray[np.int64]) -> dict[str, Estimate]:
    """Return plurality and best-of-n of as many independent answers as were called for, question by question: exact."""
    spent, counts = np.unique(calls, return_counts=True)
    plural = [plurality_accuracy(crowd.accuracy, crowd.chances[1:], int(n)) for n in spent]
    best = [at_least(1, crowd.accuracy, int(n)) for n in spent]
    return {
        way: exact(float(np.average(values, weights=counts)))
        for way, values in (("plurality", plural), ("best of n", best))
    }


def mapped(setting: Crowd, *, rng: Seed, replicates: int = 1) -> Sweep:
    """Sweep accuracy and the share of one common mistake; yield the share done, return what organising gains."""
    import pandas as pd

    rows = []
    for number, share in enumerate(SHARES):
        for accuracy in ACCURACIES:
            talks = simulate(setting.replace(accuracy=accuracy, attractor=share), rng=rng, replicates=replicates)
            rows.append((accuracy, share, float((talks.right("chosen") - talks.right("single", 0)).mean())))
        yield (number + 1) / len(SHARES), None
    return pd.DataFrame(rows, columns=["accuracy", "share", "gain"])


def unfold_zones(setting: Crowd, *, rng: Seed, replicates: int = 1) -> Generator[Any, None, Any]:
    """Sweep the threshold for three numbers of agents read; yield the share done, return a table and two cosines."""
    import pandas as pd

    rows, reads = [], sorted({1, min(2, setting.agents - 1), setting.agents - 1})
    for number, threshold in enumerate(THRESHOLDS):
        for most in reads:
            talks = simulate(setting.replace(threshold=threshold, reads=most), rng=rng, replicates=replicates)
            right, first = talks.right("chosen").mean(), talks.right("chosen", 0).mean()
            rows.append((most, threshold, right, talks.calls[:, -1].mean(), first))
        yield (number + 1) / len(THRESHOLDS), None
    return pd.DataFrame(rows, columns=["reads", "threshold", "accuracy", "calls", "first"]), setting.cosines


def _zones(found: tuple[pd.DataFrame, tuple[float, float]]) -> go.Figure:
    return figures.zones(*found)


def colluding(setting: Setting, *, rng: Seed, replicates: int = 1) -> tuple[Votes, ...]:
    """Return panels with ever more colluders, up to two thirds of them (S090)."""
    names = ("accuracy", "wrong", "memory", "sharpness")
    peers = model.Panel(members=setting.agents, **{name: getattr(setting, name) for name in names})
    numbers = range(0, 2 * setting.agents // 3 + 1)
    return tuple(model.vote(peers.replace(colluders=n), rng=rng, replicates=replicates) for n in numbers)


# ----------------------------------------------------------------------------------- figures in the text


def scene(question: int = 0, time: int = 0, *, rng: Seed = 0, **crowd: Any) -> go.Figure:
    """Return the figure of one question of a crowd in the plane."""
    talks = simulate(Crowd(**crowd), rng=rng, replicates=question + 1)
    return figures.plane(model.scene_of_talks(talks, question), time)


def ratings(replicates: int = 200, *, rng: Seed = 0) -> go.Figure:
    """Return the figure of nine voters, some of whom collude (S090)."""
    return figures.colluders(colluding(Setting(agents=9, accuracy=0.5, wrong=8), rng=rng, replicates=replicates))


def chains(replicates: int = 2000, *, rng: Seed = 0) -> go.Figure:
    """Return the figure of chains of matched agents, against what a match is worth (S061)."""
    gains = (0.0, 1.0, 2.0, 4.0, 6.0, 8.0)
    return figures.chains({gain: model.decide(Teams(gain=gain), rng=rng, replicates=replicates) for gain in gains})


# --------------------------------------------------------------------------------------------- a real model

ARMS = tuple(arm.name for arm in claims.ARMS)


def accuracy_table(studies: dict[str, tuple[claims.Outcome, ...]] | None = None) -> pd.DataFrame:
    """Return how often the real model is right in each way: kind, way, value, low, high, questions."""
    import pandas as pd

    studies = studies or {arm: claims.recorded_study(arm) for arm in ARMS}
    ways = {"single": "single", "contribution": "group", "plurality": "plurality", "best of n": "any"}
    rows = []
    for kind in SETS:
        for way in ("single", *ARMS, "plurality", "best of n"):
            outcomes = studies[way if way in ARMS else "contribution"]
            right = [outcome.right(ways.get(way, "group")) for outcome in outcomes if outcome.kind == kind]
            share = mean_interval(right)
            rows.append((kind, way, share.value, max(0.0, share.low), min(1.0, share.high), len(right)))
    return pd.DataFrame(rows, columns=["kind", "way", "value", "low", "high", "questions"])


def differences() -> pd.DataFrame:
    """Return what the graph of contributions gains over other ways, in points, questions paired."""
    import pandas as pd

    against = {
        "one answer": "single",
        "plurality, equal calls": "plurality",
        "plurality of the first five": "first plurality",
        "plurality of the last five": "last plurality",
    }
    sets = {**{kind: kind for kind in SETS}, "all": None}
    table = {
        name: {label: str(claims.difference("contribution", "group", way, kind)) for label, kind in sets.items()}
        for name, way in against.items()
    }
    return pd.DataFrame(table).T


def calls_per_question() -> dict[str, float]:
    """Return how many answers each arm asked for, on average over the questions."""
    return {arm: float(np.mean([outcome.talk.calls for outcome in claims.recorded_study(arm)])) for arm in ARMS}


def real() -> Readings:
    """Return the real model's answers in the plane, question by question, with what was said."""
    return readings(claims.recorded_answers())


def readings(chat: Chat) -> Readings:
    """Return answers of a chat to look through: a set, a question, an arm, a round."""
    choices = {"set": tuple(SETS), "question": range(claims.QUESTIONS), "arm": ARMS, "round": range(claims.ROUNDS + 1)}

    def talk(chosen: dict[str, Any]) -> Organized:
        return _talk(chat, chosen["set"], chosen["question"], chosen["arm"])

    return Readings(
        choices,
        lambda **chosen: _as_text(talk(chosen), chosen["set"], chosen["question"], chosen["arm"]),
        lambda **chosen: _real_plane(talk(chosen), chosen["set"], chosen["question"], chosen["arm"], chosen["round"]),
    )


def live(server: Server = local_server) -> Live:
    """Return what asks a model here and now."""

    def ask(chat: Chat, kind: str, number: int) -> str:
        outcome = claims.outcome_of(claims.ARMS[0], chat, kind, number)
        verdict = "right" if outcome.right("plurality") else "wrong"
        told = f"A plurality of {len(outcome.votes)} independent answers: {verdict}."
        return f"{_as_text(outcome.talk, kind, number, ARMS[0])}\n{told}"

    def plan(kind: str, count: int) -> list[Task]:
        # As many independent answers as the talk took are asked for as well; a talk takes less than its most.
        most = 2 * claims.AGENTS * (1 + claims.ROUNDS)
        return [
            Task(_question(kind, number).line, most, partial(ask, kind=kind, number=number)) for number in range(count)
        ]

    return Live(tuple(SETS), plan, server)


def _talk(chat: Chat, kind: str, number: int, arm: str) -> Organized:
    return claims.play(claims.arm_named(arm), chat, *claims.items()[kind, number])


def _real_plane(talk: Organized, kind: str, number: int, arm: str, time: int) -> go.Figure:
    question = _question(kind, number)
    embed = claims.embedding(claims.arm_named(arm), question)
    embeddings = [embed([reply.text for reply in replies]) for replies in talk.rounds]
    right = [[question.grade(reply.text) == "right" for reply in replies] for replies in talk.rounds]
    scene = model.scene_of_transcript(talk, embeddings, right)
    return figures.plane(scene, min(time, len(scene.times) - 1))


def _as_text(talk: Organized, kind: str, number: int, arm: str) -> str:
    question = _question(kind, number)
    lines = [f"{question.line}   (right: {question.truth})"]
    for now, (replies, called, scores) in enumerate(zip(talk.rounds, talk.called, talk.contributions, strict=True)):
        lines.append(f"\nround {now}")
        for agent, (reply, was, score) in enumerate(zip(replies, called, scores, strict=True)):
            kept = "" if was else "   (not asked again)"
            lines.append(f"  agent {agent + 1}, contribution {score:.2f}: {reply.text.strip()}{kept}")
    lines.append(f"\nThe group's answer is that of agent {talk.chosen + 1}: {question.grade(talk.answer)}. Arm: {arm}.")
    return "\n".join(lines)


def _question(kind: str, number: int) -> Question:
    return claims.items()[kind, number][0]


@cache
def _scripted() -> Scripted:
    return Scripted(
        [question for questions in SETS.values() for question in questions(claims.QUESTIONS)], of_accuracy(0.5)
    )


def _small_table() -> pd.DataFrame:
    """Return a small table of a scripted answerer: what the tests draw."""
    outcomes = [claims.outcome_of(claims.ARMS[0], _scripted(), kind, number) for kind in SETS for number in range(3)]
    return accuracy_table(dict.fromkeys(ARMS, tuple(outcomes)))


def _small(function: Any, replicates: int = 20, **changed: Any) -> Any:
    return finish(function(Setting(**changed), rng=0, replicates=replicates))


GALLERY = {
    "plane": scene,
    "talk": lambda: figures.talk(simulate(Setting(), rng=0, replicates=20), 1),
    "scores": lambda: _judged(judged(Setting(), rng=0, replicates=20)),
    "against_accuracy": lambda: figures.against_accuracy(_small(against_accuracy)),
    "lured": lambda: figures.lured(_small(mapped, 10)),
    "zones": lambda: _zones(_small(unfold_zones)),
    "colluders": lambda: ratings(20),
    "chains": lambda: chains(100),
    "real_accuracy": lambda: figures.real_accuracy(_small_table()),
}
"""Every figure of the lesson, made from small results: what the tests look at."""

# --------------------------------------------------------------------------------------------- the bet


def _shares(talks: model.Talks) -> tuple[float, float, float]:
    alone, first, last = talks.right("single", 0), talks.right("chosen", 0), talks.right("chosen")
    return 100 * float(alone.mean()), 100 * float(first.mean()), 100 * float(last.mean())


def _outcome(talks: model.Talks) -> str:
    alone, first, last = _shares(talks)
    return "nothing" if max(first, last) < alone + 5 else "talk" if last > first + 3 else "before"


def _fact(talks: model.Talks) -> str:
    alone, first, last = _shares(talks)
    return (
        f"One agent is right in {alone:.0f} %. The group is right in {first:.0f} % before anyone has read a word, and in "
        f"{last:.0f} % after two rounds of talk."
    )


REASONS = {
    "lone-right-agent": "Contribution rewards agreement. A right agent that stands alone agrees with nobody, so it ranks first by chance only. The lemma needs at least two that are right.",
    "bound-says-something": "For vectors of length 1 the smallest bound there can be is 1, and ours comes to more. The values themselves lie between -1 and 1. So the bound allows any error. What helps the method is that both scores rank alike.",
    "gain-over-plurality": "The talk is paid for in answers. As many independent answers bring new evidence; answers that were copied from each other do not. In this crowd a plurality of them is far ahead.",
    "s090-three-colluders": "A rating rewards whoever voted with the winner. Three colluders who always agree win often enough to be rated up, and then they win more. The rating cannot know who should have won.",
    "real-over-plurality": "Each group spends about nine answers: five first ones, and four more after reading. Nine independent answers hold more evidence, and the vote uses all of it.",
    "real-talk-over-first-choice": "The difference is small: five points at most in either direction. To tell it from zero would take several times our 180 questions.",
    "real-routing": "Most groups agree before the talk or soon after it, and then it does not matter who reads whom. What is left is a difference that 180 questions cannot tell from zero.",
    "real-free-form": "The answers are short sentences about one word. Sentences with the same word look alike, so whole texts add little to the parsed answers. 180 questions cannot tell that little from zero.",
    "reported-benchmarks": "It would take a model ten times larger, seven benchmarks, and the authors' way to grade answers. None of them runs on a reader's own computer within a lesson.",
}
"""Why a claim is not reproduced, by its key."""

BET = Bet(
    key="shapley_dag.where_from",
    question=(
        "Five weak agents: each is right in 30 %, and mistakes scatter over ten wrong answers. Nobody knows who is right. "
        "Answers that lie near the middle count most; the others read them, and adopt what differs with some chance, "
        "right or wrong. Two rounds. How often is the group right in the end, and why?"
    ),
    options={
        "nothing": "in about 30 %: nobody knows more than before",
        "talk": "in clearly more, because they talk",
        "before": "in clearly more, but they were so before they talked",
    },
    replies={
        "nothing": lambda talks: (
            _fact(talks)
            + " Nobody learns a fact, that is true. But two right answers are alike, and two wrong ones seldom are. So "
            "agreement is evidence, and it can be seen without knowing the answer."
        ),
        "talk": lambda talks: (
            _fact(talks)
            + " The gain comes from choosing the answer that others came to as well. Talk passes answers on; it does not "
            "test them."
        ),
        "before": lambda talks: (
            _fact(talks)
            + " The choice does it: right answers coincide, wrong ones scatter. Copying can only blur that."
        ),
    },
    outcome=_outcome,
    sample=lambda: simulate(Crowd(), rng=0, replicates=200),
)

# --------------------------------------------------------------------------------------- the exercises


def _check_glove(value: float) -> Feedback:
    if abs(value - 2 / 3) < 0.004:
        return Feedback.right(
            "The left glove completes a pair unless it comes first, which happens in a third of the orders."
        )
    if abs(value - 1) < 0.004:
        return Feedback.not_yet("That is the worth of all together. The right gloves get something too.")
    if abs(value - 1 / 3) < 0.004:
        return Feedback.not_yet("That is an equal share. But one left glove is scarcer than two right ones.")
    if abs(value - 1 / 6) < 0.004:
        return Feedback.not_yet("That is the value of one right glove: it must come right after the left one.")
    if abs(value - 0.5) < 0.004:
        return Feedback.not_yet("With one right glove it would be one half. Here there are two: which orders change?")
    if not 0 <= value <= 1:
        return Feedback.not_yet("The three share what one pair is worth, which is 1.")
    return Feedback.not_yet("Write down the six orders. In how many does the left glove complete a pair?")


def _solve_glove() -> float:
    return float(model.gloves(1, 2).shapley[0])


def _check_threshold(p: float) -> Feedback:
    if abs(p - 1 / 3) < 0.004:
        return Feedback.right("p^2 = 4 ((1 - p) / 4)^2, so 2 p = 1 - p.")
    if abs(p - 0.2) < 0.004:
        return Feedback.not_yet(
            "There one agent is as often right as it makes each mistake, but there are four mistakes."
        )
    if abs(p - 0.5) < 0.004:
        return Feedback.not_yet("That holds for one wrong answer. Four scatter the mistakes.")
    if abs(p - 0.25) < 0.004:
        return Feedback.not_yet("Not quite: set p^2 against the sum of four squares of (1 - p) / 4.")
    if not 0 <= p <= 1:
        return Feedback.not_yet("Answer with a share between 0 and 1, not in percent.")
    return Feedback.not_yet("Both right: p^2. Both make the same mistake: four times the square of (1 - p) / 4.")


def _solve_threshold() -> float:
    return model.coincidence_threshold(4)


def _check_calls(calls: int) -> Feedback:
    if isinstance(calls, str):
        return Feedback.not_yet("Answer with a number, without quotation marks.")
    if calls == 13:
        return Feedback.right("5 first answers, then twice the leader and three readers: 5 + 2 x 4.")
    if calls == 15:
        return Feedback.not_yet("That is the most there can be. One agent neither leads nor reads.")
    if calls == 11:
        return Feedback.not_yet("The leader reads nobody, but it looks at its own answer again.")
    if calls == 9:
        return Feedback.not_yet("There are two rounds after the first answers.")
    return Feedback.not_yet("Count the first answers, then for each round the leader and those who read.")


def _solve_calls() -> int:
    first, rounds, leader, readers = 5, 2, 1, 3
    return first + rounds * (leader + readers)


def _check_gap(gap: float) -> Feedback:
    if abs(gap + 0.47) < 0.004:
        return Feedback.right("(2 - 1) 0.47 - (3 - 1) 0.47 = -0.47: the three that agree in error contribute more.")
    if abs(gap - 0.47) < 0.004:
        return Feedback.not_yet("Mind the sign: there are three wrong agents that agree, and two right ones.")
    if abs(gap - 0.94) < 0.004 or abs(gap + 0.94) < 0.004:
        return Feedback.not_yet("That is one of the two terms. The other has the other sign.")
    if abs(gap) < 0.004:
        return Feedback.not_yet("It would be 0 if the camps were equally large, and each agent counted itself out.")
    return Feedback.not_yet("(correct - 1)(within - across) + (wrong agents - 1)(across - within the wrong).")


def _solve_gap() -> float:
    return model.cluster_gap(correct=2, agents=5, within=0.94, across=0.47, wrong=0.94)


def _check_zone(ends: Any) -> Feedback:
    if not isinstance(ends, list | tuple) or len(ends) != 2:
        return Feedback.not_yet("Answer with two numbers: (low, high).")
    low, high = (float(end) for end in ends)
    if abs(low - 1 / 3) < 0.004 and abs(high - 2 / 3) < 0.004:
        return Feedback.right("1 / 3 and 2 / 3: with a threshold between them only those that agree are joined.")
    if abs(low - 2 / 3) < 0.004 and abs(high - 1 / 3) < 0.004:
        return Feedback.not_yet("The numbers are right. The lower one comes first.")
    if abs(low - 0.5) < 0.004:
        return Feedback.not_yet("That leaves out the noise: each vector has three parts of length 1.")
    return Feedback.not_yet("Equal answers share two of three parts of length 1, different ones share one.")


def _solve_zone() -> tuple[float, float]:
    same, different = Crowd(topic=1.0, noise=1.0).cosines
    return different, same


EXERCISES = {
    "glove": Exercise(
        key="shapley_dag.glove",
        prompt=(
            "Three people hold one left glove and two right ones. A pair is worth 1. What is the Shapley value of the left "
            "glove? Answer with a number to three places."
        ),
        check=_check_glove,
        hints=(
            "In how many of the six orders does the left glove complete a pair?",
            "In all orders but those it opens.",
        ),
        solution=_solve_glove,
    ),
    "threshold": Exercise(
        key="shapley_dag.threshold",
        prompt=(
            "Four wrong answers are equally likely. From which accuracy on do two agents coincide on the right answer more "
            "often than on a mistake? Answer with a number to three places."
        ),
        check=_check_threshold,
        hints=(
            "Write down both chances.",
            "p^2 = (1 - p)^2 / 4. Take the root on both sides.",
        ),
        solution=_solve_threshold,
    ),
    "calls": Exercise(
        key="shapley_dag.calls",
        prompt=(
            "Five agents talk for two rounds after their first answers. In each round three of them read somebody, the "
            "leader reads nobody, and one agent stands alone. How many answers are asked for?"
        ),
        check=_check_calls,
        hints=(
            "Everybody answers once.",
            "In each round the leader looks at its own answer again, and readers answer.",
        ),
        solution=_solve_calls,
    ),
    "gap": Exercise(
        key="shapley_dag.gap",
        prompt=(
            "Two of five agents are right. The three wrong ones agree with each other. The cosine is 0.94 within a camp and "
            "0.47 across. How far do the right agents' contributions lie above those of the wrong ones, times five and the "
            "length of the mean? Answer with a number to two places."
        ),
        check=_check_gap,
        hints=("The formula stands in section 3.", "Both differences of cosines are 0.47. They count once and twice."),
        solution=_solve_gap,
    ),
    "zone": Exercise(
        key="shapley_dag.zone",
        prompt=(
            "A text's vector is the sum of a topic, a direction for its answer and noise, all of length 1 and at right angles. "
            "Between which two cosines does a threshold join only those that agree already? Answer with two numbers: (low, high)."
        ),
        check=_check_zone,
        hints=(
            "What do two texts with equal answers have in common, and two with different ones?",
            "The squared length of a text is 3. Equal answers share 2 of it.",
        ),
        solution=_solve_zone,
    ),
}

ESSAY = Essay(
    prompt=(
        "Weak agents, each right in 30 %, are often right as a group although none of them knows who is right. Explain, in five to "
        "ten sentences, what carries the information: where does the gain arise, before the talk or through it? Then describe a case in "
        "which the same mechanism prefers a mistake, and say how one could notice it."
    ),
    answer=(
        "There is one way to be right and there are many ways to be wrong. So two right answers are alike, and two wrong ones seldom are. "
        "An answer near the middle of all answers is one that others came to as well, and that is more likely to be the right one. So "
        "the gain arises when the answer is chosen, before anybody has read a word. Talk passes on what is already there; it finds "
        "nothing that nobody had, and if readers cannot tell right from wrong it may spread a mistake as well. Where agents share a mistake, "
        "because they learnt from the same source or agreed to lie, the mistake lies in the middle and is preferred. One can notice it "
        "with questions whose answers are known, or by mixing in agents that were made in another way."
    ),
    rubric=(
        (2, "right answers coincide, wrong ones scatter: agreement is evidence"),
        (1, "the gain is there when the answer is chosen; talk only passes on what is there"),
        (
            1,
            "a case with a shared mistake, or with fewer than two right agents, in which the middle is wrong or nobody stands out",
        ),
        (1, "a way to notice it that does not rest on the agreement itself"),
    ),
)
"""The question for prose, marked by hand."""
