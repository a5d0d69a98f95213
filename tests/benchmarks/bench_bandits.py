"""LinUCB with one parameter per arm: labkit's team of agents, obp, mabwiser and contextualbandits."""

from __future__ import annotations

import itertools
import time
import warnings

import numpy as np
import pytest
from benchmarks.measure import OURS, available, growth, in_turn
from benchmarks.obp_policy import obp_linucb

from labkit.mechanisms.distributed_bandits import Problem, play
from labkit.mechanisms.distributed_bandits._linucb import Team
from labkit.mechanisms.distributed_bandits._problem import draw_instance, draw_streams

MECHANISM = "Linear bandits"
DIM, ARMS, ALPHA, POOL, CHECKED, FORCED = 10, 20, 1.0, 1000, 600, 40
PROBLEM = Problem(dim=DIM, arms=ARMS, agents=1, contexts=POOL, model="disjoint")


class Ours:
    """Some agents side by side, each with data of its own; contexts and rewards are drawn beforehand."""

    def __init__(self, agents):
        problem = PROBLEM.replace(agents=agents)
        self.instance = draw_instance(problem, draw_streams(0, 1)["instance"])
        self.team = Team(self.instance, 1, ridge=1.0, width=1.0, delta=0.01)
        self.team._radius = lambda: np.full((1, 1), ALPHA)
        self.ones, self.ties = np.ones(agents), np.zeros((agents, ARMS))
        self.rows = itertools.cycle(np.random.default_rng(0).integers(POOL, size=(256, agents)))
        self.noise = np.random.default_rng(1).standard_normal(agents)

    def round(self):
        here = next(self.rows)
        arm, x, leaned, expected = self.team.choose(self.instance.features[0, here], self.ties)
        reward = self.instance.means[0, here, arm] + self.noise
        self.team.learn(arm, x, leaned, reward - expected, reward, self.ones)


class Obp:
    def __init__(self):
        self.policy = obp_linucb()(dim=DIM, n_actions=ARMS, epsilon=ALPHA, random_state=1)

    def choose(self, context):
        return int(self.policy.select_action(context)[0])

    def learn(self, context, action, reward):
        self.policy.update_params(action=action, reward=reward, context=context)


class Mabwiser:
    def __init__(self):
        from mabwiser.mab import MAB, LearningPolicy

        self.policy = MAB(list(range(ARMS)), LearningPolicy.LinUCB(alpha=ALPHA, l2_lambda=1.0), seed=1)
        self.learn = self.first

    def choose(self, context):
        return self.policy.predict(context)

    def first(self, context, action, reward):
        self.policy.fit([action], [reward], context)
        self.learn = self.later

    def later(self, context, action, reward):
        self.policy.partial_fit([action], [reward], context)


class Contextual:
    """contextualbandits with the inverse updated step by step ("sm"), the faster of its two ways for one sample."""

    def __init__(self):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from contextualbandits.online import LinUCB
        self.policy = LinUCB(nchoices=ARMS, alpha=ALPHA, fit_intercept=False, method="sm", random_state=1)

    def choose(self, context):
        return int(self.policy.predict(context)[0])

    def learn(self, context, action, reward):
        self.policy.partial_fit(context, np.array([action]), np.array([reward]))


PEERS = {"obp": Obp, "mabwiser": Mabwiser, "contextualbandits": Contextual}


def same_choices(peer):
    """Return the share of rounds in which the peer and labkit choose the same arm, both fed labkit's choices.

    First every arm is tried twice, so that no choice is a tie.
    """
    ours, rng = Ours(1), np.random.default_rng(0)
    same = 0
    for round_ in range(CHECKED):
        here = rng.integers(POOL)
        context, means = ours.instance.features[0, here][None], ours.instance.means[0, here]
        arm, x, leaned, expected = ours.team.choose(context, ours.ties)
        if round_ < FORCED:
            arm[:] = round_ % ARMS
            leaned = ours.team.inverse[0, arm] @ context[0]
            expected = ours.team.theta[0, arm] @ context[0]
        else:
            same += peer.choose(context) == arm[0]
        reward = means[arm] + rng.standard_normal(1)
        ours.team.learn(arm, x, leaned, reward - expected, reward, ours.ones)
        peer.learn(context, int(arm[0]), float(reward[0]))
    return same / (CHECKED - FORCED)


def player(make):
    """Return a peer that plays one more round whenever it is called, on the contexts of `Ours`."""
    instance, peer = draw_instance(PROBLEM, draw_streams(0, 1)["instance"]), make()
    rows, noise = itertools.cycle(np.random.default_rng(0).integers(POOL, size=256)), 0.3
    peer.learn(instance.features[0, 0][None], 0, noise)

    def round_():
        here = next(rows)
        context = instance.features[0, here][None]
        action = peer.choose(context)
        peer.learn(context, action, float(instance.means[0, here, action] + noise))

    return round_


def compiled():
    """Return a call that plays `CHECKED` rounds in a compiled loop, and the share of arms that labkit takes too."""
    from benchmarks.compiled import linucb

    ours, rng = Ours(1), np.random.default_rng(0)
    here, noise = rng.integers(POOL, size=CHECKED), rng.standard_normal(CHECKED)
    contexts, means = ours.instance.features[0, here], ours.instance.means[0, here]
    state = ours.team.inverse[0].copy(), ours.team.theta[0].copy()
    theirs, arms = linucb(*state, contexts, means, noise, ALPHA), []
    for context, mean, luck in zip(contexts, means, noise, strict=True):
        arm, x, leaned, expected = ours.team.choose(context[None], ours.ties)
        reward = mean[arm] + luck
        ours.team.learn(arm, x, leaned, reward - expected, reward, ours.ones)
        arms.append(arm[0])
    return float((theirs == arms).mean()), lambda: linucb(*state, contexts, means, noise, ALPHA)


@pytest.mark.parametrize("agents", [1, 20, 400])
@pytest.mark.benchmark(group=MECHANISM, timer=time.process_time)
def test_rounds(benchmark, agents):
    ours, limit = Ours(agents), "reading all the agents' matrices once"
    peers, missing = available({name: (lambda make=make: (make(), player(make))) for name, make in PEERS.items()})
    loop, no_loop = available({"numba loop": compiled})
    alike = {name: same_choices(peer) for name, (peer, _) in peers.items()}
    alike |= {name: same for name, (same, _) in loop.items()}
    calls = {OURS: ours.round, limit: ours.team.inverse.sum} | {
        name: turn for name, (_, turn) in [*peers.items(), *loop.items()]
    }
    units = {OURS: agents, limit: agents, "numba loop": CHECKED}
    times = in_turn(benchmark, calls, rounds=11, units=units)
    benchmark.extra_info["comparison"] = times | {
        "mechanism": MECHANISM,
        "work": f"LinUCB, {DIM} features, {ARMS} arms, {agents} agent{'s' * (agents > 1)} side by side",
        "unit": "choice and update",
        "limit": limit,
        "checks": {name: f"same data: {share:.1%} of the arms alike" for name, share in alike.items()},
        "missing": missing | no_loop,
    }
    assert min(alike.values(), default=1) > 0.99


@pytest.mark.parametrize(
    ("variable", "sizes"), [("agents", [1, 4, 16, 64, 250, 1000]), ("rounds", [100, 400, 1600, 6400, 25_000, 100_000])]
)
@pytest.mark.benchmark(group="growth", timer=time.process_time)
def test_growth(benchmark, variable, sizes):
    def call(size):
        problem, horizon = (PROBLEM.replace(agents=size), 50) if variable == "agents" else (PROBLEM, size)
        return lambda: play("isolated", problem, horizon, rng=0)

    benchmark.extra_info["growth"] = {
        "mechanism": MECHANISM,
        "variable": variable,
        "expected": 1,
        "sizes": sizes,
        "seconds": growth(benchmark, call, sizes),
    }
