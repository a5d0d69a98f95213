"""One figure on the page, changed in place: only what differs from the last picture travels to the browser."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.basedatatypes import Undefined

from labkit import theme

DRAWING_SECONDS = 0.5  # a page that has not said by then that it has drawn is not waited for

CONFIG = {
    **{"responsive": True, "displaylogo": False, "scrollZoom": False},
    **{"modeBarButtonsToRemove": ["sendChartToCloud", "select2d", "lasso2d", "autoScale2d", "zoomIn2d", "zoomOut2d"]},
    "toImageButtonOptions": {"format": "png", "filename": "labkit", "scale": 2},
}


class Canvas(go.FigureWidget):
    """A FigureWidget that the browser hears of only when it holds its figure.

    plotly announces the widget first and sends the figure after it. A page that is busy loading plotly may draw between
    the two, and then stays empty.
    """

    _filled = False

    def __init__(self, figure: go.Figure, lock: AbstractContextManager[Any]) -> None:
        super().__init__(figure)
        self._filled, self._turn = True, lock
        self.open()

    def open(self) -> None:
        """Announce the widget to the browser, unless it is still being made."""
        if self._filled:
            super().open()

    def _handle_msg(self, message: dict[str, Any]) -> None:
        # What the browser says about the picture changes the figure, maybe on another thread than the one that draws.
        with self._turn:
            super()._handle_msg(message)


class Picture:
    """A FigureWidget and the figure it shows.

    One is made for each panel, because the browser is sent the whole of plotly with every FigureWidget.

    Parameters
    ----------
    figure : Figure
        What to show first.
    lock : RLock, optional
        Held by whoever draws, where more than one thread does.
    """

    def __init__(self, figure: go.Figure, lock: AbstractContextManager[Any] | None = None) -> None:
        self.figure = figure
        self._shown = _plain(figure)
        self.widget = Canvas(figure, lock or nullcontext())
        self.widget._config = CONFIG
        self._sent, self._waiting = 0.0, False

    @property
    def busy(self) -> bool:
        """Whether the browser is still drawing the last picture, as far as is known."""
        return self._waiting and time.monotonic() - self._sent < DRAWING_SECONDS

    def draw(self, figure: go.Figure) -> None:
        """Show another figure."""
        old, new = self._shown, _plain(figure)
        self.figure, self._shown = figure, new
        other_paper = _axes(old["layout"]) != _axes(new["layout"])
        kept = 0 if other_paper else _alike(old["data"], new["data"])
        if kept < len(old["data"]):
            self.widget.data = self.widget.data[:kept]
        traces, values = _restyle(old["data"][:kept], new["data"][:kept])
        layout = dict(_layout_changes(old["layout"], new["layout"], other_paper))
        # plotly draws the line of a new axis before it knows the axis's place: the lines come after the traces.
        axes = {name: axis for name, axis in layout.items() if other_paper and axis and _is_axis(name)}
        lines = {f"{name}.showline": axis.get("showline") for name, axis in axes.items()}
        self._change(traces, values, layout | {name: axis | {"showline": False} for name, axis in axes.items()})
        if kept < len(new["data"]):
            self.widget.add_traces(figure.data[kept:])
        if lines:
            self._change([], {}, lines)
        self._sent = time.monotonic()
        if not self._waiting:
            self._waiting = True
            self.widget.on_edits_completed(self._drawn)

    def _change(self, traces: list[int], values: dict[str, list[Any]], layout: dict[str, Any]) -> None:
        """Change traces and layout at once."""
        if any("." not in path for path in layout):
            # Parts that come or go change what figure.layout holds: plotly keeps account of that only here.
            with self.widget.batch_update():
                for path, value in layout.items():
                    self.widget.layout[path] = value
            layout = {}
        self.widget.plotly_update(restyle_data=values, relayout_data=layout, trace_indexes=traces)

    def again(self) -> None:
        """Send the page all of the picture once more, where it has changed since it was made."""
        if not self._sent:
            return
        bare = [{"type": trace["type"]} for trace in self._shown["data"]]
        traces, values = _restyle(bare, self._shown["data"])
        # plotly_update would leave out all that is as it was.
        self.widget._send_update_msg(values, dict(_changes({}, self._shown["layout"])), traces)

    def keep(self) -> None:
        """Make what is shown also what a page shows that opens, or opens again, later."""
        # A page that is still loading misses changes; this call renews the state such a page starts from.
        self.widget._repr_mimebundle_()

    def _drawn(self) -> None:
        self._waiting = False


def blank(message: str) -> go.Figure:
    """Return paper that holds one line of words and no data."""
    paper = theme.figure()
    paper.update_layout(xaxis={"visible": False, "range": (0, 1)}, yaxis={"visible": False, "range": (0, 1)})
    paper.add_annotation(
        text=message, showarrow=False, x=0.5, y=0.5, xref="paper", yref="paper", font_color=theme.SUBDUED
    )
    return paper


def _plain(figure: go.Figure) -> dict[str, Any]:
    """Return what is to be seen as dicts that still hold arrays, which the figure's own method turns into text."""
    layout = {key: value for key, value in figure.layout.to_plotly_json().items() if key != "meta"}
    return {"data": [trace.to_plotly_json() for trace in figure.data], "layout": layout}


def _alike(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> int:
    """Return how many leading traces are of the same type."""
    count = 0
    while count < min(len(old), len(new)) and old[count]["type"] == new[count]["type"]:
        count += 1
    return count


def _axes(layout: dict[str, Any]) -> dict[str, tuple[Any, ...]]:
    """Return what makes the axes the axes they are."""
    kinds = ("type", "scaleanchor", "anchor", "domain", "visible")
    return {key: tuple(axis.get(kind) for kind in kinds) for key, axis in layout.items() if _is_axis(key)}


def _is_axis(key: str) -> bool:
    return key.startswith(("xaxis", "yaxis")) and "." not in key


def _restyle(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> tuple[list[int], dict[str, list[Any]]]:
    """Return which traces differ, and for each path that does the values in these traces.

    The browser takes the property away from a trace that is left out of a list, so a list holds the present value of
    every trace that could have the property: of every trace of the type of one that changes it. It takes no property
    together with a part of it either: where one trace changes the whole, all do.
    """
    changed = {i: dict(_changes(*pair)) for i, pair in enumerate(zip(old, new, strict=True))}
    traces = [i for i, paths in changed.items() if paths]
    known = {path for paths in changed.values() for path in paths}
    owners: dict[str, set[str]] = {}
    for i in traces:
        for path in changed[i]:
            owners.setdefault(_whole(path, known), set()).add(new[i]["type"])
    values = {
        path: [_at(new[i], path) if new[i]["type"] in types else Undefined for i in traces]
        for path, types in owners.items()
    }
    return traces, values


def _whole(path: str, known: set[str]) -> str:
    """Return the shortest path in `known` that `path` is a part of."""
    keys = path.split(".")
    return next(part for part in (".".join(keys[:n]) for n in range(1, len(keys) + 1)) if part in known)


def _at(trace: dict[str, Any], path: str) -> Any:
    value: Any = trace
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _layout_changes(old: dict[str, Any], new: dict[str, Any], other_paper: bool) -> Iterator[tuple[str, Any]]:
    """Yield (path, new value) for each part of the layout that differs."""
    axes = sorted(key for key in old.keys() | new.keys() if other_paper and _is_axis(key))
    # The browser knows an axis that has no traces yet only as a whole; as a whole it also forgets its old range.
    yield from ((key, new.get(key)) for key in axes)
    before, after = ({key: value for key, value in each.items() if key not in axes} for each in (old, new))
    yield from _changes(before, after)


def _changes(old: dict[str, Any], new: dict[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (path, new value) for each value that differs; None where there is none any more."""
    for key in sorted(old.keys() | new.keys()):
        before: Any = old.get(key)
        after: Any = new.get(key)
        if isinstance(before, dict) and isinstance(after, dict):
            yield from _changes(before, after, f"{path}{key}.")
        elif _are_records(before, after):
            for i, (one, other) in enumerate(zip(before, after, strict=True)):
                yield from _changes(one, other, f"{path}{key}[{i}].")
        elif not _same(before, after):
            yield path + key, after


def _are_records(before: Any, after: Any) -> bool:
    """Return whether both are lists of as many dicts, such as annotations."""
    both = isinstance(before, list | tuple) and isinstance(after, list | tuple) and len(before) == len(after)
    return both and all(isinstance(record, dict) for record in [*before, *after])


def _same(before: Any, after: Any) -> bool:
    if isinstance(before, np.ndarray) and isinstance(after, np.ndarray):
        return before.dtype == after.dtype and before.shape == after.shape and before.tobytes() == after.tobytes()
    return type(before) is type(after) and bool(before == after)
