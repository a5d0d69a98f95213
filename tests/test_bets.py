"""Bets on numbers and curves, how sure one is of them, and what becomes of all bets together."""

from __future__ import annotations

import dataclasses
import itertools
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from labkit import teach, theme
from labkit.stats import Band, Estimate, proportion_interval
from labkit.teach import Bet, CurveBet, NumberBet, _bets, _progress, _shapes
from labkit.teach._calibration import calibrated, grouped, reliability
from labkit.teach._lessons import Pieces, all_pieces
from labkit.teach._overview import ProgressBox, rows


@pytest.fixture(autouse=True)
def progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "my_progress.json"
    monkeypatch.setenv("LABKIT_PROGRESS", str(path))
    return path


def _replies(*names):
    return {name: f"Reply to {name}." for name in names}


NUMBER = NumberBet(
    "demo.number",
    "How much?",
    low=0,
    high=100,
    unit="%",
    tolerance=5,
    outcome=lambda value: Estimate(value, value - 2, value + 8, 10, "made up"),
    replies=_replies("low", "near", "high"),
)
RANGE = dataclasses.replace(NUMBER, key="demo.range", tolerance=None)
CURVE = CurveBet(
    "demo.curve",
    "How does it go?",
    x=(1, 2, 4, 8, 16),
    x_title="agents",
    y_title="gain, %",
    low=0,
    high=100,
    unit="%",
    within=10,
    needed=3,
    reference=(50, "as good as chance"),
    outcome=lambda values: values,
    replies=_replies("rises", "peaks", "other"),
)
CHOICE = Bet(
    "demo.choice",
    "Which?",
    options={"a": "the first", "b": "the second"},
    replies=_replies("a", "b"),
    outcome="a",
)
RISING = [10, 20, 40, 70, 90]
EXERCISES = [teach.Exercise(f"demo.{name}", "?", lambda _: teach.Feedback.right("Yes."), ("Look.", "Look again."), int)
             for name in ("one", "two", "three")]  # fmt: skip
LESSON = Pieces("demo", (CHOICE, NUMBER, CURVE), tuple(EXERCISES))
ALL = (
    pytest.param(CHOICE, "a", "b", None, id="choice"),
    pytest.param(NUMBER, 40, 80, 42.0, id="number"),
    pytest.param(RANGE, [30, 60], [60, 90], 42.0, id="range"),
    pytest.param(CURVE, [10, 20, 40, 70, 90], [90, 70, 40, 20, 10], RISING, id="curve"),
)


# ------------------------------------------------------------------------------ what all kinds have in common


@pytest.mark.parametrize(("bet", "right", "wrong", "result"), ALL)
class TestEveryKind:
    def test_what_is_locked_in_is_shown_again(self, bet, right, wrong, result):
        box = teach.place(bet)
        assert box.button.disabled
        box.control.choice = right
        box.sure.value = "sure"
        assert _bets.stored(bet) == {"choice": bet.known(right), "locked": False, "sure": "sure"}
        box.button.click()
        again = teach.place(bet)
        assert again.control.choice == bet.known(right)
        assert again.sure.value == "sure"
        assert again.control.disabled
        assert bet.said(bet.known(right)) in again.status.value.replace("&#x27;", "'")
        again.button.click()
        assert not again.control.disabled
        again.control.choice = wrong
        assert _bets.stored(bet)["choice"] == bet.known(wrong)

    def test_a_right_bet_is_told_so_and_a_wrong_one_what_happened(self, bet, right, wrong, result):
        teach.place(bet, choice=right, sure="rather sure")
        good = teach.answer(bet, result)
        assert good.tone == "good"
        assert "That is what happened." in str(good)
        assert good.title == f"You bet: {bet.said(bet.known(right))} (rather sure)"
        assert bet.reply_to(bet.band(bet.known(right), bet.truth(result))) in str(good)
        kept = _bets.stored(bet)
        assert kept["came_true"] is True
        assert kept["score"] == 1
        assert "late" not in kept
        teach.erase_progress()
        teach.place(bet, choice=wrong)
        bad = teach.answer(bet, result)
        assert bad.tone == "again"
        assert f"What happened: {bet.happened(bet.truth(result))}." in str(bad)
        assert _bets.stored(bet)["came_true"] is False

    def test_without_a_bet_every_reply_is_given(self, bet, right, wrong, result):
        said = str(teach.answer(bet, result))
        assert said.startswith("You placed no bet.")
        for name in bet.bands:
            assert f"Reply to {name}." in said

    def test_it_stands_once_its_answer_has_been_seen(self, bet, right, wrong, result):
        box = teach.place(bet)
        box.control.choice = right
        teach.answer(bet, result)
        assert _bets.stored(bet)["locked"] is True
        box.control.choice = wrong
        assert _bets.stored(bet)["choice"] == bet.known(right)
        assert box.control.choice == bet.known(right)
        assert "so the bet stands" in box.status.value
        with pytest.raises(ValueError, match="this bet stands"):
            teach.place(bet, choice=wrong)

    def test_after_the_answer_it_is_late(self, bet, right, wrong, result):
        teach.answer(bet, result)
        teach.place(bet, choice=right, sure="sure")
        teach.answer(bet, result)
        assert _bets.stored(bet)["late"] is True
        assert "You have placed no bet yet" in str(teach.calibration())

    @pytest.mark.parametrize(
        "nonsense", [[], {}, "zzz", True, float("nan"), 1e9, [1, 2], ["a"] * 5, [None] * 5, [5, 1]]
    )
    def test_nonsense_is_refused_and_a_stored_one_counts_as_none(self, bet, right, wrong, result, nonsense):
        with pytest.raises(ValueError, match=r"\w"):
            teach.place(bet, choice=nonsense if nonsense != [1, 2] or bet is not RANGE else [1, 99])
        _progress.update("bets", bet.key, lambda _: {"choice": None, "locked": True})
        assert "You placed no bet." in str(teach.answer(bet, result))
        assert teach.place(bet).control.choice is None

    def test_how_sure_one_is_must_be_one_of_three(self, bet, right, wrong, result):
        with pytest.raises(ValueError, match="'a guess', 'rather sure', 'sure'"):
            teach.place(bet, choice=right, sure="very")
        with pytest.raises(ValueError, match="needs a choice"):
            teach.place(bet, sure="sure")

    def test_it_reads_well_without_buttons_and_its_own_example_is_allowed(self, bet, right, wrong, result):
        shown = teach.place(bet)._repr_mimebundle_()["text/plain"]
        assert shown.startswith(bet.question)
        assert bet.rule() in shown
        written = shown.rpartition("choice=")[2].removesuffix(")")
        bet.known(json.loads(written.replace("(", "[").replace(")", "]").replace("'", '"')))


def test_the_progress_of_one_kernel_is_there_in_the_next(progress):
    code = """
from labkit.teach import CurveBet, _bets, answer, place
bet = CurveBet("demo.k", "?", x=(1, 2, 3), x_title="x", y_title="y", low=0, high=9, within=1, needed=2,
               outcome=lambda values: values, replies={"other": "Said."})
"""
    first = f"{code}place(bet, choice=[1, 2.5, 9], sure='a guess')"
    second = f"{code}print(place(bet).control.choice, answer(bet, [1, 2, 3]).text)"
    subprocess.run([sys.executable, "-c", first], check=True, timeout=60)
    told = subprocess.run([sys.executable, "-c", second], check=True, timeout=60, capture_output=True, text=True).stdout
    assert told.startswith("[1.0, 2.5, 9.0] **That is what happened.**")
    assert json.loads(progress.read_text())["bets"]["demo.k"]["score"] == pytest.approx(2 / 3)


# -------------------------------------------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    ("choice", "band", "words"),
    [
        (35, "low", "You were 7 percentage points below it. Right was what lies within 5 percentage points of it"),
        (37, "near", "You were 5 percentage points below it."),
        (42, "near", "That is the measured value."),
        (50, "near", "or inside its interval."),
        (51, "high", "You were 9 percentage points above it."),
    ],
)
def test_a_number_is_judged_by_its_tolerance_and_by_the_interval(choice, band, words):
    truth = NUMBER.truth(42.0)
    assert NUMBER.band(choice, truth) == band
    assert NUMBER.score(choice, truth) == (band == "near")
    assert words in " ".join(NUMBER.compared(choice, truth))


@pytest.mark.parametrize(
    ("choice", "band", "words"),
    [
        ([10, 20], "low", "Your range ends 22 percentage points below the measured value."),
        ([40, 42], "near", "Your range is 2 percentage points wide and holds the measured value."),
        ([43, 60], "high", "Your range ends 1 percentage points above the measured value."),
    ],
)
def test_a_range_must_hold_the_measured_value(choice, band, words):
    truth = RANGE.truth(42.0)
    assert RANGE.band(choice, truth) == band
    assert " ".join(RANGE.compared(choice, truth)) == words


@given(truth=st.floats(0, 100), ends=st.tuples(st.floats(0, 100), st.floats(0, 100)), tolerance=st.floats(0, 50))
def test_exactly_the_near_ones_come_true(truth, ends, tolerance):
    low, high = sorted(ends)
    assume(high - low <= 50)
    for bet, choice in ((dataclasses.replace(NUMBER, tolerance=tolerance), low), (RANGE, [low, high])):
        seen = bet.truth(truth)
        assert bet.came_true(choice, seen) == (bet.band(choice, seen) == "near")
    assert RANGE.came_true([low, high], RANGE.truth(truth)) == (low <= truth <= high)


def test_a_range_that_says_too_little_is_refused_in_the_box_too():
    with pytest.raises(ValueError, match="at most 50 percentage points wide"):
        teach.place(RANGE, choice=(0, 80))
    box = teach.place(RANGE)
    box.control.values = [0, 80]
    assert "says too little" in box.status.value
    assert box.button.disabled
    box.control.values = [0, None]
    assert "nothing yet" in box.status.value
    box.control.values = [0, 30]
    assert not box.button.disabled
    box.control.values = [None, None]
    assert "choice" not in _bets.stored(RANGE)


def test_a_number_without_an_interval_is_said_as_it_is():
    bare = dataclasses.replace(NUMBER, outcome=lambda value: value)
    assert bare.happened(bare.truth(42.0)) == "42 %"
    assert NUMBER.happened(NUMBER.truth(42.0)) == "42 [40, 50] %"


@pytest.mark.parametrize(
    ("bet", "changes", "words"),
    [
        (NUMBER, {"low": 100}, "high must be above low"),
        (NUMBER, {"tolerance": -1}, "a number from 0"),
        (NUMBER, {"replies": _replies("low")}, "needed are low, near, high"),
        (NUMBER, {"outcome": None}, "a function of the result"),
        (CURVE, {"x": (1, 1, 2)}, "all different"),
        (CURVE, {"x": (1, 2)}, "3 to 12"),
        (CURVE, {"low": 100}, "high must be above low"),
        (CURVE, {"needed": 6}, "from 1 to 5"),
        (CURVE, {"within": 0}, "a distance above 0"),
        (CURVE, {"replies": _replies("rises")}, "'other' must stand"),
        (CURVE, {"replies": _replies("zigzags", "other")}, "allowed are level"),
        (CURVE, {"outcome": None}, "a function of the result"),
    ],
)
def test_a_wrong_declaration_is_refused(bet, changes, words):
    with pytest.raises(ValueError, match=words):
        dataclasses.replace(bet, **changes)


# --------------------------------------------------------------------------------------------------- curves


@pytest.mark.parametrize(
    ("values", "shape"),
    [
        ([5, 5, 6, 5], "level"),
        ([0, 5, 10, 11], "rises"),
        ([9, 4, 4.5, 0], "falls"),
        ([0, 9, 10, 2], "peaks"),
        ([9, 1, 2, 9], "dips"),
        ([0, 9, 0, 9], "winds"),
        ([2, 1, 0, 9], "dips"),
        ([5, 5.5, 0, 0.5], "falls"),
    ],
)
def test_a_curve_is_named_by_its_shape(values, shape):
    assert _shapes.shape(values, least=1) == shape


CURVES = st.lists(st.floats(0, 100), min_size=3, max_size=12)


@given(CURVES)
def test_upside_down_and_backwards_a_shape_turns_round(values):
    mirrored = {"rises": "falls", "falls": "rises", "peaks": "dips", "dips": "peaks"}
    shape = _shapes.shape(values, 5)
    assert _shapes.shape([-value for value in values], 5) == mirrored.get(shape, shape)


@given(CURVES)
def test_every_move_between_two_turns_is_one_that_counts(values):
    places = _shapes.turns(values, 5)
    assert places == sorted(set(places))
    for before, after in itertools.pairwise(places):
        assert abs(values[after] - values[before]) > 5
    assert bool(places) == (max(values) - min(values) > 5)


@given(CURVES.filter(lambda values: len(values) == 5))
def test_a_curve_bet_on_the_truth_comes_true_and_scores_one(values):
    truth = CURVE.truth(np.array(values))
    assert CURVE.score(values, truth) == 1
    assert CURVE.came_true(values, truth)
    assert "The largest gap is 0 percentage points" in CURVE.compared(values, truth)[-2]


def test_two_curves_are_compared_in_words():
    told = " ".join(CURVE.compared([80, 90, 60, 30, 10], CURVE.truth(RISING)))
    assert told == (
        "Your curve rises, then falls; the measured one rises. They cross between 4 and 8. Yours is highest at 2, the "
        "measured one at 16. The largest gap is 80 percentage points at 16: you drew 10, measured is 90. "
        "0 of 5 points lie within 10 percentage points of the measured curve, or inside its interval; 3 were asked for."
    )
    assert (
        _shapes.sides_in_words([1, 2], [5, 6], ("a", "b"), 1) == "Where they differ, yours lies below the measured one."
    )
    assert _shapes.sides_in_words([1, 2], [1, 2], ("a", "b"), 1) == "Nowhere do they lie clearly apart."


def test_points_inside_the_interval_count_however_wide_it_is():
    wide = CURVE.truth(Band(np.full(5, 50.0), np.full(5, 0.0), np.full(5, 100.0), 3))
    assert CURVE.score([0, 100, 0, 100, 0], wide) == 1
    assert CURVE.score([0, 50, 61, 60, 39], CURVE.truth([50] * 5)) == pytest.approx(2 / 5)


def test_a_curve_that_is_not_whole_is_not_stored():
    box = teach.place(CURVE)
    box.control.values = [1, 2, None, 4, 5]
    assert "1 of 5 points is still open." in box.status.value
    assert _bets.stored(CURVE) == {}
    box.control.values = [1, 2, 3, 4, 5]
    assert not box.button.disabled
    box.control.values = [1, 2, 3, None, None]
    assert "choice" not in _bets.stored(CURVE)
    assert box.button.disabled
    assert box.control.values == [1, 2, 3, None, None]


def test_the_answer_to_a_curve_shows_both_and_says_what_it_shows(capsys):
    teach.place(CURVE, choice=np.array([90, 70, 40, 20, 10]))
    said = teach.answer(CURVE, RISING)
    figure = said.figure
    drawn = {
        trace.name: list(trace.y)
        for trace in figure.data
        if trace.mode == "lines" and trace.name in ("yours", "measured")
    }
    assert drawn == {"measured": RISING, "yours": [90, 70, 40, 20, 10]}
    assert theme.description(figure) in str(said).replace("\n\n", " ")
    assert list(figure.layout.xaxis.ticktext) == ["1", "2", "4", "8", "16"]
    said._ipython_display_()
    assert "You bet: a curve that falls, from 90 to 10 %" in capsys.readouterr().out


def test_a_measured_curve_of_another_length_is_refused():
    with pytest.raises(ValueError, match=r"needed is \(5,\)"):
        CURVE.truth([1, 2, 3])


# ---------------------------------------------------------------------------------------------- calibration


def _entries(**levels):
    """Entries with so many bets that came true, of so many, per level."""
    return [
        {"choice": 1, "seen": True, "locked": True, "sure": name.replace("_", " "), "came_true": place < true}
        for name, (true, count) in levels.items()
        for place in range(count)
    ]


def test_with_no_bet_there_is_a_friendly_word_and_no_picture():
    said = teach.calibration()
    assert "You have placed no bet yet." in str(said)
    assert not hasattr(said, "figure")
    teach.place(CHOICE, choice="a")
    assert "You have placed 1 bet. The answers are still to come." in str(teach.calibration())


def test_calibration_is_the_share_that_came_true_with_wilsons_interval():
    entries = [*_entries(a_guess=(5, 9), sure=(3, 12)), {"choice": 1, "came_true": True, "late": True, "sure": "sure"}]
    groups = grouped([entry for entry in entries if not entry.get("late")])
    assert [(group.sure, group.share) for group in groups] == [
        ("a guess", proportion_interval(5, 9)),
        ("sure", proportion_interval(3, 12)),
    ]
    said = str(calibrated(entries))
    assert "Of 21 bets that you placed before the answer, 8 came true." in said
    assert "Where you called it a guess, 5 of 9 came true; 50 % should." in said
    assert "That fits (95 % interval" in said
    assert "You were surer than you should be" in said
    assert "You know more than you think" in str(calibrated(_entries(a_guess=(20, 20))))


def test_with_few_bets_nothing_is_made_of_them():
    said = str(calibrated(_entries(sure=(0, 4))))
    assert "4 bets are too few to tell" in said
    assert "surer" not in said
    unsure = [{"choice": 1, "came_true": True}]
    assert "With none of them you said how sure you were" in str(calibrated(unsure))


def test_the_picture_of_calibration_shows_each_group_with_its_interval():
    figure = reliability(grouped(_entries(a_guess=(1, 2), rather_sure=(2, 2), sure=(9, 10))))
    points = next(trace for trace in figure.data if trace.name == "your bets")
    assert list(points.x) == [50, 70, 90]
    assert list(points.y) == [50, 100, 90]
    share = proportion_interval(9, 10)
    assert points.error_y.array[2] == pytest.approx(100 * (share.high - share.value))
    assert points.error_y.arrayminus[2] == pytest.approx(100 * (share.value - share.low))
    assert "9 of 10 came true" in theme.description(figure)


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["a", "sure", "", "open"]),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=6,
)
NAMES = ("choice", "sure", "locked", "seen", "late", "truth", "score", "came_true", "attempts", "right", "hints")


@settings(max_examples=25)
@given(st.dictionaries(st.sampled_from(NAMES), ODD, max_size=6))
def test_whatever_stands_in_the_file_the_reader_gets_an_answer(entry):
    kept = {"bets": dict.fromkeys(("demo.choice", "demo.curve"), entry), "exercises": {"demo.one": entry}}
    assert len(rows([LESSON], kept)) == 1
    assert str(calibrated(kept["bets"].values())).startswith("Your bets")
    for bet, result in ((CHOICE, None), (NUMBER, 4.0), (RANGE, 4.0), (CURVE, RISING)):
        _progress.update("bets", bet.key, lambda _: entry)
        assert teach.place(bet).status.value
        assert str(teach.answer(bet, result))


# ------------------------------------------------------------------------- progress: taken away and brought back


def _kept(progress):
    return json.loads(progress.read_text(encoding="utf-8"))


def test_progress_is_exported_erased_imported_and_brought_back(progress, tmp_path):
    assert teach.erase_progress() is None
    teach.place(CHOICE, choice="a", sure="sure")
    before = _kept(progress)
    teach.export_progress(tmp_path / "away.json")
    copy = teach.erase_progress()
    assert copy.name == "my_progress.backup-1.json"
    assert not progress.exists()
    assert _bets.stored(CHOICE) == {}
    assert teach.import_progress(tmp_path / "away.json") is None
    assert _kept(progress) == before
    teach.place(NUMBER, choice=3)
    assert teach.import_progress(tmp_path / "away.json").name == "my_progress.backup-2.json"
    assert _bets.stored(NUMBER) == {}
    teach.restore_progress()
    assert _bets.stored(NUMBER)["choice"] == 3
    teach.restore_progress()
    assert _kept(progress) == before


@pytest.mark.parametrize("content", [b"", b"[]", b'{"bets": 3}', b"\xff\xfe", b'{"bets": {"a": 1}}', b"[" * 100_000])
def test_a_file_that_is_no_progress_changes_nothing(progress, tmp_path, content):
    teach.place(CHOICE, choice="a")
    before = _kept(progress)
    (tmp_path / "odd.json").write_bytes(content)
    with pytest.raises(ValueError, match="odd.json is no progress"):
        teach.import_progress(tmp_path / "odd.json")
    assert _kept(progress) == before
    assert sorted(path.name for path in progress.parent.glob("my_progress*")) == ["my_progress.json"]


def test_without_a_copy_there_is_nothing_to_bring_back():
    with pytest.raises(ValueError, match="no copy"):
        teach.restore_progress()


def test_all_that_a_reader_leaves_behind_is_ignored_by_git(progress, checkout):
    ignored = checkout / "notebooks"
    names = ["my_progress.json", ".my_progress.json.lock", "my_progress.damaged-1.json", "my_progress.backup-1.json",
             "my_progress.2026-01-01.json"]  # fmt: skip
    told = subprocess.run(
        ["git", "check-ignore", *(str(ignored / name) for name in names)],
        cwd=checkout, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if told.returncode == 128:
        pytest.skip("this is no checkout of git")
    assert len(told.stdout.splitlines()) == len(names)


# --------------------------------------------------------------------------------------------- the overview


def test_the_overview_says_what_is_placed_answered_solved_and_hinted():
    teach.place(CHOICE, choice="b")
    teach.answer(CHOICE)
    teach.place(NUMBER, choice=3)
    teach.check(EXERCISES[0], 1)
    teach.hint(EXERCISES[1])
    [(_, bets, exercises, hints)] = rows([LESSON], _progress.everything())
    assert bets == ["choice: did not come true", "number: locked in", "curve: open"]
    assert exercises == ["solved: one", "open: two, three"]
    assert hints == "1 of 6"


def test_the_overview_knows_every_bet_and_exercise_of_every_lesson(checkout):
    known = {pieces.stem: pieces for pieces in all_pieces()}
    assert set(known) == {path.stem for path in (checkout / "labkit" / "lessons").glob("[a-z]*.py")}
    for pieces in known.values():
        assert pieces.bets
        assert pieces.exercises
    shown = teach.progress()._repr_mimebundle_()["text/plain"]
    assert "11 stigmergic memory\n  bet       marks alone: open" in shown


def test_erasing_asks_once_and_can_be_undone(progress):
    box = ProgressBox([LESSON])
    assert box.export.disabled
    assert box.erase.disabled
    teach.place(CHOICE, choice="a")
    box.again.click()
    box.erase.click()
    assert progress.exists()
    assert box.asking.layout.display is None
    box.keep.click()
    assert box.asking.layout.display == "none"
    assert progress.exists()
    box.erase.click()
    box.sure.click()
    assert not progress.exists()
    assert "my_progress.backup-1.json" in box.status.value
    box.restore.click()
    assert _bets.stored(CHOICE)["choice"] == "a"


def test_the_overview_hands_over_a_file_and_takes_one(progress, monkeypatch):
    teach.place(CHOICE, choice="a")
    box, sent = ProgressBox([LESSON]), []
    monkeypatch.setattr(box.files, "send", sent.append)
    box.export.click()
    assert json.loads(sent[0]["text"]) == _kept(progress)
    assert sent[0]["name"].startswith("my_progress.20")
    teach.erase_progress()
    box._import(None, sent[0], None)
    assert _bets.stored(CHOICE)["choice"] == "a"
    box._import(None, {"name": "<b>", "text": "nonsense"}, None)
    assert "&lt;b&gt; is no progress" in box.status.value
