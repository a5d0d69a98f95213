"""One debate as each library holds it: the same agents, the same words, the same rounds, whatever answers them.

A library meets its model through a client of its own kind: one that asks a server (`over_http`), or one that answers
within the process by the same rule as the server (`at_home`), where nothing is left but the orchestration.
"""

from __future__ import annotations

import asyncio
import http.client
import json

from benchmarks.instant_server import answer_to

from labkit.dialogue import Message, Reply
from labkit.llm import Endpoint
from labkit.mechanisms.debate import Wording, debate

AGENTS, ROUNDS = 7, 5
CALLS = AGENTS * ROUNDS
QUESTION = "Which of 97 answers is right?"
ROLES = [f"You are agent {agent}." for agent in range(AGENTS)]
ASKED = {"temperature": 0.4, "max_tokens": 32}
MODEL = {"last": "words", "history": "role"}
"""By what a model answers, where agents see last answers only, and where they see the whole conversation."""
WORDING = Wording()


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


def labkit(chat, memory, at_once):
    """Return a call that holds the debate; it returns what was said, round by round."""

    def run():
        found = debate(
            [chat] * AGENTS, QUESTION, ROUNDS, rng=0, memory=memory, instructions=ROLES, concurrency=at_once, **ASKED
        )
        return [[reply.text for reply in replies] for replies in found.rounds]

    return run


def autogen_agents(client, memory, runner):
    from autogen_agentchat.agents import AssistantAgent
    from autogen_core.model_context import BufferedChatCompletionContext

    def fresh(agent):
        kept = {"model_context": BufferedChatCompletionContext(1)} if memory == "last" else {}
        return AssistantAgent(f"agent_{agent}", client, system_message=ROLES[agent], **kept)

    async def once():
        agents = [fresh(agent) for agent in range(AGENTS)]

        async def ask(agent, text):
            return (await agents[agent].run(task=text)).messages[-1].content

        return await in_rounds(memory, ask)

    return lambda: runner.run(once())


def autogen_group(client, memory, runner):
    """AutoGen's own way to let agents talk: one after another, each hearing all that was said before."""
    from autogen_agentchat.agents import AssistantAgent
    from autogen_agentchat.conditions import MaxMessageTermination
    from autogen_agentchat.teams import RoundRobinGroupChat

    async def once():
        agents = [AssistantAgent(f"agent_{agent}", client, system_message=ROLES[agent]) for agent in range(AGENTS)]
        team = RoundRobinGroupChat(agents, termination_condition=MaxMessageTermination(CALLS + 1))
        said = [message.content for message in (await team.run(task=QUESTION)).messages[1:]]
        return [said[start : start + AGENTS] for start in range(0, CALLS, AGENTS)]

    return lambda: runner.run(once())


def agentscope_agents(model, memory, runner):
    from agentscope.agent import Agent, InjectionConfig
    from agentscope.message import UserMsg

    quiet = InjectionConfig(inject_runtime_state=False)

    async def once():
        agents = [Agent(f"agent_{agent}", ROLES[agent], model, injection_config=quiet) for agent in range(AGENTS)]

        async def ask(agent, text):
            if memory == "last":
                agents[agent].state.context.clear()
            return (await agents[agent].reply(UserMsg("user", text))).get_text_content()

        return await in_rounds(memory, ask)

    return lambda: runner.run(once())


def over_http(url, memory):
    """Return each library's client of a server, ready to be made."""

    def autogen():
        from autogen_ext.models.openai import OpenAIChatCompletionClient

        able = dict.fromkeys(("vision", "function_calling", "json_output", "structured_output"), False)
        return OpenAIChatCompletionClient(
            model=MODEL[memory], base_url=url, api_key="none", model_info=able | {"family": "unknown"}, **ASKED
        )

    def agentscope():
        from agentscope.credential import OpenAICredential
        from agentscope.model import OpenAIChatModel

        key, asked = OpenAICredential(api_key="none", base_url=url), OpenAIChatModel.Parameters(**ASKED)
        return OpenAIChatModel(key, MODEL[memory], asked, stream=False)

    return {"labkit": lambda: Endpoint(url, MODEL[memory]), "AutoGen": autogen, "AgentScope": agentscope}


def at_home(memory):
    """Return each library's client that answers within the process, ready to be made."""
    rule = MODEL[memory]

    def ours():
        def chat(messages, **_):
            told = [(message.role, message.content) for message in messages]
            return Reply(answer_to(rule, told), rule, 7, 2, source="scripted")

        return chat

    def autogen():
        from autogen_core.models import CreateResult, RequestUsage
        from autogen_ext.models.replay import ReplayChatCompletionClient

        class Echo(ReplayChatCompletionClient):
            async def create(self, messages, **_):
                told = [("", message.content) for message in messages]
                spent = RequestUsage(prompt_tokens=7, completion_tokens=2)
                said = answer_to(rule, told)
                return CreateResult(finish_reason="stop", content=said, usage=spent, cached=False)

        return Echo([""])

    def agentscope():
        from agentscope.credential import OpenAICredential
        from agentscope.message import TextBlock
        from agentscope.model import ChatResponse, OpenAIChatModel

        class Echo(OpenAIChatModel):
            async def _call_api(self, model_name, messages, tools=None, tool_choice=None, **_):
                told = [("", message.get_text_content()) for message in messages]
                return ChatResponse(content=[TextBlock(type="text", text=answer_to(rule, told))], is_last=True)

        return Echo(OpenAICredential(api_key="none", base_url="http://127.0.0.1:9/v1"), rule, stream=False)

    return {"labkit": ours, "AutoGen": autogen, "AgentScope": agentscope}


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


def client_alone(url, memory, said):
    """Return a call that sends the same requests with the openai client, one by one."""
    from openai import DefaultHttpxClient, OpenAI

    ready = [json.loads(body) for body in bodies(memory, said)]
    client = OpenAI(base_url=url, api_key="none", http_client=DefaultHttpxClient(trust_env=False))

    def run():
        for body in ready:
            client.chat.completions.create(**body)

    return run


def raw(port, memory, said):
    """Return a call that sends the same requests with the standard library, over one connection, one by one."""
    ready = list(bodies(memory, said))
    line = http.client.HTTPConnection("127.0.0.1", port)

    def run():
        for body in ready:
            line.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
            json.load(line.getresponse())

    return run


def answers_alone(memory, said):
    """Return a call that finds the answers to the same requests by the rule, and does nothing else."""
    talks = [json.loads(body)["messages"] for body in bodies(memory, said)]
    told = [[(message["role"], message["content"]) for message in talk] for talk in talks]
    return lambda: [answer_to(MODEL[memory], talk) for talk in told]
