"""The glossary: every word is used, every link leads to a heading, and the page says what the data say."""

import re

import nbformat
import pytest

from labkit import glossary
from labkit.glossary import Definition, Section, Term, anchor, define, load, page, sections, terms, uses


def cells(path):
    """Return the prose of a notebook by the names that JupyterLab gives to its cells."""
    found = nbformat.read(path, as_version=4).cells
    return {f"cell-id={cell.id}": cell.source for cell in found if cell.cell_type == "markdown"}


def test_every_term_is_used_somewhere():
    assert [term.name for term in terms() if not uses(term)] == []
    assert 60 <= len(terms()) <= 110


def test_definitions_are_short_and_do_not_begin_with_the_word():
    for term in terms():
        assert 3 <= len(term.definition.split()) <= 30, term.name
        assert not term.definition.lower().startswith((term.name.lower(), f"a {term.name.lower()}")), term.name


def test_the_page_is_up_to_date(checkout):
    assert (checkout / "notebooks" / "glossary.md").read_text() == page(), "run `labkit readme`"


def test_every_link_of_the_page_leads_to_the_cell_with_its_heading(checkout):
    links = re.findall(r"\[((?:[^\]]|\](?!\())+)\]\(([^)#]+)#([^)]+)\)", page())
    assert len(links) > 200
    for words, file, fragment in links:
        headings = re.findall(
            r"^##+ (?:\d+\. )?(.+?)\s*$", cells(checkout / "notebooks" / file)[fragment], re.MULTILINE
        )
        assert words in headings, (file, fragment)


def test_a_letter_leads_to_a_heading_that_github_and_jupyterlab_name_alike():
    headings = re.findall(r"^### (.+)$", page(), re.MULTILINE)
    letters = re.findall(r"\]\(#([^)]+)\)", page())
    assert len(letters) > 15
    for fragment in letters:
        assert fragment in {anchor(heading) for heading in headings if anchor(heading) == heading.replace(" ", "-")}


def test_names_and_anchors_are_given_once():
    forms = [form.lower() for term in terms() for form in (term.name, *term.synonyms)]
    assert len(set(forms)) == len(forms)
    assert len({term.anchor for term in terms()}) == len(terms())


def test_a_word_is_looked_up_in_any_case_and_by_synonyms():
    assert define("Regret").term.name == "regret"
    assert define("FedAvg").term == define("federated learning").term
    shown = define("regret")._repr_mimebundle_()
    assert "15_distributed_bandits.ipynb#cell-id=" in shown["text/html"]
    assert shown["text/plain"].startswith("regret: What is lost against always taking the best option.")


def test_a_heading_is_shown_as_it_stands_and_not_as_markup():
    there = Section("91_x.ipynb", "91 <i>", "1. a < b & c", "", "here")
    shown = Definition(Term("walk", "A way."), (there,))
    assert "91 &lt;i&gt;" in shown.html
    assert '">a &lt; b &amp; c</a>' in shown.html
    assert repr(Definition(Term("walk", "A way."), ())) == "walk: A way."


def test_an_unknown_word_is_told_its_neighbours():
    with pytest.raises(ValueError, match=r"'regrets it' is not in the glossary.*regret"):
        define("regrets it")


def test_a_word_is_found_as_a_whole_and_in_the_plural():
    walk = Term("walk", "A way.", ("stroll",))
    assert walk.used_in("Two walks.")
    assert walk.used_in("A Stroll")
    assert not walk.used_in("walking on a sidewalk, a walk-in")


def test_sections_are_those_of_the_notebooks():
    found = {section.file for section in sections()}
    assert "00_start_here.ipynb" in found
    assert "12_debate.ipynb" in found
    assert all(section.heading and section.title[:2].isdigit() for section in sections())


def test_an_output_cannot_begin_a_section(tmp_path, monkeypatch):
    (tmp_path / "notebooks").mkdir()
    output = nbformat.v4.new_output("display_data", data={"text/plain": "## Not a heading\nregret"})
    play = nbformat.v4.new_markdown_cell("# A title\n\n## Play")
    code = nbformat.v4.new_code_cell("1", outputs=[output])
    nbformat.write(nbformat.v4.new_notebook(cells=[play, code]), tmp_path / "notebooks" / "91_x.ipynb")
    monkeypatch.setattr(glossary, "home", lambda: tmp_path)
    (section,) = sections()
    assert (section.title, section.heading, section.address) == ("91 A title", "Play", f"91_x.ipynb#cell-id={play.id}")
    assert define("regret").sections == (section,)


def test_an_entry_that_is_shown_is_no_use_of_its_word():
    assert "00_start_here.ipynb" not in {section.file for section in define("regret").sections}


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("walk,No full stop,", "row 1"),
        ("walk,A way.", "row 1: it has 2 values"),
        ("walk,A way.,\nstroll,A way.,walk", "row 2: 'walk' stands in row 1 already"),
    ],
)
def test_a_bad_row_is_refused_in_words(tmp_path, rows, words):
    path = tmp_path / "glossary.csv"
    path.write_text(f"term,definition,synonyms\n{rows}\n")
    with pytest.raises(ValueError, match=words):
        load(path)


def test_other_columns_are_refused(tmp_path):
    path = tmp_path / "glossary.csv"
    path.write_text("word,meaning\n")
    with pytest.raises(ValueError, match="allowed are .'term', 'definition', 'synonyms'"):
        load(path)
