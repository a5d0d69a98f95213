"""Decision market: what the truth pays, where lying pays, and what agents learn that are paid by either rule."""

from functools import partial

import numpy as np
import plain_decision_market as plain
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.claims import decision_market as claims
from labkit.lessons import decision_market as lesson
from labkit.mechanisms.decision_market import (
    LOGIT_CAP,
    Clinic,
    Market,
    Table,
    Traders,
    bayes_weights,
    expected_pay,
    expected_score,
    leader_first,
    learn,
    learn_patients,
    learn_table,
    log_odds,
    pay_surface,
    pay_variance,
    probability,
    regressions,
    sample_pay,
    score,
    settle,
    stochastic,
    temptation,
    unfold,
    urn_weights,
)
from labkit.mechanisms.decision_market._patients import Ward
from labkit.mechanisms.decision_market._tables import Grid
from labkit.mechanisms.decision_market._urns import Urns
from labkit.params import domain
from labkit.unfolding import finish

SCORINGS = st.sampled_from(["log", "quadratic"])
GRID = np.arange(1, 100) / 100
chances = st.floats(0.03, 0.97)
pairs = st.tuples(chances, chances)
on_grid = st.integers(5, 95).map(lambda number: number / 100)

# ------------------------------------------------------------------------------------------------ scores


def test_the_scores_are_the_formulas():
    assert score(log_odds(0.8), True) == pytest.approx(np.log(0.8))
    assert score(log_odds(0.8), False) == pytest.approx(np.log(0.2))
    assert score(log_odds(0.8), True, "quadratic") == pytest.approx(0.8 - (0.8**2 + 0.2**2) / 2)
    assert score(log_odds(0.8), False, "quadratic") == pytest.approx(0.2 - (0.8**2 + 0.2**2) / 2)


@given(belief=on_grid, scoring=SCORINGS)
def test_honesty_scores_best_and_nothing_else_does(belief, scoring):
    scores = expected_score(GRID, belief, scoring)
    assert GRID[scores.argmax()] == pytest.approx(belief)
    assert (np.sort(scores)[-2:] != scores.max()).sum() == 1


def test_a_score_stays_finite_when_somebody_is_certain_and_wrong():
    assert score(1e9, False) == pytest.approx(-LOGIT_CAP, abs=1e-6)
    assert expected_score(1.0, 0.5) == pytest.approx(-LOGIT_CAP / 2, abs=1e-6)
    assert probability(log_odds([0.0, 0.3, 1.0])) == pytest.approx([0, 0.3, 1], abs=1e-6)


def test_what_is_no_chance_is_refused():
    with pytest.raises(ValueError, match=r"chance = 1\.2: allowed are probabilities from 0 to 1"):
        log_odds(1.2)


def test_the_weights_of_bayes():
    assert bayes_weights(2 / 3) == pytest.approx((np.log(2), -np.log(2), 1))


# -------------------------------------------------------------------------------------- rules and what they pay


@given(prices=st.lists(chances, min_size=2, max_size=6), exploration=st.floats(0, 0.5))
def test_chances_add_up_and_the_leader_has_the_largest(prices, exploration):
    found = leader_first(prices, exploration)
    assert found.sum() == pytest.approx(1)
    assert found.min() >= -1e-12
    if prices.count(max(prices)) == 1:
        assert found[np.argmax(prices)] == pytest.approx(1 - exploration)


def test_of_equals_the_first_leads():
    assert leader_first([0.5, 0.5]).tolist() == [1.0, 0.0]
    assert leader_first([0.2, 0.6, 0.6], 0.2) == pytest.approx([0.1, 0.8, 0.1])


@settings(deadline=None, max_examples=40)
@given(
    beliefs=st.tuples(on_grid, on_grid),
    prices=pairs,
    weights=st.tuples(st.floats(0.05, 1), st.floats(0.05, 1)),
    scoring=SCORINGS,
)
def test_the_truth_pays_best_for_any_chances_above_zero(beliefs, prices, weights, scoring):
    shares = np.array(weights) / sum(weights)
    reports = np.stack(np.meshgrid(GRID, GRID), axis=-1)
    pay = expected_pay(reports, prices, beliefs, lambda final: np.broadcast_to(shares, final.shape), scoring)
    row, column = np.unravel_index(pay.argmax(), pay.shape)
    assert GRID[[column, row]] == pytest.approx(beliefs)


@settings(deadline=None, max_examples=40)
@given(beliefs=st.tuples(chances, chances), prices=pairs, exploration=st.floats(0.001, 0.5), scoring=SCORINGS)
def test_the_truth_pays_best_under_the_stochastic_rule(beliefs, prices, exploration, scoring):
    peak = pay_surface(prices, beliefs, exploration, scoring).peak
    assert peak == pytest.approx(beliefs, abs=0.01)


@given(
    beliefs=st.tuples(chances, chances, chances),
    prices=st.tuples(chances, chances, chances),
    lie=st.floats(-3, 3),
    scoring=SCORINGS,
)
def test_no_lie_about_three_actions_beats_the_truth(beliefs, prices, lie, scoring):
    pay = partial(expected_pay, prices=prices, beliefs=beliefs, rule=stochastic(0.3), scoring=scoring)
    lies = probability(log_odds(beliefs) + lie * np.eye(3))
    assert (pay(lies) <= pay(beliefs) + 1e-12).all()


def test_the_worked_case():
    prices, beliefs = claims.PRICES, claims.BELIEFS
    assert expected_pay(beliefs, prices, beliefs, leader_first) == pytest.approx(0.0201, abs=1e-4)
    assert expected_pay((0.1, 0.2), prices, beliefs, leader_first) == pytest.approx(0.1927, abs=1e-4)
    assert temptation(prices, beliefs) == pytest.approx(0.1927 - 0.0201, abs=1e-4)


def test_the_peak_of_the_deterministic_surface_is_off_the_truth():
    surface = pay_surface(claims.PRICES, claims.BELIEFS, 0.0)
    assert surface.peak[0] < surface.peak[1] == pytest.approx(0.2)
    assert surface.pay.max() > 9 * surface.honest


@settings(deadline=None, max_examples=40)
@given(beliefs=st.tuples(on_grid, on_grid), prices=pairs, scoring=SCORINGS)
def test_the_best_lie_is_what_the_surface_shows(beliefs, prices, scoring):
    surface = pay_surface(prices, beliefs, 0.0, scoring)
    gained = surface.pay.max() - surface.honest
    assert temptation(prices, beliefs, scoring) == pytest.approx(gained, abs=1e-9)
    assert temptation(prices, beliefs, scoring) >= -1e-12


@pytest.mark.parametrize("exploration", [0.5, 0.1])
@pytest.mark.parametrize("scoring", ["log", "quadratic"])
def test_sampled_pay_has_the_expectation_and_the_variance_of_the_formulas(exploration, scoring):
    case = ((0.7, 0.3), (0.5, 0.4), (0.6, 0.2), stochastic(exploration), scoring)
    paid = sample_pay(*case, rng=0, decisions=200_000)
    assert paid.mean() == pytest.approx(expected_pay(*case), abs=4.5 * paid.std() / np.sqrt(paid.size))
    assert paid.var() == pytest.approx(pay_variance(*case), rel=0.05)


def test_the_variance_of_pay_goes_like_one_over_the_chance():
    case = (claims.BELIEFS, claims.PRICES, claims.BELIEFS)
    rare, rarer = (float(pay_variance(*case, stochastic(chance))) for chance in (0.01, 0.001))
    assert rarer / rare == pytest.approx(10, rel=0.05)


# ------------------------------------------------------------------------------------ reports, pay and learning


def a_batch(market, seed=0, episodes=400):
    rng = np.random.default_rng(seed)
    world = Urns(market)
    drawn = world.draw(rng, episodes)
    noise = rng.standard_normal((world.agents, episodes, market.actions))
    return Traders(world, market), drawn, noise, rng.random(episodes)


def with_bayes(traders, accuracy):
    urns = traders.world.actions
    traders.weights[:] = np.concatenate([weight * np.eye(urns) for weight in bayes_weights(accuracy)])
    return traders


@pytest.mark.parametrize("scoring", ["log", "quadratic"])
@pytest.mark.parametrize("agents", [1, 2, 4])
def test_scores_add_up_to_what_the_market_gained(agents, scoring):
    traders, episodes, _, _ = a_batch(Market(agents=agents, actions=3))
    traders.weights[:] = np.random.default_rng(1).normal(size=traders.weights.shape)
    reports = traders.report(episodes, range(agents))
    action = np.random.default_rng(2).integers(3, size=400)
    rows, sure = np.arange(400), np.ones(400)
    success = episodes.success[rows, action]
    paid = sum(settle(made.before, made.mean, action, success, sure, scoring) for made in reports)
    first, last = episodes.opening[rows, action], reports[-1].mean[rows, action]
    assert paid == pytest.approx(score(last, success, scoring) - score(first, success, scoring), abs=1e-10)


@pytest.mark.parametrize("market", [Market(), Market(agents=4, actions=3, accuracy=0.8), Market(agents=3, split=False)])
def test_with_the_weights_of_bayes_the_price_is_the_posterior(market):
    traders, episodes, _, _ = a_batch(market)
    prices = with_bayes(traders, market.accuracy).prices(episodes)
    assert prices == pytest.approx(episodes.posterior, abs=1e-12)


def test_posteriors_are_right():
    _, episodes, _, _ = a_batch(Market(agents=3, overlap=0.5), episodes=200_000)
    believed = probability(episodes.posterior)
    for low in np.arange(0.2, 0.8, 0.1):
        here = (believed >= low) & (believed < low + 0.1)
        assert episodes.success[here].mean() == pytest.approx(believed[here].mean(), abs=0.01)


def test_with_full_overlap_all_see_one_ball_and_it_counts_once():
    _, episodes, _, _ = a_batch(Market(agents=3, overlap=1.0))
    assert (episodes.own == episodes.own[0]).all()
    moved = np.abs(episodes.posterior - episodes.opening)
    assert moved.sum(axis=1) == pytest.approx(np.log(2))


def drift(market, batches=200):
    """Return by how many standard errors the weights of Bayes move in a step of learning, on average; per agent."""
    moves = []
    for seed in range(batches):
        traders, episodes, noise, luck = a_batch(market, seed, episodes=2000)
        before = with_bayes(traders, market.accuracy).weights.copy()
        traders.learn(traders.report(episodes, range(market.agents), noise), episodes, luck)
        moves.append(traders.weights - before)
    return np.mean(moves, axis=0) / (np.std(moves, axis=0) / np.sqrt(batches))


def test_learning_rests_at_bayes_under_the_stochastic_rule():
    assert np.abs(drift(Market())).max() < 4.5


def test_under_the_deterministic_rule_who_speaks_early_is_pulled_up():
    # What a first speaker is paid for was chosen for what the others saw too: given that, success is likelier.
    first, last = drift(Market(exploration=0.0))
    assert (first[:4] > 3).all()
    assert first.max() > 6
    assert np.abs(last).max() < 4.5


@pytest.mark.parametrize("quoted", ["mean", "sample"])
@pytest.mark.parametrize("scoring", ["log", "quadratic"])
@pytest.mark.parametrize(("agents", "actions", "exploration"), [(1, 2, 0.0), (2, 2, 0.2), (3, 4, 0.3)])
def test_a_step_of_learning_is_that_of_a_plain_loop(agents, actions, exploration, scoring, quoted):
    market = Market(agents=agents, actions=actions, exploration=exploration, scoring=scoring, quoted=quoted, rate=0.5)
    traders, episodes, noise, luck = a_batch(market, episodes=50)
    traders.weights[:] = np.random.default_rng(1).normal(size=traders.weights.shape)
    traders.guess[:] = np.random.default_rng(2).normal(size=traders.guess.shape)
    weights, guess = plain.step(traders.weights.tolist(), traders.guess.tolist(), episodes, noise, luck, market)
    traders.learn(traders.report(episodes, range(agents), noise), episodes, luck)
    assert traders.weights == pytest.approx(np.array(weights), rel=1e-9, abs=1e-10)
    assert traders.guess == pytest.approx(np.array(guess), rel=1e-9, abs=1e-10)


# ------------------------------------------------------------------------------------------- what agents learn


@pytest.fixture(scope="module")
def trained():
    """Four markets per rule, 512 x 6000 episodes at a rate of 0.02, on the same balls."""
    return {arm: claims.trained(arm, "quick", 0) for arm in ("stochastic", "deterministic", "central")}


def test_agents_learn_what_bayes_would_say(trained):
    own, cross = urn_weights(trained["stochastic"])
    learned = own[:, -1].mean(axis=(0, 1, 3))
    assert learned == pytest.approx(bayes_weights(2 / 3), abs=0.08)
    assert np.abs(cross[:, -1].mean(axis=0)).max() < 0.08


def test_noise_makes_them_say_a_little_more():
    # Noise in log odds pulls the mean chance towards one half; the mean of a report makes up for it.
    noise = 0.3 * np.random.default_rng(0).standard_normal(200_000)
    assert probability(np.log(2) + noise).mean() < 2 / 3
    assert probability(0.7072 + noise).mean() == pytest.approx(2 / 3, abs=1e-3)


def test_their_price_holds_all_signals(trained):
    assert trained["stochastic"].error[:, -1].max() <= 0.02
    assert trained["stochastic"].share.min() > 0.97


def test_they_decide_as_well_as_one_agent_that_sees_all(trained):
    market, central = (trained[arm].reward[:, -1].mean() for arm in ("stochastic", "central"))
    assert market == pytest.approx(central, abs=0.002)


def test_under_the_deterministic_rule_prices_are_spoilt(trained):
    _, cross = urn_weights(trained["deterministic"])
    assert np.abs(cross[:, -1].mean(axis=0)).max() > 0.2
    spoilt, honest = (trained[arm].error[:, -1].mean() for arm in ("deterministic", "stochastic"))
    assert spoilt >= 4 * honest
    # Prices are corrupted far more than decisions.
    assert trained["deterministic"].reward[:, -1].mean() > trained["stochastic"].reward[:, -1].mean() - 0.02


def test_who_feels_the_decision_talks_down_the_other_urn():
    run = learn(Market(exploration=0.0, quoted="sample"), rng=0, replicates=2)
    _, cross = urn_weights(run)
    last_word = cross[:, -1, -1, :2].mean(axis=(0, 2))
    assert (last_word < -0.1).all()
    honest = learn(Market(quoted="sample"), rng=0, replicates=2)
    assert honest.share.mean() > run.share.mean() + 0.1


def test_it_works_with_more_actions_agents_and_the_other_score():
    run = learn(Market(agents=3, actions=4, scoring="quadratic", rate=0.1), rng=0)
    assert run.error[0, -1] < 0.4 * run.error[0, 0]
    assert run.share[0] > 0.9


def test_a_random_order_is_learned_too():
    run = learn(Market(order="random"), rng=1)
    assert run.error[0, -1] <= 0.03


@pytest.mark.parametrize("quoted", ["mean", "sample"])
@pytest.mark.parametrize("exploration", [0.0, 0.05])
def test_learning_stays_finite_at_the_ends_of_the_sliders(exploration, quoted):
    market = Market(
        agents=4,
        actions=4,
        accuracy=0.9,
        rate=0.1,
        noise=0.1,
        batch=64,
        steps=400,
        exploration=exploration,
        quoted=quoted,
    )
    assert np.isfinite(learn(market, rng=0).weights).all()
    table = Table(rate=0.5, noise=0.1, batch=64, steps=400, exploration=exploration, quoted=quoted, scoring="log")
    assert np.isfinite(learn_table(table, rng=0).weights).all()


def test_the_first_replicates_do_not_depend_on_how_many_there_are():
    market = Market(steps=50)
    few, many = (learn(market, rng=3, replicates=replicates) for replicates in (1, 3))
    assert (many.weights[0] == few.weights[0]).all()
    assert (many.prices == few.prices).all()


def test_rules_share_their_balls():
    runs = [learn(Market(steps=1, exploration=exploration), rng=3) for exploration in (0.0, 0.5)]
    assert (runs[0].posterior == runs[1].posterior).all()
    assert runs[0].best == runs[1].best


def test_what_is_shown_on_the_way_grows():
    steps = list(unfold(Market(steps=120), rng=0, replicates=2))
    shares = [share for share, _ in steps]
    assert shares == sorted(shares)
    runs = [run for _, run in steps if run is not None]
    assert all(len(run.times) == run.weights.shape[1] for run in runs)
    assert len(runs) == 59
    assert finish(unfold(Market(steps=120), rng=0)).times[-1] == 120


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"exploration": 0.6}, r"Market\.exploration = 0\.6: allowed is a number from 0 to 0\.5"),
        ({"actions": 1}, r"Market\.actions = 1"),
        ({"scoring": "cubic"}, r"Market\.scoring = 'cubic': allowed is one of 'log', 'quadratic'"),
    ],
)
def test_what_is_out_of_range_is_refused(change, words):
    with pytest.raises(ValueError, match=words):
        Market(**change)


def test_every_slider_of_the_panel_can_stand_where_it_starts():
    for name in (*lesson.LEARNERS, *lesson.TRADER):
        allowed, value = domain(lesson.Study, name), getattr(lesson.Study(), name)
        if allowed.kind in ("int", "float"):
            places = (value - allowed.low) / allowed.step
            assert places == pytest.approx(round(places), abs=1e-6), name


# -------------------------------------------------------------------------------------- tables and patients


def test_a_grid_tells_its_chances():
    table = Table(agents=2, signals=3)
    grid = Grid(table, np.random.default_rng(0))
    episodes = grid.draw(np.random.default_rng(1), 100_000)
    first, second = (own.argmax(axis=1) for own in episodes.own)
    here = (first == 1) & (second == 2)
    assert episodes.success[here].mean(axis=0) == pytest.approx(grid.chances[1, 2], abs=0.02)
    assert probability(episodes.posterior[here]) == pytest.approx(np.tile(grid.chances[1, 2], (here.sum(), 1)))


@pytest.fixture(scope="module")
def tables():
    return {
        "stochastic": claims.tables(0.2, "quick", 0),
        "deterministic": claims.tables(0.0, "quick", 0),
    }


def test_on_tables_the_market_comes_near_the_best(tables):
    reached = tables["stochastic"].reward[:, -1] / tables["stochastic"].best
    assert reached.mean() >= 0.92
    assert reached.min() >= 0.9


def test_one_agent_that_sees_the_whole_table_learns_it():
    run = learn_table(Table(split=False), rng=0, replicates=2)
    assert (run.reward[:, -1] / run.best).min() > 0.99


def test_always_taking_the_leader_loses_on_tables(tables):
    kept, left = (tables[arm].reward[:, -1] / tables[arm].best for arm in ("stochastic", "deterministic"))
    assert (kept - left).mean() >= 0.1
    assert tables["deterministic"].error[:, -1].mean() >= 1.4 * tables["stochastic"].error[:, -1].mean()


def test_a_table_with_full_overlap_needs_one_agent():
    run = learn_table(Table(overlap=1.0, steps=1500), rng=0, replicates=2)
    assert (run.reward[:, -1] / run.best).min() > 0.98


@pytest.mark.parametrize("agents", [1, 2, 4])
def test_columns_are_dealt_out_once_and_nobody_learns_from_those_held_out(agents):
    ward = Ward(Clinic(agents=agents), np.random.default_rng(0))
    assert set(ward.judged).isdisjoint(ward.taught)
    assert len(ward.judged) + len(ward.taught) == 569
    dealt = np.concatenate([own[:, :-1] for own in ward.own], axis=1)
    used = dealt[:, np.abs(dealt).max(axis=0) > 0]
    assert used.shape == (569, 30)
    assert np.sort(used.sum(axis=0)) == pytest.approx(np.sort(ward.columns.sum(axis=0)))
    assert ward.columns[ward.taught].mean(axis=0) == pytest.approx(np.zeros(30), abs=1e-9)


def test_patients_are_treated_as_well_by_a_market_as_by_one_who_sees_all():
    market, central = (claims.clinics(split, "quick", 0).reward[:, -1] for split in (True, False))
    assert market.mean() == pytest.approx(central.mean(), abs=0.02)
    assert market.mean() > 0.95
    assert regressions(Clinic(), rng=0, replicates=5).mean() == pytest.approx(market.mean(), abs=0.02)


def test_patients_held_out_are_all_judged():
    run = learn_patients(Clinic(steps=1), rng=0)
    assert run.best[0] == pytest.approx(1, abs=1e-6)
    assert run.posterior.shape == (171, 2)
