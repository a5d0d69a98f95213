"""A lesson as an app: Voila runs the notebook and shows prose and panels without their code."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NAME = "11_stigmergic_memory.ipynb"
# Voila also loads extensions that are made for JupyterLab alone, and these fail with errors of their own.
OURS = re.compile(r"labkit|anywidget|plotly", re.IGNORECASE)
TOKEN = "a-token-for-this-test"  # noqa: S105
# Voila's page asks for two sheets of icons from outside and does without them; nothing else may leave the machine.
ICONS = re.compile(
    r"https://cdn\.jsdelivr\.net/npm/@fortawesome/fontawesome-free@(?:\^|%5E)5/css/(all|v4-shims)\.min\.css"
)
PANEL = ".labkit-panel:has(.js-plotly-plot)"
DRAWN = f"() => JSON.stringify(document.querySelector('{PANEL} .js-plotly-plot').data.map(t => Array.from(t.y ?? [])))"


@pytest.fixture(scope="module")
def app(tmp_path_factory, checkout):
    """The address of the running app, without its token."""
    box = tmp_path_factory.mktemp("voila")
    (box / "notebooks").mkdir()
    shutil.copy(checkout / "notebooks" / NAME, box / "notebooks")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "voila", f"notebooks/{NAME}", "--no-browser", f"--port={port}", f"--token={TOKEN}"]
    environment = {**os.environ, "JUPYTER_CONFIG_DIR": str(box / "config"), "JUPYTER_RUNTIME_DIR": str(box / "runtime")}
    log = box / "voila.log"
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=box, env=environment, stdout=out, stderr=subprocess.STDOUT)
    try:
        address = f"http://127.0.0.1:{port}"
        end = time.monotonic() + 60
        while status(address) is None:
            assert process.poll() is None, log.read_text()[-2000:]
            assert time.monotonic() < end, "Voila does not answer"
            time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        process.wait(30)


def status(address):
    """Return the HTTP status of an address, None where nobody answers."""
    try:
        return urllib.request.urlopen(address, timeout=5).status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


def opened(page, app):
    """Open the app and wait until it has drawn and has nothing left to load."""
    page.goto(f"{app}/?token={TOKEN}", timeout=120_000)
    page.wait_for_selector(f"{PANEL} .main-svg", timeout=120_000)
    page.wait_for_selector(f"{PANEL} .labkit-line", timeout=60_000)
    page.wait_for_load_state("networkidle")
    page.wait_for_function("() => document.querySelector('.labkit-caption')?.textContent.includes('30 worlds')")


def test_a_stranger_is_not_served(app):
    assert urllib.request.urlopen(app, timeout=5).url.startswith(f"{app}/login")
    assert status(f"{app}/api/kernels/00000000-0000-0000-0000-000000000000") == 403


def test_a_key_moves_the_picture_and_nothing_complains(app, page):
    opened(page, app)
    moments = page.locator(f"{PANEL} .labkit-clock > .widget-label").first
    assert moments.inner_text() == "250", "the last moment is shown first, as in JupyterLab"
    before = page.evaluate(DRAWN)
    handle = page.locator(f"{PANEL} .labkit-density .noUi-handle").first
    handle.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"before => ({DRAWN})() !== before", arg=before, timeout=10_000)
    page.wait_for_function("() => document.querySelector('.labkit-caption').textContent.includes('50 agents')")
    assert page.locator("text=Traceback").count() == 0
    assert page.locator("[data-mime-type*='error'], [data-mime-type*='stderr']").count() == 0
    assert page.locator(".jp-CodeMirrorEditor, .jp-InputArea-editor").count() == 0
    assert page.locator("h1").first.inner_text().startswith("Memory in the head")
    assert [url for url in page.external if not ICONS.fullmatch(url)] == []
    assert [words for words in page.complaints if OURS.search(words)] == []
