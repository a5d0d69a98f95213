"""Recordings: what is there is replayed, what is not is an error or asked for, and nothing is asked for twice."""

import asyncio
import re
import threading

import pytest

from labkit.dialogue import Message, Reply
from labkit.files import data_path
from labkit.llm import Identity, MissingRecording, RecordingError, recorded

ASK = [Message("user", "Capital of France?")]


class Model:
    """Counts how often it is asked."""

    engine = "an engine 1.0"

    def __init__(self, model="m", weights="a" * 64):
        self.identity, self.asked = Identity(model, weights), 0

    def __call__(self, messages, *, seed=None, **_):
        self.asked += 1
        return Reply(f"Paris, seed {seed} <b>\x1b[31m", "m", 3, 2, (("Paris", -0.5),), source="live")

    async def ask(self, messages, **asked):
        return self(messages, **asked)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "debate_answers.jsonl"


def test_an_answer_is_asked_for_once_and_then_replayed_without_the_model(path):
    model = Model()
    first = recorded(path, model)(ASK, seed=1, stop=["\n"], grammar="g")
    assert first.source == "recorded" or first.source == "live"
    again = recorded(path)(ASK, seed=1, stop=["\n"], grammar="g")
    assert (again.text, again.prompt_tokens, again.completion_tokens, again.logprobs) == (
        first.text,
        3,
        2,
        first.logprobs,
    )
    assert again.source == "recorded"
    assert recorded(path, model)(ASK, seed=1, stop=["\n"], grammar="g") == again
    assert model.asked == 1


@pytest.mark.parametrize(
    "change", [{"seed": 2}, {"temperature": 0.5}, {"max_tokens": 3}, {"stop": ["."]}, {"grammar": "h"}, {"seed": None}]
)
def test_everything_asked_is_part_of_the_key(path, change):
    recorded(path, Model())(ASK, seed=1)
    with pytest.raises(MissingRecording, match="`labkit record debate` records what is missing"):
        recorded(path)(ASK, **{"seed": 1} | change)
    with pytest.raises(MissingRecording):
        recorded(path)([Message("system", "Hm."), *ASK], seed=1)


def test_awaited_and_called_share_their_answers(path):
    model = Model()
    book = recorded(path, model)
    waited = asyncio.run(book.ask(ASK, seed=1))
    assert book(ASK, seed=1).text == waited.text
    assert asyncio.run(recorded(path).ask(ASK, seed=1)).text == waited.text
    assert model.asked == 1
    with pytest.raises(MissingRecording):
        asyncio.run(recorded(path).ask(ASK, seed=2))


def test_without_a_file_and_a_model_the_way_to_record_is_named(path):
    with pytest.raises(FileNotFoundError, match="labkit record debate"):
        recorded(path)


def test_it_says_where_the_answers_come_from(path):
    book = recorded(path, Model())
    book(ASK, seed=1)
    recorded(path, Model())(ASK, seed=2)
    told = recorded(path).provenance
    assert (told.answers, told.model, told.weights, len(told.sessions)) == (2, "m", "a" * 64, 2)
    assert re.fullmatch(
        r"2 answers of m \(weights a{12}\), recorded with an engine 1.0 on \d{4}-.* in 0 minutes.", str(told)
    )


def test_half_a_line_at_the_end_costs_one_answer_and_no_more(path):
    model = Model()
    for seed in (1, 2):
        recorded(path, model)(ASK, seed=seed)
    path.write_text(path.read_text()[:-40])
    with pytest.warns(UserWarning, match="ends in half a line"):
        book = recorded(path, model)
    assert len(book) == 1
    book(ASK, seed=2)
    book(ASK, seed=3)
    assert model.asked == 4


def test_after_half_a_line_was_mended_the_file_is_whole_again(path):
    recorded(path, Model())(ASK, seed=1)
    path.write_text(path.read_text()[:-40])
    with pytest.warns(UserWarning, match="half a line"):
        book = recorded(path, Model())
    book(ASK, seed=2)
    assert len(recorded(path)) == 1
    assert recorded(path)(ASK, seed=2).source == "recorded"


def test_answers_of_two_models_are_not_mixed(path):
    recorded(path, Model())(ASK, seed=1)
    with pytest.raises(RecordingError, match="choose another file"):
        recorded(path, Model("other"))


def test_two_that_record_into_one_file_do_not_mix_their_lines(path):
    def run(start):
        book = recorded(path, Model())
        for seed in range(start, start + 60):
            book(ASK, seed=seed)

    recorded(path, Model())(ASK, seed=999)
    threads = [threading.Thread(target=run, args=(start,)) for start in (0, 100, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(recorded(path)) == 181


@pytest.mark.parametrize("path", sorted(data_path("").glob("*_answers.jsonl")), ids=lambda path: path.name)
def test_what_the_kit_ships_is_read_line_by_line(path):
    book = recorded(path)
    told = book.provenance
    assert told.answers > 1000
    assert told.weights == "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
    assert all(engine.startswith("xllamacpp ") for _, engine in told.sessions)
    assert told.seconds > 0
