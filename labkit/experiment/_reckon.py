"""What a sweep will cost, reckoned before it is started."""

from __future__ import annotations

from dataclasses import dataclass

# Measured on lines of one to three arguments and results; each further number adds about 25.
BYTES_PER_RESULT = 200


@dataclass(frozen=True, slots=True)
class Cost:
    """What a sweep will cost.

    Attributes
    ----------
    tasks, workers : int
        How many tasks, on how many workers.
    seconds : float
        From the first task to the last result.
    serial_seconds : float
        The same in one process.
    bytes : int
        What the kept results take on disk.
    """

    tasks: int
    workers: int
    seconds: float
    serial_seconds: float
    bytes: int

    def __str__(self) -> str:
        """Return it as a sentence."""
        return (
            f"{self.tasks:,} tasks take {_time(self.seconds)} on {self.workers} workers and "
            f"{_time(self.serial_seconds)} on one; their results take {self.bytes / 1e6:.0f} MB."
        )


def speedup(work: float, overhead: float, workers: int) -> float:
    """Return how many times faster `workers` are than one process without any overhead.

    Parameters
    ----------
    work : float
        Seconds that one task computes.
    overhead : float
        Seconds that handing out one task and taking its result costs the process that started the sweep. It
        deals with one task at a time, so this part is not shared among the workers.
    workers : int
        How many.

    Returns
    -------
    float
        ``work / (overhead + work / workers)``: Amdahl's law, with the overhead as the part that stays serial. It
        never exceeds ``work / overhead``.

    Raises
    ------
    ValueError
        A number is not allowed.
    """
    _check(work, overhead, workers)
    return work / (overhead + work / workers)


def reckon(tasks: int, work: float, overhead: float, workers: int, *, bytes_each: int = BYTES_PER_RESULT) -> Cost:
    """Return what a sweep will cost, by the formula of `speedup`.

    Parameters
    ----------
    tasks : int
        Points times replicates; with a vectorised function, points.
    work, overhead, workers
        As for `speedup`.
    bytes_each : int
        What one kept result takes on disk.

    Returns
    -------
    Cost
        The time until the workers are there is not in it.

    Raises
    ------
    ValueError
        A number is not allowed.
    """
    if tasks < 1:
        raise ValueError(f"tasks = {tasks!r}: allowed is a whole number from 1")
    serial = tasks * work
    return Cost(tasks, workers, serial / speedup(work, overhead, workers), serial, tasks * bytes_each)


def _check(work: float, overhead: float, workers: int) -> None:
    if not work > 0:
        raise ValueError(f"work = {work!r}: allowed is a number of seconds above 0")
    if not overhead >= 0:
        raise ValueError(f"overhead = {overhead!r}: allowed is a number of seconds from 0")
    if not workers >= 1:
        raise ValueError(f"workers = {workers!r}: allowed is a whole number from 1")


def _time(seconds: float) -> str:
    for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} seconds"
