"""The panel: controls on the left, one picture that answers them, and what one can take away from it."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import ipywidgets as widgets
import plotly.graph_objects as go

from labkit import theme
from labkit.explore import _parts
from labkit.explore._controls import control, plain
from labkit.explore._picture import Picture, blank
from labkit.explore._view import Compute, Setting, View
from labkit.explore._work import DRAFT_SECONDS, REDRAW_SECONDS, Course, Steps, Worker, finish, saving, steps
from labkit.params import Params

PATIENCE_SECONDS = 0.4  # after this the reader is shown progress, and a way to stop
THREAD_SECONDS = 0.05  # a plain function that takes longer runs beside the panel


@dataclass(frozen=True, slots=True)
class _Shown:
    """A result, what it depends on, and whether it is the whole of it."""

    setting: Setting
    result: Any
    whole: bool


class Panel(widgets.VBox):  # type: ignore[misc]
    """Controls and a figure that answers them; made by `labkit.explore.explore`.

    Attributes
    ----------
    controls : dict of str to widget
        One control per field of `vary` and of `look`; setting its ``value`` is moving it.
    seed_box, reroll, band, choice, clock, reset, stop, compute_button : widgets
        The controls beside them: the seed, the next seed, one seed or band, the view, time, and the buttons.
    failure : Exception or None
        What the panel last showed as an error, None once a computation has worked again.
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
    ) -> None:
        self._lock, self._silent = threading.RLock(), False
        self._compute, self._start, self._views, self._vary = compute, params, views, vary
        self._look, self._draft, self._scrub = look, draft, scrub
        self._results: dict[Compute, _Shown] = {}
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="labkit")
        self._picture: Picture | None = None
        self.failure: Exception | None = None
        self._worker = Worker(self._lock, self._report, self._fail)
        self._make_controls(replicates, seed)
        self._first_picture()
        super().__init__()
        self._arrange()
        self._listen()
        self._recompute(draft=False)

    # ------------------------------------------------------------------------------------ what it shows

    @property
    def params(self) -> Params:
        """The parameters the controls stand at.

        Raises
        ------
        ValueError
            A control stands at a value that its field does not allow.
        """
        return self._start.replace(**{name: plain(self.controls[name].value) for name in self._vary})

    @property
    def seed(self) -> int:
        """The seed in the box."""
        return int(self.seed_box.value)

    @property
    def replicates(self) -> int:
        """The replicates behind the picture at rest."""
        return int(self.band.value)

    @property
    def figure(self) -> go.FigureWidget:
        """The figure on the page."""
        return self._shown_picture.widget

    @property
    def result(self) -> Any:
        """The result shown; None where there is none yet."""
        shown = self._results.get(self._source(self._view))
        return self._view.start if shown is None else shown.result

    @property
    def settled(self) -> bool:
        """Whether the whole result for the present setting is shown."""
        shown = self._results.get(self._source(self._view))
        return self.failure is None and shown is not None and shown.whole and shown.setting == self._setting()

    @property
    def caption(self) -> str:
        """The sentence under the figure."""
        return str(self._foot.caption)

    @property
    def line(self) -> str:
        """The line of Python that makes the result shown."""
        return str(self._foot.line)

    def settle(self) -> None:
        """Compute and draw the whole result for the present setting before returning."""
        with self._lock:
            self._worker.stop()
            with self._guarded():
                if not self.settled:
                    finish(self._course(self._view, self._setting(), draft=False))

    # ----------------------------------------------------------------------------------- computing

    @property
    def _view(self) -> View:
        return self._views[self.choice.value]

    def _source(self, view: View) -> Compute:
        return view.compute or self._compute

    def _setting(self) -> Setting:
        return Setting(self.params, self.seed, self.replicates)

    def _recompute(self, draft: bool = True) -> None:
        """Answer the present setting: a draft at once, the whole result as soon as it is there."""
        with self._guarded():
            setting = self._setting()
            self._foot.line = setting.call(self._source(self._view))
            if self._view.button:
                self._say("" if self.settled else f"Press “{self._view.button}” to compute this setting.")
            else:
                self._worker.start(self._course(self._view, setting, draft))

    def _course(self, view: View, setting: Setting, draft: bool) -> Course:
        """Yield the share done while computing for a setting: draft, drawn as it grows, then the whole."""
        self._say("")
        compute, seconds = self._source(view), float("inf")
        if draft and setting.replicates > self._draft:
            begun = time.perf_counter()
            first = Setting(setting.params, setting.seed, self._draft)
            yield from self._follow(compute, first, steps(compute, first, self._draft), whole=True)
            seconds = (time.perf_counter() - begun) / self._draft * setting.replicates
            yield 0.0
        beside = self._threads if seconds > THREAD_SECONDS and not saving() else None
        yield from self._follow(compute, setting, steps(compute, setting, setting.replicates, beside), whole=True)
        self._shown_picture.keep()

    def _follow(self, compute: Compute, setting: Setting, work: Steps, whole: bool) -> Course:
        """Pass on the share done, draw what a draft has so far now and then, and the result at the end."""
        due = time.perf_counter() + DRAFT_SECONDS
        while True:
            try:
                share, so_far = next(work)
            except StopIteration as end:
                self._show(compute, _Shown(setting, end.value, True))
                return
            few = setting.replicates <= self._draft
            if few and so_far is not None and time.perf_counter() >= due and not self._shown_picture.busy:
                self._show(compute, _Shown(setting, so_far, False))
                due = time.perf_counter() + REDRAW_SECONDS
            yield share

    # ------------------------------------------------------------------------------------- drawing

    @property
    def _shown_picture(self) -> Picture:
        if self._picture is None:
            self._picture = Picture(blank("Nothing to show yet."))
        return self._picture

    def _first_picture(self) -> None:
        if not self._view.button:
            with self._guarded():
                setting = Setting(self.params, self.seed, min(self._draft, self.replicates))
                self._show(self._compute if self._view.compute is None else self._view.compute, _Shown(setting, None, False))
