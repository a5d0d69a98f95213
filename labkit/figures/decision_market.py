"""Pictures of decision markets: pay for every report, what agents learn, prices and the truth, the price of risk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from labkit import theme
from labkit.mechanisms.decision_market import Market, Risk, Run, Surface, bayes_weights, urn_weights
from labkit.params import Field, Params
from labkit.stats import mean_band, mean_interval

KINDS = {
    "red ball": theme.styled("vermilion"),
    "blue ball": theme.styled("blue"),
    "price so far": theme.styled("green"),
}
ARMS = {
    "stochastic": theme.styled("blue"),
    "deterministic": theme.styled("vermilion"),
    "one agent sees all": theme.styled("green"),
}
GAIN, LOSS = np.array([0, 114, 178]), np.array([213, 94, 0])
Whose = Literal["all", "first", "last"]


class Look(Params):
    """Whose weights are drawn: changing this redraws and runs nothing again."""

    agent: Whose = Field("all", description="whose weights are drawn: of all agents, the first, or the last to report")


# ------------------------------------------------------------------------------------- the pay for every report


def surfaces(pair: Sequence[Surface]) -> go.Figure:
    """Return the expected pay over all pairs of reports, one picture per rule.

    Parameters
    ----------
    pair : sequence of Surface
        One or two surfaces of the same trader.
    """
    titles = [_rule_in_words(surface.exploration) for surface in pair]
    fig = theme.panels(1, len(pair), titles=titles, x="report on action 1", y="report on action 2", height=460)
    for panel, surface in enumerate(pair, start=1):
        picture = theme.image(_tinted(_pay_share(surface.pay)), "expected pay", panel=panel)
        fig.add_trace(picture | _grid(surface.reports))
        fig.add_traces(_marks(surface, panel))
        _square(fig, panel)
    return theme.describe(fig, " ".join(_peak_in_words(surface) for surface in pair))


def _rule_in_words(exploration: float) -> str:
    return "the leader is always taken" if exploration == 0 else f"the other is taken with chance {exploration:g}"


def _tinted(share: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Return shares from -1 to 1 as a picture: blue above 0, orange below, in even steps, so that lines show."""
    strength = (np.ceil(np.abs(share) * 12) / 12 * 0.75)[..., None]
    color = np.where(share[..., None] > 0, GAIN, LOSS)
    return np.asarray(255 - strength * (255 - color)).astype(np.uint8)


def _pay_share(pay: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return pay as a share of the highest; a loss of three times as much is as dark as it gets."""
    top = max(float(pay.max()), 1e-9)
    return np.clip(np.where(pay > 0, pay / top, pay / (3 * top)), -1, 1)


def _square(fig: go.Figure, panel: int) -> None:
    """Let both axes of a panel go from 0 to 1, equally long."""
    number = "" if panel == 1 else str(panel)
    fig.layout[f"xaxis{number}"].update(range=(0, 1), constrain="domain", nticks=6)
    fig.layout[f"yaxis{number}"].update(range=(0, 1), scaleanchor=f"x{number}", constrain="domain", showgrid=False)


def _grid(at: NDArray[np.float64]) -> dict[str, float]:
    """Return where the cells of a picture lie, whose rows and columns stand for these values."""
    step = float(at[1] - at[0])
    return {"x0": float(at[0]), "y0": float(at[0]), "dx": step, "dy": step}


def _marks(surface: Surface, panel: int) -> list[Any]:
    truth, start, peak = surface.beliefs, surface.prices, _best(surface)
    marks = []
    for name, (x, y), key, symbol in (
        ("price before", start, "grey", "diamond"),
        ("truth", truth, "ink", "circle"),
        ("best report", peak, "orange", "star"),
    ):
        mark = theme.points([x], [y], theme.styled(key), name, panel=panel)
        size = {"truth": 17, "best report": 13}.get(name, 10)
        side = "top center" if y < 0.9 else "bottom center"
        if name != "price before":
            right = x < 0.3 or (x < 0.7 and name == "truth")
            side = side.replace("center", "right" if right else "left")
        words = {"mode": "markers+text", "text": [name], "textposition": side, "textfont": {"color": theme.INK}}
        marks.append(mark | words | {"marker": mark["marker"] | {"symbol": symbol, "size": size}})
    return marks


def _best(surface: Surface) -> tuple[float, float]:
    """Return the report that pays best, which is the truth where no other brings more."""
    return surface.peak if surface.pay.max() > surface.honest + 1e-12 else surface.beliefs


def _peak_in_words(surface: Surface) -> str:
    first, second = _best(surface)
    rule, believed = _rule_in_words(surface.exploration).capitalize(), surface.beliefs
    gap = float(surface.pay.max()) - surface.honest
    honest = (first, second) == believed
    verdict = (
        f"no report brings more than the truth, {surface.honest:.4f}"
        if honest
        else f"the best report is {first:.2f} and {second:.2f}, a lie that brings {gap:.4f} more than the truth, "
        f"{surface.honest:.4f}"
    )
    return f"{rule}, beliefs {believed[0]:.2f} and {believed[1]:.2f}: {verdict}."


def temptations(gains: NDArray[np.float64], beliefs: NDArray[np.float64], prices: tuple[float, float]) -> go.Figure:
    """Return for which beliefs a lie pays when the leader is always taken, and how much.

    Parameters
    ----------
    gains : ndarray of float, shape (points, points)
        Gain of the best lie; rows: belief about the second action, columns: about the first.
    beliefs : ndarray of float, shape (points,)
        The beliefs.
    prices : tuple of float
        What the market said before.
    """
    fig = theme.figure(x="belief about action 1", y="belief about action 2", height=440)
    worst = max(float(gains.max()), 1e-9)
    fig.add_trace(theme.image(_tinted(-np.clip(gains / worst, 0, 1)), "gain of the best lie") | _grid(beliefs))
    mark = theme.points([prices[0]], [prices[1]], theme.styled("ink"), "price before")
    words = {"mode": "markers+text", "text": ["price before"], "textposition": "bottom center"}
    fig.add_trace(mark | words | {"textfont": {"color": theme.INK}})
    _square(fig, 1)
    row, column = np.unravel_index(int(gains.argmax()), gains.shape)
    return theme.describe(
        fig,
        f"At prices of {prices[0]:g} and {prices[1]:g} a lie pays for {100 * (gains > 1e-9).mean():.0f} % of the pairs "
        f"of beliefs (orange, the darker the more), by up to {gains.max():.2f} at beliefs of {beliefs[column]:.2f} and "
        f"{beliefs[row]:.2f}; elsewhere (white) the truth pays best.",
    )


def risks(risk: Risk) -> go.Figure:
    """Return the mean and the variance of an honest trader's pay against the exploration.

    Parameters
    ----------
    risk : Risk
        Sampled, and by the formulas.
    """
    titles = ["mean pay: the same", "variance of pay: like one over the chance"]
    x = "chance that an action that does not lead is taken"
    fig = theme.panels(1, 2, titles=titles, x=x, y=["per decision", "per decision, squared"], height=420, room=40)
    means = [mean_interval(paid) for paid in risk.paid]
    error = [estimate.high - estimate.value for estimate in means]
    style = theme.styled("blue")
    fig.add_trace(theme.theory(risk.explorations, risk.mean, "expected", panel=1))
    fig.add_trace(theme.points(risk.explorations, [each.value for each in means], style, "paid", error=error, panel=1))
    fig.add_trace(theme.theory(risk.explorations, risk.variance, "variance", panel=2))
    sampled = risk.paid.var(axis=1, ddof=1)
    fig.add_trace(theme.points(risk.explorations, sampled, style, "sampled", panel=2))
    ticks = {"type": "log", "tickvals": risk.explorations.tolist(), "ticktext": [f"{e:g}" for e in risk.explorations]}
    marks = [digit * 10.0**power for power in range(-6, 5) for digit in (1, 3)]
    powers = {"type": "log", "tickvals": marks, "ticktext": [f"{mark:g}" for mark in marks]}
    fig.update_layout(xaxis=ticks, xaxis2=ticks, yaxis2=powers)
    return theme.describe(
        fig,
        f"With beliefs of {risk.beliefs[0]:g} and {risk.beliefs[1]:g} an honest trader expects {risk.mean[0]:.4f} "
        f"whatever the chance. The variance of the pay is {risk.variance[-1]:.3g} at a chance of "
        f"{risk.explorations[-1]:g} and {risk.variance[0]:.3g} at {risk.explorations[0]:g}; sampled, it is "
        f"{sampled[-1]:.3g} and {sampled[0]:.3g}.",
    )


# --------------------------------------------------------------------------------------------- what agents learn


def weights(run: Run, agent: Whose = "all") -> go.Figure:
    """Return what a red ball, a blue ball and the price count in a report, over training.

    Parameters
    ----------
    run : Run
        Of a market on urns.
    agent : {"all", "first", "last"}
        Whose weights.
    """
    market = run.terms
    assert isinstance(market, Market)
    titles = ["in the report on the same urn", "in the report on another urn"]
    fig = theme.panels(1, 2, titles=titles, x="steps of learning", y="weight, log odds", height=440, room=100)
    chosen = {"all": slice(None), "first": slice(0, 1), "last": slice(-1, None)}[agent]
    targets, ends = bayes_weights(market.accuracy), []
    for panel, part in enumerate(urn_weights(run), start=1):
        means = part[:, :, chosen].mean(axis=(2, 4))
        for aim in targets if panel == 1 else (0.0,):
            fig.add_trace(theme.theory([0, market.steps], [aim, aim], "Bayes", panel=panel))
        for kind, (name, style) in enumerate(KINDS.items()):
            fig.add_traces(_curve(run.times, means[..., kind], style, name, panel))
        ends.append(means[:, -1].mean(axis=0))
    reach = 1.15 * max(*targets, *np.abs(ends).ravel())
    names, styles, ink = list(KINDS), list(KINDS.values()), [theme.styled("ink")] * 3
    bayes = [f"Bayes {aim:+.2g}".replace("-", "−") for aim in targets]
    for panel, heights, texts, looks in ((1, targets, bayes, ink), (2, ends[1], names, styles)):
        fig.add_trace(theme.direct_labels(market.steps, heights, texts, looks, span=(-reach, reach), panel=panel))
    fig.layout.xaxis.domain = (fig.layout.xaxis.domain[0], fig.layout.xaxis.domain[1] - 0.14)
    for number in ("", "2"):
        fig.layout[f"xaxis{number}"].range, fig.layout[f"yaxis{number}"].range = (0, market.steps), (-reach, reach)
    fig.layout.yaxis2.showticklabels = False
    return theme.describe(fig, _weights_in_words(run, agent, chosen, targets))


def _curve(
    x: NDArray[np.int64], values: NDArray[np.float64], style: theme.Style, name: str, panel: int = 1
) -> list[Any]:
    """Return a line and a band over replicates; values of shape (replicates, moments)."""
    mean = mean_band(values)
    return [
        theme.band(x, mean.low, mean.high, style, name, panel=panel),
        theme.line(x, mean.value, style, name, panel=panel),
    ]


def _weights_in_words(run: Run, agent: Whose, chosen: slice, targets: tuple[float, ...]) -> str:
    own, cross = (part[:, -1][:, chosen] for part in urn_weights(run))
    found = own.mean(axis=(0, 1, 3))
    who = {"all": "All agents", "first": "The first agent", "last": "The last agent"}[agent]
    largest = np.abs(cross.mean(axis=0)).max()
    return (
        f"{who} after {run.times[-1]} steps: a red ball counts {found[0]:+.2f}, a blue ball {found[1]:+.2f} and the "
        f"price {found[2]:+.2f} for the same urn; Bayes' rule has {targets[0]:+.2f}, {targets[1]:+.2f} and +1. The "
        f"largest weight across urns is {largest:.2f}; Bayes' rule has 0."
    )


def prices(run: Run, time: int | None = None) -> go.Figure:
    """Return final prices against the posterior, and the error and the reward over training.

    Parameters
    ----------
    run : Run
        Markets that learned.
    time : int, optional
        Which moment to draw; the last where not given.
    """
    now = len(run.times) - 1 if time is None else min(time, len(run.times) - 1)
    titles = ["price and posterior", "error of the prices", "reward"]
    y = ["final price", "root mean square", "chance of success"]
    x = ["posterior, given all signals", "steps of learning", "steps of learning"]
    fig = theme.panels(1, 3, titles=titles, x=x, y=y, widths=(1.25, 1, 1), height=420, room=84)
    fig.add_traces(_cloud(run, now))
    fig.add_traces(_curve(run.times, run.error, theme.styled("blue"), "error", 2))
    for name, level in (("best", run.best.mean()), ("blind", run.blind.mean())):
        fig.add_trace(theme.theory([0, run.terms.steps], [level, level], name, panel=3))
    fig.add_traces(_curve(run.times, run.reward, theme.styled("blue"), "market", 3))
    fig.add_trace(_reward_labels(run))
    for panel, values in ((2, run.error), (3, run.reward)):
        here = values.mean(axis=0)
        dot = theme.points([run.times[now]], [here[now]], theme.styled("blue"), "the moment drawn", panel=panel)
        fig.add_trace(dot | {"cliponaxis": False})
        fig.layout[f"xaxis{panel}"].range = (0, run.terms.steps)
    fig.update_layout(xaxis_range=(0, 1), yaxis_range=(0, 1), yaxis2_rangemode="tozero")
    return theme.describe(fig, _prices_in_words(run, now))


def _cloud(run: Run, now: int) -> list[Any]:
    price, truth = run.prices[now], run.posterior
    leads = price == price.max(axis=1, keepdims=True)
    traces = [theme.theory([0, 1], [0, 1], "price = posterior")]
    for name, which, key in (("does not lead", ~leads, "vermilion"), ("leads", leads, "blue")):
        dots = theme.points(truth[which], price[which], theme.styled(key), name)
        traces.append(dots | {"marker": dots["marker"] | {"size": 5, "opacity": 0.6, "line": {"width": 0}}})
    names = [("leads", "blue", 0.93), ("does not lead", "vermilion", 0.86)]
    for name, key, height in names:
        words = {"mode": "text", "text": [name], "textposition": "middle right", "meta": "label"}
        mark = theme.points([0.03], [height], theme.styled(key), "")
        traces.append(mark | words | {"textfont": {"color": theme.styled(key).text}, "hoverinfo": "skip"})
    return traces


def _reward_labels(run: Run) -> Any:
    levels = [float(each.mean()) for each in (run.best, run.reward[:, -1], run.blind)]
    styles = [theme.styled("ink"), theme.styled("blue"), theme.styled("ink")]
    span = (min(*levels, float(run.reward.mean(axis=0).min())), max(levels) + 0.01)
    return theme.direct_labels(
        run.terms.steps, levels, [" all signals", " market", " no signal"], styles, span=span, panel=3
    )


def _prices_in_words(run: Run, now: int) -> str:
    many = len(run.best)
    return (
        f"After {run.times[now]} steps of learning, {many} market{'s' if many > 1 else ''}: prices are off the "
        f"posterior by {run.error[:, now].mean():.4f} (root mean square). The leading action succeeds with a chance of "
        f"{run.reward[:, now].mean():.4f}; with all signals it would be {run.best.mean():.4f}, with none "
        f"{run.blind.mean():.4f}."
    )


# --------------------------------------------------------------------------------------- rules side by side


def arms(runs: Mapping[str, Run]) -> go.Figure:
    """Return rules side by side: share of the best reward, error by action, pay per agent, over training.

    Parameters
    ----------
    runs : mapping of str to Run
        One run per arm, on the same worlds; names as in `ARMS`.
    """
    titles = ["reward, of the best", "error of prices at the end", "pay per agent"]
    y = ["share", "mean distance", "per decision"]
    x = ["steps of learning", "", "steps of learning"]
    fig = theme.panels(1, 3, titles=titles, x=x, y=y, height=430, room=120)
    ends, earned = {}, {}
    for name, run in runs.items():
        fig.add_traces(_curve(run.times, run.reward / run.best[:, None], ARMS[name], name, 1))
        fig.add_traces(_curve(run.times[1:], run.pay[:, 1:].mean(axis=2), ARMS[name], name, 3))
        ends[name], earned[name] = run.missed[:, -1], float(run.pay[:, -1].mean())
    fig.add_traces(_errors(ends))
    names, styles = list(earned), [ARMS[name] for name in earned]
    span = (min(earned.values()), max(max(earned.values()), min(earned.values()) + 0.02) * 1.3)
    fig.add_trace(theme.direct_labels(run.terms.steps, list(earned.values()), names, styles, span=span, panel=3))
    ticks = {"tickvals": [0, 1], "ticktext": ["leads", "does not"], "range": (-0.5, 1.5)}
    lowest = min(float((run.reward.mean(axis=0) / run.best.mean()).min()) for run in runs.values())
    worst = max(float(mean_band(missed).high.max()) for missed in ends.values())
    fig.update_layout(xaxis2=ticks, yaxis_range=(lowest - 0.05, 1.03), yaxis2_range=(0, min(1, 1.05 * worst)))
    fig.layout.xaxis2.title.text = "action"
    fig.layout.xaxis.domain = (fig.layout.xaxis.domain[0], fig.layout.xaxis.domain[1] - 0.02)
    return theme.describe(fig, _arms_in_words(runs))


def _errors(ends: Mapping[str, NDArray[np.float64]]) -> list[Any]:
    traces = []
    for place, (name, missed) in enumerate(ends.items()):
        band = mean_band(missed)
        x = np.array([0.0, 1.0]) + 0.12 * (place - (len(ends) - 1) / 2)
        error = band.high - band.value
        traces.append(theme.points(x, band.value, ARMS[name], name, error=error, panel=2))
    return traces


def _arms_in_words(runs: Mapping[str, Run]) -> str:
    parts = []
    for name, run in runs.items():
        share = run.reward[:, -1] / run.best
        parts.append(
            f"{name} reaches {_spoken(share)} of the best reward with an error of {run.error[:, -1].mean():.3f}"
        )
    return f"After {run.times[-1]} steps: {'; '.join(parts)}."


def _spoken(values: NDArray[np.float64]) -> str:
    if len(values) == 1:
        return f"{values[0]:.3f}"
    estimate = mean_interval(values)
    return f"{estimate.value:.3f} [{estimate.low:.3f}, {estimate.high:.3f}]"


def patients(runs: Mapping[str, Run], regression: NDArray[np.float64]) -> go.Figure:
    """Return how often the right decision is made for patients held out, over training and at the end.

    Parameters
    ----------
    runs : mapping of str to Run
        "stochastic" and "one agent sees all".
    regression : ndarray of float, shape (replicates,)
        The same for logistic regression on all columns.
    """
    titles = ["while they learn", "at the end"]
    fig = theme.panels(1, 2, titles=titles, x=["steps of learning", ""], y="right decisions, %", height=420)
    for name, run in runs.items():
        fig.add_traces(_curve(run.times[1:], 100 * run.reward[:, 1:], ARMS[name], name, 1))
    split, central = runs["stochastic"], runs["one agent sees all"]
    rows = {
        "first report<br>alone": (split.early[:, -1], theme.styled("grey")),
        "market": (split.reward[:, -1], ARMS["stochastic"]),
        "one agent<br>sees all": (central.reward[:, -1], ARMS["one agent sees all"]),
        "logistic<br>regression": (regression, theme.styled("ink")),
    }
    for place, (name, (values, style)) in enumerate(rows.items()):
        estimate = mean_interval(100 * values)
        error = [estimate.high - estimate.value]
        fig.add_trace(theme.points([place], [estimate.value], style, name.replace("<br>", " "), error=error, panel=2))
    fig.update_layout(xaxis2={"tickvals": list(range(len(rows))), "ticktext": list(rows), "range": (-0.5, 3.5)})
    fig.layout.xaxis.domain = (fig.layout.xaxis.domain[0], fig.layout.xaxis.domain[1] - 0.01)
    low = float(100 * min(values.mean() for values, _ in rows.values())) - 2
    fig.update_layout(yaxis_range=(min(low, 90), 100), yaxis2_range=(min(low, 94), 100))
    parts = [f"{name.replace('<br>', ' ')} {100 * values.mean():.1f} %" for name, (values, _) in rows.items()]
    return theme.describe(fig, f"Right decisions for {len(regression)} x 171 patients held out: {', '.join(parts)}.")
