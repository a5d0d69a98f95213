"""What a page without a kernel can show of a panel: for every view a star of settings around the one at the start.

One control moves at a time. Each frame is the same computation with the same seed and as many replicates as the frame
in the middle, so that two frames differ by the control that moved.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from labkit.explore._controls import plain
from labkit.explore._panel import Panel
from labkit.explore._rails import Frame, Rail, rail_of
from labkit.explore._view import Compute, Setting, View
from labkit.explore._work import steps
from labkit.params import Params
from labkit.unfolding import finish

POSITIONS = range(7, 4, -1)  # of a control that is a number, the most first
SEEDS, MOMENTS = 4, 25
FEWEST = 4  # replicates: the interval of two is wider than most pictures


@dataclass(frozen=True, slots=True)
class Scene:
    """One view with its controls; `replicates` is 0 where it is shown from the record."""

    label: str
    base: Frame
    rails: tuple[Rail, ...]
    replicates: int


@dataclass(slots=True)
class _Plan:
    """The views that share a computation, with the rails that move it."""

    compute: Compute
    views: dict[str, View]
    result: Any
    seconds: float
    replicates: int
    rails: dict[str, Rail] = field(default_factory=dict)

    def need(self) -> float:
        """Return the seconds that the frames will take."""
        return self.seconds * sum(len(rail.away()) for rail in self.rails.values())


def scenes(panel: Panel, seconds: float) -> list[Scene]:
    """Return the views of a panel as scenes.

    Parameters
    ----------
    panel : Panel
        It stands at its start and stays there.
    seconds : float
        What the frames may take: numbers get as many positions as fit, and a slow computation fewer replicates.
    """
    plans = _plans(panel)
    for count in POSITIONS:
        for plan in plans:
            plan.rails = _rails(panel, plan, count)
        if sum(plan.need() for plan in plans) <= seconds:
            break
    _lighten(panel, plans, seconds)
    made: dict[str, Scene] = {}
    for plan in plans:
        made |= _computed(panel, plan)
    recorded = {label: _recorded(panel, label, view) for label, view in panel._views.items() if view.button}
    return [(made | recorded)[label] for label in panel._views]


def _plans(panel: Panel) -> list[_Plan]:
    plans: dict[Compute, _Plan] = {}
    for label, view in panel._views.items():
        if view.button:
            continue
        compute = view.compute or panel._stage._compute
        if compute not in plans:
            replicates = int(panel.band.value)
            result = _result(compute, panel.params, panel.seed, replicates)
            # The setting at the start may be remembered, so that another one tells what a frame costs.
            begun = time.perf_counter()
            _result(compute, panel.params, panel.seed + 1, replicates)
            plans[compute] = _Plan(compute, {}, result, time.perf_counter() - begun, replicates)
        plan = plans[compute]
        plan.views[label] = view
        begun = time.perf_counter()
        _draw(panel, view, plan.result)
        plan.seconds += time.perf_counter() - begun
    return list(plans.values())


def _lighten(panel: Panel, plans: Sequence[_Plan], seconds: float) -> None:
    """Give the slowest computations fewer replicates until the frames fit."""
    while (over := sum(plan.need() for plan in plans) / seconds) > 1:
        slow = max(plans, key=lambda plan: plan.need() if plan.replicates > FEWEST else -1.0)
        if slow.replicates <= FEWEST or slow.need() < seconds / 20:
            break  # what is left to save would not be noticed
        fewer = max(FEWEST, math.floor(slow.replicates / min(over, 2)))
        slow.seconds *= fewer / slow.replicates
        slow.replicates = fewer
    for plan in plans:
        if plan.replicates != int(panel.band.value):
            plan.result = _result(plan.compute, panel.params, panel.seed, plan.replicates)


def _result(compute: Compute, params: Params, seed: int, replicates: int) -> Any:
    return finish(steps(compute, Setting(params, seed, replicates)))


def _rails(panel: Panel, plan: _Plan, count: int) -> dict[str, Rail]:
    """Return the rails of the controls that the views of a plan answer to, and of the seed."""
    moved = [name for name in panel.vary if any(v.vary is None or name in v.vary for v in plan.views.values())]
    made = {name: rail_of(panel, name, count) for name in moved}
    seeds = tuple(range(panel.seed, panel.seed + SEEDS))
    made["seed"] = Rail("seed", "another seed is another run of the same setting", "number", seeds, 0)
    return {name: rail for name, rail in made.items() if len(rail.positions) > 1}


# -------------------------------------------------------------------------------------------------- frames


def _computed(panel: Panel, plan: _Plan) -> dict[str, Scene]:
    """Compute every setting of a plan once, and draw it for each view that answers to its control."""
    scenes_ = {
        label: Scene(label, _draw(panel, view, plan.result), tuple(_own_rails(panel, plan, view)), plan.replicates)
        for label, view in plan.views.items()
    }
    for name, rail in plan.rails.items():
        for position in rail.away():
            result, words = _moved(panel, plan, name, rail.positions[position])
            for label, view in plan.views.items():
                own = next((each for each in scenes_[label].rails if each.name == rail.name), None)
                if own is not None:
                    own.frames[position] = Frame(None, words) if words else _draw(panel, view, result)
    return scenes_


def _moved(panel: Panel, plan: _Plan, name: str, value: Any) -> tuple[Any, str]:
    """Return the result with one control moved, or the words of the error that this setting is."""
    try:
        if name == "seed":
            return _result(plan.compute, panel.params, value, plan.replicates), ""
        return _result(plan.compute, panel.params.replace(**{name: value}), panel.seed, plan.replicates), ""
    except ValueError as error:
        return None, str(error)


def _own_rails(panel: Panel, plan: _Plan, view: View) -> Iterator[Rail]:
    """Yield fresh rails of the controls of one view: what is computed first, then looks and time."""
    for name, rail in plan.rails.items():
        if name == "seed" or view.vary is None or name in view.vary:
            yield Rail(rail.name, rail.help, rail.kind, rail.positions, rail.start)
    yield from _drawn_rails(panel, view, plan.result)


def _drawn_rails(panel: Panel, view: View, result: Any) -> Iterator[Rail]:
    """Yield the rails that only redraw, with their frames."""
    for name in panel.look:
        rail = rail_of(panel, name, POSITIONS[0])
        if view.accepts(name) and len(rail.positions) > 1:
            for position in rail.away():
                rail.frames[position] = _draw(panel, view, result, **{name: rail.positions[position]})
            yield rail
    if panel.scrub and view.accepts(panel.scrub) and len(result.times) > 1:
        last = len(result.times) - 1
        moments = sorted({round(moment) for moment in np.linspace(0, last, min(MOMENTS, last + 1))})
        times = tuple(plain(float(result.times[moment])) for moment in moments)
        frames = {
            position: _draw(panel, view, result, **{panel.scrub: moment})
            for position, moment in enumerate(moments[:-1])
        }
        yield Rail(panel.scrub.replace("_", " "), "the moment shown", "time", times, len(times) - 1, frames)


def _recorded(panel: Panel, label: str, view: View) -> Scene:
    """Return a view that waits for its button: what it starts with, and the controls that only redraw it."""
    if view.start is None:
        return Scene(label, Frame(None, "This view is computed on a button, in the live version."), (), 0)
    return Scene(label, _draw(panel, view, view.start), tuple(_drawn_rails(panel, view, view.start)), 0)


def _draw(panel: Panel, view: View, result: Any, **moved: Any) -> Frame:
    wanted = {name: plain(panel.controls[name].value) for name in panel.look if view.accepts(name)}
    if panel.scrub and view.accepts(panel.scrub):
        wanted[panel.scrub] = len(result.times) - 1
    return Frame(view.figure(result, **{**wanted, **moved}))
