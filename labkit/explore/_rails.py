"""The controls of a panel as rails: where each can stand, and a frame for every place but the one at the start."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import ipywidgets as widgets
import numpy as np
import plotly.graph_objects as go

from labkit.explore._controls import plain
from labkit.explore._panel import Panel


@dataclass(frozen=True, slots=True)
class Frame:
    """A figure, or where there is none the words that say why."""

    figure: go.Figure | None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Rail:
    """One control with its positions, and a frame for each of them but the one it starts at.

    Attributes
    ----------
    name, help : str
        Its name and what it means.
    kind : {"number", "choice", "switch", "time"}
        How it is shown.
    positions : tuple
        The values it can stand at.
    start : int
        The position of the setting at the start.
    frames : dict of int to Frame
        By position.
    """

    name: str
    help: str
    kind: str
    positions: tuple[Any, ...]
    start: int
    frames: dict[int, Frame] = field(default_factory=dict)

    def away(self) -> list[int]:
        """Return the positions other than the one at the start."""
        return [position for position in range(len(self.positions)) if position != self.start]


def rail_of(panel: Panel, name: str, count: int) -> Rail:
    """Return the rail of one control, without frames."""
    control, start = panel.controls[name], plain(panel.controls[name].value)
    values = positions(control, count)
    if isinstance(control, widgets.Checkbox):
        kind = "switch"
    else:
        kind = "choice" if isinstance(control, widgets.Dropdown) else "number"
    return Rail(name.replace("_", " "), control.help, kind, values, values.index(start))


def positions(control: widgets.ValueWidget, count: int) -> tuple[Any, ...]:
    """Return where a control can stand: every option, or `count` numbers over its range, its present value among them.

    Parameters
    ----------
    control : widget
        One that `labkit.explore._controls.control` made.
    count : int
        How many numbers, 2 or more.
    """
    start = plain(control.value)
    if isinstance(control, widgets.Checkbox):
        return False, True
    if isinstance(control, widgets.Dropdown):
        return tuple(value for _, value in control.options)
    if not hasattr(control, "min"):
        return (start,)
    logarithmic = isinstance(control, widgets.FloatLogSlider)
    if logarithmic:
        low, high = plain(10**control.min), plain(10**control.max)
        spaced = [min(max(float(f"{value:.2g}"), low), high) for value in np.logspace(control.min, control.max, count)]
    else:
        spaced = [_on_grid(value, control) for value in np.linspace(control.min, control.max, count)]
    away = [abs(math.log(value / start)) if logarithmic else abs(value - start) for value in spaced]
    nearest = away.index(min(away))
    return tuple(sorted({*spaced[:nearest], start, *spaced[nearest + 1 :]}))


def _on_grid(value: float, control: widgets.ValueWidget) -> Any:
    place = control.min + round((value - control.min) / control.step) * control.step
    return int(min(place, control.max)) if isinstance(control, widgets.IntSlider) else plain(min(place, control.max))
