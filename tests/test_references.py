"""Cite this: what is on record is cited, what is not is not invented."""

import re

import pytest
import yaml

from labkit.curriculum import lesson, lessons, prose
from labkit.papers import cite, papers, status
from labkit.references import NOT_ON_RECORD, Citation, Entry, citation_file, load, references

READY = [each for each in lessons() if each.exists]


@pytest.mark.parametrize("each", READY, ids=lambda each: each.stem)
def test_a_lesson_cites_its_main_paper_the_others_it_treats_and_the_kit(each):
    found = cite(each.stem)
    treated = [paper for paper in papers() if paper.lesson == each and status(paper) == "runs today"]
    assert len(found.entries) == len(treated) + 1
    main = next(paper for paper in treated if paper.role == "main")
    assert main.title in found.entries[0].line
    assert found.entries[-1].bibtex.startswith("@software{labkit,")
    assert NOT_ON_RECORD not in found.text


def test_a_paper_is_cited_by_its_id():
    line, bibtex = cite("S037").entries[0].line, cite("S037").entries[0].bibtex
    assert line == (
        "Khushiyant (2025). Emergent Collective Memory in Decentralized Multi-Agent AI Systems. "
        "https://arxiv.org/abs/2512.10166"
    )
    assert bibtex.splitlines() == [
        "@misc{khushiyant2025emergent,",
        "  author = {Khushiyant},",
        "  title = {{Emergent Collective Memory in Decentralized Multi-Agent AI Systems}},",
        "  year = {2025},",
        "  eprint = {2512.10166},",
        "  archivePrefix = {arXiv},",
        "  url = {https://arxiv.org/abs/2512.10166},",
        "}",
    ]


def test_without_a_record_the_title_is_cited_and_no_author_is_made_up():
    unknown = next(paper for paper in papers() if paper.id not in references())
    entry = cite(unknown.id).entries[0]
    assert entry.line == f"{NOT_ON_RECORD}. {unknown.title}"
    assert "author =" not in entry.bibtex
    assert unknown.id in entry.bibtex


def test_every_entry_is_bibtex_with_balanced_braces_and_a_key_of_its_own():
    entries = {paper.id: cite(paper.id).entries[0].bibtex for paper in papers()}
    keys = [re.match(r"@\w+\{(\w+),\n", text)[1] for text in entries.values()]
    assert len(set(keys)) == len(keys)
    for text in entries.values():
        assert text.count("{") == text.count("}")
        assert not re.search(r"(?<!\\)[&%#]", text)


def test_the_kit_is_cited_as_its_citation_file_says(checkout):
    truth = yaml.safe_load((checkout / "CITATION.cff").read_text())
    read = citation_file((checkout / "CITATION.cff").read_text())
    assert read["authors"] == " and ".join(author["name"] for author in truth["authors"])
    for name in ("title", "version", "license", "repository-code", "message"):
        assert read[name] == str(truth[name])
    (kit,) = cite().entries
    assert all(read[name] in kit.bibtex for name in ("authors", "title", "version", "license", "repository-code"))
    assert read["title"] in kit.line


def test_what_is_said_to_stand_in_a_first_cell_stands_there():
    for name, known in references().items():
        text = prose(next(paper for paper in papers() if paper.id == name).lesson.path)
        if known.read_in == "the lesson's first cell":
            assert all(author in text for author in known.authors), name
        if known.read_in.startswith("the lesson's first cell"):
            opening = text.partition("**Runs on.**")[0]
            assert str(known.year) in opening, name
            assert known.arxiv in opening or "address in" in known.read_in, name


def test_every_paper_of_a_lesson_that_exists_is_on_record():
    wanted = {paper.id for paper in papers() if paper.lesson.exists and status(paper) == "runs today"}
    assert wanted <= set(references())


@pytest.mark.parametrize("name", ["S000", "S120", "telepathy"])
def test_an_unknown_name_is_refused_in_words(name):
    with pytest.raises(ValueError, match=f"there is no (paper|lesson) '{name}'"):
        cite(name)


def test_it_is_shown_escaped_and_selected_by_one_click():
    shown = Citation((Entry("A & <B>", "@misc{x,\n}"),))._repr_mimebundle_()
    assert "A &amp; &lt;B&gt;" in shown["text/html"]
    assert shown["text/html"].count("user-select: all") >= 2
    assert shown["text/plain"] == "A & <B>\n\n@misc{x,\n}"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("S999,A,2020,2001.00001,here", "id = 'S999' is no paper"),
        ("S001,A,20,2001.00001,here", "year = '20': allowed is a year"),
        ("S001,A,2020,arXiv,here", "arxiv = 'arXiv': allowed is a number such as"),
        ("S001,,2020,2001.00001,here", "may not be empty"),
        ("S001,A,2020", "it has 3 values"),
        ("S001,A,2020,2001.00001,here\nS001,A,2020,2001.00001,here", "row 2: S001 stands there twice"),
    ],
)
def test_a_bad_row_is_refused_in_words(tmp_path, row, words):
    path = tmp_path / "references.csv"
    path.write_text(f"id,authors,year,arxiv,read_in\n{row}\n")
    with pytest.raises(ValueError, match=words):
        load(path)


def test_other_columns_are_refused(tmp_path):
    path = tmp_path / "references.csv"
    path.write_text("id,authors\n")
    with pytest.raises(ValueError, match="the columns are"):
        load(path)


def test_a_lesson_may_be_spelt_both_ways():
    assert cite("token-walks").text == cite("token_walks").text
    assert lesson("token_walks").exists
