"""Streams depend on seed, replicate and purpose alone; a seed twice is the same run, a Generator advances."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import SeedSequence, default_rng

from labkit.seeds import as_generator, as_sequence, seed_at, streams

SEEDS = st.integers(0, 2**70) | st.builds(
    SeedSequence, st.integers(0, 2**70), spawn_key=st.tuples(st.integers(0, 9)), n_children_spawned=st.integers(0, 5)
)
COUNTS = st.integers(1, 5)


def draws(generators):
    return [generator.random(3).tolist() for generator in generators]


@given(SEEDS, COUNTS, COUNTS)
def test_the_first_replicates_do_not_depend_on_how_many_are_asked_for(seed, few, more):
    short = streams(seed, few, ["layout", "noise"])
    long = streams(seed, few + more, ["layout", "noise", "late"])
    for purpose in short:
        assert draws(short[purpose]) == draws(long[purpose][:few])


@given(SEEDS)
def test_all_streams_differ(seed):
    found = streams(seed, 4, ["layout", "noise"])
    first = [generator.random() for generators in found.values() for generator in generators]
    assert len(set(first)) == 8


@given(SEEDS)
def test_the_same_seed_twice_is_the_same_run_and_the_seed_is_left_alone(seed):
    before = copy.deepcopy(seed)
    assert draws(streams(seed, 2, ["a"])["a"]) == draws(streams(seed, 2, ["a"])["a"])
    assert as_generator(seed).random() == as_generator(seed).random()
    if isinstance(seed, SeedSequence):
        assert seed.state == before.state and seed.n_children_spawned == before.n_children_spawned
        assert draws(streams(pickle.loads(pickle.dumps(seed)), 2, ["a"])["a"]) == draws(streams(seed, 2, ["a"])["a"])  # noqa: S301


def test_a_generator_advances_and_is_handed_through():
    generator = default_rng(1)
    assert as_generator(generator) is generator
    assert draws(streams(generator, 2, ["a"])["a"]) != draws(streams(generator, 2, ["a"])["a"])
    assert draws(streams(default_rng(1), 2, ["a"])["a"]) == draws(streams(default_rng(1), 2, ["a"])["a"])


@pytest.mark.parametrize("seed", [np.int64(7), np.uint8(7)])
def test_numpy_whole_numbers_are_seeds(seed):
    assert as_generator(seed).random() == as_generator(7).random()


@pytest.mark.parametrize(
    "seed", [-1, 1.0, True, np.bool_(True), None, "7", [7], np.array([7]), np.nan, np.random.RandomState]
)
def test_what_is_no_seed_is_refused(seed):
    for function in (as_sequence, as_generator, lambda rng: streams(rng, 1, ["a"])):
        with pytest.raises(ValueError, match="rng = .*allowed"):
            function(seed)


@pytest.mark.parametrize("replicates", [0, -1, 1.0, 1.5, True, None, "2", np.nan])
def test_a_wrong_number_of_replicates_is_refused(replicates):
    with pytest.raises(ValueError, match="replicates = .*allowed is a whole number from 1"):
        streams(1, replicates, ["a"])


@pytest.mark.parametrize("purposes", ["layout", ["a", "a"]])
def test_purposes_are_different_names(purposes):
    with pytest.raises(ValueError, match="purposes = "):
        streams(1, 2, purposes)


def test_nothing_touches_the_global_state():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    streams(3, 4, ["a", "b"])
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


def test_a_seed_at_a_place_depends_on_source_and_place_alone():
    source = SeedSequence(4)
    first = seed_at(source, 2, 3)
    source.spawn(5)
    assert seed_at(source, 2, 3) == first
    places = [(agent, turn) for agent in range(30) for turn in range(30)]
    assert len({seed_at(source, *place) for place in places}) == len(places)
    assert 0 <= first < 2**31
    assert seed_at(SeedSequence(5), 2, 3) != first
