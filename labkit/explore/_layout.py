"""Where the pieces of a panel stand, and which of them a view needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets as widgets

from labkit.explore._view import View
from labkit.page import Page

if TYPE_CHECKING:
    from labkit.explore._panel import Panel


def arranged(panel: Panel) -> list[widgets.Widget]:
    """Return the panel's children: the choice of view, then controls beside the figure and what belongs to it."""
    panel.groups = [_box([panel.controls[name] for name in names], "group") for names in (panel.vary, panel.look)]
    seed = _box([_row(panel.seed_box, panel.reroll), panel.band, _row(panel.go, panel.reset)], "group")
    side = [*panel.groups, seed]
    panel.figure.add_class("labkit-picture")
    main = [panel.figure, panel.clock, panel.bar, panel.words, panel.foot, Page()]
    return [panel.choice, _box([_box(side, "side"), _box(main, "main")], "body")]


def fit(panel: Panel, view: View) -> None:
    """Show the controls that this view answers to and hide the others."""
    for name, control in panel.controls.items():
        needed = view.accepts(name) if name in panel.look else view.vary is None or name in view.vary
        _visible(control, needed)
    for group in panel.groups:
        _visible(group, any(child.layout.display != "none" for child in group.children))
    _visible(panel.clock, panel.scrub is not None and view.accepts(panel.scrub))
    _visible(panel.go, view.button is not None)
    panel.go.description = view.button or ""


def _visible(widget: widgets.Widget, wanted: bool) -> None:
    widget.layout.display = None if wanted else "none"


def _row(*children: widgets.Widget) -> widgets.Widget:
    return _box(list(children), "row")


def _box(children: list[widgets.Widget], names: str) -> widgets.Widget:
    box = widgets.Box(children)
    for name in f"labkit-{names}".split():
        box.add_class(name)
    return box
