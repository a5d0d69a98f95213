"""What the lesson on debate needs beyond prose: its panel, its bet, its exercises, and what a real model said."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import plotly.graph_objects as go

from labkit.claims import debate as claims
from labkit.dialogue import plurality
from labkit.explore import Live, Panel, Readings, Task, View, explore
from labkit.figures import debate as figures
from labkit.files import data_path
from labkit.llm import Scripted, local_server, noisy_calculator, of_accuracy, recorded
from labkit.llm.questions import SETS, Question, arithmetic
from labkit.mechanisms.debate import (
    Beliefs,
    Discussion,
    GainMap,
    Persuaded,
    Persuasion,
    Spending,
    Topology,
    Urn,
    correlated_accuracy,
    debate,
    expected_beliefs,
    gain_map,
    identity,
    majority_accuracy,
    ruin_accuracy,
    simulate_beliefs,
    simulate_discussion,
    simulate_persuasion,
    spend,
    tokens,
)
from labkit.params import Field, Params
from labkit.seeds import Seed, as_sequence
from labkit.stats import mean_interval
from labkit.teach import Bet, Essay, Exercise, Feedback
from labkit.unfolding import finish

if TYPE_CHECKING:
    import pandas as pd

    from labkit.dialogue import Chat, Reply, Transcript
    from labkit.explore._live import Server

# ------------------------------------------------------------------------------------------- the panel


class Sums(Params):
    """Du et al.'s arithmetic."""

    terms: int = Field(6, ge=2, le=6, description="numbers in a sum: a + b * c + d - e * f, or its beginning")
    highest: int = Field(29, ge=1, le=999, slider=(9, 99, 10), description="largest number in a sum")


class Setting(Sums):
    """A group and its questions, from which each view takes what it needs."""

    accuracy: float = Field(0.45, ge=0.05, le=0.95, description="chance that an agent is right at the start")
    advantage: float = Field(
        1.0, ge=0.1, le=8, slider=(0.25, 4, 0.05), description="chance of a correction over that of a subversion"
    )
    agents: int = Field(5, ge=3, le=25, slider=(3, 15, 1), description="agents")
    rounds: int = Field(5, ge=1, le=20, description="rounds after the first answers")
    mass: float = Field(
        5.0, ge=0.5, le=50, slider=(1, 30, 0.5), description="stubbornness: mass of an urn at the start"
    )
    peer_weight: float = Field(
        1.0, ge=0, le=5, slider=(0, 3, 0.1), description="weight of a peer's answer, one's own counting 1"
    )
    options: int = Field(4, ge=2, le=10, description="options of a question")
    topology: Topology = Field("complete", description="who hears whom")
    intervention: Literal["none", "oracle", "conformist", "follower", "confidence"] = Field(
        "none", description="a change of the rule by which agents update"
    )
    budget: Literal["generations", "tokens"] = Field("generations", description="what is equal between the arms")
    slips: float = Field(
        0.1, ge=0, le=1, slider=(0, 0.5, 0.02), description="chance that a calculator slips, at each operation"
    )
    haste: float = Field(
        0.2, ge=0, le=1, slider=(0, 1, 0.05), description="chance that it works from left to right, a shared mistake"
    )
    mends: float = Field(0.7, ge=0, le=1, slider=(0, 1, 0.05), description="chance of taking over a right answer")
    misled: float = Field(0.5, ge=0, le=1, slider=(0, 1, 0.05), description="chance of taking over a wrong answer")

    @property
    def urn(self) -> Urn:
        """The urns: most of the wrong belief lies on one option."""
        wrong = (1 - self.accuracy) * self.mass
        lure = 1.0 if self.options == 2 else 0.6
        rest = [wrong * (1 - lure) / max(1, self.options - 2)] * (self.options - 2)
        return Urn(
            prior=(self.accuracy * self.mass, wrong * lure, *rest),
            agents=self.agents,
            rounds=self.rounds,
            peer_weight=self.peer_weight,
            topology=self.topology,
            intervention=self.intervention,
        )

    @property
    def chances(self) -> tuple[float, float]:
        """Correction and subversion, the larger of them one half."""
        return 0.5 * min(1, self.advantage), 0.5 * min(1, 1 / self.advantage)


def debated(setting: Setting, *, rng: Seed, replicates: int = 1) -> Beliefs:
    """Return what becomes of the beliefs."""
    return simulate_beliefs(setting.urn, rng=rng, replicates=replicates)


def spent(setting: Setting, *, rng: Seed, replicates: int = 1) -> Spending:
    """Return what each way to spend the budget is worth; exact, so without chance."""
    correction, subversion = setting.chances
    return spend(setting.budget, correction=correction, subversion=subversion)


def mapped(setting: Setting, *, rng: Seed, replicates: int = 1) -> tuple[GainMap, float, float]:
    """Return the map of debate minus vote and the point to mark on it; exact, so without chance."""
    return gain_map(setting.agents), setting.accuracy, setting.advantage


def attacked(setting: Setting, *, rng: Seed, replicates: int = 1) -> dict[str, Persuaded]:
    """Return a group that is alike, one with a safe member, and one with a malicious one."""
    correction, subversion = setting.chances
    group = Persuasion(
        accuracy=setting.accuracy,
        agents=setting.agents,
        rounds=setting.rounds,
        correction=correction,
        subversion=subversion,
    )
    members = {
        "all alike": group,
        "one safe member": group.replace(steadfast=1),
        "one malicious": group.replace(malicious=1),
    }
    return {name: simulate_persuasion(each, rng=rng, replicates=replicates) for name, each in members.items()}


def discussed(setting: Setting, *, rng: Seed, replicates: int = 1) -> pd.DataFrame:
    """Return debate minus vote against accuracy, for three strengths of argument."""
    import pandas as pd

    rows = []
    for strength in (0.0, 0.8, 1.5):
        for accuracy in np.linspace(0.1, 0.9, 9):
            point = Discussion(
                accuracy=float(accuracy), persuasiveness=strength, agents=setting.agents, options=setting.options
            )
            gain = mean_interval(simulate_discussion(point, rng=rng, replicates=2 * max(2, replicates)).gain)
            rows.append((strength, accuracy, gain.value, gain.low, gain.high))
    return pd.DataFrame(rows, columns=["persuasiveness", "accuracy", "value", "low", "high"])


def calculated(setting: Setting, *, rng: Seed, replicates: int = 1) -> Generator[Any, None, Any]:
    """Let scripted calculators debate sums (Du et al.'s arithmetic); yield the share done.

    At most 60 sums are asked. Returns who was right, shape (questions, rounds, agents), and whether the vote was, after
    each round and among as many answers that never heard each other.
    """
    purposes = as_sequence(rng).spawn(2)
    sums = arithmetic(min(max(2, replicates), MOST_SUMS), terms=setting.terms, highest=setting.highest, rng=purposes[0])
    answer = noisy_calculator(setting.slips, left_to_right=setting.haste)
    rounds = setting.rounds + 1
    right, vote, apart = [], [], []
    for number, asked in enumerate(sums):
        # One question a script: it looks for the question in every prompt.
        chat, seed = Scripted([asked], answer, mends=setting.mends, misled=setting.misled), purposes[1].spawn(1)[0]
        talk = debate([chat] * setting.agents, asked.prompt, rounds, rng=seed, read=asked.parse)
        alone = debate([chat] * (setting.agents * rounds), asked.prompt, 1, rng=seed, read=asked.parse)
        right.append([[asked.grade(reply.text) == "right" for reply in replies] for replies in talk.rounds])
        vote.append([_voted(asked, replies) for replies in talk.rounds])
        apart.append(_voted(asked, alone.rounds[0]))
        yield (number + 1) / len(sums), None
    return np.array(right), np.array(vote), np.array(apart)


MOST_SUMS = 60


def _voted(asked: Question, replies: Sequence[Reply]) -> float:
    winner = plurality(asked.parse(reply.text) for reply in replies)
    return float(winner is not None and asked.grade(winner) == "right")


def _calculators(found: tuple[Any, Any, Any]) -> go.Figure:
    return figures.calculators(*found)


def _beliefs(run: Beliefs) -> go.Figure:
    expected = expected_beliefs(run.urn) if run.urn.intervention == "none" else None
    return figures.beliefs(run, expected)


def _changes(run: Beliefs) -> go.Figure:
    return figures.changes(run.answers == 0)


def _map(found: tuple[GainMap, float, float]) -> go.Figure:
    return figures.where_debate_pays(*found)


SUM_FIELDS = ("agents", "rounds", "terms", "highest", "slips", "haste", "mends", "misled")
URN_FIELDS = ("accuracy", "agents", "rounds", "mass", "peer_weight", "options", "topology", "intervention")


def panel() -> Panel:
    """Return the panel of the lesson."""
    return explore(
        debated,
        Setting(),
        {
            # How the wrong belief is shared out does not matter to the mean.
            "beliefs": View(_beliefs, vary=[name for name in URN_FIELDS if name != "options"]),
            "vote and consensus": View(figures.consensus, vary=URN_FIELDS),
            "who changes": View(_changes, vary=URN_FIELDS),
            "16 answers": View(figures.spending, spent, ("advantage", "budget")),
            "debate or vote": View(_map, mapped, ("accuracy", "advantage", "agents")),
            "arguments": View(figures.gains, discussed, ("agents", "options")),
            "sums": View(_calculators, calculated, SUM_FIELDS),
            "attacks": View(figures.attack, attacked, ("accuracy", "advantage", "agents", "rounds")),
        },
        vary=[*URN_FIELDS[:1], "advantage", *URN_FIELDS[1:], "budget", *SUM_FIELDS[2:]],
        replicates=500,
        draft=60,
    )


# --------------------------------------------------------------------------------------- models, one by one


def pressure(replicates: int = 300, *, rng: int = 0) -> go.Figure:
    """Return the figure of conformity against peer pressure (S105)."""
    x = (0.0, 0.2, 0.35, 0.5, 0.65, 0.8)
    rates = [mean_interval(claims.conformity_at(value, replicates, rng)) for value in x]
    return figures.swept(x, {"conformity": rates}, across="peer pressure", up="share of personas")


def fault(replicates: int = 1000, *, rng: int = 0) -> go.Figure:
    """Return the figure of a planted fault against the strength of interaction (S064)."""
    x, harmed = (0.0, 0.1, 0.2, 0.4, 0.7, 1.0), {}
    for name, members in (("with a faulty member", {"malicious": 1}), ("without", {})):
        groups = [
            Persuasion(accuracy=0.7, agents=6, rounds=4, correction=each, subversion=each, **members) for each in x
        ]
        runs = [simulate_persuasion(group, rng=rng, replicates=replicates) for group in groups]
        harmed[name] = [mean_interval(1 - run.right[:, -1] / 6) for run in runs]
    return figures.swept(x, harmed, across="strength of interaction", up="share of wrong answers")


def crowds(a: float = 3.0, b: float = 2.0) -> go.Figure:
    """Return the figure of ever larger crowds that share their luck, or do not."""
    sizes = (1, 3, 5, 7, 9, 15, 25, 51, 101)
    return figures.crowds(a / (a + b), sizes, [correlated_accuracy(a, b, n) for n in sizes])


def names() -> go.Figure:
    """Return the figure of what the labels "you said" and "another said" change."""
    return figures.labels(
        identity(2.0, 2.0, 5.0, own_weight=1.0, peer_weight=2.5),
        identity(2.0, 2.0, 5.0, own_weight=1.75, peer_weight=1.75),
    )


def question(number: int = 0, *, rng: int = 0) -> go.Figure:
    """Return the figure of one question's votes round by round."""
    run = simulate_discussion(Discussion(agents=9, rounds=6, accuracy=0.4), rng=rng, replicates=number + 1)
    return figures.one_question(run, number)


# --------------------------------------------------------------------------------------------- a real model


def accuracy_table(found: claims.Study | None = None) -> pd.DataFrame:
    """Return how often each arm is right on each set: kind, arm, value, low, high."""
    import pandas as pd

    found = found or claims.recorded_study()
    arms = ["single", *(arm for arm in found.arms if not arm.startswith("peers"))]
    rows = []
    for kind in SETS:
        for arm in arms:
            share = mean_interval(claims.finals_of(arm, kind=kind, found=found))
            rows.append((kind, arm, share.value, max(0.0, share.low), min(1.0, share.high)))
    return pd.DataFrame(rows, columns=["kind", "arm", "value", "low", "high"])


def differences(found: claims.Study | None = None) -> pd.DataFrame:
    """Return each arm against the vote, in points, questions paired, for each set and for all."""
    import pandas as pd

    found = found or claims.recorded_study()
    pairs = [("vote", "single"), *((arm, "vote, grammar" if "grammar" in arm else "vote") for arm in found.arms)]
    rows = {
        f"{arm} less {other}": {
            kind or "all": str(claims.compared(arm, other, kind=kind, found=found)) for kind in (*SETS, None)
        }
        for arm, other in dict.fromkeys(pairs)
        if arm != other and not arm.startswith("peers")
    }
    return pd.DataFrame(rows).T


def shares_table(arm: str = "debate 3 x 3", found: claims.Study | None = None) -> pd.DataFrame:
    """Return right, wrong and unreadable answers by round: kind, round, right, wrong, unparsed."""
    import pandas as pd

    answers = (found or claims.recorded_study()).answers
    part = answers[answers["arm"] == arm]
    shares = pd.crosstab([part["kind"], part["round"]], part["grade"], normalize="index")
    table = shares.reindex(columns=["right", "wrong", "unparsed"], fill_value=0.0).reset_index()
    return table.set_index("kind").loc[[kind for kind in SETS if kind in set(table["kind"])]].reset_index()


def conformity_table(found: claims.Study | None = None) -> pd.DataFrame:
    """Return what the model does with its own answer by what two peers say, set by set."""
    import pandas as pd

    found = found or claims.recorded_study()
    rows = []
    for kind in SETS:
        for peers in PEERS:
            given_up, mended = claims.conformity(peers, kind=kind, found=found)
            rows.append(
                {"kind": kind, "peers": peers,
                 "given_up": given_up.value, "given_up_low": given_up.low, "given_up_high": given_up.high,
                 "mended": mended.value, "mended_low": mended.low, "mended_high": mended.high}
            )  # fmt: skip
    return pd.DataFrame(rows)


PEERS = ("nobody", "both right", "split", "both wrong")


def against_nobody(found: claims.Study | None = None) -> pd.DataFrame:
    """Return how much more is given up and mended than by the second asking alone, in points, questions paired."""
    import pandas as pd

    rows = {
        f"{what}, peers {peers}": {
            kind or "all": str(claims.moved(what, peers, kind=kind, found=found)) for kind in (*SETS, None)
        }
        for what in ("given up", "mended")
        for peers in PEERS[1:]
    }
    return pd.DataFrame(rows).T


def as_text(talk: Transcript) -> str:
    """Return a transcript as plain lines, one per answer."""
    lines = [talk.question.strip().splitlines()[-1]]
    for now, replies in enumerate(talk.rounds, start=1):
        for agent, reply in enumerate(replies):
            planted = " (planted)" if reply.model == "insistent" else ""
            lines.append(f"round {now}, agent {agent + 1}{planted}: {reply.text.strip()}")
    return "\n".join(lines)


def transcripts(chat: Chat | None = None, arms: tuple[str, ...] | None = None) -> Readings:
    """Return the recorded debates to read."""
    chat = chat or recorded(data_path(claims.RECORDING))
    arms = arms or claims.recorded_study().arms
    # The vote comes first on record; there is nothing to follow in it.
    shown = (*arms[1:], arms[0])
    return Readings(
        {"set": tuple(SETS), "question": range(claims.QUESTIONS), "arm": shown},
        lambda **chosen: _read(
            _arm(chosen["arm"]), SETS[chosen["set"]](claims.QUESTIONS)[chosen["question"]], chosen["question"], chat
        ),
    )


def live(server: Server = local_server, arms: tuple[str, ...] = ("vote", "debate 3 x 3")) -> Live:
    """Return what asks a model here and now."""

    def plan(kind: str, count: int, **knobs: Any) -> list[Task]:
        sums = kind == "sums"
        asked = arithmetic(count, rng=claims.STUDY_SEED, **knobs) if sums else SETS[kind](count)
        seeds = np.random.SeedSequence(claims.STUDY_SEED).spawn(count)
        return [
            Task(
                each.line,
                arm.calls,
                partial(_summed, arm, each, seed) if sums else partial(_read, arm, each, number),
            )
            for number, (each, seed) in enumerate(zip(asked, seeds, strict=True))
            for arm in claims.ARMS
            if arm.name in arms
        ]

    return Live((*SETS, "sums"), plan, server, {"sums": Sums()})


def _read(arm: claims.Arm, asked: Question, number: int, chat: Chat) -> str:
    return _told(arm, asked, claims.play(arm, chat, asked, claims.seed_of(asked.kind, number)))


def _summed(arm: claims.Arm, asked: Question, seed: np.random.SeedSequence, chat: Chat) -> str:
    # A larger model works in steps before it says the number.
    return _told(arm, asked, claims.play(arm, chat, asked, seed, max_tokens=400, stop=()))


def _told(arm: claims.Arm, asked: Question, talks: Sequence[Transcript]) -> str:
    return "\n".join([f"{arm.name}:", *(as_text(talk) for talk in talks), f"(right: {asked.truth})"])


def _arm(name: str) -> claims.Arm:
    return next(arm for arm in claims.ARMS if arm.name == name)


@cache
def _small_study() -> claims.Study:
    """Return a small study of a scripted answerer: what the tests draw."""
    asked = [question for questions in SETS.values() for question in questions(6)]
    return claims.study(Scripted(asked, of_accuracy(0.5), misled=0.5), questions=6)


GALLERY = {
    "beliefs": lambda: _beliefs(debated(Setting(), rng=0, replicates=100)),
    "consensus": lambda: figures.consensus(debated(Setting(), rng=0, replicates=100)),
    "changes": lambda: _changes(debated(Setting(), rng=0, replicates=100)),
    "spending": lambda: figures.spending(spent(Setting(), rng=0)),
    "where_debate_pays": lambda: _map(mapped(Setting(), rng=0)),
    "attack": lambda: figures.attack(attacked(Setting(), rng=0, replicates=50)),
    "gains": lambda: figures.gains(discussed(Setting(), rng=0, replicates=60)),
    "calculators": lambda: _calculators(finish(calculated(Setting(rounds=2), rng=0, replicates=20))),
    "one_question": question,
    "swept": lambda: pressure(20),
    "crowds": crowds,
    "labels": names,
    "real_accuracy": lambda: figures.real_accuracy(accuracy_table(_small_study())),
    "real_shares": lambda: figures.real_shares(shares_table(found=_small_study())),
    "real_conformity": lambda: figures.real_conformity(conformity_table(_small_study())),
}
"""Every figure of the lesson, made from small results: what the tests look at."""

# --------------------------------------------------------------------------------------------- the bet


def _outcome(run: Beliefs) -> str:
    gain = float(run.vote_right[:, -1].mean() - run.vote_right[:, 0].mean())
    return "better" if gain > 0.015 else "worse" if gain < -0.015 else "same"


def _fact(run: Beliefs) -> str:
    return (
        f"The vote is right in {100 * run.vote_right[:, 0].mean():.0f} % before the debate and in "
        f"{100 * run.vote_right[:, -1].mean():.0f} % after it; all five agree in {100 * run.unanimous[:, 0].mean():.0f} % "
        f"before and in {100 * run.unanimous[:, -1].mean():.0f} % after."
    )


REASONS = {
    "s109-gains-without-arguments": "If readers cannot tell a good argument from a bad one, a debate only repeats what was said. A hard question stays hard, and the copies are worth less than new answers.",
    "s109-refinement-raises-attacks": "An attack succeeds or fails against a model that was trained to refuse. The kit ships none, and no harmful prompts. So there is nothing to measure.",
    "beliefs-are-a-martingale-unconditionally": "Theorem 2 needs agents that are alike. Here an expert with a large mass hardly moves, and the unsure ones move towards it. So the mean climbs towards the expert's belief.",
    "s109-alike-raises-attacks": "One version of the paper says that the attack succeeds more often, another that it succeeds less often. In our model we would have to put the sign in ourselves. A result that one puts in is no result.",
    "s105-debate-above-collaboration": "An instruction is language. In our model it is one number, the pressure, and to raise it for the word *debate* would be to assume the claim. It would take recorded personas of a real model.",
    "real-debate-over-vote": "The published gain compares nine answers of a debate with a vote of three. At nine answers each, the small model loses. It seldom recognises the better of two answers, so a debate spends calls on copies where a vote spends them on new evidence.",
    "real-refinement-over-single": "To be asked again is a chance to mend what was wrong, and a chance to lose what was right. This model loses more than it mends. The published gain was found with a far larger model on arithmetic.",
    "real-grammar-debate-over-vote": "We suspected that a debate loses the *form* of the answer, not the answer. With the form held fast it loses a little less, and it still loses. So the form is a part of the reason only.",
}
"""Why a claim is not reproduced, by its key."""

BET = Bet(
    key="debate.vote_after",
    question=(
        "Five agents answer a question with four options; each is right in 45 %. They vote. Then they debate for five rounds: "
        "each hears all answers, adds them to what it believes, and answers again. They vote once more. "
        "How good is the second vote?"
    ),
    options={
        "better": "better: they pool what they know",
        "same": "about the same: nobody has learnt anything new",
        "worse": "worse: they become alike",
    },
    replies={
        "better": lambda run: (
            _fact(run)
            + " They pool nothing but answers, and an answer that is heard is believed whether it is right or not. On "
            "average a belief stays where it was. What grows is agreement."
        ),
        "same": lambda run: (
            _fact(run)
            + " You are right about the mean belief: it does not move. But a vote needs voters that err apart, and "
            "voters that have heard each other err together."
        ),
        "worse": lambda run: (
            _fact(run)
            + " The mean belief does not move, and the voters become alike: so five votes count for less than five."
        ),
    },
    outcome=_outcome,
    sample=lambda: simulate_beliefs(Urn(), rng=0, replicates=200),
)

# --------------------------------------------------------------------------------------- the exercises


def _check_vote(share: float) -> Feedback:
    if abs(share - 0.648) < 0.002:
        return Feedback.right("0.6^3 + 3 x 0.6^2 x 0.4 = 0.216 + 0.432 = 0.648.")
    if abs(share - 0.65) < 1e-9:
        return Feedback.not_yet("Right to two places. Three are asked for.")
    if abs(share - 0.216) < 0.002:
        return Feedback.not_yet("That is the chance that all three are right. Two are enough.")
    if abs(share - 0.432) < 0.002:
        return Feedback.not_yet("That is the chance that exactly two are right. What if all three are?")
    if abs(share - 0.936) < 0.002:
        return Feedback.not_yet("That is the chance that at least one is right. A vote needs two.")
    if not 0 <= share <= 1:
        return Feedback.not_yet("Answer with a share between 0 and 1, not in percent.")
    return Feedback.not_yet("Add up: all three right, or exactly two of them.")


def _solve_vote() -> float:
    return 0.6**3 + 3 * 0.6**2 * 0.4


def _check_tokens(read: int) -> Feedback:
    if abs(read - 16_000) < 0.5:
        return Feedback.right("400 for the first round, then three rounds of 4 x (100 + 4 x 300) = 5200.")
    if abs(read - 20_800) < 0.5:
        return Feedback.not_yet("That is read and written together. How many are read?")
    if abs(read - 4 * 5200) < 0.5 or abs(read - 13_600) < 0.5:
        return Feedback.not_yet("In later rounds each agent reads the question and all four last answers.")
    if abs(read - 1600) < 0.5:
        return Feedback.not_yet("That is a vote of 16. In a debate the answers are read as well.")
    return Feedback.not_yet("First round: four questions. Each later round: four times the question and four answers.")


def _solve_tokens() -> int:
    return tokens(agents=4, rounds=4, question=100, answer=300).read


def _check_ruin(share: float) -> Feedback:
    if abs(share - 1 / 3) < 0.004:
        return Feedback.right(
            "With even chances the number of right agents is a fair game: from 2 of 6 it ends at 6 in one third."
        )
    if abs(share - float(majority_accuracy(1 / 3, 6))) < 0.004:
        return Feedback.not_yet(
            "That is a vote among six that are right in a third each. Here two of six are right, and they debate."
        )
    if abs(share) < 1e-9 or abs(share - 1) < 1e-9:
        return Feedback.not_yet(
            "A minority can win: each reading moves the count up or down by one with the same chance."
        )
    if not 0 <= share <= 1:
        return Feedback.not_yet("Answer with a share between 0 and 1, not in percent.")
    return Feedback.not_yet("In a fair game the expected count never changes. It is 2 now, and 6 or 0 in the end.")


def _solve_ruin() -> float:
    # Two of six are right; in the end six or none: 6 x = 2.
    return 2 / 6


def _check_advantage(advantage: float) -> Feedback:
    if not 0 < advantage < 1000:
        return Feedback.not_yet("Answer with a ratio above 0: chance of a correction over chance of a subversion.")
    debated_, voted = float(ruin_accuracy(0.7, 7, advantage)), float(majority_accuracy(0.7, 7))
    told = f"With {advantage:g} the debate is right in {100 * debated_:.1f} %, the vote in {100 * voted:.1f} %."
    if debated_ >= voted and float(ruin_accuracy(0.7, 7, advantage - 0.02)) < voted:
        return Feedback.right(told + " Below this the readers cannot tell right from wrong well enough.")
    if debated_ < voted:
        return Feedback.not_yet(told + " Readers must be better at telling right from wrong.")
    return Feedback.not_yet(told + " It is enough; go down to where it just is, to two places.")


def _solve_advantage() -> float:
    goal = float(majority_accuracy(0.7, 7))
    return next(step / 100 for step in range(1, 1000) if float(ruin_accuracy(0.7, 7, step / 100)) >= goal)


def _check_expert(beliefs: Any) -> Feedback:
    if not isinstance(beliefs, list | tuple) or len(beliefs) != 2:
        return Feedback.not_yet("Answer with two numbers: (expert, novice).")
    expert, novice = (float(value) for value in beliefs)
    if abs(expert - 0.75) < 0.004 and abs(novice - 0.4) < 0.004:
        return Feedback.right(
            "(8 + 1) / 12 and (0.2 + 1) / 3. The mean of both rises from 0.5 to 0.575: no martingale."
        )
    if abs(expert - 0.5) < 0.004 and abs(novice - 0.5) < 0.004:
        return Feedback.not_yet("Both read the same two answers, but what they hold already weighs differently.")
    if abs(expert - 0.8) < 0.004:
        return Feedback.not_yet("That is the start. Each urn gets two answers, right in 0.8 and in 0.2 of the cases.")
    if not (0 <= expert <= 1 and 0 <= novice <= 1):
        return Feedback.not_yet("Answer with two shares between 0 and 1, not in percent.")
    return Feedback.not_yet(
        "New share = (mass of the truth + expected right answers read) / (old mass + answers read)."
    )


def _solve_expert() -> tuple[float, float]:
    # The urns hold 10 and 1; both read two answers, of which 0.8 + 0.2 = 1 is right on average.
    return (8 + 1) / (10 + 2), (0.2 + 1) / (1 + 2)


EXERCISES = {
    "vote": Exercise(
        key="debate.vote",
        prompt="Three independent agents are each right in 60 %. How often is their majority right? Answer with a number to three places.",
        check=_check_vote,
        hints=(
            "In how many ways can two or three of three be right?",
            "0.6 cubed, plus three times 0.6 squared times 0.4.",
        ),
        solution=_solve_vote,
    ),
    "tokens": Exercise(
        key="debate.tokens",
        prompt="Four agents debate for four rounds. A question has 100 tokens, an answer 300. How many tokens are read in all?",
        check=_check_tokens,
        hints=("Look at `tokens` in section 3.", "In rounds 2 to 4 each agent reads the question and four answers."),
        solution=_solve_tokens,
    ),
    "ruin": Exercise(
        key="debate.ruin",
        prompt="Two of six agents are right. They persuade each other in pairs, with even chances, until all agree. How often do all end up right?",
        check=_check_ruin,
        hints=(
            "Is the game fair? What does the expected number of right agents do?",
            "It stays at 2. In the end it is 6 or 0.",
        ),
        solution=_solve_ruin,
    ),
    "expert": Exercise(
        key="debate.expert",
        prompt=(
            "An expert holds an urn of mass 10 and believes the truth with 0.8; a novice holds mass 1 and believes it with 0.2. "
            "Both answer, and both read both answers. What do they believe on average afterwards? Answer with two numbers: (expert, novice)."
        ),
        check=_check_expert,
        hints=(
            "How many right answers are read on average? Each is right as often as its author believes.",
            "The expert holds 8 of 10 on the truth. One of the two answers is right on average.",
        ),
        solution=_solve_expert,
    ),
    "advantage": Exercise(
        key="debate.advantage",
        prompt=(
            "Seven agents are right in 70 % each. From which advantage (chance of a correction over that of a subversion) does their debate "
            "beat their vote? Answer with a number to two places."
        ),
        check=_check_advantage,
        hints=(
            "`ruin_accuracy(0.7, 7, r)` and `majority_accuracy(0.7, 7)` give both sides.",
            "Move the advantage in the view *debate or vote* with seven agents until the point lies on the line.",
            "`break_even_advantage(0.7, 7)`, rounded up.",
        ),
        solution=_solve_advantage,
    ),
}

ESSAY = Essay(
    prompt=(
        "Five agents vote, debate, and vote again. On average the belief in the right answer stays where it was, and yet the second "
        "vote is right less often than the first. Explain how both can be true, in five to ten sentences. Then change one thing about "
        "the debate so that the second vote becomes the better one, and say why it would."
    ),
    answer=(
        "Who hears an answer believes it a little more, whether it is right or wrong. Right answers are heard as often as they are "
        "believed, so beliefs rise as often as they fall, and their mean does not move. But all hear the same answers. So the agents "
        "become alike: in one debate all drift to the truth, in another all drift away from it. A vote is better than its voters "
        "because their errors cancel, and errors cancel only where voters err apart. Voters that have heard each other err together: in "
        "the end five votes count for little more than one. The second vote would be the better one if readers could tell right from "
        "wrong, so that a wrong agent is corrected more easily than a right one is misled. Then the mean belief itself rises."
    ),
    rubric=(
        (1, "a heard answer is believed whether right or wrong, so the mean belief stays"),
        (1, "the agents become alike"),
        (2, "a vote gains from errors made apart, and these errors are now made together"),
        (1, "a change that favours right answers, or keeps the voters apart, with its reason"),
    ),
)
"""The question for prose, marked by hand."""
