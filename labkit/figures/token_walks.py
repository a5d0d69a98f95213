"""Pictures of token walks: the token on its graph, visits, distances, errors, and the three regimes of steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from labkit import theme
from labkit.mechanisms.token_walks import (
    LADDER,
    Logistic,
    Mean,
    Run,
    Runs,
    independent_variance,
    iterate_covariance,
    mean_of_visits,
    objective_of,
    paced_covariance,
    repelled,
    sampling_variance,
    split_error,
    spread_numbers,
    values_of,
)
from labkit.stats import mean_band, mean_interval

if TYPE_CHECKING:
    import pandas as pd

PLAIN = theme.Style(theme.PALETTE["grey"], "dot", "circle")
BENT = theme.Style(theme.PALETTE["vermilion"], "solid", "square")
RARE, EVEN, OFTEN = np.array([0, 114, 178]), np.array([236, 236, 240]), np.array([213, 94, 0])
CASES = {"i": "(i) theta slower", "ii": "(ii) same pace", "iii": "(iii) theta faster"}
NAMED_NODES = 40
NEARLY_0 = 1e-6  # what a logarithmic axis shows instead of 0


def _number(value: float) -> str:
    return f"{value:,.0f}".replace(",", " ")


def _axis(fig: go.Figure, letter: str, panel: int) -> Any:
    return fig.layout[f"{letter}axis{'' if panel == 1 else panel}"]


def _on_log(axis: Any, low: float, high: float) -> None:
    """Make an axis logarithmic, with a tick per power of ten where there are several of them."""
    axis.update(type="log", dtick=1 if high > 50 * low else "D2", exponentformat="power")


def _arms(runs: Runs) -> tuple[Run, Run]:
    """Return the base chain and the repelled walk; the same one twice where there is no repulsion."""
    found = list(runs.values())
    return found[0], found[-1]


# ------------------------------------------------------------------------------------------ on the graph


def walk(runs: Runs, time: int | None = None) -> go.Figure:
    """Return the token on its graph without and with repulsion, its choice of the next node, and how far off it is.

    Parameters
    ----------
    runs : Runs
        The base chain first, the repelled walk last.
    time : int, optional
        Which recorded moment to draw; the last where not given.
    """
    plain, bent = _arms(runs)
    frame = len(runs.times) - 1 if time is None else min(time, len(runs.times) - 1)
    titles = [f"<b>{name}</b>" for name in _names(runs)] + [
        "where next? (● base chain, ■ repelled)",
        "distance from the target",
    ]
    fig = theme.panels(
        2, 2, titles=titles, x=[" ", " ", "next node", "step"], y=[" ", " ", "chance", "total variation"],
        heights=(1.45, 1), height=640, room=20,
    )  # fmt: skip
    for panel, run in ((1, plain), (2, bent)):
        _draw_graph(fig, run, frame, panel)
    _draw_choice(fig, bent, frame, 3)
    now = int(runs.times[frame]) if frame < len(runs.times) - 1 else None
    highest = 0.0
    for run, style, name in ((plain, PLAIN, _names(runs)[0]), (bent, BENT, _names(runs)[1])):
        mean = mean_band(np.maximum(run.distance, NEARLY_0))
        low = np.maximum(mean.low, 0.3 * mean.value)
        fig.add_trace(theme.band(run.times, low, mean.high, style, name, panel=4))
        fig.add_trace(theme.line(run.times, mean.value, style, name, panel=4))
        highest = max(highest, float(mean.value.max()))
    lowest = 0.5 * max(float(bent.distance.mean(axis=0).min()), NEARLY_0)
    x = [np.nan, np.nan] if now is None else [now, now]
    fig.add_trace(theme.theory(x, [lowest, highest], "the step drawn above", panel=4))
    _on_log(fig.layout.xaxis4, 1, run.times[-1])
    _on_log(fig.layout.yaxis4, lowest, highest)
    return theme.describe(fig, _walk_in_words(runs, frame))


def _names(runs: Runs) -> list[str]:
    strength = list(runs)[-1]
    return ["plain walk", f"self-repellent walk, alpha = {strength:g}"]


def _draw_graph(fig: go.Figure, run: Run, frame: int, panel: int) -> None:
    """Draw edges, nodes coloured by visits over target, and a ring around the token's node."""
    graph, token = run.chain.graph, int(run.trail[frame])
    x, y = graph.places.T
    ends = np.full((len(graph.edges), 3), np.nan)
    ends[:, :2] = x[graph.edges]
    edges = theme.line(ends.ravel(), np.column_stack([y[graph.edges], ends[:, 2]]).ravel(), PLAIN, "edges", panel=panel)
    fig.add_trace(edges | {"line": {"color": "#c9c9d1", "width": 1}, "hoverinfo": "skip"})
    ratio = run.counts[frame] / run.times[frame] / run.chain.target
    ring = theme.points([x[token]], [y[token]], theme.styled("ink"), "the token", panel=panel)
    size = float(np.clip(230 / graph.nodes, 9, 24))
    look = {"color": theme.PAPER, "size": 1.6 * size + 9, "line": {"color": theme.INK, "width": 3}, "symbol": "circle"}
    fig.add_trace(ring | {"marker": look})
    words = [f"{name}: {times:.2f} times its share" for name, times in zip(graph.names, ratio, strict=True)]
    # Size tells the same as the colour.
    sizes = size * (0.75 + 0.4 * np.clip(ratio, 0, 2))
    nodes = theme.points(x, y, PLAIN, "visits over target", panel=panel)
    look = {"color": _tint(ratio), "size": sizes, "line": {"color": theme.SUBDUED, "width": 1}}
    names = (
        {"mode": "markers+text", "text": graph.names, "textfont": {"size": 10}} if graph.nodes <= NAMED_NODES else {}
    )
    fig.add_trace(nodes | {"marker": look, "hovertext": words, "hoverinfo": "text"} | names)
    # Wide, so that the two drawings keep their places whatever the graph.
    middle, half = (graph.places.max(axis=0) + graph.places.min(axis=0)) / 2, np.ptp(graph.places, axis=0) / 2
    for letter, centre, reach in (("x", middle[0], half[0]), ("y", middle[1], half[1])):
        pad = 1.15 * max(reach, 0.2) + 0.05
        bare = {"showticklabels": False, "showgrid": False, "showline": False, "ticks": ""}
        _axis(fig, letter, panel).update(range=(centre - pad, centre + pad), **bare)
    caption = "blue: too few visits · orange: too many · ring: the token"
    _axis(fig, "x", panel).title.update(text=caption, font={"size": 12, "color": theme.SUBDUED}, standoff=2)


def _tint(ratio: NDArray[np.float64]) -> list[str]:
    """Return a colour per node: blue where visits fall short by half and more, orange where they are double."""
    strength = np.clip(np.log2(np.maximum(ratio, 1e-9)), -1, 1)[:, None]
    colors = np.where(strength < 0, EVEN + (EVEN - RARE) * strength, EVEN + (OFTEN - EVEN) * strength)
    return [f"rgb({red},{green},{blue})" for red, green, blue in colors.round().astype(int)]


def _draw_choice(fig: go.Figure, run: Run, frame: int, panel: int) -> None:
    """Draw the rows of the base chain and of the kernel at the token's node."""
    chain, token = run.chain, int(run.trail[frame])
    kernel = repelled(chain, run.measure[frame], run.world.alpha)[token]
    reach = [*np.flatnonzero(chain.graph.adjacency[token] > 0), token]
    names = [chain.graph.names[node] for node in reach[:-1]] + ["stay"]
    places = np.arange(len(reach))
    for row, style, name, shift in ((chain.matrix[token], PLAIN, "base chain", -0.1), (kernel, BENT, "repelled", 0.1)):
        fig.add_trace(theme.points(places + shift, row[reach], style, name, panel=panel))
    top = float(max(kernel[reach].max(), chain.matrix[token, reach].max()))
    _axis(fig, "x", panel).update(tickvals=places, ticktext=names, tickangle=-45, range=(-0.6, len(reach) - 0.4))
    _axis(fig, "y", panel).range = (-0.06 * top, 1.15 * top)
    _axis(fig, "x", panel).title.text = f"next node, from {chain.graph.names[token]}"


def _walk_in_words(runs: Runs, frame: int) -> str:
    plain, bent = _arms(runs)
    seen = [100 * (run.counts[frame] > 0).mean() for run in (plain, bent)]
    walks = len(bent.distance)
    apart = [run.distance[:, frame].mean() for run in (plain, bent)]
    return (
        f"After {_number(runs.times[frame])} steps on {bent.chain.nodes} nodes the plain token drawn has seen "
        f"{seen[0]:.0f} % of them, the repelled one (alpha = {bent.world.alpha:g}) {seen[1]:.0f} %. Over {walks} "
        f"walk{'s' if walks > 1 else ''} the visits are {apart[0]:.3f} away from the target without repulsion and "
        f"{apart[1]:.3f} with it, in total variation."
    )


def visits(runs: Runs, time: int | None = None) -> go.Figure:
    """Return how often the drawn token visited each node, against the target.

    Parameters
    ----------
    runs : Runs
        The base chain first, the repelled walk last.
    time : int, optional
        Which recorded moment to draw; the last where not given.
    """
    frame = len(runs.times) - 1 if time is None else min(time, len(runs.times) - 1)
    arms = _arms(runs)
    chain = arms[0].chain
    order = np.argsort(-chain.target, kind="stable")
    fig = theme.figure(x="node, the most wanted first", y="share of the visits", height=430, room=30)
    places = np.arange(chain.nodes)
    fig.add_trace(theme.theory(places, chain.target[order], "target"))
    for run, style, name in zip(arms, (PLAIN, BENT), _names(runs), strict=True):
        shares = run.counts[frame] / run.times[frame]
        fig.add_trace(theme.points(places, shares[order], style, name))
    if chain.nodes <= NAMED_NODES:
        fig.update_xaxes(tickvals=places, ticktext=[chain.graph.names[node] for node in order])
    fig.update_xaxes(range=(-0.6, chain.nodes - 0.4))
    fig.update_yaxes(rangemode="tozero")
    fig.update_layout(showlegend=True)
    off = [np.abs(run.counts[frame] / run.times[frame] / chain.target - 1).max() for run in arms]
    return theme.describe(
        fig,
        f"After {_number(runs.times[frame])} steps the plain token drawn misses the share of some node by "
        f"{100 * off[0]:.0f} %, the one repelled with alpha = {arms[1].world.alpha:g} misses none by more than "
        f"{100 * off[1]:.0f} %.",
    )


# -------------------------------------------------------------------------------------- over many walks


def distances(runs: Runs) -> go.Figure:
    """Return total variation and the share of nodes seen over time, a line and a band per strength.

    Parameters
    ----------
    runs : Runs
        By strength.
    """
    titles = ["distance from the target", "nodes seen so far"]
    fig = theme.panels(1, 2, titles=titles, x="step", y=["total variation", "share of the nodes"], height=440, room=95)
    styles = _styles(runs)
    ends: dict[float, float] = {}
    for alpha, run in runs.items():
        far, seen = mean_band(np.maximum(run.distance, NEARLY_0)), mean_band(run.covered)
        name = f"alpha = {alpha:g}"
        low = np.maximum(far.low, 0.3 * far.value)
        fig.add_trace(theme.band(run.times, low, far.high, styles[alpha], name, panel=1))
        fig.add_trace(theme.line(run.times, far.value, styles[alpha], name, panel=1))
        fig.add_trace(theme.line(run.times, seen.value, styles[alpha], name, panel=2))
        ends[alpha] = float(np.log10(far.value[-1]))
    last = int(runs.times[-1])
    span = (min(ends.values()), max(*ends.values(), min(ends.values()) + 1))
    words = [f"alpha = {alpha:g}" for alpha in ends]
    labels = theme.direct_labels(last, list(ends.values()), words, list(styles.values()), span=span, panel=1)
    fig.add_trace(labels | {"y": 10 ** labels["y"]})
    left, right = fig.layout.xaxis.domain
    fig.layout.xaxis.domain = (left, right - 0.09)
    for axis in (fig.layout.xaxis, fig.layout.xaxis2):
        _on_log(axis, 1, last)
    _on_log(fig.layout.yaxis, 10 ** min(ends.values()), 1)
    fig.layout.yaxis2.range = (0, 1.04)
    return theme.describe(fig, _distances_in_words(runs))


def _distances_in_words(runs: Runs) -> str:
    ends = {alpha: float(run.distance[:, -1].mean()) for alpha, run in runs.items()}
    low, high = min(ends), max(ends)
    return (
        f"After {_number(runs.times[-1])} steps the visits are {ends[low]:.3f} away from the target at alpha = {low:g} "
        f"and {ends[high]:.3f} at alpha = {high:g}; {100 * runs[low].covered[:, -1].mean():.0f} % and "
        f"{100 * runs[high].covered[:, -1].mean():.0f} % of the nodes have been seen by then."
    )


def _styles(alphas: Sequence[float] | Runs) -> dict[float, theme.Style]:
    names = ("grey", "sky", "blue", "green", "orange", "vermilion", "purple", "ink")
    return {alpha: theme.styled(names[min(place, 7)]) for place, alpha in enumerate(alphas)}


def sampling(runs: Runs) -> go.Figure:
    """Return the squared error of a mean over the visits against the strength, beside what theory says.

    Parameters
    ----------
    runs : Runs
        By strength, two walks or more for an interval.
    """
    first = next(iter(runs.values()))
    found = {alpha: _sampling_errors(run, values_of(run.world)) for alpha, run in runs.items()}
    fig = theme.figure(x="alpha, spaced as 1 + alpha", y="steps × squared error of the mean", height=450, room=130)
    grid = np.geomspace(1, 1.2 * (1 + max(runs)), 30)
    lines = _sampling_theory(first, grid)
    for (name, line), dash in zip(lines.items(), ("solid", "dot", "longdash", "dash"), strict=False):
        drawn = theme.theory(grid, line, name)
        fig.add_trace(drawn | {"line": drawn["line"] | {"dash": dash}})
    mean = np.maximum([errors.mean() for errors in found.values()], NEARLY_0)
    bars = [mean_interval(errors).high - errors.mean() if len(errors) > 1 else 0.0 for errors in found.values()]
    # On a logarithmic axis a bar must not reach down to 0.
    name = f"measured, a = {first.world.a:g}"
    drawn = theme.points([1 + alpha for alpha in found], mean, BENT, name, error=bars)
    drawn["error_y"] |= {"symmetric": False, "arrayminus": np.minimum(bars, 0.7 * mean)}
    fig.add_trace(drawn)
    ends = np.log10([np.maximum(line[-1], 1e-12) for line in lines.values()])
    low, high = float(min(ends.min(), np.log10(mean.min()))), float(max(ends.max(), np.log10(mean.max())))
    styles = [theme.styled("ink")] * len(lines)
    labels = theme.direct_labels(grid[-1], ends, list(lines), styles, span=(low, high))
    fig.add_trace(labels | {"y": 10 ** labels["y"]})
    shown = [alpha for alpha in runs if alpha in LADDER]
    fig.update_xaxes(type="log", tickvals=[1 + alpha for alpha in shown], ticktext=[f"{alpha:g}" for alpha in shown])
    _on_log(fig.layout.yaxis, 10**low, 10**high)
    return theme.describe(fig, _sampling_in_words(runs, found))


def _sampling_theory(run: Run, grid: NDArray[np.float64]) -> dict[str, list[float]]:
    """Return lines over 1 + alpha: the two limits, independent draws, and the variance at the present pace."""
    chain, values, a = run.chain, values_of(run.world), run.world.a
    lines = {
        "limit for a = 1": [sampling_variance(chain, values, x - 1, 1.0) for x in grid],
        "limit for a < 1": [sampling_variance(chain, values, x - 1, 0.8) for x in grid],
        "independent draws": [independent_variance(chain, values)] * len(grid),
    }
    if a < 1:
        numbers, steps = spread_numbers(chain.target, values), float(run.times[-1])
        at_pace = [paced_covariance(chain, numbers, x - 1, a, 1.0, steps) for x in grid]
        lines["at this pace"] = [float(covariance[0, 0]) for covariance in at_pace]
    return lines


def _sampling_errors(run: Run, values: NDArray[np.float64]) -> NDArray[np.float64]:
    off = mean_of_visits(run.visits, values) - run.chain.target @ values
    return np.asarray(run.times[-1] * off**2, dtype=np.float64)


def _sampling_in_words(runs: Runs, found: dict[float, NDArray[np.float64]]) -> str:
    low, high = min(runs), max(runs)
    run = runs[high]
    values = values_of(run.world)
    return (
        f"Steps times squared error of the mean after {_number(run.times[-1])} steps over {len(run.visits)} walks: "
        f"{found[low].mean():.3g} at alpha = {low:g} and {found[high].mean():.3g} at alpha = {high:g}, where the limit "
        f"is {sampling_variance(run.chain, values, high, run.world.a):.3g}; independent draws have "
        f"{independent_variance(run.chain, values):.3g}."
    )


def learning(runs: Runs) -> go.Figure:
    """Return the squared error of theta over time, and at the end its variance and its squared bias.

    Parameters
    ----------
    runs : Runs
        The base chain first, the repelled walk last.
    """
    titles = ["squared error of theta (thin: limit, dashed: at this pace)", "of which, at the end"]
    fig = theme.panels(
        1, 2, titles=titles, x=["step", " "], y=["squared distance from the optimum", " "], widths=(1.9, 1), height=450,
        room=30,
    )  # fmt: skip
    arms = list(zip(_arms(runs), (PLAIN, BENT), _names(runs), strict=True))[: len(runs)]
    objective = objective_of(arms[0][0].world)
    for run, style, name in arms:
        squared = ((run.theta - run.optimum) ** 2).sum(axis=-1)
        mean = mean_band(squared)
        fig.add_trace(theme.band(run.times, np.maximum(mean.low, 0.2 * mean.value), mean.high, style, name))
        fig.add_trace(theme.line(run.times, mean.value, style, name))
        _draw_theory(fig, run, objective, name)
        _draw_split(fig, run, style, name)
    _on_log(fig.layout.xaxis, 1, runs.times[-1])
    lowest = min(float(((run.theta[:, -1] - run.optimum) ** 2).sum(axis=-1).mean()) for run, _, _ in arms)
    for axis in (fig.layout.yaxis, fig.layout.yaxis2):
        _on_log(axis, lowest, 1)
    fig.layout.xaxis2.update(tickvals=[0, 1], ticktext=["variance", "bias²"], range=(-0.6, 1.6))
    return theme.describe(fig, _learning_in_words(runs))


def _draw_split(fig: go.Figure, run: Run, style: theme.Style, name: str) -> None:
    if len(run.theta) < 2:
        fig.add_trace(theme.points([np.nan], [np.nan], style, name, panel=2))
        return
    split = split_error(run.theta[:, -1], run.optimum)
    variance = split.variance
    floor = variance.value / len(run.theta)
    # A bias that chance alone would show is drawn at the level of chance.
    heights = [variance.value, max(split.bias.value, floor)]
    bars = [variance.high - variance.value, max(split.bias.high - heights[1], 0.0)]
    drawn = theme.points([0, 1], heights, style, name, error=bars, panel=2)
    drawn["error_y"] |= {"symmetric": False, "arrayminus": np.minimum(bars, 0.7 * np.array(heights))}
    fig.add_trace(drawn)
    fig.add_trace(theme.theory([0.75, 1.25], [floor, floor], "chance alone", panel=2))


def _draw_theory(fig: go.Figure, run: Run, objective: Mean | Logistic, name: str) -> None:
    """Draw the variance in the limit of endless time, and for the pace that measure and theta have by now."""
    world = run.world
    rule = run.chain, objective, world.alpha, world.a, world.b
    late = run.times[np.unique(np.linspace(0, len(run.times) - 1, 5).astype(int)[2:])]
    moved = late + world.offset
    try:
        limit = np.trace(iterate_covariance(*rule))
    except ValueError:
        return
    fig.add_trace(theme.theory(late, limit * moved**-world.b, f"limit, {name}"))
    spread = np.array([np.trace(paced_covariance(*rule, each)) for each in moved.tolist()])
    fig.add_trace(_dashed(theme.theory(late, spread * moved**-world.b, f"at this pace, {name}")))


def _dashed(trace: Any) -> Any:
    return trace | {"line": trace["line"] | {"dash": "dash"}}


def _learning_in_words(runs: Runs) -> str:
    plain, bent = _arms(runs)
    errors = [((run.theta[:, -1] - run.optimum) ** 2).sum(axis=-1).mean() for run in (plain, bent)]
    words = (
        f"After {_number(runs.times[-1])} steps theta ({plain.world.objective}) is off by a squared distance of "
        f"{errors[0]:.2g} on the plain walk and of {errors[1]:.2g} at alpha = {bent.world.alpha:g}"
    )
    if len(bent.theta) < 2:
        return f"{words}."
    split = split_error(bent.theta[:, -1], bent.optimum)
    return f"{words}, of which {100 * np.clip(split.bias.value / split.error.value, 0, 1):.0f} % is bias."


# ------------------------------------------------------------------------------------------ three regimes


def regimes(table: pd.DataFrame) -> go.Figure:
    """Return variance and squared bias of theta against the repulsion, one plot per regime.

    Parameters
    ----------
    table : DataFrame
        Columns case, alpha, kappa, variance, variance_low, variance_high, bias, chance, formula, paced; in units of
        the step of theta.
    """
    rows = {str(case): part.sort_values("kappa") for case, part in table.groupby("case")}
    slopes = {case: _slope(part) for case, part in rows.items()}
    titles = [f"{CASES[case]}: slope {slopes[case]:+.2f}" for case in rows]
    x, y = "kappa = 1 + alpha (1 + lambda₂)", ["in steps of theta", *[" "] * (len(rows) - 1)]
    fig = theme.panels(1, len(rows), titles=titles, x=x, y=y, height=440, room=30)
    for panel, part in enumerate(rows.values(), start=1):
        kappa, variance = part["kappa"].to_numpy(), part["variance"].to_numpy()
        fig.add_trace(theme.theory(kappa, part["formula"], "limit of the variance", panel=panel))
        fig.add_trace(_dashed(theme.theory(kappa, part["paced"], "variance at this pace", panel=panel)))
        up, down = part["variance_high"] - variance, variance - part["variance_low"].clip(lower=0.3 * variance)
        drawn = theme.points(kappa, variance, theme.styled("blue"), "variance", error=up, panel=panel)
        drawn["error_y"] |= {"symmetric": False, "arrayminus": down.to_numpy()}
        fig.add_trace(drawn)
        chance = part["chance"].to_numpy()
        bias = np.maximum(part["bias"].to_numpy(), chance)
        fig.add_trace(theme.points(kappa, bias, BENT, "bias² (or what chance shows)", panel=panel))
    lowest = float(table[["variance", "chance"]].min().min())
    highest = float(table[["variance_high", "formula", "bias"]].max().max())
    fig.update_xaxes(type="log", tickvals=[1, 2, 5, 10, 20, 50], ticktext=["1", "2", "5", "10", "20", "50"])
    fig.update_yaxes(range=(np.log10(lowest) - 0.2, np.log10(highest) + 0.2))
    for panel in range(1, len(rows) + 1):
        _on_log(_axis(fig, "y", panel), lowest, highest)
    fig.update_layout(showlegend=False)
    for text, column, at in (("variance", "variance", 0), ("bias²", "bias", 1)):
        height = np.log10(max(rows["i"][column].iloc[0], rows["i"]["chance"].iloc[0]))
        fig.add_annotation(text=text, x=0, y=height, xanchor="left", xshift=8, yshift=(14, -14)[at], showarrow=False)
    return theme.describe(fig, _regimes_in_words(table, slopes))


def _slope(part: pd.DataFrame) -> float:
    logs = np.log(part[["kappa", "variance"]].to_numpy())
    return float(np.polyfit(logs[:, 0], logs[:, 1], 1)[0])


def _regimes_in_words(table: pd.DataFrame, slopes: dict[str, float]) -> str:
    worst = table.assign(share=table["bias"] / (table["bias"] + table["variance"])).sort_values("share").iloc[-1]
    each = ", ".join(f"{slopes[case]:.2f} in regime ({case})" for case in slopes)
    return (
        f"The variance of theta, in units of its step, goes with the power {each} of kappa; the limits are -2, -1 and "
        f"0. The largest share of bias in a squared error is {100 * max(worst['share'], 0):.0f} %, at alpha = "
        f"{worst['alpha']:g} in regime ({worst['case']})."
    )
