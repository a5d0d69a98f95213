"""The panel: controls at the side, one picture that answers them, and what one can take away from it."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import ipywidgets as widgets
import plotly.graph_objects as go

from labkit import theme
from labkit.explore import _parts as parts
from labkit.explore._controls import control, plain
from labkit.explore._layout import arranged, fit
from labkit.explore._stage import Stage
from labkit.explore._taken import told
from labkit.explore._view import Compute, Setting, View
from labkit.page import saving
from labkit.params import Params

PATIENCE_SECONDS = 0.4  # after this the reader sees progress, and a button to stop


class Panel(widgets.VBox):
    """Controls and a figure that answers them; `labkit.explore.explore` makes one.

    Attributes
    ----------
    controls : dict of str to widget
        One control for each field of `vary` and of `look`; setting its ``value`` is moving it.
    seed_box, reroll, band, choice, clock, bar, go, reset : widgets
        The seed, the next seed, one seed or a band, the view, time, progress with Stop, a slow view's button, Reset.
    failure : Exception or None
        The error shown; None once something has worked again.
    """

    def __init__(
        self,
        compute: Compute,
        params: Params,
        views: dict[str, View],
        vary: tuple[str, ...],
        look: Params | None,
        replicates: int,
        draft: int,
        seed: int,
        scrub: str | None,
        whole: Compute | None = None,
    ) -> None:
        self._lock, self._silent, self.scrub = threading.RLock(), False, scrub
        self._start, self._views, self.vary, self._whole = params, views, vary, whole
        self.look = () if look is None else tuple(type(look).model_fields)
        self.failure: Exception | None = None
        self.controls = {name: control(params, name) for name in vary}
        if look is not None:
            self.controls |= {name: control(look, name) for name in self.look}
        self.choice, self.clock, self.bar = parts.choice(list(views)), parts.Clock(), parts.Bar()
        self.seed_box, self.band = parts.seed_box(seed), parts.band(replicates)
        self.reroll = parts.button("re-roll", "take the next seed")
        self.reset = parts.button("Reset", "back to the setting at the start")
        self.go = parts.button("Compute", "compute this view for the present setting")
        self.words, self.foot = widgets.HTML(), parts.Foot()
        self._initial = {moved: moved.value for moved in [*self.controls.values(), self.seed_box, self.band]}
        view = views[self.choice.value]
        self._stage = Stage(self._lock, compute, view, draft, self._keywords, self._drawn, self._fail, self._report)
        self._handle(lambda: self._stage.open(self._setting()))
        super().__init__(arranged(self))
        self.add_class("labkit-panel")
        self.add_class("labkit-keys")
        fit(self, view)
        self._listen()
        self._handle(lambda: self._answer(draft=False))

    # -------------------------------------------------------------------------- what it stands at and shows

    @property
    def params(self) -> Params:
        """The parameters the controls stand at.

        Raises
        ------
        ValueError
            A control stands at a value that its field does not allow.
        """
        return self._start.replace(**{name: plain(self.controls[name].value) for name in self.vary})

    @property
    def seed(self) -> int:
        """The seed in the box."""
        return int(self.seed_box.value)

    @property
    def figure(self) -> go.FigureWidget:
        """The figure on the page."""
        return self._stage.picture.widget

    @property
    def result(self) -> Any:
        """The result shown; None where there is none yet."""
        return self._stage.result

    @property
    def settled(self) -> bool:
        """Whether the whole result for the present setting is shown."""
        return self.failure is None and self._stage.settled(self._setting())

    @property
    def caption(self) -> str:
        """The sentence under the figure."""
        return str(self.foot.caption)

    @property
    def line(self) -> str:
        """The line of Python that makes the result again."""
        return str(self.foot.line)

    def settle(self) -> None:
        """Compute and draw the whole result for the present setting before returning."""
        self._handle(lambda: self._stage.settle(self._setting()))

    def _setting(self) -> Setting:
        return Setting(self.params, self.seed, int(self.band.value))

    # --------------------------------------------------------------------------------- when something moves

    def _listen(self) -> None:
        answering = [*(self.controls[name] for name in self.vary), self.seed_box, self.band]
        redrawing = [*(self.controls[name] for name in self.look), self.clock.slider]
        for moved, handler in [
            (self.choice, self._turn),
            *((w, self._answer) for w in answering),
            *((w, self._redraw) for w in redrawing),
        ]:
            moved.observe(lambda change, handler=handler: self._handle(handler), "value")
        for pressed, handler in [
            (self.reroll, self._next),
            (self.reset, self._back),
            (self.go, self._run),
            (self.bar.stop, self._halt),
        ]:
            pressed.on_click(lambda button, handler=handler: self._handle(handler))
        self.foot.on_msg(
            lambda foot, message, buffers: self._handle(
                lambda: foot.hand_over(message["ask"], self._stage.picture, self._told())
            )
        )

    def _handle(self, handler: Callable[[], None]) -> None:
        """Run what answers a control: one at a time, and an exception is shown in the panel."""
        # Two threads may be here: JupyterLab sends widget messages over a thread of their own, cells run on another.
        with self._lock:
            if self._silent:
                return
            try:
                handler()
            except Exception as error:
                self._fail(error)

    def _answer(self, draft: bool = True) -> None:
        """Answer the present setting: a draft at once, the whole result when it is there."""
        setting = self._setting()
        self.foot.line, self.bar.words.value = self._line(setting), ""
        if not self._stage.view.button:
            self._stage.answer(setting, draft)
        elif not self._stage.settled(setting):
            self._stage.worker.stop()
            if self._stage.result is not None:
                self.bar.words.value = f"The picture is of another setting: press “{self.go.description}” for this one."

    def _line(self, setting: Setting) -> str:
        view = self._stage.view
        if view.button and self._stage.shown is None:
            return view.line
        return setting.call(self._stage.compute, None if view.compute else self._whole)

    def _told(self) -> dict[str, Any]:
        """Return how the picture was made."""
        shown, view = self._stage.shown, self._stage.view
        look = {name: plain(self.controls[name].value) for name in self.look if view.accepts(name)}
        line = self._line(self._setting() if shown is None else shown.setting)
        return told(str(self.choice.value), line, shown, look)

    def _redraw(self) -> None:
        self._stage.draw()

    def _turn(self) -> None:
        """Turn to the chosen view."""
        before, self._stage.view = self._stage.compute, self._views[self.choice.value]
        fit(self, self._stage.view)
        self._stage.draw()
        under_way = self._stage.worker.busy and self._stage.compute is before
        setting = self._setting()
        if not under_way and not self._stage.settled(setting):
            self._answer()
        else:
            self.foot.line, self.bar.words.value = self._line(setting), ""

    def _run(self) -> None:
        """Compute the view that waits for its button."""
        self.bar.words.value = ""
        self._stage.answer(self._setting(), draft=False)

    def _halt(self) -> None:
        self._stage.worker.stop()
        shown = self._stage.shown
        if shown is None:
            self.bar.words.value = "Stopped."
        else:
            self.foot.line = self._line(shown.setting)
            part = "" if shown.whole else "part of "
            self.bar.words.value = f"Stopped: the picture shows {part}{shown.setting.replicates} of {self.band.value}."

    def _next(self) -> None:
        self.seed_box.value += 1

    def _back(self) -> None:
        with self._silently():
            for moved, value in self._initial.items():
                moved.value = value
        self._answer()

    # ----------------------------------------------------------------------------- what the stage asks and tells

    def _keywords(self, view: View, result: Any, whole: bool) -> dict[str, Any]:
        wanted = {name: plain(self.controls[name].value) for name in self.look if view.accepts(name)}
        if self.scrub and view.accepts(self.scrub):
            with self._silently():
                wanted[self.scrub] = self.clock.moment(result.times, whole)
        return wanted

    def _drawn(self, figure: go.Figure) -> None:
        self.foot.caption = theme.description(figure)
        if self.failure is not None:
            self.failure, self.words.value = None, ""

    def _fail(self, error: Exception) -> None:
        if saving():
            raise error
        self._stage.worker.stop()
        self.failure = error
        setting = ", ".join(f"{name}={plain(made.value)!r}" for name, made in self.controls.items())
        self.words.value = parts.in_words(error, f"{setting}, seed={self.seed_box.value}")

    def _report(self, share: float | None, seconds: float | None) -> None:
        self.bar.show(share, running=seconds is not None and seconds > PATIENCE_SECONDS)

    @contextlib.contextmanager
    def _silently(self) -> Iterator[None]:
        """Change controls without answering them."""
        before, self._silent = self._silent, True
        try:
            yield
        finally:
            self._silent = before

    def _repr_mimebundle_(self, **keywords: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = super()._repr_mimebundle_(**keywords)
        if saving():
            self.settle()
            bundle["application/vnd.plotly.v1+json"] = json.loads(self._stage.picture.figure.to_json())
        return bundle
