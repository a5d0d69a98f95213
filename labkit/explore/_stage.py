"""What is computed and drawn: for each setting a draft at once, then the whole result."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import plotly.graph_objects as go

from labkit.explore._picture import Picture, blank
from labkit.explore._view import Compute, Setting, View
from labkit.explore._work import DRAFT_SECONDS, Course, Worker, steps
from labkit.page import saving
from labkit.unfolding import finish

GROWTH_SECONDS = 0.7  # between two pictures of a result that grows
THREAD_SECONDS = 0.05  # a plain function that takes longer runs on a thread beside the panel


class Shown(NamedTuple):
    """A result, what it depends on, and whether it is all of it."""

    setting: Setting
    result: Any
    whole: bool


class Stage:
    """Computes for a setting and draws the view that is turned up.

    Parameters
    ----------
    lock : RLock
        Held by whoever calls, and by the background work.
    compute : callable
        What makes the result of the views that bring no `compute` of their own.
    view : View
        The one turned up first.
    draft : int
        The replicates of a draft.
    keywords : callable
        ``keywords(view, result, whole)``: what a figure is called with beside the result.
    drawn, failed, report : callable
        Told of each figure drawn, of an exception, and of progress.
    """

    def __init__(
        self,
        lock: threading.RLock,
        compute: Compute,
        view: View,
        draft: int,
        keywords: Callable[[View, Any, bool], dict[str, Any]],
        drawn: Callable[[go.Figure], None],
        failed: Callable[[Exception], None],
        report: Callable[[float | None, float | None], None],
    ) -> None:
        self.view, self._compute, self._draft, self._lock = view, compute, draft, lock
        self._keywords, self._drawn = keywords, drawn
        self.worker = Worker(lock, report, failed)
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="labkit")
        self._results: dict[Compute, Shown] = {}
        self._pace: dict[Compute, float] = {}  # seconds per replicate, as last seen
        self._picture: Picture | None = None

    @property
    def compute(self) -> Compute:
        """What makes the result of the view that is turned up."""
        return self.view.compute or self._compute

    @property
    def shown(self) -> Shown | None:
        """The latest result for the view that is turned up, None before there is one."""
        return self._results.get(self.compute)

    @property
    def result(self) -> Any:
        """The result that is drawn: the latest, else the one the view starts with, else None."""
        return self.view.start if self.shown is None else self.shown.result

    @property
    def picture(self) -> Picture:
        """The figure on the page."""
        if self._picture is None:
            self._picture = Picture(blank("Nothing to show yet."), self._lock)
        return self._picture

    def settled(self, setting: Setting) -> bool:
        """Return whether the whole result for this setting is there."""
        return self.shown is not None and self.shown.whole and self.shown.setting == setting

    def open(self, setting: Setting) -> None:
        """Draw the first picture before returning: a draft."""
        if self.view.button:
            self.draw()
        else:
            few = setting.with_replicates(min(self._draft, setting.replicates))
            finish(self._follow(self.compute, few, beside=False))

    def answer(self, setting: Setting, draft: bool = True) -> None:
        """Begin to compute for a setting; what was under way is dropped."""
        self.worker.start(self._course(self.view, setting, draft))

    def settle(self, setting: Setting) -> None:
        """Compute and draw the whole result before returning."""
        self.worker.stop()
        if not self.settled(setting):
            finish(self._course(self.view, setting, draft=False))

    def draw(self) -> None:
        """Draw what there is."""
        if self.result is None:
            figure = blank(f"Press “{self.view.button}”." if self.view.button else "Computing …")
        else:
            whole = self.shown is None or self.shown.whole
            figure = self.view.figure(self.result, **self._keywords(self.view, self.result, whole))
        if self._picture is None:
            self._picture = Picture(figure, self._lock)
        else:
            self._picture.draw(figure)
        self._drawn(figure)

    def _keep(self, compute: Compute, shown: Shown) -> None:
        self._results[compute] = shown
        if compute is self.compute:
            self.draw()

    def _course(self, view: View, setting: Setting, draft: bool) -> Course:
        """Yield the share done of a draft and then of the whole; keep and draw what there is."""
        compute = view.compute or self._compute
        if draft and not view.button and setting.replicates > self._draft:
            few = setting.with_replicates(self._draft)
            yield from self._follow(compute, few, beside=False, seconds=DRAFT_SECONDS)
            yield 0.0
        yield from self._follow(compute, setting, beside=bool(view.button))
        self.picture.keep()

    def _follow(self, compute: Compute, setting: Setting, beside: bool, seconds: float = math.inf) -> Course:
        """Pass on the share done; keep the result, and before it now and then what there is so far.

        After `seconds` it is left where it stands, once something was drawn: a draft need not be finished before the
        whole is begun.
        """
        begun = time.perf_counter()
        draft = setting.replicates <= self._draft
        due = begun + (0.8 * DRAFT_SECONDS if draft else GROWTH_SECONDS)
        slow = beside or self._pace.get(compute, 0.0) * setting.replicates > THREAD_SECONDS
        work = steps(compute, setting, self._threads if slow and not saving() else None)
        latest, drawn = None, False
        while not drawn or time.perf_counter() < begun + seconds:
            try:
                share, so_far = next(work)
            except StopIteration as end:
                self._pace[compute] = (time.perf_counter() - begun) / setting.replicates
                self._keep(compute, Shown(setting, end.value, True))
                return
            latest = latest if so_far is None else so_far
            # The first picture of a draft answers the reader's hand; all others can wait for the browser.
            free = self._picture is None or not self._picture.busy or (draft and not drawn)
            if latest is not None and time.perf_counter() >= due and free:
                self._keep(compute, Shown(setting, latest, False))
                drawn, due = True, time.perf_counter() + GROWTH_SECONDS
            yield share
