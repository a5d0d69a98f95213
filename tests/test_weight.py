"""What labkit weighs is what its table says, within a fifth."""

import math

import pandas as pd
import pytest
import weight


@pytest.mark.slow
def test_the_weights_on_record_are_true_within_a_fifth():
    before = pd.read_csv(weight.RECORD).set_index("what")
    now = weight.measure().set_index("what")
    assert list(now.index) == list(before.index), "run `make weight`"
    for column in ("ratio", "megabytes"):
        for what, value in before[column].dropna().items():
            assert math.isclose(now.loc[what, column], value, rel_tol=0.2), (
                f"{what}: {now.loc[what, column]}, was {value}"
            )


def test_an_import_of_labkit_is_light():
    before = pd.read_csv(weight.RECORD).set_index("what")
    assert before.loc["import labkit", "seconds"] < 0.3
