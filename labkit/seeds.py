"""Randomness: every stochastic function takes `rng`, and every replicate and purpose has a stream of its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator, SeedSequence

Seed = int | SeedSequence | Generator


def as_sequence(rng: Seed) -> SeedSequence:
    """Return a seed sequence that can be spawned from without changing `rng`.

    An int or a SeedSequence is copied, so that the same seed twice gives the same run. A Generator
    advances: it hands over a fresh child each time.

    Raises
    ------
    ValueError
        `rng` is not an int of 0 or more, a SeedSequence or a Generator.
    """
    if isinstance(rng, Generator):
        child: SeedSequence = rng.bit_generator.seed_seq.spawn(1)[0]  # type: ignore[attr-defined]
        return child
    if isinstance(rng, SeedSequence):
        return SeedSequence(
            rng.entropy, spawn_key=rng.spawn_key, pool_size=rng.pool_size, n_children_spawned=rng.n_children_spawned
        )
    if isinstance(rng, int | np.integer) and not isinstance(rng, bool | np.bool_) and rng >= 0:
        return SeedSequence(int(rng))
    raise ValueError(f"rng = {rng!r}: allowed is an int of 0 or more, a numpy SeedSequence or a numpy Generator")


def as_generator(rng: Seed) -> Generator:
    """Return a generator: `rng` itself where it is one, else a new one seeded by it.

    Raises
    ------
    ValueError
        As for `as_sequence`.
    """
    return rng if isinstance(rng, Generator) else np.random.default_rng(as_sequence(rng))


def seed_at(source: SeedSequence, *place: int) -> int:
    """Return the seed of one call to something outside, such as a model server: it depends on source and place alone.

    Parameters
    ----------
    source : SeedSequence
        Where the randomness of the whole comes from.
    place : int
        Where the call stands: agent and round, say, each from 0.

    Returns
    -------
    int
        0 to 2^31 - 1.
    """
    child = SeedSequence(source.entropy, spawn_key=(*source.spawn_key, *place))
    # Servers take seeds as signed 32-bit numbers.
    return int(child.generate_state(1)[0]) >> 1


def streams(rng: Seed, replicates: int, purposes: Sequence[str]) -> dict[str, list[Generator]]:
    """Return one independent generator per replicate and purpose.

    Replicate r depends on `rng` and r alone, so the first replicates do not change when more are
    asked for; arms of a comparison that get the same `rng` share their streams.

    Parameters
    ----------
    rng : int, SeedSequence or Generator
        Where the randomness comes from.
    replicates : int
        How many replicates, 1 or more.
    purposes : sequence of str
        What randomness is needed for (layout, noise, ...). Append new purposes at the end: the
        streams of the earlier ones stay as they were.

    Returns
    -------
    dict of str to list of Generator
        ``streams[purpose][replicate]``.

    Raises
    ------
    ValueError
        `replicates` is not an int of 1 or more, a purpose is named twice, or `rng` is none of the three.
    """
    if isinstance(purposes, str) or len(set(purposes)) < len(purposes):
        raise ValueError(f"purposes = {purposes!r}: allowed is a sequence of different names")
    if not isinstance(replicates, int | np.integer) or isinstance(replicates, bool) or replicates < 1:
        raise ValueError(f"replicates = {replicates!r}: allowed is a whole number from 1")
    children = [child.spawn(len(purposes)) for child in as_sequence(rng).spawn(int(replicates))]
    return {purpose: [np.random.default_rng(child[i]) for child in children] for i, purpose in enumerate(purposes)}
