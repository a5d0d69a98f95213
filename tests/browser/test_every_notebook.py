"""Every notebook on disk, as a reader meets it: it runs, and every control of every panel moves a picture."""

from pathlib import Path

import pytest
from browser.driver import controls, move, open_notebook, run_all
from browser.keyboard import tour

pytestmark = pytest.mark.browser

# anywidget gives a widget's script two seconds. A machine that drives two browsers may need longer: a reader then
# opens the notebook again, and so does the test, once.
TOO_LATE = "[anywidget] Failed to initialize model"

NOTEBOOKS = sorted(path.name for path in (Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


def _cases():
    # One notebook shows at every run that panels work on the main thread too; the others wait for the slow tests.
    quick = next((name for name in NOTEBOOKS if not name.startswith("00")), None)
    for name in NOTEBOOKS:
        yield pytest.param("subshells", name, id=f"{name}-subshells")
        marks = [] if name == quick else [pytest.mark.slow]
        yield pytest.param("main-thread", name, id=f"{name}-main-thread", marks=marks)


@pytest.mark.parametrize(("mode", "name"), list(_cases()))
def test_notebook_lives(labs, page, mode, name):
    open_notebook(page, labs(mode), name)
    assert run_all(page) == []
    if any(TOO_LATE in said for said in page.complaints):
        page.complaints.clear()
        open_notebook(page, labs(mode), name)
        assert run_all(page) == []
    still = [f"{kind} {words!r}" for kind, words, element in controls(page) if move(page, kind, element) is None]
    assert still == [], "these controls changed no picture"
    assert page.external == []
    assert page.complaints == []


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_the_keyboard_reaches_and_moves_every_control(labs, page, name):
    open_notebook(page, labs("main-thread"), name)
    assert run_all(page) == []
    wrong = tour(page)
    assert wrong == [], "\n".join(wrong)
