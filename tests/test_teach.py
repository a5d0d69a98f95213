"""Teaching aids: what is shown, what is stored, and that nothing a reader types can do harm."""

from __future__ import annotations

import dataclasses
import html.parser
import json
import multiprocessing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit import teach, theme
from labkit.params import domain
from labkit.teach import Bet, Exercise, Feedback, Words, _bets, _progress
from labkit.teach._betbox import BetBox


@pytest.fixture(autouse=True)
def progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "progress.json"
    monkeypatch.setenv("LABKIT_PROGRESS", str(path))
    return path


BET = Bet(
    "demo.first",
    "Who eats most?",
    options={"memory": "Those with a memory", "traces": "Those that leave traces"},
    replies={"memory": "A private memory is enough.", "traces": lambda gain: f"Traces alone lose {gain:.1f} %."},
    outcome=lambda gain: "memory" if gain > 0 else "traces",
)


def _doubled(answer: object) -> Feedback:
    if answer == 4:
        return Feedback.right("Two and two.")
    return (
        Feedback.not_yet(f"You gave {answer}: was it doubled?")
        if not isinstance(answer, str)
        else Feedback.not_yet(answer)
    )


def _worked() -> int:
    # Twice two.
    return 2 * 2


EXERCISE = Exercise("demo.sum", "What is 2 + 2?", _doubled, ("Count.", "It is below 5."), _worked)


# ------------------------------------------------------------------------------------------------ bets


def test_a_bet_is_answered_according_to_what_was_bet() -> None:
    teach.place(BET, choice="traces")
    said = str(teach.answer(BET, 12.34))
    assert (
        said == "You bet: Those that leave traces\n\nWhat happened: Those with a memory.\n\nTraces alone lose 12.3 %."
    )
    assert str(teach.answer(BET, 12.34)) == said


def test_a_bet_that_came_true_says_so() -> None:
    teach.place(BET, choice="memory")
    answered = teach.answer(BET, 1.0)
    assert "That is what happened." in str(answered)
    assert answered.tone == "good"


def test_without_a_bet_every_reply_is_given() -> None:
    said = str(teach.answer(BET, 5.0))
    assert said.startswith("You placed no bet.")
    assert "A private memory is enough." in said
    assert "Traces alone lose 5.0 %." in said


def test_a_bet_stands_once_its_answer_has_been_seen() -> None:
    teach.place(BET, choice="memory")
    teach.place(BET, choice="traces")
    teach.answer(BET, 1.0)
    with pytest.raises(ValueError, match="this bet stands"):
        teach.place(BET, choice="memory")
    assert _bets.stored(BET)["choice"] == "traces"


def test_a_bet_after_the_answer_is_welcome_but_marked() -> None:
    teach.answer(BET, 1.0)
    teach.place(BET, choice="traces")
    assert _bets.stored(BET)["late"] is True


def test_buttons_store_lock_unlock_and_survive_a_restart() -> None:
    box = teach.place(BET)
    assert box.button.disabled
    box.control.value = "traces"
    assert _bets.stored(BET) == {"choice": "traces", "locked": False}
    box.button.click()
    assert _bets.stored(BET) == {"choice": "traces", "locked": True}
    assert box.control.disabled
    again = BetBox(BET)
    assert again.control.value == "traces"
    assert again.control.disabled
    again.button.click()
    assert not again.control.disabled
    again.control.value = "memory"
    again.button.click()
    teach.answer(BET, 1.0)
    again.button.click()
    assert "stands" in again.status.value
    assert _bets.stored(BET)["choice"] == "memory"


def test_the_bet_reads_well_without_buttons() -> None:
    shown = teach.place(BET)._repr_mimebundle_()["text/plain"]
    assert "[traces] Those that leave traces" in shown


def test_a_full_disk_is_told_on_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    box = teach.place(BET)

    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(_progress, "write_text", full)
    box.control.value = "traces"
    assert "could not be stored: no space left" in box.status.value


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"options": {"memory": "x"}, "replies": {"memory": "y"}}, "2 or more"),
        ({"replies": {"memory": "y"}}, "these differ: traces"),
        ({"outcome": "neither"}, "no option 'neither'"),
    ],
)
def test_a_wrong_bet_is_refused(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        dataclasses.replace(BET, **changes)  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------------- exercises


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [(4, "right"), (3, "not yet"), (None, "nothing"), (..., "nothing"), ((1, ...), "nothing"), ({"a": ...}, "nothing")],
)
def test_check_says_what_it_thinks(answer: object, verdict: str) -> None:
    assert teach.check(EXERCISE, answer).verdict == verdict


def test_an_error_in_an_answer_is_told_in_words() -> None:
    def call(answer: object) -> Feedback:
        answer()  # type: ignore[operator]
        return Feedback.right("")

    def broken() -> float:
        return 1 / 0

    said = teach.check(dataclasses.replace(EXERCISE, check=call), broken)
    assert said.verdict == "error"
    assert "ZeroDivisionError" in str(said)
    assert "return 1 / 0" in str(said)


def test_a_short_array_is_read_as_numbers() -> None:
    assert teach.judge(EXERCISE, np.array(4)).verdict == "right"
    assert teach.judge(dataclasses.replace(EXERCISE, check=as_list), np.array([1, 2])).verdict == "right"


def as_list(answer: object) -> Feedback:
    return Feedback.right("") if answer == [1, 2] else Feedback.not_yet("")


def test_judging_leaves_the_progress_alone(progress: Path) -> None:
    assert teach.judge(EXERCISE, 3).verdict == "not yet"
    assert not progress.exists()


def test_hints_are_graded_and_then_repeated() -> None:
    said = [str(teach.hint(EXERCISE)) for _ in range(3)]
    assert said[0].startswith("Hint 1 of 2")
    assert "below 5" not in said[0]
    assert "below 5" in said[1]
    assert "Count." in said[2]
    assert "below 5" in said[2]


def test_the_solution_waits_for_an_attempt() -> None:
    assert "attempt" in str(teach.solution(EXERCISE))
    teach.check(EXERCISE, ...)
    assert "attempt" in str(teach.solution(EXERCISE))
    teach.check(EXERCISE, 3)
    assert "return 2 * 2" in str(teach.solution(EXERCISE))


def test_the_solution_can_be_had_even_so() -> None:
    assert "return 2 * 2" in str(teach.solution(EXERCISE, even_so=True))


def test_a_solution_is_run_and_must_be_accepted(progress: Path) -> None:
    assert teach.run_solution(EXERCISE).verdict == "right"
    assert not progress.exists()
    with pytest.raises(ValueError, match="its own solution"):
        teach.run_solution(dataclasses.replace(EXERCISE, solution=lambda: 5))


def test_an_exercise_needs_hints() -> None:
    with pytest.raises(ValueError, match="one or more"):
        dataclasses.replace(EXERCISE, hints="Count.")  # type: ignore[arg-type]


# -------------------------------------------------------------------------------------------- progress


def test_a_damaged_file_is_set_aside_and_nothing_is_lost(progress: Path) -> None:
    for number, damage in enumerate(['{"bets": {"a"', "[]", '{"bets": 3}'], 1):
        progress.write_text(damage, encoding="utf-8")
        with pytest.warns(UserWarning, match=f"damaged-{number}"):
            teach.check(EXERCISE, 4)
        assert (progress.parent / f"progress.damaged-{number}.json").read_text(encoding="utf-8") == damage
        assert json.loads(progress.read_text(encoding="utf-8"))["exercises"]["demo.sum"]["right"] is True


def _write_many(name: str) -> None:
    for number in range(25):
        _progress.update("exercises", f"{name}.{number}", lambda entry: {**entry, "attempts": 1})
        _progress.update("exercises", "shared", lambda entry: {"attempts": entry.get("attempts", 0) + 1})


def test_two_kernels_lose_nothing(progress: Path) -> None:
    fresh = multiprocessing.get_context("spawn")
    kernels = [fresh.Process(target=_write_many, args=(name,)) for name in ("a", "b")]
    for kernel in kernels:
        kernel.start()
    for kernel in kernels:
        kernel.join(60)
        assert kernel.exitcode == 0
    stored = json.loads(progress.read_text(encoding="utf-8"))["exercises"]
    assert len(stored) == 51
    assert stored["shared"]["attempts"] == 50


def test_progress_lies_beside_the_notebooks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LABKIT_PROGRESS")
    monkeypatch.chdir(tmp_path)
    assert teach.location().parent.name == "notebooks"
    with monkeypatch.context() as installed:
        installed.setattr("labkit.teach._progress.is_checkout", lambda: False)
        installed.chdir(tmp_path)
        assert teach.location() == tmp_path / "my_progress.json"
    (tmp_path / "a.ipynb").touch()
    assert teach.location() == tmp_path / "my_progress.json"


# ------------------------------------------------------------------------------------- words and source


class _Tags(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)


@given(st.text())
def test_no_text_brings_in_html(text: str) -> None:
    seen = _Tags()
    seen.feed(Words(f"{text}<img src=x onerror=alert(1)>", title=text + "<script>").html)
    assert seen.tags <= {"div", "p", "b", "i", "code"}


def test_markup_leaves_code_and_products_alone() -> None:
    text = Words("Take `r ** 20` and `0.5 ** 2`, **not** *half* of 2 * 3 * 4.")
    assert str(text) == "Take `r ** 20` and `0.5 ** 2`, not half of 2 * 3 * 4."
    assert "<code>r ** 20</code> and <code>0.5 ** 2</code>, <b>not</b> <i>half</i> of 2 * 3 * 4." in text.html


def test_say_fills_in_and_names_what_is_missing() -> None:
    assert str(teach.say("It gives **{gain:.1f} %**.", gain=12.34)) == "It gives 12.3 %."
    with pytest.raises(ValueError, match=r"\{loss\}.*gain"):
        teach.say("{loss}", gain=1)


def test_source_shows_what_matters_and_where_it_stands() -> None:
    shown = teach.source(domain)
    assert "def domain(" in str(shown)
    assert "Raises" not in str(shown)
    assert "Raises" in str(teach.source(domain, whole=True))
    assert shown.places[0].startswith("labkit/params.py, lines ")
    assert "labkit-source" in shown.html


def test_source_of_several_and_of_none() -> None:
    assert str(teach.source(_worked, domain)).index("_worked") < str(teach.source(_worked, domain)).index("def domain")
    with pytest.raises(ValueError, match="at least one"):
        teach.source()
    with pytest.raises(ValueError, match="no Python source"):
        teach.source(len)


def test_a_figure_is_shown_with_its_sentence_and_not_without(capsys):
    figure = theme.figure(x="x", y="y")
    with pytest.raises(ValueError, match="no description"):
        teach.show(figure)
    teach.show(theme.describe(figure, "Nothing is to be seen here."))
    assert "Nothing is to be seen here." in capsys.readouterr().out


def test_progress_that_cannot_be_stored_costs_the_reader_nothing(tmp_path, monkeypatch):
    (tmp_path / "a file").write_text("")
    monkeypatch.setenv("LABKIT_PROGRESS", str(tmp_path / "a file" / "progress.json"))
    with pytest.warns(UserWarning, match="was not stored"):
        assert teach.check(EXERCISE, 1).verdict in ("right", "not yet")
