"""The server of another front end than `labkit lab`, and a panel on its page."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager

TOKEN = "a-token-for-this-test"  # noqa: S105
PANEL = ".labkit-panel:has(.js-plotly-plot)"
HANDLE = f"{PANEL} .labkit-density .noUi-handle"
CAPTION = "words => document.querySelector('.labkit-caption')?.textContent.includes(words)"
DRAWN = f"() => JSON.stringify(document.querySelector('{PANEL} .js-plotly-plot').data.map(t => Array.from(t.y ?? [])))"


@contextmanager
def serving(box, module, *arguments):
    """Run a module as a server in the folder `box`, its settings in it too, and give its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", module, *arguments, "--no-browser", f"--port={port}"]
    places = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_RUNTIME_DIR": "runtime", "JUPYTERLAB_SETTINGS_DIR": "settings"}
    environment = os.environ | {name: str(box / folder) for name, folder in places.items()}
    log = box / "server.log"
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=box, env=environment, stdout=out, stderr=subprocess.STDOUT)
    try:
        address = f"http://127.0.0.1:{port}"
        end = time.monotonic() + 60
        while status(address) is None:
            assert process.poll() is None, log.read_text()[-2000:]
            assert time.monotonic() < end, f"{module} does not answer"
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


def await_panel(page):
    """Wait until the panel has drawn all its worlds."""
    page.wait_for_selector(f"{PANEL} .main-svg", timeout=120_000)
    page.wait_for_selector(f"{PANEL} .labkit-line", timeout=60_000)
    page.wait_for_function(CAPTION, arg="250 of 250 steps, 30 worlds", timeout=60_000)


def press_on_density(page, key):
    """Press a key on the slider of the density and wait until the picture has changed."""
    before = page.evaluate(DRAWN)
    page.locator(HANDLE).first.focus()
    page.keyboard.press(key)
    page.wait_for_function(f"before => ({DRAWN})() !== before", arg=before, timeout=10_000)
