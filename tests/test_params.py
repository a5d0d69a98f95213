"""Every field out of range, NaN, unknown or of the wrong type is refused by name with its range."""

from __future__ import annotations

import copy
import pickle
from typing import Literal

import numpy as np
import pydantic
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from labkit.params import Field, Params, domain


class Pond(Params):
    """A small world to try declarations on."""

    size: int = Field(30, ge=5, le=1_234_567, slider=(5, 100, 5), description="side, cells")
    density: float = Field(0.05, gt=0, le=1, description="agents per cell")
    share: float = Field(0.5, gt=0, lt=1, description="open on both sides")
    count: int = Field(3, gt=0, lt=10, description="open whole numbers")
    gain: float = Field(0.0, ge=0, description="bounded below only")
    drift: float = Field(0.0, description="any number")
    memory: bool = Field(True, description="whether it remembers")
    mode: Literal["visible", "hidden"] = Field("visible", description="how")
    weights: tuple[float, ...] = Field((1.0, 2.0), description="one per option")


VALID = st.fixed_dictionaries(
    {},
    optional={
        "size": st.integers(5, 1_234_567),
        "density": st.floats(0, 1, exclude_min=True),
        "share": st.floats(0, 1, exclude_min=True, exclude_max=True),
        "count": st.integers(1, 9),
        "gain": st.floats(0, allow_infinity=False),
        "drift": st.floats(allow_nan=False, allow_infinity=False),
        "memory": st.booleans(),
        "mode": st.sampled_from(["visible", "hidden"]),
        "weights": st.lists(st.floats(allow_nan=False, allow_infinity=False)).map(tuple),
    },
)


@given(VALID)
def test_what_is_allowed_is_kept_and_survives_every_copy(values):
    pond = Pond(**values)
    assert all(getattr(pond, name) == value for name, value in values.items())
    assert pickle.loads(pickle.dumps(pond)) == pond  # noqa: S301
    assert copy.deepcopy(pond) == pond == Pond().replace(**values)
    assert hash(pond) == hash(Pond(**values))
    assert eval(str(pond), {"Pond": Pond}) == pond  # noqa: S307
    assert set(pond.changes()) <= set(values)


@given(st.integers())
def test_whole_numbers_out_of_range_are_refused_by_name(size):
    assume(not 5 <= size <= 1_234_567)
    with pytest.raises(ValueError, match=rf"Pond\.size = {size}: allowed is a whole number from 5 to 1234567"):
        Pond(size=size)


@given(st.floats())
def test_numbers_out_of_range_are_refused_by_name(density):
    assume(not 0 < density <= 1)
    with pytest.raises(ValueError, match=r"Pond\.density = .*: allowed is a number above 0 up to 1"):
        Pond(density=density)


@pytest.mark.parametrize("name", ["density", "gain", "drift"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, np.float32("nan"), None, "1", True, 1j, [0.5], {}])
def test_no_number_is_refused_by_name(name, value):
    with pytest.raises(ValueError, match=rf"Pond\.{name} = "):
        Pond(**{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("size", 30.0),
        ("size", True),
        ("size", "30"),
        ("size", np.float64(30)),
        ("size", np.bool_(True)),
        ("size", None),
        ("memory", 1),
        ("memory", "True"),
        ("memory", np.int64(1)),
        ("memory", None),
        ("mode", "Visible"),
        ("mode", None),
        ("mode", 0),
        ("mode", ["visible"]),
        ("weights", [1.0]),
        ("weights", (1.0, np.nan)),
        ("weights", np.ones(2)),
        ("weights", (1.0, "x")),
    ],
)
def test_the_wrong_type_is_refused_by_name(name, value):
    with pytest.raises(ValueError, match=rf"Pond\.{name} = .*: allowed is "):
        Pond(**{name: value})


def test_an_unknown_field_is_refused_and_the_known_ones_are_named():
    with pytest.raises(ValueError, match="Pond has no field 'sise'; its fields are size, density"):
        Pond(sise=3)
    with pytest.raises(ValueError, match="no field 'sise'"):
        Pond().replace(sise=3)
    with pytest.raises(ValueError, match="no field 'sise'"):
        domain(Pond, "sise")


def test_every_mistake_is_named_at_once():
    with pytest.raises(ValueError, match=r"Pond\.size = 1: .*; Pond\.density = 2: "):
        Pond(size=1, density=2)


def test_a_replacement_is_validated_and_nothing_is_assigned():
    pond = Pond()
    with pytest.raises(ValueError, match=r"Pond\.size = 1"):
        pond.replace(size=1)
    with pytest.raises(ValueError, match="frozen"):
        pond.size = 40
    assert pond == Pond()


def test_a_default_out_of_range_is_refused():
    class Wrong(Params):
        """Its default lies outside its bounds."""

        size: int = Field(1, ge=5, description="side")

    with pytest.raises(ValueError, match=r"Wrong\.size = 1: allowed is a whole number from 5"):
        Wrong()


@given(st.sampled_from([np.int8, np.int64, np.uint16]), st.integers(5, 100))
def test_numpy_scalars_are_taken_as_the_numbers_they_are(kind, size):
    pond = Pond(size=kind(size), density=np.float64(0.25), memory=np.bool_(False), mode=np.str_("hidden"))
    assert pond == Pond(size=size, density=0.25, memory=False, mode="hidden")
    assert type(pond.size) is int and type(pond.memory) is bool and type(pond.mode) is str


def test_the_shortest_line_names_only_what_was_changed():
    assert str(Pond()) == "Pond()"
    assert str(Pond(size=40, mode="hidden")) == "Pond(size=40, mode='hidden')"


@pytest.mark.parametrize("name", [name for name in Pond.model_fields if domain(Pond, name).low is not None])
def test_a_slider_can_rest_at_both_its_ends(name):
    found = domain(Pond, name)
    kind = int if found.kind == "int" else float
    for end in (found.low, found.high):
        Pond(**{name: kind(end)})


def test_fields_that_contradict_each_other_are_refused_in_the_words_of_their_class():
    class Walk(Params):
        """Two fields that depend on each other."""

        start: int = Field(1, ge=0, description="first step")
        stop: int = Field(2, ge=0, description="last step")

        @pydantic.model_validator(mode="after")
        def _in_order(self):
            if self.stop < self.start:
                raise ValueError(f"stop = {self.stop} comes before start = {self.start}")
            return self

    with pytest.raises(ValueError, match=r"Walk: .*stop = 1 comes before start = 3"):
        Walk(start=3, stop=1)


def test_domains_in_words():
    assert domain(Pond, "size").words == "a whole number from 5 to 1234567"
    assert (domain(Pond, "size").low, domain(Pond, "size").high, domain(Pond, "size").step) == (5, 100, 5)
    assert (domain(Pond, "count").low, domain(Pond, "count").high, domain(Pond, "count").step) == (1, 9, 1)
    assert domain(Pond, "gain").words == "a number from 0"
    assert domain(Pond, "drift").words == "a number"
    assert domain(Pond(), "memory").kind == "bool"
    assert domain(Pond, "mode").options == ("visible", "hidden")
    assert domain(Pond, "weights").kind == "other"
