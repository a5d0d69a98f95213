"""What goes wrong, and what is lost: nothing that was paid for, and every error names its mend."""

import errno
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest
from badserver import GOOD, BadServer, Says
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit import curriculum, ledger, papers
from labkit.dialogue import Message, Reply
from labkit.files import data_path
from labkit.llm import Endpoint, EndpointError, Identity, MissingRecording, RecordingError, Request, ask_all, recorded
from labkit.mechanisms.debate import debate

ASK = [Message("user", "Capital of France?")]
CHOICE = GOOD["choices"][0]


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    """Pauses between two tries that are short enough for a test."""
    monkeypatch.setattr("openai._base_client.INITIAL_RETRY_DELAY", 0.02)


def endpoint(server, **changes):
    return Endpoint(server.url, "m", **{"timeout": 5, "retries": 1} | changes)


def answering(message=None, **changes):
    """Return a chat completion whose message is another."""
    return {**GOOD, "choices": [{**CHOICE, **({"message": message} if message else {})}], **changes}


def error(status, message, headers=None, **more):
    return Says(json.dumps({"error": {"message": message, **more}}).encode(), status, headers or {})


# ------------------------------------------------------------------------------------------------ the server

WHOLE = json.dumps(GOOD).encode()
LASTING = {
    "429 without a pause": (error(429, "slow down"), "too much is asked of it (tried 2 times): wait, or lower", 2),
    "429, nothing left to spend": (error(429, "You exceeded your current quota"), "Its words: You exceeded", 2),
    "503": (error(503, "loading the model"), "failed on its side (tried 2 times): loading the model", 2),
    "502 of a proxy": (Says(b"<html>Bad gateway</html>", 502, {"Content-Type": "text/html"}), "failed on its side", 2),
    "403": (error(403, "no"), "refuses the key: put the right one into the environment variable LABKIT_API_KEY", 1),
    "404": (error(404, "model 'm' not found"), "knows no such address or model: model 'm' not found", 1),
    "405": (error(405, "no POST here"), "something that cannot be read ('no POST here'): is the address right?", 1),
    "a conversation too long": (
        error(400, "maximum context length is 4096 tokens", code="context_length_exceeded"),
        "shorten the messages, or lower `max_tokens`. Its words: maximum context length is 4096 tokens", 1,
    ),
    "an option it does not know": (error(422, "unknown field grammar"), "does not accept what was asked: unknown", 1),
    "reset at once": (Says(status=0, reset=True), "broke off in the middle of an answer (tried 2 times)", 2),
    "reset in mid-body": (Says(WHOLE[:60], promised=4000, reset=True), "broke off in the middle of an answer", 2),
    "chunks without an end": (Says(WHOLE[:60], promised=None), "broke off in the middle of an answer", 2),
    "half a body that says it is whole": (Says(WHOLE[:60]), "cannot be read", 1),
    "an empty body": (Says(b""), "cannot be read", 1),
    "no text at all": (Says(b"\xff\xfe\x00\x9f"), "cannot be read", 1),
    "brackets without end": (Says(b"[" * 200_000), "cannot be read", 1),
    "packed and damaged": (Says(b"no gzip", headers={"Content-Encoding": "gzip"}), "broke off in the middle", 2),
    "plain words": (Says(b"welcome", headers={"Content-Type": "text/plain"}), "is no chat completion ('welcome')", 1),
    "a page": (Says(b"<html>log in</html>", headers={"Content-Type": "text/html"}), "is the address right?", 1),
    "a stream nobody asked for": (
        Says(b"data: {}\n\n", headers={"Content-Type": "text/event-stream"}), "is no chat completion", 1),
    "null": (Says(b"null"), "is no chat completion", 1),
    "a number": (Says(b"42"), "is no chat completion", 1),
    "an error called success": ({"error": {"message": "upstream is down"}}, "answered with an error: ", 1),
    "no choices": ({**GOOD, "choices": None}, "is no chat completion", 1),
    "a choice without a message": ({**GOOD, "choices": [{"index": 0}]}, "is no chat completion", 1),
    "content in parts": (
        answering({"role": "assistant", "content": [{"type": "text", "text": "Paris."}]}), "is no chat completion", 1),
    "null content": (answering({"role": "assistant", "content": None}), "gave an answer without any text: raise", 1),
    "a tool called": (
        answering({"role": "assistant", "content": None, "tool_calls": [
            {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]}),
        "called a tool in place of an answer: ask without tools", 1),
    "thought and nothing else": (
        answering({"role": "assistant", "content": None, "reasoning_content": "Let me see ..."}),
        "spent all its tokens on thinking and gave no answer: raise `max_tokens`", 1),
    "the form of Anthropic": (
        {"type": "message", "role": "assistant", "content": [{"type": "text", "text": "Paris."}], "model": "m"},
        "is no chat completion", 1),
    "the form of Ollama's own address": (
        {"model": "m", "message": {"role": "assistant", "content": "Paris."}, "done": True}, "ends with /v1", 1),
    "the form of text generation": (Says(b'[{"generated_text": "Paris."}]'), "is no chat completion", 1),
}  # fmt: skip


@pytest.mark.parametrize("trouble", LASTING)
def test_each_lasting_trouble_ends_in_words_that_name_the_mend(trouble):
    what, said, tries = LASTING[trouble]
    with BadServer(what) as server, pytest.raises(EndpointError) as caught:
        endpoint(server)(ASK)
    assert said in str(caught.value)
    assert len(server.bodies) == tries
    # The client's own error holds what was sent; it is neither the cause nor the context.
    assert caught.value.__cause__ is None and caught.value.__context__ is None


@pytest.mark.parametrize(
    "trouble",
    [
        error(429, "slow down"),
        error(429, "slow down", {"Retry-After": "0.2"}),
        error(503, "loading"),
        error(408, "too slow"),
        Says(status=0, reset=True),
        Says(WHOLE[:60], promised=4000, reset=True),
        Says(WHOLE[:60], promised=None),
        "500",
        "half",
    ],
    ids=["429", "429, pause", "503", "408", "reset at once", "reset in mid-body", "chunks without end", "500", "half"],
)
def test_each_passing_trouble_costs_one_more_try(trouble):
    with BadServer(trouble, "good") as server:
        assert endpoint(server)(ASK).text == "Paris."
    assert len(server.bodies) == 2


@pytest.mark.parametrize(
    ("answer", "text", "tokens"),
    [
        (answering(usage={"prompt_tokens": None, "completion_tokens": "two"}), "Paris.", 0),
        (answering(usage={"prompt_tokens": 7, "completion_tokens": -1}), "Paris.", 0),
        (answering({"role": "assistant", "content": None, "refusal": "I will not say."}), "I will not say.", 2),
        (answering({"role": "assistant", "content": ""}), "", 2),
        (answering({"role": "assistant", "content": "Paris.", "reasoning_content": "Hm."}), "Paris.", 2),
        (answering(model=None, id=None, created="yesterday"), "Paris.", 2),
        # A proxy that keeps the connection open sends empty lines before the answer.
        (Says(b"\n \n\n" + WHOLE), "Paris.", 2),
        (Says(WHOLE.replace(b"Paris.", b"Paris \\ud83d.")), "Paris \N{REPLACEMENT CHARACTER}.", 2),
        (Says(WHOLE.replace(b"Paris.", b"\\u0000\\u001b[31m\\u202e")), "\0\x1b[31m\u202e", 2),
    ],
    ids=["odd bill", "negative bill", "refusal", "empty", "thought", "no name", "empty lines", "half a sign", "steers"],
)  # fmt: skip
def test_an_answer_in_an_odd_dress_is_an_answer_and_can_be_recorded(answer, text, tokens, tmp_path):
    with BadServer(answer) as server:
        book = recorded(tmp_path / "odd_answers.jsonl", endpoint(server))
        reply = book(ASK, seed=1)
    assert (reply.text, reply.completion_tokens) == (text, tokens)
    assert recorded(book.path)(ASK, seed=1).text == text


def test_odd_log_probabilities_survive_the_recording(tmp_path):
    told = [{"token": "Pa\ud83d", "logprob": float("-inf"), "bytes": None, "top_logprobs": []}]
    choice = {**CHOICE, "logprobs": {"content": told}}
    with BadServer({**GOOD, "choices": [choice]}) as server:
        book = recorded(tmp_path / "odd_answers.jsonl", endpoint(server))
        book(ASK, seed=1)
    assert recorded(book.path)(ASK, seed=1).logprobs == (("Pa\N{REPLACEMENT CHARACTER}", float("-inf")),)


def test_another_model_than_the_one_asked_is_named_once():
    with BadServer(answering(model="qwen-tiny")) as server:
        chat = endpoint(server)
        with pytest.warns(
            UserWarning, match="answers as 'qwen-tiny': see whether that is the model you mean"
        ) as warned:
            assert {chat(ASK).model, chat(ASK).model} == {"m"}
        assert len([each for each in warned if "answers as" in str(each.message)]) == 1
    with BadServer(answering(model="M-2024-08-06")) as server:
        endpoint(server)(ASK)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_what_is_asked_is_not_sent_on_to_another_server(status, monkeypatch):
    monkeypatch.setenv("LABKIT_API_KEY", "sk-canary")
    with BadServer("good") as other:
        moved = Says(b"", status, {"Location": other.url + "/chat/completions"})
        with BadServer(moved) as server, pytest.raises(EndpointError, match="sends on to 127.0.0.1: nothing was sent"):
            endpoint(server)(ASK)
    assert other.bodies == []


@pytest.mark.parametrize("key", ["sk-one two", "sk-ключ", "sk-a\nb"])
def test_a_key_that_can_be_none_is_refused_without_repeating_it(key, monkeypatch):
    monkeypatch.setenv("LABKIT_API_KEY", key)
    with pytest.raises(ValueError, match="LABKIT_API_KEY holds a sign that no key holds") as caught:
        Endpoint("http://127.0.0.1/v1", "m")
    assert key not in str(caught.value)


def test_a_key_read_from_a_file_may_end_in_a_line_break(monkeypatch):
    monkeypatch.setenv("LABKIT_API_KEY", "sk-canary\n")
    with BadServer("good") as server:
        endpoint(server)(ASK)
    assert server.headers[0]["authorization"] == "Bearer sk-canary"


def test_an_address_with_more_than_an_address_is_refused_and_not_repeated():
    with pytest.raises(ValueError, match="what stands behind") as caught:
        Endpoint("http://127.0.0.1/v1?key=sk-canary", "m")
    assert "canary" not in str(caught.value)


def test_who_stops_a_batch_does_not_wait_for_a_server_that_hangs(tmp_path):
    with BadServer("good", "good", "silence") as server:
        book = recorded(tmp_path / "stopped_answers.jsonl", endpoint(server, timeout=60, retries=0))
        code = threading.Timer(0.8, lambda: os.kill(os.getpid(), 2))
        code.start()
        begun = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            ask_all(book, [Request(ASK, seed=seed) for seed in range(8)], concurrency=2)
        assert time.monotonic() - begun < 2
    assert len(recorded(book.path)) == 2


# ------------------------------------------------------------------------------------------------ recordings


class Model:
    """Answers each question with its seed, and counts."""

    engine = "an engine 1.0"

    def __init__(self):
        self.identity, self.asked = Identity("m", "a" * 64), []

    def __call__(self, messages, *, seed=None, **_):
        self.asked.append(seed)
        return Reply(f"answer {seed}", "m", 3, 2)


def by_seed(body):
    return answering({"role": "assistant", "content": f"answer {body['seed'] % 5}"})


def talk(book, concurrency):
    said = debate([book] * 3, "Capital of France?", 3, rng=1, concurrency=concurrency)
    return [[reply.text for reply in replies] for replies in said.rounds]


@pytest.mark.parametrize("concurrency", [1, 3])
def test_a_server_that_dies_in_mid_debate_costs_nothing_that_was_paid_for(concurrency, tmp_path):
    with BadServer(by_seed) as server:
        unbroken = talk(recorded(tmp_path / "unbroken.jsonl", endpoint(server)), concurrency)
    words = "cannot be reached, or broke off .*: is it running"
    with BadServer(*[by_seed] * 5, "gone") as server, pytest.raises(EndpointError, match=words):
        talk(recorded(tmp_path / "broken.jsonl", endpoint(server)), concurrency)
    assert len(recorded(tmp_path / "broken.jsonl")) == 5
    with BadServer(by_seed) as server:
        assert talk(recorded(tmp_path / "broken.jsonl", endpoint(server)), concurrency) == unbroken
    assert len(server.bodies) == 4


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_a_disk_that_takes_half_a_line_leaves_the_file_whole(number, tmp_path, monkeypatch):
    path, model = tmp_path / "full_answers.jsonl", Model()
    book = recorded(path, model)
    book(ASK, seed=1)
    before, opened = path.read_bytes(), Path.open

    def full(self, mode="r", *rest, **more):
        file = opened(self, mode, *rest, **more)
        if mode != "ab+":
            return file

        class Full(type(file)):
            def write(self, data):
                if self.tell() > len(before):
                    raise OSError(number, os.strerror(number))
                return super().write(data[:20])

        file.close()
        return Full(self, mode)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", full)
        with pytest.raises(RecordingError) as caught:
            book(ASK, seed=2)
        mend = "choose a folder that you may write to" if number == errno.EROFS else "free some space, then try again"
        assert f"{os.strerror(number)}: {mend}). Not written yet: 1, kept in memory" in str(caught.value)
        assert path.read_bytes() == before
        with pytest.raises(RecordingError):
            book(ASK, seed=3)
        # While there is no room nothing more is paid for, and what is there is answered.
        assert model.asked == [1, 2]
        assert book(ASK, seed=2).text == "answer 2"
    # There is room again: asking for what is known is enough to write it.
    assert book(ASK, seed=2).text == "answer 2"
    assert len(recorded(path)) == 2
    assert model.asked == [1, 2]


FULL = """
    import json, resource, sys
    from pathlib import Path
    from labkit.llm import RecordingError, recorded
    from test_faults import ASK, Model

    path, model = Path(sys.argv[1]), Model()
    book = recorded(path, model)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1500, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    try:
        for seed in range(50):
            book(ASK, seed=seed)
    except RecordingError as error:
        said, size, paid = str(error), path.stat().st_size, len(model.asked)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    if len(sys.argv) > 2:
        for seed in range(50):
            book(ASK, seed=seed)
    print(json.dumps([said, size, paid, len(model.asked)]))
"""


def run(code, *arguments, **more):
    """Start Python on a piece of code that can import this file."""
    paths = os.pathsep.join(
        [str(Path(__file__).parent), str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    )
    command = [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, env=os.environ | {"PYTHONPATH": paths}, **streams | more)


def finished(process):
    out, complaint = process.communicate(timeout=120)
    assert process.returncode == 0, complaint
    return out


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of files")
@pytest.mark.parametrize("stays", [True, False], ids=["same process", "another process"])
def test_a_file_that_may_not_grow_is_whole_and_goes_on_where_it_was(stays, tmp_path):
    path = tmp_path / "full_answers.jsonl"
    said, size, paid, asked = json.loads(finished(run(FULL, path, *["stay"] * stays)))
    assert "cannot be written (File too large: free some space, then try again)" in said
    assert size <= 1500
    if stays:
        assert (paid < 50, asked) == (True, 50)
    else:
        assert len(recorded(path)) == paid - 1
        model = Model()
        for seed in range(50):
            recorded(path, model)(ASK, seed=seed)
        # One answer died with the process that had nowhere to write it.
        assert model.asked == list(range(paid - 1, 50))
    assert len(recorded(path)) == 50


TWO = """
    import json, os, sys, time
    from pathlib import Path
    from labkit.dialogue import Reply
    from labkit.llm import recorded
    from test_faults import ASK, Model

    class Own(Model):
        def __call__(self, messages, *, seed=None, **_):
            super().__call__(messages, seed=seed)
            time.sleep(0.003)
            return Reply(f"{seed} by {os.getpid()} " + "x" * 3000, "m", 3, 2)

    path, model = Path(sys.argv[1]), Own()
    book = recorded(path, model)
    print("ready", flush=True)
    sys.stdin.readline()
    seeds = range(120) if sys.argv[2] == "up" else range(119, -1, -1)
    print(json.dumps([{seed: book(ASK, seed=seed).text for seed in seeds}, len(model.asked)]))
"""


@pytest.mark.slow
def test_two_kernels_that_record_into_one_file_lose_nothing_and_share_what_is_paid(tmp_path):
    path = tmp_path / "two_answers.jsonl"
    kernels = [run(TWO, path, way, stdin=subprocess.PIPE) for way in ("up", "down")]
    for kernel in kernels:
        assert kernel.stdout.readline() == "ready\n"
    for kernel in kernels:
        kernel.stdin.write("go\n")
        kernel.stdin.flush()
    (first, paid), (second, more) = (json.loads(finished(kernel)) for kernel in kernels)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert len([line for line in lines if "text" in line]) == len(recorded(path)) == 120
    assert len([line for line in lines if "recording" in line]) == 1
    # Both got the same answers, and only what both asked at the same moment was paid for twice.
    assert first == second
    assert 120 <= paid + more <= 122


def lines_of(path):
    return path.read_bytes().splitlines(keepends=True)


def fourth(change):
    """Return a damage to the fourth line, which holds the second answer."""
    return lambda lines: [*lines[:3], change(lines[3]), *lines[4:]]


DAMAGES = {
    "half the last line": (lambda lines: [*lines[:4], lines[4][:40]], "ends in half a line", [3]),
    "half the last line, and no answer before": (lambda lines: [*lines[:2], lines[2][:9]], "ends in half", [1, 2, 3]),
    "another text": (fourth(lambda line: line.replace(b"answer", b"Answer")), "line 4 was changed", [2]),
    "another price": (fourth(lambda line: line.replace(b": 3", b": 4")), "line 4 was changed", [2]),
    "another key": (fourth(lambda line: line.replace(b'"key": "', b'"key": "0')), "line 4 is no line", [2]),
    "another check": (fourth(lambda line: line[:-5] + b'0"}\n'), "line 4 was changed", [2]),
    "no check": (fourth(lambda line: line[:-27] + b"}\n"), "line 4 was changed", [2]),
    "no text": (fourth(lambda line: b"\xff\xfe\x00\n"), "line 4 is no line of a recording", [2]),
    "a field too many": (fourth(lambda line: line[:-2] + b', "by": 1}\n'), "line 4 is no line", [2]),
    "a number as text": (fourth(lambda line: line.replace(b": 3", b': "3"')), "line 4 is no line", [2]),
    "no JSON": (lambda lines: [*lines[:2], b"<<<<<<< HEAD\n", *lines[2:]], "line 3 is no line of a recording", []),
    "many wrong lines": (lambda lines: [*lines, *[b"x\n"] * 9], "and 6 more", []),
    "a line gone": (lambda lines: [*lines[:3], lines[4]], None, [2]),
    "the last line not ended": (lambda lines: [*lines[:4], lines[4].rstrip()], None, []),
    "the mark of an editor": (lambda lines: [b"\xef\xbb\xbf" + lines[0], *lines[1:]], None, []),
    "line ends of Windows": (lambda lines: [line.replace(b"\n", b"\r\n") for line in lines], None, []),
    "empty lines": (lambda lines: [b"\n".join([line, b" "]) + b"\n" for line in lines], None, []),
    "twice the same": (lambda lines: [*lines, *lines], None, []),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:.*jsonl")
@pytest.mark.parametrize("damage", DAMAGES)
def test_of_a_damaged_recording_what_is_good_is_used_and_what_is_wrong_is_named(damage, tmp_path):
    path = tmp_path / "kept_answers.jsonl"
    book = recorded(path, Model())
    for seed in (1, 2, 3):
        book(ASK, seed=seed)
    change, said, lost = DAMAGES[damage]
    path.write_bytes(b"".join(change(lines_of(path))))
    if said:
        with pytest.warns(UserWarning, match=f"kept_answers.jsonl: .*{said}.*restore the file, or delete these lines"):
            book = recorded(path)
    else:
        book = recorded(path)
    for seed in {1, 2, 3} - set(lost):
        assert book(ASK, seed=seed).text == f"answer {seed}"
    for seed in lost:
        with pytest.raises(MissingRecording, match="`labkit record kept` records what is missing"):
            book(ASK, seed=seed)
    # With a model at hand only what is lost is asked for, and then the recording holds all.
    model = Model()
    again = recorded(path, model)
    assert [again(ASK, seed=seed).text for seed in (1, 2, 3, 4)] == [f"answer {seed}" for seed in (1, 2, 3, 4)]
    assert model.asked == [*lost, 4]
    assert len(recorded(path)) == 4


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "there is no recording .*: `labkit record kept` records"),
        (b"\n\n", "there is no recording"),
        (b'{"recording": 1, "mod', "there is no recording"),
    ],
)
@pytest.mark.filterwarnings("ignore:.*half a line")
def test_a_recording_of_nothing_is_none(text, said, tmp_path):
    path = tmp_path / "kept_answers.jsonl"
    path.write_bytes(text)
    with pytest.raises(FileNotFoundError, match=said):
        recorded(path)
    recorded(path, Model())(ASK, seed=1)
    assert len(recorded(path)) == 1


@pytest.mark.filterwarnings("ignore:.*jsonl")
def test_answers_of_nobody_or_of_two_are_refused(tmp_path):
    path = tmp_path / "kept_answers.jsonl"
    recorded(path, Model())(ASK, seed=1)
    head, *rest = lines_of(path)
    path.write_bytes(b"".join([head.replace(b'"m"', b'"n"'), head, *rest]))
    with pytest.raises(RecordingError, match="kept_answers.jsonl holds answers of .*: part them"):
        recorded(path)
    path.write_bytes(b"".join(rest))
    with pytest.raises(RecordingError, match="does not begin with the line that names the model: restore the file"):
        recorded(path, Model())


CORRUPTIONS = st.tuples(
    st.sampled_from(["cut", "delete", "insert", "replace"]), st.floats(0, 1), st.binary(min_size=1, max_size=4)
)


def corrupted(content, how):
    """Return the content with some bytes changed at one place."""
    what, place, other = how
    at = int(place * (len(content) - 1))
    after = {"cut": b"", "delete": content[at + len(other) :], "insert": other + content[at:],
             "replace": other + content[at + len(other) :]}  # fmt: skip
    return content[:at] + after[what]


@pytest.mark.filterwarnings("ignore:.*jsonl")
@settings(max_examples=200)
@given(CORRUPTIONS)
def test_no_corruption_of_a_recording_gives_another_answer(tmp_path_factory, how):
    path = tmp_path_factory.getbasetemp() / "corrupted_answers.jsonl"
    path.unlink(missing_ok=True)
    book = recorded(path, Model())
    for seed in (1, 2, 3):
        book(ASK, seed=seed)
    path.write_bytes(corrupted(path.read_bytes(), how))
    try:
        book = recorded(path)
        for seed in (1, 2, 3):
            assert book(ASK, seed=seed).text == f"answer {seed}"
    except (RecordingError, MissingRecording, FileNotFoundError) as caught:
        assert "corrupted_answers.jsonl" in str(caught)


# ------------------------------------------------------------------------------------------------ tables


def columns_of(name):
    """Return the columns of a table as `read_table` takes them."""
    import pandas as pd

    kinds = pd.read_csv(data_path(name)).dtypes
    return {column: str if str(kind) in ("object", "str") else float for column, kind in kinds.items()}


TABLES = sorted(name for stem in ledger.stems() for name in ledger.tables_of(stem))
LOADS = {
    "claims.csv": lambda path: ledger.recorded(path),
    "papers.csv": lambda path: papers.load(path),
    "curriculum.csv": lambda path: curriculum.lessons.__wrapped__(),
    "token_walks_regimes.csv": lambda path: ledger.read_table(path.name, **columns_of(path.name)).to_csv(),
}
# What people write by hand holds prose, in which no machine can tell one word from another.
BY_HAND = ("papers.csv", "curriculum.csv")


@pytest.mark.parametrize("name", LOADS)
def test_no_corruption_of_a_table_gives_another_value_or_an_error_without_a_name(name, tmp_path, monkeypatch):
    content, whole = data_path(name).read_bytes(), LOADS[name](data_path(name))
    path = tmp_path / name
    (tmp_path / "SHA256SUMS").write_bytes(data_path("SHA256SUMS").read_bytes())
    for module in ("curriculum", "ledger._sweeps"):
        monkeypatch.setattr(f"labkit.{module}.data_path", lambda name: tmp_path / name)

    @settings(max_examples=40)
    @given(CORRUPTIONS)
    def check(how):
        path.write_bytes(corrupted(content, how))
        try:
            found = LOADS[name](path)
        except ValueError as caught:
            assert name in str(caught)
        else:
            assert found == whole or name in BY_HAND

    check()


@pytest.mark.parametrize("name", TABLES)
def test_each_table_behind_a_figure_is_what_was_computed(name):
    assert len(ledger.read_table(name, **columns_of(name)))


# ------------------------------------------------------------------------------------------------ claims

LEDGER = """
    import sys
    from pathlib import Path

    import labkit.claims
    import labkit.ledger._record as record
    import labkit.ledger._sweeps as sweeps
    from labkit.cli import main

    folder = Path(sys.argv[1])
    labkit.claims.__path__[:] = [str(folder)]
    record.data_path = sweeps.data_path = lambda name: folder / name
    print("ready", flush=True)
    if sys.argv[2] == "wait":
        sys.stdin.readline()
    sys.exit(main(["claims", "--full", *sys.argv[3:]]))
"""
WING = """
    import time
    from pathlib import Path

    from labkit.ledger import claim
    from labkit.stats import exact

    def measured(key, value, seconds):
        @claim(key, statement="s", read_in="abstract", holds_if="above 0")
        def measure(budget, seed):
            with Path(__file__).with_name("log").open("a") as log:
                log.write(key + " ")
            time.sleep(seconds)
            return exact(value / DIVISOR)
        return measure

    DIVISOR = 2
"""


def wing(folder, stem, keys, seconds):
    lines = [f"{key} = measured('{key}', {place + 1}, {seconds})" for place, key in enumerate(keys)]
    (folder / f"{stem}.py").write_text(textwrap.dedent(WING) + "\n".join(lines) + "\n")


def on_record(folder):
    return {key: found.estimate.value for (_, key), found in ledger.recorded(folder / "claims.csv").items()}


@pytest.mark.slow
def test_a_claim_that_crashes_keeps_its_old_row_and_ends_with_status_one(tmp_path):
    wing(tmp_path, "pond", "abc", 0)
    finished(run(LEDGER, tmp_path, "at once"))
    assert on_record(tmp_path) == {"a": 0.5, "b": 1.0, "c": 1.5}
    text = (tmp_path / "pond.py").read_text()
    (tmp_path / "pond.py").write_text(text.replace("value / DIVISOR", "value / (0 if key == 'b' else 4)"))
    again = run(LEDGER, tmp_path, "at once")
    out, complaint = again.communicate(timeout=60)
    assert again.returncode == 1
    assert "! failed" in out and "ZeroDivisionError" in out and "(pond.py, line " in out
    assert "Traceback" not in complaint
    assert on_record(tmp_path) == {"a": 0.25, "b": 1.0, "c": 0.75}


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["killed", "stopped"])
def test_a_run_of_claims_that_is_cut_short_goes_on_where_it_was(how, tmp_path):
    wing(tmp_path, "pond", "abcde", 0.3)
    killed = run(LEDGER, tmp_path, "at once")
    while not (tmp_path / "claims.csv").is_file() or len(on_record(tmp_path)) < 2:
        time.sleep(0.02)
        assert killed.poll() is None
    killed.send_signal(how)
    _, complaint = killed.communicate()
    assert killed.returncode in (-signal.SIGKILL, 130)
    assert ("stopped; run it again to go on" in complaint) == (how == signal.SIGINT)
    assert "Traceback" not in complaint
    before = on_record(tmp_path)
    finished(run(LEDGER, tmp_path, "at once"))
    log = (tmp_path / "log").read_text().split()
    assert on_record(tmp_path) == {"a": 0.5, "b": 1.0, "c": 1.5, "d": 2.0, "e": 2.5}
    # Only what was under way is measured twice.
    assert all(log.count(key) == 1 for key in before)
    assert len(log) <= 6


@pytest.mark.slow
def test_two_processes_that_record_claims_lose_no_row(tmp_path):
    stems = ("pond", "moor", "marsh")
    for stem in stems:
        wing(tmp_path, stem, [f"{stem}{number}" for number in range(12)], 0)
    running = [run(LEDGER, tmp_path, "wait", stem, stdin=subprocess.PIPE) for stem in stems]
    for process in running:
        assert process.stdout.readline() == "ready\n"
    for process in running:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in running:
        finished(process)
    assert len(on_record(tmp_path)) == 36


def test_a_record_that_cannot_be_written_says_so_and_keeps_what_is_there(tmp_path, monkeypatch, capsys):
    from labkit import cli

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    (tmp_path / "claims.csv").write_bytes(data_path("claims.csv").read_bytes())
    before = (tmp_path / "claims.csv").read_bytes()
    monkeypatch.setattr("labkit.ledger._record.data_path", lambda name: tmp_path / name)
    monkeypatch.setattr(Path, "replace", full)
    assert cli.main(["claims", "--full", "token_walks"]) == 2
    assert "No space left on device: free some space, then try again" in capsys.readouterr().err
    assert (tmp_path / "claims.csv").read_bytes() == before
    assert not list(tmp_path.glob(".claims.csv.*[0-9a-f]"))


# ------------------------------------------------------------------------------------------------ a kernel

FIRST = """
import time
from pathlib import Path

from labkit.experiment import sweep
from labkit.explore import explore
from labkit.llm import Endpoint, Request, ask_all, recorded
from test_faults import ASK
from walks import Walk, unfold, world

BOX = Path({box!r})
LOG = {box!r} + "/log"

def slowly(x, rng):
    with Path(LOG).open("a") as log:
        log.write("x")
    time.sleep(0.3)
    return float(x)

panel = explore(unfold, Walk(), world, vary=("density",))
"""
SWEPT = "print(sweep(slowly, {'x': list(range(8))}, 1, 0, folder=BOX / 'kept', progress=False)['value'].sum())"
ASKED = """
book = recorded(BOX / "live_answers.jsonl", Endpoint({url!r}, "m"))
print(len(ask_all(book, [Request(ASK, seed=seed) for seed in range(12)], concurrency=2)))
"""
MOVED = "panel.controls['density'].value = 0.2"
LOOKED = "panel.settle(); print(panel.settled, panel.params.density, panel.failure, panel.bar.stop.layout.display)"


@pytest.mark.slow
def test_a_notebook_that_is_interrupted_and_run_again_loses_nothing(tmp_path):
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(cwd=str(Path(__file__).parent))

    def outcome(code, interrupt_when=None):
        """Run a cell, interrupt it when told, and return its error or what it printed."""
        printed, sent = [], client.execute(code)
        if interrupt_when:
            end = time.monotonic() + 30
            while not interrupt_when() and time.monotonic() < end:
                time.sleep(0.02)
            manager.interrupt_kernel()
        while True:
            message = client.get_iopub_msg(timeout=60)
            if message["parent_header"].get("msg_id") != sent:
                continue
            if message["msg_type"] == "stream":
                printed.append(message["content"]["text"])
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                break
        reply = client.get_shell_msg(timeout=60)["content"]
        return reply.get("ename") or "".join(printed).strip()

    with BadServer(by_seed, delay=0.2) as server:
        try:
            assert outcome(FIRST.format(box=str(tmp_path))) == ""
            log = tmp_path / "log"
            assert outcome(SWEPT, lambda: log.is_file() and len(log.read_text()) == 4) == "KeyboardInterrupt"
            assert outcome(SWEPT) == "28.0"
            assert len(log.read_text()) <= 9
            asked = ASKED.format(url=server.url)
            assert outcome(asked, lambda: len(server.bodies) >= 5) == "KeyboardInterrupt"
            time.sleep(0.5)
            assert outcome(asked) == "12"
            # The two that were under way came in after the interrupt, and were kept.
            assert len(server.bodies) == 12
            assert outcome(MOVED) == ""
            assert outcome(LOOKED) == "True 0.2 None none"
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
    assert len(recorded(tmp_path / "live_answers.jsonl")) == 12
