"""Pictures of sketching: lengths, contraction, all methods, steps, bits, stolen digits, thresholds, privacy, skew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from labkit import theme
from labkit.mechanisms.sketching import (
    FAMILIES,
    Embedded,
    History,
    Stolen,
    best_step,
    contraction,
    stable_step,
    variance_factor,
)
from labkit.stats import Estimate, mean_band, mean_interval

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

NAMES = {
    "fedsgd": "FedSGD",
    "fedavg": "FedAvg",
    "fedprox": "FedProx",
    "local": "local",
    "sketch": "sketch",
    "top-k": "top-k",
    "rand-k": "rand-k",
    "qsgd": "QSGD",
    "signsgd": "signSGD",
    "ef-signsgd": "EF-signSGD",
    "fetchsgd": "FetchSGD",
}
STYLES = {
    "fedsgd": theme.styled("ink"),
    "fedavg": theme.styled("grey"),
    "fedprox": theme.Style(theme.PALETTE["green"], "longdash", "diamond"),
    "local": theme.styled("orange"),
    "sketch": theme.styled("vermilion"),
    "top-k": theme.styled("blue"),
    "rand-k": theme.styled("sky"),
    "qsgd": theme.styled("green"),
    "signsgd": theme.styled("purple"),
    "ef-signsgd": theme.styled("orange"),
    "fetchsgd": theme.Style(theme.PALETTE["ink"], "dot", "star"),
}
FAMILY_NAMES = {
    "gaussian": "Gaussian",
    "ams": "signs (AMS)",
    "count": "count-sketch",
    "blocks": "blocks",
    "sparse": "sparse",
    "srht": "cosines (SRHT)",
}
ARM_STYLES = {
    "no sketch": theme.styled("ink"),
    "sketch, noise before": theme.styled("blue"),
    "sketch, noise after": theme.styled("vermilion"),
}


def listed(parts: Sequence[str]) -> str:
    """Return parts as a list in words."""
    return ", ".join(parts[:-1]) + " and " + parts[-1] if len(parts) > 1 else "".join(parts)


def _many(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _estimate(values: Floats) -> Estimate | None:
    return mean_interval(values) if len(values) > 1 else None


# -------------------------------------------------------------------------------------------- one sketch


def lengths(run: Embedded) -> go.Figure:
    """Return how well each family keeps the length of the vector: a histogram each, and theory for Gaussians.

    Parameters
    ----------
    run : Embedded
        What to draw.
    """
    dim, size = run.embedding.dim, min(run.embedding.size, run.embedding.dim)
    edges = np.linspace(0, 2.5, 51)
    centres = (edges[:-1] + edges[1:]) / 2
    omegas = {family: float(np.mean(run.errors[family])) for family in FAMILIES}
    titles = [
        f"{FAMILY_NAMES[family]}: ω = {omegas[family]:.2f} ({variance_factor(family, dim, size):.2f})"
        for family in FAMILIES
    ]
    bottom = ["" if place < 3 else "squared length, sketch over original" for place in range(6)]
    fig = theme.panels(2, 3, titles=titles, x=bottom, y=["share", "", ""] * 2, height=540)
    expected = chi_square_shares(size, edges)
    traces: list[Any] = []
    tops = [expected.max()]
    for panel, family in enumerate(FAMILIES, start=1):
        inside = np.clip(run.lengths[family], edges[0], edges[-1] - 1e-9)
        shares = np.histogram(inside, edges)[0] / len(inside)
        tops.append(shares.max())
        look = {"color": theme.PALETTE["sky"], "line": {"width": 0}}
        bars = {"type": "bar", "x": centres, "y": shares, "width": 0.05, "marker": look, "name": FAMILY_NAMES[family]}
        traces += [bars | theme.axes(panel), theme.theory(centres, expected, "Gaussian theory", panel=panel)]
    fig.add_traces(traces)
    for panel in range(1, 7):
        number = "" if panel == 1 else str(panel)
        fig.layout[f"xaxis{number}"].update(range=(0, 2.5), dtick=0.5, showticklabels=panel > 3)
        fig.layout[f"xaxis{number}"].title.text = fig.layout[f"xaxis{number}"].title.text or " "
        fig.layout[f"yaxis{number}"].update(range=(0, 1.08 * min(max(tops), 0.4)))
        fig.layout[f"yaxis{number}"].title.text = fig.layout[f"yaxis{number}"].title.text or " "
    spread = {family: float(np.std(run.lengths[family])) for family in FAMILIES}
    widest = max(spread, key=lambda family: spread[family])
    words = (
        f"{dim} numbers sketched to {size}, {len(run.lengths['count'])} times by each family: the squared length is "
        f"kept to {listed([f'{spread[family]:.2f} by {FAMILY_NAMES[family]}' for family in FAMILIES])} (standard "
        f"deviation; theory for Gaussians {np.sqrt(2 / size):.2f}). The widest is {FAMILY_NAMES[widest]}. Above each "
        "plot omega as measured, with its closed form in brackets."
    )
    return theme.describe(fig, words)


def chi_square_shares(size: int, edges: Floats) -> Floats:
    """Return the share of Gaussian sketches between the edges: a chi-square of `size` degrees over `size`."""
    from scipy.special import gammainc

    return np.asarray(np.diff(gammainc(size / 2, edges * size / 2)))


def contraction_map(run: Embedded) -> go.Figure:
    """Return the contraction of one round by numbers sent and step, with the best and the last stable step as lines.

    Parameters
    ----------
    run : Embedded
        What to draw.
    """
    steps = np.geomspace(2, 0.005, 60)
    found, sizes, dim = run.contraction(steps), run.sizes, run.embedding.dim
    family = run.embedding.family
    fig = theme.figure(
        x="numbers sent (of the vector's " + str(dim) + ")", y="step times curvature", height=460, room=150
    )
    tall, wide = len(steps), len(sizes)
    fig.add_trace(theme.image(_shades(found.T), "contraction") | {"x0": 0, "y0": 0, "dx": 4})
    omegas = np.array([variance_factor(family, dim, int(size)) for size in sizes])
    x = 4.0 * np.arange(wide)
    lines = {"diverges above": (stable_step(omegas), "dash"), "best step": (best_step(omegas), "solid")}
    traces: list[Any] = []
    ends, names = [], []
    for name, (height, dash) in lines.items():
        y = np.interp(np.log(np.minimum(height, 2)), np.log(steps[::-1]), np.arange(tall)[::-1])
        traces.append(theme.theory(x, y, name) | {"line": {"color": theme.INK, "width": 2, "dash": dash}})
        ends.append(y[-1])
        names.append(name)
    ink = [theme.styled("ink")] * 2
    # Rows count downwards, so the labels are kept apart on negated heights.
    labels = theme.direct_labels(x[-1] + 2, -np.array(ends), names, ink, span=(-tall, 0))
    fig.add_traces([*traces, labels | {"y": -labels["y"]}])
    shown = range(0, wide, 2)
    fig.layout.xaxis.update(range=(-2, 4 * wide - 2), tickvals=[4 * place for place in shown])
    fig.layout.xaxis.ticktext = [str(sizes[place]) for place in shown]
    marks = np.array([2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005])
    places = np.interp(np.log(marks), np.log(steps[::-1]), np.arange(tall)[::-1])
    fig.layout.yaxis.update(range=(tall - 0.5, -0.5), tickvals=places, ticktext=[f"{mark:g}" for mark in marks])
    fig.layout.yaxis.update(scaleanchor=False, showgrid=False)
    off = float(np.abs(found - run.expected(steps))[run.expected(steps) < 1].max())
    few = len(sizes) // 2
    words = (
        f"How much of the squared error one round leaves ({FAMILY_NAMES[family]}; blue shrinks, orange grows): at "
        f"{sizes[few]} of {dim} numbers the best step is {best_step(omegas[few]):.3f} and leaves "
        f"{contraction(best_step(omegas[few]), omegas[few]):.3f}; from {stable_step(omegas[few]):.3f} on the error "
        f"grows. Where it shrinks, measurement and closed form differ by at most {off:.3f}."
    )
    return theme.describe(fig, words)


def _shades(values: Floats) -> NDArray[np.uint8]:
    """Return blue where the error shrinks, orange where it grows, white between."""
    shrinks = np.clip((1 - values) / 1.0, 0, 1)[..., None] ** 0.6
    grows = np.clip(np.log10(np.maximum(values, 1)) / 1.5, 0, 1)[..., None] ** 0.5
    blue, orange = np.array([0, 114, 178.0]), np.array([213, 94, 0.0])
    color = 255 - shrinks * (255 - blue) - grows * (255 - orange)
    return np.asarray(np.clip(color, 0, 255), dtype=np.uint8)


# ---------------------------------------------------------------------------------------- all methods


def race(runs: Mapping[str, History]) -> go.Figure:
    """Return accuracy against rounds and against bits, a line and a band per method.

    Parameters
    ----------
    runs : mapping of str to History
        One history per method, on the same deals of the digits.
    """
    titles = ["the same number of rounds", "the same number of bits"]
    x = ["round", "bits per client so far, up and down, Mbit"]
    fig = theme.panels(1, 2, titles=titles, x=x, y=["digits read rightly, %"] * 2, height=470, room=110)
    traces: list[Any] = []
    ends: dict[str, float] = {}
    for method, run in runs.items():
        style, name = STYLES[method], NAMES[method]
        mean, rounds = mean_band(100 * run.accuracies), np.arange(run.accuracies.shape[1])
        bits = run.ledger.per_client().mean(axis=0) / 1e6
        for panel, along in ((1, rounds), (2, bits)):
            first = 0 if panel == 1 else 1
            low, high = np.nan_to_num(mean.low[first:]), np.nan_to_num(mean.high[first:])
            if mean.n > 1:
                low, high = np.maximum(low, 0), np.minimum(high, 100)
                traces.append(theme.band(along[first:], low, high, style, name, panel=panel))
            traces.append(theme.line(along[first:], mean.value[first:], style, name, panel=panel))
        ends[method] = float(np.nan_to_num(mean.value[-1]))
    names, styles = [NAMES[method] for method in ends], [STYLES[method] for method in ends]
    total = next(iter(runs.values())).accuracies.shape[1] - 1
    traces.append(theme.direct_labels(total, list(ends.values()), names, styles, span=(0, 100)))
    fig.add_traces(traces)
    for number in ("", "2"):
        fig.layout[f"yaxis{number}"].range = (0, 102)
    fig.layout.yaxis2.title.text = " "
    left, right = fig.layout.xaxis.domain
    fig.layout.xaxis.domain = (left, right - 0.08)
    fig.layout.xaxis2.domain = (right + 0.06, 1)
    fig.layout.annotations[1].x = right + 0.06
    fig.layout.xaxis2.type = "log"
    return theme.describe(fig, _race_in_words(runs))


def _race_in_words(runs: Mapping[str, History]) -> str:
    run = next(iter(runs.values()))
    order = sorted(runs, key=lambda method: -float(runs[method].accuracies[:, -1].mean()))
    parts = [
        f"{NAMES[method]} {_percent(runs[method].accuracies[:, -1])} for "
        f"{runs[method].ledger.per_client()[:, -1].mean() / 1e6:.2f} Mbit"
        for method in order
    ]
    deals, clients = len(run.losses), run.models.shape[1]
    return (
        f"{clients} clients, {run.losses.shape[1] - 1} rounds, {_many(deals, 'deal')} of the digits, every method at "
        f"its tuned step; read rightly at the end, and bits per client: {listed(parts)}."
    )


def _percent(values: Floats) -> str:
    estimate = _estimate(100 * values)
    return f"{100 * values.mean():.1f} %" if estimate is None else f"{estimate} %"


def tuning(table: pd.DataFrame) -> go.Figure:
    """Return the loss at the end against the step, for every method: the same search for all.

    Parameters
    ----------
    table : DataFrame
        Columns method, step (times 1/L) and loss.
    """
    fig = theme.figure(x="step, times 1/L", y="loss after the last round", height=470, room=110)
    traces: list[Any] = []
    best: dict[str, tuple[float, float]] = {}
    for method, rows in table.groupby("method", sort=False):
        name, style = NAMES[str(method)], STYLES[str(method)]
        kept = rows[rows["loss"] < 3.5]
        least = rows.iloc[int(rows["loss"].argmin())]
        best[str(method)] = (float(least["step"]), float(least["loss"]))
        traces.append(theme.line(kept["step"], kept["loss"], style, name))
        traces.append(theme.points([least["step"]], [least["loss"]], style, name))
    fig.add_traces(traces)
    fig.layout.xaxis.update(type="log", dtick=np.log10(4), tickformat=".3~g")
    fig.layout.yaxis.range = (0, 3.5)
    names, styles = [NAMES[method] for method in best], [STYLES[method] for method in best]
    tips = [_height_at_end(rows) for _, rows in table.groupby("method", sort=False)]
    fig.add_trace(theme.direct_labels(float(table["step"].max()) * 1.1, tips, names, styles, span=(0.12, 3.5)))
    words = (
        f"Every method on the same {table['step'].nunique()} steps; a mark shows its best: "
        f"{listed([f'{NAMES[m]} {step:g}/L with a loss of {loss:.2f}' for m, (step, loss) in best.items()])}."
    )
    return theme.describe(fig, words)


def _height_at_end(rows: pd.DataFrame) -> float:
    return float(np.clip(np.nan_to_num(rows["loss"].iloc[-1], posinf=3.4), 0, 3.4))


def costs(table: pd.DataFrame) -> go.Figure:
    """Return rounds and bits to the goal against the numbers sent, over those of FedSGD, at both steps with theory.

    Parameters
    ----------
    table : DataFrame
        Columns rule, size, rounds, bits, rounds_theory, bits_theory; all ratios to FedSGD.
    """
    titles = ["rounds, times those of FedSGD", "bits, times those of FedSGD"]
    fig = theme.panels(1, 2, titles=titles, x="numbers sent of 200", y=["times FedSGD", " "], height=420, room=130)
    styles = {"worst case": theme.styled("blue"), "spectrum": theme.styled("vermilion")}
    parts, traces, ends = [], [], []
    for rule, rows in table.groupby("rule", sort=False):
        style = styles[str(rule)]
        grouped = rows.groupby("size")
        sizes = np.unique(rows["size"]).astype(float)
        for panel, column in ((1, "rounds"), (2, "bits")):
            mean = grouped[column].mean().to_numpy()
            traces.append(theme.points(sizes, mean, style, f"{rule}, measured", panel=panel))
            theory = grouped[f"{column}_theory"].mean().to_numpy()
            traces.append(theme.theory(sizes, theory, f"{rule}, theory", panel=panel))
            if panel == 2:
                ends.append(float(mean[-1]))
                parts.append(f"{mean[0]:.2f} times the bits with {sizes[0]:g} numbers at the {rule} step")
    traces.append(
        theme.theory([sizes[0], sizes[-1]], [1, 1], "FedSGD", panel=2)
        | {"line": {"dash": "dot", "color": theme.PALETTE["grey"]}}
    )
    names = [f"{rule} step" for rule in styles]
    traces.append(theme.direct_labels(sizes[-1] * 1.05, ends, names, list(styles.values()), span=(0, 2.2), panel=2))
    fig.add_traces(traces)
    for number in ("", "2"):
        fig.layout[f"xaxis{number}"].update(type="log", tickvals=sizes)
    fig.layout.yaxis.update(type="log", tickvals=[1, 2, 5, 10, 20, 50])
    fig.layout.yaxis2.range = (0, 2.3)
    return theme.describe(
        fig, f"To come within 0.001 of the least loss a sketch takes {listed(parts)}; thin lines are theory."
    )


def floors(runs: Mapping[str, History], least: float, left: float) -> go.Figure:
    """Return the loss above its least value for a shared, an independent and a fixed matrix.

    Parameters
    ----------
    runs : mapping of str to History
        By how the matrices are drawn.
    least : float
        The least loss there is.
    left : float
        The share of the first gap that a fixed matrix is expected to leave.
    """
    fig = theme.figure(x="round", y="loss above the least", height=420, room=130)
    styles = dict(zip(runs, (theme.styled(name) for name in ("blue", "vermilion", "purple")), strict=True))
    ends, first, traces = [], 1.0, []
    for name, run in runs.items():
        gap = np.maximum((run.losses - least).mean(axis=0), 1e-17)
        rounds, first = np.arange(len(gap)), float(gap[0])
        traces.append(theme.line(rounds, gap, styles[name], name))
        ends.append(float(np.log10(gap[-1])))
    traces.append(theme.theory([0, rounds[-1]], [left * first] * 2, "fixed, theory"))
    labels = theme.direct_labels(rounds[-1], ends, list(runs), list(styles.values()), span=(-17, 1))
    fig.add_traces([*traces, labels | {"y": 10 ** labels["y"]}])
    fig.layout.yaxis.update(type="log", range=(-17.5, 1), dtick=4, exponentformat="power")
    parts = [f"{10**end:.1e} with {name} matrices" for name, end in zip(runs, ends, strict=True)]
    return theme.describe(fig, f"After {rounds[-1]} rounds the loss lies above its least value by {listed(parts)}.")


# ------------------------------------------------------------------------------------------------ leaks


def stolen(run: Stolen) -> go.Figure:
    """Return originals, what the bare gradient gives, and what the message gives, side by side, with cosines.

    Parameters
    ----------
    run : Stolen
        What to draw; up to eight clients, one image of each.
    """
    leak, shown = run.leak, min(len(run.errors), 8)
    tile = 8 if leak.source == "digits" else 5
    rows = [_strip(each[:shown, 0], leak.source) for each in (run.originals, run.controls, run.recovered)]
    picture = np.concatenate(rows)
    high, wide = picture.shape[:2]
    # A tall plot leaves the digits room to be as wide as the page; below each stands its cosine.
    fig = theme.panels(2, 1, x=["", "client"], y=["", "cosine"], heights=(3.4, 1), height=520)
    fig.add_trace(theme.image(picture, "originals, from the bare gradient, from the message"))
    fig.layout.yaxis.update(
        range=(high - 0.5, -0.5),
        tickvals=[high / 6 - 0.5, high / 2 - 0.5, 5 * high / 6 - 0.5],
        ticktext=["sent", "control:<br>bare gradient", "<b>stolen</b>"],
        showgrid=False,
        showline=False,
        scaleanchor="x",
        constrain="domain",
        constraintoward="bottom",
    )
    fig.layout.xaxis.update(showticklabels=False, ticks="", showline=False, range=(-0.5, wide - 0.5))
    fig.layout.xaxis.title.text = " "
    clients, cosines = np.arange(1, shown + 1), run.cosines[:shown]
    fig.add_trace(theme.points(clients, cosines, theme.styled("vermilion"), "stolen", panel=2))
    fig.add_trace(theme.theory([0.5, shown + 0.5], [1, 1], "perfect", panel=2))
    fig.layout.yaxis2.update(range=(min(-0.1, float(cosines.min()) - 0.1), 1.15), tickvals=[0, 0.5, 1])
    fig.layout.xaxis2.update(range=(0.5, shown + 0.5), tickvals=clients)
    numbers = min(leak.size, leak.dim) if leak.sketched else leak.dim
    asked = leak.batch * leak.width
    knows = "knows" if leak.known or not leak.sketched else "does not know"
    words = (
        f"{numbers} numbers for {_many(asked, 'unknown')}, noise {leak.noise:g} times as long as the message, an "
        f"attacker who {knows} the matrix: {int(run.succeeded.sum())} of {len(run.errors)} recovered, mean cosine "
        f"{run.cosines.mean():.3f}; from the bare gradient the largest error is {run.control_errors.max():.1e}. "
        f"Each picture has {tile} x {leak.width // tile} numbers."
    )
    return theme.describe(fig, words)


def _strip(inputs: Floats, source: str, zoom: int = 5) -> NDArray[np.uint8]:
    """Return inputs as grey pictures in a row, dark ink on white, with a margin."""
    across = 8 if source == "digits" else 5
    low, high = (0.0, 1.0) if source == "digits" else (-2.0, 2.0)
    grids = np.clip((inputs.reshape(len(inputs), -1, across) - low) / (high - low), 0, 1)
    tiles = (255 - 215 * grids).repeat(zoom, axis=1).repeat(zoom, axis=2).astype(np.uint8)
    framed = np.pad(tiles, ((0, 0), (4, 4), (4, 4)), constant_values=255)
    return np.repeat(np.concatenate(list(framed), axis=1)[..., None], 3, axis=2)


def what_it_takes(cases: Mapping[str, Stolen]) -> go.Figure:
    """Return the same stolen digits under different settings, one row per setting.

    Parameters
    ----------
    cases : mapping of str to Stolen
        By what is said of the setting; the same victims in all.
    """
    first = next(iter(cases.values()))
    shown = min(len(first.errors), 6)
    rows = {"sent": first.originals} | {name: run.recovered for name, run in cases.items()}
    picture = np.concatenate([_strip(each[:shown, 0], "digits") for each in rows.values()])
    fig = theme.figure(x=" ", y=" ", height=60 + 58 * len(rows), room=150)
    fig.add_trace(theme.image(picture, "stolen digits"))
    high, wide = picture.shape[:2]
    places = (np.arange(len(rows)) + 0.5) * high / len(rows) - 0.5
    fig.layout.yaxis.update(range=(high - 0.5, -0.5), tickvals=places, ticktext=list(rows), showgrid=False)
    fig.layout.yaxis.update(scaleanchor="x", constrain="domain")
    cosines = [f"cosine {run.cosines.mean():.2f}" for run in cases.values()]
    fig.layout.xaxis.update(
        showticklabels=False, ticks="", showline=False, range=(-0.5, wide - 0.5), constrain="domain"
    )
    ink = [theme.styled("ink")] * len(cases)
    labels = theme.direct_labels(wide - 0.5, -places[1:], cosines, ink, span=(-high, 0))
    fig.add_trace(labels | {"y": -labels["y"]})
    parts = [f"{run.cosines.mean():.2f} with {name}" for name, run in cases.items()]
    return theme.describe(fig, f"The same {shown} digits, attacked: mean cosine with the original {listed(parts)}.")


def threshold(table: pd.DataFrame) -> go.Figure:
    """Return how often inputs are recovered, and how wrong the attack is, by the numbers sent.

    Parameters
    ----------
    table : DataFrame
        Columns source, width, size, inputs, recovered, error, cosine, control.
    """
    titles = ["inputs recovered", "median squared error"]
    fig = theme.panels(
        1, 2, titles=titles, x="numbers sent", y=["inputs recovered, %", "mean squared error"], height=420
    )
    styles = {"synthetic": theme.styled("blue"), "digits": theme.styled("vermilion")}
    traces, parts = [], []
    for source, rows in table.groupby("source", sort=False):
        style, width = styles[str(source)], int(rows["width"].iloc[0])
        name = f"{source}, {width} numbers"
        recovered, error = 100 * rows["recovered"], np.maximum(rows["error"], 1e-30)
        for panel, values in ((1, recovered), (2, error)):
            traces.append(theme.line(rows["size"], values, style, name, panel=panel))
            traces.append(theme.points(rows["size"], values, style, name, panel=panel))
            span = [0, 100] if panel == 1 else [1e-30, 10]
            traces.append(theme.theory([width, width], span, f"as many numbers as the input has, {width}", panel=panel))
        half = rows[rows["recovered"] >= 0.5]["size"]
        parts.append(f"{source} ({width} numbers) from {int(half.min()) if len(half) else 'no'} numbers on")
    for width, name in ((20, "20 unknowns"), (64, "64 pixels")):
        traces.append(_flag(width, 106, name))
    fig.add_traces(traces)
    fig.layout.yaxis.range = (-4, 112)
    fig.layout.yaxis2.update(type="log", range=(-31, 1.5), dtick=6, exponentformat="power")
    control = float(table["control"].min())
    words = (
        f"Half of the inputs are recovered: {listed(parts)}. Vertical lines stand at the size of the input. The bare "
        f"gradient gives away {100 * control:.0f} % of them."
    )
    return theme.describe(fig, words)


def _flag(x: float, y: float, text: str) -> Any:
    words = {"mode": "text", "text": [text], "textfont": {"color": theme.INK, "size": 12}, "hoverinfo": "skip"}
    return {
        "type": "scatter",
        "x": np.array([float(x)]),
        "y": np.array([float(y)]),
        "meta": "label",
        **words,
        **theme.axes(1),
    }


# ---------------------------------------------------------------------------------------------- privacy


def privacy(table: pd.DataFrame) -> go.Figure:
    """Return accuracy against epsilon for noise before and after the sketch, and what the attack still sees.

    Parameters
    ----------
    table : DataFrame
        Columns arm, epsilon, replicate, value: accuracy, or for the arm "attack" the median cosine.
    """
    titles = ["what is learned", "what is stolen"]
    x = "privacy loss ε (small: private)"
    fig = theme.panels(
        1, 2, titles=titles, x=x, y=["digits read rightly, %", "cosine with the image"], height=420, room=30
    )
    traces, parts = [], []
    ends: dict[str, float] = {}
    for arm, style in ARM_STYLES.items():
        rows = table[table["arm"] == arm]
        epsilons = np.unique(rows["epsilon"])
        values = [100 * rows["value"][rows["epsilon"] == epsilon].to_numpy() for epsilon in epsilons]
        means = np.array([value.mean() for value in values])
        bands = [_estimate(value) for value in values]
        error = None if any(band is None for band in bands) else [band.high - band.value for band in bands if band]
        traces.append(theme.line(epsilons, means, style, arm))
        traces.append(theme.points(epsilons, means, style, arm, error=error))
        middle = int(np.argmin(np.abs(np.log(epsilons / 4))))
        ends[arm] = means[middle]
        parts.append(f"{means[middle]:.0f} % with {arm}")
    attack = table[table["arm"] == "attack"].sort_values("epsilon")
    style = theme.styled("purple")
    traces.append(theme.line(attack["epsilon"], attack["value"], style, "attack", panel=2))
    traces.append(theme.points(attack["epsilon"], attack["value"], style, "attack", panel=2))
    fig.add_traces(traces)
    fig.update_layout(showlegend=True, legend={"y": -0.28, "yanchor": "top"}, margin={"b": 110})
    shown: set[str] = set()
    for trace in fig.data:
        trace.showlegend = trace.mode == "lines" and trace.name not in shown and trace.name != "attack"
        shown.add(trace.name)
    for number in ("", "2"):
        fig.layout[f"xaxis{number}"].update(type="log", dtick=1 if number == "2" else None, exponentformat="power")
    fig.layout.xaxis.update(tickvals=epsilons, exponentformat="none")
    fig.layout.yaxis.range, fig.layout.yaxis2.range = (0, 102), (-0.25, 1.08)
    words = (
        f"At epsilon = 4 digits read rightly: {listed(parts)}. The attack on one message has a cosine of "
        f"{attack['value'].iloc[0]:.2f} at epsilon = {attack['epsilon'].iloc[0]:g} and "
        f"{attack['value'].iloc[-1]:.2f} at {attack['epsilon'].iloc[-1]:.0e}."
    )
    return theme.describe(fig, words)


# ------------------------------------------------------------------------------------ alone or together


def together(runs: Mapping[str, History]) -> go.Figure:
    """Return how well each client's model reads all digits, learned alone or together.

    Parameters
    ----------
    runs : mapping of str to History
        "local" and others, on the same deals of the digits.
    """
    fig = theme.figure(x="client, from the worst alone to the best", y="digits read rightly, %", height=420, room=110)
    clients = next(iter(runs.values())).models.shape[1]
    x = np.arange(1, clients + 1)
    traces, ends = [], {}
    for method, run in runs.items():
        share = 100 * np.sort(run.held, axis=1).mean(axis=0)
        style, name = STYLES[method], NAMES[method]
        if method == "local":
            look = {"color": style.color, "opacity": 0.75}
            traces.append(
                {"type": "bar", "x": x.astype(float), "y": share, "marker": look, "name": name, **theme.axes(1)}
            )
        else:
            traces.append(theme.line([0.5, clients + 0.5], [share.mean()] * 2, style, name))
        ends[method] = float(share[-1] if method == "local" else share.mean())
    names, styles = [NAMES[method] for method in ends], [STYLES[method] for method in ends]
    traces.append(theme.direct_labels(clients + 0.5, list(ends.values()), names, styles, span=(0, 100)))
    fig.add_traces(traces)
    fig.layout.yaxis.range = (0, 102)
    fig.layout.xaxis.update(range=(0.4, clients + 0.6), dtick=max(1, clients // 10))
    parts = [f"{NAMES[method]} {_percent(run.held.mean(axis=1))}" for method, run in runs.items()]
    deals = len(next(iter(runs.values())).losses)
    return theme.describe(
        fig, f"{clients} clients, {_many(deals, 'deal')} of the digits; mean over clients: {listed(parts)}."
    )
