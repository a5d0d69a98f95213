"""Jupyter Notebook 7: its shortcuts read a key before a panel does, and let pass those that are the panel's."""

import json
import os

import nbformat
import pytest
from browser.driver import idle, run_all
from browser.server import CAPTION, HANDLE, PANEL, TOKEN, await_panel, press_on_density, serving

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CELLS = [
    "from labkit.front_end import front_end\nprint(front_end())",
    "from labkit.lessons import stigmergic_memory as lesson\nlesson.panel()",
]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The address of a running Notebook 7 with one notebook, which holds a panel."""
    box = tmp_path_factory.mktemp("notebook7")
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(made, box / "panel.ipynb")
    (box / "config").mkdir()
    settings = {"JupyterNotebookApp": {"expose_app_in_browser": True}}
    (box / "config" / "jupyter_notebook_config.json").write_text(json.dumps(settings))
    root = ["--allow-root"] if os.geteuid() == 0 else []
    with serving(box, "notebook", f"--IdentityProvider.token={TOKEN}", *root) as address:
        yield address


def test_keys_mouse_and_numbers_move_the_picture_and_other_keys_stay_the_notebooks(server, page):
    page.goto(f"{server}/notebooks/panel.ipynb?token={TOKEN}", timeout=90_000)
    page.wait_for_function("() => window.jupyterapp?.shell?.currentWidget?.sessionContext", timeout=90_000)
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.ready")
    idle(page)
    assert run_all(page) == []
    await_panel(page)
    assert "serve Notebook 7" in page.locator(".jp-OutputArea-output").first.inner_text()

    press_on_density(page, "ArrowRight")
    page.wait_for_function(CAPTION, arg="50 agents")
    assert page.locator(HANDLE).first.evaluate("e => e === document.activeElement"), "the focus has left the slider"
    press_on_density(page, "Home")
    await_panel(page)

    before = page.locator(".labkit-caption").inner_text()
    box = page.locator(HANDLE).first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y, steps=5)
    page.mouse.up()
    page.wait_for_function(f"before => !({CAPTION})(before)", arg=before)
    readout = page.locator(f"{PANEL} .labkit-density .widget-readout").first
    readout.click()
    page.keyboard.press("Control+a")
    page.keyboard.type("0.1")
    page.keyboard.press("Enter")
    page.wait_for_function(CAPTION, arg="90 agents")
    await_panel(page)

    page.locator(HANDLE).first.focus()
    page.keyboard.press("b")
    page.wait_for_function("count => document.querySelectorAll('.jp-Notebook .jp-Cell').length > count", arg=len(CELLS))
    assert page.external == []
