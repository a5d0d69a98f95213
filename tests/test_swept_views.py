"""What a button computes anew, and what stands on record behind the figure, are tables of one form."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from labkit.claims import distributed_bandits as bandit_claims
from labkit.claims import shapley_dag as shapley_claims
from labkit.claims import sketching as sketching_claims
from labkit.claims import stigmergic_memory as foraging_claims
from labkit.lessons import distributed_bandits as bandits
from labkit.lessons import sketching
from labkit.lessons import stigmergic_memory as foraging
from labkit.llm import Scripted, of_accuracy
from labkit.mechanisms.sketching import Leak, Study
from labkit.mechanisms.stigmergic_memory import World


def swept(unfolding):
    """The result of a sweep whose shares done rise, and never pass 1."""
    shares = []
    while True:
        try:
            shares.append(next(unfolding)[0])
        except StopIteration as end:
            assert shares == sorted(shares) and all(0 < share <= 1 for share in shares)
            return end.value


def test_the_density_sweep_has_a_row_for_every_arm_density_and_replicate(monkeypatch):
    monkeypatch.setattr(foraging_claims, "DENSITIES", (0.05, 0.2))
    table = swept(foraging.sweep_density(World(steps=20), rng=0, replicates=2))
    record = foraging.recorded_density()
    assert set(table.columns) == set(record.columns)
    assert set(table["arm"]) == set(record["arm"])
    assert len(table) == 2 * 2 * table["arm"].nunique()


def test_marks_that_never_overtake_memory_have_no_crossover():
    table = foraging.recorded_density()
    found = foraging_claims.crossover_density(table, resamples=50).value
    assert foraging_claims.DENSITIES[0] < found < foraging_claims.DENSITIES[-1]
    thin = table[table["density"] < found]
    with pytest.raises(ValueError, match="do not overtake memory between densities"):
        foraging_claims.crossover_density(thin, resamples=50)
    dense = table[table["density"] > found]
    first = dense["density"].min()
    assert foraging_claims.crossover_density(dense, resamples=50).value == pytest.approx(first)


def test_the_search_for_steps_tries_every_method_on_one_grid(monkeypatch):
    monkeypatch.setattr(sketching, "COMPARED", ("fedsgd", "sketch"))
    table = swept(sketching.sweep_steps(Study(rounds=3), rng=0, replicates=1))
    assert table.groupby("method")["step"].apply(tuple).nunique() == 1
    assert set(table.columns) <= set(sketching.recorded_steps().columns) and table["loss"].notna().all()


def test_the_attack_is_swept_over_sizes_and_succeeds_with_many_numbers(monkeypatch):
    monkeypatch.setattr(sketching_claims, "SIZES", (16, 96))
    table = swept(sketching.sweep_recovery(Leak(), rng=0, replicates=3))
    assert list(table.columns) == list(sketching.recorded_recovery().columns)
    digits = table[table["source"] == "digits"].set_index("size")["recovered"]
    assert digits[16] < digits[96] == 1


def test_privacy_costs_accuracy_and_its_table_has_the_form_of_the_record(monkeypatch):
    monkeypatch.setattr(sketching_claims, "EPSILONS", (0.5, 64.0))
    monkeypatch.setattr(sketching_claims, "WEAK", ())
    monkeypatch.setattr(sketching_claims, "PRIVATE_STEPS", (4.0,))
    monkeypatch.setattr(sketching_claims, "ARMS", dict(list(sketching_claims.ARMS.items())[:1]))
    monkeypatch.setattr(sketching_claims, "PRIVATE_ROUNDS", 10)
    monkeypatch.setattr(sketching_claims, "attacked_table", partial(sketching_claims.attacked_table, replicates=2))
    anew = swept(sketching.sweep_privacy(Study(), rng=0, replicates=1))
    record = sketching_claims.privacy_table(rng=0, replicates=1)
    assert list(record.columns) == list(sketching_claims.recorded_privacy().columns)
    for table in (anew, record):
        learnt = table[table["arm"] != "attack"].groupby("epsilon")["value"].mean()
        assert learnt[0.5] < learnt[64.0]


def test_the_tuning_on_record_repeats_no_method_that_sends_everything(monkeypatch):
    monkeypatch.setattr(sketching_claims, "SKEWS", (1.0,))
    monkeypatch.setattr(sketching_claims, "COMPRESSIONS", (4, 16))
    monkeypatch.setattr(sketching_claims, "TUNED", ("fedsgd", "sketch"))
    monkeypatch.setattr(
        sketching_claims, "tune", lambda study, method, rng, replicates: np.ones((2, len(sketching_claims.GRID)))
    )
    table = sketching_claims.tuning_table()
    assert set(table.columns) == set(sketching_claims.recorded_tuning().columns)
    tried = table.groupby("method")["compression"].unique().map(sorted).to_dict()
    assert tried == {"fedsgd": [0], "sketch": [4, 16]}


def test_every_setting_of_the_price_list_is_played(monkeypatch):
    chosen = [row for row in bandit_claims.SETTINGS if row[0] in {"central", "dislinucb", "doubling"}]
    monkeypatch.setattr(bandit_claims, "SETTINGS", tuple(chosen[:2] + chosen[-1:]))
    table = swept(bandits.unfold_prices(bandits.Study(rounds=30), rng=0, replicates=2))
    assert list(table["policy"].unique()) == ["central", "dislinucb", "doubling"]
    assert set(table.columns) == set(bandits.recorded_prices().columns)
    assert (table.set_index("policy").loc["central", "numbers"].min()) > 0


def test_digits_are_read_by_three_policies():
    runs = swept(bandits.unfold_digits(bandits.Study(rounds=30, agents=4), rng=0, replicates=1))
    assert list(runs) == ["isolated", "dislinucb", "central"]
    assert runs["isolated"].numbers.max() == 0 < runs["central"].numbers.min()


def test_the_recording_of_groups_asks_for_every_arm_and_tells_how_far_it_is(monkeypatch):
    asked = dict(list(shapley_claims.items().items())[:2])
    monkeypatch.setattr(shapley_claims, "items", lambda: asked)
    script = Scripted([question for question, _ in asked.values()], of_accuracy(0.6))
    heard = []

    def chat(messages, **settings):
        heard.append(messages[-1].content)
        return script(messages, **settings)

    told = list(shapley_claims.record(chat))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1][0] == told[-1][1] >= len(heard) > len(asked) * len(shapley_claims.ARMS)
