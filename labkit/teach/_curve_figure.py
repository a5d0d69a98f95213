"""The picture of a curve that was drawn, beside the one that was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from labkit import theme
from labkit.teach._prediction import short

if TYPE_CHECKING:
    from labkit.teach._curve import CurveBet

YOURS, MEASURED = "vermilion", "blue"


def both(bet: CurveBet, choice: Sequence[float] | None, truth: Mapping[str, Sequence[float]]) -> go.Figure:
    """Return the drawn curve, where there is one, and the measured one with its interval.

    Parameters
    ----------
    bet : CurveBet
        The bet; it names the axes.
    choice : sequence of float, optional
        What was drawn.
    truth : mapping
        The measured curve and the ends of its interval.

    Returns
    -------
    plotly Figure
        With a description.
    """
    places = np.arange(len(bet.x), dtype=float)
    fig = theme.figure(x=bet.x_title, y=bet.y_title, height=380, room=130)
    yours, measured = theme.styled(YOURS), theme.styled(MEASURED)
    if bet.reference is not None:
        fig.add_trace(theme.theory(places[[0, -1]], [bet.reference[0]] * 2, bet.reference[1]))
    fig.add_trace(theme.band(places, truth["low"], truth["high"], measured, "95 % interval"))
    ends, names, styles = [truth["value"][-1]], ["measured"], [measured]
    if bet.reference is not None:
        ends, names, styles = [*ends, bet.reference[0]], [*names, bet.reference[1]], [*styles, theme.styled("grey")]
    fig.add_trace(theme.line(places, truth["value"], measured, "measured"))
    fig.add_trace(theme.points(places, truth["value"], measured, "measured"))
    if choice is not None:
        fig.add_trace(theme.line(places, choice, yours, "yours"))
        fig.add_trace(theme.points(places, choice, yours, "yours"))
        ends, names, styles = [*ends, choice[-1]], [*names, "yours"], [*styles, yours]
    low, high = _span(bet, truth)
    fig.add_trace(theme.direct_labels(places[-1], ends, names, styles, span=(low, high)))
    fig.update_xaxes(tickvals=places, ticktext=bet.names, range=(-0.3, len(places) - 0.7))
    fig.update_yaxes(range=(low, high))
    return theme.describe(fig, _in_words(bet, choice, truth))


def _span(bet: CurveBet, truth: Mapping[str, Sequence[float]]) -> tuple[float, float]:
    """Return the ends of the vertical axis: the bet's, or wider where what was measured goes beyond them."""
    room = 0.04 * (bet.high - bet.low)
    return min(bet.low, *truth["value"]) - room, max(bet.high, *truth["value"]) + room


def _in_words(bet: CurveBet, choice: Sequence[float] | None, truth: Mapping[str, Sequence[float]]) -> str:
    if choice is not None:
        return " ".join(bet.compared(choice, truth))
    told = bet.happened(truth)
    largest, smallest = (short(pick(truth["value"])) for pick in (max, min))
    return f"{told[0].upper()}{told[1:]}; at its {len(bet.x)} positions it lies between {smallest} and {largest}."
