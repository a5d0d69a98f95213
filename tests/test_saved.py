"""A table on disk is the same when it comes back, and says how it was made."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from labkit.experiment import as_text, load, replicate, save, sweep
from labkit.mechanisms.stigmergic_memory import World


def noisy(scale, rng, arm="plain", world=None):
    return {"draw": scale * np.random.default_rng(rng).standard_normal(), "odd": arm == "plain"}


def test_a_saved_sweep_comes_back_with_its_parameters_and_its_seed(tmp_path):
    table = sweep(noisy, {"scale": [0.1, 3.0], "arm": ["plain", "None"]}, 3, 11, progress=False)
    back = load(save(table, tmp_path / "sweep.csv"))
    pd.testing.assert_frame_equal(back, table, check_exact=True)
    assert back.attrs == table.attrs
    assert back.attrs["seed"] == 11


def test_what_it_says_is_enough_to_make_it_again(tmp_path):
    table = sweep(noisy, {"scale": [0.1, 3.0], "arm": ["plain", "fancy"]}, 3, 11, progress=False)
    back = load(save(table, tmp_path / "sweep.csv"))
    points = back[["scale", "arm"]].drop_duplicates().to_dict("records")
    again = sweep(noisy, points, back.attrs["replicates"], back.attrs["seed"], progress=False)
    pd.testing.assert_frame_equal(again, back, check_exact=True)


def test_what_a_function_is_bound_to_is_told(tmp_path):
    table = replicate(partial(noisy, world=World(density=0.1)), 2, 0, scale=1.0)
    assert load(save(table, tmp_path / "a.csv")).attrs["bound"] == {"world": "World(density=0.1)"}


def test_other_programs_can_read_it(tmp_path):
    table = sweep(noisy, {"scale": [0.1, 3.0]}, 3, 11, progress=False)
    path = save(table, tmp_path / "sweep.csv")
    assert list(pd.read_csv(path, comment="#").columns) == list(table.columns)
    assert path.read_text().splitlines()[0] == "# labkit table"
    assert "# seed: 11" in path.read_text().splitlines()


@example(numbers=[0.5], words="a\x85b\u2028c\nd", told={"a": "\x85\u2028\x0b"})
@given(
    numbers=st.lists(st.floats(), min_size=1, max_size=5),
    words=st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\r\x00"), max_size=8),
    told=st.dictionaries(st.sampled_from(["a", "made by"]), st.one_of(st.none(), st.integers(), st.text(max_size=9))),
)
def test_any_number_and_any_word_comes_back(tmp_path_factory, numbers, words, told):
    table = pd.DataFrame({"x": numbers, "word": words, "whole": range(len(numbers)), "yes": True})
    table["word"] = table["word"].astype(str)
    table.attrs = told
    back = load(save(table, tmp_path_factory.getbasetemp() / "any.csv"))
    np.testing.assert_array_equal(back["x"].to_numpy(), table["x"].to_numpy())
    assert back["word"].tolist() == table["word"].tolist()
    assert back["whole"].tolist() == table["whole"].tolist()
    assert back["yes"].all()
    assert back.attrs == told


def test_a_table_without_rows_comes_back(tmp_path):
    table = pd.DataFrame({"x": np.array([], dtype=float), "word": np.array([], dtype=object)})
    assert list(load(save(table, tmp_path / "none.csv")).columns) == ["x", "word"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x\n1.0\n", "does not begin with '# labkit table'"),
        ("# labkit table\n# seed: zero\n", "line 2, is damaged: '# seed: zero'"),
        ("# labkit table\n# seed: 0\nx\n1.0\n", "has to tell the kind of each column"),
        ('# labkit table\n# columns: {"y": "float64"}\nx\n1.0\n', r"the columns are \['x'\]"),
        ('# labkit table\n# columns: {"x": "float64"}\nx\none\n', "column 'x' should hold float64"),
        ('# labkit table\n# columns: {"x": "colour"}\nx\none\n', "has to tell the kind"),
    ],
)
def test_a_damaged_file_is_refused_in_words(tmp_path, text, words):
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=words):
        load(path)


def test_a_missing_file_another_ending_and_what_json_cannot_hold_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no file"):
        load(tmp_path / "no.csv")
    with pytest.raises(ValueError, match=r"ends with \.csv"):
        save(pd.DataFrame({"x": [1]}), tmp_path / "a.xlsx")
    with pytest.raises(ValueError, match=r"attrs\['world'\] = .*allowed is what JSON can hold"):
        as_text(pd.DataFrame({"x": [1]}), {"world": object()})
    assert list(tmp_path.iterdir()) == []
