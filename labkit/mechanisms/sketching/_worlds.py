"""Problems to learn: quadratics, made-up data of falling scale, and handwritten digits dealt unevenly."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.random import Generator

from labkit.mechanisms.sketching._problem import Classifier, Floats, Ints, Quadratic
from labkit.seeds import Seed, streams
from labkit.stats._records import whole

FEWEST = 5
"""Samples that each client has at least, whatever the skew."""
TEST_DIGITS = 360


def quadratic(
    dim: int, clients: int, *, rng: Seed, condition: float = 1.0, disagreement: float = 1.0, heterogeneity: float = 0.0
) -> Quadratic:
    """Draw a quadratic problem (our construction).

    Parameters
    ----------
    dim, clients : int
        Parameters; clients.
    rng : int, SeedSequence or Generator
        Where the randomness comes from.
    condition : float
        Largest curvature, 1, over the smallest; curvatures fall geometrically. 1: the same in all directions.
    disagreement : float
        How far the clients' optima lie from the shared one, in units of its length.
    heterogeneity : float
        By how much the clients' curvatures differ: each is multiplied by one plus up to this share.

    Returns
    -------
    Quadratic
    """
    whole(dim, "dim", 1)
    whole(clients, "clients", 1)
    purposes = streams(rng, 1, ("basis", "centres", "curvatures"))
    shared, own = (purposes["centres"][0].standard_normal(shape) / np.sqrt(dim) for shape in (dim, (clients, dim)))
    falling = np.geomspace(1, 1 / condition, dim)
    if condition == 1 and heterogeneity == 0:
        curvatures = np.broadcast_to(np.eye(dim), (clients, dim, dim)).copy()
    else:
        basis = np.linalg.qr(purposes["basis"][0].standard_normal((dim, dim)))[0]
        stretched = falling * (1 + heterogeneity * purposes["curvatures"][0].random((clients, dim)))
        curvatures = np.einsum("ij,cj,kj->cik", basis, stretched, basis)
    return Quadratic(curvatures, shared + disagreement * own)


def synthetic(
    dim: int = 200, clients: int = 10, samples: int = 60, *, rng: Seed, ridge: float = 1e-2, skew: float = 0.3
) -> Classifier:
    """Draw a two-class problem on features of falling scale, 1.5 to 0.3 (our construction).

    Parameters
    ----------
    dim, clients, samples : int
        Features; clients; samples of each client.
    rng : int, SeedSequence or Generator
        Where the randomness comes from.
    ridge : float
        Strength of the penalty.
    skew : float
        How far each client's true parameters lie from the shared ones, in units of their length.

    Returns
    -------
    Classifier
        Its test samples are of the shared truth.
    """
    purposes = streams(rng, 1, ("truth", "features", "labels"))
    truth, own = (purposes["truth"][0].standard_normal(shape) / np.sqrt(dim) for shape in (dim, (clients, dim)))
    scales = np.linspace(1.5, 0.3, dim)
    features = scales * purposes["features"][0].standard_normal((clients + 10, samples, dim))
    truths = 3 * np.vstack([truth + skew * own, np.broadcast_to(truth, (10, dim))])
    odds = np.matmul(features, truths[..., None])[..., 0]
    labels = (purposes["labels"][0].random(odds.shape) < 1 / (1 + np.exp(-odds))).astype(np.int64)
    held, tested = (part.reshape(-1, dim) for part in (features[:clients], features[clients:]))
    bounds = np.arange(clients + 1) * samples
    return Classifier(held, labels[:clients].ravel(), bounds, 2, ridge, tested, labels[clients:].ravel())


def digits(clients: int = 10, skew: float = 0.3, *, rng: Seed, ridge: float = 1e-3) -> Classifier:
    """Deal scikit-learn's handwritten digits to clients, each with a taste of its own.

    Every digit's images are dealt in shares drawn from a Dirichlet distribution. Each client gets at least five.

    Parameters
    ----------
    clients : int
        Clients.
    skew : float
        Concentration of the Dirichlet distribution: small means that clients hold few digits each.
    rng : int, SeedSequence or Generator
        Where the randomness comes from.
    ridge : float
        Strength of the penalty.

    Returns
    -------
    Classifier
        64 pixels from 0 to 1 and a constant, ten classes: 650 parameters. 360 images are kept for testing.
    """
    pixels, labels = images()
    purposes = streams(rng, 1, ("split", "shares"))
    order = purposes["split"][0].permutation(len(labels))
    test, train = order[:TEST_DIGITS], order[TEST_DIGITS:]
    owner = _deal(labels[train], clients, skew, purposes["shares"][0])
    sorted_ = train[np.argsort(owner, kind="stable")]
    features = np.hstack([pixels, np.ones((len(pixels), 1))])
    bounds = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=clients))])
    return Classifier(features[sorted_], labels[sorted_], bounds, 10, ridge, features[test], labels[test])


@cache
def images() -> tuple[Floats, Ints]:
    """Return the 1797 digits of scikit-learn: pixels from 0 to 1 of shape (1797, 64), and labels; read-only.

    Returns
    -------
    tuple of ndarray
    """
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    found = np.asarray(pixels / 16, dtype=np.float64), np.asarray(labels, dtype=np.int64)
    for array in found:
        array.flags.writeable = False
    return found


def _deal(labels: Ints, clients: int, skew: float, rng: Generator) -> Ints:
    """Return who gets each sample."""
    owner = np.empty(len(labels), dtype=np.int64)
    for label in range(10):
        here = np.flatnonzero(labels == label)
        edges = np.cumsum(rng.dirichlet(np.full(clients, skew)))[:-1] * len(here)
        owner[here] = np.searchsorted(edges, np.arange(len(here)), side="right")
    for client in range(clients):
        while np.count_nonzero(owner == client) < FEWEST:
            richest = np.bincount(owner, minlength=clients).argmax()
            owner[np.flatnonzero(owner == richest)[-1]] = client
    return owner
