"""A debate on a server that answers at once: labkit, AutoGen and AgentScope, counted per call.

Seven agents with a role each answer a question five times. In "last answers" a turn holds the own last answer and those
of the others, and nothing earlier; in "whole conversation" every turn resends all that an agent has said and heard.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import time

import pytest
from benchmarks.instant_server import InstantServer
from benchmarks.measure import OURS, available, growth, in_turn

from labkit.dialogue import Message
from labkit.llm import Endpoint
from labkit.mechanisms.debate import Wording, debate

MECHANISM = "Debate, orchestration"
AGENTS, ROUNDS = 7, 5
CALLS = AGENTS * ROUNDS
QUESTION = "Which of 97 answers is right?"
ROLES = [f"You are agent {agent}." for agent in range(AGENTS)]
ASKED = {"temperature": 0.4, "max_tokens": 32}
MODEL = {"last": "words", "history": "role"}
WORDING = Wording()


@pytest.fixture(scope="module")
def server():
    with InstantServer() as running:
        yield running


def turn(memory, own, peers):
    """Return what an agent is told next, in labkit's words."""
    if own is None:
        return WORDING.first(QUESTION)
    return WORDING.later(QUESTION, own, peers) if memory == "last" else WORDING.grown(QUESTION, peers)


async def in_rounds(memory, ask):
    """Let all agents answer side by side, round by round; `ask(agent, text)` is the library's way to ask one."""
    said = []
    for _ in range(ROUNDS):
        before = said[-1] if said else [None] * AGENTS
        texts = [
            turn(memory, own, [other for peer, other in enumerate(before) if peer != agent])
            for agent, own in enumerate(before)
        ]
        said.append(await asyncio.gather(*(ask(agent, text) for agent, text in enumerate(texts))))
    return said


def labkit(url, memory, at_once):
    chat = Endpoint(url, MODEL[memory])

    def run():
        found = debate(
            [chat] * AGENTS, QUESTION, ROUNDS, rng=0, memory=memory, instructions=ROLES, concurrency=at_once, **ASKED
        )
        return [[reply.text for reply in replies] for replies in found.rounds]

    return run


def autogen_client(url, memory):
    from autogen_ext.models.openai import OpenAIChatCompletionClient

    able = dict.fromkeys(("vision", "function_calling", "json_output", "structured_output"), False)
    return OpenAIChatCompletionClient(
        model=MODEL[memory], base_url=url, api_key="none", model_info=able | {"family": "unknown"}, **ASKED
    )


def autogen_agents(url, memory, runner):
    from autogen_agentchat.agents import AssistantAgent
    from autogen_core.model_context import BufferedChatCompletionContext

    client = autogen_client(url, memory)

    def fresh(agent):
        kept = {"model_context": BufferedChatCompletionContext(1)} if memory == "last" else {}
        return AssistantAgent(f"agent_{agent}", client, system_message=ROLES[agent], **kept)

    async def once():
        agents = [fresh(agent) for agent in range(AGENTS)]

        async def ask(agent, text):
            return (await agents[agent].run(task=text)).messages[-1].content

        return await in_rounds(memory, ask)

    return lambda: runner.run(once())


def autogen_group(url, memory, runner):
    from autogen_agentchat.agents import AssistantAgent
    from autogen_agentchat.conditions import MaxMessageTermination
    from autogen_agentchat.teams import RoundRobinGroupChat

    client = autogen_client(url, memory)

    async def once():
        agents = [AssistantAgent(f"agent_{agent}", client, system_message=ROLES[agent]) for agent in range(AGENTS)]
        team = RoundRobinGroupChat(agents, termination_condition=MaxMessageTermination(CALLS + 1))
        said = [message.content for message in (await team.run(task=QUESTION)).messages[1:]]
        return [said[start : start + AGENTS] for start in range(0, CALLS, AGENTS)]

    return lambda: runner.run(once())


def agentscope_agents(url, memory, runner):
    from agentscope.agent import Agent, InjectionConfig
    from agentscope.credential import OpenAICredential
    from agentscope.message import UserMsg
    from agentscope.model import OpenAIChatModel

    model = OpenAIChatModel(
        OpenAICredential(api_key="none", base_url=url),
        MODEL[memory],
        OpenAIChatModel.Parameters(**ASKED),
        stream=False,
    )
    quiet = InjectionConfig(inject_runtime_state=False)

    async def once():
        agents = [Agent(f"agent_{agent}", ROLES[agent], model, injection_config=quiet) for agent in range(AGENTS)]

        async def ask(agent, text):
            if memory == "last":
                agents[agent].state.context.clear()
            return (await agents[agent].reply(UserMsg("user", text))).get_text_content()

        return await in_rounds(memory, ask)

    return lambda: runner.run(once())


def bodies(memory, said):
    """Return the requests of a debate as they go over the wire."""
    talks = [[Message("system", role)] for role in ROLES]
    for number in range(ROUNDS):
        before = said[number - 1] if number else [None] * AGENTS
        for agent, own in enumerate(before):
            if number and memory == "history":
                talks[agent].append(Message("assistant", own))
            del talks[agent][1 if memory == "last" else len(talks[agent]) :]
            text = turn(memory, own, [other for peer, other in enumerate(before) if peer != agent])
            talks[agent].append(Message("user", text))
            messages = [{"role": each.role, "content": each.content} for each in talks[agent]]
            yield json.dumps({"model": MODEL[memory], "messages": messages, **ASKED}).encode()


def client_alone(server, memory, said):
    """Return a call that sends the same requests with the openai client, one by one: what labkit's endpoint stands on."""
    from openai import DefaultHttpxClient, OpenAI

    ready = [json.loads(body) for body in bodies(memory, said)]
    client = OpenAI(base_url=server.url, api_key="none", http_client=DefaultHttpxClient(trust_env=False))

    def run():
        for body in ready:
            client.chat.completions.create(**body)

    return run


def raw(server, memory, said):
    """Return a call that sends the same requests with the standard library, over one connection, one by one."""
    ready = list(bodies(memory, said))
    line = http.client.HTTPConnection("127.0.0.1", server.port)

    def run():
        for body in ready:
            line.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
            json.load(line.getresponse())

    return run


@pytest.mark.parametrize("memory", ["last", "history"])
@pytest.mark.benchmark(group=MECHANISM, timer=time.process_time)
def test_debate(benchmark, server, memory):
    limit, single, client = "raw requests over one connection", "labkit, one call at a time", "openai client alone"
    with asyncio.Runner() as runner:
        builders = {"AutoGen, agents": autogen_agents, "AgentScope, agents": agentscope_agents}
        if memory == "history":
            builders["AutoGen, RoundRobinGroupChat"] = autogen_group
        peers, missing = available(
            {name: (lambda make=make: make(server.url, memory, runner)) for name, make in builders.items()}
        )
        calls = {OURS: labkit(server.url, memory, AGENTS), single: labkit(server.url, memory, 1)}
        server.seen()
        truth = calls[OURS]()
        asked = server.seen()
        calls |= {limit: raw(server, memory, truth), client: client_alone(server, memory, truth)}
        checks, wrong = {}, []
        for name, call in [*list(calls.items())[1:], *peers.items()]:
            said, seen = call(), server.seen()
            same_words = seen["asked"] == asked["asked"]
            checks[name] = f"{seen['calls']} calls, " + (
                "the same requests" if same_words else "its own wording: each hears all that was said before"
            )
            if said is not None:
                checks[name] += ", the same answers" if said == truth else ", other answers"
            own_words = name == "AutoGen, RoundRobinGroupChat"
            if seen["calls"] != CALLS or same_words == own_words or said not in (None, truth):
                wrong.append(name)
        times = in_turn(benchmark, calls | peers, rounds=9, units=dict.fromkeys([*calls, *peers], CALLS))
    what = {"last": "last answers", "history": "whole conversation"}[memory]
    benchmark.extra_info["comparison"] = times | {
        "mechanism": MECHANISM,
        "work": f"{AGENTS} agents, {ROUNDS} rounds, {what}",
        "unit": "call",
        "clocks": ["processor", "wall"],
        "limit": limit,
        "checks": checks,
        "missing": missing,
    }
    assert asked["calls"] == CALLS
    assert not wrong, checks


@pytest.mark.benchmark(group="growth", timer=time.process_time)
def test_growth(benchmark, server):
    chat, sizes = Endpoint(server.url, "words"), [1, 3, 10, 32, 100, 320, 1000]
    spent = growth(benchmark, lambda size: lambda: debate([chat], QUESTION, size, rng=0, **ASKED), sizes)
    benchmark.extra_info["growth"] = {
        "mechanism": MECHANISM,
        "variable": "calls",
        "expected": 1,
        "sizes": sizes,
        "seconds": spent,
    }
