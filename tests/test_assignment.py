"""Assignments: a course of nbgrader that holds what the lessons hold, and grades as they check."""

from __future__ import annotations

import importlib
import math
import os
import re
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest

from labkit import assignment, cli
from labkit.assignment import NotRight, expect, require
from labkit.assignment._grading import exercise_of
from labkit.assignment._lesson import CHECKED
from labkit.curriculum import lessons, prose
from labkit.files import home
from labkit.lessons.debate import EXERCISES
from labkit.teach import Essay, judge, location

STEMS = assignment.stems()
WRONG: dict[str, dict[str, str]] = {
    "debate": {
        "vote": "0.216",
        "tokens": "20_800",
        "ruin": "'a third'",
        "expert": "(0.5, 0.5)",
        "advantage": "float('nan')",
    },
    "distributed_bandits": {
        "central": "20 * 20 * 11 * 1000",
        "code": "'011010'",
        "batches": "4",
        "gossip": "lambda lambda2, agents, accuracy: 1 / 0",
        "trigger": "184",
    },
}
"""A likely mistake for every exercise of two lessons."""


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> assignment.Course:
    return assignment.write(STEMS, tmp_path_factory.mktemp("taught") / "course")


def source(course: assignment.Course, stem: str) -> Any:
    return nbformat.read(course.folder / "source" / stem / f"{stem}.ipynb", as_version=4)


def marked(notebook: Any) -> dict[str, Any]:
    """The cells that nbgrader knows, by their name."""
    found = [cell for cell in notebook.cells if "nbgrader" in cell.metadata]
    return {cell.metadata["nbgrader"]["grade_id"]: cell for cell in found}


def release(course: assignment.Course, stem: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What nbgrader, set up as the course says, hands out."""
    from nbgrader.preprocessors import ClearHiddenTests, ClearSolutions
    from traitlets.config import PyFileConfigLoader

    monkeypatch.setenv("LABKIT_PROGRESS", os.environ["LABKIT_PROGRESS"])  # which the configuration changes
    config = PyFileConfigLoader("nbgrader_config.py", str(course.folder)).load_config()
    notebook = source(course, stem)
    for step in (ClearSolutions(config=config), ClearHiddenTests(config=config)):
        notebook, _ = step.preprocess(notebook, {})
    return notebook


# ------------------------------------------------------------------------------------------ the notebook


@pytest.mark.parametrize("stem", STEMS)
def test_nbgrader_finds_its_marks_in_order(course, stem):
    from nbgrader.nbgraderformat import MetadataValidator

    notebook = source(course, stem)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        MetadataValidator().validate_cell(cell)
    MetadataValidator().validate_nb(notebook)


@pytest.mark.parametrize("stem", STEMS)
def test_each_exercise_earns_one_point_more_than_the_one_before(course, stem):
    cells = marked(source(course, stem))
    tests = [cell for name, cell in cells.items() if name.endswith("-test")]
    assert 3 <= len(tests) <= 5
    assert [cell.metadata["nbgrader"]["points"] for cell in tests] == list(range(1, len(tests) + 1))
    graded = [cell.metadata["nbgrader"]["points"] for cell in cells.values() if cell.metadata["nbgrader"]["grade"]]
    assert sum(graded) == assignment.material(stem).points


@pytest.mark.parametrize("stem", STEMS)
def test_its_exercises_come_in_the_order_and_under_the_names_of_the_lesson(stem):
    notebook = next((home() / "notebooks").glob(f"[0-9][0-9]_{stem}.ipynb"))
    tasks = assignment.material(stem).tasks
    assert [(task.name, task.variable) for task in tasks] == CHECKED.findall(prose(notebook))
    assert all(task.exercise.prompt in marked_prompt for task, marked_prompt in zip(tasks, prompts(stem), strict=True))


def prompts(stem: str) -> list[str]:
    from labkit.assignment._notebook import notebook

    cells = marked(nbformat.reads(notebook(assignment.material(stem)), as_version=4))
    return [cell.source for name, cell in cells.items() if name.endswith("-prompt") and name != "essay-prompt"]


@pytest.mark.parametrize("stem", STEMS)
def test_what_is_handed_out_holds_neither_solutions_nor_hidden_tests(course, stem, monkeypatch):
    cells = marked(release(course, stem, monkeypatch))
    whole = "\n".join(cell.source for cell in cells.values())
    for task in assignment.material(stem).tasks:
        assert cells[f"{task.name}-answer"].source == f"{task.variable} = ...\n# Replace the dots by your answer."
        assert f"expect({task.variable}, " in cells[f"{task.name}-test"].source
        assert task.exercise.solution.__name__ not in whole
    assert "essay" not in cells or cells["essay"].source == "Write your answer here."
    assert not re.search(r"require|SOLUTION|HIDDEN|Marking", whole)


@pytest.mark.parametrize("stem", STEMS)
def test_it_runs_with_its_solutions_and_its_stubs_are_refused_in_words(course, stem, monkeypatch, capsys):
    solved, stubs = {}, {}
    for names, cells in ((solved, source(course, stem).cells), (stubs, release(course, stem, monkeypatch).cells)):
        for cell in cells:
            if cell.cell_type == "code" and not cell.metadata.get("nbgrader", {}).get("grade"):
                exec(cell.source, names)
    for task in assignment.material(stem).tasks:
        expect(solved[task.variable], task.form)
        with pytest.raises(NotRight, match="no answer yet"):
            expect(stubs[task.variable], task.form)


@pytest.mark.parametrize("stem", [each.stem for each in lessons() if each.stem in STEMS])
def test_every_lesson_of_the_curriculum_asks_for_an_explanation_too(stem):
    essay = importlib.import_module(f"labkit.lessons.{stem}").ESSAY
    assert isinstance(essay, Essay)
    assert essay.points == 5
    assert essay.prompt.count("?") + essay.prompt.count("Explain") >= 1
    assert len(essay.answer.split()) >= 80


def test_a_rubric_must_earn_something():
    with pytest.raises(ValueError, match="1 point or more"):
        Essay("Why?", "Because.", ())


def test_the_same_lesson_gives_the_same_file(course, tmp_path):
    again = assignment.write(["debate"], tmp_path / "course")
    assert again.folder.joinpath("source/debate/debate.ipynb").read_bytes() == (
        course.folder.joinpath("source/debate/debate.ipynb").read_bytes()
    )


def test_without_the_notebooks_it_works_from_the_lessons_alone(monkeypatch, tmp_path):
    monkeypatch.setattr("labkit.assignment._lesson.home", lambda: tmp_path)
    found = assignment.material("debate")
    assert found.imports == ("from labkit.mechanisms import debate",)
    assert [task.variable for task in found.tasks][:2] == ["vote_answer", "tokens_answer"]


# ------------------------------------------------------------------------------------------ the tests in it


@pytest.mark.parametrize(
    ("answer", "form", "words"),
    [
        (..., "a number", "no answer yet"),
        ((0.5, ...), "2 numbers", "no answer yet"),
        ("0.648", "a number", "a text: `'0.648'`"),
        (float("nan"), "a number", "no finite number"),
        (True, "a number", "a truth value"),
        ([0.648], "a number", "a list of length 1"),
        (0.648, "2 numbers", "a number: `0.648`"),
        (3.0, "a function", "a number"),
        (0.25, "a World", "a number"),
    ],
)
def test_an_answer_of_another_form_is_refused_in_words(answer, form, words, capsys):
    with pytest.raises(NotRight, match=re.escape(words)) as refused:
        expect(answer, form)
    assert refused.value._render_traceback_() == ["This answer earns no points."]
    assert words.strip("`") in capsys.readouterr().out


def test_a_number_may_come_in_any_of_its_kinds(capsys):
    for answer in (1, 0.648, np.float64(0.648), np.array(0.648), np.int32(3)):
        expect(answer, "a number")
    for answer in ((0.1, 0.2), [0.1, 0.2], np.array([0.1, 0.2])):
        expect(answer, "2 numbers")


@pytest.mark.parametrize("stem", WRONG)
def test_it_refuses_likely_mistakes_with_the_words_of_the_lesson(stem):
    for task in assignment.material(stem).tasks:
        answer = eval(WRONG[stem][task.name])  # noqa: S307
        with pytest.raises(NotRight) as refused:
            require(task.exercise.key, answer)
        assert len(str(refused.value).split()) >= 6
    assert not location().exists()


@pytest.mark.filterwarnings("ignore:deprecated")
def test_it_accepts_what_the_lesson_calls_right_and_a_warning_costs_nothing(capsys):
    def pay(old: float, new: float, success: bool, chance: float) -> float:
        warnings.warn("deprecated", stacklevel=1)
        print("told to the error stream", file=sys.stderr)
        import math

        before, after = (old, new) if success else (1 - old, 1 - new)
        return (math.log(after) - math.log(before)) / chance

    require("decision_market.pay", pay)
    assert "Right." in capsys.readouterr().out


@pytest.mark.parametrize("answer", ["0.648", [0.648, 0.2], {"share": 0.648}, object()])
def test_an_answer_of_another_kind_is_told_so_and_the_check_stays_unseen(answer):
    said = judge(EXERCISES["vote"], answer)
    assert said.verdict == "not yet"
    assert "cannot be checked: yours is" in str(said)
    assert "abs(" not in str(said)


LOG = math.log


@pytest.mark.parametrize(
    ("key", "answer", "words"),
    [
        ("debate.vote", 64.8, "percent"),
        ("debate.vote", 0.65, "Three are asked for"),
        ("debate.ruin", 33.3, "percent"),
        ("debate.expert", (75, 40), "percent"),
        ("decision_market.lie", -0.363, "sign"),
        ("decision_market.pay", lambda o, n, s, c: (LOG(n if s else 1 - n) - LOG(o)) / c, "1 - old and 1 - new"),
        ("distributed_bandits.batches", "5", "quotation marks"),
        ("distributed_bandits.central", "4180000", "quotation marks"),
        ("distributed_bandits.code", "0 1100 101", "nothing in between"),
        ("distributed_bandits.gossip", lambda *_: 33, "not for lambda2 = 0.5"),
        ("distributed_bandits.gossip", lambda *_: 32, "round up"),
        ("distributed_bandits.trigger", "9", "quotation marks"),
        ("shapley_dag.calls", "13", "quotation marks"),
        ("shapley_dag.glove", 66.7, "worth, which is 1"),
        ("shapley_dag.threshold", 33.3, "percent"),
        ("sketching.bits", 648, "eight bits"),
        ("sketching.feedback", lambda *both: (np.array([3, -3.5, 0, 0]), np.array([0, 0, 0.5, -0.5])), "`kept` = 1"),
        ("stigmergic_memory.agreement", float("inf"), "no finite number"),
        (
            "token_walks.factor",
            lambda _, __, a, b: {True: 1 / 16, False: 1 / 4}[b > a] if b >= a else 1,
            "not for 0.2 and 1",
        ),
        ("token_walks.stay", 75, "between 0 and 1"),
    ],
)
def test_units_signs_and_half_right_functions_are_told_apart(key, answer, words):
    said = judge(exercise_of(key), answer)
    assert said.verdict == "not yet"
    assert words in said.text


@pytest.mark.parametrize("stem", STEMS)
def test_no_check_stops_or_takes_nonsense_for_right(stem):
    nonsense = [
        float("nan"),
        float("inf"),
        -1,
        10**400,
        "",
        "abc",
        [],
        (1, 2),
        np.array([[1, 2]]),
        1j,
        {},
        object(),
        int,
    ]
    nonsense += [lambda: 1, lambda *_: None, lambda *_: float("nan"), lambda *_: "x", lambda *_: (None, None)]
    for task in assignment.material(stem).tasks:
        for answer in nonsense:
            assert judge(task.exercise, answer).verdict == "not yet", (task.name, answer)


def test_a_key_that_nobody_has_is_told():
    with pytest.raises(ValueError, match=r"debate\.vote, debate\.tokens"):
        require("debate.votes", 1)


# ------------------------------------------------------------------------------------------ the command


def test_without_a_lesson_it_lists_what_can_be_had(capsys):
    assert cli.main(["assignment"]) == 0
    said = capsys.readouterr().out
    assert all(f"  {stem} " in said for stem in STEMS)
    assert "20 points" in said


def test_it_says_what_to_do_next(tmp_path, capsys):
    assert cli.main(["assignment", "debate", "--out", str(tmp_path / "my course")]) == 0
    said = capsys.readouterr().out
    assert "nbgrader generate_assignment debate" in said
    assert f"'{tmp_path}/my course'" in said
    assert "course_id = 'my course'" in (tmp_path / "my course" / "nbgrader_config.py").read_text()


def test_an_unknown_lesson_is_refused_in_words_and_nothing_is_written(tmp_path, capsys):
    assert cli.main(["assignment", "debate", "debat", "--out", str(tmp_path / "course")]) == 2
    assert "there is no lesson 'debat'; there are stigmergic_memory, debate" in capsys.readouterr().err
    assert not (tmp_path / "course").exists()


def test_what_has_been_edited_is_kept_unless_forced(tmp_path, capsys):
    folder = ["--out", str(tmp_path)]
    assert cli.main(["assignment", "debate", *folder]) == 0
    assert cli.main(["assignment", "debate", "sketching", *folder]) == 0
    notebook = tmp_path / "source/debate/debate.ipynb"
    written = notebook.read_text()
    notebook.write_text(written.replace("60 %", "70 %"))
    assert cli.main(["assignment", "debate", "token_walks", *folder]) == 2
    assert "source/debate/debate.ipynb" in capsys.readouterr().err
    assert "70 %" in notebook.read_text()
    assert not (tmp_path / "source/token_walks").exists()
    assert cli.main(["assignment", "debate", *folder, "--force"]) == 0
    assert "had been edited, and was replaced" in capsys.readouterr().out
    assert notebook.read_text() == written


def test_a_file_of_somebody_else_is_not_overwritten(tmp_path, capsys):
    (tmp_path / "nbgrader_config.py").write_text("c = get_config()\n")
    assert cli.main(["assignment", "debate", "--out", str(tmp_path)]) == 2
    assert (tmp_path / "nbgrader_config.py").read_text() == "c = get_config()\n"
    assert cli.main(["assignment", "debate", "--out", str(tmp_path / "nbgrader_config.py")]) == 2
    assert "is a file" in capsys.readouterr().err


def test_writing_a_course_does_not_need_nbgrader(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "nbgrader", None)
    monkeypatch.setattr("labkit.assignment._course.find_spec", lambda name: None)
    assert cli.main(["assignment", "debate", "--out", str(tmp_path)]) == 0
    assert 'pip install "labkit[grade]"' in capsys.readouterr().out


# ------------------------------------------------------------------------------------------ graded for once


def hand_in(course: Path, stem: str, student: str, answers: dict[str, str], essay: str) -> None:
    """Hand in the released notebook with some answers filled in."""
    notebook = nbformat.read(course / "release" / stem / f"{stem}.ipynb", as_version=4)
    for name, cell in marked(notebook).items():
        task = name.removesuffix("-answer")
        if task in answers and name.endswith("-answer"):
            cell.source = answers[task]
        elif name == "essay" and essay:
            cell.source = essay
    folder = course / "submitted" / student / stem
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / f"{stem}.ipynb")


def run(course: Path, step: str, stem: str) -> None:
    # nbgrader calls a program that stands beside Python.
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    command, around = [sys.executable, "-m", "nbgrader", step, stem], {**os.environ, "PATH": programs}
    done = subprocess.run(command, cwd=course, env=around, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.slow
@pytest.mark.parametrize("stem", WRONG)
def test_nbgrader_grades_a_right_a_wrong_and_an_empty_submission(stem, tmp_path):
    from nbgrader.api import Gradebook

    course = assignment.write([stem], tmp_path / "course").folder
    tasks = assignment.material(stem).tasks
    solved = {task.name: task.solution for task in tasks}
    wrong = {task.name: f"{task.variable} = {WRONG[stem][task.name]}" for task in tasks}
    run(course, "generate_assignment", stem)
    hand_in(course, stem, "right", solved, "Because voters that have heard each other err together.")
    hand_in(course, stem, "half", wrong | {name: solved[name] for name in list(solved)[:2]}, "")
    hand_in(course, stem, "wrong", wrong, "Because.")
    hand_in(course, stem, "empty", {}, "")
    run(course, "autograde", stem)

    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        found = {each.student.id: each for each in book.assignment_submissions(stem)}
        assert {name: each.score for name, each in found.items()} == {"right": 15, "half": 3, "wrong": 0, "empty": 0}
        assert all(each.max_score == 20 for each in found.values())
        waiting = {name: each.needs_manual_grade for name, each in found.items()}
        assert waiting == {"right": True, "half": False, "wrong": True, "empty": False}
        prose = book.find_grade("essay", stem, stem, "right")
        prose.manual_score, prose.needs_manual_grade = 4, False
        book.db.commit()

    run(course, "generate_feedback", stem)
    pages = {name: (course / "feedback" / name / stem / f"{stem}.html").read_text() for name in found}
    assert "(Score: 19.0 / 20.0)" in pages["right"]
    assert "(Score: 0.0 / 20.0)" in pages["wrong"]
    assert pages["empty"].count("There is no answer yet.") == 5
    assert pages["right"].count("<b>Right.</b>") == 5
    assert "most recent call last" not in "".join(pages.values())
    likely = {"debate": "Two are enough.", "distributed_bandits": "Nobody has to send a sample to itself."}
    assert likely[stem] in pages["wrong"]
