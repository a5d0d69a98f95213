"""Agents that answer, look who stands where, and answer again in that order (arXiv 2510.00685)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

import networkx as nx
import numpy as np
from numpy.random import SeedSequence
from numpy.typing import NDArray

from labkit.dialogue import Chat, Message, Reply
from labkit.mechanisms.shapley_dag._contribution import central, checked_rule, contributions, similarities
from labkit.mechanisms.shapley_dag._graph import influence_graph, reshuffled
from labkit.mechanisms.shapley_dag._transcript import Organized, Wording
from labkit.seeds import Seed, as_sequence, seed_at

Embed = Callable[[Sequence[str]], NDArray[np.float64]]
Read = Callable[[str], str | None]


def self_organize(
    agents: Sequence[Chat],
    question: str,
    *,
    embed: Embed,
    threshold: float,
    max_in_degree: int,
    rng: Seed,
    rounds: int = 2,
    rule: Literal["paper", "released"] = "paper",
    routing: Literal["contribution", "shuffled"] = "contribution",
    consensus: float | None = 0.95,
    wording: Wording | None = None,
    read: Read = str,
    instructions: Sequence[str] | None = None,
    examples: Sequence[Message] = (),
    temperature: float = 0.4,
    max_tokens: int = 32,
    stop: Sequence[str] = (),
    options: Mapping[str, Any] | None = None,
    concurrency: int = 1,
) -> Organized:
    """Let agents answer, order themselves by contribution, and answer again along the order.

    Parameters
    ----------
    agents : sequence of Chat
        Who answers.
    question : str
        What is asked.
    embed : callable
        Turns the texts of all agents into vectors, shape (agents, dimension).
    threshold, max_in_degree, rule
        As for `influence_graph`.
    rng : int, SeedSequence or Generator
        Where the randomness comes from. The seed of a call depends on it, the agent and the round alone.
    rounds : int
        Rounds after the first answers, 0 or more.
    routing : {"contribution", "shuffled"}
        Whether the graph stands as it is, or its places are drawn by lot: the control at the same number of edges.
    consensus : float, optional
        The rounds end once all cosines are at least this (the released code: 0.95). None: never before the last.
    wording : Wording, optional
        What the agents are told.
    read : callable
        What of a text is passed on; None where there is nothing to pass on. The text itself by default.
    instructions : sequence of str, optional
        A system prompt for each agent.
    examples : sequence of Message
        Turns that stand before every request.
    temperature, max_tokens, stop, options
        Handed to every call.
    concurrency : int
        Calls in flight at once; the result is the same.

    Returns
    -------
    Organized
        A `Transcript` with the graphs, the contributions and the choice.

    Raises
    ------
    ValueError
        An argument is out of range, or an embedding is not what `contributions` takes.

    Notes
    -----
    arXiv 2510.00685 with the schedule of the released code: in each round the leader looks at its own answer again,
    whoever reads someone is asked with the newest answers of those it reads, all others keep theirs.
    """
    agents = tuple(agents)
    _checked(len(agents), rounds, routing, concurrency, instructions)
    checked_rule(rule)
    settings = {"temperature": temperature, "max_tokens": max_tokens, "stop": tuple(stop), **(options or {})}
    circle = _Circle(
        agents,
        question,
        as_sequence(rng),
        wording or Wording(),
        read,
        instructions,
        tuple(examples),
        settings,
        concurrency,
    )
    turns, graphs = [circle.alone()], []
    while True:
        vectors = _embedded(embed, turns[-1].replies)
        graph = influence_graph(vectors, threshold=threshold, max_in_degree=max_in_degree, rule=rule)
        graphs.append(reshuffled(graph, circle.lots(len(turns))) if routing == "shuffled" else graph)
        agreed = consensus is not None and len(turns) > 1 and bool(similarities(vectors).min() >= consensus)
        if agreed or len(turns) > rounds:
            break
        turns.append(circle.again(turns[-1].replies, graphs[-1], len(turns)))
    return Organized(
        question,
        rounds=tuple(turn.replies for turn in turns),
        contributions=tuple(tuple(nx.get_node_attributes(graph, "contribution").values()) for graph in graphs),
        graphs=tuple(graphs),
        called=tuple(tuple(bool(prompt) for prompt in turn.prompts) for turn in turns),
        prompts=tuple(turn.prompts for turn in turns),
        chosen=central(vectors, contributions(vectors, rule)),
    )


def call_seed(rng: Seed, agent: int, turn: int) -> int:
    """Return the seed of one call: it depends on nothing else, so arms that share `rng` share their first answers.

    Parameters
    ----------
    rng : int, SeedSequence or Generator
        Where the randomness of the question comes from; a Generator advances, and gives another seed each time.
    agent, turn : int
        Who is asked, and in which round (0 is the first answer).

    Returns
    -------
    int
        0 to 2^31 - 1.
    """
    return seed_at(as_sequence(rng).spawn(1)[0], turn, agent)


@dataclass(frozen=True, slots=True)
class _Turn:
    """One round: what each agent said, and what it was asked (empty where it was not)."""

    replies: tuple[Reply, ...]
    prompts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Circle:
    """The agents and all that stays the same from round to round."""

    agents: tuple[Chat, ...]
    question: str
    rng: SeedSequence
    wording: Wording
    read: Read
    instructions: Sequence[str] | None
    examples: tuple[Message, ...]
    settings: Mapping[str, Any]
    concurrency: int

    def alone(self) -> _Turn:
        """Ask everyone, each for itself."""
        prompts = dict.fromkeys(range(len(self.agents)), self.wording.alone(self.question))
        return _Turn(tuple(self._ask(prompts, 0).values()), tuple(prompts.values()))

    def again(self, replies: tuple[Reply, ...], graph: nx.DiGraph, turn: int) -> _Turn:
        """Ask the leader and whoever reads someone, in the order of the graph; the others keep their answers."""
        said, asked = list(replies), [""] * len(replies)
        leader = min(graph, key=lambda agent: graph.nodes[agent]["order"])
        # Agents of one generation read only earlier ones, so they may be asked at once.
        for generation in nx.topological_generations(graph):
            prompts = {}
            for agent in sorted(generation):
                peers = [self.read(said[peer].text) for peer in self._strongest_first(graph, agent)]
                heard = [peer for peer in peers if peer is not None]
                if heard or agent == leader:
                    prompts[agent] = self.wording.again(self.question, self.read(said[agent].text), heard)
            for agent, reply in self._ask(prompts, turn).items():
                said[agent], asked[agent] = reply, prompts[agent]
        return _Turn(tuple(said), tuple(asked))

    def lots(self, turn: int) -> list[int]:
        """Draw who takes whose place, once per round."""
        lots = np.random.default_rng(call_seed(self.rng, len(self.agents), turn))
        return [int(name) for name in lots.permutation(len(self.agents))]

    def _strongest_first(self, graph: nx.DiGraph, reader: int) -> list[int]:
        return sorted(graph.predecessors(reader), key=lambda peer: graph.nodes[peer]["order"])

    def _ask(self, prompts: Mapping[int, str], turn: int) -> dict[int, Reply]:
        def call(agent: int) -> Reply:
            system = [Message("system", self.instructions[agent])] if self.instructions is not None else []
            messages = [*system, *self.examples, Message("user", prompts[agent])]
            return self.agents[agent](messages, seed=call_seed(self.rng, agent, turn), **self.settings)

        if self.concurrency == 1:
            return {agent: call(agent) for agent in prompts}
        with ThreadPoolExecutor(self.concurrency) as workers:
            return dict(zip(prompts, workers.map(call, prompts), strict=True))


def _embedded(embed: Embed, replies: Sequence[Reply]) -> NDArray[np.float64]:
    vectors = np.asarray(embed([reply.text for reply in replies]), dtype=float)
    if vectors.ndim != 2 or len(vectors) != len(replies):
        raise ValueError(f"embed returned shape {vectors.shape}: allowed is one row for each of {len(replies)} texts")
    return vectors


def _checked(agents: int, rounds: int, routing: str, concurrency: int, instructions: Sequence[str] | None) -> None:
    if agents < 1:
        raise ValueError("agents is empty: at least one is needed")
    for name, value, low in (("rounds", rounds, 0), ("concurrency", concurrency, 1)):
        if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < low:
            raise ValueError(f"{name} = {value!r}: allowed is a whole number from {low}")
    if routing not in ("contribution", "shuffled"):
        raise ValueError(f"routing = {routing!r}: allowed is 'contribution' or 'shuffled'")
    if instructions is not None and (isinstance(instructions, str) or len(instructions) != agents):
        raise ValueError(f"instructions: one for each of {agents} agents is needed")
