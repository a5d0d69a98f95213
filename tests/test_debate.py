"""Debate: the protocol on scripted agents, the models against their closed forms, the study on made-up answers."""

from __future__ import annotations

import itertools
import math
import re
from contextlib import nullcontext

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta, kstest

from labkit.claims import debate as claims
from labkit.dialogue import Message, Reply
from labkit.lessons import debate as lesson
from labkit.llm import MissingRecording, Scripted, of_accuracy
from labkit.llm.questions import SETS
from labkit.mechanisms import debate as model
from labkit.mechanisms.debate import (
    Discussion,
    Personas,
    Persuasion,
    Urn,
    Wording,
    debate,
    majority_accuracy,
    ruin_accuracy,
    simulate_beliefs,
    simulate_discussion,
    simulate_personas,
    simulate_persuasion,
)
from labkit.unfolding import finish


class Parrot:
    """Answers a letter that depends on the seed and on all that was said, and remembers what it was asked."""

    def __init__(self):
        self.asked = []

    def __call__(self, messages, *, seed=None, temperature=0.0, max_tokens=256, stop=(), **options):
        self.asked.append((tuple(messages), seed, temperature, max_tokens, stop, options))
        told = " ".join(message.content for message in messages)
        return Reply("abc"[(seed + len(told)) % 3], "parrot", len(told.split()), 1, source="scripted")


def within(values, expected, errors=4.0):
    """Whether the mean of the values lies within so many standard errors of what is expected."""
    values = np.asarray(values, dtype=float)
    return abs(values.mean() - expected) <= errors * values.std(ddof=1) / math.sqrt(values.size) + 1e-12


class TestProtocol:
    def test_one_round_is_self_consistency(self):
        chat = Parrot()
        together = debate([chat] * 5, "Q?", 1, rng=3)
        alone = [
            Parrot()([Message("user", "Q?")], seed=model.call_seed(np.random.SeedSequence(3), agent, 0))
            for agent in range(5)
        ]
        assert list(together.rounds[0]) == alone
        assert debate([chat] * 5, "Q?", 4, rng=3).rounds[0] == together.rounds[0]

    def test_one_agent_is_self_refinement(self):
        wording, chat, said = Wording(), Parrot(), None
        refined = debate([Parrot()], "Q?", 6, rng=3)
        for number, (reply,) in enumerate(refined.rounds):
            turn = wording.first("Q?") if said is None else wording.later("Q?", said, [])
            again = chat([Message("user", turn)], seed=model.call_seed(np.random.SeedSequence(3), 0, number))
            assert again == reply
            said = reply.text

    def test_fewer_agents_or_rounds_ask_the_same_first_questions(self):
        large, small = (debate([Parrot()] * agents, "Q?", rounds, rng=9) for agents, rounds in ((6, 4), (2, 1)))
        assert large.rounds[0][:2] == small.rounds[0]
        assert debate([Parrot()] * 6, "Q?", 2, rng=9).rounds == large.rounds[:2]

    def test_calls_at_a_time_change_nothing(self):
        one, many = (debate([Parrot()] * 5, "Q?", 3, rng=1, concurrency=n) for n in (1, 4))
        assert one == many

    def test_all_speak_at_once_and_hear_the_last_round(self):
        chat = Parrot()
        run = debate(
            [chat] * 3, "Q?", 2, rng=0, topology="ring", wording=Wording(own="<{answer}>", peers="[{answers}]")
        )
        first = [reply.text for reply in run.rounds[0]]
        for agent, (messages, *_) in enumerate(chat.asked[3:]):
            others = [first[other] for other in range(3) if other != agent]
            assert messages[0].content == f"<{first[agent]}>[{'; '.join(others)}]\nQ?"
            assert len(messages) == 1

    def test_what_has_no_answer_is_not_passed_on(self):
        chat = Parrot()
        debate([chat, model.insistent("nonsense"), model.insistent("b")], "Q?", 2, rng=0,
               read=lambda text: text if len(text) == 1 else None)  # fmt: skip
        assert "nonsense" not in chat.asked[-1][0][0].content
        assert "b" in chat.asked[-1][0][0].content

    def test_texts_are_passed_on_whole_where_asked(self):
        chat = Parrot()
        options = {"read": lambda text: text[0], "rng": 0}
        debate([chat, model.insistent("b, I say")], "Q?", 2, exchange="texts", **options)
        assert "b, I say" in chat.asked[-1][0][0].content
        debate([chat, model.insistent("b, I say")], "Q?", 2, exchange="answers", **options)
        assert "I say" not in chat.asked[-1][0][0].content

    def test_history_grows_as_in_du_et_al(self):
        chat = Parrot()
        run = debate(
            [chat] * 2, "Q?", 3, rng=0, memory="history", exchange="texts", instructions=["You are kind.", None]
        )
        messages = chat.asked[-2][0]
        assert [message.role for message in messages] == ["system", "user", "assistant", "user", "assistant", "user"]
        assert messages[2].content == run.rounds[0][0].text
        assert run.rounds[1][1].text in messages[5].content
        assert chat.asked[-1][0][0].role == "user"

    def test_settings_reach_every_call(self):
        chat = Parrot()
        debate([chat], "Q?", 2, rng=0, temperature=0.2, max_tokens=7, stop=["\n"], options={"grammar": "g"})
        assert {(t, m, s, o["grammar"]) for _, _, t, m, s, o in chat.asked} == {(0.2, 7, ("\n",), "g")}

    def test_examples_stand_before_every_question(self):
        chat, shown = Parrot(), (Message("user", "1+1?"), Message("assistant", "2"))
        for memory in ("last", "history"):
            debate([chat], "Q?", 2, rng=0, memory=memory, examples=shown, instructions=["Be brief."])
        assert all(messages[1:3] == shown and messages[0].role == "system" for messages, *_ in chat.asked)

    def test_braces_in_questions_and_answers_are_text(self):
        chat = Parrot()
        debate([chat, model.insistent("{own} {0}")], "What is {x}?", 2, rng=0)
        assert "What is {x}?" in chat.asked[-1][0][0].content
        assert "{own} {0}" in chat.asked[-1][0][0].content

    @pytest.mark.parametrize(
        "wrong", [{"rounds": 0}, {"agents": []}, {"topology": "line"}, {"instructions": ["a"]}, {"concurrency": 0}]
    )
    def test_what_makes_no_debate_is_refused(self, wrong):
        keywords = {"agents": [Parrot()] * 2, "rounds": 2, "question": "Q?", "rng": 0} | wrong
        with pytest.raises(ValueError, match="allowed"):
            debate(**keywords)

    @given(st.integers(1, 12))
    def test_a_neighbourhood_includes_its_reader(self, agents):
        for topology in ("complete", "ring", "star"):
            hears = model.neighbourhoods(agents, topology)
            assert all(reader in heard for reader, heard in enumerate(hears))
            assert all((a in hears[b]) == (b in hears[a]) for a, b in itertools.combinations(range(agents), 2))

    def test_a_seed_depends_on_agent_and_round_alone(self):
        root = np.random.SeedSequence(4)
        seeds = {model.call_seed(root, agent, number) for agent in range(20) for number in range(20)}
        assert len(seeds) == 400
        assert all(0 <= seed < 2**31 for seed in seeds)

    def test_tokens_are_as_the_formula_says(self):
        # Question of 5 words, answers of 3, and not a word besides.
        def chat(messages, **_):
            return Reply("x y z", "m", sum(len(m.content.split()) for m in messages), 3)

        bare = Wording(own="{answer} ", peers="{answers} ", between=" ", again="{own}{peers}{question}")
        for agents, rounds in ((16, 1), (1, 16), (4, 4), (2, 8), (8, 2)):
            run = debate([chat] * agents, "one two three four five", rounds, rng=0, wording=bare)
            assert model.tokens_of(run) == model.tokens(agents, rounds, question=5, answer=3)
            assert run.tokens == model.tokens_of(run).total

    def test_token_accounts_of_the_literature(self):
        account = {
            shape: model.tokens(*shape, question=100, answer=300)
            for shape in ((16, 1), (1, 16), (2, 8), (4, 4), (8, 2))
        }
        assert [tokens.read for tokens in account.values()] == [1600, 6100, 10_000, 16_000, 20_800]
        assert {tokens.written for tokens in account.values()} == {4800}
        assert model.votes_for(account[4, 4], 100, 300) == 52


class TestVotes:
    def test_condorcet(self):
        # A-3 of the specification: exact values.
        for n, right in {3: 0.648, 5: 0.6826, 7: 0.7102, 9: 0.7334, 11: 0.7535, 21: 0.8256, 51: 0.9265}.items():
            assert majority_accuracy(0.6, n) == pytest.approx(right, abs=5e-5)
        assert majority_accuracy(0.4, 5) == pytest.approx(0.3174, abs=5e-5)

    @given(st.floats(0, 1), st.integers(1, 40))
    def test_majority_is_the_sum_over_all_outcomes(self, p, n):
        terms = [math.comb(n, k) * p**k * (1 - p) ** (n - k) * (0.5 if 2 * k == n else 2 * k > n) for k in range(n + 1)]
        assert majority_accuracy(p, n) == pytest.approx(sum(terms), abs=1e-12)
        assert model.vote_accuracy((p, 1 - p), n) == pytest.approx(sum(terms), abs=1e-10)

    @pytest.mark.parametrize("chances", [(0.3, 0.3, 0.4), (0.45, 0.35, 0.1, 0.1), (0.2, 0.2, 0.2, 0.2, 0.2)])
    @pytest.mark.parametrize("n", [1, 2, 3, 5, 6])
    def test_plurality_is_the_sum_over_all_outcomes(self, chances, n):
        total = 0.0
        for votes in itertools.product(range(len(chances)), repeat=n):
            counts = np.bincount(votes, minlength=len(chances))
            if counts[0] == counts.max():
                total += math.prod(chances[v] for v in votes) / (counts == counts.max()).sum()
        assert model.vote_accuracy(chances, n) == pytest.approx(total, abs=1e-12)

    def test_plurality_values_of_the_literature(self):
        dispersed = [model.vote_accuracy((0.3, *[0.7 / 6] * 6), n) for n in (1, 3, 5, 7, 9)]
        assert dispersed == pytest.approx([0.3, 0.3385, 0.4189, 0.4694, 0.5194], abs=5e-5)
        attracted = [model.vote_accuracy((0.3, 0.35, *[0.07] * 5), n) for n in (1, 3, 5, 7, 9)]
        assert attracted == pytest.approx([0.3, 0.3189, 0.3624, 0.3767, 0.387], abs=5e-5)

    def test_the_bound_of_theorem_1_is_never_exceeded(self):
        checked = 0
        for chances in ((0.6, 0.2, 0.2), (0.5, 0.3, 0.2), (0.45, 0.35, 0.1, 0.1), (0.8, 0.2)):
            for n in (5, 11, 19, 25, 51, 75):
                bound = model.vote_bound(chances, n)
                checked += bound > 0
                assert model.vote_accuracy(chances, n) >= bound
        assert checked >= 5
        assert model.vote_bound((0.6, 0.2, 0.2), 25) == pytest.approx(0.024, abs=1e-3)
        assert model.vote_bound((0.6, 0.2, 0.2), 51) == pytest.approx(0.344, abs=1e-3)
        assert model.vote_bound((0.6, 0.2, 0.2), 18) == 0

    @pytest.mark.parametrize(("a", "b"), [(2.0, 1.0), (3.0, 4.0)])
    def test_correlated_voters_gain_little_from_number(self, a, b):
        rng, n = np.random.default_rng(0), 51
        right = rng.binomial(n, rng.beta(a, b, 40_000)) > n / 2
        assert within(right, model.correlated_accuracy(a, b, n))
        assert model.correlated_accuracy(a, b, 100_001) == pytest.approx(
            model.correlated_accuracy(a, b, None), abs=1e-3
        )
        assert model.correlated_accuracy(a, b, None) == pytest.approx(beta.sf(0.5, a, b))

    @given(st.integers(1, 200), st.integers(2, 5), st.integers(0, 100))
    @settings(max_examples=30, deadline=None)
    def test_a_tie_goes_to_who_speaks_first(self, agents, options, seed):
        from labkit.mechanisms.debate._votes import cast, tally

        answers = np.random.default_rng(seed).integers(0, options, (agents, 40)).astype(np.int8)
        for column, won in zip(answers.T.tolist(), cast(answers, tally(answers, options)), strict=True):
            assert won == next(v for v in column if column.count(v) == max(map(column.count, column)))


class TestUrn:
    def test_answers_come_from_the_shares(self):
        urn = Urn(prior=(1.0, 2.0, 3.0, 4.0), agents=3, rounds=0)
        answers = simulate_beliefs(urn, rng=0, replicates=30_000).answers
        for option, share in enumerate((0.1, 0.2, 0.3, 0.4)):
            assert within((answers == option).ravel(), share)

    @pytest.mark.parametrize("topology", ["complete", "ring"])
    def test_the_mean_belief_stays_where_masses_are_equal(self, topology):
        prior = ((8.0, 1.0, 1.0), (2.0, 4.0, 4.0), (3.0, 3.0, 4.0), (1.0, 8.0, 1.0), (4.0, 3.0, 3.0))
        run = simulate_beliefs(Urn(prior=prior, rounds=8, topology=topology), rng=1, replicates=20_000)
        for now in range(9):
            assert within(run.truth[:, now].mean(axis=1), 0.36)
        assert run.truth[:, 8, 0].mean() < 0.6

    def test_it_does_not_stay_where_masses_differ(self):
        prior = ((40.0, 10.0), (1.0, 4.0), (1.0, 4.0), (1.0, 4.0))
        run = simulate_beliefs(Urn(prior=prior, agents=4, rounds=8), rng=1, replicates=20_000)
        assert not within(run.truth[:, 8].mean(axis=1), run.truth[:, 0].mean(), errors=20)

    @pytest.mark.parametrize("topology", ["complete", "ring", "star"])
    @pytest.mark.parametrize("weights", [{}, {"own_weight": 2.0, "peer_weight": 0.5}])
    def test_every_mean_belief_is_a_degroot_step(self, topology, weights):
        prior = ((6.0, 2.0), (1.0, 4.0), (2.0, 2.0), (1.0, 1.0))
        urn = Urn(prior=prior, agents=4, rounds=4, topology=topology, **weights)
        run = simulate_beliefs(urn, rng=2, replicates=20_000)
        expected = model.expected_beliefs(urn)
        for now, agent in itertools.product(range(5), range(4)):
            assert within(run.truth[:, now, agent], expected[now, agent], 4.5)

    @pytest.mark.parametrize(("agents", "mass", "rounds", "p"), [(5, 2, 5, 0.4), (5, 10, 5, 0.4), (3, 1, 10, 0.6)])
    def test_the_spread_of_a_shared_urn(self, agents, mass, rounds, p):
        urn = Urn(prior=(p * mass, (1 - p) * mass), agents=agents, rounds=rounds)
        spread = simulate_beliefs(urn, rng=0, replicates=200_000).truth[:, -1, 0].var()
        assert spread == pytest.approx(model.urn_variance(p, mass, agents, rounds), rel=0.03)
        reference = {5: {2: 0.0391, 10: 0.0123}, 3: {1: 0.0721}}[agents][mass]
        assert model.urn_variance(p, mass, agents, rounds) == pytest.approx(reference, abs=1e-4)

    def test_alone_it_is_polyas_urn(self):
        run = simulate_beliefs(Urn(prior=(2.0, 3.0), agents=1, rounds=2000), rng=0, replicates=1500)
        assert kstest(run.truth[:, -1, 0], beta(2, 3).cdf).pvalue > 0.01
        assert model.urn_variance(0.4, 5, 1, 10**6) == pytest.approx(0.24 / 6, rel=1e-4)

    def test_the_first_vote_is_exact_and_later_ones_lose(self):
        run = simulate_beliefs(Urn(), rng=0, replicates=40_000)
        assert within(run.vote_right[:, 0], model.vote_accuracy((0.45, 0.35, 0.1, 0.1), 5))
        # A flat mean and a vote that falls from .552 to about .52, as votes become alike.
        assert within(run.truth[:, 5].mean(axis=1), 0.45)
        assert run.vote_right[:, 5].mean() == pytest.approx(0.521, abs=0.011)
        assert run.unanimous[:, 5].mean() == pytest.approx(0.06, abs=0.006)

    @pytest.mark.parametrize(
        ("intervention", "vote", "right"),
        [("oracle", 0.99, 0.966), ("conformist", 0.56, 0.56), ("follower", 0.549, 0.497)],
    )
    def test_interventions(self, intervention, vote, right):
        # Reference: the specification's own run of the same model.
        run = simulate_beliefs(Urn(intervention=intervention), rng=0, replicates=40_000)
        assert run.vote_right[:, 5].mean() == pytest.approx(vote, abs=0.011)
        assert run.right[:, 5].mean() == pytest.approx(right, abs=0.01)

    @pytest.mark.parametrize(
        ("right", "wrong", "path"),
        [
            (1.0, 1.0, [0.4] * 6),
            (1.0, 0.5, [0.4, 0.464, 0.51, 0.545, 0.574, 0.597]),
            (0.5, 1.0, [0.4, None, None, None, None, 0.232]),
        ],
    )
    def test_confidence_tilts_the_mean(self, right, wrong, path):
        urn = Urn(prior=(2.0, 3.0), intervention="confidence", right_weight=right, wrong_weight=wrong)
        means = simulate_beliefs(urn, rng=0, replicates=40_000).truth.mean(axis=(0, 2))
        for mean, expected in zip(means, path, strict=True):
            assert expected is None or mean == pytest.approx(expected, abs=0.005)

    def test_what_is_right_stays_right_under_the_oracle(self):
        answers = simulate_beliefs(Urn(intervention="oracle"), rng=0, replicates=500).answers
        was_right = np.maximum.accumulate(answers == 0, axis=1)
        assert ((answers == 0) == was_right).all()

    @pytest.mark.parametrize("changes", [{}, {"topology": "star"}, {"intervention": "follower"}])
    def test_first_replicates_do_not_depend_on_their_number(self, changes):
        urn = Urn(**changes)
        many, few = (simulate_beliefs(urn, rng=5, replicates=n) for n in (5000, 7))
        np.testing.assert_array_equal(many.truth[:7], few.truth)
        np.testing.assert_array_equal(many.answers[:7], few.answers)
        np.testing.assert_array_equal(many.vote[:7], few.vote)

    def test_shapes_and_types(self):
        run = simulate_beliefs(Urn(agents=4, rounds=3), rng=0, replicates=6)
        assert run.truth.shape == run.answers.shape == (6, 4, 4)
        assert run.vote.shape == (6, 4)
        assert run.truth.dtype == np.float64
        assert run.answers.dtype.kind == run.vote.dtype.kind == "i"

    def test_one_urn_for_all_is_the_same_as_an_urn_each(self):
        shared, apart = Urn(rounds=6), Urn(prior=[list(Urn().prior)] * 5, rounds=6, own_weight=1 + 1e-12)
        one, each = (simulate_beliefs(urn, rng=3, replicates=300) for urn in (shared, apart))
        np.testing.assert_allclose(one.truth, each.truth, atol=1e-9)
        np.testing.assert_array_equal(one.answers, each.answers)

    @pytest.mark.parametrize("prior", [(1.0,), (1.0, 0.0), ((1.0, 1.0), (1.0, 1.0)), (1.0, -1.0)])
    def test_a_prior_that_is_none_is_refused(self, prior):
        with pytest.raises(ValueError, match="prior"):
            Urn(prior=prior)

    @given(st.floats(0.1, 5), st.floats(0.1, 5), st.floats(0.1, 5), st.floats(0, 3), st.floats(0, 3))
    def test_the_identity_formula(self, own, peer, rest, own_weight, peer_weight):
        mass = own + peer + rest
        found = model.identity(own, peer, mass, own_weight=own_weight, peer_weight=peer_weight)
        formula = ((peer - own) + (peer_weight - own_weight)) / (mass + own_weight + peer_weight)
        assert found.gap == pytest.approx(formula, abs=1e-12)
        same = model.identity_bias(own, peer, mass, own_weight=own_weight, peer_weight=own_weight)
        assert same == pytest.approx(0, abs=1e-12)

    def test_the_identity_formula_on_simulated_urns(self):
        urn = Urn(prior=(2.0, 2.0, 1.0), agents=2, rounds=1, own_weight=2.0, peer_weight=0.5)
        answers = simulate_beliefs(urn, rng=0, replicates=40_000).answers
        apart = answers[(answers[:, 0, 0] == 0) & (answers[:, 0, 1] == 1)]
        expected = model.identity(2.0, 2.0, 5.0, own_weight=2.0, peer_weight=0.5)
        assert within(apart[:, 1, 0] == 1, expected.conformity)
        assert within(apart[:, 1, 0] == 0, expected.obstinacy)


class TestPersuasion:
    @pytest.mark.parametrize("n", [3, 5, 9])
    @pytest.mark.parametrize("advantage", [0.5, 1, 2, 4])
    def test_the_ruin_formula(self, n, advantage):
        correction = min(1.0, advantage)
        for p in (0.1, 0.3, 0.5, 0.7, 0.9):
            group = Persuasion(
                accuracy=p, agents=n, rounds=150, correction=correction, subversion=correction / advantage
            )
            run = simulate_persuasion(group, rng=0, replicates=3000)
            assert (run.unanimous[:, -1] == 1).mean() > 0.999
            exact = ruin_accuracy(p, n, advantage)
            allowed = 4 * math.sqrt(exact * (1 - exact) / 3000) + 1e-3
            assert run.vote_right[:, -1].mean() == pytest.approx(exact, abs=allowed)

    def test_the_table_of_the_literature(self):
        # Vote, four advantages, any right, break-even at N = 5.
        table = {
            0.3: (0.163, 0.300, 0.472, 0.574, 0.721, 0.832, 0.69),
            0.4: (0.317, 0.400, 0.589, 0.694, 0.833, 0.922, 0.84),
            0.6: (0.683, 0.600, 0.774, 0.859, 0.951, 0.990, 1.19),
            0.7: (0.837, 0.700, 0.847, 0.913, 0.977, 0.998, 1.45),
            0.8: (0.942, 0.800, 0.907, 0.952, 0.991, 0.9997, 1.85),
        }  # fmt: skip
        for p, (vote, *debated, any_right, even) in table.items():
            assert majority_accuracy(p, 5) == pytest.approx(vote, abs=6e-4)
            assert [ruin_accuracy(p, 5, r) for r in (1, 1.5, 2, 4)] == pytest.approx(debated, abs=6e-4)
            assert ruin_accuracy(p, 5, math.inf) == pytest.approx(any_right, abs=6e-4)
            assert model.break_even_advantage(p, 5) == pytest.approx(even, abs=6e-3)
        assert model.break_even_advantage(0.9, 5) == pytest.approx(2.68, abs=6e-3)

    @given(st.floats(0, 1), st.integers(1, 200))
    def test_ruin_is_smooth_at_one_and_finite_far_out(self, p, n):
        assert ruin_accuracy(p, n, 1.0) == p
        for small in (1e-6, 1e-9, 1e-12, 1e-15):
            assert abs(ruin_accuracy(p, n, 1 + small) - p) < 10 * n * small + 1e-12
            assert abs(ruin_accuracy(p, n, 1 - small) - p) < 10 * n * small + 1e-12
        if n <= 9:
            assert abs(ruin_accuracy(p, n, 1 + 1e-6) - p) < 1e-5
        assert ruin_accuracy(p, n, math.inf) == pytest.approx(1 - (1 - p) ** n, abs=1e-12)
        assert ruin_accuracy(p, n, 0) == pytest.approx(p**n, abs=1e-12)
        far = ruin_accuracy(np.full(6, p), n, np.array([1e-300, 1e-9, 0.1, 10, 1e9, 1e300]))
        assert np.isfinite(far).all()
        assert (np.diff(far) >= -1e-12).all()

    @given(st.floats(0.02, 0.98), st.integers(3, 30))
    def test_at_break_even_they_are_even(self, p, n):
        even = model.break_even_advantage(p, n)
        assert ruin_accuracy(p, n, even) == pytest.approx(majority_accuracy(p, n), abs=1e-9)

    @pytest.mark.parametrize("members", [{}, {"steadfast": 1}, {"malicious": 1}, {"steadfast": 1, "malicious": 2}])
    def test_every_round_is_as_computed(self, members):
        group = Persuasion(accuracy=0.4, agents=6, rounds=5, correction=0.6, subversion=0.4, **members)
        run, exact = simulate_persuasion(group, rng=0, replicates=20_000), model.right_distribution(group)
        assert exact.sum(axis=1) == pytest.approx(np.ones(6))
        for now in range(6):
            for right in range(7):
                assert within(run.right[:, now] == right, exact[now, right], 4.5)
            assert within(run.vote_right[:, now], model.persuasion_accuracy(group)[now])

    def test_flows_add_up(self):
        run = simulate_persuasion(Persuasion(agents=7), rng=0, replicates=50)
        np.testing.assert_array_equal(np.diff(run.right, axis=1), run.corrected - run.misled)

    def test_a_steadfast_member_wins_in_the_end(self):
        group = Persuasion(accuracy=0.3, agents=5, rounds=400, steadfast=1, correction=0.5, subversion=0.5)
        assert model.right_distribution(group)[-1, 5] > 0.999
        # Where subversion is stronger the group first gets worse.
        tilted = group.replace(subversion=1.0, rounds=3, accuracy=0.6)
        share = model.right_distribution(tilted) @ np.arange(6) / 5
        assert share[1] < share[0]

    def test_an_advantage_of_one_keeps_the_mean(self):
        run = simulate_persuasion(Persuasion(accuracy=0.4, rounds=6), rng=1, replicates=20_000)
        for now in range(7):
            assert within(run.right[:, now] / 5, 0.4)

    def test_first_replicates_do_not_depend_on_their_number(self):
        many, few = (simulate_persuasion(Persuasion(), rng=5, replicates=n) for n in (1500, 7))
        np.testing.assert_array_equal(many.right[:7], few.right)

    def test_too_many_who_never_change_are_refused(self):
        with pytest.raises(ValueError, match="steadfast"):
            Persuasion(agents=3, steadfast=2, malicious=2)


class TestDiscussion:
    ACCURACIES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)

    def gains(self, **changes):
        return np.array([
            simulate_discussion(Discussion(accuracy=p, **changes), rng=0, replicates=8000).gain.mean()
            for p in self.ACCURACIES
        ])  # fmt: skip

    def test_without_persuasive_arguments_debate_gains_nothing(self):
        assert (self.gains() <= 0.015).all()
        assert self.gains()[[4, 5, 6]].max() < -0.04

    def test_with_them_it_gains_on_hard_questions_only(self):
        gains = self.gains(persuasiveness=0.8)
        assert gains[2] >= 0.05
        assert gains[7] <= 0
        assert (np.diff(np.sign(gains)) != 0).sum() == 1

    @pytest.mark.parametrize("persuasiveness", [0.0, 0.8])
    def test_diversity_changes_the_gain_little(self, persuasiveness):
        alike, mixed = (
            simulate_discussion(
                Discussion(persuasiveness=persuasiveness, diversity=d), rng=0, replicates=8000
            ).gain.mean()
            for d in (0.0, 1.0)
        )
        # Calibrated on 20,000 questions: 0.006 and 0.013.
        assert abs(alike - mixed) < 0.03

    def test_a_diverse_start_has_the_truth_more_often(self):
        plain, diverse = (
            simulate_discussion(Discussion(accuracy=0.3, candidates=n), rng=0, replicates=3000).votes[:, 0, 0] > 0
            for n in (0, 10)
        )
        assert diverse.mean() > plain.mean() + 0.05

    @given(st.lists(st.integers(0, 4), min_size=1, max_size=12), st.data())
    def test_the_diverse_start_keeps_as_many_kinds_as_fit(self, answers, data):
        keep = data.draw(st.integers(0, len(answers)))
        kept = model.diverse(answers, keep)
        assert len(kept) == len(set(kept)) == keep
        assert len({answers[place] for place in kept}) == min(keep, len(set(answers)))

    def test_first_replicates_do_not_depend_on_their_number(self):
        many, few = (simulate_discussion(Discussion(), rng=5, replicates=n) for n in (600, 7))
        np.testing.assert_array_equal(many.votes[:7], few.votes)


class TestPersonas:
    def test_conformity_rises_with_pressure(self):
        rates = [
            simulate_personas(Personas(pressure=pressure), rng=0, replicates=300).inconstancy.conformity.mean()
            for pressure in (0, 0.2, 0.5, 0.8)
        ]
        assert rates[0] < 0.03
        assert (np.diff(rates) > 0.05).all()

    def test_without_pressure_slips_and_borrowing_all_are_constant(self):
        talk = simulate_personas(Personas(pressure=0.0, slip=0.0, borrowed=0.0), rng=0, replicates=50)
        assert talk.inconstancy.conformity.max() == 0
        assert talk.inconstancy.confabulation.max() == 0
        np.testing.assert_array_equal(talk.before, talk.after)

    def test_impersonation_is_what_is_borrowed(self):
        talk = simulate_personas(Personas(borrowed=0.3), rng=0, replicates=400)
        assert within(talk.inconstancy.impersonation, 0.3)

    def test_the_three_kinds_by_hand(self):
        before, after = np.array([[0, 0, 0]]), np.array([[0, 2, 0]])
        public = np.array([[[0, 0, 0], [1, 0, 0]]])
        found = model.inconstancy(before, public, after)
        assert found.conformity[0] == pytest.approx(1 / 3)
        assert found.confabulation[0] == pytest.approx(1 / 3)
        assert found.impersonation[0] == 0

    def test_real_personas_answer_alone_before_and_after(self):
        chats = [Parrot(), Parrot()]
        found = model.ask_personas(chats, "Q?", 2, rng=0, instructions=["You are kind.", "You are stern."])
        assert len(found.after) == 2
        *_, last = chats[1].asked
        assert [message.role for message in last[0]] == ["system", "user", "assistant", "user"]
        assert last[0][0].content == "You are stern."
        assert last[0][2].content == found.debate.rounds[1][1].text


class TestOpinions:
    @pytest.mark.parametrize("topology", ["complete", "ring", "star"])
    def test_degroot_ends_where_the_eigenvector_says(self, topology):
        start = np.random.default_rng(0).random(7)
        weights = model.trust(7, topology, own=0.4)
        path = model.degroot(weights, start, 4000)
        np.testing.assert_allclose(path[-1], model.degroot_limit(weights, start), atol=1e-12)

    def test_disagreement_decays_with_the_second_eigenvalue(self):
        weights = model.trust(9, "ring", own=0.5)
        path = model.degroot(weights, np.random.default_rng(1).random(9), 120)
        spread = np.ptp(path, axis=1)
        rate = np.exp(np.polyfit(np.arange(60, 120), np.log(spread[60:120]), 1)[0])
        assert rate == pytest.approx(model.second_eigenvalue(weights), rel=0.02)

    def test_friedkin_johnsen_ends_where_the_formula_says(self):
        rng = np.random.default_rng(2)
        weights, start = rng.dirichlet(np.ones(6), size=6), rng.random(6)
        openness = rng.uniform(0.2, 0.9, 6)
        path = model.friedkin_johnsen(weights, start, openness, 400)
        np.testing.assert_allclose(path[-1], model.friedkin_johnsen_limit(weights, start, openness), atol=1e-12)
        np.testing.assert_array_equal(model.friedkin_johnsen(weights, start, 0.0, 5)[-1], start)

    @given(st.floats(0.01, 1), st.integers(0, 50))
    @settings(max_examples=30, deadline=None)
    def test_bounded_confidence_keeps_order_and_camps(self, epsilon, seed):
        start = np.sort(np.random.default_rng(seed).random(30))
        path = model.bounded_confidence(start, epsilon, 60)
        assert (np.diff(path, axis=1) >= -1e-12).all()
        counts = [model.camps(opinions, epsilon) for opinions in path]
        assert (np.diff(counts) >= 0).all()
        assert len(np.unique(path[-1].round(9))) == counts[-1]

    def test_narrow_minds_make_about_one_camp_per_two_epsilon(self):
        start = np.linspace(0, 1, 401)
        assert model.camps(model.bounded_confidence(start, 0.3, 60)[-1], 0.3) == 1
        found = model.camps(model.bounded_confidence(start, 0.05, 60)[-1], 0.05)
        assert 0.6 <= found / (1 / (2 * 0.05)) <= 1

    def test_what_is_no_weight_is_refused(self):
        with pytest.raises(ValueError, match="sum to 1"):
            model.degroot(np.ones((2, 2)), [0.0, 1.0], 1)
        with pytest.raises(ValueError, match="openness"):
            model.friedkin_johnsen(np.eye(2), [0.0, 1.0], 2.0, 1)
        with pytest.raises(ValueError, match="epsilon"):
            model.bounded_confidence([0.0], -1, 1)


ASKED = [question for questions in SETS.values() for question in questions(20)]


@pytest.fixture(scope="module")
def found():
    return claims.study(Scripted(ASKED, of_accuracy(0.6), mends=1.0, misled=0.0), questions=20)


class TestStudy:
    def test_it_measures_what_was_scripted(self, found):
        assert within(claims.finals_of("single", found=found), 0.6)
        assert within(claims.finals_of("vote", found=found), majority_accuracy(0.6, 9))
        assert claims.compared("debate 3 x 3", "vote", found=found).low > 0

    def test_it_finds_who_gives_in_and_who_does_not(self, found):
        given_up, mended = claims.conformity("both right", found=found)
        assert (given_up.value, mended.value) == (0, 1)
        follower = claims.study(Scripted(ASKED, of_accuracy(0.6), mends=0.0, misled=1.0), questions=20)
        assert claims.conformity("both wrong", found=follower)[0].value == 1
        assert claims.given_up_more(found=follower).low > 25

    def test_arms_share_their_first_answers(self, found):
        first = found.answers[(found.answers["round"] == 1) & (found.answers["agent"] == 0)]
        for _, part in first[~first["arm"].str.contains("grammar")].groupby(["kind", "number"]):
            assert part["answer"].nunique() == 1

    def test_what_holds_no_answer_is_never_right(self):
        found = claims.study(model.insistent("?"), questions=2)
        assert found.finals["right"].max() == 0
        assert set(found.answers["grade"]) == {"unparsed"}

    def test_recording_goes_through_every_call(self):
        chat = Scripted([question for questions in SETS.values() for question in questions(60)])
        calls = itertools.islice(claims.record(chat), 3)
        (first, of), *_, (last, _) = calls
        assert of == 180 * sum(arm.calls for arm in claims.ARMS)
        assert (first, last) == (claims.ARMS[0].calls, 3 * claims.ARMS[0].calls)

    def test_an_arm_that_is_not_whole_is_left_out(self):
        class Half:
            calls = 0

            def __call__(self, messages, **asked):
                self.calls += 1
                if self.calls > 60 * claims.ARMS[0].calls:
                    raise MissingRecording("not recorded")
                return Reply("x", "half", 1, 1)

        assert claims.study(Half(), questions=20).arms == ("vote",)
        with pytest.raises(MissingRecording, match="labkit record debate"):
            claims.finals_of("self-refinement", found=claims.study(Half(), questions=20))


class TestLesson:
    def test_model_text_is_shown_as_plain_text(self):
        nasty = model.insistent("<script>alert(1)</script> & <b>bold</b>")
        page = lesson.transcripts(nasty, ("vote", "debate 3 x 3")).page.value
        assert "<script>" not in page
        assert "&lt;script&gt;" in page

    def test_asking_live_goes_through_the_arms(self):
        live = lesson.live(lambda: nullcontext(Scripted(ASKED)), arms=("vote",))
        live.begin()
        live.worker.join(20)
        assert live.bar.value == live.bar.max == 2 * claims.ARMS[0].calls
        assert live.page.value.count("right:") == 2

    def test_live_sums_follow_their_sliders(self):
        live = lesson.live(lambda: nullcontext(Scripted(ASKED)))
        live.kind.value = "sums"
        live.knobs["sums"]["terms"].value, live.knobs["sums"]["highest"].value = 2, 9
        asked = live.page.value.splitlines()[0]
        assert re.search(r"result of \d\+\d\?", asked)

    def test_calculators_that_never_slip_are_right(self):
        right, vote, apart = finish(lesson.calculated(lesson.Setting(slips=0.0, haste=0.0), rng=0, replicates=5))
        assert right.shape == (5, 6, 5)
        assert right.all()
        assert vote.all()
        assert apart.all()

    def test_calculators_in_haste_agree_on_the_same_mistake(self):
        setting = lesson.Setting(slips=0.0, haste=1.0, rounds=1)
        right, vote, apart = finish(lesson.calculated(setting, rng=0, replicates=20))
        # Where order does not matter (a factor 0 or 1), haste does no harm.
        assert (right == right[:, :1, :1]).all()
        assert vote.mean() < 0.2
        np.testing.assert_array_equal(vote[:, 0], apart)

    def test_accuracy_without_haste_is_that_of_the_slips(self):
        setting = lesson.Setting(slips=0.1, haste=0.0, rounds=1, terms=3, agents=25)
        right, _, _ = finish(lesson.calculated(setting, rng=0, replicates=60))
        # Two slips of the same size cancel in 1 of 4 pairs of slips.
        expected = 0.9**2 + 0.1**2 / 4
        assert right[:, 0].mean() == pytest.approx(expected, abs=4 * np.sqrt(0.2 / 1500))

    def test_the_panel_answers_in_every_view(self):
        panel = lesson.panel()
        for view in panel.choice.options:
            panel.choice.value = view
            panel.settle()
            assert panel.failure is None
            assert len(panel.caption) > 40

    def test_the_bet_of_default_urns_is_settled(self):
        run = simulate_beliefs(Urn(), rng=0, replicates=4000)
        assert lesson.BET.outcome(run) == "worse"

    @pytest.mark.parametrize(
        ("name", "mistake"),
        [("vote", 0.216), ("tokens", 20_800), ("expert", (0.5, 0.5)), ("ruin", 1.0), ("advantage", 1.0)],
    )
    def test_exercises_reply_to_likely_mistakes(self, name, mistake):
        general = lesson.EXERCISES[name].check(-5.0 if name != "expert" else (9.0, 9.0))
        particular = lesson.EXERCISES[name].check(mistake)
        assert particular.verdict == general.verdict == "not yet"
        assert particular.text != general.text
