"""The atlas: every paper has its place, filters find what they should, and choosing shows the right card."""

from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path

import pytest

from labkit import curriculum, theme
from labkit.atlas import Filter, atlas, matches, picture, table_of_lessons, table_of_paths
from labkit.atlas._card import card
from labkit.atlas._picture import spots
from labkit.papers import papers, verdicts


def _by_id(name: str):
    return next(paper for paper in papers() if paper.id == name)


def test_every_paper_has_a_place_of_its_own() -> None:
    places = [(x, y) for _, x, y in spots()]
    assert len(places) == len(set(places)) == 119
    assert all(0 <= x <= 6 for x, _ in places)
    marked = [row[0] for trace in picture().data if trace.customdata is not None for row in trace.customdata]
    assert sorted(marked) == [paper.id for paper in papers()]


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        (Filter(), 119),
        (Filter(words="s037"), 1),
        (Filter(words="Emergent  COLLECTIVE"), 1),
        (Filter(kind="benchmark"), 6),
        (Filter(cpu_feasible="concept"), 10),
        (Filter(family="bandits", kind="mechanism"), 3),
        (Filter(words="no such thing at all"), 0),
    ],
)
def test_filters_find_what_they_should(wanted: Filter, count: int) -> None:
    assert len(matches(wanted)) == count


def test_what_is_not_found_fades_and_the_sentence_counts() -> None:
    found = matches(Filter(kind="survey"))
    drawn = picture(found, found[0])
    bright = Counter(
        trace.name for trace in drawn.data if trace.customdata is not None for o in trace.marker.opacity if o == 1
    )
    assert bright == {"survey": 18}
    assert theme.description(drawn).startswith("18 of 119 papers (18 surveys) belong to")
    assert theme.description(picture(())) == "None of the 119 papers matches."


def test_the_panel_searches_selects_and_resets() -> None:
    panel = atlas()
    panel.words.value = "bandit"
    assert len(panel.list.options) == len(panel.found) == 4
    assert "4 of 119" in panel.caption.value
    panel.list.value = "S011"
    assert panel.selected is _by_id("S011")
    assert "S011" in panel.card.outputs[0]["data"]["text/html"]
    panel.words.value = "sketch"
    assert panel.selected is panel.found[0]
    panel.select(_by_id("S011"))
    panel.reset.click()
    assert len(panel.found) == 119
    assert panel.list.value == "S011"
    assert panel.search(family="debate", kind="mechanism") == matches(Filter(family="debate", kind="mechanism"))


def test_a_click_on_a_mark_chooses_its_paper() -> None:
    panel = atlas()
    trace = next(
        trace
        for trace in panel.figure.data
        if trace.customdata is not None and ["S008"] in [list(row) for row in trace.customdata]
    )
    place = [row[0] for row in trace.customdata].index("S008")
    panel._clicked(trace, type("Points", (), {"point_inds": [place]})(), None)
    assert panel.selected is _by_id("S008")
    ring = next(trace for trace in panel.figure.data if trace.meta == "ring")
    assert (ring.x[0], ring.y[0]) == next((x, y) for paper, x, y in spots() if paper.id == "S008")


def test_saved_without_a_kernel_it_is_a_figure_with_a_description(monkeypatch: pytest.MonkeyPatch) -> None:
    panel = atlas()
    kind = "application/vnd.plotly.v1+json"
    assert kind not in panel._repr_mimebundle_()
    monkeypatch.setenv("LABKIT_SAVE", "1")
    assert panel._repr_mimebundle_()[kind]["layout"]["meta"]["description"].startswith("All 119 papers")


def test_a_card_escapes_and_links_only_what_exists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curriculum, "home", lambda: tmp_path)
    odd = dataclasses.replace(_by_id("S037"), title="<script>", claim="<img src=x>", family="'\"<b>")
    shown = card(odd)
    assert "<script" not in shown
    assert "<img" not in shown
    assert "(to come)" in shown
    assert "href" not in shown
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / odd.lesson.file).write_text('{"cells": []}', encoding="utf-8")
    assert "href='11_stigmergic_memory.ipynb'" in card(odd)


def test_a_long_list_of_verdicts_waits_behind_its_counts() -> None:
    many, few = _by_id("S002"), _by_id("S014")
    found = verdicts(many)
    reproduced = sum(measured.verdict.word == "reproduced" for measured in found)
    shown = card(many)
    assert f"<summary>{len(found)} claims: " in shown
    assert f"✓ {reproduced} reproduced" in shown
    assert shown.count("<li>") == len(found)
    assert "<details" not in card(few) and card(few).count("<li>") == len(verdicts(few)) > 0


def test_tables_link_what_exists_and_mark_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curriculum, "home", lambda: tmp_path)
    assert "](" not in table_of_lessons().markdown + table_of_paths().markdown
    (tmp_path / "notebooks").mkdir()
    source = '{"cells": [{"source": ["Takes 60 minutes."]}]}'
    (tmp_path / "notebooks" / "11_stigmergic_memory.ipynb").write_text(source, encoding="utf-8")
    lessons, learning = table_of_lessons(), table_of_paths()
    assert len(lessons.rows) == 36
    assert lessons.markdown.count("](11_stigmergic_memory.ipynb)") == 1
    assert lessons.rows[0][-1] == "60"
    assert "1 of 36 lessons is ready" in lessons.caption
    assert "60 (1 of 5 ready)" in learning.markdown
    assert "](" not in repr(learning)
