"""The tasks of a sweep: which there are, and how a worker runs one."""

from __future__ import annotations

import math
import socket
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.random import SeedSequence

import labkit
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


class Tasks:
    """All tasks of a sweep, in the order of the grid; each is made when it is asked for, so a million cost nothing."""

    def __init__(self, points: Sequence[Point], replicates: int, seed: SeedSequence, vectorised: bool) -> None:
        self._points, self._together = points, replicates if vectorised else None
        # Replicate r has the same randomness at every point.
        self._seeds = [seed] if vectorised else seed.spawn(replicates)

    def __len__(self) -> int:
        return len(self._points) * len(self._seeds)

    def __getitem__(self, number: int) -> Task:
        place, replicate = divmod(number, len(self._seeds))
        return Task(self._points[place], replicate, self._seeds[replicate], self._together)

    def __iter__(self) -> Iterator[Task]:
        return (self[number] for number in range(len(self)))


class Combinations(Sequence[Point]):
    """All combinations of the values of each argument, the last argument changing fastest."""

    def __init__(self, values: dict[str, list[Any]]) -> None:
        self._values = values
        sizes = [len(each) for each in values.values()]
        self._strides = [math.prod(sizes[place + 1 :]) for place in range(len(sizes))]
        self._length = math.prod(sizes)

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, number: Any) -> Any:
        if not 0 <= number < self._length:
            raise IndexError(number)
        chosen = zip(self._values.items(), self._strides, strict=True)
        return {name: values[number // stride % len(values)] for (name, values), stride in chosen}


def points_of(grid: Mapping[str, Sequence[Any]] | Iterable[Point]) -> Sequence[Point]:
    points = _combinations(grid) if isinstance(grid, Mapping) else [_point(point) for point in grid]
    if not points:
        raise ValueError("grid: there is no point in it; each argument needs at least one value")
    return points


def _combinations(grid: Mapping[str, Sequence[Any]]) -> Combinations:
    for name, values in grid.items():
        if isinstance(values, str | Mapping) or not isinstance(values, Iterable):
            raise ValueError(f"grid[{name!r}] = {values!r}: allowed is a sequence of values")
    _refuse_names(grid)
    return Combinations({name: [_plain(value) for value in values] for name, values in grid.items()})


def _point(point: Any) -> Point:
    if not isinstance(point, Mapping):
        raise ValueError(f"point {point!r}: allowed is a mapping of argument names to values")
    _refuse_names(point)
    return {name: _plain(value) for name, value in point.items()}


def _refuse_names(names: Iterable[Any]) -> None:
    for name in names:
        if not isinstance(name, str) or name in ("rng", "replicate", "replicates"):
            raise ValueError(f"grid: {name!r} is not allowed as the name of an argument to vary")


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def attempt(function: Callable[..., Any], number: int, task: Task, version: str) -> tuple[int, Outcome]:
    """Run one task where a worker runs it; a failure comes back as words, so that it stops no other task."""
    if version != labkit.__version__:
        words = (
            f"the worker on {socket.gethostname()} has labkit {labkit.__version__}, but the sweep was started with "
            f"{version}: install the same version on both"
        )
        return number, Failure(words, "")
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
