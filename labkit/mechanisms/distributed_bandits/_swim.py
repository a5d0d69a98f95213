"""Learning to act over several steps, together and out of step: asynchronous LSVI-UCB on a small chain."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from labkit.mechanisms.distributed_bandits._problem import Floats, Ints
from labkit.params import Field, Params
from labkit.seeds import Seed, streams

BLOCK = 64


class Chain(Params):
    """A river to swim up: left is easy and pays a little, right is hard and pays at the end (RiverSwim).

    Its feature vectors are one-hot, so that a linear model is a table; the sizes are ours.
    """

    states: int = Field(6, ge=2, le=20, description="places along the river")
    steps: int = Field(10, ge=2, le=40, description="steps of an episode")
    agents: int = Field(4, ge=1, le=64, description="agents that share what they learn")
    episodes: int = Field(
        1000, ge=1, le=200_000, slider=(100, 5000, 100), description="episodes of all agents together"
    )
    patience: float = Field(
        1.0,
        ge=0,
        le=10_000,
        slider=(0, 10, 0.1),
        description="growth that triggers an upload, in units of 1 / agents^2",
    )
    bonus: float = Field(0.2, ge=0, le=10, slider=(0, 1, 0.05), description="width of the optimism, share of the steps")

    @property
    def trigger(self) -> float:
        """The growth of a determinant that triggers an upload."""
        return self.patience / self.agents**2


@dataclass(frozen=True, slots=True)
class Cooperation:
    """What the swimmers did.

    Attributes
    ----------
    chain : Chain
        What they swam in.
    regret : ndarray of float, shape (replicates, episodes)
        Value lost so far against the best policy, summed over the episodes of all agents.
    uploads : ndarray of int, shape (replicates, episodes)
        Uploads so far.
    upload_times : tuple of ndarray of int
        For each agent the episodes after which it uploaded, first replicate.
    optimistic : ndarray of float, shape (replicates,)
        Share of the visited steps whose value was not underestimated.
    values : ndarray of float, shape (replicates, steps, states, actions)
        What the server believes at the end, at most the steps that are left.
    """

    chain: Chain
    regret: Floats
    uploads: Ints
    upload_times: tuple[Ints, ...]
    optimistic: Floats
    values: Floats


def river(chain: Chain) -> tuple[Floats, Floats]:
    """Return the chances of each move and the rewards.

    Parameters
    ----------
    chain : Chain
        How long it is.

    Returns
    -------
    (ndarray of float, shape (states, actions, states), ndarray of float, shape (states, actions))
        Left (0) always succeeds. Right (1) moves on with chance 0.35, stays with 0.6 and slips back with 0.05. Left at
        the first place pays 0.005, right at the last one 1.
    """
    states = chain.states
    moves, rewards = np.zeros((states, 2, states)), np.zeros((states, 2))
    for state in range(states):
        moves[state, 0, max(state - 1, 0)] = 1
        moves[state, 1, min(state + 1, states - 1)] += 0.35
        moves[state, 1, max(state - 1, 0)] += 0.05
        moves[state, 1, state] += 0.6
    rewards[0, 0], rewards[-1, 1] = 0.005, 1
    return moves, rewards


def best_values(chain: Chain, policy: Ints | None = None) -> Floats:
    """Return the value of each step, place and action under the best policy, or under a given one.

    Parameters
    ----------
    chain : Chain
        Where to swim.
    policy : ndarray of int, shape (steps, states), optional
        What to do.

    Returns
    -------
    ndarray of float, shape (steps, states, actions)
    """
    moves, rewards = river(chain)
    values, ahead = np.zeros((chain.steps, chain.states, 2)), np.zeros(chain.states)
    for step in reversed(range(chain.steps)):
        values[step] = rewards + moves @ ahead
        ahead = values[step].max(axis=1) if policy is None else values[step][np.arange(chain.states), policy[step]]
    return values


def cooperate(chain: Chain, *, rng: Seed, replicates: int = 1) -> Cooperation:
    """Let agents swim one at a time and upload when they have seen enough (Min et al., arXiv 2305.06446).

    Parameters
    ----------
    chain : Chain
        Where to swim.
    rng : int, SeedSequence or Generator
        Where the randomness comes from.
    replicates : int
        How many runs.

    Returns
    -------
    Cooperation

    Notes
    -----
    The trigger on the determinant is the paper's; its bonus was not read, so ours is ``bonus * steps`` times the
    width of the confidence ellipsoid. An episode starts at the first place, and who swims is drawn at random.
    """
    purposes = streams(rng, replicates, ("swimmer", "current"))
    teams = [Swimmers(chain) for _ in range(replicates)]
    for team, swimmer, current in zip(teams, purposes["swimmer"], purposes["current"], strict=True):
        for begun in range(0, chain.episodes, BLOCK):
            who = swimmer.random(BLOCK)
            luck = current.random((BLOCK, chain.steps))
            for episode in range(begun, min(begun + BLOCK, chain.episodes)):
                team.swim(int(who[episode - begun] * chain.agents), luck[episode - begun].tolist(), episode)
    return Cooperation(
        chain,
        np.cumsum([team.lost for team in teams], axis=1),
        np.cumsum([team.uploaded for team in teams], axis=1),
        tuple(np.array(times, dtype=np.int64) for times in teams[0].times),
        np.array([team.optimistic / (chain.episodes * chain.steps) for team in teams]),
        np.stack([team.plan(team.counts) for team in teams]),
    )


class Swimmers:
    """One replicate: what the server has counted, and what each agent has downloaded and seen since.

    Counts have the shape (steps, states, actions, states): with one-hot features they are the whole statistic.
    """

    def __init__(self, chain: Chain) -> None:
        self.chain, shape = chain, (chain.steps, chain.states, 2, chain.states)
        self.moves, self.rewards = river(chain)
        self.truth, self.ladder = best_values(chain), self.moves.cumsum(axis=2).tolist()
        self.counts, self.seen = np.zeros(shape), np.zeros((chain.agents, *shape))
        self.visits = np.ones((chain.agents, *shape[:3]))
        self.fresh, self.growth = np.zeros((chain.agents, *shape[:3])), np.zeros((chain.agents, chain.steps))
        self.values = np.stack([self.plan(self.counts)] * chain.agents)
        self.policies = [self._policy(agent) for agent in range(chain.agents)]
        self.worth = [self._worth(agent) for agent in range(chain.agents)]
        self.lost, self.uploaded = np.zeros(chain.episodes), np.zeros(chain.episodes, dtype=np.int64)
        self.times: list[list[int]] = [[] for _ in range(chain.agents)]
        self.optimistic = 0

    def plan(self, counts: Floats) -> Floats:
        """Return optimistic values, from the last step back: least squares plus a bonus, at most what can be had."""
        chain, visits = self.chain, 1 + counts.sum(axis=3)
        values, ahead = np.zeros(visits.shape), np.zeros(chain.states)
        for step in reversed(range(chain.steps)):
            estimate = (counts[step] @ ahead + self.rewards * (visits[step] - 1)) / visits[step]
            width = chain.bonus * chain.steps / np.sqrt(visits[step])
            values[step] = np.clip(estimate + width, 0, chain.steps - step)
            ahead = values[step].max(axis=1)
        return values

    def swim(self, agent: int, luck: list[float], episode: int) -> None:
        """Swim one episode by what is downloaded; upload afterwards if a determinant has grown enough."""
        policy, seen, state = self.policies[agent], self.seen[agent], 0
        visits, fresh = self.visits[agent], self.fresh[agent]
        for step in range(self.chain.steps):
            action = policy[step][state]
            self.optimistic += self.values[agent, step, state, action] >= self.truth[step, state, action] - 1e-9
            ladder = self.ladder[state][action]
            following = next((place for place, top in enumerate(ladder) if luck[step] < top), len(ladder) - 1)
            seen[step, state, action, following] += 1
            known = visits[step, state, action] + fresh[step, state, action]
            self.growth[agent, step] += math.log1p(1 / known)
            fresh[step, state, action] += 1
            state = following
        self.lost[episode] = self.truth[0, 0].max() - self.worth[agent]
        if self.growth[agent].max() > math.log1p(self.chain.trigger):
            self._upload(agent, episode)

    def _upload(self, agent: int, episode: int) -> None:
        """Hand over what was seen, download everything, and plan anew."""
        self.counts += self.seen[agent]
        self.seen[agent], self.fresh[agent], self.growth[agent] = 0, 0, 0
        self.visits[agent], self.values[agent] = 1 + self.counts.sum(axis=3), self.plan(self.counts)
        self.policies[agent] = self._policy(agent)
        self.worth[agent] = self._worth(agent)
        self.uploaded[episode] += 1
        self.times[agent].append(episode + 1)

    def _policy(self, agent: int) -> list[list[int]]:
        # Where both look alike, right: ties would otherwise send all to the left for good.
        best: list[list[int]] = (1 - self.values[agent][:, :, ::-1].argmax(axis=2)).tolist()
        return best

    def _worth(self, agent: int) -> float:
        """Return what the agent's policy is worth from the first place."""
        policy = np.array(self.policies[agent])
        return float(best_values(self.chain, policy)[0, 0, policy[0, 0]])
