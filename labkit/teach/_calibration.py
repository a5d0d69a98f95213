"""How well a reader knows what they know: of the bets placed with one degree of sureness, which share came true."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from labkit import theme
from labkit.stats import Estimate, proportion_interval
from labkit.teach import _progress
from labkit.teach._prediction import LEVELS, sureness
from labkit.teach._show import pictured
from labkit.teach._words import Words

if TYPE_CHECKING:
    import plotly.graph_objects as go

FEW = 5
"""Bets of one degree of sureness: with fewer, nothing is said about them."""
TITLE = "Your bets"


@dataclass(frozen=True)
class Group:
    """The bets of one degree of sureness that have been answered."""

    sure: str
    share: Estimate

    @property
    def promised(self) -> float:
        """The share that should come true."""
        return LEVELS[self.sure]


def calibration() -> Words:
    """Return how the reader's bets have turned out: how many came true, and whether as many as they were sure of.

    Bets that were placed after their answer had been seen are left out. The intervals are Wilson's.

    Returns
    -------
    Words
        With a picture, once a bet with a degree of sureness has been answered.
    """
    return calibrated(_progress.everything().get("bets", {}).values())


def calibrated(entries: Iterable[Mapping[str, Any]]) -> Words:
    """Return the same for these entries."""
    placed = [entry for entry in entries if "choice" in entry and not entry.get("late")]
    answered = [entry for entry in placed if isinstance(entry.get("came_true"), bool)]
    if not placed:
        return Words(
            "You have placed no bet yet. Each lesson begins with one: say what you expect, and how sure you are. "
            "This place then shows how often you were right, and whether you were as sure as you should be.",
            TITLE,
            "note",
        )
    if not answered:
        return Words(f"You have placed {_bets(len(placed))}. The answers are still to come.", TITLE, "note")
    groups = grouped(answered)
    parts = [_counted(len(placed), answered), *map(_judged, groups)]
    if not groups:
        parts.append("With none of them you said how sure you were. If you do, a picture of it appears here.")
    return pictured(Words("\n\n".join(parts), TITLE, "note"), reliability(groups) if groups else None)


def grouped(answered: Sequence[Mapping[str, Any]]) -> list[Group]:
    """Return the answered bets by how sure the reader was, the least sure first."""
    by_level = {name: [entry["came_true"] for entry in answered if sureness(entry) == name] for name in LEVELS}
    return [Group(name, proportion_interval(sum(came), len(came))) for name, came in by_level.items() if came]


def reliability(groups: Sequence[Group]) -> go.Figure:
    """Return the share that came true against the share that was promised, with the line on which they are equal.

    Parameters
    ----------
    groups : sequence of Group
        One or more.
    """
    fig = theme.figure(x="so many should come true, %", y="so many came true, %", height=360, room=150)
    style = theme.styled("blue")
    promised = [100 * group.promised for group in groups]
    came = [100 * group.share.value for group in groups]
    fig.add_trace(theme.theory([40, 100], [40, 100], "as sure as one should be"))
    points = theme.points(promised, came, style, "your bets")
    points["error_y"] = {
        "array": [100 * (group.share.high - group.share.value) for group in groups],
        "arrayminus": [100 * (group.share.value - group.share.low) for group in groups],
        "color": style.color,
        "thickness": 1.4,
        "width": 5,
    }
    fig.add_trace(points)
    fig.update_xaxes(
        range=(40, 102), tickvals=[50, 70, 90], ticktext=[f"{100 * v:.0f}<br>{n}" for n, v in LEVELS.items()]
    )
    fig.update_yaxes(range=(-4, 106))
    for x, y, group in zip(promised, came, groups, strict=True):
        fig.add_annotation(x=x, y=y, text=_bets(group.share.n), xanchor="left", xshift=10, showarrow=False)
    fig.add_annotation(x=100, y=100, text="as sure as<br>one should be", xanchor="left", xshift=6, showarrow=False,
                       align="left", font={"color": theme.SUBDUED, "size": 12})  # fmt: skip
    return theme.describe(fig, " ".join(map(_judged, groups)))


def _counted(placed: int, answered: Sequence[Mapping[str, Any]]) -> str:
    true = sum(entry["came_true"] for entry in answered)
    waiting = placed - len(answered)
    rest = f" {waiting} {'is' if waiting == 1 else 'are'} still to be answered." if waiting else ""
    return f"Of {_bets(len(answered))} that you placed before the answer, **{true} came true**.{rest}"


def _judged(group: Group) -> str:
    share, promised = group.share, f"{100 * group.promised:.0f} %"
    named = {"a guess": "called it a guess", "rather sure": "were rather sure", "sure": "were sure"}[group.sure]
    told = f"Where you {named}, {round(share.value * share.n)} of {share.n} came true; {promised} should."
    interval = f"(95 % interval {100 * share.low:.0f} to {100 * share.high:.0f} %)"
    if share.n < FEW:
        return f"{told} {_bets(share.n).capitalize()} {'is' if share.n == 1 else 'are'} too few to tell {interval}."
    if share.low <= group.promised <= share.high:
        return f"{told} That fits {interval}."
    if share.high < group.promised:
        return f"{told} You were surer than you should be {interval}."
    return f"{told} You know more than you think {interval}."


def _bets(count: int) -> str:
    return f"{count} bet{'' if count == 1 else 's'}"
