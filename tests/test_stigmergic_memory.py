"""The stigmergic world: against a plain reference, closed forms, conservation and its own promises."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import plain_stigmergy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import SeedSequence

from labkit import theme
from labkit.claims import stigmergic_memory as claims
from labkit.figures.stigmergic_memory import worlds
from labkit.files import data_path
from labkit.mechanisms.stigmergic_memory import (
    ARMS,
    Swarm,
    World,
    compare,
    consensus,
    critical_density,
    half_life,
    occupancy,
    pair,
    simulate,
    simulate_occupancy,
    unfold,
)
from labkit.mechanisms.stigmergic_memory._colony import Colony
from labkit.mechanisms.stigmergic_memory._draws import Draws
from labkit.mechanisms.stigmergic_memory._simulate import SHOWN_EVERY
from labkit.mechanisms.stigmergic_memory._torus import torus
from labkit.mechanisms.stigmergic_memory._traces import SLOTS, Traces
from labkit.stats import paired_comparison

SMALL = World(size=12, density=0.1, steps=60, hazard_fraction=0.05, patch_fraction=0.06)
MEAN_FIELD = {"decay": 0.02, "acquisition": 0.025, "degree": 3.5}


class TestRuleOfMovement:
    @pytest.mark.parametrize("arm", ARMS)
    @pytest.mark.parametrize("hazard_mode", ["visible", "hidden"])
    @pytest.mark.parametrize("interpretation", ["remembered", "raw"])
    @pytest.mark.parametrize("faults", [{}, {"lost": 0.4, "corrupted": 0.3}], ids=["whole", "faulty"])
    def test_does_what_the_plain_model_does(self, arm, hazard_mode, interpretation, faults):
        world = SMALL.replace(**ARMS[arm], hazard_mode=hazard_mode, interpretation=interpretation, **faults)
        run, plain = simulate(world, rng=4), plain_stigmergy.run(world, 4)
        assert round(run.food[0] * world.agents) == plain["eaten"]
        assert round(run.hazards[0] * world.agents) == plain["entered"]
        for cells, places in zip(run.frames.agents, plain["places"], strict=True):
            assert [divmod(int(cell), world.size) for cell in cells] == places

    def test_without_reasons_it_is_a_random_walk(self):
        idle = SMALL.replace(memory=False, traces=False, sight_weight=0)
        walk = simulate(SMALL.replace(**ARMS["random walk"]), rng=2, replicates=3)
        np.testing.assert_array_equal(simulate(idle, rng=2, replicates=3).hazards_over_time, walk.hazards_over_time)

    def test_a_random_walk_goes_everywhere_alike(self):
        moves = np.diff(np.array(simulate(SMALL.replace(walk=True, steps=250), rng=1).frames.agents), axis=0)
        assert (moves == 0).mean() == pytest.approx(1 / 9, abs=0.02)

    def test_a_shared_patch_feeds_one_and_no_number_is_favoured(self):
        world = World(size=5, density=0.08, steps=1, patch_fraction=0.04, refill=0, hazard_fraction=0)
        wins = np.zeros(2)
        for seed in range(200):
            colony = Colony(world, Draws(world, seed, 1))
            colony._arrive(np.repeat(colony.patches[0], 2))
            colony.step = 1
            wins += colony._eat()
        assert wins.sum() == 200
        assert abs(wins[0] - 100) < 4 * math.sqrt(50)

    def test_a_learned_reading_finds_that_danger_marks_warn(self):
        world = World(hazard_mode="hidden", hazard_fraction=0.1, memory=False, interpretation="learned")
        weights = simulate(world, rng=0, replicates=10).weights
        assert weights.shape == (10, 4)
        assert (weights[:, 1] < 0).all()


class TestReproducibility:
    @pytest.mark.parametrize("arm", ARMS)
    def test_the_same_seed_gives_the_same_states(self, arm):
        world = SMALL.replace(**ARMS[arm])
        first, second = simulate(world, rng=3, replicates=2), simulate(world, rng=3, replicates=2)
        np.testing.assert_array_equal(first.frames.fields, second.frames.fields)
        np.testing.assert_array_equal(first.food_over_time, second.food_over_time)
        assert (first.food_over_time != simulate(world, rng=4, replicates=2).food_over_time).any()

    def test_more_replicates_do_not_change_the_first(self):
        few, many = simulate(SMALL, rng=5, replicates=2), simulate(SMALL, rng=5, replicates=5)
        np.testing.assert_array_equal(few.food_over_time, many.food_over_time[:2])
        np.testing.assert_array_equal(few.hazards, many.hazards[:2])
        np.testing.assert_array_equal(few.coverage, many.coverage[:2])

    def test_replicates_can_be_run_in_portions(self):
        whole = simulate(SMALL, rng=5, replicates=5)
        rest = simulate(SMALL, rng=SeedSequence(5, n_children_spawned=3), replicates=2)
        np.testing.assert_array_equal(rest.food, whole.food[3:])

    def test_arms_share_layout_regrowth_and_noise(self):
        runs = compare(SMALL, rng=6, replicates=2)
        for run in runs.values():
            np.testing.assert_array_equal(run.frames.hazards, runs["both"].frames.hazards)
            np.testing.assert_array_equal(run.frames.food[0], runs["both"].frames.food[0])
            np.testing.assert_array_equal(run.frames.agents[0], runs["both"].frames.agents[0])
        alone = simulate(SMALL.replace(**ARMS["memory"]), rng=6, replicates=2)
        np.testing.assert_array_equal(runs["memory"].food_over_time, alone.food_over_time)

    def test_a_generator_advances(self):
        rng = np.random.default_rng(0)
        assert (simulate(SMALL, rng=rng).food_over_time != simulate(SMALL, rng=rng).food_over_time).any()

    def test_unfolding_shows_the_run_as_it_grows(self):
        shares, runs = zip(*unfold(SMALL, rng=1), strict=True)
        assert shares[-1] == 1
        assert [run.time for run in runs if run] == list(range(SHOWN_EVERY, SMALL.steps + 1, SHOWN_EVERY))
        np.testing.assert_array_equal(runs[9].food_over_time, simulate(SMALL, rng=1).food_over_time[:, :11])


class TestAccounts:
    @settings(max_examples=25, deadline=None)
    @given(
        st.builds(
            World,
            size=st.integers(5, 12),
            density=st.floats(0.01, 1),
            steps=st.integers(1, 30),
            memory=st.booleans(),
            traces=st.booleans(),
            hazard_mode=st.sampled_from(["visible", "hidden"]),
            interpretation=st.sampled_from(["remembered", "raw", "learned"]),
            refill=st.floats(0, 1),
            corrupted=st.sampled_from([0, 0.5, 1]),
            lost=st.sampled_from([0, 0.5, 0.99]),
        ),
        st.integers(0, 2**32),
    )
    def test_any_world_runs_and_nobody_eats_what_never_was(self, world, seed):
        run = simulate(world, rng=seed, replicates=2)
        assert (run.food <= run.supply + 1e-9).all()
        assert (np.diff(run.food_over_time) >= 0).all()
        assert ((run.coverage > 0) & (run.coverage <= 1)).all()
        assert run.food.shape == run.hazards.shape == run.coverage.shape == run.composite().shape == (2,)
        assert np.isfinite(run.weights).all()

    def test_composite_adds_food_hazards_and_coverage(self):
        run = simulate(SMALL.replace(hazard_mode="hidden"), rng=0, replicates=3)
        np.testing.assert_allclose(run.composite(), 10 * run.food - 2 * run.hazards)
        np.testing.assert_allclose(run.composite(1, 0, 3), run.food + 300 * run.coverage)

    def test_lost_agents_leave_half_way(self):
        agents = [cells.size for cells in simulate(SMALL.replace(lost=0.5), rng=0).frames.agents]
        assert agents[: SMALL.steps // 2] == [14] * 30
        assert agents[SMALL.steps // 2 :] == [7] * 31

    def test_frames_of_a_long_run_stay_few_and_include_the_end(self):
        run = simulate(World(size=5, steps=1000, density=0.04), rng=0)
        assert run.times[0] == 0
        assert run.times[-1] == 1000
        assert len(run.times) == len(run.frames.agents) == len(run.frames.fields) <= 252


class TestTraces:
    def mark(self, traces: Traces, step: int, agents: list[int], layer: int = 2, amount: float = 0.05) -> None:
        ones = np.ones(len(agents), dtype=int)
        traces.fade(step)
        traces.deposit(step, layer * ones, 0 * ones, 7 * ones, np.array(agents), amount * ones)

    def test_a_mark_fades_by_its_retention(self):
        traces = Traces(World(size=5), 1)
        self.mark(traces, 1, [0], amount=1)
        for step in range(2, 52):
            traces.fade(step)
        assert traces.field[0, 2, 7] == pytest.approx(0.95**50, rel=1e-12)

    def test_steady_marking_settles_at_the_rate_over_the_loss(self):
        traces = Traces(World(size=5), 1)
        for step in range(1, 600):
            self.mark(traces, step, [0])
        assert traces.field[0, 2, 7] == pytest.approx(0.05 / (1 - 0.95), rel=1e-9)

    def test_a_mark_saturates(self):
        traces = Traces(World(size=5), 1)
        self.mark(traces, 1, [0, 1, 2], amount=1)
        assert traces.field[0, 2, 7] == 2

    def test_depositors_are_distinct_agents(self):
        traces = Traces(World(size=5), 1)
        self.mark(traces, 1, [0, 1])
        self.mark(traces, 2, [1, 2])
        assert traces.depositors[0, 2, 7] == 3
        assert traces.effective[0, 2, 7] == pytest.approx(traces.field[0, 2, 7] * 1.6)
        self.mark(traces, 3, list(range(30)))
        assert traces.depositors[0, 2, 7] == SLOTS

    def test_a_slot_is_freed_when_its_mark_has_faded_and_not_before(self):
        lifetime = math.ceil(math.log(0.05) / math.log(0.95))
        traces = Traces(World(size=5), 1)
        self.mark(traces, 1, [0, 1])
        self.mark(traces, 5, [1])
        for step in range(6, 1 + lifetime):
            traces.fade(step)
        assert traces.depositors[0, 2, 7] == 2
        traces.fade(1 + lifetime)
        assert traces.depositors[0, 2, 7] == 1
        for step in range(2 + lifetime, 6 + lifetime):
            traces.fade(step)
        assert traces.depositors[0, 2, 7] == 0

    def test_memory_grows_with_slots_and_agents(self):
        world = World(size=50, density=0.2)
        colony = Colony(world, Draws(world, 0, 2))
        assert colony.memory.food.size == 2 * 500 * 8
        assert colony.traces._agent.size == 2 * 4 * 2500 * 8


class TestTorus:
    @pytest.mark.parametrize("size", [5, 6, 11])
    def test_tables_agree_with_counting_steps(self, size):
        tables, cells = torus(size), np.arange(size**2)
        for here in (0, size - 1, size**2 // 2):
            for there in cells:
                displacement = tables.position[there] + tables.centre - tables.position[here]
                steps = plain_stigmergy.distance(size, divmod(here, size), divmod(int(there), size))
                assert tables.closeness[displacement] == 1 / (1 + steps)
                place = tables.reach[displacement]
                assert (tables.around[here, place] == there) if steps <= 1 else place == 9
                after = [plain_stigmergy.distance(size, divmod(int(cell), size), divmod(int(there), size))
                         for cell in tables.around[here]]  # fmt: skip
                np.testing.assert_array_equal(tables.nearer[displacement], steps - np.array(after))


class TestClosedForms:
    def test_agreement_grows_to_its_cap(self):
        # arXiv 2512.10166 as its readers quote it: min(2, 1 + 0.3 (N - 1)) from two depositors on.
        np.testing.assert_allclose(consensus(np.arange(7)), [1, 1, 1.3, 1.6, 1.9, 2, 2])
        assert consensus(0) == consensus(1) == 1.0
        assert isinstance(consensus(3), float)

    @pytest.mark.parametrize(("retention", "steps"), [(0.998, 346.2), (0.95, 13.51), (0.97, 22.76)])
    def test_half_life(self, retention, steps):
        assert half_life(retention) == pytest.approx(steps, rel=1e-3)
        assert retention ** half_life(retention) == pytest.approx(0.5)

    def test_the_quoted_values_do_not_give_the_quoted_density(self):
        assert critical_density(0.20, 0.025, 3.5) == pytest.approx(2.286, abs=1e-3)
        assert critical_density(0.02, 0.025, 3.5) == pytest.approx(0.2286, abs=1e-4)

    def test_occupancy_is_nothing_up_to_the_critical_density_and_rises_from_there(self):
        critical = critical_density(**MEAN_FIELD)
        assert occupancy(critical, **MEAN_FIELD) == 0
        assert occupancy(0, **MEAN_FIELD) == 0
        np.testing.assert_allclose(occupancy(np.array([0.1, 2, 4]) * critical, **MEAN_FIELD), [0, 0.5, 0.75])

    @given(st.floats(0, 5), st.floats(0.001, 1), st.floats(0.001, 1), st.floats(0.1, 10))
    def test_occupancy_is_where_gain_and_loss_balance(self, density, decay, acquisition, degree):
        share = occupancy(density, decay, acquisition, degree)
        growth = acquisition * degree * density * share * (1 - share) - decay * share
        assert growth == pytest.approx(0, abs=1e-9)
        assert 0 <= share < 1

    @pytest.mark.parametrize("density", [0.1, 0.19, 0.26, 0.3, 0.4, 0.6])
    def test_chance_agrees_with_the_mean_field(self, density):
        settled = simulate_occupancy(density, **MEAN_FIELD, rng=0, replicates=4).settled
        tolerance = 0.02 if density > critical_density(**MEAN_FIELD) else 0.01
        np.testing.assert_allclose(settled, occupancy(density, **MEAN_FIELD), atol=tolerance)


class TestEffects:
    @pytest.mark.parametrize("density", [0.0125, 0.05])
    def test_memory_helps_where_agents_are_few(self, density):
        runs = compare(World(size=20, density=density), rng=0, replicates=30, arms=("neither", "memory"))
        gain = paired_comparison(runs["memory"].composite(), runs["neither"].composite())
        assert gain.difference.low > 0
        assert gain.p_value < 0.01

    def test_in_a_crowd_all_arms_eat_about_the_same(self):
        runs = compare(World(density=0.3), rng=0, replicates=10, arms=("neither", "traces", "memory", "both"))
        food = np.array([run.food.mean() for run in runs.values()])
        assert food.min() > 0.8 * food.max()

    def test_hidden_hazards_make_a_crowd_read_the_ground(self):
        runs = compare(World(density=0.3, hazard_mode="hidden"), rng=0, replicates=15, arms=("traces", "memory"))
        assert paired_comparison(runs["traces"].composite(), runs["memory"].composite()).difference.low > 0
        assert paired_comparison(runs["traces"].food, runs["memory"].food).difference.high < 0


class TestRecord:
    def test_the_density_table_is_what_the_world_does(self):
        kept = pd.read_csv(data_path("stigmergic_memory_density.csv"))
        assert set(kept["arm"]) == set(ARMS)
        here = claims.density_table("quick", arms=("both",), densities=(0.025,), replicates=60)
        there = kept[(kept["arm"] == "both") & (kept["density"] == 0.025)]
        for column in ("food", "hazards", "coverage"):
            np.testing.assert_allclose(there[column], here[column], rtol=1e-5, err_msg="run `labkit claims --full`")

    def test_the_crossover_is_where_the_break_even_weight_is_the_weight(self):
        kept = pd.read_csv(data_path("stigmergic_memory_density.csv"))
        for weight in (0.8, 2.0, 8.0):
            at = claims.crossover_density(kept, weight)
            even = claims.break_even_weight(kept)
            bounds = np.interp([at.low, at.value, at.high], even["density"], even["weight"])
            assert bounds[0] * 1.15 > weight > bounds[2] / 1.15


class TestPicture:
    def test_the_ground_of_an_earlier_step_is_named(self):
        runs = compare(World(), rng=0, replicates=1)
        times = next(iter(runs.values())).times
        whole, early = (theme.description(worlds(runs, time)) for time in (None, 3))
        assert early == f"{whole} The ground is drawn as it was at step {times[3]}."


class TestSwarm:
    def test_a_trail_on_validated_pairings_makes_a_swarm_more_often_right(self):
        marked, plain = (pair(Swarm(pheromone=trail), rng=0, replicates=60) for trail in (True, False))
        assert paired_comparison(marked.settled, plain.settled).difference.low > 0.05

    def test_a_blind_validator_is_worth_less_than_a_sharp_one(self):
        # Not nothing: a trail of one's own choices still averages out what blurs them.
        gains = []
        for accuracy in (0.5, 1.0):
            swarm = Swarm(validator_accuracy=accuracy)
            marked, plain = (pair(swarm.replace(pheromone=trail), rng=0, replicates=60) for trail in (True, False))
            gains.append(marked.settled - plain.settled)
        assert paired_comparison(gains[1], gains[0]).difference.low > 0.03

    def test_without_a_trail_nothing_narrows(self):
        run = pair(Swarm(pheromone=False, events=8), rng=0, replicates=3)
        np.testing.assert_allclose(run.entropy, 3)
        assert (pair(Swarm(events=8), rng=0, replicates=3).entropy[:, -1] < 3).all()

    def test_the_same_seed_and_more_replicates(self):
        few, many = pair(Swarm(), rng=1, replicates=2), pair(Swarm(), rng=1, replicates=4)
        np.testing.assert_array_equal(few.accuracy, many.accuracy[:2])
        assert few.accuracy.shape == (2, Swarm().rounds)

    @settings(max_examples=15, deadline=None)
    @given(st.integers(1, 6), st.integers(2, 6), st.integers(1, 12), st.integers(1, 5))
    def test_any_swarm_runs(self, workers, events, offers, rounds):
        run = pair(Swarm(workers=workers, events=events, offers=offers, rounds=rounds), rng=0, replicates=2)
        assert ((run.accuracy >= 0) & (run.accuracy <= 1)).all()
        assert (run.entropy <= np.log2(events) + 1e-9).all()


class TestBadInput:
    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("size", 4), ("size", 2.5), ("density", 0), ("density", 1.01), ("density", float("nan")), ("steps", 0),
            ("memory", "yes"), ("hazard_mode", "loud"), ("hazard_fraction", 0.6), ("patch_fraction", -0.1),
            ("refill", 2), ("memory_weight", float("inf")), ("food_retention", 1.1), ("consensus_gain", -1),
            ("consensus_cap", 0.5), ("interpretation", "none"), ("corrupted", -0.1), ("lost", 1), ("colour", 1),
        ],
    )  # fmt: skip
    def test_a_world_that_cannot_be_is_refused_by_name(self, field, value):
        with pytest.raises(ValueError, match=field):
            World(**{field: value})

    @pytest.mark.parametrize("rng", [-1, 0.5, "seed", None, True])
    def test_a_seed_that_is_none_is_refused(self, rng):
        with pytest.raises(ValueError, match="rng"):
            simulate(SMALL, rng=rng)

    @pytest.mark.parametrize("replicates", [0, -1, 1.5, True])
    def test_replicates_are_counted(self, replicates):
        with pytest.raises(ValueError, match="replicates"):
            simulate(SMALL, rng=0, replicates=replicates)

    def test_an_unknown_arm_is_refused(self):
        with pytest.raises(ValueError, match="telepathy"):
            compare(SMALL, rng=0, arms=("telepathy",))

    @pytest.mark.parametrize(
        "call",
        [
            lambda: consensus(-1), lambda: consensus([1, float("nan")]), lambda: consensus(1, gain=-1),
            lambda: consensus(1, cap=0.9), lambda: half_life(1), lambda: critical_density(0, 1, 1),
            lambda: critical_density(1, float("nan"), 1), lambda: occupancy(-0.1, **MEAN_FIELD),
            lambda: simulate_occupancy(0.1, **MEAN_FIELD, rng=0, start=2),
            lambda: simulate_occupancy(0.1, **MEAN_FIELD, rng=0, steps=0),
        ],
    )  # fmt: skip
    def test_functions_refuse_what_makes_no_sense(self, call):
        with pytest.raises(ValueError, match="allowed is"):
            call()
