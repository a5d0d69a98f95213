"""Computing in slices: the newest request wins, the reader's hand is never held up, and Stop stops."""

from __future__ import annotations

import asyncio
import inspect
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import Executor, wait
from typing import Any

from labkit.explore._view import Compute, Setting
from labkit.page import saving

DRAFT_SECONDS = 0.020  # what a control may wait for its draft
SLICE_SECONDS = 0.015  # what one turn of the background task may take
REPORT_SECONDS = 0.100  # between two reports of progress
POLL_SECONDS = 0.005  # between two looks at a thread
BREATH_SECONDS = 0.030  # after a draft the thread is free, so that its picture is sent and drawn before the rest begins
CALM_SECONDS = 0.040  # a control that moves again sooner leaves its draft to the background task

Steps = Generator[tuple[float | None, Any], None, Any]
Course = Generator[float | None, None, None]


def steps(compute: Compute, setting: Setting, beside: Executor | None = None) -> Steps:
    """Return the computation as a generator of ``(share done, result so far)``.

    A generator function is taken as it is. A plain function runs in one go, or on a thread of `beside`.
    """
    if inspect.isgeneratorfunction(compute):
        return compute(setting.params, rng=setting.seed, replicates=setting.replicates)  # type: ignore[no-any-return]
    return _in_one_go(lambda: compute(setting.params, rng=setting.seed, replicates=setting.replicates), beside)


def _in_one_go(call: Callable[[], Any], beside: Executor | None) -> Steps:
    if beside is None:
        return call()
    future = beside.submit(call)
    try:
        while not future.done():
            wait([future], POLL_SECONDS)
            yield None, None
        return future.result()
    finally:
        future.cancel()


class Worker:
    """Runs one course (a generator of shares done) at a time; a newer one replaces it.

    Parameters
    ----------
    lock : RLock
        Held while a course advances; whoever changes what a course reads holds it too.
    report : callable
        ``report(share done, seconds so far)``, now and then; ``report(None, None)`` when nothing runs any more.
    fail : callable
        ``fail(error)`` when a course raises.
    """

    def __init__(
        self,
        lock: threading.RLock,
        report: Callable[[float | None, float | None], None],
        fail: Callable[[Exception], None],
    ) -> None:
        self._lock, self._report, self._fail = lock, report, fail
        self._course: Course | None = None
        self._task: asyncio.Task[None] | None = None
        self._begun = self._reported = self._rested = 0.0

    @property
    def busy(self) -> bool:
        """Whether a course is under way."""
        return self._course is not None

    def start(self, course: Course) -> None:
        """Begin a course: its first slice now, the rest in the background of the loop that runs here.

        Where no loop runs (a script, a test), the whole course runs now.
        """
        self._course = course
        self._begun = self._reported = time.perf_counter()
        try:
            loop = None if saving() else asyncio.get_running_loop()
        except RuntimeError:
            loop = None
        if loop is None:
            self._advance(course, float("inf"))
        elif self._begun - self._rested < CALM_SECONDS:
            self._task = loop.create_task(self._carry_on(course, SLICE_SECONDS))
        elif self._advance(course, DRAFT_SECONDS):
            self._task = loop.create_task(self._carry_on(course, BREATH_SECONDS))

    def stop(self) -> None:
        """Leave the course that is under way where it stands."""
        self._course = None
        self._report(None, None)

    async def _carry_on(self, course: Course, pause: float) -> None:
        while True:
            await asyncio.sleep(pause)
            pause = 0.0
            with self._lock:
                if course is not self._course or not self._advance(course, SLICE_SECONDS):
                    return

    def _advance(self, course: Course, seconds: float) -> bool:
        """Advance the course for so long; return whether there is more of it."""
        end = time.perf_counter() + seconds
        try:
            for share in course:
                now = time.perf_counter()
                if now - self._reported > REPORT_SECONDS:
                    self._reported = now
                    self._report(share, now - self._begun)
                if now >= end:
                    self._rested = time.perf_counter()
                    return True
        except Exception as error:
            self._fail(error)
        self._rested = time.perf_counter()
        self._course = None
        self._report(None, None)
        return False
