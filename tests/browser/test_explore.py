"""A panel in a real JupyterLab: what a reader's hand does to it, in both ways that widget messages travel."""

import csv
import json
import shutil
import statistics

import nbformat
import numpy as np
import psutil
import pytest
from browser.driver import MODES, idle, open_notebook, run_all, running_lab, settled
from walks import Walk, simulate, world

pytestmark = pytest.mark.browser

CELL = """
from time import sleep

import numpy as np

from labkit.explore import View, explore
from walks import Look, Walk, ends, sweep, swept, unfold, world


def moody(params, *, rng, replicates):
    if params.density > 0.25:
        raise ValueError("more walkers than <this world> bears")
    return (yield from unfold(params, rng=rng, replicates=replicates))


def patient(params, *, rng, replicates):
    for share, _ in sweep(params, rng=rng, replicates=replicates):
        sleep(0.2)
        yield share, None
    return np.array([0.1, 0.2]), np.array([0.3, 0.4])


slow = View(swept, compute=patient, button="Compute the sweep", vary=("steps",))
panel = explore(
    moody, Walk(), {"world": world, "ends": ends, "sweep": slow},
    vary=("density", "steps", "stride", "stay", "border"), look=Look(), scrub="frame", seed=3,
)
panel
"""

PLOT = ".labkit-panel .js-plotly-plot"

DATA = f"""() => document.querySelector('{PLOT}').data.map(t => ({{
  name: t.name, source: t.source, x: t.x && Array.from(t.x), y: t.y && Array.from(t.y)}}))"""

# Presses a key on the handle that has the focus and resolves after how many milliseconds a line has changed.
PRESS = f"""key => new Promise((done, fail) => {{
  const begun = performance.now();
  const lines = document.querySelector('{PLOT} .cartesianlayer');
  const watcher = new MutationObserver(changes => {{
    if (!changes.some(c => c.attributeName === 'd' || c.addedNodes.length)) return;
    watcher.disconnect();
    done(performance.now() - begun);
  }});
  watcher.observe(lines, {{subtree: true, attributes: true, childList: true}});
  setTimeout(() => fail('nothing changed'), 5000);
  document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {{key, bubbles: true, cancelable: true}}));
}})"""

# The words of a panel, outside its picture, whose contrast with what they stand on is below 4.5 (WCAG 2.2, 1.4.3).
FAINT = """() => {
  const parts = color => (color.match(/[\\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
  const over = ([r, g, b, a = 1], below) => [r, g, b].map((part, i) => a * part + (1 - a) * below[i]);
  const ground = e => e ? over(parts(getComputedStyle(e).backgroundColor), ground(e.parentElement)) : [255, 255, 255];
  const light = rgb => rgb.map(p => p / 255).map(p => p <= 0.04045 ? p / 12.92 : ((p + 0.055) / 1.055) ** 2.4)
    .reduce((sum, p, i) => sum + p * [0.2126, 0.7152, 0.0722][i], 0);
  const contrast = e => {
    const below = ground(e), own = over(parts(getComputedStyle(e).color), below);
    const [low, high] = [light(below), light(own)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  return [...document.querySelectorAll('.labkit-panel *')]
    .filter(e => !e.closest('.js-plotly-plot, [disabled]') && e.checkVisibility())
    .filter(e => e.matches('input, select') || [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
    .map(e => [contrast(e).toFixed(2), e.className, (e.innerText ?? e.value).slice(0, 40)])
    .filter(([found]) => found < 4.5);
}"""


@pytest.fixture(scope="module", params=MODES)
def panel_lab(request, tmp_path_factory, checkout):
    """JupyterLab over a folder with one notebook that holds a panel."""
    box = tmp_path_factory.mktemp(f"panel-{request.param}")
    folder = box / "notebooks"
    folder.mkdir()
    shutil.copy(checkout / "tests" / "walks.py", folder)
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)], metadata=kernel)
    nbformat.write(notebook, folder / "panel.ipynb")
    with running_lab(folder, box, request.param) as lab:
        yield lab


@pytest.fixture(scope="module")
def opened(panel_lab, browser):
    """A page with the panel, opened once, that notes what a reader should never meet."""
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    page.set_default_timeout(15_000)
    page.met = []
    page.on("pageerror", lambda error: page.met.append(f"page error: {error}"))
    page.on("console", lambda message: page.met.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: page.met.append(request.url) if is_external(request.url) else None)
    open_notebook(page, panel_lab, "panel.ipynb")
    assert run_all(page) == []
    page.wait_for_selector(".labkit-line")
    yield page
    page.close()


def is_external(url):
    return not url.startswith(("http://127.0.0.1:", "data:", "blob:", "file:"))


@pytest.fixture
def panel(opened):
    """The page with the panel back at its start and at rest; afterwards nothing has complained or asked the network."""
    button(opened, "world").first.click()
    button(opened, "Reset").click()
    opened.locator(".labkit-clock .noUi-handle").focus()
    opened.keyboard.press("End")
    at_rest(opened)
    yield opened
    assert opened.met == []


def at_rest(page):
    idle(page, 0.4)
    settled(page, 0.4)


def handle(page, name):
    return page.locator(f".labkit-{name} .noUi-handle")


def press(page, name, *keys):
    handle(page, name).focus()
    for key in keys:
        page.keyboard.press(key)


def type_value(page, name, value):
    box = page.locator(f".labkit-{name} .widget-readout")
    box.click()
    page.keyboard.press("Control+A")
    page.keyboard.type(str(value))
    page.keyboard.press("Enter")


def button(page, words):
    return page.locator(f".labkit-panel button:has-text('{words}')")


def assert_shows(page, figure):
    """Compare what the browser has drawn with a figure, number by number."""
    drawn = page.evaluate(DATA)
    assert [trace["name"] for trace in drawn] == [trace.name for trace in figure.data]
    for shown, wanted in zip(drawn, figure.data, strict=True):
        if wanted.type == "image":
            assert shown["source"] == wanted.source
        else:
            np.testing.assert_array_equal(np.array(shown["x"], float), wanted.x)
            np.testing.assert_array_equal(np.array(shown["y"], float), wanted.y)


def wanted(*, seed=3, replicates=30, weight=1.0, frame=None, **changes):
    run = simulate(Walk(**changes), rng=seed, replicates=replicates)
    return world(run, frame=len(run.times) - 1 if frame is None else frame, weight=weight)


def test_every_control_moves_the_picture_to_the_full_result(panel):
    assert_shows(panel, wanted())
    press(panel, "density", "ArrowRight")
    at_rest(panel)
    assert_shows(panel, wanted(density=0.06))
    type_value(panel, "steps", 60)
    at_rest(panel)
    assert_shows(panel, wanted(density=0.06, steps=60))
    panel.locator(".labkit-stay input").press("Space")
    at_rest(panel)
    panel.locator(".labkit-border select").select_option("wall")
    at_rest(panel)
    assert_shows(panel, wanted(density=0.06, steps=60, stay=True, border="wall"))
    press(panel, "weight", "ArrowRight", "ArrowRight")
    at_rest(panel)
    assert_shows(panel, wanted(density=0.06, steps=60, stay=True, border="wall", weight=2.0))
    button(panel, "re-roll").press("Enter")
    at_rest(panel)
    button(panel, "one seed").press("Enter")
    at_rest(panel)
    assert_shows(panel, wanted(density=0.06, steps=60, stay=True, border="wall", weight=2.0, seed=4, replicates=1))
    line = panel.locator(".labkit-line").inner_text()
    assert line.endswith("finish(moody(Walk(density=0.06, steps=60, stay=True, border='wall'), rng=4, replicates=1))")
    button(panel, "Reset").press("Enter")
    at_rest(panel)
    assert_shows(panel, wanted())


def test_the_last_value_wins_and_a_key_press_is_answered_quickly(panel, record_property):
    handle(panel, "density").focus()
    times = []
    for i in range(20):
        times.append(panel.evaluate(PRESS, "ArrowRight" if i < 15 else "ArrowLeft"))
        panel.wait_for_timeout(150)
    record_property("milliseconds from key press to changed DOM, median of 20", statistics.median(times))
    print("key press to changed DOM, ms:", sorted(round(time) for time in times))
    # The aim is 150 on a quiet machine; the bound leaves room for a busy one.
    assert statistics.median(times) < 450
    press(panel, "density", *["ArrowLeft", "ArrowRight"] * 30, "Home", "ArrowRight", "ArrowRight")
    at_rest(panel)
    assert_shows(panel, wanted(density=0.03))


def test_time_plays_pauses_and_scrubs(panel):
    play = panel.locator(".widget-play button").first
    play.focus()
    panel.keyboard.press("Enter")
    panel.wait_for_timeout(2500)
    panel.keyboard.press("Enter")
    at_rest(panel)
    reached = int(panel.locator(".labkit-clock > .widget-label").inner_text())
    assert 0 < reached < 100
    assert_shows(panel, wanted(frame=reached))
    panel.locator(".labkit-clock .noUi-handle").focus()
    panel.keyboard.press("Home")
    at_rest(panel)
    assert_shows(panel, wanted(frame=0))
    assert "After 0 moves" in panel.locator(".labkit-caption").inner_text()


def test_views_a_slow_one_with_progress_and_stop(panel):
    button(panel, "ends").click()
    at_rest(panel)
    assert len(panel.evaluate(DATA)[0]["y"]) == 30
    button(panel, "sweep").first.click()
    at_rest(panel)
    go = button(panel, "Compute the sweep")
    go.click()
    panel.wait_for_selector(".labkit-bar .progress", state="visible")
    button(panel, "Stop").press("Enter")
    panel.wait_for_selector(".labkit-bar .progress", state="hidden")
    assert "Stopped" in panel.locator(".labkit-bar").inner_text()
    go.click()
    panel.wait_for_function(f"() => document.querySelector('{PLOT}').data.length === 1", timeout=20_000)
    assert panel.evaluate(DATA)[0]["y"] == [0.3, 0.4]
    low, high = panel.evaluate(f"() => document.querySelector('{PLOT}')._fullLayout.yaxis.range")
    assert low < 0.3 < 0.4 < high
    button(panel, "world").first.click()
    at_rest(panel)
    assert_shows(panel, wanted())


def test_an_error_is_shown_in_words_and_the_next_move_works(panel):
    press(panel, "density", "End")
    panel.wait_for_selector(".labkit-error")
    words = panel.locator(".labkit-error").inner_text()
    assert "ValueError: more walkers than <this world> bears" in words
    assert "density=0.3" in words
    press(panel, "density", "Home")
    panel.wait_for_selector(".labkit-error", state="detached")
    at_rest(panel)
    assert_shows(panel, wanted(density=0.01))


def test_what_a_reader_takes_away(panel, browser, tmp_path):
    def saved(words):
        with panel.expect_download() as waiting:
            button(panel, words).click()
        waiting.value.save_as(tmp_path / waiting.value.suggested_filename)
        return tmp_path / waiting.value.suggested_filename

    with saved("CSV").open(encoding="utf-8") as file:
        numbers = csv.DictReader(line for line in file if not line.startswith("# "))
        rows = [row for row in numbers if row["trace"] == "median"]
    np.testing.assert_array_equal([float(row["y"]) for row in rows], wanted().data[2].y)
    assert saved("PNG").read_bytes().startswith(b"\x89PNG")
    panel.context.grant_permissions(["clipboard-read", "clipboard-write"])
    button(panel, "Copy").click()
    assert panel.evaluate("() => navigator.clipboard.readText()") == panel.locator(".labkit-line").inner_text()
    page = browser.new_page()
    page.goto(saved("HTML").as_uri())
    page.wait_for_selector(".js-plotly-plot .main-svg")
    assert "median run has seen" in page.inner_text("body")
    page.close()


def test_everything_that_takes_the_focus_has_a_name(panel):
    panel.wait_for_timeout(700)
    nameless = panel.evaluate("""() => [...document.querySelectorAll(
      '.labkit-panel :is(button, input, select, [tabindex="0"]):not(.modebar-btn)')]
      .filter(e => e.checkVisibility() && !(e.ariaLabel || e.labels?.length || e.title || e.textContent.trim()))
      .map(e => e.outerHTML.slice(0, 120))""")
    assert nameless == []
    assert panel.locator(PLOT).get_attribute("aria-label") == panel.locator(".labkit-caption").inner_text()
    handle(panel, "density").focus()
    assert handle(panel, "density").evaluate("e => getComputedStyle(e).outlineStyle") == "solid"


def test_words_can_be_read_in_the_light_and_in_the_dark(panel):
    for name in ("JupyterLab Dark", "JupyterLab Light"):
        panel.evaluate("t => window.jupyterapp.commands.execute('apputils:change-theme', {theme: t})", name)
        panel.wait_for_function("t => document.body.dataset.jpThemeName === t", arg=name)
        panel.wait_for_timeout(300)
        assert panel.evaluate(FAINT) == [], name


@pytest.mark.parametrize(
    "panel_lab", ["subshells", pytest.param("main-thread", marks=pytest.mark.slow)], indirect=True, scope="module"
)
def test_a_thousand_events_leave_the_kernel_alive(panel, panel_lab):
    def memory():
        return sum(p.memory_info().rss for p in psutil.Process(panel_lab.process.pid).children(recursive=True))

    send = """async values => {
      const handle = document.activeElement;
      for (const key of values) {
        handle.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true, cancelable: true}));
        await new Promise(done => setTimeout(done, 8));
      }
    }"""
    handle(panel, "density").focus()
    keys = np.random.default_rng(0).choice(["ArrowLeft", "ArrowRight", "Home", "PageUp"], 1000).tolist()
    panel.evaluate(send, keys[:200])
    at_rest(panel)
    before = memory()
    panel.evaluate(send, [*keys, "Home", "ArrowRight"])
    at_rest(panel)
    assert_shows(panel, wanted(density=0.02))
    assert memory() - before < 60e6


def test_a_page_that_opens_again_shows_the_present_picture(panel):
    press(panel, "density", "Home")
    at_rest(panel)
    # A second view of the same panel starts from the state that the kernel keeps for it.
    panel.evaluate("() => window.jupyterapp.commands.execute('notebook:create-output-view')")
    second = panel.locator(PLOT).nth(1)
    second.wait_for()
    panel.wait_for_timeout(1500)
    drawn = json.loads(second.evaluate("e => JSON.stringify(Array.from(e.data[2].y))"))
    np.testing.assert_array_equal(drawn, wanted(density=0.01).data[2].y)
