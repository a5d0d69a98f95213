"""Panels to play with: `explore` joins a parameter set, a computation and figures behind sliders.

`_controls` builds the sliders, `_work` computes without holding up the reader, `_picture` redraws one figure
in place, `_panel` puts them together; `foot.js` and `panel.css` are the part that runs in the browser. `Readings` leafs
through what is on record, `Live` asks a model here and now. `scenes` are what a page without a kernel shows of a panel.
"""

from __future__ import annotations

from collections.abc import Sequence

from labkit.explore._frames import Scene, scenes
from labkit.explore._live import Live, Task
from labkit.explore._panel import Panel
from labkit.explore._rails import Frame, Rail
from labkit.explore._readings import Readings
from labkit.explore._view import Compute, Figure, View
from labkit.params import Params

__all__ = [
    "Compute", "Figure", "Frame", "Live", "Panel", "Rail", "Readings", "Scene", "Task", "View", "explore", "scenes",
]  # fmt: skip


def explore(
    compute: Compute,
    params: Params,
    views: Figure | View | dict[str, Figure | View],
    *,
    vary: Sequence[str],
    look: Params | None = None,
    replicates: int = 30,
    draft: int = 1,
    seed: int = 0,
    scrub: str | None = None,
    whole: Compute | None = None,
) -> Panel:
    """Return a panel: controls for `vary`, one figure that answers them, seed, time, and ways to take the result away.

    Parameters
    ----------
    compute : callable
        ``compute(params, *, rng, replicates) -> result``; the first r replicates must not depend on how many are asked
        for. A generator function may yield ``(share done, result so far or None)`` and return the result: the panel
        then draws it as it grows, gives time back between the steps and can stop it.
    params : Params
        The setting to start from, and the one that Reset returns to.
    views : callable, View, or dict of str to either
        ``figure(result, **look) -> go.Figure``, pure, with its description stored by `labkit.theme.describe`. With a
        dict, buttons with its labels choose.
    vary : sequence of str
        The fields of `params` that get a control.
    look : Params, optional
        Its fields are keyword arguments of the figures (each gets those it names); their controls only redraw.
    replicates, draft : int
        Replicates behind the picture at rest, and behind the draft that is drawn while a control moves.
    seed : int
        The seed to start from.
    scrub : str, optional
        The keyword of the figures that is an index into ``result.times``: adds play, pause and a time slider.
    whole : callable, optional
        Where `compute` is a generator function: the plain function that runs it to its end, for the line to copy.

    Returns
    -------
    Panel
        A widget; it shows itself as the last value of a cell.

    Raises
    ------
    ValueError
        A name in `vary` is no field of `params`, or there is no view.
    """
    if not isinstance(views, dict):
        views = {"": views}
    named = {label: view if isinstance(view, View) else View(view) for label, view in views.items()}
    if not named:
        raise ValueError("views = {}: allowed is a figure function, a View, or a dict with at least one of them")
    return Panel(compute, params, named, tuple(vary), look, replicates, draft, seed, scrub, whole)
