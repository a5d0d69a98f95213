"""The pieces around the controls and the figure: choice of view, seed, time, progress, words, and the foot."""

from __future__ import annotations

import html
import traceback
from collections.abc import Sequence
from pathlib import Path

import anywidget
import ipywidgets as widgets
import traitlets

from labkit.dialogue import shown
from labkit.explore._picture import Picture
from labkit.explore._taken import Told, numbers, page

_HERE = Path(__file__).parent
FRAME_MILLISECONDS = 80  # between two pictures while time plays


class Foot(anywidget.AnyWidget):
    """The caption, the line of Python behind the picture, and the buttons that take things away."""

    _esm = (_HERE / "foot.js").read_text(encoding="utf-8")
    _css = (_HERE / "panel.css").read_text(encoding="utf-8")
    caption = traitlets.Unicode().tag(sync=True)
    line = traitlets.Unicode().tag(sync=True)

    def hand_over(self, wish: str, picture: Picture, made: Told) -> None:
        """Send the browser what it asks for.

        That is a file to save, the numbers behind the figure ("csv") or a page that holds it ("html"), both with how
        they were made; or the picture ("again"): while a page draws for the first time it misses what changes.
        """
        if wish == "csv":
            self.send({"name": "labkit.csv", "type": "text/csv", "text": numbers(picture.figure, made)})
        elif wish == "html":
            self.send({"name": "labkit.html", "type": "text/html", "text": page(picture.figure, made)})
        elif wish == "again":
            picture.again()


class Bar(widgets.HBox):
    """Progress, a button that stops, and a few words; it keeps its place when it has nothing to say."""

    def __init__(self) -> None:
        self.progress = widgets.FloatProgress(0.0, min=0.0, max=1.0)
        self.stop = widgets.Button(description="Stop", tooltip="Stop computing; the picture stays as it is")
        self.words = widgets.Label()
        super().__init__([self.progress, self.stop, self.words])
        self.add_class("labkit-bar")
        self.show(None)

    def show(self, share: float | None, running: bool = False) -> None:
        """Show how far a computation is, or (not running) nothing."""
        self.progress.value = share or 0.0
        self.progress.layout.display = self.stop.layout.display = None if running else "none"


class Clock(widgets.HBox):
    """Play, pause, and a slider through the moments of a result."""

    def __init__(self) -> None:
        self.play = widgets.Play(interval=FRAME_MILLISECONDS, show_repeat=False)
        self.slider = widgets.IntSlider(0, min=0, max=0, description="time", readout=False, tooltip="the moment shown")
        self.words = widgets.Label()
        widgets.jslink((self.play, "value"), (self.slider, "value"))
        super().__init__([self.play, self.slider, self.words])
        self.add_class("labkit-clock")

    def moment(self, times: Sequence[float], whole: bool) -> int:
        """Return the index of the moment to show, and fit the slider to the moments of a whole result."""
        last, at_end = max(len(times) - 1, 0), self.slider.value == self.slider.max
        if whole and last != self.slider.max:
            self.slider.max = self.play.max = last
            # A page that opens later takes the moment from the player.
            self.slider.value = self.play.value = last if at_end else min(self.slider.value, last)
        index = last if at_end else min(self.slider.value, last)
        self.words.value = f"{times[index]:g}" if len(times) else ""
        return index


def choice(labels: list[str]) -> widgets.ToggleButtons:
    """Return the buttons that choose a view; hidden where there is nothing to choose."""
    made = widgets.ToggleButtons(options=labels, value=labels[0])
    made.add_class("labkit-choice")
    made.layout.display = None if len(labels) > 1 else "none"
    return made


def seed_box(seed: int) -> widgets.BoundedIntText:
    """Return the box that holds the seed."""
    made = widgets.BoundedIntText(seed, min=0, max=2**31 - 1, description="<b>seed</b>", description_allow_html=True)
    made.tooltip = "seed: the same seed gives the same picture"
    made.add_class("labkit-control")
    made.add_class("labkit-seed")
    return made


def band(replicates: int) -> widgets.ToggleButtons:
    """Return the choice between one seed and a band over many."""
    made = widgets.ToggleButtons(options=[("one seed", 1), (f"band over {replicates}", replicates)], value=replicates)
    made.add_class("labkit-band")
    return made


def button(words: str, tooltip: str) -> widgets.Button:
    """Return a plain button."""
    made = widgets.Button(description=words, tooltip=tooltip)
    made.add_class("labkit-button")
    return made


def in_words(error: Exception, setting: str) -> str:
    """Return HTML that says what failed, for which setting and where, with everything escaped."""
    said, kind = _text(str(error) or "no message"), html.escape(type(error).__name__)
    where = _text("".join(traceback.format_exception(error)))
    return (
        f'<div class="labkit-error" role="alert"><b>{kind}</b>: {said}<br>'
        f"<span>This happened for <code>{_text(setting)}</code>. Move a control to go on.</span>"
        f"<details><summary>Where</summary><pre>{where}</pre></details></div>"
    )


def as_is(text: str) -> str:
    """Return HTML that shows a text as it is, every sign of it: what a model wrote is never markup."""
    return f'<pre class="labkit-text">{_text(text)}</pre>'


def _text(text: str) -> str:
    return html.escape(shown(text))
