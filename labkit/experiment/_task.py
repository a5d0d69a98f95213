"""The tasks of a sweep: which there are, and how a worker runs one."""

from __future__ import annotations

import itertools
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.random import SeedSequence

from labkit.kept import name_of
from labkit.seeds import as_sequence

Point = Mapping[str, Any]
Values = dict[str, list[float]]


class Failure(NamedTuple):
    """Why one task failed: in a sentence, and with the traceback of where it ran."""

    words: str
    details: str


Outcome = Values | Failure


@dataclass(frozen=True, slots=True)
class Task:
    point: Point
    replicate: int
    rng: SeedSequence
    replicates: int | None

    def __str__(self) -> str:
        setting = ", ".join(f"{name}={value!r}" for name, value in self.point.items())
        return f"({setting})" if self.replicates is not None else f"({setting}), replicate {self.replicate}"


def points_of(grid: Mapping[str, Sequence[Any]] | Iterable[Point]) -> list[dict[str, Any]]:
    if isinstance(grid, Mapping):
        for name, values in grid.items():
            if isinstance(values, str | Mapping) or not isinstance(values, Iterable):
                raise ValueError(f"grid[{name!r}] = {values!r}: allowed is a sequence of values")
        listed: Iterable[Any] = (
            dict(zip(grid, values, strict=True)) for values in itertools.product(*(list(v) for v in grid.values()))
        )
    else:
        listed = grid
    points = []
    for point in listed:
        if not isinstance(point, Mapping):
            raise ValueError(f"point {point!r}: allowed is a mapping of argument names to values")
        for name in point:
            if not isinstance(name, str) or name in ("rng", "replicate", "replicates"):
                raise ValueError(f"grid: {name!r} is not allowed as the name of an argument to vary")
        points.append({name: value.item() if isinstance(value, np.generic) else value for name, value in point.items()})
    if not points:
        raise ValueError("grid: there is no point in it; each argument needs at least one value")
    return points


def tasks_of(points: list[dict[str, Any]], replicates: int, seed: SeedSequence, vectorised: bool) -> list[Task]:
    if vectorised:
        return [Task(point, 0, seed, replicates) for point in points]
    children = seed.spawn(replicates)
    return [Task(point, r, children[r], None) for point in points for r in range(replicates)]


def attempt(function: Callable[..., Any], number: int, task: Task) -> tuple[int, Outcome]:
    """Run one task where a worker runs it; a failure comes back as words, so that it stops no other task."""
    # Spawning from a seed sequence changes it, and tasks of one process share theirs.
    extra = {} if task.replicates is None else {"replicates": task.replicates}
    try:
        return number, _values(function(**task.point, rng=as_sequence(task.rng), **extra), task)
    except Exception as error:
        words = f"{name_of(function)} failed at {task}: {type(error).__name__}: {error}"
        return number, Failure(words, traceback.format_exc())


def _values(result: Any, task: Task) -> Values:
    named = dict(result) if isinstance(result, Mapping) else {"value": result}
    shape = () if task.replicates is None else (task.replicates,)
    values = {}
    for name, numbers in named.items():
        if not isinstance(name, str) or name in task.point or name == "replicate":
            raise ValueError(f"{name!r} is not allowed as the name of a result: it must be text and no argument's name")
        array = np.asarray(numbers)
        if array.shape != shape or array.dtype.kind not in "biuf":
            raise ValueError(
                f"result {name!r} = {numbers!r}: allowed is "
                + (f"an array of {shape[0]} numbers" if shape else "a number")
            )
        values[name] = np.atleast_1d(array.astype(np.float64)).tolist()
    return values
