"""The atlas on the page: search, filters, the map, a list of what is found, and a card for the chosen paper."""

from __future__ import annotations

import html
from collections import Counter
from typing import Any

import ipywidgets as widgets
import plotly.graph_objects as go

from labkit.atlas._card import card, words
from labkit.atlas._picture import Filter, matches, picture, sentence
from labkit.page import Page, saving
from labkit.papers import FEASIBLE, KINDS, Paper, papers, status

GAP, STYLE = "2px 10px 2px 0", {"description_width": "initial"}
LABELS = {"yes": "all of it", "reduced": "a smaller version", "concept": "the idea alone"}


class Atlas(widgets.VBox):
    """The papers to search and filter; `found` are those that match, `selected` is the one on the card."""

    def __init__(self) -> None:
        self.found: tuple[Paper, ...] = papers()
        self.selected: Paper | None = None
        self._filling = False
        self._make_controls()
        self.figure = go.FigureWidget(picture())
        self.figure._config = {"responsive": True, "displayModeBar": False}
        for trace in self.figure.data:
            if trace.customdata is not None:
                trace.on_click(self._clicked)
        self.caption = widgets.HTML()
        self.list = widgets.Select(
            rows=13,
            description="Found",
            style=STYLE,
            layout=widgets.Layout(flex="1 1 320px", width="auto", min_width="260px", height="auto"),
        )
        self.list.observe(self._listed, "value")
        self.card = widgets.Output(layout=widgets.Layout(flex="2 1 480px", width="auto", min_width="300px"))
        filters = widgets.HBox(
            [self.words, *self.filters.values(), self.reset], layout=widgets.Layout(flex_flow="row wrap")
        )
        below = widgets.HBox(
            [self.list, self.card], layout=widgets.Layout(flex_flow="row wrap", align_items="flex-start")
        )
        super().__init__([filters, self.caption, self.figure, Page(), below])
        self.add_class("labkit-keys")
        self._show_found()
        self.select(min(papers(), key=lambda paper: (status(paper) != "runs today", paper.role != "main", paper.id)))

    def search(self, **wanted: str) -> tuple[Paper, ...]:
        """Set the filters from code and return what is found: ``search(words="bandit", kind="mechanism")``."""
        asked = Filter(**wanted)
        self._set(asked)
        return self.found

    def select(self, paper: Paper) -> None:
        """Put one paper on the card and ring it on the map."""
        self.selected = paper
        self._mark_in_list()
        with self.figure.batch_update():
            ring = next(trace for trace in picture(self.found, paper).data if trace.meta == "ring")
            shown = next(trace for trace in self.figure.data if trace.meta == "ring")
            shown.update(x=ring.x, y=ring.y)
        bundle = {"text/html": card(paper), "text/plain": words(paper)}
        self.card.outputs = ({"output_type": "display_data", "data": bundle, "metadata": {}},)

    def _make_controls(self) -> None:
        self.words = widgets.Text(
            description="Search",
            placeholder="memory, debate, S037 ...",
            continuous_update=True,
            layout=widgets.Layout(width="15.5em", margin=GAP),
            style=STYLE,
        )
        families = Counter(paper.family for paper in papers())
        choices = {
            "family": [(f"{name} ({count})", name) for name, count in sorted(families.items())],
            "kind": [(kind, kind) for kind in KINDS],
            "cpu_feasible": [(LABELS[each], each) for each in FEASIBLE],
            "status": [("runs today", "runs today"), ("planned", "planned")],
        }
        widths = {"family": "16em", "kind": "11.5em", "cpu_feasible": "17em", "status": "11.5em"}
        names = {"family": "Family", "kind": "Kind", "cpu_feasible": "On two cores", "status": "Status"}
        self.filters = {
            key: widgets.Dropdown(
                options=[("any", ""), *options],
                value="",
                description=names[key],
                layout=widgets.Layout(width=widths[key], margin=GAP),
                style=STYLE,
            )
            for key, options in choices.items()
        }
        self.reset = widgets.Button(description="Show all", icon="undo", layout=widgets.Layout(width="auto"))
        self.reset.on_click(lambda _: self._set(Filter()))
        for control in (self.words, *self.filters.values()):
            control.observe(self._changed, "value")

    def _set(self, wanted: Filter) -> None:
        self._filling = True
        try:
            self.words.value = wanted.words
            for name, control in self.filters.items():
                control.value = getattr(wanted, name)
        finally:
            self._filling = False
        self._changed()

    def _changed(self, _: Any = None) -> None:
        if self._filling:
            return
        self.found = matches(
            Filter(self.words.value, **{name: control.value for name, control in self.filters.items()})
        )
        self._show_found()

    def _show_found(self) -> None:
        drawn = picture(self.found, self.selected)
        with self.figure.batch_update():
            for shown, new in zip(self.figure.data, drawn.data, strict=True):
                if new.customdata is not None:
                    shown.marker.update(opacity=new.marker.opacity, color=new.marker.color)
                elif new.meta == "label":
                    shown.textfont.color = new.textfont.color
            self.figure.layout.meta = drawn.layout.meta
        text = f"{sentence(self.found)} {self._wanted_in_words()}".strip()
        self.caption.value = f"<p role='status' style='margin:.2em 0;line-height:1.5'>{html.escape(text)}</p>"
        self._filling = True
        try:
            self.list.options = [(f"{paper.id}  {paper.title}", paper.id) for paper in self.found]
        finally:
            self._filling = False
        if self.found and self.selected and self.selected not in self.found:
            self.select(self.found[0])
        self._mark_in_list()

    def _wanted_in_words(self) -> str:
        """Return what is searched and filtered for, so that nobody wonders where the rest has gone."""
        asked = [f"words “{self.words.value.strip()}”"] if self.words.value.strip() else []
        asked += [f"{c.description.lower()} “{c.label}”" for c in self.filters.values() if c.value]
        return f"Looking for {', '.join(asked)}." if asked else ""

    def _mark_in_list(self) -> None:
        self._filling = True
        try:
            self.list.value = self.selected.id if self.selected in self.found and self.selected else None
        finally:
            self._filling = False

    def _listed(self, change: Any) -> None:
        if not self._filling and change["new"] is not None:
            self._choose(change["new"])

    def _clicked(self, trace: Any, points: Any, _: Any) -> None:
        if points.point_inds:
            self._choose(trace.customdata[points.point_inds[0]][0])

    def _choose(self, name: str) -> None:
        self.select(next(paper for paper in papers() if paper.id == name))

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = dict(super()._repr_mimebundle_(**options))
        bundle["text/plain"] = sentence(self.found)
        if saving():
            bundle["application/vnd.plotly.v1+json"] = picture(self.found, self.selected).to_plotly_json()
        return bundle
