"""Which bets and exercises the lessons hold, as found on disk."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

from labkit.teach._exercises import Exercise
from labkit.teach._prediction import Prediction


@dataclass(frozen=True)
class Pieces:
    """The bets and the exercises of one lesson, in the order in which they are declared."""

    stem: str
    bets: tuple[Prediction, ...]
    exercises: tuple[Exercise, ...]


@cache
def all_pieces() -> tuple[Pieces, ...]:
    """Return the bets and exercises of every lesson on disk that has some and whose libraries are installed."""
    folder = str(Path(__file__).parents[1] / "lessons")
    stems = sorted(found.name for found in pkgutil.iter_modules([folder]) if not found.name.startswith("_"))
    return tuple(found for found in map(_of, stems) if found.bets or found.exercises)


def pieces(stem: str, module: ModuleType) -> Pieces:
    """Return the bets and exercises that a module of lessons declares."""
    found = [
        each for value in vars(module).values() for each in (value.values() if isinstance(value, dict) else [value])
    ]
    mine = {each.key: each for each in found if isinstance(each, Prediction | Exercise)}
    own = [each for key, each in mine.items() if key.partition(".")[0] == stem]
    return Pieces(
        stem,
        tuple(each for each in own if isinstance(each, Prediction)),
        tuple(each for each in own if isinstance(each, Exercise)),
    )


def _of(stem: str) -> Pieces:
    try:
        return pieces(stem, importlib.import_module(f"labkit.lessons.{stem}"))
    except ImportError:
        return Pieces(stem, (), ())
