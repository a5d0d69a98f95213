"""What a model or a server says does nothing in a real JupyterLab, wherever it is shown."""

import nbformat
import pytest
from browser.driver import idle, open_notebook, run_all, running_lab

pytestmark = pytest.mark.browser

CELLS = [
    r"""
import warnings
from contextlib import nullcontext

import numpy as np
from badserver import BadServer, Says, json
from labkit import theme
from labkit.dialogue import Message, Reply, Transcript
from labkit.explore import Live, Readings, Task, explore
from labkit.figures.shapley_dag import plane
from labkit.ledger import ClaimsTable
from labkit.ledger._table import Row
from labkit.llm import Endpoint
from labkit.mechanisms.shapley_dag import Scene
from labkit.teach import Words, say, show
from walks import Walk, world

NASTY = (
    "<script>window.pwned = 1</script><img src=x onerror='window.pwned = 2'><svg onload='window.pwned = 3'></svg>"
    "<a href='javascript:window.pwned = 4'>one</a><a href='https://evil.example/'>two</a>"
    "[three](javascript:window.pwned=5) ![four](https://evil.example/4.png) **bold** `code`"
    "<iframe src='https://evil.example/'></iframe><style>.jp-Cell { display: none }</style><b>five</b></pre></div>"
    "\x1b[31mred\x1b[0m\x1b]8;;javascript:window.pwned=6\x07six\x1b]8;;\x07 \u202egnp.exe\u202c \u200bzero\x00nul "
    "$\\href{javascript:window.pwned=7}{x}$ " + "long" * 2000
)
reply = Reply(NASTY, "m", 1, 1)
""",
    "Readings({'number': range(2)}, lambda number: NASTY)",
    r"""
def refuse(number):
    raise ValueError(NASTY)

broken = Readings({'number': range(2)}, lambda number: "fine" if number == 0 else refuse(number))
broken.controls["number"].value = 1
broken
""",
    r"""
live = Live(("one",), lambda kind, count: [Task(NASTY, 1, lambda chat: chat([]).text)],
            server=lambda: nullcontext(lambda messages, **asked: reply))
live.begin()
live.worker.join()
live
""",
    r"""
server = BadServer(Says(json.dumps({"error": {"message": NASTY}}).encode(), 400)).__enter__()
failing = Live(("one",), lambda kind, count: [Task("a question", 1, lambda chat: chat([Message("user", "?")]).text)])
failing.address.value, failing.model.value = server.url, NASTY[:40]
failing.begin()
failing.worker.join()
failing
""",
    "say('{text}', text=NASTY)",
    "Words(NASTY, title=NASTY[:300])",
    "reply",
    "Transcript(NASTY, ((reply,),))",
    r"""
def moody(params, *, rng, replicates):
    raise ValueError(NASTY)

explore(moody, Walk(), world, vary=("density",))
""",
    r"""
scene = Scene(np.array([0]), np.array([[[0.0, 0.0], [0.3, 0.2]]]), np.array([[0.5, 0.6]]), np.array([[True, False]]),
              ((),), np.array([0]), ((NASTY, NASTY),))
show(plane(scene))
""",
    r"""
ClaimsTable((Row("statement", "paper", NASTY[:400], "! failed", NASTY[:400], "read in"),), NASTY[:300])
""",
    "print(repr(Readings({'number': range(1)}, lambda number: NASTY[:600])))",
    "Endpoint(server.url, 'm')([Message('user', '?')])",
]

# What must be nowhere in an output: elements that act, and links that are no ordinary address.
ACTING = """() => {
  const inside = document.querySelectorAll('.jp-OutputArea');
  const found = [];
  for (const area of inside) {
    for (const one of area.querySelectorAll('script, iframe, object, embed, form, [src="x"], [src*="evil"]'))
      if (!one.closest('.labkit-foot-code')) found.push(one.outerHTML.slice(0, 80));
    for (const one of area.querySelectorAll('*'))
      for (const {name, value} of one.attributes) {
        if (/^on/i.test(name)) found.push(name + '=' + value);
        if (/^(xlink:)?href$/i.test(name) && !/^https?:/.test(one.href?.baseVal ?? one.href ?? value))
          found.push(name + '=' + value);
        if (/^https?:/.test(one.href ?? '') && one.href.includes('evil') && !one.textContent.startsWith('https://evil'))
          found.push('a link that hides where it leads: ' + one.outerHTML.slice(0, 80));
      }
  }
  return found;
}"""
RAW = "() => [...document.querySelectorAll('.jp-OutputArea')].map(a => a.textContent).join('')"
WIDE = """() => [...document.querySelectorAll('.labkit-text, .labkit-error, .jp-RenderedHTMLCommon > div')]
  .filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.className + ' ' + e.scrollWidth)"""


@pytest.fixture(scope="module")
def hostile_lab(tmp_path_factory, checkout):
    """JupyterLab over a folder with one notebook in which a model says what no model should."""
    box = tmp_path_factory.mktemp("hostile")
    folder = box / "notebooks"
    folder.mkdir()
    for name in ("walks.py", "badserver.py"):
        (folder / name).write_text((checkout / "tests" / name).read_text())
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    cells = [nbformat.v4.new_code_cell(cell.strip()) for cell in CELLS]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), folder / "hostile.ipynb")
    with running_lab(folder, box) as lab:
        yield lab


@pytest.mark.slow
def test_what_a_model_says_is_shown_and_does_nothing(hostile_lab, page, tmp_path):
    open_notebook(page, hostile_lab, "hostile.ipynb")
    errors = run_all(page)
    # The last cell raises what a server said, and that is all that is raised.
    assert len(errors) == 1
    assert "EndpointError" in errors[0] and "does not accept what was asked" in errors[0]
    page.wait_for_selector(".js-plotly-plot .scatterlayer .point")
    for point in page.locator(".js-plotly-plot .scatterlayer .point").all()[:2]:
        point.scroll_into_view_if_needed()
        point.hover(force=True)
        page.wait_for_timeout(300)
    hover = page.locator(".hoverlayer:has(text)")
    assert "<script>window.pwned = 1</" in hover.text_content() and hover.locator("a").count() == 0
    page.screenshot(path=str(tmp_path / "hover.png"))
    for button in page.locator(".labkit-error summary").all():
        button.click()
    idle(page)
    page.wait_for_timeout(500)
    assert page.evaluate("() => window.pwned") is None
    assert page.external == []
    assert page.evaluate(ACTING) == []
    shown = page.evaluate(RAW)
    # It is there, sign by sign, and what cannot be seen is spelled out.
    assert shown.count("<script>window.pwned = 1</script>") >= 10
    for sign in ("\\x1b[31mred", "\\u202egnp.exe", "\\u200bzero", "\\x00nul"):
        assert shown.count(sign) >= 10
    assert not set(shown) & set("\x1b\u202e\u200b\x00")
    assert page.locator(".jp-Cell:visible").count() >= len(CELLS)
    assert page.evaluate(WIDE) == []
    panel = page.locator(".labkit-text").first
    panel.scroll_into_view_if_needed()
    page.screenshot(path=str(tmp_path / "panel.png"))
    assert [said for said in page.complaints if "page error" in said] == []
