"""Functions of plain numbers refuse what is out of range, and name the value and what is allowed."""

from __future__ import annotations

import pytest

from labkit.curriculum import lessons
from labkit.dialogue import Message
from labkit.llm import Scripted, noisy_calculator, of_accuracy
from labkit.llm.questions import Question
from labkit.mechanisms import debate, shapley_dag


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: debate.spend("money"), "budget = 'money': allowed is 'generations' or 'tokens'"),
        (lambda: debate.majority_accuracy(1.2, 5), r"p = 1\.2: allowed is 0 to 1"),
        (lambda: debate.majority_accuracy(0.5, 0), "n = 0: allowed is a whole number from 1"),
        (lambda: debate.ruin_accuracy(0.5, 5, -1.0), r"advantage = -1\.0: allowed is a number from 0"),
        (lambda: debate.break_even_advantage(0.0, 5), r"p = 0\.0, n = 5: allowed is p above 0 and below 1"),
        (lambda: debate.expected_beliefs(debate.Urn(intervention="oracle")), "intervention = 'oracle': allowed is"),
        (lambda: shapley_dag.coincidence_threshold(0), "wrong = 0: allowed is a whole number from 1"),
        (lambda: of_accuracy(1.5), r"accuracy = 1\.5"),
    ],
)
def test_a_number_out_of_range_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_a_calculator_needs_something_to_work_out():
    asked = Question("arithmetic", "How are you?", "well", ("ill",), "")
    with pytest.raises(ValueError, match="'How are you\\?' holds no expression"):
        Scripted([asked], noisy_calculator(0.0))([Message("user", asked.prompt)], seed=1)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("1,debate,Core,Why?,", "a number is that of a part and a place in it"),
        ("11,debate,Core,,", "only needs may be empty"),
        ("11,debate,Core,Why?,\n12,debate,Core,How?,", "'debate' stands there twice"),
        ("11,debate,Core,Why?,nobody", "'debate' needs 'nobody', which is no lesson"),
    ],
)
def test_a_row_of_the_curriculum_that_is_wrong_is_named(rows, words, tmp_path, monkeypatch):
    (tmp_path / "curriculum.csv").write_text(f"number,lesson,part,question,needs\n{rows}\n")
    monkeypatch.setattr("labkit.curriculum.data_path", lambda name: tmp_path / name)
    with pytest.raises(ValueError, match=words):
        getattr(lessons, "__wrapped__", lessons)()
