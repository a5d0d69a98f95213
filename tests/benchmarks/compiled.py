"""What a compiled loop would give: numba forms of the mechanisms, written plainly, to be measured next to numpy."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit
def shapley(values, joint, absent):
    """Exact Shapley values by the same fold as labkit's, without its temporary arrays."""
    agents, base = 0, 0.0
    for coalition in range(values.size):
        base += values[coalition] * absent[coalition]
    while (1 << agents) < values.size:
        agents += 1
    folded, found = values * joint, np.empty(agents)
    for agent in range(agents - 1, -1, -1):
        half, total = 1 << agent, 0.0
        for coalition in range(half):
            total += folded[half + coalition]
            folded[coalition] += folded[half + coalition]
        found[agent] = total - base
    return found


@njit
def sketch(x, rows, signs, size):
    """The count-sketch of each row of x."""
    out = np.zeros((x.shape[0], size))
    for vector in range(x.shape[0]):
        for place in range(x.shape[1]):
            out[vector, rows[place]] += signs[place] * x[vector, place]
    return out


@njit
def debate(prior, luck):
    """Beliefs, answers and votes from given uniform numbers of shape (rounds + 1, agents, questions)."""
    rounds, agents, questions = luck.shape
    truth, vote = np.empty((questions, rounds)), np.empty((questions, rounds), np.int8)
    answers = np.empty((questions, rounds, agents), np.int8)
    upto, counts = np.empty(prior.size), np.empty(prior.size, np.int64)
    for question in range(questions):
        upto[0] = prior[0]
        for option in range(1, prior.size):
            upto[option] = upto[option - 1] + prior[option]
        for now in range(rounds):
            counts[:] = 0
            truth[question, now] = upto[0] / upto[-1]
            for agent in range(agents):
                said, drawn = 0, luck[now, agent, question]
                while said < prior.size - 1 and drawn >= np.float32(upto[said] / upto[-1]):
                    said += 1
                answers[question, now, agent] = said
                counts[said] += 1
            vote[question, now] = counts.argmax()
            heard = 0
            for option in range(prior.size):
                heard += counts[option]
                upto[option] += heard
    return truth, answers, vote


@njit
def linucb(inverse, theta, contexts, means, noise, alpha):
    """Play one round after another with one agent; return the arms, and change inverse and theta in place."""
    arms, dim = theta.shape
    leaned, best_leaned, chosen = np.empty(dim), np.empty(dim), np.empty(contexts.shape[0], np.int64)
    for round_ in range(contexts.shape[0]):
        x, best, arm, best_spread, best_expected = contexts[round_], -np.inf, 0, 0.0, 0.0
        for k in range(arms):
            spread, expected = 0.0, 0.0
            for i in range(dim):
                total = 0.0
                for j in range(dim):
                    total += inverse[k, i, j] * x[j]
                leaned[i] = total
                spread += total * x[i]
                expected += theta[k, i] * x[i]
            value = expected + alpha * np.sqrt(max(spread, 0.0))
            if value > best:
                best, arm, best_spread, best_expected = value, k, spread, expected
                best_leaned[:] = leaned
        surprise = (means[round_, arm] + noise[round_] - best_expected) / (1 + best_spread)
        for i in range(dim):
            theta[arm, i] += surprise * best_leaned[i]
            for j in range(dim):
                inverse[arm, i, j] -= best_leaned[i] * best_leaned[j] / (1 + best_spread)
        chosen[round_] = arm
    return chosen
