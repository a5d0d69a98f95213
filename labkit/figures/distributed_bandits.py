"""Pictures of distributed bandits: regret, messages, arms left, agreement, prices, bits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from labkit import theme
from labkit.mechanisms.distributed_bandits import BITS_PER_NUMBER, Agreement, Cooperation, Quantised, Run
from labkit.stats import Band, mean_band, mean_interval

if TYPE_CHECKING:
    import pandas as pd

STYLES = {
    "isolated": theme.styled("grey"),
    "central": theme.styled("blue"),
    "dislinucb": theme.styled("vermilion"),
    "fedlinucb": theme.styled("purple"),
    "doubling": theme.styled("sky"),
    "disbe": theme.styled("green"),
    "decbe": theme.styled("orange"),
    "pls": theme.styled("ink"),
}
NAMES = {
    "isolated": "isolated",
    "central": "central",
    "dislinucb": "DisLinUCB",
    "fedlinucb": "FedLinUCB",
    "doubling": "doubling",
    "disbe": "DisBE",
    "decbe": "DecBE",
    "pls": "PLS",
}


def listed(parts: Sequence[str]) -> str:
    """Return parts as a list in words."""
    return ", ".join(parts[:-1]) + " and " + parts[-1] if len(parts) > 1 else "".join(parts)


def _band(values: NDArray[Any]) -> Band:
    """Return means and their intervals; where there are fewer than five curves, as in a draft, the means alone."""
    band = mean_band(values)
    return band if band.n >= 5 else replace(band, low=band.value, high=band.value)


def _number(value: float) -> str:
    return f"{value:,.0f}".replace(",", " ")


# ----------------------------------------------------------------------------------- regret and what it costs


def curves(runs: Mapping[str, Run]) -> go.Figure:
    """Return regret and numbers sent over time, a line and a band per policy.

    Parameters
    ----------
    runs : mapping of str to Run
        One run per policy, on the same problems.
    """
    titles = ["regret of all agents together", "numbers sent so far"]
    fig = theme.panels(1, 2, titles=titles, x="round", y=["reward lost", "numbers"], height=440, room=110)
    for panel, name in ((1, "regret"), (2, "sent")):
        fig.add_traces(_over_time(runs, name, panel))
        fig.layout[f"yaxis{'' if panel == 1 else panel}"].update(type="log", dtick="D2")
    fig.layout.xaxis.domain = (fig.layout.xaxis.domain[0], fig.layout.xaxis.domain[1] - 0.1)
    return theme.describe(fig, _regret_in_words(runs))


def _over_time(runs: Mapping[str, Run], name: str, panel: int) -> list[Any]:
    traces, ends = [], {}
    for policy, run in runs.items():
        values = getattr(run, name).astype(np.float64)
        if not values.any():
            continue
        # On a logarithmic axis nothing is sent from nowhere on.
        shown = np.flatnonzero(values.mean(axis=0) > 0)
        mean, style = _band(values[:, shown]), STYLES[policy]
        rounds, floor = run.rounds[shown], 0.3 * mean.value
        traces.append(theme.band(rounds, np.maximum(mean.low, floor), mean.high, style, NAMES[policy], panel=panel))
        traces.append(theme.line(rounds, mean.value, style, NAMES[policy], panel=panel))
        ends[policy] = float(np.log10(mean.value[-1]))
    return [*traces, _labels(next(iter(runs.values())).horizon, ends, panel)] if ends else traces


def _labels(x: float, ends: Mapping[str, float], panel: int) -> Any:
    """Return the names of the lines at their ends, whose heights are given as logarithms."""
    low, high = min(ends.values()), max(ends.values())
    names, styles = [NAMES[policy] for policy in ends], [STYLES[policy] for policy in ends]
    span = (low, max(high, low + 0.5) + 0.6 * (high - low) + 0.5)
    return _on_log(theme.direct_labels(x, list(ends.values()), names, styles, span=span, panel=panel))


def _on_log(label: Any) -> Any:
    return label | {"y": 10 ** label["y"]}


def _regret_in_words(runs: Mapping[str, Run]) -> str:
    run = next(iter(runs.values()))
    many = len(run.total)
    order = sorted(runs, key=lambda policy: float(runs[policy].total.mean()))
    parts = [
        f"{NAMES[policy]} loses {_with_interval(runs[policy].total)} and sends "
        f"{_number(runs[policy].numbers.mean())} numbers"
        for policy in order
    ]
    return (
        f"{run.problem.agents} agents, {run.problem.dim} features, {_number(run.horizon)} rounds, "
        f"{many} problem{'s' if many > 1 else ''}: {listed(parts)}."
    )


def _with_interval(values: NDArray[np.float64]) -> str:
    if len(values) < 5:
        return _number(values.mean())
    estimate = mean_interval(values)
    return f"{_number(estimate.value)} [{_number(estimate.low)}, {_number(estimate.high)}]"


def raster(runs: Mapping[str, Run]) -> go.Figure:
    """Return who spoke when, one stroke per agent and moment, and beside it what makes DisLinUCB speak.

    Parameters
    ----------
    runs : mapping of str to Run
        Runs that hold "dislinucb", "fedlinucb" and "disbe".
    """
    shown = ("fedlinucb", "dislinucb", "disbe")
    titles = [f"{NAMES[policy]}: who speaks" for policy in shown] + ["what makes DisLinUCB speak"]
    y = ["agent", "agent", "agent", "growth · rounds"]
    fig = theme.panels(2, 2, titles=titles, x="round", y=y, height=620)
    for panel, policy in enumerate(shown, start=1):
        run = runs[policy]
        agent, column = np.nonzero(run.raster)
        size = float(np.clip(100 / run.problem.agents, 2, 12))
        fig.add_trace(_strokes(run.rounds[column], agent + 1.0, STYLES[policy], NAMES[policy], size, panel))
        fig.layout[f"yaxis{'' if panel == 1 else panel}"].range = (0, run.problem.agents + 1)
    for axis in (fig.layout.yaxis, fig.layout.yaxis2):
        axis.domain = (axis.domain[0] + 0.07, axis.domain[1])
    run = runs["dislinucb"]
    pressure = run.detail.pressure.max(axis=0)
    fig.add_trace(theme.line(run.rounds, pressure, STYLES["dislinucb"], "strongest call", panel=4))
    if np.isfinite(run.detail.trigger):
        fig.add_trace(theme.theory([0, run.horizon], [run.detail.trigger] * 2, "trigger", panel=4))
        place = {"xref": "x4", "yref": "y4", "xanchor": "right", "yanchor": "bottom", "showarrow": False}
        fig.add_annotation(text="trigger", x=run.horizon, y=run.detail.trigger, **place)
    for panel in range(1, 5):
        fig.layout[f"xaxis{'' if panel == 1 else panel}"].range = (0, run.horizon * 1.01)
    return theme.describe(fig, _talk_in_words(runs))


def _strokes(x: Any, y: Any, style: theme.Style, name: str, size: float, panel: int) -> Any:
    """Return upright strokes, which stay apart where they are many."""
    look = {"symbol": "line-ns", "size": size, "color": style.color, "line": {"color": style.color, "width": 1.2}}
    return theme.points(x, y, style, name, panel=panel) | {"marker": look}


def _talk_in_words(runs: Mapping[str, Run]) -> str:
    fed, dis, be = (runs[policy] for policy in ("fedlinucb", "dislinucb", "disbe"))
    half = int(np.searchsorted(fed.rounds, fed.horizon // 2))
    early = float(fed.raster[:, :half].sum() / max(1, fed.raster.sum()))
    return (
        f"In {_number(fed.horizon)} rounds FedLinUCB uploads {_number(fed.raster.sum())} times, {100 * early:.0f} % of "
        f"it in the first half and each agent at its own time; DisLinUCB synchronises all {dis.problem.agents} agents "
        f"{dis.detail.synchronisations[0]} times; DisBE speaks at the ends of its {len(be.detail.lengths)} batches."
    )


# --------------------------------------------------------------------------------------- elimination in batches


def survivors(runs: Mapping[str, Run]) -> go.Figure:
    """Return which arms are left after each batch, as a picture, and how many over time.

    Parameters
    ----------
    runs : mapping of str to Run
        Runs of "disbe" and "decbe".
    """
    titles = ["arms left, batch by batch (gossip)", "arms left per set", "regret of all agents together"]
    fig = theme.panels(
        2, 2, titles=[titles[0], "", *titles[1:]], x=["", "", "round", "round"], y=["", "", "arms", "reward lost"],
        pictures=(1,), heights=[1, 1.1], height=620, room=80,
    )  # fmt: skip
    # The picture takes the whole first row.
    fig.layout.xaxis.domain = (0, 1)
    fig.layout.xaxis2.visible = fig.layout.yaxis2.visible = False
    picture = _grid(runs["decbe"])
    fig.add_trace(theme.image(picture, "arms left", panel=1))
    blocks = len(runs["decbe"].detail.left)
    for block in range(blocks):
        words, x = "start" if block == 0 else f"after {block}", picture.shape[1] * block / blocks
        fig.add_annotation(text=words, x=x, y=picture.shape[0], xanchor="left", yanchor="top", showarrow=False)
    ends: dict[str, float] = {}
    for policy, run in runs.items():
        # Nothing is dropped before a batch is over.
        rounds = np.concatenate([[1], run.detail.lengths.cumsum()]).repeat(2)[1:]
        alive, regret = _band(run.detail.alive.repeat(2, axis=1)[:, :-1]), _band(run.regret[:, 1:])
        for panel, x, mean, floor in ((3, rounds, alive, 1.0), (4, run.rounds[1:], regret, 0.3 * regret.value)):
            low = np.maximum(mean.low, floor)
            fig.add_trace(theme.band(x, low, mean.high, STYLES[policy], NAMES[policy], panel=panel))
            fig.add_trace(theme.line(x, mean.value, STYLES[policy], NAMES[policy], panel=panel))
        ends[policy] = float(np.log10(regret.value[-1]))
    names, styles = [NAMES[policy] for policy in ends], [STYLES[policy] for policy in ends]
    span = (0.0, 2 * max(ends.values()))
    fig.add_trace(_on_log(theme.direct_labels(run.horizon, list(ends.values()), names, styles, span=span, panel=4)))
    fig.update_layout(xaxis3_type="log", xaxis4_type="log", yaxis4={"type": "log", "nticks": 6})
    fig.layout.yaxis3.range = (0, 1.05 * run.problem.choices)
    return theme.describe(fig, _elimination_in_words(runs))


def _grid(run: Run) -> NDArray[np.uint8]:
    """Return a picture: a block per batch, a row per set, a column per arm from best to worst."""
    left = run.detail.left
    batches, contexts, arms = left.shape
    tile = max(1, min(6, 900 // (batches * (arms + 2)), 260 // contexts))
    color = 245 - 165 * left[..., None] * np.ones(3)
    # The best arm in its own colour; where agents have dropped it, the warning colour.
    kept = left[:, :, :1, None]
    color[:, :, :1] = kept * np.array([0, 158, 115]) + (1 - kept) * np.array([213, 94, 0])
    blocks = [np.pad(block, ((0, 0), (0, 2), (0, 0)), constant_values=255) for block in color]
    return np.concatenate(blocks, axis=1).astype(np.uint8).repeat(tile, axis=0).repeat(tile, axis=1)


def _elimination_in_words(runs: Mapping[str, Run]) -> str:
    run, server = runs["decbe"], runs["disbe"]
    problem = run.problem
    extra = 100 * (run.total.mean() / server.total.mean() - 1)
    return (
        f"{problem.agents} agents, {_number(run.horizon)} rounds in {len(run.detail.lengths)} batches: of "
        f"{problem.choices} arms per set {run.detail.alive[:, -1].mean():.1f} are left at the end; the best arm "
        f"(green, orange where lost) is kept in {100 * run.detail.best_kept.mean():.1f} % of the sets. Gossip of "
        f"{run.detail.steps} steps changes the regret by {extra:+.1f} % against a server "
        f"({_number(server.total.mean())})."
    )


def agreement(errors: Agreement) -> go.Figure:
    """Return how fast neighbours agree, plainly and with momentum.

    Parameters
    ----------
    errors : Agreement
        Errors step by step.
    """
    fig = theme.figure(x="gossip steps", y="distance from the mean, share of the start", height=420, room=110)
    steps = np.arange(len(errors.plain))
    ends = []
    for values, name, style in (
        (errors.plain, "plain", STYLES["isolated"]),
        (errors.chebyshev, "Chebyshev", STYLES["decbe"]),
    ):
        shown = np.maximum(values, 1e-12)
        fig.add_trace(theme.line(steps, shown, style, name))
        ends.append((float(np.log10(shown[-1])), name, style))
    heights, names, styles = zip(*ends, strict=True)
    span = (min(heights), max(*heights, min(heights) + 3.0))
    fig.add_trace(_on_log(theme.direct_labels(steps[-1], list(heights), list(names), list(styles), span=span)))
    fig.add_trace(theme.theory(steps[[0, -1]], [errors.target] * 2, "wanted"))
    fig.add_trace(theme.theory([errors.steps] * 2, [errors.target, 1], "steps by the formula"))
    _note(fig, "wanted", 0, np.log10(errors.target), "top")
    _note(fig, f"{errors.steps} steps by the formula", errors.steps, 0, "top")
    fig.update_yaxes(type="log", exponentformat="power")
    return theme.describe(
        fig,
        f"{errors.agents} agents on a {errors.graph} (lambda2 = {errors.lambda2:.3f}): to agree within "
        f"{errors.target:.2g} the formula allows {errors.steps} Chebyshev steps, which leave "
        f"{errors.chebyshev[errors.steps]:.2g}; plain averaging needs {errors.plain_steps}.",
    )


def _note(fig: go.Figure, text: str, x: float, y: float, side: str) -> None:
    """Write beside a line of theory."""
    fig.add_annotation(text=f" {text}", x=x, y=y, xanchor="left", yanchor=side, showarrow=False)


def scaling(by_horizon: Mapping[int, Run], by_agents: Mapping[int, Run]) -> go.Figure:
    """Return regret of batched elimination against the horizon and against the number of agents.

    Parameters
    ----------
    by_horizon, by_agents : mapping of int to Run
        Runs by rounds per agent, and by number of agents.
    """
    titles = ["more time", "more agents"]
    fig = theme.panels(
        1, 2, titles=titles, x=["rounds per agent", "agents"], y=["reward lost"] * 2, height=400, room=90
    )
    slopes = []
    for panel, runs in ((1, by_horizon), (2, by_agents)):
        x = np.array(list(runs), dtype=np.float64)
        estimates = [mean_interval(run.total) for run in runs.values()]
        mean = np.array([estimate.value for estimate in estimates])
        error = [estimate.high - estimate.value for estimate in estimates]
        lines = {name: mean[0] * (x / x[0]) ** power for name, power in (("square root", 0.5), ("proportional", 1.0))}
        for name, values in lines.items():
            fig.add_trace(theme.theory(x, values, name, panel=panel))
        ends = np.log10([mean[-1], *(values[-1] for values in lines.values())])
        names, looks = ["DisBE", *lines], [STYLES["disbe"], STYLES["pls"], STYLES["pls"]]
        span = (float(np.log10(mean[0])), float(ends.max()))
        fig.add_trace(_on_log(theme.direct_labels(x[-1], ends, names, looks, span=span, panel=panel)))
        fig.add_trace(theme.line(x, mean, STYLES["disbe"], "DisBE", panel=panel))
        fig.add_trace(theme.points(x, mean, STYLES["disbe"], "DisBE", error=error, panel=panel))
        slopes.append(float(np.polyfit(np.log(x), np.log(mean), 1)[0]))
    fig.update_xaxes(type="log")
    fig.update_yaxes(type="log", dtick="D2")
    left, right = fig.layout.xaxis.domain
    fig.layout.xaxis.domain = (left, right - 0.08)
    return theme.describe(
        fig,
        f"The regret of DisBE grows like the power {slopes[0]:.2f} of the horizon and the power {slopes[1]:.2f} of the "
        "number of agents; the square root would be 0.5, agents that do not share 1.",
    )


# --------------------------------------------------------------------------------------------------- the prices


def prices(table: pd.DataFrame, cost: str = "numbers") -> go.Figure:
    """Return regret against what was sent, one dot per setting of a policy.

    Parameters
    ----------
    table : DataFrame
        Columns policy, knob, value, replicate, regret, numbers, bits.
    cost : {"numbers", "bits"}
        What is paid for.
    """
    fig = theme.figure(x=f"{cost} sent by all", y="reward lost by all", height=460, room=70)
    for policy in [policy for policy in STYLES if (table["policy"] == policy).any()]:
        dots = table[table["policy"] == policy].groupby("value").agg(
            regret=("regret", "mean"), cost=(cost, "mean"), spread=("regret", "sem")
        ).sort_values("cost")  # fmt: skip
        if not dots["cost"].max() > 0:
            level = float(dots["regret"].iloc[0])
            floor = table.loc[table[cost] > 0, cost].min()
            fig.add_trace(theme.theory([floor / 2, table[cost].max()], [level] * 2, "isolated: nothing sent"))
            fig.add_annotation(
                text="isolated: nothing sent",
                x=0.01,
                xref="paper",
                y=np.log10(level),
                yanchor="top",
                showarrow=False,
            )
            continue
        dots = dots[dots["cost"] > 0]
        x, y, style = dots["cost"].to_numpy(), dots["regret"].to_numpy(), STYLES[policy]
        fig.add_trace(theme.line(x, y, style, NAMES[policy]))
        fig.add_trace(theme.points(x, y, style, NAMES[policy], error=1.96 * dots["spread"].fillna(0).to_numpy()))
        # Beside the cheapest dot, on the side where there is room.
        label = theme.direct_labels(x[0], [y[0]], [f" {NAMES[policy]}  "], [style], span=(0, 1))
        fig.add_trace(
            label | {"textposition": f"middle {'left' if policy in ('dislinucb', 'fedlinucb', 'decbe') else 'right'}"}
        )
    fig.update_xaxes(type="log", exponentformat="power", nticks=8)
    fig.update_yaxes(type="log", dtick="D2")
    return theme.describe(fig, _prices_in_words(table, cost))


def prices_in_bits(table: pd.DataFrame) -> go.Figure:
    """Return regret against bits, one dot per setting of a policy.

    Parameters
    ----------
    table : DataFrame
        As for `prices`.
    """
    return prices(table, "bits")


def _prices_in_words(table: pd.DataFrame, cost: str) -> str:
    dots = table.groupby(["policy", "value"])[["regret", cost]].mean().reset_index()
    full = dots[dots["policy"] == "central"].iloc[0]
    alone = dots[dots["policy"] == "isolated"].iloc[0]
    near = dots[(dots["regret"] <= 1.5 * full["regret"]) & (dots["policy"] != "central")].sort_values(cost)
    words = f"Full sharing loses {_number(full['regret'])} and sends {_number(full[cost])} {cost}; without a word "
    words += f"{_number(alone['regret'])} are lost. "
    if not len(near):
        return words + "No other setting comes within 1.5 times of full sharing."
    best = near.iloc[0]
    return words + (
        f"The cheapest setting within 1.5 times of full sharing is {NAMES[best['policy']]} with "
        f"{_number(best[cost])} {cost}, {100 * best[cost] / full[cost]:.2g} % of that."
    )


# ----------------------------------------------------------------------------------------------------- few bits


def refinement(run: Run) -> go.Figure:
    """Return the error after each epoch of PLS beside its tolerance, and the bits that were sent.

    Parameters
    ----------
    run : Run
        A run of "pls".
    """
    titles = ["error after each epoch", "bits of a message"]
    fig = theme.panels(1, 2, titles=titles, x="epoch", y=["distance from the truth", "bits"], height=400, room=120)
    detail = run.detail
    if not len(detail.tolerance):
        fig.add_trace(theme.points([1], [np.nan], STYLES["pls"], "no epoch"))
        fig.add_trace(theme.points([1], [np.nan], STYLES["pls"], "no epoch", panel=2))
        return theme.describe(fig, f"No epoch ends within {_number(run.horizon)} rounds: all of them are exploration.")
    epochs = np.arange(1, len(detail.tolerance) + 1)
    fig.add_trace(theme.theory(epochs, detail.tolerance, "tolerance"))
    errors = {"an agent": detail.sent_error, "the server": detail.server_error}
    bits = {"up, one agent": detail.bits_up, "down": detail.bits_down}
    styles = [STYLES["isolated"], STYLES["disbe"]]
    for panel, shown in ((1, errors), (2, bits)):
        means = [np.nanmean(values, axis=0) for values in shown.values()]
        for mean, name, style in zip(means, shown, styles, strict=True):
            fig.add_trace(theme.line(epochs, mean, style, name, panel=panel))
            fig.add_trace(theme.points(epochs, mean, style, name, panel=panel))
        names, ends = [f" {name}" for name in shown], [float(mean[-1]) for mean in means]
        if panel == 1:
            names, ends = [*names, " tolerance"], [*ends, float(detail.tolerance[-1])]
            looks, heights = [*styles, STYLES["pls"]], np.log10(ends)
            span = (float(heights.min()), max(float(np.log10(max(map(np.max, means)))), float(heights.max())))
            fig.add_trace(_on_log(theme.direct_labels(epochs[-1], heights, names, looks, span=span)))
        else:
            span = (0.0, float(max(map(np.max, means))))
            fig.add_trace(theme.direct_labels(epochs[-1], ends, names, styles, span=span, panel=2))
    fig.update_layout(yaxis={"type": "log", "dtick": "D2"}, yaxis2_rangemode="tozero")
    fig.update_xaxes(tickvals=epochs)
    left, right = fig.layout.xaxis.domain
    fig.layout.xaxis.domain = (left, right - 0.1)
    return theme.describe(
        fig,
        f"{_number(run.horizon)} rounds in {run.problem.dim} dimensions: {len(epochs)} "
        f"epoch{'s' if len(epochs) > 1 else ''}, the last with an error of "
        f"{np.nanmean(detail.server_error, axis=0)[-1]:.2g} at the server (tolerance {detail.tolerance[-1]:.2g}) for "
        f"{np.nanmean(detail.bits_up, axis=0)[-1]:.0f} bits up; sent as numbers, a message would have "
        f"{run.problem.dim * BITS_PER_NUMBER}.",
    )


def bits_in_time(by_horizon: Mapping[int, Run]) -> go.Figure:
    """Return the bits PLS sends against the horizon, up and down, and how many plain numbers would take.

    Parameters
    ----------
    by_horizon : mapping of int to Run
        Runs of "pls" by rounds per agent.
    """
    fig = theme.figure(x="rounds per agent", y="bits sent so far", height=400, room=130)
    horizons = np.array(list(by_horizon), dtype=np.float64)
    runs = list(by_horizon.values())
    ends = []
    for name, field, policy in (("up, one agent", "bits_up", "isolated"), ("down", "bits_down", "disbe")):
        mean = np.array([getattr(run, field).mean() for run in runs])
        fig.add_trace(theme.line(horizons, mean, STYLES[policy], name))
        fig.add_trace(theme.points(horizons, mean, STYLES[policy], name))
        ends.append((name, STYLES[policy], float(mean[-1])))
    dim = runs[0].problem.dim
    plain = np.array([run.detail.epochs.mean() for run in runs]) * dim * BITS_PER_NUMBER
    fig.add_trace(theme.theory(horizons, plain, "as plain numbers"))
    ends.append(("as plain numbers", STYLES["pls"], float(plain[-1])))
    names, styles, heights = zip(*ends, strict=True)
    span = (0.0, max(heights))
    fig.add_trace(theme.direct_labels(horizons[-1], list(heights), list(names), list(styles), span=span))
    fig.update_xaxes(type="log", exponentformat="power")
    fig.update_yaxes(rangemode="tozero")
    decades, last = float(np.log10(horizons[-1] / horizons[0])), runs[-1]
    bits = float((last.bits_up - runs[0].bits_up).mean())
    return theme.describe(
        fig,
        f"In {dim} dimensions one agent sends {bits:.0f} bits more in {decades:.0f} decades of time, "
        f"{bits / decades:.0f} a decade, in steps of an epoch; after {last.detail.epochs.mean():.0f} epochs that is "
        f"{100 * last.bits_up.mean() / plain[-1]:.0f} % of what plain numbers would take.",
    )


def rounding(x: NDArray[np.float64], sent: Quantised) -> go.Figure:
    """Return one vector before and after rounding, with its code in words.

    Parameters
    ----------
    x : ndarray of float, shape (dim,)
        What should be sent.
    sent : Quantised
        What was sent.
    """
    fig = theme.figure(x="coordinate", y="value", height=340, room=90)
    place = np.arange(1, len(x) + 1, dtype=np.float64)
    fig.add_trace(theme.points(place - 0.12, x, STYLES["central"], "before"))
    fig.add_trace(theme.points(place + 0.12, sent.value, STYLES["dislinucb"], "after"))
    labels = theme.direct_labels(
        len(x) + 0.5, [x[-1], sent.value[-1]], ["before", "after"], [STYLES["central"], STYLES["dislinucb"]],
        span=(float(min(x.min(), sent.value.min())), float(max(x.max(), sent.value.max()))),
    )  # fmt: skip
    fig.add_trace(labels)
    code = sent.code if len(sent.code) <= 80 else sent.code[:80] + "..."
    return theme.describe(
        fig,
        f"A vector of {len(x)} coordinates goes over the wire as {sent.bits} bits, {code}, where plain numbers would "
        f"take {len(x) * BITS_PER_NUMBER}. The error is {np.linalg.norm(sent.value - x):.2f} of a length of "
        f"{np.linalg.norm(x):.2f}.",
    )


def code_lengths(accuracy: Sequence[float], unary: Sequence[float], dim: int, bound: float) -> go.Figure:
    """Return the bits of a vector of length 1 against the accuracy: unary, fixed width, and plain numbers.

    Parameters
    ----------
    accuracy : sequence of float
        Accuracies.
    unary : sequence of float
        Mean bits of the unary code.
    dim : int
        Coordinates.
    bound : float
        Range of the quantiser.
    """
    fig = theme.figure(x="accuracy, share of the vector's length", y="bits", height=400, room=130)
    wanted = np.array(accuracy, dtype=np.float64)
    fixed = dim * np.ceil(np.log2(2 * bound * np.sqrt(dim) / wanted + 1))
    lines = (
        ("unary, at random", np.array(unary), "dislinucb"),
        ("fixed width", fixed, "central"),
        ("plain numbers", np.full(len(wanted), float(dim * BITS_PER_NUMBER)), "isolated"),
    )
    for name, bits, look in lines:
        fig.add_trace(theme.line(wanted, bits, STYLES[look], name))
    ends = [float(np.log10(bits[-1])) for _, bits, _ in lines]
    styles = [STYLES[look] for _, _, look in lines]
    fig.add_trace(_on_log(theme.direct_labels(wanted[-1], ends, [name for name, _, _ in lines], styles, span=(1.5, 4))))
    fig.update_xaxes(type="log")
    fig.update_yaxes(type="log")
    cheaper = wanted[np.array(unary) < fixed]
    return theme.describe(
        fig,
        f"In {dim} dimensions the unary code is the shorter one from an accuracy of {cheaper.min():.2g} on; at "
        f"{wanted.min():.2g} it takes {_number(max(unary))} bits where a fixed width takes "
        f"{_number(float(fixed.max()))}.",
    )


# ------------------------------------------------------------------------------- real contexts, and several steps


def digit_errors(runs: Mapping[str, Run]) -> go.Figure:
    """Return the share of digits read wrong, over the rounds, a line and a band per policy.

    Parameters
    ----------
    runs : mapping of str to Run
        Runs on digits.
    """
    fig = theme.figure(x="round", y="share of answers that are wrong", height=420, room=110)
    ends = {}
    for policy, run in runs.items():
        every = np.unique(np.linspace(0, len(run.rounds) - 1, 25).astype(int))
        rounds, wrong = run.rounds[every], run.regret[:, every] / run.problem.agents
        rate = np.diff(wrong, axis=1) / np.diff(rounds)
        middle, mean = (rounds[1:] + rounds[:-1]) / 2, _band(rate)
        fig.add_trace(theme.band(middle, mean.low.clip(0), mean.high.clip(max=1), STYLES[policy], NAMES[policy]))
        fig.add_trace(theme.line(middle, mean.value, STYLES[policy], NAMES[policy]))
        ends[policy] = float(mean.value[-1])
    run = next(iter(runs.values()))
    names, styles = [NAMES[policy] for policy in ends], [STYLES[policy] for policy in ends]
    fig.add_trace(theme.direct_labels(run.rounds[-1], list(ends.values()), names, styles, span=(0, 0.9)))
    fig.update_yaxes(range=(0, 0.95))
    parts = [
        f"{NAMES[policy]} errs in {100 * (each.total / each.problem.agents / each.horizon).mean():.1f} %"
        for policy, each in runs.items()
    ]
    return theme.describe(
        fig,
        f"{run.problem.agents} agents read handwritten digits for {_number(run.horizon)} rounds and are told only "
        f"whether they were right: over all rounds {listed(parts)}.",
    )


def uploads(teams: Sequence[Cooperation]) -> go.Figure:
    """Return uploads against episodes, and when each agent of the second team uploads.

    Parameters
    ----------
    teams : sequence of Cooperation
        Teams of different size.
    """
    titles = ["uploads of all agents so far", f"who uploads when ({teams[1].chain.agents} agents)"]
    fig = theme.panels(1, 2, titles=titles, x="episode", y=["uploads", "agent"], height=400)
    looks = ("central", "dislinucb", "disbe", "fedlinucb")
    ends = []
    for team, look in zip(teams, looks, strict=False):
        mean = _band(team.uploads[:, 9:].astype(np.float64))
        episodes = np.arange(10, team.chain.episodes + 1)
        shown = np.unique(np.geomspace(1, len(episodes), 150).astype(int)) - 1
        name = f"{team.chain.agents} agent{'s' if team.chain.agents > 1 else ''}"
        fig.add_trace(theme.line(episodes[shown], mean.value[shown], STYLES[look], name))
        ends.append((name, STYLES[look], float(mean.value[-1])))
    names, styles, heights = zip(*ends, strict=True)
    label = theme.direct_labels(
        teams[0].chain.episodes, list(heights), list(names), list(styles), span=(0, max(heights))
    )
    fig.add_trace(label)
    for agent, times in enumerate(teams[1].upload_times, start=1):
        fig.add_trace(_strokes(times, np.full(len(times), agent), STYLES["dislinucb"], f"agent {agent}", 16, 2))
    fig.update_xaxes(type="log")
    fig.update_yaxes(tickvals=list(range(1, teams[1].chain.agents + 1)), selector={"anchor": "x2"})
    left, right = fig.layout.xaxis.domain
    fig.layout.xaxis.domain = (left, right - 0.08)
    team = teams[1]
    whole, half = team.uploads[:, -1].mean(), team.uploads[:, team.chain.episodes // 2 - 1].mean()
    return theme.describe(
        fig,
        f"{team.chain.agents} agents upload {whole:.0f} times in {_number(team.chain.episodes)} episodes, "
        f"{whole - half:.0f} of them in the second half; an agent alone uploads "
        f"{teams[0].uploads[:, -1].mean():.0f} times.",
    )
