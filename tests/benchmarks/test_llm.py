"""The endpoint against raw requests to the same local model: tokens per second, in one run, turn by turn."""

from __future__ import annotations

import json
import statistics
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from labkit import llm
from labkit.dialogue import Message

pytestmark = [pytest.mark.slow, pytest.mark.benchmark]

SLOTS, QUESTIONS, TURNS = 2, 12, 5
ASKED = {"temperature": 0.7, "max_tokens": 16}


def prompts(turn):
    return [f"Write a sentence about the number {turn * QUESTIONS + number}." for number in range(QUESTIONS)]


def raw(chat, turn):
    """Ask with nothing but the standard library; return tokens per second."""
    headers = {"Authorization": f"Bearer {chat._key()}", "Content-Type": "application/json"}

    def ask(number_and_text):
        number, text = number_and_text
        body = {
            "model": chat.model,
            "messages": [{"role": "user", "content": text}],
            "seed": number,
            "cache_prompt": False,
        }
        data = json.dumps(body | ASKED).encode()
        asked = urllib.request.Request(f"{chat._base_url}/chat/completions", data=data, headers=headers)
        with urllib.request.urlopen(asked, timeout=120) as answer:
            return json.load(answer)["usage"]["completion_tokens"]

    return rate(lambda pool: sum(pool.map(ask, enumerate(prompts(turn)))))


def ours(chat, turn):
    """Ask the same through the endpoint; return tokens per second."""
    requests = [llm.Request([Message("user", text)], seed=number, **ASKED) for number, text in enumerate(prompts(turn))]
    return rate(lambda _: sum(reply.completion_tokens for reply in llm.ask_all(chat, requests, concurrency=SLOTS)))


def rate(work):
    with ThreadPoolExecutor(SLOTS) as pool:
        begun = time.perf_counter()
        tokens = work(pool)
        return tokens / (time.perf_counter() - begun)


def test_endpoint_gives_what_raw_requests_give(local_model, capsys):
    with llm.local_server(slots=SLOTS) as chat:
        raw(chat, 0), ours(chat, 0)
        # The order turns, so that what slows down or speeds up with time favours neither.
        pairs = []
        for turn in range(1, TURNS + 1):
            first, second = (raw, ours) if turn % 2 else (ours, raw)
            found = {way: way(chat, turn) for way in (first, second)}
            pairs.append((found[raw], found[ours]))
    ratio = statistics.median(mine / theirs for theirs, mine in pairs)
    with capsys.disabled():
        print(f"\nraw requests: {statistics.median(theirs for theirs, _ in pairs):.1f} tokens per second")
        print(f"through the endpoint: {statistics.median(mine for _, mine in pairs):.1f}, {100 * ratio:.0f} % of it")
    assert ratio >= 0.95
