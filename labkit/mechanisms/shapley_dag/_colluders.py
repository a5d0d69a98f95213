"""Colluders and peer ratings: whoever agrees with the winner gains weight, whoever the winner was (S090)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labkit.params import Field, Params
from labkit.seeds import Seed, streams


class Panel(Params):
    """Agents that vote on question after question; some of them all push the same wrong answer."""

    members: int = Field(9, ge=2, le=60, slider=(3, 21, 1), description="agents in the panel")
    colluders: int = Field(2, ge=0, le=60, slider=(0, 8, 1), description="agents that push one wrong answer together")
    accuracy: float = Field(
        0.5, ge=0, le=1, slider=(0.2, 0.9, 0.05), description="chance that an honest agent is right"
    )
    wrong: int = Field(8, ge=1, le=50, slider=(1, 20, 1), description="different wrong answers")
    questions: int = Field(60, ge=2, le=1000, slider=(10, 200, 10), description="questions, one after another")
    memory: float = Field(
        0.9, ge=0, le=0.999, slider=(0.5, 0.99, 0.01), description="share of a rating kept at each question"
    )
    sharpness: float = Field(
        1.0, ge=0, le=10, slider=(0, 6, 0.5), description="power of a rating that is its vote; 0 is one vote each"
    )


@dataclass(frozen=True, slots=True)
class Votes:
    """What a panel decided.

    Attributes
    ----------
    panel : Panel
        Who voted.
    seed : str
        Where the randomness came from.
    plain, rated : ndarray of bool, shape (replicates, questions)
        Whether the decision was right with one vote each, and with votes weighted by ratings.
    ratings : ndarray of float, shape (replicates, questions, members)
        Before each question. The colluders stand last.
    """

    panel: Panel
    seed: str
    plain: NDArray[np.bool_]
    rated: NDArray[np.bool_]
    ratings: NDArray[np.float64]

    @property
    def gain(self) -> NDArray[np.float64]:
        """What ratings add to the share of right decisions; shape (replicates,)."""
        return np.asarray(self.rated.mean(axis=1) - self.plain.mean(axis=1))


def vote(panel: Panel, *, rng: Seed, replicates: int = 1) -> Votes:
    """Let panels decide question after question, once with and once without ratings.

    Parameters
    ----------
    panel : Panel
        Who votes.
    rng : int, SeedSequence or Generator
        Where the randomness comes from.
    replicates : int
        Panels, 1 or more.

    Returns
    -------
    Votes

    Raises
    ------
    ValueError
        There are more colluders than members.

    Notes
    -----
    A rating starts at 1 and moves towards 1 after a vote with the winner, towards 0 after one against it: agreement
    is all that can be seen, so ratings reward whoever wins. Our construction, after the S090 abstract's ranking votes.
    """
    if panel.colluders > panel.members:
        raise ValueError(f"Panel.colluders = {panel.colluders!r}: allowed is a whole number from 0 to {panel.members}")
    draws = streams(rng, replicates, ("answers", "target", "ties"))
    shape = (panel.questions, panel.members)
    answers = np.stack([_answers(panel, draw.random((2, *shape))) for draw in draws["answers"]])
    target = np.stack([draw.integers(1, panel.wrong + 1, panel.questions) for draw in draws["target"]])
    ties = 1e-9 * np.stack([draw.random((panel.questions, panel.wrong + 1)) for draw in draws["ties"]])
    answers[:, :, panel.members - panel.colluders :] = target[:, :, None]
    hot = answers[:, :, :, None] == np.arange(panel.wrong + 1)
    plain = np.argmax(hot.sum(axis=2) + ties, axis=2) == 0
    rating, ratings, rated = np.ones((replicates, panel.members)), [], []
    for question in range(panel.questions):
        ratings.append(rating)
        weights = (rating**panel.sharpness)[:, :, None] * hot[:, question]
        winner = np.argmax(weights.sum(axis=1) + ties[:, question], axis=1)
        rated.append(winner == 0)
        agreed = answers[:, question] == winner[:, None]
        rating = panel.memory * rating + (1 - panel.memory) * agreed
    return Votes(panel, str(rng), plain, np.stack(rated, axis=1), np.stack(ratings, axis=1))


def _answers(panel: Panel, luck: NDArray[np.float64]) -> NDArray[np.int64]:
    missed = 1 + np.floor(luck[1] * panel.wrong).astype(np.int64)
    return np.where(luck[0] < panel.accuracy, 0, missed)
