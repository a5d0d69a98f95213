"""Drives a notebook in a real JupyterLab as a reader would: open it, run it, move its controls, look."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

# Widgets talk to a subshell of the kernel (JupyterLab's default) or, as in other front ends, to its main thread.
MODES = {"subshells": "perCommTarget", "main-thread": "disabled"}

CHROME_FLAGS = [
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]

# Panels are the outputs that hold a plot; bets and exercises have controls of their own that move no picture.
PANEL = ".jp-OutputArea-output:has(.js-plotly-plot)"
CONTROLS = {
    "slider": f"{PANEL} .noUi-handle",
    "checkbox": f"{PANEL} .widget-checkbox input",
    "dropdown": f"{PANEL} .widget-dropdown select",
    "toggle": f"{PANEL} .widget-toggle-buttons button:not(.mod-active)",
}

_PICTURE = """() => {
  const lists = (_, value) => ArrayBuffer.isView(value) ? Array.from(value) : value;
  const parts = [];
  for (const plot of document.querySelectorAll('.jp-OutputArea .js-plotly-plot')) {
    const {title, images, shapes, annotations} = plot.layout;
    parts.push(JSON.stringify([plot.data, title, images, shapes, annotations], lists));
  }
  for (const image of document.querySelectorAll('.jp-OutputArea img')) parts.push(image.src);
  let digest = 7;
  for (const part of parts)
    for (let i = 0; i < part.length; i++) digest = (Math.imul(digest, 31) + part.charCodeAt(i)) | 0;
  return parts.length + ':' + digest;
}"""

_KERNEL = "() => window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel?.status"

_ERRORS = """() => window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells.flatMap(
  cell => (cell.outputs ?? []).filter(o => o.output_type === 'error').map(o => o.ename + ': ' + o.evalue))"""


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab: its address and token as it printed them, its process and its log."""

    address: str
    token: str
    process: subprocess.Popen
    log: Path


@contextmanager
def running_lab(folder, box, mode="subshells"):
    """Run `labkit lab` on a free port over `folder`, its settings and runtime files in the empty folder `box`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    _write(box / "config" / "jupyter_lab_config.json", {"LabApp": {"expose_app_in_browser": True}})
    settings = box / "settings" / "@jupyterlab"
    _write(settings / "notebook-extension" / "tracker.jupyterlab-settings", {"windowingMode": "none"})
    comms = {"commsOverSubshells": MODES[mode]}
    _write(settings / "apputils-extension" / "kernels-settings.jupyterlab-settings", comms)
    environment = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(box / "config"),
        "JUPYTER_RUNTIME_DIR": str(box / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(box / "settings"),
        "DISPLAY": "",
        "WAYLAND_DISPLAY": "",
    }
    log = box / "server.log"
    command = [sys.executable, "-m", "labkit", "lab", "--port", str(port), "--folder", str(folder)]
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=subprocess.STDOUT)
    try:
        address = f"http://127.0.0.1:{port}"
        yield Lab(address, _await_token(address, process, log), process, log)
    finally:
        process.terminate()
        process.wait(30)


def _write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def _await_token(address, process, log):
    """Wait until the server has printed its address with the token, and return the token."""
    end = time.monotonic() + 90
    while not (printed := re.search(rf"{re.escape(address)}/lab\S*[?]token=(\w+)", log.read_text())):
        assert process.poll() is None, log.read_text()[-2000:]
        assert time.monotonic() < end, "JupyterLab printed no address in 90 s"
        time.sleep(0.1)
    return printed[1]


def status(lab, path, token=None):
    """Return the HTTP status that `path` answers with."""
    request = urllib.request.Request(lab.address + path, headers={"Authorization": f"token {token}"} if token else {})
    try:
        return urllib.request.urlopen(request, timeout=10).status
    except urllib.error.HTTPError as error:
        return error.code


def open_notebook(page, lab, name):
    """Open the notebook `name` in a fresh workspace and wait until its kernel is ready."""
    page.goto(f"{lab.address}/lab/tree/{name}?reset&token={lab.token}")
    page.wait_for_selector(".jp-NotebookPanel .jp-Notebook .jp-Cell", timeout=90_000)
    page.wait_for_function("() => window.jupyterapp?.shell?.currentWidget?.sessionContext", timeout=90_000)
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.ready")
    idle(page)


def run_all(page):
    """Run every cell and return the error outputs, in words."""
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
    idle(page)
    settled(page)
    return page.evaluate(_ERRORS)


def idle(page, quiet=1.0, limit=240.0):
    """Wait until the kernel has been idle for `quiet` seconds."""
    # While it is busy, every look differs from the one before.
    _steady(lambda: page.evaluate(_KERNEL) == "idle" or time.monotonic(), quiet, limit, "the kernel is still busy")


def settled(page, quiet=0.6, limit=60.0):
    """Wait until the pictures have not changed for `quiet` seconds, and return their state."""
    return _steady(lambda: picture_state(page), quiet, limit, "the pictures are still changing")


def _steady(look, quiet, limit, complaint):
    end = time.monotonic() + limit
    seen, since = look(), time.monotonic()
    while time.monotonic() - since < quiet:
        assert time.monotonic() < end, f"{complaint} after {limit:g} s"
        time.sleep(0.03)
        now = look()
        if now != seen:
            seen, since = now, time.monotonic()
    return seen


def picture_state(page):
    """Return a digest of every plot and image on the page, to be compared with another."""
    return page.evaluate(_PICTURE)


def changed(page, before, limit=10.0):
    """Return after how many seconds the pictures differed from `before`, or None if they did not within `limit`."""
    start = time.monotonic()
    while time.monotonic() - start < limit:
        if picture_state(page) != before:
            return time.monotonic() - start
        time.sleep(0.01)
    return None


def controls(page):
    """Return the visible controls of the panels as (kind, label, element)."""
    return [
        (kind, label(element), element)
        for kind, selector in CONTROLS.items()
        for element in page.locator(selector).element_handles()
        if element.is_visible()
    ]


def label(element):
    """Return the words beside a control."""
    script = "e => (e.closest('.jupyter-widgets')?.innerText || e.innerText || '').trim().split('\\n')[0]"
    return element.evaluate(script)


def press(page, kind, element, attempt=0):
    """Move a control one step; the second attempt goes the other way, for one that stands at its end."""
    element.scroll_into_view_if_needed()
    element.focus()
    keys = {"slider": ("ArrowRight", "ArrowLeft"), "dropdown": ("ArrowDown", "ArrowUp")}
    page.keyboard.press(keys.get(kind, ("Space", "Space"))[attempt])


def move(page, kind, element):
    """Move a control and return after how many seconds the pictures changed, or None if they did not.

    A choice is put back: what the other controls change may be seen at its first option only.
    """
    before = settled(page)
    option = element.evaluate("e => e.selectedIndex") if kind == "dropdown" else None
    active = element.evaluate_handle("e => e.parentElement.querySelector('.mod-active')").as_element()
    seconds = None
    for attempt in range(2):
        if seconds is None:
            press(page, kind, element, attempt)
            seconds = changed(page, before)
    if kind in ("dropdown", "toggle"):
        settled(page)  # a reader looks before going back
    if kind == "dropdown":
        element.select_option(index=option)
    elif kind == "toggle" and active:
        press(page, kind, active)
    return seconds
