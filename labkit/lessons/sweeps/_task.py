"""A task for a sweep, and a hand on the stop button."""

from __future__ import annotations

import _thread
import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from numpy.random import SeedSequence

from labkit.mechanisms.stigmergic_memory import ARMS, World, simulate


def foraging(arm: str, density: float, rng: SeedSequence, replicates: int = 1) -> dict[str, Any]:
    """Return what agents find in small worlds of one arm of the comparison.

    Parameters
    ----------
    arm : str
        A key of `ARMS`.
    density : float
        Agents per cell.
    rng : SeedSequence
        Where the randomness comes from.
    replicates : int
        How many worlds.

    Returns
    -------
    dict of str to array of float, shape (replicates,)
        ``food`` and ``hazards``, per agent.
    """
    world = World(size=20, steps=60, hazard_mode="hidden").replace(density=density, **ARMS[arm])
    run = simulate(world, rng=rng, replicates=replicates)
    return {"food": run.food, "hazards": run.hazards}


def one_world(arm: str, density: float, rng: SeedSequence) -> dict[str, float]:
    """Return what agents find in one small world; parameters as for `foraging`."""
    return {name: float(values[0]) for name, values in foraging(arm, density, rng).items()}


@contextlib.contextmanager
def pressing_stop(folder: Path | str, after: int) -> Iterator[None]:
    """Press the stop button once some results are kept, and say so.

    Parameters
    ----------
    folder : Path or str
        Where a sweep inside the block keeps its results.
    after : int
        How many results to wait for.
    """
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.005):
            if _kept(Path(folder)) >= after:
                _thread.interrupt_main()
                return

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    except KeyboardInterrupt:
        print("Stopped. What was finished by then is kept.")
    finally:
        over.set()
        watcher.join()


def _kept(folder: Path) -> int:
    return sum(path.read_bytes().count(b"\n") for path in folder.rglob("*.jsonl"))
