"""The urn debate as a textbook would write it: what `labkit.mechanisms.debate.simulate_beliefs` is measured against."""

from __future__ import annotations

import numpy as np


def textbook(urn, questions, seed, luck=None):
    """The same debate, written down plainly: arrays of (questions, agents, options).

    `luck`, of shape (rounds + 1, agents, questions), stands for the random numbers where they are given.
    """
    rng = np.random.default_rng(seed)
    masses = np.tile(np.asarray(urn.prior), (questions, urn.agents, 1))
    shape = (questions, urn.rounds + 1, urn.agents)
    truth, answers, vote = np.empty(shape), np.empty(shape, dtype=int), np.empty(shape[:2], dtype=int)
    for now in range(urn.rounds + 1):
        beliefs = masses / masses.sum(axis=-1, keepdims=True)
        drawn = rng.random((questions, urn.agents, 1)) if luck is None else luck[now].T[..., None]
        said = (drawn > beliefs.cumsum(axis=-1)[..., :-1]).sum(axis=-1)
        counts = (said[..., None] == np.arange(urn.options)).sum(axis=1)
        truth[:, now], answers[:, now], vote[:, now] = beliefs[..., 0], said, counts.argmax(axis=-1)
        masses = masses + counts[:, None, :]
    return truth, answers, vote
