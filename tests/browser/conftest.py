"""A JupyterLab of its own and a page in a headless browser, for tests that do what a reader does."""

import os
import shutil

import pytest
from browser.driver import CHROME_FLAGS, MODES, running_lab

from labkit.publish import browser_path

# The one thing outside that a notebook may show; it stands in for itself here.
BADGE = "https://mybinder.org/badge_logo.svg"
EMPTY = "<svg xmlns='http://www.w3.org/2000/svg'/>"


@pytest.fixture(scope="session")
def browser():
    from playwright.sync_api import Error, sync_playwright

    with sync_playwright() as play:
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        try:
            running = play.chromium.launch(executable_path=browser_path(), args=[*CHROME_FLAGS, *sandbox])
        except Error as error:
            pytest.skip(f"no Chromium or Chrome: {str(error).splitlines()[0]}")
        yield running
        running.close()


@pytest.fixture(scope="session")
def labs(tmp_path_factory, checkout):
    """A function that returns the running JupyterLab of a mode, over a copy of the notebooks."""
    running, started = [], {}

    def lab(mode):
        if mode not in started:
            box = tmp_path_factory.mktemp(mode)
            shutil.copytree(checkout / "notebooks", box / "notebooks")
            (box / "data").symlink_to(checkout / "data")
            context = running_lab(box / "notebooks", box, mode)
            started[mode] = context.__enter__()
            running.append(context)
        return started[mode]

    yield lab
    for context in running:
        context.__exit__(None, None, None)


@pytest.fixture(params=MODES)
def lab(labs, request):
    """JupyterLab, once with widget messages over subshells and once on the kernel's main thread."""
    return labs(request.param)


@pytest.fixture
def page(browser):
    """A fresh page that notes in `page.external` and `page.complaints` what a reader should never meet."""
    fresh = browser.new_page(viewport={"width": 1280, "height": 1000})
    fresh.external, fresh.complaints = [], []
    fresh.route(BADGE, lambda route: route.fulfill(content_type="image/svg+xml", body=EMPTY))
    fresh.on("request", lambda request: _note_external(fresh, request.url))
    fresh.on("pageerror", lambda error: fresh.complaints.append(f"page error: {error}"))
    fresh.on("console", lambda message: _note_console(fresh, message))
    yield fresh
    fresh.close()


def _note_external(page, url):
    if not url.startswith(("http://127.0.0.1:", "file:", "data:", "blob:", BADGE)):
        page.external.append(url)


def _note_console(page, message):
    if message.type == "error":
        page.complaints.append(f"console: {message.text}")
