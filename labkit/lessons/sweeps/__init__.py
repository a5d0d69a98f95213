"""What the section on sweeps needs beyond prose: a task, a stop button, and what the ways to run a sweep cost.

``python -m labkit.lessons.sweeps`` measures the cost on this machine, and writes data/sweep_speedup.csv.
"""

from labkit.figures import sweeps as figures
from labkit.lessons.sweeps._task import foraging, one_world, pressing_stop
from labkit.lessons.sweeps._times import MADE_BY, MEASURED, TABLE, WAIT, measure, record

__all__ = [
    "GALLERY",
    "MADE_BY",
    "MEASURED",
    "TABLE",
    "WAIT",
    "foraging",
    "measure",
    "one_world",
    "pressing_stop",
    "record",
]

GALLERY = {"speedups": lambda: figures.speedups(record())}
