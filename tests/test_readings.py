"""Readings and live questions: choices, inert text, progress, stop, and errors in words."""

import threading
from contextlib import nullcontext
from pathlib import Path

import pytest

from labkit import theme
from labkit.dialogue import Message, Reply
from labkit.explore import Live, Readings, Task
from labkit.explore import _live as live_module
from labkit.params import Field, Params

NASTY = "<script>alert(1)</script> & <b>bold</b>"


def drawn(number, kind):
    fig = theme.figure(x="x", y="y")
    fig.add_trace(theme.points([number], [len(kind)], theme.styled("blue"), "dot"))
    return theme.describe(fig, f"There is one dot at {number} in a plot that was made for a test.")


def readings(**more):
    return Readings({"number": range(3), "kind": ("a", "bb")}, lambda number, kind: f"{kind} {number} {NASTY}", **more)


class TestReadings:
    def test_a_choice_turns_the_page(self):
        made = readings()
        assert made.text.startswith("a 0")
        made.controls["number"].value = 2
        made.controls["kind"].value = "bb"
        assert made.text.startswith("bb 2")
        assert repr(made) == made.text

    def test_a_text_is_never_markup(self):
        page = readings().page.value
        assert "<script>" not in page
        assert "&lt;script&gt;" in page

    def test_the_picture_follows_in_place(self):
        made = readings(picture=drawn)
        before = made._picture.widget
        made.controls["number"].value = 1
        assert made._picture.widget is before
        assert before.data[0].x[0] == 1
        assert "dot at 1" in made.foot.caption

    def test_an_error_is_shown_and_the_next_choice_works(self):
        def text(number):
            if number == 1:
                raise ValueError("<nothing> here")
            return f"page {number}"

        made = Readings({"number": range(3)}, text)
        made.controls["number"].value = 1
        assert "&lt;nothing&gt; here" in made.words.value
        made.controls["number"].value = 2
        assert made.words.value == ""
        assert made.text == "page 2"

    def test_saving_hands_over_a_still_picture_and_no_error(self, monkeypatch):
        monkeypatch.setenv("LABKIT_SAVE", "1")
        assert "application/vnd.plotly.v1+json" in readings(picture=drawn)._repr_mimebundle_()
        assert "application/vnd.plotly.v1+json" not in readings()._repr_mimebundle_()
        with pytest.raises(ZeroDivisionError):
            Readings({"number": range(3)}, lambda number: str(1 / number))


def answered(messages, **asked):
    return Reply(NASTY, "scripted", 1, 1)


def plan(kind, count):
    ask = [Message("user", kind)]
    return [
        Task(f"question {number}", 3, lambda chat: " ".join(chat(ask, seed=seed).text for seed in range(2)))
        for number in range(count)
    ]


def finished(live):
    live.begin()
    live.worker.join(20)
    return live


class Held:
    """A chat that answers when it may, and knows who asks."""

    def __init__(self):
        self.waiting, self.go_on, self.askers = threading.Event(), threading.Event(), []

    def __call__(self, messages, **asked):
        self.askers.append(threading.current_thread())
        self.waiting.set()
        self.go_on.wait(20)
        return answered(messages)


def begun_and_held():
    """Live questions in the middle of the first answer, and the chat that holds it back."""
    held = Held()
    live = Live(("one",), plan, lambda: nullcontext(held))
    live.begin()
    assert held.waiting.wait(20)
    return live, held


class TestLive:
    def test_it_shows_progress_and_plain_text(self):
        live = finished(Live(("one",), plan, lambda: nullcontext(answered)))
        # A task may take fewer answers than it could.
        assert live.bar.value == live.bar.max == 6
        assert live.page.value.count("&lt;script&gt;") == 4
        assert "<script>" not in live.page.value
        assert "Done." in live.page.value
        assert live.halt.disabled
        assert not live.start.disabled

    def test_it_says_first_what_it_will_do(self):
        live = Live(("one",), plan, lambda: nullcontext(answered))
        assert "question 1\n\nAt most 6 answers" in live.page.value
        live.count.value = 5
        assert "question 4\n\nAt most 15 answers" in live.page.value
        live.address.value = "http://127.0.0.1:9/v1"
        assert "go to http://127.0.0.1:9/v1" in live.page.value

    def test_it_can_be_stopped(self):
        live, held = begun_and_held()
        live.halt.click()
        held.go_on.set()
        live.worker.join(20)
        assert "Stopped." in live.page.value
        assert live.bar.value == 1
        assert not live.start.disabled

    def test_an_address_is_asked_in_place_of_this_computer(self, monkeypatch):
        asked = []

        def endpoint(address, model, **settings):
            asked.append((address, model))
            return answered

        monkeypatch.setattr(live_module, "Endpoint", endpoint)
        live = Live(("one",), plan, server=None)
        live.address.value, live.model.value = " http://127.0.0.1:9/v1 ", "some-model"
        assert "Done." in finished(live).page.value
        assert asked == [("http://127.0.0.1:9/v1", "some-model")]

    def test_without_a_model_it_says_so(self):
        def gone():
            raise RuntimeError("<no model> here")

        live = finished(Live(("one",), plan, gone))
        assert "could not be asked: &lt;no model&gt; here" in live.page.value
        assert not live.start.disabled

    def test_a_second_click_starts_nothing(self):
        live, held = begun_and_held()
        worker = live.worker
        live.begin()
        assert live.worker is worker
        held.go_on.set()
        worker.join(20)
        assert set(held.askers) == {worker}

    def test_a_plan_that_fails_is_told_and_the_next_works(self):
        def moody(kind, count):
            if count == 3:
                raise ValueError("three is <too many>")
            return plan(kind, count)

        live = Live(("one",), moody, lambda: nullcontext(answered))
        live.count.value = 3
        assert "three is &lt;too many&gt;" in finished(live).page.value
        assert not live.start.disabled
        live.count.value = 1
        assert "Done." in finished(live).page.value

    def test_closing_stops_asking(self):
        live, held = begun_and_held()
        live.close()
        held.go_on.set()
        live.worker.join(20)
        assert live.bar.value == 1

    def test_knobs_are_shown_for_their_set_and_reach_its_plan(self):
        class Size(Params):
            """A knob."""

            size: int = Field(3, ge=1, le=9, description="size of something")

        seen = []

        def sized(kind, count, **knobs):
            seen.append((kind, knobs))
            return plan(kind, count)

        live = Live(("one", "two"), sized, lambda: nullcontext(answered), {"two": Size()})
        size = live.knobs["two"]["size"]
        assert size.layout.display == "none"
        live.kind.value = "two"
        size.value = 5
        assert size.layout.display is None
        assert (seen[0], seen[-1]) == (("one", {}), ("two", {"size": 5}))

    def test_missing_weights_are_fetched_first_with_progress(self, monkeypatch):
        told = []

        def fetched(weights, *, progress):
            progress(10, 93)
            told.append((live.bar.value, live.bar.max, live.page.value))

        monkeypatch.setattr(type(live_module.SMOLLM2), "path", property(lambda self: Path("/nowhere/weights")))
        monkeypatch.setattr(live_module, "fetch", fetched)
        monkeypatch.setattr(live_module, "local_server", lambda: nullcontext(answered))
        live = Live(("one",), plan, live_module.local_server)
        assert "fetched first" in live.page.value
        assert "Done." in finished(live).page.value
        ((done, of, page),) = told
        assert (done, of) == (10, 93)
        assert "Fetching" in page
