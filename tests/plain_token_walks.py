"""The self-repellent walk written down plainly: one token, one step at a time, in Python's own numbers."""

from __future__ import annotations

import math


def neighbours_of(edges, nodes):
    near = [[] for _ in range(nodes)]
    for a, b in edges:
        near[a].append(b)
        near[b].append(a)
    return [sorted(each) for each in near]


def base_row(near, target, here):
    """Chances of the neighbours of `here`, in order, and last the chance to stay."""
    row = []
    for other in near[here]:
        ratio = target[other] * len(near[here]) / (target[here] * len(near[other]))
        row.append(min(1.0, ratio) / len(near[here]))
    return [*row, max(0.0, 1 - sum(row))]


def walk(edges, target, values, luck, *, alpha, a, b, offset):
    """Return where the token stood after each step, and what it made of the mean of the values."""
    near = neighbours_of(edges, len(target))
    rows = [base_row(near, target, here) for here in range(len(target))]
    measure, here, theta, path = list(target), 0, 0.0, []
    for number, draw in enumerate(luck, start=1):
        reach = [*near[here], here]
        logs = [alpha * math.log(measure[node] / target[node]) for node in reach]
        lowest = min(log for log, chance in zip(logs, rows[here], strict=True) if chance > 0)
        weights = [
            chance * math.exp(lowest - log) if chance else 0.0 for log, chance in zip(logs, rows[here], strict=True)
        ]
        left, slot = draw * sum(weights), 0
        while weights[slot] < left:
            left -= weights[slot]
            slot += 1
        here = reach[slot]
        path.append(here)
        pace = (number + offset) ** -a
        measure = [share - pace * share for share in measure]
        measure[here] += pace
        theta += (number + offset) ** -b * (values[here] - theta)
    return path, theta
