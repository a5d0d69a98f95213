"""The site's parts: formulas, links, frames, escaping, and the page that comes of them. No notebook is executed."""

import json
import re

import nbformat
import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pages import patched, unpack
from slope import slope_panel

from labkit import theme
from labkit.cli import main
from labkit.explore import Readings
from labkit.mechanisms.debate import Urn
from labkit.rendering import formula
from labkit.site import _hand, build, dead_links
from labkit.site._ask import ASKING, ask
from labkit.site._build import check, look
from labkit.site._cells import pieces
from labkit.site._encode import bare, changes, pack, rounded
from labkit.site._hand import HANDED, hand_over_answer, handed, panel_handed
from labkit.site._links import Places, live
from labkit.site._pages import page_of_document, page_of_notebook
from labkit.site._prose import Prose
from labkit.teach import Bet, Exercise, Feedback, NumberBet, place

HOSTILE = "<img src=x onerror=alert(1)></script><script>alert(2)</script>"
PLACES = Places(frozenset({"12_debate.ipynb", "glossary.md"}))


@pytest.fixture(scope="module")
def panel():
    return slope_panel()


# ------------------------------------------------------------------------------------------------ formulas


@pytest.mark.parametrize("tex", [r"\frac{\ln 2}{-\ln g}", r"C(N) = \min\bigl(2,\; 1 + 0.3\bigr)", r"\binom{n}{k}"])
def test_a_formula_becomes_mathml_without_a_rest_of_latex(tex):
    made = formula(tex, block=True)
    assert made.startswith("<math") and 'display="block"' in made
    assert "\\" not in made


@pytest.mark.parametrize("tex", [r"\unheardof{x}", r"a \also b", r"\left( x"])
def test_a_formula_that_does_not_convert_is_named(tex):
    with pytest.raises(ValueError, match="does not convert") as failure:
        formula(tex)
    assert repr(tex) in str(failure.value)


def test_the_error_names_notebook_and_cell():
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(t) for t in ("# Fine", r"$\unheardof$")])
    with pytest.raises(ValueError, match=r"12_debate\.ipynb, cell 1: .*unheardof"):
        pieces(notebook, Prose(PLACES), "12_debate.ipynb")


# --------------------------------------------------------------------------------------------------- links


@pytest.mark.parametrize(
    ("written", "leads"),
    [
        ("12_debate.ipynb", "12_debate.html"),
        ("glossary.md#condorcet-jury", "glossary.html#condorcet-jury"),
        ("#4.-Play", "#4.-Play"),
        ("https://arxiv.org/abs/1", "https://arxiv.org/abs/1"),
        ("14_sketching.ipynb", "https://github.com/labkit-notebooks/labkit/blob/main/notebooks/14_sketching.ipynb"),
        ("../labkit/seeds.py", "https://github.com/labkit-notebooks/labkit/blob/main/labkit/seeds.py"),
        ("../data", "https://github.com/labkit-notebooks/labkit/tree/main/data"),
    ],
)
def test_a_link_leads_to_a_page_or_to_the_repository(written, leads):
    assert PLACES.lead(written) == leads
    assert f'href="{leads}"' in Prose(PLACES).render(f"[there]({written})")


def test_a_link_to_a_file_that_is_not_there_is_an_error():
    with pytest.raises(ValueError, match=r"notebooks/99_nothing\.ipynb, which is not there"):
        Prose(PLACES).render("[x](99_nothing.ipynb)")


def test_links_in_what_a_cell_shows_lead_to_pages_too():
    shown = """<a href="12_debate.ipynb#4.-Play">x</a><a href='14_sketching.ipynb'>y</a><a href="https://a.b/?c&amp;d">z</a>"""
    assert re.findall('href="(.*?)"', PLACES.led(shown)) == [
        "12_debate.html#4.-Play",
        "https://github.com/labkit-notebooks/labkit/blob/main/notebooks/14_sketching.ipynb",
        "https://a.b/?c&amp;d",
    ]
    output = nbformat.v4.new_output("display_data", data={"text/html": shown})
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x", outputs=[output])])
    assert "12_debate.html#4.-Play" in pieces(notebook, Prose(PLACES), "12_debate.ipynb")[-1].given["html"]


def test_a_heading_answers_to_both_of_its_names():
    prose = Prose(PLACES)
    made = prose.render("## 4. Play\n\n## 4. Play")
    assert all(made.count(f'id="{name}"') == 1 for name in ("4-play", "4.-Play", "4-play-1"))
    assert prose.headings[0] == (2, "4-play", "4. Play")


def test_a_notebook_is_opened_live_where_the_repository_is():
    assert live("12_debate.ipynb")["Colab"] == (
        "https://colab.research.google.com/github/labkit-notebooks/labkit/blob/main/notebooks/12_debate.ipynb"
    )


def test_dead_links_are_found(tmp_path):
    good = '<a href="b.html#there">x</a><a href="https://example.org/a">x</a><a href="mailto:a@b.c">x</a>'
    (tmp_path / "b.html").write_text('<p id="there"></p><a href="a.html">x</a><a href="#there">x</a>')
    (tmp_path / "a.html").write_text(good)
    assert dead_links(tmp_path) == []
    bad = ("c.html", "b.html#gone", "#gone", "https://nodots/x", "https://example.org/a b", "javascript:alert(1)")
    (tmp_path / "a.html").write_text("".join(f'<a href="{link}">x</a>' for link in bad))
    found = dead_links(tmp_path)
    assert len(found) == len(bad)
    assert all(link in fault for link, fault in zip(bad, found, strict=True))


def test_a_cell_is_linked_to_by_the_name_that_jupyterlab_gives_it(tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("## Play")])
    (piece,) = pieces(notebook, Prose(PLACES), "x.ipynb")
    address = PLACES.lead(f"12_debate.ipynb#cell-id={notebook.cells[0].id}")
    (tmp_path / "12_debate.html").write_text(piece.given["html"])
    (tmp_path / "glossary.html").write_text(f'<a href="{address}">x</a>')
    assert dead_links(tmp_path) == []


# -------------------------------------------------------------------------------------------------- frames

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=12,
)


def without_none(value):
    """What a figure looks like: a property without a value is left out."""
    if isinstance(value, dict):
        return {key: without_none(each) for key, each in value.items() if each is not None}
    return [without_none(each) for each in value] if isinstance(value, list) else value


@given(old=json_values.map(without_none), new=json_values.map(without_none))
def test_what_differs_brings_back_the_other_figure(old, new):
    patch = json.loads(json.dumps(list(changes(old, new))))
    assert patched(old, patch) == new


def test_only_what_differs_is_kept():
    old = {"data": [{"x": [1, 2], "y": [3, 4]}, {"y": [5]}], "layout": {"title": {"text": "a"}}}
    new = {"data": [{"x": [1, 2], "y": [3, 9]}, {"y": [5]}], "layout": {"title": {"text": "b"}}}
    assert list(changes(old, new)) == [(["data", 0, "y"], [3, 9]), (["layout", "title", "text"], "b")]


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=30))
def test_rounding_is_not_to_be_seen(numbers):
    span = max(numbers) - min(numbers)
    for before, after in zip(numbers, rounded(numbers), strict=True):
        assert abs(before - after) <= 1e-3 * max(span, 0) + 1e-3 * abs(before) * (span == 0)
        assert abs(before - after) <= 1e-3 * abs(before)


def test_numbers_far_from_nought_keep_what_tells_them_apart():
    assert rounded([10000.123456, 10000.5, 10001.0]) == [10000.1235, 10000.5, 10001]
    assert rounded([0.00012345678, 3, None, float("nan")]) == [0.0001235, 3, None, None]


def test_packed_arrays_are_opened_and_the_shared_template_is_left_out():
    grid = go.Figure(go.Heatmap(z=np.array([[1.00001, 2.0], [3.0, 4.0]])), layout={"template": "labkit"})
    made = bare(grid)
    assert made["data"][0]["z"] == [[1, 2], [3, 4]]
    assert "template" not in made["layout"]
    assert look()["template"]["layout"]["font"]["color"] == theme.INK


def test_packing_is_undone_and_gives_the_same_text_each_time():
    value = {"words": "größer", "numbers": [1, None, 2.5]}
    assert unpack(pack(value)) == value
    assert pack(value) == pack(value)


def test_the_page_gets_the_frames_of_a_panel(panel):
    given_ = panel_handed(panel, 60)
    (view,) = given_["views"]
    (figures,) = unpack(given_["packed"])
    assert [each["name"] for each in view["controls"]] == ["rise", "bent", "seed"]
    stands = view["controls"][0]["positions"]
    shown = patched(figures["base"], figures["moved"][f"0.{stands.index('3.5')}"])
    assert shown["data"][0]["y"] == [0, 3.5, 7, 10.5, 14]
    assert "14 metres" in shown["layout"]["meta"]["description"]
    assert patched(figures["base"], figures["moved"][f"0.{stands.index('4')}"]) == {"words": "too steep"}


# ------------------------------------------------------------------------------- what is handed over, escaped


def page_of(things, tmp_path):
    """Return the page of a notebook whose cells show `things`."""
    cells = [nbformat.v4.new_markdown_cell("# Title\n\n**Question.** Why?\n\n**Time.** 5 minutes")]
    for thing in things:
        cell = nbformat.v4.new_code_cell("thing")
        cell.outputs = [nbformat.v4.new_output("display_data", data={HANDED: json.loads(json.dumps(handed(thing)))})]
        cells.append(cell)
    path = tmp_path / "12_debate.ipynb"
    notebook = nbformat.v4.new_notebook(cells=cells)
    nbformat.write(notebook, path)
    return page_of_notebook(path, notebook, PLACES.pages).html()


def test_what_a_model_wrote_stays_text_on_the_page(tmp_path):
    read = Readings({"question": range(2)}, lambda question: f"{HOSTILE}{question}")
    bet = Bet("a.b", f"{HOSTILE}?", options={"x": HOSTILE, "y": "no"}, replies={"x": "", "y": ""})
    exercise = Exercise("a.c", HOSTILE, Feedback.right, (HOSTILE,), Urn)
    made = page_of([read, place(bet), exercise], tmp_path)
    assert "<img" not in made and "alert(2)</script>" not in made
    assert made.count("&lt;img src=x onerror=alert(1)&gt;") >= 5
    packed = re.search(r'-data">([^<]+)</script>', made)
    assert unpack(packed[1])["texts"] == [f"{HOSTILE}0", f"{HOSTILE}1"]


def test_every_bet_that_can_be_placed_gets_its_reply(tmp_path, monkeypatch):
    shown = []
    monkeypatch.setattr(_hand, "_show", shown.append)
    bet = Bet(
        "a.b",
        "Up?",
        options={"x": "*up*", "y": "down"},
        replies={"x": lambda r: f"by {r}", "y": "no"},
        outcome=lambda r: "x",
    )
    hand_over_answer(bet, 3)
    (answer,) = shown
    assert (answer["happened"], answer["chosen"]) == ("<i>up</i>", True)
    assert [(each["choice"], each["right"]) for each in answer["replies"]] == [("x", True), ("y", False)]
    assert "by 3" in answer["replies"][0]["html"]


def test_a_bet_that_is_a_number_is_answered_by_where_it_lies(tmp_path, monkeypatch):
    replies = {band: lambda result, band=band: f"{band} beside {result}" for band in ("low", "near", "high")}
    bet = NumberBet("a.n", "How many?", low=0, high=10, tolerance=1, outcome=float, replies=replies)
    shown = []
    monkeypatch.setattr(_hand, "_show", shown.append)
    hand_over_answer(bet, 7)
    assert shown[0]["happened"] == "7" and not shown[0]["chosen"]
    assert [each["label"] for each in shown[0]["replies"]] == ["too low", "near", "too high"]
    assert "high beside 7" in shown[0]["replies"][2]["html"]
    assert handed(place(bet))["options"] == []


def test_an_exercise_shows_hints_before_its_solution(tmp_path):
    exercise = Exercise("a.c", "How many?", Feedback.right, ("Think.", "Count."), lambda: 3)
    made = page_of([exercise], tmp_path)
    places = [
        made.index(words) for words in ("How many?", "Hint 1 of 2", "Count.", "Worked solution", "checks your answer")
    ]
    assert places == sorted(places)
    assert handed(Feedback.right("yes")) is None


def test_cells_that_ask_stand_after_what_shows_something():
    sources = ["x = 1", "lesson.panel()", "run = 1\nanswer(lesson.BET, run)", "%magic", "print(1);x"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    ask(notebook, 60)
    asked = [cell.source.splitlines()[-1] for cell in notebook.cells if ASKING in cell.metadata]
    thing = "labkit.site.hand_over(Out.get(len(In) - 2), 60)"
    assert asked == [thing, "labkit.site.hand_over_answer(lesson.BET, run)", thing]


# --------------------------------------------------------------------------------------- pages and the whole


def test_a_document_becomes_a_page(tmp_path):
    path = tmp_path / "glossary.md"
    path.write_text("# Words\n\n## Jury\n\nA [debate](12_debate.ipynb), $p > 1/2$.\n", encoding="utf-8")
    made = page_of_document(path, PLACES.pages)
    assert (made.title, made.file, made.sections) == ("Words", "glossary.html", [(2, "jury", "Jury")])
    assert '<a href="12_debate.html">' in made.html() and "<math" in made.html()


def test_what_is_too_large_or_leads_nowhere_is_refused(tmp_path):
    (tmp_path / "a.html").write_text(" " * 3_000_001)
    with pytest.raises(ValueError, match=r"a\.html has 3000001 bytes: allowed are 3000000"):
        check(tmp_path)
    (tmp_path / "a.html").write_text('<a href="gone.html">x</a>')
    with pytest.raises(ValueError, match=r"lead nowhere: a\.html: 'gone\.html'"):
        check(tmp_path)


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(ValueError, match="holds no site"):
        build(tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"
    with pytest.raises(FileNotFoundError, match="there is no notebook"):
        build(tmp_path / "new", [tmp_path / "nothing.ipynb"])


def test_the_command_says_what_is_wrong(tmp_path, capsys):
    assert main(["site", "--out", str(tmp_path / "site"), str(tmp_path / "nothing.ipynb")]) == 2
    assert "labkit site: there is no notebook" in capsys.readouterr().err
