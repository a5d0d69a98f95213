"""A panel without a browser: what its controls do, and that the picture at rest is the full computation."""

import asyncio
import copy
import csv
import gc
import html
import io
import json
import threading
import time
import tracemalloc

import ipywidgets
import numpy as np
import pytest
from plotly.basedatatypes import Undefined
from walks import Look, Run, Walk, ends, simulate, sweep, swept, unfold, world

import labkit
from labkit import theme
from labkit.experiment import load
from labkit.explore import View, explore
from labkit.explore._picture import Picture, _restyle
from labkit.params import Field, Params
from labkit.unfolding import finish

VARY = ("density", "steps", "stride", "stay", "border")


def walk_panel(compute=unfold, views=world, **options):
    settings = {"vary": VARY, "look": Look(), "scrub": "frame", "seed": 3, "replicates": 8, **options}
    return explore(compute, Walk(steps=40), views, **settings)


def assert_shows(panel, figure):
    """Compare what the FigureWidget holds with a figure, number by number."""
    assert len(panel.figure.data) == len(figure.data)
    for shown, wanted in zip(panel.figure.data, figure.data, strict=True):
        shown, wanted = shown.to_plotly_json(), wanted.to_plotly_json()
        shown.pop("uid", None)
        assert shown.keys() == wanted.keys()
        for key in wanted:
            np.testing.assert_equal(shown[key], wanted[key], err_msg=key)
    for name in ("height", "annotations"):
        assert panel.figure.layout[name] == figure.layout[name]


def in_a_loop(scenario):
    """Run a scenario as a kernel would: inside an event loop."""
    return asyncio.run(scenario())


async def until(condition, limit=20.0):
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        await asyncio.sleep(0.005)


# ------------------------------------------------------------------------------------------ controls


class Kinds(Params):
    """One field of each kind."""

    whole: int = Field(3, ge=0, le=9, description="a count, pieces")
    part: float = Field(0.5, ge=0, le=1, slider=(0.1, 0.4, 0.05), description="a <b>share</b>")
    spread: float = Field(1.0, ge=0.01, le=100)
    free: float = Field(2.5)
    yes: bool = Field(True)
    which: str = "none"


def kinds_panel(**options):
    def draw(result):
        return theme.describe(theme.figure(x="x", y="y"), str(result))

    def compute(params, *, rng, replicates):
        return params

    return explore(compute, Kinds(), draw, vary=("whole", "part", "spread", "free", "yes"), **options)


def test_each_kind_of_field_gets_its_control():
    controls = kinds_panel().controls
    assert isinstance(controls["whole"], ipywidgets.IntSlider)
    assert isinstance(controls["part"], ipywidgets.FloatSlider)
    assert isinstance(controls["spread"], ipywidgets.FloatLogSlider)
    assert isinstance(controls["free"], ipywidgets.FloatText)
    assert isinstance(controls["yes"], ipywidgets.Checkbox)
    assert isinstance(walk_panel().controls["border"], ipywidgets.Dropdown)


def test_a_start_value_beyond_the_slider_is_kept():
    panel = kinds_panel()
    assert panel.params.part == 0.5
    assert panel.controls["part"].max == 0.5


def test_labels_and_help_come_from_the_field_and_are_escaped():
    control = kinds_panel().controls["part"]
    assert "<b>part</b>" in control.description
    assert "&lt;b&gt;share" in control.description
    assert "a number from 0 to 1" in control.tooltip


def test_the_noise_of_slider_arithmetic_is_taken_off():
    panel = kinds_panel()
    panel.controls["part"].value = 0.1 + 0.2
    assert panel.params.part == 0.3


def test_an_unknown_field_is_refused_by_name():
    with pytest.raises(ValueError, match="'densty'.*density"):
        explore(simulate, Walk(), world, vary=("densty",))
    with pytest.raises(ValueError, match="at least one"):
        explore(simulate, Walk(), {}, vary=("density",))


# ------------------------------------------------------------------------------- the picture at rest


@pytest.mark.parametrize("compute", [simulate, unfold])
def test_the_picture_at_rest_is_the_full_computation(compute):
    panel = walk_panel(compute)
    for name, value in [("density", 0.1), ("stay", True), ("border", "wall"), ("steps", 25), ("density", 0.02)]:
        panel.controls[name].value = value
    wanted = simulate(Walk(density=0.02, steps=25, stay=True, border="wall"), rng=3, replicates=8)
    np.testing.assert_equal(panel.result.seen, wanted.seen)
    assert panel.settled
    assert panel.params == wanted.params
    assert_shows(panel, world(wanted, frame=25))
    assert panel.caption == theme.description(world(wanted, frame=25))


def test_the_line_reproduces_the_result():
    panel = walk_panel()
    panel.controls["density"].value = 0.08
    panel.reroll.click()
    assert panel.line.endswith("finish(unfold(Walk(density=0.08, steps=40), rng=4, replicates=8))")
    np.testing.assert_equal(pasted(panel.line).seen, panel.result.seen)
    for named in (walk_panel(simulate), walk_panel(whole=simulate)):
        assert named.line == "from walks import Walk, simulate; simulate(Walk(steps=40), rng=3, replicates=8)"
        np.testing.assert_equal(pasted(named.line).seen, named.result.seen)


def pasted(line):
    """What a line of Python gives, pasted into an empty notebook."""
    *imports, last = line.split("; ")
    names = {}
    exec("\n".join([*imports, f"result = {last}"]), names)
    return names["result"]


def test_one_seed_and_band():
    panel = walk_panel()
    panel.band.value = 1
    assert panel.result.seen.shape == (1, 41)
    np.testing.assert_equal(panel.result.seen, simulate(Walk(steps=40), rng=3).seen)
    panel.band.value = 8
    assert panel.result.seen.shape == (8, 41)
    panel.seed_box.value = 11
    np.testing.assert_equal(panel.result.seen, simulate(Walk(steps=40), rng=11, replicates=8).seen)
    assert panel.seed == 11


def test_reset_returns_to_the_start():
    panel = walk_panel()
    before = [trace.to_plotly_json() for trace in panel.figure.data]
    panel.controls["density"].value, panel.controls["weight"].value, panel.seed_box.value = 0.2, 5.0, 9
    panel.reset.click()
    assert (panel.params, panel.seed) == (Walk(steps=40), 3)
    for shown, wanted in zip(panel.figure.data, before, strict=True):
        np.testing.assert_equal(shown.to_plotly_json(), wanted)


def test_a_look_control_redraws_without_computing():
    calls = []

    def counted(params, *, rng, replicates):
        calls.append(replicates)
        return simulate(params, rng=rng, replicates=replicates)

    panel = walk_panel(counted)
    before = len(calls)
    panel.controls["weight"].value = 2.0
    assert len(calls) == before
    assert_shows(panel, world(panel.result, frame=40, weight=2.0))


def test_time_is_scrubbed_and_follows_the_end():
    panel = walk_panel()
    assert panel.clock.slider.max == panel.clock.play.max == 40
    assert panel.clock.slider.value == panel.clock.play.value == 40
    panel.clock.slider.value = 7
    assert_shows(panel, world(panel.result, frame=7))
    panel.controls["density"].value = 0.1
    assert panel.clock.slider.value == 7
    panel.clock.slider.value = 40
    panel.controls["steps"].value = 60
    assert panel.clock.slider.value == panel.clock.slider.max == 60


def test_what_the_browser_says_of_a_picture_waits_until_it_is_drawn():
    panel = walk_panel()
    message = {"content": {"data": {"method": "custom", "content": {}}}, "buffers": []}
    told = []
    panel.figure.on_msg(lambda *said: told.append(said))
    with panel._lock:
        other = threading.Thread(target=panel.figure._handle_msg, args=(message,))
        other.start()
        other.join(0.2)
        assert other.is_alive() and told == []
    other.join(5)
    assert len(told) == 1


def test_an_update_leaves_no_trace_of_its_type_out():
    # The browser would take the property away from a trace that is left out of the list.
    panel = walk_panel()
    sent = []
    panel.figure.plotly_update = lambda **message: sent.append(message)
    panel.clock.slider.value = 7
    panel.controls["density"].value = 0.1
    for message in sent:
        types = [panel.figure.data[i].type for i in message["trace_indexes"]]
        for path, values in message["restyle_data"].items():
            left_out = {kind for kind, value in zip(types, values, strict=True) if value is Undefined}
            assert left_out <= {"scatter" if path == "source" else "image"}
    assert {"x", "source"} <= set(sent[0]["restyle_data"])


def test_an_update_never_sends_a_property_together_with_a_part_of_it():
    # Plotly's page refuses {"line": ..., "line.color": ...} with an error.
    line = {"type": "scatter", "x": [0.0], "y": [0.0], "line": {"color": "#111111"}}
    bare = {"type": "scatter", "x": [0.0], "y": [0.0]}
    other = {**line, "line": {"color": "#222222"}}
    traces, values = _restyle([line, bare], [other, line])
    assert traces == [0, 1]
    assert values == {"line": [{"color": "#222222"}, {"color": "#111111"}]}


# ------------------------------------------------------------------------------------------- views


def view_panel(**options):
    slow = View(swept, compute=sweep, button="Compute the sweep", vary=("steps",), **options)
    return walk_panel(views={"world": world, "ends": ends, "sweep": slow}, replicates=4)


def visible(widget):
    return widget.layout.display != "none"


def test_views_share_one_figure_and_show_the_controls_they_need():
    panel = view_panel()
    widget = panel.figure
    panel.choice.value = "ends"
    assert panel.figure is widget
    assert_shows(panel, ends(panel.result))
    assert not visible(panel.clock)
    assert not visible(panel.controls["weight"])
    panel.choice.value = "world"
    assert visible(panel.clock)
    assert_shows(panel, world(panel.result, frame=40))
    assert panel.failure is None


def test_a_slow_view_waits_for_its_button():
    panel = view_panel()
    panel.choice.value = "sweep"
    assert panel.result is None
    assert visible(panel.go)
    assert panel.go.description == "Compute the sweep"
    assert not visible(panel.controls["density"])
    panel.go.click()
    np.testing.assert_equal(panel.result, finish(sweep(Walk(steps=40), rng=3, replicates=4)))
    assert_shows(panel, swept(panel.result))
    panel.controls["steps"].value = 20
    assert "press “Compute the sweep”" in panel.bar.words.value
    assert not panel.settled
    panel.settle()
    assert panel.settled
    assert panel.line.endswith("finish(sweep(Walk(steps=20), rng=3, replicates=4))")


def test_a_slow_view_may_start_with_a_result():
    kept = (np.array([0.1, 0.2]), np.array([0.5, 0.6]))
    panel = view_panel(start=kept)
    panel.choice.value = "sweep"
    assert_shows(panel, swept(kept))


# ------------------------------------------------------------------------------------------ mishaps


def fragile(params, *, rng, replicates):
    if params.density > 0.2:
        raise ZeroDivisionError("too <dense> & crowded")
    return simulate(params, rng=rng, replicates=replicates)


def test_an_exception_is_shown_in_words_and_the_next_move_works():
    panel = walk_panel(fragile)
    panel.controls["density"].value = 0.25
    assert isinstance(panel.failure, ZeroDivisionError)
    for words in ("ZeroDivisionError", "too &lt;dense&gt; &amp; crowded", "density=0.25"):
        assert words in panel.words.value
    assert "<dense>" not in panel.words.value
    assert not panel.settled
    panel.controls["density"].value = 0.1
    assert (panel.failure, panel.words.value) == (None, "")
    assert panel.settled


def test_an_exception_in_a_figure_is_shown_too():
    def bad(run):
        raise KeyError("no such series")

    panel = walk_panel(views={"world": world, "bad": bad})
    panel.choice.value = "bad"
    assert "KeyError" in panel.words.value
    panel.choice.value = "world"
    assert panel.failure is None
    assert_shows(panel, world(panel.result, frame=40))


def test_a_value_the_field_refuses_is_shown_with_its_range():
    class Narrow(Params):
        """A field without an upper end has a box."""

        share: float = Field(0.5, gt=0, description="of something")

    def draw(result):
        return theme.describe(theme.figure(x="x", y="y"), "drawn")

    panel = explore(lambda params, *, rng, replicates: params.share, Narrow(), draw, vary=("share",))
    panel.controls["share"].value = -2.0
    assert "Narrow.share = -2.0: allowed is a number above 0" in panel.words.value
    panel.controls["share"].value = 0.3
    assert panel.failure is None
    assert panel.result == 0.3


def test_a_first_setting_that_fails_still_gives_a_panel():
    def never(params, *, rng, replicates):
        raise OSError("disk full")

    panel = walk_panel(never)
    assert "disk full" in panel.words.value
    assert panel.result is None


# -------------------------------------------------------------------------------- while a loop runs


def test_a_draft_is_drawn_at_once_and_the_band_follows():
    async def scenario():
        panel = walk_panel(replicates=200)
        await until(lambda: panel.settled)
        await asyncio.sleep(0.1)
        panel.controls["density"].value = 0.1
        assert panel.result.seen.shape[0] == 1
        assert panel.result.params.density == 0.1
        assert not panel.settled
        await until(lambda: panel.settled)
        wanted = simulate(Walk(steps=40, density=0.1), rng=3, replicates=200)
        np.testing.assert_equal(panel.result.seen, wanted.seen)
        assert_shows(panel, world(wanted, frame=40))

    in_a_loop(scenario)


def test_a_long_draft_is_drawn_as_it_grows():
    def slowly(params, *, rng, replicates):
        for share, so_far in (work := Recorder(unfold(params, rng=rng, replicates=replicates))):
            time.sleep(0.002)
            yield share, so_far
        return work.value

    lengths = []

    def recorded(run, *, frame=-1, weight=1.0):
        lengths.append(len(run.times))
        return world(run, frame=frame, weight=weight)

    async def scenario():
        panel = walk_panel(slowly, recorded, replicates=2)
        await until(lambda: panel.settled)
        lengths.clear()
        await asyncio.sleep(0.6)
        begun = time.perf_counter()
        panel.controls["density"].value = 0.1
        assert time.perf_counter() - begun < 0.5
        assert len(lengths) >= 1
        assert lengths[0] < 41
        await until(lambda: panel.settled)
        assert lengths[-1] == 41

    in_a_loop(scenario)


class Recorder:
    """Iterate over a generator and keep what it returns."""

    def __init__(self, generator):
        self.generator = generator

    def __iter__(self):
        self.value = yield from self.generator


def test_the_latest_value_wins_and_stale_work_ends():
    async def scenario():
        panel = walk_panel(replicates=30)
        values = np.round(np.linspace(0.01, 0.3, 40), 3)
        for value in values:
            panel.controls["density"].value = value
            await asyncio.sleep(0.002)
        await until(lambda: panel.settled)
        wanted = simulate(Walk(steps=40, density=values[-1]), rng=3, replicates=30)
        assert_shows(panel, world(wanted, frame=40))
        await asyncio.sleep(0.05)
        assert len(asyncio.all_tasks()) == 1

    in_a_loop(scenario)


def test_a_slow_plain_function_runs_beside_the_loop_and_can_be_stopped():
    def slow(params, *, rng, replicates):
        time.sleep(0.06 * replicates)
        return simulate(params, rng=rng, replicates=replicates)

    async def scenario():
        panel = walk_panel(slow, replicates=30)
        await until(lambda: visible(panel.bar.progress))
        gaps, last = [], time.perf_counter()
        for _ in range(10):
            await asyncio.sleep(0.001)
            gaps.append(time.perf_counter() - last)
            last = time.perf_counter()
        assert np.median(gaps) < 0.1
        panel.bar.stop.click()
        assert not visible(panel.bar.progress)
        assert panel.bar.words.value == "Stopped: the picture shows 1 of 30."
        assert panel.line.endswith("replicates=1)")
        await asyncio.sleep(1.5)
        assert panel.result.seen.shape[0] == 1

    in_a_loop(scenario)


def test_an_exception_in_the_background_is_shown():
    def crowded(params, *, rng, replicates):
        if replicates > 1 and params.density == 0.1:
            raise MemoryError("too many replicates")
        return simulate(params, rng=rng, replicates=replicates)

    async def scenario():
        panel = walk_panel(crowded)
        await until(lambda: panel.settled)
        panel.controls["density"].value = 0.1
        await until(lambda: panel.failure is not None)
        assert "too many replicates" in panel.words.value
        panel.controls["density"].value = 0.2
        await until(lambda: panel.settled)

    in_a_loop(scenario)


def test_two_threads_may_move_controls():
    panel = walk_panel(replicates=4)

    def drag(name, values):
        for value in values:
            panel.controls[name].value = value

    threads = [
        threading.Thread(target=drag, args=("density", np.linspace(0.01, 0.2, 15).round(3))),
        threading.Thread(target=drag, args=("steps", range(10, 160, 10))),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wanted = simulate(Walk(steps=150, density=0.2), rng=3, replicates=4)
    panel.settle()
    assert_shows(panel, world(wanted, frame=150))


def test_a_thousand_events_leave_the_picture_right_and_memory_flat():
    async def scenario():
        panel = walk_panel(replicates=10)
        values = np.round(np.random.default_rng(0).uniform(0.01, 0.3, 1000), 4)
        values[-1] = 0.1234

        async def drag(some):
            for value in some:
                panel.controls["density"].value = value
                await asyncio.sleep(0)

        await drag(values[:100])
        gc.collect()
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        begun = time.perf_counter()
        await drag(values[100:])
        seconds = time.perf_counter() - begun
        await until(lambda: panel.settled)
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
        assert seconds < 60
        assert grown < 3e6
        wanted = simulate(Walk(steps=40, density=0.1234), rng=3, replicates=10)
        assert_shows(panel, world(wanted, frame=40))

    in_a_loop(scenario)


# ------------------------------------------------------------------------------------ taking away


def asked(panel, wish):
    sent = []
    panel.foot.send = lambda content, buffers=None: sent.append(content)
    panel.foot._handle_custom_msg({"ask": wish}, [])
    return sent[0]


def test_csv_holds_the_numbers_of_the_picture():
    panel = walk_panel()
    file = asked(panel, "csv")
    rows = list(csv.DictReader(line for line in io.StringIO(file["text"]) if not line.startswith("# ")))
    median = [float(row["y"]) for row in rows if row["trace"] == "median"]
    np.testing.assert_allclose(median, np.median(panel.result.seen, axis=0))
    assert rows[0]["x_axis"] == "time, moves"
    assert file["name"].endswith(".csv")


def test_what_is_taken_away_says_how_it_was_made(tmp_path):
    panel = walk_panel()
    panel.controls["density"].value, panel.seed_box.value = 0.15, 4
    panel.settle()
    (tmp_path / "labkit.csv").write_text(asked(panel, "csv")["text"])
    made = load(tmp_path / "labkit.csv").attrs
    assert made["parameters"] == panel.params.model_dump(mode="json")
    assert made["parameters"]["density"] == 0.15
    assert (made["seed"], made["replicates"], made["complete"]) == (4, panel.band.value, True)
    assert made["made by"] == panel.line
    assert made["labkit"] == labkit.__version__
    page = asked(panel, "html")["text"]
    for name, value in made["parameters"].items():
        assert html.escape(f"{name} = {json.dumps(value)}") in page
    assert "<dt>seed</dt><dd>4</dd>" in page


def test_what_is_drawn_from_a_record_says_which(tmp_path):
    from labkit.lessons.stigmergic_memory import panel as lesson_panel

    panel = lesson_panel()
    panel.choice.value = "who leads where"
    (tmp_path / "labkit.csv").write_text(asked(panel, "csv")["text"])
    made = load(tmp_path / "labkit.csv").attrs
    assert made["made by"].endswith("recorded_density()")
    assert made["drawn with"] == {"hazard_weight": 2.0}
    assert "seed" not in made


def test_a_page_that_asks_again_gets_all_of_the_picture():
    # What changes while a page draws for the first time is lost on it.
    panel = walk_panel()
    panel.clock.slider.value = 7
    sent = []
    panel.figure._send_update_msg = lambda *message: sent.append(message)
    panel.foot._handle_custom_msg({"ask": "again"}, [])
    ((values, layout, traces),) = sent
    data = panel.figure.to_dict()["data"]
    assert traces == list(range(len(data)))
    for place, trace in enumerate(data):
        if "name" in trace:
            assert values["name"][place] == trace["name"]
    assert layout["height"] == panel.figure.layout.height
    assert {"xaxis", "yaxis"} <= set(layout)


def test_the_lines_of_new_axes_come_after_the_traces():
    # plotly's page complains of the line of an axis that has no place yet: "MNaN,NaN".
    one, two = theme.figure(x="x", y="y"), theme.panels(1, 2, titles=("a", "b"), x="x", y="y")
    for fig, panel in ((one, 1), (two, 1), (two, 2)):
        fig.add_trace(theme.line([0, 1], [0, 1], theme.styled("blue"), "line", panel=panel))
    two.layout.xaxis2.showline = True
    picture = Picture(one)
    sent = []
    picture.widget._send_update_msg = lambda relayout_data, **rest: sent.append(copy.deepcopy(relayout_data))
    picture.widget._send_addTraces_msg = lambda *message: sent.append("traces")
    picture.draw(two)
    axes, traces, lines = sent
    assert {axes[name]["showline"] for name in ("xaxis", "xaxis2", "yaxis", "yaxis2")} == {False}
    assert traces == "traces"
    assert lines["xaxis2.showline"] is True
    assert picture.widget.layout.to_plotly_json() == two.layout.to_plotly_json()


def test_a_picture_that_never_changed_is_not_sent_again():
    picture = Picture(ends(simulate(Walk(), rng=0, replicates=2)))
    picture.widget._send_update_msg = None
    picture.again()


def test_the_page_is_self_contained_and_says_what_it_shows():
    panel = walk_panel()
    text = asked(panel, "html")["text"]
    assert panel.caption in text
    assert html.escape(panel.line) in text
    assert '<script src="http' not in text
    assert text.count("<html") == 1


def test_saving_computes_at_once_and_adds_the_picture(monkeypatch):
    monkeypatch.setenv("LABKIT_SAVE", "1")

    async def scenario():
        panel = walk_panel()
        assert panel.settled
        bundle = panel._repr_mimebundle_()
        saved = json.loads(json.dumps(bundle["application/vnd.plotly.v1+json"]))
        assert saved["layout"]["meta"]["description"] == panel.caption
        assert len(saved["data"]) == len(panel.figure.data)
        assert "application/vnd.jupyter.widget-view+json" in bundle

    in_a_loop(scenario)


def test_saving_does_not_hide_an_error(monkeypatch):
    monkeypatch.setenv("LABKIT_SAVE", "1")
    with pytest.raises(ZeroDivisionError):
        explore(fragile, Walk(density=0.3), world, vary=("density",), scrub="frame")


def test_nothing_but_a_widget_is_shown_otherwise():
    assert "application/vnd.plotly.v1+json" not in walk_panel()._repr_mimebundle_()


def test_finish_returns_what_a_generator_returns():
    assert isinstance(finish(unfold(Walk(steps=3), rng=0)), Run)


def test_the_browser_hears_of_a_figure_when_its_data_are_in_it(monkeypatch):
    import comm

    announced, create = [], comm.create_comm

    def listen(**told):
        announced.append(told["data"]["state"])
        return create(**told)

    monkeypatch.setattr(comm, "create_comm", listen)
    widget = walk_panel().figure
    states = [state for state in announced if "_widget_data" in state]
    assert len(states) == 1
    assert len(states[0]["_widget_data"]) == len(widget.data) > 0
    assert states[0]["_widget_layout"]
