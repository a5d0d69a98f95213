"""Runs: agents learn in a world, and at moments on the way their prices are held against what could be known."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator as Luck
from numpy.typing import NDArray

from labkit.mechanisms.decision_market._patients import Clinic, Ward
from labkit.mechanisms.decision_market._scores import Floats, probability
from labkit.mechanisms.decision_market._tables import Grid, Table
from labkit.mechanisms.decision_market._terms import Terms, World
from labkit.mechanisms.decision_market._trading import PURPOSES, SHOWN, Trading
from labkit.mechanisms.decision_market._urns import Market, Urns
from labkit.seeds import Seed, as_sequence, streams
from labkit.unfolding import finish

MOMENTS = 60
Making = Callable[[Luck], World]


@dataclass(frozen=True, slots=True)
class Run:
    """Markets that learned, one per replicate, and what their prices were worth at moments on the way.

    Attributes
    ----------
    terms : Terms
        The market.
    seed : str
        Where the randomness came from.
    times : ndarray of int, shape (moments,)
        Steps of learning done at each moment; 0 is the first.
    weights : ndarray of float, shape (replicates, moments, agents, features, actions)
        From what an agent sees to its report.
    error : ndarray of float, shape (replicates, moments)
        Root mean square distance of the final prices from the posterior of somebody who sees all signals.
    missed : ndarray of float, shape (replicates, moments, 2)
        Mean distance for the action that leads, and for the others.
    reward : ndarray of float, shape (replicates, moments)
        Chance of success of the leading action, given all signals.
    early : ndarray of float, shape (replicates, moments)
        The same if the decision were made after the first report.
    best, blind : ndarray of float, shape (replicates,)
        The same for the action that is best given all signals, and given none.
    pay : ndarray of float, shape (replicates, moments, agents)
        Mean pay per episode since the moment before.
    prices : ndarray of float, shape (moments, shown, actions)
        Final prices of the first replicate in some episodes.
    posterior : ndarray of float, shape (shown, actions)
        What somebody who sees all signals would say in these episodes.
    """

    terms: Terms
    seed: str
    times: NDArray[np.int64]
    weights: Floats
    error: Floats
    missed: Floats
    reward: Floats
    early: Floats
    best: Floats
    blind: Floats
    pay: Floats
    prices: Floats
    posterior: Floats

    @property
    def share(self) -> Floats:
        """Of what all signals together could add to the reward, the share that the market adds; shape (replicates,)."""
        return np.asarray((self.reward[:, -1] - self.blind) / (self.best - self.blind))


def learn(market: Market, *, rng: Seed, replicates: int = 1) -> Run:
    """Let agents with a ball each learn to report, in a market on urns.

    Parameters
    ----------
    market : Market
        The market, its urns and its agents.
    rng : int, SeedSequence or Generator
        Where the randomness comes from. Episodes, noise, decisions and order have a stream each, so that markets that
        differ in their rule share all balls.
    replicates : int
        How many markets, 1 or more. The first ones do not depend on how many are asked for.

    Returns
    -------
    Run

    Notes
    -----
    The agents of Wang and Pfeiffer (arXiv 2212.00271), as read in their code: a Gaussian report around a mean that is
    linear in what the agent sees, and REINFORCE with a linear guess of the pay. Their rate is 1e-4, ours is larger.
    """
    return finish(unfold(market, rng=rng, replicates=replicates))


def unfold(market: Market, *, rng: Seed, replicates: int = 1) -> Generator[tuple[float, Run | None], None, Run]:
    """Do what `learn` does, moment by moment: yield the share done and the run so far, return the whole run.

    Parameters
    ----------
    market, rng, replicates
        As for `learn`.

    Yields
    ------
    tuple of (float, Run or None)
    """
    return (yield from _unfold(market, lambda luck: Urns(market), rng, replicates))


def learn_table(table: Table, *, rng: Seed, replicates: int = 1) -> Run:
    """Let agents with a signal each learn to report, where success stands in a table of all signals.

    Parameters
    ----------
    table : Table
        The market, its signals and its agents. Each replicate has a table of its own.
    rng, replicates
        As for `learn`.

    Returns
    -------
    Run
    """
    return finish(unfold_table(table, rng=rng, replicates=replicates))


def unfold_table(table: Table, *, rng: Seed, replicates: int = 1) -> Generator[tuple[float, Run | None], None, Run]:
    """Do what `learn_table` does, moment by moment: yield the share done and the run so far, return the whole run.

    Parameters
    ----------
    table, rng, replicates
        As for `learn_table`.

    Yields
    ------
    tuple of (float, Run or None)
    """
    return (yield from _unfold(table, lambda luck: Grid(table, luck), rng, replicates))


def learn_patients(clinic: Clinic, *, rng: Seed, replicates: int = 1) -> Run:
    """Let agents with some columns each learn what to do for a patient; judge them by patients held out.

    Parameters
    ----------
    clinic : Clinic
        The market and its agents. Each replicate holds out other patients.
    rng, replicates
        As for `learn`.

    Returns
    -------
    Run
        `reward` is the share of the patients held out for whom the leading action is right; `posterior` is certain.
    """
    return finish(_unfold(clinic, lambda luck: Ward(clinic, luck), rng, replicates))


def regressions(clinic: Clinic, *, rng: Seed, replicates: int = 1) -> Floats:
    """Return how often logistic regression on all columns is right, on the same patients as `learn_patients`.

    Parameters
    ----------
    clinic, rng, replicates
        As for `learn_patients`.

    Returns
    -------
    ndarray of float, shape (replicates,)
        A reference that is told the right action for every patient, not only what came of the one taken.
    """
    return np.array([Ward(clinic, luck).regression() for luck in streams(rng, replicates, PURPOSES)["world"]])


def urn_weights(run: Run) -> tuple[Floats, Floats]:
    """Return what a red ball, a blue ball and the price count for the own urn, and for other urns.

    Parameters
    ----------
    run : Run
        Of a market on urns.

    Returns
    -------
    tuple of ndarray
        Shapes (replicates, moments, agents, 3, urns) and (replicates, moments, agents, 3, urns · (urns - 1)).
    """
    urns = run.weights.shape[-1]
    square = run.weights.reshape(*run.weights.shape[:3], 3, urns, urns)
    same = np.eye(urns, dtype=bool)
    return square[..., same], square[..., ~same]


def _unfold(terms: Terms, make: Making, rng: Seed, replicates: int) -> Generator[tuple[float, Run | None], None, Run]:
    sequence = as_sequence(rng)
    luck = streams(sequence, replicates, PURPOSES)
    kinds = [{purpose: luck[purpose][number] for purpose in PURPOSES} for number in range(replicates)]
    tradings = [Trading(make(kind["world"]), terms, kind) for kind in kinds]
    moments = np.unique(np.linspace(0, terms.steps, min(terms.steps, MOMENTS) + 1).round().astype(np.int64))
    for now, step in enumerate(moments.tolist()):
        for trading in tradings:
            for _ in _until(trading, step):
                yield sum(each.done for each in tradings) / (terms.steps * replicates), None
            trading.write_down()
        if 0 < now < len(moments) - 1:
            yield step / terms.steps, _run(terms, sequence, moments[: now + 1], tradings)
    return _run(terms, sequence, moments, tradings)


def _until(trading: Trading, step: int) -> Iterator[None]:
    """Advance to a step, with a pause after every tenth."""
    while trading.done < step:
        trading.advance()
        if trading.done % 10 == 0:
            yield


def _run(terms: Terms, sequence: np.random.SeedSequence, times: NDArray[np.int64], tradings: Sequence[Trading]) -> Run:
    names = ("weights", "error", "missed", "reward", "early", "pay")
    return Run(
        terms=terms,
        seed=str(sequence.entropy),
        times=times,
        **{name: np.array([trading.log[name] for trading in tradings]) for name in names},
        best=np.array([each.reward(each.truth) for each in tradings]),
        blind=np.array([each.reward(probability(each.tests.opening)) for each in tradings]),
        prices=np.array(tradings[0].log["prices"]),
        posterior=tradings[0].truth[:SHOWN],
    )
