"""Messages, replies and transcripts are checked when made and never change."""

from __future__ import annotations

import dataclasses
import json
import pickle

import pytest

from labkit.dialogue import Chat, Message, Reply, Transcript


def echo(messages, *, seed=None, temperature=0.0, max_tokens=256, stop=(), **options):
    if options:
        raise ValueError(f"echo knows no {', '.join(options)}")
    return Reply(messages[-1].content, "echo", 3, 2, source="scripted")


def test_a_plain_function_is_a_chat():
    chat: Chat = echo
    assert isinstance(chat, Chat)
    reply = chat([Message("user", "hello")], seed=1)
    assert (reply.text, reply.source, reply.prompt_tokens, reply.completion_tokens) == ("hello", "scripted", 3, 2)
    with pytest.raises(ValueError, match="knows no grammar"):
        chat([Message("user", "hello")], grammar="root ::= [0-9]")


def test_a_transcript_counts_what_was_said():
    reply = echo([Message("user", "Paris")])
    talk = Transcript("Which city?", ((reply, reply), (reply, dataclasses.replace(reply, text="Rome"))))
    assert (talk.agents, talk.calls, talk.tokens, talk.answers) == (2, 4, 20, ("Paris", "Rome"))


def test_records_are_frozen_pickle_and_become_json():
    reply = Reply("7", "m", 1, 1, logprobs=(("7", -0.25),))
    talk = Transcript("3+4?", ((reply,),))
    assert pickle.loads(pickle.dumps(talk)) == talk  # noqa: S301
    assert hash(talk) == hash(Transcript("3+4?", ((reply,),)))
    assert json.loads(json.dumps(dataclasses.asdict(talk)))["rounds"][0][0]["logprobs"] == [["7", -0.25]]
    for record, name in ((reply, "text"), (talk, "question"), (Message("user", "x"), "content")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(record, name, "other")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Message("robot", "x"), r"Message.role = 'robot': allowed is one of 'system', 'user', 'assistant'"),
        (lambda: Message("user", None), "Message.content = None"),
        (lambda: Reply(None, "m", 1, 1), "Reply.text = None"),
        (lambda: Reply("x", "m", -1, 1), "Reply.prompt_tokens = -1: allowed is a whole number from 0"),
        (lambda: Reply("x", "m", 1, 1.5), "Reply.completion_tokens = 1.5"),
        (lambda: Reply("x", "m", True, 1), "Reply.prompt_tokens = True"),
        (lambda: Reply("x", "m", 1, 1, source="guessed"), "Reply.source = 'guessed'"),
        (lambda: Transcript("?", ()), "at least one round"),
        (lambda: Transcript("?", ((),)), "at least one round"),
        (lambda: Transcript("?", ((Reply("x", "m", 1, 1),), ())), "round 1 has 0 replies, round 0 has 1"),
    ],
)
def test_bad_records_are_refused_in_words(make, words):
    with pytest.raises(ValueError, match=words):
        make()
