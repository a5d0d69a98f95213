"""The endpoint: what it sends, what it survives, and in which words it gives up."""

import asyncio
import traceback

import pytest
from badserver import GOOD, BadServer

from labkit.dialogue import Chat, Message
from labkit.llm import Endpoint, EndpointError, Request, ask_all

ASK = [Message("system", "Be short."), Message("user", "Capital of France?")]
CANARY = "sk-canary-5b1f"


def endpoint(server, **settings):
    return Endpoint(server.url, "m", **{"timeout": 5, "retries": 2} | settings)


def test_everything_asked_reaches_the_server_and_the_answer_comes_back_whole():
    with BadServer("good") as server:
        chat = endpoint(server)
        reply = chat(ASK, seed=7, temperature=0.4, max_tokens=9, stop=["\n"], grammar="root ::= [a-z]")
    (body,) = server.bodies
    assert body["messages"] == [{"role": m.role, "content": m.content} for m in ASK]
    assert {name: body[name] for name in ("model", "seed", "temperature", "max_tokens", "stop", "grammar")} == {
        "model": "m", "seed": 7, "temperature": 0.4, "max_tokens": 9, "stop": ["\n"], "grammar": "root ::= [a-z]",
    }  # fmt: skip
    assert (reply.text, reply.model, reply.prompt_tokens, reply.completion_tokens) == ("Paris.", "m", 7, 2)
    assert reply.source == "live"
    assert isinstance(chat, Chat)
    assert (chat.meter.calls, chat.meter.prompt_tokens, chat.meter.completion_tokens) == (1, 7, 2)


def test_awaited_and_called_give_the_same():
    with BadServer("good") as server:
        chat = endpoint(server)

        async def both():
            return await asyncio.gather(*(chat.ask(ASK, seed=seed) for seed in range(6)))

        assert {reply.text for reply in asyncio.run(both())} == {chat(ASK).text}
        assert chat.meter.calls == 7


def test_log_probabilities_are_handed_on():
    told = {"content": [{"token": "Paris", "logprob": -0.25, "bytes": None, "top_logprobs": []}]}
    with BadServer({**GOOD, "choices": [{**GOOD["choices"][0], "logprobs": told}]}) as server:
        assert endpoint(server)(ASK, logprobs=True).logprobs == (("Paris", -0.25),)


def test_an_answer_without_a_bill_counts_no_tokens():
    with BadServer({**GOOD, "usage": None}) as server:
        assert endpoint(server)(ASK).prompt_tokens == 0


def test_too_many_requests_waits_as_long_as_the_server_says():
    with BadServer("429", "good") as server:
        assert endpoint(server)(ASK).text == "Paris."
    first, second = server.at
    assert 0.9 < second - first < 3


@pytest.mark.parametrize(
    ("trouble", "said", "tries"),
    [
        ("429", "too much is asked of it (tried 2 times): wait, or lower `concurrency`", 2),
        ("500", "failed on its side (tried 2 times)", 2),
        ("half", "broke off in the middle of an answer (tried 2 times)", 2),
        ("silence", "did not answer within 0.3 s (tried 2 times): raise `timeout`", 2),
        ("401", "refuses the key: put the right one into the environment variable LABKIT_API_KEY", 1),
        ("400", "does not accept what was asked", 1),
        ("html", "is the address right?", 1),
        ({"hello": "world"}, "is no chat completion", 1),
        ({**GOOD, "choices": []}, "is no chat completion", 1),
    ],
)
def test_lasting_trouble_is_said_in_plain_words_and_without_the_key(trouble, said, tries, monkeypatch):
    monkeypatch.setenv("LABKIT_API_KEY", CANARY)
    with BadServer(trouble) as server:
        chat = endpoint(server, retries=1, timeout=0.3 if trouble == "silence" else 5)
        with pytest.raises(EndpointError) as caught:
            chat(ASK)
        with pytest.raises(EndpointError) as awaited:
            asyncio.run(chat.ask(ASK))
    assert said in str(caught.value) and said in str(awaited.value)
    assert len(server.bodies) == 2 * tries
    assert all(CANARY in headers["authorization"] for headers in server.headers)
    for error in (caught.value, awaited.value):
        assert CANARY not in "".join(traceback.format_exception(error))
    assert CANARY not in repr(chat) + repr(chat.meter) + repr(chat.identity)


def test_nobody_there_is_said_in_plain_words():
    chat = Endpoint("http://127.0.0.1:9/v1", "m", retries=0)
    with pytest.raises(EndpointError, match="cannot be reached"):
        chat(ASK)


def test_no_more_calls_than_allowed_are_under_way():
    with BadServer("good", delay=0.05) as server:
        chat = endpoint(server, concurrency=3)
        requests = [Request(ASK, seed=seed) for seed in range(12)]
        assert len(ask_all(chat, requests, concurrency=12)) == 12
        assert server.most == 3


def test_answers_come_in_the_order_of_the_questions_and_stop_when_told():
    def echo(messages, *, seed=None, **_):
        from labkit.dialogue import Reply

        return Reply(str(seed), "echo", 0, 0, source="scripted")

    requests = [Request(ASK, seed=seed) for seed in range(20)]
    assert [reply.text for reply in ask_all(echo, requests, concurrency=7)] == [str(seed) for seed in range(20)]
    asked = []

    def stopped():
        asked.append(1)
        return len(asked) > 5

    assert [reply.text for reply in ask_all(echo, requests, concurrency=1, stopped=stopped)] == list("01234")
    with pytest.raises(ValueError, match="concurrency = 0: allowed is"):
        ask_all(echo, requests, concurrency=0)


def test_a_failing_question_ends_the_batch_with_its_own_error():
    def broken(messages, **_):
        raise EndpointError("gone")

    with pytest.raises(EndpointError, match="gone"):
        ask_all(broken, [Request(ASK)] * 50, concurrency=4)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"base_url": "localhost:80"}, "base_url = 'localhost:80': allowed is"),
        ({"timeout": 0}, "timeout = 0: allowed is"),
        ({"concurrency": 0}, "concurrency = 0: allowed is"),
        ({"retries": -1}, "retries = -1: allowed is"),
    ],
)
def test_settings_out_of_range_are_refused(settings, said):
    with pytest.raises(ValueError) as caught:
        Endpoint(**{"base_url": "http://127.0.0.1/v1", "model": "m"} | settings)
    assert said in str(caught.value)


def test_openai_without_a_key_is_refused_at_once(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ValueError, match="environment variable OPENAI_API_KEY"):
        Endpoint("https://api.openai.com/v1", "gpt-4o-mini")


def test_the_key_for_openai_goes_to_no_other_server(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    monkeypatch.delenv("LABKIT_API_KEY", raising=False)
    with BadServer("good") as server:
        endpoint(server)(ASK)
        endpoint(server, key_variable="OPENAI_API_KEY")(ASK)
    assert [CANARY in headers["authorization"] for headers in server.headers] == [False, True]


def test_a_key_is_not_sent_unencrypted_to_another_machine(monkeypatch):
    monkeypatch.setenv("LABKIT_API_KEY", CANARY)
    with pytest.raises(ValueError, match="unencrypted: use https") as caught:
        Endpoint("http://models.example/v1", "m")
    assert CANARY not in str(caught.value)
    monkeypatch.delenv("LABKIT_API_KEY")
    assert Endpoint("http://models.example/v1", "m").model == "m"


def test_a_password_in_the_address_is_refused_and_not_repeated():
    with pytest.raises(ValueError, match="holds a name or password") as caught:
        Endpoint(f"https://me:{CANARY}@models.example/v1", "m")
    assert CANARY not in str(caught.value)


def test_an_endpoint_without_a_model_is_refused():
    with pytest.raises(ValueError, match="name of the model"):
        Endpoint("http://127.0.0.1/v1", "")


def test_this_machine_is_asked_past_any_proxy(monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with BadServer("good") as server:
        chat = endpoint(server, retries=0)
        assert chat(ASK).text == asyncio.run(chat.ask(ASK)).text == "Paris."


def test_without_a_key_no_word_is_masked():
    with BadServer("400") as server, pytest.raises(EndpointError) as caught:
        endpoint(server, retries=0)(ASK)
    assert "***" not in str(caught.value)
