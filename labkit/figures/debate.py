"""Pictures of debate: beliefs, votes, what a budget buys, who changes whose mind, and what a real model did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from labkit import theme
from labkit.mechanisms.debate import (
    Beliefs,
    Discussed,
    GainMap,
    Identity,
    Persuaded,
    Spending,
    break_even_advantage,
    majority_accuracy,
    ruin_accuracy,
)
from labkit.stats import Estimate, mean_band

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
VOTE, DEBATE, ALONE = theme.styled("blue"), theme.styled("vermilion"), theme.styled("grey")
ARM_STYLES = {
    "vote": VOTE,
    "self-refinement": theme.styled("grey"),
    "debate 2 x 8": theme.styled("orange"),
    "debate 4 x 4": DEBATE,
    "debate 8 x 2": theme.styled("purple"),
}
CHANGES = {
    "stayed right": theme.styled("green"),
    "wrong to right": theme.styled("sky"),
    "right to wrong": theme.styled("orange"),
    "stayed wrong": theme.styled("vermilion"),
}
SHOWN = 50

# ------------------------------------------------------------------------------------------------- models


def beliefs(run: Beliefs, expected: Floats | None = None) -> go.Figure:
    """Return the group's mean belief in the truth over the rounds, question by question, with mean and spread.

    Parameters
    ----------
    run : Beliefs
        What to draw.
    expected : ndarray of float, shape (rounds + 1, agents), optional
        What the theory expects of each agent; its mean over the agents is drawn.
    """
    fig = theme.figure(x="round", y="belief in the truth, mean of the group", height=420, room=110)
    paths, rounds = run.truth.mean(axis=2), run.times
    shown = paths[:SHOWN]
    gaps = np.full((len(shown), 1), np.nan)
    thin = theme.line(
        np.tile(np.append(rounds, np.nan), len(shown)), np.hstack([shown, gaps]).ravel(), ALONE, "one question"
    )
    thin |= {"line": {"color": ALONE.color, "width": 0.8}, "opacity": 0.5}
    fig.add_trace(thin)
    low, high = np.quantile(paths, [0.025, 0.975], axis=0)
    mean = mean_band(paths)
    fig.add_trace(theme.band(rounds, low, high, VOTE, "middle 95 % of the questions"))
    fig.add_trace(theme.line(rounds, mean.value, DEBATE, "mean"))
    if expected is not None:
        fig.add_trace(theme.theory(rounds, expected.mean(axis=1), "expected"))
    fig.add_trace(theme.direct_labels(rounds[-1], mean.value[-1], ["mean"], [DEBATE], span=(0, 1)))
    fig.update_yaxes(range=(0, 1))
    return theme.describe(
        fig,
        f"Over {run.urn.rounds} rounds the mean belief in the truth of {run.urn.agents} agents goes from "
        f"{mean.value[0]:.3f} to {mean.value[-1]:.3f}, while the standard deviation over {len(paths)} questions goes "
        f"from {paths[:, 0].std():.3f} to {paths[:, -1].std():.3f}.",
    )


def consensus(run: Beliefs) -> go.Figure:
    """Return accuracy of the vote, accuracy of an agent, and unanimity, round by round.

    Parameters
    ----------
    run : Beliefs
        What to draw.
    """
    fig = theme.figure(x="round", y="share", height=400, room=130)
    series = {
        "vote right": (run.vote_right, VOTE),
        "an agent right": (run.right, ALONE),
        "all agree": (run.unanimous, theme.styled("green")),
    }
    ends = []
    for name, (values, style) in series.items():
        mean = mean_band(values)
        fig.add_trace(theme.band(run.times, mean.low, mean.high, style, name))
        fig.add_trace(theme.line(run.times, mean.value, style, name))
        ends.append(float(mean.value[-1]))
    styles = [style for _, style in series.values()]
    fig.add_trace(theme.direct_labels(run.times[-1], ends, list(series), styles, span=(0, 1)))
    fig.update_yaxes(range=(0, 1))
    first = {name: float(values[:, 0].mean()) for name, (values, _) in series.items()}
    told = ", ".join(
        f"{name} {100 * first[name]:.0f} to {100 * end:.0f} %" for name, end in zip(series, ends, strict=True)
    )
    return theme.describe(fig, f"From the first to the last of {run.urn.rounds} rounds: {told}.")


def changes(right: NDArray[np.bool_]) -> go.Figure:
    """Return how many agents stayed right, changed, or stayed wrong, from each round to the next.

    Parameters
    ----------
    right : ndarray of bool, shape (questions, rounds, agents)
        Who was right.
    """
    before, after = right[:, :-1], right[:, 1:]
    shares = {
        "stayed right": before & after,
        "wrong to right": ~before & after,
        "right to wrong": before & ~after,
        "stayed wrong": ~before & ~after,
    }
    fig = theme.figure(x="round", y="share of the agents", height=400, room=130)
    rounds, base = np.arange(1, right.shape[1]), np.zeros(right.shape[1] - 1)
    middles = []
    for name, values in shares.items():
        height = values.mean(axis=(0, 2)) if rounds.size else base
        fig.add_trace(
            {"type": "bar", "x": rounds.astype(float), "y": height, "base": base, "name": name, "width": 0.75,
             "marker": {"color": CHANGES[name].color, "line": {"color": theme.PAPER, "width": 1}}}
        )  # fmt: skip
        middles.append(float(base[-1] + height[-1] / 2) if rounds.size else 0.0)
        base = base + height
    if rounds.size:
        labels = theme.direct_labels(
            rounds[-1] + 0.4, middles, list(shares), [CHANGES[name] for name in shares], span=(0, 1)
        )
        fig.add_trace(labels)
    fig.update_yaxes(range=(0, 1))
    fig.update_layout(barmode="overlay")
    mended, lost = (
        100 * float(shares[name].mean()) if rounds.size else 0.0 for name in ("wrong to right", "right to wrong")
    )
    return theme.describe(
        fig,
        f"In each of {rounds.size} rounds {mended:.1f} % of the agents go from wrong to right and {lost:.1f} % from "
        f"right to wrong: {'more is mended than lost' if mended > lost + 0.05 else 'no more is mended than lost'}.",
    )


def spending(result: Spending) -> go.Figure:
    """Return the accuracy that each way to spend the budget reaches, against the accuracy of one agent.

    Parameters
    ----------
    result : Spending
        What to draw.
    """
    fig = theme.figure(x="accuracy of one agent alone", y="accuracy of the group", height=440, room=150)
    fig.add_trace(theme.theory(result.p, result.endless, "formula: four agents to the end"))
    place = int(0.4 * (len(result.p) - 1))
    for name, values in result.accuracy.items():
        agents, rounds = result.shape[name]
        fig.add_trace(theme.line(result.p, values, ARM_STYLES[name], f"{name}: {agents} x {rounds}"))
    names = list(result.accuracy)
    legend = "<br>".join(
        f'<span style="color:{ARM_STYLES[name].text}">{name.split(" ")[0]} {agents} x {rounds}</span>'
        for name, (agents, rounds) in result.shape.items()
    )
    fig.add_annotation(
        text=legend + "<br>thin: 4 to the end", x=1.02, y=1, xref="paper", yref="paper", xanchor="left", yanchor="top",
        align="left", showarrow=False,
    )  # fmt: skip
    fig.update_yaxes(range=(0, 1))
    best = max(names, key=lambda name: float(result.accuracy[name][place]))
    late = max(names, key=lambda name: float(result.accuracy[name][int(0.8 * (len(result.p) - 1))]))
    return theme.describe(
        fig,
        f"At equal {result.budget} and an advantage of {result.advantage:.2g}, {best} is best where one agent is right "
        f"in {100 * result.p[place]:.0f} % ({100 * result.accuracy[best][place]:.0f} %), and {late} at 80 %.",
    )


def where_debate_pays(result: GainMap, accuracy: float | None = None, advantage: float | None = None) -> go.Figure:
    """Return debate minus vote as a map over accuracy and advantage, with the curve on which both are even.

    Parameters
    ----------
    result : GainMap
        What to draw.
    accuracy, advantage : float, optional
        A point to mark.
    """
    fig = theme.figure(x="accuracy of one agent alone", y="advantage of the truth", height=440, room=150)
    height = np.log2(result.advantage)
    step = {"x0": result.p[0], "dx": result.p[1] - result.p[0], "y0": height[0], "dy": height[1] - height[0]}
    fig.add_trace(theme.image(theme.two_sided(result.gain), "debate minus vote") | step)
    even = np.log2(np.asarray(break_even_advantage(result.p, result.agents)))
    inside = (even >= height[0]) & (even <= height[-1])
    fig.add_trace(theme.theory(result.p[inside], even[inside], "even") | {"line": {"color": theme.INK, "width": 2}})
    if accuracy is not None and advantage is not None:
        spot = float(np.clip(np.log2(max(advantage, 1e-9)), height[0], height[-1]))
        fig.add_trace(theme.points([accuracy], [spot], theme.styled("ink"), "your setting"))
    ticks = [tick for tick in (0.125, 0.25, 0.5, 1, 2, 4, 8) if height[0] - 1e-9 <= np.log2(tick) <= height[-1] + 1e-9]
    fig.update_yaxes(
        range=(height[0], height[-1]), tickvals=np.log2(ticks), ticktext=[f"{t:g}" for t in ticks], scaleanchor=False
    )
    fig.update_xaxes(range=(result.p[0], result.p[-1]), constrain=None)
    for text, spot in (
        (f'<b style="color:{theme.styled("vermilion").text}">debate is better</b>', 0.9),
        (f'<b style="color:{theme.styled("blue").text}">vote is better</b>', 0.1),
    ):
        fig.add_annotation(text=text, x=1.02, y=spot, xref="paper", yref="paper", xanchor="left", showarrow=False)
    fig.add_annotation(text="black line:<br>both are even", x=1.02, y=0.5, xref="paper", yref="paper", xanchor="left",
                       align="left", showarrow=False)  # fmt: skip
    at = np.asarray(break_even_advantage(np.array([0.3, 0.8]), result.agents))
    return theme.describe(
        fig,
        f"{result.agents} agents that debate to the end beat their own vote above the black line: from an advantage of "
        f"{at[0]:.2f} on where one agent is right in 30 %, and of {at[1]:.2f} where in 80 %.",
    )


def calculators(right: NDArray[np.bool_], vote: Floats, apart: Floats) -> go.Figure:
    """Return how often calculators that slip are right, round by round, and a vote of as many independent answers.

    Parameters
    ----------
    right : ndarray of bool, shape (questions, rounds, agents)
        Who was right.
    vote : ndarray of float, shape (questions, rounds)
        1 where the vote was.
    apart : ndarray of float, shape (questions,)
        1 where the vote of as many answers that never heard each other was.
    """
    questions, rounds, agents = right.shape
    fig = theme.figure(x="round", y="share of questions answered right", height=400, room=190)
    times = np.arange(1, rounds + 1)
    series = {"vote after each round": (vote, DEBATE), "one agent": (right.mean(axis=2), ALONE)}
    ends = []
    for name, (values, style) in series.items():
        mean = mean_band(values)
        fig.add_trace(theme.band(times, mean.low, mean.high, style, name))
        fig.add_trace(theme.line(times, mean.value, style, name))
        ends.append(float(mean.value[-1]))
    level = float(apart.mean())
    name = f"vote of {agents * rounds}, apart"
    fig.add_trace(theme.line(times[[0, -1]], [level, level], VOTE, name))
    labels = theme.direct_labels(times[-1], [*ends, level], [*series, name], [DEBATE, ALONE, VOTE], span=(0, 1))
    fig.add_trace(labels)
    fig.update_layout(yaxis_range=(0, 1.02), xaxis_dtick=1)
    first, last = 100 * vote[:, 0].mean(), 100 * vote[:, -1].mean()
    return theme.describe(
        fig,
        f"On {questions} sums the vote of {agents} calculators is right in {first:.0f} % after round 1 and in "
        f"{last:.0f} % after round {rounds}; a vote of {agents * rounds} that never talk in {100 * level:.0f} %.",
    )


def attack(groups: Mapping[str, Persuaded]) -> go.Figure:
    """Return the share of harmful (wrong) answers round by round, for groups of different make-up.

    Parameters
    ----------
    groups : mapping of str to Persuaded
        The runs by name.
    """
    fig = theme.figure(x="round", y="share of harmful answers", height=400, room=190)
    ends, styles = [], []
    for place, (name, run) in enumerate(groups.items()):
        style = theme.styled(place)
        harmful = mean_band(1 - run.right / run.persuasion.agents)
        rounds = np.arange(run.right.shape[1])
        fig.add_trace(theme.band(rounds, harmful.low, harmful.high, style, name))
        fig.add_trace(theme.line(rounds, harmful.value, style, name))
        ends.append(float(harmful.value[-1]))
        styles.append(style)
    fig.add_trace(theme.direct_labels(rounds[-1], ends, list(groups), styles, span=(0, 1)))
    fig.update_yaxes(range=(0, 1))
    told = "; ".join(f"{name}: {100 * end:.0f} %" for name, end in zip(groups, ends, strict=True))
    return theme.describe(fig, f"Share of harmful answers after {rounds[-1]} rounds: {told}.")


def gains(table: pd.DataFrame) -> go.Figure:
    """Return debate minus vote against the accuracy of one agent, one line per persuasiveness.

    Parameters
    ----------
    table : DataFrame
        Columns persuasiveness, accuracy, value, low, high.
    """
    fig = theme.figure(x="accuracy of one agent alone", y="debate minus vote", height=400, room=150)
    ends, names, styles = [], [], []
    for place, (strength, part) in enumerate(table.groupby("persuasiveness")):
        style, x = theme.styled(place), part["accuracy"].to_numpy()
        fig.add_trace(theme.band(x, part["low"], part["high"], style, f"{strength:g}"))
        fig.add_trace(theme.line(x, part["value"], style, f"persuasiveness {strength:g}"))
        ends.append(float(part["value"].iloc[-1]))
        names.append(f"persuasiveness {strength:g}")
        styles.append(style)
    fig.add_trace(theme.theory([table["accuracy"].min(), table["accuracy"].max()], [0, 0], "even"))
    span = (float(table["low"].min()), float(table["high"].max()))
    fig.add_trace(theme.direct_labels(float(table["accuracy"].max()), ends, names, styles, span=span))
    best = table.iloc[int(table["value"].to_numpy().argmax())]
    return theme.describe(
        fig,
        f"Debate gains most, {best['value']:+.3f}, with a persuasiveness of {best['persuasiveness']:g} where one agent "
        f"is right in {100 * best['accuracy']:.0f} %; without persuasive arguments its best is "
        f"{table[table['persuasiveness'] == 0]['value'].max():+.3f}.",
    )


def one_question(run: Discussed, number: int = 0) -> go.Figure:
    """Return how the votes of one question move between the options, round by round.

    Parameters
    ----------
    run : Discussed
        What was run.
    number : int
        Which question.
    """
    fig = theme.figure(x="round", y="agents behind the option", height=360, room=110)
    votes = run.votes[number]
    rounds = np.arange(1, len(votes) + 1)
    names = ["the truth", "the lure", *(f"option {k}" for k in range(2, votes.shape[1]))]
    styles = [theme.styled(name) for name in ("green", "vermilion")] + [ALONE] * (votes.shape[1] - 2)
    for option, (name, style) in enumerate(zip(names, styles, strict=True)):
        fig.add_trace(theme.line(rounds, votes[:, option], style, name))
        fig.add_trace(theme.points(rounds, votes[:, option], style, name))
    fig.add_trace(
        theme.direct_labels(rounds[-1], votes[-1, :2], names[:2], styles[:2], span=(0, int(votes.sum(axis=1)[0])))
    )
    return theme.describe(
        fig,
        f"In question {number} the truth goes from {votes[0, 0]} to {votes[-1, 0]} of {votes[0].sum()} votes and the "
        f"lure from {votes[0, 1]} to {votes[-1, 1]}.",
    )


def swept(
    x: Sequence[float], estimates: Mapping[str, Sequence[Estimate]], *, across: str, up: str, line: float | None = None
) -> go.Figure:
    """Return estimates along a sweep, one line with its interval per name.

    Parameters
    ----------
    x : sequence of float
        Where.
    estimates : mapping of str to sequence of Estimate
        What was measured there.
    across, up : str
        Titles of the axes.
    line : float, optional
        A level to draw.
    """
    fig = theme.figure(x=across, y=up, height=360, room=170)
    tops = [each.high for values in estimates.values() for each in values]
    lows = [each.low for values in estimates.values() for each in values]
    styles = [theme.styled(place) for place in range(len(estimates))]
    for (name, values), style in zip(estimates.items(), styles, strict=True):
        fig.add_trace(theme.band(x, [e.low for e in values], [e.high for e in values], style, name))
        fig.add_trace(theme.line(x, [e.value for e in values], style, name))
    if line is not None:
        fig.add_trace(theme.theory([x[0], x[-1]], [line, line], "level"))
    ends = [values[-1].value for values in estimates.values()]
    fig.add_trace(theme.direct_labels(x[-1], ends, list(estimates), styles, span=(min(lows), max(tops))))
    told = "; ".join(
        f"{name} goes from {values[0].value:.2f} to {values[-1].value:.2f}" for name, values in estimates.items()
    )
    return theme.describe(fig, f"As {across} goes from {x[0]:g} to {x[-1]:g}, {told}.")


def crowds(p: float, agents: Sequence[int], correlated: Sequence[float]) -> go.Figure:
    """Return the accuracy of a majority against its size: independent voters, voters alike, and a debate of equals.

    Parameters
    ----------
    p : float
        Accuracy of one voter.
    agents : sequence of int
        Sizes.
    correlated : sequence of float
        Accuracy of voters that share their luck.
    """
    fig = theme.figure(x="voters", y="accuracy of the majority", height=360, room=150)
    lines = {
        "independent": ([float(majority_accuracy(p, n)) for n in agents], VOTE),
        "sharing one luck": (list(correlated), theme.styled("green")),
        "debate of equals": ([float(ruin_accuracy(p, n, 1.0)) for n in agents], DEBATE),
    }
    for name, (values, style) in lines.items():
        fig.add_trace(theme.line(agents, values, style, name))
    ends, styles = [values[-1] for values, _ in lines.values()], [style for _, style in lines.values()]
    fig.add_trace(theme.direct_labels(agents[-1], ends, list(lines), styles, span=(0.4, 1)))
    return theme.describe(
        fig,
        f"With {agents[-1]} voters who are right in {100 * p:.0f} %, a majority is right in {100 * ends[0]:.0f} % when "
        f"they are independent, in {100 * ends[1]:.0f} % when they share their luck, and in {100 * ends[2]:.0f} % "
        "after a debate of equals.",
    )


def labels(with_labels: Identity, without: Identity) -> go.Figure:
    """Return conformity and obstinacy with the labels "you" and "another", and without.

    Parameters
    ----------
    with_labels, without : Identity
        The same agent with unequal and with equal weights.
    """
    fig = theme.figure(y="chance after a disagreement", height=340, room=110)
    for place, (found, style) in enumerate(((with_labels, DEBATE), (without, VOTE))):
        name = "without labels" if place else "with labels"
        x = [0 + 0.12 * (2 * place - 1), 1 + 0.12 * (2 * place - 1)]
        fig.add_trace(theme.points(x, [found.conformity, found.obstinacy], style, name))
        text = theme.direct_labels(x[1], [found.obstinacy], [name], [style], span=(0, 1))
        fig.add_trace(text)
    fig.update_xaxes(tickvals=[0, 1], ticktext=["adopts the peer's", "keeps its own"], range=(-0.5, 1.5))
    fig.update_yaxes(rangemode="tozero")
    return theme.describe(
        fig,
        f"With labels the agent adopts the peer's answer in {100 * with_labels.conformity:.0f} % and keeps its own in "
        f"{100 * with_labels.obstinacy:.0f} %; without labels in {100 * without.conformity:.0f} and "
        f"{100 * without.obstinacy:.0f} %.",
    )


# --------------------------------------------------------------------------------------------- a real model


def real_accuracy(table: pd.DataFrame) -> go.Figure:
    """Return how often each arm is right on each set of questions, with intervals over the questions.

    Parameters
    ----------
    table : DataFrame
        Columns kind, arm, value, low, high, in the order to be drawn.
    """
    kinds, arms = list(dict.fromkeys(table["kind"])), list(dict.fromkeys(table["arm"]))
    fig = theme.panels(1, len(kinds), titles=kinds, y="accuracy", height=420, room=24)
    for panel, kind in enumerate(kinds, start=1):
        part = table[table["kind"] == kind].set_index("arm")
        for place, arm in enumerate(arms):
            if arm not in part.index:
                continue
            row = part.loc[arm]
            style = theme.styled(place)
            error = [max(row["high"] - row["value"], row["value"] - row["low"])]
            fig.add_trace(theme.points([place], [row["value"]], style, arm, error=error, panel=panel))
        number = "" if panel == 1 else panel
        fig.layout[f"xaxis{number}"].update(
            tickvals=list(range(len(arms))), ticktext=arms, tickangle=-40, range=(-0.6, len(arms) - 0.4)
        )
        fig.layout[f"yaxis{number}"].update(range=(0, 1))
    told = "; ".join(
        f"{kind}: " + ", ".join(f"{arm} {100 * row['value']:.0f} %" for arm, row in part.set_index("arm").iterrows())
        for kind, part in table.groupby("kind", sort=False)
    )
    return theme.describe(fig, f"How often the recorded model is right. {told}.")


def real_shares(table: pd.DataFrame) -> go.Figure:
    """Return right, wrong and unreadable answers by round of a debate, one panel per set.

    Parameters
    ----------
    table : DataFrame
        Columns kind, round, right, wrong, unparsed.
    """
    kinds = list(dict.fromkeys(table["kind"]))
    styles = {"right": theme.styled("green"), "wrong": theme.styled("vermilion"), "unparsed": ALONE}
    fig = theme.panels(
        1,
        len(kinds),
        titles=kinds,
        x="round",
        y="share of the answers",
        height=360,
        room=80,
    )
    for panel, kind in enumerate(kinds, start=1):
        part = table[table["kind"] == kind]
        for name, style in styles.items():
            fig.add_trace(theme.line(part["round"], part[name], style, name, panel=panel))
            fig.add_trace(theme.points(part["round"], part[name], style, name, panel=panel))
        fig.layout[f"yaxis{'' if panel == 1 else panel}"].update(range=(0, 1))
    last = table[table["kind"] == kinds[-1]].iloc[-1]
    ends = [float(last[name]) for name in styles]
    fig.add_trace(
        theme.direct_labels(
            float(last["round"]), ends, list(styles), list(styles.values()), span=(0, 1), panel=len(kinds)
        )
    )
    told = "; ".join(
        f"{kind} from {100 * part['right'].iloc[0]:.0f} to {100 * part['right'].iloc[-1]:.0f} % right"
        for kind, part in table.groupby("kind", sort=False)
    )
    return theme.describe(fig, f"Answers of the recorded model from the first to the last round: {told}.")


def real_conformity(table: pd.DataFrame) -> go.Figure:
    """Return how often the model gives up a right answer, and mends a wrong one, by what two peers say.

    Parameters
    ----------
    table : DataFrame
        Columns kind, peers, given_up, given_up_low, given_up_high, mended, mended_low, mended_high.
    """
    kinds = list(dict.fromkeys(table["kind"]))
    fig = theme.panels(1, len(kinds), titles=kinds, x="what two peers say", y="share", height=380, room=130)
    series = {"right, given up": ("given_up", DEBATE), "wrong, mended": ("mended", theme.styled("green"))}
    for panel, kind in enumerate(kinds, start=1):
        part = table[table["kind"] == kind]
        number = "" if panel == 1 else panel
        for place, (name, (column, style)) in enumerate(series.items()):
            x = np.arange(len(part)) + 0.1 * (2 * place - 1)
            error = np.maximum(part[f"{column}_high"] - part[column], part[column] - part[f"{column}_low"])
            fig.add_trace(theme.points(x, part[column], style, name, error=error, panel=panel))
        fig.update_layout(
            {
                f"xaxis{number}": {
                    "tickvals": list(range(len(part))), "ticktext": list(part["peers"]),
                    "range": (-0.5, len(part) - 0.5),
                },
                f"yaxis{number}": {"range": (0, 1)},
            }
        )  # fmt: skip
    for place, (name, (_, style)) in enumerate(series.items()):
        fig.add_annotation(
            text=f"<span style='color:{style.text}'>{name}</span>", x=1.01, y=0.95 - 0.12 * place, xref="paper",
            yref="paper", xanchor="left", showarrow=False,
        )  # fmt: skip
    told = "; ".join(
        f"{kind}, " + ", ".join(f"peers {row['peers']} {100 * row['mended']:.0f} %" for _, row in part.iterrows())
        for kind, part in table.groupby("kind", sort=False)
    )
    return theme.describe(fig, f"How often the recorded model mends an answer that is not right: {told}.")
