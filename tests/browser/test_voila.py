"""A lesson as an app: Voila runs the notebook and shows prose and panels without their code."""

import re
import shutil
import urllib.request

import pytest
from browser.server import CAPTION, PANEL, TOKEN, await_panel, press_on_density, serving, status

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NAME = "11_stigmergic_memory.ipynb"
# Voila also loads extensions that are made for JupyterLab alone, and these fail with errors of their own.
OURS = re.compile(r"labkit|anywidget|plotly", re.IGNORECASE)
# Voila's page asks for two sheets of icons from outside and does without them; nothing else may leave the machine.
ICONS = re.compile(
    r"https://cdn\.jsdelivr\.net/npm/@fortawesome/fontawesome-free@(?:\^|%5E)5/css/(all|v4-shims)\.min\.css"
)


@pytest.fixture(scope="module")
def app(tmp_path_factory, checkout):
    """The address of the running app, without its token."""
    box = tmp_path_factory.mktemp("voila")
    (box / "notebooks").mkdir()
    shutil.copy(checkout / "notebooks" / NAME, box / "notebooks")
    with serving(box, "voila", f"notebooks/{NAME}", f"--token={TOKEN}") as address:
        yield address


def test_a_stranger_is_not_served(app):
    assert urllib.request.urlopen(app, timeout=5).url.startswith(f"{app}/login")
    assert status(f"{app}/api/kernels/00000000-0000-0000-0000-000000000000") == 403


def test_a_key_moves_the_picture_and_nothing_complains(app, page):
    page.goto(f"{app}/?token={TOKEN}", timeout=120_000)
    await_panel(page)
    page.wait_for_load_state("networkidle")
    moments = page.locator(f"{PANEL} .labkit-clock > .widget-label").first
    assert moments.inner_text() == "250", "the last moment is shown first, as in JupyterLab"
    press_on_density(page, "ArrowRight")
    page.wait_for_function(CAPTION, arg="50 agents")
    assert page.locator("text=Traceback").count() == 0
    assert page.locator("[data-mime-type*='error'], [data-mime-type*='stderr']").count() == 0
    assert page.locator(".jp-CodeMirrorEditor, .jp-InputArea-editor").count() == 0
    assert page.locator("h1").first.inner_text().startswith("Memory in the head")
    assert [url for url in page.external if not ICONS.fullmatch(url)] == []
    assert [words for words in page.complaints if OURS.search(words)] == []
