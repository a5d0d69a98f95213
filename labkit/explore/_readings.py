"""Something on record to leaf through: choices, a picture where there is one, and plain text."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets as widgets
import plotly.graph_objects as go

from labkit import theme
from labkit.dialogue import shown
from labkit.explore import _parts as parts
from labkit.explore._picture import Picture
from labkit.explore._taken import told
from labkit.page import Page, saving


class Readings(widgets.VBox):
    """Choices, and what was said where they point to: shown as plain text, whatever a model wrote.

    Parameters
    ----------
    choices : mapping of str to sequence
        What can be chosen: a range becomes a slider, any other sequence a list.
    text : callable
        ``text(**chosen) -> str``.
    picture : callable, optional
        ``picture(**chosen) -> go.Figure``, described by `labkit.theme.describe`.

    Attributes
    ----------
    controls : dict of str to widget
        One for each choice; setting its ``value`` is moving it.
    text : str
        What is shown.
    """

    def __init__(
        self,
        choices: Mapping[str, Sequence[Any]],
        text: Callable[..., str],
        picture: Callable[..., go.Figure] | None = None,
    ) -> None:
        self._text, self._draw, self.text = text, picture, ""
        self.controls = {name: _choice(name, values) for name, values in choices.items()}
        self.page, self.words, self.foot = widgets.HTML(), widgets.HTML(), parts.Foot()
        self._picture = None if picture is None else Picture(picture(**self.chosen))
        shown = [] if self._picture is None else [self._picture.widget.add_class("labkit-picture")]
        # It brings the looks of a panel, so it is there without a picture too.
        self.foot.layout.display = None if shown else "none"
        row = widgets.Box(list(self.controls.values()))
        row.add_class("labkit-choices")
        super().__init__([row, *shown, self.foot, self.words, self.page, Page()])
        self.add_class("labkit-panel")
        self.add_class("labkit-keys")
        for moved in self.controls.values():
            moved.observe(lambda _: self._turn(), "value")
        if self._picture is not None:
            shown_there = self._picture
            self.foot.on_msg(lambda foot, message, buffers: foot.hand_over(message["ask"], shown_there, self._told()))
        self._turn()

    def __repr__(self) -> str:
        return shown(self.text)

    @property
    def chosen(self) -> dict[str, Any]:
        """What the controls stand at."""
        return {name: made.value for name, made in self.controls.items()}

    def read(self, **chosen: Any) -> tuple[str, go.Figure | None]:
        """Return the text and the picture, if there is one, of any choice; what is shown stays."""
        return self._text(**chosen), None if self._draw is None else self._draw(**chosen)

    @property
    def figure(self) -> go.Figure:
        """The figure on the page."""
        if self._picture is None:
            raise ValueError("these readings have no picture")
        return self._picture.figure

    def _told(self) -> dict[str, Any]:
        return told("", "", None, {name: str(value) for name, value in self.chosen.items()})

    def _turn(self) -> None:
        try:
            self.text = self._text(**self.chosen)
            if self._picture is not None and self._draw is not None:
                self._picture.draw(self._draw(**self.chosen))
                self.foot.caption = theme.description(self.figure)
            self.page.value, self.words.value = parts.as_is(self.text), ""
        except Exception as error:
            if saving():
                raise
            self.words.value = parts.in_words(error, ", ".join(f"{k}={v!r}" for k, v in self.chosen.items()))

    def _repr_mimebundle_(self, **keywords: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = super()._repr_mimebundle_(**keywords)
        if saving() and self._picture is not None:
            bundle["application/vnd.plotly.v1+json"] = json.loads(self.figure.to_json())
        return bundle


def _choice(name: str, values: Sequence[Any]) -> widgets.Widget:
    words = {"description": f"<b>{html.escape(name)}</b>", "description_allow_html": True}
    if isinstance(values, range):
        made = widgets.IntSlider(values.start, min=values.start, max=values.stop - 1, step=values.step, **words)
    else:
        made = widgets.Dropdown(options=list(values), **words)
    made.add_class("labkit-control")
    return made
