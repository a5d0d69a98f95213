"""Work that shows itself as it grows: a generator yields (share done, result so far) and returns the whole result."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeVar

Result = TypeVar("Result")


def finish(unfolding: Generator[Any, Any, Result]) -> Result:
    """Run a generator to its end and return its result."""
    while True:
        try:
            next(unfolding)
        except StopIteration as end:
            result: Result = end.value
            return result
