"""Token walks: closed forms, a plain re-implementation, and what the limit theorems promise."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_token_walks import walk as plain_walk
from scipy.linalg import solve_continuous_lyapunov

from labkit.lessons import token_walks as lesson
from labkit.mechanisms import token_walks as walks
from labkit.mechanisms.token_walks import LADDER, World, compare, compare_regimes, ready_made, simulate, split_error
from labkit.seeds import streams

FAMILIES = ("eight", "karate", "les miserables", "ring", "barbell")
every_family = pytest.mark.parametrize("family", FAMILIES)


def chain(family="eight", target=None):
    return walks.metropolis(ready_made(family), target)


def measure(nodes, seed):
    return np.random.default_rng(seed).dirichlet(np.full(nodes, 0.3)) + 1e-9


# ------------------------------------------------------------------------------------------ graphs


@pytest.mark.parametrize(
    ("family", "nodes", "edges"),
    [("eight", 8, 11), ("karate", 34, 78), ("les miserables", 77, 254), ("ring", 12, 12), ("barbell", 12, 31)],
)
def test_the_graphs_are_what_they_are_called(family, nodes, edges):
    graph = ready_made(family)
    assert (graph.nodes, len(graph.edges)) == (nodes, edges)
    assert graph.places.shape == (nodes, 2)
    assert len(np.unique(graph.places.round(6), axis=0)) == nodes
    assert graph.degrees.sum() == 2 * edges


def test_the_ring_of_eight_has_the_known_eigenvalues():
    known = [0.577, 0.494, 0.333, -0.104, -0.333, -0.577, -0.723]
    np.testing.assert_allclose(walks.modes(chain()).eigenvalues, known, atol=5e-4)


def test_the_karate_club_mixes_as_slowly_as_known():
    assert walks.modes(chain("karate")).eigenvalues[0] == pytest.approx(0.9665, abs=5e-5)


@pytest.mark.parametrize("nodes", [4, 7, 12])
@pytest.mark.parametrize("bridges", [1, 2, 9])
def test_a_barbell_is_two_halves_and_bridges(nodes, bridges):
    graph = ready_made("barbell", nodes, bridges)
    left = nodes // 2
    across = ((graph.edges < left).sum(axis=1) == 1).sum()
    assert across == min(bridges, left)
    assert len(graph.edges) - across == left * (left - 1) // 2 + (nodes - left) * (nodes - left - 1) // 2


def test_wider_bridges_mix_faster():
    slow, fast = (
        walks.modes(walks.metropolis(ready_made("barbell", 12, bridges))).eigenvalues[0] for bridges in (1, 4)
    )
    assert slow > fast


@pytest.mark.parametrize("text", ["a b\nb c\n", "a,b; b, c", "# roads\na -- b # the first\n\nb\tc\nb a", "a--b;b--c"])
def test_an_edge_list_may_be_written_in_several_ways(text):
    graph = walks.make_graph(text)
    assert graph.names == ("a", "b", "c")
    assert graph.edges.tolist() == [[0, 1], [1, 2]]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "edge list is empty"),
        ("# nothing\n", "edge list is empty"),
        ("a b\nc", r"edge 2, 'c': expected two names, found 1"),
        ("a b 0.5", r"edge 1, 'a b 0.5': expected two names, found 3"),
        ("a b\nb b", "edge b b: a node cannot be its own neighbour"),
        ("a b\nc d", "in pieces: no path leads from a to c"),
        ("\n".join(f"{n} {n + 1}" for n in range(300)), "301 nodes: allowed are up to 300"),
    ],
)
def test_a_bad_edge_list_is_refused_in_words(text, words):
    with pytest.raises(ValueError, match=words):
        simulate(World(graph="pasted", edges=text), rng=0)


def test_edges_may_be_pairs_of_anything():
    graph = walks.make_graph([(3, 1), (1, 2)], places=[[0, 0], [1, 0], [2, 0]])
    assert graph.names == ("3", "1", "2")
    with pytest.raises(ValueError, match="allowed is one of eight"):
        ready_made("petersen")
    with pytest.raises(ValueError, match="two numbers for each of 3 nodes"):
        walks.make_graph("a b; b c", places=[[0, 0]])
    with pytest.raises(ValueError, match="allowed are 4 nodes and 1 bridge"):
        ready_made("ring", 3)


# ------------------------------------------------------------------------------- the base chain and its modes


@every_family
@given(seed=st.integers(0, 10**6))
@settings(max_examples=10, deadline=None)
def test_metropolis_keeps_any_target(family, seed):
    target = np.random.default_rng(seed).uniform(0.01, 1, ready_made(family).nodes)
    made = chain(family, target)
    np.testing.assert_allclose(made.matrix.sum(axis=1), 1, atol=1e-12)
    assert (made.matrix >= 0).all()
    flow = made.target[:, None] * made.matrix
    np.testing.assert_allclose(flow, flow.T, atol=1e-15)
    np.testing.assert_allclose(made.target, target / target.sum())


@every_family
def test_a_uniform_target_is_met_by_the_larger_degree(family):
    made, degrees = chain(family), ready_made(family).degrees
    known = ready_made(family).adjacency / np.maximum(degrees[:, None], degrees)
    np.fill_diagonal(known, 1 - known.sum(axis=1))
    np.testing.assert_allclose(made.matrix, known, atol=1e-15)


@every_family
def test_a_target_like_the_degrees_accepts_everything(family):
    graph = ready_made(family)
    made = chain(family, graph.degrees)
    np.testing.assert_allclose(made.matrix, graph.adjacency / graph.degrees[:, None], atol=1e-15)


@pytest.mark.parametrize("target", [[1.0] * 7, [1.0] * 7 + [0.0], [1.0] * 7 + [np.nan], [-1.0] * 8])
def test_a_target_needs_a_number_above_0_for_each_node(target):
    with pytest.raises(ValueError, match="one finite number above 0 for each of 8 nodes"):
        chain("eight", target)


@every_family
def test_modes_split_the_variance(family):
    target = np.linspace(1, 3, ready_made(family).nodes)
    made = chain(family, target)
    found = walks.modes(made)
    values = np.random.default_rng(0).normal(size=made.nodes)
    assert (found.split(values) ** 2).sum() == pytest.approx(walks.independent_variance(made, values))
    # A mode is a left eigenvector in the geometry of the target.
    right = found.shapes / made.target[:, None]
    np.testing.assert_allclose(made.matrix @ right, right * found.eigenvalues, atol=1e-10)


# --------------------------------------------------------------------------------------------- the kernel

strengths = st.sampled_from([0.0, 0.5, 3.0, 20.0, 100.0])


@every_family
@given(alpha=strengths, seed=st.integers(0, 10**6))
@settings(max_examples=15, deadline=None)
def test_rows_of_the_kernel_add_up_to_1(family, alpha, seed):
    made = chain(family)
    kernel = walks.repelled(made, measure(made.nodes, seed), alpha)
    np.testing.assert_allclose(kernel.sum(axis=1), 1, atol=1e-12)
    assert ((kernel > 0) <= (made.matrix > 0)).all()


@every_family
@given(seed=st.integers(0, 10**6))
@settings(max_examples=10, deadline=None)
def test_without_repulsion_or_on_target_it_is_the_base_chain(family, seed):
    made = chain(family, np.linspace(1, 2, ready_made(family).nodes))
    np.testing.assert_allclose(walks.repelled(made, measure(made.nodes, seed), 0.0), made.matrix, atol=1e-12)
    np.testing.assert_allclose(walks.repelled(made, made.target, 7.0), made.matrix, atol=1e-12)
    # Only ratios count.
    x = measure(made.nodes, seed)
    np.testing.assert_allclose(walks.repelled(made, 50 * x, 2.0), walks.repelled(made, x, 2.0), atol=1e-12)


@every_family
@given(alpha=st.floats(0, 5), seed=st.integers(0, 10**6))
@settings(max_examples=15, deadline=None)
def test_the_settled_law_is_stationary(family, alpha, seed):
    made = chain(family)
    x = np.random.default_rng(seed).uniform(0.2, 1, made.nodes)
    kernel, law = walks.repelled(made, x, alpha), walks.settled(made, x, alpha)
    np.testing.assert_allclose(law @ kernel, law, atol=1e-14)
    flow = law[:, None] * kernel
    np.testing.assert_allclose(flow, flow.T, atol=1e-14)


@every_family
@pytest.mark.parametrize("alpha", [1.0, 3.0])
def test_the_settled_law_moves_against_the_measure(family, alpha):
    made = chain(family, np.linspace(1, 2, ready_made(family).nodes))
    rng, small = np.random.default_rng(1), 1e-6
    for _ in range(5):
        step = rng.normal(size=made.nodes)
        step -= step.mean()
        step *= made.target.min() / np.abs(step).max()
        ahead, behind = (walks.settled(made, made.target + sign * small * step, alpha) for sign in (1, -1))
        expected = -alpha * (step + made.matrix.T @ step)
        np.testing.assert_allclose((ahead - behind) / (2 * small), expected, atol=1e-5)


def test_staying_is_repelled_like_any_other_choice():
    made = walks.metropolis(walks.make_graph("hub a; hub b; hub c"))
    leaf = made.graph.names.index("a")
    assert made.matrix[leaf, leaf] == pytest.approx(2 / 3)
    crowded = np.ones(4)
    crowded[leaf] = 2
    assert walks.repelled(made, crowded, 1.0)[leaf, leaf] == pytest.approx((2 / 3 / 2) / (2 / 3 / 2 + 1 / 3))


@pytest.mark.parametrize(("x", "alpha"), [([1.0] * 7, 1.0), ([0.0] + [1.0] * 7, 1.0), ([1.0] * 8, -1.0)])
def test_a_measure_is_above_0_everywhere(x, alpha):
    with pytest.raises(ValueError, match="allowed is"):
        walks.repelled(chain(), x, alpha)


def test_the_distance_is_0_on_target_and_1_far_off():
    target = np.array([0.5, 0.5, 1e-9])
    assert walks.distance(target, target) == 0
    assert walks.distance([0.0, 0.0, 1.0], target) == pytest.approx(1)


# ------------------------------------------------------------------------------------------ walking


@pytest.mark.parametrize("family", ["eight", "karate", "barbell"])
@pytest.mark.parametrize(("alpha", "a", "b", "offset"), [(0, 1, 0.9, 1), (3, 0.6, 0.9, 100), (20, 0.55, 1, 1)])
@pytest.mark.parametrize("target", ["uniform", "ramp"])
def test_many_walks_at_once_walk_as_one_would(family, alpha, a, b, offset, target):
    world = World(
        graph=family, target=target, alpha=float(alpha), a=float(a), b=float(b), offset=float(offset), steps=600
    )
    run = simulate(world, rng=5, replicates=3)
    values = walks.objective_of(world).values.tolist()
    for number, chance in enumerate(streams(5, 3, ("steps",))["steps"]):
        luck = 1 - chance.random(640)[:600]
        path, theta = plain_walk(
            run.chain.graph.edges.tolist(),
            run.chain.target.tolist(),
            values,
            luck,
            alpha=alpha,
            a=a,
            b=b,
            offset=offset,
        )
        np.testing.assert_array_equal(np.bincount(path, minlength=run.chain.nodes), run.visits[number])
        assert theta == pytest.approx(run.theta[number, -1, 0], rel=1e-9)
        if number == 0:
            np.testing.assert_array_equal(np.array(path)[run.times - 1], run.trail)


@pytest.mark.parametrize("graph", ["eight", "karate"])
def test_the_first_walks_do_not_depend_on_how_many_are_asked_for(graph):
    few, many = (simulate(World(graph=graph, steps=300), rng=3, replicates=count) for count in (2, 6))
    np.testing.assert_array_equal(few.theta, many.theta[:2])
    np.testing.assert_array_equal(few.visits, many.visits[:2])


def test_a_strength_walks_alike_alone_and_in_company():
    world = World(steps=400)
    alone = simulate(world, rng=3, replicates=2)
    together = compare(world, rng=3, replicates=2, alphas=LADDER)[world.alpha]
    np.testing.assert_array_equal(alone.visits, together.visits)
    np.testing.assert_array_equal(alone.theta, together.theta)


def test_a_longer_walk_begins_like_a_shorter_one():
    short, long = (simulate(World(steps=steps), rng=3) for steps in (100, 500))
    both = np.intersect1d(short.times, long.times)
    paths = [run.trail[np.searchsorted(run.times, both)] for run in (short, long)]
    np.testing.assert_array_equal(*paths)


def test_a_run_is_what_it_says():
    runs = compare(World(steps=250, objective="digits"), rng=1, replicates=4)
    assert list(runs) == [0.0, 10.0]
    for run in runs.values():
        assert run.times[0] == 1
        assert run.times[-1] == 250
        assert run.distance.shape == run.covered.shape == (4, len(run.times))
        assert run.theta.shape == (4, len(run.times), 5)
        np.testing.assert_array_equal(run.visits.sum(axis=1), 250)
        np.testing.assert_array_equal(run.counts.sum(axis=1), run.times)
        np.testing.assert_array_equal(run.counts[-1], run.visits[0])
        np.testing.assert_allclose(run.measure.sum(axis=1), 1)
        np.testing.assert_allclose(run.distance[:, -1], walks.distance(run.visits / 250, run.chain.target))
        assert (np.diff(run.covered, axis=1) >= 0).all()
        assert run.step == pytest.approx(350**-0.9)


def test_what_grows_ends_as_what_is_returned():
    last, unfolding = None, walks.unfold_comparison(World(steps=500), rng=2, replicates=2)
    shares = []
    while True:
        try:
            share, so_far = next(unfolding)
        except StopIteration as end:
            whole = end.value
            break
        shares.append(share)
        last = so_far or last
    assert shares == sorted(shares)
    assert shares[-1] == 1
    np.testing.assert_array_equal(last[10.0].theta, whole[10.0].theta)


def test_a_walk_of_any_length_keeps_a_measure_that_is_above_0():
    # The fastest forgetting there is: what was never visited shrinks by e^-240.
    run = simulate(World(graph="barbell", nodes=40, alpha=0.0, a=0.501, offset=1.0, steps=60_000), rng=0)
    assert np.isfinite(run.measure).all()
    assert (run.measure > 0).all()
    strong = simulate(World(graph="ring", nodes=40, alpha=100.0, a=0.55, offset=1.0, steps=5000), rng=0)
    assert np.isfinite(strong.theta).all()
    assert (strong.visits > 0).all()


# --------------------------------------------------------------------------- what theta learns, and from whom


def test_the_optimum_of_the_digits_is_the_one_of_scikit_learn():
    from sklearn.linear_model import LogisticRegression

    spread = walks.spread_digits(np.full(8, 1 / 8))
    turned = spread.turned.reshape(-1, 5)
    assert turned.shape == (360, 5)
    # The first feature is a constant, so that its sign tells a one from a zero.
    signs = np.sign(turned[:, 0])
    features = turned * signs[:, None]
    peer = LogisticRegression(C=1 / (360 * spread.ridge), fit_intercept=False, tol=1e-10, max_iter=1000)
    peer.fit(features, signs)
    np.testing.assert_allclose(spread.optimum, peer.coef_[0], atol=1e-5)


@pytest.mark.parametrize("nodes", [8, 34, 77])
def test_pushes_are_gradients(nodes):
    target = np.linspace(1, 2, nodes) / np.linspace(1, 2, nodes).sum()
    spread = walks.spread_digits(target)
    np.testing.assert_allclose(target @ spread.pushes, 0, atol=1e-12)
    theta, small = np.random.default_rng(0).normal(size=5), 1e-6

    def loss(at, node):
        each = np.log1p(np.exp(-spread.turned[node] @ at))
        return spread.gain * (spread.shares[node] @ each + spread.ridge * at @ at / 2)

    for node in (0, nodes - 1):
        slopes = [(loss(theta + d, node) - loss(theta - d, node)) / (2 * small) for d in small * np.eye(5)]
        np.testing.assert_allclose(spread.push(theta, np.array(node)), np.negative(slopes), atol=1e-6)


def test_the_jacobian_is_the_slope_of_the_mean_push():
    target = np.full(34, 1 / 34)
    spread, small = walks.spread_digits(target), 1e-6
    nodes = np.arange(34)

    def mean_push(at):
        return target @ spread.push(np.broadcast_to(at, (34, 5)), nodes)

    columns = [(mean_push(spread.optimum + d) - mean_push(spread.optimum - d)) / (2 * small) for d in small * np.eye(5)]
    np.testing.assert_allclose(np.column_stack(columns), spread.jacobian, atol=1e-7)
    assert np.linalg.eigvalsh(spread.jacobian)[-1] == pytest.approx(-1)


def test_the_first_nodes_hold_zeros_and_the_last_ones_hold_ones():
    spread = walks.spread_digits(np.full(12, 1 / 12))
    assert (spread.turned[:5, :, 0] == -1).all()
    assert (spread.turned[6:, :, 0] == 1).all()


def test_one_walk_has_no_variance_and_no_strength_no_walk():
    with pytest.raises(ValueError, match="two walks or more"):
        split_error([[1.0]], [1.0])
    with pytest.raises(ValueError, match="alphas is empty"):
        compare(World(), rng=0, alphas=())


def test_errors_are_split_into_variance_and_bias():
    rng = np.random.default_rng(0)
    found = split_error(3.0 + 0.5 * rng.normal(size=(4000, 1)), [2.8])
    assert found.variance.low < 0.25 < found.variance.high
    assert found.bias.low < 0.04 < found.bias.high
    assert found.error.value == pytest.approx(found.variance.value + found.bias.value, rel=1e-2)
    unbiased = np.mean([split_error(rng.normal(size=(10, 2)), [0.0, 0.0]).bias.value for _ in range(2000)])
    assert abs(unbiased) < 0.02


# --------------------------------------------------------------------------------------- theory against algebra


@every_family
def test_without_repulsion_the_variance_is_that_of_the_fundamental_matrix(family):
    made = chain(family, np.linspace(1, 2, ready_made(family).nodes))
    values = np.linspace(0, 2, made.nodes)
    centred = values - made.target @ values
    fundamental = np.linalg.inv(np.eye(made.nodes) - made.matrix + np.tile(made.target, (made.nodes, 1)))
    known = 2 * (made.target * centred) @ fundamental @ centred - made.target @ centred**2
    assert walks.sampling_variance(made, values, 0.0) == pytest.approx(known)
    assert walks.sampling_variance(made, values, 0.0, a=0.7) == pytest.approx(known)


def joint_covariance(made, objective, alpha, ratio, half=0.0):
    """Theta's covariance where the measure moves `ratio` times as fast: one Lyapunov equation for both together."""
    found = walks.modes(made)
    parts, kappa = found.split(objective.pushes), walks.repulsion(made, alpha)
    dims, count = parts.shape[1], len(kappa)
    drift = np.zeros((dims + count, dims + count))
    drift[:dims, :dims] = objective.jacobian
    drift[:dims, dims:] = -(kappa - 1) * parts.T
    drift[dims:, dims:] = -ratio * np.diag(kappa)
    drift += half * np.eye(dims + count)
    lever = np.vstack([parts.T, ratio * np.eye(count)])
    weight = (1 + found.eigenvalues) / (1 - found.eigenvalues)
    return solve_continuous_lyapunov(drift, -(lever * weight) @ lever.T)[:dims, :dims]


@pytest.mark.parametrize("family", ["eight", "karate", "barbell"])
@pytest.mark.parametrize("spread", [walks.spread_numbers, walks.spread_digits])
@pytest.mark.parametrize(("a", "b", "ratio"), [(0.6, 0.9, 1e7), (0.8, 0.8, 1.0), (0.9, 0.6, 1e-7)])
def test_the_three_regimes_are_limits_of_one_linear_system(family, spread, a, b, ratio):
    made = chain(family, np.linspace(1, 2, ready_made(family).nodes))
    objective = spread(made.target)
    for alpha in (0.0, 2.0, 10.0):
        formula = walks.iterate_covariance(made, objective, alpha, a, b)
        known = joint_covariance(made, objective, alpha, ratio)
        np.testing.assert_allclose(formula, known, rtol=1e-4, atol=1e-4 * np.abs(known).max())


@pytest.mark.parametrize("family", ["eight", "karate"])
@pytest.mark.parametrize("spread", [walks.spread_numbers, walks.spread_digits])
@pytest.mark.parametrize(("a", "b"), [(0.9, 0.6), (0.8, 0.8), (0.6, 0.9), (0.7, 1.0), (1.0, 1.0)])
def test_between_the_regimes_the_formula_solves_the_linear_system(family, spread, a, b):
    made = chain(family)
    objective = spread(made.target)
    formula = walks.paced_covariance(made, objective, 10.0, a, b, 1000)
    known = joint_covariance(made, objective, 10.0, 1000 ** (b - a), half=0.5 * (b == 1))
    np.testing.assert_allclose(formula, known, rtol=1e-8, atol=1e-10 * np.abs(known).max())
    with pytest.raises(ValueError, match="steps = 0"):
        walks.paced_covariance(made, objective, 10.0, a, b, 0)


@pytest.mark.parametrize("alpha", [0.0, 1.0, 10.0])
def test_a_plain_mean_is_an_optimiser_with_steps_1_over_n(alpha):
    made, numbers = chain("karate"), walks.spread_numbers(np.full(34, 1 / 34))
    for a in (0.7, 1.0):
        as_iterate = walks.iterate_covariance(made, numbers, alpha, a, 1.0)[0, 0]
        assert as_iterate == pytest.approx(walks.sampling_variance(made, numbers.values, alpha, a))


def test_a_flat_loss_has_no_such_rate_at_b_1():
    class Flat:
        jacobian, optimum, pushes = np.array([[-0.4]]), np.zeros(1), np.zeros((8, 1))

    with pytest.raises(ValueError, match="b = 1"):
        walks.iterate_covariance(chain(), Flat(), 1.0, 0.8, 1.0)


@pytest.mark.parametrize(("a", "b", "case"), [(0.6, 0.9, "i"), (0.9, 0.9, "ii"), (0.9, 0.6, "iii")])
def test_the_regime_follows_from_which_is_slower(a, b, case):
    assert walks.case_of(a, b) == case


# ------------------------------------------------------------------------------ theory against many walks


@cache
def karate():
    world = World(graph="karate", objective="degrees", a=1.0, offset=1.0, steps=20_000)
    return compare(world, rng=1, replicates=300, alphas=(0.0, 1.0, 5.0, 10.0))


@pytest.mark.parametrize("alpha", [0.0, 1.0, 5.0, 10.0])
def test_the_error_of_a_mean_is_what_the_formula_says(alpha):
    run = karate()[alpha]
    values = walks.values_of(run.world)
    means = walks.mean_of_visits(run.visits, values)
    error = 20_000 * split_error(means[:, None], [run.chain.target @ values]).error.value
    assert error == pytest.approx(walks.sampling_variance(run.chain, values, alpha), rel=0.25)


def test_visits_come_to_the_target_faster_with_repulsion():
    ends = {alpha: run.distance[:, -1].mean() for alpha, run in karate().items()}
    assert ends[0.0] == pytest.approx(0.0446, abs=0.006)
    assert ends[5.0] == pytest.approx(0.0105, abs=0.002)
    assert all(end <= 0.05 for end in ends.values())
    assert list(ends.values()) == sorted(ends.values(), reverse=True)


def test_repulsion_of_ten_divides_the_sampling_error_by_ten_and_more():
    errors = []
    for alpha in (0.0, 10.0):
        run = karate()[alpha]
        values = walks.values_of(run.world)
        errors.append(((walks.mean_of_visits(run.visits, values) - run.chain.target @ values) ** 2).mean())
    assert errors[0] / errors[1] >= 10


def log_slope(x, y):
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])


@cache
def regimes(graph, a, b, steps, walks_, alphas):
    world = World(graph=graph, a=a, b=b, steps=steps)
    runs = compare_regimes(world, rng=1, replicates=walks_, alphas=alphas)
    return {key: (split_error(run.theta[:, -1], run.optimum), run.step, run.chain) for key, run in runs.items()}


def variances(found, case):
    return {alpha: split.variance.value / step for (each, alpha), (split, step, _) in found.items() if each == case}


def check_regimes(found, alphas):
    kappa = [walks.repulsion(chain(), alpha)[0] for alpha in alphas]
    slow, even, fast = (variances(found, case) for case in ("i", "ii", "iii"))
    gentle = slice(3)
    assert log_slope(kappa[gentle], list(slow.values())[gentle]) <= -1.6
    assert log_slope(kappa, list(even.values())) == pytest.approx(-1, abs=0.15)
    for alpha in alphas[1:]:
        assert slow[alpha] < even[alpha] < fast[alpha]
        assert even[alpha] == pytest.approx(
            walks.iterate_covariance(chain(), walks.spread_numbers(np.full(8, 1 / 8)), alpha, 0.9, 0.9)[0, 0], rel=0.3
        )


def test_three_regimes_of_steps():
    alphas = (0.0, 1.0, 2.0, 5.0, 10.0)
    check_regimes(regimes("eight", 0.6, 0.9, 20_000, 150, alphas), alphas)


@pytest.mark.slow
def test_three_regimes_of_steps_at_length():
    alphas = (0.0, 1.0, 2.0, 5.0, 10.0)
    found = regimes("eight", 0.6, 0.9, 100_000, 300, alphas)
    check_regimes(found, alphas)
    for (case, alpha), (split, _, _) in found.items():
        if (case, alpha) != ("i", 10.0):
            assert split.bias.low <= 0.02 * split.variance.value
    fast = variances(found, "iii")
    assert 0.5 < fast[10.0] / fast[0.0] < 0.95


def test_at_finite_time_the_pace_says_more_than_the_limit():
    # Steps n^-0.8 and n^-0.9: after 20 000 of them the measure is not even three times as fast as theta.
    run = simulate(World(graph="eight", steps=20_000, alpha=10.0), rng=1, replicates=150)
    numbers = walks.objective_of(run.world)
    found = split_error(run.theta[:, -1], run.optimum).variance.value / run.step
    limit = walks.iterate_covariance(run.chain, numbers, 10.0, 0.8, 0.9)[0, 0]
    paced = walks.paced_covariance(run.chain, numbers, 10.0, 0.8, 0.9, run.reached)[0, 0]
    assert found == pytest.approx(paced, rel=0.3)
    assert found > 4 * limit


def test_slopes_at_finite_time():
    alphas = (0.0, 1.0, 2.0, 5.0, 10.0)
    slopes = {}
    found = regimes("eight", 0.8, 0.9, 20_000, 150, alphas)
    slopes["slow"] = log_slope(1 + np.array(alphas), list(variances(found, "i").values()))
    runs = compare(World(graph="eight", a=0.9, b=0.8, steps=20_000), rng=1, replicates=150, alphas=alphas)
    spread = [split_error(run.theta[:, -1], run.optimum).error.value for run in runs.values()]
    slopes["fast"] = log_slope(1 + np.array(alphas), spread)
    assert slopes["slow"] <= -1.3
    assert slopes["fast"] >= -1.1


def test_theory_holds_for_digits_too():
    world = World(graph="eight", objective="digits", a=0.8, b=0.8, steps=8000)
    for alpha, run in compare(world, rng=2, replicates=200, alphas=(0.0, 5.0)).items():
        objective = walks.objective_of(world)
        formula = np.trace(walks.iterate_covariance(run.chain, objective, alpha, 0.8, 0.8))
        assert split_error(run.theta[:, -1], run.optimum).variance.value / run.step == pytest.approx(formula, rel=0.25)


# ---------------------------------------------------------------------------------------- where it fails


def test_on_a_slowly_mixing_graph_more_repulsion_can_be_worse():
    alphas = (0.0, 20.0)
    world = World(graph="karate", objective="degrees", a=0.6, b=0.9, steps=20_000)
    runs = compare(world, rng=1, replicates=100, alphas=alphas)
    plain, strong = (split_error(run.theta[:, -1], run.optimum) for run in runs.values())
    assert strong.error.low > 1.5 * plain.error.high
    # All of it is bias: the walks agree, on a wrong number.
    assert strong.bias.low > 0.9 * strong.error.value
    assert strong.variance.high < 0.01 * plain.variance.low


def test_repulsion_finds_the_other_half_of_a_barbell_sooner():
    runs = compare(World(graph="barbell", nodes=20, steps=2000), rng=1, replicates=200)
    whole = {alpha: run.times[(run.covered >= 1).argmax(axis=1)] for alpha, run in runs.items()}
    assert all((run.covered[:, -1] == 1).all() for run in runs.values())
    assert np.median(whole[0.0]) > 2 * np.median(whole[10.0])


# ----------------------------------------------------------------------------------------------- the lesson


@pytest.fixture(scope="module")
def panel():
    return lesson.panel("a b\nb c\nc d\nd a")


def test_the_panel_opens_on_the_graph_that_is_pasted(panel):
    assert panel.settled
    assert panel.result.times[-1] == panel.params.steps
    assert next(iter(panel.result.values())).chain.graph.names == ("a", "b", "c", "d")
    assert "on 4 nodes" in panel.caption


@pytest.mark.parametrize("view", ["the walk", "visits", "distance", "sampling error", "learning"])
def test_every_view_answers_at_once(panel, view):
    panel.choice.value = view
    panel.settle()
    assert panel.settled
    assert panel.failure is None
    assert panel.caption


@pytest.mark.parametrize("view", ["the walk", "visits", "distance", "sampling error", "learning"])
def test_one_token_exactly_on_target_can_be_drawn(view):
    ring = lesson.panel()
    ring.choice.value = view
    for name, value in {"graph": "ring", "nodes": 4, "alpha": 20.0}.items():
        ring.controls[name].value = value
    ring.band.value = 1
    ring.settle()
    assert ring.failure is None
    spots = [spot for trace in ring.figure.data for spot in np.asarray(trace.y, dtype=float)]
    assert not np.isinf(spots).any()
    assert ring.figure.layout.yaxis.type != "log" or min(spot for spot in spots if not np.isnan(spot)) > 0


def test_time_can_be_gone_through(panel):
    panel.choice.value = "the walk"
    panel.settle()
    panel.clock.slider.value = 4
    assert panel.caption.startswith("After 5 steps")


def test_the_regimes_are_on_record_and_computed_anew_on_a_button(panel):
    panel.choice.value = "three regimes"
    assert set(panel.result["case"]) == {"i", "ii", "iii"}
    assert len(panel.result) == 15
    panel.controls["steps"].value = 500
    panel.band.value = 1
    panel.go.click()
    assert panel.failure is None
    assert panel.settled
    assert np.isfinite(panel.result["paced"]).all()


def test_a_bad_edge_list_is_told_in_the_panel_and_it_goes_on():
    panel = lesson.panel("a b\nc")
    assert isinstance(panel.failure, ValueError)
    assert "edge 2, &#x27;c&#x27;: expected two names" in panel.words.value
    panel.controls["graph"].value = "ring"
    assert panel.failure is None
    assert panel.settled


@pytest.mark.parametrize(
    ("key", "answer", "words"),
    [
        ("row", 1 / 7, "minus alpha"),
        ("row", 1 / 3, "base chain"),
        ("row", 2 / 3, "divide by the sum"),
        ("stay", 0.25, "chance to leave"),
        ("stay", 0.0, "every second step"),
        ("as_good", 4 / 3, "At a = 1"),
        ("as_good", 0.488, "forgets"),
        ("factor", lambda value, alpha, a, b: 1 / (1 + alpha * (1 + value)) ** (2 * (a > b)), "Turned round"),
        ("factor", lambda value, alpha, a, b: 1 / (1 + alpha * (1 + value)) ** (2 * (b >= a)), "once, not twice"),
        ("escape", (0.9, 0.6), "b above a"),
        ("escape", (0.4, 0.6), "above 0.5"),
        ("escape", (0.6, 0.9), "too coarse"),
    ],
)
def test_likely_mistakes_are_named(key, answer, words):
    feedback = lesson.EXERCISES[key].check(answer)
    assert feedback.verdict == "not yet"
    assert words in feedback.text


def test_the_bet_is_won_by_the_walker():
    runs = compare(World(), rng=0, replicates=200)
    assert lesson.BET.truth(runs) == "walker"
    assert "times the squared error of independent draws" in lesson.BET.reply("drawer", runs)
