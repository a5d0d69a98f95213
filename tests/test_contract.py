"""What every mechanism promises, by being on disk: no list to keep, a new file is found and tested."""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
import inspect
import pickle
import pkgutil
import re
import sys
import time
import typing
from functools import cache, partial
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest
from looks import faint_words, lonely_bands, told_by_colour_alone

import labkit.mechanisms
from labkit import ledger, seeds, theme
from labkit.curriculum import prose
from labkit.params import Params, domain
from labkit.teach import Bet, Exercise, Prediction, place, run_solution
from labkit.unfolding import finish

ROOT = Path(__file__).parents[1]
STEMS = sorted(m.name for m in pkgutil.iter_modules(labkit.mechanisms.__path__) if not m.name.startswith("_"))
WINGS = ("figures", "claims", "lessons")
SECONDS = 3


def module(wing: str, stem: str):
    return importlib.import_module(f"labkit.{wing}.{stem}")


def public(stem: str, wing: str = "mechanisms") -> dict[str, object]:
    """What a module offers and has not merely imported."""
    home, found = f"labkit.{wing}.{stem}", vars(module(wing, stem))
    own = {name: value for name, value in found.items() if getattr(value, "__module__", "").startswith(home)}
    return {name: value for name, value in own.items() if not name.startswith("_")}


def took(stem: str) -> float:
    """The seconds that the record of a mechanism's claims took: where those are many, the quick ones are not quick."""
    return sum(each.seconds for (of, _), each in ledger.recorded().items() if of == stem)


def experiments() -> list:
    """Every public function that takes a parameter set first and randomness by keyword."""
    found = []
    for stem in STEMS:
        for name, function in public(stem).items():
            if not inspect.isfunction(function) or "rng" not in inspect.signature(function).parameters:
                continue
            first = next(iter(inspect.signature(function).parameters))
            params = typing.get_type_hints(function).get(first)
            if isinstance(params, type) and issubclass(params, Params):
                found.append(pytest.param(function, params, id=f"{stem}.{name}"))
    return found


def parameter_sets() -> list:
    return [
        pytest.param(value, id=f"{stem}.{name}")
        for stem in STEMS
        for name, value in public(stem).items()
        if isinstance(value, type) and issubclass(value, Params)
    ]


def lesson_of(stem: str) -> dict[str, object]:
    """What a lesson defines; nothing where it is missing, which a test of its own says."""
    return vars(module("lessons", stem)) if importlib.util.find_spec(f"labkit.lessons.{stem}") else {}


def of_lessons(kind: type) -> list:
    found = []
    for stem in STEMS:
        for value in lesson_of(stem).values():
            pieces = value.values() if isinstance(value, dict) else [value]
            found += [pytest.param(piece, id=piece.key) for piece in pieces if isinstance(piece, kind)]
    return found


def gallery() -> list:
    return [
        pytest.param(make, id=f"{stem}.{name}")
        for stem in STEMS
        for name, make in lesson_of(stem).get("GALLERY", {}).items()
    ]


@cache
def pictured(make):
    """A figure of the gallery, made once."""
    return make()


def run(function, params, **keywords):
    result = function(params, **keywords)
    return finish(result) if inspect.isgenerator(result) else result


def same(a: object, b: object) -> bool:
    """Whether two results hold the same numbers, bit for bit."""
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    if dataclasses.is_dataclass(a):
        return type(a) is type(b) and all(same(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b)


@pytest.mark.parametrize("stem", STEMS)
def test_one_stem_names_it_in_every_room(stem):
    for wing in WINGS:
        found = importlib.util.find_spec(f"labkit.{wing}.{stem}")
        assert found, f"labkit/{wing}/{stem}.py is missing: see CONTRIBUTING.md"
    assert (ROOT / "tests" / f"test_{stem}.py").is_file(), f"tests/test_{stem}.py is missing"
    notebooks = list((ROOT / "notebooks").glob(f"[0-9][0-9]_{stem}.ipynb"))
    assert notebooks, f"notebooks/NN_{stem}.ipynb is missing, where NN is the number of the lesson"


@pytest.mark.parametrize("stem", STEMS)
def test_its_files_can_be_read_in_one_sitting(stem):
    files = [ROOT / "labkit" / "mechanisms" / f"{stem}.py", *(ROOT / "labkit" / "mechanisms" / stem).glob("*.py")]
    for file in filter(Path.is_file, files):
        assert len(file.read_text(encoding="utf-8").splitlines()) <= 250, file.name


@pytest.mark.parametrize("stem", STEMS)
def test_its_public_names_say_what_they_do(stem):
    for name, value in public(stem).items():
        if inspect.isfunction(value) or inspect.isclass(value):
            words = inspect.getdoc(value) or ""
            assert words, f"{name} has no docstring"
            if inspect.isfunction(value):
                assert "Parameters" in words, f"{name}: its docstring lacks Parameters"
                assert "Returns" in words or "Yields" in words, f"{name}: its docstring lacks Returns"


@pytest.mark.parametrize(("function", "params"), experiments())
class TestExperiment:
    def test_the_same_seed_gives_the_same_result_and_it_pickles(self, function, params):
        first, second = run(function, params(), rng=7), run(function, params(), rng=7)
        assert same(first, second)
        assert same(pickle.loads(pickle.dumps(first)), second)  # noqa: S301

    def test_another_seed_gives_another_result(self, function, params):
        assert not same(run(function, params(), rng=7), run(function, params(), rng=8))

    def test_a_seed_sequence_is_not_used_up(self, function, params):
        sequence = np.random.SeedSequence(3)
        first = run(function, params(), rng=sequence)
        assert sequence.n_children_spawned == 0
        assert same(run(function, params(), rng=sequence), first)

    def test_a_generator_advances(self, function, params):
        generator = np.random.default_rng(0)
        assert not same(run(function, params(), rng=generator), run(function, params(), rng=generator))

    def test_global_randomness_is_left_alone(self, function, params):
        before = np.random.get_state()[1].copy()  # noqa: NPY002
        run(function, params(), rng=0)
        np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002

    def test_its_defaults_run_while_one_waits(self, function, params):
        begun = time.process_time()
        run(function, params(), rng=0)
        assert time.process_time() - begun < SECONDS


@pytest.mark.parametrize("params", parameter_sets())
def test_every_parameter_is_described_and_bounded(params):
    for name, field in params.model_fields.items():
        assert field.description, f"{params.__name__}.{name} has no description"
        allowed = domain(params, name)
        if allowed.kind in ("int", "float"):
            assert allowed.low is not None, f"{params.__name__}.{name} has no lower end for a slider"
            assert allowed.high is not None, f"{params.__name__}.{name} has no upper end for a slider"


@pytest.mark.parametrize("stem", STEMS)
def test_every_figure_is_in_the_gallery(stem):
    drawn = {
        name
        for name, value in vars(module("figures", stem)).items()
        if inspect.isfunction(value)
        and value.__module__.startswith(f"labkit.figures.{stem}")
        and not name.startswith("_")
        and typing.get_type_hints(
            value, {**vars(module("figures", stem)), "pd": importlib.import_module("pandas")}
        ).get("return")
        is go.Figure
    }
    assert drawn
    assert drawn <= set(module("lessons", stem).GALLERY)


@pytest.mark.parametrize("make", gallery())
def test_every_figure_says_what_is_to_be_seen(make):
    figure = pictured(make)
    assert isinstance(figure, go.Figure)
    words = theme.description(figure)
    assert words.endswith(".")
    assert len(words.split()) >= 8, f"a description has at least 8 words: {words!r}"
    assert any(character.isdigit() for character in words), "a description is computed from the data"
    for trace in figure.data:
        if trace.type == "image":
            continue
        for axis in (trace.xaxis or "x", trace.yaxis or "y"):
            drawn = figure.layout[f"{axis[0]}axis{axis[1:]}"]
            assert drawn.title.text or drawn.ticktext, f"{axis} has neither a title nor named ticks"


@pytest.mark.parametrize("make", gallery())
def test_every_figure_speaks_to_every_eye(make):
    assert told_by_colour_alone(pictured(make)) == [], "give them a dash, a symbol, a pattern, or their names"
    assert lonely_bands(pictured(make)) == []
    assert faint_words(pictured(make)) == [], "words take the colour `Style.text`"


@pytest.mark.slow
@pytest.mark.parametrize("make", gallery())
def test_a_description_follows_the_data(make, monkeypatch):
    plain = seeds.as_sequence
    for turn in range(1, 9):
        moved = partial(lambda turn, rng: plain(rng + turn if isinstance(rng, int) else rng), turn)
        for each in (module for name, module in sys.modules.items() if name.startswith("labkit.")):
            if hasattr(each, "as_sequence"):
                monkeypatch.setattr(each, "as_sequence", moved)
        other = make()
        if theme.description(other) != theme.description(pictured(make)):
            return
    assert other.to_json() == pictured(make).to_json(), "eight other seeds give other pictures and the same words"


@pytest.mark.parametrize("stem", STEMS)
def test_every_claim_has_a_verdict_on_record(stem):
    record = ledger.recorded()
    for claim in ledger.claims_of(stem):
        known = record.get((stem, claim.key))
        assert known is not None, f"run `labkit claims --full {stem}`"


@pytest.mark.parametrize("stem", STEMS)
def test_the_lesson_says_why_a_claim_is_not_reproduced(stem):
    found = ledger.explain(stem, getattr(module("lessons", stem), "REASONS", {}))
    for claim, _, why in found.entries:
        assert 2 <= len(re.findall(r"[.:?](?= |$)", why)) <= 5, f"{claim.key}: two or three sentences"
        assert why in str(found)
        assert why in found._repr_markdown_()
    if found.entries:
        assert f'explain("{stem}", lesson.REASONS)' in prose(next((ROOT / "notebooks").glob(f"*_{stem}.ipynb")))


@pytest.mark.parametrize(
    "stem", [pytest.param(stem, marks=pytest.mark.slow) if took(stem) > 600 else stem for stem in STEMS]
)
def test_quick_claims_agree_with_the_record(stem):
    # The seed of the record: one interval in twenty would exclude the value under another.
    measured = ledger.measure_all([stem], budget="quick", seed=0, progress=False)
    assert ledger.check_against_record(measured, ledger.recorded()) == []


@pytest.mark.parametrize("exercise", of_lessons(Exercise))
def test_every_exercise_accepts_its_own_solution(exercise):
    assert run_solution(exercise).verdict == "right"


@pytest.mark.parametrize("exercise", of_lessons(Exercise))
def test_every_exercise_survives_nonsense(exercise):
    for nonsense in (-1e9, 0.0, 10**6):
        assert exercise.check(nonsense).verdict == "not yet"


@pytest.mark.parametrize("bet", of_lessons(Prediction))
class TestBet:
    def test_it_names_its_lesson_and_tells_its_answers_apart(self, bet):
        assert bet.key.partition(".")[0] in STEMS
        assert len(set(bet.bands.values())) == len(bet.bands) >= 2

    def test_it_can_be_placed_and_read_without_buttons(self, bet, tmp_path, monkeypatch):
        monkeypatch.setenv("LABKIT_PROGRESS", str(tmp_path / "progress.json"))
        shown = place(bet)._repr_mimebundle_()["text/plain"]
        assert bet.question in shown
        assert "place(bet, choice=" in shown

    def test_every_reply_can_be_computed(self, bet):
        asks = callable(bet.outcome) or any(map(callable, bet.replies.values()))
        assert bet.sample or not asks, "a bet whose reply is computed needs a sample: a small result to compute it from"
        result = bet.sample() if bet.sample else None
        replies = [bet.reply_to(band, result) for band in bet.bands]
        assert all(len(reply.split()) >= 4 for reply in replies)
        assert len(set(replies)) == len(replies)
        truth = bet.truth(result)
        if truth is not None:
            assert bet.happened(truth)
            figure = bet.figure(None, truth)
            assert figure is None or theme.description(figure).endswith(".")


@pytest.mark.parametrize("stem", STEMS)
def test_no_two_pieces_of_a_lesson_share_a_key(stem):
    pieces = [
        piece
        for value in lesson_of(stem).values()
        for piece in (value.values() if isinstance(value, dict) else [value])
        if isinstance(piece, Prediction | Exercise)
    ]
    keys = [piece.key for piece in pieces]
    assert len(set(keys)) == len(keys)
    assert any(isinstance(piece, Bet) for piece in pieces)
    assert sum(isinstance(piece, Exercise) for piece in pieces) >= 3
