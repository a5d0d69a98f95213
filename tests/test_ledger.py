"""Claims are declared first, judged by the numbers alone, recorded at full budget and checked at quick."""

from __future__ import annotations

import csv
import dataclasses
import math
import sys
import textwrap
import types

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import labkit
import labkit.claims
from labkit import ledger
from labkit.ledger import (
    Claim,
    Measured,
    check_against_record,
    claim,
    judge,
    measure,
    measure_all,
    record,
    recorded,
    render,
)
from labkit.stats import Estimate, exact

NUMBERS = st.integers(-40, 40).map(float)


def at(low, high):
    return Estimate((low + high) / 2, low, high, 30, "by hand")


def declared(**kwargs):
    return Claim("key", "what it says", "abstract", **kwargs)


@st.composite
def claims(draw):
    paper_value = draw(st.none() | NUMBERS)
    tolerance = draw(st.integers(1, 20)) if paper_value is not None or draw(st.booleans()) else None
    side = draw(st.sampled_from(["above", "below"]))
    holds_if = f"{side} {draw(NUMBERS):g}" if paper_value is None or draw(st.booleans()) else ""
    try:
        return declared(paper_value=paper_value, tolerance=tolerance, holds_if=holds_if)
    except ValueError:
        assume(False)


INTERVALS = st.tuples(NUMBERS, NUMBERS).map(lambda ends: at(min(ends), max(ends)))


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [
        (60, 75, "reproduced"),  # 68.7 within 10, above 0
        (58.7, 78.7, "reproduced"),
        (68.7, 68.7, "reproduced"),
        (40, 50, "qualitative"),
        (20, 55, "qualitative"),  # wide, but decided: right sign, wrong size
        (55, 60, "qualitative"),  # narrow, across the edge of the tolerance
        (40, 65, "undecided"),  # wide, and reaches into the tolerance
        (-10, 90, "undecided"),
        (-10, 30, "undecided"),  # wide, and on both sides of 0
        (-5, 3, "not reproduced"),  # narrow, and on both sides of 0
        (-60, -1, "not reproduced"),
        (-60, 0, "not reproduced"),
        (0, 5, "not reproduced"),
        (-math.inf, math.inf, "undecided"),
    ],
)
def test_the_verdict_on_a_number_with_a_sign(low, high, word):
    estimate = Estimate(min(max(low, -1e9), high), low, high, 30, "by hand")
    assert judge(declared(paper_value=68.7, tolerance=10, holds_if="above 0", unit="%"), estimate).word == word


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [
        (0.2, 0.25, "reproduced"),
        (0.3, 0.31, "not reproduced"),
        (0.2, 0.4, "undecided"),
        (0.5, 0.9, "not reproduced"),
        (0.26, 0.29, "undecided"),  # narrow, across the edge of the tolerance
    ],
)
def test_the_verdict_on_a_number_alone(low, high, word):
    assert judge(declared(paper_value=0.23, tolerance=0.05), at(low, high)).word == word


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [(1, 9, "qualitative"), (-9, -1, "not reproduced"), (-1, 9, "undecided"), (0, 0, "not reproduced")],
)
def test_the_verdict_on_a_sign_alone(low, high, word):
    assert judge(declared(holds_if="above 0"), at(low, high)).word == word
    assert judge(declared(holds_if="below 0"), at(-high, -low)).word == word


def test_what_is_missing_is_not_testable():
    verdict = judge(declared(paper_value=0.9, missing="the paper's code"), None)
    assert (verdict.word, verdict.why, str(verdict)) == ("not testable", "the paper's code", "– not testable")


@given(claims(), INTERVALS)
def test_exactly_one_verdict_applies_with_a_reason_and_a_sign_of_its_own(claim, estimate):
    verdict = judge(claim, estimate)
    low, high = claim.region
    within = claim.band is not None and claim.band[0] <= estimate.low <= estimate.high <= claim.band[1]
    assert (verdict.word == "reproduced") == within
    if verdict.word == "qualitative":
        assert claim.holds_if and low < estimate.low and estimate.high < high
    if verdict.word == "undecided":
        assert claim.tolerance is None or estimate.high - estimate.low > claim.tolerance
    if verdict.word == "not reproduced" and claim.holds_if:
        assert not (low < estimate.low and estimate.high < high)
    assert verdict.word != "not testable"
    assert verdict.why and verdict.symbol in str(verdict)


@given(claims(), INTERVALS, st.floats(0, 1), st.floats(0, 1))
def test_measuring_more_never_takes_back_what_was_shown(claim, wide, left, right):
    left, right = sorted((left, right))
    width = wide.high - wide.low
    low, high = wide.low + left * width, wide.low + right * width
    narrow = at(low, max(low, min(high, wide.high)))
    before, after = judge(claim, wide).word, judge(claim, narrow).word
    if before == "reproduced":
        assert after == "reproduced"
    if before == "qualitative":
        assert after in ("qualitative", "reproduced")
    if before == "not reproduced" and claim.tolerance is not None and width > claim.tolerance:
        assert after == "not reproduced"


@given(claims(), st.floats(-50, 50))
def test_an_exact_number_is_never_undecided_where_a_tolerance_is_declared(claim, value):
    assume(claim.tolerance is not None)
    assert judge(claim, exact(value)).word != "undecided"


@given(claims(), INTERVALS, st.integers(1, 10))
def test_a_wider_tolerance_never_loses_a_reproduction(claim, estimate, more):
    assume(claim.band is not None)
    try:
        wider = dataclasses.replace(claim, tolerance=claim.tolerance + more)
    except ValueError:
        assume(False)
    if judge(claim, estimate).word == "reproduced":
        assert judge(wider, estimate).word == "reproduced"


@given(claims(), INTERVALS)
def test_the_unit_and_the_orientation_do_not_matter(claim, estimate):
    side, _, number = claim.holds_if.partition(" ")
    mirrored = dataclasses.replace(
        claim,
        paper_value=None if claim.paper_value is None else -claim.paper_value,
        holds_if=f"{'below' if side == 'above' else 'above'} {-float(number):g}" if side else "",
    )
    assert judge(mirrored, estimate.scaled(-1)).word == judge(claim, estimate).word


@pytest.mark.parametrize(
    ("kwargs", "words"),
    [
        ({}, "declare paper_value, holds_if or missing"),
        ({"paper_value": 1.0}, "paper_value needs a tolerance"),
        ({"paper_value": 1.0, "tolerance": 0}, "tolerance = 0: allowed is a number above 0"),
        ({"paper_value": 1.0, "tolerance": -1}, "above 0"),
        ({"paper_value": math.nan, "tolerance": 1}, "paper_value = nan: allowed is a finite number"),
        ({"paper_value": 1.0, "tolerance": math.inf}, "tolerance = inf"),
        ({"holds_if": "over 0"}, "holds_if = 'over 0': allowed is 'above X' or 'below X'"),
        ({"holds_if": "above nought"}, "allowed is 'above X'"),
        ({"holds_if": "above nan"}, "allowed is 'above X'"),
        ({"paper_value": 5.8, "tolerance": 10, "holds_if": "above 0"}, "values that are not above 0; narrow it"),
        ({"missing": "code", "measure": lambda budget, seed: exact(1)}, "not both"),
    ],
)
def test_a_declaration_that_cannot_be_judged_is_refused(kwargs, words):
    with pytest.raises(ValueError, match=f"claim 'key': .*{words}"):
        declared(**kwargs)
    for empty in ({"key": " "}, {"statement": ""}, {"read_in": ""}):
        with pytest.raises(ValueError, match="is empty"):
            Claim(**{"key": "k", "statement": "s", "read_in": "r", "holds_if": "above 0", **empty})


CLAIMS = """
    from pathlib import Path
    import numpy as np
    from labkit.ledger import Claim, claim
    from labkit.stats import exact, mean_interval

    LOG = Path(__file__).with_name("log")

    def log(key):
        with LOG.open("a") as file:
            file.write(key + " ")

    @claim(
        "zeta", statement="more <b>than</b> | none", read_in="abstract",
        paper_value=68.7, tolerance=10, holds_if="above 0", unit="%",
    )
    def zeta(budget, seed):
        log("zeta")
        return mean_interval(np.random.default_rng(seed).normal(68, 1, {"quick": 10, "full": 1000}[budget]))

    @claim("alpha", statement="a third", read_in="derived here", paper_value=1 / 3, tolerance=1e-6)
    def alpha(budget, seed):
        log("alpha")
        return exact(1 / 3)

    code = Claim("code", "the code says so", "third party's notes", paper_value=0.9, missing="the paper's code")
"""
BROKEN = """
    from labkit.ledger import claim
    from labkit.stats import exact

    @claim("crash", statement="one by nought", read_in="abstract", holds_if="above 0")
    def crash(budget, seed):
        return exact(1 / 0)

    @claim("wrong", statement="no estimate", read_in="abstract", holds_if="above 0")
    def wrong(budget, seed):
        return 3.0

    @claim("fine", statement="two", read_in="abstract", holds_if="above 0")
    def fine(budget, seed):
        return exact(2.0)
"""


@pytest.fixture
def wing(tmp_path, monkeypatch):
    """A wing of claims of its own, with its own record."""
    folder = tmp_path / "claims"
    folder.mkdir()
    (folder / "pond.py").write_text(textwrap.dedent(CLAIMS))
    (folder / "swamp.py").write_text(textwrap.dedent(BROKEN))
    (folder / "_helper.py").write_text("")
    monkeypatch.setattr(labkit.claims, "__path__", [str(folder)])
    monkeypatch.setattr(ledger._record, "data_path", lambda name: tmp_path / name)
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    forget(monkeypatch)
    yield folder
    forget(monkeypatch)


def forget(monkeypatch):
    import sys

    for stem in ("pond", "swamp"):
        monkeypatch.delitem(sys.modules, f"labkit.claims.{stem}", raising=False)
        if hasattr(labkit.claims, stem):
            monkeypatch.delattr(labkit.claims, stem)


def test_claims_are_found_on_disk_in_the_order_of_declaration(wing):
    assert ledger.stems() == ("pond", "swamp")
    assert [(found.stem, found.key) for found in ledger.claims_of("pond")] == [
        ("pond", "zeta"),
        ("pond", "alpha"),
        ("pond", "code"),
    ]
    with pytest.raises(ValueError, match="no claims for 'moor'; there are claims for pond, swamp"):
        ledger.claims_of("moor")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a = Claim('k', 's', 'r', missing='m')\nb = Claim('k', 's', 'r', missing='m')", "'k' is used twice"),
        ("a = Claim('k', 's', 'r', holds_if='above 0')", "neither a measurement nor what is missing"),
    ],
)
def test_claims_that_cannot_be_told_apart_or_measured_are_refused(wing, text, words):
    (wing / "pond.py").write_text(f"from labkit.ledger import Claim\n{text}\n")
    with pytest.raises(ValueError, match=f"claims of pond: .*{words}"):
        ledger.claims_of("pond")


def test_a_measurement_says_how_it_was_obtained(wing):
    zeta, _, code = ledger.claims_of("pond")
    found = measure(zeta, "quick", 3)
    assert found.verdict.word == "reproduced" and found.estimate.n == 10
    assert (found.budget, found.seed, found.labkit, found.numpy) == ("quick", 3, labkit.__version__, np.__version__)
    assert found.seconds >= 0 and len(found.code) == 16
    assert measure(zeta, "quick", 3).estimate == found.estimate != measure(zeta, "quick", 4).estimate
    assert measure(code).verdict.word == "not testable"
    for budget, seed in (("huge", 0), ("quick", -1), ("quick", 1.5), ("full", True)):
        with pytest.raises(ValueError, match="allowed is"):
            measure(zeta, budget, seed)


def test_quick_ones_are_measured_and_not_recorded(wing):
    found = measure_all(["pond"], progress=False)
    assert [result.verdict.word for result in found] == ["reproduced", "reproduced", "not testable"]
    assert recorded() == {}
    with pytest.raises(ValueError, match="'zeta' was measured at quick budget: only full ones are recorded"):
        record(found[0])


def test_a_claim_that_crashes_is_reported_and_the_others_go_on(wing):
    crash, wrong, fine = measure_all(["swamp"], "full", progress=False)
    assert crash.error.startswith("ZeroDivisionError: ") and "(swamp.py, line " in crash.error
    assert "'wrong' returned 3.0: allowed is an Estimate" in wrong.error
    assert fine.verdict.word == "qualitative"
    assert list(recorded()) == [("swamp", "fine")]
    with pytest.raises(ValueError, match="'crash' failed and cannot be recorded: ZeroDivisionError"):
        record(dataclasses.replace(crash))
    assert "! failed" in str(render("swamp", [crash])) and "ZeroDivisionError" in str(render("swamp", [crash]))


def test_the_record_brings_back_every_number_exactly(wing, tmp_path):
    found = measure_all(budget="full", seed=5, progress=False)
    known = recorded()
    assert list(known) == [("pond", "zeta"), ("pond", "alpha"), ("pond", "code"), ("swamp", "fine")]
    for result in found:
        if not result.error:
            back = known[result.claim.stem, result.claim.key]
            assert back == dataclasses.replace(result, claim=dataclasses.replace(result.claim, measure=None))
    with (tmp_path / "claims.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["verdict"] for row in rows] == ["reproduced", "reproduced", "not testable", "qualitative"]
    assert rows[1]["value"] == repr(1 / 3) and rows[2]["value"] == "" and rows[2]["why"] == "the paper's code"


def test_a_record_can_lie_elsewhere(tmp_path):
    @claim("k", statement="s", read_in="r", holds_if="above 0")
    def sample(budget, seed):
        return exact(1.0)

    record(measure(sample, "full"), tmp_path / "other.csv")
    assert list(recorded(tmp_path / "other.csv")) == [("", "k")]
    text = (tmp_path / "other.csv").read_text()
    (tmp_path / "other.csv").write_text(text.replace(",s,,,", ",s,inf,1,"))
    with pytest.raises(ValueError, match="'inf' is no finite number"):
        recorded(tmp_path / "other.csv")


def test_a_full_run_goes_on_where_it_was(wing):
    def measured_anew(**kwargs):
        (wing / "log").write_text("")
        measure_all(["pond"], "full", progress=False, **kwargs)
        return (wing / "log").read_text()

    zeta = ledger.claims_of("pond")[0]
    record(measure(zeta, "full", 0))
    assert measured_anew() == "alpha "
    assert measured_anew() == ""
    assert measured_anew(fresh=True) == "zeta alpha "
    assert measured_anew(seed=1) == "zeta alpha "
    assert measured_anew(seed=1) == ""


def test_a_changed_declaration_is_judged_anew_without_measuring_and_changed_code_is_measured(wing, monkeypatch):
    measure_all(["pond"], "full", progress=False)
    text = (wing / "pond.py").read_text()

    def rerun(text):
        (wing / "pond.py").write_text(text)
        (wing / "log").write_text("")
        forget(monkeypatch)
        results = measure_all(["pond"], "full", progress=False)
        return (wing / "log").read_text(), results[0].verdict.word, recorded()["pond", "zeta"].verdict.word

    assert rerun(text.replace("paper_value=68.7", "paper_value=20") + "# a comment\n") == (
        "",
        "qualitative",
        "qualitative",
    )
    assert rerun(text.replace("normal(68, 1", "normal(69, 1")) == ("zeta alpha ", "reproduced", "reproduced")


def test_a_claim_no_longer_declared_leaves_the_record(wing, monkeypatch):
    measure_all(budget="full", progress=False)
    text = (wing / "pond.py").read_text()
    (wing / "pond.py").write_text(text.replace('"alpha"', '"beta"'))
    forget(monkeypatch)
    measure_all(["pond"], "full", progress=False)
    assert list(recorded()) == [("pond", "zeta"), ("pond", "beta"), ("pond", "code"), ("swamp", "fine")]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("paper_value", "papervalue", "the columns are"),
        ("full", "quick", "row 1 .*only full measurements"),
        ("68.7", "heavy", r"row 1 \(pond, zeta\)"),
        ("0.3333333333333333,0.3333333333333333", "0.5,0.4", "row 2 .*inside its interval"),
        ("above 0", "over 0", "row 1 .*holds_if"),
        ("alpha", "zeta", "row 2 .*was changed by hand"),
        (",reproduced,", ",", "row 1"),
    ],
)
def test_a_damaged_record_is_refused_by_row(wing, tmp_path, old, new, words):
    measure_all(["pond"], "full", progress=False)
    path = tmp_path / "claims.csv"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(ValueError, match=rf"claims\.csv.*{words}"):
        recorded()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (",reproduced,", ",not reproduced,", "was changed by hand"),
        (",1000,", ",1001,", "was changed by hand"),
        (",1000,", ",1_000,", "n = '1_000': allowed is a whole number"),
        (",not testable,", ",undecided,", r"row 3 \(pond, code\)"),
        ("more <b>", "more \0<b>", "was changed by hand"),
        ("full,0,", "full,0,,", "it has 24 values"),
        ("more", "m\xffre", "cannot be read as a table"),
    ],
)
def test_what_was_changed_by_hand_is_refused(wing, tmp_path, old, new, words):
    measure_all(["pond"], "full", progress=False)
    path = tmp_path / "claims.csv"
    text = path.read_text()
    assert old in text
    path.write_bytes(text.replace(old, new, 1).encode("latin-1", "replace"))
    with pytest.raises(ValueError, match=rf"claims\.csv.*{words}"):
        recorded()


def test_a_claim_that_is_there_twice_is_refused(wing, tmp_path):
    measure_all(["pond"], "full", progress=False)
    path = tmp_path / "claims.csv"
    path.write_text(path.read_text() + path.read_text().splitlines()[1] + "\n")
    with pytest.raises(ValueError, match="row 4: .*occurs twice"):
        recorded()


def test_a_mark_of_an_editor_and_its_line_ends_change_nothing(wing, tmp_path):
    measure_all(["pond"], "full", progress=False)
    path, before = tmp_path / "claims.csv", recorded()
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert recorded() == before


def test_quick_measurements_are_checked_against_the_record(wing):
    measure_all(["pond"], "full", progress=False)
    quick, known = measure_all(["pond"], progress=False), recorded()
    assert check_against_record(quick, known) == []

    def moved(key, shift):
        before = known["pond", key]
        return {**known, ("pond", key): dataclasses.replace(before, estimate=before.estimate.scaled(1, shift))}

    assert check_against_record(quick, moved("alpha", 1e-12)) == []
    (problem,) = check_against_record(quick, moved("zeta", 5))
    assert "pond, zeta: the quick interval" in problem and "excludes the recorded 7" in problem
    assert len(check_against_record(quick, moved("alpha", 1e-6))) == 1
    assert all(
        "not on record; run `labkit claims --full pond`" in problem for problem in check_against_record(quick, {})
    )
    untested = dataclasses.replace(quick[0], estimate=None)
    assert "but not both" in check_against_record([untested], known)[0]
    failed = dataclasses.replace(quick[0], estimate=None, verdict=None, error="OSError: x")
    assert check_against_record([failed], known) == ["pond, zeta: failed with OSError: x"]


def test_the_table_shows_paper_ours_and_verdict_with_a_sign_and_escapes_what_it_shows(wing):
    table = render("pond", measure_all(["pond"], progress=False))
    page = table._repr_html_()
    assert "<b>" not in page and "more &lt;b&gt;than&lt;/b&gt; | none" in page
    assert page.count("<tr>") == 4 and "✓ reproduced" in page and "– not testable" in page and 'scope="col"' in page
    text = table._repr_markdown_()
    assert "<b>" not in text and r"\| none" in text
    assert [line.replace(r"\|", "").count("|") for line in text.splitlines()[:5]] == [7] * 5
    assert "68.7 % (within 10); above 0" in str(table) == repr(table)
    assert "quick budget, seed 0" in str(table)
    assert render("pond", measure_all(["pond"], progress=False)) == table


def test_without_measurements_the_table_shows_the_record_or_that_there_is_none(wing):
    assert str(render("pond")).count("not measured yet") == 3
    measure_all(["pond"], "full", progress=False)
    assert "full budget" in str(render("pond")) and "not measured yet" not in str(render("pond"))


def test_declarations_and_results_are_frozen():
    @claim("k", statement="s", read_in="r", holds_if="above 0")
    def sample(budget, seed):
        return exact(1.0)

    assert isinstance(sample, Claim) and sample.measure("quick", 0) == exact(1.0)
    with pytest.raises(dataclasses.FrozenInstanceError):
        sample.tolerance = 100
    assert isinstance(measure(sample), Measured)


def test_the_tables_behind_figures_are_written_as_csv(tmp_path, monkeypatch):
    import pandas as pd

    module = types.SimpleNamespace(TABLES={"echo.csv": lambda: pd.DataFrame({"x": [1, 2], "y": [1 / 3, 0.5]})})
    monkeypatch.setitem(sys.modules, "labkit.claims.echo", module)
    monkeypatch.setattr("labkit.ledger._sweeps.data_path", lambda name: tmp_path / name)
    assert ledger.write_tables("echo") == [tmp_path / "echo.csv"]
    assert (tmp_path / "echo.csv").read_text() == "x,y\n1,0.333333\n2,0.5\n"
    assert ledger.read_table("echo.csv", x=int, y=float)["y"].tolist() == [0.333333, 0.5]
    for old, new, words in (
        ("0.5", "0.6", "was changed since it was computed: restore it, or compute it with `labkit claims --full`"),
        ("0.5", "half", "row 2: y = 'half': allowed is a number"),
        ("2,0.5", "2", "row 2: it has 1 values"),
        ("x,y", "x,z", r"the columns are \['x', 'z'\]; allowed are \['x', 'y'\]"),
    ):
        ledger.write_tables("echo")
        (tmp_path / "echo.csv").write_text((tmp_path / "echo.csv").read_text().replace(old, new))
        with pytest.raises(ValueError, match=rf"echo\.csv.*{words}"):
            ledger.read_table("echo.csv", x=int, y=float)


def test_a_mechanism_without_tables_has_none(monkeypatch):
    monkeypatch.setitem(sys.modules, "labkit.claims.echo", types.SimpleNamespace())
    assert ledger.tables_of("echo") == {}


def test_a_reason_that_is_missing_or_too_many_is_named():
    with pytest.raises(ValueError, match="reasons of sketching: 'attack-of-the-paper' lacks one"):
        ledger.explain("sketching", {"rates-of-the-paper": "The theorems could not be read."})
    with pytest.raises(ValueError, match="reasons of sketching: 'absent' needs none"):
        ledger.explain("sketching", dict.fromkeys(("absent", "attack-of-the-paper", "rates-of-the-paper"), "So it is."))
