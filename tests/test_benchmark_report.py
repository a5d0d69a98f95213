"""The report on speed says what its samples say, names every peer, and copes with one that is missing."""

import copy
import json
import re

import numpy as np
import pytest
from benchmarks import report


@pytest.fixture(scope="module")
def samples():
    return json.loads(report.SAMPLES.read_text())


def made_up(ours, theirs):
    return {"labkit": ours, "Mesa, tuned": theirs}


def test_the_report_is_what_its_samples_say(samples):
    assert report.markdown(samples) == report.REPORT.read_text(), "run `make bench`"


def test_the_report_names_every_mechanism_and_peer(samples):
    measured = {each["mechanism"] for each in samples["comparisons"]}
    assert measured == set(report.PEERS)
    for mechanism, peers in report.PEERS.items():
        part = report.REPORT.read_text().partition(f"## {mechanism}\n")[2].partition("\n## ")[0]
        assert [name for name in peers if name not in part] == []


def test_every_peer_was_checked_to_do_the_same_work(samples):
    for comparison in samples["comparisons"]:
        known = set(report.PEERS[comparison["mechanism"]])
        unchecked = known & set(comparison["processor"]) - set(comparison["checks"])
        assert not unchecked, comparison["work"]


def test_every_mechanism_is_measured_over_three_decades_of_size(samples):
    grown = {each["mechanism"].partition(", ")[0] for each in samples["growths"]}
    assert grown == {mechanism.partition(", ")[0] for mechanism in report.PEERS}
    assert all(each["sizes"][-1] >= 1000 * each["sizes"][0] for each in samples["growths"])


def test_a_ratio_is_the_geometric_mean_of_pairs_with_an_interval_around_it():
    found = report.ratio(made_up([1.0, 2.0, 4.0], [8.0, 20.0, 32.0]), "Mesa, tuned")
    assert found.value == pytest.approx(640 ** (1 / 3))
    assert found.low < 8 < 10 < found.high
    assert report.ratio(made_up([1.0, 2.0], [3.0, 6.0]), "Mesa, tuned").low == pytest.approx(3)


@pytest.mark.parametrize("power", [0.5, 1, 2])
def test_an_exponent_is_found_again(power):
    sizes = [10, 100, 1000, 10_000]
    found = report.exponent(sizes, 1e-6 * np.power(np.array(sizes, float)[:, None], power) * np.ones(3))
    assert found.value == pytest.approx(power)
    assert found.high - found.low < 1e-6


def test_a_peer_that_is_missing_is_named_with_the_reason(samples):
    changed = copy.deepcopy(samples)
    (comparison,) = (each for each in changed["comparisons"] if each["mechanism"] == "Stigmergic world")
    for clock in ("processor", "wall"):
        comparison[clock].pop("agentpy")
    comparison["missing"]["agentpy"] = "ModuleNotFoundError: No module named 'agentpy'"
    assert "agentpy: ModuleNotFoundError: No module named 'agentpy'" in report.markdown(changed)


def test_a_benchmark_that_failed_leaves_a_row_that_says_so(samples):
    changed = dict(samples, comparisons=[], machine=None)
    assert report.markdown(changed).count("Not measured in this run") == len(report.PEERS)


def test_where_labkit_is_slower_it_says_so(samples):
    changed = copy.deepcopy(samples)
    (comparison,) = (each for each in changed["comparisons"] if each["mechanism"] == "Stigmergic world")
    comparison["processor"]["Mesa, tuned"] = [each / 1000 for each in comparison["processor"]["labkit"]]
    said = report.markdown(changed)
    assert re.search(r"1\. Stigmergic world.*\*\*0\.001.* as fast as Mesa, tuned", said)
    assert "Mesa, tuned takes 0.001" in said.partition("## Where labkit loses")[2]


def test_the_peers_are_pinned_and_repeat_no_pin_of_labkit(checkout):
    ours, theirs = (
        dict(re.findall(r"^([\w.-]+)==([^\s;]+)", (checkout / folder / "requirements.txt").read_text(), re.MULTILINE))
        for folder in ("binder", "tests/benchmarks")
    )
    assert set(ours) & set(theirs) == set()
    asked = "mesa agentpy shap shapiq pydvl autogen-agentchat autogen-ext agentscope mabwiser contextualbandits obp"
    assert set(asked.split()) <= set(theirs)
