"""Frames of a panel: the same computation, with one control moved."""

import time

import numpy as np
import pytest
from slope import Slope, climb, drawing, slope_panel

from labkit.explore import explore, scenes
from labkit.explore._controls import control
from labkit.explore._rails import positions
from labkit.params import Field, Params
from labkit.stats import mean_interval


@pytest.fixture(scope="module")
def panel():
    return slope_panel()


def test_a_slider_keeps_its_ends_and_the_place_where_it_starts(panel):
    stands = positions(panel.controls["rise"], 5)
    assert stands == (0.0, 1.0, 2.0, 3.0, 4.0)
    assert positions(panel.controls["bent"], 5) == (False, True)


def test_every_frame_is_what_the_computation_gives_with_one_control_moved(panel):
    (scene,) = scenes(panel, 60)
    rise, bent, seed = scene.rails
    assert (rise.name, rise.kind, bent.kind, seed.positions) == ("rise", "number", "switch", (0, 1, 2, 3))
    for rail, moved in ((rise, "rise"), (bent, "bent")):
        assert set(rail.frames) == set(rail.away())
        for position, frame in rail.frames.items():
            setting = Slope(**{moved: rail.positions[position]})
            if setting.rise == 4:
                assert frame.figure is None and frame.words == "too steep"
            else:
                assert np.array_equal(frame.figure.data[0].y, climb(setting, rng=0))
    assert np.array_equal(seed.frames[2].figure.data[0].y, climb(Slope(), rng=2))


def test_a_computation_that_is_too_slow_gets_fewer_replicates():
    def slow(slope, *, rng, replicates=1):
        time.sleep(0.002 * replicates)
        return replicates, climb(slope.replace(rise=min(slope.rise, 3)), rng=rng)

    def named(result):
        return drawing(result[1]).update_traces(name=f"{result[0]} replicates")

    (scene,) = scenes(explore(slow, Slope(), named, vary=["rise"], replicates=10), seconds=0.06)
    assert 4 <= scene.replicates < 10
    assert scene.base.figure.data[0].name == f"{scene.replicates} replicates", "the middle is as light as the rest"
    assert len(scene.rails[0].positions) >= 5


def test_however_slow_it_is_there_are_enough_replicates_for_an_interval():
    def slow(slope, *, rng, replicates=1):
        time.sleep(0.002 * replicates)
        return mean_interval(climb(slope.replace(rise=1), rng=rng)[:replicates]).value * np.ones(5)

    (scene,) = scenes(explore(slow, Slope(), drawing, vary=["rise"], replicates=5), seconds=1e-9)
    assert scene.replicates == 4


def test_a_slider_over_many_sizes_has_its_places_at_ratios():
    class Wide(Params):
        size: float = Field(3.0, ge=0.01, le=1000)

    stands = positions(control(Wide(), "size"), 6)
    assert stands[0] == 0.01 and stands[-1] == 1000 and 3.0 in stands
    ratios = np.diff(np.log(stands))
    assert ratios.max() < 2 * np.log(1e5) / 5
