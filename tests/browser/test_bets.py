"""Bets in a real JupyterLab: a curve drawn by mouse and by keyboard is there again after the kernel was restarted."""

import json

import nbformat
import pytest
from browser.driver import idle, open_notebook, run_all, running_lab

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CELLS = (
    """
from labkit.teach import CurveBet, NumberBet, answer, place, progress

curve = CurveBet(
    "demo.curve", "How does it go?", x=(1, 2, 4, 8, 16, 32), x_title="agents", y_title="gain, %", low=0, high=100,
    unit="%", within=10, needed=3, outcome=lambda values: values, replies={"other": "So it goes."},
)
number = NumberBet(
    "demo.number", "How much?", low=0, high=50, tolerance=5, outcome=float,
    replies={"low": "More.", "near": "Just so.", "high": "Less."},
)
place(curve)
""",
    "place(number)",
    "progress()",
)
DRAW, NUMBERS, BUTTON = ".labkit-draw", ".labkit-numbers", ".labkit-bet button.jupyter-button"
HEIGHTS = f"""() => [...document.querySelectorAll('{DRAW} [role=slider]')].map(
  e => e.classList.contains('open') ? null : Number(e.getAttribute('aria-valuenow')))"""
NAMELESS = """() => [...document.querySelectorAll(
  ':is(.labkit-bet, .labkit-progress) :is(button, input:not([type=file]), a, [tabindex="0"])')]
  .filter(e => e.checkVisibility() && !(e.ariaLabel || e.labels?.length || e.title || e.textContent.trim()))
  .map(e => e.outerHTML.slice(0, 120))"""


@pytest.fixture
def opened(browser, tmp_path, monkeypatch):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    monkeypatch.setenv("LABKIT_PROGRESS", str(folder / "my_progress.json"))
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    cells = [nbformat.v4.new_code_cell(cell) for cell in CELLS]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), folder / "bets.ipynb")
    with running_lab(folder, tmp_path) as lab:
        page = browser.new_page(viewport={"width": 1280, "height": 1400}, accept_downloads=True)
        page.set_default_timeout(15_000)
        page.met, page.kept = [], folder / "my_progress.json"
        page.on("pageerror", lambda error: page.met.append(f"page error: {error}"))
        page.on("console", lambda message: page.met.append(message.text) if message.type == "error" else None)
        open_notebook(page, lab, "bets.ipynb")
        assert run_all(page) == []
        yield page
        assert page.met == []
        page.close()


def stored(page, key):
    return json.loads(page.kept.read_text(encoding="utf-8"))["bets"][key]


def stroke(page, heights):
    """Draw with the mouse through the first positions, at these heights (shares of the axis), without letting go."""
    points = [page.locator(f"{DRAW} [role=slider]").nth(place).bounding_box() for place in range(len(heights))]
    lines = page.locator(f"{DRAW} .grid")
    bottom, top = lines.first.bounding_box()["y"], lines.last.bounding_box()["y"]
    for place, (box, height) in enumerate(zip(points, heights, strict=True)):
        x = box["x"] + box["width"] / 2
        page.mouse.move(x, bottom + height * (top - bottom), steps=1 if place == 0 else 4)
        if place == 0:
            page.mouse.down()
    page.mouse.up()
    idle(page, 0.3)


def test_a_curve_is_drawn_locked_in_and_there_after_a_restart(opened):
    page = opened
    point = page.locator(f"{DRAW} [role=slider]")
    assert page.evaluate(HEIGHTS) == [None] * 6
    stroke(page, [0.8, 0.8, 0.6, 0.2])
    drawn = page.evaluate(HEIGHTS)
    assert drawn[:4] == pytest.approx([80, 80, 60, 20], abs=3)
    assert drawn[4:] == [None, None]
    assert "2 of 6 points are still open." in page.locator(".labkit-bet").first.inner_text()
    assert page.locator(BUTTON).first.is_disabled()

    active = page.evaluate("() => window.jupyterapp.shell.currentWidget.content.activeCellIndex")
    point.nth(4).focus()
    for key in ("ArrowUp", "PageUp", "Tab", "End", "ArrowDown"):
        page.keyboard.press(key)
    idle(page, 0.4)
    drawn = page.evaluate(HEIGHTS)
    assert drawn[4] == drawn[3] + 11
    assert drawn[5] == 99
    assert page.evaluate("() => window.jupyterapp.shell.currentWidget.content.activeCellIndex") == active
    page.keyboard.press("Control+z")
    assert page.evaluate(HEIGHTS) == [*drawn[:5], None]
    page.keyboard.press("Home")
    page.locator(f"{DRAW} button:has-text('Clear')").click()
    assert page.evaluate(HEIGHTS) == [None] * 6
    page.locator(f"{DRAW} button:has-text('Undo')").click()
    idle(page, 0.4)
    drawn = [*drawn[:5], 0]
    assert page.evaluate(HEIGHTS) == drawn
    assert stored(page, "demo.curve")["choice"] == drawn

    page.get_by_label("rather sure").first.check()
    page.locator(BUTTON).first.click()
    page.wait_for_selector(f"{DRAW}.locked")
    stroke(page, [0.1, 0.1])
    point.nth(5).press("ArrowUp")
    assert page.evaluate(HEIGHTS) == drawn
    assert stored(page, "demo.curve") == {"choice": drawn, "locked": True, "sure": "rather sure"}

    box, slider = page.locator(f"{NUMBERS} input[type=number]"), page.locator(f"{NUMBERS} input[type=range]")
    assert box.input_value() == ""
    box.fill("51")
    page.wait_for_function("() => document.body.innerText.includes('51: allowed is a number from 0 to 50')")
    box.fill("20")
    slider.press("ArrowRight")
    idle(page, 0.3)
    assert stored(page, "demo.number") == {"choice": 20.5, "locked": False}
    assert page.evaluate(NAMELESS) == []

    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    idle(page)
    assert run_all(page) == []
    page.wait_for_selector(f"{DRAW}.locked")
    assert page.evaluate(HEIGHTS) == drawn
    assert box.input_value() == "20.5"
    assert "a curve that turns more than once, from 80 to 0 %" in page.locator(".labkit-bet").first.inner_text()

    with page.expect_download() as waiting:
        page.get_by_role("button", name="Export").click()
    assert json.loads(waiting.value.path().read_text()) == json.loads(page.kept.read_text())
    away = waiting.value.path()
    page.get_by_role("button", name="Erase").click()
    page.get_by_role("button", name="Yes, erase").click()
    page.wait_for_function("() => document.body.innerText.includes('Erased. A copy is kept')")
    assert not page.kept.exists()
    with page.expect_file_chooser() as choosing:
        page.get_by_role("button", name="Import").click()
    choosing.value.set_files(away)
    page.wait_for_function("() => document.body.innerText.includes('was taken over')")
    assert stored(page, "demo.curve")["choice"] == drawn
