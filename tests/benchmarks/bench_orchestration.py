"""A debate between seven agents: labkit, AutoGen and AgentScope, counted per call.

In "last answers" a turn holds an agent's own last answer and those of the others, and nothing earlier; in "whole
conversation" every turn resends all that an agent has said and heard. The answers come from a server that answers at
once, or, to see the orchestration alone, from a function within the process.
"""

from __future__ import annotations

import asyncio
import time

import pytest
from benchmarks import orchestrators
from benchmarks.instant_server import InstantServer
from benchmarks.measure import OURS, available, growth, in_turn
from benchmarks.orchestrators import AGENTS, ASKED, CALLS, QUESTION, ROUNDS

from labkit.llm import Endpoint
from labkit.mechanisms.debate import debate

MECHANISM = "Debate, orchestration"
SINGLE, CLIENT = "labkit, one call at a time", "openai client alone"
RAW, RULE = "raw requests over one connection", "finding the answers alone"
SHOWN = {"last": "last answers", "history": "whole conversation"}
GROUP = "AutoGen, RoundRobinGroupChat"
PEERS = {
    "AutoGen, agents": ("AutoGen", orchestrators.autogen_agents),
    "AgentScope, agents": ("AgentScope", orchestrators.agentscope_agents),
    GROUP: ("AutoGen", orchestrators.autogen_group),
}


@pytest.fixture(scope="module")
def server():
    with InstantServer() as running:
        yield running


def peers_of(clients, memory, runner):
    """Return the peers that can be built; a group chat has no other way than to hear the whole conversation."""

    def build(library, hold):
        return lambda: hold(clients[library](), memory, runner)

    return available({name: build(*how) for name, how in PEERS.items() if name != GROUP or memory == "history"})


def compared(benchmark, calls, memory, where, limit, checks, missing):
    times = in_turn(benchmark, calls, rounds=15, units=dict.fromkeys(calls, CALLS))
    benchmark.extra_info["comparison"] = times | {
        "mechanism": MECHANISM,
        "work": f"{where}, {SHOWN[memory]}",
        "unit": f"call; {AGENTS} agents answer in {ROUNDS} rounds",
        "clocks": ["processor", "wall"],
        "limit": limit,
        "checks": checks,
        "missing": missing,
    }


@pytest.mark.parametrize("memory", ["last", "history"])
@pytest.mark.benchmark(group=MECHANISM, timer=time.process_time)
def test_on_a_server(benchmark, server, memory):
    clients = orchestrators.over_http(server.url, memory)
    with asyncio.Runner() as runner:
        peers, missing = peers_of(clients, memory, runner)
        chat = clients["labkit"]()
        calls = {OURS: orchestrators.labkit(chat, memory, AGENTS), SINGLE: orchestrators.labkit(chat, memory, 1)}
        server.seen()
        truth, asked = calls[OURS](), server.seen()
        calls[RAW] = orchestrators.raw(server.port, memory, truth)
        calls[CLIENT] = orchestrators.client_alone(server.url, memory, truth)
        calls |= peers
        checks, wrong = {}, []
        for name, call in calls.items():
            said, seen = call(), server.seen()
            words = "the same requests" if seen["asked"] == asked["asked"] else "longer requests: all that was said"
            answers = "" if said is None else ", the same answers" if said == truth else ", other answers"
            checks[name] = f"{seen['calls']} calls, {words}{answers}"
            expected = (CALLS, name != GROUP, True)
            if (seen["calls"], seen["asked"] == asked["asked"], said in (None, truth)) != expected:
                wrong.append(name)
        compared(benchmark, calls, memory, "instant server", RAW, checks, missing)
    assert not wrong, checks


@pytest.mark.parametrize("memory", ["last", "history"])
@pytest.mark.benchmark(group=MECHANISM, timer=time.process_time)
def test_without_a_server(benchmark, memory):
    clients = orchestrators.at_home(memory)
    with asyncio.Runner() as runner:
        peers, missing = peers_of(clients, memory, runner)
        calls = {OURS: orchestrators.labkit(clients["labkit"](), memory, 1)}
        truth = calls[OURS]()
        calls |= {RULE: orchestrators.answers_alone(memory, truth)} | peers
        alike = {name: call() == truth for name, call in peers.items()}
        checks = {
            name: f"{CALLS} calls, " + ("the same answers" if same else "other answers") for name, same in alike.items()
        }
        compared(benchmark, calls, memory, "no server", RULE, checks, missing)
    assert all(alike.values()), checks


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
