"""LinUCB of twenty agents against the LinUCB of peer libraries: how much faster, and whether they choose alike.

`make test-slow` runs this; `make bench` measures more, next to more peers. The peers play the disjoint model (one
parameter per arm), so ours does too: one decision and one update per agent and round, contexts and rewards drawn
beforehand for the peers and within the time for us. Rates are compared within one run, turn by turn, in processor time.

obp cannot be installed with its dependencies any more, and its package wants torch; the one module that is needed is
loaded past it, from the environment or from .cache/peers
(``pip install --no-deps --target .cache/peers obp==0.4.1``). Where it is missing, contextualbandits times nine stands
for it: on one machine the two made 9316 and 1027 rounds a second.

Against obp 0.4.1 on two shared cores: isolated agents 48 times its rounds a second, doubling 49, DisLinUCB 38. Full
sharing made 16 and FedLinUCB 5, whose agents take in what twenty send in every round; a batched policy plays a million
rounds in 5 milliseconds.
"""

from __future__ import annotations

import statistics
import time

import numpy as np
import pytest
from benchmarks.obp_policy import obp_linucb

from labkit.mechanisms.distributed_bandits import Problem, play
from labkit.mechanisms.distributed_bandits._linucb import Team
from labkit.mechanisms.distributed_bandits._problem import draw_instance, draw_streams

pytestmark = [pytest.mark.slow, pytest.mark.benchmark]

MISSING = "obp is not installed: pip install --no-deps --target .cache/peers obp==0.4.1"
PROBLEM = Problem(dim=10, arms=20, agents=20, contexts=1000, model="disjoint")
SHARED = PROBLEM.replace(model="shared")
HORIZON, REPLICATES, ROUNDS, PEER_ROUNDS = 2000, 5, 3, 2000
POLICIES = ("isolated", "dislinucb", "fedlinucb", "doubling", "central")


@pytest.fixture(scope="module")
def peer():
    """The peer as (name, how many times as fast as it obp is, a function that makes a player)."""
    if linucb := obp_linucb():
        return "obp", 1.0, lambda: Obp(linucb(dim=10, n_actions=20, epsilon=1.0, random_state=1))
    online = pytest.importorskip("contextualbandits.online", reason=f"{MISSING}, or pip install contextualbandits")
    return (
        "contextualbandits",
        9.0,
        lambda: Contextual(online.LinUCB(nchoices=20, alpha=1.0, fit_intercept=False, random_state=1)),
    )


class Obp:
    def __init__(self, policy):
        self.policy = policy

    def choose(self, context):
        return int(self.policy.select_action(context)[0])

    def learn(self, context, action, reward):
        self.policy.update_params(action=action, reward=reward, context=context)


class Contextual:
    def __init__(self, policy):
        self.policy = policy

    def choose(self, context):
        return int(self.policy.predict(context)[0])

    def learn(self, context, action, reward):
        self.policy.partial_fit(context, np.array([action]), np.array([reward]))


@pytest.mark.benchmark(group="LinUCB, 20 agents, d = 10, K = 20", timer=time.process_time)
def test_is_thirty_times_as_fast_as_obp(benchmark, peer, capsys):
    name, faster, make = peer
    instance = draw_instance(PROBLEM, draw_streams(0, 1)["instance"])
    rng = np.random.default_rng(0)
    player, pace = make(), []
    rates = {policy: [] for policy in (*POLICIES, "isolated, one parameter")}

    def run_peer():
        here = rng.integers(PROBLEM.contexts, size=PEER_ROUNDS)
        contexts = instance.features[0][here]
        rewards = instance.means[0][here] + rng.standard_normal((PEER_ROUNDS, 1))
        spent = seconds(advance, player, contexts, rewards)
        pace.append(PEER_ROUNDS / spent)

    def run_labkit():
        for policy in rates:
            problem = SHARED if "one" in policy else PROBLEM
            spent = seconds(play, policy.partition(",")[0], problem, HORIZON, rng=0, replicates=REPLICATES)
            rates[policy].append(REPLICATES * problem.agents * HORIZON / spent)

    benchmark.pedantic(run_labkit, setup=run_peer, rounds=ROUNDS)
    ratios = {policy: statistics.median(np.divide(rates[policy], pace).tolist()) / faster for policy in rates}
    benchmark.extra_info |= {f"{name}: rounds per second": statistics.median(pace)}
    benchmark.extra_info |= {f"{policy}: agent-rounds per second": statistics.median(rates[policy]) for policy in rates}
    benchmark.extra_info |= {f"{policy}: times as fast as obp": ratio for policy, ratio in ratios.items()}
    with capsys.disabled():
        print(*(f"\n{what}: {number:,.1f}" for what, number in benchmark.extra_info.items()))
    # FedLinUCB and full sharing do more than decide and update: nearly every sample is also sent and taken in.
    assert min(ratios[policy] for policy in ("isolated", "doubling", "dislinucb")) >= 30


def test_chooses_what_obp_chooses():
    linucb = obp_linucb()
    if linucb is None:
        pytest.skip(MISSING)
    problem = PROBLEM.replace(agents=1)
    instance = draw_instance(problem, draw_streams(0, 1)["instance"])
    theirs = linucb(dim=10, n_actions=20, epsilon=1.0, random_state=1)
    ours = Team(instance, 1, ridge=1.0, width=1.0, delta=0.01)
    ours._radius = lambda: np.ones((1, 1))
    rng = np.random.default_rng(0)
    for round_ in range(600):
        here = rng.integers(problem.contexts)
        context, means = instance.features[0, here][None], instance.means[0, here]
        arm, x, leaned, expected = ours.choose(context, np.zeros((1, 20)))
        if round_ < 40:
            # Both begin with every arm twice: of equal arms each takes another one.
            arm[:] = round_ % 20
            leaned, expected = ours.inverse[0, arm] @ context[0], ours.theta[0, arm] @ context[0]
        else:
            assert theirs.select_action(context)[0] == arm[0]
        reward = means[arm] + rng.standard_normal(1)
        ours.learn(arm, x, leaned, reward - expected, reward, np.ones(1))
        theirs.update_params(action=int(arm[0]), reward=float(reward[0]), context=context)


@pytest.mark.parametrize("policy", ["disbe", "decbe", "pls"])
def test_a_batched_run_of_a_million_rounds_takes_milliseconds(policy, capsys):
    spent = seconds(play, policy, Problem(), 10**6, rng=0, replicates=20) / 20
    with capsys.disabled():
        print(f"\n{policy}, a million rounds of ten agents: {1000 * spent:.1f} ms")
    assert spent < 0.1


def advance(player, contexts, rewards):
    for context, reward in zip(contexts, rewards, strict=True):
        action = player.choose(context[None])
        player.learn(context[None], action, float(reward[action]))


def seconds(call, *arguments, **options):
    start = time.process_time()
    call(*arguments, **options)
    return time.process_time() - start
